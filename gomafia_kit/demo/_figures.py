"""A player's figures of a period, as the site shows them: texts, already rounded."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo._world import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.demo._players_file import RealPlayer
    from gomafia_kit.demo._world import Tournament, World

PLAYED: Final = ("citizen", "sheriff", "mafia", "don")
_PRIZE_PLACES: Final = 3


@dataclass(frozen=True, slots=True)
class Figures:
    """What a stats page tells of one player and period; "" where the site shows nothing.

    The dictionaries are by role: citizen, sheriff, mafia (without don), don.
    """

    games: str
    wins: str
    percent: str
    extra_per_10_games: str
    role_games: dict[str, str]
    role_wins: dict[str, str]
    role_percent: dict[str, str]
    role_extra: dict[str, str]
    role_extra_per_game: dict[str, str]
    strike: dict[str, str]
    average_points: str
    prize_places: str


class Tally:
    """Counts a player's games one by one, in the order of time."""

    __slots__ = ("extra", "games", "longest", "points", "strike", "wins")

    def __init__(self) -> None:
        self.games = [0] * 5
        self.wins = [0] * 5
        self.extra = [0] * 5
        self.strike = [0] * 5
        self.longest = [0] * 5
        self.points = 0

    def add(self, tournament: Tournament, seat: int) -> None:
        """Count the game of that seat; one without a winner counts nothing."""
        role = tournament.role[seat]
        if not role:
            return
        won = tournament.won(seat)
        extra = tournament.extra_of(seat)
        self.games[role] += 1
        self.wins[role] += won
        self.extra[role] += extra
        self.points += extra + 100 * won
        self.strike[role] = self.strike[role] + 1 if won else 0
        self.longest[role] = max(self.longest[role], self.strike[role])

    def figures(self, prize_places: int) -> Figures:
        """The count in the site's words."""
        games, wins = sum(self.games), sum(self.wins)
        return Figures(
            str(games),
            str(wins),
            percent(wins, games),
            hundredths(per(10 * sum(self.extra), games)),
            _by_role(self.games, str),
            _by_role(self.wins, str),
            {ROLES[r] or "": percent(self.wins[r], self.games[r]) for r in range(1, 5)},
            _by_role(self.extra, hundredths),
            {ROLES[r] or "": hundredths(per(self.extra[r], self.games[r])) for r in range(1, 5)},
            _by_role(self.longest, str),
            hundredths(per(self.points, games)),
            str(prize_places),
        )


def _by_role(numbers: list[int], form: object) -> dict[str, str]:
    if not callable(form):
        raise TypeError(form)
    return {ROLES[role] or "": form(numbers[role]) for role in range(1, 5)}


def per(number: int, games: int) -> int:
    """The number by games, rounded half away from zero; 0 without games."""
    if not games:
        return 0
    size = (2 * abs(number) + games) // (2 * games)
    return size if number >= 0 else -size


def percent(wins: int, games: int) -> str:
    """Whole percent, as the site shows them."""
    return str(per(100 * wins, games))


def hundredths(number: int) -> str:
    """1234 -> 12.34."""
    sign = "-" if number < 0 else ""
    whole, rest = divmod(abs(number), 100)
    return f"{sign}{whole}.{rest:02d}"


class Careers:
    """Finds a player's seats; the index is made once and again after a change."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._version = -1
        self._index: dict[int, list[Tournament]] = {}

    def tournaments(self, player_id: int) -> list[Tournament]:
        """The tournaments that list him at a table, oldest first."""
        if self._version != self._world.version:
            self._version = self._world.version
            self._index = self._make()
        return self._index.get(player_id, [])

    def _make(self) -> dict[int, list[Tournament]]:
        index: dict[int, list[Tournament]] = defaultdict(list)
        order = sorted(self._world.tournaments.values(), key=lambda t: (t.start, t.tournament_id))
        for tournament in order:
            for player in set(tournament.player):
                if player > 0:
                    index[player].append(tournament)
        return index

    def figures(self, player_id: int, year: int | None, *, fsm: bool = False) -> Figures:
        """His figures of a year (None: of all), of all tournaments or the federation's only.

        Tournaments with hidden results don't count.
        """
        roster = self._world.roster
        if roster and player_id in roster.players:
            real = roster.players[player_id]
            return _all_of_file(real) if year is None else _as_in_file(real, year)
        tally, prizes = Tally(), 0
        for tournament in self.tournaments(player_id):
            if year not in {None, tournament.year} or tournament.is_hidden:
                continue
            if fsm and not tournament.is_fsm:
                continue
            for seat in seats_of(tournament, player_id):
                tally.add(tournament, seat)
            prizes += _took_a_prize(tournament, player_id)
        return tally.figures(prizes)

    def years(self, player_id: int) -> set[int]:
        """The years in which he has games."""
        roster = self._world.roster
        if roster and player_id in roster.players:
            player = roster.players[player_id]
            return {year for year in player.years if player.has_games(year)}
        return {tournament.year for tournament in self.tournaments(player_id) if not tournament.is_hidden}


def seats_of(tournament: Tournament, player: int) -> Iterator[int]:
    """Positions of the player's seats, in the order of the games."""
    seat = -1
    try:
        while True:
            seat = tournament.player.index(player, seat + 1)
            yield seat
    except ValueError:
        return


def _took_a_prize(tournament: Tournament, player: int) -> bool:
    """Among the three with the most points, the cheap way: without the whole standing."""
    if tournament.status != "finished":
        return False
    sums: dict[int, int] = {}
    for seat, other in enumerate(tournament.player):
        sums[other] = sums.get(other, 0) + tournament.extra_of(seat) + 100 * tournament.won(seat)
    return sum(points > sums[player] for points in sums.values()) < _PRIZE_PLACES


def _all_of_file(player: RealPlayer) -> Figures:
    """Games are added up; percentages and points of all years are told by no file."""
    nothing = dict.fromkeys(PLAYED, "")
    games = {role: str(sum(int(row[f"{role}_games"]) for row in player.years.values())) for role in PLAYED}
    total = str(sum(int(row["total_games"]) for row in player.years.values()))
    return Figures(total, "", "", "", games, nothing, nothing, nothing, nothing, nothing, "", "")


def _as_in_file(player: RealPlayer, year: int) -> Figures:
    row = player.years.get(year)
    if row is None:
        return Tally().figures(0)
    nothing = dict.fromkeys(PLAYED, "")
    return Figures(
        row["total_games"],
        "",
        row["overall_winrate"],
        row["extra_points_avg_10_games"],
        {role: row[f"{role}_games"] for role in PLAYED},
        nothing,
        {role: row[f"{role}_winrate"] for role in PLAYED},
        nothing,
        {role: row[f"extra_points_{role}_avg"] for role in PLAYED},
        nothing,
        "",
        "",
    )


def real_check(games: tuple[int, int, int, int], extra_per_10_games: str) -> Figures:
    """Figures of a player of whom only games by role and extra points are known."""
    nothing = dict.fromkeys(PLAYED, "")
    by_role = dict(zip(PLAYED, map(str, games), strict=True))
    return Figures(
        str(sum(games)),
        "",
        "",
        extra_per_10_games,
        by_role,
        nothing,
        nothing,
        nothing,
        nothing,
        nothing,
        "",
        "",
    )
