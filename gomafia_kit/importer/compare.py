"""Two runs side by side: whether a change brought memory down enough, and at what price in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import FolderError
from gomafia_kit.memory.peaks import peak_of
from gomafia_kit.runs.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

LOWER_BY: Final = 0.30
"""The peak must be lower by this share at least."""
AS_LONG: Final = 2.0
"""And the run may take so many times as long at most."""
SAME_WORK: Final = 0.02
"""Runs whose rows differ by more did another work: their memory says nothing of each other."""


@dataclass(frozen=True, slots=True)
class Side:
    """One run: its peak in MB, of which `parts` at that moment, by which measure; its seconds and rows."""

    name: str
    peak_mb: float
    measure: str
    parts: dict[str, float]
    seconds: float
    rows: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict on two runs; `reasons` holds a sentence for each thing that was asked, met or not."""

    before: Side
    after: Side
    reasons: tuple[tuple[bool, str], ...]

    @property
    def passed(self) -> bool:
        """True if everything that was asked is met."""
        return all(met for met, _ in self.reasons)

    @property
    def verdict(self) -> str:
        """In one sentence."""
        return f"{'Better' if self.passed else 'Not better'}: " + " ".join(text for _, text in self.reasons)


def compared(before: tuple[Path, int], after: tuple[Path, int]) -> Comparison:
    """The verdict on two runs, each a data folder and a number.

    Raises FolderError if one hasn't ended well or was too short to be measured.
    """
    one, other = _side(*before), _side(*after)
    if other.measure != one.measure:
        one, other = _side(*before, with_pss=False), _side(*after, with_pss=False)
    return Comparison(one, other, tuple(_judged(one, other)))


def _judged(before: Side, after: Side) -> list[tuple[bool, str]]:
    lower = 1 - after.peak_mb / before.peak_mb
    longer = after.seconds / before.seconds
    peaks = f"{before.peak_mb:.0f} -> {after.peak_mb:.0f} MB {after.measure}"
    spans = f"{before.seconds:.1f} -> {after.seconds:.1f} s"
    return [
        (
            abs(after.rows - before.rows) <= SAME_WORK * before.rows,
            f"{before.rows:,} rows before, {after.rows:,} after.",
        ),
        (
            lower >= LOWER_BY,
            f"The peak is {abs(lower):.0%} {'lower' if lower >= 0 else 'higher'} ({peaks}); {LOWER_BY:.0%} is wanted.",
        ),
        (
            longer <= AS_LONG,
            f"It takes {longer:.2f} times as long ({spans}); at most {AS_LONG:g} times is allowed.",
        ),
    ]


def _side(data_dir: Path, run_id: int, *, with_pss: bool = True) -> Side:
    with Journal(data_dir) as journal:
        run, samples = journal.run(run_id), journal.memory(run_id)
        rows = sum(batch.rows for batch in journal.batches(run_id))
    if run.state != "done" or run.ended_at is None:
        raise FolderError(
            f"Run {run_id} of {data_dir} is {run.state}: only runs that ended well can be compared.", "Run it again."
        )
    if not rows or not samples:
        raise FolderError(
            f"Run {run_id} of {data_dir} wrote no row: there is nothing to compare.",
            "Compare runs into fresh data folders, or with refresh.",
        )
    seconds = (run.ended_at - run.started_at).total_seconds()
    peak = peak_of(samples, with_pss=with_pss)
    return Side(f"run {run_id} of {data_dir.name}", peak.mb, peak.measure, dict(peak.parts), max(seconds, 0.001), rows)
