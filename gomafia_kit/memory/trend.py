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


@dataclass(frozen=True, slots=True)
class Line:
    """The least-squares line through points, and how sure it is.

    It goes through (`middle`, `level`). `error` is how far points lie off it (standard deviation; None with fewer than
    three), `spread` the sum of the squared distances of their places from the middle.
    """

    slope: float
    middle: float
    level: float
    spread: float
    error: float | None
    points: int

    def at(self, place: float) -> float:
        """The height of the line at a place."""
        return self.level + self.slope * (place - self.middle)

    def bounds(self, place: float) -> tuple[float, float]:
        """The line is above the first and below the second there, with 95% confidence each."""
        if self.error is None:
            return -math.inf, math.inf
        away = (place - self.middle) ** 2 / self.spread if self.spread else 0.0
        margin = student(self.points - 2) * self.error * math.sqrt(1 / self.points + away)
        return self.at(place) - margin, self.at(place) + margin


def line_through(figures: Sequence[float], at: Sequence[float]) -> Line:
    """The least-squares line through the figures at the places `at`; level through equal places or none."""
    count = len(figures)
    middle, level = (fmean(at), fmean(figures)) if count else (0.0, 0.0)
    spread = sum((place - middle) ** 2 for place in at)
    slope = 0.0
    if spread:
        slope = sum((x - middle) * (y - level) for x, y in zip(at, figures, strict=True)) / spread
    off = sum((y - level - slope * (x - middle)) ** 2 for x, y in zip(at, figures, strict=True))
    error = math.sqrt(off / (count - 2)) if count >= LEAST_POINTS else None
    return Line(slope, middle, level, spread, error, count)


def trend(figures: Sequence[float], at: Sequence[float] | None = None) -> Trend:
    """The least-squares line through the figures at 0, 1, 2 ..., or at the places `at`.

    The bounds take the points' errors as independent. Equal places give a slope of 0 without bounds.
    """
    line = line_through(figures, [float(place) for place in (range(len(figures)) if at is None else at)])
    if not line.spread or line.error is None:
        return Trend(line.slope, -math.inf, math.inf, line.points)
    margin = student(line.points - 2) * line.error / math.sqrt(line.spread)
    return Trend(line.slope, line.slope - margin, line.slope + margin, line.points)


def student(freedom: int) -> float:
    """Student's t for 95% on one side: by the table, and close to the normal's beyond it."""
    return _STUDENT[freedom - 1] if freedom <= len(_STUDENT) else 1.645 + 1.53 / freedom
