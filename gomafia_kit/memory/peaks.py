"""Where a run took the most memory, and which part took how much of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gomafia_kit.runs.journal import MemorySample


BROWSER: Final = ("driver", "chromium")


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

    Between two looks Python counts as its exact RSS rose since the last one, so that the peak of a run of few looks
    isn't that of its quiet moments; a browser counts as last seen in its stage. `samples` mustn't be empty.
    """
    if not with_pss or not any(sample.part == "tree" and sample.pss_mb is not None for sample in samples):
        python = max((sample for sample in samples if sample.part == "python"), key=_exact_mb)
        exact = _exact_mb(python)
        return Peak(exact, "Python's RSS, exact", python.stage, python.batch, {"python": exact})
    return max(trees(samples), key=lambda peak: peak.mb)


def trees(samples: Sequence[MemorySample]) -> Iterator[Peak]:
    """The tree at each batch from the first look on, as `peak_of` counts it; none where PSS isn't told."""
    looked: MemorySample | None = None
    browser: dict[str, float] = {}
    for (stage, batch), group in groupby(samples, key=lambda sample: (sample.stage, sample.batch)):
        own = {sample.part: sample for sample in group}
        if "tree" in own or (looked is not None and looked.stage != stage):
            browser = {part: use.pss_mb for part, use in own.items() if part in BROWSER and use.pss_mb is not None}
        python = own.get("python")
        if python is not None and python.pss_mb is not None:
            looked = python
        if python is None or looked is None:
            continue
        rose = max(0.0, _exact_mb(python) - (looked.rss_mb or 0.0))
        parts = {"python": (looked.pss_mb or 0.0) + rose, **browser}
        yield Peak(sum(parts.values()), "PSS of the tree", stage, batch, parts)


def taken_by_part(samples: Sequence[MemorySample]) -> dict[str, float]:
    """What each part of the importer's processes took up to its last batch, in MB, and the tree as their sum.

    PSS where it is known, else RSS as last seen; empty before the first sample.
    """
    known = deque(trees(samples), maxlen=1)
    parts: dict[str, float] = dict(known[0].parts) if known else {}
    if not known:
        parts = {s.part: s.rss_mb for s in samples if s.part != "tree" and s.rss_mb is not None}
    return parts | {"tree": sum(parts.values())} if parts else {}


def _exact_mb(sample: MemorySample) -> float:
    return sample.peak_rss_mb or sample.rss_mb or 0.0
