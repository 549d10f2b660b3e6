"""What each measure that keeps Chromium small is worth: the same pages with one of them left out.

    python -m benchmarks.diet [--pages 100] [--keep]

Each way runs in a process of its own. The peak is the PSS of the driver and all of Chromium, looked
at after every page; CPU is that of the driver and Chromium. At the end two imports are compared as by
`gomafia compare`: the browser replaced every ten pages, and only when it has grown.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from benchmarks.results import append
from gomafia_kit import demo, importer, site
from gomafia_kit.fetch import engine
from gomafia_kit.fetch.browser import find_chromium
from gomafia_kit.fetch.chromium import ChromiumFetcher
from gomafia_kit.fetch.driver import children, drivers
from gomafia_kit.importer.compare import compared
from gomafia_kit.memory.probe import Probe
from gomafia_kit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NEVER: Final = sys.maxsize
NOTHING: Final = "--no-first-run"
"""A flag that changes nothing, in the place of one that is left out."""

AS_IT_IS: Final = "as it is"
LEFT_OUT: Final[dict[str, dict[str, Any]]] = {
    AS_IT_IS: {},
    "garbage never collected": {"PAGES_A_COLLECTION": NEVER},
    "the driver's heap not capped": {"_DRIVER_HEAP": ""},
    "the pages' heaps not capped": {"_PAGE_HEAP": NOTHING},
    "none of these three": {"PAGES_A_COLLECTION": NEVER, "_DRIVER_HEAP": "", "_PAGE_HEAP": NOTHING},
    "as it is, a fresh browser every 20 pages": {},
    "full Chromium": {},
    "Playwright as it comes: a page opened, everything loaded": {},
}


def main() -> None:
    """Measure each way, then compare two imports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--keep", action="store_true", help="append the figures to benchmarks/results.md")
    parser.add_argument("--one", nargs=2, metavar=("URL", "WAY"), help=argparse.SUPPRESS)
    parser.add_argument("--ids", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(
            json.dumps(_one(arguments.one[0], arguments.one[1], [int(number) for number in arguments.ids.split(",")]))
        )
        return
    with demo.start(scale="small") as running, tempfile.TemporaryDirectory() as folder:
        known = [int(str(row["tournament_id"])) for row in running.league.table("tournament")]
        ids = [known[number % len(known)] for number in range(arguments.pages)]
        rows = {way: _in_a_process(running.url, way, ids) for way in LEFT_OUT if _is_possible(way)}
        verdict = _pair(running.url, Path(folder))
    first = rows[AS_IT_IS]["peak_mb"]
    print("| way | peak, MB | more than as it is | at first, MB | at last, MB | ms of CPU a page |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for way, row in rows.items():
        figures = (row["peak_mb"], row["peak_mb"] - first, row["first_mb"], row["last_mb"], row["cpu_ms"])
        print(f"| {way} | " + " | ".join(f"{figure:.0f}" for figure in figures) + " |")
    print(f"\nA browser replaced every ten pages beside one that is replaced when it has grown. {verdict}")
    if arguments.keep:
        told = "; ".join(f"{way}: {row['peak_mb']:.0f} MB" for way, row in rows.items())
        append(f"diet, {arguments.pages} pages", f"{told}; replaced every 10 pages: {verdict}")


def _is_possible(way: str) -> bool:
    return way != "full Chromium" or shutil.which("chromium") is not None


def _in_a_process(url: str, way: str, ids: Sequence[int]) -> dict[str, float]:
    environment = dict(os.environ)
    if way == "full Chromium":
        environment["GOMAFIA_CHROMIUM"] = shutil.which("chromium") or ""
    line = [sys.executable, "-m", "benchmarks.diet", "--one", url, way, "--ids", ",".join(map(str, ids))]
    done = subprocess.run(line, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _one(url: str, way: str, ids: Sequence[int]) -> dict[str, float]:
    for name, value in LEFT_OUT[way].items():
        setattr(engine, name, value)
    get, close = _plain(url) if way.startswith("Playwright") else _ours(url, 20 if "every 20" in way else None)
    probe = Probe()
    seen: list[float] = []
    cpu: dict[int, float] = {}
    for number in ids:
        get(number)
        seen.append(sum(use.best_mb for use in probe.tree() if use.part in {"driver", "chromium"}))
        cpu.update((process.pid, _cpu(process)) for process in _processes())
    close()
    settled = seen[min(4, len(seen) - 1)]
    spent = 1000 * sum(cpu.values()) / len(ids)
    return {"peak_mb": max(seen), "first_mb": settled, "last_mb": seen[-1], "cpu_ms": spent}


def _ours(url: str, pages_per_browser: int | None) -> tuple[Callable[[int], object], Callable[[], None]]:
    fetcher = ChromiumFetcher(url, "", pages_per_browser=pages_per_browser)
    return lambda number: fetcher.fetch(site.tournament_games_page(number, site.RENDERED)), fetcher.close


def _plain(url: str) -> tuple[Callable[[int], object], Callable[[], None]]:
    from playwright.sync_api import sync_playwright

    found = find_chromium()
    if found is None:
        raise SystemExit("No Chromium: make browser")
    playwright = sync_playwright().start()
    page = playwright.chromium.launch(executable_path=str(found.executable)).new_page()

    def get(number: int) -> object:
        page.goto(f"{url}/tournament/{number}?tab=games", wait_until="load")
        return page.content()

    return get, playwright.stop


def _processes() -> list[psutil.Process]:
    return [each for driver in drivers() for each in (driver, *children(driver, recursive=True))]


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def _pair(url: str, folder: Path) -> str:
    """The verdict on an import whose browser is replaced every ten pages, beside one whose isn't."""
    runs = []
    for name, pages in (("when grown", None), ("every ten", 10)):
        parameters: dict[str, Any] = {
            "source": url,
            "data_dir": str(folder / name),
            "stages": "tournaments,games",
            "via": "chromium",
            "form": "dom",
            "pages_per_browser": pages,
        }
        handle = importer.start(Settings.gather(parameters), lifeline=True)
        handle.wait()
        runs.append((handle.data_dir, handle.run_id))
    return compared(*runs).verdict


if __name__ == "__main__":
    main()
