"""A run that is paused, stopped or out of time ends clean, with its account; one that hangs is noticed."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from gomafia_kit import importer
from gomafia_kit.cli.app import main
from gomafia_kit.errors import RunDiedError, RunStoppedError
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.log import EVENTS_FILE
from gomafia_kit.settings import Settings
from tests.imports import differences, published, run_import, truth

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.importer import ImportHandle
    from gomafia_kit.runs.journal import StageProgress


def started(site: DemoSite, data_dir: Path, **parameters: object) -> ImportHandle:
    """An import that takes its time."""
    told = {"source": site.url, "data_dir": str(data_dir), "stages": "players,tournaments,games", **parameters}
    handle = importer.start(Settings.gather({"seconds_between_asks": 0.1} | told), lifeline=True)
    while not any(stage.asks_done for stage in _stages(handle)):
        time.sleep(0.02)
    return handle


def _stages(handle: ImportHandle) -> tuple[StageProgress, ...]:
    with Journal(handle.data_dir) as journal:
        return journal.stages(handle.run_id)


def check_account(handle: ImportHandle) -> None:
    """A stopped run's receipt adds up, and what it staged is the truth so far."""
    run = handle.run()
    assert run.state == "stopped"
    assert run.receipt is not None
    assert not run.receipt["nothing_new"]
    assert run.receipt["asks"]["made"] > 0
    for row in run.receipt["tables"]:
        assert row["fetched"] == row["staged"] + row["rejected"] + row["duplicates"]


def test_a_stopped_run_has_its_receipt_and_the_next_goes_on(own_site: DemoSite, data_dir: Path) -> None:
    handle = started(own_site, data_dir)
    handle.pause()
    while handle.run().state != "paused":
        time.sleep(0.02)
    handle.resume()
    handle.stop()
    with pytest.raises(RunStoppedError, match="was stopped"):
        handle.wait(seconds_between_polls=0.05)
    check_account(handle)
    run_import(own_site, data_dir)
    assert differences(published(data_dir, "seat"), truth(own_site.league, "seat"), "seat") == []


def test_files_of_the_working_folder_are_never_run(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("html", "random", "queue", "duckdb"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('run')", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert run_import("demo", data_dir, stages="clubs").state == "done"


def test_the_longest_time_ends_a_run_like_a_stop(own_site: DemoSite, data_dir: Path) -> None:
    handle = started(own_site, data_dir, longest_minutes=0.02)
    with pytest.raises(RunStoppedError, match=r"has worked for its longest time, 0\.02 minutes") as caught:
        handle.wait(seconds_between_polls=0.05)
    assert "nothing is lost" in caught.value.remedy
    check_account(handle)


def test_a_signal_ends_a_run_with_its_receipt(own_site: DemoSite, data_dir: Path) -> None:
    handle = started(own_site, data_dir)
    psutil.Process(handle.run().pid).terminate()
    with pytest.raises(RunStoppedError, match="by a signal"):
        handle.wait(seconds_between_polls=0.05)
    check_account(handle)


def test_a_process_that_hangs_is_told_as_stalled(
    own_site: DemoSite, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handle = started(own_site, data_dir, stall_minutes=0.02)
    process = psutil.Process(handle.run().pid)
    where = ["--data-dir", str(data_dir)]
    assert main(["status", "--check", *where]) == 0
    process.suspend()
    try:
        time.sleep(1.5)
        capsys.readouterr()
        assert main(["status", "--check", *where]) == 53
        assert re.search(r"^STALLED: nothing has happened for \d\.\d s\.$", capsys.readouterr().out, re.MULTILINE)
    finally:
        process.resume()
    handle.stop()
    with pytest.raises(RunStoppedError):
        handle.wait(seconds_between_polls=0.05)
    assert main(["status", "--check", *where]) == RunStoppedError.exit_code


def test_a_monitor_follows_a_run_to_its_end(
    own_site: DemoSite, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handle = started(own_site, data_dir, stages="players", years="2024")
    assert main(["monitor", "--every", "0.3", "--json", "--data-dir", str(data_dir)]) == 0
    run = handle.wait()
    looks = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {look["run_id"] for look in looks} == {handle.run_id}
    assert looks[0]["state"] == "running"
    assert looks[-1]["state"] == "done"
    assert looks[-1]["rows"] == len(truth(own_site.league, "player_season")) or looks[-1]["rows"] > 0
    assert looks[0]["most_asks_per_second"] == pytest.approx(10)
    assert main(["monitor", "--data-dir", str(data_dir)]) == 0
    said = capsys.readouterr().out
    assert "asked of the site: " in said
    assert "memory: " in said
    assert main(["status", str(handle.run_id), "--json", "--data-dir", str(data_dir)]) == 0
    assert json.loads(capsys.readouterr().out)["receipt"]["asks"]["made"] == (run.receipt or {})["asks"]["made"]


def test_every_event_is_a_line_of_json(own_site: DemoSite, data_dir: Path) -> None:
    own_site.fault("status", status=503, times=1, prefix="/api/club")
    run = run_import(own_site, data_dir, stages="clubs", seconds_between_asks=0)
    lines = (data_dir / EVENTS_FILE).read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    assert {event["run_id"] for event in told} == {run.run_id}
    assert all("at" in event for event in told)
    kinds = [event["event"] for event in told]
    assert {"StageStarted", "AskDone", "BatchStarted", "BatchDone", "StageDone"} <= set(kinds)
    made = sum(event["made"] for event in told if event["event"] == "AskDone")
    assert run.receipt is not None
    assert 0 < made <= run.receipt["asks"]["made"]
    assert (data_dir / EVENTS_FILE).stat().st_mode & 0o077 == 0
    noted = [event["text"] for event in told if event["event"] == "Notice"]
    with Journal(data_dir) as journal:
        assert noted == [text for _, text in journal.notices(run.run_id)]
    assert any("Attempt 2 of 5" in text for text in noted)


def test_a_process_that_ends_before_it_takes_its_order_is_told_as_dead(data_dir: Path) -> None:
    settings = Settings.gather({"source": "demo", "data_dir": str(data_dir), "stages": "clubs"})
    for _ in range(5):  # it may also end just behind the order
        handle = importer.start(settings, lifeline=True, within=("/bin/false",))
        with pytest.raises(RunDiedError, match="ended without a word"):
            handle.wait(seconds_between_polls=0.02)


@pytest.mark.parametrize("way", ["wish", "signal"])
def test_the_next_run_waits_for_one_that_is_to_stop(own_site: DemoSite, data_dir: Path, way: str) -> None:
    first = started(own_site, data_dir)
    own_site.fault("delay", seconds=2.0, times=1)  # so long it can't look whether it is to stop
    time.sleep(0.3)
    if way == "wish":
        first.stop()
    else:
        psutil.Process(first.run().pid).terminate()
        while first.run().state == "running":
            time.sleep(0.02)
    assert first.run().is_working
    assert run_import(own_site, data_dir, stages="players").state == "done"
    with pytest.raises(RunStoppedError):
        first.wait(seconds_between_polls=0.05)


def test_a_wait_that_the_site_asked_for_is_no_stall(own_site: DemoSite, data_dir: Path) -> None:
    handle = started(own_site, data_dir, stall_minutes=0.02)
    own_site.fault("status", status=429, retry_after="7", times=1, prefix="/api/")
    with Journal(data_dir) as journal:
        while not any("Attempt 2 of 5" in text for _, text in journal.notices(handle.run_id)):
            time.sleep(0.02)
        time.sleep(2.5)
        assert not journal.is_stalled(journal.run(handle.run_id))
    handle.stop()
    with pytest.raises(RunStoppedError):
        handle.wait(seconds_between_polls=0.05)
