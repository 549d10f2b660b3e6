"""Publishing what readers see: `staging.duckdb` or `staging/<table>/<table>.parquet`, replaced whole, never locked.

Each DuckDB publication also has a name of its own under `published/`: a process that still holds an
older one would otherwise be given that one again when it opens the common name.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from typing import TYPE_CHECKING, Final

from gomafia_kit.runs.lasting import make_folder
from gomafia_kit.staging.live import BLOCK_BYTES, ROWS_A_GROUP, duckdb_faults, state_of
from gomafia_kit.staging.parts import digest_of, disk_faults, replace_durably
from gomafia_kit.staging.published import DUCKDB_FILE, NUMBERED, PUBLISHED, parquet_path, published_files
from gomafia_kit.tables import TABLES, VIEWS, quoted

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from gomafia_kit.runs.ledger import Ledger
    from gomafia_kit.staging.live import LiveTables
    from gomafia_kit.tables import Table

_KEPT: Final = 2


def publish(data_dir: Path, ledger: Ledger, live: LiveTables, form: str) -> bool:
    """Publish what is live in the form `duckdb` or `parquet`; False if it stands there already."""
    state = ledger.fingerprint()
    name = f"published_{form}"
    if ledger.recall(name) == state and _stands(data_dir, form):
        return False
    # Until all of its files are in place, what stands there is neither the older publication nor the newer.
    ledger.remember(**{name: "", f"{name}_digest": ""})
    if form == "duckdb":
        _publish_duckdb(data_dir, live)
    else:
        _publish_parquet(data_dir, ledger, live)
    ledger.remember(**{name: state, f"{name}_digest": _digest(data_dir, form)})
    return True


def is_half_made(ledger: Ledger, form: str) -> bool:
    """True if a publication was begun that has not come to its end."""
    return ledger.recall(f"published_{form}") == ""


def forget_damaged(data_dir: Path, ledger: Ledger, form: str) -> bool:
    """Forget a publication whose files aren't what was published, so that it is made anew; False if all is well."""
    name = f"published_{form}"
    kept = ledger.recall(f"{name}_digest")
    if not kept or kept == _digest(data_dir, form):
        return False
    tables = [f"published_parquet_{table}" for table in TABLES if form == "parquet"]
    ledger.remember(**dict.fromkeys((name, f"{name}_digest", *tables), ""))
    return True


def _digest(data_dir: Path, form: str) -> str:
    """A name for the bytes of what is published; another one if a file is missing."""
    if form == "duckdb":
        paths = [data_dir / DUCKDB_FILE, *published_files(data_dir)[:1]]
    else:
        paths = [parquet_path(data_dir, table) for table in TABLES.values()]
    told: list[str] = []
    known: dict[int, str] = {}  # two names of one file: its bytes are looked at once
    with disk_faults(data_dir / PUBLISHED):
        for path in paths:
            number = path.stat().st_ino if path.is_file() else 0
            if number not in known:
                known[number] = digest_of(path) if number else "missing"
            told.append(known[number])
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _stands(data_dir: Path, form: str) -> bool:
    if form == "duckdb":
        return (data_dir / DUCKDB_FILE).is_file() and bool(published_files(data_dir))
    return all(parquet_path(data_dir, table).is_file() for table in TABLES.values())


def _publish_duckdb(data_dir: Path, live: LiveTables) -> None:
    older = published_files(data_dir)
    found = NUMBERED.fullmatch(older[0].name) if older else None
    number = int(found[1]) + 1 if found else 1
    target = data_dir / PUBLISHED / f"staging-{number:08}.duckdb"
    temporary = target.with_suffix(".tmp")
    with disk_faults(target):
        make_folder(target.parent)
        for leftover in target.parent.glob("*.tmp*"):
            leftover.unlink()
    _build(data_dir, live, temporary)
    replace_durably(temporary, target)
    _give_common_name(data_dir, target)
    for path in older[_KEPT - 1 :]:
        try:
            path.unlink()
        except OSError:  # Windows: somebody still reads it; it goes with a later publication
            continue


def _build(data_dir: Path, live: LiveTables, path: Path) -> None:
    connection = live.connection
    with duckdb_faults(data_dir):
        form = f"ROW_GROUP_SIZE {ROWS_A_GROUP}, BLOCK_SIZE {BLOCK_BYTES}"
        connection.execute(f"ATTACH {quoted(path)} AS target ({form})")
        try:
            _lay_out(connection)
            for table in TABLES.values():
                _fill(live, table)
        finally:
            connection.execute("DETACH target")


def _lay_out(connection: duckdb.DuckDBPyConnection) -> None:
    """Tables and views with their comments: hundreds of statements, which the disk is asked to keep once."""
    connection.execute("BEGIN")
    for table in TABLES.values():
        connection.execute(table.duckdb_ddl(f"target.{table.name}"))
        connection.execute(f"COMMENT ON TABLE target.{table.name} IS {quoted(table.comment)}")
        for column in table.columns:
            connection.execute(f"COMMENT ON COLUMN target.{table.name}.{column.name} IS {quoted(column.comment)}")
    connection.execute("USE target")  # a view's tables are looked for where it was made
    for view in VIEWS:
        connection.execute(f"CREATE VIEW {view.name} AS {view.sql}")
        connection.execute(f"COMMENT ON VIEW {view.name} IS {quoted(view.comment)}")
    connection.execute("USE memory")
    connection.execute("COMMIT")


def _fill(live: LiveTables, table: Table) -> None:
    is_empty = True
    for sql in live.pieces(table):
        live.run(f"INSERT INTO target.{table.name} {sql}")
        is_empty = False
    if not is_empty:
        live.connection.execute("CHECKPOINT target")  # else its rows would be held in memory beside the next table's


def _give_common_name(data_dir: Path, target: Path) -> None:
    """Let `staging.duckdb` be the newest publication: a second name of the file, a copy where that can't be."""
    common = data_dir / DUCKDB_FILE
    temporary = data_dir / f"{DUCKDB_FILE}.tmp"
    with disk_faults(common):
        temporary.unlink(missing_ok=True)
        try:
            os.link(target, temporary)
        except OSError:
            shutil.copyfile(target, temporary)
    replace_durably(temporary, common)


def _publish_parquet(data_dir: Path, ledger: Ledger, live: LiveTables) -> None:
    for table in TABLES.values():
        state = state_of(ledger, table.name)
        name = f"published_parquet_{table.name}"
        path = parquet_path(data_dir, table)
        if ledger.recall(name) == state and path.is_file():
            continue
        temporary = path.with_suffix(".tmp")
        with disk_faults(path):
            make_folder(path.parent)
        _write_parquet(live, table, temporary)
        replace_durably(temporary, path)
        ledger.remember(**{name: state})


def _write_parquet(live: LiveTables, table: Table, path: Path) -> None:
    """A table in key order as one Parquet file, a row group a batch."""
    import pyarrow.parquet as pq

    with disk_faults(path), pq.ParquetWriter(path, table.arrow_schema(), compression="zstd") as writer:
        for batch in live.batches(table.name, ROWS_A_GROUP):
            writer.write_batch(batch)
