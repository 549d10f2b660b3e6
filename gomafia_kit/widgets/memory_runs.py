"""What `notebooks/memory.ipynb` stands on: its parameters, checked, and the runs that they name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.importer.compare import compared
from gomafia_kit.parameters import check
from gomafia_kit.runs.database import holds
from gomafia_kit.settings import Settings, project_dir
from gomafia_kit.widgets.figures import figures_of
from gomafia_kit.widgets.handle import RunHandle, attached
from gomafia_kit.widgets.picture import MemoryPicture, memory_picture_of
from gomafia_kit.widgets.profile import ComparisonView
from gomafia_kit.widgets.sheets import Html, Table, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

WAYS: Final = ("chromium", "http")
"""By default the tiny demo league through a browser is looked at, beside the same without one."""
NO_OTHER: Final = "No other run is named: give other_dir, or other_run."


@dataclass(frozen=True, slots=True)
class MemoryRuns:
    """A run whose memory is looked at, and the one that it is compared with, if any; shows itself as a table."""

    run: RunHandle
    other: RunHandle | None

    def compared(self) -> ComparisonView | Html:
        """The verdict on the other run as one that comes after this one; a sentence where there is no other.

        Raises FolderError if one of them hasn't ended well or wrote no row.
        """
        if self.other is None:
            return shown(NO_OTHER)
        before, after = self.run, self.other
        return ComparisonView(compared((before.data_dir, before.run_id), (after.data_dir, after.run_id)))

    def picture_of_other(self) -> MemoryPicture | Html:
        """The other run's memory by batch; a sentence where there is no other."""
        return shown(NO_OTHER) if self.other is None else memory_picture_of(self.other)

    def _shown(self) -> Html:
        rows = [
            (
                name,
                str(handle.data_dir),
                handle.run_id,
                figures.state,
                figures.league,
                len(figures.points),
                figures.rows,
            )
            for name, handle in (("this run", self.run), ("beside it", self.other))
            if handle is not None
            for figures in (figures_of(handle.data_dir, handle.run_id),)
        ]
        return shown(Table(("", "data folder", "run", "state", "league", "batches", "rows"), rows))

    def _repr_html_(self) -> str:
        return self._shown().html

    def __repr__(self) -> str:
        return self._shown().text


def open_runs(namespace: Mapping[str, object]) -> MemoryRuns:
    """The runs that the notebook's parameters name; `namespace` is the notebook's `globals()`.

    Without a `data_dir` the tiny demo league is looked at, imported through Chromium and by HTTP, in seconds,
    where that wasn't done yet. Raises SettingsError for an unknown or misspelt name and for a wrong value,
    FolderError where there is no such run.
    """
    values = check(namespace).values
    data_dir, other_dir = str(values["data_dir"]).strip(), str(values["other_dir"]).strip()
    if not data_dir:
        return MemoryRuns(*(_demo_run(way) for way in WAYS))
    run = attached(data_dir, values["run"] or None)
    if not other_dir and not values["other_run"]:
        return MemoryRuns(run, None)
    return MemoryRuns(run, attached(other_dir or data_dir, values["other_run"] or None))


def _demo_run(way: str) -> RunHandle:
    """The first import of the tiny demo league in that way, which wrote all of its rows."""
    from gomafia_kit.importer import start

    parameters: dict[str, Any] = {
        "data_dir": str(project_dir() / "data" / f"memory-{way}"),
        "stages": "tournaments,games",
        "via": way,
        "form": "api",
        "batch_rows": 100,
    }
    settings = Settings.gather(parameters)
    if not holds(settings.folder):
        start(settings, lifeline=True).wait(seconds_between_polls=0.1)
    return attached(settings.folder, 1)
