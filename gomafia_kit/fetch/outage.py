"""What is done while the site is down: the import pauses, looks again at growing intervals, and goes on by itself."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import tenacity

from gomafia_kit.errors import GomafiaError, SiteDownError
from gomafia_kit.fetch.manners import is_passing

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.site import Answer

QUICKEST_LOOK: Final = 0.5
PACES_TO_THE_FIRST_LOOK: Final = 15
SECONDS_BETWEEN_LOOKS: Final = 600.0
"""At most: an outage of an hour costs the site ten looks or so."""


class Outages:
    """Waits through outages of at most `longest` seconds; `rest` waits so many seconds, and may raise to stop."""

    def __init__(self, longest: float, tell: Callable[[str], None], rest: Callable[[float], None]) -> None:
        self._longest = longest
        self._tell = tell
        self._rest = rest

    def wait_through(self, error: GomafiaError, pace: float, look: Callable[[], Answer]) -> Answer:
        """What `look` gives in the end: it asks once each time, and raises a passing error while the site is down.

        The intervals double from fifteen paces to ten minutes. Raises SiteDownError when `longest` is over.
        """
        ends_at = time.monotonic() + self._longest
        given_up = _local(self._longest)
        began = time.monotonic()
        waited = False

        def before_sleep(state: tenacity.RetryCallState) -> None:
            wait = state.next_action.sleep if state.next_action else 0.0
            self._tell(
                f"The site is down ({error.message}) The import pauses until {_local(wait)} and then looks again;"
                f" it waits until {given_up} at most."
            )

        def waits(state: tenacity.RetryCallState) -> float:
            return max(QUICKEST_LOOK, min(doubling(state), ends_at - time.monotonic()))

        def first_wait_then_look() -> Answer:
            nonlocal waited
            if not waited:
                waited = True
                raise error
            return look()

        first = max(QUICKEST_LOOK, PACES_TO_THE_FIRST_LOOK * pace)
        doubling = tenacity.wait_exponential(multiplier=first, max=SECONDS_BETWEEN_LOOKS)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_passing),
            stop=lambda _: time.monotonic() >= ends_at,
            wait=waits,
            before_sleep=before_sleep,
            sleep=self._rest,
            reraise=True,
        )
        try:
            answer = retrying(first_wait_then_look)
        except Exception as last:
            if not is_passing(last):
                raise
            raise SiteDownError(
                f"The site was down for {_span(self._longest)}, longer than the import waits ({error.message})",
                "Everything that came is safe: run again when the site is there, or with a larger"
                " longest_outage_minutes.",
            ) from last
        self._tell(f"The site is there again after {_span(time.monotonic() - began)}: the import goes on.")
        return answer


def _local(seconds: float) -> str:
    """The time of day in so many seconds."""
    return f"{datetime.now().astimezone() + timedelta(seconds=seconds):%H:%M:%S}"


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} s"  # noqa: PLR2004 - two minutes
