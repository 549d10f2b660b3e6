"""Tournaments, from the pages of their list: their data, and what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit import site
from gomafia_kit.errors import BadValueError
from gomafia_kit.parse import page_tables, tournaments
from gomafia_kit.parse.fields import Field
from gomafia_kit.parse.next_data import list_in, note_total, server_data
from gomafia_kit.parse.page_tables import EMPTY, column, link_id, link_in
from gomafia_kit.parse.pages import (
    is_missing,
    is_past_the_end,
    pieces_of,
    shown_name,
    shown_text,
    shown_word,
    text_of,
    text_outside,
    tree_of,
    turn_page,
)
from gomafia_kit.records import Parsed, Tournament
from gomafia_kit.values import day, days, decimal, integer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from gomafia_kit.site import Answer

_LINK: Final = "/tournament/"
_COLUMNS: Final = (
    column(EMPTY),
    column("tournament", "турнир название"),
    column("dates", "дата даты"),
    column("type", "тип", filled=True),
    column("status", "статус", filled=True),
    column(EMPTY),
)
_TYPES: Final = frozenset({"личный", "командный"})
_STATUSES: Final = frozenset({"завершён", "завершен", "в процессе", "отменён", "отменен", "регистрация"})
_MOST_STARS: Final = 5


def _stars(value: object) -> int | None:
    found = integer(value)
    if found is not None and not 0 <= found <= _MOST_STARS:
        raise BadValueError(f"{value!r} is no number of stars (0 to {_MOST_STARS}).")
    return found


def _word_but(others: frozenset[str], what: str) -> Any:  # noqa: ANN401 - a reader
    """A reader of a word of the site's that has no figures and is none of `others`."""

    def read(value: object) -> str | None:
        found = shown_word(value)
        if found is not None and (found.casefold() in others or any(map(str.isdigit, found))):
            raise BadValueError(f"{value!r} is no {what} of a tournament.")
        return found

    return read


_TOURNAMENT: Final = (
    Field("tournament_id", "link", link_id("tournament", "a tournament"), required=True),
    Field("title", "title", shown_text, required=True),
    Field("date_start", "first day", day, required=True),
    Field("date_end", "last day", day),
    Field("country", "country", shown_name),
    Field("city", "city", shown_name),
    Field("type_shown", "type", _word_but(_STATUSES, "type")),
    Field("status_shown", "status", _word_but(_TYPES, "status")),
    Field("stars", "stars", _stars),
    Field("elo_average", "ELO", decimal),
)
_SPECS: Final = (
    (
        Tournament,
        _TOURNAMENT,
        dict.fromkeys(
            (
                "type",
                "status",
                "is_fsm_rating",
                "is_hidden_result",
                "main_referee_id",
                "organizer_id",
                "contribution_amount",
                "contribution_currency",
                "participants_projected",
            )
        ),
    ),
)
"""What only the JSON tells is null."""


def parse_page_data(answer: Answer) -> Parsed:
    """A page of the list of tournaments, from its data: as the API's list."""
    parsed, tree = Parsed(), tree_of(answer)
    rows = list_in(answer, server_data(answer), "tournaments", ("title", "date_start"))
    if not is_past_the_end(answer, tree):
        tournaments.read_list(parsed, rows)
        note_total(parsed, answer, tree, rows)
        _turn_page(parsed, answer, tree, len(rows))
    return parsed


def parse_page(answer: Answer) -> Parsed:
    """A page of the list of tournaments, as it is shown: what only the JSON tells is null."""
    parsed, tree = Parsed(), tree_of(answer)
    rows = page_tables.rows_of_table(answer, tree, "tournaments", _LINK)
    page_tables.check_headings(answer, tree, "tournaments", _LINK, _COLUMNS)
    if is_past_the_end(answer, tree):
        return parsed
    countries = _countries(rows)
    for cells in rows:
        _read(parsed, cells, countries)
    page_tables.check_rows(parsed, answer, "tournaments", rows, _COLUMNS)
    _turn_page(parsed, answer, tree, len(rows))
    return parsed


def _turn_page(parsed: Parsed, answer: Answer, tree: LexborHTMLParser, rows: int) -> None:
    turn_page(parsed, answer, tree, rows, lambda page: site.tournament_list_page(page, answer.ask.form))


def _countries(rows: Sequence[Sequence[LexborNode]]) -> frozenset[str]:
    """The countries of the page's tournaments whose place has a city too."""
    places = [text_outside(cells[1], link_in(cells[1], _LINK)[0]) for cells in rows if len(cells) == len(_COLUMNS)]
    return frozenset(place.partition(",")[0].strip() for place in places if "," in place)


def _read(parsed: Parsed, cells: list[LexborNode], countries: frozenset[str]) -> None:
    whole = page_tables.whole_of(cells)
    rule = page_tables.wrong_cells(_COLUMNS, cells)
    if not rule:
        try:
            page_tables.read_row(parsed, whole, _raw(cells, countries), _SPECS)
        except BadValueError as error:
            rule = error.message
    if rule:
        page_tables.refuse_row(parsed, whole, rule, _SPECS)


def _raw(cells: list[LexborNode], countries: frozenset[str]) -> dict[str, Any]:
    """What the cells say, as it came; BadValueError where their parts can't be told from each other."""
    link, leads_to = link_in(cells[1], _LINK)
    raw: dict[str, Any] = {"link": leads_to, "type": text_of(cells[3]), "status": text_of(cells[4])}
    if link is None:
        raise BadValueError("the tournament has no link")
    raw |= _name_of(link)
    raw["country"], raw["city"] = _place_of(text_outside(cells[1], link), countries)
    raw["first day"], raw["last day"] = _days_of(cells[2])
    return raw


def _name_of(link: LexborNode) -> dict[str, str | None]:
    """ELO, stars and name, each an element of its own; an unrated tournament has no ELO."""
    told = [piece for piece in pieces_of(link) if piece.strip()]
    if len(told) not in {2, 3}:
        raise BadValueError(f"a tournament's link holds ELO, stars and name, or stars and name, not {told!r}")
    *elo, stars, title = told
    return {"ELO": elo[0] if elo else None, "stars": stars, "title": title}


def _place_of(found: str, countries: frozenset[str]) -> tuple[str | None, str | None]:
    """Country and city of `Россия, Москва`; one alone is the country if it is one elsewhere on the page."""
    country, comma, city = found.partition(",")
    if is_missing(found):
        return None, None
    if not comma and country.strip() not in countries:
        raise BadValueError(f"{found!r} is not a country and a city, parted by a comma.")
    return country.strip(), city.strip()


def _days_of(cell: LexborNode) -> tuple[str, str]:
    """First and last day; one date alone is the only day, an empty one beside it is a last day not told."""
    pieces = pieces_of(cell)
    if len(pieces) == 1 and (found := days(pieces[0])) is not None:
        return found[0].isoformat(), found[1].isoformat()
    if len(pieces) > 2:  # noqa: PLR2004 - first and last
        raise BadValueError(f"{' '.join(pieces)!r} is not one date or two.")
    first, last = [*pieces, "", ""][:2]
    if not is_missing(first) and not is_missing(last):
        days(f"{first} – {last}")
    return first, last
