"""The live rows of every table as DuckDB sees them: newer answers have replaced older ones, keys are unique."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager, suppress
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar

import duckdb

from gomafia_kit.errors import DamagedFileError, DiskFullError, FolderError, OutOfBudgetError
from gomafia_kit.runs.database import rebuild_remedy
from gomafia_kit.staging.pools import GIVE_BACK, LEAN, close, is_short_of_memory, watch
from gomafia_kit.tables import ANSWER, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    import pyarrow as pa

    from gomafia_kit.errors import GomafiaError
    from gomafia_kit.runs.ledger import Ledger, LivePart
    from gomafia_kit.tables import Table

SPILLED: Final = "tmp"
"""What the names of the folders begin with that hold what doesn't fit into DuckDB's memory; its process follows."""
MEMORY_MB: Final = 48
"""What DuckDB may take for itself; with half of that, what is computed or checked stops short and begins anew."""
PIECES_MB: Final = 16
"""What it may take for a table that is only sorted and copied: it fills it all, if only with what it has written."""
MOST_MEMORY_MB: Final = 512
"""What it is given step by step where it can't do with less, until it comes to the next table."""
_WRITTEN_AHEAD: Final = "1MB"
"""Rows of a publication are held in memory until its file takes them over: each time so much of them is logged."""
VALUES_A_PIECE: Final = 200_000
"""A table is sorted and copied so many values at a time: what that takes doesn't grow with the table."""
_LEFT_MB: Final = 4
"""What DuckDB may keep of the table before when it comes to the next one: with less it would put answers aside."""
ROWS_A_SUM: Final = 50_000
"""Rows that are counted or added up at a time: each piece reads the table again, and little is held of a row."""
ROWS_A_GROUP: Final = 20_480
"""Rows of a row group in what is written: a group is held in memory until it is whole."""
BLOCK_BYTES: Final = 65_536
"""A quarter of DuckDB's own choice: a reader of a publication holds a block of each column at least."""
ROWS_A_READ: Final = 1_024
OBJECTS_A_READ: Final = 512
"""Rows that become Python's objects on their way: of these the room isn't given back, 4 MB for eight times as many."""
STREAMED_AHEAD: Final = "64KB"
"""So much of a result DuckDB makes before it is asked for; by itself it would make 10 MB of a long one."""

Result = TypeVar("Result")


_FAULTS_OF_THE_DISK: Final = (
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.TransactionException,  # a commit whose log can't be written
    duckdb.FatalException,  # a checkpoint that can't be, and whatever is done with the database after it
)
_FAULTS_OF_A_FILE: Final = (duckdb.InvalidInputException, duckdb.SerializationException)
_IO_IN_ARROW: Final = "IO Error"
"""How an OSError of Arrow begins by which it tells of a fault of the disk."""
_SPILLED_TOO_MUCH: Final = "max_temp_directory_size"
"""What DuckDB names where nothing more can be put aside: by itself it takes nine tenths of the disk's free room."""


def _chain(error: BaseException | None) -> Iterator[str]:
    """What an error says, and those in whose handling it came."""
    while error is not None:
        yield str(error)
        error = error.__context__


@contextmanager
def duckdb_faults(data_dir: Path) -> Iterator[None]:
    """Turn what DuckDB says into our errors, naming the folder and the remedy."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        if not _is_of_files(error):
            raise
        raise _translated(data_dir, error) from error


def _is_of_files(error: duckdb.Error | OSError) -> bool:
    """True for what DuckDB says of files and memory; else it is a fault of ours, or one that the system has told."""
    if isinstance(error, OSError):
        return error.errno is None  # Arrow has no number for what DuckDB says through it
    # For bytes that make no sense, DuckDB may have no class of its own.
    return isinstance(error, _FAULTS_OF_THE_DISK + _FAULTS_OF_A_FILE) or type(error) is duckdb.Error


def _translated(data_dir: Path, error: Exception) -> GomafiaError:
    said = str(error).splitlines()[0]
    if any("No space left" in text for text in _chain(error)):
        return DiskFullError(f"No space left on the disk of {data_dir}.", "Make room and run again.")
    if _SPILLED_TOO_MUCH in str(error):
        return DiskFullError(
            f"The disk of {data_dir} has too little room for what is put aside: {said}", "Make room and run again."
        )
    if is_short_of_memory(error):
        return OutOfBudgetError(
            f"DuckDB has too little memory for the rows of {data_dir}: {said}",
            "Run again when more is free, what was committed is safe; if it ends so again, please report it.",
        )
    if isinstance(error, _FAULTS_OF_THE_DISK) or said.startswith(_IO_IN_ARROW):
        return FolderError(f"{data_dir} can't be read or written: {said}", "Check the folder.")
    return DamagedFileError(f"A file of rows in {data_dir} is damaged: {said}", rebuild_remedy(data_dir))


def state_of(ledger: Ledger, table: str) -> str:
    """A name for the live rows of a table: the same as long as they are."""
    return ledger.fingerprint() if table == ANSWER.name else ledger.fingerprint(table)


class Rows(Protocol):
    """Whatever gives the live rows of every table, such as a push sends: `LiveTables`, or what is published of them."""

    def fingerprint(self, table: str) -> str:
        """A name for the rows of a table: the same as long as they are."""

    def batches(self, table: str, rows: int = ROWS_A_READ) -> Generator[pa.RecordBatch]:
        """The rows of a table in key order, `rows` at a time at most, as its Arrow schema has them."""


class LiveTables:
    """A DuckDB connection in which each table of ours is a view of its live rows, as the ledger knows them now."""

    def __init__(self, data_dir: Path, ledger: Ledger, *, memory_mb: int = MEMORY_MB) -> None:
        self._data_dir = data_dir
        self._ledger = ledger
        self._counts: dict[str, int] = {}
        # A folder of its own: DuckDB won't share one, and one that closes would delete what another has put aside.
        temporary = data_dir / f"{SPILLED}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self._memory_mb = memory_mb
        self.connection = duckdb.connect(
            ":memory:",
            config={
                **LEAN,
                "memory_limit": f"{self._memory_mb}MB",
                "temp_directory": str(temporary),
                "wal_autocheckpoint": _WRITTEN_AHEAD,
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

    @property
    def data_dir(self) -> Path:
        """The data folder whose rows these are."""
        return self._data_dir

    def _fill_answers(self) -> None:
        import pyarrow as pa

        schema = ANSWER.arrow_schema()
        self.connection.execute(ANSWER.duckdb_ddl())
        answers = self._ledger.answers()
        while rows := list(islice(answers, OBJECTS_A_READ)):
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
        selects = [table.sql_of_files(self._data_dir / part.path for part in parts if part.ask_ids is None)]
        for part in parts:
            if part.ask_ids:
                live = ", ".join(map(str, part.ask_ids))
                selects.append(f"{table.sql_of_files([self._data_dir / part.path])} WHERE ask_id IN ({live})")
        return " UNION ALL ".join(selects)

    def fingerprint(self, table: str) -> str:
        """A name for the rows of a table: the same as long as they are."""
        return state_of(self._ledger, table)

    def count(self, table: str) -> int:
        """How many rows a table has; counted once, since its view is of the parts that were live as it was made."""
        if table not in self._counts:
            parts = self._sums(TABLES[table])
            counts = (self.values(f"SELECT count(*) FROM {table} WHERE {part}")[0][0] for part in parts)
            self._counts[table] = sum(counts)
        return self._counts[table]

    def keys_given_again(self, table: str) -> int:
        """How many rows give way to another answer's row of the same key."""
        spec = TABLES[table]
        if not spec.latest_by:
            return 0
        key, source = ", ".join(spec.key), self._source(spec)
        return sum(
            self.values(
                f"SELECT coalesce(sum(n - 1), 0)::BIGINT FROM"
                f" (SELECT count(*) AS n FROM ({source}) WHERE {part} GROUP BY {key})"
            )[0][0]
            for part in self._sums(spec)
        )

    def _sums(self, table: Table) -> Iterator[str]:
        """Conditions that part a table whose rows are counted: just one if there is nothing to choose among them."""
        return self.ranges(table.key[0], [table], ROWS_A_SUM) if table.latest_by else iter(["true"])

    def run(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Do a statement; if DuckDB's memory is too short for it, with more."""
        return self._with_room(lambda: self.connection.execute(sql))

    def values(self, sql: str) -> list[Any]:
        """A small result whole: a tuple a row."""
        with duckdb_faults(self._data_dir):
            return self._with_room(lambda: self.connection.execute(sql).fetchall())

    def _with_room(self, work: Callable[[], Result]) -> Result:
        """What `work` gives, tried again with twice the memory as long as it says that it has too little."""
        while True:
            try:
                return work()
            except (duckdb.OutOfMemoryException, OSError) as error:
                if not self._has_taken_more(error):
                    raise

    def _has_taken_more(self, error: Exception) -> bool:
        """Whether an error says that DuckDB's memory is too short, and it now has twice as much."""
        if not is_short_of_memory(error) or self._memory_mb >= MOST_MEMORY_MB:
            return False
        self._memory_mb *= 2
        self.connection.execute(f"SET memory_limit = '{self._memory_mb}MB'")
        return True

    def _begin_anew(self, memory_mb: int) -> None:
        """Give back what is held of the table before, or its last piece, and hold DuckDB to so much from now on."""
        self._hold_to(_LEFT_MB)
        GIVE_BACK()
        self._hold_to(memory_mb)

    def _hold_to(self, memory_mb: int) -> None:
        with suppress(duckdb.OutOfMemoryException):  # it holds more already, and keeps what it was given
            self.connection.execute(f"SET memory_limit = '{memory_mb}MB'")
            self._memory_mb = memory_mb

    def pieces(self, table: Table) -> Iterator[str]:
        """SQL for the live rows of a table in key order, in pieces of about VALUES_A_PIECE values at most."""
        if table is not ANSWER and not self._ledger.live_parts(table.name):
            return
        self._begin_anew(MEMORY_MB if table.latest_by else PIECES_MB)
        order = f"ORDER BY {', '.join(table.key)}"
        for condition in self.ranges(table.key[0], [table], max(1, VALUES_A_PIECE // len(table.names))):
            yield f"{self._live_rows(table, condition)} {order}"
            self._begin_anew(self._memory_mb)

    def ranges(self, column: str, tables: Sequence[Table], rows: int) -> Iterator[str]:
        """Conditions on a column of numbers, upwards: of the rows of these tables each keeps exactly one.

        About `rows` of them keep each, of all that the parts hold; rows without a number keep none.
        """
        source = " UNION ALL ".join(f"SELECT {column} FROM ({self._source(table)})" for table in tables)
        pieces = -(-self.values(f"SELECT count(*) FROM ({source})")[0][0] // rows)
        shares = [number / pieces for number in range(1, pieces)]
        # Where the borders lie is a guess, and may be: each row is on one side of each.
        found = self.values(f"SELECT approx_quantile({column}, {shares}) FROM ({source})")[0][0] if shares else []
        for low, high in pairwise([None, *sorted(set(found or [])), None]):
            sides = [f"{column} > {low}"] * (low is not None) + [f"{column} <= {high}"] * (high is not None)
            yield " AND ".join(sides) or f"{column} IS NOT NULL"

    def batches(self, table: str, rows: int = ROWS_A_READ) -> Generator[pa.RecordBatch]:
        """The rows of a table in key order, `rows` at a time at most, as its Arrow schema has them."""
        import pyarrow as pa

        schema = TABLES[table].arrow_schema()
        for sql in self.pieces(TABLES[table]):
            for batch in self.stream(sql, rows):
                # Not cast: Arrow's functions, which that loads, take 7 MB.
                yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

    def stream(self, sql: str, rows: int = ROWS_A_READ) -> Iterator[pa.RecordBatch]:
        """A result of any size, `rows` at a time."""
        with duckdb_faults(self._data_dir):
            cursor = self.connection.cursor()
            try:
                cursor.execute(f"SET streaming_buffer_size = '{STREAMED_AHEAD}'")
                yield from self._with_room(lambda: _begun(cursor.sql(sql).to_arrow_reader(rows)))
            finally:
                cursor.close()


def _begun(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches, the first of them read: what is sorted or added up has been by then."""
    first = next(batches, None)
    return iter(()) if first is None else chain([first], batches)
