"""Measures the import's memory batch by batch: an observer beside the load."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gomafia_kit.events import AskDone, BatchDone, BatchStarted, StageDone, StageStarted
from gomafia_kit.memory.probe import PARTS, Probe, Use
from gomafia_kit.runs.journal import Measure, MemorySample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gomafia_kit.events import Event
    from gomafia_kit.memory.probe import Gauge
    from gomafia_kit.runs.journal import Journal

SECONDS_BETWEEN_LOOKS: Final = 1.0
LOOKS_COST_AT_MOST: Final = 0.008
"""Share of the import's CPU time that looking at the tree may take: 10 ms a look without a browser, 30 with one."""

LOOKS_AT_A_NEW_BROWSER_COST_AT_MOST: Final = 0.01
"""A browser is looked at with its first ask unless all looks have cost a larger share than this."""

NOTED_FROM_MB: Final = 1.0
"""A smaller rise between two looks is not worth a write."""

SECONDS_WITHOUT_A_LOOK: Final = 30.0
"""An import that mostly waits uses too little CPU for looks: after so long there is one all the same."""


class Meter:
    """Writes the memory of each batch to the journal.

    Python's highest RSS is exact, from the end of the batch before to the end of this one: what
    publishing took in between counts with the next. PSS of the tree is sampled: between asks and at
    the batch's end, at most once a second; the highest of a batch's samples is kept, and none for a
    batch that is over too soon. What was seen last stands in the journal at once: a batch may last for
    minutes. Batch 0 is the memory before the first one; a batch behind the last one of its stage is
    what came after that (publishing, pushing, and the account of the whole run).

    `cheap` gauges are read at each batch's end, `dear` ones with each look at the tree; with
    `dear_each_batch` (a profiled run) at each batch's end as well.
    """

    def __init__(
        self,
        journal: Journal,
        run_id: int,
        probe: Probe | None = None,
        *,
        cheap: Sequence[Callable[[], Iterable[Gauge]]] = (),
        dear: Sequence[Callable[[], Iterable[Gauge]]] = (),
        dear_each_batch: bool = False,
    ) -> None:
        self._journal = journal
        self._run_id = run_id
        self._probe = probe or Probe()
        self._dear = dear
        self._cheap_and_dear = (*cheap, *dear) if dear_each_batch else cheap
        self._gauges: dict[tuple[str, str], float] = {}
        self._asks_made = 0
        self._is_first = True
        self._has_new_browser = False
        self._looked_at = self._followed_at = 0.0
        self._noted_mb = 0.0
        self._cost = 0.0
        self._last: dict[str, Use] = {}
        self._highest: dict[str, Use] = {}
        self._stage = ""
        self._batch = 0
        self._idle_rss_mb = 0.0
        self.peaks: tuple[Use, ...] = ()
        """How much each part took, the tree behind them: at the last look, or at most up to a batch's end behind it."""
        self.growth_mb = 0.0
        """How far Python rose in the last batch."""

    def __call__(self, event: Event) -> None:
        """Look, if it is time to; at a batch's or stage's end write down what was seen."""
        self._asks_made += isinstance(event, AskDone) and event.made
        match event:
            case StageStarted():
                self._stage, self._batch = event.stage, 0
            case BatchStarted():
                self._begin(event)
            case BatchDone():
                self._end(event.stage, event.number)
            case StageDone():
                self._end(event.stage, self._batch + 1)
            case AskDone(made=True) if self._has_new_browser and self._is_cheap(LOOKS_AT_A_NEW_BROWSER_COST_AT_MOST):
                self._has_new_browser = False
                self.look()
            case _ if self._may_look():
                self.look()
            case _ if self._last and time.monotonic() - self._followed_at >= SECONDS_BETWEEN_LOOKS:
                self._follow_python()

    def end(self) -> None:
        """Write down what the run took behind its last stage."""
        if self._last:
            self._end(self._stage, self._batch + 1)

    @property
    def chromium_mb(self) -> float | None:
        """What Chromium took at the last look; None without one."""
        use = self._last.get("chromium")
        return None if use is None else use.best_mb

    def forget_browser(self) -> None:
        """The browser has ended: what it took is no figure of the next one, which is looked at with its first ask."""
        self._has_new_browser = True
        self._last = {part: use for part, use in self._last.items() if part in {"python", "tree"}}

    def _begin(self, event: BatchStarted) -> None:
        if not self._last:
            self.look()
            self._is_first = True  # so that the first batch has figures, however short it is
            self._write(event.stage, 0, None)
        self._idle_rss_mb = self._probe.rss_mb()

    def _end(self, stage: str, batch: int) -> None:
        if self._may_look():
            self.look()
        peak_mb = self._probe.peak_rss_mb()
        self._write(stage, batch, peak_mb)
        self._note_peaks(peak_mb)
        self._highest.clear()
        self._batch = batch

    def look(self) -> None:
        """Look at the tree now."""
        started, before = time.monotonic(), time.thread_time()
        self._last = {use.part: use for use in self._probe.tree()}
        for part, use in self._last.items():
            self._highest[part] = _higher(self._highest.get(part), use)
        self._gauges.update(((part, name), figure) for gauges in self._dear for part, name, figure in gauges())
        if (starter := self._probe.starter()) is not None:
            self._highest["starter"] = _higher(self._highest.get("starter"), starter)
        self._note(self._last)
        self._note_peaks(None)
        self._cost += time.thread_time() - before
        self._looked_at = started
        self._is_first = False

    def _follow_python(self) -> None:
        """Let Python count as its RSS rose since the last look: at a polite pace the next may be half a minute off."""
        self._followed_at = time.monotonic()
        self._note_peaks(None)
        if abs(self.peaks[0].best_mb - self._noted_mb) >= NOTED_FROM_MB:
            rose = self.peaks[0].best_mb - self._last["python"].best_mb
            self._note(self._last | {part: _risen(self._last[part], rose) for part in ("python", "tree")})

    def _note(self, uses: Mapping[str, Use]) -> None:
        """Let those who watch see what is taken in the open batch."""
        self._noted_mb = uses["python"].best_mb
        self._journal.note_look(self._run_id, self._samples(self._stage, self._batch + 1, uses))

    def _may_look(self) -> bool:
        since = time.monotonic() - self._looked_at
        if self._is_first or since >= SECONDS_WITHOUT_A_LOOK:
            return True
        return since >= SECONDS_BETWEEN_LOOKS and self._is_cheap(LOOKS_COST_AT_MOST)

    def _is_cheap(self, share: float) -> bool:
        return self._cost <= share * time.process_time()

    def _samples(
        self, stage: str, batch: int, uses: Mapping[str, Use], peak_mb: float | None = None
    ) -> list[MemorySample]:
        moment = datetime.now(UTC)
        return [
            MemorySample(stage, batch, moment, part, use.pss_mb, use.rss_mb, peak_mb if part == "python" else None)
            for part in (*PARTS, "tree")
            if (use := uses.get(part)) is not None
        ]

    def _write(self, stage: str, batch: int, peak_mb: float | None) -> None:
        uses = {"python": Use("python", None, self._probe.rss_mb()), **self._highest}
        samples = self._samples(stage, batch, uses, peak_mb)
        self._gauges.update(
            ((part, name), figure) for gauges in self._cheap_and_dear for part, name, figure in gauges()
        )
        for part, use in self._highest.items():
            self._gauges.update(_beside(part, use))
        self._gauges["python", "asks_made"] = self._asks_made
        self._asks_made = 0
        measures = [
            Measure(stage, batch, samples[0].at, part, name, figure)
            for (part, name), figure in sorted(self._gauges.items())
        ]
        self._journal.add_memory(self._run_id, samples, measures)
        self._gauges.clear()

    def _note_peaks(self, peak_mb: float | None) -> None:
        """Python's PSS at the last look, and as much more as its RSS was higher since; the others as last seen."""
        rss_mb = peak_mb or self._probe.rss_mb()
        self.growth_mb = max(0.0, rss_mb - self._idle_rss_mb)
        seen = self._last["python"]
        python = Use("python", None, seen.best_mb + max(0.0, rss_mb - seen.rss_mb))
        others = tuple(use for part, use in self._last.items() if part in {"driver", "chromium"})
        whole = Use("tree", None, python.best_mb + sum(use.best_mb for use in others))
        self.peaks = (python, *others, whole)


def _beside(part: str, use: Use) -> Iterable[tuple[tuple[str, str], float]]:
    """What the table of samples has no place for: USS of every part, and all of Chromium's kinds and the starter."""
    if use.uss_mb is not None:
        yield (part, "uss_mb"), use.uss_mb
    if part not in {*PARTS, "tree"}:
        yield (part, "rss_mb"), use.rss_mb
        if use.pss_mb is not None:
            yield (part, "pss_mb"), use.pss_mb


def _risen(use: Use, mb: float) -> Use:
    return Use(use.part, None if use.pss_mb is None else use.pss_mb + mb, use.rss_mb + mb)


def _higher(before: Use | None, now: Use) -> Use:
    return now if before is None or now.best_mb >= before.best_mb else before
