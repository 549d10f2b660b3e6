"""What measuring costs: the CPU time that an import spends on looking at its own memory, as a share of all it spends.

    python -m benchmarks.probe [--scale small] [--keep]

Each import runs in a process of its own. Counted is every moment in which the meter, its gauges and the
pulse's thread work; all is the import's CPU time, without that of the demo site, and without the
browser's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.results import append
from gomafia_kit import demo
from gomafia_kit.importer import run_here
from gomafia_kit.memory.meter import Meter
from gomafia_kit.memory.probe import Probe
from gomafia_kit.memory.pulse import Pulse
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

ALLOWED: Final = 0.02
WAYS: Final = ("http", "chromium")


def main() -> int:
    """Measure an import over each road; 1 if looking took more than is allowed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="small")
    parser.add_argument("--keep", action="store_true", help="append the figures to benchmarks/results.md")
    parser.add_argument("--one", nargs=3, metavar=("URL", "FOLDER", "VIA"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(_one(*arguments.one)))
        return 0
    rows = []
    with demo.start(scale=arguments.scale) as site, tempfile.TemporaryDirectory() as folder:
        for via in WAYS:
            line = [sys.executable, "-m", "benchmarks.probe", "--one", site.url, str(Path(folder) / via), via]
            done = subprocess.run(line, capture_output=True, text=True, check=True)
            rows.append(json.loads(done.stdout.splitlines()[-1]))
    print("| over | CPU of the import, s | of it looking, s | share | batches | looks at the tree | seconds |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        told = "{via} | {all:.2f} | {looking:.3f} | {share:.2%} | {batches} | {looks} | {seconds:.1f}"
        print("| " + told.format(**row) + " |")
    if arguments.keep:
        told = "; ".join(f"{row['via']}: {row['share']:.2%} of {row['all']:.1f} s of CPU" for row in rows)
        append(f"probe at {arguments.scale}", f"looking takes {told}; {ALLOWED:.0%} is allowed")
    return int(any(row["share"] > ALLOWED for row in rows))


def _one(url: str, folder: str, via: str) -> dict[str, Any]:
    spent: defaultdict[str, float] = defaultdict(float)
    looks: Counter[str] = Counter()
    _count(Meter, "__call__", spent, looks)
    _count(Pulse, "_beat", spent, looks)
    _count(Probe, "tree", defaultdict(float), looks)
    stages = "clubs,players,judges,tournaments,games,statistics"
    parameters = {"source": url, "data_dir": folder, "stages": stages, "via": via, "form": "api"}
    began, before = time.monotonic(), time.process_time()
    run = run_here(Settings.gather(parameters)).run()
    used, seconds = time.process_time() - before, time.monotonic() - began
    if run.state != "done":
        raise SystemExit(f"{run.error}: {run.message}")
    with Journal(Path(folder)) as journal:
        batches = len(journal.batches(run.run_id))
    looking = sum(spent.values())
    told = {"via": via, "all": used, "looking": looking, "share": looking / used, "batches": batches}
    return told | {"looks": looks["tree"], "seconds": seconds}


def _count(kind: type, name: str, spent: defaultdict[str, float], calls: Counter[str]) -> None:
    """Add up the CPU time of the thread in each call of a method."""
    original: Callable[..., Any] = getattr(kind, name)

    def timed(*arguments: Any) -> Any:  # noqa: ANN401 - whatever it is
        before = time.thread_time()
        try:
            return original(*arguments)
        finally:
            spent[name] += time.thread_time() - before
            calls[name] += 1

    setattr(kind, name, timed)


if __name__ == "__main__":
    sys.exit(main())
