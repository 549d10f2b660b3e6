"""Standings as a tournament's tab of results shows them: columns known by their headings alone.

No client has told what the columns of this page are. So a heading that is known says what stands
under it, and a table with a heading that nobody knows is refused line by line: the heading may be
another name of a column that would be missing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.parse.fields import Field, read_fields, refused_list, reject, shown
from gomafia_kit.parse.pages import beginning_of, is_missing, shown_text, text_of, tree_of
from gomafia_kit.records import Parsed, Result
from gomafia_kit.values import decimal, integer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from gomafia_kit.site import Answer

_CARD: Final = 'div[class*="tournament__top-left-item__"]'
_MOST_TABLES: Final = 8
"""More are no standings."""
_HEADINGS: Final = {
    "place": ("", "#", "№", "место"),
    "login": ("игрок", "участник", "ник", "никнейм"),
    "points_total": ("сумма", "итого", "всего", "σ", "сумма баллов"),
    "points_extra_total": ("доп сумма", "сумма доп", "σ+", "сумма доп баллов"),
    "wins": ("победы", "побед"),
    "wins_as_don": ("победы за дона", "побед за дона", "победы доном"),
    "wins_as_sheriff": ("победы за шерифа", "побед за шерифа", "победы шерифом"),
    "points_extra": ("доп", "допы", "доп баллы"),
    "points_compensation": ("ci", "компенсация"),
    "points_fine": ("штраф", "штрафы"),
    "first_shots": ("пу", "первый убиенный"),
    "points_first_shot": ("лх", "лучший ход"),
    "gg_points": ("gg", "очки gg", "баллы gg"),
}
_COLUMN_OF: Final = {words: column for column, known in _HEADINGS.items() for words in known}
_WORDS: Final = re.compile(r"[\w#№+]+")
_WHOLE: Final = frozenset({"place", "wins", "wins_as_don", "wins_as_sheriff", "first_shots"})
_FIELDS: Final = {
    column: Field(column, column, integer if column in _WHOLE else decimal) for column in _HEADINGS if column != "login"
} | {"login": Field("login", "login", shown_text, required=True)}
_STANDINGS: Final = {"с финалом": "with_final", "без финала": "without_final"}


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of results; `fault` says why its lines can't be read, "" if they can."""

    which: str
    columns: list[str | None]
    rows: list[list[LexborNode]]
    fault: str


def parse_results(answer: Answer) -> Parsed:
    """The standings that the tab of results shows; columns that it doesn't show are null."""
    tree = tree_of(answer)
    parsed = Parsed()
    tournament_id = int(answer.ask.fact("id"))
    for table in _tables(answer, tree):
        for row_no, cells in enumerate(table.rows, 1):
            parsed.count("result")
            place = f"tournament_id={tournament_id}, standing={table.which}, row_no={row_no}"
            values, faults = _read(table, cells)
            if faults:
                reject(parsed, Result, place, faults)
            else:
                known: dict[str, Any] = {"player_id": None, "unresolved": None}
                parsed.records.append(Result(tournament_id, table.which, row_no, **known, **values))
    return parsed


def _read(table: _Table, cells: list[LexborNode]) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    whole = shown(" ".join(text_of(cell).strip() for cell in cells))
    if table.fault:
        return {}, [("table", whole, table.fault)]
    if len(cells) != len(table.columns):
        return {}, [("row", whole, f"a row has {len(table.columns)} cells, this one has {len(cells)}")]
    raw = {column: text_of(cell) for column, cell in zip(table.columns, cells, strict=True) if column is not None}
    values, faults = read_fields([_FIELDS[column] for column in raw], raw)
    return dict.fromkeys(_HEADINGS) | values, faults


def _tables(answer: Answer, tree: LexborHTMLParser) -> list[_Table]:
    """The page's standings. A page without any is one of a tournament without results, if it has a card."""
    found = tree.css("table")
    if len(found) > _MOST_TABLES:
        raise refused_list(answer.ask, "one or two tables of results", f"{len(found)} tables")
    headed = [_headed(table) for table in found]
    if not found:
        words = {word for word in _WORDS.findall(beginning_of(tree).casefold()) if len(word) > 1}
        if tree.css_first(_CARD) is None or len(words & _COLUMN_OF.keys()) > 1:
            raise refused_list(answer.ask, "a table of results, or a tournament without any", beginning_of(tree))
    names = [_standing_before(table) for table in found]
    if names == [""] and not _says_both(found[0]):
        names = ["with_final"]  # the one standing that every tournament has
    return [
        _Table(name or "?", columns, rows, fault or _fault_of_name(name, names))
        for name, (columns, rows, fault) in zip(names, headed, strict=True)
    ]


def _fault_of_name(name: str, names: Sequence[str]) -> str:
    if not name:
        return "the page must say above a standing whether it is with the final or without"
    return "" if names.count(name) == 1 else f"the page has {names.count(name)} standings {name}"


def _headed(table: LexborNode) -> tuple[list[str | None], list[list[LexborNode]], str]:
    """Columns, rows of cells, and why they can't be read."""
    rows = [[cell for cell in row.iter() if cell.tag in {"td", "th"}] for row in table.css("tr")]
    heads = [cells for cells in rows if _is_heading(cells)]
    rows = [cells for cells in rows if cells and not _is_heading(cells)]
    if not heads:
        return [], rows, "a table of results must have a heading that names the players (Игрок)"
    headings = [_normal(text_of(cell)) for cell in heads[0]]
    columns: list[str | None] = []
    for place, heading in enumerate(headings):
        if not heading and place and all(len(cells) <= place or is_missing(text_of(cells[place])) for cells in rows):
            columns.append(None)  # nothing is named and nothing stands there
        elif heading not in _COLUMN_OF or (not heading and place):
            return [], rows, f"nobody knows what stands under the heading {text_of(heads[0][place])!r}"
        else:
            columns.append(_COLUMN_OF[heading])
    named = [column for column in columns if column is not None]
    twice = sorted({column for column in named if named.count(column) > 1})
    return columns, rows, f"two headings name {', '.join(twice)}" if twice else ""


def _is_heading(cells: Sequence[LexborNode]) -> bool:
    """True if one of the cells names the players, and none has a figure."""
    texts = [_normal(text_of(cell)) for cell in cells]
    return any(_COLUMN_OF.get(told) == "login" for told in texts) and not any(map(str.isdigit, "".join(texts)))


def _normal(heading: str) -> str:
    return " ".join(_WORDS.findall(heading.casefold().replace("ё", "е")))


def _text_before(table: LexborNode) -> str:
    """What stands between this table and the one before it, or the page's beginning."""
    told: list[str] = []
    node: LexborNode | None = table
    while node is not None:
        before = node.prev
        while before is not None:
            if before.tag == "table" or (before.is_element_node and before.css_first("table") is not None):
                return _spaced(told)
            told.append(before.text() if before.is_text_node else text_of(before))
            before = before.prev
        node = node.parent
    return _spaced(told)


def _spaced(told: list[str]) -> str:
    return " ".join(" ".join(told).casefold().split())


def _standing_before(table: LexborNode) -> str:
    """Which standing the words above a table announce; "" if they announce none, or more than one."""
    told = _text_before(table)
    named = [which for words, which in _STANDINGS.items() if words in told]
    return named[0] if len(named) == 1 else ""


def _says_both(table: LexborNode) -> bool:
    told = _text_before(table)
    return all(words in told for words in _STANDINGS)
