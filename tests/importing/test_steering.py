"""Pause, resume, stop, kill: an import obeys between two asks and loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from gomafia_kit import importer
from gomafia_kit.errors import FolderBusyError, FolderError, RunDiedError, RunStoppedError, SettingsError
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from gomafia_kit.tables import OPTION_OF, TABLES
from tests.imports import LOAD_STAGES, differences, published, run_import, truth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.importer import ImportHandle

SECONDS = 30


def begin(site: DemoSite, data_dir: Path, **parameters: object) -> ImportHandle:
    """A slow import: a hundred rows a batch, an ask in a twentieth of a second."""
    told = {
        "source": site.url,
        "data_dir": str(data_dir),
        "stages": LOAD_STAGES,
        "batch_rows": 50,
        "seconds_between_asks": 0.05,
        **parameters,
    }
    return importer.start(Settings.gather(told), lifeline=True)


def until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < give_up, "it didn't come to that in time"
        time.sleep(0.02)


def asks_done(handle: ImportHandle) -> int:
    with Journal(handle.data_dir) as journal:
        return sum(stage.asks_done for stage in journal.stages(handle.run_id))


def assert_whole(site: DemoSite, data_dir: Path) -> None:
    league = site.league
    for name in TABLES:
        if name != "answer" and name not in OPTION_OF:
            assert differences(published(data_dir, name), truth(league, name), name) == []


def test_a_paused_import_waits_and_goes_on_when_told(site: DemoSite, data_dir: Path) -> None:
    handle = begin(site, data_dir)
    until(lambda: asks_done(handle) > 3)
    handle.pause()
    until(lambda: handle.run().state == "paused")
    seen = asks_done(handle)
    time.sleep(0.5)
    assert asks_done(handle) == seen
    handle.resume()
    until(lambda: asks_done(handle) > seen)
    handle.stop()
    with pytest.raises(RunStoppedError):
        handle.wait()


def test_a_stopped_import_goes_on_where_it_was(own_site: DemoSite, data_dir: Path) -> None:
    handle = begin(own_site, data_dir)
    until(lambda: asks_done(handle) > 20)
    handle.stop()
    with pytest.raises(RunStoppedError, match="The import was stopped") as caught:
        handle.wait()
    assert caught.value.remedy == "Run again to go on: nothing is lost."
    assert handle.run().state == "stopped"
    run_import(own_site, data_dir)
    assert_whole(own_site, data_dir)
    assert asked_again(own_site) == 0


def asked_again(site: DemoSite) -> int:
    """How many asks were made a second time, but for the look at the tail of the list of judges (two pages)."""
    asked = [(entry["path"], entry["query"], str(entry["fields"])) for entry in site.log()["requests"]]
    return len(asked) - len(set(asked)) - 1


def test_a_slider_moved_while_it_runs_changes_the_next_batches(site: DemoSite, data_dir: Path) -> None:
    handle = begin(site, data_dir)
    until(lambda: asks_done(handle) > 3)
    refused: dict[Any, str] = {0: "is not 1 or more", 1.5: "is not a whole number", "x": "is not a number"}
    for rows, wrong in refused.items():
        with pytest.raises(SettingsError, match=f"batch_rows: {rows!r} {wrong}"):
            handle.set_batch_rows(rows)
    handle.set_batch_rows(123)

    def is_followed() -> bool:
        with Journal(data_dir) as journal:
            return any(batch.rows_target == 123 for batch in journal.batches(handle.run_id))

    until(is_followed)
    handle.stop()
    with pytest.raises(RunStoppedError):
        handle.wait()


@pytest.mark.parametrize("asks_before", [1, 30, 75])
def test_killed_at_any_moment_it_goes_on_and_asks_for_nothing_twice(
    own_site: DemoSite, data_dir: Path, asks_before: int
) -> None:
    handle = begin(own_site, data_dir)
    until(lambda: asks_done(handle) >= asks_before)
    pid = handle.run().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(RunDiedError, match="killed, or out of memory"):
        handle.wait()
    assert handle.run().state == "died"
    run_import(own_site, data_dir)
    assert_whole(own_site, data_dir)
    # The one ask that was on its way when the process died may be made again.
    assert asked_again(own_site) <= 1


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(site: DemoSite, data_dir: Path, how: signal.Signals) -> None:
    handle = begin(site, data_dir)
    until(lambda: asks_done(handle) > 3)
    pid = handle.run().pid
    assert pid is not None
    os.kill(pid, how)
    with pytest.raises(RunStoppedError, match="stopped by a signal"):
        handle.wait()


def test_two_imports_in_one_folder_the_second_says_who_runs(site: DemoSite, data_dir: Path) -> None:
    first = begin(site, data_dir)
    until(lambda: asks_done(first) > 3)
    second = begin(site, data_dir)
    with pytest.raises(FolderBusyError) as caught:
        second.wait()
    assert f"run {first.run_id} (process {first.run().pid}) since 2" in caught.value.message
    first.stop()
    with pytest.raises(RunStoppedError):
        first.wait()


def test_an_import_that_cant_be_started_or_have_the_folder_is_told_as_failed(site: DemoSite, data_dir: Path) -> None:
    for name in ("importer.log", "import.lock"):
        (data_dir / name).mkdir(parents=True)
        with pytest.raises(FolderError, match=name):
            begin(site, data_dir).wait()
        (data_dir / name).rmdir()
    with Journal(data_dir) as journal:
        assert [run.state for run in journal.runs()] == ["failed", "failed"]


@pytest.mark.parametrize("form", ["page_data", "dom"])
def test_a_redeploy_in_the_middle_of_an_import_changes_nothing(own_site: DemoSite, data_dir: Path, form: str) -> None:
    handle = begin(own_site, data_dir, form=form, years="2023,2024", seconds_between_asks=0.02)
    for asks in (10, 40):
        until(lambda asks=asks: asks_done(handle) > asks)  # type: ignore[misc]  # bound on purpose
        own_site.redeploy()
    handle.wait()
    seasons = [row for row in truth(own_site.league, "player_season") if row["year"] in {2023, 2024}]
    assert differences(published(data_dir, "player_season"), seasons, "player_season") == []
    years = {row["tournament_id"]: row["date_start"].year for row in truth(own_site.league, "tournament")}
    games = [row for row in truth(own_site.league, "game") if years[row["tournament_id"]] in {2023, 2024}]
    assert differences(published(data_dir, "game"), games, "game") == []


def test_an_import_with_a_lifeline_ends_with_the_process_that_started_it(site: DemoSite, data_dir: Path) -> None:
    code = (
        "import sys, time\n"
        "from gomafia_kit import importer\n"
        "from gomafia_kit.settings import Settings\n"
        f"told = {{'source': {site.url!r}, 'data_dir': {str(data_dir)!r}, 'seconds_between_asks': 0.3}}\n"
        "handle = importer.start(Settings.gather(told), lifeline=True)\n"
        "print(handle.run_id, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        run_id = int(parent.stdout.readline())
        handle = importer.ImportHandle(data_dir, run_id)
        until(lambda: asks_done(handle) > 1)
        parent.kill()
    until(lambda: not handle.run().is_working)
    assert handle.run().state == "stopped"
