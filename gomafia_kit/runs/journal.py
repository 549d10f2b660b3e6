"""What happened in each run and what people wish of it: written by the importer, read by every face."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import psutil

from gomafia_kit.errors import FolderError, command_for
from gomafia_kit.events import AskDone, BatchDone, BatchStarted, Event, Notice, StageDone, StageStarted, StepDone
from gomafia_kit.runs.database import RUNS_FILE, open_store, sqlite_faults, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

SECONDS_BETWEEN_NOTES: Final = 0.2
"""Between two notes of asks that the archive answers, at the least."""

WORKING: Final = frozenset({"starting", "running", "paused", "stopping"})
"""States of a run whose process should be alive."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `state`: starting, running, paused, stopping, done, stopped, failed, or died (its process is gone).

    `settings` holds each setting's value and source; `receipt` the final account, None before the end.
    """

    run_id: int
    state: str
    pid: int | None
    started_at: datetime
    ended_at: datetime | None
    settings: dict[str, Any]
    receipt: dict[str, Any] | None
    error: str | None
    message: str | None
    remedy: str | None
    exit_code: int | None

    @property
    def is_working(self) -> bool:
        """True while its process is at work."""
        return self.state in WORKING

    def state_of(self, stage: StageProgress) -> str:
        """Running or done; unfinished, where the run ended in the midst of the stage."""
        return stage.state if self.is_working or stage.state == "done" else "unfinished"


@dataclass(frozen=True, slots=True)
class StageProgress:
    """How far a stage of a run is; `asks_known` grows while lists are read.

    `state` is running or done, as it was noted; `Run.state_of` tells what became of it.
    """

    stage: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    asks_known: int
    asks_done: int
    asks_made: int
    batches: int
    rows: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A committed batch of a run."""

    stage: str
    number: int
    started_at: datetime
    seconds: float
    rows_target: int
    rows: int
    rejected: int


@dataclass(frozen=True, slots=True)
class MemorySample:
    """Memory of one part of the importer's process tree at a batch's end, in MB.

    `part`: python, driver, chromium, or tree (their sum). `pss_mb` is sampled; `peak_rss_mb` is the
    exact high-water mark of Python since the batch before (null for other parts). Batch 0 is before
    the first; one behind the stage's last is the time up to the stage's end (publishing, pushing).
    """

    stage: str
    batch: int
    at: datetime
    part: str
    pss_mb: float | None
    rss_mb: float | None
    peak_rss_mb: float | None


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure beside the memory of the parts; `name` ends in its unit where it isn't a count.

    `part` is what it is of: python, external (pools of libraries), a part of the tree, a kind of
    Chromium's processes as `chromium.renderer`, a page as `page.1`, starter (what started the import), or budget
    (`limit_mb`: what the import may take in all).
    """

    stage: str
    batch: int
    at: datetime
    part: str
    name: str
    figure: float


@dataclass(frozen=True, slots=True)
class Control:
    """What people wish of a run: `wish` is run, pause or stop.

    `batch_rows` and `memory_limit_mb` hold from the next batch on; None leaves them to the settings.
    """

    wish: str
    batch_rows: int | None
    memory_limit_mb: float | None


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _moment_at(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Journal:
    """The runs of one data folder.

    Opening it makes the folder and its run store if they aren't there. Each thread opens its own.
    """

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.path = data_dir / RUNS_FILE
        self._connection = open_store(data_dir)
        self._last_ask: AskDone | None = None
        self._ask_noted_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the journal can't be used after."""
        self._connection.close()

    # -- runs ---------------------------------------------------------------------------------

    def begin(self, settings: dict[str, Any]) -> int:
        """Note a new run, not yet at work, and return its number."""
        with sqlite_faults(self.path), transaction(self._connection) as db:
            run_id = db.execute(
                "INSERT INTO run (state, started_at, settings) VALUES ('starting', ?, ?) RETURNING run_id",
                (now().isoformat(), json.dumps(settings, ensure_ascii=False)),
            ).fetchone()[0]
            db.execute("INSERT INTO control (run_id) VALUES (?)", (run_id,))
        return int(run_id)

    def adopt(self, run_id: int, pid: int | None = None) -> None:
        """Say which process does the work of a run."""
        process = psutil.Process(pid or os.getpid())
        self._write(
            "UPDATE run SET pid = ?, pid_started = ? WHERE run_id = ?",
            (process.pid, started_mark(process), run_id),
        )

    def set_state(self, run_id: int, state: str) -> None:
        """Note what a run is doing now; one that has ended stays so, though its process be busy with alerts of that."""
        self._write("UPDATE run SET state = ? WHERE run_id = ? AND ended_at IS NULL", (state, run_id))

    def end(
        self,
        run_id: int,
        state: str,
        *,
        receipt: dict[str, Any] | None = None,
        error: tuple[str, str, str, int] | None = None,
    ) -> None:
        """Note how a run ended; `error` is (class, message, remedy, exit code)."""
        self._note_last_ask()
        name, message, remedy, code = error or (None, None, None, 0)
        self._write(
            "UPDATE run SET state = ?, ended_at = ?, receipt = ?, error = ?, message = ?, remedy = ?,"
            " exit_code = ? WHERE run_id = ?",
            (
                state,
                now().isoformat(),
                None if receipt is None else json.dumps(receipt, ensure_ascii=False),
                name,
                message,
                remedy,
                code,
                run_id,
            ),
        )

    def break_off(self, run_id: int, error: tuple[str, str, str, int]) -> None:
        """Note that a run's process was ended by a person before it could end itself; `error` as for `end`.

        When it ended is left open, until the next run has told what that costs. A run that came to its end after
        all stays as it is.
        """
        self._write(
            "UPDATE run SET state = 'stopped', error = ?, message = ?, remedy = ?, exit_code = ?"
            " WHERE run_id = ? AND ended_at IS NULL",
            (*error, run_id),
        )

    def run(self, run_id: int) -> Run:
        """One run by number; FolderError if this folder has none of that number."""
        rows = self._read("SELECT * FROM run WHERE run_id = ?", (run_id,))
        if not rows:
            raise FolderError(
                f"{self.data_dir} has no run {run_id}.", f"See them by: {command_for(self.data_dir, 'status --all')}"
            )
        return _run(rows[0])

    def runs(self) -> tuple[Run, ...]:
        """All runs of the folder, oldest first."""
        return tuple(_run(row) for row in self._read("SELECT * FROM run ORDER BY run_id"))

    def latest(self) -> Run | None:
        """The newest run, or None."""
        rows = self._read("SELECT * FROM run ORDER BY run_id DESC LIMIT 1")
        return _run(rows[0]) if rows else None

    # -- progress -----------------------------------------------------------------------------

    def stages(self, run_id: int) -> tuple[StageProgress, ...]:
        """How far each stage of a run is, in the order they began."""
        rows = self._read(
            "SELECT stage.*, count(number) AS batches, coalesce(sum(rows), 0) AS rows,"
            " coalesce(sum(rejected), 0) AS rejected FROM stage LEFT JOIN batch USING (run_id, stage)"
            " WHERE run_id = ? GROUP BY stage.rowid ORDER BY stage.rowid",
            (run_id,),
        )
        return tuple(
            StageProgress(
                row["stage"],
                row["state"],
                _moment_at(row["started_at"]),
                _moment(row["ended_at"]),
                row["asks_known"],
                row["asks_done"],
                row["asks_made"],
                row["batches"],
                row["rows"],
                row["rejected"],
            )
            for row in rows
        )

    def batches(self, run_id: int, after: int = 0) -> tuple[Batch, ...]:
        """The committed batches of a run in order, but for the first `after` of them."""
        rows = self._read("SELECT * FROM batch WHERE run_id = ? ORDER BY rowid LIMIT -1 OFFSET ?", (run_id, after))
        return tuple(
            Batch(
                row["stage"],
                row["number"],
                _moment_at(row["started_at"]),
                row["seconds"],
                row["rows_target"],
                row["rows"],
                row["rejected"],
            )
            for row in rows
        )

    def memory(self, run_id: int, after: int = 0) -> tuple[MemorySample, ...]:
        """The memory samples of a run in order, but for the first `after` of them."""
        rows = self._read("SELECT * FROM memory WHERE run_id = ? ORDER BY rowid LIMIT -1 OFFSET ?", (run_id, after))
        return tuple(_sample(row, row["peak_rss_mb"]) for row in rows)

    def latest_look(self, run_id: int) -> tuple[MemorySample, ...]:
        """What each part took when it was last looked at, in the batch that was open then; none before the first."""
        return tuple(_sample(row) for row in self._read("SELECT * FROM look WHERE run_id = ?", (run_id,)))

    def measures(self, run_id: int, part: str | None = None) -> tuple[Measure, ...]:
        """The other figures of a run in order, of all parts or of one."""
        rows = self._read(
            "SELECT * FROM measure WHERE run_id = ?1 AND (?2 IS NULL OR part = ?2) ORDER BY rowid", (run_id, part)
        )
        return tuple(
            Measure(row["stage"], row["batch"], _moment_at(row["at"]), row["part"], row["name"], row["figure"])
            for row in rows
        )

    def notices(self, run_id: int) -> tuple[tuple[datetime, str], ...]:
        """What a person should know of a run: when, and the sentence."""
        rows = self._read("SELECT at, text FROM notice WHERE run_id = ? ORDER BY rowid", (run_id,))
        return tuple((_moment_at(row["at"]), row["text"]) for row in rows)

    def silent_seconds(self, run: Run) -> float:
        """How long a run has done nothing that is noted: no ask, no batch, no step, no notice, no look at its memory.

        Looks are made by whoever loads, not beside him: a load that hangs makes none. A rest that was told of isn't
        over before its end. 0 unless the run should be at work.
        """
        if run.state not in {"starting", "running", "stopping"}:
            return 0.0
        signs = self._read(
            "SELECT max(started_at) FROM stage WHERE run_id = ?1 UNION ALL SELECT max(seen_at) FROM stage"
            " WHERE run_id = ?1 UNION ALL SELECT max(at) FROM notice WHERE run_id = ?1 UNION ALL"
            " SELECT max(at) FROM memory WHERE run_id = ?1 UNION ALL SELECT max(at) FROM look WHERE run_id = ?1",
            (run.run_id,),
        )
        last = max([run.started_at, *(_moment_at(sign[0]) for sign in signs if sign[0])])
        return max(0.0, (now() - last).total_seconds())

    def is_stalled(self, run: Run) -> bool:
        """True if a run has been silent for longer than its `stall_minutes`."""
        allowed = run.settings.get("stall_minutes", {}).get("value")
        return allowed is not None and self.silent_seconds(run) > 60 * float(allowed)

    def observe(self, event: Event) -> None:
        """Write down what an import tells (an observer); batches are written by the ledger's commit.

        Each note is an fsync: of asks that the archive answers, thousands in a row, one now and then is enough.
        """
        if isinstance(event, AskDone):
            self._last_ask = event
            if event.made or time.monotonic() - self._ask_noted_at > SECONDS_BETWEEN_NOTES:
                self._note_last_ask()
            return
        self._note_last_ask()
        match event:
            case StageStarted():
                self._write(
                    "INSERT INTO stage (run_id, stage, state, started_at, asks_known) VALUES (?, ?, 'running', ?, ?)"
                    " ON CONFLICT DO UPDATE SET state = 'running'",
                    (event.run_id, event.stage, event.at.isoformat(), event.asks_planned),
                )
            case StageDone():
                self._write(
                    "UPDATE stage SET state = 'done', ended_at = ? WHERE run_id = ? AND stage = ?",
                    (event.at.isoformat(), event.run_id, event.stage),
                )
            case Notice():
                self._write("INSERT INTO notice VALUES (?, ?, ?)", (event.run_id, event.at.isoformat(), event.text))
            case StepDone():
                self._note_sign(event.run_id, event.stage, event.at)
            case BatchStarted() | BatchDone():
                pass

    def expect_rest(self, run_id: int, seconds: float) -> None:
        """Note that a run will rest for so long, as a site asked for it: until then it isn't silent."""
        self._note_last_ask()
        self._write(
            "UPDATE stage SET seen_at = ? WHERE run_id = ? AND state = 'running'",
            ((now() + timedelta(seconds=seconds)).isoformat(), run_id),
        )

    def _note_sign(self, run_id: int, stage: str, at: datetime) -> None:
        """Write down that a stage is at work."""
        self._write("UPDATE stage SET seen_at = ? WHERE run_id = ? AND stage = ?", (at.isoformat(), run_id, stage))

    def _note_last_ask(self) -> None:
        """Write down how far the stage has come, unless that was."""
        event, self._last_ask = self._last_ask, None
        if event is None:
            return
        self._ask_noted_at = time.monotonic()
        self._write(
            "UPDATE stage SET asks_known = ?, asks_done = ?, asks_made = asks_made + ?, seen_at = ?"
            " WHERE run_id = ? AND stage = ?",
            (event.asks_known, event.asks_done, event.made, event.at.isoformat(), event.run_id, event.stage),
        )

    def add_memory(self, run_id: int, samples: Sequence[MemorySample], measures: Sequence[Measure] = ()) -> None:
        """Keep memory samples of a run, and the figures beside them."""
        with sqlite_faults(self.path), transaction(self._connection) as db:
            db.executemany(
                "INSERT INTO memory VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (run_id, s.stage, s.batch, s.at.isoformat(), s.part, s.pss_mb, s.rss_mb, s.peak_rss_mb)
                    for s in samples
                ],
            )
            db.executemany(
                "INSERT INTO measure VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(run_id, m.stage, m.batch, m.at.isoformat(), m.part, m.name, m.figure) for m in measures],
            )

    def note_look(self, run_id: int, samples: Sequence[MemorySample]) -> None:
        """Let this be the latest look at a run's memory: a batch may last for minutes."""
        with sqlite_faults(self.path), transaction(self._connection) as db:
            db.execute("DELETE FROM look WHERE run_id = ?", (run_id,))
            db.executemany(
                "INSERT INTO look VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(run_id, s.stage, s.batch, s.at.isoformat(), s.part, s.pss_mb, s.rss_mb) for s in samples],
            )

    def is_first_alert(self, run_id: int, kind: str) -> bool:
        """Note an alert that is about to be sent; False if one of its kind was sent of this run, by whomever."""
        with sqlite_faults(self.path), transaction(self._connection) as db:
            noted = db.execute("INSERT OR IGNORE INTO alert VALUES (?, ?, ?)", (run_id, kind, now().isoformat()))
            return noted.rowcount == 1

    # -- control ------------------------------------------------------------------------------

    def control(self, run_id: int) -> Control:
        """What people wish of a run at present."""
        row = self._read("SELECT * FROM control WHERE run_id = ?", (run_id,))[0]
        return Control(row["wish"], row["batch_rows"], row["memory_limit_mb"])

    def wish(self, run_id: int, wish: str) -> None:
        """Ask a run to `run`, `pause` or `stop`: it follows between two batches."""
        self._write("UPDATE control SET wish = ? WHERE run_id = ?", (wish, run_id))

    def wish_batch_rows(self, run_id: int, rows: int | None) -> None:
        """Ask a run to make its next batches `rows` rows long; None: as it thinks best."""
        self._write("UPDATE control SET batch_rows = ? WHERE run_id = ?", (rows, run_id))

    def wish_memory_limit(self, run_id: int, limit_mb: float | None) -> None:
        """Ask a run to keep to a budget of so many MB from its next batch on; None: to that of its settings."""
        self._write("UPDATE control SET memory_limit_mb = ? WHERE run_id = ?", (limit_mb, run_id))

    # -- the file -----------------------------------------------------------------------------

    def _read(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        with sqlite_faults(self.path):
            cursor = self._connection.cursor()
            cursor.row_factory = sqlite3.Row
            return cursor.execute(query, tuple(values)).fetchall()

    def _write(self, statement: str, values: Sequence[object]) -> None:
        with sqlite_faults(self.path), transaction(self._connection) as db:
            db.execute(statement, tuple(values))


def _sample(row: sqlite3.Row, peak_rss_mb: float | None = None) -> MemorySample:
    moment = _moment_at(row["at"])
    return MemorySample(row["stage"], row["batch"], moment, row["part"], row["pss_mb"], row["rss_mb"], peak_rss_mb)


def _run(row: sqlite3.Row) -> Run:
    state = row["state"]
    if state in WORKING and not _is_alive(row["pid"], row["pid_started"], _moment_at(row["started_at"])):
        state = "died"
    return Run(
        row["run_id"],
        state,
        row["pid"],
        _moment_at(row["started_at"]),
        _moment(row["ended_at"]),
        json.loads(row["settings"]),
        None if row["receipt"] is None else json.loads(row["receipt"]),
        row["error"],
        row["message"],
        row["remedy"],
        row["exit_code"],
    )


def started_mark(process: psutil.Process) -> float:
    """A number that tells a process from another one of the same pid, in seconds, whatever is done to the clock.

    psutil tells the moment of a process's start by the clock as it is now, which moves when the clock is set:
    where the kernel says how long after its own start that was, this is taken.
    """
    try:
        told = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace")
        ticks = int(told.rpartition(")")[2].split()[_START_TIME])
        return ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return process.create_time()


_START_TIME: Final = 19
"""The place of the start time among what follows the name in /proc/<pid>/stat."""

SECONDS_TO_START: Final = 60.0
"""A run that no process has taken up after so long never will be."""


def _is_alive(pid: int | None, started: float | None, begun: datetime) -> bool:
    if pid is None:
        return abs((now() - begun).total_seconds()) < SECONDS_TO_START  # abs: the clock may have been put back
    try:
        process = psutil.Process(pid)
        same = started is None or abs(started_mark(process) - started) < 1
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
