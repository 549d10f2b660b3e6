"""The handle of a run, for kernels and the command line: start it, watch it, steer it, wait for it."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
import time
from contextlib import nullcontext, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import psutil

from gomafia_kit.errors import (
    DiskFullError,
    FolderError,
    GomafiaError,
    RunDiedError,
    RunStoppedError,
    SettingsError,
    revived,
)
from gomafia_kit.importer.alerts import FAILED, VARIABLE, alerts_of_waiter
from gomafia_kit.postgres.address import given_address
from gomafia_kit.runs.database import make_private
from gomafia_kit.runs.drive import check_drive
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import at_least, number, whole
from gomafia_kit.staging.parts import disk_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gomafia_kit.importer.alerts import Alerts
    from gomafia_kit.memory.profiler import Profiling
    from gomafia_kit.runs.journal import Run
    from gomafia_kit.settings import Settings

LOG_BYTES: Final = 1_000_000
LOG_FILE: Final = "importer.log"
SECONDS_TO_BE_GONE: Final = 10.0
LEAN_ALLOCATORS: Final = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""One heap for all threads and Arrow: 10 MB less in every stage, and no slower. Whoever sets them himself is heard.

What is longer than 128 KB lies beside the heap and is given back with its end, however long things were before.
"""


class ImportHandle:
    """A run, started here or elsewhere: watch it, steer it, wait for it."""

    def __init__(
        self,
        data_dir: Path,
        run_id: int,
        process: subprocess.Popen[bytes] | None = None,
        alert_target: str | None = None,
    ) -> None:
        """`alert_target` is who is told by alerts, as GOMAFIA_ALERT names him; None: whom the environment names."""
        self.data_dir = data_dir
        self.run_id = run_id
        self._process = process
        self._alert_target = alert_target

    def run(self) -> Run:
        """The run as it stands now."""
        with Journal(self.data_dir) as journal:
            return journal.run(self.run_id)

    def pause(self) -> None:
        """Let it wait between two asks, all committed. FolderError if it has ended, as of all wishes but to stop."""
        self._wish("pause")

    def resume(self) -> None:
        """Let it go on."""
        self._wish("run")

    def stop(self) -> None:
        """End it after the open batch, committed; running again goes on."""
        self._wish("stop")

    def break_off(self) -> bool:
        """End it at once, whatever it is doing, and note that; False if it wasn't at work any more.

        What isn't committed is made again by the next run, which tells how much that was.
        """
        with Journal(self.data_dir) as journal:
            run = journal.run(self.run_id)
            if not run.is_working or run.pid is None:
                return False
            with suppress(psutil.Error):
                psutil.Process(run.pid).kill()
            give_up = time.monotonic() + SECONDS_TO_BE_GONE
            while journal.run(self.run_id).is_working and time.monotonic() < give_up:
                time.sleep(0.02)
            self._let_go()
            error = RunStoppedError("The import was broken off.", "Run again to go on: what was committed is safe.")
            told = (type(error).__name__, error.message, error.remedy, error.exit_code)
            journal.break_off(self.run_id, told)
        return True

    def set_batch_rows(self, rows: int | None) -> None:
        """Make its next batches `rows` rows long; None: as it thinks best. Raises SettingsError for less than 1."""
        if rows is not None:
            rows = at_least(1, whole)("batch_rows", rows)
        with Journal(self.data_dir) as journal:
            self._check_at_work(journal)
            journal.wish_batch_rows(self.run_id, rows)

    def set_memory_limit(self, limit_mb: float | None) -> None:
        """Hold it to a budget of so many MB from its next batch on; None: to that of its settings.

        Raises SettingsError for a budget of which it takes nearly all by now: it would stop after the open batch.
        """
        from gomafia_kit.memory.budget import SHRINK_AT, STOP_AT
        from gomafia_kit.memory.peaks import taken_by_part

        if limit_mb is not None:
            limit_mb = at_least(1, number)("limit_mb", limit_mb)
        with Journal(self.data_dir) as journal:
            self._check_at_work(journal)
            taken_mb = taken_by_part(journal.memory(self.run_id)).get("tree", 0.0)
            if limit_mb is not None and taken_mb >= STOP_AT * limit_mb:
                raise SettingsError(
                    f"A budget of {limit_mb:.0f} MB would end the import: it takes {taken_mb:.0f} MB.",
                    f"Give {math.ceil(taken_mb / SHRINK_AT)} MB or more, or stop it.",
                )
            journal.wish_memory_limit(self.run_id, limit_mb)

    def _wish(self, wish: str) -> None:
        with Journal(self.data_dir) as journal:
            if wish != "stop":  # which one that has ended does already
                self._check_at_work(journal)
            journal.wish(self.run_id, wish)

    def _check_at_work(self, journal: Journal) -> None:
        run = journal.run(self.run_id)
        if not run.is_working:
            raise FolderError(
                f"Run {self.run_id} in {self.data_dir} has ended ({run.state}): nothing can be wished of it.",
                "Start another import there; gk.attach(data_dir) shows the one at work.",
            )

    def wait(self, on_poll: Callable[[], None] | None = None, seconds_between_polls: float = 0.5) -> Run:
        """The run at its end; `on_poll` is called every so often while it lasts.

        Raises the error that the run ended with. Ctrl+C stops the run after its open batch; where it is to stop
        already, as after the first Ctrl+C, a run that was started here is broken off.
        """
        try:
            run = self._until_end(on_poll, seconds_between_polls)
        except KeyboardInterrupt:
            if self._outlasts_the_waiting():
                raise
            if not self._is_to_stop():
                self.stop()
                with suppress(KeyboardInterrupt):
                    self._until_end(on_poll, seconds_between_polls)
            if self._process is not None:
                self.break_off()
            raise
        if run.state == "died":
            raise self._told_death(run)
        if run.error is not None:
            raise revived(run.error, run.message or "", run.remedy or "")
        return run

    def _outlasts_the_waiting(self) -> bool:
        """True if the interrupt isn't a person's wish that the run stop: never so on a terminal."""
        return False

    def _is_to_stop(self) -> bool:
        with Journal(self.data_dir) as journal:
            return journal.control(self.run_id).wish == "stop"

    def _told_death(self, run: Run) -> GomafiaError:
        """Why it ended without writing that down; where it was started here, it is alerted of."""
        death = self._death(run)
        if self._process is not None:
            with self._alerts() as alert:
                alert(FAILED, death.message)
        return death

    def _death(self, run: Run) -> GomafiaError:
        """Why a run ended without writing that down: where nothing can be written, its exit code tells."""
        code = None if self._process is None else self._process.returncode
        if code == FolderError.exit_code:
            return FolderError(
                f"The data folder {self.data_dir} can't be written any more: read-only, or its drive is gone.",
                "Make it writable and run again: what was committed is safe.",
            )
        if code == DiskFullError.exit_code:
            return DiskFullError(
                f"No space left on the disk of {self.data_dir}.", "Make room and run again: what was committed is safe."
            )
        return RunDiedError(
            f"The import's process (run {run.run_id}) ended without a word: killed, or out of memory.",
            f"Run again to go on: what was committed is safe. Its log is {self.data_dir / LOG_FILE}.",
        )

    def _until_end(self, on_poll: Callable[[], None] | None, seconds: float) -> Run:
        with Journal(self.data_dir) as journal, self._telling_of_stalls():
            while True:
                self._reap()
                run = journal.run(self.run_id)
                if on_poll is not None:
                    on_poll()
                if not run.is_working:
                    break
                time.sleep(seconds)
        self._let_go()
        return run

    def _let_go(self) -> None:
        """Take note of the end of the process that was started here, and close its lifeline."""
        if self._process is not None:
            self._process.wait()
            if self._process.stdin is not None:
                with suppress(OSError):  # an order that it didn't live to take is still in there
                    self._process.stdin.close()

    def _reap(self) -> None:
        if self._process is not None:
            self._process.poll()  # so that an ended child is no zombie

    def _telling_of_stalls(self) -> AbstractContextManager[object]:
        """Within it, whoever started the run here sends the alert of a stall, if its own process is frozen."""
        return nullcontext() if self._process is None else self._alerts()

    def _alerts(self) -> Alerts:
        return alerts_of_waiter(self.run_id, self.data_dir, self._alert_target)


def start(
    settings: Settings,
    *,
    lifeline: bool = False,
    profiling: Profiling | None = None,
    environment: Mapping[str, str] | None = None,
    within: Sequence[str] = (),
) -> ImportHandle:
    """Start an import in a process of its own and return at once; with `profiling` its memory is looked at in there.

    With `lifeline` the import stops, committed, when this process ends: for headless runs, so that
    killing them leaves nothing behind. `environment` takes the place of this process's own.
    `within` are the words that stand before its command, as `hard_limit` gives them.

    Raises FolderError if the data folder can't be used, SettingsError if the environment's PostgreSQL can't be meant.
    """
    data_dir = settings.folder
    environment = os.environ if environment is None else environment
    _check_places(settings, environment)
    with Journal(data_dir) as journal:
        run_id = journal.begin(settings.described())
        try:
            process = _spawn(data_dir, environment, within)
        except GomafiaError as error:
            journal.end(run_id, "failed", error=(type(error).__name__, error.message, error.remedy, error.exit_code))
            raise
        journal.adopt(run_id, process.pid)
    order = {
        "run_id": run_id,
        "parameters": settings.as_parameters(),
        "lifeline": lifeline,
        "profiling": None if profiling is None else asdict(profiling),
    }
    _give(process, json.dumps(order).encode() + b"\n", is_last=not lifeline)
    return ImportHandle(data_dir, run_id, process, environment.get(VARIABLE, ""))


def _give(process: subprocess.Popen[bytes], order: bytes, *, is_last: bool) -> None:
    """Write its order to the import's process; one that has ended by now takes none: `wait` tells of its death."""
    if process.stdin is None:
        return
    with suppress(OSError):
        process.stdin.write(order)
        process.stdin.flush()
        if is_last:
            process.stdin.close()


def run_here(settings: Settings, profiling: Profiling | None = None) -> ImportHandle:
    """Do a whole import in this very process and return when it has ended, however that was: for debugging."""
    from gomafia_kit.importer.child import run

    _check_places(settings, os.environ)
    with Journal(settings.folder) as journal:
        run_id = journal.begin(settings.described())
        journal.adopt(run_id)
        run(run_id, settings, journal, threading.Event(), profiling)
    return ImportHandle(settings.folder, run_id)


def _check_places(settings: Settings, environment: Mapping[str, str]) -> None:
    """Refuse a folder and an address that can't be used, before hours go by."""
    check_drive(settings.folder)
    if "push" in settings.stages:
        given_address(environment)


def _spawn(data_dir: Path, environment: Mapping[str, str], within: Sequence[str]) -> subprocess.Popen[bytes]:
    log = data_dir / LOG_FILE
    with disk_faults(log):
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))
        make_private(log)
        file = log.open("ab")
    with file:
        try:
            return subprocess.Popen(
                # -P: a file of the working folder that is named as a library's module isn't taken for it.
                [*within, sys.executable, "-P", "-m", "gomafia_kit.importer"],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
                start_new_session=True,
                env={**LEAN_ALLOCATORS, **environment},
            )
        except OSError as error:
            raise FolderError(f"No process could be started: {error}.", "Check memory and process limits.") from error
