"""What a run's memory suggests: what holds the most, what grows, what would make it less and by how much.

All of it is computed from the figures that every run keeps; what can't be told for sure (95%) isn't advised.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from gomafia_kit.memory.budget import AIM_AT, SHRINK_AT
from gomafia_kit.memory.diagnosis import KB_A_BATCH
from gomafia_kit.memory.peaks import Peak, peak_of, tells_pss
from gomafia_kit.memory.trend import trend
from gomafia_kit.runs.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gomafia_kit.runs.journal import Batch, Measure, MemorySample

LEAST_LOOKS: Final = 6
"""With fewer looks nothing is said of a slope."""
WARM_ASKS: Final = 10
"""A browser grows with its first pages whatever they are: caches, compiled scripts."""
WORTH_MB: Final = 20.0
"""What saves less is no advice."""
WORTH_SHARE: Final = 0.05
KEPT_GROWTH: Final = 1 / 3
"""A browser is advised to be replaced where it has grown by so much of what it grows to else."""
STEP_MB: Final = 32
LEAST_SHARE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that a run's memory shows: `about` what, what was `seen`, and what to `do` about it.

    `saves_mb` is what that would take off the peak, about; None where there is nothing to save.
    """

    about: str
    seen: str
    do: str
    saves_mb: float | None = None


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What a run kept of its memory; `limit_mb` is the budget that its last batch was held to."""

    batches: Sequence[Batch]
    samples: Sequence[MemorySample]
    measures: Sequence[Measure]
    limit_mb: float | None


def advice_on(data_dir: Path, run_id: int) -> list[Advice]:
    """The advice on a run of a folder; none if it wrote no batch."""
    with Journal(data_dir) as journal:
        measures = journal.measures(run_id)
        limits = [measure.figure for measure in measures if measure.part == "budget"]
        run = RunFigures(journal.batches(run_id), journal.memory(run_id), measures, limits[-1] if limits else None)
    return advice_of(run)


def advice_of(run: RunFigures) -> list[Advice]:
    """The advice on a run's figures, the peak and what holds it first."""
    if not run.batches or not run.samples:
        return []
    peak = peak_of(run.samples)
    return [
        _of_peak(peak, run),
        *_of_browser(peak, run),
        *_of_batches(peak, run),
        _of_growth(run),
        *_of_budget(peak, run),
    ]


def _of_peak(peak: Peak, run: RunFigures) -> Advice:
    last = max((batch.number for batch in run.batches if batch.stage == peak.stage), default=0)
    where = f"batch {peak.batch} of {peak.stage}" if 0 < peak.batch <= last else f"{peak.stage}, outside of its batches"
    shares = sorted(peak.parts.items(), key=lambda item: -item[1])
    told = ", ".join(f"{part} {mb:.0f} MB ({mb / peak.mb:.0%})" for part, mb in shares)
    seen = f"The peak is {peak.mb:.0f} MB ({peak.measure}), in {where}: {told}."
    browser = sum(mb for part, mb in shares if part != "python")
    if browser:
        return Advice("peak", seen, "Use via=http where the site lets it: it needs no browser.", browser)
    if not 0 < peak.batch <= last:
        return Advice("peak", seen, "Nothing: what is published or pushed isn't taken by batches.")
    return Advice("peak", seen, "Nothing: without a browser Python is all there is.")


def _of_browser(peak: Peak, run: RunFigures) -> Iterator[Advice]:
    """Whether a browser grows with its asks, and where it had better be replaced."""
    asks = {(m.stage, m.batch): m.figure for m in run.measures if (m.part, m.name) == ("chromium", "asks_put")}
    has_pss = tells_pss(run.samples)
    looks = [
        (asks[sample.stage, sample.batch], mb)
        for sample in run.samples
        if sample.part == "chromium" and (sample.stage, sample.batch) in asks
        if (mb := sample.pss_mb if has_pss else sample.rss_mb) is not None
    ]
    if not looks:
        return
    most = max(number for number, _ in looks)
    warm = [(number, mb) for number, mb in looks if number >= WARM_ASKS]
    line = trend([mb for _, mb in warm], [number for number, _ in warm])
    held = f"Chromium holds {peak.parts.get('chromium', 0.0) / peak.mb:.0%} of the peak"
    if len(warm) < LEAST_LOOKS or not math.isfinite(line.high):
        yield Advice(
            "browser", f"{held}; {len(warm)} looks at a warm one are too few to see whether it grows.", "Nothing."
        )
        return
    every = max(WARM_ASKS, round(KEPT_GROWTH * most, -1))
    young = max((mb for number, mb in looks if number <= every), default=math.inf)
    saves = max(mb for _, mb in looks) - young
    if line.grows and saves >= WORTH_MB:
        by = f"{1024 * line.slope:,.0f} KB a page (95%: at least {1024 * line.low:,.0f})"
        seen = f"{held}; it grows by {by}, over {most:.0f} pages."
        yield Advice("browser", seen, f"Replace it every {every:.0f} pages: pages_per_browser={every:.0f}.", saves)
        return
    seen = f"{held}; it grows by {1024 * max(0.0, line.high):,.0f} KB a page at most (95%), over {most:.0f} pages."
    yield Advice("browser", seen, "Leave pages_per_browser: a fresh one takes as much soon, and takes time.")


def _of_batches(peak: Peak, run: RunFigures) -> Iterator[Advice]:
    """What the rows of a batch take over what is held anyway, and what halving them would save."""
    rises = _rises(run)
    if len(rises) < LEAST_LOOKS:
        return
    least, most = min(rows for rows, _ in rises), max(rows for rows, _ in rises)
    mb_a_row = max(0.0, median(mb / rows for rows, mb in rises if rows >= most / 2))
    saves = mb_a_row * most / 2
    seen = (
        f"Batches of {least:,} to {most:,} rows took {1000 * mb_a_row:.1f} MB for 1,000 rows"
        " over what is held anyway (median of the longer half)."
    )
    if saves >= max(WORTH_MB, WORTH_SHARE * peak.mb):
        yield Advice("batch", seen, f"Halve them where memory is short: batch_rows={most // 2}.", saves)
    else:
        yield Advice("batch", seen, f"Leave batch_rows automatic: halving them saves {saves:.0f} MB of {peak.mb:.0f}.")


def _rises(run: RunFigures) -> list[tuple[int, float]]:
    """Rows of each batch, and how far Python's exact peak in it was above what the batch before had left."""
    python = {(sample.stage, sample.batch): sample for sample in run.samples if sample.part == "python"}
    found = []
    for batch in run.batches:
        now, before = python.get((batch.stage, batch.number)), python.get((batch.stage, batch.number - 1))
        if now is None or before is None or now.peak_rss_mb is None or not batch.rows or batch.number == 1:
            continue  # libraries are loaded in a stage's first batch
        found.append((batch.rows, max(0.0, now.peak_rss_mb - (before.rss_mb or now.peak_rss_mb))))
    return found


def _of_growth(run: RunFigures) -> Advice:
    """Whether Python's peaks rise from batch to batch, in the stage that had the most; its first third warms up."""
    counts = {stage: sum(batch.stage == stage for batch in run.batches) for stage in {b.stage for b in run.batches}}
    stage = max(sorted(counts), key=counts.__getitem__)
    peaks = [
        mb
        for sample in run.samples
        if sample.part == "python" and sample.stage == stage and 0 < sample.batch <= counts[stage]
        if (mb := sample.peak_rss_mb or sample.rss_mb)
    ]
    later = peaks[len(peaks) // 3 :]
    line = trend(later)
    if len(later) < LEAST_LOOKS:
        return Advice(
            "growth", f"{stage} had {counts[stage]} batches: too few to see whether memory grows.", "Nothing."
        )
    low, high = 1024 * line.low, 1024 * line.high
    if low > KB_A_BATCH:
        whole = line.slope * len(later)
        by = f"{1024 * line.slope:,.0f} KB a batch in {stage} (95%: at least {low:,.0f})"
        seen = f"Python's peak grows {by}, {whole:.0f} MB in all."
        return Advice("growth", seen, "Find the line: gomafia profile." if whole >= WORTH_MB else "Nothing yet.")
    bound = f"(95%: at most {max(0.0, high):,.0f} KB a batch)"
    if line.high * len(later) >= WORTH_MB:
        return Advice(
            "growth", f"No growth is seen in {stage}, of {len(peaks)} batches {bound}.", "A longer run says more."
        )
    return Advice("growth", f"Python's peak is flat in {stage} {bound}.", "Nothing.")


def _of_budget(peak: Peak, run: RunFigures) -> Iterator[Advice]:
    if run.limit_mb is None:
        return
    # PSS counts what Python shares with other programs in part only: where there are none it is as high as RSS.
    alone_mb = max(sample.peak_rss_mb or sample.rss_mb or 0.0 for sample in run.samples if sample.part == "python")
    python_mb = peak.parts.get("python", 0.0)
    enough = STEP_MB * math.ceil((peak.mb - python_mb + max(python_mb, alone_mb)) / AIM_AT / STEP_MB)
    share = peak.mb / run.limit_mb
    told = f"{share:.0%}" if share >= LEAST_SHARE else "less than 1%"
    seen = f"The peak is {told} of the budget of {run.limit_mb:,.0f} MB."
    if peak.mb >= SHRINK_AT * run.limit_mb:
        yield Advice("budget", seen, f"It came near: memory_limit_mb={enough} leaves batches their length.")
    elif enough <= run.limit_mb / 2:
        yield Advice("budget", seen, f"memory_limit_mb={enough} is enough for a run like this.")
    else:
        yield Advice("budget", seen, "Nothing: it fits.")
