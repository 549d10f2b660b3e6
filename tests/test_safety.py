"""Nothing secret is written down, nothing is unpickled, and what is private is the user's alone."""

from __future__ import annotations

import ast
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
import pytest

import gomafia_kit
from gomafia_kit import demo
from gomafia_kit.importer.handle import LOG_FILE
from gomafia_kit.runs.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.demo import DemoSite

CANARY: Final = "k4narienvogel"
PACKAGE: Final = Path(gomafia_kit.__file__).parent
_UNPICKLES: Final = frozenset({"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"})


def _gomafia(home: Path, *arguments: str, **more: str) -> tuple[int, str]:
    """A command with the canary in its environment, under umask 000: its code, and all that it said.

    The command lines of all processes below it are part of what it said.
    """
    environment = {
        **os.environ,
        "GOMAFIA_HOME": str(home),
        "GOMAFIA_POSTGRES_URL": f"postgresql://anna:{CANARY}@127.0.0.1:1/league",
        "HTTP_PROXY": f"http://anna:{CANARY}@127.0.0.1:1",
        "NO_PROXY": "127.0.0.1,localhost",
        **more,
    }
    said = home / "said.txt"
    with said.open("w+", encoding="utf-8") as file:
        process = psutil.Popen(
            [sys.executable, "-m", "gomafia_kit.cli", *arguments], env=environment, stdout=file, stderr=file, umask=0
        )
        lines: set[str] = set()
        while process.poll() is None:
            for each in [process, *_children(process)]:
                try:
                    lines.add(" ".join(each.cmdline()))
                except psutil.Error:
                    continue
            try:
                process.wait(0.05)
            except (subprocess.TimeoutExpired, psutil.TimeoutExpired):
                continue
    return process.wait(), said.read_text(encoding="utf-8") + "\n".join(lines)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _files_with_the_canary(home: Path) -> list[str]:
    return [str(path) for path in home.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with demo.start(scale="tiny") as running:
        yield running


def test_no_secret_is_written_and_every_file_is_private(site: DemoSite, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "лига"
    code, said = _gomafia(tmp_path, "run", "--source", site.url, "--data-dir", str(folder), "--stages", "clubs,push")
    assert code == 41, said  # nobody listens at port 1
    assert CANARY not in said
    assert _files_with_the_canary(tmp_path) == []
    for arguments in (("status", "--all"), ("verify",)):
        assert CANARY not in _gomafia(tmp_path, *arguments, "--data-dir", str(folder))[1]
    open_to_others = [p for p in (folder, *folder.rglob("*")) if stat.S_IMODE(p.stat().st_mode) & 0o077]
    assert open_to_others == []


def test_a_fault_of_ours_that_holds_the_secret_is_logged_without_it(site: DemoSite, tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if sys.orig_argv[-1:] == ['gomafia_kit.importer']:\n"
        "    from gomafia_kit.importer import work\n"
        "    def broken(*_, **__):\n"
        "        raise RuntimeError('planted: ' + os.environ['GOMAFIA_POSTGRES_URL'] + os.environ['HTTP_PROXY'])\n"
        "    work.publish = broken\n",
        encoding="utf-8",
    )
    folder = tmp_path / "data" / "league"
    arguments = ("run", "--source", site.url, "--data-dir", str(folder), "--stages", "clubs")
    code, said = _gomafia(tmp_path, *arguments, PYTHONPATH=str(planted))
    assert code == 1, said
    log = (folder / LOG_FILE).read_text(encoding="utf-8")
    assert "planted: postgresql://anna:***@127.0.0.1:1/league" in log
    assert CANARY not in said
    assert _files_with_the_canary(tmp_path) == []


def test_a_store_that_others_could_read_is_mended(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.path.chmod(0o644)
    with Journal(tmp_path) as journal:
        assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def _unpickling(source: str) -> list[str]:
    """What in a source text could unpickle: modules imported, and calls of read_pickle and the like."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in _UNPICKLES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in _UNPICKLES:
            found.append(node.module or "")
        elif isinstance(node, ast.Attribute) and "pickle" in node.attr:
            found.append(node.attr)
    return found


def test_nothing_is_unpickled() -> None:
    found = {str(path): _unpickling(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
    assert {path: names for path, names in found.items() if names} == {}
    assert _unpickling("import pickle\nfrom marshal import loads\nframe.read_pickle(1)") == [
        "pickle",
        "marshal",
        "read_pickle",
    ]
