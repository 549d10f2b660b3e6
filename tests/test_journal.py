"""How far a stage has come is noted now and then while the archive answers, and in full at each turn.

What has ended stays so; what works or rests is not silent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gomafia_kit.events import AskDone, Event, Notice, StageDone, StageStarted, StepDone
from gomafia_kit.runs.journal import Journal, MemorySample, now

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


def test_a_run_that_has_ended_stays_so_whatever_its_process_says_later(data_dir: Path) -> None:
    with Journal(data_dir) as journal:
        run_id = journal.begin({})
        journal.adopt(run_id)
        journal.end(run_id, "done", receipt={})
        journal.set_state(run_id, "stopping")
        assert journal.run(run_id).state == "done"


@pytest.mark.parametrize("sign", ["step", "look", "rest", None])
def test_whatever_a_run_does_is_a_sign_of_life(data_dir: Path, sign: str | None) -> None:
    long_ago = now() - timedelta(minutes=20)
    with Journal(data_dir) as journal:
        run_id = journal.begin({"stall_minutes": {"value": 15.0}})
        journal.adopt(run_id)
        journal.set_state(run_id, "running")
        journal.observe(StageStarted(run_id, "push", 0, long_ago))
        run = replace(journal.run(run_id), started_at=long_ago)
        assert journal.is_stalled(run)
        if sign == "step":
            journal.observe(StepDone(run_id, "push", "seat sent", now()))
        elif sign == "look":
            journal.note_look(run_id, [MemorySample("push", 1, now(), "python", 1.0, 1.0, None)])
        elif sign == "rest":
            journal.expect_rest(run_id, 3600)
        assert journal.is_stalled(run) == (sign is None)
