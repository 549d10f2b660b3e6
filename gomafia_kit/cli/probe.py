"""`gomafia probe`: a first contact with the site, to see whether it is as this package thinks."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gomafia_kit.cli.options import gathered, given, json_option, setting_option
from gomafia_kit.errors import FolderError, SettingsError

if TYPE_CHECKING:
    from gomafia_kit.probe.findings import Finding
    from gomafia_kit.settings import Settings


def _options(command: Any) -> Any:  # noqa: ANN401 - a decorator of click commands
    for name in ("scale", "contact", "seconds_between_asks", "via", "source"):
        command = setting_option(name)(command)
    return command


@click.command()
@_options
@click.option(
    "--out", metavar="FOLDER", help="Where to keep the answers; without it, data/probe-<time> of the project."
)
@json_option
def probe(out: str | None, *, as_json: bool, **options: object) -> int:
    """Ask the site for about fifteen things, and say which facts about it hold.

    Each ask is listed before it is made; robots.txt comes first and is obeyed. Every fact and open question of the
    site's contract is told as confirmed, different or not seen, with the reason. The answers are kept in a folder, to
    be sent in if something is different. The exit code is 0 whatever is found.
    """
    from gomafia_kit.fetch.manners import AGENT, Gate
    from gomafia_kit.importer.origin import fetchers
    from gomafia_kit.probe import contact
    from gomafia_kit.probe.steps import STEPS

    settings = gathered(given(options))
    folder = _folder(settings, out)
    tell, site = _tell, settings.base_url or "the demo site"

    tell(f"{len(STEPS)} things at most will be asked of {site}, one in {settings.pace:g} s:")
    with ExitStack() as stack:
        fetcher = stack.enter_context(closing(fetchers(settings, tell, stack)[_via(settings)]()))
        made = contact.Probe(fetcher, Gate(settings.pace), tell)
        made.ask()
    found = contact.findings(made.seen)
    from importlib.metadata import version

    now = datetime.now(UTC)
    contact.keep(made, found, folder, settings.base_url or settings.league, f"{now:%Y-%m-%d}", version(AGENT))
    click.echo(_as_json(found, made.requests, folder) if as_json else _as_table(found))
    tell(f"{made.requests} requests were made. The answers are in {folder}; its README says what they hold of people.")
    return 0


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _via(settings: Settings) -> str:
    return "chromium" if settings.via == "chromium" else "http"


def _folder(settings: Settings, out: str | None) -> Path:
    from gomafia_kit.settings import project_dir

    if settings.offline:
        raise SettingsError("probe asks the site, offline asks nothing.", "Leave offline out.")
    name = f"probe-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    folder = Path(out).expanduser().absolute() if out else project_dir() / "data" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"--out: {folder} can't be made: {error.strerror}.", "Choose another folder.") from error
    if any(folder.iterdir()):
        raise FolderError(f"--out: {folder} isn't empty.", "Choose a new folder: a probe's answers stand alone.")
    return folder


def _as_json(found: list[Finding], requests: int, folder: Path) -> str:
    told = {"requests": requests, "folder": str(folder), "findings": [asdict(each) for each in found]}
    return json.dumps(told, ensure_ascii=False, indent=2)


def _as_table(found: list[Finding]) -> str:
    from gomafia_kit.cli import words

    rows = [(each.name, str(each.section), each.verdict, each.fact, each.reason) for each in found]
    counts = {
        verdict: sum(each.verdict == verdict for each in found) for verdict in ("confirmed", "different", "not seen")
    }
    summed = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return "\n".join([*words.table(("name", "§", "verdict", "fact", "found"), rows), "", summed])
