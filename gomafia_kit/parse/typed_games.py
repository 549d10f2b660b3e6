"""A tournament's JSON read at once, where nothing in it is unusual: several times as quick as record by record.

msgspec decodes straight into the types below; then whole columns are turned into values, each value
of the site being read once and remembered. Anything unusual (a field that is missing or of another
type, a value that is refused) gives None: then `games` reads the same, and tells what it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import astuple

from gomafia_kit.errors import BadValueError
from gomafia_kit.parse.first_shot import UNTOLD, first_shot, tell_of_shots
from gomafia_kit.parse.games import as_it_came, role, winner
from gomafia_kit.records import TEAM_OF_ROLE, Game, Parsed, Record, Result, Seat
from gomafia_kit.values import decimal, decimals, identity, integer, iso_date, name, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gomafia_kit.site import Answer, Ask

_Number = str | int | float | None
_Text = str | None
_Out = TypeVar("_Out")


Cells = Callable[[list[int], list["str | None"], list["str | None"]], "Sequence[str | None] | None"]
"""Seats' numbers, nicknames and roles -> the marks that the page shows for them, in the same order.

None if the page shows no games; BadValueError if those that it shows aren't these.
"""


class Page(NamedTuple):
    """What was read, and whether the data had standings, be they empty."""

    parsed: Parsed
    has_standings: bool


class _Card(Struct, gc=False):
    id: _Number
    date_start: _Text | UnsetType = UNSET


class _Seat(Struct, gc=False, rename="camel"):
    place: _Number
    id: _Number
    login: _Text
    role: _Text
    points: _Number
    type: str | int | None
    elo_delta: _Number
    elo: _Number


class _Game(Struct, gc=False, rename="camel"):
    table_num: _Number
    win: _Text
    referee: _Text
    table: list[_Seat]


class _Round(Struct, gc=False, rename="camel"):
    game_num: _Number
    game: list[_Game]


class _Line(Struct, gc=False):
    place: _Number
    login: _Text
    sum: _Number
    sum_extra: _Number
    win: _Number
    win_as_don: _Number
    win_as_sheriff: _Number
    extra_point: _Number
    compensation_point: _Number
    fine: _Number
    first_kill: _Number
    first_kill_point: _Number
    global_game: _Number


class _Tournament(Struct, gc=False):
    tournament: _Card
    games: list[_Round] | None
    tournament_result: list[_Line] | None


class _Envelope(Struct, gc=False):
    result: str
    data: _Tournament


class _ServerData(Struct, gc=False, rename="camel"):
    """What a tournament's page tells; a tab may leave out what it doesn't show."""

    tournament: _Card
    games: list[_Round] | UnsetType | None = UNSET
    tournament_result_with_final: list[_Line] | UnsetType | None = UNSET
    tournament_result_without_final: list[_Line] | UnsetType | None = UNSET


class _PageProps(Struct, gc=False, rename="camel"):
    server_data: _ServerData


class _Props(Struct, gc=False, rename="camel"):
    page_props: _PageProps


class _Page(Struct, gc=False):
    props: _Props


_UNREADABLE: Final = (msgspec.DecodeError, ValueError, RecursionError)
_ANSWER: Final = msgspec.json.Decoder(_Envelope)
_PAGE: Final = msgspec.json.Decoder(_Page)


def read_answer(answer: Answer) -> Parsed | None:
    """What the API's answer about a tournament holds; None if anything in it is unusual."""
    try:
        envelope = _ANSWER.decode(answer.body)
    except _UNREADABLE:
        return None
    if envelope.result != "success":
        return None
    found = envelope.data
    return _read(answer.ask, found.tournament, found.games, {"total": found.tournament_result})


def read_page(answer: Answer, data: bytes | memoryview, *, of_games: bool, cells: Cells | None = None) -> Page | None:
    """What a tab of games, or of results, holds in its page's data; None if anything in them is unusual.

    `cells` gives the first-shot marks that the page shows, where the data don't tell them.
    """
    try:
        found = _PAGE.decode(data).props.page_props.server_data
    except _UNREADABLE:
        return None
    standings = {
        "with_final": found.tournament_result_with_final,
        "without_final": found.tournament_result_without_final,
    }
    if of_games and not any(lines is not UNSET for lines in standings.values()):
        standings = {}
    parsed = _read(answer.ask, found.tournament, found.games if of_games else [], standings, cells)
    return None if parsed is None else Page(parsed, bool(standings))


def _read(
    ask: Ask,
    card: _Card,
    rounds: list[_Round] | UnsetType | None,
    standings: dict[str, list[_Line] | UnsetType | None],
    cells: Cells | None = None,
) -> Parsed | None:
    if rounds is UNSET or card.date_start is UNSET or UNSET in standings.values():
        return None
    tournament_id = int(ask.fact("id"))
    parsed = Parsed()
    try:
        if integer(card.id) != tournament_id:
            return None
        _read_games(parsed, tournament_id, rounds or (), iso_date(card.date_start), cells)
        for which, lines in standings.items():
            parsed.records += _results(tournament_id, which, lines or ())
    except BadValueError:
        return None
    lines_read = sum(len(lines or ()) for lines in standings.values())
    if lines_read:
        parsed.count("result", lines_read)
    return parsed


def _read_games(
    parsed: Parsed, tournament_id: int, rounds: Sequence[_Round], day: date | None, cells: Cells | None
) -> None:
    new = tuple.__new__
    games: list[Record] = []
    seats: list[_Seat] = []
    round_nos: list[int] = []
    table_nos: list[int] = []
    for round_ in rounds:
        number = _NUMBER[round_.game_num]
        for game in round_.game:
            table_no = _NUMBER[game.table_num]
            games.append(new(Game, (tournament_id, number, table_no, _WINNER[game.win], _NAME[game.referee])))
            seats += game.table
            round_nos += [number] * len(game.table)
            table_nos += [table_no] * len(game.table)
    parsed.records += games
    if games:
        parsed.count("game", len(games))
    if seats:
        parsed.records += _seats((tournament_id, round_nos, table_nos), seats, day, cells)
        parsed.count("seat", len(seats))


def _seats(
    where: tuple[int, list[int], list[int]], seats: Sequence[_Seat], day: date | None, cells: Cells | None
) -> list[Record]:
    tournament_id, round_nos, table_nos = where
    told = tell_of_shots(map(_TYPE.__getitem__, {seat.type for seat in seats}))
    if cells is not None and not told:
        told = _take_marks(seats, cells)
    outcomes, new = _outcomes(day, told=told), tuple.__new__
    number, identity, text, decimal = _NUMBER, _IDENTITY, _TEXT, _DECIMAL
    elos = decimals([seat.elo for seat in seats])  # not remembered: most of them are never met again
    # Not by calling `Seat`, which is Python: `new` takes a third of its time.
    return [
        new(
            Seat,
            (
                tournament_id,
                round_no,
                table_no,
                number[place],
                identity[player_id],
                text[login],
                ours,
                team,
                decimal[points],
                decimal[delta],
                elo,
                shot,
                least,
                most,
                mark,
            ),
        )
        for round_no, table_no, elo, values in zip(round_nos, table_nos, elos, map(astuple, seats), strict=True)
        for place, player_id, login, told_role, points, told_mark, delta, _ in (values,)
        for ours, team, shot, least, most, mark in (outcomes[told_role, told_mark],)
    ]


def _take_marks(seats: Sequence[_Seat], cells: Cells) -> bool:
    """Give the seats the marks that the page shows for them, if it shows any that tell."""
    marks = cells(
        [_NUMBER[seat.place] for seat in seats],
        [_TEXT[seat.login] for seat in seats],
        [_ROLE[seat.role] for seat in seats],
    )
    if marks is None or not tell_of_shots(marks):
        return False
    for seat, mark in zip(seats, marks, strict=True):
        seat.type = mark
    return True


def _results(tournament_id: int, which: str, lines: Sequence[_Line]) -> list[Record]:
    if not lines:
        return []
    place, login, total, extra, wins, don, sheriff, bonus, ci, fine, shots, shot_points, gg = zip(
        *map(astuple, lines), strict=True
    )
    return records_of(
        Result,
        repeat(tournament_id),
        repeat(which),
        range(1, len(lines) + 1),
        map(_INTEGER.__getitem__, place),
        repeat(None),
        repeat(None),
        map(_LOGIN.__getitem__, login),
        map(_DECIMAL.__getitem__, total),
        map(_DECIMAL.__getitem__, extra),
        map(_INTEGER.__getitem__, wins),
        map(_INTEGER.__getitem__, don),
        map(_INTEGER.__getitem__, sheriff),
        map(_DECIMAL.__getitem__, bonus),
        map(_DECIMAL.__getitem__, ci),
        map(_DECIMAL.__getitem__, fine),
        map(_INTEGER.__getitem__, shots),
        map(_DECIMAL.__getitem__, shot_points),
        map(_DECIMAL.__getitem__, gg),
    )


def records_of(kind: type[Record], *columns: Iterable[Any]) -> list[Record]:
    """Records from whole columns, one of which at least ends."""
    # Not `_make`, which is Python: this takes half of its time.
    return list(map(tuple.__new__, repeat(kind), zip(*columns)))  # noqa: B905 - a constant column goes on for ever


class Remembered(dict[Any, _Out]):
    """A reader's values by what they were read from; what it refuses is not remembered."""

    MOST: Final = 1_000

    def __init__(self, read: Callable[[Any], _Out]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, raw: Any) -> _Out:  # noqa: ANN401 - whatever the site tells
        if len(self) >= self.MOST:
            self.clear()
        value = self[raw] = self._read(raw)
        return value


def _required(read: Callable[[object], _Out | None]) -> Callable[[object], _Out]:
    def reader(raw: object) -> _Out:
        value = read(raw)
        if value is None:
            raise BadValueError("a value must stand here")
        return value

    return reader


_NUMBER: Final = Remembered(_required(integer))
_INTEGER: Final = Remembered(integer)
_IDENTITY: Final = Remembered(identity)
_DECIMAL: Final = Remembered(decimal)
_TEXT: Final = Remembered(text)
_LOGIN: Final = Remembered(_required(text))
_NAME: Final = Remembered(name)
_TYPE: Final = Remembered(as_it_came)
_WINNER: Final = Remembered(winner)
_ROLE: Final = Remembered(role)
_OUTCOMES: Final[dict[tuple[date | None, bool], Remembered[tuple[Any, ...]]]] = {}


def _outcomes(day: date | None, *, told: bool) -> Remembered[tuple[Any, ...]]:
    """(role, type) -> role, team, first shot, fewest and most named, mark; for tournaments of that day."""
    # Only the day's era matters, and there are three.
    era = None if day is None else min(max(day, date(2023, 1, 4)), date(2023, 1, 5))
    if (era, told) not in _OUTCOMES:

        def outcome(raw: tuple[str | None, str | int | None]) -> tuple[Any, ...]:
            ours, mark = role(raw[0]), as_it_came(raw[1])
            team = None if ours is None else TEAM_OF_ROLE[ours]
            return (ours, team, *(first_shot(mark, ours, era) if told else UNTOLD), mark)

        _OUTCOMES[era, told] = Remembered(outcome)
    return _OUTCOMES[era, told]
