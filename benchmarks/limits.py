"""Whole imports of the demo league under memory limits that the kernel enforces; as root.

`make soak-limits`, or `python -m benchmarks.limits --scale small --only http` to try it. In a control group are
the import, what started it and the browser; the site and the PostgreSQL server stand outside, as they do in
life. Each import must end exact, and nothing be killed; a load that holds everything in memory first is
killed in the smallest of the groups. The import notebook, run by papermill, may have NOTEBOOK_MB more than the importer
takes in it. Ends with exit code 1 if it is otherwise.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from benchmarks import results
from benchmarks.full import differences
from gomafia_kit import demo
from gomafia_kit.fetch.browser import VARIABLE
from gomafia_kit.memory.limits import MB
from gomafia_kit.postgres.address import URL_VARIABLE
from gomafia_kit.runs.journal import Journal
from tests.postgres.machine import OtherServer
from tests.root.groups import limited

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gomafia_kit.demo import DemoSite
    from tests.root.groups import Group

SECONDS: Final = 3_000.0
SECONDS_BETWEEN_LOOKS: Final = 0.25
NOTEBOOK_MB: Final = 150
NOTEBOOK: Final = Path(__file__).parents[1] / "notebooks" / "import.ipynb"
SIGKILL: Final = 9

_IMPORT: Final = """
import json, sys
from gomafia_kit import importer
from gomafia_kit.settings import Settings
print(importer.start(Settings.gather(json.loads(sys.argv[1])), lifeline=True).wait().state)
"""

_EVERYTHING_FIRST: Final = """
import sys, urllib3
from gomafia_kit import site
with urllib3.PoolManager() as pool:
    held = []
    for number in range(1, int(sys.argv[2]) + 1):
        ask = site.tournament(number)
        held.append(pool.request_encode_url(ask.method, sys.argv[1] + ask.path, fields=dict(ask.fields)).json())
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


@dataclass(slots=True)
class Parts:
    """The PSS of a group's processes in MB, by part, when they took the most; and the most that the importer took."""

    at_peak: dict[str, float] = field(default_factory=dict)
    importer_mb: float = 0.0

    def note(self, now: dict[str, float]) -> None:
        """Take in what they take at this moment."""
        self.importer_mb = max(self.importer_mb, now.get("importer", 0.0))
        if sum(now.values()) > self.whole_mb:
            self.at_peak = now

    @property
    def whole_mb(self) -> float:
        """What all of them took at most."""
        return sum(self.at_peak.values())


def main() -> int:
    """Import under each limit, compare, tell; 1 if anything was killed or differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="full", choices=demo.SCALES)
    names = [*(case.name for case in CASES), "papermill", "everything-first"]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    options = parser.parse_args()
    print(f"{options.scale}, commit {results.commit()}", flush=True)
    wanted = options.only
    faults = 0
    with demo.start(scale=options.scale) as site:
        for case in CASES:
            if case.name in wanted:
                faults += _is_wrong(site, options.scale, case)
        if "papermill" in wanted:
            faults += _notebook_is_wrong(site, options.scale)
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


def _notebook_is_wrong(site: DemoSite, scale: str) -> bool:
    """True if the notebook's import isn't exact, or papermill and the kernel take too much beside it."""
    megabytes = CASES[0].megabytes + NOTEBOOK_MB
    with tempfile.TemporaryDirectory(prefix="gomafia-limits-") as folder, OtherServer() as server:
        command = [sys.executable, "-m", "papermill", str(NOTEBOOK), f"{folder}/executed.ipynb", "--no-progress-bar"]
        parameters = ["-p", "source", site.url, "-p", "data_dir", folder]
        with limited(megabytes) as group, _watched(group) as parts:
            done = group.run([*command, *parameters], {URL_VARIABLE: server.url("postgres")}, SECONDS)
            kills = group.kills
        wrong = list(differences(Path(folder), "duckdb", site.league, "api")) if not done.returncode else []
    wrong += [_last_line(done.stderr)] if done.returncode else []
    more_mb = parts.whole_mb - parts.importer_mb
    wrong += ["too much"] if more_mb > NOTEBOOK_MB else []
    by_part = ", ".join(f"{part} {mb:.0f}" for part, mb in parts.at_peak.items())
    said = (
        f"{kills} killed, PSS at most {parts.whole_mb:.0f} MB ({by_part}): {more_mb:.0f} MB more than the importer"
        f" takes at most ({parts.importer_mb:.0f} MB), {NOTEBOOK_MB} are allowed; {'; '.join(wrong) or 'exact'}"
    )
    print(f"papermill in {megabytes} MB: {said}", flush=True)
    results.append(f"import notebook of {scale} by papermill in {megabytes} MB, the server outside", said)
    return bool(wrong or kills)


@contextmanager
def _watched(group: Group) -> Iterator[Parts]:
    """What the group's processes take while this lasts."""
    parts, is_over = Parts(), threading.Event()

    def look() -> None:
        while not is_over.wait(SECONDS_BETWEEN_LOOKS):
            parts.note(_by_part(group))

    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield parts
    finally:
        is_over.set()
        watch.join()


def _by_part(group: Group) -> dict[str, float]:
    taken: dict[str, float] = {}
    for process in group.processes():
        with suppress(psutil.Error):
            part = _part(" ".join(process.cmdline()))
            taken[part] = taken.get(part, 0.0) + process.memory_full_info().pss / MB
    return taken


def _part(command: str) -> str:
    for word, part in (("gomafia_kit.importer", "importer"), ("ipykernel", "kernel"), ("papermill", "papermill")):
        if word in command:
            return part
    return "others"


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
