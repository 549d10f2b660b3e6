"""How our DuckDB connections go about memory, and what those of this process hold in their pools."""

from __future__ import annotations

import ctypes
import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from duckdb import DuckDBPyConnection

_KEPT_BY_ALLOCATOR: Final = "256KB"
"""DuckDB's allocator gives back more freed memory than that at once; by itself it keeps up to 128 MB for a second."""
LEAN: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "threads": 1,  # each has buffers of its own, and waits for the same disk
        "allocator_flush_threshold": _KEPT_BY_ALLOCATOR,
        "allocator_bulk_deallocation_flush_threshold": _KEPT_BY_ALLOCATOR,
        "autoinstall_known_extensions": False,
        "TimeZone": "UTC",  # else it gives times in the machine's zone
    }
)
"""The settings of a connection that shares its process with an import."""
_SHORT_IN_ARROW: Final = "Out of Memory Error"
"""How an OSError of Arrow begins by which it tells of DuckDB's, where a result is read already."""
_BYTES_A_MB: Final = 1 << 20
_LOCK: Final = threading.Lock()
_LOOKING: Final[dict[int, DuckDBPyConnection]] = {}
"""A cursor for each watched connection: the connection itself refuses a second thread that asks it anything."""


def _give_back() -> Callable[[], object]:
    """A function that gives the system what malloc keeps of freed memory; one that does nothing where it can't.

    Publications and batches would else leave some MB between what the import holds: memory would seem to grow.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return lambda: None
    trim.argtypes, trim.restype = (ctypes.c_size_t,), ctypes.c_int
    return lambda: trim(0)


GIVE_BACK: Final = _give_back()


def is_short_of_memory(error: Exception) -> bool:
    """Whether an error says that a connection's memory is too short, and not its disk."""
    is_short = isinstance(error, duckdb.OutOfMemoryException) or str(error).startswith(_SHORT_IN_ARROW)
    return is_short and "No space left" not in str(error)


def watch(connection: DuckDBPyConnection) -> None:
    """From now on the connection's pool is counted, until `close`."""
    with _LOCK:
        _LOOKING[id(connection)] = connection.cursor()


def close(connection: DuckDBPyConnection) -> None:
    """Close a watched connection, and what looks at it: nothing of its pool is kept, not even by malloc."""
    with _LOCK:
        cursor = _LOOKING.pop(id(connection), None)
        if cursor is not None:
            cursor.close()
    connection.close()
    GIVE_BACK()


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
