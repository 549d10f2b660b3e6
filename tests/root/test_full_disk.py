"""A disk that fills up while an import works: one sentence, nothing lost, and it goes on when there is room."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo
from gomafia_kit.errors import DiskFullError, FolderError, GomafiaError, PushError
from tests.imports import LOAD_STAGES, differences, published, run_import, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite

TABLES = ("player", "tournament", "game", "seat", "result", "player_year")


@pytest.fixture(scope="module")
def small() -> Iterator[DemoSite]:
    with demo.start(scale="small") as site:
        yield site


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, in memory."""
    folder = tmp_path / "диск"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def grown(folder: Path, megabytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={megabytes}m", str(folder)], check=True)


def fails(run: Callable[[], object]) -> GomafiaError:
    with pytest.raises(GomafiaError) as caught:
        run()
    return caught.value


def test_a_disk_that_fills_up_is_named_and_the_import_goes_on_when_there_is_room(small: DemoSite, disk: Path) -> None:
    data_dir = disk / "league"
    asked = 0
    for megabytes in (2, 3, 4, 5, 6):
        grown(disk, megabytes)
        error = fails(lambda: run_import(small, data_dir))
        assert isinstance(error, DiskFullError), error
        assert "No space left on the disk" in error.message
        assert "Make room and run again" in error.remedy
        asked = small.log()["total"]
    grown(disk, 64)
    run_import(small, data_dir)
    league = small.league
    for table in TABLES:
        assert differences(published(data_dir, table), truth(league, table), table) == []
    assert small.log()["total"] >= asked


def test_a_push_without_room_leaves_the_tables_as_they_were(small: DemoSite, disk: Path) -> None:
    grown(disk, 24)
    data_dir = disk / "league"
    run_import(small, data_dir)
    error = fails(lambda: run_import(small, data_dir, stages="push"))
    assert isinstance(error, PushError | DiskFullError)
    grown(disk, 400)
    run = run_import(small, data_dir, stages=f"{LOAD_STAGES},push")
    assert run.receipt is not None
    assert {report["table"]: report["new"] for report in run.receipt["push"]}["seat"] == 25_000


def test_a_disk_that_has_become_read_only_is_named_and_the_import_goes_on_when_it_can_be_written(disk: Path) -> None:
    grown(disk, 64)
    data_dir = disk / "league"
    with demo.start(scale="tiny") as tiny:
        run_import(tiny, data_dir, stages="clubs,players")
        asked = tiny.log()["total"]
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        error = fails(lambda: run_import(tiny, data_dir))
        assert isinstance(error, FolderError), error
        assert str(data_dir) in error.message
        assert tiny.log()["total"] == asked
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        run_import(tiny, data_dir)
        for table in TABLES:
            assert differences(published(data_dir, table), truth(tiny.league, table), table) == []
