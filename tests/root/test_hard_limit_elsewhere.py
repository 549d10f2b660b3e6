"""`gomafia run --hard-limit` where control groups are of version 2, and where systemd sets the limit."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.root import test_hard_limit
from tests.root.linux import run_in_linux

ROOT = Path(__file__).parents[2]
BY_SYSTEMD = """
import subprocess, sys
from gomafia_kit.importer.hard_limit import _by_systemd, _fault
words = _by_systemd(100)
greedy = [*words, sys.executable, "-c", "len(bytearray(300 << 20))"]
print(words[0], _fault(words, 100), subprocess.run(greedy, check=False).returncode)
"""


def test_by_groups_of_version_2_it_holds_as_well(tmp_path: Path) -> None:
    pytest_ = f"{sys.executable} -m pytest -q -p no:cacheprovider --basetemp=/run/tests {test_hard_limit.__file__}"
    said = run_in_linux(f"cat /proc/self/mountinfo\ncd {ROOT} && {pytest_}\necho ended with $?\n", tmp_path)
    assert " - cgroup2 " in said
    assert " - cgroup " not in said
    assert "ended with 0" in said, said


def test_by_systemd_it_holds_as_well(tmp_path: Path) -> None:
    script = tmp_path / "by_systemd.py"
    script.write_text(BY_SYSTEMD)
    said = run_in_linux(f"cd {ROOT} && {sys.executable} {script}\n", tmp_path)
    assert "systemd-run None -9" in said, said
