"""A notebook through papermill, its parameters checked before, its outcome told by the run store.

papermill ends with 1 whatever happened and calls a notebook complete whose kernel was killed. So
what became of an import is read where the importer wrote it down.
"""

from __future__ import annotations

import logging
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import click

from gomafia_kit.cli.signals import stopping
from gomafia_kit.errors import GomafiaError, RunDiedError, SettingsError, UnavailableError, did_you_mean, revived
from gomafia_kit.settings import Settings, project_dir

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gomafia_kit.runs.journal import Journal, Run

SECONDS_FOR_A_LEFT_RUN: Final = 120.0
"""How long a run whose kernel ended may take to commit its open batch."""


def run_notebook(name: str, parameters: Mapping[str, object], *, as_json: bool) -> int:
    """Execute a notebook; 0, or the error of its import or its own."""
    from gomafia_kit.parameters import check_before

    path = notebook_path(name)
    values = check_before(path, dict(parameters))
    folder = _import_folder(path, values)
    if as_json and folder is None:
        raise SettingsError(
            f"{path.name} is no import, and --json tells of one.", "Leave out --json: its cells print what they find."
        )
    before = _latest_id(folder)
    copy = _copy_path(path)
    click.echo(f"Executing {path}; the executed copy is {copy}.", err=True)
    try:
        with stopping(lambda: _wish_to_stop(folder, before)):
            fault = _execute(path, copy, values, sys.stderr if as_json else sys.stdout)
    except KeyboardInterrupt:
        # nbclient leaves tasks behind that fail as their kernel ends; asyncio would print their tracebacks at the exit
        logging.getLogger("asyncio").disabled = True
        _break_off(folder, before)
        raise
    if folder is None:
        if fault is not None:
            raise fault
        return 0
    _raise_unless_done(folder, before, fault, as_json=as_json)
    if not as_json:
        click.echo(f"Executed notebook: {copy}\nNext: make lab, and open notebooks/explore.ipynb.")
    return 0


def notebooks_dir() -> Path:
    """Where the project's notebooks lie."""
    return Path(__file__).resolve().parents[2] / "notebooks"


def notebook_path(name: str) -> Path:
    """The notebook of that name or path; SettingsError tells which there are."""
    path = Path(name).expanduser() if name.endswith(".ipynb") else notebooks_dir() / f"{name}.ipynb"
    if path.is_file():
        return path.absolute()
    there = sorted(found.stem for found in notebooks_dir().glob("*.ipynb"))
    hint = did_you_mean(name, there)
    raise SettingsError(f"There is no notebook {name!r}.{hint}", f"There are: {', '.join(there) or 'none'}.")


def _import_folder(path: Path, values: Mapping[str, Any]) -> Path | None:
    """The data folder that the notebook imports into; None if it is no import: then papermill's word counts."""
    from gomafia_kit.parameters import of_notebook

    names = {parameter.name for parameter in of_notebook(path)}
    if "stages" not in names or not names <= set(Settings.names()):
        return None
    return Settings.gather(values, given=frozenset(values)).folder


def _copy_path(path: Path) -> Path:
    from gomafia_kit.errors import FolderError

    folder = project_dir() / "data" / "runs"
    copy = folder / f"{path.stem}-{datetime.now().astimezone():%Y%m%d-%H%M%S}.ipynb"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copy.touch()  # so that a fault shows before the work, not after it
    except OSError as error:
        raise FolderError(f"{copy} can't be written: {error.strerror}.", "Check the folder's permissions.") from error
    return copy


def _literal(path: Path) -> str:
    """A path as papermill wants it, which takes braces for names of parameters."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _execute(path: Path, copy: Path, values: Mapping[str, Any], out: TextIO) -> GomafiaError | None:
    """Execute the notebook, what its cells print going to `out`; the error that it ended with, if any."""
    import papermill
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    from gomafia_kit.cli.kernel import LoggedKernelManager, drop_if_silent, words_in

    log = copy.with_suffix(".log")
    try:
        papermill.execute_notebook(
            _literal(path),
            _literal(copy),
            dict(values),
            progress_bar=False,
            stdout_file=out,
            stderr_file=sys.stderr,
            kernel_manager_class=LoggedKernelManager,
            # Without encryption the kernel warns at each start that what it says on its ports isn't encrypted.
            config=Config(LoggedKernelManager={"log_path": str(log), "transport_encryption": "auto"}),
        )
    except PapermillExecutionError as error:
        return _told_by_cell(error.ename, error.evalue, copy)
    except NoSuchKernel as error:
        return UnavailableError(
            f"The notebook wants the kernel {error.name!r}.", "Run make setup: it installs python3."
        )
    except DeadKernelError:
        return RunDiedError(
            "The notebook's kernel ended without a word: killed, or out of memory.",
            f"Run again to go on. The notebook as far as it came: {copy}{words_in(log)}",
        )
    except RuntimeError as error:
        if not str(error).startswith("Kernel "):  # so nbclient tells of one that dies as it starts, or doesn't answer
            raise
        return UnavailableError(f"The notebook's kernel doesn't start: {error}.", f"Run make setup.{words_in(log)}")
    finally:
        drop_if_silent(log)
    return None


def _told_by_cell(name: str, value: str, copy: Path) -> GomafiaError:
    error = revived(name, value, f"The executed notebook: {copy}")
    if type(error) is GomafiaError:
        return GomafiaError(f"A cell of the notebook failed: {name}: {value}", f"See it in {copy}.")
    return error


def _wish_to_stop(folder: Path | None, before: int) -> bool:
    """Let the notebook's import end after its open batch; False if it has none at work."""
    from gomafia_kit.runs.journal import Journal

    if folder is None or _latest_id(folder) <= before:
        return False
    from gomafia_kit.cli.run import STOPPING

    with Journal(folder) as journal:
        latest = journal.latest()
        if latest is None or not latest.is_working:
            return False
        journal.wish(latest.run_id, "stop")
    click.echo(STOPPING, err=True)
    return True


def _break_off(folder: Path | None, before: int) -> None:
    """End the notebook's import at once, if it has one at work."""
    from gomafia_kit.cli.run import BROKEN_OFF
    from gomafia_kit.importer import ImportHandle

    if folder is not None and (latest := _latest_id(folder)) > before and ImportHandle(folder, latest).break_off():
        click.echo(BROKEN_OFF, err=True)


# -- what became of the import --------------------------------------------------------------------


def _latest_id(folder: Path | None) -> int:
    from gomafia_kit.runs.database import holds
    from gomafia_kit.runs.journal import Journal

    if folder is None or not holds(folder):
        return 0
    with Journal(folder) as journal:
        latest = journal.latest()
    return latest.run_id if latest else 0


def _raise_unless_done(folder: Path, before: int, fault: GomafiaError | None, *, as_json: bool) -> None:
    """Show what the notebook's import ended with, and raise its error if it isn't done."""
    from gomafia_kit.cli.run import show_end
    from gomafia_kit.runs.journal import Journal

    if _latest_id(folder) <= before:
        raise fault or GomafiaError("The notebook ended, but no import was started.", "Look at the executed copy.")
    with Journal(folder) as journal:
        ended = _until_ended(journal)
        show_end(journal, ended.run_id, as_json=as_json)
    if ended.state == "died":
        raise RunDiedError(
            f"The import's process (run {ended.run_id}) ended without a word: killed, or out of memory.",
            "Run again to go on: what was committed is safe.",
        )
    if ended.error is not None:
        raise revived(ended.error, ended.message or "", ended.remedy or "")
    if fault is not None:  # the import is done; what shows it failed
        raise fault


def _until_ended(journal: Journal) -> Run:
    """The newest run; one that its kernel left behind commits its batch first."""
    give_up = time.monotonic() + SECONDS_FOR_A_LEFT_RUN
    while True:
        latest = journal.latest()
        if latest is None:
            raise GomafiaError("The run store is empty.", "Run again.")
        if not latest.is_working or time.monotonic() > give_up:
            return latest
        time.sleep(0.2)
