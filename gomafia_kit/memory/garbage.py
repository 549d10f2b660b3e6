"""When Python collects its garbage in an import, and how long that holds everything up."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Final, Self

from gomafia_kit.events import BatchDone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from gomafia_kit.events import Event
    from gomafia_kit.memory.probe import Gauge

AUTO: Final = "auto"
NEVER: Final = "never"
BATCH: Final = "batch"
"""How `gc` may be set: as Python does by itself, not at all, or once at the end of each batch."""


class Garbage:
    """Keeps to one way of collecting while it is entered, and counts what it costs; it is an observer of batches."""

    def __init__(self, way: str = AUTO) -> None:
        self._way = way
        self._was_enabled = True
        self._began = 0.0
        self._collections = 0
        self._pause = 0.0
        self._longest = 0.0

    def __enter__(self) -> Self:
        self._was_enabled = gc.isenabled()
        gc.callbacks.append(self._note)
        if self._way != AUTO:
            gc.disable()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        gc.callbacks.remove(self._note)
        if self._was_enabled:
            gc.enable()

    def __call__(self, event: Event) -> None:
        """At a batch's end collect, if that is the way."""
        if self._way == BATCH and isinstance(event, BatchDone):
            gc.collect()

    def gauges(self) -> Iterator[Gauge]:
        """Collections since the last call, and how long they held everything up: together, and the longest."""
        yield "python", "gc_collections", self._collections
        yield "python", "gc_pause_ms", self._pause * 1000
        yield "python", "gc_longest_ms", self._longest * 1000
        self._collections, self._pause, self._longest = 0, 0.0, 0.0

    def _note(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
            return
        took = time.perf_counter() - self._began
        self._collections += 1
        self._pause += took
        self._longest = max(self._longest, took)
