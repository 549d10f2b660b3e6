"""Where a run took the most memory, and which part took how much of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gomafia_kit.runs.journal import MemorySample


BROWSER: Final = ("driver", "chromium")
_PSS: Final = "PSS of the tree"
_RSS: Final = "RSS of the tree, which counts shared pages in each process"


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest memory of a run in MB, by which measure, in which batch, and the parts of it at that moment."""

    mb: float
    measure: str
    stage: str
    batch: int
    parts: Mapping[str, float]


def peak_of(samples: Sequence[MemorySample], *, with_pss: bool = True) -> Peak:
    """The tree's highest PSS and the parts of it; RSS where PSS isn't told, or not wanted.

    Between two looks Python counts as its exact RSS rose since the last one, so that the peak of a run of few looks
    isn't that of its quiet moments; a browser counts as last seen in its stage. `samples` mustn't be empty.
    """
    return max(trees(samples, with_pss=with_pss and tells_pss(samples)), key=lambda peak: peak.mb)


def tells_pss(samples: Iterable[MemorySample]) -> bool:
    """Whether the system told the tree's PSS; else all there is of its parts is RSS."""
    return any(sample.part == "tree" and sample.pss_mb is not None for sample in samples)


def trees(samples: Sequence[MemorySample], *, with_pss: bool) -> Iterator[Peak]:
    """The tree at each batch from the first look on, as `peak_of` counts it."""
    looked: tuple[str, float, float] | None = None
    browser: dict[str, float] = {}
    for (stage, batch), group in groupby(samples, key=lambda sample: (sample.stage, sample.batch)):
        own = {sample.part: sample for sample in group}
        taken = {part: mb for part, use in own.items() if (mb := _taken_mb(use, with_pss=with_pss)) is not None}
        if "tree" in own or (looked is not None and looked[0] != stage):
            browser = {part: mb for part, mb in taken.items() if part in BROWSER}
        python = own.get("python")
        if python is not None and "python" in taken:
            looked = stage, taken["python"], python.rss_mb or 0.0
        if python is None or looked is None:
            continue
        _, at_look_mb, rss_mb = looked
        parts = {"python": at_look_mb + max(0.0, _exact_mb(python) - rss_mb), **browser}
        yield Peak(sum(parts.values()), _PSS if with_pss else _RSS, stage, batch, parts)


def taken_by_part(samples: Sequence[MemorySample]) -> dict[str, float]:
    """What each part of the importer's processes took up to its last batch, in MB, and the tree as their sum.

    PSS where it is known, else RSS; empty before the first sample.
    """
    known = deque(trees(samples, with_pss=tells_pss(samples)), maxlen=1)
    return {**known[0].parts, "tree": known[0].mb} if known else {}


def _taken_mb(sample: MemorySample, *, with_pss: bool) -> float | None:
    return sample.pss_mb if with_pss else sample.rss_mb


def _exact_mb(sample: MemorySample) -> float:
    return sample.peak_rss_mb or sample.rss_mb or 0.0
