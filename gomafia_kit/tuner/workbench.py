"""A scratch folder with the answers of a league, in which one import after the other is tried."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import psutil

from gomafia_kit import importer
from gomafia_kit.errors import (
    FolderError,
    GomafiaError,
    NotInArchiveError,
    OutOfBudgetError,
    RunStoppedError,
    command_for,
)
from gomafia_kit.fetch.archive import ARCHIVE_FILE
from gomafia_kit.importer.alerts import VARIABLE
from gomafia_kit.importer.origin import start_demo
from gomafia_kit.postgres.address import SERVER_VARIABLES, URL_VARIABLE
from gomafia_kit.settings import STAGES
from gomafia_kit.tuner.order import PUSH, TRANSPORTS, changed
from gomafia_kit.tuner.trial import Trial, trial_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from gomafia_kit.postgres.embedded import EmbeddedServer
    from gomafia_kit.settings import Settings
    from gomafia_kit.tuner.order import Order

_PREFIX: Final = ".tuning-"
_PUSHED_STAGES: Final = tuple(stage for stage in STAGES if stage != PUSH)


class Workbench:
    """Use it as a `with` block: it gets everything ready as it begins, and leaves nothing behind.

    The folder stands beside the data folder, so that trials write to the same disk as imports do.
    """

    def __init__(
        self,
        order: Order,
        is_stopped: Callable[[], bool] = lambda: False,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._order = order
        self._is_stopped = is_stopped
        self._tell = tell
        self._stack = ExitStack()
        self._number = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._folder = self._scratch(stack)
            self._settings = self._prepared(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def _is_push(self) -> bool:
        return PUSH in self._order.settings.stages

    def trial(self, repeat: int, size: int | None) -> Trial | None:
        """Import with that batch size in a process of its own; None if it was stopped."""
        self._number += 1
        if not self._is_push:
            self._clear()
        schema = f"tuning_{self._number}" if self._is_push else self._settings.postgres_schema
        settings = changed(self._settings, {"batch_rows": size, "postgres_schema": schema})
        before = _cpu_seconds_of_children()
        run_id, error = self._imported(settings)
        cpu_seconds = _cpu_seconds_of_children() - before
        if isinstance(error, RunStoppedError) and not isinstance(error, OutOfBudgetError):
            return None
        return trial_of(self._folder, run_id, self._order.settings.stages, repeat, size, cpu_seconds)

    # -- getting ready ----------------------------------------------------------------------------

    def _scratch(self, stack: ExitStack) -> Path:
        beside = self._order.settings.folder.parent
        try:
            beside.mkdir(parents=True, exist_ok=True)
            _clear_away(beside)
            folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=beside))
        except OSError as error:
            raise FolderError(
                f"{beside} can't be written: {error.strerror}.", "Give a data_dir whose folder can be written."
            ) from error
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def _prepared(self, stack: ExitStack) -> Settings:
        """The settings of the trials; what they read is there once this returns."""
        # A trial that is stopped by its longest time counts for nothing: it has none.
        none = {"update": False, "refresh": False, "retry": False, "longest_minutes": None}
        told = changed(self._order.settings, {"data_dir": str(self._folder), **none})
        if self._order.transport != TRANSPORTS[0]:
            url = start_demo(told, stack) if told.source == "demo" else told.base_url
            return changed(told, {"source": url, "via": self._order.transport, "offline": False, "players_file": ""})
        self._take_archive()
        if self._is_push:
            self._fill(changed(told, {"stages": _PUSHED_STAGES}))
            stack.callback(_own_server(self._folder).end)
        else:
            self._fill(told)
        return changed(told, {"offline": True})

    def _take_archive(self) -> None:
        """Copy the data folder's archive, if there is one, as it stands: an import may be writing to it."""
        path = self._order.settings.folder / ARCHIVE_FILE
        if not path.is_file():
            return
        try:
            with (
                closing(sqlite3.connect(path)) as source,
                closing(sqlite3.connect(self._folder / ARCHIVE_FILE)) as target,
            ):
                source.backup(target)
        except (sqlite3.Error, OSError) as error:
            look = f"Look at it by: {command_for(path.parent, 'verify')}"
            raise FolderError(f"{path} can't be copied: {error}.", look) from error

    def _fill(self, told: Settings) -> None:
        """Let one import run first: it shows what is missing, and asks for that if the site is on this machine."""
        run_id, error = self._imported(changed(told, {"offline": not told.is_local}))
        if isinstance(error, NotInArchiveError):
            raise NotInArchiveError(
                f"The archive of {self._order.settings.folder} lacks what the trials need, and the tuner asks no site:"
                f" {error.message}",
                "Import first with the same settings, choose stages that were imported, or tune with source=demo.",
            )
        if error is not None and not isinstance(error, OutOfBudgetError):
            raise error
        receipt = importer.ImportHandle(self._folder, run_id).run().receipt or {}
        if left_out := len(receipt.get("left_out", ())):
            self._tell(f"{left_out:,} asks have no answer in the archive: every trial leaves them out.")

    # -- one import -------------------------------------------------------------------------------

    def _imported(self, settings: Settings) -> tuple[int, GomafiaError | None]:
        handle = importer.start(settings, lifeline=True, environment=_trial_environment())
        stopped = False

        def look() -> None:
            nonlocal stopped
            if self._is_stopped() and not stopped:
                stopped = True
                handle.stop()

        try:
            handle.wait(look, 0.1)
        except GomafiaError as error:
            return handle.run_id, error
        return handle.run_id, None

    def _clear(self) -> None:
        """Everything but the archive goes: each trial begins as the first import of a folder does."""
        for path in self._folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif self._order.transport != TRANSPORTS[0] or not path.name.startswith(ARCHIVE_FILE):
                path.unlink()


def _cpu_seconds_of_children() -> float:
    """What ended children of this process computed so far; 0 where the system doesn't tell."""
    told = os.times()
    return told.children_user + told.children_system


def _trial_environment() -> dict[str, str]:
    """The environment without the PostgreSQL servers that it names, and without whom it names for alerts.

    Trials push into a server of their own; and one that comes near its budget is what the tuner wants to see, nothing
    that anybody must be told of.
    """
    named = {URL_VARIABLE, *SERVER_VARIABLES, VARIABLE}
    return {name: value for name, value in os.environ.items() if name not in named}


def _own_server(folder: Path) -> EmbeddedServer:
    """The folder's own server, at work from the first trial to the last: its start is no part of a push."""
    from gomafia_kit.postgres.embedded import EmbeddedServer

    return EmbeddedServer(folder)


def _clear_away(beside: Path) -> None:
    """Delete what tuners left behind that were killed: their number is in the name."""
    for folder in beside.glob(f"{_PREFIX}*"):
        number = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            shutil.rmtree(folder, ignore_errors=True)
