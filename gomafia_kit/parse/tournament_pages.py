"""A tournament by the data that its pages carry: games and standings, and who was shot first, from the cells."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final

from gomafia_kit import site
from gomafia_kit.errors import BadValueError
from gomafia_kit.parse import game_pages, typed_games
from gomafia_kit.parse.fields import refused_list
from gomafia_kit.parse.first_shot import tell_of_shots
from gomafia_kit.parse.game_pages import mark_shown, role_shown
from gomafia_kit.parse.games import read_tournament, started_on, with_shot
from gomafia_kit.parse.next_data import next_data, server_data
from gomafia_kit.parse.typed_games import Remembered
from gomafia_kit.records import Parsed, Seat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gomafia_kit.site import Answer

_STANDINGS: Final = {
    "with_final": "tournamentResultWithFinal",
    "without_final": "tournamentResultWithoutFinal",
}


# -- the data of the pages --------------------------------------------------------------------------


def parse_games_data(answer: Answer) -> Parsed:
    """Games and seats of the tab of games, and the standings if its data carry them too.

    Who was shot first is told by the seats, or else by the classes of the page's cells.
    """
    parsed = _read_data(answer, of_games=True)
    if "result" not in parsed.fetched and not _tells_standings(answer):
        parsed.more.append(site.tournament_results_page(int(answer.ask.fact("id")), answer.ask.form))
    _tell_shots(answer, parsed)
    return parsed


def parse_results_data(answer: Answer) -> Parsed:
    """The standings of the tab of results."""
    return _read_data(answer, of_games=False)


def _read_data(answer: Answer, *, of_games: bool) -> Parsed:
    data = next_data(answer)
    parsed = typed_games.read_page(answer, data, of_games=of_games)
    if parsed is not None:
        return parsed
    told = server_data(answer)
    needed = not of_games or any(key in told for key in _STANDINGS.values())
    return read_tournament(answer.ask, told, _STANDINGS if needed else {}, games=of_games)


def _tells_standings(answer: Answer) -> bool:
    """True if the data have the standings, be they empty."""
    told = server_data(answer)
    return any(key in told for key in _STANDINGS.values())


# -- who was shot first, from the page's cells ------------------------------------------------------


def _tell_shots(answer: Answer, parsed: Parsed) -> None:
    """Add the first shots from the page's cells where the seats of its data don't tell them.

    The cells must be those of the data: the same seats in the same order, with the same roles and
    nicknames, or else (read as a tree) each at its round and table with its role. If they aren't, the
    page has changed: LayoutChangedError. A page without any table shows no games: then it is left open.
    """
    if any(isinstance(record, Seat) and record.shot_first is not None for record in parsed.records):
        return
    seats = [record for record in parsed.records if isinstance(record, Seat)]
    if all(seat.role is None for seat in seats):
        return
    if b"<table" not in answer.body:
        return
    marks = _marks_in_order(answer.body, seats) or _marks_by_place(answer, parsed, seats)
    if not tell_of_shots(marks):
        return
    day = started_on(server_data(answer)["tournament"].get("date_start"))
    told = iter([with_shot(seat, mark, day) for seat, mark in zip(seats, marks, strict=True)])
    parsed.records = [next(told) if isinstance(record, Seat) else record for record in parsed.records]


_ROW: Final = re.compile(
    rb"<tr[^>]*><td[^>]*>([0-9]+)</td><td[^>]*>([^<]*)</td><td([^>]*)>([^<]*)</td><td[^>]*>[^<]*</td><td[^>]*>[^<]*</td></tr>"
)


def _marks_in_order(body: bytes, seats: Sequence[Seat]) -> list[str | None]:
    """The marks of all cells, if the rows of the page, read as they come, are exactly these seats; else none."""
    rows = _ROW.findall(body)
    if len(rows) != len(seats):
        return []
    numbers, logins, classes, roles = zip(*rows, strict=True)
    try:
        told = zip(
            map(int, numbers),
            map(_LOGIN.__getitem__, logins),
            map(_ROLE.__getitem__, roles),
            strict=True,
        )
        marks = list(map(_MARK.__getitem__, classes))
        same = list(told) == [(seat.seat, seat.login, seat.role) for seat in seats]
    except (BadValueError, UnicodeDecodeError):
        return []
    return marks if same else []


def _plain(markup: bytes) -> str:
    found = markup.decode()
    return unescape(found) if "&" in found else found


_LOGIN: Final = Remembered(lambda markup: _plain(markup) or None)
_ROLE: Final = Remembered(lambda markup: role_shown(_plain(markup)))
_MARK: Final = Remembered(lambda css: mark_shown(css.decode()))


def _marks_by_place(answer: Answer, parsed: Parsed, seats: Sequence[Seat]) -> list[str | None]:
    """The marks of the cells at these seats' rounds and tables."""
    shown_games = game_pages.parse_games(answer).records
    shown_seats = {(seat.round, seat.table_no, seat.seat): seat for seat in shown_games if isinstance(seat, Seat)}
    marks: list[str | None] = []
    for seat in seats:
        place = (seat.round, seat.table_no, seat.seat)
        cell = shown_seats.get(place)
        if cell is None or cell.role != seat.role:
            found = "no such row" if cell is None else f"the role {cell.role}"
            sought = (
                f"round {place[0]}, table {place[1]}, seat {place[2]} with the role {seat.role}, as the page's data say"
            )
            raise refused_list(answer.ask, sought, found)
        marks.append(cell.first_shot_mark)
    if len(shown_seats) != parsed.fetched["seat"]:
        raise refused_list(answer.ask, f"{parsed.fetched['seat']} rows of seats", f"{len(shown_seats)}")
    return marks
