"""A tournament by the data that its pages carry: games and standings, and who was shot first, from the cells."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit import site
from gomafia_kit.errors import BadValueError
from gomafia_kit.parse import game_pages, tournament_cards, typed_games
from gomafia_kit.parse.fields import refused_list
from gomafia_kit.parse.first_shot import tell_of_shots
from gomafia_kit.parse.game_pages import mark_shown, role_shown
from gomafia_kit.parse.games import first_day, read_tournament, with_shot
from gomafia_kit.parse.next_data import PageData, page_data, script_in
from gomafia_kit.parse.pages import tree_of
from gomafia_kit.parse.typed_games import Remembered
from gomafia_kit.records import Parsed, Seat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

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
    body = answer.body
    page = typed_games.read_page(answer, _data(body), of_games=True, cells=lambda *seats: _marks_in_order(body, *seats))
    if page is None:
        told = _with_card(answer, page_data(answer))
        standings = _STANDINGS if any(key in told for key in _STANDINGS.values()) else {}
        page = typed_games.Page(read_tournament(answer.ask, told, standings), bool(standings))
        day, fault = first_day(answer.ask, told["tournament"])
        if fault is not None:
            raise refused_list(answer.ask, f"a day under {fault[0]}", fault[1])
        _tell_shots(answer, page.parsed, day)
    if not page.has_standings:
        page.parsed.more.append(site.tournament_results_page(int(answer.ask.fact("id")), answer.ask.form))
    return page.parsed


def parse_results_data(answer: Answer) -> Parsed:
    """The standings of the tab of results."""
    page = typed_games.read_page(answer, _data(answer.body), of_games=False)
    if page:
        return page.parsed
    return read_tournament(answer.ask, _with_card(answer, page_data(answer)), _STANDINGS, games=False)


def _with_card(answer: Answer, data: PageData) -> dict[str, Any]:
    """What the page's data tell, with a card in place of the one that a tab may leave out.

    Whose page it is, is told by its query then, and the first day by the card that is shown.
    """
    if "tournament" in data.server:
        return data.server
    day = tournament_cards.first_day(tree_of(answer))
    number = data.query.get("tid", data.query.get("id"))
    return data.server | {"tournament": {"id": number, "date_start": None if day is None else day.isoformat()}}


def _data(body: bytes) -> memoryview:
    """The page's data, or anything else where they aren't as usual: then `server_data` says what is wrong."""
    start = max(0, script_in(body))
    return memoryview(body)[start : max(start, body.find(b"</script>", start))]


# -- who was shot first, from the page's cells ------------------------------------------------------

_ROW: Final = re.compile(
    rb"<tr[^>]*><td[^>]*>([0-9]{1,4})</td><td[^>]*>([^<]*)</td><td([^>]*)>([^<]*)</td>(?:<td[^>]*>[^<]*</td>){2}</tr>"
)


def _marks_in_order(
    body: bytes, numbers: list[int], logins: list[str | None], roles: list[str | None]
) -> list[str | None] | None:
    """The marks of all cells, if the rows of the page, read as they come, are exactly these seats.

    BadValueError if they aren't; None if there is nothing to look for, or no table.
    """
    if not any(roles) or b"<table" not in body:
        return None
    rows = _ROW.findall(body)
    if len(rows) == len(numbers):
        told_numbers, told_logins, classes, told_roles = zip(*rows, strict=True)
        if (
            list(map(int, told_numbers)) == numbers
            and list(map(_LOGIN.__getitem__, told_logins)) == logins
            and list(map(_ROLE.__getitem__, told_roles)) == roles
        ):
            return list(map(_MARK.__getitem__, classes))
    raise BadValueError("the rows of the page, as they come, are not those of its data")


def _plain(markup: bytes) -> str:
    try:
        found = markup.decode()
    except UnicodeDecodeError as error:
        raise BadValueError(f"{markup!r} is not UTF-8.") from error
    return unescape(found) if "&" in found else found


_LOGIN: Final = Remembered(lambda markup: _plain(markup) or None)
_ROLE: Final = Remembered(lambda markup: role_shown(_plain(markup)))
_MARK: Final = Remembered(lambda css: mark_shown(_plain(css)))


def _tell_shots(answer: Answer, parsed: Parsed, day: date | None) -> None:
    """Add the first shots from the page's cells, each at its round and table, where its data don't tell them.

    Raises LayoutChangedError if the cells aren't those of the data: as many, and with the same roles. A
    page without any table shows no games: then it is left open.
    """
    seats = [record for record in parsed.records if isinstance(record, Seat)]
    if tell_of_shots(seat.first_shot_mark for seat in seats) or not any(seat.role for seat in seats):
        return
    if b"<table" not in answer.body:
        return
    marks = _marks_by_place(answer, parsed, seats)
    if not tell_of_shots(marks):
        return
    told = iter([with_shot(seat, mark, day) for seat, mark in zip(seats, marks, strict=True)])
    parsed.records = [next(told) if isinstance(record, Seat) else record for record in parsed.records]


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
