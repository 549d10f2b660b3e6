"""How quickly seats are pushed into PostgreSQL, beside the server's own work on a ready file, in one run.

    python -m benchmarks.push [--rows 600000] [--rounds 3]

The embedded server in a temporary folder; each round does all ways in turn. `rows` is a table with its
primary key, filled; `first push` brings the index, references and statistics of seats as well, and the
tables that they refer to; `merge` brings half of the rows new and a tenth changed. The server alone does
the same with seats from a file on its disk: COPY, the same statements, and no client.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from gomafia_kit.postgres.embedded import EmbeddedServer
from gomafia_kit.postgres.push import Source, _copy, _merge_sql, _Staged, push
from gomafia_kit.tables import SEAT, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    import psycopg

    from gomafia_kit.postgres.address import Address

SCHEMA = "league"
BATCH = 20_000


class Staged:
    """What a push reads of the live tables: seats, and the games and tournaments that they refer to."""

    def __init__(self, seats: pa.Table, name: str, referring: pa.Table | None = None) -> None:
        self._name = name
        self._tables = {"seat": seats, **parents(seats if referring is None else referring)}

    def batches(self, table: str, rows: int = BATCH) -> Generator[pa.RecordBatch]:
        """Its rows, some at a time."""
        if table in self._tables:
            yield from self._tables[table].to_batches(rows)

    def fingerprint(self, table: str) -> str:
        """A name for its rows."""
        return f"{self._name} {table}"


def seats(first: int, rows: int, points: int) -> pa.Table:
    """`rows` seats from number `first` on; `points` makes them differ from others of the same key."""
    sql = f"""
        SELECT n // 200 AS tournament_id, n // 10 % 20 + 1 AS round, 1 AS table_no, n % 10 + 1 AS seat,
            n * 2654435761 % 8900 + 1 AS player_id, 'игрок ' || (n * 2654435761 % 8900 + 1) AS login,
            ['don', 'mafia', 'mafia', 'sheriff', 'citizen'][least(n % 10 + 1, 5)] AS role,
            if(n % 10 < 3, 'black', 'red') AS team, (n % 17 + {points}) / 10 AS points, (n % 31 - 15) / 4 AS elo_delta,
            1500 + n % 997 / 8 AS elo, n % 10 = 4 AS shot_first, NULL AS guessed_min, NULL AS guessed_max,
            NULL AS first_shot_mark, 1000000000000 + n // 200 AS ask_id
        FROM range({first}, {first + rows}) r(n)"""
    with duckdb.connect() as connection:
        found: pa.Table = connection.sql(sql).to_arrow_table().cast(SEAT.arrow_schema())
    return found


def parents(seats: pa.Table) -> dict[str, pa.Table]:
    """What the seats refer to, so that the references are declared as in a real league."""
    with duckdb.connect() as connection:
        connection.register("seats", seats)
        queries = {
            "player": "SELECT DISTINCT player_id, login, true AS listed FROM seats ORDER BY 1",
            "tournament": "SELECT DISTINCT tournament_id, 'Кубок' AS title FROM seats ORDER BY 1",
            "game": "SELECT DISTINCT tournament_id, round, table_no, 'red' AS winner FROM seats ORDER BY 1, 2, 3",
        }
        found = {}
        for name, sql in queries.items():
            rows = connection.sql(sql).to_arrow_table()
            schema = TABLES[name].arrow_schema()
            rest = [item for item in schema if item.name not in rows.column_names]
            for item in rest:
                values = pa.repeat(pa.scalar(1), len(rows)) if item.name == "ask_id" else pa.nulls(len(rows))
                rows = rows.append_column(item.name, values)
            found[name] = rows.select(schema.names).cast(schema)
    return found


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and seconds of this process's processor time."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - used


class Rounds:
    """The two ways, on one server."""

    def __init__(self, address: Address, home: Path, rows: int) -> None:
        self._address = address
        self._home = home
        old, tenth, half = seats(0, rows, 0), rows // 10, rows // 2
        new = pa.concat_tables([seats(0, tenth, 5), old.slice(tenth), seats(rows, half, 0)])
        self._old = Staged(old, "old")
        self._new = Staged(new, "new")
        self._old_with_new_parents = Staged(old, "old", new)
        with self._open() as connection:
            self._cluster = connection.execute("SHOW data_directory").fetchall()[0][0]
        self._drop()
        self.push(self._old)
        self._ready_file("old")
        self.push(self._new)
        self._ready_file("new")

    def _open(self) -> psycopg.Connection[Any]:
        connection = self._address.connect("benchmark")
        connection.autocommit = True
        return connection

    def _drop(self) -> None:
        with self._open() as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")

    def _ready_file(self, name: str) -> None:
        with self._open() as connection:
            connection.execute(
                f"COPY (SELECT * FROM {SCHEMA}.seat ORDER BY {', '.join(SEAT.key)}) TO '{self._file(name)}'"
            )

    def _file(self, name: str) -> str:
        return f"{self._cluster}/{name}.copy"

    def push(self, staged: Staged) -> None:
        """Our way."""
        push(self._address, staged, Source("benchmark", "benchmark"), SCHEMA)

    def empty(self) -> None:
        """An empty schema with no table in it, for both ways."""
        self._drop()
        with self._open() as connection:
            connection.execute("CHECKPOINT")

    def bare_table(self) -> None:
        """An empty table of seats with its key, and nothing else."""
        self.empty()
        with self._open() as connection, connection.transaction():
            connection.execute(f"CREATE SCHEMA {SCHEMA}")
            connection.execute(SEAT.duckdb_ddl(f"{SCHEMA}.seat"))
            connection.execute(f"ALTER TABLE {SCHEMA}.seat ADD PRIMARY KEY ({', '.join(SEAT.key)})")

    def server_rows(self) -> None:
        """The server alone: the table, filled from a ready file."""
        with self._open() as connection:
            connection.execute(f"COPY {SCHEMA}.seat FROM '{self._file('old')}'")

    def our_rows(self) -> None:
        """The table filled as a push does it."""
        with self._open() as connection, connection.transaction():
            _copy(connection, f"{SCHEMA}.seat", SEAT, self._old.batches("seat"))

    def strip(self) -> list[str]:
        """Take rows, index and references away from the seats; the statements that make the latter again."""
        seat = f"'{SCHEMA}.seat'::regclass"
        with self._open() as connection, connection.transaction():
            keys = connection.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                f" WHERE conrelid = {seat} AND contype = 'f'"
            ).fetchall()
            indexes = connection.execute(
                "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
                f" WHERE indrelid = {seat} AND NOT indisprimary"
            ).fetchall()
            for name, _ in keys:
                connection.execute(f"ALTER TABLE {SCHEMA}.seat DROP CONSTRAINT {name}")
            for name, _ in indexes:
                connection.execute(f"DROP INDEX {name}")
            connection.execute(f"TRUNCATE {SCHEMA}.seat")
        declared = [f"ALTER TABLE {SCHEMA}.seat ADD CONSTRAINT {name} {definition}" for name, definition in keys]
        return [*(definition for _, definition in indexes), *declared]

    def server_first(self, statements: Sequence[str]) -> None:
        """The server alone: seats from a ready file, then their index, references and statistics."""
        with self._open() as connection, connection.transaction():
            connection.execute(f"COPY {SCHEMA}.seat FROM '{self._file('old')}'")
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"ANALYZE {SCHEMA}.seat")

    def server_merge(self) -> None:
        """The server alone: a ready file into a temporary table, and the same MERGE, index and references kept."""
        staged = _Staged(SEAT, "staged_seat", 0, 1, direct=False)
        with self._open() as connection, connection.transaction():
            connection.execute("SET LOCAL work_mem = '128MB'")
            connection.execute(f"CREATE TEMPORARY TABLE staged_seat (LIKE {SCHEMA}.seat) ON COMMIT DROP")
            connection.execute(f"COPY staged_seat FROM '{self._file('new')}'")
            connection.execute(_merge_sql(f"{SCHEMA}.seat", staged))

    def round(self) -> dict[str, tuple[float, float]]:
        """Each way once."""
        found: dict[str, tuple[float, float]] = {}
        self.bare_table()
        found["rows limit"] = timed(self.server_rows)
        self.bare_table()
        found["rows"] = timed(self.our_rows)
        self.empty()
        self.push(self._old_with_new_parents)
        statements = self.strip()
        found["first push limit"] = timed(lambda: self.server_first(statements))
        found["merge limit"] = timed(self.server_merge)
        self.empty()
        found["first push"] = timed(lambda: self.push(self._old))
        found["push again"] = timed(lambda: self.push(self._old))
        found["merge"] = timed(lambda: self.push(self._new))
        return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder) / "data") as server:
        rounds = Rounds(server.address, server.home, told.rows)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found = [rounds.round() for _ in range(told.rounds)]
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    sizes = {"rows": told.rows, "first push": told.rows, "merge": told.rows + told.rows // 2}
    for name, size in sizes.items():
        limit = statistics.median(r[f"{name} limit"][0] for r in found)
        ours = statistics.median(r[name][0] for r in found)
        ratio = statistics.median(r[f"{name} limit"][0] / r[name][0] for r in found)
        processor = statistics.median(r[name][1] for r in found)
        print(
            f"{name}: {size / ours:,.0f} rows/s, the server alone {size / limit:,.0f}: {ratio:.2f} of the"
            f" limit; {processor:.2f} s of client processor time for {size:,} rows"
        )
    print(f"push again, nothing changed: {statistics.median(r['push again'][0] for r in found):.2f} s")
    print(f"client memory grew by {grown:.0f} MB in {told.rounds} rounds ({len(TABLES)} tables)")


if __name__ == "__main__":
    main()
