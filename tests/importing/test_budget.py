"""An import and its memory budget, in processes of its own: it ends by itself, and takes no answer that won't fit."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import pytest

from gomafia_kit import importer
from gomafia_kit.errors import AskRefusedError, FolderError, OutOfBudgetError
from gomafia_kit.fetch.driver import children, is_driver
from gomafia_kit.memory.peaks import taken_by_part
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from tests.fetch.servers import Sent, serving
from tests.imports import differences, published, run_import, truth

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.importer import ImportHandle


def test_near_its_limit_an_import_commits_and_stops_and_goes_on_with_more(site: DemoSite, data_dir: Path) -> None:
    """Python with its libraries takes more than 64 MB: the first batch is the last."""
    with pytest.raises(OutOfBudgetError, match=r"takes \d+ MB of the 64 MB it may \(python \d+ MB\)") as caught:
        run_import(site, data_dir, stages="clubs", memory_limit_mb=64)
    assert caught.value.exit_code == 52
    assert caught.value.remedy == "Run again with a larger memory_limit_mb to go on: nothing is lost."
    with Journal(data_dir) as journal:
        told = [text for _, text in journal.notices(1) if text.startswith("Memory: ")]
        assert sum(batch.rows for batch in journal.batches(1)) > 0
    assert len(told) == 1
    run_import(site, data_dir, stages="clubs", memory_limit_mb=100_000_000)
    with Journal(data_dir) as journal:
        assert any("100,000,000, but the system lets" in text for _, text in journal.notices(2))
    assert differences(published(data_dir, "club"), truth(site.league, "club"), "club") == []


def test_in_the_midst_of_a_polite_batch_it_stops_as_well(site: DemoSite, data_dir: Path) -> None:
    """All members stand in the second batch, which takes a quarter of a minute; the first one has the list of clubs."""
    told = {"source": site.url, "data_dir": str(data_dir), "stages": "clubs", "seconds_between_asks": 1.5}
    handle = importer.start(Settings.gather(told), lifeline=True)

    def wish_for_less_than_is_taken() -> None:
        with Journal(data_dir) as journal:
            if len(journal.batches(1)) == 1:
                journal.wish_memory_limit(1, 0.7 * taken_by_part(journal.memory(1))["tree"])

    with pytest.raises(OutOfBudgetError):
        handle.wait(wish_for_less_than_is_taken, seconds_between_polls=0.05)
    with Journal(data_dir) as journal:
        (stage,) = journal.stages(1)
        assert [batch.rows > 0 for batch in journal.batches(1)] == [True, True]
    assert stage.asks_done < stage.asks_known == 1 + len(truth(site.league, "club"))
    run_import(site, data_dir, stages="clubs")
    assert differences(published(data_dir, "club"), truth(site.league, "club"), "club") == []


def test_a_push_keeps_to_the_budget_and_shows_nothing_of_what_it_had_sent(site: DemoSite, data_dir: Path) -> None:
    run_import(site, data_dir, stages="clubs")
    with pytest.raises(OutOfBudgetError, match=r"of the 64 MB it may \(python \d+ MB\)"):
        run_import(site, data_dir, stages="push", memory_limit_mb=64)
    with Journal(data_dir) as journal:
        (told,) = (text for _, text in journal.notices(2) if text.startswith("Memory: "))
    assert told.endswith("; at 61 MB the run ends before the system would end it.")
    receipt = run_import(site, data_dir, stages="push").receipt
    assert receipt is not None
    assert {report["table"]: report["new"] for report in receipt["push"]}["club"] == len(truth(site.league, "club"))


def test_an_answer_that_is_too_large_for_the_budget_is_refused_with_its_size(data_dir: Path) -> None:
    def answer(path: str) -> Sent:
        return Sent((b"",), 404) if path == "/robots.txt" else Sent((b"x" * (1 << 20),) * 8)

    with (
        serving(answer) as server,
        pytest.raises(AskRefusedError, match=r"(8,388,608|over 6,990,506) bytes, 6,990,506 at most"),
    ):
        run_import(server.url, data_dir, stages="clubs", via="http", form="api", memory_limit_mb=160)


def test_when_its_budget_is_nearly_taken_the_browser_is_replaced_and_the_import_goes_on(
    site: DemoSite, data_dir: Path
) -> None:
    told: dict[str, object] = {"source": site.url, "data_dir": str(data_dir), "stages": "clubs", "via": "chromium"}
    told |= {"form": "api", "batch_rows": 1000, "seconds_between_asks": 0.5}  # all members stand in the second batch
    handle = importer.start(Settings.gather(told), lifeline=True)
    scarcity = _Scarcity(handle)
    handle.wait(scarcity, seconds_between_polls=0.05)
    (told_of_it,) = scarcity.told()
    assert told_of_it.startswith("Memory is short: Chromium (")
    assert len(scarcity.drivers) == 2
    assert differences(published(data_dir, "club"), truth(site.league, "club"), "club") == []


class _Scarcity:
    """After an import's first batch wishes a budget of which 85% are taken, until its browser is replaced.

    What is taken is reckoned anew with each batch: so it stays as it is until the second one ends.
    """

    def __init__(self, handle: ImportHandle) -> None:
        self._handle = handle
        self._is_wished = False
        self.drivers: set[int] = set()
        """Those of all browsers that the import had."""

    def __call__(self) -> None:
        pid = self._handle.run().pid
        with suppress(psutil.NoSuchProcess):
            self.drivers.update(each.pid for each in children(psutil.Process(pid)) if is_driver(each))
        if not self._is_wished:
            with Journal(self._handle.data_dir) as journal:
                samples = journal.memory(self._handle.run_id)
            self._is_wished = any(sample.batch for sample in samples)
            if self._is_wished:
                self._handle.set_memory_limit(taken_by_part(samples)["tree"] / 0.85)
        elif self.told():
            with suppress(FolderError):  # it may have ended by now
                self._handle.set_memory_limit(None)

    def told(self) -> list[str]:
        """What the import said of a browser that was replaced."""
        with Journal(self._handle.data_dir) as journal:
            return [text for _, text in journal.notices(self._handle.run_id) if "is replaced by a fresh one" in text]
