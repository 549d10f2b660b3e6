"""A run that goes on after a kill asks the site first; what the killed one left to be made comes behind that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit import demo
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.runs.log import EVENTS_FILE
from gomafia_kit.staging.publish import is_half_made
from gomafia_kit.staging.published import published_files
from tests.crash.ground import Attempt, Way, Where
from tests.imports import differences, published, truth

if TYPE_CHECKING:
    from pathlib import Path

STAGES: Final = ("clubs", "tournaments", "games", "statistics")
WAY: Final = Way("short", stages=",".join(STAGES), batch_rows=400)


def events_of(data_dir: Path, run_id: int) -> list[dict[str, Any]]:
    """What a run told, in order."""
    told = [json.loads(line) for line in (data_dir / EVENTS_FILE).read_text("utf-8").splitlines()]
    return [event for event in told if event["run_id"] == run_id]


def test_nothing_is_computed_or_published_before_the_first_ask(data_dir: Path) -> None:
    with demo.start(scale="tiny") as site:
        attempt = Attempt(WAY, site, data_dir, "unused")
        attempt.kill(Where("after the commit of a batch", 8))
        left = published_files(data_dir)
        attempt.kill(Where("after an ask"))
        before = events_of(data_dir, 2)
        assert [event["stage"] for event in before if event["event"] == "StageStarted"] == list(STAGES[:3])
        assert sum(event["event"] == "AskDone" for event in before) > 10
        assert not any(event["event"] == "BatchDone" for event in before)
        assert published_files(data_dir) == left
        assert attempt.go_on({}) == 0
        for table in ("club", "seat", "player_year"):
            assert differences(published(data_dir, table), truth(site.league, table), table) == []


def test_a_publication_that_was_cut_off_is_made_right_after_the_first_ask(data_dir: Path) -> None:
    with demo.start(scale="tiny") as site:
        attempt = Attempt(WAY, site, data_dir, "unused")
        attempt.kill(Where("before the building of a publication", 2))
        with Ledger(data_dir) as ledger:
            assert is_half_made(ledger, "duckdb")
        attempt.kill(Where("after the building of a publication"))
        asked = [event["ask_key"] for event in events_of(data_dir, 2) if event.get("made")]
        assert len(asked) == 1
        assert attempt.kills == 2
