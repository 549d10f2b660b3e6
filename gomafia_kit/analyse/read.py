"""Long answers of PostgreSQL, read some rows at a time."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from gomafia_kit.analyse._checks import check_question
from gomafia_kit.analyse._postgres import PostgresStore
from gomafia_kit.settings import at_least, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pyarrow import RecordBatch


def arrow_batches(folder: Path, sql: str, params: Mapping[str, object], batch_rows: int) -> Iterator[RecordBatch]:
    """The answer of a folder's pushed tables as Arrow batches; see `gomafia_kit.read_postgres`."""
    check_question(sql, params)
    return _batches(folder, sql, params, at_least(1, whole)("batch_rows", batch_rows))


def _batches(folder: Path, sql: str, params: Mapping[str, object], batch_rows: int) -> Iterator[RecordBatch]:
    from pyarrow import RecordBatch

    with closing(PostgresStore(folder)) as store, closing(store.batches(sql, params, batch_rows)) as frames:
        for frame in frames:
            table = frame.to_arrow().combine_chunks()
            yield from table.to_batches() or [RecordBatch.from_pylist([], schema=table.schema)]
