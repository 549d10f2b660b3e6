"""`gomafia replay`: the archive read again by the parsers of today, and what that would change."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from itertools import islice

import click

from gomafia_kit.cli.options import data_dir_option, folder_of_runs, json_option


@click.command()
@data_dir_option
@click.option("--most", type=click.IntRange(0), default=40, show_default=True, help="So many differences are shown.")
@json_option
def replay(data_dir: str | None, most: int, *, as_json: bool) -> None:
    """Read the archive again, offline, and show the difference row by row.

    Nothing is asked and nothing is changed: the next import stages what is shown here.
    """
    from gomafia_kit.cli.words import shown as printable
    from gomafia_kit.replay import differences

    found = differences(folder_of_runs(data_dir))
    shown = list(islice(found, most))
    counts = Counter((item.table, item.column) for item in shown)
    counts.update((item.table, item.column) for item in found)
    if as_json:
        told = [{"table": table, "column": column, "differences": number} for (table, column), number in counts.items()]
        click.echo(
            json.dumps({"counts": told, "shown": [asdict(item) for item in shown]}, ensure_ascii=False, indent=2)
        )
        return
    for item in shown:
        change = f"{_side(item.before)} -> {_side(item.after)}"
        click.echo(printable(f"{item.table} {item.key}: {item.column}: {change}  ({item.ask})"))
    for (table, column), number in counts.items():
        click.echo(f"{number:,} differences in {table}.{column}")
    if not counts:
        click.echo("No difference: what is staged is what the archive says.")


def _side(text: str | None) -> str:
    return "nothing" if text is None else text
