"""Where an answer comes from: the archive while it is fresh, else the site, with manners."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from gomafia_kit.errors import (
    AskFailedError,
    AskRefusedError,
    DamagedAnswerError,
    FetchError,
    LayoutChangedError,
    NoSuchPageError,
    SiteBusyError,
    SiteUnreachableError,
)
from gomafia_kit.fetch.manners import is_passing, patiently
from gomafia_kit.fetch.outage import Outages
from gomafia_kit.fetch.replies import is_of_the_site
from gomafia_kit.fetch.robots import Robots
from gomafia_kit.parse.envelope import data_of
from gomafia_kit.site import PAGE, RENDERED, robots

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.fetch.archive import Archive
    from gomafia_kit.fetch.manners import Gate
    from gomafia_kit.site import Answer, Ask

ROBOTS_AGE: Final = timedelta(days=1)
CLOCKS_MAY_DIFFER: Final = timedelta(minutes=5)
"""A clock that is set right goes back by so much at most: an answer of then counts as of now."""

_END_OF_A_PAGE: Final = 200


class Fetcher(Protocol):
    """Asks the site once; HTTP or Chromium."""

    via: str

    def fetch(self, ask: Ask, another: Callable[[], None] | None = None) -> Answer:
        """The site's answer; raises the errors of `errors` under FetchError.

        `another` is called before each request but the first: a redirect, or what a page asks for itself.
        """
        ...

    def close(self) -> None:
        """Let go of connections or the browser."""
        ...


class Source:
    """Answers from the archive or the site.

    `fetchers` says who asks: `http`, `chromium`; none: offline, archive only.
    With `refresh_since` an archived answer older than that moment isn't taken.
    An outage of the site is waited through for `longest_outage` seconds; `rest` waits so many seconds,
    and may raise to stop.
    """

    def __init__(
        self,
        archive: Archive,
        fetchers: dict[str, Callable[[], Fetcher]],
        gate: Gate,
        tell: Callable[[str], None],
        refresh_since: datetime | None = None,
        longest_outage: float = 0.0,
        rest: Callable[[float], None] = time.sleep,
        tell_of_outage: Callable[[str], None] | None = None,
    ) -> None:
        self._archive = archive
        self._makers = fetchers
        self._made: dict[str, Fetcher] = {}
        self._gate = gate
        self._tell = tell
        self._refresh_since = refresh_since
        self._rest = rest
        self._outages = Outages(longest_outage, tell_of_outage or tell, rest)
        self._has_answered = False
        self._robots: Robots | None = None
        self._clock_was_wrong = False
        self.asks_made = 0
        self.attempts = 0
        """How often the ask that was looked up last was put to the site: 0 if the archive had its answer."""

    def close(self) -> None:
        """Let go of connections and browsers."""
        for fetcher in self._made.values():
            fetcher.close()
        self._made.clear()

    def made(self, via: str) -> Fetcher | None:
        """Who asks that way, if anybody was needed so far."""
        return self._made.get(via)

    @property
    def is_offline(self) -> bool:
        """True if the archive alone is looked up."""
        return not self._makers

    def answer(
        self, ask: Ask, max_age: timedelta | None, via: str = "http", newer_than: datetime | None = None
    ) -> Answer:
        """The answer to an ask, at most `max_age` old if that can be had (None: of any age), and as new as that."""
        self.attempts = 0
        if self.is_offline:
            return self._archive.get(ask)
        return self._archived(ask, max_age, newer_than) or self._ask(ask, via)

    def would_be(self, ask_id: int, sha256: str, max_age: timedelta | None, newer_than: datetime | None = None) -> bool:
        """True if `answer` would give just this body, and out of the archive."""
        if self.is_offline:
            return self._archive.holds(ask_id, sha256)
        not_before, not_after = self._not_before(max_age, newer_than), _not_after(max_age)
        return self._archive.holds(ask_id, sha256, not_before=not_before, not_after=not_after)

    def holds(self, ask: Ask, max_age: timedelta | None, newer_than: datetime | None = None) -> bool:
        """True if `answer` would take the archive's: one that is damaged it would ask for again."""
        not_before, not_after = self._not_before(max_age, newer_than), _not_after(max_age)
        if self.is_offline:
            not_before = not_after = None
        try:
            return self._archive.find(ask, not_before=not_before, not_after=not_after) is not None
        except DamagedAnswerError:
            return False

    def again(self, ask: Ask, via: str = "http") -> Answer:
        """The site's answer to an ask, whatever the archive holds."""
        return self._ask(ask, via)

    def _archived(self, ask: Ask, max_age: timedelta | None, newer_than: datetime | None = None) -> Answer | None:
        """The archived answer if it is fresh and sound.

        What came later than now came while the clock was wrong: how old it is can't be told.
        """
        not_after = _not_after(max_age)
        try:
            found = self._archive.find(ask, not_before=self._not_before(max_age, newer_than), not_after=not_after)
        except DamagedAnswerError as error:
            self._tell(f"{error.message} The site is asked for it again.")
            return None
        if found is None and not_after is not None:
            self._note_wrong_clock(ask, not_after)
        return found

    def _note_wrong_clock(self, ask: Ask, not_after: datetime) -> None:
        """Say once that an answer isn't taken because it came later than now."""
        came_at = self._archive.came_at(ask)
        if came_at is None or came_at <= not_after or self._clock_was_wrong:
            return
        self._clock_was_wrong = True
        self._tell(
            f"The archive holds answers of {came_at:%Y-%m-%d %H:%M} UTC, which is still to come: the clock was wrong"
            " then, or is now. Where an answer's age matters, the site is asked again."
        )

    def _not_before(self, max_age: timedelta | None, newer_than: datetime | None) -> datetime | None:
        oldest = None if max_age is None else datetime.now(UTC) - max_age
        return max((moment for moment in (oldest, newer_than, self._refresh_since) if moment), default=None)

    def _ask(self, ask: Ask, via: str) -> Answer:
        self._rules(via).check(ask)
        return self._fetched(ask, via)

    def _rules(self, via: str) -> Robots:
        if self._robots is None:
            ask = robots()
            answer = self._archived(ask, ROBOTS_AGE) or self._fetched(ask, via)
            self._robots = Robots(answer.body.decode("utf-8", "replace") if answer.status == 200 else None)  # noqa: PLR2004 - HTTP's OK
            if self._gate.slow_down(self._robots.crawl_delay or 0.0):
                self._tell(f"robots.txt asks for {self._gate.seconds:g} s between asks: kept.")
        return self._robots

    def _fetched(self, ask: Ask, via: str) -> Answer:
        fetcher = self._fetcher(via)

        def fetch() -> Answer:
            self.asks_made += 1
            self.attempts += ask != robots()
            try:
                answer = fetcher.fetch(ask, self._another)
            except NoSuchPageError as error:
                self.asks_made -= not error.was_asked
                raise
            self._check_whole(answer)
            return answer

        try:
            answer = patiently(fetch, self._gate, self._tell, self._rest)
        except (SiteUnreachableError, SiteBusyError) as error:
            answer = self._later(via, error, fetch)
        self._has_answered = True
        self._archive.keep(answer)
        return answer

    def _later(self, via: str, error: FetchError, fetch: Callable[[], Answer]) -> Answer:
        """The answer to an ask that was put often enough, once the site is up again.

        Raises AskFailedError if the site is there and only this ask fails, SiteDownError after the longest
        outage, and the error itself if the site never answered in this run: its address may be wrong.
        """
        if self._robots is None or not is_passing(error):
            raise error  # while not even robots.txt came, it makes no sense to look by it whether the site is there
        if self._is_there(via):
            raise _of_one_ask(error)
        if not self._has_answered:
            raise error

        def look() -> Answer:
            try:
                with self._gate.turn(self._rest):
                    return fetch()
            except (SiteUnreachableError, SiteBusyError) as again:
                if self._is_there(via):
                    raise _of_one_ask(again) from again
                raise

        return self._outages.wait_through(error, self._gate.seconds, look)

    def _is_there(self, via: str) -> bool:
        """Whether the site answers at all: its robots.txt is the cheapest thing that it has."""
        self.asks_made += 1
        try:
            with self._gate.turn(self._rest):
                self._fetcher(via).fetch(robots(), self._another)
        except (SiteUnreachableError, SiteBusyError):
            return False
        except FetchError:
            return True
        return True

    def _another(self) -> None:
        """A request that an ask leads to is an ask as well: it waits its turn and is counted."""
        self._gate.answered()
        self._gate.wait()
        self.asks_made += 1

    def _fetcher(self, via: str) -> Fetcher:
        if via not in self._made:
            self._made[via] = self._makers[via]()
        return self._made[via]

    def _check_whole(self, answer: Answer) -> None:
        """An answer that isn't whole is asked for again; one that says no is kept as evidence."""
        try:
            if answer.ask.form == "api":
                data_of(answer)
            elif answer.ask.form in {PAGE, RENDERED}:
                check_page(answer)
        except AskRefusedError as error:
            self._archive.keep_refused(answer, error.message)
            raise
        except (LayoutChangedError, SiteBusyError) as error:
            self._archive.keep_refused(answer, error.message)
            raise SiteBusyError(error.message, "Run again later: nothing is lost.") from error


def _not_after(max_age: timedelta | None) -> datetime | None:
    return None if max_age is None else datetime.now(UTC) + CLOCKS_MAY_DIFFER


def _of_one_ask(error: FetchError) -> AskFailedError:
    return AskFailedError(error.message, "The site is there, but this ask fails: run again later.")


def check_page(answer: Answer) -> None:
    """Nothing, if it is a whole page of the site; SiteBusyError for half a page, and for one that stands in for it."""
    end = answer.body[-_END_OF_A_PAGE:].rstrip().lower()
    if not end.endswith(b"</html>"):
        raise SiteBusyError(f"{answer.ask.key}: the page has no end ({len(answer.body):,} bytes came).")
    if not is_of_the_site(answer.body):
        raise SiteBusyError(f"{answer.ask.key}: a page came that has nothing of the site.")
