"""One gate for ten workers, HTTP and Chromium mixed, with faults and retries: counted by the site's own log."""

from __future__ import annotations

import gc
import math
import threading
from typing import TYPE_CHECKING

from gomafia_kit import site as asks
from gomafia_kit.errors import FetchError
from gomafia_kit.fetch.archive import Archive
from gomafia_kit.fetch.chromium import ChromiumFetcher
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.fetch.manners import Gate, patiently
from gomafia_kit.fetch.source import Source
from tests.answers import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.fetch.source import Fetcher

PACE = 0.1
WORKERS = 10
BROWSERS = 2
ASKS_OF_EACH = 3
TOURNAMENTS = 12


def most_within(seconds: float, times: Sequence[float]) -> int:
    """The most requests in any stretch of so many seconds."""
    return max(sum(start <= time < start + seconds for time in times) for start in times)


def test_asking_leaves_nothing_for_the_garbage_collector() -> None:
    gate, found = Gate(0), answer(asks.club_list(), b"")
    gc.collect()
    gc.disable()
    try:
        for _ in range(100):
            patiently(lambda: found, gate, lambda _: None)
        assert gc.collect() < 100
    finally:
        gc.enable()


def test_ten_workers_keep_one_pace(site: DemoSite, tmp_path: Path) -> None:
    gate = Gate(PACE)
    made: list[int] = []
    faults: list[BaseException] = []

    def work(number: int) -> None:
        via = "chromium" if number < BROWSERS else "http"
        makers: dict[str, Callable[[], Fetcher]] = {
            "http": lambda: HttpFetcher(site.url, ""),
            "chromium": lambda: ChromiumFetcher(site.url, ""),
        }
        folder = tmp_path / str(number)
        folder.mkdir()
        with Archive(folder, "demo") as archive:
            source = Source(archive, makers, gate, lambda _: None)
            try:
                for step in range(ASKS_OF_EACH):
                    tournament = 1 + (number + step) % TOURNAMENTS
                    ask = asks.tournament_card(tournament) if via == "chromium" else asks.tournament(tournament)
                    source.answer(ask, None, via)
            except FetchError:
                pass  # five faults in a row
            except BaseException as error:  # noqa: BLE001 - told to the test's own thread
                faults.append(error)
            finally:
                made.append(source.asks_made)
                source.close()

    for prefix in ("/api/", "/tournament/"):
        site.fault("status", status=503, times=None, rate=0.1, prefix=prefix)
        site.fault("delay", seconds=0.15, times=None, rate=0.1, prefix=prefix)
    # Not to Chromium: where a connection that it kept is reset, it sends a request once more by itself.
    site.fault("reset", times=None, rate=0.1, prefix="/api/")
    threads = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    times = [request["monotonic"] for request in site.log()["requests"]]
    assert len(times) == sum(made) > 2 * WORKERS
    assert most_within(1, times) <= math.ceil(1 / PACE)
    assert most_within(60, times) <= math.ceil(60 / PACE)
