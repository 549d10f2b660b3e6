"""Steers the batch size by what was learned, and holds the import to its memory budget.

`choose` and `allowed` decide; they know nothing of clocks or processes. `AutomaticRows` feeds them
with what the batches showed.
"""

from __future__ import annotations

import math
import sys
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Final, Protocol

from gomafia_kit.errors import OutOfBudgetError
from gomafia_kit.events import AskDone, BatchDone, BatchStarted, StageDone, StepDone
from gomafia_kit.fetch.replies import MOST_BYTES
from gomafia_kit.memory.limits import MB, memory_limit_mb

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gomafia_kit.events import Event
    from gomafia_kit.memory.probe import Use
    from gomafia_kit.runs.journal import Control

SHRINK_AT: Final = 0.80
STOP_AT: Final = 0.95
AIM_AT: Final = 0.75
"""Shares of the limit: batches are planned for the last, shrink at the first, and end the run at the second."""

STARTS: Final = ((1024, 20_000), (256, 10_000), (0, 1_000))
"""Rows of the first batches by the limit in MB: few enough to fit for sure, since 10,000 take about 6 MB.

Fewer would cost more than they spare: a small league is over before longer batches were learned.
"""

LEAST_ROWS: Final = 100
MOST_ROWS: Final = 50_000
"""Longer batches were no faster on the league at full size, and took 140 MB more."""
_UNBOUNDED: Final = sys.maxsize
LASTING_SECONDS: Final = 3.0
"""In the midst of a batch nearly all must be taken for so long before it ends the run: a page's load passes."""
ANSWERS_IN_THE_LIMIT: Final = 24
"""One answer may have this fraction of the limit."""
TRIES: Final = 2
"""So many batches of a size are measured before it is given up: one may be slow by chance."""
KEPT: Final = 5
WORTH_GROWING: Final = 1.05
"""A batch twice as long must bring so much more speed, else the shorter one is kept: it costs less memory."""
NEARLY_FULL: Final = 0.8
"""A batch shorter than this share of its target was cut by the end of a stage: it tells nothing of the size."""


@dataclass(slots=True)
class Learned:
    """What the batches of one stage showed: rows/s by size, and the memory of a row."""

    rates: dict[int, deque[float]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=KEPT)))
    mb_a_row: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add(self, target: int, rows: int, seconds: float, growth_mb: float) -> None:
        """Take in a batch: its size, how long it took, and how far memory rose in it.

        The first one of a stage says nothing of a row's memory: libraries are loaded in it.
        """
        if rows < NEARLY_FULL * target or seconds <= 0:
            return
        if self.rates:
            self.mb_a_row.append(growth_mb / rows)
        self.rates[target].append(rows / seconds)

    def rate(self, size: int) -> float:
        """Rows/s of a size, by the median of its batches."""
        return median(self.rates[size])


def starting_rows(limit_mb: float) -> int:
    """Rows of the first batches under a limit."""
    return next(rows for least_mb, rows in STARTS if limit_mb >= least_mb)


def answer_bytes(limit_mb: float) -> int:
    """How many bytes one answer may have under a limit; a larger one is refused with its size, before it is read.

    Read into rows it takes five to six times its bytes, and the import holds about half of a small limit before.
    """
    return min(MOST_BYTES, int(limit_mb * MB) // ANSWERS_IN_THE_LIMIT)


def choose(learned: Learned, start: int, most: int) -> int:
    """The size that brings the most rows/s of those up to `most`, or twice the longest as long as growing pays.

    Sizes are `start` doubled; each is tried twice before it is judged.
    """
    sizes = sorted(size for size, rates in learned.rates.items() if rates and size <= most)
    if not sizes:
        return min(start, most)
    longest = sizes[-1]
    if len(learned.rates[longest]) < TRIES:
        return longest
    best = sizes[0]
    for size in sizes[1:]:
        if learned.rate(size) >= WORTH_GROWING * learned.rate(best):
            best = size
    if best == longest and longest * 2 <= most:
        return longest * 2
    return best


def allowed(learned: Learned, limit_mb: float, idle_mb: float) -> int:
    """The most rows whose batch stays under the part of the limit that is planned for, by the last batches' median.

    Not by the dearest: something else may have been loaded in it. What this lets through by
    mistake, batches that shrink at 80% catch.
    """
    mb_a_row = median(learned.mb_a_row) if learned.mb_a_row else 0.0
    if not mb_a_row:
        return MOST_ROWS
    room = AIM_AT * limit_mb - idle_mb
    return math.floor(min(MOST_ROWS, max(LEAST_ROWS, room / mb_a_row)))


class Watched(Protocol):
    """Where memory is measured; `memory.meter.Meter` is one."""

    peaks: tuple[Use, ...]
    growth_mb: float

    def look(self) -> None:
        """Look now."""


class AutomaticRows:
    """A governor that finds the batch size by itself; it is an observer, too: by batches it learns.

    `rows` keeps the size at a person's choice and leaves the watch over the budget. Without `watched`
    nothing is known of memory, and only speed counts.
    """

    def __init__(
        self,
        limit_mb: float,
        watched: Watched | None = None,
        tell: Callable[[str], None] | None = None,
        rows: int | None = None,
    ) -> None:
        self.limit_mb = limit_mb
        self._watched = watched
        self._tell = tell
        self._rows = rows
        self._start = starting_rows(limit_mb)
        self._learned: dict[str, Learned] = defaultdict(Learned)
        self._begun = 0.0
        self._cap = _UNBOUNDED
        self._target = 0
        self._told = False
        self._full_since: float | None = None

    def __call__(self, event: Event) -> None:
        """Learn from a batch; tell once that memory is short, whatever it is short in."""
        match event:
            case BatchStarted():
                self._begun = time.monotonic()
                self._target = event.rows_target
            case BatchDone():
                seconds = time.monotonic() - self._begun
                self._learned[event.stage].add(self._target, event.rows, seconds, self._growth_mb())
                self._watch("batches are made shorter")
                self._keep_to_budget()
            case AskDone():
                self._watch("the next batches are made shorter")
            case StepDone() | StageDone():
                self._watch(f"at {self._stop_at_mb:.0f} MB the run ends before the system would end it")

    def next_rows(self, stage: str) -> int:
        """The size that is best by what is known of the stage, within the budget."""
        if self._rows is not None:
            return min(self._rows, self._cap)
        learned = self._learned[stage]
        most = min(self._cap, allowed(learned, self.limit_mb, self._used_mb() - self._growth_mb()))
        return choose(learned, self._start, most)

    def verdict(self) -> OutOfBudgetError | None:
        """What ends the run once nearly all of the limit is taken."""
        if self._used_mb() < self._stop_at_mb:
            return None
        return OutOfBudgetError(
            f"The import takes {self._used_mb():.0f} MB of the {self.limit_mb:.0f} MB it may ({self._by_part()}): "
            "it stopped before the system would end it.",
            self._remedy(),
        )

    def verdict_between(self, lasting: float = LASTING_SECONDS) -> OutOfBudgetError | None:
        """The verdict where no batch ends: only if nearly all has been taken for so many seconds, and still is."""
        if self._full_since is None or time.monotonic() - self._full_since < lasting or self._watched is None:
            return None
        self._watched.look()
        return self.verdict()

    @property
    def most_rows(self) -> int:
        """What a batch may have while too much is taken, whoever chose its size; endless else."""
        return self._cap

    @property
    def is_scarce(self) -> bool:
        """True while so much is taken that batches are made shorter."""
        return self._used_mb() >= SHRINK_AT * self.limit_mb

    def _keep_to_budget(self) -> None:
        """Halve what a batch may have while too much is taken; let it grow again after."""
        if self.is_scarce:
            self._cap = max(LEAST_ROWS, min(self._cap, self._target) // 2)
        else:
            self._cap = min(_UNBOUNDED, self._cap * 2)

    def _watch(self, what_follows: str) -> None:
        """Note since when nearly all is taken; at 80% tell, once, by what and what follows."""
        if self._used_mb() < self._stop_at_mb:
            self._full_since = None
        elif self._full_since is None:
            self._full_since = time.monotonic()
        if self.is_scarce and not self._told and self._tell is not None:
            self._told = True
            self._tell(
                f"Memory: {self._used_mb():.0f} MB of {self.limit_mb:.0f} MB are taken ({self._by_part()}); "
                f"{what_follows}."
            )

    def _remedy(self) -> str:
        """What helps: to raise a setting doesn't where the system is what holds."""
        is_own = self.limit_mb < memory_limit_mb()
        more = "a larger memory_limit_mb" if is_own else "more memory (--hard-limit, the container's or the machine's)"
        browser = ", or with via=http: a browser takes the most," if self._has_browser else ""
        return f"Run again with {more}{browser} to go on: nothing is lost."

    @property
    def _has_browser(self) -> bool:
        return any(use.part == "chromium" for use in self._peaks())

    @property
    def _stop_at_mb(self) -> float:
        return STOP_AT * self.limit_mb

    def _peaks(self) -> Sequence[Use]:
        return self._watched.peaks if self._watched else ()

    def _used_mb(self) -> float:
        return next((use.best_mb for use in self._peaks() if use.part == "tree"), 0.0)

    def _growth_mb(self) -> float:
        return self._watched.growth_mb if self._watched else 0.0

    def _by_part(self) -> str:
        return ", ".join(f"{use.part} {use.best_mb:.0f} MB" for use in self._peaks() if use.part != "tree")


class Steered:
    """Follows a person's wishes for batch size and budget while there are any, else `base`."""

    def __init__(self, base: AutomaticRows, wished: Callable[[], Control]) -> None:
        self._base = base
        self._own_limit_mb = base.limit_mb
        self._most_mb = memory_limit_mb()
        self._wished = wished

    def next_rows(self, stage: str) -> int:
        """What the person wishes, shorter while too much memory is taken; else what the base says."""
        rows = self._followed().batch_rows
        return self._base.next_rows(stage) if rows is None else min(rows, self._base.most_rows)

    def verdict(self) -> OutOfBudgetError | None:
        """The base's, by the budget that is wished now."""
        self._followed()
        return self._base.verdict()

    def _followed(self) -> Control:
        wish = self._wished()
        wished_mb = wish.memory_limit_mb
        self._base.limit_mb = self._own_limit_mb if wished_mb is None else min(wished_mb, self._most_mb)
        return wish
