"""Automatic batch sizes against the best fixed one, under the budget of each scenario.

`make soak-automatic`, or `python -m benchmarks.automatic --limits 512` to try it. For each budget every fixed size is
tried first, in random order; then the FINALISTS, the fastest of those within the budget, and the automatic size in
turns, since the winner of a sweep is partly the luckiest of it. Each trial is a fresh process that reads the archived
answers of the demo league. Ends with exit code 1 if the automatic size brings less than WANTED of the best one's rows
a second (the median of the rounds, in each of which every size has its turn), or doesn't stay within the budget.
Where the rounds of one and the same size differ by more than STEADY, the machine is busy with other things: then the
rows for each second of CPU time decide, which that hardly changes. Both are told.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks import results
from gomafia_kit import demo
from gomafia_kit.settings import STAGES, Settings
from gomafia_kit.tuner import Order, Trial, Tuning, tried

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LIMITS: Final = (256, 512, 1_024, 2_048, 8_192)
SIZES: Final = (50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 50_000)
REPEATS: Final = 2
FINALISTS: Final = 3
TURNS: Final = 7
WANTED: Final = 0.9
STEADY: Final = 0.15


def main() -> int:
    """Sweep and compare under each budget, tell; 1 if the automatic size is too slow or takes too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limits", nargs="+", type=int, default=LIMITS, metavar="MB")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, metavar="ROWS")
    parser.add_argument("--scale", default="small", choices=demo.SCALES)
    parser.add_argument("--turns", type=int, default=TURNS)
    options = parser.parse_args()
    print(f"{options.scale}, commit {results.commit()}", flush=True)
    return int(sum(_is_wrong(limit, options.scale, options.sizes, options.turns) for limit in options.limits))


def _is_wrong(limit_mb: int, scale: str, sizes: Sequence[int], turns: int) -> bool:
    stages = [stage for stage in STAGES if stage != "push"]
    settings = Settings.gather({"scale": scale, "memory_limit_mb": limit_mb, "stages": stages})
    order = Order.of(settings, sizes, REPEATS)
    sweep = _tried(order)
    fitting = [size for size in sizes if sweep.rates(size) and _highest(sweep, size) <= limit_mb]
    finalists = sorted(fitting, key=sweep.rate)[-FINALISTS:]
    duel = _tried(replace(order, sizes=(*finalists, None), repeats=turns))
    best = max(finalists, key=lambda size: median(duel.rates(size)))
    share = _share(duel, best, lambda trial: trial.rate)
    by_cpu = _share(duel, best, lambda trial: trial.rows / trial.cpu_seconds)
    swept = ", ".join(f"{size:,}: {max(sweep.rate(size), duel.rate(size)):,.0f}" for size in sizes)
    peak = _highest(duel, None)
    said = (
        f"best fixed {best:,} rows: {median(duel.rates(best)):,.0f} rows/s, {_highest(duel, best):.0f} MB; automatic:"
        f" {median(duel.rates(None)):,.0f} rows/s, {share:.0%} (by CPU time {by_cpu:.0%}; rounds of one size differ by"
        f" {max(_apart(duel.rates(size)) for size in (best, None)):.0%}), {peak:.0f} MB; swept {swept}"
    )
    ended = all(trial.is_done for trial in duel.trials)
    is_steady = all(_apart(duel.rates(size)) <= STEADY for size in (best, None))
    wrong = (share if is_steady else by_cpu) < WANTED or peak > limit_mb or not ended
    print(f"{limit_mb:,} MB: {said}{' WRONG' if wrong else ''}", flush=True)
    results.append(f"automatic batches of {scale} in {limit_mb:,} MB", f"{said}{'; WRONG' if wrong else ''}")
    return wrong


def _share(duel: Tuning, best: int, worth: Callable[[Trial], float]) -> float:
    """What the automatic size brings of the best one in each round, by the median of the rounds."""
    of_round = {(trial.repeat, trial.batch_rows): worth(trial) for trial in duel.done}
    rounds = {repeat for repeat, size in of_round if size is None} & {r for r, size in of_round if size == best}
    return median(of_round[repeat, None] / of_round[repeat, best] for repeat in rounds)


def _apart(rates: Sequence[float]) -> float:
    """How far rates of one and the same size are apart, as a share of the highest."""
    return 1 - min(rates) / max(rates)


def _tried(order: Order) -> Tuning:
    return tried(order, lambda _: None)


def _highest(tuning: Tuning, size: int | None) -> float:
    return max((tuning.peak_mb(trial) for trial in tuning.done if trial.batch_rows == size), default=float("inf"))


if __name__ == "__main__":
    sys.exit(main())
