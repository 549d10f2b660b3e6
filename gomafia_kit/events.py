"""What an import tells those who watch it, and the one protocol by which it lets itself be steered.

Observers are callables that take one frozen record. They stand beside the load: none of them can
change a row, and the load doesn't know which ones there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from gomafia_kit.errors import GomafiaError


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage begins; `asks_planned` counts what it will look up, in the archive or at the site."""

    run_id: int
    stage: str
    asks_planned: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AskDone:
    """One ask was answered, by the site (`made`) or by the archive; `asks_known` is the stage's total so far."""

    run_id: int
    stage: str
    ask_key: str
    made: bool
    asks_done: int
    asks_known: int
    at: datetime


@dataclass(frozen=True, slots=True)
class BatchStarted:
    """A batch is open: it ends at `rows_target` rows at the latest."""

    run_id: int
    stage: str
    number: int
    rows_target: int
    at: datetime


@dataclass(frozen=True, slots=True)
class BatchDone:
    """A batch was committed: its rows are safe."""

    run_id: int
    stage: str
    number: int
    rows: int
    rejected: int
    seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class StepDone:
    """A piece of a stage that is neither ask nor batch is done: `what` names it, as "seat sent"."""

    run_id: int
    stage: str
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StageDone:
    """A stage ended; everything it found is committed."""

    run_id: int
    stage: str
    seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know that is no error: a retry, a fall-back, a pause."""

    run_id: int
    text: str
    at: datetime


Event = StageStarted | AskDone | BatchStarted | BatchDone | StepDone | StageDone | Notice
Observer = Callable[[Event], None]


class Governor(Protocol):
    """What may steer a load between two batches."""

    def next_rows(self, stage: str) -> int:
        """How many rows the next batch of this stage may have; at least 1."""
        ...

    def verdict(self) -> GomafiaError | None:
        """None to go on; else the error that ends the load after the last batch."""
        ...
