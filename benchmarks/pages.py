"""How far a browser grows over hundreds of pages: rendered ones, and answers fetched from inside an open page.

`make soak-pages`, or `python -m benchmarks.pages --kinds fetched` for one kind. The games of ROUND tournaments are
asked for in turns, as an import does it, the browser replaced when it has had its share. After each ask the PSS of
driver and Chromium is looked at, but for the files that are mapped: how much of these counts depends on who else has
them open. Pages are long and short, so a round counts by its mean; each browser's first round is left out. Ends with
exit code 1 if memory may grow by ALLOWED_KB a page or more (95%).
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Final

from benchmarks import results
from gomafia_kit import demo, site
from gomafia_kit.errors import BrowserError
from gomafia_kit.fetch.browser import find_chromium
from gomafia_kit.fetch.chromium import MOST_PAGES, ChromiumFetcher
from gomafia_kit.fetch.driver import children, drivers
from gomafia_kit.memory.trend import trend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psutil

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.memory.trend import Trend
    from gomafia_kit.site import Ask

PAGES: Final = 500
ROUND: Final = 50
ALLOWED_KB: Final = 20.0
KINDS: Final[dict[str, Callable[[int], Ask]]] = {
    "rendered": lambda number: site.tournament_games_page(number, site.RENDERED),
    "fetched": site.tournament,
}
_OWN: Final = re.compile(r"^Pss_(?:Anon|Shmem):\s+(\d+) kB", re.MULTILINE)


def main() -> int:
    """Ask for the pages of each kind, tell the growth; 1 if it is too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    options = parser.parse_args()
    chromium = find_chromium()
    if chromium is None:
        raise BrowserError("No Chromium was found on this machine.", "make browser")
    print(f"{chromium}, commit {results.commit()}", flush=True)
    with demo.start(scale="small") as league:
        return int(sum(_is_wrong(league, chromium.kind, kind, options.pages) for kind in options.kinds))


def _is_wrong(league: DemoSite, browser: str, kind: str, pages: int) -> bool:
    seen = _seen_kb(league, KINDS[kind], pages)
    rounds = {first: fmean(seen[first : first + ROUND]) for first in range(0, pages, ROUND)}
    settled = {first: kb for first, kb in rounds.items() if first % MOST_PAGES}
    growth = _growth(settled)
    each = [
        _growth({first: kb for first, kb in settled.items() if first // MOST_PAGES == number})
        for number in range(-(-pages // MOST_PAGES))
    ]
    is_wrong = growth.high >= ALLOWED_KB
    told = (
        f"{growth.slope:+.1f} KB a page (95%: under {growth.high:+.1f}); within a browser"
        f" {' and '.join(f'{own.slope:+.1f}' for own in each)}; rounds of {ROUND} pages:"
        f" {', '.join(f'{kb / 1024:.1f}' for kb in rounds.values())} MB, {max(seen) / 1024:.0f} at most"
    )
    print(f"{kind}, {pages} pages: {told}{' WRONG' if is_wrong else ''}", flush=True)
    results.append(f"growth of the {browser} over {pages} pages, {kind}", f"{told}{'; WRONG' if is_wrong else ''}")
    return is_wrong


def _seen_kb(league: DemoSite, ask: Callable[[int], Ask], pages: int) -> list[int]:
    known = [int(str(row["tournament_id"])) for row in league.league.table("tournament")][:ROUND]
    seen = []
    with ChromiumFetcher(league.url, "") as fetcher:
        for page in range(pages):
            fetcher.fetch(ask(known[page % ROUND]))
            seen.append(sum(map(_own_kb, _processes())))
    return seen


def _processes() -> Sequence[psutil.Process]:
    return [each for driver in drivers() for each in (driver, *children(driver, recursive=True))]


def _own_kb(process: psutil.Process) -> int:
    """What a process holds that is no file; nothing of one that has just ended."""
    try:
        told = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, _OWN.findall(told)))


def _growth(rounds: dict[int, float]) -> Trend:
    """The slope in KB a page."""
    return trend(list(rounds.values()), list(rounds))


if __name__ == "__main__":
    sys.exit(main())
