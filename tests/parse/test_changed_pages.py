"""Whatever is done to one element of a page: its rows stay, become poorer, or are refused; none says another thing.

Poorer is a row in which a value became null: an element that isn't there is what the site shows
where it has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from selectolax.lexbor import LexborHTMLParser

from gomafia_kit import site
from gomafia_kit.errors import LayoutChangedError
from gomafia_kit.parse import parse
from tests.answers import answer
from tests.parse.test_page_rows import CLUB, CLUB_HEAD, JUDGE, JUDGE_HEAD, MEMBER, PRESIDENT, TOURNAMENT, page, row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

    from gomafia_kit.records import Parsed, Record
    from gomafia_kit.site import Ask

PAGER = '<div class="Pagination_pagination__a">' + "".join(
    f'<div class="Pagination_pagination__page__x{chosen}">{number}</div>'
    for number, chosen in ((1, " Pagination_pagination__page_selected__y"), (2, ""), ("...", ""), (9, ""))
)
PLAYER = '<img src="/a.svg"/><a href="/stats/{0}">игрок {0}</a><span class="c ws-nowrap">Клуб</span>'
PLAYER_HEAD = ("", "Игрок", "Турниры", "GG", "ELO")
TOURNAMENT_HEAD = ("", "Турнир", "Дата", "Тип", "Статус", "")


def numbered(cells: tuple[str, ...], old: str, *ids: int) -> list[str]:
    """The same row for several things."""
    return [row(*(cell.replace(old, str(number)) for cell in cells)) for number in ids]


PAGES: list[tuple[Ask, str]] = [
    (
        site.club_list_page(),
        page(
            *(
                row(str(number), CLUB[1].replace("196", str(number)), str(30 - number), *CLUB[3:])
                for number in (1, 2, 3)
            ),
            head=CLUB_HEAD,
            after=PAGER,
        ),
    ),
    (
        site.club_page(196),
        page(*(row(str(number), MEMBER.format(number), "") for number in (7, 8)), before=PRESIDENT, after=PAGER),
    ),
    (site.club_president(196), page(row("1", MEMBER.format(7)), before=PRESIDENT)),
    (site.judge_page(), page(*numbered(JUDGE, "159", 1, 2, 3), head=JUDGE_HEAD, after=PAGER)),
    (site.tournament_list_page(), page(*numbered(TOURNAMENT, "2627", 1, 2, 3), head=TOURNAMENT_HEAD, after=PAGER)),
    (
        site.player_page(2024, "all"),
        page(
            *(row(str(number), PLAYER.format(number), "3", "30", "2325.48") for number in (1, 2, 3)),
            head=PLAYER_HEAD,
            after=PAGER,
        ),
    ),
]
PARAMS = [pytest.param(ask, body, id=ask.kind) for ask, body in PAGES]


def changed(body: str) -> Iterator[tuple[str, str]]:
    """What was done, and the page after it: one element gone, empty, unwrapped, renamed or without its link."""
    for number in range(len(LexborHTMLParser(body).css("body *"))):
        for act in (_remove, _unwrap, _rename, _unlink):
            tree = LexborHTMLParser(body)
            node = tree.css("body *")[number]
            told = f"{act.__name__} {node.tag} {node.text()[:30]}"
            if act(node):
                yield told, tree.html or ""


def _remove(node: LexborNode) -> bool:
    # Rows that aren't sent can't be missed; a club without a president has no block of his.
    name = node.attributes.get("class") or ""
    gone = node.tag not in {"tr", "tbody"} and "Pagination" not in name and "president" not in name
    if gone:
        node.decompose()
    return gone


def _unwrap(node: LexborNode) -> bool:
    parent = node.parent
    if parent is not None and "Pagination" in (parent.attributes.get("class") or ""):
        return False
    node.unwrap()
    return True


def _rename(node: LexborNode) -> bool:
    named = bool(node.attributes.get("class"))
    if named:
        node.attrs["class"] = "Another_block__element__Zz9_y"
    return named


def _unlink(node: LexborNode) -> bool:
    linked = "href" in node.attributes
    if linked:
        del node.attrs["href"]
    return linked


def is_poorer(record: Record, whole: Record) -> bool:
    """The same, but for values that are null; one date of two is the only day there is."""
    days = {"date_start", "date_end"}
    return type(record) is type(whole) and all(
        found in (None, known) or (name in days and found in {whole.date_start, whole.date_end})  # type: ignore[union-attr]  # tournaments
        for name, found, known in zip(whole._fields, record, whole, strict=True)
    )


@pytest.mark.parametrize(("ask", "body"), PARAMS)
def test_one_element_changed_never_makes_a_wrong_row(ask: Ask, body: str) -> None:
    whole = parse(answer(ask, body), "dom", personal=True)
    assert (len(whole.records) > 0, whole.rejections) == (True, [])
    for told, after in changed(body):
        try:
            parsed = parse(answer(ask, after), "dom", personal=True)
        except LayoutChangedError:
            continue
        assert parsed.more == whole.more, told
        assert [record for record in parsed.records if not _known(record, whole)] == [], told
        missed = len(whole.records) - len(parsed.records)
        assert missed <= len(parsed.rejections), told


def _known(record: Record, whole: Parsed) -> bool:
    return any(is_poorer(record, known) for known in whole.records)


@pytest.mark.parametrize(
    ("ask", "body"), [param for param in PARAMS if param.id not in {"club_page", "club_president"}]
)
def test_columns_that_changed_places_are_found_out_or_read_by_what_they_hold(ask: Ask, body: str) -> None:
    whole = parse(answer(ask, body), "dom", personal=True)
    columns = len(LexborHTMLParser(body).css("th"))
    for one in range(columns):
        for other in range(one + 1, columns):
            try:
                parsed = parse(answer(ask, _swapped(body, one, other)), "dom", personal=True)
            except LayoutChangedError as error:
                assert "sought" in error.message  # noqa: PT017 - it must say what
            else:
                assert parsed.records == whole.records, (one, other)


def _swapped(body: str, one: int, other: int) -> str:
    tree = LexborHTMLParser(body)
    for line in tree.css("tr"):
        cells = [cell for cell in line.iter() if cell.tag in {"td", "th"}]
        first, second = cells[one].html or "", cells[other].html or ""
        pieces = [cell.html or "" for cell in cells]
        pieces[one], pieces[other] = second, first
        line.inner_html = "".join(pieces)
    return tree.html or ""
