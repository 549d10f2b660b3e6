"""Answers over plain HTTP."""

from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

import httpx2

from gomafia_kit.errors import SettingsError, SiteUnreachableError
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
from gomafia_kit.settings import is_loopback
from gomafia_kit.site import Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from gomafia_kit.site import Ask

SECONDS_TO_CONNECT: Final = 10.0
SECONDS_TO_ANSWER: Final = 60.0
_EVERY_SCHEME: Final = ("all://", "http://", "https://")


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
        try:
            self._client = httpx2.Client(
                base_url=base_url,
                headers={"User-Agent": user_agent(contact)},
                timeout=httpx2.Timeout(seconds, connect=min(seconds, SECONDS_TO_CONNECT)),
                # This machine is no business of a proxy's, whatever the environment says.
                mounts=dict.fromkeys(_EVERY_SCHEME) if is_loopback(base_url) else None,
            )
        except (ValueError, httpx2.InvalidURL) as error:
            raise SettingsError(f"source: {base_url!r} can't be used: {error}.", "Check the address.") from error
        except (ssl.SSLError, OSError) as error:
            raise SettingsError(
                f"The certificates that the environment names can't be read: {error}.",
                "Correct SSL_CERT_FILE and SSL_CERT_DIR: a PEM file, a folder of such files.",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def fetch(self, ask: Ask, another: Callable[[], None] | None = None) -> Answer:
        """The site's answer to one ask, tried once; `another` is called before each further request (a redirect).

        Raises SiteUnreachableError, SiteBusyError (both passing) or AskRefusedError.
        """
        try:
            reply = self._follow(ask, another)
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise self._unreachable(ask, _reason(error), passing=not is_distrust(str(error))) from error
        check(ask, reply)
        return Answer(ask, reply.status, reply.body, datetime.now(UTC), self.via)

    def _follow(self, ask: Ask, another: Callable[[], None] | None) -> Reply:
        """The reply at the end of the site's redirects, which may lead about the site but not away from it."""
        fields = dict(ask.fields)
        request: httpx2.Request | None = self._client.build_request(
            ask.method,
            ask.path,
            params=fields if ask.method == "GET" and fields else None,
            data=fields if ask.method == "POST" else None,
        )
        for step in range(MOST_REDIRECTS + 1):
            if step and another is not None:
                another()
            assert request is not None  # noqa: S101 - of the first round, or looked at in the last
            reply, request = self._exchange(ask, request)
            if request is None:
                return reply
            if is_elsewhere(self.base_url, str(request.url)):
                raise led_away(reply.url, str(request.url))
        raise led_astray(reply.url)

    def _exchange(self, ask: Ask, request: httpx2.Request) -> tuple[Reply, httpx2.Request | None]:
        """One request: what came, and the request that a redirect leads to."""
        give_up = time.monotonic() + self._seconds
        response = self._client.send(request, stream=True)
        try:
            body = b"" if response.next_request else self._body(ask, response, give_up)
        finally:
            response.close()
        headers = response.headers
        reply = Reply(
            str(response.url),
            response.status_code,
            body,
            headers.get("Content-Type", ""),
            headers.get("Retry-After"),
        )
        return reply, response.next_request

    def _body(self, ask: Ask, response: httpx2.Response, give_up: float) -> bytes:
        told = response.headers.get("Content-Length", "")
        if told.isdigit() and int(told) > self._most_bytes:
            raise too_large(str(response.url), self._most_bytes, int(told))
        body = bytearray()
        for piece in response.iter_bytes():
            body += piece
            if len(body) > self._most_bytes:
                raise too_large(str(response.url), self._most_bytes)
            if time.monotonic() > give_up:
                raise self._unreachable(ask, f"no whole answer within {self._seconds:g} s")
        return bytes(body)

    def _unreachable(self, ask: Ask, reason: str, *, passing: bool = True) -> SiteUnreachableError:
        return SiteUnreachableError(
            f"{self.base_url}{ask.path}: {reason}.",
            "Check the address and the network, then run again: nothing is lost.",
            passing=passing,
        )


def _reason(error: Exception) -> str:
    if is_distrust(str(error)):
        why = str(error).rpartition("certificate verify failed: ")[2].partition(" (_ssl.c")[0]
        return (
            f"its certificate isn't trusted here ({why}); if it is your own network's, name the file with its"
            " authority by SSL_CERT_FILE"
        )
    words = {
        httpx2.ConnectTimeout: "no connection within the time limit",
        httpx2.ReadTimeout: "no answer within the time limit",
        httpx2.ProxyError: "the proxy that the environment names refuses",
        httpx2.ConnectError: "no connection",
        httpx2.RemoteProtocolError: "the connection broke off",
        httpx2.ReadError: "the connection broke off",
    }
    word = next((text for kind, text in words.items() if isinstance(error, kind)), "the request failed")
    return f"{word} ({error})" if str(error) else word
