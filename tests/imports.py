"""Runs real imports for tests, and reads what they leave behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from gomafia_kit import importer
from gomafia_kit.settings import Settings
from gomafia_kit.staging.published import DUCKDB_FILE, PARQUET
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gomafia_kit.demo import DemoSite, League
    from gomafia_kit.runs.journal import Run

Row = dict[str, Any]

LOAD_STAGES = "clubs,players,judges,tournaments,games,statistics"
"""All stages but the push."""


def run_import(site: DemoSite | str, data_dir: Path, **parameters: object) -> Run:
    """An import from that site into that folder, at its end; raises the error that it ended with."""
    source = site if isinstance(site, str) else site.url
    told = {"source": source, "data_dir": str(data_dir), "stages": LOAD_STAGES, **parameters}
    return importer.start(Settings.gather(told), lifeline=True).wait(seconds_between_polls=0.05)


def published(data_dir: Path, table: str) -> list[Row]:
    """The rows of the published DuckDB file, without ask_id, in key order."""
    with duckdb.connect(str(data_dir / DUCKDB_FILE), read_only=True) as connection:
        return _rows(connection, table, table)


def published_parquet(data_dir: Path, table: str) -> list[Row]:
    """The rows of the published Parquet file, without ask_id, in key order."""
    path = str(data_dir / PARQUET / table / f"{table}.parquet").replace("'", "''")
    with duckdb.connect() as connection:
        return _rows(connection, table, f"read_parquet('{path}')")


def _rows(connection: duckdb.DuckDBPyConnection, table: str, source: str) -> list[Row]:
    names = [name for name in TABLES[table].names if name != "ask_id"]
    found = connection.execute(f"SELECT {', '.join(names)} FROM {source} ORDER BY {', '.join(TABLES[table].key)}")
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def truth(league: League, table: str) -> list[Row]:
    """What that table must hold, in key order."""
    return sorted(
        (dict(row) for row in league.table(table)),
        key=lambda row: [row[name] for name in TABLES[table].key],
    )


def differences(found: Iterable[Row], expected: Iterable[Row], table: str) -> list[str]:
    """In words, where two tables differ: at most ten lines; none if they are equal."""
    key = TABLES[table].key
    have = {tuple(row[name] for name in key): row for row in found}
    want = {tuple(row[name] for name in key): row for row in expected}
    told = [f"{table} {place}: missing" for place in want.keys() - have.keys()]
    told += [f"{table} {place}: too much" for place in have.keys() - want.keys()]
    for place in want.keys() & have.keys():
        for name, value in want[place].items():
            if have[place][name] != value:
                told.append(f"{table} {place}: {name} is {have[place][name]!r}, should be {value!r}")
    return told[:10]
