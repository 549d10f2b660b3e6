"""Standings: each line is the sum over a player's seats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gomafia_kit.demo._world import DON, LAST_SHOT_MARK, SHERIFF, TABLE

if TYPE_CHECKING:
    from gomafia_kit.demo._world import Tournament


@dataclass(slots=True)
class Line:
    """A line of a standing; points in hundredths, `player` as in the seats (negative: a guest)."""

    player: int
    place: int = 0
    points: int = 0
    bonus: int = 0
    compensation: int = 0
    fine: int = 0
    shot_points: int = 0
    first_shots: int = 0
    wins: int = 0
    wins_as_don: int = 0
    wins_as_sheriff: int = 0
    gg: int = 0

    @property
    def extra(self) -> int:
        """All points beside those for wins."""
        return self.bonus + self.compensation + self.shot_points - self.fine


def with_final(tournament: Tournament) -> list[Line]:
    """Finalists first in the order of all their points, then the others; GG points by that place."""
    return _placed(tournament, tournament.rounds)


def without_final(tournament: Tournament) -> list[Line]:
    """Everybody by the points of the rounds before the final; GG points as they ended up with."""
    lines = _placed(tournament, tournament.rounds - tournament.final_rounds)
    gg = {line.player: line.gg for line in with_final(tournament)}
    for line in lines:
        line.gg = gg[line.player]
    return lines


def finalists(tournament: Tournament) -> set[int]:
    """Who sits in the final; nobody where there is none."""
    first = tournament.rounds - tournament.final_rounds + 1
    if not tournament.final_rounds:
        return set()
    return {player for seat, player in enumerate(tournament.player) if tournament.round_no[seat // TABLE] >= first}


def _placed(tournament: Tournament, last_round: int) -> list[Line]:
    lines = _sums(tournament, last_round)
    first = finalists(tournament) if last_round == tournament.rounds else set()
    order = sorted(
        lines.values(),
        key=lambda line: (line.player not in first, -line.points, -line.wins, line.player),
    )
    for place, line in enumerate(order, 1):
        line.place = place
        # More stars and a wider field make more; the lower half goes without.
        line.gg = tournament.stars * max(0, len(order) // 2 - place + 1)
    return order


def _sums(tournament: Tournament, last_round: int) -> dict[int, Line]:
    lines = {player: Line(player) for player in tournament.player}
    for game, winner in enumerate(tournament.winner):
        if tournament.round_no[game] > last_round:
            break
        if not winner:
            continue
        for seat in range(game * TABLE, game * TABLE + TABLE):
            _count(lines[tournament.player[seat]], tournament, seat)
    return lines


def _count(line: Line, tournament: Tournament, seat: int) -> None:
    if tournament.won(seat):
        line.wins += 1
        line.points += 100
        line.wins_as_don += tournament.role[seat] == DON
        line.wins_as_sheriff += tournament.role[seat] == SHERIFF
    line.points += tournament.extra_of(seat)
    line.bonus += tournament.bonus[seat]
    line.fine += tournament.fine[seat]
    line.shot_points += tournament.shot_points[seat]
    line.compensation += tournament.compensation[seat]
    line.first_shots += 0 < tournament.mark[seat] <= LAST_SHOT_MARK
