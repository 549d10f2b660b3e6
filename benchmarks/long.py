"""A long import from a site of which every twentieth answer is a fault: it ends exact, and nothing grows or slows down.

`make soak-long MINUTES=60`, or `python -m benchmarks.long --scale small --batch-rows 60` to try it. 600 batches
of games at the real site's size; measured batch by batch. Stopped by its minutes, Ctrl+C or SIGTERM, it goes on where
it was when started again. Ends with exit code 1 if a value differs from the truth, if the last tenth of the
batches is further than ALLOWED from the first, or if anything grows.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import psutil

from benchmarks import results
from gomafia_kit import demo, importer
from gomafia_kit.errors import RunStoppedError
from gomafia_kit.memory.trend import trend
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from tests.imports import differences, published, truth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.importer import ImportHandle
    from gomafia_kit.runs.journal import Batch

BATCH_ROWS: Final = 1_200
RATE: Final = 0.05
FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429},
    {"kind": "reset"},
    {"kind": "cut"},
    {"kind": "html"},
)
ALLOWED: Final = 0.10
ALLOWED_KB_A_BATCH: Final = 5.0
SECONDS_BETWEEN_LOOKS: Final = 0.5
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
TABLES: Final = ("tournament", "game", "seat", "result")


@dataclass
class Counts:
    """What was counted from outside, time after time: threads and open files of the importer, and its children."""

    threads: list[float] = field(default_factory=list)
    files: list[float] = field(default_factory=list)
    children: list[float] = field(default_factory=list)
    read_until: datetime = _NEVER
    """The last moment at which answers were read: what is computed and published after them is no more of the same."""

    def look(self, pid: int | None) -> None:
        """Count once; a process that is gone counts nothing."""
        try:
            process = psutil.Process(pid)
            found = process.num_threads(), process.num_fds(), len(process.children(recursive=True))
        except psutil.Error:
            return
        for counted, number in zip((self.threads, self.files, self.children), found, strict=True):
            counted.append(number)


def main() -> int:
    """Import with faults, measure, compare; 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--scale", default="full")
    parser.add_argument("--batch-rows", type=int, default=BATCH_ROWS)
    options = parser.parse_args()
    folder = Path(tempfile.gettempdir()) / f"gomafia-long-{options.scale}-{options.batch_rows}"
    print(f"commit {results.commit()}, {folder}", flush=True)
    counts = Counts()
    with demo.start(scale=options.scale) as site:
        for fault in FAULTS:
            site.fault(**fault, times=None, rate=RATE / len(FAULTS), prefix="/api/")
        told = {"source": site.url, "data_dir": str(folder), "batch_rows": options.batch_rows}
        told |= {"stages": "tournaments,games", "form": "api"}
        handle = importer.start(Settings.gather(told), lifeline=True)
        if not _to_the_end(handle, counts, 60 * options.minutes):
            print("Not at its end: run it again to go on.")
            return 0
        site.clear_faults()
        differ = _differences(site, folder)
    figures, wrong = _judged(folder, counts)
    wrong += differ
    print("\n".join([*figures, *wrong]))
    results.append(f"long run of {options.scale}, faults at {RATE:.0%}", "; ".join([*figures, *(wrong or ["exact"])]))
    shutil.rmtree(folder)
    return bool(wrong)


def _to_the_end(handle: ImportHandle, counts: Counts, seconds: float) -> bool:
    """Watch the import; False if the time was over or a signal came before its end."""
    ends_at, stopped = time.monotonic() + seconds, False
    wishes: list[int] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, _: wishes.append(number))

    def look() -> None:
        nonlocal stopped
        if _is_reading(journal, handle.run_id):  # publishing, behind it, has threads and files of its own
            counts.read_until = datetime.now(UTC)
            counts.look(handle.run().pid)
        if not stopped and (wishes or time.monotonic() > ends_at):
            stopped = True
            handle.stop()

    with Journal(handle.data_dir) as journal:
        try:
            handle.wait(look, seconds_between_polls=SECONDS_BETWEEN_LOOKS)
        except RunStoppedError:
            return False
    return True


def _is_reading(journal: Journal, run_id: int) -> bool:
    return any(s.stage == "games" and 0 < s.asks_done < s.asks_known for s in journal.stages(run_id))


def _differences(site: DemoSite, folder: Path) -> list[str]:
    league = site.league
    return [line for name in TABLES for line in differences(published(folder, name), truth(league, name), name)]


def _judged(folder: Path, counts: Counts) -> tuple[list[str], list[str]]:
    """What was measured of the games' batches, over all runs of the folder, and what is wrong with it."""
    with Journal(folder) as journal:
        runs = [run.run_id for run in journal.runs()]
        batches = [[batch for batch in journal.batches(run) if batch.stage == "games"] for run in runs]
        samples = [s for s in journal.memory(runs[-1]) if s.part == "python" and s.stage == "games"]
    memory = [s.rss_mb for s in samples if s.rss_mb and s.at <= counts.read_until]
    whole = [(batch, _commit_seconds(batch, behind)) for of in batches for batch, behind in pairwise(of)]
    paces = [batch.rows / (batch.seconds + commit) for batch, commit in whole]
    commits = [commit for _, commit in whole]
    figures, wrong = [f"{len(whole) + 1} batches"], []
    for name, seconds in (("1,000 rows", [1000 / pace for pace in paces]), ("a commit", commits)):
        first, last = _tenths(seconds)
        figures.append(f"{name} in {1000 * first:,.1f} ms in the first tenth, {1000 * last:,.1f} ms in the last")
        if last / first - 1 > ALLOWED:
            wrong.append(f"WRONG: {name} slower by {last / first - 1:.0%}")
    warm = memory[len(memory) // 10 :]  # while libraries are loaded and pools filled, memory may grow
    slope = trend([1024 * mb for mb in warm])
    figures.append(
        f"Python's memory {slope.slope:+.2f} KB a batch while {slope.points} batches were read"
        f" (95%: under {slope.high:+.2f})"
    )
    if slope.high > ALLOWED_KB_A_BATCH:
        wrong.append("WRONG: memory grows")
    for name in ("threads", "files", "children"):
        counted = getattr(counts, name)
        first, last = _tenths(counted[len(counted) // 10 :])
        figures.append(f"{name} {first:.0f} to {last:.0f}")
        if last > first + 1:
            wrong.append(f"WRONG: {name} grow")
    return figures, wrong


def _commit_seconds(batch: Batch, behind: Batch) -> float:
    """From the end of a batch's rows to the beginning of the next: its commit, and what watches it."""
    return (behind.started_at - batch.started_at).total_seconds() - batch.seconds


def _tenths(series: Sequence[float], middle: Callable[[Sequence[float]], float] = median) -> tuple[float, float]:
    """The middle of the first tenth and of the last."""
    count = max(1, len(series) // 10)
    return middle(series[:count]), middle(series[-count:])


if __name__ == "__main__":
    sys.exit(main())
