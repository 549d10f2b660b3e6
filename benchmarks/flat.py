"""The importer's peak memory against the size of the league: it must not grow with it.

`make soak-flat`, or `python -m benchmarks.flat --sizes 100:60 1000:600` to try it. Each league is imported
whole from the demo site and pushed into PostgreSQL, all over real sockets. Ends with exit code 1 if the
peaks are further apart than ALLOWED_MB. `--picture FILE` draws them as an SVG.

A peak is Python's highest RSS, which is exact, from the first ask to the receipt: without a browser Python is the
whole tree. The tree's PSS stands beside it and isn't judged: it is sampled, and falls with others' use of libraries.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import results
from gomafia_kit import demo, importer
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZES: Final = ("100:60", "1000:600", "10000:6000", "100000:60000")
SEATS_A_GAME: Final = 10
ALLOWED_MB: Final = 10.0
BATCH_ROWS: Final = 2_500


@dataclass(frozen=True, slots=True)
class Peak:
    """What one import took at most, in MB: Python's RSS exactly, the tree's PSS as sampled; and by stage."""

    players: int
    seats: int
    rows: int
    rss_mb: float
    pss_mb: float
    seconds: float
    rss_mb_by_stage: dict[str, float]


def main() -> int:
    """Import each league, tell what it took; 1 if the peaks are too far apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=SIZES, metavar="PLAYERS:GAMES")
    parser.add_argument("--batch-rows", type=int, default=BATCH_ROWS, metavar="ROWS")
    parser.add_argument("--picture", type=Path, help="an SVG to draw")
    options = parser.parse_args()
    print(f"commit {results.commit()}, batches of {options.batch_rows:,} rows", flush=True)
    peaks = [_tell(_measured(size, options.batch_rows)) for size in options.sizes]
    highest = [peak.rss_mb for peak in peaks]
    apart = max(highest) - min(highest)
    print(f"Apart: {apart:.1f} MB (allowed {ALLOWED_MB:g}).")
    results.append(f"peaks by size of the league, batches of {options.batch_rows:,} rows", _line(peaks))
    if options.picture:
        options.picture.write_text(_drawn(peaks), "utf-8")
    return apart > ALLOWED_MB


def _measured(size: str, batch_rows: int) -> Peak:
    players, games = map(int, size.split(":"))
    scale = f"{players} players, {games} games"
    with tempfile.TemporaryDirectory(prefix="gomafia-flat-") as folder, demo.start(scale=scale) as site:
        told: dict[str, Any] = {"source": site.url, "data_dir": folder, "batch_rows": batch_rows}
        began = time.monotonic()
        run = importer.start(Settings.gather(told), lifeline=True).wait()
        seconds = time.monotonic() - began
        with Journal(Path(folder)) as journal:
            samples = journal.memory(run.run_id)
        receipt = run.receipt or {}
    by_stage: dict[str, float] = {}
    for sample in samples:
        if sample.peak_rss_mb is not None:
            by_stage[sample.stage] = max(by_stage.get(sample.stage, 0.0), sample.peak_rss_mb)
    rows = sum(account["staged"] for account in receipt["tables"])
    return Peak(players, games * SEATS_A_GAME, rows, receipt["peak_rss_mb"], receipt["peak_pss_mb"], seconds, by_stage)


def _tell(peak: Peak) -> Peak:
    stages = ", ".join(f"{stage} {mb:.0f}" for stage, mb in peak.rss_mb_by_stage.items())
    print(
        f"{peak.players:>8,} players {peak.seats:>8,} seats {peak.rows:>10,} rows: RSS {peak.rss_mb:.0f} MB"
        f" ({stages}), PSS {peak.pss_mb:.0f} MB, {peak.seconds:.0f} s",
        flush=True,
    )
    return peak


def _line(peaks: Sequence[Peak]) -> str:
    return "; ".join(
        f"{peak.players:,} players, {peak.seats:,} seats: RSS {peak.rss_mb:.0f}, PSS {peak.pss_mb:.0f} MB,"
        f" {peak.seconds:.0f} s"
        for peak in peaks
    )


def _drawn(peaks: Sequence[Peak]) -> str:
    from gomafia_kit.analyse.draw import to_svg

    values = [{"seats": peak.seats, "mb": peak.rss_mb} for peak in peaks]
    spec = {
        "title": "Peak memory of a whole import and push (Python's RSS, exact)",
        "width": 480,
        "height": 220,
        "data": {"values": values},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {
                "field": "seats",
                "type": "quantitative",
                "scale": {"type": "log", "nice": False, "padding": 20},
                "axis": {"values": [peak.seats for peak in peaks], "format": ","},
                "title": "seats in the league",
            },
            "y": {"field": "mb", "type": "quantitative", "scale": {"zero": True}, "title": "MB"},
        },
    }
    return to_svg(spec)


if __name__ == "__main__":
    sys.exit(main())
