"""What `notebooks/explore.ipynb` stands on: its parameters, checked, and a league open to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gomafia_kit.analyse.sheet import Sheet
from gomafia_kit.analyse.store import check_read_from, has_league, open_league
from gomafia_kit.errors import FolderError, PushConflictError, PushError
from gomafia_kit.parameters import check
from gomafia_kit.postgres.schema import SOURCE
from gomafia_kit.runs.database import holds
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.present import present_run
from gomafia_kit.settings import STAGES, between, demo_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gomafia_kit.analyse.store import League
    from gomafia_kit.runs.journal import Run
    from gomafia_kit.settings import Settings

_MOST_ROWS: Final = 200
_ABOUT: Final = {
    "duckdb": "the published DuckDB file",
    "parquet": "the Parquet files",
    "postgres": "PostgreSQL",
}


@dataclass(frozen=True, slots=True)
class Tour:
    """An open league and what to look at in it; shows itself as a table of where the figures come from.

    `player` is an id or a nickname ("": the first of the rating, else who has most games), `year` None means all years,
    `tournament_id` 0 the last tournament, `rows` how long the lists are.
    """

    league: League
    player: int | str
    year: int | None
    tournament_id: int
    rows: int

    def sheet(self) -> Sheet:
        """Where the figures come from, and whether an import is at work there."""
        import polars as pl

        lines = {
            "data folder": str(self.league.data_dir),
            "read from": _ABOUT[self.league.read_from] + _whose(self.league),
            "import": _told(_present_run(self.league.data_dir)),
        }
        return Sheet(pl.DataFrame({"": list(lines), "what": list(lines.values())}), "Where the figures come from")

    def _repr_html_(self) -> str:
        return self.sheet()._repr_html_()

    def __repr__(self) -> str:
        return repr(self.sheet())


def open_tour(namespace: Mapping[str, object]) -> Tour:
    """The league that the notebook's parameters name, open; `namespace` is the notebook's `globals()`.

    Without a `data_dir` it is the tiny demo league, imported first where that wasn't done yet. Raises
    SettingsError for an unknown or misspelt name (with the nearest right one) and for a wrong value,
    FolderError or PushError where there is nothing to read.
    """
    values = check(namespace).values
    read_from = check_read_from(values["read_from"])
    rows = between("rows", values["rows"], 1, _MOST_ROWS)
    year = between("year", values["year"], 0, 9999)
    tournament_id = between("tournament_id", values["tournament_id"], 0, 2**31 - 1)
    folder = str(values["data_dir"]).strip()
    league = open_league(folder, read_from) if folder else open_demo(read_from)
    # A number is an id; its text may be a nickname as well.
    given = namespace.get("player")
    player = given if isinstance(given, int) else str(values["player"]).strip()
    return Tour(league, player, year or None, tournament_id, rows)


def open_demo(read_from: str = "duckdb") -> League:
    """The tiny demo league, open; imported first (some seconds) where it can't be read that way yet.

    Raises FolderError if an import of it is at work and has published nothing so far, PushConflictError
    if the PostgreSQL schema holds another league.
    """
    settings = _demo_settings(read_from)
    folder = settings.folder
    if read_from != "postgres" and not has_league(folder, read_from):
        _import(settings)
    try:
        league = open_league(folder, read_from)
    except PushError:
        _import(settings)
        league = open_league(folder, read_from)
    if read_from == "postgres" and (pushed := _pushed_league(league)) != settings.league:
        league.close()
        raise PushConflictError(
            f"The PostgreSQL schema {settings.postgres_schema} holds the league {pushed}, not {settings.league}.",
            "Give data_dir the folder of that league, or set GOMAFIA_POSTGRES_SCHEMA.",
        )
    return league


def _pushed_league(league: League) -> str:
    return str(league.query(f"SELECT league FROM {SOURCE}")["league"].item())


def _whose(league: League) -> str:
    """Which league a database holds: it may be another one's than the folder's."""
    return f", which holds the league {_pushed_league(league)}" if league.read_from == "postgres" else ""


def _demo_settings(read_from: str) -> Settings:
    return demo_settings(
        {
            "staging": "parquet" if read_from == "parquet" else "duckdb",
            "stages": [stage for stage in STAGES if stage != "push" or read_from == "postgres"],
        }
    )


def _import(settings: Settings) -> None:
    from gomafia_kit.importer import start

    run = _present_run(settings.folder)
    if run is not None and run.is_working:
        raise FolderError(
            f"The import in {settings.folder} (run {run.run_id}) has published nothing to read yet.",
            "Wait for the end of its first stage, then run this cell again.",
        )
    start(settings, lifeline=True).wait(seconds_between_polls=0.1)


def _present_run(folder: Path) -> Run | None:
    # A folder without a run store stays without one: looking must not make it.
    if not holds(folder):
        return None
    with Journal(folder) as journal:
        return present_run(journal)


def _told(run: Run | None) -> str:
    if run is None:
        return "none is recorded here"
    if run.is_working:
        return (
            f"run {run.run_id} is at work since {run.started_at:%Y-%m-%d %H:%M} UTC: run a cell again for newer figures"
        )
    ended = f" at {run.ended_at:%Y-%m-%d %H:%M} UTC" if run.ended_at else ""
    words = {"done": "ended well", "stopped": "was stopped", "failed": "failed", "died": "died"}
    return f"run {run.run_id} {words.get(run.state, run.state)}{ended}"
