"""One trial: what an import with one batch size took, read from its run store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gomafia_kit.runs.journal import Journal
from gomafia_kit.tuner.order import PUSH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gomafia_kit.runs.journal import Batch, MemorySample, StageProgress


@dataclass(frozen=True, slots=True)
class Trial:
    """What one import took; memory in MB.

    `batch_rows` None is the automatic size; `longest` is the longest batch that came about. Seconds and
    rows are of the stages that were to be tried. `peak_rss_mb` is the highest RSS of Python, exactly, and
    `batch_rss_mb` that of the batches alone, without what came after them (parts put together, published, pushed);
    `shared_mb` of it were pages that other processes had too. `browser_mb` is what Chromium and its driver took at
    most, `peak_pss_mb` the tree, as sampled. `cpu_seconds` is what the whole process computed, its start and end
    included; other work on the machine hardly changes that. `ended` is done, or the class of the error that ended it.
    """

    repeat: int
    batch_rows: int | None
    longest: int
    batches: int
    rows: int
    seconds: float
    cpu_seconds: float
    peak_rss_mb: float
    batch_rss_mb: float
    shared_mb: float
    browser_mb: float
    peak_pss_mb: float | None
    ended: str

    @property
    def is_done(self) -> bool:
        """True if the import came to its end."""
        return self.ended == "done"

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds if self.seconds else 0.0


def trial_of(
    data_dir: Path, run_id: int, stages: Sequence[str], repeat: int, size: int | None, cpu_seconds: float
) -> Trial:
    """The trial that a run was."""
    with Journal(data_dir) as journal:
        run = journal.run(run_id)
        took = [stage for stage in journal.stages(run_id) if stage.stage in stages]
        batches = [batch for batch in journal.batches(run_id) if batch.stage in stages]
        every = journal.memory(run_id)
    samples = [sample for sample in every if sample.stage in stages and sample.batch]
    rows, longest, number = _rows(batches)
    written = {(batch.stage, batch.number) for batch in batches}
    if PUSH in stages:
        rows = sum(sum(report[what] for what in _PUSHED) for report in (run.receipt or {}).get("push", ()))
        from gomafia_kit.staging.live import ROWS_A_READ

        longest = size or ROWS_A_READ  # the push's own choice
        number = -(-rows // longest)
    return Trial(
        repeat,
        size,
        longest,
        number,
        rows,
        sum(_seconds(stage) for stage in took),
        cpu_seconds,
        max((sample.peak_rss_mb or 0.0 for sample in samples), default=0.0),
        max((sample.peak_rss_mb or 0.0 for sample in samples if (sample.stage, sample.batch) in written), default=0.0),
        _shared_mb(every),
        _browser_mb(samples),
        max((sample.pss_mb for sample in samples if sample.part == "tree" and sample.pss_mb), default=None),
        "done" if run.state == "done" else run.error or run.state,
    )


_PUSHED = ("new", "changed", "same", "gone")


def _rows(batches: Sequence[Batch]) -> tuple[int, int, int]:
    """All rows, those of the longest batch, and how many batches there were."""
    return sum(batch.rows for batch in batches), max((batch.rows for batch in batches), default=0), len(batches)


def _seconds(stage: StageProgress) -> float:
    return 0.0 if stage.ended_at is None else (stage.ended_at - stage.started_at).total_seconds()


def _shared_mb(samples: Sequence[MemorySample]) -> float:
    """How much of Python's RSS is shared: what RSS is above PSS, where both were taken at once for the last time."""
    both = [
        (sample.rss_mb or 0.0) - sample.pss_mb
        for sample in samples
        if sample.part == "python" and sample.pss_mb is not None
    ]
    return max(0.0, both[-1]) if both else 0.0


def _browser_mb(samples: Sequence[MemorySample]) -> float:
    """The highest figures of Chromium and its driver, of whatever moment each."""
    parts = {sample.part for sample in samples} & {"driver", "chromium"}
    return sum(max(s.pss_mb or s.rss_mb or 0.0 for s in samples if s.part == part) for part in parts)
