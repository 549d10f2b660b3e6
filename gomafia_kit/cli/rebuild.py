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

    For a run store or an archive that is damaged, or was made by another version. What can be read of a damaged
    archive is saved first; the next run asks the site for the rest. The old files are kept beside the new ones.
    Names of people (personal) come back by the next run that is to read them.
    """
    from gomafia_kit.fetch.archive import held_in
    from gomafia_kit.plan import KINDS_OF_OPTION, STAGE_OF_KIND

    folder = newest_folder(data_dir)
    _save_archive(folder)
    held = held_in(folder)
    stages = {STAGE_OF_KIND[kind] for kind in held.kinds if kind in STAGE_OF_KIND} | {"statistics"}
    told = {name: value for name, value in held.source.items() if value != ""}
    told |= {"data_dir": str(folder), "offline": True, "stages": ",".join(stages), "via": "auto"}
    settings = gathered(told | {option: not kinds.isdisjoint(held.kinds) for option, kinds in KINDS_OF_OPTION.items()})
    _put_aside(folder)
    return import_directly(settings, as_json=as_json)


def _save_archive(folder: Path) -> None:
    """Put a sound archive in the place of a damaged one."""
    from gomafia_kit.errors import DamagedFileError
    from gomafia_kit.fetch.archive import ARCHIVE_FILE
    from gomafia_kit.fetch.salvage import salvage
    from gomafia_kit.importer import working_alone
    from gomafia_kit.runs.database import check_sound, holds

    if not holds(folder, ARCHIVE_FILE):
        return
    try:
        check_sound(folder / ARCHIVE_FILE)
    except DamagedFileError as error:
        click.echo(error.message, err=True)
        with working_alone(folder):
            saved = salvage(folder)
        click.echo(
            f"{saved.answers:,} answers were saved; the next run asks the site for the others."
            f" The damaged archive lies in {saved.aside}.",
            err=True,
        )


def _put_aside(folder: Path) -> None:
    from gomafia_kit.importer import working_alone
    from gomafia_kit.runs.database import set_aside

    with working_alone(folder):
        aside = set_aside(folder)
    if aside.exists():
        click.echo(f"The old run store lies in {aside}.", err=True)
