"""Whole imports of the demo league under memory limits that the kernel enforces; as root.

`make soak-limits`, or `python -m benchmarks.limits --scale small --only http` to try it. In a control group are
the import, what started it and the browser; the site and the PostgreSQL server stand outside, as they do in
life. Each import must end exact, and nothing be killed; a load that holds everything in memory first is
killed in the smallest of the groups. Ends with exit code 1 if it is otherwise.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import results
from benchmarks.full import differences
from gomafia_kit import demo
from gomafia_kit.fetch.browser import VARIABLE
from gomafia_kit.postgres.address import URL_VARIABLE
from gomafia_kit.runs.journal import Journal
from tests.postgres.machine import OtherServer
from tests.root.groups import limited

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gomafia_kit.demo import DemoSite

SECONDS: Final = 3_000.0
SIGKILL: Final = 9

_IMPORT: Final = """
import json, sys
from gomafia_kit import importer
from gomafia_kit.settings import Settings
print(importer.start(Settings.gather(json.loads(sys.argv[1])), lifeline=True).wait().state)
"""

_EVERYTHING_FIRST: Final = """
import sys, httpx2
from gomafia_kit import site
with httpx2.Client(base_url=sys.argv[1]) as client:
    held = []
    for number in range(1, int(sys.argv[2]) + 1):
        ask = site.tournament(number)
        held.append(client.request(ask.method, ask.path, data=dict(ask.fields)).json())
print("held", len(held))
"""


@dataclass(frozen=True, slots=True)
class Case:
    """An import under a limit: what is set, and in which environment."""

    name: str
    megabytes: int
    settings: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


CASES: Final = (
    Case("http", 256),
    Case("shell", 512, {"via": "chromium", "form": "api"}, {VARIABLE: "/usr/bin/chromium-headless-shell"}),
    Case("chromium", 1024, {"via": "chromium", "form": "api"}, {VARIABLE: "/usr/bin/chromium"}),
)


def main() -> int:
    """Import under each limit, compare, tell; 1 if anything was killed or differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="full", choices=demo.SCALES)
    parser.add_argument("--only", nargs="+", choices=[*(case.name for case in CASES), "everything-first"])
    options = parser.parse_args()
    print(f"{options.scale}, commit {results.commit()}", flush=True)
    wanted = options.only or [*(case.name for case in CASES), "everything-first"]
    faults = 0
    with demo.start(scale=options.scale) as site:
        for case in CASES:
            if case.name in wanted:
                faults += _is_wrong(site, options.scale, case)
        if "everything-first" in wanted:
            faults += _survives(site, options.scale, CASES[0].megabytes)
    return bool(faults)


def _is_wrong(site: DemoSite, scale: str, case: Case) -> bool:
    with tempfile.TemporaryDirectory(prefix="gomafia-limits-") as folder, OtherServer() as server:
        told: dict[str, Any] = {"source": site.url, "data_dir": folder, **case.settings}
        environment = {URL_VARIABLE: server.url("postgres"), **case.environment}
        began = time.monotonic()
        with limited(case.megabytes) as group:
            done = group.run([sys.executable, "-c", _IMPORT, json.dumps(told)], environment, SECONDS)
            kills, peak = group.kills, group.peak_mb
        seconds = time.monotonic() - began
        ended = done.stdout.strip() or done.stderr.strip().splitlines()[-1]
        wrong = [ended, *_told(Path(folder))] if ended != "done" else []
        wrong += [] if wrong else differences(Path(folder), "duckdb", site.league, "api")
        pss = _peak_pss(Path(folder))
    said = f"{seconds:.0f} s, {kills} killed, the group's peak {peak:.0f} MB with the files it read, PSS {pss:.0f} MB"
    print(f"{case.name} in {case.megabytes} MB: {said}; {'; '.join(wrong) or 'exact'}", flush=True)
    results.append(f"import of {scale} by {case.name} and push in {case.megabytes} MB", f"{said}; {wrong or 'exact'}")
    return bool(wrong or kills)


def _told(folder: Path) -> list[str]:
    with Journal(folder) as journal:
        return [text for _, text in journal.notices(1)][-3:]


def _peak_pss(folder: Path) -> float:
    with Journal(folder) as journal:
        return max((use.pss_mb for use in journal.memory(1) if use.part == "tree" and use.pss_mb), default=0.0)


def _survives(site: DemoSite, scale: str, megabytes: int) -> bool:
    """True if a load that first holds every answer in memory isn't killed: the limit would show nothing."""
    tournaments = sum(1 for _ in site.league.table("tournament"))
    with limited(megabytes) as group:
        done = group.run([sys.executable, "-c", _EVERYTHING_FIRST, site.url, str(tournaments)], seconds=SECONDS)
        said = f"ended with {done.returncode}, {group.kills} killed {_last_line(done.stderr)}".strip()
        survived = done.returncode != -SIGKILL or not group.kills
    print(f"everything first in {megabytes} MB: {said}", flush=True)
    results.append(f"everything of {scale} held first in {megabytes} MB", said)
    return survived


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


if __name__ == "__main__":
    sys.exit(main())
