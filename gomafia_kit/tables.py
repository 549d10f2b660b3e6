"""Every table once: its columns, types, key and comments, and the forms that libraries want.

Decimals have six places: enough for every figure the site shows, exact in all three stores.
`ask_id` stands in every table: the stable number of the ask whose answer the row was read from
(see `site.Ask.ask_id`); the table `answer` tells when and how that answer came.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import SettingsError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import polars as pl
    import pyarrow as pa

DECIMAL_PRECISION: Final = 18
DECIMAL_SCALE: Final = 6


class Type(Enum):
    """What a column holds; the value is DuckDB's and PostgreSQL's common name for it."""

    INTEGER = "INTEGER"
    BIGINT = "BIGINT"
    TEXT = "TEXT"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMPTZ"
    DECIMAL = f"DECIMAL({DECIMAL_PRECISION},{DECIMAL_SCALE})"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `comment` says what it means and in which unit."""

    name: str
    type: Type
    comment: str
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: these columns name a row of `table` by its key."""

    columns: tuple[str, ...]
    table: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    `latest_by` orders rows that several answers give for one key: the first wins, the others are
    duplicates (`fetched_at` is the answer's); a table without it can't meet one key in two answers.
    """

    name: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[Reference, ...] = ()
    latest_by: tuple[str, ...] = ()
    derived: bool = False
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(column.name for column in self.columns))

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def polars_schema(self) -> dict[str, pl.DataType]:
        """Column name -> polars type, in the table's order."""
        import polars as pl

        forms: Mapping[Type, pl.DataType] = {
            Type.INTEGER: pl.Int32(),
            Type.BIGINT: pl.Int64(),
            Type.TEXT: pl.String(),
            Type.BOOLEAN: pl.Boolean(),
            Type.DATE: pl.Date(),
            Type.TIMESTAMP: pl.Datetime("us", "UTC"),
            Type.DECIMAL: pl.Decimal(DECIMAL_PRECISION, DECIMAL_SCALE),
        }
        return {column.name: forms[column.type] for column in self.columns}

    def arrow_schema(self) -> pa.Schema:
        """The table's columns as an Arrow schema, in the table's order."""
        import pyarrow as pa

        forms = {
            Type.INTEGER: pa.int32(),
            Type.BIGINT: pa.int64(),
            Type.TEXT: pa.string(),
            Type.BOOLEAN: pa.bool_(),
            Type.DATE: pa.date32(),
            Type.TIMESTAMP: pa.timestamp("us", "UTC"),
            Type.DECIMAL: pa.decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
        }
        return pa.schema([pa.field(column.name, forms[column.type], column.nullable) for column in self.columns])

    def duckdb_ddl(self, name: str | None = None) -> str:
        """The CREATE TABLE statement for DuckDB, without keys (they cost memory; `verify` checks)."""
        columns = ", ".join(
            f"{column.name} {column.type.value}{'' if column.nullable else ' NOT NULL'}" for column in self.columns
        )
        return f"CREATE TABLE {name or self.name} ({columns})"

    def sql_of_files(self, paths: Iterable[Path | str]) -> str:
        """DuckDB's SELECT of all that Parquet files of this table hold; of no rows if there is no file."""
        if listed := ", ".join(quoted(path) for path in paths):
            return f"SELECT * FROM read_parquet([{listed}])"
        nothing = ", ".join(f"NULL::{column.type.value} AS {column.name}" for column in self.columns)
        return f"SELECT {nothing} WHERE false"


def quoted(text: object) -> str:
    """A text or path as a string of SQL, where a statement takes no parameter."""
    return "'" + str(text).replace("'", "''") + "'"


def _key(name: str, comment: str, type_: Type = Type.INTEGER) -> Column:
    return Column(name, type_, comment, nullable=False)


def _int(name: str, comment: str) -> Column:
    return Column(name, Type.INTEGER, comment)


def _text(name: str, comment: str) -> Column:
    return Column(name, Type.TEXT, comment)


def _bool(name: str, comment: str) -> Column:
    return Column(name, Type.BOOLEAN, comment)


def _date(name: str, comment: str) -> Column:
    return Column(name, Type.DATE, comment)


def _decimal(name: str, comment: str) -> Column:
    return Column(name, Type.DECIMAL, comment)


_ASK_ID: Final = _key("ask_id", "the ask whose answer the row came from (table answer)", Type.BIGINT)

ANSWER: Final = Table(
    "answer",
    "the answers that the rows of the other tables came from: how fresh is what",
    (
        _ASK_ID,
        Column("ask_key", Type.TEXT, "the ask in words: form, method, path and fields", nullable=False),
        Column("kind", Type.TEXT, "what was asked for, as tournament or player_list", nullable=False),
        Column("via", Type.TEXT, "who fetched it: http, chromium; derived for computed rows", nullable=False),
        Column("fetched_at", Type.TIMESTAMP, "when the answer came (UTC)", nullable=False),
        Column("sha256", Type.TEXT, "of the answer's body, hexadecimal", nullable=False),
    ),
    ("ask_id",),
)

CLUB: Final = Table(
    "club",
    "clubs as the list of clubs shows them",
    (
        _key("club_id", "the site's number of the club"),
        Column("title", Type.TEXT, "the club's name", nullable=False),
        _text("country", "as the site writes it"),
        _text("city", "as the site writes it"),
        _int("rank", "place in the list of clubs, from 1"),
        _decimal("club_score", "the club's points"),
        _decimal("elo_average", "average ELO of the members"),
        _ASK_ID,
    ),
    ("club_id",),
    latest_by=(
        "fetched_at DESC",
        "ask_id",
    ),
)

CLUB_MEMBER: Final = Table(
    "club_member",
    "who is a member of which club",
    (
        _key("club_id", "the club"),
        _key("player_id", "the member"),
        _text("login", "the member's nickname in the club's list"),
        _ASK_ID,
    ),
    ("club_id", "player_id"),
    (Reference(("club_id",), "club"), Reference(("player_id",), "player")),
    latest_by=(
        "fetched_at DESC",
        "ask_id",
    ),
)

PLAYER: Final = Table(
    "player",
    "players: everybody on a rating list, and those met only in a club or at a table (listed false)",
    (
        _key("player_id", "the site's number of the player: the only identity"),
        Column("login", Type.TEXT, "nickname, byte for byte as the site sends it", nullable=False),
        _text("country", "as the site writes it"),
        _text("city", "as the site writes it"),
        _text("club_title", "name of the club; null for none"),
        _decimal("elo", "ELO as the newest list shows it"),
        Column("listed", Type.BOOLEAN, "stands on a rating list", nullable=False),
        _int("listed_year", "year of the list that the row came from; null where not listed"),
        _ASK_ID,
    ),
    ("player_id",),
    latest_by=("listed DESC", "listed_year DESC NULLS LAST", "fetched_at DESC", "ask_id"),
)

PLAYER_SEASON: Final = Table(
    "player_season",
    "a player's line on the rating list of a year",
    (
        _key("player_id", "the player"),
        _key("year", "the year that the list was asked for"),
        _text("region", "the region that the list was asked for; null for players of no region's list"),
        _text("club_title", "name of the club in that list; null for none"),
        _int("rank", "place in the list, from 1"),
        _decimal("elo", "ELO as listed"),
        _int("tournaments_played", "tournaments of that year"),
        _decimal("gg_points", "GG points of that year"),
        _ASK_ID,
    ),
    ("player_id", "year"),
    (Reference(("player_id",), "player"),),
    latest_by=("region NULLS LAST", "fetched_at DESC", "ask_id"),
)

CLUB_PRESIDENT: Final = Table(
    "club_president",
    "who presides over a club (option presidents; a club without one has no row)",
    (
        _key("club_id", "the club"),
        _key("player_id", "its president"),
        _text("login", "the president's nickname on the club's page"),
        _ASK_ID,
    ),
    ("club_id",),
    (Reference(("club_id",), "club"), Reference(("player_id",), "player")),
    latest_by=("fetched_at DESC", "ask_id"),
)

PLAYER_PERSONAL: Final = Table(
    "player_personal",
    "what a player tells of himself on his statistics page (option personal)",
    (
        _key("player_id", "the player"),
        _text("first_name", "as the site writes it"),
        _text("last_name", "as the site writes it"),
        _text("vk_id", "his account of the social network VK"),
        _ASK_ID,
    ),
    ("player_id",),
    (Reference(("player_id",), "player"),),
    latest_by=("fetched_at DESC", "ask_id"),
)

JUDGE: Final = Table(
    "judge",
    "accredited judges",
    (
        _key("player_id", "the judge (a player's number)"),
        Column("login", Type.TEXT, "nickname in the list of judges", nullable=False),
        _text("category", "category as the site writes it"),
        _decimal("rating", "the judge's rating"),
        _int("games_judged", "games judged"),
        _int("most_tables", "most tables of a tournament as its chief judge"),
        _date("accredited_on", "day of the accreditation"),
        _text("responsible", "who answers for the judge at the federation, as the site writes it"),
        _ASK_ID,
    ),
    ("player_id",),
    (Reference(("player_id",), "player"),),
    latest_by=("fetched_at DESC", "ask_id"),
)

JUDGE_PERSONAL: Final = Table(
    "judge_personal",
    "a judge's real name (option personal)",
    (_key("player_id", "the judge"), _text("real_name", "as the site writes it"), _ASK_ID),
    ("player_id",),
    (Reference(("player_id",), "player"),),
    latest_by=("fetched_at DESC", "ask_id"),
)

TOURNAMENT: Final = Table(
    "tournament",
    "tournaments as the list of tournaments shows them",
    (
        _key("tournament_id", "the site's number of the tournament"),
        Column("title", Type.TEXT, "its name", nullable=False),
        _date("date_start", "first day; the tournament's year is this date's"),
        _date("date_end", "last day; null where the site gives none"),
        _text("country", "as the site writes it in words"),
        _text("city", "as the site writes it in words"),
        _text("type", "the site's word for its kind, as it came"),
        _text("type_shown", "the same in Russian, as shown to people"),
        _text("status", "the site's word for its state, as it came"),
        _text("status_shown", "the same in Russian, as shown to people"),
        _int("stars", "0 to 5"),
        _decimal("elo_average", "average ELO of those who play; null where unrated"),
        _bool("is_fsm_rating", "counts for the federation's rating"),
        _bool("is_hidden_result", "its results are hidden"),
        _int("main_referee_id", "chief judge (a player's number)"),
        _int("organizer_id", "organiser (a player's number)"),
        _decimal("contribution_amount", "entry fee, in contribution_currency"),
        _text("contribution_currency", "as it came"),
        _int("participants_projected", "how many are meant to take part"),
        _ASK_ID,
    ),
    ("tournament_id",),
    latest_by=(
        "fetched_at DESC",
        "ask_id",
    ),
)

TOURNAMENT_PARTICIPANTS: Final = Table(
    "tournament_participants",
    "how many take part in a tournament, as its card says (option participants)",
    (
        _key("tournament_id", "the tournament"),
        _int("participants", "how many take part"),
        _int("participants_most", "how many may"),
        _ASK_ID,
    ),
    ("tournament_id",),
    (Reference(("tournament_id",), "tournament"),),
    latest_by=("fetched_at DESC", "ask_id"),
)

TOURNAMENT_STAFF: Final = Table(
    "tournament_staff",
    "who runs a tournament, as its card says (option participants, and with games read as dom)",
    (
        _key("tournament_id", "the tournament"),
        _int("main_referee_id", "chief judge (a player's number); null for nobody"),
        _int("organizer_id", "organiser (a player's number); null for nobody"),
        _ASK_ID,
    ),
    ("tournament_id",),
    (Reference(("tournament_id",), "tournament"),),
    latest_by=("fetched_at DESC", "ask_id"),
)

_GAME_KEY: Final = (
    _key("tournament_id", "the tournament"),
    _key("round", "the round (tour), from 1"),
    _key("table_no", "the table in that round, from 1"),
)

GAME: Final = Table(
    "game",
    "games: one table of one round of one tournament",
    (
        *_GAME_KEY,
        _text("winner", "red (citizens), black (mafia) or draw; null for a game not played"),
        _text("judge_login", "the judge's nickname"),
        _ASK_ID,
    ),
    ("tournament_id", "round", "table_no"),
    (Reference(("tournament_id",), "tournament"),),
)

SEAT: Final = Table(
    "seat",
    "ten seats a game: who sat there, as what, and what came of it",
    (
        *_GAME_KEY,
        _key("seat", "the seat, 1 to 10"),
        _int("player_id", "the player; null for a guest without an account"),
        _text("login", "nickname at that table"),
        _text("role", "citizen, sheriff, mafia or don; null in a game not played"),
        _text("team", "red (citizen, sheriff) or black (mafia, don); null where role is"),
        _decimal("points", "points for the game as the site shows them"),
        _decimal("elo_delta", "change of ELO by the game"),
        _decimal("elo", "ELO as it stands beside the seat"),
        _bool("shot_first", "shot on the first night; null where the answer doesn't tell"),
        _int("guessed_min", "mafia named in the first-shot guess, at least; null where not shot first"),
        _int("guessed_max", "mafia named in the first-shot guess, at most; null where not shot first"),
        _text("first_shot_mark", "the site's mark as it came: b, lg, g, y, r"),
        _ASK_ID,
    ),
    ("tournament_id", "round", "table_no", "seat"),
    (
        Reference(("tournament_id", "round", "table_no"), "game"),
        Reference(("player_id",), "player"),
    ),
)

RESULT: Final = Table(
    "result",
    "final standings of tournaments, one row a line of the standing",
    (
        _key("tournament_id", "the tournament"),
        Column(
            "standing",
            Type.TEXT,
            "total (the API's), with_final or without_final (the page's)",
            nullable=False,
        ),
        _key("row_no", "line of the standing, from 1"),
        _int("place", "place as shown"),
        _int("player_id", "the player, found by nickname inside the tournament; null where not exactly one fits"),
        _text("unresolved", "why player_id is null; null where it isn't"),
        Column("login", Type.TEXT, "nickname in the standing", nullable=False),
        _decimal("points_total", "sum of points (sum)"),
        _decimal("points_extra_total", "sum of extra points (sum_extra)"),
        _int("wins", "games won (win)"),
        _int("wins_as_don", "games won as don"),
        _int("wins_as_sheriff", "games won as sheriff"),
        _decimal("points_extra", "extra points (extra_point)"),
        _decimal("points_compensation", "compensation points (compensation_point)"),
        _decimal("points_fine", "fines (fine)"),
        _int("first_shots", "times shot on the first night (first_kill)"),
        _decimal("points_first_shot", "points for the first-shot guess (first_kill_point)"),
        _decimal("gg_points", "GG points (global_game)"),
        _ASK_ID,
    ),
    ("tournament_id", "standing", "row_no"),
    (Reference(("tournament_id",), "tournament"), Reference(("player_id",), "player")),
)

PLAYER_YEAR: Final = Table(
    "player_year",
    "derived from seats: a player's games of a year (by the tournament's first day)",
    (
        _key("player_id", "the player"),
        _key("year", "the year"),
        _key("games", "games played: those with a winner"),
        _key("wins", "games that his team won"),
        _key("draws", "games without a winning team"),
        _key("tournaments", "tournaments in which he played a game"),
        _decimal("points_sum", "sum of points of those games"),
        _decimal("elo_delta_sum", "sum of the changes of ELO of those games"),
        _int("first_shots", "games in which he was shot first; null where no answer tells"),
        _key("games_missing", "games that list him but carry no result (not played, hidden, rejected)"),
        _ASK_ID,
    ),
    ("player_id", "year"),
    (Reference(("player_id",), "player"),),
    derived=True,
)

PLAYER_ROLE_YEAR: Final = Table(
    "player_role_year",
    "derived from seats: a player's games of a year in one role",
    (
        _key("player_id", "the player"),
        _key("year", "the year"),
        _key("role", "citizen, sheriff, mafia or don", Type.TEXT),
        _key("games", "games played in that role"),
        _key("wins", "of them won by his team"),
        _decimal("points_sum", "sum of points of those games"),
        _decimal("elo_delta_sum", "sum of the changes of ELO of those games"),
        _ASK_ID,
    ),
    ("player_id", "year", "role"),
    (Reference(("player_id",), "player"),),
    derived=True,
)


def _by_role(form: str, comment: str, make: Callable[[str, str], Column] = _int) -> tuple[Column, ...]:
    return tuple(
        make(form.format(role=role), comment.format(role=role)) for role in ("citizen", "sheriff", "mafia", "don")
    )


PLAYER_YEAR_OFFICIAL: Final = Table(
    "player_year_official",
    "a player's figures of a year as the site shows them (never mixed with derived ones)",
    (
        _key("player_id", "the player"),
        _key("year", "the year"),
        _int("games", "all games"),
        *_by_role("{role}_games", "games as {role}"),
        _int("wins", "games won, where the site shows it"),
        *_by_role("{role}_wins", "games won as {role}, where the site shows it"),
        _decimal("win_percent", "share of games won, in percent, as shown"),
        *_by_role("{role}_win_percent", "share of games won as {role}, in percent, as shown", _decimal),
        *_by_role("{role}_longest_win_streak", "most games won one after another as {role}"),
        _int("prize_places", "tournaments that he ended on a prize place"),
        _decimal("average_points", "points a game, on average"),
        *_by_role("{role}_extra_points", "extra points as {role}", _decimal),
        _decimal("extra_points_per_10_games", "extra points for ten games"),
        *_by_role("{role}_extra_points_per_game", "extra points a game as {role}", _decimal),
        _decimal("elo", "ELO as shown (that year's or the present one: the site doesn't say)"),
        _ASK_ID,
    ),
    ("player_id", "year"),
    (Reference(("player_id",), "player"),),
)

PLAYER_TOURNAMENT: Final = Table(
    "player_tournament",
    "a player's history of tournaments as the site shows it (option history)",
    (
        _key("player_id", "the player"),
        _key("tournament_id", "the tournament"),
        _date("date_start", "first day as shown"),
        _date("date_end", "last day as shown: the first where one day is shown"),
        _int("place", "place in the standing, where a number is shown"),
        _text("place_shown", "the cell of the place as it came"),
        _decimal("gg_points", "GG points"),
        _decimal("elo_delta", "change of ELO by the tournament"),
        _decimal("prize", "prize money in roubles; null for none"),
        _ASK_ID,
    ),
    ("player_id", "tournament_id"),
    (Reference(("player_id",), "player"), Reference(("tournament_id",), "tournament")),
    latest_by=("fetched_at DESC", "ask_id"),
)

TABLES: Final = MappingProxyType(
    {
        table.name: table
        for table in (
            ANSWER,
            CLUB,
            PLAYER,
            CLUB_MEMBER,
            CLUB_PRESIDENT,
            PLAYER_SEASON,
            PLAYER_PERSONAL,
            JUDGE,
            JUDGE_PERSONAL,
            TOURNAMENT,
            TOURNAMENT_PARTICIPANTS,
            TOURNAMENT_STAFF,
            GAME,
            SEAT,
            RESULT,
            PLAYER_YEAR,
            PLAYER_ROLE_YEAR,
            PLAYER_YEAR_OFFICIAL,
            PLAYER_TOURNAMENT,
        )
    }
)
"""All tables by name, each after those it refers to."""

OPTION_OF: Final = MappingProxyType(
    {
        "club_president": "presidents",
        "player_personal": "personal",
        "judge_personal": "personal",
        "tournament_participants": "participants",
        "tournament_staff": "participants",
        "player_year_official": "official_years",
        "player_tournament": "history",
    }
)
"""Table -> the setting that it is filled by; the others are filled by every whole import."""


@dataclass(frozen=True, slots=True)
class View:
    """A question that every store answers by name; `sql` names tables without a schema.

    `columns` are those that it gives, each with its type and what it means.
    """

    name: str
    comment: str
    columns: tuple[tuple[str, Type, str], ...]
    sql: str


VIEWS: Final = (
    View(
        "unresolved_nickname",
        "lines of standings whose player isn't certain: why, and who bears that very nickname (never a join)",
        (
            ("tournament_id", Type.INTEGER, "the tournament"),
            ("title", Type.TEXT, "its title; null where the tournament wasn't imported"),
            ("standing", Type.TEXT, "which of its standings"),
            ("row_no", Type.INTEGER, "the line's number in it"),
            ("login", Type.TEXT, "the nickname as the line has it"),
            ("reason", Type.TEXT, "why the player isn't certain"),
            ("candidates", Type.BIGINT, "how many players bear that very nickname"),
            ("candidate_ids", Type.TEXT, "their ids with commas between; null where there is none"),
        ),
        "SELECT result.tournament_id, tournament.title, result.standing, result.row_no, result.login,"
        " result.unresolved AS reason, count(player.player_id) AS candidates,"
        " string_agg(CAST(player.player_id AS TEXT), ', ' ORDER BY player.player_id) AS candidate_ids"
        " FROM result LEFT JOIN tournament ON tournament.tournament_id = result.tournament_id"
        " LEFT JOIN player ON player.login = result.login WHERE result.player_id IS NULL"
        " GROUP BY result.tournament_id, tournament.title, result.standing, result.row_no, result.login,"
        " result.unresolved",
    ),
)
"""Views beside the tables, in every store."""


def table_named(name: object) -> Table:
    """The table of that name; SettingsError tells the nearest."""
    if not isinstance(name, str) or name not in TABLES:
        raise SettingsError(f"{name!r} is no table.{did_you_mean(name, TABLES)}", f"There are: {', '.join(TABLES)}.")
    return TABLES[name]


def columns_digests() -> dict[str, str]:
    """A name for the columns of each table: rows that were staged under another name have other columns."""
    return {name: _digest(_columns_of(table)) for name, table in TABLES.items()}


def _columns_of(table: Table) -> list[tuple[str, str]]:
    return [(column.name, column.type.value) for column in table.columns]


def _digest(told: object) -> str:
    return hashlib.sha256(repr(told).encode()).hexdigest()
