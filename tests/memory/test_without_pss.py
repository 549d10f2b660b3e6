"""Systems that don't tell PSS, or have no /proc: RSS of the whole tree takes its place in all that is made of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo
from gomafia_kit.importer import ImportHandle, run_here
from gomafia_kit.importer.compare import compared
from gomafia_kit.memory.advice import advice_on
from gomafia_kit.memory.probe import Probe
from gomafia_kit.settings import Settings
from gomafia_kit.widgets.advice import parts_frame
from gomafia_kit.widgets.figures import figures_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.runs.journal import Run


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with demo.start(scale="tiny") as running:
        yield running


def _imported(site: DemoSite, folder: Path, via: str) -> Run:
    told = {"source": site.url, "data_dir": str(folder), "stages": "clubs,players", "via": via, "form": "api"}
    return run_here(Settings.gather(told)).run()


def test_a_browser_counts_where_only_rss_is_told(
    site: DemoSite, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a system without /proc: not even Python's exact peak is told."""
    monkeypatch.setattr("gomafia_kit.memory.meter.Probe", partial(Probe, None, with_pss=False))
    run = _imported(site, data_dir / "chromium", "chromium")
    receipt = run.receipt
    assert receipt is not None
    assert receipt["peak_pss_mb"] is None
    assert receipt["peak_tree_rss_mb"] > 300
    assert receipt["peak_rss_mb"] is None
    assert figures_of(data_dir / "chromium", 1).peak_mb == receipt["peak_tree_rss_mb"]
    advice = {one.about: one for one in advice_on(data_dir / "chromium", 1)}
    assert "MB (RSS of the tree, which counts shared pages in each process), in " in advice["peak"].seen
    assert "chromium " in advice["peak"].seen
    parts = parts_frame(ImportHandle(data_dir / "chromium", 1))
    told = set(zip(parts["part"], parts["measure"], strict=True))
    assert ("chromium", "RSS, sampled") in told
    assert ("python", "RSS, sampled") in told


def test_runs_are_judged_by_rss_of_the_whole_tree(
    site: DemoSite, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one of them has no PSS, RSS of both counts."""
    _imported(site, data_dir / "chromium", "chromium")
    monkeypatch.setattr("gomafia_kit.memory.meter.Probe", partial(Probe, with_pss=False))
    _imported(site, data_dir / "http", "http")
    lower = compared((data_dir / "chromium", 1), (data_dir / "http", 1)).reasons[1]
    assert lower[0], lower[1]
    assert "RSS of the tree" in lower[1]
