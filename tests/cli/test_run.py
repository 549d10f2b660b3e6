"""`gomafia run` and what belongs to it, against the demo site."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import psutil
import pytest

from gomafia_kit import demo
from gomafia_kit.cli import INTERRUPTED
from gomafia_kit.cli.notebook import _told_by_cell
from gomafia_kit.cli.run import BROKEN_OFF, run
from gomafia_kit.errors import (
    FolderBusyError,
    FolderError,
    RunDiedError,
    RunStoppedError,
    SettingsError,
    SiteUnreachableError,
    UnavailableError,
)
from gomafia_kit.settings import Settings
from tests.alerts import writing_down, written_down
from tests.cli.conftest import SECONDS_AT_MOST

if TYPE_CHECKING:
    import subprocess

    from gomafia_kit.demo import DemoSite
    from tests.cli.conftest import Gomafia

CLOSED = "http://127.0.0.1:9"
"""A port of this machine where nobody listens."""
SECONDS_TO_BREAK_OFF = 60
LISTS = ("--stages", "clubs,tournaments")


def figures(text: str, table: str) -> list[int]:
    """The numbers of a table's line."""
    found = re.search(rf"^{table} +([\d, ]+)$", text, re.MULTILINE)
    assert found, f"no line on {table} in:\n{text}"
    return [int(number.replace(",", "")) for number in found[1].split()]


# -- options --------------------------------------------------------------------------------------


def test_there_is_one_option_a_setting_with_its_help() -> None:
    options = {item.name: item for item in run.params if isinstance(item, click.Option)}
    assert set(options) - {"pairs", "as_json", "limit_mb"} == set(Settings.names())
    for name in Settings.names():
        assert f"--{name.replace('_', '-')}" in options[name].opts
        assert Settings.help(name) in (options[name].help or "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scal", "tiny"], "--scale"),
        (["--scale", "tinny"], "Did you mean tiny?"),
        (["--batch-rows", "0"], "batch_rows: '0' is not 1 or more."),
        (["-p", "sorce", "demo"], "Did you mean source?"),
        (["-p", "scale", "tiny", "--scale", "small"], "scale is given twice."),
        (["-p", "postgres_url", "x"], "secrets"),
        (["--region", "siberia"], "Did you mean siberia_and_ural?"),
        (["--since", "soon"], "since: 'soon' is not a day as 2024-01-31."),
        (["imprt"], "Did you mean import?"),
        (["import", "-p", "scal", "tiny"], "Did you mean scale?"),
        (["import", "--batch-rows", "many"], "batch_rows"),
        (["/no/such.ipynb"], "no notebook"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_asked(gomafia: Gomafia, arguments: list[str], words: str) -> None:
    ended = gomafia("run", *arguments)
    assert ended.code == SettingsError.exit_code
    assert words in "\n".join(ended.complaint)
    assert len(ended.complaint) <= 2
    assert list(gomafia.home.iterdir()) == []


def test_an_option_without_its_value_names_the_help_of_its_command(gomafia: Gomafia) -> None:
    assert gomafia("run", "-p", "scale").complaint[1] == "See: gomafia run --help"
    assert gomafia("demo", "serve", "--port").complaint[1] == "See: gomafia demo serve --help"


def test_where_a_folder_is_looked_for_is_told_by_the_help(gomafia: Gomafia, tmp_path: Path) -> None:
    """A run elsewhere isn't found, and nothing says that it would be."""
    assert gomafia("run", "--stages", "clubs", "--data-dir", tmp_path / "elsewhere").code == 0
    assert gomafia("status").code == FolderError.exit_code
    for command in ("status", "rebuild"):
        assert "of the folders in the project's data/" in " ".join(gomafia(command, "--help").out.split())
    assert "any folder of the project's data/" in " ".join(gomafia("stop", "--help").out.split())


def test_an_unknown_command_names_the_nearest(gomafia: Gomafia) -> None:
    ended = gomafia("statsu")
    assert ended.code == SettingsError.exit_code
    assert "status" in ended.complaint[0]


# -- a run ----------------------------------------------------------------------------------------


def test_a_run_tells_its_receipt(filled: Gomafia, site: DemoSite) -> None:
    told = filled("status").out
    assert "Run 1: done" in told
    for table, column in (("game", 1), ("seat", 1), ("tournament", 1), ("club", 1)):
        assert figures(told, table)[column] == len(list(site.league.table(table)))
    assert "Pushed to PostgreSQL:" in told
    folder = filled.home / "data" / "league"
    assert f"\nPostgreSQL: embedded, in {folder / 'postgres'}, schema gomafia\n" in told
    assert f"DuckDB: {filled.home / 'data' / 'league' / 'staging.duckdb'}" in told


def test_a_second_run_right_after_finds_nothing_new(gomafia: Gomafia) -> None:
    assert gomafia("run", *LISTS).code == 0
    again = gomafia("run", *LISTS)
    assert again.code == 0
    assert "Nothing new: nothing was asked, nothing was written." in again.out
    assert "0 made" in again.out
    assert gomafia("status", "--all").out.count("  done  ") == 2


def test_json_holds_the_whole_record(gomafia: Gomafia) -> None:
    ended = gomafia("run", "--stages", "tournaments", "--json")
    told: dict[str, Any] = json.loads(ended.out)
    assert (ended.code, told["state"], told["exit_code"]) == (0, "done", 0)
    assert told["settings"]["stages"] == {"value": ["tournaments"], "from": "parameter"}
    staged = {account["table"]: account["staged"] for account in told["receipt"]["tables"]}
    assert staged["tournament"] == 12
    assert json.loads(gomafia("status", "--json").out) == told
    assert json.loads(gomafia("status", "--json", "--all").out) == [told]


def test_an_unreachable_site_ends_with_its_own_code(gomafia: Gomafia) -> None:
    ended = gomafia("run", "--source", CLOSED, "--json")
    assert ended.code == SiteUnreachableError.exit_code
    assert "no connection" in ended.complaint[0]
    assert json.loads(ended.out)["error"] == "SiteUnreachableError"
    shown = gomafia("status")
    assert shown.code == 0
    assert "SiteUnreachableError (exit code 11)" in shown.out


def test_a_folder_that_cannot_be_made_is_named(gomafia: Gomafia) -> None:
    (gomafia.home / "file").write_text("")
    ended = gomafia("run", "--data-dir", gomafia.home / "file" / "data")
    assert ended.code == FolderError.exit_code
    assert str(gomafia.home / "file" / "data") in ended.complaint[0]


# -- while it works -------------------------------------------------------------------------------


def slow(gomafia: Gomafia, site: DemoSite, *more: str) -> subprocess.Popen[str]:
    """A run that takes its time."""
    line = ("run", *more, "--source", site.url, "--stages", "players", "--seconds-between-asks", "0.5")
    return gomafia.begin(*line, "--data-dir", gomafia.home / "data" / "slow")


def test_a_run_is_watched_and_steered_from_another_terminal(gomafia: Gomafia, site: DemoSite) -> None:
    with slow(gomafia, site) as process:
        shown = gomafia.until(": running,", "status")
        assert f"Folder {gomafia.home / 'data' / 'slow'}" in shown
        assert "players" in gomafia.until("players", "status")
        assert "pauses" in gomafia("pause").out
        gomafia.until("Run 1: paused", "status")
        second = gomafia("run", "--source", site.url, "--data-dir", gomafia.home / "data" / "slow")
        assert second.code == FolderBusyError.exit_code
        assert "run 1 (process" in second.complaint[0]
        note = gomafia("doctor", "--source", site.url, "--data-dir", gomafia.home / "data" / "slow")
        assert "note     run store: run 1 is at work" in note.out
        assert "goes on" in gomafia("resume").out
        gomafia.until("Run 1: running", "status", "--data-dir", gomafia.home / "data" / "slow")
        stopped = gomafia("stop")
        assert "is stopped" in stopped.out
        out, err = process.communicate(timeout=SECONDS_AT_MOST)
    assert process.returncode == RunStoppedError.exit_code
    assert "Asks: " in out  # the receipt of what had come in by then
    assert err.splitlines()[-2:] == ["gomafia: The import was stopped.", "Run again to go on: nothing is lost."]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_after_the_open_batch(gomafia: Gomafia, site: DemoSite, name: str) -> None:
    with slow(gomafia, site) as process:
        gomafia.until(": running,", "status")
        process.send_signal(getattr(signal, name))
        _, err = process.communicate(timeout=SECONDS_AT_MOST)
    assert process.returncode == RunStoppedError.exit_code
    assert "Stopping after the open batch" in err
    assert "Run 1: stopped" in gomafia("status").out


def is_gone(pid: int) -> bool:
    """Whether a process has ended; it may be that nobody has taken note yet."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("notebook", [(), ("import",)], ids=["directly", "by a notebook"])
def test_a_second_signal_breaks_the_import_off_and_the_next_run_tells_what_that_cost(
    gomafia: Gomafia, notebook: tuple[str, ...]
) -> None:
    """While it waits for an answer that doesn't come, the first signal can't end it yet."""
    with demo.start(scale="tiny") as own, slow(gomafia, own, *notebook) as process:
        gomafia.until(": running,", "status")
        own.fault("hang", seconds=SECONDS_TO_BREAK_OFF, times=None)
        while all(request["status"] for request in own.log()["requests"]):
            time.sleep(0.05)
        worker = json.loads(gomafia("status", "--json").out)["pid"]
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert any("once more to break off now" in line for line in process.stderr)
        assert json.loads(gomafia("status", "--json").out)["state"] == "running"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS_TO_BREAK_OFF)
        assert process.returncode == INTERRUPTED
        assert [line for line in err.splitlines() if line][-2:] == [BROKEN_OFF, "Interrupted."]
        assert is_gone(worker)
        told = gomafia("status").out
        assert "It ended with RunStoppedError (exit code 50): The import was broken off." in told
        assert "  unfinished  " in told
        own.clear_faults()
        again = gomafia("run", "--source", own.url, "--stages", "clubs", "--data-dir", gomafia.home / "data" / "slow")
    assert again.code == 0
    assert "Run 1 was broken off. Safe: " in again.err


def test_a_frozen_import_is_told_by_who_started_it_and_can_be_broken_off(gomafia: Gomafia, site: DemoSite) -> None:
    alerts = gomafia.home / "alerts.jsonl"
    line = ("run", "--source", site.url, "--stages", "players", "--seconds-between-asks", "0.5")
    place = ("--data-dir", gomafia.home / "data" / "slow")
    with gomafia.begin(*line, "--stall-minutes", "0.02", *place, GOMAFIA_ALERT=writing_down(alerts)) as process:
        gomafia.until(": running,", "status")
        worker = psutil.Process(json.loads(gomafia("status", "--json").out)["pid"])
        worker.suspend()
        assert process.stderr is not None
        assert any("STALLED: nothing has happened for " in said for said in process.stderr)
        while not written_down(alerts):
            time.sleep(0.05)
        assert worker.status() == psutil.STATUS_STOPPED
        process.send_signal(signal.SIGINT)
        assert any("once more to break off now" in said for said in process.stderr)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS_TO_BREAK_OFF)
    assert process.returncode == INTERRUPTED
    assert is_gone(worker.pid)
    assert [alert["kind"] for alert in written_down(alerts)] == ["stalled"]


def test_a_killed_import_is_told_as_that(gomafia: Gomafia, site: DemoSite) -> None:
    with slow(gomafia, site) as process:
        gomafia.until(": running,", "status")
        worker = json.loads(gomafia("status", "--json").out)["pid"]
        os.kill(worker, signal.SIGKILL)
        _, err = process.communicate(timeout=SECONDS_AT_MOST)
    assert process.returncode == RunDiedError.exit_code
    assert "ended without a word" in err
    assert "Run 1: died" in gomafia("status").out


def test_nothing_at_work_is_an_error_that_says_so(filled: Gomafia) -> None:
    for command in ("stop", "pause", "resume"):
        ended = filled(command)
        assert ended.code == FolderError.exit_code
        assert "No run is at work" in ended.complaint[0]


# -- a notebook -----------------------------------------------------------------------------------


def test_the_notebook_ends_with_the_runs_own_outcome(gomafia: Gomafia) -> None:
    ended = gomafia("run", "import", "-p", "stages", "tournaments", "-p", "source", "demo")
    assert ended.code == 0, ended
    assert figures(ended.out, "tournament")[1] == 12
    copies = list((gomafia.home / "data" / "runs").glob("import-*.ipynb"))
    assert len(copies) == 1
    assert f"Executed notebook: {copies[0]}" in ended.out
    told = json.loads(copies[0].read_text(encoding="utf-8"))
    assert told["metadata"]["papermill"]["parameters"] == {"stages": ["tournaments"], "source": "demo"}


def test_a_notebooks_json_is_json_and_what_its_cells_print_stands_beside_it(gomafia: Gomafia) -> None:
    ended = gomafia("run", "import", "-p", "stages", "clubs", "--json")
    told = json.loads(ended.out)
    assert (ended.code, told["state"], told["run_id"]) == (0, "done", 1)
    assert "run 1 done" in ended.err


def test_json_of_a_notebook_that_is_no_import_is_refused(gomafia: Gomafia) -> None:
    path = notebook(gomafia.home / "other.ipynb", "limit: int = 1  # how many", "print('fine')")
    ended = gomafia("run", path, "--json")
    assert (ended.code, ended.out) == (SettingsError.exit_code, "")
    assert ended.complaint[0] == "gomafia: other.ipynb is no import, and --json tells of one."
    assert not (gomafia.home / "data").exists()


def test_a_notebook_whose_import_fails_has_the_code_of_its_error(gomafia: Gomafia) -> None:
    ended = gomafia("run", "import", "-p", "source", CLOSED, "--stages", "tournaments")
    assert ended.code == SiteUnreachableError.exit_code
    assert len(ended.complaint) == 2


def test_a_signal_lets_the_notebooks_import_commit(gomafia: Gomafia, site: DemoSite) -> None:
    with slow(gomafia, site, "import") as process:
        gomafia.until(": running,", "status")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == RunStoppedError.exit_code, err
    assert "Run 1: stopped" in gomafia("status").out


def notebook(path: Path, *sources: str) -> Path:
    """A notebook of these cells, the first tagged as parameters."""
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{number}",
            "metadata": {"tags": [] if number else ["parameters"]},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    told = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        (
            "from gomafia_kit.errors import DiskFullError\nraise DiskFullError('No space left.', 'Make room.')",
            31,
            "No space left.",
        ),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", RunDiedError.exit_code, "kernel ended"),
        ("print('fine')", 0, ""),
    ],
)
def test_another_notebook_ends_with_its_own_error(gomafia: Gomafia, source: str, code: int, words: str) -> None:
    path = notebook(gomafia.home / "другой {x}.ipynb", "limit: int = 1  # how many", source)
    ended = gomafia("run", path, "-p", "limit", "2")
    assert ended.code == code, ended
    assert words in "\n".join(ended.complaint)


def test_what_a_kernel_logs_goes_into_a_file(gomafia: Gomafia) -> None:
    logs = "from ipykernel.kernelapp import IPKernelApp\nIPKernelApp.instance().log.error('a closed socket')"
    path = notebook(gomafia.home / "logs.ipynb", "limit: int = 1  # how many", logs, "print('fine')")
    ended = gomafia("run", path)
    assert (ended.code, ended.out, "socket" in ended.err) == (0, "fine\n", False)
    (log,) = (gomafia.home / "data" / "runs").glob("logs-*.log")
    assert "a closed socket" in log.read_text(encoding="utf-8")


def test_a_kernel_that_cannot_start_is_told_with_its_words(gomafia: Gomafia) -> None:
    path = notebook(gomafia.home / "fine.ipynb", "limit: int = 1  # how many", "print('fine')")
    kernels = gomafia.home / "jupyter" / "kernels" / "python3"
    kernels.mkdir(parents=True)
    dies = [sys.executable, "-c", "import sys; sys.exit('no such display')", "{connection_file}"]
    (kernels / "kernel.json").write_text(json.dumps({"argv": dies, "display_name": "dies", "language": "python"}))
    ended = gomafia("run", path, JUPYTER_PATH=str(gomafia.home / "jupyter"), JUPYTER_PREFER_ENV_PATH="0")
    assert ended.code == UnavailableError.exit_code
    assert "The notebook's kernel doesn't start: Kernel died" in ended.complaint[0]
    (log,) = (gomafia.home / "data" / "runs").glob("fine-*.log")
    assert ended.complaint[1].endswith(f"What its kernel said: {log}")
    assert "no such display" in log.read_text(encoding="utf-8")


def test_a_kernel_that_says_nothing_leaves_no_file(gomafia: Gomafia) -> None:
    path = notebook(gomafia.home / "fine.ipynb", "limit: int = 1  # how many", "print('fine')")
    assert gomafia("run", path).out == "fine\n"
    assert [kept.suffix for kept in (gomafia.home / "data" / "runs").iterdir()] == [".ipynb"]


def test_a_cells_error_of_another_library_is_named() -> None:
    error = _told_by_cell("ZeroDivisionError", "division by zero", Path("copy.ipynb"))
    assert (error.exit_code, error.message) == (1, "A cell of the notebook failed: ZeroDivisionError: division by zero")
    assert "copy.ipynb" in error.remedy


def test_a_notebook_of_an_unknown_kernel_is_named(gomafia: Gomafia) -> None:
    path = notebook(gomafia.home / "чужой.ipynb", "limit: int = 1  # how many")
    told = json.loads(path.read_text(encoding="utf-8"))
    told["metadata"]["kernelspec"]["name"] = "kotlin"
    path.write_text(json.dumps(told), encoding="utf-8")
    ended = gomafia("run", path)
    assert ended.code == UnavailableError.exit_code
    assert "'kotlin'" in ended.complaint[0]


def test_a_copy_that_cannot_be_written_shows_before_the_work(gomafia: Gomafia) -> None:
    (gomafia.home / "data").write_text("")
    ended = gomafia("run", "import")
    assert ended.code == FolderError.exit_code
    assert str(gomafia.home / "data" / "runs") in ended.complaint[0]


def test_a_notebook_that_imports_nothing_is_no_success(gomafia: Gomafia) -> None:
    path = notebook(gomafia.home / "import.ipynb", 'stages: str = "push"  # which', "import sys\nsys.exit(0)")
    ended = gomafia("run", path)
    assert ended.code == 1
    assert "no import was started" in ended.complaint[0]


# -- plan, rejected, push -------------------------------------------------------------------------


def test_the_plan_is_what_the_next_run_asks(gomafia: Gomafia, site: DemoSite) -> None:
    line = ("--source", site.url, "--data-dir", gomafia.home / "data" / "planned")
    empty = json.loads(gomafia("plan", *line, "--json").out)
    assert not empty["complete"]
    assert {stage["stage"] for stage in empty["stages"] if stage["unknown"]} == {"clubs", "judges", "games"}
    assert not (gomafia.home / "data" / "planned").exists()

    assert gomafia("run", *line, *LISTS).code == 0
    planned = json.loads(gomafia("plan", *line, "--stages", "games,players", "--json").out)
    assert planned["complete"]
    ran = json.loads(gomafia("run", *line, "--stages", "games,players", "--json").out)
    assert planned["asks"] == ran["receipt"]["asks"]["planned"]
    assert planned["to_make"] == ran["receipt"]["asks"]["made"]

    after = gomafia("plan", *line, "--stages", "games,players")
    assert "\n0 asks of the site" in after.out


def test_the_plan_tells_hours_at_the_pace(gomafia: Gomafia) -> None:
    ended = gomafia("plan", "--source", "site", "--years", "2024", "--stages", "players,games")
    assert ended.code == 0
    # 8 lists of one year and the list of tournaments, which games needs.
    assert "At least 9 asks of the site (2 s from each answer to the next ask): 0:00:18 at this pace." in ended.out
    assert "The whole site, without options, comes to about 3,100 asks: 1:43:20 at this pace," in ended.out
    assert "answers take, and about 62 MB of disk.\n" in ended.out
    assert "Less than 1 MB of disk" in ended.out
    known = gomafia("plan", "--source", "site", "--stages", "judges,players")
    assert "The whole site" not in known.out


def test_a_plan_for_a_file_is_refused(gomafia: Gomafia) -> None:
    (gomafia.home / "file").write_text("")
    ended = gomafia("plan", "--data-dir", gomafia.home / "file")
    assert ended.code == FolderError.exit_code
    assert ended.complaint[0].endswith("file is a file, not a folder.")


def test_official_years_are_counted_by_player_and_year(filled: Gomafia, site: DemoSite) -> None:
    line = ("--source", site.url, "--data-dir", filled.home / "data" / "league")
    told = json.loads(filled("plan", *line, "--stages", "statistics", "--official-years", "--json").out)
    seasons = len(list(site.league.table("player_season")))
    assert [(stage["stage"], stage["asks"]) for stage in told["stages"]] == [
        ("statistics", 0),
        ("official_years", seasons),
    ]


def test_rejected_records_are_shown_as_they_came(gomafia: Gomafia) -> None:
    with demo.start(scale="tiny") as site:
        game = next(iter(site.league.table("game")))
        key = [game["tournament_id"], game["round"], game["table_no"], 1]
        site.change("spoil", kind="seat", key=key, field="role", value="wit\u202eness\x1b[31m")
        line = ("run", "--source", site.url, "--data-dir", gomafia.home / "data" / "spoilt", "--stages", "games")
        assert gomafia(*line).code == 0
    shown = gomafia("rejected", "--table", "seat")
    assert "wit\\u202eness\\x1b[31m" in shown.out
    assert "\x1b" not in shown.out
    told = json.loads(gomafia("rejected", "--json").out)
    assert {row["table"] for row in told} == {"seat", "game"}
    assert len(told) == 11
    wrong = gomafia("rejected", "--table", "seet")
    assert wrong.code == SettingsError.exit_code
    assert "Did you mean seat?" in wrong.complaint[0]


def test_nothing_to_retry_is_said(filled: Gomafia) -> None:
    folder = filled.home / "data" / "league"
    assert filled("retry").out == f"Nothing failed in {folder}.\n"
    assert json.loads(filled("retry", "--json").out) == {"data_dir": str(folder), "run_id": None, "failures": []}


def test_an_ended_run_is_shown_without_a_pace(filled: Gomafia) -> None:
    assert re.search(r"^  asked of the site: \d+$", filled("monitor").out, re.MULTILINE)


def test_nothing_rejected_is_said(filled: Gomafia) -> None:
    assert filled("rejected").out == f"Nothing was rejected in {filled.home / 'data' / 'league'}.\n"


def test_a_push_alone_follows_the_last_run_that_worked(filled: Gomafia) -> None:
    refused = filled("run", "--scale", "small", "--stages", "clubs", "--data-dir", filled.home / "data" / "league")
    assert refused.code == FolderError.exit_code
    assert "demo-small" in refused.complaint[0]
    ended = filled("push", "--json")
    told = json.loads(ended.out)
    assert ended.code == 0
    assert told["settings"]["stages"]["value"] == ["push"]
    pushed = {report["table"]: report for report in told["receipt"]["push"]}
    assert pushed["seat"] == {"table": "seat", "new": 0, "changed": 0, "same": 1200, "gone": 0}
    assert told["receipt"]["asks"]["made"] == 0


@pytest.mark.parametrize("command", ["status", "rejected", "push"])
def test_a_folder_without_runs_is_named_and_not_made(gomafia: Gomafia, command: str) -> None:
    ended = gomafia(command, "--data-dir", "nowhere")
    assert ended.code == FolderError.exit_code
    assert f"{gomafia.home / 'nowhere'} holds no run." in ended.complaint[0]
    assert not (gomafia.home / "nowhere").exists()
    assert gomafia(command).code == FolderError.exit_code
