"""The program itself: quick help, errors of any kind, the demo site."""

from __future__ import annotations

import importlib.metadata
import signal
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.request import ProxyHandler, build_opener

import pytest

from gomafia_kit import cli
from gomafia_kit.cli import app
from gomafia_kit.cli.demo import demo
from gomafia_kit.cli.words import progress_line, shown, span, table
from gomafia_kit.demo.__main__ import _parser
from gomafia_kit.errors import FolderError
from gomafia_kit.runs.journal import StageProgress, now

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Gomafia

HEAVY = ("polars", "duckdb", "pyarrow", "sqlalchemy", "playwright", "papermill", "psycopg", "altair", "ipywidgets")


def test_version(gomafia: Gomafia) -> None:
    assert gomafia("--version").out == f"gomafia {importlib.metadata.version('gomafia-kit')}\n"


def test_without_a_command_it_explains_itself(gomafia: Gomafia) -> None:
    ended = gomafia()
    assert ended.code == 2
    assert "Commands:" in ended.out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from gomafia_kit.cli import main; main(['run', '--help']);"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_installed_command_is_this_one() -> None:
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="gomafia")
    assert script.load() is cli.main


def test_ctrl_c_while_the_program_is_loaded_is_a_word_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupting:
        def find_spec(self, name: str, *_: object) -> None:
            if name == app.__name__:
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, app.__name__)
    monkeypatch.delattr(cli, "app")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    assert cli.main(["--version"]) == cli.INTERRUPTED
    assert capsys.readouterr().err == "Interrupted.\n"


def test_a_fault_of_ours_is_a_sentence_and_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(_data_dir: str | None) -> Path:
        raise RuntimeError("boom at postgresql://user:canary-7491@host/db")

    monkeypatch.setenv("GOMAFIA_HOME", str(tmp_path))
    monkeypatch.setenv("GOMAFIA_POSTGRES_URL", "postgresql://user:canary-7491@host/db")
    monkeypatch.setattr("gomafia_kit.cli.status.folder_of_runs", broken)
    assert app.main(["status"]) == 1
    told = capsys.readouterr().err
    (kept,) = (tmp_path / "data" / "runs").glob("gomafia-fault-*.txt")
    assert told == (f"gomafia: A fault of this package: RuntimeError. The traceback is in {kept}.\nPlease report it.\n")
    text = kept.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "boom at postgresql://user:***@host/db" in text
    assert "canary-7491" not in text + told


TOO_LONG = "x" * 300
"""No system has a folder of this name; it says so where root, too, is told that he may not look."""


@pytest.mark.parametrize(
    "line",
    [
        *((command, "--data-dir", TOO_LONG) for command in ("status", "verify", "rebuild", "tune", "push", "run")),
        ("compare", TOO_LONG, TOO_LONG),
        ("run", "import", "-p", "data_dir", TOO_LONG),
    ],
)
def test_a_folder_that_cant_be_looked_into_is_named(line: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(line) == FolderError.exit_code
    assert f"{TOO_LONG} can't be looked into: " in capsys.readouterr().err


def test_several_runs_at_work_must_be_told_apart(gomafia: Gomafia) -> None:
    lines = [
        gomafia.begin("run", "--seed", seed, "--stages", "players", "--seconds-between-asks", "1") for seed in "23"
    ]
    try:
        for seed in "23":
            gomafia.until("players", "status", "--data-dir", gomafia.home / "data" / f"demo-tiny-seed{seed}")
        ended = gomafia("stop")
        assert ended.code == 2
        assert "run 1 in " in ended.complaint[0]
        assert ended.complaint[1] == "Say which by --data-dir."
        assert gomafia("stop", "--no-wait", "--data-dir", gomafia.home / "data" / "demo-tiny-seed2").code == 0
    finally:
        for line in lines:
            line.send_signal(signal.SIGTERM)
        codes = [line.wait(30) for line in lines]
        for line in lines:
            for pipe in (line.stdout, line.stderr):
                if pipe:
                    pipe.close()
    assert codes == [50, 50]


# -- the demo site --------------------------------------------------------------------------------


def test_demo_serve_tells_its_url_first_and_answers(gomafia: Gomafia) -> None:
    with gomafia.begin("demo", "serve", "--scale", "tiny", "--switch", "words=other") as site:
        url = (site.stdout.readline() if site.stdout else "").strip()
        with build_opener(ProxyHandler({})).open(f"{url}/robots.txt", timeout=10) as answer:
            assert answer.status == 200
        site.send_signal(signal.SIGINT)
        _, err = site.communicate(timeout=15)
    assert err == ""
    assert site.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scale", "tinny"], "Did you mean tiny?"),
        (["--switch", "wrods=other"], "no switch 'wrods'"),
        (["--switch", "words"], "has no value"),
        (["--players", "nowhere.csv"], "nowhere.csv"),
        (["--port", "99999"], "99999"),
        (["--prt", "1"], "--port"),
    ],
)
def test_demo_serve_names_what_is_wrong(gomafia: Gomafia, arguments: list[str], words: str) -> None:
    ended = gomafia("demo", "serve", *arguments)
    assert ended.code == 2
    assert words in ended.complaint[0]
    assert "Errno" not in ended.err
    assert len(ended.complaint) == len(ended.err.splitlines()) <= 2


def test_calibration_names_a_file_that_is_not_there(gomafia: Gomafia) -> None:
    ended = gomafia("demo", "calibrate", "--scale", "tiny", "--players", "nowhere.csv")
    assert ended.code == 2
    assert ended.complaint[0] == "gomafia: The players file nowhere.csv can't be read: No such file or directory."


def test_a_default_is_the_same_by_both_names() -> None:
    for name, told in (("serve", ["serve"]), ("calibrate", ["calibrate", "--players", "any.csv"])):
        options = {option.name: option.default for option in demo.commands[name].params}
        assert options["scale"] == _parser().parse_args(told).scale


# -- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0:00:00"), (59.6, "0:01:00"), (3_725, "1:02:05"), (90_061, "1 d 1:01:01"), (-1, "0:00:00")],
)
def test_spans(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_tables_put_numbers_to_the_right() -> None:
    assert table(("name", "rows"), [("Жорж", 1234), ("b", 5), ("c", None)]) == [
        "name   rows",
        "Жорж  1,234",
        "b         5",
        "c         -",
    ]


def test_what_a_terminal_would_obey_is_spelt_out() -> None:
    assert shown("Дон \x1b[2J\u202e🎩\n") == "Дон \\x1b[2J\\u202e🎩\\n"


def test_a_progress_line_tells_asks_rows_and_what_is_left() -> None:
    from datetime import timedelta

    stage = StageProgress("games", "running", now() - timedelta(seconds=100), None, 300, 100, 50, 3, 12_345, 2)
    line = progress_line(stage, 4, 6)
    assert "games (4 of 6): 100 of 300 asks, 12,345 rows, 2 rejected, 1.0 asks/s, about 0:03:2" in line
