"""What reading a long answer of PostgreSQL takes in memory: by `gk.read_postgres`, and as one frame.

    python -m benchmarks.cursor [--rows 10000,100000,1000000] [--keep]

Each reads the answer in a process of its own from the embedded server of a tiny league; the figure is that
process's highest RSS (exact) above what it held before the question.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import gomafia_kit as gk
from benchmarks.results import append
from gomafia_kit import importer
from gomafia_kit.settings import Settings

SQL: Final = (
    "SELECT g AS seat, md5(g::text) AS login, g::numeric / 4 AS points, g % 2 = 0 AS red FROM generate_series(1, $n) g"
)


def main() -> int:
    """Read answers of each length in both ways, and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="10000,100000,1000000")
    parser.add_argument("--keep", action="store_true", help="append the figures to benchmarks/results.md")
    parser.add_argument("--one", nargs=3, metavar=("FOLDER", "WAY", "ROWS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        folder, way, rows = arguments.one
        print(_one(Path(folder), way, int(rows)))
        return 0
    told = []
    with tempfile.TemporaryDirectory() as folder:
        parameters = {"data_dir": folder, "stages": "clubs,push"}
        importer.start(Settings.gather(parameters), lifeline=True).wait()
        for rows in arguments.rows.split(","):
            taken = {way: float(_in_a_process(folder, way, rows)) for way in ("batches", "one frame")}
            told.append(f"{int(rows):,} rows: " + ", ".join(f"{way} {mb:.0f} MB" for way, mb in taken.items()))
            print(told[-1])
    if arguments.keep:
        append("memory of reading PostgreSQL above what is held before", "; ".join(told))
    return 0


def _in_a_process(folder: str, way: str, rows: str) -> str:
    line = [sys.executable, "-m", "benchmarks.cursor", "--one", folder, way, rows]
    return subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True).stdout


def _one(folder: Path, way: str, rows: int) -> float:
    for _ in gk.read_postgres(folder, SQL, {"n": 10}):
        pass  # libraries are loaded, the server has been started once
    before = _highest_mb()
    if way == "batches":
        seen = sum(batch.num_rows for batch in gk.read_postgres(folder, SQL, {"n": rows}))
    else:
        with gk.open_league(folder, "postgres") as league:
            seen = league.query(SQL, {"n": rows}).height
    if seen != rows:
        raise SystemExit(f"{seen} rows came, {rows} were asked for")
    return _highest_mb() - before


def _highest_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
