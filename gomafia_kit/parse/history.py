"""A player's history: the tournaments that he took part in, with place, points and prize money."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit import site
from gomafia_kit.errors import BadValueError
from gomafia_kit.parse import page_tables
from gomafia_kit.parse.fields import Field
from gomafia_kit.parse.page_tables import EMPTY, column, link_id, link_in
from gomafia_kit.parse.pages import is_missing, is_past_the_end, pieces_of, shown_name, text_of, tree_of, turn_page
from gomafia_kit.records import Parsed, PlayerTournament
from gomafia_kit.values import days, decimal, money

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from gomafia_kit.site import Answer

_LINK: Final = "/tournament/"
_NAME: Final = '[class*="ProfileUserInfo_profile-user__name"]'
_COLUMNS: Final = (
    column(EMPTY),
    column("tournament", "турнир турниры"),
    column("dates", "дата даты"),
    column("place", "место"),
    column("GG points", "gg"),
    column("ELO change", "elo"),
    column("prize", "приз призовые"),
)
_PLACE: Final = re.compile(r"[0-9]{1,6}")


def _place(value: object) -> int | None:
    """A whole number; what else stands there is kept as it is shown."""
    shown = str(value).strip()
    return int(shown) if _PLACE.fullmatch(shown) else None


def _place_shown(value: object) -> str | None:
    found = shown_name(value)
    return None if found is None else found.strip()


def _points(value: object) -> Decimal | None:
    """GG points, which are never lost or gained: with a plus it is a change of something."""
    if isinstance(value, str) and value.strip().startswith("+"):
        raise BadValueError(f"{value!r} has a plus, as only a change of ELO has.")
    return decimal(value)


def _first_day(value: object) -> date | None:
    found = days(value)
    return None if found is None else found[0]


def _last_day(value: object) -> date | None:
    found = days(value)
    return None if found is None else found[1]


_FIELDS: Final = (
    Field("tournament_id", "link", link_id("tournament", "a tournament"), required=True),
    Field("date_start", "dates", _first_day),
    Field("date_end", "dates", _last_day),
    Field("place", "place", _place),
    Field("place_shown", "place", _place_shown),
    Field("gg_points", "GG points", _points),
    Field("elo_delta", "ELO change", decimal),
    Field("prize", "prize", money),
)


def parse_page(answer: Answer) -> Parsed:
    """A page of a player's history: a tournament a row."""
    parsed, tree = Parsed(), tree_of(answer)
    if _is_without_tournaments(tree):
        return parsed
    player_id = int(answer.ask.fact("id"))
    specs = ((PlayerTournament, _FIELDS, {"player_id": player_id}),)
    rows = page_tables.rows_of_table(answer, tree, "tournaments", _LINK)
    page_tables.check_headings(answer, tree, "tournaments", _LINK, _COLUMNS)
    if is_past_the_end(answer, tree):
        return parsed
    for cells in rows:
        whole = page_tables.whole_of(cells)
        rule = page_tables.wrong_cells(_COLUMNS, cells)
        if rule:
            page_tables.refuse_row(parsed, whole, rule, specs)
        else:
            page_tables.read_row(parsed, whole, _raw(cells), specs)
    page_tables.check_rows(parsed, answer, "tournaments", rows, _COLUMNS)
    form = answer.ask.form
    turn_page(parsed, answer, tree, len(rows), lambda page: site.player_history_page(player_id, page, form))
    return parsed


def _is_without_tournaments(tree: LexborHTMLParser) -> bool:
    """True for a player's page that has no table and no link to any tournament."""
    return (
        tree.css_first(_NAME) is not None
        and tree.css_first("table") is None
        and tree.css_first(f'a[href*="{_LINK}"]') is None
    )


def _raw(cells: list[LexborNode]) -> dict[str, Any]:
    """What the cells say, as it came; first and last day are elements of their own."""
    raw: dict[str, Any] = {wanted.name: text_of(cell) for wanted, cell in zip(_COLUMNS, cells, strict=True)}
    _, raw["link"] = link_in(cells[1], _LINK)
    raw["dates"] = " – ".join(piece.strip() for piece in pieces_of(cells[2]) if not is_missing(piece))
    return raw
