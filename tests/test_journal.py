"""How far a stage has come is noted now and then while the archive answers, and in full at each turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gomafia_kit.events import AskDone, Event, Notice, StageDone, StageStarted
from gomafia_kit.runs.journal import Journal, now

if TYPE_CHECKING:
    from pathlib import Path

ASKS = 500


@pytest.mark.parametrize("last", [StageDone, Notice, AskDone, None])
def test_no_ask_is_lost_to_the_pause_between_two_notes(data_dir: Path, last: type[Event] | None) -> None:
    with Journal(data_dir) as journal:
        run_id = journal.begin({})
        journal.observe(StageStarted(run_id, "games", 0, now()))
        for number in range(1, ASKS + 1):
            journal.observe(AskDone(run_id, "games", "key", number == 1, number, ASKS, now()))
        if last is StageDone:
            journal.observe(StageDone(run_id, "games", 1.0, now()))
        elif last is Notice:
            journal.observe(Notice(run_id, "A pause.", now()))
        elif last is AskDone:
            journal.observe(AskDone(run_id, "games", "key", True, ASKS, ASKS, now()))
        else:
            journal.end(run_id, "stopped")
        [stage] = journal.stages(run_id)
    assert (stage.asks_done, stage.asks_known) == (ASKS, ASKS)
    assert stage.asks_made == 1 + (last is AskDone)
