"""A pushed league, read from PostgreSQL: the folder's own server, or the one that the environment names."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from gomafia_kit.analyse._schema import schema_of
from gomafia_kit.postgres.target import open_reader

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    import polars as pl


class PostgresStore:
    """The tables of a schema, each query from what was pushed last; `_schema` tells which schema that is.

    Raises PushError where PostgreSQL can't be reached or holds no push.
    """

    def __init__(self, folder: Path) -> None:
        with ExitStack() as stack:
            self._reader = stack.enter_context(open_reader(folder, schema_of(folder)))
            self._open = stack.pop_all()

    def query(self, sql: str, params: Mapping[str, object]) -> pl.DataFrame:
        """The answer from the rows that were pushed last."""
        return self._reader.query(sql, params)

    def batches(self, sql: str, params: Mapping[str, object], batch_rows: int) -> Generator[pl.DataFrame]:
        """The same, some rows at a time by a cursor on the server."""
        return self._reader.batches(sql, params, batch_rows)

    def close(self) -> None:
        """Let go of the connection and, if it is the embedded one, of the server."""
        self._open.close()
