"""What a batch takes in memory, against its rows: measured in fresh processes, in random order, and predicted.

`python -m benchmarks.batch_memory`. Each process asks the demo site for tournaments over a real socket, reads and
checks the answers, holds their rows as the load does until the batch is full, and writes it as Parquet parts. Like an
import's base in `benchmarks.bases`, the base is that of short batches, WARM_BATCHES of WARM_ROWS. What these take once
(an answer in hand, what the writer keeps) is told apart, as the fixed part; the batch's exact peak counts from
there. The prediction is the calculator's. Ends with exit code 1 if a batch takes more than ALLOWED_MB_A_THOUSAND, or a
prediction is further off than ALLOWED_OFF and ALLOWED_OFF_MB.
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
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks import results
from gomafia_kit import demo, site
from gomafia_kit.errors import AskRefusedError
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.memory.calculator import MB_A_ROW
from gomafia_kit.memory.probe import Probe
from gomafia_kit.memory.trend import trend
from gomafia_kit.parse import parse
from gomafia_kit.records import TABLE_OF
from gomafia_kit.staging.parts import write_part
from gomafia_kit.validate import validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gomafia_kit.demo import DemoSite

SIZES: Final = (100, 1_000, 5_000, 20_000, 50_000, 100_000, 200_000)
REPEATS: Final = 3
WARM_BATCHES: Final = 10
WARM_ROWS: Final = 100
ALLOWED_MB_A_THOUSAND: Final = 0.5
ALLOWED_OFF: Final = 0.25
ALLOWED_OFF_MB: Final = 0.25
"""The heap grows in steps, and has room left from before: a share of less than that tells nothing."""
_LEAN: Final = {"MALLOC_ARENA_MAX": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}

Row = tuple[object, ...]


def main() -> int:
    """Measure each size several times, tell it beside what is predicted; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--child", nargs=2, metavar=("URL", "ROWS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        url, rows = options.child
        print(json.dumps(_fixed_and_growth_mb(url, int(rows))))
        return 0
    print(f"commit {results.commit()}", flush=True)
    order = [size for size in options.sizes for _ in range(options.repeats)]
    random.shuffle(order)
    fixed: list[float] = []
    seen: dict[int, list[float]] = defaultdict(list)
    with demo.start(scale="full") as league:
        for size in order:
            once, growth = _in_a_process(league, size)
            fixed.append(once)
            seen[size].append(growth)
    return _told(fixed, seen)


def _told(fixed: Sequence[float], seen: Mapping[int, Sequence[float]]) -> int:
    grown = {size: median(seen[size]) for size in sorted(seen)}
    slope = 1_000 * trend(list(grown.values()), list(grown)).slope
    figures = [f"fixed part {median(fixed):.2f} MB; {slope:.2f} MB for each further 1,000 rows"]
    wrong = 0
    for size, mb in grown.items():
        predicted = size * MB_A_ROW
        is_off = abs(predicted - mb) > max(ALLOWED_OFF_MB, ALLOWED_OFF * mb)
        wrong += is_off or 1_000 * mb / size > ALLOWED_MB_A_THOUSAND
        spread = f"{min(seen[size]):.2f} to {max(seen[size]):.2f}"
        figures.append(f"{size:,} rows: {mb:.2f} MB ({spread}), predicted {predicted:.2f}{' WRONG' * is_off}")
    print("\n".join(figures), flush=True)
    results.append("memory of a batch by its rows, over the base of short batches", "; ".join(figures))
    return int(wrong > 0)


def _in_a_process(league: DemoSite, size: int) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.batch_memory", "--child", league.url, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **_LEAN})
    fixed, growth = json.loads(done.stdout)
    return fixed, growth


def _fixed_and_growth_mb(url: str, size: int) -> tuple[float, float]:
    """What short batches take once, and how far a batch of so many rows rises above that."""
    probe = Probe()
    fetcher = HttpFetcher(url, "")
    with tempfile.TemporaryDirectory(prefix="gomafia-batch-") as folder:
        rows = _rows(fetcher)
        _write(Path(folder), rows, WARM_ROWS)  # libraries are loaded in the first one
        loaded = probe.rss_mb()
        for _ in range(1, WARM_BATCHES):
            _write(Path(folder), rows, WARM_ROWS)
        probe.peak_rss_mb()  # from here on it counts anew
        base = probe.rss_mb()
        _write(Path(folder), rows, size)
        peak = probe.peak_rss_mb()
    fetcher.close()
    if peak is None:
        raise SystemExit("This system doesn't tell a process's exact peak: /proc/self/clear_refs is needed.")
    return base - loaded, peak - base


def _write(folder: Path, rows: Iterator[tuple[str, Row]], size: int) -> None:
    held: dict[str, list[Row]] = {}
    for _ in range(size):
        table, row = next(rows)
        held.setdefault(table, []).append(row)
    for table, of_table in held.items():
        write_part(folder, table, of_table)


def _rows(fetcher: HttpFetcher) -> Iterator[tuple[str, Row]]:
    number = 0
    while True:
        number += 1
        ask = site.tournament(number)
        try:
            checked = validate(parse(fetcher.fetch(ask), "api"))
        except AskRefusedError:  # the league has no tournament of that number
            continue
        yield from ((TABLE_OF[type(record)], (*record, ask.ask_id)) for record in checked.records)


if __name__ == "__main__":
    sys.exit(main())
