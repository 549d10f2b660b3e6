"""Pieces of the site's pages: classes with a hash, text in pieces, paging, the shell around all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo._names import words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

PAGE_ROWS: Final = 10
DASH: Final = "–"
_MISSING: Final = (DASH, "—", "-", "")
_SPACES: Final = ("\u00a0", "\u202f", " ")
"""Between thousands: no-break, narrow no-break, plain."""
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
_MONTHS: Final = words("января февраля марта апреля мая июня июля августа сентября октября ноября декабря")


@dataclass(frozen=True, slots=True)
class Page:
    """A page before it is dressed: its route, its data as JSON text and its markup."""

    route: str
    query: Mapping[str, str]
    data: str
    body: str
    title: str = "Рейтинг"
    scripts: tuple[str, ...] = ()
    status: int = 200
    headers: tuple[tuple[str, str], ...] = field(default=())


class Style:
    """Writes markup as one deployment of the site does."""

    def __init__(self, deployment: str, *, comments: bool) -> None:
        self._deployment = deployment
        self._between = "<!-- -->" if comments else ""
        self._known: dict[str, str] = {}

    def css(self, *names: str) -> str:
        """A class attribute; each name gets this deployment's hash, but those in small letters only."""
        return f'class="{" ".join(map(self._hashed, names))}"'

    def _hashed(self, name: str) -> str:
        if "_" not in name:
            return name
        if name not in self._known:
            digest = hashlib.sha256(f"{self._deployment} {name}".encode()).digest()
            letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:5])
            self._known[name] = f"{name}__{letters}"
        return self._known[name]

    def text(self, *pieces: object) -> str:
        """Neighbouring pieces of text, as React writes them."""
        return self._between.join(safe(piece) for piece in pieces)

    def div(self, name: str, content: str) -> str:
        """A div of that class."""
        return f"<div {self.css(name)}>{content}</div>"

    def table(self, name: str, head: Sequence[str], rows: Sequence[str], header: str = "thead") -> str:
        """A table; `rows` are whole `<tr>`s; `header`: the head stands in thead, tbody or both."""
        cells = "".join(f"<th>{safe(title)}</th>" for title in head)
        top = "" if header == "tbody" else f"<thead><tr>{cells}</tr></thead>"
        first = "" if header == "thead" else f"<tr>{cells.replace('th>', 'td>')}</tr>"
        return f"<table {self.css(name)}>{top}<tbody>{first}{''.join(rows)}</tbody></table>"

    def pager(self, page: int, rows: int, page_rows: int, *, dots: bool) -> str:
        """The paging row; nothing for a list of one page."""
        last = -(-rows // page_rows)
        if last <= 1:
            return ""
        numbers = _page_numbers(page, last) if dots else list(range(1, last + 1))
        cells = "".join(self._page_cell(number, number == page) for number in numbers)
        return f"<div {self.css('Pagination_pagination')}>{cells}</div>"

    def _page_cell(self, number: int | None, selected: bool) -> str:  # noqa: FBT001 - one caller
        name = "Pagination_pagination__page"
        chosen = f"{name}_selected"
        css = self.css(name, chosen) if selected else self.css(name)
        return f"<div {css}>{'...' if number is None else number}</div>"


def _page_numbers(page: int, last: int) -> list[int | None]:
    wanted = sorted({1, last} | {near for near in range(page - 2, page + 3) if 1 <= near <= last})
    numbers: list[int | None] = []
    for number in wanted:
        before = numbers[-1] if numbers else 0
        if before is not None and number > before + 1:
            numbers.append(None)
        numbers.append(number)
    return numbers


def safe(value: object) -> str:
    """Text as markup."""
    return escape(str(value), quote=False)


def row(*cells: str) -> str:
    """A table row of cells that are markup."""
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def day(value: date) -> str:
    """05.01.2023."""
    return value.strftime("%d.%m.%Y")


def day_in_words(value: date) -> str:
    """1 января 2016 г."""
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year} г."


def missing(turn: int) -> str:
    """What stands where there is no value: now this dash, now that, now nothing."""
    return _MISSING[turn % len(_MISSING)]


def grouped(number: int, turn: int) -> str:
    """12345 -> 12 345, now with this space, now with that."""
    return f"{number:,}".replace(",", _SPACES[turn % len(_SPACES)])


def money(number: int, turn: int) -> str:
    """Hundredths of roubles -> 1 500,50 ₽."""
    whole, rest = divmod(number, 100)
    return grouped(whole, turn) + (f",{rest:02d}" if rest else "") + f"{_SPACES[turn % 2]}₽"


def short(number: int) -> str:
    """Hundredths -> 0.6."""
    sign = "-" if number < 0 else ""
    whole, rest = divmod(abs(number), 100)
    return sign + f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


def signed(number: int) -> str:
    """+12, -7, 0."""
    return f"{number:+d}" if number else "0"


def whole_page(page: Page, style: Style, build_id: str) -> str:
    """The page as it is sent: shell, data, subresources."""
    query = json.dumps(dict(page.query), ensure_ascii=False)
    told = (
        f'{{"props":{{"pageProps":{{"serverData":{page.data}}}}},"page":{json.dumps(page.route)},'
        f'"query":{query},"buildId":"{build_id}"}}'
    )
    # As Next writes it: the text of a nickname can't end the script.
    inside = told.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    scripts = "".join(
        f'<script src="/_next/static/chunks/{name}-{build_id}.js" defer=""></script>'
        for name in ("main", *page.scripts)
    )
    return (
        '<!DOCTYPE html><html lang="ru"><head><meta charSet="utf-8"/>'
        f"<title>{safe(page.title)} — Гомафия</title>"
        f'<link rel="stylesheet" href="/_next/static/css/{build_id}.css"/>{scripts}</head><body>'
        f'<div id="__next"><header {style.css("Header_header")}>'
        '<a href="/"><img src="/static/logo.svg" alt="gomafia" width="40" height="40"/></a>'
        '<a href="/rating">Рейтинг</a><a href="/tournaments">Турниры</a><a href="/judges">Судьи</a>'
        f"</header><main>{page.body}</main></div>"
        f'<script id="__NEXT_DATA__" type="application/json">{inside}</script></body></html>'
    )
