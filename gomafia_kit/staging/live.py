"""The live rows of every table as DuckDB sees them: newer answers have replaced older ones, keys are unique."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Final, Self

import duckdb

from gomafia_kit.errors import DamagedFileError, DiskFullError, FolderError
from gomafia_kit.runs.database import REBUILD
from gomafia_kit.staging.parts import PARTS
from gomafia_kit.staging.pools import close, watch
from gomafia_kit.tables import ANSWER, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    import pyarrow as pa

    from gomafia_kit.runs.ledger import Ledger, LivePart
    from gomafia_kit.tables import Table

SPILLED: Final = "tmp"
"""What the names of the folders begin with that hold what doesn't fit into DuckDB's memory; its process follows."""
MEMORY_MB: Final = 32
"""DuckDB's own memory. More was no faster on the league at full size: what is sorted, is sorted by pieces."""
_LEAST_MEMORY_MB: Final = 24
ROWS_A_PIECE: Final = 20_000
"""A table is sorted and copied so many rows at a time: what that takes doesn't grow with the table."""
ROWS_A_GROUP: Final = 20_480
"""Rows of a row group in what is written: a group is held in memory until it is whole."""
ROWS_A_READ: Final = 4_096


@contextmanager
def duckdb_faults(data_dir: Path) -> Iterator[None]:
    """Turn what DuckDB says into our errors, naming the folder and the remedy."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        text = str(error)
        if "No space left" in text:
            raise DiskFullError(f"No space left on the disk of {data_dir}.", "Make room and run again.") from error
        raise FolderError(
            f"{data_dir} can't be read or written: {text.splitlines()[0]}", "Check the folder."
        ) from error
    except (duckdb.InvalidInputException, duckdb.SerializationException) as error:
        raise DamagedFileError(
            f"A part in {data_dir / PARTS} is damaged: {str(error).splitlines()[0]}",
            REBUILD,
        ) from error


class LiveTables:
    """A DuckDB connection in which each table of ours is a view of its live rows, as the ledger knows them now."""

    def __init__(self, data_dir: Path, ledger: Ledger, *, memory_mb: int = MEMORY_MB) -> None:
        self._data_dir = data_dir
        self._ledger = ledger
        # A folder of its own: DuckDB won't share one, and one that closes would delete what another has put aside.
        temporary = data_dir / f"{SPILLED}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self.connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{max(memory_mb, _LEAST_MEMORY_MB)}MB",
                "threads": 1,  # each has buffers of its own, and waits for the same disk
                "temp_directory": str(temporary),
                "autoinstall_known_extensions": False,
            },
        )
        watch(self.connection)
        try:
            with duckdb_faults(data_dir):
                self.connection.execute("SET enable_progress_bar = false")
                self._fill_answers()
                for table in TABLES.values():
                    if table is not ANSWER:
                        self.connection.execute(f"CREATE VIEW {table.name} AS {self._live_rows(table)}")
        except BaseException:
            close(self.connection)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        close(self.connection)

    def _fill_answers(self) -> None:
        import pyarrow as pa

        schema = ANSWER.arrow_schema()
        self.connection.execute(ANSWER.duckdb_ddl())
        answers = self._ledger.answers()
        while rows := list(islice(answers, ROWS_A_READ)):
            columns = [
                pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            self.connection.register("arrow_answer", pa.Table.from_arrays(columns, schema=schema))
            self.connection.execute("INSERT INTO answer SELECT * FROM arrow_answer")
            self.connection.unregister("arrow_answer")

    def _source(self, table: Table) -> str:
        """SQL for the rows that a table's live rows are chosen from: a key perhaps several times."""
        if table is ANSWER:
            return f"SELECT * FROM {ANSWER.name}"
        return self.rows_of_parts(table, self._ledger.live_parts(table.name))

    def _live_rows(self, table: Table, condition: str = "true") -> str:
        """SQL for a table's live rows; `condition` is about its key, so that it may be asked before the choice."""
        columns = ", ".join(table.names)
        source = f"SELECT * FROM ({self._source(table)}) WHERE {condition}"
        if not table.latest_by:
            return f"SELECT {columns} FROM ({source})"
        qualified = ", ".join(f"part.{name}" for name in table.names)
        return (
            f"SELECT {columns} FROM (SELECT {qualified}, answer.fetched_at FROM ({source}) part"
            f" JOIN answer USING (ask_id)) QUALIFY row_number() OVER ("
            f"PARTITION BY {', '.join(table.key)} ORDER BY {', '.join(table.latest_by)}) = 1"
        )

    def rows_of_parts(self, table: Table, parts: Sequence[LivePart]) -> str:
        """SQL for the live rows in these parts as the answers had them: a key perhaps several times."""
        whole = [self._quoted(part.path) for part in parts if part.ask_ids is None]
        selects = [f"SELECT * FROM read_parquet([{', '.join(whole)}])"] if whole else []
        for part in parts:
            if part.ask_ids:
                live = ", ".join(map(str, part.ask_ids))
                selects.append(f"SELECT * FROM read_parquet({self._quoted(part.path)}) WHERE ask_id IN ({live})")
        if not selects:
            nothing = ", ".join(f"NULL::{column.type.value} AS {column.name}" for column in table.columns)
            return f"SELECT {nothing} WHERE false"
        return " UNION ALL ".join(selects)

    def _quoted(self, path: str) -> str:
        return "'" + str(self._data_dir / path).replace("'", "''") + "'"

    def fingerprint(self, table: str) -> str:
        """A name for the rows of a table: the same as long as they are."""
        return self._ledger.fingerprint() if table == ANSWER.name else self._ledger.fingerprint(table)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.values(f"SELECT count(*) FROM {table}")[0][0])

    def keys_given_again(self, table: str) -> int:
        """How many rows give way to another answer's row of the same key."""
        spec = TABLES[table]
        if not spec.latest_by:
            return 0
        rows = self.rows_of_parts(spec, self._ledger.live_parts(table))
        key = ", ".join(spec.key)
        return int(
            self.values(f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM ({rows}) GROUP BY {key})")[0][
                0
            ]
        )

    def values(self, sql: str) -> list[Any]:
        """A small result whole: a tuple a row."""
        with duckdb_faults(self._data_dir):
            return self.connection.execute(sql).fetchall()

    def pieces(self, table: Table) -> Iterator[str]:
        """SQL for the live rows of a table in key order, piece by piece: at most about ROWS_A_PIECE rows in each."""
        order = f"ORDER BY {', '.join(table.key)}"
        for condition in self._ranges(table):
            yield f"{self._live_rows(table, condition)} {order}"

    def _ranges(self, table: Table) -> Iterator[str]:
        """Conditions on a table's key, in its order, that each row keeps exactly one of."""
        first, source = table.key[0], self._source(table)
        pieces = -(-self.values(f"SELECT count(*) FROM ({source})")[0][0] // ROWS_A_PIECE)
        shares = [number / pieces for number in range(1, pieces)]
        # Where the borders lie is a guess, and may be: each row is on one side of each.
        found = self.values(f"SELECT approx_quantile({first}, {shares}) FROM ({source})")[0][0] if shares else []
        borders: list[int] = sorted(set(found))
        for low, high in pairwise([None, *borders, None]):
            sides = [f"{first} > {low}"] * (low is not None) + [f"{first} <= {high}"] * (high is not None)
            yield " AND ".join(sides) or "true"

    def batches(self, table: str, rows: int = ROWS_A_READ) -> Iterator[pa.RecordBatch]:
        """The rows of a table in key order, `rows` at a time at most, its columns in their order."""
        for sql in self.pieces(TABLES[table]):
            yield from self.stream(sql, rows)

    def stream(self, sql: str, rows: int = ROWS_A_READ) -> Iterator[pa.RecordBatch]:
        """A result of any size, `rows` at a time."""
        with duckdb_faults(self._data_dir):
            cursor = self.connection.cursor()
            try:
                yield from cursor.sql(sql).to_arrow_reader(rows)
            finally:
                cursor.close()
