"""`gomafia monitor`: a run at work, looked at every few seconds from another terminal."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import click

from gomafia_kit.cli.options import data_dir_option, folder_of_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gomafia_kit.runs.journal import Journal, MemorySample
    from gomafia_kit.widgets.figures import Figures

SECONDS: Final = 5.0
NOTICES: Final = 3
_UP: Final = "\x1b[{}A\x1b[J"


@click.command()
@data_dir_option
@click.option("--every", "seconds", type=click.FloatRange(min=0.1), default=SECONDS, help="Seconds between two looks.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
def monitor(data_dir: str | None, *, seconds: float, as_json: bool) -> None:
    """Watch a run until it ends: stage, progress, pace, time left, memory by part, what was noticed last.

    The run at work, else the newest one. Ctrl+C ends the watching, not the run.
    """
    from gomafia_kit.runs.journal import Journal
    from gomafia_kit.widgets.figures import Watch

    with Journal(folder_of_runs(data_dir)) as journal:
        runs = journal.runs()
        run_id = ([run for run in runs if run.is_working] or list(runs))[-1].run_id
        with Watch(journal.data_dir, run_id) as watch:
            _follow(journal, watch, seconds, as_json=as_json)


def _follow(journal: Journal, watch: Any, seconds: float, *, as_json: bool) -> None:  # noqa: ANN401 - imported late
    in_place = sys.stdout.isatty() and not as_json
    shown = 0
    while True:
        figures = watch.look()
        parts = latest_by_part(journal.memory(figures.run_id))
        if as_json:
            click.echo(json.dumps(as_plain(figures, parts), ensure_ascii=False))
        else:
            lines = screen(figures, parts)
            click.echo((_UP.format(shown) if in_place and shown else "") + "\n".join(lines))
            shown = len(lines)
        if not figures.is_working:
            return
        time.sleep(seconds)


def latest_by_part(samples: Sequence[MemorySample]) -> dict[str, float]:
    """What each part of the importer's processes took at the last look, in MB: PSS where it is known, else RSS."""
    told = {sample.part: sample.rss_mb if sample.pss_mb is None else sample.pss_mb for sample in samples}
    return {part: mb for part, mb in told.items() if mb is not None}


def screen(figures: Figures, parts: dict[str, float]) -> list[str]:
    """A run at one moment, as lines for a terminal."""
    from gomafia_kit.cli.words import now_words, shown
    from gomafia_kit.widgets.words import ask_rate, count, counted, duration, megabytes, stall_words, state_words

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
    lines.append(f"  asked of the site: {count(figures.asks_made)}, {ask_rate(figures)}")
    if parts:
        whole = parts.pop("tree", None)
        told = ", ".join(f"{part} {megabytes(mb)}" for part, mb in parts.items())
        lines.append(f"  memory: {megabytes(whole)} ({told}), peak {megabytes(figures.peak_mb)}")
    lines += [f"  ! {shown(text)}" for text in figures.notices[-NOTICES:]]
    if figures.message:
        lines.append(f"  {shown(figures.message)} {shown(figures.remedy)}")
    return lines


def as_plain(figures: Figures, parts: dict[str, float]) -> dict[str, Any]:
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
        "memory_mb": parts,
        "notices": list(figures.notices[-NOTICES:]),
        "message": figures.message or None,
    }
