"""`gomafia rebuild`: all rows anew from the archive, for a run store that is damaged or of another version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gomafia_kit.cli.options import data_dir_option, gathered, json_option, newest_folder
from gomafia_kit.cli.run import import_directly

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@data_dir_option
@json_option
def rebuild(data_dir: str | None, *, as_json: bool) -> int:
    """Make all rows anew from the archive, without asking the site.

    For a run store or parts that are damaged or were made by another version. The old run store is
    kept beside the new one.
    """
    from gomafia_kit.fetch.archive import held_in
    from gomafia_kit.plan import STAGE_OF_KIND

    folder = newest_folder(data_dir)
    held = held_in(folder)
    stages = {STAGE_OF_KIND[kind] for kind in held.kinds if kind in STAGE_OF_KIND} | {"statistics"}
    told = {name: value for name, value in held.source.items() if value != ""}
    told |= {"data_dir": str(folder), "offline": True, "stages": ",".join(stages)}
    settings = gathered(told | {"official_years": "player_statistics" in held.kinds})
    _put_aside(folder)
    return import_directly(settings, as_json=as_json)


def _put_aside(folder: Path) -> None:
    from gomafia_kit.importer import working_alone
    from gomafia_kit.runs.database import set_aside

    with working_alone(folder):
        aside = set_aside(folder)
    if aside.exists():
        click.echo(f"The old run store lies in {aside}.", err=True)
