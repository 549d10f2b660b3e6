"""Rendered pages by a real Chromium: the same engine, cookies and TLS as a person's browser.

Subresources are blocked by CDP (the server's HTML holds what we want, and routing would switch the
HTTP cache off), garbage is collected every ten pages, and heaps are capped: so memory stays flat.
The browser reaches the site's own host and no other.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlencode, urlsplit

from gomafia_kit.errors import (
    AskRefusedError,
    BrowserError,
    FetchError,
    SiteBusyError,
    SiteUnreachableError,
    UnavailableError,
)
from gomafia_kit.fetch.browser import find_chromium
from gomafia_kit.fetch.driver import children, drivers, kill
from gomafia_kit.fetch.manners import BUSY_STATUSES, retry_after, user_agent
from gomafia_kit.site import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    import psutil
    from playwright.sync_api import CDPSession, Page, Playwright, Request

    from gomafia_kit.fetch.browser import Chromium
    from gomafia_kit.site import Ask

SECONDS_TO_LOAD: Final = 60.0
SECONDS_TO_START: Final = 60.0
SECONDS_TO_CLOSE: Final = 5.0
SECONDS_OF_GRACE: Final = 15.0
"""Playwright keeps the time itself; a browser that is silent so much longer is ended."""
PAGES_A_COLLECTION: Final = 10
_MILLISECONDS_A_LOOK: Final = 250
_OK: Final = 200
_BLOCKED_ENDINGS: Final = (
    "css",
    "js",
    "png",
    "jpg",
    "jpeg",
    "svg",
    "webp",
    "avif",
    "gif",
    "ico",
    "woff",
    "woff2",
    "ttf",
)
_BLOCKED: Final = (
    *(f"*.{ending}{query}" for ending in _BLOCKED_ENDINGS for query in ("", "?*")),
    "*/_next/static/*",
    "*/_next/image*",
    "*/_next/data/*",
)
_DRIVER_HEAP: Final = "--max-old-space-size=48 --max-semi-space-size=1"
_PAGE_HEAP: Final = "--js-flags=--max-old-space-size=64 --max-semi-space-size=1"
_CHECK_NETWORK: Final = "Check the network, then run again: nothing is lost."
_NOTHING_LOST: Final = "Run again: nothing is lost."


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A page that was read: where it came from in the end, its status, what it waits for, its content."""

    url: str
    status: int
    retry_after: str | None
    content: str


class ChromiumFetcher:
    """Opens one page after another in one browser.

    It may be used from any thread, and where an event loop runs (a notebook): the browser is driven
    by a thread of its own. `tell` gets the sentences that a person should know. A browser that ended
    or hung is an error of that ask; the next ask starts another one.
    """

    via = "chromium"

    def __init__(
        self,
        base_url: str,
        contact: str,
        tell: Callable[[str], None] | None = None,
        seconds_to_load: float = SECONDS_TO_LOAD,
    ) -> None:
        self.base_url = base_url
        self._contact = contact
        self._tell = tell
        self._seconds = seconds_to_load
        self._thread = ThreadPoolExecutor(1, "chromium")
        self._browser: _Browser | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fetch(self, ask: Ask) -> Answer:
        """The page as the browser has it after it was read, tried once.

        Raises SiteUnreachableError, SiteBusyError (both passing), AskRefusedError or BrowserError.
        """
        query = f"?{urlencode(ask.fields)}" if ask.fields else ""
        url = f"{self.base_url}{ask.path}{query}"
        browser = self._opened()
        loading = self._thread.submit(browser.load, url)
        try:
            loaded = loading.result(self._seconds + SECONDS_OF_GRACE)
        except FutureTimeoutError:
            self._abandon()
            raise BrowserError(f"Chromium hung at {url}: it was ended.", _NOTHING_LOST) from None
        except FetchError:
            if browser.is_spent:
                self._abandon()
            raise
        self._check(url, loaded)
        content = loaded.content.encode("utf-8", "surrogatepass")
        return Answer(ask, loaded.status, content, datetime.now(UTC), self.via)

    def close(self) -> None:
        """End the browser and its driver."""
        browser = self._browser
        if browser is not None:
            with suppress(FutureTimeoutError):
                self._thread.submit(browser.close).result(SECONDS_TO_CLOSE)
        self._abandon()
        self._thread.shutdown()

    def _opened(self) -> _Browser:
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
            browser = _Browser(chromium, self.base_url, user_agent(self._contact), self._seconds, sandbox=not as_root)
            self._browser = browser
            try:
                self._thread.submit(browser.open).result(SECONDS_TO_START + SECONDS_OF_GRACE)
            except FutureTimeoutError:
                self._abandon()
                raise BrowserError(f"{chromium} didn't start in time: it was ended.", _NOTHING_LOST) from None
            except FetchError:
                self._abandon()
                raise
        return self._browser

    def _abandon(self) -> None:
        """Forget the browser and see that none of its processes is left.

        Chromium goes first: its driver then clears away the profile, if it still can.
        """
        browser, self._browser = self._browser, None
        if browser is None:
            return
        for driver in browser.drivers:
            kill(*children(driver, recursive=True))
        with suppress(FutureTimeoutError):
            self._thread.submit(browser.close).result(SECONDS_TO_CLOSE)
        for driver in browser.drivers:
            kill(driver, *children(driver, recursive=True))

    def _check(self, url: str, loaded: _Loaded) -> None:
        if urlsplit(loaded.url).netloc != urlsplit(self.base_url).netloc:
            raise _led_away(url, loaded.url)
        if loaded.status in BUSY_STATUSES:
            wait = retry_after(loaded.retry_after, time.time())
            told = "" if wait is None else f" and asks to wait {wait:.0f} s"
            raise SiteBusyError(
                f"{url}: the site is busy (status {loaded.status}){told}.", "Run again later: nothing is lost.", wait
            )
        if loaded.status != _OK:
            raise AskRefusedError(f"{url}: the site answered with status {loaded.status}.", "See docs/errors.md.")


class _Browser:
    """One driver, one Chromium, one page; everything but `drivers` belongs to the thread that drives it."""

    def __init__(self, chromium: Chromium, base_url: str, agent: str, seconds: float, *, sandbox: bool) -> None:
        self.drivers: list[psutil.Process] = []
        self._chromium = chromium
        self._base_url = base_url
        self._agent = agent
        self._seconds = seconds
        self._sandbox = sandbox
        self._playwright: Playwright | None = None
        self._page: Page
        self._cdp: CDPSession
        self._pages = 0
        self._asked_last = ""
        self._failure: str | None = None
        self.is_spent = False
        """True once it can't be trusted with another page."""

    def open(self) -> None:
        """Start driver and browser; BrowserError if one of them doesn't."""
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError as error:
            raise UnavailableError(
                "via=chromium needs Playwright, which isn't installed.",
                "Install gomafia-kit[browser], or use via=http.",
            ) from error
        before = set(drivers())
        try:
            with _driver_environment():
                self._playwright = sync_playwright().start()
            self.drivers = [driver for driver in drivers() if driver not in before]
            self._launch(self._playwright)
        except Error as error:
            raise BrowserError(
                f"{self._chromium} didn't start: {_first_line(error)}.", "Run gomafia doctor, or use via=http."
            ) from error

    def _launch(self, playwright: Playwright) -> None:
        host = urlsplit(self._base_url).hostname or ""
        chromium = playwright.chromium.launch(
            executable_path=str(self._chromium.executable),
            args=[_PAGE_HEAP, f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {host}"],
            chromium_sandbox=self._sandbox,
            timeout=SECONDS_TO_START * 1000,
        )
        self._page = chromium.new_page(user_agent=self._agent, service_workers="block")
        self._page.on("request", self._note_request)
        self._page.on("requestfailed", self._note_failure)
        self._cdp = self._page.context.new_cdp_session(self._page)
        self._cdp.send("Network.enable")
        self._cdp.send("Network.setBlockedURLs", {"urls": list(_BLOCKED)})

    def close(self) -> None:
        """End the browser and its driver; a second time does nothing."""
        playwright, self._playwright = self._playwright, None
        if playwright is not None:
            playwright.stop()  # without its driver the browser ends

    def load(self, url: str) -> _Loaded:
        """Open a page and read it once it is whole."""
        from playwright.sync_api import Error

        self._asked_last, self._failure = url, None
        try:
            loaded = self._load(url)
            self._collect_garbage()
        except Error as error:
            raise self._translated(url, error) from error
        return loaded

    def _load(self, url: str) -> _Loaded:
        give_up = time.monotonic() + self._seconds
        response = self._page.goto(url, wait_until="commit", timeout=self._seconds * 1000)
        self._wait_until_whole(url, give_up)
        content = self._page.content()
        if response is None:
            return _Loaded(self._page.url, _OK, None, content)
        return _Loaded(response.url, response.status, response.headers.get("retry-after"), content)

    def _wait_until_whole(self, url: str, give_up: float) -> None:
        """Return when the document is there; SiteUnreachableError if its connection broke off.

        Chromium never says `domcontentloaded` of a document that was cut, so that must be looked for.
        """
        from playwright.sync_api import TimeoutError as NotYetError

        while True:
            if self._failure is not None:
                raise SiteUnreachableError(f"{url}: the page broke off ({self._failure}).", _CHECK_NETWORK)
            try:
                self._page.wait_for_load_state("domcontentloaded", timeout=_MILLISECONDS_A_LOOK)
            except NotYetError:
                if time.monotonic() > give_up:
                    raise
            else:
                return

    def _note_request(self, request: Request) -> None:
        if request.is_navigation_request():
            self._asked_last = request.url

    def _note_failure(self, request: Request) -> None:
        if request.is_navigation_request():
            self._failure = request.failure or "no reason given"

    def _collect_garbage(self) -> None:
        self._pages += 1
        if self._pages % PAGES_A_COLLECTION == 0:
            self._cdp.send("HeapProfiler.collectGarbage")

    def _translated(self, url: str, error: Exception) -> FetchError:
        from playwright.sync_api import TimeoutError as TooLateError

        if urlsplit(self._asked_last).netloc != urlsplit(url).netloc:
            return _led_away(url, self._asked_last)
        reason = _first_line(error)
        if isinstance(error, TooLateError):
            reason = f"no answer within {self._seconds:.0f} s"
            self.is_spent = True  # the site hangs, or the browser does
        elif "net::" not in reason:
            self.is_spent = True
            return BrowserError(f"Chromium failed at {url}: {reason}.", _NOTHING_LOST)
        return SiteUnreachableError(f"{url}: {reason}.", _CHECK_NETWORK)


def _led_away(url: str, target: str) -> AskRefusedError:
    parts = urlsplit(target)
    return AskRefusedError(
        f"{url}: the site leads to another host, {parts.scheme}://{parts.netloc}: not followed.",
        "If the site has moved, give its new address as source.",
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")


@contextmanager
def _driver_environment() -> Iterator[None]:
    """The driver's heap is capped by its environment, which it has from ours; afterwards ours is as before."""
    name = "NODE_OPTIONS"
    before = os.environ.get(name)
    os.environ[name] = f"{_DRIVER_HEAP} {before or ''}".strip()
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
