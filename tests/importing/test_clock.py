"""A clock that jumps: between runs, and while one is at work."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from gomafia_kit.fetch.archive import ARCHIVE_FILE
from gomafia_kit.runs.database import RUNS_FILE
from gomafia_kit.runs.journal import Journal
from tests.imports import differences, published, run_import, truth

if TYPE_CHECKING:
    from gomafia_kit.demo import DemoSite


def asked(site: DemoSite) -> int:
    return int(site.log()["total"])


def came_later(data_dir: Path, by: timedelta) -> None:
    """Let everything have come at another time, as if the clock had been wrong by so much then."""
    with closing(sqlite3.connect(data_dir / ARCHIVE_FILE)) as archive, archive:
        _shift(archive, "answer", by)
    with closing(sqlite3.connect(data_dir / RUNS_FILE)) as runs, runs:
        _shift(runs, "load", by)


def _shift(connection: sqlite3.Connection, table: str, by: timedelta) -> None:
    for number, at in connection.execute(f"SELECT rowid, fetched_at FROM {table}").fetchall():
        moved = (datetime.fromisoformat(at) + by).isoformat()
        connection.execute(f"UPDATE {table} SET fetched_at = ? WHERE rowid = ?", (moved, number))


@pytest.mark.parametrize(("by", "again"), [(timedelta(hours=3), True), (timedelta(minutes=2), False)])
def test_an_answer_from_the_future_is_not_fresh_for_ever(
    own_site: DemoSite,
    data_dir: Path,
    by: timedelta,
    again: bool,  # noqa: FBT001 - a parameter
) -> None:
    run_import(own_site, data_dir, stages="clubs")
    before = asked(own_site)
    came_later(data_dir, by)
    run_import(own_site, data_dir, stages="clubs")
    assert (asked(own_site) > before) is again
    before = asked(own_site)
    run_import(own_site, data_dir, stages="clubs")
    assert asked(own_site) == before
    with closing(sqlite3.connect(data_dir / RUNS_FILE)) as runs:
        (newest,) = runs.execute("SELECT max(fetched_at) FROM load WHERE via != 'derived'").fetchone()
    assert (datetime.fromisoformat(newest) > datetime.now(UTC)) is not again


def test_what_came_while_the_clock_was_ahead_gives_way_to_what_comes_now(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir)
    came_later(data_dir, timedelta(days=400))
    own_site.change("rename_player", player_id=truth(own_site.league, "player")[0]["player_id"], login="Новое имя")
    run_import(own_site, data_dir)
    assert differences(published(data_dir, "player"), truth(own_site.league, "player"), "player") == []


def test_a_run_is_at_work_whatever_the_clock_says_now(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel moves the moment of its own start when the clock is set, and with it psutil every process's."""
    with Journal(data_dir) as journal:
        run_id = journal.begin({})
        journal.adopt(run_id)
        began = psutil.Process().create_time()
        monkeypatch.setattr(psutil, "PROCFS_PATH", str(_processes_after_a_jump(tmp_path / "proc", seconds=7_200)))
        assert psutil.Process().create_time() - began == pytest.approx(7_200, abs=1)
        assert journal.run(run_id).is_working


def _processes_after_a_jump(folder: Path, seconds: int) -> Path:
    folder.mkdir()
    for entry in Path("/proc").iterdir():
        (folder / entry.name).symlink_to(entry)
    (folder / "stat").unlink()
    lines = Path("/proc/stat").read_text(encoding="utf-8").splitlines()
    moved = [f"btime {int(line.split()[1]) + seconds}" if line.startswith("btime") else line for line in lines]
    (folder / "stat").write_text("\n".join(moved) + "\n", encoding="utf-8")
    return folder


def test_a_run_that_nobody_took_up_does_not_begin_for_ever_when_the_clock_is_put_back(data_dir: Path) -> None:
    with Journal(data_dir) as journal:
        run_id = journal.begin({})
        assert journal.run(run_id).state == "starting"
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    with closing(sqlite3.connect(data_dir / RUNS_FILE)) as runs, runs:
        runs.execute("UPDATE run SET started_at = ?", (later,))
    with Journal(data_dir) as journal:
        assert journal.run(run_id).state == "died"
