from __future__ import annotations

import subprocess
import sys

import pytest

from gomafia_kit.memory.probe import Probe


def _fill(megabytes: int) -> bytearray:
    """So much memory, every page of it touched."""
    return bytearray(b"x" * 4096) * (megabytes * 256)


TRIES = 5
"""Between two looks others may end who share a library's pages, and what tests before took may be given back."""


@pytest.fixture
def linux() -> Probe:
    """A probe that reads the kernel's own figures; these tests are about them."""
    probe = Probe()
    assert probe.peak_rss_mb() is not None, "the memory tests need Linux"
    return probe


def test_the_peak_is_that_of_the_time_since_the_last_look(linux: Probe) -> None:
    before = linux.rss_mb()
    held = _fill(60)
    del held
    first, second = linux.peak_rss_mb(), linux.peak_rss_mb()
    assert first is not None
    assert second is not None
    assert first > before + 50
    assert second < first - 40


def test_what_is_held_shows_in_every_measure(linux: Probe) -> None:
    rises = []
    for _ in range(TRIES):
        before = linux.tree()[0]
        held = _fill(40)
        after = linux.tree()[0]
        assert len(held) == 40 << 20
        del held
        assert before.pss_mb is not None
        assert after.pss_mb is not None
        rises.append((after.rss_mb - before.rss_mb, after.pss_mb - before.pss_mb))
    assert any(rise == pytest.approx((40, 40), abs=4) for rise in rises), rises


def test_without_a_browser_the_tree_is_python_alone(linux: Probe) -> None:
    """A demo site, or any other child, is no part of the importer."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        uses = linux.tree()
        child.communicate(b"\n")
    assert [use.part for use in uses] == ["python", "tree"]
    assert uses[0].pss_mb == uses[1].pss_mb


def test_without_proc_psutil_tells_the_next_best() -> None:
    probe = Probe(None)
    python, tree = probe.tree()
    assert python.rss_mb == pytest.approx(Probe().tree()[0].rss_mb, rel=0.05)
    assert tree.best_mb == python.best_mb
    assert probe.peak_rss_mb() is None


def test_where_pss_is_not_told_rss_takes_its_place_and_uss_stands_beside_it() -> None:
    """As on macOS and Windows."""
    for probe in (Probe(with_pss=False), Probe(None, with_pss=False)):
        python = probe.tree()[0]
        assert python.pss_mb is None
        assert python.best_mb == python.rss_mb
        assert 0 < (python.uss_mb or 0) < python.rss_mb


def test_what_started_the_import_is_measured_apart(linux: Probe) -> None:
    script = "from gomafia_kit.memory.probe import Probe; print(Probe().starter().rss_mb, Probe().rss_mb())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    starter, child = map(float, done.stdout.split())
    assert starter == pytest.approx(linux.rss_mb(), rel=0.3)
    assert child < starter
