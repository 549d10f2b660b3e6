"""Many small parts -> one: small batches must not leave thousands of files behind."""

from __future__ import annotations

import re
import shutil
import uuid
from typing import TYPE_CHECKING, Final

import psutil

from gomafia_kit.staging.live import ROWS_A_GROUP, SPILLED, LiveTables, duckdb_faults
from gomafia_kit.staging.parts import PARTS, disk_faults, named_part, sweep_files
from gomafia_kit.tables import ANSWER, TABLES, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gomafia_kit.runs.ledger import Ledger, LivePart

MOST_PARTS: Final = 24
"""More small parts of a table than that are made one."""
LARGE_PART_ROWS: Final = 100_000
"""A part of so many rows stays as it is while all its rows are live."""
PARTS_AT_ONCE: Final = 64
"""Each file that is read at a time costs memory."""

_NAMED: Final = re.compile(rf"{SPILLED}-(\d+)-[0-9a-f]{{12}}")
"""The name of a folder in which DuckDB puts aside what doesn't fit: the process, and a number of its own."""


def compact(data_dir: Path, ledger: Ledger) -> None:
    """Make few parts of each table's many small ones, drop rows that nobody needs, delete unknown files."""
    sweep(data_dir, ledger)
    crowded = [table.name for table in TABLES.values() if table is not ANSWER and _is_crowded(ledger, table.name)]
    if crowded:
        with LiveTables(data_dir, ledger) as live:
            for table in crowded:
                while _is_crowded(ledger, table):
                    parts = ledger.settled_parts(table, LARGE_PART_ROWS)
                    _make_one(data_dir, ledger, live, table, parts[:PARTS_AT_ONCE])
        sweep(data_dir, ledger)


def sweep(data_dir: Path, ledger: Ledger) -> None:
    """Drop parts with rows that nobody needs, and delete files that nobody knows."""
    ledger.sweep()
    sweep_files(data_dir, ledger.known_paths())
    _sweep_spilled(data_dir)


def _sweep_spilled(data_dir: Path) -> None:
    """Delete what DuckDB had put aside in processes that were killed."""
    for folder in data_dir.glob(f"{SPILLED}-*"):
        named = _NAMED.fullmatch(folder.name)
        if named and not psutil.pid_exists(int(named[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_crowded(ledger: Ledger, table: str) -> bool:
    return len(ledger.settled_parts(table, LARGE_PART_ROWS)) > MOST_PARTS


def _make_one(data_dir: Path, ledger: Ledger, live: LiveTables, table: str, parts: Sequence[LivePart]) -> None:
    temporary = data_dir / PARTS / table / f"{uuid.uuid4().hex}.tmp"
    rows_sql = live.rows_of_parts(TABLES[table], parts)
    names = ", ".join(TABLES[table].names)
    with disk_faults(temporary), duckdb_faults(data_dir):
        live.run(
            f"COPY (SELECT {names} FROM ({rows_sql})) TO {quoted(temporary)}"
            f" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_A_GROUP})"
        )
        counts = live.connection.execute(
            "SELECT ask_id, count(*) FROM read_parquet(?) GROUP BY ask_id", [str(temporary)]
        ).fetchall()
    rows = {int(ask_id): int(number) for ask_id, number in counts}
    part = named_part(data_dir, table, temporary, sum(rows.values()))
    ledger.replace_parts(table, [old.path for old in parts], part, rows)
