"""The site: takes a request, gives a reply; knows nothing of sockets."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo import _api
from gomafia_kit.demo._faults import Faults
from gomafia_kit.demo._http import JSON, Reply
from gomafia_kit.demo._log import Log

if TYPE_CHECKING:
    from gomafia_kit.demo._http import Request
    from gomafia_kit.demo.league import League

_ROBOTS: Final = "User-agent: *\nDisallow: /admin/\nDisallow: /profile/\n\nHost: gomafia.pro\n"


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
        return self._hash("build")[:21]

    def redeploy(self) -> None:
        """A new deployment: another build id, other class hashes."""
        self.deployment += 1

    def _hash(self, word: str) -> str:
        return hashlib.sha256(f"{self.league.world.seed} {self.deployment} {word}".encode()).hexdigest()

    def reply(self, request: Request) -> Reply:
        """The answer to a request, sound."""
        if request.path.startswith("/api/"):
            return self._api(request)
        if request.path == "/robots.txt":
            return Reply(self.robots.encode(), "text/plain; charset=utf-8")
        return Reply(b"Not Found", status=404)

    def _api(self, request: Request) -> Reply:
        if request.path in _api.CALLS and request.method != "POST":
            return Reply(b'{"result":"error","message":"Method Not Allowed"}', JSON, 405, (("allow", "POST"),))
        body = _api.answer(self.league, request.path, request.fields)
        if body is None:
            return Reply(b'{"result":"error","message":"Not Found"}', JSON, 404)
        return Reply(body.encode(), JSON)
