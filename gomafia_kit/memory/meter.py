"""Measures the import's memory batch by batch: an observer beside the load."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gomafia_kit.events import BatchDone, BatchStarted
from gomafia_kit.memory.probe import PARTS, Probe, Use
from gomafia_kit.runs.journal import MemorySample

if TYPE_CHECKING:
    from gomafia_kit.events import Event
    from gomafia_kit.runs.journal import Journal

SECONDS_BETWEEN_LOOKS: Final = 1.0
LOOKS_COST_AT_MOST: Final = 0.02
"""Share of the time that looking at the tree may take: a look costs 1 ms without a browser, 20 ms with one."""


class Meter:
    """Writes the memory of each batch to the journal.

    Python's highest RSS in the batch is exact. PSS of the tree is sampled: between asks and at the
    batch's end, at most once a second; the highest of a batch's samples is kept, and none for a
    batch that is over too soon. Batch 0 is the memory before the first one.
    """

    def __init__(self, journal: Journal, run_id: int, probe: Probe | None = None) -> None:
        self._journal = journal
        self._run_id = run_id
        self._probe = probe or Probe()
        self._look_at = 0.0
        self._seen: dict[str, Use] = {}
        self._browser_mb = 0.0
        self._is_new = True
        self.peaks: tuple[Use, ...] = ()
        """The highest of each part in the batch before, the tree last: what a budget goes by."""
        self.idle_mb = 0.0
        """Python's RSS when the present batch was begun."""

    def __call__(self, event: Event) -> None:
        """Look, if it is time to; at a batch's end write down what was seen in it."""
        if isinstance(event, BatchStarted):
            self._begin(event)
        elif isinstance(event, BatchDone):
            self._end(event)
        elif time.monotonic() >= self._look_at:
            self._look()

    def _begin(self, event: BatchStarted) -> None:
        if self._is_new:
            self._is_new = False
            self._look()
            self._look_at = 0.0  # so that the first batch has figures, however short it is
            self._write(event.stage, 0, None)
        self._seen.clear()
        self._probe.peak_rss_mb()
        self.idle_mb = self._probe.rss_mb()

    def _end(self, event: BatchDone) -> None:
        if time.monotonic() >= self._look_at:
            self._look()
        self._write(event.stage, event.number, self._probe.peak_rss_mb())

    def _look(self) -> None:
        started = time.monotonic()
        uses = self._probe.tree()
        for use in uses:
            self._seen[use.part] = _higher(self._seen.get(use.part), use)
        self._browser_mb = sum(use.best_mb for use in uses if use.part in {"driver", "chromium"})
        cost = time.monotonic() - started
        self._look_at = started + max(SECONDS_BETWEEN_LOOKS, cost / LOOKS_COST_AT_MOST)

    def _write(self, stage: str, batch: int, peak_mb: float | None) -> None:
        python = self._seen.get("python") or Use("python", None, self._probe.rss_mb())
        uses = {**self._seen, "python": python}
        moment = datetime.now(UTC)
        samples = [
            MemorySample(stage, batch, moment, part, use.pss_mb, use.rss_mb, peak_mb if part == "python" else None)
            for part in (*PARTS, "tree")
            if (use := uses.get(part)) is not None
        ]
        self._journal.add_memory(self._run_id, samples)
        highest = max(peak_mb or 0.0, python.rss_mb)
        others = tuple(use for part, use in uses.items() if part in {"driver", "chromium"})
        whole = Use("tree", None, highest + self._browser_mb)
        self.peaks = (Use("python", None, highest), *others, whole)


def _higher(before: Use | None, now: Use) -> Use:
    return now if before is None or now.best_mb >= before.best_mb else before
