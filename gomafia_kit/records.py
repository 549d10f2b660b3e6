"""What parsers give: one named tuple a table, its fields being the table's columns but `ask_id`.

Named tuples, because a row goes from the parser into Arrow unchanged. Missing is None, never "",
0 or a dash; money and points are Decimals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from gomafia_kit.site import Ask

ROLES: Final = ("citizen", "sheriff", "mafia", "don")
TEAM_OF_ROLE: Final = {"citizen": "red", "sheriff": "red", "mafia": "black", "don": "black"}
SEATS_A_GAME: Final = 10


class Club(NamedTuple):
    """A club as the list of clubs shows it."""

    club_id: int
    title: str
    country: str | None
    city: str | None
    rank: int | None
    club_score: Decimal | None
    elo_average: Decimal | None


class ClubMember(NamedTuple):
    """A member of a club."""

    club_id: int
    player_id: int
    login: str | None


class Player(NamedTuple):
    """A player as a rating list shows him."""

    player_id: int
    login: str
    country: str | None
    city: str | None
    club_title: str | None
    elo: Decimal | None
    listed: bool
    listed_year: int | None


class PlayerSeason(NamedTuple):
    """A player's line on the rating list of a year."""

    player_id: int
    year: int
    region: str | None
    club_title: str | None
    rank: int | None
    elo: Decimal | None
    tournaments_played: int | None
    gg_points: Decimal | None


class Tournament(NamedTuple):
    """A tournament as the list of tournaments shows it."""

    tournament_id: int
    title: str
    date_start: date | None
    date_end: date | None
    country: str | None
    city: str | None
    type: str | None
    type_shown: str | None
    status: str | None
    status_shown: str | None
    stars: int | None
    elo_average: Decimal | None
    is_fsm_rating: bool | None
    is_hidden_result: bool | None
    main_referee_id: int | None
    organizer_id: int | None
    contribution_amount: Decimal | None
    contribution_currency: str | None
    participants_projected: int | None


class ClubPresident(NamedTuple):
    """Who presides over a club, as its page says."""

    club_id: int
    player_id: int
    login: str | None


class Judge(NamedTuple):
    """An accredited judge."""

    player_id: int
    login: str
    category: str | None
    rating: Decimal | None
    games_judged: int | None
    most_tables: int | None
    accredited_on: date | None
    responsible: str | None


class TournamentParticipants(NamedTuple):
    """How many take part in a tournament, as its card says: `30 из 30`."""

    tournament_id: int
    participants: int | None
    participants_most: int | None


class TournamentStaff(NamedTuple):
    """Who runs a tournament, as its card says: a player's number, or null for nobody."""

    tournament_id: int
    main_referee_id: int | None
    organizer_id: int | None


class PlayerTournament(NamedTuple):
    """A line of a player's history of tournaments."""

    player_id: int
    tournament_id: int
    date_start: date | None
    date_end: date | None
    place: int | None
    place_shown: str | None
    gg_points: Decimal | None
    elo_delta: Decimal | None
    prize: Decimal | None


class PlayerPersonal(NamedTuple):
    """What a player tells of himself; only if it was asked for."""

    player_id: int
    first_name: str | None
    last_name: str | None
    vk_id: str | None


class JudgePersonal(NamedTuple):
    """A judge's real name; only if it was asked for."""

    player_id: int
    real_name: str | None


class Game(NamedTuple):
    """One table of one round; `winner` None: not played."""

    tournament_id: int
    round: int
    table_no: int
    winner: str | None
    judge_login: str | None


class Seat(NamedTuple):
    """Who sat at a table, as what, and what came of it."""

    tournament_id: int
    round: int
    table_no: int
    seat: int
    player_id: int | None
    login: str | None
    role: str | None
    team: str | None
    points: Decimal | None
    elo_delta: Decimal | None
    elo: Decimal | None
    shot_first: bool | None
    guessed_min: int | None
    guessed_max: int | None
    first_shot_mark: str | None


class Result(NamedTuple):
    """A line of a tournament's standing."""

    tournament_id: int
    standing: str
    row_no: int
    place: int | None
    player_id: int | None
    unresolved: str | None
    login: str
    points_total: Decimal | None
    points_extra_total: Decimal | None
    wins: int | None
    wins_as_don: int | None
    wins_as_sheriff: int | None
    points_extra: Decimal | None
    points_compensation: Decimal | None
    points_fine: Decimal | None
    first_shots: int | None
    points_first_shot: Decimal | None
    gg_points: Decimal | None


class PlayerYearOfficial(NamedTuple):
    """A player's figures of a year as the site shows them."""

    player_id: int
    year: int
    games: int | None
    citizen_games: int | None
    sheriff_games: int | None
    mafia_games: int | None
    don_games: int | None
    wins: int | None
    citizen_wins: int | None
    sheriff_wins: int | None
    mafia_wins: int | None
    don_wins: int | None
    win_percent: Decimal | None
    citizen_win_percent: Decimal | None
    sheriff_win_percent: Decimal | None
    mafia_win_percent: Decimal | None
    don_win_percent: Decimal | None
    citizen_longest_win_streak: int | None
    sheriff_longest_win_streak: int | None
    mafia_longest_win_streak: int | None
    don_longest_win_streak: int | None
    prize_places: int | None
    average_points: Decimal | None
    citizen_extra_points: Decimal | None
    sheriff_extra_points: Decimal | None
    mafia_extra_points: Decimal | None
    don_extra_points: Decimal | None
    extra_points_per_10_games: Decimal | None
    citizen_extra_points_per_game: Decimal | None
    sheriff_extra_points_per_game: Decimal | None
    mafia_extra_points_per_game: Decimal | None
    don_extra_points_per_game: Decimal | None
    elo: Decimal | None


Record = (
    Club
    | ClubMember
    | ClubPresident
    | Player
    | PlayerSeason
    | PlayerPersonal
    | Judge
    | JudgePersonal
    | Tournament
    | TournamentParticipants
    | TournamentStaff
    | Game
    | Seat
    | Result
    | PlayerYearOfficial
    | PlayerTournament
)

TABLE_OF: Final[dict[type[Record], str]] = {
    Club: "club",
    ClubMember: "club_member",
    ClubPresident: "club_president",
    Player: "player",
    PlayerSeason: "player_season",
    PlayerPersonal: "player_personal",
    Judge: "judge",
    JudgePersonal: "judge_personal",
    Tournament: "tournament",
    TournamentParticipants: "tournament_participants",
    TournamentStaff: "tournament_staff",
    Game: "game",
    Seat: "seat",
    Result: "result",
    PlayerYearOfficial: "player_year_official",
    PlayerTournament: "player_tournament",
}
"""The table that records of a type become rows of."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that we refused, and why: the value is as it came."""

    table: str
    key: str
    field: str
    value: str
    rule: str


@dataclass(slots=True)
class Parsed:
    """What an answer holds: records, the refused ones with their reasons, and further asks.

    `fetched` counts the records of each table that stood in the answer, good or bad.
    No `more` asks: this answer ends what is to be read of its subject. `total` is how many rows the whole
    list has, where it says so.
    """

    records: list[Record] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    more: list[Ask] = field(default_factory=list)
    fetched: dict[str, int] = field(default_factory=dict)
    total: int | None = None

    def count(self, table: str, number: int = 1) -> None:
        """Note that `number` records of `table` stood in the answer."""
        self.fetched[table] = self.fetched.get(table, 0) + number
