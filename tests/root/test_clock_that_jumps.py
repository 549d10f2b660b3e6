"""A machine whose clock is set while an import is at work: what its process believes really changes."""

from __future__ import annotations

import subprocess
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo, importer
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from tests.imports import LOAD_STAGES, differences, published, run_import, truth
from tests.root.packages import needed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.demo import DemoSite

TABLES = ("player", "player_season", "tournament", "game", "seat", "result", "player_year")
PACE = 0.05


class Clock:
    """The clock of the processes that are started after it: so far from the true one, in seconds."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._file = folder / "clock"
        self.set(0)
        library = folder / "clock.so"
        needed("libc6-dev", "/usr/include/stdlib.h")
        compiler = needed("gcc", "gcc")
        source = Path(__file__).with_name("clock.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"], check=True)
        patch.setenv("LD_PRELOAD", str(library))
        patch.setenv("CLOCK_OFFSET_FILE", str(self._file))

    def set(self, seconds: int) -> None:
        """Set it, while it runs."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds}\n", encoding="ascii")
        new.replace(self._file)


@pytest.fixture
def site() -> Iterator[DemoSite]:
    with demo.start(scale="tiny") as running:
        yield running


def is_whole(site: DemoSite, data_dir: Path) -> bool:
    return not any(differences(published(data_dir, table), truth(site.league, table), table) for table in TABLES)


@pytest.mark.parametrize("jumps", [(2 * 86_400, -5 * 86_400), (-7_200, 7_200), (400 * 86_400, 0)])
def test_a_clock_that_jumps_while_an_import_is_at_work(
    site: DemoSite, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jumps: tuple[int, ...]
) -> None:
    told = {"source": site.url, "data_dir": str(data_dir), "stages": LOAD_STAGES, "seconds_between_asks": PACE}
    with monkeypatch.context() as patch:
        clock = Clock(tmp_path, patch)
        handle = importer.start(Settings.gather({**told, "batch_rows": 300}), lifeline=True)
        ended = threading.Event()

        def jump() -> None:
            while not ended.wait(0.3):
                for seconds in jumps:
                    clock.set(seconds)
                    time.sleep(0.3)

        thread = threading.Thread(target=jump)
        thread.start()
        run = handle.wait()
        ended.set()
        thread.join()
    assert run.receipt is not None
    assert 0 < run.receipt["seconds"] < 3_600
    with Journal(data_dir) as journal:
        assert all(0 <= batch.seconds < 3_600 for batch in journal.batches(run.run_id))
        moments = [batch.started_at for batch in journal.batches(run.run_id)]
    assert any(abs((later - earlier).total_seconds()) > 3_600 for earlier, later in pairwise(moments)), "it did jump"
    came = [entry["monotonic"] for entry in site.log()["requests"]]
    assert all(later - earlier > 0.8 * PACE for earlier, later in pairwise(came))
    run_import(site, data_dir)
    assert is_whole(site, data_dir)
    asked = site.log()["total"]
    assert run_import(site, data_dir).state == "done"
    assert site.log()["total"] == asked, "what came now is fresh"
    site.change("rename_player", player_id=truth(site.league, "player")[0]["player_id"], login="Новое имя")
    run_import(site, data_dir, refresh=True)
    assert is_whole(site, data_dir)
