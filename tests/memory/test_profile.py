"""Faults planted in a real import, in a process of its own: each is found and named, and nothing else is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo
from gomafia_kit.errors import FolderError, SettingsError
from gomafia_kit.importer.profile import Profile, diagnosed, profile_of
from gomafia_kit.memory.profiler import profiling
from tests.memory.planted import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.demo import DemoSite

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with demo.start(scale="tiny") as running:
        yield running


def _imported(site: DemoSite, folder: Path, via: str, tracer: str, *faults: str) -> None:
    line = [sys.executable, "-m", "tests.memory.planted", site.url, str(folder), via, tracer, *faults]
    subprocess.run(line, cwd=ROOT, check=True, timeout=180)


def _profiled(site: DemoSite, folder: Path, via: str, tracer: str, *faults: str) -> Profile:
    _imported(site, folder, via, tracer, *faults)
    return profile_of(folder, 1)


def _kinds(profile: Profile) -> dict[str, str]:
    return {finding.kind: finding.seen for finding in profile.findings}


@pytest.mark.parametrize("via", ["http", "chromium"])
def test_in_a_sound_run_nothing_is_named(site: DemoSite, data_dir: Path, via: str) -> None:
    profile = _profiled(site, data_dir, via, "memray")
    assert profile.findings == ()
    assert profile.verdict.startswith("flat (95%: at most ")
    assert len(profile.stretches) >= 4


def test_what_grows_in_python_is_named_by_its_line(site: DemoSite, data_dir: Path) -> None:
    profile = _profiled(site, data_dir, "http", "memray", "list", "connection", "thread", "storm")
    found = _kinds(profile)
    planted = {"memory", "connections", "threads", "gc"}
    assert planted <= found.keys() <= {*planted, "objects"}
    assert profile.lines[0].what.startswith("memory/planted.py:")
    assert "KEPT.append(bytearray(40_000))" in profile.lines[0].code
    assert profile.verdict.startswith("grows ")
    assert "Collecting garbage took" in found["gc"]
    assert profile.flame_graph is not None
    page = profile.flame_graph.read_text("utf-8")
    assert "planted.py" in page
    assert not re.search(r"<(script|link)[^>]*(src|href)=.http", page), "it must open offline"


def test_what_each_batch_shows_is_named_though_nobody_looked(site: DemoSite, data_dir: Path) -> None:
    """Connections, threads and computing are measured at each batch, however seldom the whole tree is looked at."""
    _imported(site, data_dir, "http", NOBODY, "connection", "thread", "quadratic")
    found = {finding.kind: finding.seen for finding in diagnosed(data_dir, 1)}
    assert found.keys() == {"connections", "threads", "slowing"}
    assert re.fullmatch(r"games slows down: .+ ms of computing, at first \d+\.\d\d\.", found["slowing"])


def test_python_alone_finds_the_line_as_well(site: DemoSite, data_dir: Path) -> None:
    profile = _profiled(site, data_dir, "http", "tracemalloc", "list")
    assert profile.lines[0].what.startswith("memory/planted.py:")
    assert profile.lines[0].low > 0
    assert profile.flame_graph is None


def test_what_a_browser_keeps_is_named(site: DemoSite, data_dir: Path) -> None:
    profile = _profiled(site, data_dir, "chromium", "memray", "page", "context", "listeners", "handlers", "block")
    found = _kinds(profile)
    assert {"pages", "contexts", "listeners", "objects", "loop"} <= found.keys()
    assert "aren't closed" in found["pages"]
    assert "function" in {kind.what for kind in profile.types}
    assert "held up in 1 batches" in found["loop"]


def test_native_code_is_not_asked_of_who_does_not_see_it() -> None:
    assert profiling("memray", native=True).native
    with pytest.raises(SettingsError, match="native: tracemalloc sees no native code"):
        profiling("tracemalloc", native=True)


def test_a_run_that_was_not_profiled_says_how_to(data_dir: Path) -> None:
    with pytest.raises(FolderError, match="has no profile"):
        profile_of(data_dir, 1)
