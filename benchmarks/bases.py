"""What an import takes before the rows of its batches count, by how answers are got: the calculator's constants.

    python -m benchmarks.bases [--scale small] [--repeats 3] [--keep]

Each import runs in a process of its own, with batches of 100 rows; the figure is the highest PSS of its process
tree, looked at each second whatever that costs. `memory/calculator.py` holds the medians, rounded up. Pages that
another process of the machine shares count for less: nothing else of this environment, and no other Chromium of the
same files, should run beside it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.results import append
from gomafia_kit import demo
from gomafia_kit.importer import run_here
from gomafia_kit.memory import meter
from gomafia_kit.memory.calculator import BASE_MB
from gomafia_kit.memory.peaks import peak_of
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings

WAYS: Final[dict[str, dict[str, str]]] = {
    "HTTP": {"via": "http", "form": "api"},
    "headless shell": {"via": "chromium", "form": "api"},
    "headless shell, rendered": {"via": "chromium", "form": "dom"},
    "full Chromium": {"via": "chromium", "form": "api"},
    "full Chromium, rendered": {"via": "chromium", "form": "dom"},
}


def main() -> int:
    """Measure each way, and print it beside what the calculator takes it for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="small")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="append the figures to benchmarks/results.md")
    parser.add_argument("--one", nargs=3, metavar=("URL", "FOLDER", "WAY"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        return _one(*arguments.one)
    with demo.start(scale=arguments.scale) as site:
        seen = {way: [_peak(site.url, way) for _ in range(arguments.repeats)] for way in WAYS if _is_possible(way)}
    told = []
    for way, peaks in seen.items():
        told.append(f"{way}: {', '.join(f'{mb:.0f}' for mb in sorted(peaks))} MB")
        print(f"{told[-1]}; median {median(peaks):.0f}, the calculator takes it for {BASE_MB[way]:.0f}")
    if arguments.keep:
        append(f"base of an import by how answers are got, {arguments.scale}", "; ".join(told))
    return 0


def _is_possible(way: str) -> bool:
    return not way.startswith("full Chromium") or shutil.which("chromium") is not None


def _peak(url: str, way: str) -> float:
    environment = dict(os.environ)
    if way.startswith("full Chromium"):
        environment["GOMAFIA_CHROMIUM"] = shutil.which("chromium") or ""
    with tempfile.TemporaryDirectory() as folder:
        line = [sys.executable, "-m", "benchmarks.bases", "--one", url, folder, way]
        subprocess.run(line, env=environment, check=True)
        with Journal(Path(folder)) as journal:
            return peak_of(journal.memory(1)).mb


def _one(url: str, folder: str, way: str) -> int:
    meter.LOOKS_COST_AT_MOST = 1.0  # type: ignore[misc]  # each second, whatever it costs: peaks are wanted here
    parameters: dict[str, Any] = {"source": url, "data_dir": folder, "stages": "tournaments,games", **WAYS[way]}
    return 0 if run_here(Settings.gather({**parameters, "batch_rows": 100})).run().state == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
