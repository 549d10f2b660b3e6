"""Rows/s and peak memory against the batch size, as an SVG: alive while trials come in, a PNG in the saved notebook.

All its texts are ours. The upper part has a dot for each trial and a line through the medians; the lower
part has the fitted line of memory with the band in which it lies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from gomafia_kit.tuner import advice_of
from gomafia_kit.widgets.chart import LEFT, PAPER, RIGHT, WIDTH, Look, nice_ticks
from gomafia_kit.widgets.svg import circle, line, text
from gomafia_kit.widgets.words import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gomafia_kit.tuner import Trial, Tuning

_PLOT: Final = 130
_TOPS: Final = (46, 262)
_HEIGHT: Final = 434
_STEPS: Final = 24
_NEAR_LIMIT: Final = 2.0
_FLATTEST: Final = 20.0
"""The axis of memory shows so many MB at least: less would make much of nothing."""


@dataclass(frozen=True, slots=True)
class _Axes:
    """A plot: sizes along it on a scale of powers of ten, values from `least` to `most` up it."""

    top: int
    sizes: tuple[int, int]
    least: float
    most: float

    def x(self, size: float) -> float:
        low, high = (math.log10(end) for end in self.sizes)
        share = 0.5 if low == high else (math.log10(max(1.0, size)) - low) / (high - low)
        return LEFT + 24 + share * (WIDTH - LEFT - RIGHT - 48 - _AUTOMATIC)

    def y(self, value: float) -> float:
        share = (value - self.least) / (self.most - self.least)
        return self.top + _PLOT * (1 - min(1.0, max(0.0, share)))

    @property
    def x_automatic(self) -> float:
        return WIDTH - RIGHT - 40.0


_AUTOMATIC: Final = 92
"""Room at the right for trials with the automatic size."""


def tuning_svg(tuning: Tuning, look: Look = PAPER) -> str:
    """The chart of what was tried so far."""
    parts = [*_rates(tuning, look), *_memory(tuning, look)]
    words = f"Rows a second and peak memory of {len(tuning.trials)} trials by batch size"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -6 {WIDTH} {_HEIGHT}" width="{WIDTH}" height="{_HEIGHT}"'
        f' role="img" aria-label="{words}" style="max-width: 100%; height: auto; font-family: {look.font};'
        f' font-size: 12px">'
        f'<rect y="-6" width="{WIDTH}" height="{_HEIGHT}" style="fill: {look.ground}"/>{"".join(parts)}</svg>'
    )


def _ends(tuning: Tuning) -> tuple[int, int]:
    sizes = [size for size in tuning.order.sizes if size is not None] or [1]
    return min(sizes), max(sizes)


def _rates(tuning: Tuning, look: Look) -> Iterator[str]:
    most = nice_ticks(max((trial.rate for trial in tuning.done), default=1.0))[-1]
    axes = _Axes(_TOPS[0], _ends(tuning), 0.0, most)
    yield text(LEFT, 14, "Rows a second by batch size", look.ink, size=14)
    yield text(
        LEFT, 32, f"{len(tuning.trials)} of {tuning.wanted} trials; the line goes through the fastest", look.muted
    )
    yield from _grid(axes, nice_ticks(most) if tuning.done else [], tuning, look)
    if not tuning.done:
        yield text((LEFT + WIDTH) / 2, axes.top + _PLOT / 2, "no trial yet", look.muted, "middle", 14)
    fastest = [
        (axes.x(size), axes.y(tuning.rate(size)))
        for size in tuning.order.sizes
        if size is not None and tuning.rates(size)
    ]
    yield from (line(x1, y1, x2, y2, look.python, 2) for (x1, y1), (x2, y2) in pairwise(fastest))
    yield from _dots(axes, tuning, lambda trial: trial.rate, look.python)
    advice = advice_of(tuning)
    if advice.is_something and tuning.is_whole:
        x = axes.x_automatic if advice.rows is None else axes.x(advice.rows)
        yield line(x, axes.top, x, _TOPS[1] + _PLOT, look.muted, 1.5)
        is_right = x > (LEFT + WIDTH) / 2
        words = "recommended" if advice.rows is None else f"recommended: {count(advice.rows)}"
        yield text(x - 5 if is_right else x + 5, axes.top + _PLOT - 6, words, look.ink, "end" if is_right else "start")


def _memory(tuning: Tuning, look: Look) -> Iterator[str]:
    yield text(LEFT, _TOPS[1] - 32, "Peak memory by batch size, MB", look.ink, size=14)
    yield text(LEFT, _TOPS[1] - 14, "a dot a trial; the fitted line and its band (95% on each side)", look.muted)
    axes = _memory_axes(tuning)
    yield from _grid(axes, [axes.least + tick for tick in nice_ticks(axes.most - axes.least)], tuning, look)
    yield from _fitted(axes, tuning, look)
    yield from _dots(axes, tuning, tuning.peak_mb, look.tree)
    if axes.least <= tuning.limit_mb <= axes.most:
        y = axes.y(tuning.limit_mb)
        yield line(LEFT, y, WIDTH - RIGHT, y, look.limit, 2)
        yield text(LEFT + 4, y - 4, "budget", look.muted)
    yield text((LEFT + WIDTH) / 2, _TOPS[1] + _PLOT + 32, "rows a batch", look.muted, "middle")


def _memory_axes(tuning: Tuning) -> _Axes:
    peaks = [tuning.peak_mb(trial) for trial in tuning.done] or [0.0, 100.0]
    low, high = min(peaks), max(peaks)
    if high < tuning.limit_mb <= _NEAR_LIMIT * high:
        high = tuning.limit_mb
    room = max(_FLATTEST, 0.25 * (high - low))
    least = math.floor(max(0.0, low - room) / 10) * 10
    return _Axes(_TOPS[1], _ends(tuning), least, math.ceil((high + room) / 10) * 10)


def _fitted(axes: _Axes, tuning: Tuning, look: Look) -> Iterator[str]:
    fitted = tuning.memory
    if fitted.error is None or not fitted.spread:
        return
    low, high = axes.sizes[0], min(axes.sizes[1], max(trial.longest for trial in tuning.done))
    sizes = [low * (high / low) ** (step / _STEPS) for step in range(_STEPS + 1)]
    edges = [(axes.x(size), *map(axes.y, fitted.bounds(size))) for size in sizes]
    outline = [(x, upper) for x, _, upper in edges] + [(x, lower) for x, lower, _ in reversed(edges)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in outline)
    yield f'<polygon class="band" points="{points}" style="fill: {look.tree}; opacity: 0.18"/>'
    for (x1, y1), (x2, y2) in pairwise((axes.x(size), axes.y(fitted.at(size))) for size in sizes):
        yield line(x1, y1, x2, y2, look.tree, 1.5)


def _grid(axes: _Axes, ticks: Sequence[float], tuning: Tuning, look: Look) -> Iterator[str]:
    for tick in ticks:
        if axes.least <= tick <= axes.most:
            y = axes.y(tick)
            yield line(LEFT, y, WIDTH - RIGHT, y, look.grid)
            yield text(LEFT - 8, y + 4, count(round(tick)), look.muted, "end")
    for size in tuning.order.sizes:
        x = axes.x_automatic if size is None else axes.x(size)
        yield text(x, axes.top + _PLOT + 16, "automatic" if size is None else count(size), look.muted, "middle")


def _dots(axes: _Axes, tuning: Tuning, value: Callable[[Trial], float], colour: str) -> Iterator[str]:
    for trial in tuning.done:
        x = axes.x_automatic if trial.batch_rows is None else axes.x(trial.batch_rows)
        yield circle(x, axes.y(value(trial)), colour)
