"""Whether a data folder is sound: what was checked, how much of it, and what is wrong, by table and key.

`after_run` is the quick part, which every import does at its end; `verify` is all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import FolderError, GomafiaError, start_first
from gomafia_kit.fetch.archive import Archive, held_in
from gomafia_kit.runs.database import holds, rebuild_remedy
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.soundness import files, pushed, rows, stores
from gomafia_kit.soundness.finding import Check, Fault, checked
from gomafia_kit.staging.live import LiveTables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["SAMPLE", "Check", "Fault", "after_run", "as_plain", "verify"]

SAMPLE: Final = 200
"""So many answers are parsed again unless told otherwise."""

MEMORY_MB: Final = 512


def after_run(
    data_dir: Path, ledger: Ledger, archive: Archive, live: LiveTables, accounts: Sequence[dict[str, Any]]
) -> Iterator[Check]:
    """The quick part: keys, references, seats, sums, and the counts of every store but PostgreSQL.

    The bytes of parts aren't hashed: each run does that at its start.
    """
    yield checked(data_dir, "files", lambda: files.parts_as_listed(data_dir, ledger, quick=True))
    yield checked(data_dir, "archive", lambda: files.answers_archived(ledger, archive))
    yield checked(data_dir, "counts", lambda: stores.published_counts(data_dir, ledger, live))
    yield checked(data_dir, "receipt", lambda: stores.receipt_counts(live, accounts))
    yield from rows.checks(live, ledger)


def verify(data_dir: Path, *, sample: int = SAMPLE, seed: int = 1) -> Iterator[Check]:
    """Every check of a folder, one after the other; nothing is asked of the site and nothing is changed.

    `sample` answers, chosen by `seed`, are parsed again and compared row by row (0: none). An embedded
    PostgreSQL is started for as long as it is looked at. Raises FolderError if the folder has no run.
    """
    if not holds(data_dir):
        raise FolderError(f"{data_dir} holds no run.", start_first(data_dir))
    with Journal(data_dir) as journal:
        runs = journal.runs()
    newest = runs[-1] if runs else None
    accounts = newest.receipt["tables"] if newest is not None and newest.receipt else []
    with Ledger(data_dir) as ledger, Archive(data_dir, held_in(data_dir).league) as archive:
        yield checked(data_dir, "stores", lambda: files.stores_sound(data_dir))
        yield checked(data_dir, "files", lambda: files.parts_as_listed(data_dir, ledger))
        yield checked(data_dir, "parts", lambda: files.parts_readable(data_dir, ledger, memory_mb=MEMORY_MB))
        yield checked(data_dir, "archive", lambda: files.answers_archived(ledger, archive))
        yield checked(data_dir, "bodies", lambda: files.bodies_whole(archive))
        try:
            live = LiveTables(data_dir, ledger, memory_mb=MEMORY_MB)
        except GomafiaError as error:  # a part is gone: what could be checked without it was
            yield Check(
                "rows", "couldn't be checked", (Fault("parts", 1, (), error.message, rebuild_remedy(data_dir)),)
            )
            return
        with live:
            yield checked(data_dir, "counts", lambda: stores.published_counts(data_dir, ledger, live))
            yield checked(data_dir, "published", lambda: stores.published_rows(data_dir, ledger, live))
            yield checked(data_dir, "receipt", lambda: stores.receipt_counts(live, accounts))
            yield from rows.checks(live, ledger)
            yield checked(data_dir, "PostgreSQL", lambda: pushed.rows_as_staged(data_dir, ledger, live, runs))
        if sample:
            yield checked(data_dir, "sample", lambda: files.sample_parsed_again(data_dir, ledger, sample, seed))


def as_plain(check: Check) -> dict[str, Any]:
    """A check as a receipt and JSON hold it."""
    return {
        "check": check.name,
        "state": check.state,
        "text": check.text,
        "faults": [
            {
                "table": fault.table,
                "number": fault.number,
                "keys": list(fault.keys),
                "value": fault.value,
                "remedy": fault.remedy,
            }
            for fault in check.faults
        ],
    }
