"""Whether a series grows: the slope of the straight line through it, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_POINTS: Final = 3
"""With fewer nothing can be said of how far points lie off their line."""

_STUDENT: Final = (
    *(6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812),
    *(1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.740, 1.734, 1.729, 1.725),
    *(1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697),
)
"""Student's t for 95% on one side, by degrees of freedom from 1 on."""


@dataclass(frozen=True, slots=True)
class Trend:
    """The slope of a series, in its unit a step.

    It is above `low` with 95% confidence, and below `high` with 95%; with fewer than three points
    these are endless.
    """

    slope: float
    low: float
    high: float
    points: int

    @property
    def grows(self) -> bool:
        """True if it rises for sure (95%)."""
        return self.low > 0

    @property
    def falls(self) -> bool:
        """True if it falls for sure (95%)."""
        return self.high < 0


def trend(figures: Sequence[float], at: Sequence[float] | None = None) -> Trend:
    """The least-squares line through the figures at 0, 1, 2 ..., or at the places `at`.

    The bounds take the points' errors as independent. Equal places give a slope of 0 without bounds.
    """
    places = [float(place) for place in (range(len(figures)) if at is None else at)]
    count = len(figures)
    middle = fmean(places) if count else 0.0
    spread = sum((place - middle) ** 2 for place in places)
    if not spread:
        return Trend(0.0, -math.inf, math.inf, count)
    level = fmean(figures)
    slope = sum((x - middle) * (y - level) for x, y in zip(places, figures, strict=True)) / spread
    if count < LEAST_POINTS:
        return Trend(slope, -math.inf, math.inf, count)
    off = sum((y - level - slope * (x - middle)) ** 2 for x, y in zip(places, figures, strict=True))
    margin = _student(count - 2) * math.sqrt(off / (count - 2) / spread)
    return Trend(slope, slope - margin, slope + margin, count)


def _student(freedom: int) -> float:
    """Student's t for 95% on one side: by the table, and close to the normal's beyond it."""
    return _STUDENT[freedom - 1] if freedom <= len(_STUDENT) else 1.645 + 1.53 / freedom
