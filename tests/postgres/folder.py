"""A data folder filled by hand: rows go through the real ledger, parts and live tables, not through an import."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa

from gomafia_kit.postgres.target import ATTEMPTS, PushReport, push_folder
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.ledger import BatchNote, Ledger, Portion, Reading
from gomafia_kit.site import Ask
from gomafia_kit.staging.live import ROWS_A_READ, LiveTables
from gomafia_kit.staging.parts import write_part
from gomafia_kit.staging.publish import publish
from gomafia_kit.staging.published import PublishedRows
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from datetime import date
    from decimal import Decimal
    from pathlib import Path

    from gomafia_kit.staging.live import Rows

LEAGUE: Final = "demo-by-hand"
CAME_AT: Final = datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)

Row = tuple[object, ...]


class _Noting:
    """Rows as another gives them, with a note of how many were read at a time."""

    def __init__(self, rows: Rows, read: dict[str, list[int]]) -> None:
        self._rows = rows
        self._read = read
        self.fingerprint = rows.fingerprint

    def batches(self, table: str, rows: int = ROWS_A_READ) -> Generator[pa.RecordBatch]:
        with closing(self._rows.batches(table, rows)) as batches:
            for batch in batches:
                self._read.setdefault(table, []).append(batch.num_rows)
                yield batch


class Folder:
    """A data folder; each answer is known by a name, and a newer one of that name replaces its rows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told: list[str] = []
        self.read: dict[str, list[int]] = {}
        with Journal(path) as journal:
            self._run_id = journal.begin({})
        self._batches = 0

    def put(self, name: str, **tables: Sequence[Row]) -> int:
        """An answer of that name with these rows (without their ask_id, which is returned)."""
        ask = Ask("by_hand", "api", "POST", f"/{name}", subject=f"by_hand/{name}/rows")
        self._batches += 1
        body = repr((self._batches, tables)).encode()
        note = BatchNote(self._run_id, "by hand", self._batches, CAME_AT, 0.0, 1000)
        with Ledger(self.path) as ledger:
            load = ledger.begin(ask, "http", CAME_AT, sha256(body).hexdigest(), "1")
            parts = [
                write_part(self.path, table, [(*row, ask.ask_id) for row in rows])
                for table, rows in tables.items()
                if rows
            ]
            rows = Counter({table: len(rows) for table, rows in tables.items() if rows})
            fetched = {table: len(rows) for table, rows in tables.items()}
            reading = Reading(ask.subject, {ask.ask_id: (load.sha256, load.parser)})
            ledger.commit(note, parts, [Portion(load, rows, finished=True, fetched=fetched)], [reading])
        return ask.ask_id

    def put_away(self, name: str) -> None:
        """Retire the answer of that name."""
        with Ledger(self.path) as ledger:
            ledger.retire_others(f"by_hand/{name}", [])

    def push(
        self,
        schema: str,
        league: str = LEAGUE,
        attempts: int = ATTEMPTS,
        batch_rows: int | None = None,
        form: str | None = "duckdb",
    ) -> dict[str, PushReport]:
        """Publish and push it; without a form what is live is pushed as it is staged.

        What was said is kept in `told`, and in `read` how many rows of each table were read at a time. Gives the
        reports of the tables that hold, held or lost something.
        """
        self.read = {}
        with Ledger(self.path) as ledger, ExitStack() as stack:
            live = stack.enter_context(LiveTables(self.path, ledger))
            rows: Rows = live
            if form:
                publish(self.path, ledger, live, form)
                rows = stack.enter_context(PublishedRows(self.path, ledger, form))
            reports = push_folder(
                self.path,
                _Noting(rows, self.read),
                folder_id=ledger.folder_id,
                league=league,
                schema=schema,
                batch_rows=batch_rows,
                tell=self.told.append,
                attempts=attempts,
            )
        assert [report.table for report in reports] == list(TABLES)
        return {report.table: report for report in reports if report != PushReport(report.table, 0, 0, 0, 0)}

    def live(self, table: str) -> list[Row]:
        """A table's live rows, in key order."""
        with Ledger(self.path) as ledger, LiveTables(self.path, ledger) as live:
            arrow = pa.Table.from_batches(live.batches(table), TABLES[table].arrow_schema())
        return pl.DataFrame(arrow).rows()


def player(player_id: int, login: str, elo: Decimal | None = None, city: str | None = None) -> Row:
    """A row of the table player."""
    return (player_id, login, "Россия", city, None, elo, True, 2024)


def tournament(tournament_id: int, title: str = "Кубок", start: date | None = None) -> Row:
    """A row of the table tournament."""
    return (tournament_id, title, start, *[None] * 16)


def game(tournament_id: int, round_: int, winner: str | None = "red") -> Row:
    """A row of the table game, at table 1."""
    return (tournament_id, round_, 1, winner, "Судья")


def seats(tournament_id: int, round_: int, players: Sequence[int], points: Decimal | None = None) -> list[Row]:
    """Rows of the table seat: these players from seat 1 on, at table 1."""
    return [
        (tournament_id, round_, 1, seat, player_id, f"игрок {player_id}", "citizen", "red", points, *[None] * 6)
        for seat, player_id in enumerate(players, start=1)
    ]
