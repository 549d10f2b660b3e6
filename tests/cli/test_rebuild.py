"""`gomafia rebuild`: everything anew from the archive when the run store can't be used."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from gomafia_kit.runs.database import rebuild_remedy, salvage_remedy
from gomafia_kit.tables import ANSWER, TABLES
from tests.imports import differences, published, truth

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from tests.cli.conftest import Gomafia
    from tests.imports import Row


def test_a_damaged_run_store_is_made_anew_without_asking(gomafia: Gomafia, site: DemoSite, tmp_path: Path) -> None:
    folder = tmp_path / "лига моя"
    stages = ("--stages", "clubs,players,tournaments,statistics", "--years", "2023", "--form", "page_data")
    told = ("--data-dir", folder, "--source", site.url, *stages, "--presidents", "--participants", "--history")
    assert gomafia("run", *told).code == 0
    before = _rows_published(folder)
    assert all(before[table] for table in ("club_president", "tournament_participants", "player_tournament"))
    (folder / "runs.sqlite").write_bytes(b"rubbish" * 1_000)
    broken = gomafia("run", *told)
    assert broken.code == 33
    assert broken.complaint[1] == rebuild_remedy(folder)
    asked = site.log()["total"]
    rebuilt = gomafia("rebuild", "--data-dir", folder)
    assert rebuilt.code == 0
    assert site.log()["total"] == asked
    assert _rows_published(folder) == before
    assert "of players aren't in the archive, api POST /api/user/getTop?" in rebuilt.err
    assert len(list(folder.glob("runs-*.sqlite"))) == 1


def test_a_folder_without_an_archive_is_named(gomafia: Gomafia, tmp_path: Path) -> None:
    ended = gomafia("rebuild", "--data-dir", tmp_path)
    assert (ended.code, ended.complaint[0]) == (30, f"gomafia: {tmp_path} holds no archive.")


def test_what_can_be_read_of_a_damaged_archive_is_saved(gomafia: Gomafia, site: DemoSite, tmp_path: Path) -> None:
    folder = tmp_path / "лига моя"
    told = ("--data-dir", folder, "--source", site.url, "--stages", "clubs,tournaments,games")
    assert gomafia("run", *told).code == 0
    archive = folder / "archive.sqlite"
    before, size = _held(archive)
    damaged = _leaves(archive)[1:7:2]
    assert len(damaged) == 3
    with archive.open("r+b") as file:
        for page in damaged:
            file.seek((page - 1) * size)
            file.write(b"\xff" * 100)
    broken = gomafia("run", *told, "--refresh")
    assert broken.code == 33
    assert broken.complaint[1] == salvage_remedy(folder)
    rebuilt = gomafia("rebuild", "--data-dir", folder)
    after, _ = _held(archive)
    assert f"{after:,} answers were saved" in rebuilt.err
    assert before - 8 * len(damaged) < after < before
    asked = site.log()["total"]
    assert gomafia("run", *told).code == 0
    assert 0 < site.log()["total"] - asked <= before - after + 1  # and robots.txt, if it was lost
    for table in ("club", "tournament", "game", "seat"):
        assert differences(published(folder, table), truth(site.league, table), table) == []


def _rows_published(folder: Path) -> dict[str, list[Row]]:
    """By table, but for how answers came: all that are read from them."""
    return {name: published(folder, name) for name in TABLES if name != ANSWER.name}


def _held(archive: Path) -> tuple[int, int]:
    """How many answers it holds, and the size of its pages."""
    with closing(sqlite3.connect(archive)) as db:
        (number,) = db.execute("SELECT count(*) FROM answer").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return number, size


def _leaves(archive: Path) -> list[int]:
    """The pages that hold the rows of the answers, in their order: those that the root page names."""
    with closing(sqlite3.connect(archive)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'answer'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with archive.open("rb") as file:
        file.seek((root - 1) * size)
        page = file.read(size)
    assert page[0] == 5, "an inner page of a table"
    cells = int.from_bytes(page[3:5], "big")
    places = [int.from_bytes(page[12 + 2 * cell : 14 + 2 * cell], "big") for cell in range(cells)]
    return [int.from_bytes(page[place : place + 4], "big") for place in places]
