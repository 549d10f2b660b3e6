"""Games: roles, winners, points, first shots and ELO, one after the other as time goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gomafia_kit.demo._calibration import BLACK_WINS, DRAWS
from gomafia_kit.demo._dice import Dice
from gomafia_kit.demo._world import (
    BLACK,
    CITIZEN,
    DON,
    DRAW,
    MAFIA,
    RED,
    SHERIFF,
    TABLE,
)

if TYPE_CHECKING:
    from gomafia_kit.demo._calendar import Plan
    from gomafia_kit.demo._world import Tournament, World

_SKILL_EFFECT: Final = 0.18
"""How far a team's mean skill shifts its chance: fits the spread of real win rates."""
_SHOT: Final = 0.88
"""Share of games in which somebody is shot on the first night."""
_MARKS: Final = (0.34, 0.86)
"""Up to there the shot player names few of the mafia, up to there some, above all of them."""
_SHOT_POINTS: Final = (0, 0, 25, 50)
_BONUS_CHANCE: Final = (0.0, 0.099, 0.086, 0.388, 0.4)
"""By role; tuned until the extra points a game meet the real ones."""
_BONUSES: Final = (10, 10, 15, 20, 20, 25, 30, 30, 40, 40, 50, 70)
_FINE: Final = 0.012
_RED_SHARE: Final = 0.1
"""Of the fined: marked red in place of yellow."""
_CITIZEN_SHOT: Final = 0.8
"""A citizen is shot a little less often than a sheriff."""
_UNPLAYED: Final = 0.001
_LEAST_ELO: Final = 50_000

# What every league must show once, whatever the chance says.
_UNPLAYED_AFTER: Final = 3
"""A game not played, once a tournament has that many."""
_DRAWN_GAME: Final = 12
_UNMARKED_GAME: Final = 5


class Play:
    """Plays tournaments; keeps everybody's ELO."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = Dice("games", world.scale.name, world.seed)
        self._judges = list(world.judges)
        self._with_comma = [judge for judge in self._judges if "," in world.people[judge].login]
        self._unplayed = 0
        self._games = 0

    def tournament(self, plan: Plan, field: list[int]) -> None:
        """Play all rounds of a tournament, the final last."""
        tournament = plan.tournament
        self._appoint(tournament)
        self._rate(tournament, field)
        judges = [self._dice.pick(self._judges) for _ in range(max(1, plan.tables))]
        if self._with_comma:
            judges[0] = self._with_comma.pop()
        stop = plan.rounds // 2 if plan.status == "running" else plan.rounds
        for number in range(1, plan.rounds + 1):
            self._dice.shuffle(field)
            for table in range(plan.tables):
                seated = field[table * TABLE : table * TABLE + TABLE]
                self._seat(tournament, number, table + 1, judges[table])
                self._game(tournament, seated, played=number <= stop)
        if plan.final_rounds:
            self._final(plan, judges[0], played=plan.status != "running")

    def _final(self, plan: Plan, judge: int, *, played: bool) -> None:
        tournament = plan.tournament
        sums: dict[int, int] = {}
        for seat, player in enumerate(tournament.player):
            points = tournament.extra_of(seat) + (100 if tournament.won(seat) else 0)
            sums[player] = sums.get(player, 0) + points
        best = sorted(sums, key=lambda player: (-sums[player], player))[:TABLE]
        for number in range(plan.rounds + 1, plan.rounds + plan.final_rounds + 1):
            self._dice.shuffle(best)
            self._seat(tournament, number, 1, judge)
            self._game(tournament, best, played=played)

    def _appoint(self, tournament: Tournament) -> None:
        if self._dice.chance(0.95):
            tournament.referee_id = self._dice.pick(self._judges)
        if self._dice.chance(0.9):
            tournament.organizer_id = self._dice.pick(self._judges)

    def _rate(self, tournament: Tournament, field: list[int]) -> None:
        people = self._world.people
        known = [people[player].elo for player in field if player > 0]
        if known and tournament.is_fsm:
            tournament.elo_average = round(sum(known) / len(known) / 100)

    @staticmethod
    def _seat(tournament: Tournament, number: int, table: int, judge: int) -> None:
        tournament.round_no.append(number)
        tournament.table_no.append(table)
        tournament.judge.append(judge)

    def _game(self, tournament: Tournament, seated: list[int], *, played: bool) -> None:
        tournament.player.extend(seated)
        if not played or self._dice.chance(_UNPLAYED) or self._owed_unplayed(tournament):
            self._leave_out(tournament, seated)
            return
        self._games += 1
        roles = self._roles()
        winner = self._winner(seated, roles)
        tournament.winner.append(winner)
        tournament.role.extend(roles)
        self._points(tournament, roles, winner)
        self._elo(tournament, seated, roles, winner)

    def _owed_unplayed(self, tournament: Tournament) -> bool:
        """Once in every league a finished tournament has a game that wasn't played."""
        owed = self._unplayed == 0 and tournament.games >= _UNPLAYED_AFTER
        self._unplayed += owed
        return owed

    def _leave_out(self, tournament: Tournament, seated: list[int]) -> None:
        people = self._world.people
        nothing = (0,) * TABLE
        tournament.winner.append(0)
        tournament.role.extend(nothing)
        tournament.mark.extend(nothing)
        for column in (
            tournament.bonus,
            tournament.fine,
            tournament.shot_points,
            tournament.compensation,
            tournament.delta,
        ):
            column.extend(nothing)
        tournament.elo.extend(people[player].elo if player > 0 else 0 for player in seated)

    def _roles(self) -> list[int]:
        throw = self._dice.random
        roles = [CITIZEN] * TABLE
        for role in (DON, MAFIA, MAFIA, SHERIFF):
            seat = int(throw() * TABLE)
            while roles[seat] != CITIZEN:
                seat = int(throw() * TABLE)
            roles[seat] = role
        return roles

    def _winner(self, seated: list[int], roles: list[int]) -> int:
        people = self._world.people
        black = red = 0.0
        for player, role in zip(seated, roles, strict=True):
            skill = people[player].skill if player > 0 else -0.5
            if role >= MAFIA:
                black += skill
            else:
                red += skill
        share = BLACK_WINS + _SKILL_EFFECT * (black / 3 - red / 7)
        throw = self._dice.random()
        if throw > 1 - DRAWS or self._games == _DRAWN_GAME:
            return DRAW
        return BLACK if throw < min(0.95, max(0.05, share)) * (1 - DRAWS) else RED

    def _points(self, tournament: Tournament, roles: list[int], winner: int) -> None:
        throw = self._dice.random
        people = self._world.people
        first = len(tournament.mark)
        shot = self._shot(roles)
        for seat, role in enumerate(roles):
            won = winner == (BLACK if role >= MAFIA else RED)
            player = tournament.player[first + seat]
            skill = people[player].skill if player > 0 else 0.0
            chance = _BONUS_CHANCE[role] * (1.25 if won else 0.8) * min(2.0, max(0.2, 1 + 0.35 * skill))
            tournament.bonus.append(_BONUSES[int(throw() * 12)] if throw() < chance else 0)
            fined = throw() < _FINE
            tournament.fine.append((30, 40, 70)[int(throw() * 3)] if fined else 0)
            mark = (5 if throw() < _RED_SHARE else 4) if fined and seat != shot else 0
            if seat == shot:
                named = throw()
                mark = 1 + (named >= _MARKS[0]) + (named >= _MARKS[1])
            tournament.mark.append(mark)
            told = _SHOT_POINTS[mark] if seat == shot else 0
            tournament.shot_points.append(told)
            tournament.compensation.append(int(throw() * 5) * 10 if seat == shot and not won else 0)

    def _shot(self, roles: list[int]) -> int:
        """The seat shot on the first night; -1 where the mafia missed."""
        throw = self._dice.random
        if throw() >= _SHOT or self._games == _UNMARKED_GAME:
            return -1
        while True:
            seat = int(throw() * TABLE)
            if roles[seat] == SHERIFF or (roles[seat] == CITIZEN and throw() < _CITIZEN_SHOT):
                return seat

    def _elo(self, tournament: Tournament, seated: list[int], roles: list[int], winner: int) -> None:
        people = self._world.people
        black = red = 0
        for player, role in zip(seated, roles, strict=True):
            elo = people[player].elo if player > 0 else 180_000
            if role >= MAFIA:
                black += elo
            else:
                red += elo
        # A straight line in place of the usual curve: its result is the same on every machine.
        expected = min(0.95, max(0.05, 0.5 + (black / 3 - red / 7) / 400_000))
        gained = {BLACK: 1.0, DRAW: 0.5}.get(winner, 0.0) - expected
        weight = 16 + 3 * tournament.stars
        for player, role in zip(seated, roles, strict=True):
            delta = round(weight * gained * (1 if role >= MAFIA else -1)) if player > 0 else 0
            if delta and people[player].elo + delta * 100 < _LEAST_ELO:
                delta = 0
            tournament.delta.append(delta)
            if player > 0:
                people[player].elo += delta * 100
            tournament.elo.append(people[player].elo if player > 0 else 0)
