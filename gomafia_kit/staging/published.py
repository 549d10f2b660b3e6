"""What is published of a folder's tables: where it lies, and its rows in key order, read with little memory."""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final, Self

import duckdb

from gomafia_kit.staging.live import (
    MOST_MEMORY_MB,
    ROWS_A_GROUP,
    ROWS_A_READ,
    STREAMED_AHEAD,
    duckdb_faults,
    state_of,
)
from gomafia_kit.staging.pools import LEAN, close, is_short_of_memory, watch
from gomafia_kit.tables import TABLES, quoted

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path
    from types import TracebackType

    import pyarrow as pa

    from gomafia_kit.runs.ledger import Ledger
    from gomafia_kit.staging.live import LiveTables
    from gomafia_kit.tables import Table

DUCKDB_FILE: Final = "staging.duckdb"
PUBLISHED: Final = "published"
FORMS: Final = ("duckdb", "parquet")
PARQUET: Final = "staging"
NUMBERED: Final = re.compile(r"staging-(\d{8})\.duckdb")
_READ_KB: Final = 1_700
"""What DuckDB gets to read what lies in order: a block of each of 20 columns, and a little. More it would fill.

The long tables have no more columns; a wider one gets more where it needs it.
"""
_ROWS_A_VECTOR: Final = 2_048


def published_files(data_dir: Path) -> list[Path]:
    """The numbered DuckDB publications of a folder, newest first."""
    folder = data_dir / PUBLISHED
    found = [path for path in folder.glob("staging-*.duckdb") if NUMBERED.fullmatch(path.name)]
    return sorted(found, reverse=True)


def parquet_path(data_dir: Path, table: Table) -> Path:
    """Where the published Parquet file of a table lies, or would."""
    return data_dir / PARQUET / table.name / f"{table.name}.parquet"


def is_current(ledger: Ledger, form: str) -> bool:
    """True if what was published last in a form is the present state.

    A publication of an earlier state (of a run that was killed, or in the form that isn't chosen any more) is none.
    """
    return ledger.recall(f"published_{form}") == ledger.fingerprint()


@contextmanager
def published_tables(
    data_dir: Path, ledger: Ledger, live: LiveTables, *forms: str
) -> Iterator[dict[str, dict[str, str]]]:
    """What is published of the present state in these forms: by the store's name, the SQL of each table's rows."""
    found: dict[str, dict[str, str]] = {}
    attached = []
    current = {form for form in forms if is_current(ledger, form)}
    files = _duckdb_files(data_dir) if "duckdb" in current else {}
    try:
        for number, (name, path) in enumerate(files.items()):
            with duckdb_faults(data_dir):
                live.connection.execute(f"ATTACH {quoted(path)} AS published_{number} (READ_ONLY)")
            attached.append(f"published_{number}")
            found[name] = {table: f"published_{number}.{table}" for table in TABLES}
        if "parquet" in current:
            found[PARQUET] = {name: _parquet_sql(data_dir, table) for name, table in TABLES.items()}
        yield found
    finally:
        for name in attached:
            live.connection.execute(f"DETACH {name}")


def _duckdb_files(data_dir: Path) -> dict[str, Path]:
    """The common name, and the numbered file where that is another one."""
    numbered, common = published_files(data_dir)[:1], data_dir / DUCKDB_FILE
    files = {DUCKDB_FILE: common}
    return files | {path.name: path for path in numbered if not (common.is_file() and common.samefile(path))}


def _parquet_sql(data_dir: Path, table: Table) -> str:
    return f"read_parquet({quoted(parquet_path(data_dir, table))})"


def _whole_vectors(rows: int) -> int:
    """As many rows, or a little less: what is begun of one of DuckDB's vectors takes the room of a whole one."""
    return rows if rows < _ROWS_A_VECTOR else rows // _ROWS_A_VECTOR * _ROWS_A_VECTOR


class PublishedRows:
    """The rows of a publication of the present state, in `duckdb` or `parquet`: what a push reads.

    What DuckDB keeps of a table that it has read would grow with the league: behind a long one it is closed.
    """

    def __init__(self, data_dir: Path, ledger: Ledger, form: str) -> None:
        self._data_dir = data_dir
        self._ledger = ledger
        self._form = form
        self._connection: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def fingerprint(self, table: str) -> str:
        """A name for the rows of a table: the same as long as they are."""
        return state_of(self._ledger, table)

    def batches(self, table: str, rows: int = ROWS_A_READ) -> Generator[pa.RecordBatch]:
        """The rows of a table in key order, `rows` at a time at most, as its Arrow schema has them.

        Rows may be longer further on: where the memory is too short for them, it goes on from there with more.
        """
        import pyarrow as pa

        spec, given, memory_kb, is_whole = TABLES[table], 0, _READ_KB, False
        schema = spec.arrow_schema()
        with duckdb_faults(self._data_dir):
            while not is_whole:
                try:
                    with closing(self._read(spec, memory_kb, given, rows)) as batches:
                        for batch in batches:
                            given += batch.num_rows
                            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)
                    is_whole = True
                except (duckdb.OutOfMemoryException, OSError) as error:
                    if not is_short_of_memory(error) or memory_kb >= 1_000 * MOST_MEMORY_MB:
                        raise
                    self._close()
                    memory_kb *= 2
        if given > ROWS_A_GROUP or memory_kb > _READ_KB:
            self._close()

    def _read(self, table: Table, memory_kb: int, offset: int, rows: int) -> Generator[pa.RecordBatch]:
        if self._connection is None:
            self._connection = self._opened(memory_kb)
            watch(self._connection)
            self._connection.execute(f"SET streaming_buffer_size = '{STREAMED_AHEAD}'")
        source = table.name if self._form == "duckdb" else _parquet_sql(self._data_dir, table)
        sql = f"SELECT {', '.join(table.names)} FROM {source} OFFSET {offset}"
        yield from self._connection.sql(sql).to_arrow_reader(_whole_vectors(rows))

    def _opened(self, memory_kb: int) -> duckdb.DuckDBPyConnection:
        # Nothing is put aside: it would lie beside the publication, or where the process was started.
        config = {**LEAN, "memory_limit": f"{memory_kb}KB", "temp_directory": ""}
        if self._form == "duckdb":
            path = next(iter(published_files(self._data_dir)), self._data_dir / DUCKDB_FILE)
            return duckdb.connect(path, read_only=True, config=config)
        return duckdb.connect(config=config)

    def _close(self) -> None:
        if self._connection is not None:
            close(self._connection)
            self._connection = None
