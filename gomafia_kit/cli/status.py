"""`gomafia status`: what a run is doing, or how it ended; for any run of any folder, from any terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click

from gomafia_kit.cli.options import data_dir_option, folder_of_runs, json_option

if TYPE_CHECKING:
    from gomafia_kit.runs.journal import Journal, Run

NOTICES: Final = 5


@click.command()
@data_dir_option
@click.option("--all", "every", is_flag=True, help="All runs of the folder, oldest first.")
@json_option
def status(data_dir: str | None, *, every: bool, as_json: bool) -> None:
    """Tell what a run is doing, or how it ended.

    The run at work, else the newest one.
    """
    from gomafia_kit.runs.journal import Journal

    folder = folder_of_runs(data_dir)
    with Journal(folder) as journal:
        runs = journal.runs()
        if not every:
            # A run that was refused because another is at work is newer than that one.
            runs = tuple(run for run in runs if run.is_working)[-1:] or runs[-1:]
        if as_json:
            told = [as_plain(journal, run) for run in runs]
            click.echo(json.dumps(told if every else told[0] if told else None, ensure_ascii=False, indent=2))
            return
        click.echo(f"Folder {folder}")
        if not runs:
            click.echo("No run yet.")
        elif every:
            click.echo("\n".join(_list(runs)))
        else:
            click.echo("\n".join(_one(journal, runs[0])))


def as_plain(journal: Journal, run: Run) -> dict[str, Any]:
    """A run as JSON's own types, with its stages and notices."""
    return {
        "run_id": run.run_id,
        "data_dir": str(journal.data_dir),
        "state": run.state,
        "pid": run.pid,
        "started_at": run.started_at.isoformat(),
        "ended_at": None if run.ended_at is None else run.ended_at.isoformat(),
        "settings": run.settings,
        "stages": [
            {
                "stage": stage.stage,
                "state": stage.state,
                "asks_known": stage.asks_known,
                "asks_done": stage.asks_done,
                "asks_made": stage.asks_made,
                "batches": stage.batches,
                "rows": stage.rows,
                "rejected": stage.rejected,
            }
            for stage in journal.stages(run.run_id)
        ],
        "notices": [{"at": at.isoformat(), "text": text} for at, text in journal.notices(run.run_id)],
        "receipt": run.receipt,
        "error": run.error,
        "message": run.message,
        "remedy": run.remedy,
        "exit_code": run.exit_code,
    }


def _list(runs: tuple[Run, ...]) -> list[str]:
    from gomafia_kit.cli.words import moment, span, table

    rows = []
    for run in runs:
        took = span((run.ended_at - run.started_at).total_seconds()) if run.ended_at else None
        made = run.receipt["asks"]["made"] if run.receipt else None
        written = sum(account["written"] for account in run.receipt["tables"]) if run.receipt else None
        rows.append((str(run.run_id), run.state, moment(run.started_at), took, made, written, run.exit_code))
    return table(("run", "state", "started", "took", "asks made", "rows written", "exit code"), rows)


def _one(journal: Journal, run: Run) -> list[str]:
    from gomafia_kit.cli.words import headline, moment, receipt_lines, shown, stage_lines

    lines = [headline(run), ""]
    stages = journal.stages(run.run_id)
    if stages:
        lines += [*stage_lines(stages), ""]
    notices = journal.notices(run.run_id)
    if notices:
        left_out = f" (the last {NOTICES} of {len(notices)})" if len(notices) > NOTICES else ""
        lines += [f"Notices{left_out}:", *(f"  {moment(at)} {shown(text)}" for at, text in notices[-NOTICES:]), ""]
    if run.error is not None:
        lines += [f"It ended with {run.error} (exit code {run.exit_code}): {run.message}", run.remedy or ""]
    elif run.state == "died":
        lines.append("Its process ended without a word: killed, or out of memory. Run again to go on.")
    if run.receipt is not None:
        lines += receipt_lines(run.receipt)
    return lines
