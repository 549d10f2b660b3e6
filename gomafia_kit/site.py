"""What can be asked of the site: one builder for each call and page, and the answer as it came.

Facts are from the site's contract: `POST /api/...` with form fields, lists by `limit` and `offset`;
pages by GET. An ask knows nothing of the host: the same ask goes to gomafia.pro or a demo site.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SITE_URL: Final = "https://gomafia.pro"
LIST_LIMIT: Final = 1000
"""Rows asked for at once: accepted by every list of the API."""

REGIONS: Final = (
    "central",
    "chernozem_region",
    "north",
    "south",
    "siberia_and_ural",
    "far_east",
    "volga_region",
)
EVERY_REGION: Final = "all"
PAGE: Final = "page"
RENDERED: Final = "rendered"
Facts = tuple[tuple[str, str], ...]

FIRST_YEAR: Final = 2019
"""The first season that the rating lists know."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to ask the site for.

    `kind` says what the answer holds, `form` how it comes (api, page, rendered, text). `subject` names what it
    tells of, the same in every form: the pages of a list share it, and so do the pages of one thing; what
    a subject's newest reading no longer has is gone. `about` is what the parser must know and the answer
    doesn't say (an id, a year, a region); `chosen` what is chosen on the page before it is read.
    `key` is the ask in words, the same for ever: what ledger and archive know it by. `ask_id` is a
    positive 63-bit number made from it: it stands in every row of the answer.
    """

    kind: str
    form: str
    method: str
    path: str
    fields: Facts = ()
    about: Facts = ()
    subject: str = ""
    chosen: Facts = ()
    key: str = field(init=False, compare=False)
    ask_id: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        query, chosen = urlencode(self.fields), urlencode(self.chosen)
        key = (
            f"{self.form} {self.method} {self.path}" + (f"?{query}" if query else "") + (f"#{chosen}" if chosen else "")
        )
        digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "ask_id", int.from_bytes(digest, "big") >> 1)

    @property
    def requests(self) -> tuple[str, ...]:
        """What goes to the site for it, in words: what is chosen on a page goes behind the page itself."""
        return (self.key.partition("#")[0], self.key) if self.chosen else (self.key,)

    def fact(self, name: str) -> str:
        """What the ask was about, by name; KeyError if it isn't about that."""
        return dict(self.about)[name]


def ask_from(key: str, kind: str, subject: str, about: Mapping[str, str]) -> Ask:
    """The ask that has this key: as it was before it was written down."""
    form, method, where = key.split(" ", 2)
    where, _, chosen = where.partition("#")
    path, _, query = where.partition("?")
    fields = tuple(parse_qsl(query, keep_blank_values=True))
    return Ask(kind, form, method, path, fields, tuple(about.items()), subject, tuple(parse_qsl(chosen)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, byte for byte; `via` says who fetched it: http or chromium."""

    ask: Ask
    status: int
    body: bytes
    fetched_at: datetime
    via: str
    from_archive: bool = False

    @property
    def sha256(self) -> str:
        """Of the body, hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()


def _api_list(kind: str, path: str, subject: str, offset: int, limit: int = LIST_LIMIT, **facts: str) -> Ask:
    paged = (*facts.items(), ("limit", str(limit)), ("offset", str(offset)))
    return Ask(kind, "api", "POST", path, paged, paged, subject)


def club_list(offset: int = 0) -> Ask:
    """The list of clubs."""
    return _api_list("club_list", "/api/club/getTop", "club_list", offset)


def club_members(club_id: int, offset: int = 0) -> Ask:
    """The members of a club."""
    subject = f"club_members/{club_id}"
    return _api_list("club_members", "/api/club/getResidents", subject, offset, id=str(club_id))


def player_list(year: int, region: str, offset: int = 0, limit: int = LIST_LIMIT) -> Ask:
    """The rating list of a year and a region (`all` for every region)."""
    subject = f"player_list/{year}/{region}"
    return _api_list("player_list", "/api/user/getTop", subject, offset, limit, year=str(year), region=region)


def tournament_list(offset: int = 0) -> Ask:
    """The list of all tournaments."""
    return _api_list(
        "tournament_list", "/api/tournament/getAll", "tournament_list", offset, time="all", fsm="all", type="all"
    )


def tournament(tournament_id: int, row: str = "") -> Ask:
    """A tournament with all games and its standing; `row` names what the list says of it now."""
    about = (("id", str(tournament_id)), ("row", row))
    return Ask("tournament", "api", "POST", "/api/tournament/get", about[:1], about, f"tournament/{tournament_id}")


def player_statistics(player_id: int, year: int) -> Ask:
    """A player's official figures of a year."""
    fields = (
        ("id", str(player_id)),
        ("period", str(year)),
        ("gameType", "all"),
        ("tournamentType", "all"),
    )
    about = (("id", str(player_id)), ("year", str(year)))
    subject = f"player_statistics/{player_id}/{year}"
    return Ask("player_statistics", "api", "POST", "/api/stats/get", fields, about, subject)


def _page(kind: str, form: str, path: str, subject: str, query: Facts = (), about: Facts = (), page: str = "") -> Ask:
    """A page as people see it. `form` page: as the server sends it; rendered: as a browser shows it.

    `page` names the query's field for the number of the page, which stands under `page` in `about`.
    """
    number = dict(about).get("page", "1")
    paging = ((page, number),) if number != "1" else ()
    return Ask(kind, form, "GET", path, query + paging, about, subject)


def player_page(year: int, region: str, page: int = 1, form: str = PAGE) -> Ask:
    """A page of the rating list of players, ten a page."""
    query = (("yearUsers", str(year)), ("regionUsers", region))
    about = (("year", str(year)), ("region", region), ("page", str(page)))
    return _page("player_page", form, "/rating", f"player_list/{year}/{region}", query, about, "pageUsers")


def club_list_page(page: int = 1, form: str = PAGE) -> Ask:
    """A page of the rating list of clubs, ten a page, of the season that the site calls current."""
    query = (("tab", "clubs"), ("regionClubs", EVERY_REGION))
    return _page("club_list_page", form, "/rating", "club_list", query, (("page", str(page)),), "pageClubs")


def club_page(club_id: int, page: int = 1, form: str = PAGE) -> Ask:
    """A page of a club: its president and ten members."""
    about = (("id", str(club_id)), ("page", str(page)))
    return _page("club_page", form, f"/club/{club_id}", f"club_members/{club_id}", (), about, "page")


def club_president(club_id: int, form: str = PAGE) -> Ask:
    """The first page of a club, for its president alone."""
    about = (("id", str(club_id)),)
    return _page("club_president", form, f"/club/{club_id}", f"club_president/{club_id}", (), about)


def tournament_list_page(page: int = 1, form: str = PAGE) -> Ask:
    """A page of the list of all tournaments."""
    query = (("time", "all"), ("fsm", "all"), ("type", "all"))
    about = (("page", str(page)),)
    return _page("tournament_list_page", form, "/tournaments", "tournament_list", query, about, "page")


def tournament_games_page(tournament_id: int, form: str = PAGE, row: str = "") -> Ask:
    """All games of a tournament; `row` names what the list says of it now."""
    subject, about = f"tournament/{tournament_id}", (("id", str(tournament_id)), ("row", row))
    return _page("tournament_games_page", form, f"/tournament/{tournament_id}", subject, (("tab", "games"),), about)


def tournament_results_page(tournament_id: int, form: str = PAGE) -> Ask:
    """The standings of a tournament."""
    subject, about = f"tournament/{tournament_id}", (("id", str(tournament_id)),)
    query = (("tab", "tournament"),)
    return _page("tournament_results_page", form, f"/tournament/{tournament_id}", subject, query, about)


def tournament_card(tournament_id: int, form: str = PAGE) -> Ask:
    """A tournament's card, for what only it tells: how many take part."""
    subject, about = f"tournament_card/{tournament_id}", (("id", str(tournament_id)),)
    return _page("tournament_card", form, f"/tournament/{tournament_id}", subject, (), about)


def judge_page(page: int = 1, form: str = PAGE) -> Ask:
    """A page of the accredited judges."""
    return _page("judge_page", form, "/judges", "judge_list", (("tab", "all"),), (("page", str(page)),), "pageJudges")


def player_statistics_page(player_id: int, year: int, form: str = PAGE) -> Ask:
    """A player's statistics page; rendered, that year is chosen in its drop-down, else it is as it opens."""
    about = (("id", str(player_id)), ("year", str(year)))
    subject = f"player_statistics/{player_id}/{year}"
    chosen = (("year", str(year)),) if form == RENDERED else ()
    return Ask("player_statistics_page", form, "GET", f"/stats/{player_id}", (), about, subject, chosen)


def player_history_page(player_id: int, page: int = 1, form: str = PAGE) -> Ask:
    """A page of the tournaments that a player took part in."""
    about = (("id", str(player_id)), ("page", str(page)))
    subject = f"player_history/{player_id}"
    return _page("player_history_page", form, f"/stats/{player_id}", subject, (("tab", "history"),), about, "page")


def robots() -> Ask:
    """The site's robots.txt."""
    return Ask("robots", "text", "GET", "/robots.txt")
