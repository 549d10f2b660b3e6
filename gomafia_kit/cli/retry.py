"""`gomafia retry`: what failed for good is taken up again, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import click

from gomafia_kit.cli.options import data_dir_option, folder_of_runs, gathered, json_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gomafia_kit.runs.ledger import Failure

_OF_ONE_RUN: Final = ("stages", "data_dir", "update", "refresh", "offline", "retry")


@click.command()
@data_dir_option
@click.option("--list", "only_list", is_flag=True, help="Show the list of failures and ask nothing.")
@json_option
def retry(data_dir: str | None, *, only_list: bool, as_json: bool) -> int:
    """Take up what failed by every road, with the settings of the last run.

    What is read now leaves the list of failures. An ordinary run does so too, as it comes by.

    In the list `runs` is how many runs failed to read it, and `attempts` how often these put its ask to the
    site, by all roads together: 0 if an archived answer can't be read, - if a run of an older version didn't count.
    What a run tried that was killed isn't in it.
    """
    from gomafia_kit.runs.ledger import Ledger

    folder = folder_of_runs(data_dir)
    with Ledger(folder) as ledger:
        failures = ledger.failures()
    if only_list:
        _show(folder, failures, as_json=as_json)
        return 0
    if not failures:
        plain: dict[str, object] = {"data_dir": str(folder), "run_id": None, "failures": []}
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2) if as_json else f"Nothing failed in {folder}.")
        return 0
    from gomafia_kit.cli.run import import_directly

    return import_directly(gathered(_parameters(folder, failures)), as_json=as_json)


def _parameters(folder: Path, failures: Sequence[Failure]) -> dict[str, object]:
    """The settings of the last run that asked for anything, for the stages that failures stand in."""
    from gomafia_kit.runs.journal import Journal

    stages = {failure.stage for failure in failures}
    with Journal(folder) as journal:
        last = next(run for run in reversed(journal.runs()) if stages & set(run.settings["stages"]["value"]))
    told = {name: item["value"] for name, item in last.settings.items() if item["from"] != "automatic"}
    kept = {name: value for name, value in told.items() if name not in _OF_ONE_RUN}
    behind = {"statistics", "push"} & set(last.settings["stages"]["value"])
    return {**kept, "data_dir": str(folder), "stages": sorted(stages | behind), "retry": True}


def _show(folder: Path, failures: Sequence[Failure], *, as_json: bool) -> None:
    from gomafia_kit.cli.words import moment, table

    if as_json:
        plain = [
            {
                "subject": each.subject,
                "stage": each.stage,
                "ask": each.ask_key,
                "error": each.error,
                "why": each.message,
                "first_at": each.first_at.isoformat(),
                "last_at": each.last_at.isoformat(),
                "times": each.times,
                "attempts": each.attempts,
            }
            for each in failures
        ]
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
    elif failures:
        head = ("stage", "what", "runs", "attempts", "last", "why")
        rows = [
            (each.stage, each.subject, each.times, each.attempts, moment(each.last_at), each.message)
            for each in failures
        ]
        click.echo("\n".join(table(head, rows)))
    else:
        click.echo(f"Nothing failed in {folder}.")
