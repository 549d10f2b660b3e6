"""Rendered pages by a real Chromium: the same engine, cookies and TLS as a person's browser.

Subresources are blocked by CDP (the server's HTML holds what we want, and routing would switch the
HTTP cache off), garbage is collected every ten pages, and heaps are capped: so memory stays flat.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from gomafia_kit.errors import AskRefusedError, BrowserError, SiteBusyError, SiteUnreachableError, UnavailableError
from gomafia_kit.fetch.browser import find_chromium
from gomafia_kit.fetch.manners import BUSY_STATUSES, user_agent
from gomafia_kit.site import Answer

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page, Playwright, Response

    from gomafia_kit.site import Ask

MILLISECONDS_TO_LOAD: Final = 60_000
PAGES_A_COLLECTION: Final = 10
_OK: Final = 200
_BLOCKED: Final = (
    "*.css*",
    "*.js*",
    "*.png*",
    "*.jpg*",
    "*.jpeg*",
    "*.svg*",
    "*.webp*",
    "*.gif*",
    "*.ico*",
    "*.woff*",
    "*.ttf*",
)
_ARGUMENTS: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--js-flags=--max-old-space-size=64 --max-semi-space-size=1",
)
_DRIVER_HEAP: Final = "--max-old-space-size=48 --max-semi-space-size=1"


class ChromiumFetcher:
    """Opens one page after another in one browser."""

    via = "chromium"

    def __init__(self, base_url: str, contact: str) -> None:
        self.base_url = base_url
        self._contact = contact
        self._pages = 0
        self._playwright, self._page, self._cdp = self._open()

    def _open(self) -> tuple[Playwright, Page, CDPSession]:
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError as error:
            raise UnavailableError(
                "via=chromium needs Playwright, which isn't installed.",
                "Install gomafia-kit[browser], or use via=http.",
            ) from error
        browser = find_chromium()
        if browser is None:
            raise BrowserError(
                "No Chromium was found on this machine.",
                "Install one by: python -m gomafia_kit.fetch.browser --install, or use via=http.",
            )
        os.environ.setdefault("NODE_OPTIONS", _DRIVER_HEAP)
        playwright = sync_playwright().start()
        try:
            # Chromium can't sandbox itself as root; as anybody else it does.
            as_root = hasattr(os, "geteuid") and os.geteuid() == 0
            chromium = playwright.chromium.launch(
                executable_path=str(browser.executable), args=list(_ARGUMENTS), chromium_sandbox=not as_root
            )
            page = chromium.new_page(user_agent=user_agent(self._contact), java_script_enabled=True)
            cdp = page.context.new_cdp_session(page)
            cdp.send("Network.enable")
            cdp.send("Network.setBlockedURLs", {"urls": list(_BLOCKED)})
        except Error as error:
            playwright.stop()
            raise BrowserError(
                f"Chromium ({browser.executable}) didn't start: {error.message.splitlines()[0]}.",
                "Run gomafia doctor, or use via=http.",
            ) from error
        return playwright, page, cdp

    def close(self) -> None:
        """End the browser and its driver."""
        from playwright.sync_api import Error

        with suppress(Error):
            if self._page.context.browser is not None:
                self._page.context.browser.close()
        self._playwright.stop()

    def fetch(self, ask: Ask) -> Answer:
        """The page as the browser has it after it was read, tried once.

        Raises SiteUnreachableError, SiteBusyError (both passing), AskRefusedError or BrowserError.
        """
        from playwright.sync_api import Error

        query = f"?{urlencode(ask.fields)}" if ask.fields else ""
        url = f"{self.base_url}{ask.path}{query}"
        try:
            response = self._page.goto(url, wait_until="domcontentloaded", timeout=MILLISECONDS_TO_LOAD)
            content = self._page.content()
        except Error as error:
            raise self._translated(url, error) from error
        self._collect_garbage()
        status = response.status if response is not None else _OK
        self._check(url, status, response)
        return Answer(ask, status, content.encode("utf-8", "surrogatepass"), datetime.now(UTC), self.via)

    def _translated(self, url: str, error: Exception) -> SiteUnreachableError | BrowserError:
        first = str(error).splitlines()[0]
        if "net::" in first or "Timeout" in first:
            return SiteUnreachableError(f"{url}: {first}.", "Check the network, then run again: nothing is lost.")
        return BrowserError(f"Chromium failed at {url}: {first}.", "Run again: nothing is lost.")

    def _check(self, url: str, status: int, response: Response | None) -> None:
        if status in BUSY_STATUSES:
            told = response.headers.get("retry-after", "") if response is not None else ""
            wait = float(told) if told.isdigit() else None
            raise SiteBusyError(
                f"{url}: the site is busy (status {status}).", "Run again later: nothing is lost.", wait
            )
        if status != _OK:
            raise AskRefusedError(f"{url}: the site answered with status {status}.", "See docs/errors.md.")

    def _collect_garbage(self) -> None:
        self._pages += 1
        if self._pages % PAGES_A_COLLECTION == 0:
            self._cdp.send("HeapProfiler.collectGarbage")
