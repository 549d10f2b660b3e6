"""From a kill to the first new ask, at the real site's size: killed late in the games, and in the midst of the push.

    python -m benchmarks.resume [--scale full]

Each time the import is killed by SIGKILL and started again; measured from the moment at which its process has
imported `gomafia_kit.importer` with all that this loads, to the first request in the demo site's log. What is
loaded later, where it is used, counts. Behind a push that was killed nothing is left to be asked: measured is
when the push begins again; and, with all answers two days older, the first ask again. At the end every value
is compared with the league's truth. Exit code 1 if one differs, or if a first ask comes after ALLOWED seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from benchmarks import results
from benchmarks.asks import let_days_pass
from benchmarks.full import differences
from gomafia_kit import demo, importer
from gomafia_kit.importer.child import main as be_importer
from gomafia_kit.postgres.target import open_server
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.importer import ImportHandle

ALLOWED: Final = 2.0
LATE: Final = 0.97
"""The share of the games' asks after which the import is killed."""
SECONDS_BETWEEN_LOOKS: Final = 0.02
STORES: Final = ("duckdb", "postgres")
COPYING: Final = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY %.seat %' AND state = 'active'"


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds since the libraries were loaded, by the clock and of processor time, and the machine's load."""

    seconds: float
    cpu: float
    load: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s ({self.cpu:.2f} s of CPU, load {self.load:.1f})"


class Import:
    """A league's import in one folder, started again and again; its process notes when it has loaded its libraries."""

    def __init__(self, site: DemoSite, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self._told = folder.with_name("loaded.json")
        self.handle: ImportHandle

    def start(self) -> None:
        """Start it; the site's log begins anew."""
        self._told.unlink(missing_ok=True)
        self.site.log(reset=True)
        settings = Settings.gather({"source": self.site.url, "data_dir": str(self.folder)})
        within = [sys.executable, "-m", "benchmarks.resume", "--child", str(self._told)]
        self.handle = importer.start(settings, lifeline=True, within=within)

    def until(self, condition: Callable[[], bool]) -> None:
        """Return when that is so; ends this program if the import ends before."""
        while not condition():
            if not (run := self.handle.run()).is_working:
                sys.exit(f"The import ended too early: {run.state}, {run.message}")
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def kill(self) -> None:
        """Kill its whole process group."""
        process = psutil.Process(self.handle.run().pid)
        os.killpg(process.pid, signal.SIGKILL)
        self.until_dead()

    def until_dead(self) -> None:
        """Return when its process is gone."""
        while self.handle.run().is_working:
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def first_ask(self) -> Moment:
        """When the first request came to the site."""
        self.until(lambda: self.asks() > 0)
        cpu = self._cpu()
        return self._since(float(self.site.log()["requests"][0]["monotonic"]), cpu)

    def push_begins(self) -> Moment:
        """When the stage of the push began."""
        self.until(lambda: "push" in self._stages())
        return self._since(time.monotonic(), self._cpu())

    def asks(self) -> int:
        """How many requests came to the site since the start."""
        return int(self.site.log(last=1)["total"])

    def is_late_in_the_games(self) -> bool:
        """True when most of the tournaments were read."""
        games = self._stages().get("games")
        return games is not None and games.batches > 0 and games.asks_done >= LATE * games.asks_known

    def until_seats_are_copied(self) -> None:
        """Return in the midst of the push's longest COPY."""
        self.until(lambda: "push" in self._stages())
        with open_server(self.folder) as address, address.connect("benchmark") as connection:
            connection.autocommit = True
            self.until(lambda: bool(connection.execute(COPYING).fetchall()[0][0]))

    def _stages(self) -> dict[str, Any]:
        with Journal(self.folder) as journal:
            return {stage.stage: stage for stage in journal.stages(self.handle.run_id)}

    def _cpu(self) -> float:
        used = psutil.Process(self.handle.run().pid).cpu_times()
        return float(used.user + used.system)

    def _since(self, moment: float, cpu: float) -> Moment:
        loaded = json.loads(self._told.read_text("utf-8"))
        return Moment(moment - loaded["moment"], cpu - loaded["cpu"], os.getloadavg()[0])


def main() -> int:
    """Kill, go on, measure, compare; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="full")
    scale = parser.parse_args().scale
    print(f"commit {results.commit()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="gomafia-resume-") as folder, demo.start(scale=scale) as site:
        run = Import(site, Path(folder) / "data")
        run.start()
        run.until(run.is_late_in_the_games)
        run.kill()
        figures, moments = [], []
        for name, moment in _measured(run):
            moments.append(moment)
            figures.append(f"{name} {moment}")
            print(figures[-1], flush=True)
        run.handle.wait()
        wrong = [fault for store in STORES for fault in differences(run.folder, store, site.league, "api")]
    late = max(moment.seconds for moment in moments) > ALLOWED
    print("\n".join(wrong) or "exact")
    results.append(
        f"from the libraries being loaded to the first ask after a kill, {scale}",
        "; ".join([*figures, f"{len(wrong)} differ" if wrong else "exact"]),
    )
    return bool(wrong) or late


def _measured(run: Import) -> list[tuple[str, Moment]]:
    run.start()
    games = run.first_ask()
    run.until_seats_are_copied()
    run.kill()
    run.start()
    push, asks = run.push_begins(), run.asks()
    run.until_seats_are_copied()
    run.kill()
    let_days_pass(run.folder, 2)
    run.start()
    return [
        (f"killed at {LATE:.0%} of the games' asks: first ask after", games),
        (f"killed in the push's COPY of seats: push again, with {asks} asks, after", push),
        ("killed there again, all answers two days older: first ask after", run.first_ask()),
    ]


def child(told: Path) -> int:
    """The importer's process: the libraries are loaded by now."""
    told.write_text(json.dumps({"moment": time.monotonic(), "cpu": time.process_time()}), encoding="utf-8")
    os.umask(0o077)
    return be_importer()


if __name__ == "__main__":
    sys.exit(child(Path(sys.argv[2])) if sys.argv[1:2] == ["--child"] else main())
