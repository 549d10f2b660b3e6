"""One way to ask a league's tables, whatever they are read from: DuckDB, Parquet or PostgreSQL.

Readers never wait for an import and never hold it up: each publication of the DuckDB file stands
under a name of its own and is opened read-only, Parquet files are opened for one query, and
PostgreSQL shows a push all at once. Every query is answered from the newest published state.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self

from gomafia_kit.errors import DamagedFileError, FolderError, SettingsError
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import duckdb
    import polars as pl

READ_FROM: Final = ("duckdb", "parquet", "postgres")
_TRIES: Final = 5
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
        """
        if self._closed:
            raise SettingsError("This league was closed.", "Open it again: open_league(...).")
        return self._store.query(sql, params or {})

    def table(self, name: str) -> pl.DataFrame:
        """A whole table: columns and types as `gomafia_kit.tables` has them, in the order of its key."""
        if name not in TABLES:
            raise SettingsError(f"{name!r} is no table.{_nearest(name, tuple(TABLES))}", _one_of(TABLES))
        import polars as pl

        table = TABLES[name]
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
    folder's own server, or the one that GOMAFIA_POSTGRES_URL names). Raises FolderError where nothing
    was imported, SettingsError for a wrong `read_from`, PushError where PostgreSQL can't be reached.
    """
    check_read_from(read_from)
    folder = Path(data_dir).expanduser().absolute()
    store: Store
    if read_from == "postgres":
        from gomafia_kit.analyse._postgres import PostgresStore

        store = PostgresStore(folder)
    else:
        if not folder.is_dir():
            raise FolderError(f"There is no data folder {folder}.", _REMEDY)
        store = PublishedStore(folder) if read_from == "duckdb" else ParquetStore(folder)
    return League(store, folder, read_from)


def check_read_from(read_from: str) -> str:
    """The same word, if it names a store; SettingsError with the nearest right one if not."""
    if read_from not in READ_FROM:
        raise SettingsError(
            f"read_from: {read_from!r} is no store.{_nearest(read_from, READ_FROM)}", _one_of(READ_FROM)
        )
    return read_from


def has_league(data_dir: str | Path, read_from: str) -> bool:
    """True if an import published something in this folder in that form, duckdb or parquet."""
    folder = Path(data_dir).expanduser().absolute()
    return bool(_newest_published(folder) if read_from == "duckdb" else _parquet_files(folder))


class PublishedStore:
    """The published DuckDB file of a folder; follows to the next one as soon as it stands."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._opened: tuple[str, int, int] | None = None
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
                state = path.stat()
                # The inode tells a file that was replaced under the same name.
                newest = (str(path), state.st_ino, state.st_mtime_ns)
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
            else:
                return self._connection
        raise FolderError(f"The published file in {self._folder} keeps changing.", "Try again in a moment.")


class ParquetStore:
    """The Parquet files of a folder, one a table; each query looks anew at what stands there."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self._folder = folder
        self._connection = duckdb.connect()
        _calm(self._connection)
        # A file replaced under the same name must never be answered from memory.
        self._connection.execute("SET enable_external_file_cache = false")
        self._look()

    def query(self, sql: str, params: Mapping[str, object]) -> pl.DataFrame:
        """The answer from the files as they stand now."""
        self._look()
        return _answer(self._connection, sql, params)

    def close(self) -> None:
        """Let go of everything."""
        self._connection.close()

    def _look(self) -> None:
        import duckdb

        files = _parquet_files(self._folder)
        if not files:
            published = _newest_published(self._folder) is not None
            raise _nothing_published(self._folder, "Parquet", published, "duckdb")
        for table in TABLES.values():
            # Paths can't be parameters of a view; names come from `tables`.
            if path := files.get(table.name):
                source = "SELECT {} FROM read_parquet('{}')".format(
                    ", ".join(table.names), str(path).replace("'", "''")
                )
            else:
                nulls = ", ".join(f"CAST(NULL AS {column.type.value}) AS {column.name}" for column in table.columns)
                source = f"SELECT {nulls} WHERE false"
            try:
                self._connection.execute(f"CREATE OR REPLACE VIEW {table.name} AS {source}")
            except duckdb.Error as error:
                raise DamagedFileError(
                    f"The staged file {path} can't be read.",
                    "Run the import again: it is made anew, without asking the site.",
                ) from error


def _newest_published(folder: Path) -> Path | None:
    from gomafia_kit.staging.publish import DUCKDB_FILE, published_files

    if numbered := published_files(folder):
        return numbered[0]
    whole = folder / DUCKDB_FILE
    return whole if whole.is_file() else None


def _parquet_files(folder: Path) -> dict[str, Path]:
    from gomafia_kit.staging.publish import PARQUET

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
            found = cursor.sql(sql, params=dict(params) or None)
            if found is None:
                raise SettingsError("The query asks for no rows.", "Give a SELECT: a league is only read.")
            return pl.DataFrame(found.to_arrow_table())
        except duckdb.IOException as error:
            raise FolderError(
                "A file was replaced or can't be read while it was asked.", "Ask again; if it stays, run the import."
            ) from error
        except duckdb.Error as error:
            first_line = str(error).strip().splitlines()[0]
            raise SettingsError(
                f"DuckDB can't answer the query: {first_line}", "Check it against docs/tables.md."
            ) from error


def _nearest(text: str, choices: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(text, choices, n=1, cutoff=0.4)
    return f" Did you mean {near[0]}?" if near else ""


def _one_of(choices: Mapping[str, object] | tuple[str, ...]) -> str:
    return f"There are: {', '.join(choices)}."
