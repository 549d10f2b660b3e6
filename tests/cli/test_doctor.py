"""`gomafia doctor` finds what is broken, one thing at a time."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gomafia_kit.cli.doctor import Check, _privacy
from gomafia_kit.runs.database import LAYOUT_VERSION
from gomafia_kit.settings import Settings
from tests.cli.conftest import Gomafia

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.demo import DemoSite


def looked(gomafia: Gomafia, *arguments: str | Path, **environment: str) -> tuple[int, dict[str, tuple[str, str, str]]]:
    """Exit code, and for each check its state, text and remedy."""
    ended = gomafia("doctor", "--json", *arguments, **environment)
    told = {check["name"]: (check["state"], check["text"], check["remedy"]) for check in json.loads(ended.out)}
    for state, text, remedy in told.values():
        assert text
        assert bool(remedy) == (state != "ok")
    return ended.code, told


def problems(told: dict[str, tuple[str, str, str]]) -> list[str]:
    return [name for name, (state, _, _) in told.items() if state == "problem"]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a small import in it, to copy from."""
    command = Gomafia(tmp_path_factory.mktemp("home"))
    assert command("run", "--stages", "tournaments").code == 0
    return command.home / "data" / "demo-tiny"


@pytest.fixture
def folder(gomafia: Gomafia, imported: Path) -> Path:
    """A data folder with a small import in it, to break."""
    return Path(shutil.copytree(imported, gomafia.home / "data" / "demo-tiny"))


def test_a_sound_machine_has_no_problem(gomafia: Gomafia, site: DemoSite) -> None:
    code, told = looked(gomafia, "--source", site.url)
    assert (code, problems(told)) == (0, [])
    assert list(told) == [
        "Python",
        "packages",
        "Chromium",
        "PostgreSQL",
        "data folder",
        "privacy",
        "run store",
        "archive",
        "disk",
        "memory",
        "alerts",
        "site",
    ]
    assert f"{site.url} answers; robots.txt allows what is asked" in told["site"][1]
    assert list(gomafia.home.iterdir()) == []


def test_the_site_is_asked_once_and_only_if_it_is_named(gomafia: Gomafia, site: DemoSite) -> None:
    site.log(reset=True)
    assert "site" not in looked(gomafia)[1]
    looked(gomafia, "--source", site.url)
    assert site.log()["counts"] == {"GET /robots.txt": 1}


def test_it_starts_a_demo_site_if_that_is_the_source(gomafia: Gomafia) -> None:
    code, told = looked(gomafia, "--source", "demo")
    assert code == 0
    assert told["site"][0] == "ok"


def test_a_filled_folder_is_described(gomafia: Gomafia, folder: Path) -> None:
    code, told = looked(gomafia)
    assert code == 0
    assert told["run store"][1] == f"1 runs, the last one done; layout {LAYOUT_VERSION}"
    assert told["archive"][1].startswith("2 answers of demo-tiny")
    assert told["data folder"][1] == str(folder)


def test_an_unreachable_site_is_a_problem(gomafia: Gomafia) -> None:
    code, told = looked(gomafia, "--source", "http://127.0.0.1:9")
    assert (code, problems(told)) == (1, ["site"])
    assert "no connection" in told["site"][1]


def test_an_unreachable_server_is_a_problem(gomafia: Gomafia) -> None:
    url = "postgresql://user:canary-7491@127.0.0.1:9/db"
    code, told = looked(gomafia, GOMAFIA_POSTGRES_URL=url)
    assert (code, problems(told)) == (1, ["PostgreSQL"])
    assert "127.0.0.1:9" in told["PostgreSQL"][1]
    assert "canary-7491" not in str(told)


def test_an_address_that_is_none_is_a_problem(gomafia: Gomafia) -> None:
    code, told = looked(gomafia, GOMAFIA_POSTGRES_URL="mysql://user:canary-7491@host/db")
    assert (code, problems(told)) == (1, ["PostgreSQL"])
    assert "canary-7491" not in str(told)


def test_a_damaged_run_store_is_a_problem(gomafia: Gomafia, folder: Path) -> None:
    (folder / "runs.sqlite").write_bytes(b"this is no database, whatever its name says" * 100)
    for name in ("runs.sqlite-wal", "runs.sqlite-shm"):
        (folder / name).unlink(missing_ok=True)
    code, told = looked(gomafia)
    assert (code, problems(told)) == (1, ["run store"])
    assert "damaged" in told["run store"][1]
    ended = gomafia("status")
    assert ended.code == 33
    assert "runs.sqlite is damaged" in ended.complaint[0]


def test_a_newer_layout_is_a_problem(gomafia: Gomafia, folder: Path) -> None:
    for name in ("runs.sqlite", "archive.sqlite"):
        with closing(sqlite3.connect(folder / name)) as database:
            database.execute("PRAGMA user_version=99")
    code, told = looked(gomafia)
    assert (code, problems(told)) == (1, ["run store", "archive"])
    assert "layout 99" in told["run store"][1]
    assert gomafia("status").code == 34


def test_a_folder_of_another_league_is_a_problem(gomafia: Gomafia, folder: Path) -> None:
    code, told = looked(gomafia, "--scale", "small", "--data-dir", folder)
    assert (code, problems(told)) == (1, ["archive"])
    assert "demo-tiny, not of demo-small" in told["archive"][1]


@pytest.fixture
def unwritable(home: Path) -> Iterator[Path]:
    """A folder that nobody may write into: by its permissions; for root, who may anything, a part of /proc."""
    if os.geteuid() == 0:
        yield Path("/proc/sys/kernel")
        return
    place = home / "closed"
    place.mkdir()
    place.chmod(0o500)
    yield place
    place.chmod(0o700)


def test_a_folder_that_cannot_be_written_is_a_problem(gomafia: Gomafia, unwritable: Path) -> None:
    code, told = looked(gomafia, "--data-dir", unwritable / "league")
    assert (code, problems(told)[0]) == (1, "data folder")
    assert f"{unwritable} can't be written" in told["data folder"][1]


def test_a_folder_open_to_others_is_told_with_the_way_to_close_it(folder: Path) -> None:
    settings = Settings.gather({"data_dir": str(folder)})
    assert _privacy(settings) == Check("privacy", "ok", f"{folder} is closed to other users")
    folder.chmod(0o755)
    assert _privacy(settings).text.endswith("read none of its files")
    (folder / "archive.sqlite").chmod(0o644)
    found = _privacy(settings)
    assert found.state == "note"
    assert "1 files and folders in it are open" in found.text
    subprocess.run(["/bin/sh", "-c", found.remedy.removeprefix("Close it by: ")], check=True)
    assert _privacy(settings).state == "ok"
    assert (folder / "archive.sqlite").stat().st_mode & 0o077 == 0


def test_a_file_in_the_folders_place_is_a_problem(gomafia: Gomafia) -> None:
    (gomafia.home / "file").write_text("")
    code, told = looked(gomafia, "--data-dir", gomafia.home / "file")
    assert (code, problems(told)) == (1, ["data folder"])


def test_too_large_a_budget_is_a_problem(gomafia: Gomafia) -> None:
    code, told = looked(gomafia, "--memory-limit-mb", "100000000")
    assert (code, problems(told)) == (1, ["memory"])


def test_a_wrong_chromium_is_a_problem(gomafia: Gomafia) -> None:
    code, told = looked(gomafia, GOMAFIA_CHROMIUM="/no/such/browser")
    assert (code, problems(told)) == (1, ["Chromium"])


@pytest.mark.parametrize(
    ("target", "state", "words"),
    [
        ("sh -c 'cat > told'", "ok", "sh is told of trouble"),
        ("https://hooks.example.org/canary-7491", "ok", "hooks.example.org is told of trouble"),
        ("no-such-command --key canary-7491", "problem", "no-such-command is not there, or may not be run"),
        ("~/no/such/command", "problem", "~/no/such/command is not there"),
        ("https:/hooks.example.org/canary-7491", "problem", "the command is not there"),
        ("sh -c 'canary-7491", "problem", "can't be read as a command: No closing quotation"),
        ("https://:70000/canary-7491", "problem", "no sound web address"),
    ],
)
def test_whom_alerts_go_to_is_looked_at_and_told_nothing(gomafia: Gomafia, target: str, state: str, words: str) -> None:
    code, told = looked(gomafia, GOMAFIA_ALERT=target)
    assert (code, told["alerts"][0]) == (int(state == "problem"), state)
    assert words in told["alerts"][1]
    assert "canary-7491" not in str(told)
    assert list(gomafia.home.iterdir()) == []


def test_people_see_a_line_and_a_remedy(gomafia: Gomafia) -> None:
    ended = gomafia("doctor", "--source", "http://127.0.0.1:9")
    assert ended.code == 1
    lines = ended.out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("problem  site: "))
    assert lines[place + 1].startswith(" " * 9)
