"""Reads a subject's pages from a running demo site, one behind the other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from gomafia_kit.parse import parse
from gomafia_kit.records import TABLE_OF, Parsed
from gomafia_kit.site import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.site import Ask

_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_OPENER = build_opener(ProxyHandler({}))
Row = dict[str, Any]


def get(site: DemoSite, ask: Ask) -> Answer:
    """The answer to an ask for a page."""
    query = f"?{urlencode(ask.fields)}" if ask.fields else ""
    with _OPENER.open(f"{site.url}{ask.path}{query}", timeout=20) as answer:
        return Answer(ask, answer.status, answer.read(), _AT, "http")


def read(site: DemoSite, ask: Ask, form: str) -> list[Parsed]:
    """What stands on each page of a subject, from that one to the last."""
    pages: list[Parsed] = []
    waiting = [ask]
    while waiting:
        parsed = parse(get(site, waiting.pop()), form, personal=True)
        pages.append(parsed)
        waiting += parsed.more
    return pages


def tables(pages: Iterable[Parsed]) -> dict[str, list[Row]]:
    """The rows of each table, ordered by their columns; every record that stood there must be good."""
    found: dict[str, list[Row]] = {}
    for parsed in pages:
        assert parsed.rejections == []
        assert sum(parsed.fetched.values()) == len(parsed.records)
        for record in parsed.records:
            found.setdefault(TABLE_OF[type(record)], []).append(record._asdict())
    return {name: ordered(rows) for name, rows in found.items()}


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Rows by the columns that are never missing."""
    return sorted(rows, key=lambda row: [value for value in row.values() if isinstance(value, int)][:2])


def without(rows: Iterable[Row], *columns: str) -> list[Row]:
    """Rows in which those columns, that a form can't know, are null."""
    return [row | dict.fromkeys(columns) for row in rows]
