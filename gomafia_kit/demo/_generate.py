"""Puts the league together: people, then a calendar, then season by season the games."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from gomafia_kit.demo._calendar import draw_up
from gomafia_kit.demo._fields import Fields
from gomafia_kit.demo._people import settle
from gomafia_kit.demo._play import Play
from gomafia_kit.demo._world import World

if TYPE_CHECKING:
    from gomafia_kit.demo._players_file import Roster
    from gomafia_kit.demo._scales import Scale
    from gomafia_kit.demo._world import Person


def generate(scale: Scale, seed: int, roster: Roster | None = None) -> World:
    """A whole league; the same for the same scale, seed and roster, anywhere."""
    world = World(scale, seed, roster=roster)
    pool = settle(world)
    plans = draw_up(world)
    fields, play = Fields(world, pool), Play(world)
    namesakes = _namesakes(pool)
    for year, of_year in groupby(plans, key=lambda plan: plan.tournament.year):
        season = list(of_year)
        if year in scale.years:
            fields.begin_season(year, season)
        for plan in season:
            field = fields.field(plan)
            if plan.status == "finished" and plan.tables > 1 and namesakes:
                _seat_together(field, namesakes.pop(0), year)
            play.tournament(plan, field)
            world.tournaments[plan.tournament.tournament_id] = plan.tournament
        for person in world.people.values():
            if person.first_year <= year:
                person.elo_by_year[year] = person.elo
    return world


def _namesakes(pool: list[Person]) -> list[tuple[Person, Person]]:
    seen: dict[str, Person] = {}
    pairs = []
    for person in pool:
        if person.login in seen:
            pairs.append((seen[person.login], person))
        seen[person.login] = person
    return pairs


def _seat_together(field: list[int], pair: tuple[Person, Person], year: int) -> None:
    """Make sure that two people of one nickname meet: in this tournament."""
    for person in pair:
        person.first_year = min(person.first_year, year)
        person.club_since = max(person.club_since, person.first_year)
        if person.player_id in field:
            continue
        others = {other.player_id for other in pair}
        free = next(place for place, player in enumerate(field) if player > 0 and player not in others)
        field[free] = person.player_id
