"""Memory, rows and seconds by batch, as an SVG: alive in the panel, a PNG in the saved notebook.

Drawn by hand: it costs a millisecond and no library, so that it can change four times a second
beside an import. All its texts are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from gomafia_kit.widgets.svg import circle, line, rect, text
from gomafia_kit.widgets.words import count, counted, duration, megabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gomafia_kit.widgets.figures import Point

WIDTH: Final = 760
LEFT: Final = 62
RIGHT: Final = 12
COLUMNS: Final = 150
"""More batches than these are drawn several to a column."""
WIDEST: Final = 90.0
_LABEL_PX: Final = 6.6
_LETTER_PX: Final = 6.4
_PALE: Final = 0.5
"""How strongly that is drawn which wasn't seen in a column itself."""
_NEAR_LIMIT: Final = 4.0
"""A budget so many times higher than what is taken would press all else to the ground: it is told in words only."""


@dataclass(frozen=True, slots=True)
class Look:
    """The colours and the font of a chart."""

    ink: str
    muted: str
    grid: str
    band: str
    python: str
    driver: str
    chromium: str
    tree: str
    rows: str
    limit: str
    ground: str
    font: str


PAPER: Final = Look(
    ink="#1f2933",
    muted="#6b7785",
    grid="#e6e9ed",
    band="#f4f6f8",
    python="#7fa8c9",
    driver="#8fb58f",
    chromium="#e3b466",
    tree="#1f2933",
    rows="#b9c4cf",
    limit="#c8453b",
    ground="white",
    font="Noto Sans, Segoe UI, Roboto, Helvetica, Arial, sans-serif",
)
# JupyterLab's own colours, which follow its theme; the second ones are for a page without a theme.
LIVE: Final = Look(
    ink="var(--jp-ui-font-color1, #1f2933)",
    muted="var(--jp-ui-font-color2, #6b7785)",
    grid="var(--jp-border-color2, #e6e9ed)",
    band="var(--jp-rendermime-table-row-background, #f4f6f8)",
    python="var(--jp-brand-color2, #5b93bd)",
    driver="var(--jp-success-color2, #6fa36f)",
    chromium="var(--jp-warn-color2, #e0a63c)",
    tree="var(--jp-ui-font-color0, #1f2933)",
    rows="var(--jp-ui-font-color3, #8b9aa9)",
    limit="var(--jp-error-color1, #c8453b)",
    ground="none",
    font="var(--jp-ui-font-family, sans-serif)",
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the chart: a batch, or several of one stage; memory is their highest, the rest their mean.

    `driver_mb` and `chromium_mb` are as at the nearest look of the stage, the last one first, where none was taken in
    the column (`is_looked_at` False); `limit_mb` is the last batch's budget.
    """

    stage: str
    first: int
    last: int
    python_mb: float | None
    tree_mb: float | None
    rows: float
    seconds: float
    driver_mb: float | None = None
    chromium_mb: float | None = None
    limit_mb: float | None = None
    is_looked_at: bool = True

    @property
    def stacked_mb(self) -> float:
        """How high the column is."""
        return sum(mb for mb in (self.python_mb, self.driver_mb, self.chromium_mb) if mb is not None)


def columns(points: Sequence[Point], most: int = COLUMNS) -> tuple[Column, ...]:
    """The columns of a chart of these batches, about `most` of them; a column never spans two stages."""
    size = max(1, math.ceil(len(points) / most))
    found = []
    for stage, batches in groupby(points, key=lambda point: point.stage):
        own = list(batches)
        first = next((point for point in own if point.tree_mb is not None), None)
        driver, chromium = (None, None) if first is None else (first.driver_mb, first.chromium_mb)
        for start in range(0, len(own), size):
            part = own[start : start + size]
            if is_looked_at := any(point.tree_mb is not None for point in part):
                driver = _highest(point.driver_mb for point in part)
                chromium = _highest(point.chromium_mb for point in part)
            found.append(
                Column(
                    stage,
                    part[0].batch,
                    part[-1].batch,
                    _highest(point.python_mb for point in part),
                    _highest(point.tree_mb for point in part),
                    sum(point.rows for point in part) / len(part),
                    sum(point.seconds for point in part) / len(part),
                    driver,
                    chromium,
                    part[-1].limit_mb,
                    is_looked_at,
                )
            )
    return tuple(found)


def _highest(values: Iterator[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def memory_svg(
    points: Sequence[Point], look: Look = PAPER, limit_mb: float | None = None, *, is_over: bool = False
) -> str:
    """The chart as an SVG; `limit_mb` is the budget that holds now: where it isn't far above, it is a line."""
    cols = columns(points)
    top = _highest(mb for col in cols for mb in (col.stacked_mb, col.tree_mb)) or 100.0
    near = [limit for limit in (limit_mb, *(col.limit_mb for col in cols)) if limit and limit <= _NEAR_LIMIT * top]
    frame = _Frame(len(cols), look)
    parts = [
        *_bands(cols, frame),
        *_legend(look, _Legend(cols, limit_mb, bool(near), counted_columns(points))),
        *_memory(cols, frame, max(top, *near, 0.0)),
        *_budget(cols, frame, max(top, *near, 0.0), limit_mb if limit_mb in near else None),
        *_marks(cols, frame),
        *_strip(cols, frame, _Strip(244, 42, "rows", lambda col: col.rows, lambda rows: count(round(rows)))),
        *_strip(cols, frame, _Strip(310, 42, "seconds", lambda col: col.seconds, duration)),
    ]
    if not points:
        none = "no batch was written" if is_over else "no batch yet"
        parts.append(text((LEFT + WIDTH) / 2, 140, none, look.muted, "middle", 14))
    words = f"Memory, rows and seconds of {counted(len(points), 'batch').replace('batchs', 'batches')}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -6 {WIDTH} 372" width="{WIDTH}" height="372"'
        f' role="img" aria-label="{words}" style="max-width: 100%; height: auto; font-family: {look.font};'
        f' font-size: 12px">'
        f'<rect y="-6" width="{WIDTH}" height="372" style="fill: {look.ground}"/>{"".join(parts)}</svg>'
    )


def counted_columns(points: Sequence[Point]) -> str:
    """What a column of the chart stands for."""
    size = max(1, math.ceil(len(points) / COLUMNS))
    return "one column a batch" if size == 1 else f"one column for {size} batches: highest memory, mean of the rest"


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where columns stand."""

    number: int
    look: Look

    @property
    def step(self) -> float:
        return min(WIDEST, (WIDTH - LEFT - RIGHT) / max(1, self.number))

    @property
    def gap(self) -> float:
        return 0.0 if self.step < 3 else min(6.0, self.step * 0.2)  # noqa: PLR2004 - pixels

    def x(self, place: float) -> float:
        return LEFT + place * self.step


@dataclass(frozen=True, slots=True)
class _Strip:
    top: int
    height: int
    title: str
    value: Callable[[Column], float]
    words: Callable[[float], str]


_MEMORY_TOP: Final = 66
_MEMORY_HEIGHT: Final = 150
_BOTTOM: Final = 352


def _bands(cols: Sequence[Column], frame: _Frame) -> Iterator[str]:
    """Each stage as a band behind the columns, named where there is room."""
    place = 0
    for number, (stage, own) in enumerate(groupby(cols, key=lambda col: col.stage)):
        length = len(list(own))
        x, width = frame.x(place), length * frame.step
        if number % 2 == 0:
            yield rect(x, 44, width, _BOTTOM - 44, frame.look.band)
        if width >= len(stage) * _LABEL_PX:
            yield text(x + width / 2, 58, stage, frame.look.muted, "middle")
        place += length


@dataclass(frozen=True, slots=True)
class _Legend:
    cols: Sequence[Column]
    limit_mb: float | None
    is_limit_drawn: bool
    note: str


def _legend(look: Look, legend: _Legend) -> Iterator[str]:
    yield text(LEFT, 14, "Memory of the import by batch, MB", look.ink, size=14)
    is_told = legend.limit_mb is not None and not legend.is_limit_drawn
    far = f"; budget {megabytes(legend.limit_mb)}, far above" if is_told else ""
    yield text(WIDTH - RIGHT, 14, legend.note + far, look.muted, "end")
    x = float(LEFT)
    has_browser = any(col.driver_mb is not None for col in legend.cols)
    for words, colour in (
        ("Python, highest RSS (exact)", look.python),
        *([("driver, PSS", look.driver), ("Chromium, PSS", look.chromium)] if has_browser else []),
    ):
        yield rect(x, 24, 10, 10, colour)
        yield text(x + 15, 33, words, look.muted)
        x += 33 + _LETTER_PX * len(words)
    yield circle(x + 4, 29, look.tree)
    yield text(x + 13, 33, "whole tree, PSS (sampled)", look.muted)
    x += 31 + _LETTER_PX * len("whole tree, PSS (sampled)")
    if legend.is_limit_drawn:
        yield line(x, 29, x + 14, 29, look.limit, 2)
        yield text(x + 20, 33, "budget", look.muted)


def _memory(cols: Sequence[Column], frame: _Frame, top: float) -> Iterator[str]:
    ticks = nice_ticks(top)
    scale = _MEMORY_HEIGHT / ticks[-1]
    floor = _MEMORY_TOP + _MEMORY_HEIGHT
    for tick in ticks:
        y = floor - tick * scale
        yield line(LEFT, y, WIDTH - RIGHT, y, frame.look.grid)
        yield text(LEFT - 8, y + 4, count(round(tick)), frame.look.muted, "end")
    for place, col in enumerate(cols):
        foot = float(floor)
        pale = 1.0 if col.is_looked_at else _PALE
        for mb, colour, opacity in (
            (col.python_mb, frame.look.python, 1.0),
            (col.driver_mb, frame.look.driver, pale),
            (col.chromium_mb, frame.look.chromium, pale),
        ):
            if mb is not None:
                yield _bar(frame, place, foot, mb * scale, colour, _title(col), opacity)
                foot -= mb * scale
    sampled = [(frame.x(place + 0.5), floor - mb * scale) for place, mb in _tree(cols)]
    for (x1, y1), (x2, y2) in pairwise(sampled):
        if x2 - x1 < 1.5 * frame.step:  # between samples further apart nothing is known
            yield line(x1, y1, x2, y2, frame.look.tree, 1.5)
    yield from (circle(x, y, frame.look.tree) for x, y in sampled)


def _budget(cols: Sequence[Column], frame: _Frame, top: float, now_mb: float | None) -> Iterator[str]:
    """The budget as a line of steps: what each column was held to, and behind the last one what holds now."""
    scale = _MEMORY_HEIGHT / nice_ticks(top)[-1]
    floor = _MEMORY_TOP + _MEMORY_HEIGHT
    ends = [*(frame.x(place + 1) for place in range(len(cols) - 1)), WIDTH - RIGHT] if cols else [WIDTH - RIGHT]
    held = [*(col.limit_mb or now_mb for col in cols)] if cols else [now_mb]
    if cols and frame.x(len(cols)) < WIDTH - RIGHT:
        ends, held = [*ends[:-1], frame.x(len(cols)), WIDTH - RIGHT], [*held, now_mb]
    places: list[str] = []
    begin = float(LEFT)
    for end, limit in zip(ends, held, strict=True):
        if limit is not None and limit <= top:
            y = floor - limit * scale
            places.append(f"{'L' if places else 'M'}{begin:.1f} {y:.1f}L{end:.1f} {y:.1f}")
        begin = end
    if places:
        yield (
            f'<path class="gk-limit" d="{"".join(places)}" style="fill: none; stroke: {frame.look.limit};'
            f' stroke-width: 2"/>'
        )


def _marks(cols: Sequence[Column], frame: _Frame) -> Iterator[str]:
    """A mark under the axis for each batch, also where several share a column."""
    floor = _MEMORY_TOP + _MEMORY_HEIGHT
    places = []
    for place, col in enumerate(cols):
        batches = col.last - col.first + 1
        places += [frame.x(place + (number + 0.5) / batches) for number in range(batches)]
    if places:
        marks = "".join(f"M{x:.1f} {floor + 1}v4" for x in places)
        yield f'<path class="gk-marks" d="{marks}" style="stroke: {frame.look.muted}; stroke-width: 1"/>'
        yield text((LEFT + frame.x(len(cols))) / 2, floor + 18, "batch", frame.look.muted, "middle")


def _tree(cols: Sequence[Column]) -> Iterator[tuple[int, float]]:
    return ((place, col.tree_mb) for place, col in enumerate(cols) if col.tree_mb is not None)


def _strip(cols: Sequence[Column], frame: _Frame, strip: _Strip) -> Iterator[str]:
    highest = max((strip.value(col) for col in cols), default=0.0)
    floor = strip.top + strip.height
    yield line(LEFT, floor, WIDTH - RIGHT, floor, frame.look.grid)
    yield text(LEFT - 8, strip.top + 10, strip.words(highest) if cols else "", frame.look.muted, "end")
    yield text(LEFT - 8, floor, strip.title, frame.look.muted, "end")
    for place, col in enumerate(cols):
        height = strip.height * strip.value(col) / highest if highest else 0.0
        yield _bar(frame, place, floor, height, frame.look.rows, _title(col))


def nice_ticks(top: float) -> tuple[float, ...]:
    """Round numbers from 0 up to `top` or just above it, three to six of them.

    >>> nice_ticks(187)
    (0, 50, 100, 150, 200)
    """
    rough = max(top, 1e-9) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough * 0.999)
    number = math.ceil(top / step - 1e-9)
    return tuple(_plain(step * place) for place in range(max(1, number) + 1))


def _plain(number: float) -> float:
    return int(number) if float(number).is_integer() else number


def _title(col: Column) -> str:
    batch = f"batch {col.first}" if col.first == col.last else f"batches {col.first} to {col.last}"
    browser = (
        "" if col.driver_mb is None else f"driver {megabytes(col.driver_mb)}, Chromium {megabytes(col.chromium_mb)}, "
    )
    memory = f"Python {megabytes(col.python_mb)}, {browser}whole tree {megabytes(col.tree_mb)}"
    return f"{col.stage}, {batch}: {memory}, {count(round(col.rows))} rows, {duration(col.seconds)}"


def _bar(frame: _Frame, place: int, floor: float, height: float, colour: str, title: str, opacity: float = 1.0) -> str:
    x, width = frame.x(place) + frame.gap / 2, frame.step - frame.gap
    return rect(x, floor - height, width, height, colour, title, opacity)
