"""What the trials show: the size to take and why, and what fits into the memory that people have."""

from __future__ import annotations

import math
from bisect import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gomafia_kit.memory.budget import AIM_AT, LEAST_ROWS, WORTH_GROWING, starting_rows
from gomafia_kit.memory.trend import trend
from gomafia_kit.tuner.reasons import why_automatic, why_fixed, why_none_fits, why_nothing

if TYPE_CHECKING:
    from gomafia_kit.tuner.tuning import Tuning

LEAST_MARGIN: Final = WORTH_GROWING - 1
"""Rates that differ by less count as the same, however exactly they were measured."""
LARGEST_CHANCE: Final = 0.15
"""A size that is slower by more isn't taken for as fast as another, even where chance may have made it so."""
ENOUGH_TRIALS: Final = 3
"""So many against as many: that all of one kind come before all of the other by chance happens once in twenty."""

GUIDE: Final = (
    ("memory-constrained", 512, 10, 25),
    ("serverless", 1_024, 25, 50),
    ("container", 2_048, 50, 100),
    ("dedicated server", 8_192, 100, 500),
    ("development", None, 10, 10),
)
"""Scenario, memory in MB (None: this machine's), and the rows a batch that the old guide gave for it, from, to."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The size to take and the reason in words: `rows` a batch, or to leave it `automatic`; neither if none is clear.

    `matters` is False where the sizes that were tried differ little, and None where trials of one size differ so
    much that nothing is sure.
    """

    rows: int | None
    reason: str
    matters: bool | None
    automatic: bool = False

    @property
    def is_something(self) -> bool:
        """True if a size is recommended."""
        return self.automatic or self.rows is not None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A line of the guide's table beside this machine's figures.

    `rows` is the size to take, None if not even the smallest fits; `peak_mb`, `high_mb` (95%) and `rate` are with
    it. `guide_peak_mb` and `guide_rate` (from, to) are what the guide's sizes would bring: `how` says whether that
    is measured, or derived from what a batch costs.
    """

    name: str
    limit_mb: float
    guide: tuple[int, int]
    guide_peak_mb: float
    guide_rate: tuple[float, float]
    rows: int | None
    peak_mb: float
    high_mb: float
    rate: float
    automatic_start: int
    how: str


def advice_of(tuning: Tuning) -> Advice:
    """The size to take by the trials so far.

    It is left automatic where that is as fast as the best fixed one, since it follows the budget as well; else it is
    the shortest of those that are as fast as the fastest and fit.
    """
    if not tuning.done:
        return Advice(None, why_nothing(tuning), matters=False)
    fitting = [size for size in tuning.measured if _fits(tuning, size)]
    if _is_best_left_automatic(tuning, fitting):
        return Advice(None, why_automatic(tuning, fitting), _matters(tuning, fitting), automatic=True)
    if not fitting:
        return Advice(None, why_none_fits(tuning), matters=False)
    same, matters = _as_fast_as_the_best(tuning, fitting), _matters(tuning, fitting)
    return Advice(min(same), why_fixed(tuning, fitting, same, matters=matters), matters)


def _is_best_left_automatic(tuning: Tuning, fitting: list[int]) -> bool:
    of_it = [trial for trial in tuning.trials if trial.batch_rows is None]
    if not of_it or not all(trial in tuning.done for trial in of_it) or not _fits(tuning, None):
        return False
    return not fitting or _is_as_fast(tuning, None, max(fitting, key=tuning.rate))


def _matters(tuning: Tuning, fitting: list[int]) -> bool | None:
    """Whether fixed sizes differ: for sure, not at all, or None where that may be chance."""
    if not fitting:
        return False
    best = max(fitting, key=tuning.rate)
    if any(_is_slower(tuning, size, best) for size in fitting):
        return True
    return False if _as_fast_as_the_best(tuning, fitting) == fitting else None


def _as_fast_as_the_best(tuning: Tuning, sizes: list[int]) -> list[int]:
    """Those sizes that are about as fast as the fastest."""
    best = max(sizes, key=tuning.rate)
    return [size for size in sizes if _is_as_fast(tuning, size, best)]


def _is_as_fast(tuning: Tuning, size: int | None, best: int) -> bool:
    near = (1 - LARGEST_CHANCE) * tuning.rate(best)
    return tuning.rate(size) >= near and not _is_slower(tuning, size, best)


def _is_slower(tuning: Tuning, size: int | None, best: int) -> bool:
    """True if a size is slower than another by `LEAST_MARGIN`, and that isn't chance (95%).

    It is sure if every one of three trials or more was slower than every one of the other's, or if what a batch costs
    at least, by all trials together, makes it so. Where nothing bounds that, the rates as they are must do.
    """
    if tuning.rate(size) >= (1 - LEAST_MARGIN) * tuning.rate(best):
        return False
    ours, theirs = tuning.rates(size), tuning.rates(best)
    if min(len(ours), len(theirs)) >= ENOUGH_TRIALS and max(ours) < min(theirs):
        return True
    cost = trend([trial.seconds for trial in tuning.done], [trial.batches for trial in tuning.done])
    if not math.isfinite(cost.low):
        return True
    more = tuning.batches(size) - tuning.batches(best)
    return cost.low * more > LEAST_MARGIN * tuning.rows / tuning.rate(best)


def scenarios_of(tuning: Tuning) -> list[Scenario]:
    """The guide's table filled with what was measured here; nothing if no trial came to its end."""
    if not tuning.measured:
        return []
    return [_scenario(tuning, name, limit, (low, high)) for name, limit, low, high in GUIDE]


def rate_at(tuning: Tuning, size: int) -> float:
    """Rows/s of a size: as measured, else by what a batch costs beside its rows, between its measured neighbours."""
    if rates := tuning.rates(size):
        return max(rates)
    stages = len(tuning.order.settings.stages)
    seconds = tuning.time.at(max(stages, tuning.rows / size))
    derived = tuning.rows / seconds if seconds > 0 else 0.0
    shorter, longer = ([tuning.rate(other) for other in others] for others in _neighbours(tuning.measured, size))
    least = min(*shorter, *longer, math.inf) if shorter else 0.0
    most = max(*shorter, *longer, 0.0) if longer else math.inf
    return max(least, min(derived, most))


def _neighbours(sizes: list[int], size: int) -> tuple[list[int], list[int]]:
    """The nearest shorter and the nearest longer size, each where there is one."""
    place = bisect(sizes, size)
    return sizes[max(0, place - 1) : place], sizes[place : place + 1]


def _fits(tuning: Tuning, size: int | None) -> bool:
    return tuning.highest_mb(size) <= AIM_AT * tuning.limit_mb


def _scenario(tuning: Tuning, name: str, limit: int | None, guide: tuple[int, int]) -> Scenario:
    limit_mb = tuning.limit_mb if limit is None else float(limit)
    memory = tuning.memory
    fitting = [size for size in tuning.measured if memory.at(min(size, tuning.rows)) <= AIM_AT * limit_mb]
    rows = min(_as_fast_as_the_best(tuning, fitting)) if fitting else None
    place = rows or LEAST_ROWS
    return Scenario(
        name,
        limit_mb,
        guide,
        memory.at(guide[1]),
        (rate_at(tuning, guide[0]), rate_at(tuning, guide[1])),
        rows,
        memory.at(place),
        memory.bounds(place)[1],
        rate_at(tuning, place) if rows else 0.0,
        starting_rows(limit_mb),
        "measured" if all(tuning.rates(size) for size in guide) else "derived",
    )
