"""Data folders as earlier versions made them: each goes on with this one, and tells the same.

`run-store-1.tar.xz` is `archive.sqlite`, `runs.sqlite` and `parts` of a folder made at commit 79181829 by
`gomafia run --source demo --scale tiny --stages clubs,judges,tournaments,games --years 2023 --batch-rows 500`;
the second one was made so at d401d77b, the third one at d3dc8e7, the fourth one at d1f9149.
Whoever raises a layout version adds a folder of the version before.
"""

from __future__ import annotations

import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from gomafia_kit.errors import AskFailedError, LayoutVersionError
from gomafia_kit.runs.database import LAYOUT_VERSION, RUNS_FILE
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.tables import TABLES
from tests.imports import published, run_import

if TYPE_CHECKING:
    from gomafia_kit.runs.journal import Run

FOLDERS: Final = sorted(Path(__file__).parent.glob("*.tar.xz"))
TOLD: Final = {"stages": "clubs,judges,tournaments,games", "years": "2023", "scale": "tiny", "offline": True}


def unpacked(folder: Path, target: Path) -> Path:
    with tarfile.open(folder) as packed:
        packed.extractall(target, filter="data")
    return target


def asks_made(run: Run) -> int:
    assert run.receipt is not None
    return int(run.receipt["asks"]["made"])


def test_one_folder_of_each_older_layout_is_kept() -> None:
    assert [folder.name for folder in FOLDERS] == [f"run-store-{n}.tar.xz" for n in range(1, LAYOUT_VERSION)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_folder_of_an_older_layout_goes_on_and_tells_what_its_archive_tells(folder: Path, tmp_path: Path) -> None:
    old = unpacked(folder, tmp_path / "старая")
    with Journal(old) as journal:
        assert [run.state for run in journal.runs()] == ["done"]
        assert bool(journal.measures(1)) == (folder.name != "run-store-1.tar.xz")
    assert asks_made(run_import("demo", old, **TOLD)) == 0
    anew = unpacked(folder, tmp_path / "anew")
    (anew / RUNS_FILE).unlink()
    run_import("demo", anew, **TOLD)
    for table in TABLES:
        if table != "answer":
            assert published(old, table) == published(anew, table), table
    assert len(published(old, "seat")) > 100


def test_a_failure_of_a_version_that_did_not_count_attempts_stays_uncounted(data_dir: Path) -> None:
    unpacked(next(folder for folder in FOLDERS if folder.name == "run-store-3.tar.xz"), data_dir)
    at = datetime(2026, 11, 1, tzinfo=UTC)
    with closing(sqlite3.connect(data_dir / RUNS_FILE)) as store, store:
        failure = ("tournament/1", "games", "its ask", "AskFailedError", "why", at.isoformat(), at.isoformat(), 2)
        store.execute("INSERT INTO failure VALUES (?, ?, ?, ?, ?, ?, ?, ?)", failure)
    with Ledger(data_dir) as ledger:
        for subject, attempts in (("tournament/1", 5), ("tournament/2", 15), ("tournament/2", 5)):
            ledger.note_failure(subject, "games", "its ask", AskFailedError("why"), attempts, at)
        counted = {failure.subject: (failure.times, failure.attempts) for failure in ledger.failures()}
    assert counted == {"tournament/1": (3, None), "tournament/2": (2, 20)}


def test_a_folder_of_a_newer_version_is_refused_by_name(data_dir: Path) -> None:
    unpacked(FOLDERS[0], data_dir)
    with closing(sqlite3.connect(data_dir / RUNS_FILE)) as store:
        store.execute(f"PRAGMA user_version={LAYOUT_VERSION + 1}")
    with pytest.raises(LayoutVersionError, match=f"has layout {LAYOUT_VERSION + 1}: a newer version") as caught:
        run_import("demo", data_dir, **TOLD)
    assert caught.value.remedy == "Use the newer version, or choose another data_dir."
