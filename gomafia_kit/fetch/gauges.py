"""What a browser's pages take: JS heap and counters of the DOM, by CDP; and how long its loop was held up."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, CDPSession, Page

_BYTES_A_MB: Final = 1 << 20
_SECONDS_A_BEAT: Final = 0.05
_COUNTERS: Final = {"Nodes": "nodes", "Documents": "documents", "JSEventListeners": "listeners"}
_HEAPS: Final = {"JSHeapUsedSize": "js_heap_mb", "JSHeapTotalSize": "js_heap_total_mb"}
_LIMIT: Final = "() => (performance.memory || {}).jsHeapSizeLimit || 0"


class PageGauges:
    """Reads every page of a browser; it belongs to the browser's own thread."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._sessions: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()

    def read(self) -> Iterator[tuple[str, str, float]]:
        """For each page its heap and counters, then how many pages and contexts are open."""
        pages = [page for context in self._browser.contexts for page in context.pages]
        for number, page in enumerate(pages, 1):
            yield from self._of(f"page.{number}", page)
        yield "chromium", "pages", len(pages)
        yield "chromium", "contexts", len(self._browser.contexts)

    def _of(self, part: str, page: Page) -> Iterator[tuple[str, str, float]]:
        told = self._session(page).send("Performance.getMetrics")["metrics"]
        for metric in told:
            if (name := _COUNTERS.get(metric["name"])) is not None:
                yield part, name, metric["value"]
            elif (name := _HEAPS.get(metric["name"])) is not None:
                yield part, name, metric["value"] / _BYTES_A_MB
        yield part, "js_heap_limit_mb", page.evaluate(_LIMIT) / _BYTES_A_MB

    def _session(self, page: Page) -> CDPSession:
        session = self._sessions.get(page)
        if session is None:
            session = self._sessions[page] = page.context.new_cdp_session(page)
            session.send("Performance.enable")
        return session


class LoopBeat:
    """Beats in the event loop of the calling thread while an ask is at work: a late beat is a held-up loop.

    Between asks the loop stands still, which says nothing; nor does the time that requests wait for
    their turn, which `seconds_held` tells.
    """

    def __init__(self, seconds_held: Callable[[], float]) -> None:
        self._held = seconds_held
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._handle: asyncio.TimerHandle | None = None
        self._late = 0.0

    def begin(self) -> None:
        """An ask begins."""
        self._due = self._now() + _SECONDS_A_BEAT
        self._handle = self._loop.call_later(_SECONDS_A_BEAT, self._beat)

    def end(self) -> None:
        """The ask is done; a beat that should have come by now is late."""
        if self._handle is not None:
            self._handle.cancel()
            self._note()

    def take_late_ms(self) -> float:
        """The highest lateness since the last call."""
        late, self._late = self._late, 0.0
        return late * 1000

    def _beat(self) -> None:
        self._note()
        self.begin()

    def _note(self) -> None:
        self._late = max(self._late, self._now() - self._due)

    def _now(self) -> float:
        return time.monotonic() - self._held()
