"""GOMAFIA_ALERT: a real command and a real web server are told of what needs a person."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from gomafia_kit import importer
from gomafia_kit.errors import NotInArchiveError, OutOfBudgetError, RunDiedError
from gomafia_kit.importer.alerts import SECONDS_BETWEEN_LOOKS, VARIABLE, Alerts
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from gomafia_kit.widgets.handle import RunHandle
from tests.alerts import writing_down, written_down
from tests.imports import run_import

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite

KEY = "k3y-of-the-address"


@contextmanager
def _server(status: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A web server that answers so, and what it was sent."""
    got: list[dict[str, Any]] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with HTTPServer(("127.0.0.1", 0), Taker) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook?key={KEY}", got
        finally:
            server.shutdown()


def test_a_command_is_told_once_of_each_end_of_the_budget(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, writing_down(tmp_path / "получено.jsonl"))
    with pytest.raises(OutOfBudgetError):
        run_import("demo", data_dir, stages="clubs,tournaments", memory_limit_mb=64, batch_rows=10)
    told = written_down(tmp_path / "получено.jsonl")
    assert sorted(alert["kind"] for alert in told) == ["budget", "memory"]
    assert {(alert["run_id"], alert["data_dir"]) for alert in told} == {(1, str(data_dir))}
    assert all("of 64 MB" in alert["text"] or "of the 64 MB" in alert["text"] for alert in told)


@pytest.mark.parametrize("status", [204, 500])
def test_an_address_is_told_of_a_failed_run_and_is_never_shown(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with _server(status) as (address, got):
        monkeypatch.setenv(VARIABLE, address)
        with pytest.raises(NotInArchiveError):
            run_import("demo", data_dir, stages="clubs", offline=True)
    assert [alert["kind"] for alert in got] == ["failed"]
    with Journal(data_dir) as journal:
        assert got[0]["text"] == journal.run(1).message
        said = [text for _, text in journal.notices(1) if text.startswith("The alert")]
    assert said == (["The alert (failed) did not arrive. 127.0.0.1 answered with status 500."] if status == 500 else [])
    for file in data_dir.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file


def test_an_address_is_told_through_the_proxy_of_the_environment(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults: list[str] = []
    with _server(204) as (proxy, got):
        monkeypatch.setenv("HTTP_PROXY", proxy)
        with Alerts("http://alerts.example/hook", _silent_run(data_dir), data_dir, faults.append) as alert:
            alert("failed", "said")
    assert ([told["text"] for told in got], faults) == (["said"], [])


@pytest.mark.parametrize("waiting", ["wait", "watch"])
def test_a_killed_run_is_told_by_who_waits_for_it(
    own_site: DemoSite, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waiting: str
) -> None:
    monkeypatch.setenv(VARIABLE, writing_down(tmp_path / "told.jsonl"))
    told = {"source": own_site.url, "data_dir": str(data_dir), "stages": "players", "seconds_between_asks": 0.5}
    handle = importer.start(Settings.gather(told), lifeline=True)
    while handle.run().state != "running":
        time.sleep(0.02)
    psutil.Process(handle.run().pid).kill()
    if waiting == "wait":
        with pytest.raises(RunDiedError):
            handle.wait(seconds_between_polls=0.05)
    else:
        ended = asyncio.run(RunHandle(data_dir, handle.run_id, handle._process).watch())
        assert ended.state == "died"
    (alert,) = written_down(tmp_path / "told.jsonl")
    assert alert["kind"] == "failed"
    assert "killed, or out of memory" in alert["text"]


def _silent_run(data_dir: Path) -> int:
    """A run at work by its record, of which nothing is heard."""
    with Journal(data_dir) as journal:
        run_id = journal.begin({"stall_minutes": {"value": 0.0001, "from": "parameter"}})
        journal.adopt(run_id)
        journal.set_state(run_id, "running")
    return run_id


def test_a_stall_is_told_once_whoever_watches_for_it(data_dir: Path, tmp_path: Path) -> None:
    run_id, file = _silent_run(data_dir), tmp_path / "stalls.jsonl"
    faults: list[str] = []
    with (
        Alerts(writing_down(file), run_id, data_dir, faults.append) as own,
        Alerts(writing_down(file), run_id, data_dir, faults.append) as of_a_waiter,
    ):
        give_up = time.monotonic() + 20 * SECONDS_BETWEEN_LOOKS
        while not written_down(file) and time.monotonic() < give_up:
            time.sleep(0.05)
        own("stalled", "again")
        of_a_waiter("stalled", "again")
    assert [alert["kind"] for alert in written_down(file)] == ["stalled"]
    assert faults == []


def test_a_command_that_fails_or_is_not_there_is_a_notice(data_dir: Path) -> None:
    faults: list[str] = []
    for target, fault in (
        (f"{shlex.quote(sys.executable)} -c 'raise SystemExit(3)' {KEY}", f"{sys.executable} ended with 3"),
        (f"/nowhere/at-all {KEY}", "/nowhere/at-all: FileNotFoundError"),
        (f"http://[{KEY}", "the address: "),
    ):
        with Alerts(target, _silent_run(data_dir), data_dir, faults.append) as alert:
            alert("failed", "again")
            alert("failed", "and again")
        (said,) = faults
        assert said.startswith(f"The alert (failed) did not arrive. {fault}")
        assert KEY not in said
        faults.clear()
