"""Imports killed two hundred times, at named points and at random times; each goes on and is compared.

`make soak-kills`, or `make soak-kills MINUTES=20`: what is missing then is done when it is started again. The
killed import's tables in staging and in PostgreSQL must equal an undisturbed import's by hash, and the demo
site's log must show no archived answer asked for again. Ends with exit code 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import results
from tests.crash.ground import Ground, Way

if TYPE_CHECKING:
    from tests.crash.ground import Where

KILLS: Final = 200
SEED: Final = 20_261_125
PROGRESS: Final = Path(__file__).resolve().parents[1] / "data" / "soak-kills.json"
EVERY: Final = "clubs,players,judges,tournaments,games,statistics,push"
WAYS: Final = (
    Way("DuckDB by HTTP", batch_rows=60),
    Way("Parquet by HTTP", staging="parquet", batch_rows=400),
    Way("DuckDB by Chromium", via="chromium", stages="clubs,judges,tournaments,games,push", batch_rows=100),
    Way("Parquet from page data", staging="parquet", form="page_data", batch_rows=300),
    Way("Parquet from rendered pages", staging="parquet", via="chromium", form="dom", stages="clubs,tournaments,push"),
    Way("small into DuckDB by HTTP", scale="small", stages="clubs,tournaments,games,push", batch_rows=9_000),
)
SHARES: Final = (30, 30, 15, 15, 5, 5)
"""Of a hundred kills so many for each way: what takes longer comes more seldom."""


@dataclass
class Count:
    """How far the kills are; kept in a file, so that a later start goes on."""

    turn: int = 0
    kills: int = 0
    missed: int = 0
    wrong: int = 0
    minutes: float = 0.0
    commit: str = ""

    def save(self) -> None:
        """Write it down."""
        PROGRESS.parent.mkdir(exist_ok=True)
        PROGRESS.write_text(json.dumps(self.__dict__), encoding="utf-8")


def main() -> int:
    """Kill, go on, compare, until there were enough or the time is over; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--kills", type=int, default=KILLS)
    options = parser.parse_args()
    told: dict[str, Any] = json.loads(PROGRESS.read_text("utf-8")) if PROGRESS.exists() else {}
    count = Count(**told)
    count.commit = count.commit or results.commit()
    deadline = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="gomafia-kills-") as folder, Ground(Path(folder)) as ground:
        while count.kills < options.kills and time.monotonic() < deadline:
            began = time.monotonic()
            _one(ground, count)
            count.minutes += (time.monotonic() - began) / 60
            count.save()
    figures = (
        f"{count.kills} kills in {count.minutes:.0f} minutes, begun at {count.commit}: {count.wrong} went wrong;"
        f" {count.missed} times the import had ended before"
    )
    print(figures)
    results.append(f"kills, seed {SEED}", figures)
    if count.kills >= options.kills:
        PROGRESS.unlink()
    return bool(count.wrong)


def _one(ground: Ground, count: Count) -> None:
    """One kill, the import to its end, and the comparison."""
    dice = random.Random(SEED + count.turn)
    way = dice.choices(WAYS, SHARES)[0]
    where = _where(ground, way, dice, count.turn)
    count.turn += 1
    outcome = ground.kill_and_go_on(way, where)
    count.kills += outcome.kills
    count.missed += not outcome.kills
    count.wrong += bool(outcome.wrong)
    print(f"{count.kills} of {KILLS}: {way.name}, {where}: {'; '.join(outcome.wrong) or 'well'}", flush=True)


def _where(ground: Ground, way: Way, dice: random.Random, turn: int) -> Where:
    """Every third kill comes at a random time; the others go round the points in turn."""
    points = sorted(ground.calm(way).points)
    return ground.anywhere(way, dice, point="" if turn % 3 == 0 else points[turn * 7 % len(points)])


if __name__ == "__main__":
    sys.exit(main())
