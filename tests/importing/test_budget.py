"""An import and its memory budget, in processes of its own: it ends by itself, and takes no answer that won't fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gomafia_kit.errors import AskRefusedError, OutOfBudgetError
from gomafia_kit.runs.journal import Journal
from tests.fetch.servers import Sent, serving
from tests.imports import differences, published, run_import, truth

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite


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


def test_an_answer_that_is_too_large_for_the_budget_is_refused_with_its_size(data_dir: Path) -> None:
    def answer(path: str) -> Sent:
        return Sent((b"",), 404) if path == "/robots.txt" else Sent((b"x" * (1 << 20),) * 8)

    with (
        serving(answer) as server,
        pytest.raises(AskRefusedError, match=r"(8,388,608|over 6,990,506) bytes, 6,990,506 at most"),
    ):
        run_import(server.url, data_dir, stages="clubs", via="http", form="api", memory_limit_mb=160)
