"""Since when answers count in a refresh: one that didn't come to its end is gone on with, not begun anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import AskFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.runs.journal import Journal
    from gomafia_kit.runs.ledger import Ledger

LONGEST: Final = timedelta(days=1)
"""What an older refresh brought is asked for again: nobody would call it fresh."""
_BEGAN: Final = "refresh_began"
_LAST_RUN: Final = "refresh_run"


def refresh_since(run_id: int, journal: Journal, ledger: Ledger, tell: Callable[[str], None]) -> datetime:
    """The moment from which answers count in this run's refresh, which is noted."""
    now = datetime.now(UTC)
    since = _begun(run_id, journal, ledger, now)
    if since is not None:
        tell(f"The refresh that began {since:%Y-%m-%d %H:%M} UTC goes on: what it brought isn't asked for again.")
    ledger.remember(**{_BEGAN: (since or now).isoformat(), _LAST_RUN: str(run_id)})
    return since or now


def _begun(run_id: int, journal: Journal, ledger: Ledger, now: datetime) -> datetime | None:
    """When the refresh began that the run before this one left unfinished; None if it left none."""
    before = max((run for run in journal.runs() if run.run_id < run_id), key=lambda run: run.run_id, default=None)
    if before is None or ledger.recall(_LAST_RUN) != str(before.run_id):
        return None
    if before.state == "done" or before.error == AskFailedError.__name__:  # all that could be had came
        return None
    began = datetime.fromisoformat(ledger.recall(_BEGAN) or now.isoformat())
    return began if now - LONGEST < began < now else None
