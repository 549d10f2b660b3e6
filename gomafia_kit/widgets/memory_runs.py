"""What `notebooks/memory.ipynb` stands on: its parameters, checked, and the runs that they name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import SettingsError
from gomafia_kit.importer.compare import compared
from gomafia_kit.parameters import check
from gomafia_kit.runs.database import holds
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import at_least, demo_settings, number, project_dir
from gomafia_kit.widgets.figures import figures_of
from gomafia_kit.widgets.handle import RunHandle, attached
from gomafia_kit.widgets.picture import MemoryPicture, memory_picture_of
from gomafia_kit.widgets.profile import ComparisonView
from gomafia_kit.widgets.sheets import Html, Table, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gomafia_kit.runs.journal import Run

WAYS: Final = ("chromium", "http")
"""By default the tiny demo league through a browser is looked at, beside the same without one."""
LEAST_MB: Final = 1
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
    at_least(LEAST_MB, number)("limit_mb", values["limit_mb"])
    data_dir, other_dir = str(values["data_dir"]).strip(), str(values["other_dir"]).strip()
    if not data_dir:
        _refuse_without_folder(values)
        return MemoryRuns(*(_demo_run(way) for way in WAYS))
    run = attached(data_dir, values["run"] or None)
    if not other_dir and not values["other_run"]:
        return MemoryRuns(run, None)
    return MemoryRuns(run, attached(other_dir or data_dir, values["other_run"] or None))


def _refuse_without_folder(values: Mapping[str, object]) -> None:
    """Nothing, if nothing is named that only a folder has; else SettingsError: it would be looked for in vain."""
    named = [name for name in ("run", "other_dir", "other_run") if values[name]]
    if named:
        raise SettingsError(
            f"{named[0]}: {values[named[0]]!r} is given without data_dir.",
            "Give data_dir the data folder of the run, or leave it out for the tiny demo league.",
        )


def _demo_run(way: str) -> RunHandle:
    """An import of the tiny demo league in that way, which wrote all of its rows; made where there is none."""
    from gomafia_kit.importer import start

    folder = project_dir() / "data" / f"memory-{way}"
    run_id = _whole_run(folder)
    if run_id is None:
        parameters = {
            "data_dir": folder,
            "stages": "tournaments,games",
            "via": way,
            "form": "api",
            "batch_rows": 100,
            # What a run that failed has staged isn't written again, but for this.
            "refresh": holds(folder),
        }
        handle = start(demo_settings(parameters), lifeline=True)
        run_id = handle.wait(seconds_between_polls=0.1).run_id
    return attached(folder, run_id)


def _is_demo(run: Run) -> bool:
    return bool(run.settings.get("source", {}).get("value") == "demo")


def _whole_run(folder: Path) -> int | None:
    """The first run of a folder that ended well and wrote rows of the demo league, if there is one."""
    # A folder without a run store stays without one: looking must not make it.
    if not holds(folder):
        return None
    with Journal(folder) as journal:
        done = (run.run_id for run in journal.runs() if run.state == "done" and _is_demo(run))
        return next((run_id for run_id in done if any(batch.rows for batch in journal.batches(run_id))), None)
