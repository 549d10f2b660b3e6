"""Which run of a folder is meant where nobody says its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gomafia_kit.runs.journal import Journal, Run


def present_run(journal: Journal) -> Run | None:
    """The run at work, else the newest; None if there was never one."""
    runs = journal.runs()
    # A run that was refused because another is at work is newer than that one.
    meant = [run for run in runs if run.is_working] or runs[-1:]
    return meant[-1] if meant else None
