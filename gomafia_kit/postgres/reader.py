"""Questions to pushed tables: read-only, parameters apart from the SQL, answers as polars frames."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final, Self

import polars as pl
import psycopg
from psycopg.pq import TransactionStatus

from gomafia_kit.errors import PushError, SettingsError
from gomafia_kit.postgres.answers import PLACES_IN_BATCHES, as_told, no_value, teach, with_numbers
from gomafia_kit.postgres.faults import connection_error, first_line, is_lost, lost_error
from gomafia_kit.postgres.schema import SOURCE
from gomafia_kit.questions import check_params

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence
    from types import TracebackType

    from gomafia_kit.postgres.address import Address

ROWS_A_READ: Final = 20_000
CURSOR: Final = "gomafia_kit"
_MOST_ROWS_A_FETCH: Final = 2**31 - 1

# Everything in which a dollar or percent sign means something else than a parameter comes first.
_WORDS: Final = re.compile(
    r"""
      [eE]'(?:[^'\\]|\\.|'')*'              # text with backslashes
    | '(?:[^']|'')*' | "(?:[^"]|"")*"       # text, quoted name
    | --[^\n]* | /\*.*?\*/                  # comments
    | (?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag)   # dollar-quoted text
    | [^\W\d][\w$]*                         # a name or word, which may hold dollars
    | \$(?P<name>[^\W\d]\w*)                # a parameter
    """,
    re.VERBOSE | re.DOTALL,
)


def with_places(sql: str) -> tuple[str, set[str]]:
    """The SQL with `%(name)s` for each `$name`, and those names; texts, names and comments stay as they are.

    >>> with_places("SELECT login FROM player WHERE elo > $elo AND login LIKE 'A%'")
    ("SELECT login FROM player WHERE elo > %(elo)s AND login LIKE 'A%%'", {'elo'})
    """
    names: set[str] = set()
    made: list[str] = []
    end = 0
    for found in _WORDS.finditer(sql):
        made.append(sql[end : found.start()].replace("%", "%%"))
        if name := found["name"]:
            names.add(name)
            made.append(f"%({name})s")
        else:
            made.append(found[0].replace("%", "%%"))
        end = found.end()
    made.append(sql[end:].replace("%", "%%"))
    return "".join(made), names


class Reader:
    """A read-only connection to one schema; opened again by itself if the server was restarted.

    Raises PushError and its kinds where the server can't be reached or the schema holds no push; `push` is the
    command by which it would be filled.
    """

    def __init__(self, address: Address, schema: str, push: str = "gomafia push") -> None:
        self._address = address
        self._schema = schema
        self._push = push
        self._connection: psycopg.Connection[Any] | None = None
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection; may be called twice."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def query(self, sql: str, params: Mapping[str, object]) -> pl.DataFrame:
        """The answer to `sql`, in which each parameter stands as `$name`.

        Raises SettingsError if the server can't answer it, or if the parameters aren't those of the SQL.
        """
        return self._asked(*_checked(sql, params))

    def batches(self, sql: str, params: Mapping[str, object], batch_rows: int) -> Generator[pl.DataFrame]:
        """The same, `batch_rows` rows at a time by a cursor on the server: neither side holds more of the answer.

        All batches have the same columns and types; an answer without rows is one batch without rows. Other questions
        must wait until the last batch came. Raises what `query` raises, and PushError if the connection is lost.
        """
        text, values = _checked(sql, params)
        wanted = min(batch_rows, _MOST_ROWS_A_FETCH)
        connection = self._opened()
        try:
            with connection.cursor() as first:
                self._look_into_schema(first)
            with connection.cursor(CURSOR) as cursor:
                cursor.execute(text, values)
                rows = cursor.fetchmany(wanted)
                told = cursor.description or ()
                yield with_numbers(told, as_told(told, rows), PLACES_IN_BATCHES)
                while rows := cursor.fetchmany(wanted):
                    yield with_numbers(told, as_told(told, rows), PLACES_IN_BATCHES)
        except psycopg.Error as error:
            if is_lost(error):
                raise lost_error(
                    self._address, "it was asked", "Look whether it runs, and ask again.", error
                ) from error
            raise self._no_answer(error) from error
        finally:
            self._settle(connection)

    def _no_answer(self, error: psycopg.Error) -> SettingsError:
        if isinstance(error, psycopg.DataError) and error.sqlstate is None:
            return no_value(error)
        said = first_line(self._address, error)
        return SettingsError(f"PostgreSQL can't answer the query: {said}.", "Check it against docs/tables.md.")

    def _asked(self, sql: str, params: Mapping[str, object]) -> pl.DataFrame:
        """The answer; a connection that was lost since the last question is opened again once."""
        reopened = self._connection is None
        while True:
            connection = self._opened()
            try:
                return self._answer(connection, sql, params)
            except psycopg.Error as error:
                if not is_lost(error):
                    raise self._no_answer(error) from error
                if reopened:
                    raise lost_error(
                        self._address, "it was asked", "Look whether it runs, and ask again.", error
                    ) from error
                reopened = True
            finally:
                self._settle(connection)

    def _settle(self, connection: psycopg.Connection[Any]) -> None:
        """End the question's transaction; a connection in which that can't be done is let go."""
        if connection.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
            connection.rollback()
        if connection.info.transaction_status != TransactionStatus.IDLE:
            self.close()

    def _answer(self, connection: psycopg.Connection[Any], sql: str, params: Mapping[str, object]) -> pl.DataFrame:
        with connection.cursor() as cursor:
            self._look_into_schema(cursor)
            frames = [as_told(cursor.description or (), rows) for rows in _chunks(cursor, sql, params)]
            return with_numbers(cursor.description or (), pl.concat(frames))

    def _look_into_schema(self, cursor: psycopg.Cursor[Any]) -> None:
        """For this transaction only: a pooler may give the next one another session."""
        cursor.execute(f"SET LOCAL search_path TO {self._schema}")
        cursor.execute("SET LOCAL timezone TO 'UTC'")
        cursor.execute("SET LOCAL intervalstyle TO 'postgres'")

    def _opened(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            try:
                self._connection = self._address.connect(f"gomafia_kit reader, process {os.getpid()}")
            except psycopg.Error as error:
                raise connection_error(self._address, error) from error
            self._connection.read_only = True
            teach(self._connection)
        return self._connection

    def _check(self) -> None:
        """Nothing if a push stands in the schema."""
        found = self._asked(
            "SELECT has_schema_privilege(oid, 'USAGE') AS allowed,"
            " EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = %(source)s) AS pushed"
            " FROM pg_namespace n WHERE nspname = %(schema)s",
            {"schema": self._schema, "source": SOURCE},
        )
        if not any(found["pushed"]):
            raise PushError(
                f"{self._address.shown} has no pushed tables in schema {self._schema}.",
                f"Push it by: {self._push}; or set GOMAFIA_POSTGRES_SCHEMA.",
            )


def _checked(sql: str, params: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """The SQL as psycopg wants it, with its values; SettingsError if the parameters aren't those of the SQL."""
    text, names = with_places(sql)
    check_params(names, params)
    return text, {name: params[name] for name in names}


def _chunks(cursor: psycopg.Cursor[Any], sql: str, params: Mapping[str, object]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows, some at a time, as the server sends them: the answer is never in memory twice."""
    chunk: list[tuple[Any, ...]] = []
    for row in cursor.stream(sql, params, size=1000):
        chunk.append(row)
        if len(chunk) == ROWS_A_READ:
            yield chunk
            chunk = []
    if cursor.description is None:
        # A stream without rows says nothing of its columns, a plain answer does.
        chunk = cursor.execute(sql, params).fetchall()
    yield chunk
