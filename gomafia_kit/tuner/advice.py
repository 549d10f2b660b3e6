"""What the trials show: the size to take and why, and what fits into the memory that people have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from gomafia_kit.memory.budget import AIM_AT, LEAST_ROWS, WORTH_GROWING, starting_rows
from gomafia_kit.memory.trend import trend

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
    """The size to take, in rows a batch, and the reason in words; `rows` None if nothing can be said.

    `matters` is False where the sizes that were tried differ little, and None where trials of one size differ so
    much that nothing is sure.
    """

    rows: int | None
    reason: str
    matters: bool | None


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
    """The size to take by the trials so far: the shortest of those that are as fast as the fastest and fit."""
    sizes = _measured(tuning)
    if not sizes:
        return Advice(None, "No trial with a fixed size came to its end: nothing can be said.", matters=False)
    fitting = [size for size in sizes if _peak(tuning, size) <= AIM_AT * tuning.limit_mb]
    if not fitting:
        smallest = sizes[0]
        reason = (
            f"Not even {smallest:,} rows a batch stay under {AIM_AT:.0%} of {tuning.limit_mb:,.0f} MB: they take"
            f" {_peak(tuning, smallest):.0f} MB, most of it whatever the size. Give more memory, or transport=http."
        )
        return Advice(None, reason, matters=False)
    same, best = _as_fast_as_the_best(tuning, fitting), max(fitting, key=tuning.rate)
    matters: bool | None = any(_is_slower(tuning, size, best) for size in fitting)
    if matters:
        why = _why_it_matters(tuning, fitting, same)
    elif len(same) == len(fitting):
        why = _why_not(tuning, fitting)
    else:
        matters, why = None, _why_unknown(tuning, fitting, min(same))
    return Advice(min(same), " ".join([*why, *_automatic(tuning, best), *_left_out(tuning, sizes, fitting)]), matters)


def _as_fast_as_the_best(tuning: Tuning, sizes: list[int]) -> list[int]:
    """Those sizes that are about as fast as the fastest."""
    best = max(sizes, key=tuning.rate)
    near = (1 - LARGEST_CHANCE) * tuning.rate(best)
    return [size for size in sizes if tuning.rate(size) >= near and not _is_slower(tuning, size, best)]


def _is_slower(tuning: Tuning, size: int, best: int) -> bool:
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
    if not _measured(tuning):
        return []
    return [_scenario(tuning, name, limit, (low, high)) for name, limit, low, high in GUIDE]


def rate_at(tuning: Tuning, size: int) -> float:
    """Rows/s of a size: as measured, else by what a batch costs beside its rows."""
    if rates := tuning.rates(size):
        return max(rates)
    stages = len(tuning.order.settings.stages)
    seconds = tuning.time.at(max(stages, tuning.rows / size))
    return tuning.rows / seconds if seconds > 0 else 0.0


def _measured(tuning: Tuning) -> list[int]:
    return sorted({trial.batch_rows for trial in tuning.done if trial.batch_rows is not None})


def _peak(tuning: Tuning, size: int) -> float:
    return max(tuning.peak_mb(trial) for trial in tuning.done if trial.batch_rows == size)


def _why_it_matters(tuning: Tuning, fitting: list[int], same: list[int]) -> list[str]:
    chosen, best = min(same), max(same, key=tuning.rate)
    slowest = min(fitting, key=tuning.rate)
    brings = f"{chosen:,} rows a batch bring {tuning.rate(chosen):,.0f} rows/s"
    gain = tuning.rate(chosen) / tuning.rate(slowest)
    told = [f"{brings}, {gain:.1f} times as many as {slowest:,}: {_cost(tuning, slowest)}."]
    if best != chosen:
        more = max(0.0, _peak(tuning, best) - _peak(tuning, chosen))
        told.append(f"{best:,} rows are faster by no more than chance, and take {more:.0f} MB more.")
    return told


def _why_not(tuning: Tuning, fitting: list[int]) -> list[str]:
    if len(fitting) == 1:
        return [f"{fitting[0]:,} rows a batch is the only size that was tried and fits."]
    return [
        f"Batch size hardly matters here, because {_cost(tuning, fitting[0])}: {_span(tuning, fitting)}.",
        "The shortest takes the least memory, and loses the least if the import is killed.",
    ]


def _why_unknown(tuning: Tuning, fitting: list[int], chosen: int) -> list[str]:
    return [
        f"Nothing is sure yet: {_span(tuning, fitting)}, but trials of one size differ as much.",
        f"{chosen:,} rows are as fast as any so far; more repeats, or a machine that does nothing else, tell more.",
    ]


def _span(tuning: Tuning, sizes: list[int]) -> str:
    rates = [tuning.rate(size) for size in sizes]
    return f"{sizes[0]:,} to {sizes[-1]:,} rows bring {min(rates):,.0f} to {max(rates):,.0f} rows/s"


def _cost(tuning: Tuning, size: int) -> str:
    """What a batch costs beside its rows, and how much of the time that is with a size."""
    a_batch = max(0.0, tuning.time.slope)
    of_size = [trial for trial in tuning.done if trial.batch_rows == size]
    share = median(min(1.0, a_batch * trial.batches / trial.seconds) for trial in of_size)
    return f"a batch costs {a_batch * 1000:.0f} ms beside its rows, {share:.0%} of the time at {size:,} rows"


def _automatic(tuning: Tuning, best: int) -> list[str]:
    if not tuning.rate(None):
        return []
    return [f"The automatic size brings {tuning.rate(None) / tuning.rate(best):.0%} of the fastest one's rows/s."]


def _left_out(tuning: Tuning, sizes: list[int], fitting: list[int]) -> list[str]:
    told = []
    if too_large := [size for size in sizes if size not in fitting]:
        told.append(
            f"From {too_large[0]:,} rows on it takes more than {AIM_AT:.0%} of the budget of {tuning.limit_mb:,.0f} MB."
        )
    ended = sorted({trial.batch_rows or 0 for trial in tuning.trials if not trial.is_done})
    if ended:
        named = ", ".join(f"{size:,}" if size else "automatic" for size in ended)
        told.append(f"Trials that didn't come to their end: {named}.")
    return told


def _scenario(tuning: Tuning, name: str, limit: int | None, guide: tuple[int, int]) -> Scenario:
    limit_mb = tuning.limit_mb if limit is None else float(limit)
    memory = tuning.memory
    fitting = [size for size in _measured(tuning) if memory.at(min(size, tuning.rows)) <= AIM_AT * limit_mb]
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
