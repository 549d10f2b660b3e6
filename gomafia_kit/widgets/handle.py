"""A run's handle as people meet it: it shows itself as a panel, or as lines where nobody looks."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final, Self

from gomafia_kit.analyse.picture import is_headless
from gomafia_kit.errors import FolderError, GomafiaError, RunStoppedError, revived
from gomafia_kit.importer import ImportHandle
from gomafia_kit.runs.database import holds
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.present import present_run
from gomafia_kit.settings import between, data_folder
from gomafia_kit.widgets.figures import figures_of
from gomafia_kit.widgets.kernel import is_ending, is_in_kernel
from gomafia_kit.widgets.progress import ProgressLines
from gomafia_kit.widgets.words import progress_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gomafia_kit.runs.journal import Run
    from gomafia_kit.widgets.panel import Panel


_LARGEST_RUN: Final = 2**63 - 1
"""What the run store takes as a number."""


class RunHandle(ImportHandle):
    """A run, started here or elsewhere; in JupyterLab showing it opens a panel to watch and steer it."""

    _panel: Panel | None = None

    @classmethod
    def of(cls, handle: ImportHandle) -> Self:
        """The same run, able to show itself."""
        return cls(handle.data_dir, handle.run_id, handle._process)  # noqa: SLF001 - the parent class's own

    async def watch(self, seconds_between_looks: float = 0.2) -> Run:
        """The run at its end, however that was: `run = await handle.watch()` in a notebook's cell.

        A waiting cell that isn't `async` would keep the panel's buttons waiting too. Where nobody looks
        there is a line every few seconds on stderr. Interrupting the cell stops a run that was started
        here, after its open batch; one started elsewhere goes on. Raises RunStoppedError then.
        """
        lines = ProgressLines(self.data_dir, self.run_id) if is_headless() else None
        try:
            with self._telling_of_stalls():
                while self.run().is_working:
                    if lines is not None:
                        lines()
                    self._reap()
                    await asyncio.sleep(seconds_between_looks)
        except (KeyboardInterrupt, asyncio.CancelledError):
            if is_ending():
                raise
            if self._process is not None:
                self.stop()
            if not is_in_kernel():
                raise
            raise self._interrupted() from None
        finally:
            if lines is not None:
                lines.finish()
        run = self._ended()
        if run.state == "died":
            self._told_death(run)
        return run

    def wait(self, on_poll: Callable[[], None] | None = None, seconds_between_polls: float = 0.2) -> Run:
        """The run at its end; raises the error that it ended with.

        Ctrl+C is heard as by `ImportHandle.wait`; a notebook's cell is told by RunStoppedError.
        Without `on_poll` there is a line every few seconds on stderr where nobody looks.
        """
        lines = None
        if on_poll is None and is_headless() and self.run().is_working:
            on_poll = lines = ProgressLines(self.data_dir, self.run_id)
        try:
            run = super().wait(on_poll, seconds_between_polls)
        except KeyboardInterrupt:
            if not is_in_kernel():
                raise
            raise self._interrupted() from None
        finally:
            if lines is not None:
                lines.finish()
        self._ended()
        return run

    def _outlasts_the_waiting(self) -> bool:
        return is_ending()

    def _interrupted(self) -> GomafiaError:
        """What a person is told who interrupted the waiting cell."""
        run = self.run()
        if run.error is not None:
            return revived(run.error, run.message or "", run.remedy or "")
        if run.is_working and self._process is None and not self._is_to_stop():
            return RunStoppedError("Interrupted: the import was started elsewhere and goes on.", "End it by .stop().")
        return RunStoppedError("Interrupted: the import stops after its open batch.", "Run again to go on.")

    def _ended(self) -> Run:
        """The ended run, its process gone and its panel showing the end."""
        run = self._until_end(None, 0.0)
        if self._panel is not None:
            self._panel.finish()
        return run

    def _ipython_display_(self) -> None:
        if is_headless():
            sys.stdout.write(repr(self) + "\n")
            return
        from gomafia_kit.widgets.panel import Panel

        if self._panel is None:
            self._panel = Panel(self)
        self._panel.show()

    def __repr__(self) -> str:
        return f"{progress_line(figures_of(self.data_dir, self.run_id))}; data folder {self.data_dir}"


def attached(data_dir: str | Path, run_id: int | None = None) -> RunHandle:
    """The handle of a folder's run, without a number the one at work, else the newest; FolderError if there is none."""
    folder = data_folder(data_dir)
    if not holds(folder):
        raise FolderError(f"There is no import in {folder}.", "Give the data folder of an import, as data/demo-tiny.")
    number = None if run_id is None else between("run_id", run_id, 0, _LARGEST_RUN)
    with Journal(folder) as journal:
        run = present_run(journal) if number is None else journal.run(number)
    if run is None:
        raise FolderError(f"No import was ever started in {folder}.", "Start one: gk.start_import(...).")
    return RunHandle(folder, run.run_id)


def as_handle(run: ImportHandle | str | Path) -> ImportHandle:
    """A handle, whatever says which run is meant: itself, or a data folder (its run at work, else its newest)."""
    return run if isinstance(run, ImportHandle) else attached(run)
