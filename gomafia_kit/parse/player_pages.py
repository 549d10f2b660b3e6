"""Players and their seasons, from the pages of the rating list: their data, and what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit import site
from gomafia_kit.parse import page_tables, players
from gomafia_kit.parse.fields import Field
from gomafia_kit.parse.next_data import list_in, note_total, server_data
from gomafia_kit.parse.page_tables import column, link_id, link_in
from gomafia_kit.parse.pages import is_past_the_end, shown_name, shown_text, text_of, text_outside, tree_of, turn_page
from gomafia_kit.parse.players import region_asked
from gomafia_kit.records import Parsed, Player, PlayerSeason
from gomafia_kit.values import decimal, integer

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from gomafia_kit.site import Answer, Ask

_LINK: Final = "/stats/"
_COLUMNS: Final = (
    column("rank", "место ранг", filled=True, rising=True),
    column("player", "игрок никнейм ник"),
    column("tournaments", "турниры турниров"),
    column("GG points", "gg"),
    column("ELO", "elo эло"),
)
LINKED: Final = link_id("stats", "a player")
"""Reads who a link leads to."""

_PLAYER: Final = (
    Field("player_id", "link", LINKED, required=True),
    Field("login", "nickname", shown_text, required=True),
    Field("club_title", "club", shown_name),
    Field("elo", "ELO", decimal),
)
_SEASON: Final = (
    Field("player_id", "link", LINKED, required=True),
    Field("club_title", "club", shown_name),
    Field("rank", "rank", integer),
    Field("elo", "ELO", decimal),
    Field("tournaments_played", "tournaments", integer),
    Field("gg_points", "GG points", decimal),
)


def parse_page_data(answer: Answer) -> Parsed:
    """A page of a year's and region's rating list, from its data: as the API's list."""
    parsed = Parsed()
    rows = list_in(answer, server_data(answer), "users", ("login", "tournaments_score"))
    tree = tree_of(answer)
    if not is_past_the_end(answer, tree):
        players.read_list(parsed, answer, rows)
        note_total(parsed, answer, tree, rows)
        _turn_page(parsed, answer, tree, len(rows))
    return parsed


def parse_page(answer: Answer) -> Parsed:
    """A page of a year's and region's rating list, as it is shown: a player and his season a row.

    The page shows neither country nor city: they are null. Raises NoSuchPageError for the main
    page, LayoutChangedError for a page of another shape or of another number than was asked for.
    """
    parsed, tree = Parsed(), tree_of(answer)
    rows = page_tables.rows_of_table(answer, tree, "players", _LINK)
    page_tables.check_headings(answer, tree, "players", _LINK, _COLUMNS)
    if is_past_the_end(answer, tree):
        return parsed
    specs = _specs(int(answer.ask.fact("year")), region_asked(answer))
    for cells in rows:
        whole = page_tables.whole_of(cells)
        if rule := page_tables.wrong_cells(_COLUMNS, cells) or _beside(cells[1]):
            page_tables.refuse_row(parsed, whole, rule, specs)
        else:
            page_tables.read_row(parsed, whole, _raw(cells), specs)
    page_tables.check_rows(parsed, answer, "players", rows, _COLUMNS)
    _turn_page(parsed, answer, tree, len(rows))
    return parsed


def _specs(year: int, region: str | None) -> tuple[page_tables.Spec, ...]:
    return (
        (Player, _PLAYER, {"country": None, "city": None, "listed": True, "listed_year": year}),
        (PlayerSeason, _SEASON, {"year": year, "region": region}),
    )


def _turn_page(parsed: Parsed, answer: Answer, tree: LexborHTMLParser, rows: int) -> None:
    year, region = int(answer.ask.fact("year")), answer.ask.fact("region")

    def ask(page: int) -> Ask:
        return site.player_page(year, region, page, answer.ask.form)

    turn_page(parsed, answer, tree, rows, ask)


def _raw(cells: list[LexborNode]) -> dict[str, Any]:
    """What the cells say, as it came."""
    raw: dict[str, Any] = {wanted.name: text_of(cell) for wanted, cell in zip(_COLUMNS, cells, strict=True)}
    return raw | player_in(cells[1])


def player_in(node: LexborNode) -> dict[str, Any]:
    """The link to a player, his nickname and his club, as an element says them."""
    link, leads_to = link_in(node, _LINK)
    club = _club(node)
    nickname = None if link is None else text_outside(link, club)
    return {"link": leads_to, "nickname": nickname, "club": None if club is None else text_of(club)}


def _club(cell: LexborNode) -> LexborNode | None:
    return cell.css_first('span[class*="ws-nowrap"]')


def _beside(cell: LexborNode) -> str:
    """Why a player's cell is refused that says more than nickname and club: one of them would be lost."""
    link, _ = link_in(cell, _LINK)
    rest = text_outside(cell, link, _club(cell)).strip()
    return f"beside nickname and club stands {rest!r}" if link is not None and rest else ""
