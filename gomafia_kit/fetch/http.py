"""Answers over plain HTTP."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from http.client import HTTPException
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote, urlencode, urljoin, urlsplit
from urllib.request import Request

from gomafia_kit.errors import SettingsError, SiteUnreachableError
from gomafia_kit.fetch.connection import ENCODINGS, Connection, pieces_of
from gomafia_kit.fetch.manners import user_agent
from gomafia_kit.fetch.replies import (
    MOST_BYTES,
    MOST_REDIRECTS,
    Reply,
    check,
    is_distrust,
    is_elsewhere,
    led_astray,
    led_away,
    too_large,
)
from gomafia_kit.site import Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPResponse
    from types import TracebackType

    from gomafia_kit.site import Ask

SECONDS_TO_CONNECT: Final = 10.0
SECONDS_TO_ANSWER: Final = 60.0
_OF_FORMS: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_ASK_ELSEWHERE: Final = frozenset({301, 302, 303, 307, 308})
_ASK_THE_SAME: Final = frozenset({307, 308})
"""Redirects that are followed with the form and its fields; the others lead to a page."""
_OF_ADDRESSES: Final = "!#$%&'()*+,/:;=?@[]~"


class HttpFetcher:
    """Asks one site over HTTP; proxies and certificates by the usual environment variables.

    An answer has `seconds` to come whole and may have `most_bytes`.
    """

    via = "http"

    def __init__(
        self, base_url: str, contact: str, seconds: float = SECONDS_TO_ANSWER, most_bytes: int = MOST_BYTES
    ) -> None:
        self.base_url = base_url
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._headers = {"User-Agent": user_agent(contact), "Accept": "*/*", "Accept-Encoding": ENCODINGS}
        self._cookies = CookieJar()
        self._connections: dict[str, Connection] = {}
        try:
            self._connection_to(base_url)
        except ValueError as error:
            raise SettingsError(f"source: {base_url!r} can't be used: {error}.", "Check the address.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections.values():
            connection.close()

    def fetch(self, ask: Ask, another: Callable[[], None] | None = None) -> Answer:
        """The site's answer to one ask, tried once; `another` is called before each further request (a redirect).

        Raises SiteUnreachableError, SiteBusyError (both passing) or AskRefusedError.
        """
        reply = self._follow(ask, another)
        check(ask, reply)
        return Answer(ask, reply.status, reply.body, datetime.now(UTC), self.via)

    def _follow(self, ask: Ask, another: Callable[[], None] | None) -> Reply:
        """The reply at the end of the site's redirects, which may lead about the site but not away from it."""
        request: _Request | None = _request(ask, self.base_url)
        for step in range(MOST_REDIRECTS + 1):
            if step and another is not None:
                another()
            assert request is not None  # noqa: S101 - of the first round, or looked at in the last
            reply, request = self._exchange(ask, request)
            if request is None:
                return reply
            if is_elsewhere(self.base_url, request.full_url):
                raise led_away(reply.url, request.full_url)
        raise led_astray(reply.url)

    def _exchange(self, ask: Ask, request: _Request) -> tuple[Reply, _Request | None]:
        """One request: what came, and the request that a redirect leads to."""
        give_up = time.monotonic() + self._seconds
        connection = self._open(ask, request.full_url)
        self._cookies.add_cookie_header(request)
        headers = self._headers | dict(request.header_items())
        body = request.data if isinstance(request.data, bytes) else None
        try:
            with connection.put(request.get_method(), request.selector, body, headers) as response:
                self._cookies.extract_cookies(response, request)
                further = _further(request, response)
                content = b"" if further else self._body(ask, request.full_url, response, give_up)
        except (OSError, HTTPException) as error:
            raise self._unreachable(ask, _why_broken(error)) from error
        told = response.headers
        reply = Reply(request.full_url, response.status, content, told.get("Content-Type", ""), told.get("Retry-After"))
        return reply, further

    def _open(self, ask: Ask, url: str) -> Connection:
        connection = self._connection_to(url)
        try:
            connection.open()
        except OSError as error:
            raise self._unreachable(ask, _why_unconnected(error), passing=not is_distrust(str(error))) from error
        return connection

    def _connection_to(self, url: str) -> Connection:
        """The connection to a URL's host; one to each, for a site may lead from http to https."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._connections:
            self._connections[origin] = Connection(origin, min(self._seconds, SECONDS_TO_CONNECT), self._seconds)
        return self._connections[origin]

    def _body(self, ask: Ask, url: str, response: HTTPResponse, give_up: float) -> bytes:
        told = response.headers.get("Content-Length", "")
        if told.isdigit() and int(told) > self._most_bytes:
            raise too_large(url, self._most_bytes, int(told))
        pieces, size = [], 0
        for piece in pieces_of(response):
            pieces.append(piece)
            size += len(piece)
            if size > self._most_bytes:
                raise too_large(url, self._most_bytes)
            if time.monotonic() > give_up:
                raise self._unreachable(ask, f"no whole answer within {self._seconds:g} s")
        return b"".join(pieces)

    def _unreachable(self, ask: Ask, reason: str, *, passing: bool = True) -> SiteUnreachableError:
        return SiteUnreachableError(
            f"{self.base_url}{ask.path}: {reason}.",
            "Check the address and the network, then run again: nothing is lost.",
            passing=passing,
        )


class _Request(Request):
    """A request as a jar of cookies wants to see it."""


def _request(ask: Ask, base_url: str) -> _Request:
    url, fields = f"{base_url}{ask.path}", urlencode(ask.fields)
    if ask.method == "POST":
        return _Request(url, fields.encode(), _OF_FORMS, method="POST")
    return _Request(f"{url}?{fields}" if fields else url)


def _further(request: _Request, response: HTTPResponse) -> _Request | None:
    """The request that a redirect leads to; None for a reply that is none."""
    location = response.headers.get("Location")
    if response.status not in _ASK_ELSEWHERE or not location:
        return None
    url = urljoin(request.full_url, quote(location, _OF_ADDRESSES, encoding="latin-1"))
    if response.status in _ASK_THE_SAME and request.get_method() == "POST":
        return _Request(url, request.data, _OF_FORMS, method="POST")
    return _Request(url)


def _why_unconnected(error: OSError) -> str:
    reason = str(error)
    if is_distrust(reason):
        why = reason.rpartition("certificate verify failed: ")[2].partition(" (_ssl.c")[0]
        return (
            f"its certificate isn't trusted here ({why}); if it is your own network's, name the file with its"
            " authority by SSL_CERT_FILE"
        )
    if isinstance(error, TimeoutError):
        return f"no connection within the time limit ({reason})"
    if reason.startswith("Tunnel connection failed"):
        return f"the proxy that the environment names refuses ({reason})"
    return f"no connection ({reason})"


def _why_broken(error: OSError | HTTPException) -> str:
    what = "no answer within the time limit" if isinstance(error, TimeoutError) else "the connection broke off"
    return f"{what} ({error})" if str(error) else what
