"""Answers by a real Chromium: the same engine, cookies and TLS as a person's browser."""

from __future__ import annotations

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlencode

from gomafia_kit.errors import BrowserEndedError, BrowserError, FetchError
from gomafia_kit.fetch.browser import find_chromium
from gomafia_kit.fetch.driver import children, kill, profiles_of
from gomafia_kit.fetch.engine import NOTHING_LOST, SECONDS_TO_START, Engine
from gomafia_kit.fetch.manners import user_agent
from gomafia_kit.fetch.replies import MOST_BYTES, check
from gomafia_kit.site import Answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType

    from playwright.sync_api import StorageState

    from gomafia_kit.fetch.replies import Reply
    from gomafia_kit.fetch.turnstile import Scripts
    from gomafia_kit.site import Ask

MOST_PAGES: Final = 250
"""Of one browser: Playwright's driver grows with each, and after some 500 dies of its heap's limit."""
SECONDS_TO_LOAD: Final = 60.0
SECONDS_TO_CLOSE: Final = 5.0
SECONDS_OF_GRACE: Final = 15.0
"""Playwright keeps the time itself; a browser that is silent so much longer is ended."""
SECONDS_TO_TELL: Final = 2.0
_SECONDS_A_LOOK: Final = 0.25


class ChromiumFetcher:
    """Puts one ask after another to one site through one browser, by the form of the ask.

    api, page, text: as the server sends it, by `fetch()` from inside an open page of the site. rendered: the page
    as the browser shows it, with what is chosen on it.

    It may be used from any thread, and where an event loop runs (a notebook): the browser is driven
    by a thread of its own. `tell` gets the sentences that a person should know. A browser that ended
    or hung is an error of that ask; the next ask starts another one. After `pages_per_browser` asks, and never
    more than MOST_PAGES, it is replaced as well, but for an ask that goes on on the page that it shows; the next one
    has its cookies, and the scripts that came.
    """

    via = "chromium"

    def __init__(
        self,
        base_url: str,
        contact: str,
        tell: Callable[[str], None] | None = None,
        seconds_to_load: float = SECONDS_TO_LOAD,
        most_bytes: int = MOST_BYTES,
        pages_per_browser: int | None = None,
    ) -> None:
        self.base_url = base_url
        self._contact = contact
        self._tell = tell
        self._seconds = seconds_to_load
        self._most_bytes = most_bytes
        self._most_pages = min(pages_per_browser or MOST_PAGES, MOST_PAGES)
        self._carried: StorageState | None = None
        self._scripts: Scripts = {}
        self._thread = ThreadPoolExecutor(1, "chromium")
        self._browser: Engine | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fetch(self, ask: Ask, another: Callable[[], None] | None = None) -> Answer:
        """The site's answer to one ask, tried once; `another` is called before each further request.

        Raises SiteUnreachableError, SiteBusyError, BrowserEndedError (all passing), AskRefusedError, NoSuchPageError or
        BrowserError.
        """
        query = f"?{urlencode(ask.fields)}" if ask.fields and ask.method == "GET" else ""
        url = f"{self.base_url}{ask.path}{query}"
        if self._browser is not None and self._browser.asks >= self._most_pages and not self._browser.shows(url):
            self.rest()
        browser = self._opened()
        try:
            reply = self._ended(self._thread.submit(browser.put, ask, url, another), browser)
        except FutureTimeoutError:
            self._abandon()
            raise BrowserEndedError(f"Chromium hung at {url}: it was ended.", NOTHING_LOST) from None
        except FetchError:
            if browser.is_spent:
                self._abandon()
            raise
        check(ask, reply)
        return Answer(ask, reply.status, reply.body, datetime.now(UTC), self.via)

    def _ended(self, work: Future[Reply], browser: Engine) -> Reply:
        """What the browser's thread gives, if in time; waiting for a request's turn is no time of the browser's."""
        give_up = time.monotonic() + self._seconds + SECONDS_OF_GRACE - browser.seconds_held
        while True:
            try:
                return work.result(_SECONDS_A_LOOK)
            except FutureTimeoutError:
                if time.monotonic() - browser.seconds_held > give_up:
                    raise

    def gauges(self) -> list[tuple[str, str, float]]:
        """What the browser tells of its pages: (what it is of, name with its unit, figure); nothing without one.

        It is asked between two asks; a browser that is silent is left alone.
        """
        browser = self._browser
        if browser is None:
            return []
        try:
            return self._thread.submit(browser.gauges).result(SECONDS_TO_TELL)
        except FutureTimeoutError:
            return []

    def rest(self) -> None:
        """End the browser and its driver until the next ask: what they hold goes back to the system."""
        browser = self._browser
        if browser is not None:
            with suppress(FutureTimeoutError):
                self._carried = self._thread.submit(browser.carried).result(SECONDS_TO_CLOSE)
                self._thread.submit(browser.close).result(SECONDS_TO_CLOSE)
        self._abandon()

    def close(self) -> None:
        """End the browser and its driver for good."""
        self.rest()
        self._thread.shutdown()

    def _opened(self) -> Engine:
        """The browser, started if it isn't there."""
        if self._browser is None:
            chromium = find_chromium()
            if chromium is None:
                raise BrowserError(
                    "No Chromium was found on this machine.",
                    "Get one by: python -m gomafia_kit.fetch.browser --install, or use via=http.",
                )
            # Chromium can't sandbox itself as root; as anybody else it does.
            as_root = hasattr(os, "geteuid") and os.geteuid() == 0
            if as_root and self._tell is not None:
                self._tell("Chromium runs without its sandbox: it has none as root.")
                self._tell = None  # once is enough
            browser = Engine(
                chromium,
                self.base_url,
                user_agent(self._contact),
                self._seconds,
                self._most_bytes,
                sandbox=not as_root,
                scripts=self._scripts,
                carried=self._carried,
            )
            self._browser, self._carried = browser, None
            try:
                self._thread.submit(browser.open).result(SECONDS_TO_START + SECONDS_OF_GRACE)
            except FutureTimeoutError:
                self._abandon()
                raise BrowserEndedError(f"{chromium} didn't start in time: it was ended.", NOTHING_LOST) from None
            except FetchError:
                self._abandon()
                raise
        return self._browser

    def _abandon(self) -> None:
        """Forget the browser and see that none of its processes is left.

        Chromium goes first: its driver then clears away the profile, and is given the time for it, for it wouldn't
        once it is told to end. What a driver that hangs leaves of it is cleared away here.
        """
        browser, self._browser = self._browser, None
        if browser is None:
            return
        below = [each for driver in browser.drivers for each in children(driver, recursive=True)]
        profiles = profiles_of(below)
        kill(*below)
        _until_cleared(profiles)
        with suppress(FutureTimeoutError):
            self._thread.submit(browser.close).result(SECONDS_TO_CLOSE)
        for driver in browser.drivers:
            kill(driver, *children(driver, recursive=True))
        for profile in profiles:
            shutil.rmtree(profile, ignore_errors=True)


def _until_cleared(profiles: set[Path]) -> None:
    """Return once these folders are gone, or after the time in which they should be."""
    give_up = time.monotonic() + SECONDS_TO_CLOSE
    while any(profile.exists() for profile in profiles) and time.monotonic() < give_up:
        time.sleep(_SECONDS_A_LOOK / 10)
