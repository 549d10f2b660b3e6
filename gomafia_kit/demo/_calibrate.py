"""How near a league comes to the real one: the same figures of both, side by side."""

from __future__ import annotations

import math
from collections import defaultdict
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo._figures import PLAYED, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gomafia_kit.demo._players_file import Roster
    from gomafia_kit.demo.league import League

YEARS: Final = (2023, 2024)
_MANY_GAMES: Final = 50
"""From so many games a year on, win rates say something about a player."""
_SHARES: Final = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


class PlayerYear:
    """The figures of a player and year that are compared."""

    __slots__ = ("extra", "games", "wins")

    def __init__(self, games: dict[str, int], wins: dict[str, float], extra: dict[str, float]) -> None:
        self.games = games
        self.wins = wins
        self.extra = extra

    @property
    def total(self) -> int:
        """All games."""
        return sum(self.games.values())

    @property
    def win_percent(self) -> float:
        """Games won, in percent."""
        return 100 * sum(self.wins.values()) / self.total

    @property
    def extra_per_10(self) -> float:
        """Extra points for ten games."""
        return 10 * sum(self.extra.values()) / self.total


def real_years(roster: Roster) -> dict[int, list[PlayerYear]]:
    """The player-years with games of a file, by year."""
    found: dict[int, list[PlayerYear]] = {year: [] for year in YEARS}
    for player in roster.players.values():
        for year, row in player.years.items():
            games: dict[str, int] = {role: int(row[f"{role}_games"]) for role in PLAYED}
            if year in found and any(games.values()):
                wins = {role: games[role] * float(row[f"{role}_winrate"] or 0) / 100 for role in PLAYED}
                extra = {role: games[role] * float(row[f"extra_points_{role}_avg"] or 0) for role in PLAYED}
                found[year].append(PlayerYear(games, wins, extra))
    return found


def league_years(league: League) -> dict[int, list[PlayerYear]]:
    """The same of a league."""
    tallies: defaultdict[tuple[int, int], Tally] = defaultdict(Tally)
    for tournament in league.world.tournaments.values():
        if tournament.year in YEARS and not tournament.is_hidden:
            for seat, player in enumerate(tournament.player):
                if player > 0:
                    tallies[player, tournament.year].add(tournament, seat)
    found: dict[int, list[PlayerYear]] = {year: [] for year in YEARS}
    for (_, year), tally in tallies.items():
        if sum(tally.games):
            found[year].append(
                PlayerYear(
                    dict(zip(PLAYED, tally.games[1:], strict=True)),
                    {role: float(wins) for role, wins in zip(PLAYED, tally.wins[1:], strict=True)},
                    {role: extra / 100 for role, extra in zip(PLAYED, tally.extra[1:], strict=True)},
                )
            )
    return found


def comparison(league: League, roster: Roster) -> list[tuple[str, str, str]]:
    """Lines of figure, real league, this league."""
    real, made = real_years(roster), league_years(league)
    lines = []
    for year in YEARS:
        lines.append((f"players with games, {year}", str(len(real[year])), str(len(made[year]))))
        lines.append((f"player-games, {year}", str(_games(real[year])), str(_games(made[year]))))
    both_real, both_made = (list(chain(*years.values())) for years in (real, made))
    lines += [_compare(what, one, two) for what, one, two in _figures(both_real, both_made)]
    return lines


def _games(years: Iterable[PlayerYear]) -> int:
    return sum(year.total for year in years)


def _figures(real: Sequence[PlayerYear], made: Sequence[PlayerYear]) -> Iterable[tuple[str, float, float]]:
    for role in PLAYED:
        yield f"games as {role}, percent", _role_share(real, role), _role_share(made, role)
    for role in PLAYED:
        yield f"win rate as {role}, percent", _win_rate(real, role), _win_rate(made, role)
    for role in PLAYED:
        yield f"extra points a game as {role}", _extra(real, role), _extra(made, role)
    for share in _SHARES:
        yield (
            f"games a year, {share:.0%} of the players have at most",
            _at([year.total for year in real], share),
            _at([year.total for year in made], share),
        )
    yield "most games a year", max(y.total for y in real), max(y.total for y in made)
    many_real = [year for year in real if year.total >= _MANY_GAMES]
    many_made = [year for year in made if year.total >= _MANY_GAMES]
    for what, name in (("win rate, percent", "win_percent"), ("extra points for 10 games", "extra_per_10")):
        one = [getattr(year, name) for year in many_real]
        two = [getattr(year, name) for year in many_made]
        yield f"{what}: mean of players with {_MANY_GAMES} games", _mean(one), _mean(two)
        yield f"{what}: deviation of players with {_MANY_GAMES} games", _spread(one), _spread(two)


def _compare(what: str, real: float, made: float) -> tuple[str, str, str]:
    places = 3 if "points" in what else 1
    step = Decimal(1).scaleb(-places)
    return what, str(Decimal(real).quantize(step)), str(Decimal(made).quantize(step))


def _role_share(years: Sequence[PlayerYear], role: str) -> float:
    return 100 * sum(year.games[role] for year in years) / max(1, _games(years))


def _win_rate(years: Sequence[PlayerYear], role: str) -> float:
    return 100 * sum(year.wins[role] for year in years) / max(1, sum(year.games[role] for year in years))


def _extra(years: Sequence[PlayerYear], role: str) -> float:
    return sum(year.extra[role] for year in years) / max(1, sum(year.games[role] for year in years))


def _at(numbers: list[int], share: float) -> int:
    return sorted(numbers)[min(len(numbers) - 1, int(len(numbers) * share))] if numbers else 0


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / max(1, len(numbers))


def _spread(numbers: list[float]) -> float:
    mean = _mean(numbers)
    return math.sqrt(sum((number - mean) ** 2 for number in numbers) / max(1, len(numbers)))


def as_table(lines: Sequence[tuple[str, str, str]], scale: str) -> str:
    """The comparison as a table in Markdown."""
    head = [("figure", "real", scale), ("---", "---:", "---:")]
    return "\n".join(f"| {what} | {real} | {made} |" for what, real, made in (*head, *lines))
