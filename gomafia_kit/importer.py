"""The import as a process of its own: `start` gives a handle at once, the child does the work.

So the analyst's own data doesn't count into the budget, the kernel may restart, and memory goes
back to the system when the import ends. The handle only reads and writes the run store.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock, Timeout

from gomafia_kit.errors import (
    AskRefusedError,
    BrokenAccountError,
    DisallowedError,
    FolderBusyError,
    FolderError,
    GomafiaError,
    ParseError,
    RunDiedError,
    RunStoppedError,
    revived,
)
from gomafia_kit.events import Notice
from gomafia_kit.fetch.archive import Archive
from gomafia_kit.fetch.manners import Gate
from gomafia_kit.fetch.source import Source
from gomafia_kit.load import Loader
from gomafia_kit.memory.budget import AutomaticRows, Steered
from gomafia_kit.memory.limits import memory_limit_mb
from gomafia_kit.memory.meter import Meter
from gomafia_kit.plan import NEEDED_BY, OFFICIAL_YEARS, phases
from gomafia_kit.runs.journal import Journal, Run
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.settings import Settings
from gomafia_kit.staging.compact import compact
from gomafia_kit.staging.derive import derived_ask, derived_rows, inputs_fingerprint
from gomafia_kit.staging.known import StagedLeague
from gomafia_kit.staging.live import LiveTables
from gomafia_kit.staging.parts import disk_faults
from gomafia_kit.staging.publish import publish
from gomafia_kit.tables import ANSWER, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gomafia_kit.events import Event
    from gomafia_kit.fetch.source import Fetcher

SECONDS_BETWEEN_PUBLICATIONS: Final = 60.0
SECONDS_FOR_A_STOPPING_RUN: Final = 20.0
SECONDS_BETWEEN_LOOKS: Final = 0.2
LOG_BYTES: Final = 1_000_000
LOCK_FILE: Final = "import.lock"
LOG_FILE: Final = "importer.log"

_DERIVED_AFTER: Final = {
    "clubs": ("player",),
    "players": ("player",),
    "tournaments": ("player",),
    "games": ("player",),
    "statistics": ("player", "player_year", "player_role_year"),
}


# -- the handle: in the kernel or the command line ------------------------------------------------


class ImportHandle:
    """A run, started here or elsewhere: watch it, steer it, wait for it."""

    def __init__(self, data_dir: Path, run_id: int, process: subprocess.Popen[bytes] | None = None) -> None:
        self.data_dir = data_dir
        self.run_id = run_id
        self._process = process

    def run(self) -> Run:
        """The run as it stands now."""
        with Journal(self.data_dir) as journal:
            return journal.run(self.run_id)

    def pause(self) -> None:
        """Let it wait between two asks, all committed."""
        self._wish("pause")

    def resume(self) -> None:
        """Let it go on."""
        self._wish("run")

    def stop(self) -> None:
        """End it after the open batch, committed; running again goes on."""
        self._wish("stop")

    def set_batch_rows(self, rows: int | None) -> None:
        """Make its next batches `rows` rows long; None: as it thinks best."""
        with Journal(self.data_dir) as journal:
            journal.wish_batch_rows(self.run_id, rows)

    def _wish(self, wish: str) -> None:
        with Journal(self.data_dir) as journal:
            journal.wish(self.run_id, wish)

    def wait(self, on_poll: Callable[[], None] | None = None, seconds_between_polls: float = 0.5) -> Run:
        """The run at its end; `on_poll` is called every so often while it lasts.

        Raises the error that the run ended with. Ctrl+C stops the run after its open batch first.
        """
        try:
            run = self._until_end(on_poll, seconds_between_polls)
        except KeyboardInterrupt:
            self.stop()
            self._until_end(on_poll, seconds_between_polls)
            raise
        if run.state == "died":
            raise RunDiedError(
                f"The import's process (run {run.run_id}) ended without a word: killed, or out of memory.",
                f"Run again to go on: what was committed is safe. Its log is {self.data_dir / LOG_FILE}.",
            )
        if run.error is not None:
            raise revived(run.error, run.message or "", run.remedy or "")
        return run

    def _until_end(self, on_poll: Callable[[], None] | None, seconds: float) -> Run:
        with Journal(self.data_dir) as journal:
            while True:
                if self._process is not None:
                    self._process.poll()  # so that an ended child is no zombie
                run = journal.run(self.run_id)
                if on_poll is not None:
                    on_poll()
                if not run.is_working:
                    break
                time.sleep(seconds)
        if self._process is not None:
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
        return run


def start(settings: Settings, *, lifeline: bool = False) -> ImportHandle:
    """Start an import in a process of its own and return at once.

    With `lifeline` the import stops, committed, when this process ends: for headless runs, so that
    killing them leaves nothing behind. Raises FolderError if the data folder can't be used.
    """
    data_dir = settings.folder
    with Journal(data_dir) as journal:
        run_id = journal.begin(settings.described())
        try:
            process = _spawn(data_dir)
        except OSError as error:
            journal.end(run_id, "failed", error=("GomafiaError", f"No process could be started: {error}.", "", 1))
            raise FolderError(f"No process could be started: {error}.", "Check memory and process limits.") from error
        journal.adopt(run_id, process.pid)
    order = {"run_id": run_id, "parameters": settings.as_parameters(), "lifeline": lifeline}
    if process.stdin is not None:
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
        if not lifeline:
            process.stdin.close()
    return ImportHandle(data_dir, run_id, process)


def run_here(settings: Settings) -> ImportHandle:
    """Do a whole import in this very process and return when it has ended, however that was: for debugging."""
    with Journal(settings.folder) as journal:
        run_id = journal.begin(settings.described())
        journal.adopt(run_id)
        _run(run_id, settings, journal, threading.Event())
    return ImportHandle(settings.folder, run_id)


def _spawn(data_dir: Path) -> subprocess.Popen[bytes]:
    log = data_dir / LOG_FILE
    with disk_faults(log):
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))
        file = log.open("ab")
    with file:
        return subprocess.Popen(
            [sys.executable, "-m", "gomafia_kit.importer"],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


# -- the child ------------------------------------------------------------------------------------


class _Import:
    """One run at work."""

    def __init__(self, run_id: int, settings: Settings, journal: Journal, stop: threading.Event) -> None:
        self.run_id = run_id
        self.settings = settings
        self.journal = journal
        self.data_dir = settings.folder
        self._stop = stop
        self._looked_at = 0.0
        self._published_at = time.monotonic()
        self._started = time.monotonic()
        self._push: list[dict[str, Any]] = []
        self._failures: list[GomafiaError] = []
        self._limit_mb = settings.memory_limit_mb or memory_limit_mb()
        self._duckdb_mb = max(96, min(1024, int(self._limit_mb) // 4))

    def work(self, stack: ExitStack) -> dict[str, Any]:
        """Run every stage; returns the receipt."""
        settings = self.settings
        self.archive = stack.enter_context(Archive(self.data_dir, settings.league))
        self.ledger = stack.enter_context(Ledger(self.data_dir))
        compact(self.data_dir, self.ledger, memory_mb=self._duckdb_mb)
        since = datetime.now(UTC) if settings.refresh else None
        self.source = Source(self.archive, self._fetchers(stack), Gate(settings.pace), self._tell, since)
        stack.callback(self.source.close)
        meter = Meter(self.journal, self.run_id)
        budget = AutomaticRows(self._limit_mb, meter, self._tell, settings.batch_rows)
        self.loader = Loader(
            self.run_id,
            self.data_dir,
            self.source,
            self.ledger,
            Steered(budget, lambda: self.journal.control(self.run_id).batch_rows),
            # The budget learns from what the meter has just seen: it comes behind it.
            (self.journal.observe, meter, budget, self._publish_now_and_then),
            self._checkpoint,
        )
        self.journal.set_state(self.run_id, "running")
        for stage in self._stages():
            self._run_stage(stage)
        receipt = self._receipt()
        if self._failures:
            raise self._failures[0]
        return receipt

    def _stages(self) -> list[str]:
        """The stages to run; one that another needs and that never ran comes along."""
        stages = list(self.settings.stages)
        league = StagedLeague(self.data_dir, self.ledger)
        for stage, needed in NEEDED_BY.items():
            if stage in stages and needed not in stages and not league.tournaments():
                stages.insert(stages.index(stage), needed)
                self._tell(f"{stage} needs {needed}, which this folder doesn't hold yet: they come first.")
        return stages

    def _run_stage(self, stage: str) -> None:
        with self.loader.stage(stage):
            if stage == "push":
                self._push_staged()
                return
            try:
                self._load_stage(stage)
            except (ParseError, AskRefusedError, DisallowedError) as error:
                # A page that we don't understand stops its own stage, no other.
                self._failures.append(error)
                self._tell(f"Stage {stage} stopped: {error}")
            for table in _DERIVED_AFTER.get(stage, ()):
                self._derive(table)
            compact(self.data_dir, self.ledger, memory_mb=self._duckdb_mb)
            self._publish()

    def _load_stage(self, stage: str) -> None:
        league = StagedLeague(self.data_dir, self.ledger)
        if stage == "statistics":
            if self.settings.official_years:
                self.loader.load(phases(OFFICIAL_YEARS, self.settings, league))
        else:
            self.loader.load(phases(stage, self.settings, league))

    def _derive(self, table: str) -> None:
        ask, fingerprint = derived_ask(table), inputs_fingerprint(table, self.ledger)
        if self.ledger.is_live(ask, fingerprint):
            return
        with self._live() as live:
            self.loader.load_derived(ask, table, fingerprint, derived_rows(table, self.ledger, live))

    def _live(self) -> LiveTables:
        return LiveTables(self.data_dir, self.ledger, memory_mb=self._duckdb_mb)

    # -- publishing and pushing -------------------------------------------------------------------

    def _publish_now_and_then(self, event: Event) -> None:
        del event
        if time.monotonic() - self._published_at > SECONDS_BETWEEN_PUBLICATIONS:
            self._publish()

    def _publish(self) -> None:
        with self._live() as live:
            publish(self.data_dir, self.ledger, live, self.settings.staging)
        self._published_at = time.monotonic()

    def _push_staged(self) -> None:
        from gomafia_kit.postgres.target import push_folder

        with self._live() as live:
            reports = push_folder(
                self.data_dir,
                live,
                folder_id=self.ledger.folder_id,
                league=self.settings.league,
                schema=self.settings.postgres_schema,
            )
        self._push = [
            {"table": r.table, "new": r.new, "changed": r.changed, "same": r.same, "gone": r.gone} for r in reports
        ]

    # -- what steers it ---------------------------------------------------------------------------

    def _checkpoint(self) -> None:
        """Between two asks: wait while paused, raise if the run is to stop."""
        if self._stop.is_set():
            raise RunStoppedError("The import was stopped by a signal or its starter's end.", _GO_ON)
        if time.monotonic() - self._looked_at < SECONDS_BETWEEN_LOOKS:
            return
        self._looked_at = time.monotonic()
        wish = self.journal.control(self.run_id).wish
        if wish == "pause":
            self._wait_while_paused()
        elif wish == "stop":
            raise RunStoppedError("The import was stopped.", _GO_ON)

    def _wait_while_paused(self) -> None:
        self.journal.set_state(self.run_id, "paused")
        while self.journal.control(self.run_id).wish == "pause" and not self._stop.is_set():
            time.sleep(SECONDS_BETWEEN_LOOKS)
        self.journal.set_state(self.run_id, "running")
        self._looked_at = 0.0
        self._checkpoint()

    def _tell(self, text: str) -> None:
        self.journal.observe(Notice(self.run_id, text, datetime.now(UTC)))

    # -- where answers come from ------------------------------------------------------------------

    def _fetchers(self, stack: ExitStack) -> dict[str, Callable[[], Fetcher]]:
        if self.settings.offline:
            return {}
        contact = self.settings.contact
        address: list[str] = []

        def base_url() -> str:
            # The demo site is started when the first ask is made: a run without asks needs none.
            if not address:
                address.append(self._start_demo(stack) if self.settings.source == "demo" else self.settings.base_url)
            return address[0]

        def http() -> Fetcher:
            from gomafia_kit.fetch.http import HttpFetcher

            return HttpFetcher(base_url(), contact)

        def chromium() -> Fetcher:
            from gomafia_kit.fetch.chromium import ChromiumFetcher

            return ChromiumFetcher(base_url(), contact, self._tell)

        return {"api": http, "text": http, "dom": chromium}

    def _start_demo(self, stack: ExitStack) -> str:
        from gomafia_kit import demo

        site = demo.start(
            scale=self.settings.scale, seed=self.settings.seed, players=self.settings.players_file or None
        )
        stack.enter_context(site)
        return site.url

    # -- the account ------------------------------------------------------------------------------

    def _receipt(self) -> dict[str, Any]:
        written = self.loader.rows_written
        asks_made, looked_up = self.source.asks_made, self.loader.asks_looked_up
        push_changes = sum(report["new"] + report["changed"] + report["gone"] for report in self._push)
        peaks = [sample for sample in self.journal.memory(self.run_id) if sample.part in {"python", "tree"}]
        return {
            "league": self.settings.league,
            "data_dir": str(self.data_dir),
            "staging": self.settings.staging,
            "tables": self._accounts(),
            "asks": {"planned": looked_up, "made": asks_made, "from_archive": max(0, looked_up - asks_made)},
            "left_out": self.loader.refused,
            "push": self._push,
            "nothing_new": asks_made == 0 and not written and push_changes == 0,
            "seconds": round(time.monotonic() - self._started, 1),
            "peak_rss_mb": max((s.peak_rss_mb for s in peaks if s.peak_rss_mb is not None), default=None),
            "peak_pss_mb": max((s.pss_mb for s in peaks if s.pss_mb is not None and s.part == "tree"), default=None),
        }

    def _accounts(self) -> list[dict[str, Any]]:
        """For each table: fetched = staged + rejected + duplicates; BrokenAccountError if it isn't so."""
        tallies = self.ledger.tallies()
        fetched_rows = self.ledger.live_row_counts(derived=False)
        derived_rows_ = self.ledger.live_row_counts(derived=True)
        accounts = []
        with self._live() as live:
            for table in TABLES.values():
                if table is ANSWER:
                    continue
                tally = tallies.get(table.name)
                fetched, rejected, twice = (tally.fetched, tally.rejected, tally.duplicates) if tally else (0, 0, 0)
                derived = derived_rows_.get(table.name, 0)
                staged = live.count(table.name) - derived
                again = live.keys_given_again(table.name)
                account = {
                    "table": table.name,
                    "fetched": fetched,
                    "staged": staged,
                    "rejected": rejected,
                    "duplicates": twice + again,
                    "derived": derived,
                    "written": self.loader.rows_written.get(table.name, 0),
                }
                if fetched != staged + rejected + twice + again or fetched_rows.get(table.name, 0) != staged + again:
                    raise BrokenAccountError(f"The account of {table.name} doesn't add up: {account}.", _REPORT)
                accounts.append(account)
        return accounts


_GO_ON: Final = "Run again to go on: nothing is lost."
_REPORT: Final = "Please report this with the data folder's runs.sqlite; the rows in the archive are safe."


@contextmanager
def _folder_lock(data_dir: Path, journal: Journal, run_id: int) -> Iterator[None]:
    """Only one import at a time in a folder; FolderBusyError says who works there since when."""
    lock = FileLock(data_dir / LOCK_FILE)
    give_up = time.monotonic() + SECONDS_FOR_A_STOPPING_RUN
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            others = [run for run in journal.runs() if run.is_working and run.run_id < run_id]
            leaving = not others or any(run.state == "stopping" for run in others)
            if leaving and time.monotonic() < give_up:
                time.sleep(SECONDS_BETWEEN_LOOKS)
                continue
            who = (
                f"run {others[-1].run_id} (process {others[-1].pid}) since {others[-1].started_at:%Y-%m-%d %H:%M} UTC"
                if others
                else "another process"
            )
            raise FolderBusyError(
                f"An import works in {data_dir} already: {who}.",
                "Wait for it, stop it by gomafia stop, or choose another data_dir.",
            ) from None
    try:
        yield
    finally:
        lock.release()


def _watch_lifeline(journal_dir: Path, run_id: int, stop: threading.Event) -> None:
    """Stop the run when the process that started it is gone: its end of the pipe closes."""
    while os.read(sys.stdin.fileno(), 4096):  # not the buffer: its lock would hang the interpreter's end
        pass
    stop.set()
    with Journal(journal_dir) as journal:
        journal.set_state(run_id, "stopping")


def main() -> int:
    """The child: reads its order from standard input, does the run, notes how it ended."""
    order = json.loads(sys.stdin.buffer.readline())
    run_id = int(order["run_id"])
    settings = Settings.gather(order["parameters"], given=frozenset(order["parameters"]))
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with Journal(settings.folder) as journal:
        journal.adopt(run_id)
        if order["lifeline"]:
            threading.Thread(
                target=_watch_lifeline, args=(settings.folder, run_id, stop), name="lifeline", daemon=True
            ).start()
        return _run(run_id, settings, journal, stop)


def _run(run_id: int, settings: Settings, journal: Journal, stop: threading.Event) -> int:
    try:
        with ExitStack() as stack:
            stack.enter_context(_folder_lock(settings.folder, journal, run_id))
            receipt = _Import(run_id, settings, journal, stop).work(stack)
    except RunStoppedError as error:
        journal.end(run_id, "stopped", error=_told(error))
        return error.exit_code
    except GomafiaError as error:
        journal.end(run_id, "failed", error=_told(error))
        return error.exit_code
    except BaseException as error:  # noqa: BLE001 - the last line of the process: a fault of ours is noted too
        traceback.print_exc()
        message = f"The import failed by a fault of this package: {type(error).__name__}."
        remedy = f"Please report it with {settings.folder / LOG_FILE}; what was committed is safe."
        journal.end(run_id, "failed", error=("GomafiaError", message, remedy, 1))
        return 1
    journal.end(run_id, "done", receipt=receipt)
    return 0


def _told(error: GomafiaError) -> tuple[str, str, str, int]:
    return type(error).__name__, error.message, error.remedy, error.exit_code


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
