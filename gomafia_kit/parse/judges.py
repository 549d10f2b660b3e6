"""Accredited judges, from the pages of their list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit import site
from gomafia_kit.parse import page_tables
from gomafia_kit.parse.fields import Field, shown
from gomafia_kit.parse.page_tables import EMPTY, column, link_in
from gomafia_kit.parse.pages import (
    is_past_the_end,
    pieces_of,
    shown_name,
    shown_text,
    shown_word,
    text_of,
    tree_of,
    turn_page,
)
from gomafia_kit.parse.player_pages import LINKED
from gomafia_kit.records import Judge, JudgePersonal, Parsed
from gomafia_kit.values import day, decimal, integer

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from gomafia_kit.site import Answer

_LINK: Final = "/stats/"
_COLUMNS: Final = (
    column(EMPTY),
    column("judge", "судья"),
    column("category", "категория", filled=True),
    column(EMPTY),
    column(EMPTY),
    column("most tables", "столов столы"),
    column("rating", "рейтинг"),
    column("games judged", "игр игры"),
    column("accreditation", "аккредитация аккредитации"),
    column("responsible", "ответственный"),
)
_JUDGE: Final = (
    Field("player_id", "link", LINKED, required=True),
    Field("login", "nickname", shown_text, required=True),
    Field("category", "category", shown_word),
    Field("rating", "rating", decimal),
    Field("games_judged", "games judged", integer),
    Field("most_tables", "most tables", integer),
    Field("accredited_on", "accreditation", day),
    Field("responsible", "responsible", shown_name),
)
_PERSONAL: Final = (
    Field("player_id", "link", LINKED, required=True),
    Field("real_name", "real name", shown_name),
)
_SPECS: Final[tuple[page_tables.Spec, ...]] = ((Judge, _JUDGE, {}), (JudgePersonal, _PERSONAL, {}))


def parse_page(answer: Answer) -> Parsed:
    """A page of the accredited judges: what he is as a judge, and his real name, a row."""
    parsed, tree = Parsed(), tree_of(answer)
    rows = page_tables.rows_of_table(answer, tree, "judges", _LINK)
    page_tables.check_headings(answer, tree, "judges", _LINK, _COLUMNS)
    if is_past_the_end(answer, tree):
        return parsed
    for cells in rows:
        _read(parsed, cells)
    page_tables.check_rows(parsed, answer, "judges", rows, _COLUMNS)
    turn_page(parsed, answer, tree, len(rows), lambda page: site.judge_page(page, answer.ask.form))
    return parsed


def _read(parsed: Parsed, cells: list[LexborNode]) -> None:
    whole = _without_names(cells)
    rule = page_tables.wrong_cells(_COLUMNS, cells)
    names = [] if rule else _names(cells[1])
    if not rule and len(names) != 2:  # noqa: PLR2004 - two names
        rule = f"a judge's link holds his nickname and his real name, this one holds {len(names)} texts"
    if rule:
        page_tables.refuse_row(parsed, whole, rule, _SPECS)
    else:
        page_tables.read_row(parsed, whole, _raw(cells, names), _SPECS)


def _without_names(cells: list[LexborNode]) -> str:
    """What a row says, as its name in a rejection: rejections are for everybody, real names aren't."""
    linked = [(cell, *link_in(cell, _LINK)) for cell in cells]
    links = [str(leads_to) for _, link, leads_to in linked if link is not None]
    others = [text_of(cell).strip() for cell, link, _ in linked[2:] if link is None]
    known = links and len(cells) == len(_COLUMNS)
    return shown(" ".join(links + others if known else links) or f"{len(cells)} cells without a link")


def _names(cell: LexborNode) -> list[str]:
    """The texts of the link's parts; an empty second one is a name not told."""
    link, _ = link_in(cell, _LINK)
    pieces = [] if link is None else pieces_of(link)
    told = [piece for piece in pieces if piece.strip()]
    return pieces if len(told) == 1 and pieces[:1] == told else told


def _raw(cells: list[LexborNode], names: list[str]) -> dict[str, Any]:
    """What the cells say, as it came."""
    raw: dict[str, Any] = {wanted.name: text_of(cell) for wanted, cell in zip(_COLUMNS, cells, strict=True)}
    _, leads_to = link_in(cells[1], _LINK)
    return raw | {"link": leads_to, "nickname": names[0], "real name": names[1].strip()}
