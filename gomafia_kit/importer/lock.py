"""One import at a time in a data folder."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from gomafia_kit.errors import FolderBusyError, FolderError, GomafiaError, command_for
from gomafia_kit.runs.database import holds
from gomafia_kit.runs.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gomafia_kit.runs.journal import Run

LOCK_FILE: Final = "import.lock"
SECONDS_FOR_A_STOPPING_RUN: Final = 20.0
SECONDS_BETWEEN_LOOKS: Final = 0.2


@contextmanager
def working_alone(data_dir: Path, journal: Journal | None = None, run_id: int | None = None) -> Iterator[None]:
    """Only one import at a time in a folder; FolderBusyError says who works there since when."""
    lock = FileLock(data_dir / LOCK_FILE)
    give_up = time.monotonic() + SECONDS_FOR_A_STOPPING_RUN
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            others, is_leaving = _at_work(data_dir, journal, run_id)
            if is_leaving and time.monotonic() < give_up:
                time.sleep(SECONDS_BETWEEN_LOOKS)
                continue
            raise _busy(data_dir, others) from None
        except OSError as error:
            raise FolderError(
                f"{data_dir / LOCK_FILE} can't be used: {error.strerror}.", "Check whose it is and its permissions."
            ) from error
    try:
        yield
    finally:
        lock.release()


def _busy(data_dir: Path, others: list[Run]) -> FolderBusyError:
    """Who works there, and how a person gets at him: from a terminal, or from a notebook."""
    if not others:
        return FolderBusyError(
            f"An import works in {data_dir} already: another process.", "Wait for it, or choose another data_dir."
        )
    run = others[-1]
    return FolderBusyError(
        f"An import works in {data_dir} already: run {run.run_id} (process {run.pid})"
        f" since {run.started_at:%Y-%m-%d %H:%M} UTC.",
        f"Wait for it, stop it by {command_for(data_dir, 'stop')}, or choose another data_dir;"
        f" a notebook shows it by gk.attach({str(data_dir)!r}, {run.run_id}).",
    )


def _at_work(data_dir: Path, journal: Journal | None, run_id: int | None) -> tuple[list[Run], bool]:
    """The other runs at work in a folder, as far as its run store can tell, and whether one is about to leave.

    Who holds the lock and is no run at work has ended, or goes at once.
    """
    if journal is not None:
        others = [run for run in journal.runs() if run.is_working and run.run_id != run_id]
        leaving = [run for run in others if run.state == "stopping" or journal.control(run.run_id).wish == "stop"]
        return others, bool(leaving or not others)
    if not holds(data_dir):
        return [], True
    try:
        with Journal(data_dir) as own:
            return _at_work(data_dir, own, run_id)
    except GomafiaError:  # a damaged one is put aside by whoever asks
        return [], True
