"""A damaged archive -> a new one with every answer that can still be read: an answer is the dearest thing we have."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gomafia_kit.errors import DamagedFileError
from gomafia_kit.fetch.archive import ARCHIVE_FILE, Archive
from gomafia_kit.runs.database import sqlite_faults
from gomafia_kit.runs.lasting import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDER: Final = "salvage"
_LEAST: Final = -(1 << 63)
_MOST: Final = (1 << 63) - 1
_HALVINGS: Final = 12
"""How often the rows between two damaged places are looked for in the middle."""


class Salvaged(NamedTuple):
    """How many answers were saved, and where the damaged archive lies now."""

    answers: int
    aside: Path


def salvage(data_dir: Path) -> Salvaged:
    """Put a new archive in the place of a damaged one, with all sound answers of it; the old one is kept.

    Raises DamagedFileError if not even its beginning can be read: then nothing is changed.
    """
    path, folder = data_dir / ARCHIVE_FILE, data_dir / _FOLDER
    shutil.rmtree(folder, ignore_errors=True)  # of a salvage that was killed
    folder.mkdir()
    with sqlite_faults(path), closing(sqlite3.connect(path, isolation_level=None)) as old:
        facts = _facts(old, path)
        with Archive(folder, facts["league"], json.loads(facts.get("source", "{}"))) as new:
            number = new.take_over(_between(old, _LEAST, _MOST, _HALVINGS))
    aside = _exchange(path, folder / ARCHIVE_FILE)
    shutil.rmtree(folder)
    return Salvaged(number, aside)


def _facts(old: sqlite3.Connection, path: Path) -> dict[str, str]:
    try:
        return dict(old.execute("SELECT name, value FROM meta").fetchall())
    except sqlite3.DatabaseError as error:
        raise DamagedFileError(
            f"{path} is damaged at its beginning ({error}): nothing of it can be read.",
            "Put back a copy of it; without one, move it away, keep it, and run again: the site is asked for all.",
        ) from error


def _between(old: sqlite3.Connection, first: int, last: int, halvings: int) -> Iterator[tuple[Any, ...]]:
    """The readable answers with ids from `first` to `last`: from both ends up to what is damaged, then between."""
    low, high = first, last
    try:
        for row in old.execute("SELECT * FROM answer WHERE ask_id BETWEEN ? AND ? ORDER BY ask_id", (first, last)):
            low = row[0] + 1
            yield row
    except sqlite3.DatabaseError:
        pass
    else:
        return
    try:
        for row in old.execute("SELECT * FROM answer WHERE ask_id BETWEEN ? AND ? ORDER BY ask_id DESC", (low, last)):
            high = row[0] - 1
            yield row
    except sqlite3.DatabaseError:
        pass
    if halvings and low < high:
        middle = (low + high) // 2
        yield from _between(old, low, middle, halvings - 1)
        yield from _between(old, middle + 1, high, halvings - 1)


def _exchange(path: Path, new: Path) -> Path:
    """Give the new file its name; where the old one lies. Its log goes along: the new one must never meet it.

    The old file has both names until the new one takes its place: cut off in between, there is an archive still.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    aside = path.with_name(f"archive-{stamp}.sqlite")
    _give_second_name(path, aside)
    for ending in ("-wal", "-shm"):
        companion = path.with_name(path.name + ending)
        if companion.exists():
            companion.replace(aside.with_name(aside.name + ending))
    sync_folder(path.parent)
    new.replace(path)
    sync_folder(path.parent)
    return aside


def _give_second_name(path: Path, second: Path) -> None:
    try:
        second.hardlink_to(path)
    except OSError:  # a drive without hard links
        shutil.copyfile(path, second)
