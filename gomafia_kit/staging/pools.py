"""What the DuckDB connections of this process hold in their pools, whoever opened them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import duckdb

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BYTES_A_MB: Final = 1 << 20
_LOCK: Final = threading.Lock()
_LOOKING: Final[dict[int, DuckDBPyConnection]] = {}
"""A cursor for each watched connection: the connection itself refuses a second thread that asks it anything."""


def watch(connection: DuckDBPyConnection) -> None:
    """From now on the connection's pool is counted, until `close`."""
    with _LOCK:
        _LOOKING[id(connection)] = connection.cursor()


def close(connection: DuckDBPyConnection) -> None:
    """Close a watched connection, and what looks at it: nothing of its pool is kept."""
    with _LOCK:
        cursor = _LOOKING.pop(id(connection), None)
        if cursor is not None:
            cursor.close()
    connection.close()


def memory_of_duckdb_mb() -> float:
    """MB that all watched connections hold now, as `duckdb_memory()` tells; from any thread."""
    with _LOCK:
        return sum(map(_held_mb, _LOOKING.values()))


def _held_mb(cursor: DuckDBPyConnection) -> float:
    try:
        row = cursor.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchone()
    except duckdb.Error:  # its database has failed: whoever works with it will say so
        return 0.0
    return float(row[0] or 0) / _BYTES_A_MB if row else 0.0
