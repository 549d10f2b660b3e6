"""All trials of an order, with what they show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gomafia_kit.errors import RunStoppedError
from gomafia_kit.memory.limits import budget_mb
from gomafia_kit.memory.trend import Line, line_through
from gomafia_kit.tuner.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.tuner.order import Order
    from gomafia_kit.tuner.trial import Trial


@dataclass(frozen=True)
class Tuning:
    """What was tried so far; `is_whole` once everything of the order was."""

    order: Order
    trials: tuple[Trial, ...] = ()

    def with_(self, trial: Trial) -> Tuning:
        """The same with one more trial."""
        return Tuning(self.order, (*self.trials, trial))

    @property
    def is_whole(self) -> bool:
        """True if nothing is left to try."""
        return len(self.trials) == self.wanted

    @property
    def wanted(self) -> int:
        """How many trials the order makes."""
        return len(self.order.sizes) * self.order.repeats

    @cached_property
    def limit_mb(self) -> float:
        """The budget that the sizes are judged by."""
        return budget_mb(self.order.settings.memory_limit_mb)

    @cached_property
    def done(self) -> tuple[Trial, ...]:
        """The trials that came to their end."""
        return tuple(trial for trial in self.trials if trial.is_done and trial.rows)

    @cached_property
    def measured(self) -> list[int]:
        """The fixed sizes of which a trial came to its end, the shortest first."""
        return sorted({trial.batch_rows for trial in self.done if trial.batch_rows is not None})

    @cached_property
    def shared_mb(self) -> float:
        """How much of Python's RSS no budget counts, since other processes have it too: the least of all trials.

        One figure for all: how much is shared depends on what else runs, not on the size that is tried.
        """
        return min((trial.shared_mb for trial in self.trials), default=0.0)

    def peak_mb(self, trial: Trial) -> float:
        """What counts of a trial's memory in a budget, in MB: Python's exact peak, and the browser's sampled one."""
        return trial.peak_rss_mb - self.shared_mb + trial.browser_mb

    def highest_mb(self, size: int | None) -> float:
        """What counts of a size's memory in a budget: the highest of its trials."""
        return max(self.peak_mb(trial) for trial in self.done if trial.batch_rows == size)

    @cached_property
    def memory(self) -> Line:
        """Peak memory in MB against the rows of the longest batch."""
        return line_through([self.peak_mb(trial) for trial in self.done], [trial.longest for trial in self.done])

    @cached_property
    def time(self) -> Line:
        """Seconds against the number of batches: its slope is what a batch costs beside its rows."""
        return line_through([trial.seconds for trial in self.done], [trial.batches for trial in self.done])

    @cached_property
    def rows(self) -> int:
        """Rows of a trial."""
        return max((trial.rows for trial in self.done), default=0)

    def rate(self, size: int | None) -> float:
        """Rows/s of a size by its fastest trial, 0 without one: what else the machine does only ever slows one down."""
        return max(self.rates(size), default=0.0)

    def batches(self, size: int | None) -> int:
        """How many batches a trial of that size had."""
        return max((trial.batches for trial in self.done if trial.batch_rows == size), default=0)

    def rates(self, size: int | None) -> list[float]:
        """Rows/s of the trials of a size."""
        return [trial.rate for trial in self.done if trial.batch_rows == size]


def tried(
    order: Order,
    on_change: Callable[[Tuning], None],
    is_stopped: Callable[[], bool] = lambda: False,
    tell: Callable[[str], None] = lambda _: None,
) -> Tuning:
    """Try everything; `on_change` gets the state after each trial. Ends early, with what there is, once `is_stopped`.

    `tell` hears what is done now. Raises what the preparation ends with: FolderError, NotInArchiveError, or the error
    of its import; RunStoppedError if it was stopped before anything was tried.
    """
    tuning = Tuning(order)
    tell(f"Getting ready for {tuning.wanted} {'trial' if tuning.wanted == 1 else 'trials'}: {order.words}.")
    try:
        with Workbench(order, is_stopped, tell) as bench:
            for repeat, size in order.in_order():
                if is_stopped():
                    break
                name = "automatic size" if size is None else f"{size:,} rows a batch"
                tell(f"Trial {len(tuning.trials) + 1} of {tuning.wanted}: {name}")
                trial = bench.trial(repeat, size)
                if trial is not None:
                    tuning = tuning.with_(trial)
                    on_change(tuning)
    except RunStoppedError:
        if not is_stopped():
            raise
    if not tuning.trials:
        raise RunStoppedError("The tuning was stopped before its first trial ended.", "Start it again.")
    return tuning
