"""What a fault left behind: what a person saw of it, what is lost, and how long it took to go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from gomafia_kit.runs.journal import Journal
from tests.imports import differences, published, truth

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from gomafia_kit.demo import League

GAMES = ("tournament", "game", "seat", "result")


def lost(data_dir: Path, league: League, tables: Sequence[str] = GAMES) -> list[str]:
    """In words, what the published tables differ in from the truth; empty if in nothing."""
    return [line for table in tables for line in differences(published(data_dir, table), truth(league, table), table)]


@dataclass(frozen=True)
class Told:
    """The notices of a run, and when it went on after the first of them: with the next batch, or its end."""

    notices: tuple[str, ...]
    seconds: float


def told(data_dir: Path) -> Told:
    """What the newest run of a folder told of what went wrong."""
    with Journal(data_dir) as journal:
        run = journal.latest()
        assert run is not None
        notices = journal.notices(run.run_id)
        batches = journal.batches(run.run_id)
    if not notices:
        return Told((), 0.0)
    first: datetime = notices[0][0]
    ends = [batch.started_at + timedelta(seconds=batch.seconds) for batch in batches]
    went_on = min((end for end in ends if end > first), default=run.ended_at or first)
    return Told(tuple(text for _, text in notices), (went_on - first).total_seconds())
