"""Players and their seasons, from the rendered pages of the rating list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from selectolax.lexbor import LexborHTMLParser

from gomafia_kit import site
from gomafia_kit.errors import LayoutChangedError, NoSuchPageError
from gomafia_kit.parse.fields import Field, read_fields, reject
from gomafia_kit.parse.players import region_asked
from gomafia_kit.records import Parsed, Player, PlayerSeason
from gomafia_kit.values import decimal, identity, integer, text

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from gomafia_kit.site import Answer

_CELLS: Final = ("rank", "player", "tournaments", "GG points", "ELO")
_PLAYER_LINK: Final = re.compile(r"/stats/(\d+)$")
_PLAYER: Final = (
    Field("player_id", "link", identity, required=True),
    Field("login", "login", text, required=True),
    Field("club_title", "club", text),
    Field("elo", "ELO", decimal),
)
_SEASON: Final = (
    Field("player_id", "link", identity, required=True),
    Field("club_title", "club", text),
    Field("rank", "rank", integer),
    Field("elo", "ELO", decimal),
    Field("tournaments_played", "tournaments", integer),
    Field("gg_points", "GG points", decimal),
)


def parse_page(answer: Answer) -> Parsed:
    """A page of a year's and region's rating list: a player and his season a row.

    The page shows neither country nor city: they are null.
    """
    tree = LexborHTMLParser(answer.body)
    if tree.css_first('div[class*="MainIntro_main-intro"]') is not None:
        raise NoSuchPageError(f"{answer.ask.key}: the site sent its main page.", "There is no such page.")
    if tree.css_first("table tbody") is None:
        raise LayoutChangedError(
            f"{answer.ask.key}: sought the table of players (table tbody), found none.",
            "The site has changed: the answer is kept in the archive; nothing of it was staged.",
        )
    parsed = Parsed()
    year = int(answer.ask.fact("year"))
    region = region_asked(answer)
    for row in tree.css("table tbody tr"):
        _read_row(parsed, row, year, region)
    _turn_page(parsed, answer, tree)
    return parsed


def _read_row(parsed: Parsed, row: LexborNode, year: int, region: str | None) -> None:
    cells = row.css("td")
    if not cells:
        return  # a header row
    parsed.count("player")
    parsed.count("player_season")
    shown_text = row.text(deep=True, separator=" ").strip()
    if len(cells) != len(_CELLS):
        rule = f"a row has the cells {', '.join(_CELLS)}, this one has {len(cells)}"
        for kind in (Player, PlayerSeason):
            reject(parsed, kind, shown_text, [("row", shown_text, rule)])
        return
    raw = _raw(cells)
    for kind, fields, known in (
        (Player, _PLAYER, {"country": None, "city": None, "listed": True, "listed_year": year}),
        (PlayerSeason, _SEASON, {"year": year, "region": region}),
    ):
        values, faults = read_fields(fields, raw)
        if faults:
            reject(parsed, kind, shown_text, faults)
        else:
            parsed.records.append(kind(**known, **values))


def _raw(cells: list[LexborNode]) -> dict[str, Any]:
    raw: dict[str, Any] = dict(zip(_CELLS, (cell.text(deep=True).strip() for cell in cells), strict=True))
    link = cells[1].css_first("a[href]")
    found = None if link is None else _PLAYER_LINK.search(link.attributes.get("href") or "")
    raw["link"] = found[1] if found else None
    raw["login"] = None if link is None else link.text(deep=True)
    club = cells[1].css_first('span[class*="ws-nowrap"]')
    raw["club"] = None if club is None else club.text(deep=True)
    return raw


def _turn_page(parsed: Parsed, answer: Answer, tree: LexborHTMLParser) -> None:
    pages = [node.text(deep=True).strip() for node in tree.css('div[class*="Pagination_pagination__page"]')]
    last = max((int(page) for page in pages if page.isascii() and page.isdigit()), default=1)
    here = int(answer.ask.fact("page"))
    parsed.list_ended = here >= last or not parsed.fetched
    if not parsed.list_ended:
        about = dict(answer.ask.about)
        parsed.more.append(site.player_page(int(about["year"]), about["region"], here + 1))
