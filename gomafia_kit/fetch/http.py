"""Answers over plain HTTP."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote, urlencode, urljoin
from urllib.request import Request

import urllib3
from urllib3 import exceptions as broken
from urllib3.util import parse_url

from gomafia_kit.errors import SettingsError, SiteUnreachableError
from gomafia_kit.fetch.connections import connections_to
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
    led_nowhere,
    too_large,
)
from gomafia_kit.site import Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from gomafia_kit.site import Ask

SECONDS_TO_CONNECT: Final = 10.0
SECONDS_TO_ANSWER: Final = 60.0
_BYTES_A_PIECE: Final = 1 << 16
_OF_FORMS: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_ASK_THE_SAME: Final = frozenset({307, 308})
"""Redirects that are followed with the form and its fields; the others lead to a page."""
_OF_ADDRESSES: Final = "!#$%&'()*+,/:;=?@[]~"
_WORDS: Final = {
    broken.ProxyError: "no way through the proxy that the environment names",
    broken.NewConnectionError: "no connection",
    broken.ConnectTimeoutError: "no connection within the time limit",
    broken.ReadTimeoutError: "no answer within the time limit",
    broken.SSLError: "no secure connection",
    broken.ProtocolError: "the connection broke off",
    broken.DecodeError: "the answer can't be unpacked",
}
"""What is said of each way in which a request fails; the first that fits, for some are kinds of others."""


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
        self._headers = {"User-Agent": user_agent(contact), "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
        self._cookies = CookieJar()
        try:
            self._pool = connections_to(base_url)
            self._pool.connection_from_url(base_url)
        except (ValueError, broken.LocationValueError) as error:
            raise SettingsError(f"source: {base_url!r} can't be used: {error}.", "Check the address.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def fetch(self, ask: Ask, another: Callable[[], None] | None = None) -> Answer:
        """The site's answer to one ask, tried once; `another` is called before each further request (a redirect).

        Raises SiteUnreachableError, SiteBusyError (both passing) or AskRefusedError.
        """
        try:
            reply = self._follow(ask, another)
        except broken.HTTPError as error:
            raise self._unreachable(ask, _reason(error), passing=not is_distrust(str(error))) from error
        check(ask, reply)
        return Answer(ask, reply.status, reply.body, datetime.now(UTC), self.via)

    def _follow(self, ask: Ask, another: Callable[[], None] | None) -> Reply:
        """The reply at the end of the site's redirects, which may lead about the site but not away from it."""
        request: _Request | None = _of(ask, self.base_url)
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
        self._cookies.add_cookie_header(request)
        response = self._pool.urlopen(
            request.get_method(),
            request.full_url,
            body=request.fields,
            headers=self._headers | dict(request.header_items()),
            timeout=urllib3.Timeout(connect=min(self._seconds, SECONDS_TO_CONNECT), read=self._seconds),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            self._cookies.extract_cookies(response, request)  # type: ignore[arg-type]  # what it reads of one is there
            further = _further(request, response)
            body = b"" if further else self._body(ask, request.full_url, response, give_up)
        finally:
            response.close()  # of a body that was read to its end the connection is kept
        told = response.headers
        reply = Reply(request.full_url, response.status, body, told.get("Content-Type", ""), told.get("Retry-After"))
        return reply, further

    def _body(self, ask: Ask, url: str, response: urllib3.BaseHTTPResponse, give_up: float) -> bytes:
        told = response.headers.get("Content-Length", "")
        if told.isdecimal() and int(told) > self._most_bytes:
            raise too_large(url, self._most_bytes, told)
        pieces, size = [], 0
        while piece := response.read1(_BYTES_A_PIECE):  # as they come: a slow drip must not outlast the time limit
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
    """A request as a jar of cookies wants to see it; with fields it is a form's."""

    def __init__(self, url: str, fields: bytes | None = None) -> None:
        super().__init__(url, fields, {} if fields is None else _OF_FORMS)
        self.fields = fields


def _of(ask: Ask, base_url: str) -> _Request:
    url, fields = f"{base_url}{ask.path}", urlencode(ask.fields)
    if ask.method == "POST":
        return _Request(url, fields.encode())
    return _Request(f"{url}?{fields}" if fields else url)


def _further(request: _Request, response: urllib3.BaseHTTPResponse) -> _Request | None:
    """The request that a redirect leads to; None for a reply that is none."""
    location = response.get_redirect_location()
    if not location:
        return None
    location = quote(location, _OF_ADDRESSES, encoding="latin-1")
    try:
        url = parse_url(urljoin(request.full_url, location)).url
    except ValueError:
        raise led_nowhere(request.full_url, location) from None
    return _Request(url, request.fields if response.status in _ASK_THE_SAME else None)


def _reason(error: broken.HTTPError) -> str:
    reason = str(_innermost(error))  # what urllib3 puts around it tells the address once more
    if is_distrust(reason):
        why = reason.rpartition("certificate verify failed: ")[2].partition(" (_ssl.c")[0]
        return (
            f"its certificate isn't trusted here ({why}); if it is your own network's, name the file with its"
            " authority by SSL_CERT_FILE"
        )
    word = next((text for kind, text in _WORDS.items() if isinstance(error, kind)), "the request failed")
    return f"{word} ({reason})" if reason else word


def _innermost(error: BaseException) -> BaseException:
    """The error for which the others were raised."""
    within = next((part for part in error.args if isinstance(part, BaseException)), error.__cause__)
    return error if within is None else _innermost(within)
