"""The site: takes a request, gives a reply; knows nothing of sockets."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo import _api, _pages
from gomafia_kit.demo._assets import asset
from gomafia_kit.demo._faults import Faults
from gomafia_kit.demo._http import JSON, Reply
from gomafia_kit.demo._log import Log
from gomafia_kit.demo._markup import Style, whole_page
from gomafia_kit.demo._page_stats import stats
from gomafia_kit.demo._page_tournament import tournament

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gomafia_kit.demo._http import Request
    from gomafia_kit.demo._markup import Page
    from gomafia_kit.demo.league import League

_ROBOTS: Final = "User-agent: *\nDisallow: /admin/\nDisallow: /profile/\n\nHost: gomafia.pro\n"
_DATA_PATH: Final = re.compile(r"/_next/data/([^/]+)(/.+)\.json")
_LISTS: Final[dict[str, Callable[[League, Style, Mapping[str, str]], Page]]] = {
    "/rating": _pages.rating,
    "/tournaments": _pages.tournaments,
    "/judges": _pages.judges,
}
_THINGS: Final[dict[str, Callable[[League, Style, int, Mapping[str, str]], Page | None]]] = {
    "club": _pages.club,
    "tournament": tournament,
    "stats": stats,
}


class Site:
    """A deployment of the site over a league."""

    def __init__(self, league: League) -> None:
        self.league = league
        self.log = Log()
        self.faults = Faults()
        self.deployment = 0
        self.robots = _ROBOTS

    @property
    def build_id(self) -> str:
        """Changes with every deployment."""
        seed = f"{self.league.world.seed} {self.deployment}"
        return hashlib.sha256(seed.encode()).hexdigest()[:21]

    def redeploy(self) -> None:
        """A new deployment: another build id, other class hashes."""
        self.deployment += 1

    def reply(self, request: Request) -> Reply:
        """The answer to a request, sound."""
        path = request.path
        if path.startswith("/api/"):
            return self._api(request)
        if request.method not in {"GET", "HEAD"}:
            return Reply(b"Method Not Allowed", "text/plain", 405, (("allow", "GET, HEAD"),))
        if path == "/robots.txt":
            return Reply(self.robots.encode(), "text/plain; charset=utf-8")
        if path.startswith("/_next/data/"):
            return self._data(path, request.query)
        if path.startswith(("/_next/", "/static/")) or path == "/favicon.ico":
            return asset(path, self.build_id) or Reply(b"Not Found", "text/plain", 404)
        return self._page(path, request.query)

    def _api(self, request: Request) -> Reply:
        if request.path in _api.CALLS and request.method != "POST":
            error = b'{"result":"error","message":"Method Not Allowed"}'
            return Reply(error, JSON, 405, (("allow", "POST"),))
        body = _api.answer(self.league, request.path, request.fields)
        if body is None:
            return Reply(b'{"result":"error","message":"Not Found"}', JSON, 404)
        return Reply(body.encode(), JSON)

    def _style(self) -> Style:
        return Style(self.build_id, comments=self.league.switches.react_comments)

    def _find(self, path: str, query: Mapping[str, str], style: Style) -> Page | None:
        """The page of that path; None for what doesn't exist."""
        if path == "/":
            return _pages.main_page(style)
        if path in _LISTS:
            return _LISTS[path](self.league, style, query)
        kind, _, number = path.strip("/").partition("/")
        if kind in _THINGS and _api.is_number(number):
            return _THINGS[kind](self.league, style, int(number), query)
        return None

    def _page(self, path: str, query: Mapping[str, str]) -> Reply:
        style = self._style()
        page = self._find(path, query, style)
        if page is None:
            if self.league.switches.unknown_id == "redirect":
                return Reply(b"", status=307, headers=(("location", "/"),))
            page = _pages.main_page(style)
        return Reply(whole_page(page, style, self.build_id).encode(errors="replace"))

    def _data(self, path: str, query: Mapping[str, str]) -> Reply:
        """The page's data without its shell; an old build id is not found."""
        found = _DATA_PATH.fullmatch(path)
        if found is None or found[1] != self.build_id:
            return Reply(b"Not Found", "text/plain", 404)
        style = self._style()
        page = self._find("/" if found[2] == "/index" else found[2], query, style)
        if page is None and self.league.switches.unknown_id == "redirect":
            return Reply(b'{"pageProps":{"__N_REDIRECT":"/","__N_REDIRECT_STATUS":307}}', JSON)
        data = page.data if page else "{}"
        return Reply(f'{{"pageProps":{{"serverData":{data}}},"__N_SSP":true}}'.encode(), JSON)
