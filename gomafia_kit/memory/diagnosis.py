"""What is wrong with a run, read from its figures: what grows from batch to batch, what holds it up, what slows down.

Each rule names a thing only if it is sure (95%) and large enough to matter; a sound run is given no finding.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final

from gomafia_kit.memory.trend import trend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from gomafia_kit.memory.snapshots import Held
    from gomafia_kit.runs.journal import Batch, Measure

KB_A_BATCH: Final = 5.0
"""Less growth a batch than this is none that matters: 600 batches would take 3 MB."""
OBJECTS_A_BATCH: Final = 20.0
LAG_MS: Final = 300.0
GC_SHARE: Final = 0.3
LEAST_COLLECTIONS: Final = 30
SLOWER: Final = 0.5
LASTING_SECONDS: Final = 60.0
LEAST_BATCHES: Final = 24
LEAST_STRETCHES: Final = 3
LEAST_LOOKS: Final = 5
LINES: Final = 5

_PILES_UP: Final = {
    ("chromium", "pages"): (3, "Pages of Chromium aren't closed", "close each page, or use one again"),
    ("chromium", "contexts"): (3, "Contexts of Chromium aren't closed", "close the context with its phase"),
    ("page", "listeners"): (50, "Listeners of a page pile up", "attach them once a page, or remove them again"),
    ("python", "connections"): (3, "Connections aren't closed", "close each, or use one client for all"),
    ("python", "threads"): (3, "Threads aren't ended", "end each thread that was started"),
}
"""What shouldn't become more in a stage: by so many it must have grown, what that means, what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: its kind in a word, what was seen, what to do; `where` is a line of code if one is known."""

    kind: str
    seen: str
    remedy: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Growth:
    """How much one thing grows a batch, and the bounds of that (95% each); `unit` is KB or objects."""

    what: str
    slope: float
    low: float
    high: float
    unit: str
    code: str = ""
    called_from: str = ""

    @property
    def told(self) -> str:
        """The verdict in words: by how much it grows a batch, or that it is flat."""
        if self.low > 0:
            return f"grows {self.slope:,.1f} {self.unit} a batch (95%: at least {self.low:,.1f})"
        return f"flat (95%: at most {max(0.0, self.high):,.1f} {self.unit} a batch)"


# -- from the figures of any run ------------------------------------------------------------------


def findings_of(measures: Sequence[Measure], batches: Sequence[Batch]) -> list[Finding]:
    """What the figures beside each batch show; `batches` are the committed ones."""
    found = [*_piles(measures), *_held_up(measures), *_collecting(measures, batches)]
    for stage in dict.fromkeys(batch.stage for batch in batches):
        whole = [batch for batch in batches if batch.stage == stage][:-1]  # the last one may be a rest
        own = [measure for measure in measures if measure.stage == stage]
        found += _computing_more(whole, _by_batch(own, "cpu_ms")) or _waiting_longer(whole, _by_batch(own, "asks_made"))
    return found


def too_few_looks(measures: Iterable[Measure]) -> list[str]:
    """Of what nothing can be said in which stages, as sentences: there were fewer than `LEAST_LOOKS` looks at it."""
    looks: dict[str, list[str]] = defaultdict(list)
    for (_, name, stage), by_batch in _series(measures).items():
        if len(by_batch) < LEAST_LOOKS:
            looks[name].append(f"{len(by_batch)} in {stage}")
    kinds: dict[str, list[str]] = defaultdict(list)
    for name, told in looks.items():
        kinds[", ".join(told)].append(name)
    return [
        f"Too few looks to tell whether {', '.join(names)} pile up ({LEAST_LOOKS} are needed): {told}."
        for told, names in kinds.items()
    ]


def _series(measures: Iterable[Measure]) -> dict[tuple[str, str, str], dict[int, float]]:
    """Part, name and stage of each thing that may pile up -> its figure at each batch where it was looked at."""
    series: dict[tuple[str, str, str], dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for m in measures:
        part = "page" if m.part.startswith("page.") else m.part
        if (part, m.name) in _PILES_UP and m.batch:
            series[part, m.name, m.stage][m.batch] += m.figure
    return series


def _piles(measures: Iterable[Measure]) -> Iterator[Finding]:
    for (part, name, stage), by_batch in _series(measures).items():
        least, what, remedy = _PILES_UP[part, name]
        figures = list(by_batch.values())
        grown = figures[-1] - figures[0]
        if len(figures) >= LEAST_LOOKS and grown >= least and trend(figures, list(by_batch)).grows:
            yield Finding(name, f"{what}: {figures[0]:,.0f} at first, {figures[-1]:,.0f} at last ({stage}).", remedy)


def _held_up(measures: Sequence[Measure]) -> Iterator[Finding]:
    """Late beats; where the whole machine has no time both of them are late, which is nobody's fault."""
    late = {(m.stage, m.batch, m.name): m.figure for m in measures if m.name in {"loop_lag_ms", "thread_lag_ms"}}
    loop: dict[tuple[str, int], float] = {}
    for (stage, batch, name), figure in late.items():
        beside = late.get((stage, batch, "thread_lag_ms"), 0.0) if name == "loop_lag_ms" else 0.0
        if name == "loop_lag_ms" and figure - beside >= LAG_MS:
            loop[stage, batch] = figure
    if loop:
        (stage, batch), worst = max(loop.items(), key=lambda item: item[1])
        yield Finding(
            "loop",
            f"The browser's loop was held up in {len(loop)} batches, for {worst:,.0f} ms at most ({stage} {batch}).",
            "don't wait or compute in a handler of the browser's events",
        )


def _collecting(measures: Iterable[Measure], batches: Iterable[Batch]) -> Iterator[Finding]:
    pauses: dict[str, float] = defaultdict(float)
    counts: dict[str, float] = defaultdict(float)
    seconds: dict[str, float] = defaultdict(float)
    known = {(batch.stage, batch.number): batch.seconds for batch in batches}
    for m in measures:
        if (m.stage, m.batch) not in known:
            continue
        if m.name == "gc_pause_ms":
            pauses[m.stage] += m.figure / 1000
            seconds[m.stage] += known[m.stage, m.batch]
        elif m.name == "gc_collections":
            counts[m.stage] += m.figure
    for stage, pause in pauses.items():
        if counts[stage] >= LEAST_COLLECTIONS and pause >= GC_SHARE * seconds[stage]:
            share = pause / seconds[stage] if seconds[stage] else 1.0
            yield Finding(
                "gc",
                f"Collecting garbage took {share:.0%} of the batches' time in {stage}: "
                f"{counts[stage]:,.0f} collections, {pause:.1f} s.",
                "don't call gc.collect() in a loop; try gc=batch",
            )


def _by_batch(measures: Iterable[Measure], name: str) -> dict[int, float]:
    return {measure.batch: measure.figure for measure in measures if measure.name == name}


def _computing_more(batches: Sequence[Batch], cpu_ms: Mapping[int, float]) -> list[Finding]:
    """Rows a second that fall since each row takes more computing; a machine that is busy makes them fall, too."""
    fall = _fall([batch.rows / batch.seconds for batch in batches if batch.rows and batch.seconds])
    worked = _fall([batch.rows / ms for batch in batches if batch.rows and (ms := cpu_ms.get(batch.number))])
    if fall is None or worked is None:
        return []
    seen = (
        f"{batches[0].stage} slows down: {fall[0]:,.0f} rows/s in its first third, {fall[1]:,.0f} in its last;"
        f" a row takes {1 / worked[1]:.2f} ms of computing, at first {1 / worked[0]:.2f}."
    )
    return [Finding("slowing", seen, "look for what grows beside it; run gomafia profile")]


def _waiting_longer(batches: Sequence[Batch], asks: Mapping[int, float]) -> list[Finding]:
    """Asks a second that fall, over minutes: in seconds a machine may be busy. Rows wouldn't tell: pages differ."""
    asked = [batch for batch in batches if asks.get(batch.number) and batch.seconds]
    fall = _fall([asks[batch.number] / batch.seconds for batch in asked])
    if fall is None or sum(batch.seconds for batch in asked[: len(asked) // 3]) < LASTING_SECONDS:
        return []
    seen = f"{asked[0].stage} slows down: {fall[0]:,.2f} asks/s in its first third, {fall[1]:,.2f} in its last."
    remedy = "the site, the network or a busy machine: gomafia monitor shows asks/s beside the pace"
    return [Finding("slowing", seen, remedy)]


def _fall(rates: Sequence[float]) -> tuple[float, float] | None:
    """The medians of the first and the last third if rates fall by half, else None.

    Batches differ by what is in them: nearly all of the last must be slower than nearly all of the first.
    """
    if len(rates) < LEAST_BATCHES:
        return None
    third = len(rates) // 3
    first, last = median(rates[:third]), median(rates[-third:])
    apart = quantiles(rates[-third:], n=4)[2] < quantiles(rates[:third], n=4)[0]
    return (first, last) if last < SLOWER * first and apart and trend(rates).falls else None


# -- from snapshots -------------------------------------------------------------------------------


def whole_growth(stretches: Sequence[Sequence[Held]], batches: Sequence[int]) -> Growth:
    """How much is held in all, by the length of the stretches."""
    return _growth("all memory", [sum(line.kb for line in lines) for lines in stretches], batches, "KB")


def growing_lines(stretches: Sequence[Sequence[Held]], batches: Sequence[int]) -> list[Growth]:
    """The lines whose memory grows with the length of a stretch, the largest first."""
    by_line: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    about: dict[str, Held] = {}
    for number, lines in enumerate(stretches):
        for line in lines:
            by_line[line.line][number] += line.kb
            about.setdefault(line.line, line)
    found = [
        _growth(name, _filled(held, len(batches)), batches, "KB", about[name].code, about[name].called_from)
        for name, held in by_line.items()
    ]
    return _worth_naming(found, KB_A_BATCH)


def growing_types(stretches: Sequence[Mapping[str, int]], batches: Sequence[int]) -> list[Growth]:
    """The types whose objects become more with the length of a stretch, the most first."""
    names = {name for grown in stretches for name in grown}
    found = [
        _growth(name, [float(grown.get(name, 0)) for grown in stretches], batches, "objects") for name in sorted(names)
    ]
    return _worth_naming(found, OBJECTS_A_BATCH)


def findings_of_growth(lines: Sequence[Growth], types: Sequence[Growth]) -> list[Finding]:
    """A finding for each line and each type that grows, the largest of them."""
    remedy = "let go of what is no longer needed"
    return [
        *(Finding("memory", f"{line.what} {line.told}: {line.code}", remedy, line.what) for line in lines[:LINES]),
        *(Finding("objects", f"{kind.what} {kind.told}.", remedy) for kind in types[:LINES]),
    ]


def _growth(
    what: str, figures: Sequence[float], batches: Sequence[int], unit: str, code: str = "", called_from: str = ""
) -> Growth:
    line = trend(figures, batches)
    longest = sorted(zip(batches, figures, strict=True))[-LEAST_STRETCHES:]
    once = any(figure <= 0 for _, figure in longest)  # what came once isn't growth, however large it is
    return Growth(what, line.slope, min(line.low, 0.0) if once else line.low, line.high, unit, code, called_from)


def _filled(held: Mapping[int, float], count: int) -> list[float]:
    return [held.get(number, 0.0) for number in range(count)]


def _worth_naming(found: Iterable[Growth], least: float) -> list[Growth]:
    by_size: Callable[[Growth], float] = lambda growth: -growth.slope  # noqa: E731 - a key
    return sorted((growth for growth in found if growth.low > 0 and growth.slope >= least), key=by_size)
