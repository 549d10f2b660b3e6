"""The import's own process: takes its order, does the run, and notes how it ended, whatever happens."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from gomafia_kit.errors import GomafiaError, OutOfBudgetError, RunStoppedError, redacted
from gomafia_kit.importer.alerts import BUDGET, FAILED, VARIABLE, Alerts, note
from gomafia_kit.importer.handle import LOG_FILE
from gomafia_kit.importer.lock import working_alone
from gomafia_kit.importer.work import Import
from gomafia_kit.memory.profiler import Profiling
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def main() -> int:
    """The child: reads its order from standard input, does the run, notes how it ended."""
    order = json.loads(sys.stdin.buffer.readline())
    run_id = int(order["run_id"])
    settings = Settings.gather(order["parameters"], given=frozenset(order["parameters"]))
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    threading.Thread(target=_note_stop, args=(settings.folder, run_id, stop), name="stop", daemon=True).start()
    try:
        with Journal(settings.folder) as journal:
            journal.adopt(run_id)
            if order["lifeline"]:
                threading.Thread(target=_watch_lifeline, args=(stop,), name="lifeline", daemon=True).start()
            profiling = Profiling(**order["profiling"]) if order.get("profiling") else None
            return run(run_id, settings, journal, stop, profiling)
    except GomafiaError as error:
        # It can't be noted, on a full disk for instance: the exit code tells whoever started the run.
        with suppress(OSError):
            sys.stderr.write(f"{error}\n")
        return error.exit_code


def _watch_lifeline(stop: threading.Event) -> None:
    """Stop the run when the process that started it is gone: its end of the pipe closes."""
    while os.read(sys.stdin.fileno(), 4096):  # not the buffer: its lock would hang the interpreter's end
        pass
    stop.set()


def _note_stop(data_dir: Path, run_id: int, stop: threading.Event) -> None:
    """Note that the run is about to end, by a signal or its starter's end: the next one waits for it a little."""
    stop.wait()
    with suppress(GomafiaError), Journal(data_dir) as journal:  # on a full disk it can't be noted
        journal.set_state(run_id, "stopping")


def run(
    run_id: int, settings: Settings, journal: Journal, stop: threading.Event, profiling: Profiling | None = None
) -> int:
    """Do the run and note how it ended, and tell whom GOMAFIA_ALERT names; the exit code."""

    def tell(text: str) -> None:
        note(journal, run_id, text)

    with Alerts(os.environ.get(VARIABLE, ""), run_id, settings.folder, tell) as alerts:
        code = _worked(run_id, settings, journal, stop, profiling, alerts)
        ended = journal.run(run_id)
        if ended.error == OutOfBudgetError.__name__:
            alerts(BUDGET, ended.message or "")
        elif ended.state == "failed":
            alerts(FAILED, ended.message or "")
        return code


def _worked(
    run_id: int,
    settings: Settings,
    journal: Journal,
    stop: threading.Event,
    profiling: Profiling | None,
    alerts: Alerts,
) -> int:
    try:
        with ExitStack() as stack:
            stack.enter_context(working_alone(settings.folder, journal, run_id))
            receipt, failure = Import(run_id, settings, journal, stop, profiling, alerts).work(stack)
    except RunStoppedError as error:
        journal.end(run_id, "stopped", error=_told(error))
        return error.exit_code
    except GomafiaError as error:
        journal.end(run_id, "failed", error=_told(error))
        return error.exit_code
    except BaseException as error:  # noqa: BLE001 - the last line of the process: a fault of ours is noted too
        with suppress(OSError):  # on a full disk its log can't be written either
            sys.stderr.write(redacted(traceback.format_exc()))
        message = f"The import failed by a fault of this package: {type(error).__name__}."
        remedy = f"Please report it with {settings.folder / LOG_FILE}; what was committed is safe."
        journal.end(run_id, "failed", error=("GomafiaError", message, remedy, 1))
        return 1
    if failure is not None:
        state = "stopped" if isinstance(failure, RunStoppedError) else "failed"
        journal.end(run_id, state, receipt=receipt, error=_told(failure))
        return failure.exit_code
    journal.end(run_id, "done", receipt=receipt)
    return 0


def _told(error: GomafiaError) -> tuple[str, str, str, int]:
    return type(error).__name__, error.message, error.remedy, error.exit_code
