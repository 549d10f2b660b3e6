"""What a batch takes in memory, against its rows: measured in fresh processes, in random order, and predicted.

`python -m benchmarks.batch_memory`. Each process asks the demo site for tournaments over a real socket, reads and
checks the answers, holds their rows as the load does until the batch is full, and writes it as Parquet parts. It is
idle before: WARM_BATCHES short batches are done, so that what is remembered for all is there, no answer is in hand,
and malloc keeps nothing. Two figures are taken of the batch, each in processes of its own, of which each reads
another stretch of the league, since tournaments differ:

held      the most bytes that were allocated in it and not yet freed: memray counts them, to the byte
resident  how far the process's highest RSS rises, which is exact, too, but rises by steps: Python's allocator asks the
          system for a megabyte at a time, and fills up what it has before. A short batch may find room for all its rows

The prediction is the calculator's, held to the medians. Ends with exit code 1 if it is further off than ALLOWED_OFF
from what is held, at whatever size, or from what is resident, of batches of MANY_ROWS and more; of shorter ones RSS
mustn't be higher by that. And if a batch of MANY_ROWS and more takes more than ALLOWED_MB_A_THOUSAND rows, all in all.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from itertools import count, product
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks import results
from gomafia_kit import demo, site
from gomafia_kit.errors import AskRefusedError
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.importer.handle import LEAN_ALLOCATORS
from gomafia_kit.memory.calculator import batch_mb
from gomafia_kit.memory.limits import MB
from gomafia_kit.memory.probe import Probe
from gomafia_kit.parse import parse
from gomafia_kit.records import TABLE_OF
from gomafia_kit.staging.parts import write_part
from gomafia_kit.staging.pools import GIVE_BACK
from gomafia_kit.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from gomafia_kit.demo import DemoSite

SIZES: Final = (1, 100, 1_000, 5_000, 20_000, 50_000, 100_000, 200_000)
REPEATS: Final = 5
WARM_BATCHES: Final = 100
WARM_ROWS: Final = 100
APART: Final = 50
"""Tournaments between the beginnings of two stretches."""
MANY_ROWS: Final = 10_000
"""Rows of which a fourth is a step of RSS."""
ALLOWED_MB_A_THOUSAND: Final = 0.5
ALLOWED_OFF: Final = 0.25

Row = tuple[object, ...]


def main() -> int:
    """Measure each size several times, tell it beside what is predicted; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--child", nargs=4, metavar=("URL", "ROWS", "MEASURE", "FIRST"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        url, rows, measure, first = options.child
        print(json.dumps(_taken_mb(url, int(rows), _MEASURES[measure], count(int(first)))))
        return 0
    print(f"commit {results.commit()}", flush=True)
    sizes = sorted(options.sizes)
    firsts = [1 + APART * number for number in range(options.repeats)]
    order = list(product(sizes, _MEASURES, firsts))
    random.shuffle(order)
    seen: dict[str, dict[int, list[float]]] = {measure: defaultdict(list) for measure in _MEASURES}
    with demo.start(scale="full") as league:
        for size, measure, first in order:
            seen[measure][size].append(_in_a_process(league, size, measure, first))
    return _told(sizes, seen)


def _told(sizes: Sequence[int], seen: Mapping[str, Mapping[int, Sequence[float]]]) -> int:
    figures, is_wrong = [], False
    for size in sizes:
        told = []
        for measure, by_size in seen.items():
            mb = median(by_size[size])
            wrong = _is_off(measure, size, mb) or _is_dear(size, mb)
            is_wrong |= wrong
            told.append(f"{measure} {mb:.2f} ({min(by_size[size]):.2f} to {max(by_size[size]):.2f}){' WRONG' * wrong}")
        figures.append(f"{size:,} rows: {', '.join(told)}, predicted {batch_mb(size):.2f} MB")
    print("\n".join(figures), flush=True)
    results.append("memory of a batch by its rows, over an idle import", "; ".join(figures))
    return int(is_wrong)


def _is_off(measure: str, size: int, mb: float) -> bool:
    predicted = batch_mb(size)
    has_room_left = measure == "resident" and size < MANY_ROWS and mb < predicted
    return abs(predicted - mb) > ALLOWED_OFF * mb and not has_room_left


def _is_dear(size: int, mb: float) -> bool:
    return size >= MANY_ROWS and 1_000 * mb > ALLOWED_MB_A_THOUSAND * size


def _in_a_process(league: DemoSite, size: int, measure: str, first: int) -> float:
    child = ["--child", league.url, str(size), measure, str(first)]
    command = [sys.executable, "-m", "benchmarks.batch_memory", *child]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **LEAN_ALLOCATORS})
    return float(json.loads(done.stdout))


def _taken_mb(
    url: str, size: int, measured: Callable[[Path, Callable[[], None]], float], numbers: Iterator[int]
) -> float:
    """What a batch of so many rows of these tournaments takes beside what an idle process holds."""
    fetcher = HttpFetcher(url, "")
    with tempfile.TemporaryDirectory(prefix="gomafia-batch-") as name:
        folder = Path(name)
        before = _rows(fetcher, numbers)
        for _ in range(WARM_BATCHES):
            _write(folder, before, WARM_ROWS)
        before.close()  # the answer in hand
        GIVE_BACK()
        taken = measured(folder, lambda: _write(folder, _rows(fetcher, numbers), size))
    fetcher.close()
    return taken


def _held_mb(folder: Path, batch: Callable[[], None]) -> float:
    from memray import FileDestination, FileFormat, FileReader, Tracker

    capture = folder / "capture.bin"
    file_format = FileFormat.AGGREGATED_ALLOCATIONS
    with Tracker(destination=FileDestination(capture), trace_python_allocators=True, file_format=file_format):
        batch()
    with FileReader(capture) as reader:
        peak = reader.metadata.peak_memory
    return float(peak) / MB


def _resident_mb(_: Path, batch: Callable[[], None]) -> float:
    probe = Probe()
    probe.peak_rss_mb()  # from here on it counts anew
    idle = probe.rss_mb()
    batch()
    peak = probe.peak_rss_mb()
    if peak is None:
        raise SystemExit("This system doesn't tell a process's exact peak: /proc/self/clear_refs is needed.")
    return peak - idle


_MEASURES: Final = {"held": _held_mb, "resident": _resident_mb}


def _write(folder: Path, rows: Iterator[tuple[str, Row]], size: int) -> None:
    held: dict[str, list[Row]] = {}
    for _ in range(size):
        table, row = next(rows)
        held.setdefault(table, []).append(row)
    for table, of_table in held.items():
        write_part(folder, table, of_table)


def _rows(fetcher: HttpFetcher, numbers: Iterator[int]) -> Generator[tuple[str, Row], None, None]:
    for number in numbers:
        ask = site.tournament(number)
        try:
            checked = validate(parse(fetcher.fetch(ask), "api"))
        except AskRefusedError:  # the league has no tournament of that number
            continue
        yield from ((TABLE_OF[type(record)], (*record, ask.ask_id)) for record in checked.records)


if __name__ == "__main__":
    sys.exit(main())
