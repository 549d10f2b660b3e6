"""Where a run took the most memory, and which part took how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gomafia_kit.runs.journal import MemorySample


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest memory of a run in MB, by which measure, in which batch, and the parts of it at that moment."""

    mb: float
    measure: str
    stage: str
    batch: int
    parts: Mapping[str, float]


def peak_of(samples: Sequence[MemorySample], *, with_pss: bool = True) -> Peak:
    """The tree's highest PSS and the parts of it; where PSS isn't told, or not wanted, Python's exact RSS.

    `samples` mustn't be empty.
    """
    trees = [sample for sample in samples if sample.part == "tree" and sample.pss_mb is not None] if with_pss else []
    if not trees:
        python = max((sample for sample in samples if sample.part == "python"), key=_exact_mb)
        return Peak(_exact_mb(python), "Python's RSS, exact", python.stage, python.batch, {"python": _exact_mb(python)})
    highest = max(trees, key=lambda sample: sample.pss_mb or 0.0)
    parts = {
        sample.part: sample.pss_mb
        for sample in samples
        if (sample.stage, sample.batch) == (highest.stage, highest.batch)
        and sample.part != "tree"
        and sample.pss_mb is not None
    }
    return Peak(highest.pss_mb or 0.0, "PSS of the tree, sampled", highest.stage, highest.batch, parts)


def _exact_mb(sample: MemorySample) -> float:
    return sample.peak_rss_mb or sample.rss_mb or 0.0
