"""One way to ask a league's tables, whatever they are read from: DuckDB, Parquet or PostgreSQL.

Readers never wait for an import and never hold it up: each publication of the DuckDB file stands
under a name of its own and is opened read-only, Parquet files are opened for one query, and
PostgreSQL shows a push all at once. Every query is answered from the newest published state.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol, Self

from gomafia_kit.analyse._checks import check_question
from gomafia_kit.errors import DamagedFileError, FolderError, GomafiaError, SettingsError, did_you_mean
from gomafia_kit.questions import check_columns, check_params
from gomafia_kit.runs.database import holds
from gomafia_kit.settings import data_folder
from gomafia_kit.tables import TABLES, VIEWS, table_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    import duckdb
    import polars as pl


READ_FROM: Final = ("duckdb", "parquet", "postgres")
_TRIES: Final = 50
_SECONDS_BETWEEN_TRIES: Final = 0.1
_State = tuple[str, int, int]
_REMEDY: Final = "Run `make import`, or give data_dir the data folder of an import."


class Store(Protocol):
    """Where a league is read from."""

    def query(self, sql: str, params: Mapping[str, object]) -> pl.DataFrame:
        """The answer to `sql`, in which each parameter stands as `$name`."""

    def close(self) -> None:
        """Let go of files and connections; may be called twice."""


class League:
    """A league that can be asked; use it in a `with`, or call `close` in the end.

    >>> with open_league("data/demo-tiny") as league:  # doctest: +SKIP
    ...     league.query("SELECT count(*) AS players FROM player")
    """

    def __init__(self, store: Store, data_dir: Path, read_from: str) -> None:
        self._store = store
        self._closed = False
        self.data_dir = data_dir
        self.read_from = read_from

    def query(self, sql: str, params: Mapping[str, object] | None = None) -> pl.DataFrame:
        """The rows that `sql` asks for, from the newest published state.

        Tables and columns are those of `docs/tables.md`. A parameter stands in the SQL as `$name` and
        is given in `params`. SQL that DuckDB and PostgreSQL both know works with every store.

        From PostgreSQL the types are those of `gomafia_kit.read_postgres`, but that numbers which SQL computes get as
        many places as they need. Raises SettingsError for what can't be answered, and for two columns of one name.
        """
        if self._closed:
            raise SettingsError("This league was closed.", "Open it again: open_league(...).")
        params = params or {}
        check_question(sql, params)
        return self._store.query(sql, params)

    def table(self, name: str) -> pl.DataFrame:
        """A whole table: columns and types as `gomafia_kit.tables` has them, in the order of its key.

        Raises SettingsError for a table that isn't there.
        """
        import polars as pl

        table = table_named(name)
        # Names come from `tables`, not from the caller.
        rows = self.query(f"SELECT {', '.join(table.names)} FROM {name} ORDER BY {', '.join(table.key)}")
        return rows.cast(pl.Schema(table.polars_schema()))

    def close(self) -> None:
        """Let go of files and connections; a closed league answers nothing."""
        self._closed = True
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"League({str(self.data_dir)!r}, read_from={self.read_from!r})"


def open_league(data_dir: str | Path, read_from: str = "duckdb") -> League:
    """The league of a data folder, ready to be asked.

    `data_dir` is the folder that an import filled; `read_from` is duckdb, parquet or postgres (the
    folder's own server, or the one that GOMAFIA_POSTGRES_URL names; the schema that the folder was last
    pushed to, or the one that environment or settings file name). Raises FolderError where nothing
    was imported, SettingsError for a wrong `read_from`, PushError where PostgreSQL can't be reached.
    """
    check_read_from(read_from)
    folder = data_folder(data_dir)
    store: Store
    if read_from == "postgres":
        from gomafia_kit.analyse._postgres import PostgresStore

        store = PostgresStore(folder)
    else:
        if not holds(folder, "."):
            raise FolderError(f"There is no data folder {folder}.", _REMEDY)
        store = PublishedStore(folder) if read_from == "duckdb" else ParquetStore(folder)
    return League(store, folder, read_from)


def check_read_from(read_from: str) -> str:
    """The same word, if it names a store; SettingsError with the nearest right one if not."""
    if read_from not in READ_FROM:
        raise SettingsError(
            f"read_from: {read_from!r} is no store.{did_you_mean(read_from, READ_FROM)}", _one_of(READ_FROM)
        )
    return read_from


def has_league(data_dir: str | Path, read_from: str) -> bool:
    """True if an import published something in this folder in that form, duckdb or parquet."""
    folder = data_folder(data_dir)
    return bool(_newest_published(folder) if read_from == "duckdb" else _parquet_files(folder))


class PublishedStore:
    """The published DuckDB file of a folder; follows to the next one as soon as it stands."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._opened: _State | None = None
        self._follow()

    def query(self, sql: str, params: Mapping[str, object]) -> pl.DataFrame:
        """The answer from the newest published file."""
        return _answer(self._follow(), sql, params)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._opened = None

    def _follow(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        for _ in range(_TRIES):
            path = _newest_published(self._folder)
            if path is None:
                raise _nothing_published(self._folder, "DuckDB", bool(_parquet_files(self._folder)), "parquet")
            try:
                newest = _state(path)
                if self._connection is None or newest != self._opened:
                    # Close first: a process that holds the old file gets it again under the same name.
                    self.close()
                    self._connection = duckdb.connect(str(path), read_only=True)
                    _calm(self._connection)
                    self._opened = newest
            except (duckdb.IOException, FileNotFoundError) as error:
                # The last two publications are kept: an older one may go between look and open.
                if _newest_published(self._folder) == path and path.exists():
                    raise DamagedFileError(
                        f"The published file {path} can't be read.",
                        "Run the import again: it is made anew, without asking the site.",
                    ) from error
                time.sleep(_SECONDS_BETWEEN_TRIES)
            else:
                return self._connection
        raise FolderError(f"The published file in {self._folder} keeps changing.", "Try again in a moment.")


class ParquetStore:
    """The Parquet files of a folder, one a table; each query looks anew at what stands there."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self._folder = folder
        self._seen: dict[str, _State] | None = None
        self._connection = duckdb.connect()
        _calm(self._connection)
        # A file replaced under the same name must never be answered from memory.
        self._connection.execute("SET enable_external_file_cache = false")
        try:
            self._look()
        except BaseException:
            self.close()
            raise

    def query(self, sql: str, params: Mapping[str, object]) -> pl.DataFrame:
        """The answer from the files as they stand now."""
        for _ in range(_TRIES):
            # A file that is replaced under a query is read half old, half new: such an answer is no answer.
            try:
                before = self._look()
                found = _answer(self._connection, sql, params)
            except GomafiaError:
                if self._states() == self._seen:
                    raise
            else:
                if self._states() == before:
                    return found
            time.sleep(_SECONDS_BETWEEN_TRIES)
        raise FolderError(f"The Parquet files in {self._folder} keep changing.", "Try again in a moment.")

    def close(self) -> None:
        """Let go of everything."""
        self._connection.close()

    def _states(self) -> dict[str, _State]:
        """Table -> its file as it stands now."""
        states = {}
        for name, path in _parquet_files(self._folder).items():
            with suppress(FileNotFoundError):
                states[name] = _state(path)
        return states

    def _look(self) -> dict[str, _State]:
        """Let the tables be the files that stand there; returns which those are."""
        import duckdb

        states = self._states()
        if not states:
            published = _newest_published(self._folder) is not None
            raise _nothing_published(self._folder, "Parquet", published, "duckdb")
        if states == self._seen:
            return states
        self._seen = states
        for table in TABLES.values():
            paths = [states[table.name][0]] if table.name in states else []
            rows = f"SELECT {', '.join(table.names)} FROM ({table.sql_of_files(paths)})"
            try:
                self._connection.execute(f"CREATE OR REPLACE VIEW {table.name} AS {rows}")
            except duckdb.Error as error:
                raise DamagedFileError(
                    f"The staged file {', '.join(paths)} can't be read.",
                    "Run the import again: it is made anew, without asking the site.",
                ) from error
        for view in VIEWS:
            self._connection.execute(f"CREATE OR REPLACE VIEW {view.name} AS {view.sql}")
        return states


def _state(path: Path) -> _State:
    """What tells a file from another one under the same name."""
    found = path.stat()
    return str(path), found.st_ino, found.st_mtime_ns


def _newest_published(folder: Path) -> Path | None:
    from gomafia_kit.staging.published import DUCKDB_FILE, published_files

    if numbered := published_files(folder):
        return numbered[0]
    whole = folder / DUCKDB_FILE
    return whole if whole.is_file() else None


def _parquet_files(folder: Path) -> dict[str, Path]:
    from gomafia_kit.staging.published import PARQUET

    found = {name: folder / PARQUET / name / f"{name}.parquet" for name in TABLES}
    return {name: path for name, path in found.items() if path.is_file()}


def _nothing_published(folder: Path, form: str, other: bool, other_name: str) -> FolderError:  # noqa: FBT001 - internal
    remedy = f"This folder was filled for read_from={other_name}: use that." if other else _REMEDY
    return FolderError(f"Nothing is published as {form} in {folder}.", remedy)


def _calm(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SET enable_progress_bar = false")
    # A misspelt table must not be taken for one of Python's variables.
    connection.execute("SET python_enable_replacements = false")
    # Times come out the same on every machine.
    connection.execute("SET TimeZone = 'UTC'")


def _answer(connection: duckdb.DuckDBPyConnection, sql: str, params: Mapping[str, object]) -> pl.DataFrame:
    import duckdb
    import polars as pl

    # A cursor for each query: an open result of one would block the next.
    with connection.cursor() as cursor:
        try:
            _check(cursor.extract_statements(sql), params)
            asked = cursor.sql(sql, params=dict(params) or None)
            check_columns(asked.columns)
            return pl.DataFrame(asked.to_arrow_table())
        except duckdb.IOException as error:
            raise FolderError(
                "A file was replaced or can't be read while it was asked.", "Ask again; if it stays, run the import."
            ) from error
        except duckdb.Error as error:
            first_line = str(error).strip().splitlines()[0]
            raise SettingsError(
                f"DuckDB can't answer the query: {first_line}", "Check it against docs/tables.md."
            ) from error
        except pl.exceptions.PolarsError as error:
            kinds = ", ".join(f"{name} {kind}" for name, kind in zip(asked.columns, asked.types, strict=True))
            raise SettingsError(
                f"One of these columns can't come as a DataFrame: {kinds}.", "Ask for it as text: CAST(... AS VARCHAR)."
            ) from error


def _check(statements: Sequence[duckdb.Statement], params: Mapping[str, object]) -> None:
    """Nothing if it is one SELECT with these parameters; else SettingsError says what it is."""
    if len(statements) != 1 or statements[0].type.name not in {"SELECT", "EXPLAIN"}:
        raise SettingsError("A league is only read, one question at a time.", "Give one SELECT.")
    check_params(statements[0].named_parameters, params)


def _one_of(choices: Mapping[str, object] | tuple[str, ...]) -> str:
    return f"There are: {', '.join(choices)}."
