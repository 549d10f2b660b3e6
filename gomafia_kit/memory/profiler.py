"""Looks at a run's memory at chosen moments: an observer in the import's own process.

The stretches between two moments are 2, 3, 4, 6, 9 ... batches long. What grows, grows with the length of
a stretch; what is only passing through (the rows of a batch, an answer) is the same at the end of each.
A stretch lies within one stage: what compaction and publishing leave behind once is no growth a batch.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Self

from gomafia_kit.errors import SettingsError
from gomafia_kit.events import BatchDone, StageStarted
from gomafia_kit.memory.snapshots import MEMRAY, TRACEMALLOC, Tracer, check_tracer, has_memray, objects_by_type, tracer

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from gomafia_kit.events import Event

FOLDER: Final = "profiles"
TABLE: Final = "moments.json"


@dataclass(frozen=True, slots=True)
class Profiling:
    """How to look at a run: by which tracer, with native stacks or without, and from which batch on.

    The batches before `first_batch` load libraries and fill caches: they say nothing of growth.
    """

    tracer: str = MEMRAY
    native: bool = False
    first_batch: int = 4
    first_stretch: int = 2


def profiling(tracer_name: str = "auto", *, native: bool = False) -> Profiling:
    """How to look, checked; `auto` is memray if it is installed, else tracemalloc.

    Raises SettingsError for another name and for `native` with tracemalloc, UnavailableError for memray where there
    is none.
    """
    if tracer_name not in {"auto", MEMRAY, TRACEMALLOC}:
        raise SettingsError(f"tracer: {tracer_name!r} is none of auto, {MEMRAY}, {TRACEMALLOC}.", "Choose one of them.")
    chosen = tracer_name
    if chosen == "auto":
        chosen = MEMRAY if has_memray() else TRACEMALLOC
    check_tracer(chosen)
    if native and chosen == TRACEMALLOC:
        raise SettingsError(f"native: {TRACEMALLOC} sees no native code.", f"Use tracer={MEMRAY}, or leave native out.")
    return Profiling(chosen, native)


def profile_folder(data_dir: Path, run_id: int) -> Path:
    """Where the profile of a run lies."""
    return data_dir / FOLDER / f"run-{run_id}"


class Profiler:
    """Takes the snapshots of one run; entered for as long as the run is at work.

    `looked` is called after each look: what the looking itself cost is no cost of the run's.
    """

    def __init__(self, folder: Path, how: Profiling, looked: Callable[[], object] = lambda: None) -> None:
        self._folder = folder
        self._how = how
        self._looked = looked
        self._tracer: Tracer = tracer(how.tracer, folder, native=how.native)
        self._batches = 0
        self._in_stage = 0
        self._next = how.first_batch
        self._length = how.first_stretch
        self._began_at: int | None = None
        self._types: Counter[str] = objects_by_type()
        self._stretches: list[dict[str, object]] = []

    def __enter__(self) -> Self:
        for old in self._folder.glob("*"):
            old.unlink()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop_stretch()

    def __call__(self, event: Event) -> None:
        """At a moment: end the stretch, begin the next, half as long again; with another stage begin anew."""
        if isinstance(event, StageStarted):
            self._drop_stretch()
            self._in_stage, self._next = 0, self._how.first_batch
        elif isinstance(event, BatchDone):
            self._batches += 1
            self._in_stage += 1
            if self._in_stage == self._next:
                self._end_stretch()
                self._begin_stretch()
                self._looked()

    def _begin_stretch(self) -> None:
        self._types = objects_by_type()
        self._began_at = self._batches
        self._next = self._in_stage + self._length
        self._tracer.begin()

    def _drop_stretch(self) -> None:
        """A stretch that didn't come to its end tells more of the stage's end than of its batches."""
        if self._began_at is not None:
            self._began_at = None
            self._tracer.drop()

    def _end_stretch(self) -> None:
        began, self._began_at = self._began_at, None
        if began is None:
            return
        self._tracer.end()
        self._length += self._length // 2
        now = objects_by_type()
        grown = {name: now[name] - self._types[name] for name in now if now[name] != self._types[name]}
        self._stretches.append({"from_batch": began, "batches": self._batches - began, "types": grown})
        told = {"how": asdict(self._how), "batches": self._batches, "stretches": self._stretches}
        (self._folder / TABLE).write_text(json.dumps(told), "utf-8")
