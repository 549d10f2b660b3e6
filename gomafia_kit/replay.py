"""Archived answers read again by the parsers of today, beside what was staged of them: what would change, row by row.

Nothing is asked and nothing is changed. After a parser was mended (and `PARSER_VERSION` raised), the
next import stages what is shown here.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import GomafiaError
from gomafia_kit.fetch.archive import Archive, held_in
from gomafia_kit.parse import parse
from gomafia_kit.records import TABLE_OF
from gomafia_kit.resolve import People, resolve
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.staging.live import LiveTables
from gomafia_kit.staging.parts import PARTS, write_part
from gomafia_kit.tables import ANSWER, TABLES
from gomafia_kit.validate import validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.runs.ledger import LiveAsk
    from gomafia_kit.tables import Table

ROWS_A_PART: Final = 20_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that would change.

    `column` is "row" where a whole row would come or go, "rejected" where the reason of a refusal would;
    `before` and `after` are as text, None where there is nothing.
    """

    table: str
    key: str
    column: str
    before: str | None
    after: str | None
    ask: str


def differences(data_dir: Path, only: frozenset[int] | None = None) -> Iterator[Difference]:
    """What reading the archive again would change of the staged rows of a folder, table by table.

    `only` names the asks to read again, None means all; give whole subjects, since the answers of one belong together.

    Raises FolderError if the folder has no archive; an answer that can't be read any more is a
    difference of its own.
    """
    held = held_in(data_dir)
    with (
        Archive(data_dir, held.league) as archive,
        Ledger(data_dir) as ledger,
        LiveTables(data_dir, ledger) as live,
        tempfile.TemporaryDirectory(prefix="gomafia-replay-") as folder,
    ):
        replay = _Replay(archive, ledger, Path(folder), only)
        yield from replay.read_all()
        for table in TABLES.values():
            if table is not ANSWER and not table.derived:
                yield from _row_differences(live, ledger, replay, table)


class _Replay:
    """Reads the archived answers of all live loads into parts of its own."""

    def __init__(self, archive: Archive, ledger: Ledger, folder: Path, only: frozenset[int] | None) -> None:
        self._archive = archive
        self._ledger = ledger
        self._folder = folder
        self.only = only
        self._rows: dict[str, list[tuple[object, ...]]] = defaultdict(list)
        self.keys: dict[int, str] = {}

    def read_all(self) -> Iterator[Difference]:
        """Read every answer again; the refusals that differ."""
        before: dict[tuple[str, str, str], str] = {
            (ask, table, key): rule for table, key, _, _, rule, ask in self._ledger.rejections()
        }
        people: dict[str, People] = defaultdict(People)
        for item in self._ledger.live_asks():
            if self.only is not None and item.ask.ask_id not in self.only:
                continue
            self.keys[item.ask.ask_id] = item.ask.key
            try:
                after = self._read(item, people[item.ask.subject])
            except GomafiaError as error:
                yield Difference("answer", item.ask.key, "row", "readable", error.message, item.ask.key)
                continue
            was = {place: rule for place, rule in before.items() if place[0] == item.ask.key}
            for place in was.keys() | after.keys():
                if was.get(place) != after.get(place):
                    yield Difference(place[1], place[2], "rejected", was.get(place), after.get(place), item.ask.key)
        for table in list(self._rows):
            self._write(table)

    def _read(self, item: LiveAsk, people: People) -> dict[tuple[str, str, str], str]:
        parsed = parse(self._archive.get(item.ask), item.form, personal=item.personal)
        parsed.records = resolve(parsed.records, people)
        checked = validate(parsed)
        for record in checked.records:
            table = TABLE_OF[type(record)]
            self._rows[table].append((*record, item.ask.ask_id))
            if len(self._rows[table]) >= ROWS_A_PART:
                self._write(table)
        return {(item.ask.key, refused.table, refused.key): refused.rule for refused in checked.rejections}

    def _write(self, table: str) -> None:
        if rows := self._rows.pop(table, None):
            write_part(self._folder, table, rows)

    def sql(self, table: Table) -> str:
        """SQL for the rows that were read again."""
        return table.sql_of_files(sorted((self._folder / PARTS / table.name).glob("*.parquet")))


def _row_differences(live: LiveTables, ledger: Ledger, replay: _Replay, table: Table) -> Iterator[Difference]:
    """Rows that would come, go or change, in key order; an unlisted player is computed, not read."""
    old = live.rows_of_parts(table, ledger.live_parts(table.name, derived=False))
    if replay.only is not None:
        asks = ", ".join(map(str, sorted(replay.only))) or "NULL"
        old = f"SELECT * FROM ({old}) WHERE ask_id IN ({asks})"
    names = [name for name in table.names if name not in {*table.key, "ask_id"}]
    on = " AND ".join(f"old.{name} = new.{name}" for name in (*table.key, "ask_id"))
    columns = [f"old.{name}" for name in (*table.key, "ask_id", *names)]
    columns += [f"new.{name}" for name in (*table.key, "ask_id", *names)]
    differ = " OR ".join(f"old.{name} IS DISTINCT FROM new.{name}" for name in ("ask_id", *names))
    sql = (
        f"SELECT {', '.join(f'{column} AS c{number}' for number, column in enumerate(columns))} FROM ({old}) old"
        f" FULL JOIN ({replay.sql(table)}) new ON {on} WHERE {differ} ORDER BY {', '.join(columns[: len(table.key)])}"
    )
    for batch in live.stream(sql):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield from _told(table, names, row, replay.keys)


def _told(table: Table, names: list[str], row: tuple[Any, ...], asks: dict[int, str]) -> Iterator[Difference]:
    width = len(table.key) + 1 + len(names)
    old, new = row[:width], row[width:]
    place = len(table.key)
    known = old if old[place] is not None else new
    key = ", ".join(f"{name}={value}" for name, value in zip(table.key, known, strict=False))
    ask = asks.get(known[place], "")
    if old[place] is None or new[place] is None:
        is_new = old[place] is None
        yield Difference(table.name, key, "row", None if is_new else _shown(old), _shown(new) if is_new else None, ask)
        return
    for name, before, after in zip(names, old[place + 1 :], new[place + 1 :], strict=True):
        if before != after:
            yield Difference(table.name, key, name, _text(before), _text(after), ask)


def _shown(values: tuple[Any, ...]) -> str:
    return ", ".join(str(value) for value in values if value is not None)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
