"""`gomafia run --hard-limit` as root: the kernel holds the import to it, and nothing of it is left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from gomafia_kit import demo
from gomafia_kit.importer.hard_limit import hard_limit
from gomafia_kit.memory.limits import group_folders
from gomafia_kit.runs.journal import Journal

SIGKILL = 9
AS_NOBODY = """
import os
from gomafia_kit.errors import UnavailableError
from gomafia_kit.importer.hard_limit import hard_limit
os.setuid(65534)
try:
    with hard_limit(512):
        print("allowed")
except UnavailableError as error:
    print(error.message)
"""


def _left() -> list[Path]:
    return [group for folder in group_folders() for group in folder.glob("gomafia-hard-limit-*")]


def test_an_import_takes_the_limit_for_its_budget_and_the_group_goes(tmp_path: Path) -> None:
    with demo.start(scale="tiny") as site:
        line = ("--source", site.url, "--data-dir", str(tmp_path / "лига"), "--stages", "clubs", "--hard-limit", "220M")
        done = subprocess.run([sys.executable, "-m", "gomafia_kit.cli", "run", *line], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    with Journal(tmp_path / "лига") as journal:
        assert {measure.figure for measure in journal.measures(1, "budget")} == {220.0}
    assert _left() == []


def test_what_takes_more_is_killed_by_the_kernel() -> None:
    with hard_limit(100) as words:
        greedy = [*words, sys.executable, "-c", "len(bytearray(300 << 20))"]
        assert subprocess.run(greedy, check=False).returncode == -SIGKILL
        assert len(_left()) == 1
    assert _left() == []


def test_an_ordinary_user_is_refused_with_the_reason(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path)}  # no systemd
    line = [sys.executable, "-c", AS_NOBODY]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("A hard limit can't be set here. By a control group: ")
    assert "Permission denied" in done.stdout


def test_a_group_that_is_still_empty_is_left_to_whoever_made_it() -> None:
    with hard_limit(512) as mine:
        with hard_limit(512):
            pass
        assert subprocess.run([*mine, sys.executable, "-c", ""], check=False).returncode == 0


def test_what_a_killed_process_left_is_cleared_away() -> None:
    with hard_limit(512) as words:
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        left = Path(words[-1]).with_name(f"gomafia-hard-limit-{gone.pid}-1")
        left.mkdir()
        with hard_limit(512):
            assert not left.exists()
