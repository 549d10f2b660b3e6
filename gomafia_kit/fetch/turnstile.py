"""Where every request of a Chromium waits: those that belong to an ask go through, one by one; no other does."""

from __future__ import annotations

import time
from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from gomafia_kit.fetch.replies import MOST_REDIRECTS, is_elsewhere, led_astray, led_away

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import CDPSession

    from gomafia_kit.errors import AskRefusedError

_NEVER_WANTED: Final = (
    *(
        f"*.{ending}{query}"
        for ending in ["css", "png", "jpg", "jpeg", "svg", "webp", "avif", "gif", "ico", "woff", "woff2", "ttf"]
        for query in ("", "?*")
    ),
    "*/_next/image*",
)
_SCRIPTS: Final = "*/_next/static/*"
_BY_SCRIPTS: Final = "*/_next/data/*"
"""What a page's scripts fetch beforehand; where none run, it is fetched if it is asked for."""
_STAYS: Final = "/_next/static/"
"""Files under it never change: their names hold the deployment."""
_OK: Final = 200


Scripts = dict[str, dict[str, Any]]
"""Address of a script -> how a request for it is answered."""


class Turnstile:
    """Lets through what `expect` announced, redirects about the site, and scripts if a page needs them.

    Each request but the first calls `another` before it goes out. Scripts of a deployment are asked
    for once, kept in `scripts` and then given out from there. All requests stop here by CDP's Fetch domain, which,
    unlike Playwright's routes, costs no request of its own; what is never wanted is blocked before.
    """

    def __init__(self, cdp: CDPSession, base_url: str, scripts: Scripts) -> None:
        self._cdp = cdp
        self._base_url = base_url
        self._scripts = scripts
        self._with_scripts = False
        self._blocked: list[str] | None = None
        self._expected: str | None = None
        self._given: bytes | None = None
        self._is_further = False
        self._asked_script: str | None = None
        self._queue: list[dict[str, Any]] = []
        self._passed: set[str] = set()  # a redirect has the network's name of the request that it goes on with
        self._another: Callable[[], None] | None = None
        self._redirects = 0
        self._held_since: float | None = None
        self._seconds_held = 0.0
        self.refusal: AskRefusedError | None = None
        """Why a request of the ask wasn't let through."""
        cdp.on("Fetch.requestPaused", self._paused)
        cdp.send(
            "Fetch.enable",
            {"patterns": [{"urlPattern": "*"}, {"resourceType": "Script", "requestStage": "Response"}]},
        )

    @property
    def seconds_held(self) -> float:
        """How long requests have waited here for their turn."""
        since = self._held_since
        return self._seconds_held + (0.0 if since is None else time.monotonic() - since)

    def begin(self, another: Callable[[], None] | None, *, with_scripts: bool = False) -> None:
        """A new ask: nothing is let through before it is announced."""
        self._another, self.refusal, self._expected = another, None, None
        self._passed.clear()
        self._asked_script, self._queue = None, []
        self._with_scripts = with_scripts

    def before_a_page(self) -> None:
        """A page is to be opened: what is never wanted of one is blocked, and nothing comes from a cache."""
        blocked = [*_NEVER_WANTED, _BY_SCRIPTS if self._with_scripts else _SCRIPTS]
        if self._blocked is None:
            # Bodies are taken elsewhere: what this session kept of them would stay in the page's memory.
            self._cdp.send("Network.enable", {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0})
            self._cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})  # it is wanted as it is now
        if blocked != self._blocked:
            self._cdp.send("Network.setBlockedURLs", {"urls": blocked})
            self._blocked = blocked

    def before_a_fetch(self) -> None:
        """Nothing but one `fetch()` is to come: nobody need be told of the network, of each piece of an answer."""
        if self._blocked is not None:
            self._cdp.send("Network.disable")
            self._blocked = None

    def expect(self, url: str, *, further: bool = False) -> None:
        """Let the next request to that path through, and where the site redirects it to.

        `further`: another went out for the same ask before, so this one waits its turn.
        """
        self._expected, self._is_further, self._redirects = urlsplit(url).path, further, 0
        self._given = None

    def give(self, url: str, text: bytes) -> None:
        """Answer the next request to that path here, with a text: nothing goes out."""
        self._expected, self._given = urlsplit(url).path, text

    def _wait(self) -> None:
        """Return when it is the turn of one more request."""
        self._held_since = time.monotonic()
        try:
            if self._another is not None:
                self._another()
        finally:
            self._seconds_held += time.monotonic() - self._held_since
            self._held_since = None

    # -- a request that stands here ---------------------------------------------------------------

    def _paused(self, event: dict[str, Any]) -> None:
        from playwright.sync_api import Error

        with suppress(Error):  # the page has given the request up, or the browser has ended
            if "responseStatusCode" in event or "responseErrorReason" in event:
                self._script_came(event)
            else:
                self._wanted(event)

    def _wanted(self, event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        if event.get("networkId") in self._passed:
            self._redirected(event, url)
        elif event["resourceType"] == "Script":
            self._script_wanted(event, url)
        elif urlsplit(url).path == self._expected and not is_elsewhere(self._base_url, url):
            self._expected = None
            if self._given is not None:
                self._fulfil(event, self._given)
                return
            if self._is_further:
                self._wait()
            self._let_through(event)
        else:
            self._turn_away(event)

    def _redirected(self, event: dict[str, Any], url: str) -> None:
        self._redirects += 1
        if is_elsewhere(self._base_url, url):
            self.refusal = led_away(self._base_url, url)
        elif self._redirects > MOST_REDIRECTS:
            self.refusal = led_astray(url)
        else:
            self._wait()
            self._let_through(event)
            return
        self._turn_away(event)

    def _script_wanted(self, event: dict[str, Any], url: str) -> None:
        if not self._with_scripts or is_elsewhere(self._base_url, url):
            self._turn_away(event)
        elif url in self._scripts:
            self._cdp.send("Fetch.fulfillRequest", {"requestId": event["requestId"], **self._scripts[url]})
        elif self._asked_script is not None:
            self._queue.append(event)  # one at a time: the next when this one is answered
        else:
            self._asked_script = url
            self._wait()
            self._let_through(event)

    def _script_came(self, event: dict[str, Any]) -> None:
        from playwright.sync_api import Error

        with suppress(Error):  # kept if it can be
            self._keep_script(event)
        self._let_through(event)
        self._asked_script = None
        queue, self._queue = self._queue, []
        for waiting in queue:
            self._script_wanted(waiting, waiting["request"]["url"])

    def _keep_script(self, event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        if event.get("responseStatusCode") != _OK or not urlsplit(url).path.startswith(_STAYS):
            return
        found = self._cdp.send("Fetch.getResponseBody", {"requestId": event["requestId"]})
        kind = [header for header in event["responseHeaders"] if header["name"].lower() == "content-type"]
        body = found["body"] if found["base64Encoded"] else b64encode(found["body"].encode()).decode()
        self._scripts[url] = {"responseCode": _OK, "responseHeaders": kind, "body": body}

    def _fulfil(self, event: dict[str, Any], text: bytes) -> None:
        kind = [{"name": "Content-Type", "value": "text/plain; charset=utf-8"}]
        reply = {"responseCode": _OK, "responseHeaders": kind, "body": b64encode(text).decode()}
        self._cdp.send("Fetch.fulfillRequest", {"requestId": event["requestId"], **reply})

    def _let_through(self, event: dict[str, Any]) -> None:
        if name := event.get("networkId"):
            self._passed.add(name)
        self._cdp.send("Fetch.continueRequest", {"requestId": event["requestId"]})

    def _turn_away(self, event: dict[str, Any]) -> None:
        self._cdp.send("Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "BlockedByClient"})
