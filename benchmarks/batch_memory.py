"""What a batch takes in memory, against its rows: measured in fresh processes, in random order, and predicted.

`python -m benchmarks.batch_memory`. Each process asks the demo site for tournaments over a real socket, reads and
checks the answers, holds their rows as the load does until the batch is full, and writes it as Parquet parts;
its exact peak counts from what it held before, when a batch of WARM_ROWS was written already. The prediction is
a line through the medians of the other sizes: it knows nothing of the size that it is for. Ends with exit
code 1 if a batch takes more than ALLOWED_MB_A_THOUSAND, or a prediction is further off than
ALLOWED_OFF and ALLOWED_OFF_MB.
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
from gomafia_kit.memory.probe import Probe
from gomafia_kit.parse import parse
from gomafia_kit.records import TABLE_OF
from gomafia_kit.staging.parts import write_part
from gomafia_kit.validate import validate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gomafia_kit.demo import DemoSite

SIZES: Final = (100, 1_000, 5_000, 20_000, 50_000, 100_000, 200_000)
REPEATS: Final = 3
WARM_ROWS: Final = 100
ALLOWED_MB_A_THOUSAND: Final = 0.5
ALLOWED_OFF: Final = 0.25
ALLOWED_OFF_MB: Final = 1.0
"""The heap grows by arenas of 1 MB: a share of less than that tells nothing."""
_LEAN: Final = {"MALLOC_ARENA_MAX": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}

Row = tuple[object, ...]


def main() -> int:
    """Measure each size several times, predict it from the others, tell; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--child", nargs=2, metavar=("URL", "ROWS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        url, rows = options.child
        print(json.dumps(_growth_mb(url, int(rows))))
        return 0
    print(f"commit {results.commit()}", flush=True)
    order = [size for size in options.sizes for _ in range(options.repeats)]
    random.shuffle(order)
    seen: dict[int, list[float]] = defaultdict(list)
    with demo.start(scale="full") as league:
        for size in order:
            seen[size].append(_in_a_process(league, size))
    grown = {size: median(seen[size]) for size in sorted(seen)}
    return _told(grown, seen)


def _told(grown: Mapping[int, float], seen: Mapping[int, list[float]]) -> int:
    figures, wrong = [], 0
    for size, mb in grown.items():
        predicted = _predicted(size, {other: value for other, value in grown.items() if other != size})
        off_mb, thousand = predicted - mb, mb / size * 1_000
        is_off = abs(off_mb) > max(ALLOWED_OFF_MB, ALLOWED_OFF * mb)
        wrong += is_off or (mb > ALLOWED_OFF_MB and thousand > ALLOWED_MB_A_THOUSAND)
        spread = f"{min(seen[size]):.2f} to {max(seen[size]):.2f}"
        figures.append(f"{size:,} rows: {mb:.2f} MB ({spread}), {thousand:.2f} a 1,000, predicted {predicted:.2f}")
        print(figures[-1], flush=True)
    results.append("memory of a batch by its rows", "; ".join(figures))
    return wrong


def _predicted(size: int, others: Mapping[int, float]) -> float:
    """What the line through the other sizes says of this one; each counts by its share, not by its MB."""
    weights = {other: 1 / max(mb, ALLOWED_OFF_MB) ** 2 for other, mb in others.items()}
    whole = sum(weights.values())
    mean_rows = sum(weight * other for other, weight in weights.items()) / whole
    mean_mb = sum(weight * others[other] for other, weight in weights.items()) / whole
    along = sum(weight * (other - mean_rows) * (others[other] - mean_mb) for other, weight in weights.items())
    slope = along / sum(weight * (other - mean_rows) ** 2 for other, weight in weights.items())
    return mean_mb + slope * (size - mean_rows)


def _in_a_process(league: DemoSite, size: int) -> float:
    command = [sys.executable, "-m", "benchmarks.batch_memory", "--child", league.url, str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **_LEAN})
    return float(json.loads(done.stdout))


def _growth_mb(url: str, size: int) -> float:
    """How far this process rose above what it held before, for a batch of so many rows."""
    probe = Probe()
    fetcher = HttpFetcher(url, "")
    with tempfile.TemporaryDirectory(prefix="gomafia-batch-") as folder:
        rows = _rows(fetcher)
        _write(Path(folder), rows, WARM_ROWS)
        probe.peak_rss_mb()  # from here on it counts anew
        before = probe.rss_mb()
        _write(Path(folder), rows, size)
        peak = probe.peak_rss_mb()
    fetcher.close()
    if peak is None:
        raise SystemExit("This system doesn't tell a process's exact peak: /proc/self/clear_refs is needed.")
    return peak - before


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
