"""How we behave at somebody else's site: pace, patience, and who we say we are.

The site is run by a federation of hobbyists. Please don't take any of this out: one gate stands
before every request, whoever makes it.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import tenacity

from gomafia_kit.errors import BrowserEndedError, GomafiaError, SiteBusyError, SiteUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gomafia_kit.site import Answer

AGENT: Final = "gomafia-kit"
ATTEMPTS: Final = 5
LONGEST_WAIT: Final = 120.0
QUICKEST_RETRY: Final = 0.1


def user_agent(contact: str) -> str:
    """Who we are, with a way to reach the person who runs the import, if one was given."""
    about = f" (+{contact})" if contact else ""
    return f"{AGENT}/{version(AGENT)}{about}"


class Gate:
    """Lets one request through at a time, `seconds` after the answer to the one before, at the earliest.

    It holds for any number of threads: a request and all that it leads to have the gate for themselves.
    Counted from the answer, since only then the site has surely seen the request: counted from the
    sending, a slow connection and a quick one would put two requests closer together at the site.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._open_at = 0.0
        self._turn = threading.RLock()

    @contextmanager
    def turn(self, rest: Callable[[float], None] = time.sleep) -> Iterator[None]:
        """Within it one request may be made; `rest` waits so many seconds, and may raise to stop."""
        with self._turn:
            self.wait(rest)
            try:
                yield
            finally:
                self.answered()

    def wait(self, rest: Callable[[float], None] = time.sleep) -> None:
        """Return when a further request of the same turn may go out."""
        pause = self._open_at - time.monotonic()
        if pause > 0:
            rest(pause)
        self._open_at = time.monotonic() + self.seconds

    def slow_down(self, seconds: float) -> bool:
        """Keep at least that pause from now on; whether it is longer than it was."""
        if seconds <= self.seconds:
            return False
        self.seconds = seconds
        self.answered()
        return True

    def answered(self) -> None:
        """Note that the request that was let through last has been answered, well or not."""
        self._open_at = time.monotonic() + self.seconds


def patiently(
    fetch: Callable[[], Answer],
    gate: Gate,
    tell: Callable[[str], None],
    rest: Callable[[float], None] = time.sleep,
) -> Answer:
    """What `fetch` gives, tried again while the site is busy or can't be reached, or a browser ends.

    Waits double from the pace, with jitter; a `Retry-After` is obeyed. After five attempts the last
    error is raised. `rest` waits so many seconds, and may raise to stop.
    """

    def before_sleep(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0.0
        told = error.message if isinstance(error, GomafiaError) else error
        tell(f"{told} Attempt {state.attempt_number + 1} of {ATTEMPTS} in {wait:.1f} s.")

    def let_through() -> Answer:
        with gate.turn(rest):
            return fetch()

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_passing),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=_waits(gate),
        before_sleep=before_sleep,
        sleep=rest,
        reraise=True,
    )
    try:
        return retrying(let_through)
    finally:
        retrying.iter_state.reset()  # it holds its maker: thousands of asks would wait for the garbage collector


def is_passing(error: BaseException) -> bool:
    """Whether the same ask may get an answer a little later."""
    if isinstance(error, SiteUnreachableError):
        return error.passing
    return isinstance(error, SiteBusyError | BrowserEndedError)


def _waits(gate: Gate) -> Callable[[tenacity.RetryCallState], float]:
    base = max(gate.seconds, QUICKEST_RETRY)
    doubling = tenacity.wait_exponential(multiplier=base, max=LONGEST_WAIT) + tenacity.wait_random(0, base)

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, SiteBusyError) else None
        return max(doubling(state), asked or 0.0)

    return wait


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds to wait by a Retry-After header (seconds or a date), never under zero; None if it says nothing."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except (ValueError, TypeError):
        return None
