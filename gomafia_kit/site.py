"""What can be asked of the site: one builder for each call and page, and the answer as it came.

Facts are from the site's contract: `POST /api/...` with form fields, lists by `limit` and `offset`;
pages by GET. An ask knows nothing of the host: the same ask goes to gomafia.pro or a demo site.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

if TYPE_CHECKING:
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
FIRST_YEAR: Final = 2019
"""The first season that the rating lists know."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to ask the site for.

    `kind` says what the answer holds, `form` how it is read (api, dom, text). `subject` names what it
    tells of, the same in every form: the pages of a list share it, and so do the pages of one thing; what
    a subject's newest reading no longer has is gone. `about` is what the parser must know and the answer
    doesn't say (an id, a year, a region).
    `key` is the ask in words, the same for ever: what ledger and archive know it by. `ask_id` is a
    positive 63-bit number made from it: it stands in every row of the answer.
    """

    kind: str
    form: str
    method: str
    path: str
    fields: tuple[tuple[str, str], ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    subject: str = ""
    key: str = field(init=False, compare=False)
    ask_id: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        query = urlencode(self.fields)
        key = f"{self.form} {self.method} {self.path}" + (f"?{query}" if query else "")
        digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "ask_id", int.from_bytes(digest, "big") >> 1)

    def fact(self, name: str) -> str:
        """What the ask was about, by name; KeyError if it isn't about that."""
        return dict(self.about)[name]


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


def tournament(tournament_id: int) -> Ask:
    """A tournament with all games and its standing."""
    about = (("id", str(tournament_id)),)
    return Ask("tournament", "api", "POST", "/api/tournament/get", about, about, f"tournament/{tournament_id}")


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


def player_page(year: int, region: str, page: int = 1) -> Ask:
    """A page of the rating list as people see it, ten players a page."""
    facts = (("yearUsers", str(year)), ("regionUsers", region))
    paging = (("pageUsers", str(page)),) if page > 1 else ()
    about = (("year", str(year)), ("region", region), ("page", str(page)))
    return Ask("player_page", "dom", "GET", "/rating", facts + paging, about, f"player_list/{year}/{region}")


def robots() -> Ask:
    """The site's robots.txt."""
    return Ask("robots", "text", "GET", "/robots.txt")
