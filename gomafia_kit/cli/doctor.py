"""`gomafia doctor`: what an import needs, looked at piece by piece, each fault with its remedy."""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import shutil
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import click

from gomafia_kit.cli.options import gathered, given, json_option, settings_options
from gomafia_kit.errors import DisallowedError, GomafiaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gomafia_kit.settings import Settings

LEAST_PYTHON: Final = (3, 11)
LEAST_FREE_MB: Final = 500
COMFORTABLE_FREE_MB: Final = 4_000
LEAST_MEMORY_MB: Final = 512
MB: Final = 1 << 20
_OF_OTHERS: Final = 0o077
_PATHS: Final = ("/api/club/getTop", "/api/user/getTop", "/api/tournament/getAll", "/api/tournament/get", "/rating")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `state`: ok, note (works, but know it) or problem; the last two have a remedy."""

    name: str
    state: str
    text: str
    remedy: str = ""


@click.command()
@settings_options
@json_option
def doctor(*, as_json: bool, **options: object) -> int:
    """Look at all that an import needs.

    Each problem comes with its remedy. The site is asked for its robots.txt, once, only if --source is given. Ends
    with 1 if there is a problem.
    """
    parameters = given(options)
    settings = gathered(parameters)
    found = list(checks(settings, ask_site="source" in parameters))
    if as_json:
        click.echo(json.dumps([asdict(check) for check in found], ensure_ascii=False, indent=2))
    else:
        for check in found:
            click.echo(f"{check.state:<8} {check.name}: {check.text}")
            if check.remedy:
                click.echo(f"{'':<8} {check.remedy}")
    return int(any(check.state == "problem" for check in found))


def checks(settings: Settings, *, ask_site: bool) -> Iterator[Check]:
    """Every check, one after the other; an error of ours in one is its problem, and the others go on."""
    looks: list[tuple[str, Callable[[Settings], Check]]] = [
        ("Python", _python),
        ("packages", _packages),
        ("Chromium", _chromium),
        ("PostgreSQL", _postgres),
        ("data folder", _folder),
        ("privacy", _privacy),
        ("run store", _run_store),
        ("archive", _archive),
        ("disk", _disk),
        ("memory", _memory),
        ("alerts", _alerts),
    ]
    if ask_site:
        looks.append(("site", _site))
    for name, look in looks:
        try:
            yield look(settings)
        except GomafiaError as error:
            yield Check(name, "problem", error.message, error.remedy)
        except Exception as error:  # noqa: BLE001 - a broken installation is what a doctor is for
            yield Check(name, "problem", f"{type(error).__name__}: {error}", "Run make setup again.")


# -- this machine ---------------------------------------------------------------------------------


def _python(_settings: Settings) -> Check:
    told = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info < LEAST_PYTHON:
        return Check("Python", "problem", f"{told} is too old.", "Install Python 3.11 or newer and run make setup.")
    return Check("Python", "ok", told)


def _packages(_settings: Settings) -> Check:
    from importlib.metadata import PackageNotFoundError, requires, version

    missing, old, number = [], [], 0
    for line in requires("gomafia-kit") or ():
        if "extra ==" in line:
            continue
        name, least = _requirement(line)
        number += 1
        try:
            found = version(name)
        except PackageNotFoundError:
            missing.append(name)
            continue
        if least and _numbers(found) < _numbers(least):
            old.append(f"{name} {found} (needs {least})")
    if missing or old:
        faults = [f"missing: {', '.join(missing)}"] * bool(missing) + [f"too old: {', '.join(old)}"] * bool(old)
        return Check("packages", "problem", f"{'; '.join(faults)}.", "Run make setup, or pip install gomafia-kit.")
    return Check("packages", "ok", f"gomafia-kit {version('gomafia-kit')} and the {number} packages that it needs")


def _requirement(line: str) -> tuple[str, str]:
    """Name and least version of a line as `psycopg[binary]>=3.3`."""
    found = re.match(r"([\w.-]+)(?:\[[^\]]*\])?\s*(?:>=\s*([\w.]+))?", line)
    return (found[1], found[2] or "") if found else (line, "")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.split("+", maxsplit=1)[0])[:4])


def _chromium(settings: Settings) -> Check:
    from importlib.util import find_spec

    from gomafia_kit.fetch.browser import find_chromium

    needed = "problem" if settings.via == "chromium" else "note"
    if find_spec("playwright") is None:
        return Check(
            "Chromium", needed, "Playwright isn't installed.", "Install gomafia-kit[browser], or use via=http."
        )
    found = find_chromium()
    if found is None:
        return Check(
            "Chromium",
            needed,
            "none was found; imports go over HTTP.",
            "Install one by: python -m gomafia_kit.fetch.browser --install",
        )
    return Check("Chromium", "ok", str(found).removeprefix("Chromium "))


def _postgres(settings: Settings) -> Check:
    from gomafia_kit.postgres.embedded import FOLDER
    from gomafia_kit.postgres.target import check_server

    found = check_server()
    if found.problem:
        return Check("PostgreSQL", "problem", found.problem, found.remedy)
    place = f" in {settings.folder / FOLDER}" if found.server.startswith("embedded") else ""
    return Check("PostgreSQL", "ok", f"{found.server}{place}, version {found.version}")


def _disk(settings: Settings) -> Check:
    place = _existing(settings.folder)
    free = shutil.disk_usage(place).free // MB
    told = f"{free:,} MB free at {place}"
    if free < LEAST_FREE_MB:
        return Check("disk", "problem", f"{told}: too little.", "Make room, or choose a data_dir on another disk.")
    if free < COMFORTABLE_FREE_MB:
        return Check("disk", "note", f"{told}: enough for a small league.", "The whole site wants some gigabytes.")
    return Check("disk", "ok", told)


def _memory(settings: Settings) -> Check:
    from gomafia_kit.memory.limits import memory_limit_mb

    limit = memory_limit_mb()
    told = f"{limit:,.0f} MB may be used here"
    if settings.memory_limit_mb is not None and settings.memory_limit_mb > limit:
        return Check(
            "memory",
            "problem",
            f"memory_limit_mb is {settings.memory_limit_mb:,}, but {told}.",
            "Lower memory_limit_mb, or leave it out.",
        )
    if limit < LEAST_MEMORY_MB:
        return Check("memory", "note", f"{told}: little.", "Use via=http, and start nothing beside the import.")
    return Check("memory", "ok", told)


def _alerts(_settings: Settings) -> Check:
    from gomafia_kit.importer.alerts import VARIABLE, sight_of

    target = os.environ.get(VARIABLE, "").strip()
    if not target:
        return Check("alerts", "ok", f"nobody is told of trouble: {VARIABLE} names no command and no web address")
    who, wrong = sight_of(target)
    if wrong:
        remedy = f"Let {VARIABLE} be a command (on the PATH, or by its whole path) or an http(s) address."
        return Check("alerts", "problem", f"of {VARIABLE}: {wrong}.", remedy)
    return Check("alerts", "ok", f"{who} is told of trouble; nothing was sent now")


# -- the data folder ------------------------------------------------------------------------------


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _folder(settings: Settings) -> Check:
    from gomafia_kit.runs.drive import check_drive

    folder = settings.folder
    check_drive(folder)
    place = _existing(folder)
    if not place.is_dir():
        return Check("data folder", "problem", f"{place} is a file, not a folder.", "Choose another data_dir.")
    # Asking for permissions isn't enough: a drive may be read-only for everybody.
    probe = place / f".gomafia-doctor-{os.getpid()}"
    try:
        probe.write_bytes(b"")
    except OSError as error:
        return Check(
            "data folder",
            "problem",
            f"{place} can't be written: {error.strerror}.",
            "Check its permissions and its drive, or choose another data_dir.",
        )
    finally:
        with suppress(OSError):
            probe.unlink()
    return Check("data folder", "ok", str(folder) if folder.is_dir() else f"{folder} can be made")


def _privacy(settings: Settings) -> Check:
    """What others may read of the folder; in one that is closed to them the files' own permissions don't matter."""
    folder = settings.folder
    if not folder.is_dir():
        return Check("privacy", "ok", "what is written there will be readable by you alone")
    if os.name == "nt" or not folder.stat().st_mode & _OF_OTHERS:
        return Check("privacy", "ok", f"{folder} is closed to other users")
    readable = sum(path.lstat().st_mode & _OF_OTHERS > 0 for path in folder.rglob("*") if not path.is_symlink())
    if not readable:
        return Check("privacy", "ok", f"other users may look into {folder}, but read none of its files")
    told = f"other users may look into {folder}, and {readable:,} files and folders in it are open to them"
    return Check("privacy", "note", f"{told}.", f"Close it by: chmod -R go-rwx {shlex.quote(str(folder))}")


def _run_store(settings: Settings) -> Check:
    from gomafia_kit.runs.database import LAYOUT_VERSION, RUNS_FILE, check_sound, holds
    from gomafia_kit.runs.journal import Journal

    if not holds(settings.folder):
        return Check("run store", "ok", "none yet: the first run makes it")
    check_sound(settings.folder / RUNS_FILE)
    with Journal(settings.folder) as journal:
        runs = journal.runs()
    working = [run for run in runs if run.is_working]
    if working:
        told = f"run {working[-1].run_id} is at work (process {working[-1].pid})"
        return Check("run store", "note", told, "Another import into this folder has to wait for it.")
    last = f", the last one {runs[-1].state}" if runs else ""
    return Check("run store", "ok", f"{len(runs)} runs{last}; layout {LAYOUT_VERSION}")


def _archive(settings: Settings) -> Check:
    from gomafia_kit.fetch.archive import ARCHIVE_FILE, LAYOUT_VERSION, Archive
    from gomafia_kit.runs.database import check_sound, holds

    if not holds(settings.folder, ARCHIVE_FILE):
        return Check("archive", "ok", f"none yet; it will hold {settings.league}")
    check_sound(settings.folder / ARCHIVE_FILE)
    with Archive(settings.folder, settings.league) as archive:
        number, size = archive.size()
    told = f"{number:,} answers of {settings.league}, {size / MB:,.1f} MB as they came; layout {LAYOUT_VERSION}"
    return Check("archive", "ok", told)


# -- the site -------------------------------------------------------------------------------------


def _site(settings: Settings) -> Check:
    if settings.source != "demo":
        return _robots(settings, settings.base_url)
    from gomafia_kit import demo

    with demo.start(scale="tiny") as site:
        return _robots(settings, site.url)


def _robots(settings: Settings, url: str) -> Check:
    from gomafia_kit.fetch.http import HttpFetcher
    from gomafia_kit.fetch.robots import Robots
    from gomafia_kit.site import Ask, robots

    with HttpFetcher(url, settings.contact) as fetcher:
        answer = fetcher.fetch(robots())
    there = answer.status == 200  # noqa: PLR2004 - HTTP's OK
    rules = Robots(answer.body.decode("utf-8", "replace") if there else None)
    forbidden = []
    for path in _PATHS:
        try:
            rules.check(Ask("robots", "text", "GET", path))
        except DisallowedError:
            forbidden.append(path)
    if forbidden:
        return Check(
            "site",
            "problem",
            f"{url} answers, but its robots.txt forbids {', '.join(forbidden)}.",
            "Leave those stages out, or ask the site's admins.",
        )
    delay = f", and asks for {rules.crawl_delay:g} s between asks" if rules.crawl_delay else ""
    told = f"robots.txt allows what is asked{delay}" if there else "it has no robots.txt"
    return Check("site", "ok", f"{url} answers; {told}")
