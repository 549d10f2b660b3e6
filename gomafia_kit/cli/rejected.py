"""`gomafia rejected`: the records that were refused, with the value as it came and the rule."""

from __future__ import annotations

import json

import click

from gomafia_kit.cli.options import data_dir_option, folder_of_runs, json_option


@click.command()
@data_dir_option
@click.option("--table", metavar="NAME", help="Only the records of this table.")
@json_option
def rejected(data_dir: str | None, table: str | None, *, as_json: bool) -> None:
    """Show the records that were refused, and why.

    Each with its key, the field and its value as it came, the rule, and the ask whose answer it stands in.
    """
    from gomafia_kit.cli import words
    from gomafia_kit.runs.ledger import Ledger
    from gomafia_kit.tables import table_named

    if table is not None:
        table_named(table)
    folder = folder_of_runs(data_dir)
    with Ledger(folder) as ledger:
        found = ledger.rejections(table)
    head = ("table", "key", "field", "value", "rule", "ask")
    if as_json:
        click.echo(json.dumps([dict(zip(head, row, strict=True)) for row in found], ensure_ascii=False, indent=2))
    elif found:
        click.echo("\n".join(words.table(head, found)))
        click.echo(f"\n{len(found):,} rejected in {folder}.")
    else:
        click.echo(f"Nothing was rejected in {folder}.")
