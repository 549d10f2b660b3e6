"""Players and their seasons, from the rendered pages of the rating list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from selectolax.lexbor import LexborHTMLParser

from gomafia_kit import site
from gomafia_kit.errors import BadValueError, NoSuchPageError
from gomafia_kit.parse.fields import Field, read_fields, refused_list, reject, shown
from gomafia_kit.parse.players import region_asked
from gomafia_kit.records import Parsed, Player, PlayerSeason
from gomafia_kit.values import decimal, identity, integer, name, text

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from gomafia_kit.site import Answer

_CELLS: Final = ("rank", "player", "tournaments", "GG points", "ELO")
_PLAYER_LINK: Final = re.compile(r"/stats/([0-9]+)(?:[/?#]|$)")
_MAIN_PAGE: Final = 'div[class*="MainIntro_main-intro"]'
_PAGE_NUMBER: Final = 'div[class*="Pagination_pagination__page"]'


def _player_in(link: object) -> int | None:
    """The player that a link leads to."""
    found = _PLAYER_LINK.search(link) if isinstance(link, str) else None
    if found is None:
        raise BadValueError(f"{link!r} is not a link to a player.")
    return identity(found[1])


_PLAYER: Final = (
    Field("player_id", "link", _player_in, required=True),
    Field("login", "nickname", text, required=True),
    Field("club_title", "club", name),
    Field("elo", "ELO", decimal),
)
_SEASON: Final = (
    Field("player_id", "link", _player_in, required=True),
    Field("club_title", "club", name),
    Field("rank", "rank", integer),
    Field("elo", "ELO", decimal),
    Field("tournaments_played", "tournaments", integer),
    Field("gg_points", "GG points", decimal),
)


def parse_page(answer: Answer) -> Parsed:
    """A page of a year's and region's rating list: a player and his season a row.

    The page shows neither country nor city: they are null. Raises NoSuchPageError for the main
    page, LayoutChangedError for a page of another shape or of another number than was asked for.
    """
    tree = LexborHTMLParser(answer.body)
    if tree.css_first(_MAIN_PAGE) is not None:
        raise NoSuchPageError(f"{answer.ask.key}: the site sent its main page.", "There is no such page.")
    if tree.css_first("table tbody") is None:
        raise refused_list(answer.ask, "the table of players (table tbody)", _beginning(tree))
    parsed = Parsed()
    if _is_past_the_end(answer, tree):
        return parsed
    year = int(answer.ask.fact("year"))
    region = region_asked(answer)
    rows = [cells for row in tree.css("table tbody tr") if (cells := _cells(row))]
    for cells in rows:
        _read_row(parsed, cells, year, region)
    if len(rows) > 1 and not parsed.records:
        raise refused_list(answer.ask, "rows of players", parsed.rejections[0].key)
    _turn_page(parsed, answer, tree)
    return parsed


def _beginning(tree: LexborHTMLParser) -> str:
    return "nothing" if tree.body is None else tree.body.text(deep=True, separator=" ").strip()


def _cells(row: LexborNode) -> list[LexborNode]:
    """The cells of a row; none for a header row, wherever it stands."""
    return [cell for cell in row.iter() if cell.tag == "td"]


def _read_row(parsed: Parsed, cells: list[LexborNode], year: int, region: str | None) -> None:
    parsed.count("player")
    parsed.count("player_season")
    whole = shown(" ".join(cell.text(deep=True).strip() for cell in cells))
    if len(cells) != len(_CELLS):
        rule = f"a row has the cells {', '.join(_CELLS)}, this one has {len(cells)}"
        for kind in (Player, PlayerSeason):
            reject(parsed, kind, whole, [("row", whole, rule)])
        return
    raw = _raw(cells)
    for kind, fields, known in (
        (Player, _PLAYER, {"country": None, "city": None, "listed": True, "listed_year": year}),
        (PlayerSeason, _SEASON, {"year": year, "region": region}),
    ):
        values, faults = read_fields(fields, raw)
        if faults:
            reject(parsed, kind, whole, faults)
        else:
            parsed.records.append(kind(**known, **values))


def _raw(cells: list[LexborNode]) -> dict[str, Any]:
    """What the cells say, as it came; the text of an element is whole, comments of React's left out."""
    raw: dict[str, Any] = {name: cell.text(deep=True) for name, cell in zip(_CELLS, cells, strict=True)}
    link = cells[1].css_first("a[href]")
    club = cells[1].css_first('span[class*="ws-nowrap"]')
    raw["link"] = None if link is None else link.attributes.get("href")
    raw["nickname"] = None if link is None else link.text(deep=True)
    raw["club"] = None if club is None else club.text(deep=True)
    return raw


def _numbers(nodes: list[LexborNode]) -> list[int]:
    """The numbers of the paging row; its `...` is no page."""
    texts = (node.text(deep=True).strip() for node in nodes)
    return [int(number) for number in texts if number.isascii() and number.isdigit()]


def _last_page(tree: LexborHTMLParser) -> int:
    return max(_numbers(tree.css(_PAGE_NUMBER)), default=1)


def _is_past_the_end(answer: Answer, tree: LexborHTMLParser) -> bool:
    """True if the list has become shorter, so that the site shows another page than was asked for.

    Raises LayoutChangedError if it shows another one although there is the one asked for: all its
    pages would then be the same.
    """
    here = int(answer.ask.fact("page"))
    selected = _numbers([node for node in tree.css(_PAGE_NUMBER) if "selected" in (node.attributes.get("class") or "")])
    if not selected or here in selected:
        return False
    if here > _last_page(tree):
        return True
    raise refused_list(answer.ask, f"page {here} of the list", f"page {selected[0]}")


def _turn_page(parsed: Parsed, answer: Answer, tree: LexborHTMLParser) -> None:
    here = int(answer.ask.fact("page"))
    if here < _last_page(tree) and parsed.fetched:
        about = dict(answer.ask.about)
        parsed.more.append(site.player_page(int(about["year"]), about["region"], here + 1))
