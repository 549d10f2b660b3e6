"""Staged rows into PostgreSQL: COPY into a temporary table, MERGE by key, everything in one transaction.

So all tables of a push become visible together, and a push that fails, or is killed, leaves no trace.
A table whose staged rows haven't changed since the last push isn't sent at all.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gomafia_kit.errors import PostgresRefusedError, PushConflictError, PushError
from gomafia_kit.postgres.faults import connection_error, push_faults
from gomafia_kit.postgres.schema import SOURCE, STATE, TYPE_NAMES, foreign_key, index, key_name, metadata
from gomafia_kit.staging.live import ROWS_A_READ
from gomafia_kit.tables import ANSWER, TABLES, VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    import psycopg
    import pyarrow as pa
    import sqlalchemy as sa

    from gomafia_kit.postgres.address import Address
    from gomafia_kit.staging.live import Rows
    from gomafia_kit.tables import Reference, Table

OLDEST_VERSION: Final = 15
"""The first major version that knows MERGE."""

_LOCK_SECONDS: Final = 10
_BYTES_A_MESSAGE: Final = 65_536
_BYTES_HELD_BACK: Final = 262_144
"""What is sent at once, and what libpq may hold back: it keeps room for the most it ever held, while connected."""
_UNKNOWN: Final = "Whether it went through isn't known; push again: that is safe, and tells."
_ANALYSE_SHARE: Final = 0.1

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push did to one table, in rows; `gone` were deleted."""

    table: str
    new: int
    changed: int
    same: int
    gone: int


@dataclass(frozen=True, slots=True)
class Source:
    """Who pushes: the league, and the data folder by its own number."""

    league: str
    folder_id: str


@dataclass(slots=True)
class _Staged:
    """A table that is sent: `relation` holds its new rows; `direct` if that is the (empty) table itself."""

    table: Table
    relation: str
    rows: int
    before: int
    direct: bool
    merged: int = 0
    gone: int = 0

    @property
    def report(self) -> PushReport:
        if self.direct:
            return PushReport(self.table.name, self.rows, 0, 0, 0)
        new = self.rows - (self.before - self.gone)
        return PushReport(self.table.name, new, self.merged - new, self.rows - self.merged, self.gone)


def push(
    address: Address,
    rows: Rows,
    source: Source,
    schema: str,
    batch_rows: int | None = None,
    *,
    refresh: bool = False,
    sent: Callable[[str], None] = lambda _table: None,
) -> list[PushReport]:
    """Make the tables of a schema equal to these rows; what was new, changed, the same and gone in each.

    At most `batch_rows` rows are read and laid out at a time; None: as many as are read at once anyway. With `refresh`
    every table is sent, also one whose rows are as they were at the last push: somebody may have changed them there.
    `sent` is called with each table's name once it is; what it raises ends the push.

    Raises PushConflictError if the schema is another league's or would lose answers, PushError (and its
    kinds) for whatever else the server says; then the tables are as they were before.
    """
    import psycopg
    import sqlalchemy as sa

    try:
        raw = address.connect(f"gomafia_kit push, process {os.getpid()}")
    except psycopg.Error as error:
        raise connection_error(address, error) from error
    check_server_version(address, raw.info.server_version)
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: raw, poolclass=sa.pool.StaticPool)
    try:
        with push_faults(address, "the tables were pushed"):
            connection = engine.connect()
            work = _Push(address, connection, rows, source, schema, batch_rows or ROWS_A_READ, refresh=refresh)
            reports = work.work(sent)
        with push_faults(address, "the push was committed", _UNKNOWN):
            connection.commit()
    finally:
        # Closing ends an open transaction: nothing of it stays.
        raw.close()
        engine.dispose()
    return reports


def fingerprint(rows: Rows, table: Table) -> str:
    """What the schema remembers of a pushed table: the same as long as its staged rows and its columns are."""
    columns = repr([(column.name, column.type.value) for column in table.columns])
    return hashlib.sha256(f"{rows.fingerprint(table.name)} {columns}".encode()).hexdigest()


def check_server_version(address: Address, number: int) -> None:
    """Nothing if the server (`server_version_num`) is new enough; else PostgresRefusedError."""
    if number < OLDEST_VERSION * 10_000:
        raise PostgresRefusedError(
            f"{address.shown} is version {number // 10_000}, too old for MERGE.",
            f"Use PostgreSQL {OLDEST_VERSION} or newer, or the embedded server.",
        )


class _Push:
    """One push at work in its transaction."""

    def __init__(
        self,
        address: Address,
        connection: sa.Connection,
        rows: Rows,
        source: Source,
        schema: str,
        batch_rows: int,
        *,
        refresh: bool,
    ) -> None:
        self._refresh = refresh
        self._address = address
        self._db = connection
        self._source_rows = rows
        self._source = source
        self._schema = schema
        self._batch_rows = batch_rows
        self._metadata = metadata(schema)
        self._staged: dict[str, _Staged] = {}
        self._took_over = False

    def work(self, sent: Callable[[str], None]) -> list[PushReport]:
        """Everything, in order."""
        self._run(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
        self._run("SET LOCAL work_mem = '128MB'")
        # Nobody has statistics of a temporary table yet: a plan that walks it once for each row lasts for ever.
        self._run("SET LOCAL enable_nestloop = off")
        self._take_lock()
        self._make_tables()
        self._check_source()
        reports = []
        for table in TABLES.values():
            reports.append(self._stage(table))
            sent(table.name)
        if self._staged:
            self._refuse_loss()
            self._drop_broken_references()
            self._merge()
            self._declare_references()
            self._analyse()
        self._make_views()
        self._note()
        return [report or self._staged[name].report for name, report in zip(TABLES, reports, strict=True)]

    def _make_views(self) -> None:
        self._run(f"SET LOCAL search_path TO {self._schema}")
        for view in VIEWS:
            self._run(f"CREATE OR REPLACE VIEW {self._schema}.{view.name} AS {view.sql}")
        self._run("RESET search_path")

    # -- whose schema it is -----------------------------------------------------------------------

    def _take_lock(self) -> None:
        """Only one push at a time into a schema; the lock ends with the transaction, poolers or not."""
        key = int.from_bytes(hashlib.sha256(f"gomafia_kit {self._schema}".encode()).digest()[:8], "big", signed=True)
        if self._value(f"SELECT pg_try_advisory_xact_lock({key})"):
            return
        high, low = (key >> 32) & 0xFFFFFFFF, key & 0xFFFFFFFF
        rows = self._rows(
            "SELECT coalesce(nullif(application_name, ''), 'a session'), usename, pid, xact_start FROM pg_locks"
            " JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            f" AND classid::bigint = {high} AND objid::bigint = {low}"
        )
        who = "somebody who has just ended"
        if rows:
            name, user, pid, since = rows[0]
            began = f" since {since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if since else ""
            who = f"{name} (user {user}, server process {pid}){began}"
        raise PushError(
            f"Another push into schema {self._schema} of {self._address.shown} is under way: {who}.",
            "Wait for its end and push again; nothing was changed by this one.",
        )

    def _make_tables(self) -> None:
        """Make what is missing; PushConflictError if what is there isn't ours."""
        from sqlalchemy.schema import CreateSchema

        if self._value("SHOW server_encoding") != "UTF8":
            raise PostgresRefusedError(
                f"{self._address.shown} keeps text as {self._value('SHOW server_encoding')}: nicknames don't fit.",
                "Use a database made with ENCODING 'UTF8'.",
            )
        found = self._columns()
        if not found:
            if not self._value(f"SELECT count(*) FROM pg_namespace WHERE nspname = '{self._schema}'"):
                self._db.execute(CreateSchema(self._schema))
            self._metadata.create_all(self._db, checkfirst=False)
            return
        if SOURCE not in found:
            raise PushConflictError(
                f"Schema {self._schema} of {self._address.shown} holds a table {min(found)} that no push made.",
                "Choose another postgres_schema.",
            )
        for table in TABLES.values():
            wanted = {column.name: TYPE_NAMES[column.type] for column in table.columns}
            if table.name in found and found[table.name] != wanted:
                raise PushConflictError(
                    f"Table {self._schema}.{table.name} of {self._address.shown} has other columns than this version"
                    f" of gomafia_kit: {_difference(found[table.name], wanted)}.",
                    f"Choose another postgres_schema, or {self._drop_hint()}.",
                )
        if missing := [table for table in self._metadata.sorted_tables if table.name not in found]:
            self._metadata.create_all(self._db, tables=missing, checkfirst=False)

    def _columns(self) -> dict[str, dict[str, str]]:
        """The columns and their types of those of our tables that the schema has."""
        names = ", ".join(f"'{table.name}'" for table in self._metadata.sorted_tables)
        found: dict[str, dict[str, str]] = {}
        for table, column, type_ in self._rows(
            "SELECT relname, attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace"
            f" WHERE nspname = '{self._schema}' AND relname IN ({names}) AND attnum > 0 AND NOT attisdropped"
        ):
            found.setdefault(table, {})[column] = type_
        return found

    def _check_source(self) -> None:
        rows = self._rows(f"SELECT league, folder_id FROM {self._schema}.{SOURCE}")
        if not rows:
            return
        league, folder_id = rows[0]
        if league != self._source.league:
            raise PushConflictError(
                f"Schema {self._schema} of {self._address.shown} holds the league {league},"
                f" this is {self._source.league}.",
                f"Choose another postgres_schema for it, or {self._drop_hint()}.",
            )
        self._took_over = folder_id != self._source.folder_id

    def _refuse_loss(self) -> None:
        """Another folder of the league may take the schema over if it has every answer that stands there."""
        answers = self._staged.get(ANSWER.name)
        if not self._took_over or answers is None or answers.direct:
            return
        lost = self._rows(
            f"SELECT ask_key, count(*) OVER () FROM {self._schema}.answer t WHERE via <> 'derived'"
            f" AND NOT EXISTS (SELECT FROM {answers.relation} s WHERE s.ask_id = t.ask_id) ORDER BY ask_id LIMIT 1"
        )
        if lost:
            raise PushConflictError(
                f"Schema {self._schema} of {self._address.shown} was filled from another data folder of this league"
                f" and holds {lost[0][1]} answers that this folder lacks, such as {lost[0][0]!r}.",
                f"Run here the stages that are missing, choose another postgres_schema, or {self._drop_hint()}.",
            )

    def _drop_hint(self) -> str:
        return f"let it be filled anew after DROP SCHEMA {self._schema} CASCADE"

    # -- rows -------------------------------------------------------------------------------------

    def _stage(self, table: Table) -> PushReport | None:
        """A report if the table needn't be sent; else None, and its new rows stand in `_staged`."""
        before = self._count(table)
        known = self._rows(f"SELECT fingerprint, rows FROM {self._schema}.{STATE} WHERE table_name = '{table.name}'")
        # The number of rows tells of rows that somebody deleted or added by hand.
        if not (self._refresh or self._took_over) and known == [(fingerprint(self._source_rows, table), before)]:
            return PushReport(table.name, 0, 0, before, 0)
        self._run(f"LOCK TABLE {self._schema}.{table.name} IN SHARE ROW EXCLUSIVE MODE")
        before = self._count(table)
        relation = f"{self._schema}.{table.name}"
        if before:
            relation = f"staged_{table.name}"
            self._run(f"CREATE TEMPORARY TABLE {relation} (LIKE {self._schema}.{table.name}) ON COMMIT DROP")
        else:
            self._drop_references(table)
        rows = _copy(self._raw, relation, table, self._source_rows.batches(table.name, self._batch_rows))
        self._staged[table.name] = _Staged(table, relation, rows, before, direct=not before)
        return None

    def _merge(self) -> None:
        """New and changed rows first, each table after those it refers to; then the rows that are gone, backwards."""
        merged = [staged for staged in self._staged.values() if not staged.direct]
        for staged in merged:
            staged.merged = self._run(_merge_sql(f"{self._schema}.{staged.table.name}", staged))
        for staged in reversed(merged):
            if self._count(staged.table) == staged.rows:
                continue  # every staged row is there by now: none is left over, and to look for one takes longer
            same = " AND ".join(f"s.{name} = t.{name}" for name in staged.table.key)
            staged.gone = self._run(
                f"DELETE FROM {self._schema}.{staged.table.name} t"
                f" WHERE NOT EXISTS (SELECT FROM {staged.relation} s WHERE {same})"
            )

    # -- references -------------------------------------------------------------------------------

    def _drop_broken_references(self) -> None:
        """Drop the foreign keys that the new rows won't keep: no row stays out for their sake."""
        declared = self._declared()
        for table, reference in self._touched():
            name = key_name(table, reference)
            if name not in declared:
                continue
            child, parent = self._new_rows(table.name), self._new_rows(reference.table)
            pairs = zip(reference.columns, TABLES[reference.table].key, strict=True)
            same = " AND ".join(f"p.{key} = c.{column}" for column, key in pairs)
            given = " AND ".join(f"c.{column} IS NOT NULL" for column in reference.columns)
            lonely = f"FROM {child} c WHERE {given} AND NOT EXISTS (SELECT FROM {parent} p WHERE {same})"
            # Counted, not EXISTS: for the first row alone the planner would rather walk the tables row by row.
            if self._value(f"SELECT count(*) {lonely}"):
                self._run(f"ALTER TABLE {self._schema}.{table.name} DROP CONSTRAINT {name}")

    def _declare_references(self) -> None:
        """Declare each foreign key that holds and isn't declared yet, and its index, if its table has rows."""
        import psycopg
        from sqlalchemy.exc import IntegrityError
        from sqlalchemy.schema import AddConstraint, CreateIndex

        declared = self._declared()
        for table, reference in self._touched():
            if key_name(table, reference) in declared or not self._has_rows(table):
                continue
            if (found := index(self._metadata, table, reference)) is not None:
                self._db.execute(CreateIndex(found, if_not_exists=True))
            attempt = self._db.begin_nested()
            try:
                self._db.execute(AddConstraint(foreign_key(self._metadata, table, reference)))
            except IntegrityError as error:
                if not isinstance(error.orig, psycopg.errors.ForeignKeyViolation):
                    raise
                # A row refers to one that isn't there: `verify` tells of it, a later push may declare the key.
                attempt.rollback()
            else:
                attempt.commit()

    def _has_rows(self, table: Table) -> bool:
        return bool(self._value(f"SELECT EXISTS (SELECT FROM {self._schema}.{table.name})"))

    def _drop_references(self, table: Table) -> None:
        """Let an empty table be filled without a look at every row; what holds is declared after that."""
        declared = self._declared()
        for name in (key_name(table, reference) for reference in table.references):
            if name in declared:
                self._run(f"ALTER TABLE {self._schema}.{table.name} DROP CONSTRAINT {name}")

    def _touched(self) -> list[tuple[Table, Reference]]:
        return [
            (table, reference)
            for table in TABLES.values()
            for reference in table.references
            if table.name in self._staged or reference.table in self._staged
        ]

    def _declared(self) -> set[str]:
        rows = self._rows(
            "SELECT conname FROM pg_constraint JOIN pg_namespace ON pg_namespace.oid = connamespace"
            f" WHERE contype = 'f' AND nspname = '{self._schema}'"
        )
        return {row[0] for row in rows}

    def _new_rows(self, table: str) -> str:
        return self._staged[table].relation if table in self._staged else f"{self._schema}.{table}"

    # -- the end ----------------------------------------------------------------------------------

    def _analyse(self) -> None:
        """Tell the planner of tables that have become others."""
        for staged in self._staged.values():
            report = staged.report
            if report.new + report.changed + report.gone > _ANALYSE_SHARE * staged.rows:
                self._run(f"ANALYZE {self._schema}.{staged.table.name}")

    def _note(self) -> None:
        """Remember who pushed what."""
        import sqlalchemy as sa

        source = self._metadata.tables[f"{self._schema}.{SOURCE}"]
        state = self._metadata.tables[f"{self._schema}.{STATE}"]
        if self._staged:
            self._db.execute(sa.delete(state).where(state.c.table_name.in_(self._staged)))
            self._db.execute(
                sa.insert(state),
                [
                    {
                        "table_name": name,
                        "fingerprint": fingerprint(self._source_rows, staged.table),
                        "rows": staged.rows,
                    }
                    for name, staged in self._staged.items()
                ],
            )
        self._db.execute(sa.delete(source))
        self._db.execute(
            sa.insert(source),
            {"league": self._source.league, "folder_id": self._source.folder_id, "pushed_at": datetime.now(UTC)},
        )

    # -- asking -----------------------------------------------------------------------------------

    @property
    def _raw(self) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] = self._db.connection.driver_connection  # type: ignore[assignment]  # it is psycopg's
        return connection

    def _run(self, sql: str) -> int:
        return int(self._db.exec_driver_sql(sql).rowcount)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._db.exec_driver_sql(sql)]

    def _count(self, table: Table) -> int:
        return int(self._value(f"SELECT count(*) FROM {self._schema}.{table.name}"))

    def _value(self, sql: str) -> Any:  # noqa: ANN401 - whatever the server gives
        return self._db.exec_driver_sql(sql).scalar_one()


def _merge_sql(target: str, staged: _Staged) -> str:
    table = staged.table
    rest = [name for name in table.names if name not in table.key]
    same_key = " AND ".join(f"t.{name} = s.{name}" for name in table.key)
    old, new = (", ".join(f"{side}.{name}" for name in rest) for side in "ts")
    return (
        f"MERGE INTO {target} t USING {staged.relation} s ON {same_key}"
        f" WHEN MATCHED AND ({old}) IS DISTINCT FROM ({new})"
        f" THEN UPDATE SET {', '.join(f'{name} = s.{name}' for name in rest)}"
        f" WHEN NOT MATCHED THEN INSERT ({', '.join(table.names)}) VALUES ({', '.join(f's.{n}' for n in table.names)})"
    )


def _copy(raw: psycopg.Connection[Any], relation: str, table: Table, batches: Generator[pa.RecordBatch]) -> int:
    """Send rows block by block, as CSV in which '' and NULL differ; returns how many they were."""
    from psycopg.copy import LibpqWriter

    rows = 0
    sql = f"COPY {relation} ({', '.join(table.names)}) FROM STDIN (FORMAT csv)"
    with (
        raw.cursor() as cursor,
        cursor.copy(sql, writer=LibpqWriter(cursor, flush_threshold=_BYTES_HELD_BACK)) as copy,
        closing(batches),
        closing(_made_ahead(map(_laid_out, batches))) as ready,
    ):
        for text, count in ready:
            for begin in range(0, len(text), _BYTES_A_MESSAGE):
                copy.write(text[begin : begin + _BYTES_A_MESSAGE])
            rows += count
    return rows


def _made_ahead(items: Iterator[Item]) -> Generator[Item]:
    """The same items, each made by a thread of its own while the one before it is on its way to the server."""
    with ThreadPoolExecutor(1, "push") as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item


def _laid_out(batch: pa.RecordBatch) -> tuple[memoryview, int]:
    """A batch as CSV, and how many rows that is."""
    import pyarrow as pa
    from pyarrow import csv

    sink = pa.BufferOutputStream()
    csv.write_csv(batch, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
    return memoryview(sink.getvalue()), batch.num_rows


def _difference(found: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    told: Sequence[str] = [
        *(f"{name} is missing" for name in wanted if name not in found),
        *(f"{name} is new" for name in found if name not in wanted),
        *(f"{name} is {found[name]}" for name in wanted if name in found and found[name] != wanted[name]),
    ]
    return ", ".join(told)
