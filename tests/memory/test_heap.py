from __future__ import annotations

import gc
import socket
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import psutil
import pytest

from gomafia_kit.events import BatchDone
from gomafia_kit.memory.garbage import BATCH, NEVER, Garbage
from gomafia_kit.memory.heap import handles, heap
from gomafia_kit.memory.pulse import Pulse
from gomafia_kit.staging.pools import close, memory_of_duckdb_mb, watch

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gomafia_kit.memory.probe import Gauge

DONE = BatchDone(1, "games", 1, 1000, 0, 0.1, datetime(2026, 3, 1, tzinfo=UTC))


def _told(gauges: Iterable[Gauge]) -> dict[str, float]:
    return {name: figure for _, name, figure in gauges}


def test_what_python_and_libraries_hold_shows() -> None:
    import pyarrow as pa

    gc.collect()  # what other tests left would go meanwhile
    before = _told(heap())
    held = [[number] for number in range(50_000)], pa.array(range(1 << 20), pa.int64()), bytearray(40 << 20)
    after = _told(heap())
    assert len(held) == 3
    assert after["blocks"] - before["blocks"] > 50_000
    assert after["arrow_mb"] - before["arrow_mb"] == pytest.approx(8, abs=0.5)
    assert after["malloc_mb"] - before["malloc_mb"] > 30


def test_open_connections_and_objects_are_counted() -> None:
    def told() -> dict[str, float]:
        return _told(heap()) | _told(handles(psutil.Process()))

    before = told()
    with socket.create_server(("127.0.0.1", 0)):
        held = [[number] for number in range(1000)]
        after = told()
    assert len(held) == 1000
    assert after["connections"] == before["connections"] + 1
    assert after["files"] == before["files"] + 1
    assert after["objects"] > before["objects"] + 900


def test_where_the_kernel_does_not_list_them_psutil_counts_what_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gomafia_kit.memory.heap._OPEN", tmp_path / "none")
    assert "connections" not in _told(heap())
    with socket.create_server(("127.0.0.1", 0)):
        assert _told(handles(psutil.Process()))["connections"] >= 1


def test_a_connection_that_closes_gives_the_system_back_what_malloc_kept() -> None:
    connection = duckdb.connect()
    watch(connection)
    process = psutil.Process()
    blocks = [b"x" * 100_000 for _ in range(500)]  # short enough to come out of the heap
    kept = blocks[49::50]  # while they are there, the heap can't shrink at its end
    del blocks
    before = process.memory_info().rss
    close(connection)
    assert len(kept) == 10
    assert process.memory_info().rss < before - 30_000_000


def test_duckdb_tells_its_pool_while_it_is_open() -> None:
    with Pulse() as pulse:
        connection = duckdb.connect()
        watch(connection)
        connection.execute("CREATE TABLE t AS SELECT range AS a FROM range(3_000_000)")
        assert _told(pulse.gauges())["duckdb_mb"] > 1
        close(connection)
        pulse.gauges()
        assert _told(pulse.gauges())["duckdb_mb"] == 0


def test_looking_at_duckdb_disturbs_nobody_who_works_with_it() -> None:
    """Its connections refuse a second thread instead of waiting."""
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            memory_of_duckdb_mb()
            ended.wait(0.001)

    looker = threading.Thread(target=look)
    looker.start()
    try:
        for _ in range(20):
            connection = duckdb.connect()
            watch(connection)
            assert connection.execute("SELECT 1").fetchall() == [(1,)]
            close(connection)
    finally:
        ended.set()
        looker.join()


def test_a_long_call_that_lets_nobody_else_work_is_a_late_beat() -> None:
    with Pulse() as pulse:
        pulse.gauges()
        sum(range(30_000_000))  # one call of C: half a second or more
        assert _told(pulse.gauges())["thread_lag_ms"] > 100


def _knot() -> None:
    knot: list[object] = []
    knot.append(knot)


def test_garbage_is_collected_when_it_was_asked_for() -> None:
    assert gc.isenabled()
    with Garbage(BATCH) as garbage:
        assert not gc.isenabled()
        _knot()
        garbage(DONE)
        told = _told(garbage.gauges())
        assert told["gc_collections"] == 1
        assert told["gc_longest_ms"] == told["gc_pause_ms"] > 0
        assert _told(garbage.gauges())["gc_collections"] == 0
    with Garbage(NEVER) as garbage:
        for _ in range(50_000):
            _knot()
        garbage(DONE)
        assert _told(garbage.gauges())["gc_collections"] == 0
    assert gc.isenabled()
