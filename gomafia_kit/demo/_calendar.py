"""When and where is played, and how many games each tournament has."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo import _names as names
from gomafia_kit.demo._calibration import ROUNDS, YEAR_SHARES
from gomafia_kit.demo._dice import Dice
from gomafia_kit.demo._world import Tournament

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gomafia_kit.demo._world import World

_TABLES: Final = ((1, 0.36), (2, 0.36), (3, 0.17), (4, 0.07), (5, 0.02), (6, 0.02))
_FEWEST_ROUNDS: Final = 5
_MOST_ROUNDS: Final = 24
_MOST_PASSES: Final = 10_000
_ROUNDS_A_DAY: Final = 7
NEW_MEANING_FROM: Final = date(2023, 1, 5)
"""From that day on a first-shot mark tells none, one or two, all three."""


class Plan:
    """A tournament's size before anybody has sat down: tables, rounds, rounds of a final."""

    __slots__ = ("final_rounds", "rounds", "status", "tables", "tournament")

    def __init__(self, tournament: Tournament, status: str, tables: int, rounds: int) -> None:
        self.tournament = tournament
        self.status = status
        self.tables = tables
        self.rounds = rounds
        self.final_rounds = 0

    @property
    def games(self) -> int:
        """How many games it has, played or not."""
        return self.tables * self.rounds + self.final_rounds


def draw_up(world: World) -> list[Plan]:
    """All tournaments in the order of their first days, with exactly the scale's games in all."""
    dice = Dice("calendar", world.scale.name, world.seed)
    days = sorted(_first_days(dice, world))
    statuses = _statuses(dice, len(days))
    _mind_special_days(days, statuses)
    plans = []
    tournament_id = 0
    for number, (start, status) in enumerate(zip(days, statuses, strict=True)):
        tournament_id += 2 if dice.chance(0.012) else 1
        plans.append(_plan(dice, number, tournament_id, start, status))
    _fit(plans, world.scale.games)
    for plan in plans:
        _dress(dice, plan)
    return plans


def _first_days(dice: Dice, world: World) -> list[date]:
    """Each season gets its share of tournaments exactly; the day falls by chance."""
    years, count = world.scale.years, world.scale.tournaments
    total = sum(YEAR_SHARES[year] for year in years)
    days: list[date] = []
    due = 0.0
    for year in years:
        due += count * YEAR_SHARES[year] / total
        while len(days) + 0.5 < due:
            days.append(date(year, 1, 8) + timedelta(days=dice.below(340)))
    return days


def _statuses(dice: Dice, count: int) -> list[str]:
    """One a tournament, in the order of days: what goes on or is to come stands last."""
    few = max(1, count // 200)
    middle = ["cancelled"] * few + ["hidden"] * few
    middle += ["finished"] * (count - 4 * few)
    dice.shuffle(middle)
    return middle + ["running"] * few + ["registration"] * few


def _mind_special_days(days: list[date], statuses: list[str]) -> None:
    last = max(days).year
    for position, status in enumerate(statuses):
        if status == "running":
            days[position] = date(last, 12, 27)
        elif status == "registration":
            days[position] = date(last + 1, 1, 10) + timedelta(days=position % 40)
    # The meaning of a first-shot mark changes within a tournament's days: its first day decides.
    for position, day in enumerate(days):
        if day.year == NEW_MEANING_FROM.year and {"finished"} == set(statuses[position : position + 2]):
            days[position] = NEW_MEANING_FROM - timedelta(days=1)
            days[position + 1] = NEW_MEANING_FROM
            break


def _plan(dice: Dice, number: int, tournament_id: int, start: date, status: str) -> Plan:
    place = dice.below(len(names.PLACES))
    title = names.tournament_title(dice, number, names.PLACES[place], start.year)
    tournament = Tournament(tournament_id, title, start, start, place)
    tournament.status = "finished" if status == "hidden" else status
    tournament.is_hidden = status == "hidden"
    if status in {"cancelled", "registration"}:
        return Plan(tournament, status, 0, 0)
    return Plan(tournament, status, dice.weighted(_TABLES), dice.weighted(ROUNDS))


def _fit(plans: Sequence[Plan], games: int) -> None:
    """Change rounds here and there until there are exactly so many games."""
    played = [plan for plan in plans if plan.tables]
    # The first two large ones have a final, whatever the chance says: each league shows one.
    played[0].tables = max(2, played[0].tables)
    for plan in played[::3]:
        if plan.tables > 1:
            plan.final_rounds = 2
            plan.rounds -= 1
    for step in range(_MOST_PASSES):
        missing = games - sum(plan.games for plan in played)
        if not missing:
            return
        sign = 1 if missing > 0 else -1
        for plan in played[step % 7 :: 7]:
            fits = _FEWEST_ROUNDS <= plan.rounds + sign <= _MOST_ROUNDS
            if fits and plan.tables <= missing * sign:
                plan.rounds += sign
                missing -= sign * plan.tables
            if not missing:
                return
    raise ValueError(games)


def _dress(dice: Dice, plan: Plan) -> None:
    tournament = plan.tournament
    rounds = plan.rounds + plan.final_rounds
    days = 1 if rounds <= _ROUNDS_A_DAY or dice.chance(0.12) else 2 + (rounds > 2 * _ROUNDS_A_DAY)
    if plan.status == "running":
        days = 5
    tournament.end = tournament.start + timedelta(days=days - 1)
    tournament.kind = "team" if dice.chance(0.04) else "personal"
    tournament.is_fsm = dice.chance(0.7)
    tournament.stars = dice.between(1, 5) if tournament.is_fsm else 0
    tournament.final_rounds = plan.final_rounds
    tournament.projected = plan.tables * 10 if plan.tables else dice.pick((20, 30, 40))
    if dice.chance(0.8):
        tournament.fee = dice.pick((50_000, 100_000, 150_050, 250_000, 300_000))
    if plan.tables > 1 and dice.chance(0.5):
        first = dice.pick((6_000_000, 3_000_000, 1_500_000, 300_100, 10_000_000))
        tournament.prizes = (first, first // 2, first // 4)
