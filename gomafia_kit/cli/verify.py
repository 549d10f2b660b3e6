"""`gomafia verify`: every check of a data folder, what each looked at, and what is wrong."""

from __future__ import annotations

import json

import click

from gomafia_kit.cli.options import data_dir_option, folder_of_runs, json_option
from gomafia_kit.errors import UnsoundDataError


@click.command()
@data_dir_option
@click.option(
    "--sample", type=click.IntRange(0), default=200, show_default=True, help="So many answers are read again."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Which answers these are.")
@json_option
def verify(data_dir: str | None, sample: int, seed: int, *, as_json: bool) -> None:
    """Check that a data folder is sound.

    Rows against each other, the stores against each other and the receipt, files against the hashes and
    counts that they were written with, every value in PostgreSQL against the staged one, and a sample of answers
    parsed again. Nothing is asked of the site and nothing is changed. Each import does the quick part at its end.
    """
    from gomafia_kit.cli.words import checks_lines
    from gomafia_kit.soundness import as_plain
    from gomafia_kit.soundness import verify as look

    folder = folder_of_runs(data_dir)
    found = []
    for check in look(folder, sample=sample, seed=seed):
        found.append(as_plain(check))
        if not as_json:
            click.echo("\n".join(checks_lines(found[-1:])))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    if wrong := [check["check"] for check in found if check["faults"]]:
        raise UnsoundDataError(
            f"{len(wrong)} of {len(found)} checks of {folder} found something wrong: {', '.join(wrong)}.",
            "Each fault says what to do.",
        )
