"""What goes wrong on one's own machine: said, mended where it can be, and nothing lost."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from psycopg import sql

from gomafia_kit import importer
from gomafia_kit.errors import DamagedFileError, FolderBusyError, FolderError, PushError, RunDiedError, RunStoppedError
from gomafia_kit.fetch.archive import ARCHIVE_FILE
from gomafia_kit.importer import working_alone
from gomafia_kit.postgres.address import URL_VARIABLE, given_address
from gomafia_kit.runs.database import RUNS_FILE
from gomafia_kit.runs.drive import Mount, check_drive
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from gomafia_kit.staging.published import DUCKDB_FILE
from tests.faults.seen import lost, told
from tests.imports import run_import
from tests.postgres.conftest import Place
from tests.postgres.folder import Folder
from tests.postgres.machine import CANARY, OtherServer, until
from tests.postgres.test_lost_connections import END_MYSELF, PLAYERS, people, prepared, stands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from gomafia_kit.demo import DemoSite
    from tests.faults.conftest import Fault

STAGES = "tournaments,games"


@pytest.fixture(scope="module")
def filled(running_site: DemoSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the games of the league; each test takes a copy."""
    folder = tmp_path_factory.mktemp("filled") / "лига"
    run_import(running_site, folder, stages=STAGES)
    return folder


@pytest.fixture
def data_dir(filled: Path, tmp_path: Path) -> Path:
    return shutil.copytree(filled, tmp_path / "лига")


def flip(path: Path, place: int | None = None) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if place is None else place] ^= 0xFF
    path.write_bytes(content)


def nameless(sentence: str) -> str:
    """A sentence without the names and numbers that are others each time."""
    sentence = re.sub(r"[0-9a-f]{12}-[0-9a-f]{40}", "...", sentence)
    sentence = re.sub(r"\((process|user \w+, server process) \d+\)", r"(\1 ...)", sentence)
    sentence = re.sub(r"process \d+", "process ...", sentence)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "...", sentence)


# -- damaged files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a damaged part", "a damaged answer", "a damaged publication"])
def test_what_is_damaged_is_mended(site: DemoSite, data_dir: Path, fault: Fault, name: str) -> None:
    asked = site.log()["total"]
    if name == "a damaged part":
        flip(next((data_dir / "parts" / "seat").glob("*.parquet")))
    elif name == "a damaged publication":
        flip(data_dir / DUCKDB_FILE)
    else:
        spoil_an_answer(data_dir)
    run_import(site, data_dir, stages=STAGES)
    assert site.log()["total"] - asked == (name == "a damaged answer")
    seen = told(data_dir)
    sees = nameless(" ".join(seen.notices))
    fault.told(name, sees=sees, lost=lost(data_dir, site.league), seconds=seen.seconds)


def spoil_an_answer(data_dir: Path) -> None:
    with closing(sqlite3.connect(data_dir / ARCHIVE_FILE)) as archive, archive:
        chosen = "SELECT ask_id, body FROM answer WHERE kind = 'tournament' ORDER BY ask_key LIMIT 1"
        ask_id, body = archive.execute(chosen).fetchone()
        archive.execute("UPDATE answer SET body = ? WHERE ask_id = ?", (body[:-1] + bytes([body[-1] ^ 0xFF]), ask_id))


def test_a_damaged_run_store_ends_the_run_before_it_asks(site: DemoSite, data_dir: Path, fault: Fault) -> None:
    store = data_dir / RUNS_FILE
    with closing(sqlite3.connect(store)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'load_subject'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    flip(store, (page - 1) * size)
    asked, began = site.log()["total"], time.monotonic()
    with pytest.raises(DamagedFileError) as caught:
        run_import(site, data_dir, stages=STAGES)
    assert site.log()["total"] == asked
    loss = lost(data_dir, site.league)
    sees = re.sub(r"\(\*.*\)\.", "(...).", str(caught.value))
    fault.told("a damaged run store", sees=sees, lost=loss, seconds=time.monotonic() - began)


# -- disks -----------------------------------------------------------------------------------------


def test_a_file_that_may_not_grow_any_more(site: DemoSite, tmp_path: Path, fault: Fault) -> None:
    """The kernel refuses what is written beyond a size, as a quota does: to root as well."""
    folder = tmp_path / "neu"
    chosen = {"source": site.url, "data_dir": str(folder), "stages": STAGES, "seconds_between_asks": 0.05}
    handle = importer.start(Settings.gather({**chosen, "batch_rows": 100}), lifeline=True)
    assert until(lambda: (folder / ARCHIVE_FILE).is_file() and asks_done(handle) > 2)
    pid = handle.run().pid
    assert pid is not None
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))
    began = time.monotonic()
    with pytest.raises(FolderError) as caught:
        handle.wait()
    seconds = time.monotonic() - began
    assert str(folder) in caught.value.message
    run_import(site, folder, stages=STAGES)
    loss = lost(folder, site.league)
    fault.told("a disk that takes no more", sees=str(caught.value), lost=loss, seconds=seconds)


def asks_done(handle: importer.ImportHandle) -> int:
    with Journal(handle.data_dir) as journal:
        return sum(stage.asks_done for stage in journal.stages(handle.run_id))


def test_a_network_drive(fault: Fault, tmp_path: Path) -> None:
    """Over a real one in tests/root; here the table of what is mounted names the folder's drive so."""
    with pytest.raises(FolderError) as caught:
        check_drive(tmp_path / "лига", [Mount("/", "ext4"), Mount(str(tmp_path), "nfs4")])
    fault.told("a data folder on a network drive", sees=str(caught.value), seconds=0.0)


# -- others at work --------------------------------------------------------------------------------


def test_two_imports_into_one_folder(site: DemoSite, data_dir: Path, fault: Fault) -> None:
    chosen = {"source": site.url, "data_dir": str(data_dir), "stages": STAGES, "refresh": True}
    first = importer.start(Settings.gather({**chosen, "seconds_between_asks": 1.0}), lifeline=True)
    assert until(lambda: asks_done(first) > 1)
    began = time.monotonic()
    with pytest.raises(FolderBusyError) as caught:
        run_import(site, data_dir, stages=STAGES)
    seconds = time.monotonic() - began
    assert f"(process {first.run().pid})" in caught.value.message
    assert f"gk.attach({str(data_dir)!r}, {first.run_id})" in caught.value.remedy
    with pytest.raises(FolderBusyError) as again, working_alone(data_dir):
        pass  # a rebuild knows nothing of the runs, and is told the same
    assert again.value.message == caught.value.message
    first.stop()
    with pytest.raises(RunStoppedError):
        first.wait()
    loss = lost(data_dir, site.league)
    fault.told("two imports into one folder", sees=nameless(str(caught.value)), lost=loss, seconds=seconds)


def test_an_import_that_was_killed_holds_nobody_up(site: DemoSite, data_dir: Path) -> None:
    chosen = {"source": site.url, "data_dir": str(data_dir), "stages": STAGES, "refresh": True}
    first = importer.start(Settings.gather({**chosen, "seconds_between_asks": 1.0}), lifeline=True)
    assert until(lambda: asks_done(first) > 1)
    pid = first.run().pid
    assert pid is not None
    psutil.Process(pid).kill()
    with pytest.raises(RunDiedError):
        first.wait()
    assert run_import(site, data_dir, stages=STAGES).state == "done"
    assert lost(data_dir, site.league) == []


# -- Chromium --------------------------------------------------------------------------------------


def test_a_browser_that_is_killed(site: DemoSite, tmp_path: Path, fault: Fault) -> None:
    folder = tmp_path / "neu"
    site.fault("delay", times=None, seconds=0.05, prefix="/api/tournament/")
    chosen = {"source": site.url, "data_dir": str(folder), "stages": STAGES, "via": "chromium"}
    handle = importer.start(Settings.gather(chosen), lifeline=True)
    assert until(lambda: asks_done(handle) > 2)
    pid = handle.run().pid
    browser = [child for child in psutil.Process(pid).children(recursive=True) if "chrom" in child.name()]
    assert browser
    for process in browser:
        with suppress(psutil.NoSuchProcess):  # it ended with the one before it
            process.kill()
    handle.wait(seconds_between_polls=0.05)
    assert psutil.wait_procs(browser, 5)[1] == []
    seen = told(folder)
    (notice,) = (text for text in seen.notices if text.startswith("Chromium failed at"))
    sees = re.sub(r"failed at .* Attempt", "failed at ... Attempt", notice)
    fault.told("a Chromium that is killed", sees=sees, lost=lost(folder, site.league), seconds=seen.seconds)


_IMPATIENT = """
import json, sys
from gomafia_kit.fetch import chromium
class Impatient(chromium.ChromiumFetcher):
    def __init__(self, *values, **named):
        super().__init__(*values, seconds_to_load=4.0, **named)
chromium.ChromiumFetcher, chromium.SECONDS_OF_GRACE, chromium.SECONDS_TO_CLOSE = Impatient, 1.0, 2.0
from gomafia_kit.importer import run_here
from gomafia_kit.settings import Settings
sys.exit(run_here(Settings.gather(json.loads(sys.argv[1]))).run().exit_code)
"""
"""An import that waits for its browser for seconds instead of a minute."""


def test_a_browser_that_is_stopped(site: DemoSite, tmp_path: Path, fault: Fault) -> None:
    folder = tmp_path / "neu"
    site.fault("delay", times=None, seconds=0.05, prefix="/api/tournament/")
    chosen = {"source": site.url, "data_dir": str(folder), "stages": STAGES, "via": "chromium"}
    with subprocess.Popen(
        [sys.executable, "-c", _IMPATIENT, json.dumps(chosen)], env={**os.environ, "TMPDIR": str(tmp_path)}
    ) as process:
        assert until((folder / ARCHIVE_FILE).is_file)
        handle = importer.ImportHandle(folder, 1)
        assert until(lambda: asks_done(handle) > 2)
        browser = [each for each in psutil.Process(process.pid).children(recursive=True) if "chrom" in each.name()]
        began = time.monotonic()
        for each in browser:
            each.suspend()
        assert until(lambda: told(folder).notices[-1:] and "Chromium hung" in told(folder).notices[-1])
        done = asks_done(handle)
        assert until(lambda: asks_done(handle) > done)
        seconds = time.monotonic() - began
    assert process.returncode == 0
    assert psutil.wait_procs(browser, 5)[1] == []
    assert [path.name for path in tmp_path.iterdir() if "playwright" in path.name] == []
    (sees,) = (text for text in told(folder).notices if text.startswith("Chromium hung at"))
    fault.told("a Chromium that is stopped", sees=sees, lost=lost(folder, site.league), seconds=seconds)


# -- the clock -------------------------------------------------------------------------------------


def test_answers_from_the_future(site: DemoSite, data_dir: Path, fault: Fault) -> None:
    """The clock was a year ahead when everything came; tests/root lets it jump while an import is at work."""
    for file, table in ((ARCHIVE_FILE, "answer"), (RUNS_FILE, "load")):
        with closing(sqlite3.connect(data_dir / file)) as db, db:
            later = (datetime.now(UTC) + timedelta(days=365)).isoformat()
            db.execute(f"UPDATE {table} SET fetched_at = ?", (later,))
    asked, began = site.log()["total"], time.monotonic()
    run_import(site, data_dir, stages=STAGES)
    seconds = time.monotonic() - began
    assert site.log()["total"] > asked
    sees = told(data_dir).notices[0]
    fault.told("a clock that was a year ahead", sees=nameless(sees), lost=lost(data_dir, site.league), seconds=seconds)


# -- PostgreSQL ------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[OtherServer, Place]]:
    with OtherServer() as server:
        monkeypatch.setenv(URL_VARIABLE, server.url("postgres"))
        address = given_address()
        assert address is not None
        yield server, Place(address, "league", Folder(tmp_path / "by hand"))


def test_a_server_in_trouble(place: tuple[OtherServer, Place], fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    server, pushed = place
    for schema, empty, name in (("one", True, "a session ended in COPY"), ("two", False, "a session ended in MERGE")):
        pushed.schema = schema
        prepared(pushed, END_MYSELF, empty=empty)
        tell_a_push(pushed, fault, name)
    pushed.schema = "three"
    prepared(pushed, "pg_sleep(60)", empty=True)
    thread = threading.Thread(target=restart_in_the_middle, args=(server,))
    thread.start()
    tell_a_push(pushed, fault, "PostgreSQL restarts")
    thread.join()
    pushed.schema = "four"
    pushed.folder.told.clear()
    thread = threading.Thread(target=close_once_said, args=(only_connection(server), pushed.folder.told))
    thread.start()
    with monkeypatch.context() as patch:
        patch.setenv(URL_VARIABLE, server.url("postgres", user="guest"))
        tell_a_push(pushed, fault, "PostgreSQL has no free connection")
    thread.join()


def close_once_said(held: psycopg.Connection[Any], said: list[str]) -> None:
    """Free the connection once a push has said that it gets none."""
    assert until(lambda: said)
    held.close()


def only_connection(server: OtherServer) -> psycopg.Connection[Any]:
    """The one connection that the new user `guest` may have."""
    with server.connect() as connection:
        role = sql.SQL("CREATE ROLE guest LOGIN CONNECTION LIMIT 1 PASSWORD {}")
        connection.execute(role.format(sql.Literal(CANARY)))
        connection.execute("GRANT ALL ON DATABASE postgres TO guest")
    return server.connect(user="guest")


def test_a_push_that_waits_for_a_server_is_stopped_at_once(
    site: DemoSite, data_dir: Path, place: tuple[OtherServer, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _ = place
    with closing(only_connection(server)):
        monkeypatch.setenv(URL_VARIABLE, server.url("postgres", user="guest"))
        chosen = {"source": site.url, "data_dir": str(data_dir), "stages": "push"}
        handle = importer.start(Settings.gather(chosen), lifeline=True)
        assert until(lambda: any("Push 3 of 6" in text for text in told(data_dir).notices))
        handle.stop()
        with pytest.raises(RunStoppedError):
            handle.wait()
    assert not any("Push 5 of 6" in text for text in told(data_dir).notices)


def tell_a_push(pushed: Place, fault: Fault, name: str) -> None:
    pushed.folder.told.clear()
    began = time.monotonic()
    pushed.folder.push(pushed.schema)
    seconds = time.monotonic() - began
    loss = [] if stands(pushed) == [(PLAYERS, "после", "после")] else ["rows"]
    sees = re.sub(r"port \d+", "port ...", pushed.folder.told[0])
    if name == "PostgreSQL restarts":  # what is said first depends on the moment
        sees = re.sub(r"were pushed: .* Push", "were pushed: ... Push", sees)
    fault.told(name, sees=nameless(sees), lost=loss, seconds=seconds)


def restart_in_the_middle(server: OtherServer) -> None:
    with server.connect() as connection:
        asleep = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        assert until(lambda: connection.execute(asleep).fetchone())
        connection.execute("CHECKPOINT")  # else the sequence forgets that the trouble has been
    server.stop()
    server.start()


def test_two_pushes_into_one_schema(place: tuple[OtherServer, Place], fault: Fault, tmp_path: Path) -> None:
    """From two folders of the league: the second says who is at work since when, and stops."""
    server, first = place
    prepared(first, "pg_advisory_xact_lock_shared(1)", empty=True)
    second = Folder(tmp_path / "another")
    second.put("players", player=people("другой"))
    thread = threading.Thread(target=first.folder.push, args=(first.schema,))
    with server.connect() as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        thread.start()
        held_up = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory'"
        assert until(lambda: connection.execute(held_up).fetchone())
        began = time.monotonic()
        with pytest.raises(PushError) as caught:
            second.push(first.schema)
        seconds = time.monotonic() - began
    thread.join()
    loss = [] if stands(first) == [(PLAYERS, "после", "после")] else ["rows"]
    fault.told("two pushes into one schema", sees=nameless(str(caught.value)), lost=loss, seconds=seconds)
