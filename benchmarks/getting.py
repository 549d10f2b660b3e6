"""A tournament got and read, end to end: our roads beside Playwright's goto-and-evaluate, in one run on loopback.

    python -m benchmarks.getting [--tournaments 20]

The peer opens the page and evaluates a function in it that walks the tables, as the Node.js importer
does. Milliseconds of CPU are those of this process and all below it; requests are counted at the site.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING, Any, Final

import psutil

from gomafia_kit import demo, site
from gomafia_kit.fetch.browser import find_chromium
from gomafia_kit.fetch.chromium import ChromiumFetcher
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.parse import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.site import Ask

WALK: Final = """() => [...document.querySelectorAll('[class*="TableTournamentResultGame_table"]')].flatMap(table =>
    [...table.querySelectorAll('tbody tr')].map(row => [...row.querySelectorAll('td')].map(cell => cell.innerText)))"""


def main() -> None:
    """Measure each way in turn, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tournaments", type=int, default=20)
    number = parser.parse_args().tournaments
    with demo.start(scale="small") as running:
        ids = [int(str(row["tournament_id"])) for row in running.league.table("tournament")][:number]
        rows = [
            _measured("goto and evaluate (Playwright)", running, ids, _goto(running.url)),
            _measured("rendered page over Chromium", running, ids, _by_browser(running.url, site.RENDERED)),
            _measured("page fetched inside an open page", running, ids, _by_browser(running.url, site.PAGE)),
            _measured("API fetched inside an open page", running, ids, _by_browser(running.url, "api")),
            _measured("page data over HTTP", running, ids, _by_http(running.url, site.PAGE)),
            _measured("API over HTTP", running, ids, _by_http(running.url, "api")),
        ]
    first = rows[0]
    print("| way | ms | ms of CPU | times less CPU | requests a tournament |\n| --- | ---: | ---: | ---: | ---: |")
    for name, wall, cpu, requests in rows:
        print(f"| {name} | {wall:.1f} | {cpu:.1f} | {first[2] / cpu:.0f} | {requests:.2f} |")


def _ask(tournament_id: int, form: str) -> tuple[Ask, str]:
    if form == "api":
        return site.tournament(tournament_id), "api"
    reading = "dom" if form == site.RENDERED else "page_data"
    return site.tournament_games_page(tournament_id, form), reading


def _by_http(url: str, form: str) -> tuple[Callable[[int], Any], Callable[[], None]]:
    fetcher = HttpFetcher(url, "")

    def get(tournament_id: int) -> None:
        ask, reading = _ask(tournament_id, form)
        parse(fetcher.fetch(ask), reading)

    return get, fetcher.close


def _by_browser(url: str, form: str) -> tuple[Callable[[int], Any], Callable[[], None]]:
    fetcher = ChromiumFetcher(url, "")

    def get(tournament_id: int) -> None:
        ask, reading = _ask(tournament_id, form)
        parse(fetcher.fetch(ask), reading)

    return get, fetcher.close


def _goto(url: str) -> tuple[Callable[[int], Any], Callable[[], None]]:
    from playwright.sync_api import sync_playwright

    found = find_chromium()
    if found is None:
        raise SystemExit("No Chromium: make browser")
    playwright = sync_playwright().start()
    browser = playwright.chromium.launch(executable_path=str(found.executable))
    page = browser.new_page()

    def get(tournament_id: int) -> object:
        page.goto(f"{url}/tournament/{tournament_id}?tab=games", wait_until="load")
        return page.evaluate(WALK)

    def close() -> None:
        browser.close()
        playwright.stop()

    return get, close


def _measured(
    name: str, running: DemoSite, ids: list[int], way: tuple[Callable[[int], Any], Callable[[], None]]
) -> tuple[str, float, float, float]:
    get, close = way
    get(ids[0])  # the first one opens connections and pages
    running.log(reset=True)
    walls, before = [], _cpu(running.pid)
    for tournament_id in ids:
        started = time.perf_counter()
        get(tournament_id)
        walls.append(1000 * (time.perf_counter() - started))
    cpu = 1000 * (_cpu(running.pid) - before) / len(ids)
    requests = running.log(last=1)["total"] / len(ids)
    close()
    return name, statistics.median(walls), cpu, requests


def _cpu(but: int) -> float:
    """Seconds of CPU of this process and all below it, but for the site."""
    me = psutil.Process()
    own = me.cpu_times()
    total = own.user + own.system
    for child in me.children(recursive=True):
        if child.pid != but:
            times = child.cpu_times()
            total += times.user + times.system
    return total


if __name__ == "__main__":
    main()
