"""How long the checks take at the real site's size: the quick ones after each run, and all of `gomafia verify`.

    python -m benchmarks.checks [--scale full]

The league is imported and pushed; then each check is timed by the clock and by processor time (PostgreSQL's own
isn't in it). Exit code 1 if a check finds anything, or if the quick ones take longer than ALLOWED seconds.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import results
from gomafia_kit import demo, importer
from gomafia_kit.fetch.archive import Archive, held_in
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.settings import Settings
from gomafia_kit.soundness import after_run, verify
from gomafia_kit.staging.live import LiveTables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gomafia_kit.runs.journal import Run
    from gomafia_kit.soundness import Check

ALLOWED: Final = 3.0


def main() -> int:
    """Import, check, tell; 1 if anything is wrong or slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="full")
    scale = parser.parse_args().scale
    print(f"commit {results.commit()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="gomafia-checks-") as folder, demo.start(scale=scale) as site:
        settings = Settings.gather({"source": site.url, "data_dir": folder})
        run = importer.start(settings, lifeline=True).wait()
        site.stop()
        quick, quick_seconds, wrong = _timed(_quick(Path(folder), run))
        before_mb = _peak_mb()
        whole, _, wrong_too = _timed(verify(Path(folder)))
        grown_mb = _peak_mb() - before_mb
    print("\n".join([quick, whole, *wrong, *wrong_too]))
    results.append(f"quick checks after a run of {scale}", "; ".join([quick, *wrong]))
    results.append(f"gomafia verify of {scale}", "; ".join([whole, f"peak memory {grown_mb:+.0f} MB", *wrong_too]))
    return bool(wrong or wrong_too) or quick_seconds > ALLOWED


def _quick(folder: Path, run: Run) -> Iterable[Check]:
    """What a run does at its end, as it does it."""
    accounts = (run.receipt or {})["tables"]
    with (
        Ledger(folder) as ledger,
        Archive(folder, held_in(folder).league) as archive,
        LiveTables(folder, ledger) as live,
    ):
        yield from after_run(folder, ledger, archive, live, accounts)


def _timed(checks: Iterable[Check]) -> tuple[str, float, list[str]]:
    """How long they took, in words and in seconds, and what they found."""
    told, wrong = [], []
    began, used = time.perf_counter(), time.process_time()
    last = began
    for check in checks:
        now = time.perf_counter()
        told.append(f"{check.name} {now - last:.2f}")
        wrong += [str(fault) for fault in check.faults]
        last = now
    seconds, cpu = last - began, time.process_time() - used
    load = os.getloadavg()[0]
    return f"{seconds:.2f} s ({cpu:.2f} s of CPU, load {load:.1f}): {', '.join(told)}", seconds, wrong


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
