"""`gomafia run` and `gomafia push`: the importer itself, or a notebook through papermill."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

import click

from gomafia_kit.cli.options import (
    Megabytes,
    data_dir_option,
    folder_of_runs,
    gathered,
    given,
    json_option,
    settings_options,
)
from gomafia_kit.cli.signals import stopping
from gomafia_kit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gomafia_kit.importer import ImportHandle
    from gomafia_kit.runs.journal import Journal
    from gomafia_kit.settings import Settings

SECONDS_BETWEEN_LINES: Final = 3.0
SECONDS_BETWEEN_LOOKS: Final = 0.2
"""So soon a first Ctrl+C is heard, and one that comes behind it is a second one."""
STOPPING: Final = "Stopping after the open batch; once more to break off now: what is committed stays."
BROKEN_OFF: Final = "The import is broken off: run again to go on. That run tells what it makes again."
_FOLDER_SETTINGS: Final = ("source", "scale", "seed", "players_file", "data_dir", "staging", "postgres_schema")


@click.command()
@click.argument("notebook", required=False)
@click.option(
    "-p", "--parameter", "pairs", type=(str, str), multiple=True, metavar="NAME VALUE", help="A parameter by its name."
)
@settings_options
@click.option(
    "--hard-limit",
    "limit_mb",
    type=Megabytes(),
    help="Memory that the kernel lets the importer have, as 512M or 2G; refused where none can be set.",
)
@json_option
def run(
    notebook: str | None,
    pairs: tuple[tuple[str, str], ...],
    limit_mb: float | None,
    *,
    as_json: bool,
    **options: object,
) -> int:
    """Import a league; run again to go on.

    Without NOTEBOOK the importer works directly: progress on standard error, the receipt at the end.
    With one (import, or the path of an .ipynb) the notebook is executed, its parameters checked before,
    and the executed copy kept in data/runs. Ctrl+C ends the import after its open batch; a second one
    breaks it off at once: nothing that was committed is lost, and the next run tells what it makes again.
    """
    parameters = given(options, pairs)
    if notebook is not None:
        from gomafia_kit.cli.notebook import run_notebook

        if limit_mb is not None:
            raise SettingsError("--hard-limit is of the importer itself.", "Leave out the notebook.")
        return run_notebook(notebook, parameters, as_json=as_json)
    settings = gathered(parameters)
    if limit_mb is None:
        return import_directly(settings, as_json=as_json)
    from gomafia_kit.importer.hard_limit import hard_limit

    with hard_limit(limit_mb) as within:
        return import_directly(settings, as_json=as_json, within=within)


@click.command()
@data_dir_option
@click.option("--postgres-schema", metavar="VALUE", help="Schema of the pushed tables; without it, as in the last run.")
@click.option("--refresh", is_flag=True, help="Send every table, also those that haven't changed since the last push.")
@json_option
def push(data_dir: str | None, postgres_schema: str | None, *, refresh: bool, as_json: bool) -> int:
    """Bring what is staged to PostgreSQL.

    The site isn't asked. The server is the embedded one, or the one that GOMAFIA_POSTGRES_URL or
    libpq's own variables name.
    """
    from gomafia_kit.runs.journal import Journal

    folder = folder_of_runs(data_dir)
    with Journal(folder) as journal:
        runs = journal.runs()
    # A run that failed may have been of another league: it was refused for that.
    like = [run for run in runs if run.state in {"done", "stopped"}][-1:] or list(runs[-1:])
    told = {name: run.settings[name]["value"] for run in like for name in _FOLDER_SETTINGS}
    told = {name: value for name, value in told.items() if value not in {None, ""}}
    told |= {"data_dir": str(folder), "stages": "push", "refresh": refresh}
    if postgres_schema is not None:
        told["postgres_schema"] = postgres_schema
    return import_directly(gathered(told), as_json=as_json)


# -- the importer itself --------------------------------------------------------------------------


def import_directly(settings: Settings, *, as_json: bool, within: Sequence[str] = ()) -> int:
    """Run an import, telling its progress; the exit code. Raises the error that the run ended with."""
    from gomafia_kit import importer
    from gomafia_kit.runs.journal import Journal

    handle = importer.start(settings, lifeline=True, within=within)
    click.echo(f"Run {handle.run_id} in {handle.data_dir}; Ctrl+C ends it after its open batch.", err=True)
    try:
        wait_telling(handle, len(settings.stages))
    finally:
        with Journal(handle.data_dir) as journal:
            show_end(journal, handle.run_id, as_json=as_json)
    return 0


def wait_telling(handle: ImportHandle, stages: int) -> None:
    """Wait for a run's end, telling its notices and progress; Ctrl+C stops it, a second one breaks it off.

    Raises the error that the run ended with.
    """
    from gomafia_kit.runs.journal import Journal

    wishes: list[str] = []

    def wish() -> bool:
        wishes.append("stop")  # acted upon at the next look: a handler may come in the middle of anything
        return True

    with Journal(handle.data_dir) as journal, stopping(wish):
        teller = Teller(handle, journal, stages)

        def look() -> None:
            if wishes:
                wishes.clear()
                handle.stop()
                click.echo(STOPPING, err=True)
            teller.look()

        try:
            handle.wait(look, SECONDS_BETWEEN_LOOKS)
        except KeyboardInterrupt:
            if journal.run(handle.run_id).ended_at is None:  # else it came to its own end just before
                click.echo(BROKEN_OFF, err=True)
            raise
        finally:
            teller.last_notices()


def show_end(journal: Journal, run_id: int, *, as_json: bool) -> None:
    """The receipt of an ended run on standard output; with `as_json` whatever it ended with."""
    from gomafia_kit.cli.status import as_plain
    from gomafia_kit.cli.words import receipt_lines

    ended = journal.run(run_id)
    if as_json:
        click.echo(json.dumps(as_plain(journal, ended), ensure_ascii=False, indent=2))
    elif ended.receipt is not None:
        click.echo("\n".join(receipt_lines(run_id, ended.receipt)))


class Teller:
    """Tells a run's notices as they come, and a line on its progress every few seconds, on standard error."""

    def __init__(self, handle: ImportHandle, journal: Journal, stages: int) -> None:
        self._handle = handle
        self._journal = journal
        self._stages = stages
        self._notices = 0
        self._told: tuple[Any, ...] = ()
        self._told_at = time.monotonic()

    def look(self) -> None:
        """Tell what is new since the last look."""
        self.last_notices()
        if time.monotonic() - self._told_at < SECONDS_BETWEEN_LINES:
            return
        self._told_at = time.monotonic()
        from gomafia_kit.cli.words import now_words, progress_line
        from gomafia_kit.widgets.words import stalled_for

        stages = self._journal.stages(self._handle.run_id)
        if stages:
            self._tell(progress_line(stages[-1], len(stages), max(self._stages, len(stages))))
        run = self._journal.run(self._handle.run_id)
        if self._journal.is_stalled(run):
            self._tell(f"{now_words()} {stalled_for(self._journal.silent_seconds(run))}.")

    def last_notices(self) -> None:
        """Tell the notices that came since the last look."""
        from gomafia_kit.cli.words import now_words, shown

        notices = self._journal.notices(self._handle.run_id)
        for _, text in notices[self._notices :]:
            self._tell(f"{now_words()} {shown(text)}")
        self._notices = len(notices)

    def _tell(self, line: str) -> None:
        click.echo(line, err=True)
