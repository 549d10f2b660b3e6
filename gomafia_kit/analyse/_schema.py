"""Which schema of PostgreSQL a folder's tables are read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gomafia_kit.runs.database import holds
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def schema_of(folder: Path) -> str:
    """The setting `postgres_schema` where environment or settings file give it, else the one last pushed to.

    A push is told its schema by a parameter as well, which nobody who reads knows of; the run store does.
    """
    settings = Settings.gather({})
    if settings.origins["postgres_schema"] != "automatic" or not holds(folder):
        return settings.postgres_schema
    with Journal(folder) as journal:
        pushed = [run for run in journal.runs() if run.receipt and run.receipt["push"]]
    return str(pushed[-1].settings["postgres_schema"]["value"]) if pushed else settings.postgres_schema
