"""Answers over plain HTTP."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

import httpx2

from gomafia_kit.errors import AskRefusedError, SettingsError, SiteBusyError, SiteUnreachableError
from gomafia_kit.fetch.manners import BUSY_STATUSES, retry_after, user_agent
from gomafia_kit.site import Answer

if TYPE_CHECKING:
    from types import TracebackType

    from gomafia_kit.site import Ask

SECONDS_TO_CONNECT: Final = 10.0
SECONDS_TO_ANSWER: Final = 60.0
_OK: Final = 200
_MISSING: Final = frozenset({404, 410})


class HttpFetcher:
    """Asks one site over HTTP; proxies and certificates by the usual environment variables."""

    via = "http"

    def __init__(self, base_url: str, contact: str) -> None:
        self.base_url = base_url
        timeout = httpx2.Timeout(SECONDS_TO_ANSWER, connect=SECONDS_TO_CONNECT)
        try:
            self._client = httpx2.Client(
                base_url=base_url, headers={"User-Agent": user_agent(contact)}, timeout=timeout
            )
        except (ValueError, httpx2.InvalidURL) as error:
            raise SettingsError(f"source: {base_url!r} can't be used: {error}.", "Check the address.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def fetch(self, ask: Ask) -> Answer:
        """The site's answer to one ask, tried once.

        Raises SiteUnreachableError, SiteBusyError (both passing) or AskRefusedError.
        """
        fields = dict(ask.fields)
        try:
            response = self._client.request(
                ask.method,
                ask.path,
                params=fields if ask.method == "GET" and fields else None,
                data=fields if ask.method == "POST" else None,
            )
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise SiteUnreachableError(
                f"{self.base_url}{ask.path}: {_reason(error)}.",
                "Check the address and the network, then run again: nothing is lost.",
            ) from error
        answer = Answer(ask, response.status_code, response.content, datetime.now(UTC), self.via)
        self._check(answer, response)
        return answer

    def _check(self, answer: Answer, response: httpx2.Response) -> None:
        where = f"{self.base_url}{answer.ask.path}"
        if answer.status in BUSY_STATUSES:
            wait = retry_after(response.headers.get("Retry-After"), time.time())
            told = "" if wait is None else f" and asks to wait {wait:.0f} s"
            raise SiteBusyError(
                f"{where}: the site is busy (status {answer.status}){told}.",
                "Run again later: nothing is lost.",
                wait,
            )
        if answer.ask.form == "text" and answer.status in _MISSING:
            return
        if answer.status != _OK:
            raise AskRefusedError(f"{where}: the site answered with status {answer.status}.", "See docs/errors.md.")
        kind = response.headers.get("Content-Type", "")
        if answer.ask.form == "api" and ("html" in kind or answer.body.lstrip()[:1] == b"<"):
            raise SiteBusyError(f"{where}: HTML came where JSON was expected.", "Run again later: nothing is lost.")


def _reason(error: Exception) -> str:
    words = {
        httpx2.ConnectTimeout: "no connection within the time limit",
        httpx2.ReadTimeout: "no answer within the time limit",
        httpx2.ConnectError: "no connection",
        httpx2.RemoteProtocolError: "the connection broke off",
        httpx2.ReadError: "the connection broke off",
    }
    word = next((text for kind, text in words.items() if isinstance(error, kind)), "the request failed")
    return f"{word} ({error})" if str(error) else word
