"""The data that the site's pages carry in `__NEXT_DATA__`, and the lists in it, whatever they are called."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from gomafia_kit.parse.envelope import total_of
from gomafia_kit.parse.fields import refused_list
from gomafia_kit.parse.pages import has_pages, no_such_page, shows_no_rows, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from selectolax.lexbor import LexborHTMLParser

    from gomafia_kit.records import Parsed
    from gomafia_kit.site import Answer

_MARK: Final = b"__NEXT_DATA__"
_TAG: Final = re.compile(
    rb"""<script(?=[^<>]*\sid\s*=\s*(?:"__NEXT_DATA__"|'__NEXT_DATA__'|__NEXT_DATA__[\s/>]))[^<>]*>"""
)
"""The script's tag: more attributes than its `id` and `type` may stand in it, and in any order."""
_MAIN_PAGE: Final = b"MainIntro_main-intro"
_DECODER = msgspec.json.Decoder()


def next_data(answer: Answer) -> bytes:
    """The JSON in the page's `__NEXT_DATA__`, as it came; NoSuchPageError for the main page.

    It is sought from the end, where it stands: from the front it costs more than reading it.
    """
    body = answer.body
    start = script_in(body)
    if _is_main_page(body[:start]):
        raise no_such_page(answer.ask)
    end = body.find(b"</script>", start)
    if start < 0 or end < 0:
        raise refused_list(answer.ask, "the page's data (__NEXT_DATA__)", body[:200].decode("utf-8", "replace"))
    return body[start:end]


def script_in(body: bytes) -> int:
    """Where the data begin, -1 for nowhere; a nickname may well hold the mark, but not inside a tag."""
    mark = body.rfind(_MARK)
    while mark >= 0:
        tag = _TAG.match(body, max(0, body.rfind(b"<", 0, mark)))
        if tag is not None and tag.end() > mark:
            return tag.end()
        mark = body.rfind(_MARK, 0, mark)
    return -1


def _is_main_page(markup: bytes) -> bool:
    """True if a tag's class says so; a text may hold the word too."""
    found = markup.find(_MAIN_PAGE)
    while found >= 0:
        tag = markup.rfind(b"<", 0, found)
        if markup.startswith(b"<div", tag) and b">" not in markup[tag:found]:
            return True
        found = markup.find(_MAIN_PAGE, found + 1)
    return False


class PageData(NamedTuple):
    """What stands under props.pageProps.serverData, and the query that the page answers."""

    server: dict[str, Any]
    query: dict[str, Any]


def page_data(answer: Answer) -> PageData:
    """The page's data; LayoutChangedError if there are none."""
    whole = found = decoded(answer, next_data(answer))
    for key in ("props", "pageProps", "serverData"):
        if not isinstance(found, dict) or key not in found:
            raise refused_list(answer.ask, f'the field "{key}" of the page\'s data', found)
        found = found[key]
    if not isinstance(found, dict):
        raise refused_list(answer.ask, 'an object under "serverData"', found)
    query = whole.get("query")
    return PageData(found, query if isinstance(query, dict) else {})


def server_data(answer: Answer) -> dict[str, Any]:
    """What stands under props.pageProps.serverData; LayoutChangedError if there is none."""
    return page_data(answer).server


def decoded(answer: Answer, data: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    """JSON as Python's objects; LayoutChangedError for what is none."""
    try:
        try:
            return _DECODER.decode(data)
        except msgspec.DecodeError:
            # The standard reader takes half a surrogate pair, so that only its row is refused.
            return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise refused_list(
            answer.ask, "JSON in __NEXT_DATA__", f"{data[:80].decode('utf-8', 'replace')} ({error})"
        ) from error


def list_in(answer: Answer, data: Mapping[str, Any], name: str, telling: Sequence[str]) -> list[Any]:
    """The list of that name; where there is none, the only one whose rows have the `telling` fields.

    The names of lists in a page's data are known for some pages only. Null is an empty list. A list
    of another name is empty only if no list of objects stands beside it, or if the page shows none of
    its rows either. Raises LayoutChangedError if no list fits, or several different ones.
    """
    if name in data:
        named = data[name]
        if named is None or isinstance(named, list):
            return named or []
    lists = dict(_lists_of(data))
    fitting = [rows for rows in lists.values() if _fits(rows, telling)]
    if fitting and all(rows == fitting[0] for rows in fitting):
        return fitting[0]
    if not fitting and lists and not any(isinstance(row, dict) for rows in lists.values() for row in rows):
        return []
    if not fitting and [] in lists.values() and shows_no_rows(tree_of(answer)):
        return []
    sought = f'the list "{name}", or one of rows with {", ".join(telling)}'
    raise refused_list(answer.ask, sought, _told(data, lists, telling))


def _lists_of(data: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """The lists of a page's data, and those that stand one object deeper."""
    for key, value in data.items():
        if isinstance(value, list):
            yield key, value
        elif isinstance(value, dict):
            yield from ((f"{key}.{inner}", rows) for inner, rows in value.items() if isinstance(rows, list))


def _fits(rows: list[Any], telling: Sequence[str]) -> bool:
    objects = [row for row in rows if isinstance(row, dict)]
    return bool(objects) and all(any(field in row for row in objects) for field in telling)


def _told(data: Mapping[str, Any], lists: Mapping[str, list[Any]], telling: Sequence[str]) -> str:
    """What a page's data hold in place of the list, in words."""
    told = []
    for key, rows in lists.items():
        fields = {field for row in rows if isinstance(row, dict) for field in row}
        lacking = [field for field in telling if field not in fields]
        told.append(f"{key} without {', '.join(lacking)}" if lacking else f"{key} of {len(rows)} rows")
    return "; ".join(told) or f"no list among {', '.join(data) or 'nothing'}"


def note_total(parsed: Parsed, answer: Answer, tree: LexborHTMLParser, rows: list[Any]) -> None:
    """Note how long the list is; LayoutChangedError if it is longer, but there is no way to its next page."""
    parsed.total = total_of(rows)
    first_alone = not has_pages(tree) and answer.ask.fact("page") == "1"
    if first_alone and parsed.total is not None and parsed.total > len(rows):
        raise refused_list(answer.ask, f"the paging row of a list of {parsed.total} rows", f"{len(rows)} rows and none")
