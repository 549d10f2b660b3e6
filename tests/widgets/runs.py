"""A real import for tests to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gomafia_kit import importer
from gomafia_kit.settings import Settings
from gomafia_kit.widgets.handle import RunHandle

if TYPE_CHECKING:
    from pathlib import Path


def finished_import(folder: Path) -> RunHandle:
    """The tiny league imported into a folder, but for the push, in batches of 200 rows at most."""
    stages = "clubs,players,tournaments,games,statistics"
    settings = Settings.gather({"data_dir": str(folder), "stages": stages, "batch_rows": 200})
    handle = importer.start(settings)
    handle.wait()
    return RunHandle(handle.data_dir, handle.run_id)
