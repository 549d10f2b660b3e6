"""Many small parts -> one: small batches must not leave thousands of files behind."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from gomafia_kit.staging.live import LiveTables, duckdb_faults
from gomafia_kit.staging.parts import PARTS, disk_faults, named_part, sweep_files
from gomafia_kit.tables import ANSWER, TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.runs.ledger import Ledger

MOST_PARTS: Final = 24


def compact(data_dir: Path, ledger: Ledger, *, memory_mb: int = 256) -> None:
    """Rewrite each table that stands in many parts, drop rows that nobody needs, delete unknown files."""
    ledger.sweep()
    crowded = [
        table.name
        for table in TABLES.values()
        if table is not ANSWER and len(ledger.settled_parts(table.name)) > MOST_PARTS
    ]
    if crowded:
        with LiveTables(data_dir, ledger, memory_mb=memory_mb) as live:
            for table in crowded:
                _compact_table(data_dir, ledger, live, table)
        ledger.sweep()
    sweep_files(data_dir, ledger.known_paths())


def _compact_table(data_dir: Path, ledger: Ledger, live: LiveTables, table: str) -> None:
    parts = ledger.settled_parts(table)
    temporary = data_dir / PARTS / table / f"{uuid.uuid4().hex}.tmp"
    rows_sql = live.rows_of_parts(TABLES[table], parts)
    names = ", ".join(TABLES[table].names)
    with disk_faults(temporary), duckdb_faults(data_dir):
        live.connection.execute(
            f"COPY (SELECT {names} FROM ({rows_sql})) TO '{str(temporary).replace(chr(39), chr(39) * 2)}'"
            " (FORMAT parquet, COMPRESSION zstd)"
        )
        counts = live.connection.execute(
            "SELECT ask_id, count(*) FROM read_parquet(?) GROUP BY ask_id", [str(temporary)]
        ).fetchall()
    rows = {int(ask_id): int(number) for ask_id, number in counts}
    part = named_part(data_dir, table, temporary, sum(rows.values()))
    ledger.replace_parts(table, [old.path for old in parts], part, rows)
