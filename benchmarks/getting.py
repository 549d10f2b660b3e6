"""A tournament got and read, end to end: our roads beside Playwright's goto-and-evaluate, in one run on loopback.

    python -m benchmarks.getting [--tournaments 10] [--games 60] [--rounds 3] [--keep]

The tournaments of the demo league `small` whose games are nearest to 60: 600 seats or so. The peer opens the page and
evaluates a function in it that walks the tables, as the Node.js importer does. Milliseconds of CPU are those of this
process and all below it but the site: of getting the answer, and of reading it into rows. The rules on rows and staging
aren't in it, nor are the archive and the gate. Values are remembered from one answer to the next, as in an import. A
figure is of the cheapest round; requests are counted at the site.

Goals: 1 ms by the API over HTTP, 2.5 by the page; 25 fetched inside an open page, 200 rendered; one request each.
That of the API isn't met: getting takes 0.45, and rows whose values are looked up and never refused 0.87 more
(`benchmarks.reading`).
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import psutil

from benchmarks.results import append
from gomafia_kit import demo, site
from gomafia_kit.fetch.browser import find_chromium
from gomafia_kit.fetch.chromium import ChromiumFetcher
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.site import Answer

WALK: Final = """() => [...document.querySelectorAll('[class*="TableTournamentResultGame_table"]')].flatMap(table =>
    [...table.querySelectorAll('tbody tr')].map(row => [...row.querySelectorAll('td')].map(cell => cell.innerText)))"""


class Figures(NamedTuple):
    """What a way takes a tournament: milliseconds, CPU in milliseconds, requests."""

    wall: float
    getting: float
    reading: float
    requests: float


class Way(NamedTuple):
    """How a tournament is got and read, and how that ends."""

    get: Callable[[int], Any]
    read: Callable[[Any], object]
    close: Callable[[], None]


def main() -> None:
    """Measure each way in turn, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tournaments", type=int, default=10)
    parser.add_argument("--games", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="append the figures to benchmarks/results.md")
    chosen = parser.parse_args()
    with demo.start(scale="small") as running:
        nearest = sorted(running.league.world.tournaments.values(), key=lambda item: abs(item.games - chosen.games))
        picked = nearest[: chosen.tournaments]
        ways: dict[str, Callable[[], Way]] = {
            "goto and evaluate (Playwright)": lambda: _goto(running.url),
            "rendered page over Chromium": lambda: _by_browser(running.url, site.RENDERED),
            "page fetched inside an open page": lambda: _by_browser(running.url, site.PAGE),
            "API fetched inside an open page": lambda: _by_browser(running.url, "api"),
            "page data over HTTP": lambda: _by_http(running.url, site.PAGE),
            "API over HTTP": lambda: _by_http(running.url, "api"),
        }
        ids = [item.tournament_id for item in picked]
        found = {name: _measured(running, ids, way(), chosen.rounds) for name, way in ways.items()}
    games = statistics.mean(item.games for item in picked)
    what = f"a tournament got and read, {len(ids)} of {games:.0f} games on average"
    print(f"{what}; load {os.getloadavg()[0]:.1f}\n")
    print("| way | ms | CPU: getting | reading | both | times less CPU | requests a tournament |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    peer, *_ = (one.getting + one.reading for one in found.values())
    for name, one in found.items():
        both = one.getting + one.reading
        figures = f"{one.wall:.1f} | {one.getting:.2f} | {one.reading:.2f} | {both:.2f} | {peer / both:.0f}"
        print(f"| {name} | {figures} | {one.requests:.2f} |")
    if chosen.keep:
        told = "; ".join(f"{name} {one.getting:.2f} + {one.reading:.2f}" for name, one in found.items())
        append(what, f"ms of CPU, getting + reading: {told} (load {os.getloadavg()[0]:.1f})")


def _by_http(url: str, form: str) -> Way:
    return _by(HttpFetcher(url, ""), form)


def _by_browser(url: str, form: str) -> Way:
    return _by(ChromiumFetcher(url, ""), form)


def _by(fetcher: HttpFetcher | ChromiumFetcher, form: str) -> Way:
    reading = {"api": "api", site.RENDERED: "dom"}.get(form, "page_data")

    def get(tournament_id: int) -> Answer:
        ask = site.tournament(tournament_id) if form == "api" else site.tournament_games_page(tournament_id, form)
        return fetcher.fetch(ask)

    return Way(get, lambda answer: parse(answer, reading), fetcher.close)


def _goto(url: str) -> Way:
    from playwright.sync_api import sync_playwright

    found = find_chromium()
    if found is None:
        raise SystemExit("No Chromium: make browser")
    playwright = sync_playwright().start()
    browser = playwright.chromium.launch(executable_path=str(found.executable))
    page = browser.new_page()

    def get(tournament_id: int) -> None:
        page.goto(f"{url}/tournament/{tournament_id}?tab=games", wait_until="load")

    def close() -> None:
        browser.close()
        playwright.stop()

    return Way(get, lambda _: page.evaluate(WALK), close)


def _measured(running: DemoSite, ids: list[int], way: Way, rounds: int) -> Figures:
    way.read(way.get(ids[0]))  # the first one opens connections and pages
    running.log(reset=True)
    found = [_round(running, ids, way) for _ in range(rounds)]
    way.close()
    requests = running.log(last=1)["total"] / len(ids) / rounds
    wall, getting, reading = min(found, key=lambda one: one[1] + one[2])
    return Figures(wall, getting, reading, requests)


def _round(running: DemoSite, ids: list[int], way: Way) -> tuple[float, float, float]:
    """Milliseconds, and those of CPU for getting and for reading, of each tournament."""
    walls, reading, below, own = [], 0.0, _cpu_below(running.pid), time.process_time()
    for tournament_id in ids:
        started = time.perf_counter()
        answer = way.get(tournament_id)
        before = time.process_time()
        way.read(answer)
        reading += time.process_time() - before
        walls.append(1000 * (time.perf_counter() - started))
    whole = time.process_time() - own + _cpu_below(running.pid) - below
    return statistics.median(walls), 1000 * (whole - reading) / len(ids), 1000 * reading / len(ids)


def _cpu_below(but: int) -> float:
    """Seconds of CPU of all processes below this one, but for the site; in steps of 0.01 s each."""
    total = 0.0
    for child in psutil.Process().children(recursive=True):
        if child.pid != but:
            times = child.cpu_times()
            total += times.user + times.system
    return total


if __name__ == "__main__":
    main()
