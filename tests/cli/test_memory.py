from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from gomafia_kit.cli.memory import _profile_lines
from gomafia_kit.importer.compare import compared
from gomafia_kit.importer.profile import profile_of
from gomafia_kit.widgets.profile import ComparisonView, ProfileView

if TYPE_CHECKING:
    from gomafia_kit.demo import DemoSite
    from tests.cli.conftest import Gomafia


def test_before_and_after_are_judged_by_peak_and_time(gomafia: Gomafia, site: DemoSite, tmp_path: Path) -> None:
    """The same league through a browser, and without one: that takes less than half of the memory."""
    folders = {via: str(tmp_path / via) for via in ("chromium", "http")}
    for via, folder in folders.items():
        line = ("--source", site.url, "--data-dir", folder, "--stages", "clubs,players", "--form", "api", "--via", via)
        assert gomafia("run", *line).code == 0
    better = gomafia("compare", folders["chromium"], folders["http"])
    assert better.code == 0
    assert "Better: " in better.out
    assert "lower" in better.out
    assert "of it chromium, MB" in better.out
    view = ComparisonView(compared((Path(folders["chromium"]), 1), (Path(folders["http"]), 1)))
    assert better.out == f"{view!r}\n"  # as a notebook shows it
    worse = gomafia("compare", folders["http"], f"{folders['chromium']}:1", "--json")
    assert worse.code == 1
    told = json.loads(worse.out)
    assert told["passed"] is False
    assert told["verdict"].startswith("Not better: ")
    assert "higher" in told["verdict"]
    assert told["after"]["parts"]["chromium"] > 50
    assert gomafia("compare", folders["http"], folders["http"]).code == 1
    told = gomafia("diagnose", "--data-dir", folders["chromium"]).out
    assert told.startswith("Nothing wrong was found.\nToo few looks to tell whether ")
    memory = gomafia("memory", "--data-dir", folders["chromium"])
    assert "chromium.renderer" in memory.out
    assert "peak: The peak is " in memory.out
    plain = json.loads(gomafia("memory", "--data-dir", folders["http"], "--json").out)
    assert {part["part"] for part in plain["parts"]} >= {"python", "tree", "external"}
    assert {one["about"] for one in plain["advice"]} >= {"peak", "growth", "budget"}


def test_the_calculator_needs_no_run(gomafia: Gomafia) -> None:
    assert "An import in 512 MB" in gomafia("memory", "--calculate", "512").out
    assert "An import in 2,048 MB" in gomafia("memory", "--calculate", "2G").out
    assert {fit["verdict"] for fit in json.loads(gomafia("memory", "--calculate", "16", "--json").out)} == {
        "too little"
    }
    assert gomafia("memory", "--calculate", "much").code == 2
    nothing = gomafia("memory", "--calculate", "0")
    assert (nothing.code, nothing.complaint[0]) == (2, "gomafia: --calculate: 0.0 is not 1 or more.")


def test_what_can_not_be_compared_is_said(gomafia: Gomafia, site: DemoSite, tmp_path: Path) -> None:
    folder = str(tmp_path / "one")
    line = ("run", "--source", site.url, "--data-dir", folder, "--stages", "clubs")
    assert gomafia(*line).code == 0
    assert gomafia(*line, "--offline").code == 0
    ended = gomafia("compare", folder, folder)
    assert ended.code != 0
    assert "wrote no row: there is nothing to compare" in ended.err
    assert "has no run 9" in gomafia("compare", folder, f"{folder}:9").err


def test_a_profile_is_told_and_how_it_goes_on(gomafia: Gomafia, site: DemoSite, tmp_path: Path) -> None:
    line = ("profile", "--source", site.url, "--stages", "clubs", "--form", "api", "--batch-rows", "2")
    ended = gomafia(*line, "--data-dir", str(tmp_path / "one"), "--seconds-between-asks", "1", "--json")
    assert ended.code == 0
    assert "clubs (1 of 1): " in ended.err
    told = json.loads(ended.out)
    assert told["findings"] == []
    assert told["verdict"].startswith("flat (95%: at most ")
    found = profile_of(tmp_path / "one", 1)
    head, wrong, *held = "\n".join(_profile_lines(found)).split("\n", 2)
    assert repr(ProfileView(found)) == "\n\n".join([head, wrong, *held]).replace(
        "\n\n\n", "\n\n"
    )  # as a notebook shows it
