"""What DuckDB says of memory, disk and damaged files is told as what it is, with the remedy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq
import pytest

from gomafia_kit.errors import DamagedFileError, DiskFullError, OutOfBudgetError
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.staging.compact import sweep
from gomafia_kit.staging.live import SPILLED, LiveTables, duckdb_faults
from tests.postgres.folder import Folder, seats

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 24_000
"""More than one row group."""
TOO_MUCH = "SELECT i, md5(i::TEXT) AS m, md5((i + 1)::TEXT) AS n FROM range(1_000_000) AS t(i) ORDER BY m, n"


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"temp_directory": ""}, OutOfBudgetError, "has too little memory"),
        ({"max_temp_directory_size": "2MB"}, DiskFullError, "too little room for what is put aside"),
    ],
)
@pytest.mark.parametrize(
    "read",
    [
        lambda connection: connection.execute(TOO_MUCH).fetchall(),
        lambda connection: list(connection.sql(TOO_MUCH).to_arrow_reader(1_000)),
    ],
    ids=["whole", "streamed"],
)
def test_too_little_memory_is_no_fault_of_the_folder(
    tmp_path: Path,
    read: Callable[[duckdb.DuckDBPyConnection], object],
    options: dict[str, Any],
    kind: type[Exception],
    words: str,
) -> None:
    config = {"memory_limit": "20MB", "threads": 1, "temp_directory": str(tmp_path / "aside"), **options}
    with duckdb.connect(config=config) as connection, pytest.raises(kind, match=words), duckdb_faults(tmp_path):
        read(connection)


def _damage_the_last_group(part: Path) -> None:
    with pq.ParquetFile(part) as file:
        assert file.num_row_groups > 1
        last = file.metadata.row_group(file.num_row_groups - 1)
        columns = [last.column(number) for number in range(last.num_columns)]
    bytes_of = bytearray(part.read_bytes())
    begin = min(column.dictionary_page_offset or column.data_page_offset for column in columns)
    for place in range(begin, begin + sum(column.total_compressed_size for column in columns)):
        bytes_of[place] ^= 0xFF
    part.write_bytes(bytes_of)


@pytest.mark.parametrize(
    "read",
    [lambda live: list(live.stream("SELECT * FROM seat")), lambda live: live.values("SELECT * FROM seat")],
    ids=["streamed", "whole"],
)
def test_damage_far_behind_the_beginning_is_told_of_the_folder(
    data_dir: Path, read: Callable[[LiveTables], object]
) -> None:
    Folder(data_dir).put("all", seat=[row for game in range(1, ROWS // 10) for row in seats(1, game, range(10))])
    (part,) = (data_dir / "parts" / "seat").glob("*.parquet")
    _damage_the_last_group(part)
    with (
        Ledger(data_dir) as ledger,
        LiveTables(data_dir, ledger) as live,
        pytest.raises(DamagedFileError, match=r"A file of rows in .* is damaged") as caught,
    ):
        read(live)
    assert str(data_dir) in caught.value.message
    assert "gomafia rebuild" in caught.value.remedy


def test_a_query_that_is_wrong_is_a_fault_of_ours(tmp_path: Path) -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.CatalogException), duckdb_faults(tmp_path):
        connection.execute("SELECT * FROM nothing_of_that_name")
    with pytest.raises(FileNotFoundError), duckdb_faults(tmp_path):
        (tmp_path / "nothing").read_bytes()


def test_only_what_duckdb_put_aside_is_swept(data_dir: Path) -> None:
    Folder(data_dir)
    own = [data_dir / name for name in (f"{SPILLED}-my-old-files", f"{SPILLED}-99999999-notes", f"{SPILLED}-x-y-z")]
    at_work = data_dir / f"{SPILLED}-{os.getpid()}-0123456789ab"
    gone = data_dir / f"{SPILLED}-99999999-0123456789ab"
    for folder in (*own, at_work, gone):
        folder.mkdir()
    with Ledger(data_dir) as ledger:
        sweep(data_dir, ledger)
    assert not gone.exists()
    assert all(folder.is_dir() for folder in (*own, at_work))
