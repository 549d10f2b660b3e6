"""Why a size is recommended, or none, in words."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from gomafia_kit.errors import OutOfBudgetError
from gomafia_kit.memory.budget import AIM_AT

if TYPE_CHECKING:
    from gomafia_kit.tuner.tuning import Tuning


def why_nothing(tuning: Tuning) -> str:
    """Why not even one trial counts: each ended before its end, or wrote nothing."""
    ended = sorted({trial.ended for trial in tuning.trials if not trial.is_done})
    if not tuning.trials:
        return "Nothing was tried yet."
    if OutOfBudgetError.__name__ in ended:
        return f"No trial fits into {tuning.limit_mb:,.0f} MB: each came near that and was ended. {_more(tuning)}"
    if ended:
        return f"No trial came to its end ({', '.join(ended)}): run gomafia run on the same stages to see why."
    return "No trial wrote a row: choose stages, years or tournaments that hold something."


def why_none_fits(tuning: Tuning) -> str:
    """Why no size can be taken though trials came to their end."""
    smallest = min(tuning.done, key=tuning.peak_mb)
    takes = f"even {_name(smallest.batch_rows)} takes {tuning.peak_mb(smallest):.0f} MB, most of it whatever the size"
    return f"Nothing stays under {AIM_AT:.0%} of {tuning.limit_mb:,.0f} MB: {takes}. {_more(tuning)}"


def _more(tuning: Tuning) -> str:
    """What to give where nothing fits."""
    other = ", or transport=http, which needs no browser" if tuning.order.transport == "chromium" else ""
    return f"Give a larger memory_limit_mb{other}."


def why_automatic(tuning: Tuning, fitting: list[int]) -> str:
    """Why to leave it automatic, beside those fixed sizes that fit."""
    brings = f"The automatic size brings {tuning.rate(None):,.0f} rows/s at a peak of {tuning.highest_mb(None):.0f} MB"
    if not fitting:
        beside = "no fixed size fits" if tuning.measured else "no fixed size was tried beside it"
        return " ".join([f"{brings}; {beside}.", *_left_out(tuning, fitting)])
    best = max(fitting, key=tuning.rate)
    share, beside = tuning.rate(None) / tuning.rate(best), f"{tuning.rate(best):,.0f} rows/s"
    told = [
        f"{brings}: {share:.0%} of what {_name(best)} bring, the fastest fixed size that fits ({beside}).",
        "It follows the budget besides, which a fixed size doesn't.",
        f"Of the fixed ones {_span(tuning, fitting)}: {_cost(tuning, fitting[0])}." if len(fitting) > 1 else "",
        *_left_out(tuning, fitting),
    ]
    return " ".join(filter(None, told))


def _name(size: int | None) -> str:
    return "the automatic size" if size is None else f"{size:,} rows a batch"


def why_fixed(tuning: Tuning, fitting: list[int], same: list[int], *, matters: bool | None) -> str:
    """Why to take the shortest of `same`, which are as fast as the fastest of those that fit."""
    if matters:
        why = _why_it_matters(tuning, fitting, same)
    elif matters is None:
        why = _why_unknown(tuning, fitting, min(same))
    else:
        why = _why_not(tuning, fitting)
    return " ".join([*why, *_automatic(tuning, max(fitting, key=tuning.rate)), *_left_out(tuning, fitting)])


def _why_it_matters(tuning: Tuning, fitting: list[int], same: list[int]) -> list[str]:
    chosen, best = min(same), max(same, key=tuning.rate)
    slowest = min(fitting, key=tuning.rate)
    brings = f"{chosen:,} rows a batch bring {tuning.rate(chosen):,.0f} rows/s"
    gain = tuning.rate(chosen) / tuning.rate(slowest)
    told = [f"{brings}, {gain:.1f} times as many as {slowest:,}: {_cost(tuning, slowest)}."]
    if best != chosen:
        more = max(0.0, tuning.highest_mb(best) - tuning.highest_mb(chosen))
        told.append(f"{best:,} rows are faster by no more than chance, and take {more:.0f} MB more.")
    return told


def _why_not(tuning: Tuning, fitting: list[int]) -> list[str]:
    if len(fitting) == 1:
        return [f"{fitting[0]:,} rows a batch is the only fixed size that was tried and fits."]
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


def _left_out(tuning: Tuning, fitting: list[int]) -> list[str]:
    told = []
    if too_large := [size for size in tuning.measured if size not in fitting]:
        told.append(
            f"From {too_large[0]:,} rows on it takes more than {AIM_AT:.0%} of the budget of {tuning.limit_mb:,.0f} MB."
        )
    ended = sorted({trial.batch_rows or 0 for trial in tuning.trials if not trial.is_done})
    if ended:
        named = ", ".join(f"{size:,}" if size else "automatic" for size in ended)
        told.append(f"Trials that didn't come to their end: {named}.")
    return told
