"""Ends the browser where that helps: after its stage, when it has grown, or when the budget is nearly taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gomafia_kit.events import AskDone, StageDone

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.events import Event

GROWN_MB: Final = 150.0
"""So much above its first figure a browser is replaced: with garbage collected and heaps capped it stays under 40."""


class BrowserDiet:
    """An observer that lets the browser rest; the next ask starts another one.

    `taken_mb` tells what Chromium takes at the last look, None without one; `is_scarce` whether the
    budget is nearly taken. `rest` ends the browser.
    """

    def __init__(
        self,
        taken_mb: Callable[[], float | None],
        rest: Callable[[], None],
        tell: Callable[[str], None],
        is_scarce: Callable[[], bool],
    ) -> None:
        self._taken_mb = taken_mb
        self._rest = rest
        self._tell = tell
        self._is_scarce = is_scarce
        self._first_mb: float | None = None
        self._relieved = False

    def __call__(self, event: Event) -> None:
        """Look at the browser after an ask; end it with its stage."""
        if isinstance(event, StageDone):
            self._end()
            self._relieved = False
        elif isinstance(event, AskDone) and event.made:
            self._look()

    def _look(self) -> None:
        taken = self._taken_mb()
        if taken is None:
            return
        if self._first_mb is None:
            self._first_mb = taken
        elif taken > self._first_mb + GROWN_MB:
            self._tell(f"Chromium grew from {self._first_mb:.0f} to {taken:.0f} MB: it is replaced by a fresh one.")
            self._end()
        elif self._is_scarce() and not self._relieved:
            self._relieved = True  # once a stage: a fresh one needs nearly as much
            self._tell(f"Memory is short: Chromium ({taken:.0f} MB) is replaced by a fresh one.")
            self._end()

    def _end(self) -> None:
        self._first_mb = None
        self._rest()
