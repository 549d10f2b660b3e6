"""`gomafia status`: what a run is doing, or how it ended; for any run of any folder, from any terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import click

from gomafia_kit.cli.options import data_dir_option, folder_of_runs, json_option
from gomafia_kit.errors import RunDiedError

if TYPE_CHECKING:
    from gomafia_kit.runs.journal import Journal, Run

NOTICES: Final = 5
STALLED: Final = 53
"""Exit code of `--check` for a run at work in which nothing happens."""


@click.command()
@data_dir_option
@click.argument("run_id", type=int, required=False, metavar="[RUN]")
@click.option("--all", "every", is_flag=True, help="All runs of the folder, oldest first.")
@click.option("--check", "as_check", is_flag=True, help="End with an exit code that an alert can watch.")
@json_option
def status(data_dir: str | None, run_id: int | None, *, every: bool, as_check: bool, as_json: bool) -> int:
    """Tell what a run is doing, or how it ended.

    The run of that number; without one the run at work, else the newest.

    With --check the exit code is 0 where it is at work or done, 51 where its process is gone without a
    word, 53 where it is stalled (nothing has happened for its stall_minutes), else the code that it
    ended with (docs/errors.md).
    """
    from gomafia_kit.runs.journal import Journal
    from gomafia_kit.runs.present import present_run

    folder = folder_of_runs(data_dir)
    with Journal(folder) as journal:
        if every:
            runs = journal.runs() if run_id is None else (journal.run(run_id),)
        else:
            run = present_run(journal) if run_id is None else journal.run(run_id)
            runs = () if run is None else (run,)
        if as_json:
            told = [as_plain(journal, run) for run in runs]
            click.echo(json.dumps(told if every else told[0] if told else None, ensure_ascii=False, indent=2))
        else:
            _tell(journal, runs, every=every)
        return _code(journal, runs) if as_check else 0


def _tell(journal: Journal, runs: tuple[Run, ...], *, every: bool) -> None:
    click.echo(f"Folder {journal.data_dir}")
    if not runs:
        click.echo("No run yet.")
    elif every:
        click.echo("\n".join(_list(runs)))
    else:
        click.echo("\n".join(_one(journal, runs[0])))


def _code(journal: Journal, runs: tuple[Run, ...]) -> int:
    """What an alert is told of the last of these runs."""
    if not runs:
        return 0
    run = runs[-1]
    if run.state == "died":
        return RunDiedError.exit_code
    if journal.is_stalled(run):
        return STALLED
    return run.exit_code or 0


def as_plain(journal: Journal, run: Run) -> dict[str, Any]:
    """A run as JSON's own types, with its stages and notices."""
    return {
        "run_id": run.run_id,
        "data_dir": str(journal.data_dir),
        "state": run.state,
        "stalled": journal.is_stalled(run),
        "seconds_silent": round(journal.silent_seconds(run), 1),
        "pid": run.pid,
        "started_at": run.started_at.isoformat(),
        "ended_at": None if run.ended_at is None else run.ended_at.isoformat(),
        "settings": run.settings,
        "stages": [
            {
                "stage": stage.stage,
                "state": run.state_of(stage),
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
    from gomafia_kit.widgets.words import stalled_for

    lines = [headline(run), ""]
    if journal.is_stalled(run):
        lines.insert(1, f"{stalled_for(journal.silent_seconds(run))}.")
    stages = journal.stages(run.run_id)
    if stages:
        lines += [*stage_lines(run, stages), ""]
    notices = journal.notices(run.run_id)
    if notices:
        left_out = f" (the last {NOTICES} of {len(notices)})" if len(notices) > NOTICES else ""
        lines += [f"Notices{left_out}:", *(f"  {moment(at)} {shown(text)}" for at, text in notices[-NOTICES:]), ""]
    if run.error is not None:
        lines += [f"It ended with {run.error} (exit code {run.exit_code}): {run.message}", run.remedy or ""]
    elif run.state == "died":
        lines.append("Its process ended without a word: killed, or out of memory. Run again to go on.")
    if run.receipt is not None:
        lines += receipt_lines(run.run_id, run.receipt)
    return lines
