"""Where an answer comes from: the archive while it is fresh, else the site, with manners."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from gomafia_kit.errors import AskRefusedError, LayoutChangedError, SiteBusyError
from gomafia_kit.fetch.manners import Robots, patiently
from gomafia_kit.parse.envelope import data_of
from gomafia_kit.site import robots

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.fetch.archive import Archive
    from gomafia_kit.fetch.manners import Gate
    from gomafia_kit.site import Answer, Ask

ROBOTS_AGE = timedelta(days=1)


class Fetcher(Protocol):
    """Asks the site once; HTTP or Chromium."""

    via: str

    def fetch(self, ask: Ask) -> Answer:
        """The site's answer; raises the errors of `errors` under FetchError."""
        ...

    def close(self) -> None:
        """Let go of connections or the browser."""
        ...


class Source:
    """Answers from the archive or the site.

    `fetchers` says who asks: `http`, `chromium`; none: offline, archive only.
    With `refresh_since` an archived answer older than that moment isn't taken.
    """

    def __init__(
        self,
        archive: Archive,
        fetchers: dict[str, Callable[[], Fetcher]],
        gate: Gate,
        tell: Callable[[str], None],
        refresh_since: datetime | None = None,
    ) -> None:
        self._archive = archive
        self._makers = fetchers
        self._made: dict[str, Fetcher] = {}
        self._gate = gate
        self._tell = tell
        self._refresh_since = refresh_since
        self._robots: Robots | None = None
        self.asks_made = 0

    def close(self) -> None:
        """Let go of connections and browsers."""
        for fetcher in self._made.values():
            fetcher.close()
        self._made.clear()

    def answer(self, ask: Ask, max_age: timedelta | None, via: str = "http") -> Answer:
        """The answer to an ask, at most `max_age` old if that can be had (None: of any age)."""
        if not self._makers:
            return self._archive.get(ask)
        archived = self._archive.find(ask, not_before=self._not_before(max_age))
        return archived or self._ask(ask, via)

    def again(self, ask: Ask, via: str = "http") -> Answer:
        """The site's answer to an ask, whatever the archive holds."""
        return self._ask(ask, via)

    def _not_before(self, max_age: timedelta | None) -> datetime | None:
        oldest = None if max_age is None else datetime.now(UTC) - max_age
        if self._refresh_since is None:
            return oldest
        return self._refresh_since if oldest is None else max(oldest, self._refresh_since)

    def _ask(self, ask: Ask, via: str) -> Answer:
        self._rules(via).check(ask)
        return self._fetched(ask, via)

    def _rules(self, via: str) -> Robots:
        if self._robots is None:
            ask = robots()
            answer = self._archive.find(ask, not_before=self._not_before(ROBOTS_AGE)) or self._fetched(ask, via)
            self._robots = Robots(answer.body.decode("utf-8", "replace") if answer.status == 200 else None)  # noqa: PLR2004 - HTTP's OK
            if self._robots.crawl_delay and self._robots.crawl_delay > self._gate.seconds:
                self._gate.seconds = self._robots.crawl_delay
                self._tell(f"robots.txt asks for {self._gate.seconds:g} s between asks: kept.")
        return self._robots

    def _fetched(self, ask: Ask, via: str) -> Answer:
        fetcher = self._fetcher(via)

        def fetch() -> Answer:
            self.asks_made += 1
            answer = fetcher.fetch(ask)
            self._check_whole(answer)
            return answer

        answer = patiently(fetch, self._gate, self._tell)
        self._archive.keep(answer)
        return answer

    def _fetcher(self, via: str) -> Fetcher:
        if via not in self._made:
            self._made[via] = self._makers[via]()
        return self._made[via]

    def _check_whole(self, answer: Answer) -> None:
        """An answer that isn't whole is asked for again; one that says no is kept as evidence."""
        if answer.ask.form != "api":
            return
        try:
            data_of(answer)
        except AskRefusedError as error:
            self._archive.keep_refused(answer, error.message)
            raise
        except LayoutChangedError as error:
            self._archive.keep_refused(answer, error.message)
            raise SiteBusyError(error.message, "Run again later: nothing is lost.") from error
