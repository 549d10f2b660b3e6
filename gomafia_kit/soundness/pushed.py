"""Checks of PostgreSQL: its values against the staged ones, its counts where staging has changed since the push."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import command_for
from gomafia_kit.postgres.push import fingerprint
from gomafia_kit.soundness.finding import Fault
from gomafia_kit.soundness.values import compare
from gomafia_kit.tables import TABLES, Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import polars as pl

    from gomafia_kit.postgres.reader import Reader
    from gomafia_kit.runs.journal import Run
    from gomafia_kit.runs.ledger import Ledger
    from gomafia_kit.soundness.values import Differences
    from gomafia_kit.staging.live import LiveTables
    from gomafia_kit.tables import Table

ROWS_A_READ: Final = 10_000

_DECIMALS: Final = (38, 18)

_ANEW: Final = "Drop the schema and push again, or choose another postgres_schema."


def rows_as_staged(data_dir: Path, ledger: Ledger, live: LiveTables, runs: Sequence[Run]) -> tuple[str, list[Fault]]:
    """Every value of each pushed table, if its staged rows are those that were pushed; else how many rows it has."""
    from gomafia_kit.postgres.target import open_reader

    pushed = [run for run in runs if run.receipt is not None and run.receipt["push"]]
    if not pushed:
        return "nothing was pushed from this folder", []
    schema = str(pushed[-1].settings["postgres_schema"]["value"])
    with open_reader(data_dir, schema) as reader:
        if reader.query("SELECT folder_id FROM push_source", {}).rows() != [(ledger.folder_id,)]:
            return f"schema {schema} was filled by another folder since", []
        return _checked(reader, schema, live)


def _push_again(data_dir: Path) -> str:
    push = command_for(data_dir, "push --refresh")
    return f"Run {push}: every table is sent and becomes equal to what is staged."


def _checked(reader: Reader, schema: str, live: LiveTables) -> tuple[str, list[Fault]]:
    noted = {
        name: (state, rows)
        for name, state, rows in reader.query("SELECT table_name, fingerprint, rows FROM push_state", {}).rows()
    }
    faults: list[Fault] = []
    compared = counted = tables_counted = 0
    for table in TABLES.values():
        if table.name not in noted:  # it came with a newer version than the one that pushed
            tables_counted += 1
            continue
        state, rows = noted[table.name]
        if state == fingerprint(live, table):
            number, found = _values(reader, table, live)
            compared += number
        else:
            number, found = _count(reader, table, rows, live.data_dir)
            counted += number
            tables_counted += 1
        faults += found
    tables = len(TABLES) - tables_counted
    told = f"{compared:,} rows of {tables} tables in PostgreSQL, schema {schema}: every value is the staged one"
    if tables_counted:
        told += f"; {counted:,} rows of {tables_counted} tables that are staged anew: as many as were pushed"
    return told, faults


def _count(reader: Reader, table: Table, pushed: int, data_dir: Path) -> tuple[int, list[Fault]]:
    number = int(reader.query(f"SELECT count(*) FROM {table.name}", {}).item())
    if number == pushed:
        return number, []
    value = f"PostgreSQL has {number:,} rows, the push left {pushed:,}"
    return number, [Fault(table.name, abs(number - pushed), (), value, _push_again(data_dir))]


def _values(reader: Reader, table: Table, live: LiveTables) -> tuple[int, list[Fault]]:
    """How many rows were compared, and what differs."""
    select = f"SELECT {', '.join(table.names)} FROM {table.name}"
    wanted, columns = _schema(table), reader.query(f"{select} LIMIT 0", {}).schema
    if other := [name for name, form in wanted.items() if columns[name].base_type() != form.base_type()]:
        return 0, [Fault(table.name, len(other), tuple(other), "columns have other types than were pushed", _ANEW)]
    # As bytes, not as a language has it: that is how the staged rows are sorted.
    order = ", ".join(f'{name} COLLATE "C"' if table.column(name).type is Type.TEXT else name for name in table.key)
    theirs = (frame.cast(wanted) for frame in reader.batches(f"{select} ORDER BY {order}", {}, ROWS_A_READ))
    found = compare(table, (frame.cast(wanted) for frame in _staged(live, table)), theirs)
    return found.rows, list(_faults(found, _push_again(live.data_dir)))


def _schema(table: Table) -> pl.Schema:
    """The columns in forms that hold what PostgreSQL may have, however many places its decimals have."""
    import polars as pl

    forms = table.polars_schema()
    wide = pl.Decimal(*_DECIMALS)
    return pl.Schema({name: wide if isinstance(form, pl.Decimal) else form for name, form in forms.items()})


def _staged(live: LiveTables, table: Table) -> Iterator[pl.DataFrame]:
    import polars as pl

    for batch in live.batches(table.name, ROWS_A_READ):
        yield pl.DataFrame(batch)


def _faults(found: Differences, remedy: str) -> Iterator[Fault]:
    name = found.table.name
    if found.missing:
        yield Fault(name, found.missing, tuple(found.missing_keys), "PostgreSQL lacks staged rows", remedy)
    if found.extra:
        yield Fault(name, found.extra, tuple(found.extra_keys), "PostgreSQL has rows that aren't staged", remedy)
    for column, number in found.number.items():
        value = f"{column} isn't in PostgreSQL what is staged"
        yield Fault(name, number, tuple(found.examples[column]), value, remedy)
