"""Checks of what the pages say: their data, their classes, their tables, and what nobody knows of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gomafia_kit.fetch.robots import Robots
from gomafia_kit.parse.pages import text_of
from gomafia_kit.probe.findings import check, confirmed, different, either, not_seen
from gomafia_kit.probe.seen import dicts, games_of, seats_of
from gomafia_kit.probe.steps import UNKNOWN_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborNode

    from gomafia_kit.probe.findings import Found
    from gomafia_kit.probe.seen import Seen

_PATHS: Final = (
    "/api/club/getTop",
    "/api/user/getTop",
    "/api/tournament/getAll",
    "/api/tournament/get",
    "/api/stats/get",
    "/rating?yearUsers=2024&regionUsers=all",
    "/tournaments?time=all&fsm=all&type=all",
    "/tournament/1?tab=games",
    "/club/1",
    "/stats/1?tab=history",
    "/judges?tab=all",
)
_LIST_KEYS: Final = {
    "players page": "users",
    "club page": "residents",
    "next data": "tournaments",
}
_CLASSES: Final = {
    "games page": (
        "tournament__top-left-title",
        "tournament__top-left-item__",
        "tournament__games-tour",
        "TableTournamentResultGame_table-tournament-result-game",
    ),
    "statistics page": (
        "ProfileUserInfo_profile-user__name",
        "stats__stat-main-bottom-block-left-content-amount",
        "ProfileUserCircle_profile-user-circle__num",
        "Select_select__selected-span",
    ),
}
_HASHED: Final = re.compile(r'class="[^"]*\b\w+_[\w-]+__([\w-]{5})[" ]')
_MARK: Final = re.compile(r"__item_(b|lg|g|y|r)__")
_YEAR: Final = re.compile(r"20\d\d")
_MAIN_PAGE: Final = re.compile(r'class="[^"]*\bMainIntro_main-intro')
_SELECTED: Final = 'span[class*="Select_select__selected-span"]'
_EVERY_YEAR: Final = "Все"
_PAGE_ROWS: Final = 10
_MANY_PAGES: Final = 5
_FEW_YEARS: Final = 3


def _pages(seen: Seen) -> Iterator[str]:
    return (name for name in seen.answers if name.endswith("page"))


# -- the platform -------------------------------------------------------------------------------------


@check("robots", 4, "robots.txt allows what an import asks for")
def _robots(seen: Seen) -> Found:
    answer = seen.answers.get("robots")
    if answer is None:
        return not_seen("robots.txt didn't come")
    robots = Robots(seen.html("robots") if answer.status == 200 else None)  # noqa: PLR2004 - HTTP's OK
    forbidden = [path for path in _PATHS if not robots.allows(path)]
    pause = f"; it asks for {robots.crawl_delay:g} s between asks" if robots.crawl_delay else ""
    return either(not forbidden, f"all of it{pause}", f"it forbids {', '.join(forbidden)}{pause}")


@check("page_data", 1, "every page carries __NEXT_DATA__ with props.pageProps.serverData")
def _page_data(seen: Seen) -> Found:
    names = [name for name in _pages(seen) if name != "unknown page"]
    without = [name for name in names if seen.page(name) is None]
    if not names:
        return not_seen("no page came")
    return either(not without, f"{len(names)} pages", f"not the {', '.join(without)}")


@check("class_hash", 1, "classes end in a hash of five characters")
def _class_hash(seen: Seen) -> Found:
    found = [name for name in _pages(seen) if _HASHED.search(seen.html(name))]
    if not any(seen.html(name) for name in _pages(seen)):
        return not_seen("no page came")
    return either(bool(found), f"on {len(found)} pages", "no class is written so")


@check("classes", 3, "the classes by which tables and figures are found")
def _classes(seen: Seen) -> Found:
    looked = {name: prefixes for name, prefixes in _CLASSES.items() if seen.tree(name) is not None}
    if not looked:
        return not_seen("neither page came")
    missing = [
        f"{prefix} ({name})"
        for name, prefixes in looked.items()
        for prefix in prefixes
        if not _find(seen, name, prefix)
    ]
    return either(not missing, "all are there", f"missing: {', '.join(missing)}")


def _find(seen: Seen, name: str, prefix: str) -> list[LexborNode]:
    tree = seen.tree(name)
    return [] if tree is None else tree.css(f'[class*="{prefix}"]')


@check("rows", 3, "players and a club's members are rows of a table, with links")
def _rows(seen: Seen) -> Found:
    looked = [name for name in ("players page", "club page") if seen.tree(name) is not None]
    if not looked:
        return not_seen("no such page came")
    missing = [name for name in looked if not _has_linked_rows(seen, name)]
    return either(not missing, f"on {len(looked)} pages", f"not on the {', '.join(missing)}")


def _has_linked_rows(seen: Seen, name: str) -> bool:
    tree = seen.tree(name)
    return tree is not None and tree.css_first('table tbody tr a[href^="/stats/"]') is not None


@check("next_data", 1, "a page's data are to be had alone, at /_next/data/{buildId}")
def _next_data(seen: Seen) -> Found:
    if "next data" in seen.answers:
        return either(seen.next_data() is not None, "they are", "what came isn't pageProps.serverData")
    refusal = seen.refused.get("next data")
    return not_seen("no page tells its buildId") if refusal is None else different(refusal.message)


@check("president", 3, "a club's page names its president beside Президент клуба")
def _president(seen: Seen) -> Found:
    if seen.tree("club page") is None:
        return not_seen("no club's page came")
    there = "Президент клуба" in seen.html("club page")
    return confirmed("it does") if there else not_seen("this club has none, or the words have changed")


# -- what nobody knows --------------------------------------------------------------------------------


@check("list_keys", 5, "lists in a page's data are users, tournaments, residents")
def _list_keys(seen: Seen) -> Found:
    pages = {name: seen.next_data() if name == "next data" else seen.page(name) for name in _LIST_KEYS}
    found = {name: [key for key, value in data.items() if dicts(value)] for name, data in pages.items() if data}
    found = {name: keys for name, keys in found.items() if keys}
    if not found:
        return not_seen("no page carries a list")
    other = [f"{', '.join(keys)} in the {name}" for name, keys in found.items() if _LIST_KEYS[name] not in keys]
    return either(not other, f"{len(found)} lists are called so", "; ".join(other))


@check("tab_data", 5, "a tournament's tab carries everything, not only what it shows")
def _tab_data(seen: Seen) -> Found:
    data = seen.page("games page")
    if data is None:
        return not_seen("no page of games came")
    told = f"the tab of games carries {', '.join(data)}"
    return either("tournamentResultWithFinal" in data, told, told)


@check("seat_type", 5, "a seat's type in the API is the mark of the first shot on the page")
def _seat_type(seen: Seen) -> Found:
    tournament = seen.data("tournament 1")
    rows = _game_rows(seen)
    if not isinstance(tournament, dict) or not rows:
        return not_seen("no games came both ways")
    types = [str(seat.get("type") or "") for _, game in games_of(tournament) for seat in seats_of(game)]
    marks = [_mark(row) for row in rows]
    if len(types) != len(marks) or not any(marks):
        return not_seen(f"{len(types)} seats by API, {len(marks)} on the page, {sum(map(bool, marks))} marks")
    same = sum(one == other for one, other in zip(types, marks, strict=True) if other)
    others = sorted({one for one, other in zip(types, marks, strict=True) if one != other})
    told = f"{same} of {sum(map(bool, marks))} marks are told by type"
    return either(types == marks, told, f"{told}; it also holds {', '.join(map(repr, others[:6]))}")


def _game_rows(seen: Seen) -> list[LexborNode]:
    tables = _find(seen, "games page", "TableTournamentResultGame_table-tournament-result-game")
    return [row for table in tables if table.tag == "table" for row in table.css("tbody tr")]


def _mark(row: LexborNode) -> str:
    found = _MARK.search(row.html or "")
    return found[1] if found else ""


@check("first_shot", 3, "one player a game at most has a mark of the first shot")
def _first_shot(seen: Seen) -> Found:
    tables = _find(seen, "games page", "TableTournamentResultGame_table-tournament-result-game")
    counts = [
        sum(_mark(row) in {"b", "lg", "g"} for row in table.css("tbody tr")) for table in tables if table.tag == "table"
    ]
    if not any(counts):
        return not_seen("no game with a mark came")
    return either(max(counts) <= 1, f"{sum(counts)} in {len(counts)} games", f"{max(counts)} in one game")


@check("stats_opens", 5, "a statistics page opens with all years")
def _stats_opens(seen: Seen) -> Found:
    words = [text_of(node).strip() for node in _spans(seen)]
    chosen = next((word for word in words if word == _EVERY_YEAR or _YEAR.fullmatch(word)), None)
    if chosen is None:
        return not_seen("no drop-down of years on the page")
    return either(chosen == _EVERY_YEAR, f"it opens with {chosen}", f"it opens with {chosen}")


def _spans(seen: Seen) -> list[LexborNode]:
    tree = seen.tree("statistics page")
    return [] if tree is None else tree.css(_SELECTED)


@check("idle_years", 5, "years without games stand in the drop-down too")
def _idle_years(seen: Seen) -> Found:
    options, years = {int(year) for year in _options(seen)}, _years_of_league(seen)
    if not options or len(years) < _FEW_YEARS:
        return not_seen("the options aren't in the page as it is sent, or the league has only a year or two")
    told = f"a newcomer's page has {_listed(options)}"
    return either(years <= options, told, f"{told} of the league's {_listed(years)}")


def _options(seen: Seen) -> set[str]:
    """Every year that stands alone in an option of the drop-down."""
    found = _find(seen, "statistics page", "Select_select__option")
    return {text for node in found if _YEAR.fullmatch(text := text_of(node).strip())}


def _years_of_league(seen: Seen) -> set[int]:
    days = [
        str(row.get("date_start") or "")
        for row in seen.rows("tournaments")
        if row.get("status_translate") == "Завершён"
    ]
    return {int(day[:4]) for day in days if day[:4].isdecimal()}


def _listed(years: set[int]) -> str:
    return ", ".join(map(str, sorted(years))) or "none"


@check("unknown_id", 5, "for what doesn't exist the main page is sent, without a redirect")
def _unknown_id(seen: Seen) -> Found:
    if "unknown page" not in seen.answers:
        return not_seen(f"{seen.refused.get('unknown page', 'it was not asked for')}")
    if not _MAIN_PAGE.search(seen.html("unknown page")):
        return different(f"another page came for tournament {UNKNOWN_ID}")
    return either("unknown page" not in seen.redirected, "the main page", "a redirect to the main page")


@check("react_comments", 5, "neighbouring pieces of text are parted by <!-- -->")
def _react_comments(seen: Seen) -> Found:
    pages = [seen.html(name) for name in ("games page", "statistics page") if seen.html(name)]
    if not pages:
        return not_seen("no such page came")
    return either(any("<!-- -->" in page for page in pages), "they are", "they aren't")


@check("pager_dots", 5, "the paging row leaves numbers out and shows ... for them")
def _pager_dots(seen: Seen) -> Found:
    cells = [text_of(node).strip() for node in _find(seen, "players page", "Pagination_pagination__page")]
    if any(cell in {"...", "…"} for cell in cells):
        return confirmed(f"{' '.join(cells)} on the players page")
    numbers = [int(cell) for cell in cells if cell.isdecimal()]
    if len(numbers) > _MANY_PAGES:
        return different(f"all {len(numbers)} numbers are there")
    return not_seen("no list is long enough")


@check("tournaments_a_page", 5, f"a page of tournaments has {_PAGE_ROWS} rows")
def _tournaments_a_page(seen: Seen) -> Found:
    data, known = seen.next_data(), len(seen.rows("tournaments"))
    rows = max((len(dicts(value)) for value in (data or {}).values()), default=0)
    if not rows:
        return not_seen("no such list came")
    if rows == known < _PAGE_ROWS:
        return not_seen(f"there are only {known} tournaments")
    return either(rows == _PAGE_ROWS, f"{rows} rows", f"{rows} rows")
