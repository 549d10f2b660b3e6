"""Clubs, their members and presidents, from the site's pages: their data, and what they show."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit import site
from gomafia_kit.errors import BadValueError
from gomafia_kit.parse import clubs, page_tables
from gomafia_kit.parse.fields import Field, refused_list, shown
from gomafia_kit.parse.next_data import list_in, note_total, server_data
from gomafia_kit.parse.page_tables import column, link_id, link_in
from gomafia_kit.parse.pages import (
    beginning_of,
    href_of,
    in_table,
    is_missing,
    is_past_the_end,
    pieces_of,
    shown_text,
    shown_word,
    text_of,
    text_outside,
    tree_of,
    turn_page,
)
from gomafia_kit.parse.player_pages import LINKED, player_in
from gomafia_kit.records import Club, ClubMember, ClubPresident, Parsed
from gomafia_kit.values import decimal, identity, integer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from gomafia_kit.parse.page_tables import Column
    from gomafia_kit.site import Answer, Ask

_CLUB_LINK: Final = "/club/"
_PLAYER_LINK: Final = "/stats/"
_PRESIDENT: Final = "Президент клуба"
_RANK: Final = column("rank", "место ранг", filled=True, rising=True)
_NAME: Final = column("club", "клуб")
_UNKNOWN: Final = column("(unknown)")
_SCORE: Final = column("club score", "очки")
_ELO: Final = column("average ELO", "elo эло")
_CLUB: Final = (
    Field("club_id", "link", link_id("club", "a club"), required=True),
    Field("title", "title", shown_text, required=True),
    Field("city", "city", shown_word),
    Field("rank", "rank", integer),
    Field("club_score", "club score", decimal),
    Field("elo_average", "average ELO", decimal),
)
_MEMBER: Final = (
    Field("player_id", "link", LINKED, required=True),
    Field("login", "nickname", shown_text, required=True),
)


# -- the list of clubs ----------------------------------------------------------------------------


def parse_list_page_data(answer: Answer) -> Parsed:
    """A page of the list of clubs, from its data: as the API's list."""
    parsed, tree = Parsed(), tree_of(answer)
    rows = list_in(answer, server_data(answer), "clubs", ("title", "club_score"))
    if not is_past_the_end(answer, tree):
        clubs.read_list(parsed, rows)
        note_total(parsed, answer, tree, rows)
        _turn_list(parsed, answer, tree, len(rows))
    return parsed


def parse_list_page(answer: Answer) -> Parsed:
    """A page of the list of clubs, as it is shown; it doesn't show the country: it is null."""
    parsed, tree = Parsed(), tree_of(answer)
    rows = page_tables.rows_of_table(answer, tree, "clubs", _CLUB_LINK)
    columns = _columns_of(rows)
    page_tables.check_headings(answer, tree, "clubs", _CLUB_LINK, columns)
    if is_past_the_end(answer, tree):
        return parsed
    specs = ((Club, _CLUB, {"country": None}),)
    for cells in rows:
        whole = page_tables.whole_of(cells)
        if rule := page_tables.wrong_cells(columns, cells) or _not_title_and_city(cells[1]):
            page_tables.refuse_row(parsed, whole, rule, specs)
        else:
            page_tables.read_row(parsed, whole, _raw(columns, cells), specs)
    page_tables.check_rows(parsed, answer, "clubs", rows, columns)
    _turn_list(parsed, answer, tree, len(rows))
    return parsed


def _columns_of(rows: list[list[LexborNode]]) -> tuple[Column, ...]:
    """The columns of a page's rows: between the club and its score stand some that nobody has described."""
    widths = Counter(map(len, rows))
    width = max(widths, key=lambda number: (widths[number], number), default=0)
    return (_RANK, _NAME, *[_UNKNOWN] * max(1, width - 4), _SCORE, _ELO)


def _turn_list(parsed: Parsed, answer: Answer, tree: LexborHTMLParser, rows: int) -> None:
    turn_page(parsed, answer, tree, rows, lambda page: site.club_list_page(page, answer.ask.form))


def _not_title_and_city(cell: LexborNode) -> str:
    """Why a club's cell is refused that says more than a title and a city, or no title in its link."""
    link, _ = link_in(cell, _CLUB_LINK)
    told = [piece for piece in pieces_of(cell) if piece.strip()]
    inside = [] if link is None else [piece for piece in pieces_of(link) if piece.strip()]
    if not inside or told[: len(inside)] != inside or len(told) > 2:  # noqa: PLR2004 - title and city
        return f"a club's cell has its name in a link and its city behind it, this one has {told!r}"
    return ""


def _raw(columns: Sequence[Column], cells: list[LexborNode]) -> dict[str, Any]:
    """What the cells say, as it came; the city may stand inside of the link or under it."""
    raw: dict[str, Any] = {wanted.name: text_of(cell) for wanted, cell in zip(columns, cells, strict=True)}
    told = [piece for piece in pieces_of(cells[1]) if piece.strip()]
    _, leads_to = link_in(cells[1], _CLUB_LINK)
    city = told[1] if len(told) > 1 else None
    return raw | {"link": leads_to, "title": told[0], "city": city}


# -- a club's page --------------------------------------------------------------------------------


def parse_club_page_data(answer: Answer) -> Parsed:
    """A page of a club's members, from its data, and the president, as the page shows him."""
    parsed, tree = Parsed(), tree_of(answer)
    data = server_data(answer)
    _check_whose(answer, data)
    rows = list_in(answer, data, "residents", ("login", "elo"))
    if not is_past_the_end(answer, tree):
        clubs.read_members(parsed, int(answer.ask.fact("id")), rows)
        note_total(parsed, answer, tree, rows)
        _turn_members(parsed, answer, tree, len(rows))
        _read_president_once(parsed, answer, tree)
    return parsed


def _check_whose(answer: Answer, data: dict[str, Any]) -> None:
    club = data.get("club")
    found = club.get("id") if isinstance(club, dict) else None
    try:
        same = identity(found) == int(answer.ask.fact("id"))
    except BadValueError:
        same = False
    if not same:
        raise refused_list(answer.ask, f"club.id = {answer.ask.fact('id')}", found)


def parse_club_page(answer: Answer) -> Parsed:
    """A page of a club's members and, on the first, its president, as it is shown.

    Of a member's row the link to him and his nickname are read, in whichever cell they stand.
    """
    parsed, tree = Parsed(), tree_of(answer)
    rows = page_tables.rows_of_table(answer, tree, "members", _PLAYER_LINK)
    if is_past_the_end(answer, tree):
        return parsed
    specs = ((ClubMember, _MEMBER, {"club_id": int(answer.ask.fact("id"))}),)
    for cells in rows:
        whole = page_tables.whole_of(cells)
        linking = [cell for cell in cells if cell.css_first(f'a[href*="{_PLAYER_LINK}"]') is not None]
        if len(linking) == 1:
            page_tables.read_row(parsed, whole, player_in(linking[0]), specs)
        else:
            rule = f"a row has one cell with a link to a player, this one has {len(linking)}"
            page_tables.refuse_row(parsed, whole, rule, specs)
    page_tables.check_rows(parsed, answer, "members", rows)
    _turn_members(parsed, answer, tree, len(rows))
    _read_president_once(parsed, answer, tree)
    return parsed


def _turn_members(parsed: Parsed, answer: Answer, tree: LexborHTMLParser, rows: int) -> None:
    club_id = int(answer.ask.fact("id"))

    def ask(page: int) -> Ask:
        return site.club_page(club_id, page, answer.ask.form)

    turn_page(parsed, answer, tree, rows, ask)


# -- its president --------------------------------------------------------------------------------


def parse_president(answer: Answer) -> Parsed:
    """A club's president, as its page shows him; nothing for a club without one."""
    parsed, tree = Parsed(), tree_of(answer)
    if tree.css_first("table") is None and not _labels(tree):
        raise refused_list(answer.ask, "a club's page with its table of members", beginning_of(tree))
    _read_president(parsed, answer, tree)
    return parsed


def _read_president_once(parsed: Parsed, answer: Answer, tree: LexborHTMLParser) -> None:
    """Each page of a club names him; he is read from the first."""
    if answer.ask.fact("page") == "1":
        _read_president(parsed, answer, tree)


def _read_president(parsed: Parsed, answer: Answer, tree: LexborHTMLParser) -> None:
    """Read him whose link is the first thing told behind the label; a dash or a link to null is nobody."""
    club_id = answer.ask.fact("id")
    specs = ((ClubPresident, _MEMBER, {"club_id": int(club_id)}),)
    labels = _labels(tree)
    told = [(label, piece, _link_around(piece)) for label, piece in _told_behind(tree, labels)]
    for label, _, link in told:
        if link is not None:
            leads_to = href_of(link) or ""
            if not leads_to.endswith("/null"):
                raw = {"link": leads_to, "nickname": text_outside(link, label)}
                page_tables.read_row(parsed, f"club_id={club_id}", raw, specs)
            return
    if labels:
        found = told[0][1].text() if told else ""
        if not told or not is_missing(found):
            rule = f"behind {_PRESIDENT!r} must stand a link to a player, not {shown(found)!r}"
            page_tables.refuse_row(parsed, f"club_id={club_id}", rule, specs)
    elif link := _link_without_label(tree):
        rule = f"a link to a player stands without {_PRESIDENT!r}: {shown(text_of(link))!r}"
        page_tables.refuse_row(parsed, f"club_id={club_id}", rule, specs)


def _labels(tree: LexborHTMLParser) -> list[LexborNode]:
    """Where `Президент клуба` stands outside of a table; a club may be called so too."""
    return [
        node
        for node in _elements(tree)
        if node.text(deep=False).strip().removesuffix(":").rstrip() == _PRESIDENT and not in_table(node)
    ]


def _elements(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    return iter(()) if tree.body is None else (node for node in tree.body.traverse() if node.is_element_node)


def _told_behind(tree: LexborHTMLParser, labels: list[LexborNode]) -> list[tuple[LexborNode, LexborNode]]:
    """Each label with the first piece of text behind it; none where the members' table comes first."""
    found: list[tuple[LexborNode, LexborNode]] = []
    waiting: LexborNode | None = None
    names = {label.mem_id: label for label in labels}
    for node in () if tree.body is None else tree.body.traverse(include_text=True):
        if node.mem_id in names:
            waiting = names[node.mem_id]
        elif node.tag == "table":
            waiting = None
        elif waiting is not None and _tells(node, waiting):
            found.append((waiting, node))
            waiting = None
    return found


def _tells(node: LexborNode, label: LexborNode) -> bool:
    own = node.parent is not None and node.parent.mem_id == label.mem_id
    return node.is_text_node and not own and node.text().strip() not in {"", ":"}


def _link_around(node: LexborNode) -> LexborNode | None:
    parent = node.parent
    while parent is not None and not (parent.tag == "a" and _PLAYER_LINK in (href_of(parent) or "")):
        parent = parent.parent
    return parent


def _link_without_label(tree: LexborHTMLParser) -> LexborNode | None:
    """A link to a player outside of the table and of what frames every page."""
    if tree.body is None:
        return None
    frame = tree.css("header, footer, nav, aside")
    links = tree.body.css(f'a[href*="{_PLAYER_LINK}"]')
    framed = {link.mem_id for node in frame for link in node.css("a")}
    return next((link for link in links if link.mem_id not in framed and not in_table(link)), None)
