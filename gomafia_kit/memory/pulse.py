"""A thread that beats beside the import: how late its beats come says how long everything was held up.

How much of the time was computed stands beside it: the rest was waited, for a site, a disk, or a busy machine.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final, Self

from gomafia_kit.staging.pools import memory_of_duckdb_mb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from gomafia_kit.memory.probe import Gauge

SECONDS_A_BEAT: Final = 0.25
BEATS_A_LOOK: Final = 4
"""DuckDB works while the import's own thread waits for it: its pool is looked at from here."""


class Pulse:
    """The highest lateness of a beat, the time computed, and the most DuckDB's pool held, since last asked for.

    A beat is late when another thread holds Python's lock in a long call, or when the machine has no
    time for the process.
    """

    def __init__(self) -> None:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)
        self._late = 0.0
        self._duckdb_mb = 0.0
        self._computed = time.process_time()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def gauges(self) -> Iterator[Gauge]:
        """The figures since the last call; `cpu_ms` is of all threads of this process."""
        before, self._computed = self._computed, time.process_time()
        yield "python", "cpu_ms", (self._computed - before) * 1000
        yield "python", "thread_lag_ms", self._late * 1000
        yield "external", "duckdb_mb", max(self._duckdb_mb, memory_of_duckdb_mb())
        self._late = self._duckdb_mb = 0.0

    def _beat(self) -> None:
        beats = 0
        while True:
            due = time.monotonic() + SECONDS_A_BEAT
            if self._end.wait(SECONDS_A_BEAT):
                return
            self._late = max(self._late, time.monotonic() - due)
            beats += 1
            if beats % BEATS_A_LOOK == 0:
                self._duckdb_mb = max(self._duckdb_mb, memory_of_duckdb_mb())
