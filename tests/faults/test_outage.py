"""A site that goes down in the middle of an import: it pauses, says until when, and goes on by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from gomafia_kit import demo, importer
from gomafia_kit.errors import RunStoppedError, SiteDownError
from gomafia_kit.importer.alerts import VARIABLE
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from tests.alerts import writing_down, written_down
from tests.faults.seen import lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.importer import ImportHandle
    from tests.faults.conftest import Fault

DOWN = "The site is down"


@pytest.fixture
def own_site() -> Iterator[DemoSite]:
    """A tiny site that the test may end."""
    with demo.start(scale="tiny") as running:
        yield running


def go_down(site: DemoSite, data_dir: Path, **parameters: object) -> ImportHandle:
    """An import from a site that ends while games are read."""
    site.fault("delay", times=None, seconds=0.05, prefix="/api/tournament/")
    told = {"source": site.url, "data_dir": str(data_dir), "stages": "tournaments,games", **parameters}
    handle = importer.start(Settings.gather(told), lifeline=True)
    until(handle, lambda journal: any(s.stage == "games" and s.asks_done for s in journal.stages(handle.run_id)))
    site.stop()
    return handle


def until(handle: ImportHandle, is_so: Callable[[Journal], object]) -> None:
    with Journal(handle.data_dir) as journal:
        while not is_so(journal):
            assert journal.run(handle.run_id).is_working
            time.sleep(0.02)


def said(handle: ImportHandle, start: str) -> list[str]:
    with Journal(handle.data_dir) as journal:
        return [text for _, text in journal.notices(handle.run_id) if text.startswith(start)]


def test_an_import_waits_for_a_site_that_is_down_and_goes_on_by_itself(
    own_site: DemoSite, data_dir: Path, fault: Fault
) -> None:
    league, port = own_site.league, urlsplit(own_site.url).port
    handle = go_down(own_site, data_dir)
    until(handle, lambda _: len(said(handle, DOWN)) >= 2)
    down_for = time.monotonic()
    with demo.start(scale="tiny", port=port or 0):
        handle.wait(seconds_between_polls=0.05)
    (back,) = said(handle, "The site is there again")
    assert back.endswith("the import goes on.")
    fault.told(
        "the site is down for a while",
        sees=said(handle, DOWN)[0],
        lost=lost(data_dir, league),
        seconds=time.monotonic() - down_for,
    )


def test_an_import_ends_when_the_longest_outage_is_over_and_a_command_is_told_of_it(
    own_site: DemoSite, data_dir: Path, fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts = tmp_path / "alerts.jsonl"
    monkeypatch.setenv(VARIABLE, writing_down(alerts))
    league, port = own_site.league, urlsplit(own_site.url).port
    began = time.monotonic()
    handle = go_down(own_site, data_dir, longest_outage_minutes=0.02)
    with pytest.raises(SiteDownError) as caught:
        handle.wait(seconds_between_polls=0.05)
    assert caught.value.exit_code == 18
    seconds = time.monotonic() - began
    down, failed = sorted(written_down(alerts), key=lambda alert: alert["at"])
    assert (down["kind"], failed["kind"], failed["text"]) == ("site", "failed", caught.value.message)
    assert down["text"] == said(handle, DOWN)[0]
    with demo.start(scale="tiny", port=port or 0) as again:
        told = {"source": again.url, "data_dir": str(data_dir), "stages": "tournaments,games"}
        importer.start(Settings.gather(told), lifeline=True).wait(seconds_between_polls=0.05)
    fault.told(
        "the site is down for longer than the longest outage",
        sees=f"{caught.value.message} {caught.value.remedy}",
        lost=lost(data_dir, league),
        seconds=seconds,
    )


@pytest.mark.parametrize("wish", ["stop", "pause"])
def test_a_wish_is_heard_while_the_site_is_down(own_site: DemoSite, data_dir: Path, wish: str) -> None:
    handle = go_down(own_site, data_dir)
    until(handle, lambda _: said(handle, DOWN))
    if wish == "pause":
        handle.pause()
        until(handle, lambda journal: journal.run(handle.run_id).state == "paused")
    handle.stop()
    with pytest.raises(RunStoppedError):
        handle.wait(seconds_between_polls=0.05)
