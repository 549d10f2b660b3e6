"""`gomafia monitor`: a run at work, looked at every few seconds from another terminal."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import click

from gomafia_kit.cli.options import data_dir_option, folder_of_runs, json_option
from gomafia_kit.errors import FolderError, start_first

if TYPE_CHECKING:
    from gomafia_kit.widgets.figures import Figures, Watch

SECONDS: Final = 5.0
NOTICES: Final = 3
_UP: Final = "\x1b[{}A\x1b[J"


@click.command()
@data_dir_option
@click.option("--every", "seconds", type=click.FloatRange(min=0.1), default=SECONDS, help="Seconds between two looks.")
@json_option
def monitor(data_dir: str | None, *, seconds: float, as_json: bool) -> None:
    """Watch a run until it ends: stage, progress, pace, time left, memory by part, what was noticed last.

    The run at work, else the newest one; as JSON, one object a line. Ctrl+C ends the watching, not the run.
    """
    from gomafia_kit.runs.journal import Journal
    from gomafia_kit.runs.present import present_run
    from gomafia_kit.widgets.figures import Watch

    folder = folder_of_runs(data_dir)
    with Journal(folder) as journal:
        run = present_run(journal)
    if run is None:
        raise FolderError(f"{folder} holds no run.", start_first(folder))
    with Watch(folder, run.run_id) as watch:
        _follow(watch, seconds, as_json=as_json)


def _follow(watch: Watch, seconds: float, *, as_json: bool) -> None:
    in_place = sys.stdout.isatty() and not as_json
    shown = 0
    while True:
        figures = watch.look()
        if as_json:
            click.echo(json.dumps(as_plain(figures), ensure_ascii=False))
        else:
            lines = screen(figures)
            click.echo((_UP.format(shown) if in_place and shown else "") + "\n".join(lines))
            shown = len(lines)
        if not figures.is_working:
            return
        time.sleep(seconds)


def screen(figures: Figures) -> list[str]:
    """A run at one moment, as lines for a terminal."""
    from gomafia_kit.cli.words import now_words, shown
    from gomafia_kit.widgets.words import (
        ask_rate,
        budget_words,
        count,
        counted,
        duration,
        megabytes,
        stall_words,
        state_words,
    )

    current = figures.current
    lines = [
        f"{now_words()}  run {figures.run_id} ({figures.league}): {state_words(figures)}, {duration(figures.seconds)}"
    ]
    if figures.is_stalled:
        lines.append(stall_words(figures))
    if current is not None:
        left = "" if figures.seconds_left is None else f", about {duration(figures.seconds_left)} left"
        lines.append(f"  {current.stage}: {count(current.asks_done)} of {counted(current.asks_known, 'ask')}{left}")
    rows = "" if figures.rates.rows is None else f", {figures.rates.rows:,.0f} rows/s"
    lines.append(f"  {counted(figures.rows, 'row')}{rows}, {count(figures.rejected)} rejected")
    pace = f", {ask_rate(figures)}" if figures.is_working else ""
    lines.append(f"  asked of the site: {count(figures.asks_made)}{pace}")
    if figures.memory_mb:
        told = ", ".join(f"{part} {megabytes(mb)}" for part, mb in figures.memory_mb.items() if part != "tree")
        whole = megabytes(figures.memory_mb.get("tree"))
        lines.append(f"  memory: {whole} ({told}), peak {megabytes(figures.peak_mb)}")
    if figures.is_working and (words := budget_words(figures)):
        lines.append(f"  {words}")
    lines += [f"  ! {shown(text)}" for text in figures.notices[-NOTICES:]]
    if figures.message:
        lines.append(f"  {shown(figures.message)} {shown(figures.remedy)}")
    return lines


def as_plain(figures: Figures) -> dict[str, Any]:
    """A run at one moment, as JSON's own types."""
    current = figures.current
    return {
        "run_id": figures.run_id,
        "state": figures.state,
        "stalled": figures.is_stalled,
        "seconds": round(figures.seconds, 1),
        "stage": None if current is None else current.stage,
        "asks_done": None if current is None else current.asks_done,
        "asks_known": None if current is None else current.asks_known,
        "seconds_left": figures.seconds_left,
        "asks_made": figures.asks_made,
        "asks_per_second": figures.rates.asks,
        "most_asks_per_second": figures.rates.most_asks,
        "rows": figures.rows,
        "rows_per_second": figures.rates.rows,
        "rejected": figures.rejected,
        "memory_mb": dict(figures.memory_mb),
        "memory_limit_mb": figures.limit_mb,
        "notices": list(figures.notices[-NOTICES:]),
        "message": figures.message or None,
    }
