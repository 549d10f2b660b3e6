"""Checks of files: parts as the manifest lists them, archived bodies as they came, a sample parsed again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import DamagedFileError
from gomafia_kit.fetch.archive import ARCHIVE_FILE
from gomafia_kit.replay import differences
from gomafia_kit.runs.database import RUNS_FILE, check_sound, rebuild_remedy
from gomafia_kit.soundness.finding import SHOWN, Fault
from gomafia_kit.staging.parts import what_is_wrong
from gomafia_kit.tables import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb

    from gomafia_kit.fetch.archive import Archive
    from gomafia_kit.runs.ledger import Ledger

_ASK_AGAIN: Final = "Run with refresh=true: the site is asked for it again."


def _fault(table: str, keys: Iterable[str], value: str, remedy: str) -> list[Fault]:
    named = list(keys)
    return [Fault(table, len(named), tuple(named[:SHOWN]), value, remedy)] if named else []


def stores_sound(data_dir: Path) -> tuple[str, list[Fault]]:
    """SQLite's own check of both its files."""
    faults = []
    for name in (RUNS_FILE, ARCHIVE_FILE):
        try:
            check_sound(data_dir / name)
        except DamagedFileError as error:
            faults.append(Fault(name, 1, (), error.message, error.remedy))
    return f"{RUNS_FILE} and {ARCHIVE_FILE}: SQLite finds their pages whole", faults


def parts_as_listed(data_dir: Path, ledger: Ledger, *, quick: bool = False) -> tuple[str, list[Fault]]:
    """Each part is there, with the size and, unless `quick`, the bytes that were written."""
    parts = ledger.parts()
    faults = [
        Fault(part.table, 1, (part.path,), f"the part is {wrong}", rebuild_remedy(data_dir))
        for part in parts
        if (wrong := what_is_wrong(data_dir, part, quick=quick))
    ]
    size = sum(part.bytes for part in parts)
    told = "as long as it was written" if quick else "as it was written"
    return f"{len(parts):,} parts: each is there {told} ({size:,} bytes)", faults


def parts_readable(data_dir: Path, ledger: Ledger, *, memory_mb: int) -> tuple[str, list[Fault]]:
    """Each part read to its end: its rows as many as the manifest says, in all and by answer."""
    import duckdb

    faults: list[Fault] = []
    parts = ledger.parts()
    with duckdb.connect(config={"memory_limit": f"{memory_mb}MB", "threads": 2}) as connection:
        for part in parts:
            try:
                found = _rows_by_ask(connection, data_dir / part.path)
            except duckdb.Error as error:
                value = f"the part can't be read: {str(error).splitlines()[0]}"
                faults.append(Fault(part.table, 1, (part.path,), value, rebuild_remedy(data_dir)))
                continue
            number = sum(found.values())
            if number != part.rows or found != ledger.part_shares(part.path):
                value = f"the part has {number:,} rows, the manifest says {part.rows:,}, or other answers' rows"
                faults.append(Fault(part.table, 1, (part.path,), value, rebuild_remedy(data_dir)))
    rows = sum(part.rows for part in parts)
    return (
        f"{len(parts):,} parts read to their end: {rows:,} rows, as the manifest says of each and each answer",
        faults,
    )


def _rows_by_ask(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[int, int]:
    # hash(COLUMNS(*)) has every column read, not only the one that is counted by.
    return {
        int(ask): int(number)
        for ask, number, *_ in connection.execute(
            f"SELECT ask_id, count(*), max(hash(COLUMNS(*))) FROM read_parquet({quoted(path)}) GROUP BY ask_id"
        ).fetchall()
    }


def answers_archived(ledger: Ledger, archive: Archive) -> tuple[str, list[Fault]]:
    """Each answer whose rows are live lies in the archive: the very same, or a newer one that wasn't read yet."""
    missing, other, newer, number = [], [], 0, 0
    every = archive.digests()
    kept = next(every, None)
    for ask_id, key, _, via, fetched_at, sha256 in ledger.answers():
        if via == "derived" or not sha256:  # computed, or to be read again: its part was damaged
            continue
        number += 1
        while kept is not None and kept.ask_id < ask_id:  # both come in the order of the asks
            kept = next(every, None)
        if kept is None or kept.ask_id != ask_id:
            missing.append(key)
        elif kept.sha256 != sha256:
            if kept.fetched_at > fetched_at:
                newer += 1
            else:
                other.append(key)
    told = f"; {newer:,} have a newer answer that the next run reads" if newer else ""
    faults = _fault("answer", missing, "the archive has no such answer", _ASK_AGAIN)
    faults += _fault(
        "answer", other, "the archived answer isn't the one that was read", rebuild_remedy(ledger.path.parent)
    )
    archived, _ = archive.size()
    return f"{number:,} live answers: each lies in the archive ({archived:,} answers) as it was read{told}", faults


def bodies_whole(archive: Archive) -> tuple[str, list[Fault]]:
    """Each archived body unpacked and hashed."""
    number, size, damaged = archive.check_bodies()
    text = f"{number:,} archived answers ({size:,} bytes unpacked): each body has the hash it came with"
    return text, _fault("archive", damaged, "the body isn't what came", _ASK_AGAIN)


def sample_parsed_again(data_dir: Path, ledger: Ledger, sample: int, seed: int) -> tuple[str, list[Fault]]:
    """Some answers parsed again and compared row by row; of a list always all pages, since they belong together."""
    subjects: dict[str, list[int]] = {}
    for item in ledger.live_asks():
        subjects.setdefault(item.ask.subject, []).append(item.ask.ask_id)
    names = sorted(subjects)
    random.Random(seed).shuffle(names)  # noqa: S311 - a sample, no secret
    chosen: set[int] = set()
    for name in names:
        if len(chosen) >= sample:
            break
        chosen.update(subjects[name])
    found = list(differences(data_dir, only=frozenset(chosen)))
    faults = []
    for table in dict.fromkeys(item.table for item in found):
        mine = [item for item in found if item.table == table]
        value = f"{mine[0].column} is {mine[0].before}, the archive says {mine[0].after}"
        faults += _fault(table, (item.key for item in mine), value, rebuild_remedy(data_dir))
    total = sum(map(len, subjects.values()))
    return f"{len(chosen):,} of {total:,} answers (seed {seed}) parsed again: every row is the staged one", faults
