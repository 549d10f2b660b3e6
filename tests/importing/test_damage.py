"""Damaged files of ours: found, named, and made anew from the archive; only a damaged answer is asked for again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import duckdb
import pytest

import gomafia_kit as gk
from gomafia_kit.errors import DamagedAnswerError, DamagedFileError
from gomafia_kit.fetch.archive import ARCHIVE_FILE
from gomafia_kit.runs.database import RUNS_FILE
from gomafia_kit.runs.journal import Journal
from gomafia_kit.staging.published import DUCKDB_FILE, PARQUET
from tests.imports import differences, published, published_parquet, run_import, truth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.runs.journal import Run

TABLES = ("club_member", "player", "player_season", "tournament", "game", "seat", "result", "player_year")


def flip(path: Path, offset: int = -1) -> None:
    """Turn round the bits of one byte, by default the one in the middle."""
    content = bytearray(path.read_bytes())
    content[offset if offset >= 0 else len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def notices(data_dir: Path, run: Run) -> str:
    with Journal(data_dir) as journal:
        return "\n".join(text for _, text in journal.notices(run.run_id))


def parts_of(data_dir: Path, table: str) -> list[Path]:
    found = sorted((data_dir / "parts" / table).glob("*.parquet"))
    assert found
    return found


def is_whole(site: DemoSite, data_dir: Path) -> bool:
    return not any(differences(published(data_dir, table), truth(site.league, table), table) for table in TABLES)


def asked(site: DemoSite) -> int:
    return int(site.log()["total"])


@pytest.mark.parametrize(
    ("table", "damage", "word"),
    [
        ("player_season", cut, "bytes long instead of"),
        ("seat", flip, "changed"),
        ("result", lambda path: path.unlink(), "missing"),
        ("player_year", flip, "changed"),
    ],
)
def test_a_damaged_part_is_read_again_from_the_archive(
    own_site: DemoSite, data_dir: Path, table: str, damage: Callable[[Path], None], word: str
) -> None:
    run_import(own_site, data_dir, batch_rows=400)
    before = asked(own_site)
    part = parts_of(data_dir, table)[0]
    damage(part)
    (data_dir / DUCKDB_FILE).unlink()
    run = run_import(own_site, data_dir, stages="judges")  # whatever the run is about
    assert asked(own_site) == before
    assert is_whole(own_site, data_dir)
    assert f"{part} is damaged (" in notices(data_dir, run)
    assert word in notices(data_dir, run)
    assert not part.exists()
    assert "damaged" not in notices(data_dir, run_import(own_site, data_dir, stages="judges"))


def test_every_part_lost_at_once(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir, batch_rows=400)
    before = asked(own_site)
    for part in (data_dir / "parts").glob("*/*.parquet"):
        part.unlink()
    run_import(own_site, data_dir)
    assert asked(own_site) == before
    assert is_whole(own_site, data_dir)


def test_only_a_damaged_answer_is_asked_for_again(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir, stages="clubs,players")
    before = asked(own_site)
    with closing(sqlite3.connect(data_dir / ARCHIVE_FILE)) as archive, archive:
        ask_id, key, body = archive.execute(
            "SELECT ask_id, ask_key, body FROM answer WHERE kind = 'player_list'"
        ).fetchone()
        spoilt = bytearray(body)
        spoilt[len(spoilt) // 2] ^= 0xFF
        archive.execute("UPDATE answer SET body = ? WHERE ask_id = ?", (bytes(spoilt), ask_id))
    with pytest.raises(DamagedAnswerError) as caught:
        run_import(own_site, data_dir, stages="players", offline=True)
    assert key in caught.value.message
    assert asked(own_site) == before
    run = run_import(own_site, data_dir, stages="players")
    assert asked(own_site) == before + 1
    assert f"the answer to {key} is damaged. The site is asked for it again." in notices(data_dir, run)
    run_import(own_site, data_dir, stages="players", offline=True)


@pytest.mark.parametrize("form", ["duckdb", "parquet"])
@pytest.mark.parametrize("damage", [flip, cut])
def test_a_damaged_publication_is_made_anew(
    own_site: DemoSite, data_dir: Path, form: str, damage: Callable[[Path], None]
) -> None:
    run_import(own_site, data_dir, stages="clubs", staging=form)
    before = asked(own_site)
    damage(data_dir / DUCKDB_FILE if form == "duckdb" else data_dir / PARQUET / "club" / "club.parquet")
    run = run_import(own_site, data_dir, stages="clubs", staging=form)
    assert "It is published anew." in notices(data_dir, run)
    rows = published(data_dir, "club") if form == "duckdb" else published_parquet(data_dir, "club")
    assert differences(rows, truth(own_site.league, "club"), "club") == []
    assert asked(own_site) == before
    assert "published anew" not in notices(data_dir, run_import(own_site, data_dir, stages="clubs", staging=form))


def test_what_is_published_in_another_form_is_not_pushed(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir, stages="clubs")
    with duckdb.connect(str(data_dir / DUCKDB_FILE)) as altered:
        altered.execute("UPDATE club SET title = 'by somebody else'")
    run_import(own_site, data_dir, stages="push", staging="parquet")
    with gk.open_league(data_dir, "postgres") as league:
        titles = league.query("SELECT title FROM club ORDER BY club_id").to_series().to_list()
    assert titles == [row["title"] for row in truth(own_site.league, "club")]


def test_a_damaged_run_store_is_found_before_anything_is_asked(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir, batch_rows=200)
    before = asked(own_site)
    store = data_dir / RUNS_FILE
    for ending in ("-wal", "-shm"):
        store.with_name(store.name + ending).unlink(missing_ok=True)
    with closing(sqlite3.connect(store)) as db:
        page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'rejection_load'").fetchone()[0]
        size = db.execute("PRAGMA page_size").fetchone()[0]
    flip(store, (page - 1) * size)
    with pytest.raises(DamagedFileError, match=r"runs\.sqlite is damaged") as caught:
        run_import(own_site, data_dir)
    assert "gomafia rebuild" in caught.value.remedy
    assert asked(own_site) == before
