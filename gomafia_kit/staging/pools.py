"""What the DuckDB connections of this process hold in their pools, whoever opened them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

import duckdb

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BYTES_A_MB: Final = 1 << 20
_CONNECTIONS: Final[WeakSet[DuckDBPyConnection]] = WeakSet()


def watch(connection: DuckDBPyConnection) -> DuckDBPyConnection:
    """The connection itself; from now on it is counted until it is closed."""
    _CONNECTIONS.add(connection)
    return connection


def memory_of_duckdb_mb() -> float:
    """MB that all watched connections hold now, as `duckdb_memory()` tells; from any thread."""
    return sum(map(_held_mb, list(_CONNECTIONS)))


def _held_mb(connection: DuckDBPyConnection) -> float:
    try:
        with closing(connection.cursor()) as cursor:
            row = cursor.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchone()
    except duckdb.Error:  # it was closed just now
        return 0.0
    return float(row[0] or 0) / _BYTES_A_MB if row else 0.0
