"""After a kill the next run tells what was safe, what it does again, and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gomafia_kit import demo
from gomafia_kit.runs.journal import Journal
from tests.crash.ground import Attempt, Way, Where

if TYPE_CHECKING:
    from pathlib import Path

WAY = Way("short", stages="clubs,tournaments", batch_rows=5)


def test_the_run_after_a_kill_tells_what_was_safe_and_what_it_costs(data_dir: Path) -> None:
    with demo.start(scale="tiny") as site:
        attempt = Attempt(WAY, site, data_dir, "unused")
        attempt.kill(Where("before the commit of a batch", 3))
        assert attempt.asked_again() == []
        with Journal(data_dir) as journal:
            safe = journal.batches(1)
        assert attempt.go_on({}) == 0
        with Journal(data_dir) as journal:
            killed, after = journal.runs()
            told = [text for _, text in journal.notices(2)]
    assert after.receipt is not None
    [crash] = after.receipt["crashes"]
    assert (crash["run_id"], crash["batches_safe"], crash["rows_safe"]) == (1, 2, sum(batch.rows for batch in safe))
    assert crash["answers_safe"] >= 1
    assert crash["answers_read_again"] >= 1
    assert crash["files_deleted"] >= 1  # the parts of the batch that was never committed
    assert told[0].startswith("Run 1 ended without a word: killed, or out of memory. Safe: ")
    assert told[0].endswith("It costs at most 1 ask, the one that was under way.")
    assert (killed.state, killed.error, killed.message) == ("died", "RunDiedError", told[0])


def test_a_run_after_one_that_ended_well_tells_of_no_crash(data_dir: Path) -> None:
    with demo.start(scale="tiny") as site:
        attempt = Attempt(WAY, site, data_dir, "unused")
        assert attempt.go_on({}) == attempt.go_on({}) == 0
        with Journal(data_dir) as journal:
            assert [run.receipt and run.receipt["crashes"] for run in journal.runs()] == [[], []]
