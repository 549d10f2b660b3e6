"""How an import fits into a memory: a formula with constants that were measured.

peak = base of the way + megabytes a batch + its rows x megabytes a row. The constants are the medians of this
package's own benchmarks, on Linux with two cores; `docs/memory.md` says which, and how to measure one's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gomafia_kit.memory.budget import AIM_AT, LEAST_ROWS, MOST_ROWS, SHRINK_AT, STOP_AT

if TYPE_CHECKING:
    from collections.abc import Mapping

MB_A_BATCH: Final = 0.45
"""What any batch takes beside what is held anyway: an answer in hand, and what a file is written and hashed with."""
MB_A_ROW: Final = 0.42 / 1000
"""What each of its rows takes beside that (`python -m benchmarks.batch_memory` measures both)."""

BASE_MB: Final[Mapping[str, float]] = {
    "HTTP": 145.0,
    "headless shell": 475.0,
    "headless shell, rendered": 560.0,
    "full Chromium": 650.0,
    "full Chromium, rendered": 750.0,
}
"""What the importer's processes take (PSS) before the rows of a batch count (`python -m benchmarks.bases`)."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How an import got by one `way` fits into a memory of `limit_mb`.

    `most_rows` is the longest batch that stays under the planned share; 0 where not even the shortest
    keeps the run from ending. `verdict`: fits, tight (batches are shortened all the time), or too little.
    """

    way: str
    limit_mb: float
    base_mb: float
    most_rows: int
    peak_mb: float
    verdict: str


def fits(limit_mb: float) -> list[Fit]:
    """Each way of getting answers under that limit, the leanest first."""
    return [_fit(way, base, limit_mb) for way, base in BASE_MB.items()]


def batch_mb(rows: int) -> float:
    """What a batch of so many rows takes beside what an idle import holds."""
    return MB_A_BATCH + rows * MB_A_ROW


def _fit(way: str, base_mb: float, limit_mb: float) -> Fit:
    shortest = base_mb + batch_mb(LEAST_ROWS)
    room = AIM_AT * limit_mb - base_mb - MB_A_BATCH
    rows = max(LEAST_ROWS, min(MOST_ROWS, int(room / MB_A_ROW)))
    if shortest >= STOP_AT * limit_mb:
        return Fit(way, limit_mb, base_mb, 0, shortest, "too little")
    peak = base_mb + batch_mb(rows)
    return Fit(way, limit_mb, base_mb, rows, peak, "fits" if peak < SHRINK_AT * limit_mb else "tight")
