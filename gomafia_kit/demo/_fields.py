"""Who plays where: heavy-tailed numbers of games, cut into entries of tournaments."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo import _names as names
from gomafia_kit.demo._calibration import KEEP_PLAYING, games_of_a_year
from gomafia_kit.demo._dice import Dice

if TYPE_CHECKING:
    from gomafia_kit.demo._calendar import Plan
    from gomafia_kit.demo._world import Person, World

_MEAN_GAMES: Final = 60
_FEWEST_ACTIVE: Final = 45
_FROM_NEAR: Final = 0.75
"""Share of a field that comes from the region of the tournament."""
_GUEST_SHARE: Final = 0.006
_SURE_GUESTS: Final = 2
"""The first tournaments have a guest each, so that no league is without."""


class Fields:
    """Fills the fields of a season, tournament by tournament."""

    def __init__(self, world: World, pool: list[Person]) -> None:
        self._world = world
        self._pool = pool
        self._dice = Dice("fields", world.scale.name, world.seed)
        self._active: list[Person] = []
        self._entries: dict[str | None, list[int]] = {}
        self._guests = 0

    def begin_season(self, year: int, plans: list[Plan]) -> None:
        """Choose who plays in that year and how much."""
        dice = self._dice
        seats = 10 * sum(plan.games for plan in plans)
        widest = 10 * max((plan.tables for plan in plans), default=0)
        count = max(seats // _MEAN_GAMES, len(self._pool) * 3 // 20, _FEWEST_ACTIVE, widest)
        self._active = self._choose(year, min(count, len(self._pool)))
        ranked = sorted(self._active, key=lambda person: person.zeal + 0.5 * dice.bell())
        games = [games_of_a_year((place + 0.5) / len(ranked)) for place in range(len(ranked))]
        rounds = max(1.0, seats / max(1, sum(10 * plan.tables for plan in plans)))
        share = seats / sum(games) / rounds
        self._entries = defaultdict(list)
        left = 0.5
        for person, number in zip(ranked, games, strict=True):
            # What rounding takes from one is given to the next.
            exact = number * share + left
            entries = max(1, int(exact))
            left = min(1.0, max(-1.0, exact - entries))
            self._entries[person.region].extend([person.player_id] * entries)
        for near in self._entries.values():
            dice.shuffle(near)

    def _choose(self, year: int, count: int) -> list[Person]:
        dice = self._dice
        stay = [person for person in self._active if dice.chance(KEEP_PLAYING)]
        there = {person.player_id for person in stay}
        rest = [person for person in self._pool if person.player_id not in there]
        dice.shuffle(rest)
        # Newcomers of the year first, then those who came earlier, last those who weren't there yet.
        rest.sort(key=lambda person: (person.first_year > year, person.first_year < year))
        chosen = stay[:count] + rest[: max(0, count - len(stay))]
        for person in chosen:
            person.first_year = min(person.first_year, year)
            if person.club_id is not None and person.club_since < person.first_year:
                person.club_since = person.first_year
        return sorted(chosen, key=lambda person: person.player_id)

    def field(self, plan: Plan) -> list[int]:
        """The players of a tournament: ids, and negative numbers for its guests."""
        wanted = plan.tables * 10
        field: dict[int, None] = {}
        spare: dict[str | None, list[int]] = defaultdict(list)
        near = names.PLACES[plan.tournament.place].region
        while len(field) < wanted:
            region = self._region(near)
            if region == "":
                self._anybody(field, wanted)
                break
            player = self._entries[region].pop()
            if player in field:
                spare[region].append(player)
            else:
                field[player] = None
        for region, players in spare.items():
            self._entries[region][:0] = players
        return self._with_guests(plan, list(field))

    def _region(self, near: str | None) -> str | None:
        """A region with entries left; "" where there is none."""
        if self._entries.get(near) and self._dice.chance(_FROM_NEAR):
            return near
        left = [(region, len(entries)) for region, entries in self._entries.items() if entries]
        if not left:
            return ""
        throw = self._dice.below(sum(number for _, number in left))
        for region, number in left:
            throw -= number
            if throw < 0:
                return region
        return left[-1][0]

    def _anybody(self, field: dict[int, None], wanted: int) -> None:
        while len(field) < wanted:
            field[self._dice.pick(self._active).player_id] = None

    def _with_guests(self, plan: Plan, field: list[int]) -> list[int]:
        for position in range(len(field)):
            if self._dice.chance(_GUEST_SHARE) or (position == 0 and self._guests < _SURE_GUESTS):
                self._guests += 1
                plan.tournament.guests.append(self._guest_name(field))
                field[position] = -len(plan.tournament.guests)
        return field

    def _guest_name(self, field: list[int]) -> str:
        """The last sure guest of a league bears the nickname of somebody in the same field."""
        if self._guests == _SURE_GUESTS:
            return self._world.people[field[-1]].login
        return f"Гость {self._guests}"
