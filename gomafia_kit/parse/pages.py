"""What every page has in common: the tree of its elements, their text, and the paging row.

Pages are read by what their elements hold and by the prefixes of their classes: the rest of a class
changes with every deployment of the site.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from selectolax.lexbor import LexborHTMLParser

from gomafia_kit.errors import BadValueError, NoSuchPageError
from gomafia_kit.parse.fields import refused_list
from gomafia_kit.parse.nesting import check_nesting
from gomafia_kit.values import MISSING, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from selectolax.lexbor import LexborNode

    from gomafia_kit.records import Parsed
    from gomafia_kit.site import Answer, Ask

_MAIN_PAGE: Final = 'div[class*="MainIntro_main-intro"]'
_PAGE_NUMBER: Final = '[class*="Pagination_pagination__page"]'
_PICTURES: Final = frozenset({"img", "picture", "source", "svg", "path", "g", "use", "br", "wbr", "hr"})
_DOTS: Final = frozenset({"...", "…"})
_LONGEST_NUMBER: Final = 9
_INDENTATION: Final = re.compile(r"\A[ \t]*[\r\n][ \t\r\n]*|[ \t]*[\r\n][ \t\r\n]*\Z")
_UNREADABLE: Final = "\N{REPLACEMENT CHARACTER}"


def tree_of(answer: Answer) -> LexborHTMLParser:
    """The page's tree; NoSuchPageError for the main page, LayoutChangedError for one that can't be read.

    That is one whose bytes aren't UTF-8, or whose elements nest without end.
    """
    try:
        answer.body.decode()
    except UnicodeDecodeError as error:
        raise refused_list(answer.ask, "a page in UTF-8", f"{error.reason} at byte {error.start}") from error
    check_nesting(answer)
    # A parser of HTML drops NUL without a word; so marked, `shown_text` refuses the text that had it.
    tree = LexborHTMLParser(answer.body.replace(b"\0", _UNREADABLE.encode()))
    if tree.css_first(_MAIN_PAGE) is not None:
        raise no_such_page(answer.ask)
    return tree


def no_such_page(ask: Ask) -> NoSuchPageError:
    """The error for the main page in place of what was asked for."""
    return NoSuchPageError(f"{ask.key}: the site sent its main page.", "There is no such page.")


def beginning_of(tree: LexborHTMLParser) -> str:
    """What a page says, to be shown (shortened) where it isn't what we look for."""
    return "nothing" if tree.body is None else text_of(tree.body, separator=" ").strip()


def text_of(node: LexborNode | None, separator: str = "") -> str:
    """All text inside an element as it stands; pieces that React's comments part are joined. "" for no element."""
    return "" if node is None else node.text(deep=True, separator=separator)


def text_outside(node: LexborNode, *but: LexborNode | None) -> str:
    """The text inside an element that doesn't stand in one of `but`."""
    left_out = {other.mem_id for other in but if other is not None}
    pieces, waiting = [], [node]
    while waiting:
        part = waiting.pop()
        if part.is_text_node:
            pieces.append(part.text())
        elif part.mem_id not in left_out:
            waiting += reversed(list(part.iter(include_text=True)))
    return "".join(pieces)


def in_table(node: LexborNode) -> bool:
    """True if the element stands in a table."""
    parent = node.parent
    while parent is not None and parent.tag != "table":
        parent = parent.parent
    return parent is not None


def shows_no_rows(tree: LexborHTMLParser) -> bool:
    """True if the page has one table, and that has no rows."""
    return len(tree.css("table")) == 1 and tree.css_first("tbody td") is None


def pieces_of(node: LexborNode) -> list[str]:
    """The texts of an element's parts, in the order in which they begin; an empty part counts, a picture doesn't.

    A part is an element with text of its own, or an innermost one: neighbours are never read as one.
    """
    pieces: dict[int, str] = {}
    empty: set[int] = set()
    for part in node.traverse(include_text=True):
        if part.is_text_node and part.parent is not None:
            own = part.parent.mem_id
            pieces[own] = pieces.get(own, "") + part.text()
        elif part.is_element_node and part.tag not in _PICTURES and _is_innermost(part):
            pieces[part.mem_id] = ""
            empty.add(part.mem_id)
    return [piece for part, piece in pieces.items() if part in empty or piece.strip()]


def _is_innermost(node: LexborNode) -> bool:
    return not any(child.is_element_node for child in node.iter())


def class_of(node: LexborNode) -> str:
    """The element's class attribute; "" for none."""
    return node.attributes.get("class") or ""


def href_of(node: LexborNode | None) -> str | None:
    """Where a link leads to; None for no link."""
    return None if node is None else node.attributes.get("href")


def is_missing(found: str) -> bool:
    """True for what the site shows where nothing is: an empty text or a lone dash."""
    return found.strip() in MISSING


def shown_text(value: object) -> str | None:
    """As `values.text`, for texts of pages: one with a character that the page couldn't hold is refused.

    Where the markup is indented, the line break and all the blanks around it at either end are the markup's.
    """
    found = text(_INDENTATION.sub("", value) if isinstance(value, str) else value)
    if found is not None and _UNREADABLE in found:
        raise BadValueError(f"{found!r} has a character that the page doesn't tell (U+FFFD).")
    return found


def shown_name(value: object) -> str | None:
    """As `values.name`, for texts of pages."""
    found = shown_text(value)
    return None if found is None or is_missing(found) else found


def shown_word(value: object) -> str | None:
    """As `shown_name`, for the site's own words: blanks around them are the markup's, as they may not be in a name."""
    found = shown_name(value)
    return None if found is None else found.strip()


# -- paging ---------------------------------------------------------------------------------------


def _numbers(nodes: Iterable[LexborNode]) -> list[int]:
    """The numbers that elements show; `...` is none."""
    texts = (text_of(node).strip() for node in nodes)
    return [int(number) for number in texts if _is_number(number)]


def _is_number(found: str) -> bool:
    return found.isascii() and found.isdigit() and len(found) <= _LONGEST_NUMBER


def _paging_row(tree: LexborHTMLParser) -> list[LexborNode]:
    """The numbers of the paging row and their neighbours, whatever elements they are made of.

    What holds others of that class is the row itself, not a number in it.
    """
    numbers = [node for node in tree.css(_PAGE_NUMBER) if len(node.css(_PAGE_NUMBER)) == 1]
    rows = {node.parent.mem_id: node.parent for node in numbers if node.parent is not None}
    return [node for row in rows.values() for node in row.iter()]


def last_page(tree: LexborHTMLParser) -> int:
    """The last page of the list, 1 where there is no paging row."""
    return max(_numbers(_paging_row(tree)), default=1)


def has_pages(tree: LexborHTMLParser) -> bool:
    """True if the page has a paging row."""
    return tree.css_first(_PAGE_NUMBER) is not None


def page_asked(ask: Ask) -> int:
    """The page of the list that was asked for."""
    return int(ask.fact("page"))


def is_past_the_end(answer: Answer, tree: LexborHTMLParser) -> bool:
    """True if the list has become shorter, so that the site shows another page than was asked for.

    Raises LayoutChangedError if it shows another one although there is the one asked for: all its
    pages would then be the same.
    """
    here = page_asked(answer.ask)
    selected = _numbers(node for node in _paging_row(tree) if "selected" in class_of(node))
    if not selected or here in selected:
        return False
    if here > last_page(tree):
        return True
    raise refused_list(answer.ask, f"page {here} of the list", f"page {selected[0]}")


def turn_page(parsed: Parsed, answer: Answer, tree: LexborHTMLParser, rows: int, ask: Callable[[int], Ask]) -> None:
    """Add the ask for the page behind this one, if the paging row has one; `rows` stood on this one.

    Raises LayoutChangedError for a page without rows that has others behind it, for a paging row without
    a number, and for numbers that look like one of another class: the list would seem to end here.
    """
    if not has_pages(tree) and (found := _unknown_pager(tree)):
        raise refused_list(answer.ask, f"the paging row ({_PAGE_NUMBER})", found)
    if has_pages(tree) and not _numbers(row := _paging_row(tree)):
        raise refused_list(answer.ask, "numbers in the paging row", " ".join(map(text_of, row)))
    here, last = page_asked(answer.ask), last_page(tree)
    if here >= last:
        return
    if not rows:
        raise refused_list(answer.ask, f"rows on page {here} of {last}", "none")
    parsed.more.append(ask(here + 1))


def _unknown_pager(tree: LexborHTMLParser) -> str:
    """Neighbours that count 1, 2, 3 outside of a table: how a paging row looks; "" for none."""
    for node in tree.css("div, ul, ol, nav, p, span"):
        texts = [text_of(child).strip() for child in node.iter()]
        if texts[1:] and texts[0] == "1" and all(_is_number(found) or found in _DOTS for found in texts):
            numbers = [int(found) for found in texts if found not in _DOTS]
            if numbers[1:] == sorted(set(numbers[1:])) and numbers[1:2] > [1] and not in_table(node):
                return f"{' '.join(texts)} in <{node.tag} class={class_of(node)!r}>"
    return ""
