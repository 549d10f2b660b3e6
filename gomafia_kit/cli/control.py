"""`gomafia stop`, `pause` and `resume`: what a person wishes of a run at work, from any terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import click

from gomafia_kit.cli.options import at_work_option, folder_of_runs, folders
from gomafia_kit.errors import FolderError, SettingsError, command_for

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.runs.journal import Run

SECONDS_BETWEEN_LOOKS: Final = 0.2


@click.command()
@at_work_option
@click.option("--wait/--no-wait", default=True, help="Return when the run has ended (the default), or at once.")
def stop(data_dir: str | None, *, wait: bool) -> None:
    """End a run after its open batch; running again goes on."""
    folder, run = _at_work(data_dir)
    _wish(folder, run, "stop")
    if not wait:
        click.echo(f"Run {run.run_id} in {folder} stops after its open batch.")
        return
    ended = _until_ended(folder, run)
    click.echo(f"Run {run.run_id} in {folder} is {ended.state}; {command_for(folder, 'run')} goes on where it ended.")


@click.command()
@at_work_option
def pause(data_dir: str | None) -> None:
    """Let a run wait until it is resumed."""
    folder, run = _at_work(data_dir)
    _wish(folder, run, "pause")
    click.echo(
        f"Run {run.run_id} in {folder} pauses after its present ask; {command_for(folder, 'resume')} lets it go on."
    )


@click.command()
@at_work_option
def resume(data_dir: str | None) -> None:
    """Let a paused run go on."""
    folder, run = _at_work(data_dir)
    _wish(folder, run, "run")
    click.echo(f"Run {run.run_id} in {folder} goes on.")


def _at_work(data_dir: str | None) -> tuple[Path, Run]:
    """The one run at work in the folder meant, or in all of the project's; else FolderError or SettingsError."""
    where = [folder_of_runs(data_dir)] if data_dir else folders()
    found = [(folder, run) for folder in where for run in _working(folder)]
    if not found:
        if len(where) != 1:
            raise FolderError("No run is at work in any folder of the project.", "Name another folder by --data-dir.")
        look = f"See what there was by: {command_for(where[0], 'status --all')}"
        raise FolderError(f"No run is at work in {where[0]}.", look)
    if len(found) > 1:
        told = ", ".join(f"run {run.run_id} in {folder}" for folder, run in found)
        raise SettingsError(f"Several runs are at work: {told}.", "Say which by --data-dir.")
    return found[0]


def _working(folder: Path) -> list[Run]:
    from gomafia_kit.runs.journal import Journal

    with Journal(folder) as journal:
        return [run for run in journal.runs() if run.is_working]


def _wish(folder: Path, run: Run, wish: str) -> None:
    from gomafia_kit.runs.journal import Journal

    with Journal(folder) as journal:
        journal.wish(run.run_id, wish)


def _until_ended(folder: Path, run: Run) -> Run:
    from gomafia_kit.runs.journal import Journal

    with Journal(folder) as journal:
        while (now := journal.run(run.run_id)).is_working:
            time.sleep(SECONDS_BETWEEN_LOOKS)
    return now
