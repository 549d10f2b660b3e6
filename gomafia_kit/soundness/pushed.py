"""Checks of PostgreSQL: its rows against those that were pushed, and against what is live now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gomafia_kit.soundness.finding import Fault
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gomafia_kit.postgres.reader import Reader
    from gomafia_kit.runs.journal import Run
    from gomafia_kit.runs.ledger import Ledger
    from gomafia_kit.staging.live import LiveTables

_PUSH: Final = "Run gomafia push: the tables become equal to what is staged."


def counts(data_dir: Path, ledger: Ledger, live: LiveTables, runs: Sequence[Run]) -> tuple[str, list[Fault]]:
    """Rows of each pushed table: as many as are live if the newest run pushed, else as many as that push noted."""
    from gomafia_kit.postgres.target import open_reader

    pushed = [run for run in runs if run.receipt is not None and run.receipt["push"]]
    if not pushed:
        return "nothing was pushed from this folder", []
    schema = str(pushed[-1].settings["postgres_schema"]["value"])
    with open_reader(data_dir, schema) as reader:
        return _compared(reader, schema, ledger, live, is_newest=pushed[-1] is runs[-1])


def _compared(
    reader: Reader, schema: str, ledger: Ledger, live: LiveTables, *, is_newest: bool
) -> tuple[str, list[Fault]]:
    noted = dict(reader.query("SELECT table_name, rows FROM push_state", {}).rows())
    if reader.query("SELECT folder_id FROM push_source", {}).rows() != [(ledger.folder_id,)]:
        return f"schema {schema} was filled by another folder since", []
    faults: list[Fault] = []
    total = 0
    for table in TABLES:
        number = int(reader.query(f"SELECT count(*) FROM {table}", {}).item())
        total += number
        told, whose = (live.count(table), "staging has") if is_newest else (noted.get(table, 0), "the push left")
        if number != told:
            value = f"PostgreSQL has {number:,} rows, {whose} {told:,}"
            faults.append(Fault(table, abs(number - told), (), value, _PUSH))
    beside = "as many as are staged" if is_newest else "as many as were pushed (staging has changed since)"
    return f"{total:,} rows of {len(TABLES)} tables in PostgreSQL, schema {schema}: {beside}", faults
