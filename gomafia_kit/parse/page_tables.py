"""Tables of pages: found, their columns checked by what is told of them, their rows as cells.

The contract knows columns by their order. Headings are known from nowhere, so they decide nothing;
but one that names another column than the one it stands over means that columns have moved.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import BadValueError
from gomafia_kit.parse.fields import read_fields, refused_list, reject, shown
from gomafia_kit.parse.pages import beginning_of, href_of, is_missing, text_of
from gomafia_kit.records import TABLE_OF
from gomafia_kit.values import identity, integer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from gomafia_kit.parse.fields import Field
    from gomafia_kit.records import Parsed, Record
    from gomafia_kit.site import Answer

_WORD: Final = re.compile(r"\w+")
_DIGIT: Final = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its order in the table.

    `words`: a heading with one of them can only be this column's. `filled`: it is never empty in
    every row of a page. `rising`: its numbers never fall from row to row.
    """

    name: str
    words: frozenset[str] = frozenset()
    filled: bool = False
    rising: bool = False


def column(name: str, words: str = "", *, filled: bool = False, rising: bool = False) -> Column:
    """A column and its words, parted by spaces."""
    return Column(name, frozenset(words.split()), filled, rising)


def rows_of_table(answer: Answer, tree: LexborHTMLParser, what: str, link: str) -> list[list[LexborNode]]:
    """The cells of each row of the page's table of `what`, heading rows left out.

    Of several tables it is the one whose links begin with `link`. Raises LayoutChangedError if
    there is no table, or more than one of that kind.
    """
    return [
        cells for number, cells in enumerate(_all_rows(_table(answer, tree, what, link))) if not _heads(number, cells)
    ]


def check_headings(answer: Answer, tree: LexborHTMLParser, what: str, link: str, columns: Sequence[Column]) -> None:
    """Raise LayoutChangedError if a heading stands over another column than the one that it names."""
    table = _table(answer, tree, what, link)
    rows = [[cell for cell in row.iter() if cell.tag in {"th", "td"}] for row in table.css("tr")]
    for number, cells in enumerate(rows):
        if len(cells) == len(columns) and (any(cell.tag == "th" for cell in cells) or _heads(number, cells)):
            _check_order(answer, columns, [text_of(cell).strip() for cell in cells])


def _check_order(answer: Answer, columns: Sequence[Column], headings: list[str]) -> None:
    words = [set(_WORD.findall(heading.casefold())) for heading in headings]
    for place, wanted in enumerate(columns):
        over = [number for number, found in enumerate(words) if found & wanted.words]
        if over and place not in over:
            sought = f"the column {wanted.name} as number {place + 1} of the table"
            raise refused_list(answer.ask, sought, f"{headings[over[0]]!r} as number {over[0] + 1}")


def _table(answer: Answer, tree: LexborHTMLParser, what: str, link: str) -> LexborNode:
    tables = tree.css("table")
    if not tables:
        raise refused_list(answer.ask, f"the table of {what} (table tbody)", beginning_of(tree))
    fitting = [table for table in tables if table.css_first(f'a[href*="{link}"]') is not None]
    if len(fitting) > 1 or (not fitting and len(tables) > 1):
        raise refused_list(answer.ask, f"one table of {what}", f"{len(fitting)} of {len(tables)} tables")
    return (fitting or tables)[0]


def _all_rows(table: LexborNode) -> list[list[LexborNode]]:
    rows = ([cell for cell in row.iter() if cell.tag == "td"] for row in table.css("tbody tr"))
    return [cells for cells in rows if cells]


def _heads(number: int, cells: Sequence[LexborNode]) -> bool:
    """True for a heading row that stands among the rows: the first, without a link and without a figure."""
    return number == 0 and not any(
        cell.css_first("a[href]") is not None or _DIGIT.search(text_of(cell)) for cell in cells
    )


Spec = tuple[type["Record"], "Sequence[Field]", "Mapping[str, Any]"]
"""A kind of record, how its columns are read, and those that are known before."""


def read_row(parsed: Parsed, whole: str, raw: Mapping[str, object], specs: Sequence[Spec]) -> None:
    """A record of each kind from what a row says, or its rejection."""
    for kind, fields, known in specs:
        parsed.count(TABLE_OF[kind])
        values, faults = read_fields(fields, raw)
        if faults:
            reject(parsed, kind, whole, faults)
        else:
            parsed.records.append(kind(**known, **values))


def refuse_row(parsed: Parsed, whole: str, rule: str, specs: Sequence[Spec]) -> None:
    """Note that a row is refused for every kind of record that it should hold."""
    for kind, _, _ in specs:
        parsed.count(TABLE_OF[kind])
        reject(parsed, kind, whole, [("row", whole, rule)])


def whole_of(cells: Sequence[LexborNode]) -> str:
    """What a row says, as its name in a rejection."""
    return shown(" ".join(text_of(cell).strip() for cell in cells))


def wrong_cells(columns: Sequence[Column], cells: Sequence[LexborNode]) -> str:
    """Why a row of another number of cells, or with something in a cell that is always empty, is refused."""
    if len(cells) != len(columns):
        names = ", ".join(wanted.name for wanted in columns)
        return f"a row has the cells {names}, this one has {len(cells)}"
    for place, (wanted, cell) in enumerate(zip(columns, cells, strict=True), 1):
        if wanted.name == EMPTY and not is_missing(text_of(cell)):
            return f"cell {place} is empty, this one holds {shown(text_of(cell))!r}"
    return ""


EMPTY: Final = "(empty)"
"""The name of a column in which nothing stands."""


def check_rows(
    parsed: Parsed, answer: Answer, what: str, rows: Sequence[Sequence[LexborNode]], columns: Sequence[Column] = ()
) -> None:
    """Raise LayoutChangedError where rows of a page have one fault in common: the page has changed, not a row.

    That is a column that is empty in all of them, one whose numbers fall although they count the
    rows, or one that most records of a kind are refused for.
    """
    if len(rows) <= 1:
        return
    for place, wanted in enumerate(columns):
        texts = [text_of(row[place]) for row in rows if len(row) == len(columns)]
        if wanted.filled and texts and all(map(is_missing, texts)):
            raise refused_list(answer.ask, f"the column {wanted.name} of {what}", f"{len(texts)} rows without a value")
        if wanted.rising and _falls(texts):
            raise refused_list(answer.ask, f"the column {wanted.name} of {what}, rising", ", ".join(texts))
    for table, number in parsed.fetched.items():
        refused = [rejection for rejection in parsed.rejections if rejection.table == table]
        faults = Counter(field for rejection in refused for field in set(rejection.field.split(", ")))
        if faults and 2 * faults.most_common(1)[0][1] > number:
            field = faults.most_common(1)[0][0]
            first = next(rejection for rejection in refused if field in rejection.field.split(", "))
            raise refused_list(answer.ask, f"rows of {what}", f"{first.key} ({first.field}: {first.rule})")


def _falls(texts: Sequence[str]) -> bool:
    numbers = []
    for text in texts:
        # What is no number is refused with its row.
        with suppress(BadValueError):
            numbers.append(integer(text))
    told = [number for number in numbers if number is not None]
    steps = list(pairwise(told))
    falls = sum(before > behind for before, behind in steps)
    # One number that is wrong makes a step or two of ten fall; figures of another kind every other one.
    return len(steps) > 1 and 3 * falls > len(steps)


_LINK_ID: Final = r"(?:https?://[^/?#]+)?/{}/([0-9]+)(?:[/?#].*)?"


def link_id(place: str, what: str) -> Any:  # noqa: ANN401 - a reader
    """A reader of links as /stats/159: the number in it; `what` says whose it is."""
    pattern = re.compile(_LINK_ID.format(place))

    def read(link: object) -> int | None:
        found = pattern.fullmatch(link) if isinstance(link, str) else None
        if found is None:
            raise BadValueError(f"{link!r} is not a link to {what}.")
        return identity(found[1])

    return read


def link_in(cell: LexborNode, place: str) -> tuple[LexborNode | None, str | None]:
    """A cell's link to such a place (as /stats/) and where it leads to, else any link.

    Of several to the same place it is the first with a text; several places lead nowhere for sure.
    """
    links = cell.css(f'a[href*="{place}"]') or cell.css("a[href]")
    if not links:
        return None, None
    told = next((link for link in links if text_of(link).strip()), links[0])
    places = {href_of(link) for link in links}
    return told, href_of(told) if len(places) == 1 else ", ".join(sorted(str(leads_to) for leads_to in places))
