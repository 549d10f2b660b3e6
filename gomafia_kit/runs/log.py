"""A log for machines: every event of the imports of a folder as a line of JSON, in files of limited size."""

from __future__ import annotations

import json
import logging
from dataclasses import fields
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Final, Self

from gomafia_kit.runs.database import make_private

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from gomafia_kit.events import Event

EVENTS_FILE: Final = "events.jsonl"
MOST_BYTES: Final = 2_000_000
"""Of one file; the three before it are kept beside it."""
_KEPT: Final = 3


class _Quiet(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - its name in the standard library
        """Let the line go."""


class EventLog:
    """An observer that writes each event as one object: `event`, `at` (UTC), `run_id`, and the event's own fields.

    A disk that is full costs lines, not the import: what counts is in the run store.
    """

    def __init__(self, data_dir: Path) -> None:
        path = data_dir / EVENTS_FILE
        self._handler = _Quiet(
            path, maxBytes=MOST_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True, errors="backslashreplace"
        )
        make_private(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handler.close()

    def __call__(self, event: Event) -> None:
        """Write an event down."""
        # Not asdict: it copies each value, and thousands of events may come within a second.
        told = {"event": type(event).__name__, **{field.name: getattr(event, field.name) for field in fields(event)}}
        line = json.dumps(told, ensure_ascii=False, default=str)
        self._handler.handle(logging.makeLogRecord({"msg": line, "levelno": logging.INFO}))
