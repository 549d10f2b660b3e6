"""Manners, counted at the site: one gate for HTTP and Chromium, faults and retries and what pages ask for included."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import site as asks
from gomafia_kit.errors import DisallowedError, NoSuchPageError, SiteBusyError
from gomafia_kit.fetch.archive import Archive
from gomafia_kit.fetch.chromium import ChromiumFetcher
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.fetch.manners import Gate
from gomafia_kit.fetch.source import Source, check_page
from tests.answers import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.fetch.source import Fetcher

PACE = 0.25
VIAS = ("http", "chromium")


class Polite:
    """A source with both fetchers and one gate, and what it told."""

    def __init__(self, archive: Archive, url: str, pace: float) -> None:
        self.told: list[str] = []
        makers: dict[str, Callable[[], Fetcher]] = {
            "http": lambda: HttpFetcher(url, "club@example.org"),
            "chromium": lambda: ChromiumFetcher(url, "club@example.org"),
        }
        self.gate = Gate(pace)
        self.source = Source(archive, makers, self.gate, self.told.append)


@pytest.fixture
def archive(data_dir: Path) -> Iterator[Archive]:
    data_dir.mkdir()
    with Archive(data_dir, "demo") as made:
        yield made


@pytest.fixture
def polite(site: DemoSite, archive: Archive) -> Iterator[Polite]:
    made = Polite(archive, site.url, PACE)
    yield made
    made.source.close()


def pauses(site: DemoSite) -> list[float]:
    """Between each request and the next, by the site's own clock."""
    times = [request["monotonic"] for request in site.log()["requests"]]
    return [later - earlier for earlier, later in pairwise(times)]


def test_no_two_requests_are_closer_than_the_pace(polite: Polite, site: DemoSite, archive: Archive) -> None:
    """Both ways in turn; busy, reset, cut and slow answers; a redirect; a drop-down with its scripts and its calls."""
    site.set_switches(unknown_id="redirect")
    player = next(iter(site.league.world.people))
    try:
        site.fault("status", status=503, times=1, prefix="/api/club")
        site.fault("reset", times=1, prefix="/api/tournament")
        site.fault("cut", times=1, prefix="/judges")
        site.fault("delay", seconds=0.4, times=1, prefix="/tournaments")
        wanted = [
            ("chromium", asks.club_list()),
            ("http", asks.tournament(1)),
            ("chromium", asks.judge_page()),
            ("http", asks.tournament_list_page()),
            ("chromium", asks.tournament_list_page(form="rendered")),
            ("http", asks.tournament_card(999_999)),
            ("chromium", asks.tournament_card(999_999, "rendered")),
            ("chromium", asks.player_statistics_page(player, 2023, "rendered")),
            ("chromium", asks.player_statistics_page(player, 2022, "rendered")),
        ]
        for via, ask in wanted:
            polite.source.answer(ask, None, via)
        no_such_year = asks.player_statistics_page(player, 2019, "rendered")
        with pytest.raises(NoSuchPageError):  # the page that is open says so: nothing is asked, and nothing kept
            polite.source.answer(no_such_year, None, "chromium")
        assert archive.find(no_such_year) is None
    finally:
        site.set_switches(unknown_id="main_page")
    log = site.log()
    assert log["total"] == polite.source.asks_made
    assert (log["counts"]["POST /api/club/getTop"], log["counts"]["POST /api/tournament/get"]) == (2, 2)
    assert log["counts"]["GET /"] == 2
    assert (log["counts"][f"GET /stats/{player}"], log["counts"]["POST /api/stats/get"]) == (1, 2)
    assert min(pauses(site)) >= PACE


def test_a_crawl_delay_holds_for_both(site: DemoSite, archive: Archive) -> None:
    site.set_robots("User-agent: *\nCrawl-delay: 0.4\n")
    polite = Polite(archive, site.url, 0.0)
    try:
        for via, ask in (("http", asks.club_list()), ("chromium", asks.judge_page()), ("http", asks.judge_page(2))):
            polite.source.answer(ask, None, via)
    finally:
        polite.source.close()
        site.set_robots("User-agent: *\nDisallow: /admin/\n")
    assert polite.told == ["robots.txt asks for 0.4 s between asks: kept."]
    assert min(pauses(site)) >= 0.4


@pytest.mark.parametrize("via", VIAS)
def test_retry_after_is_obeyed_by_both(polite: Polite, site: DemoSite, via: str) -> None:
    site.fault("status", status=429, retry_after="1", times=1, prefix="/judges")
    polite.source.answer(asks.judge_page(), None, via)
    first, second = (r["monotonic"] for r in site.log()["requests"] if r["path"] == "/judges")
    assert second - first >= 1


@pytest.mark.parametrize("via", VIAS)
def test_what_robots_forbids_is_not_asked_for(site: DemoSite, archive: Archive, via: str) -> None:
    site.set_robots("User-agent: *\nDisallow: /*?tab=games\n")
    polite = Polite(archive, site.url, 0.0)
    try:
        with pytest.raises(DisallowedError, match=r"forbids /tournament/1\?tab=games"):
            polite.source.answer(asks.tournament_games_page(1), None, via)
        assert polite.source.answer(asks.tournament_results_page(1), None, via).status == 200
    finally:
        polite.source.close()
        site.set_robots("User-agent: *\nDisallow: /admin/\n")
    assert site.log()["counts"] == {"GET /robots.txt": 1, "GET /tournament/1": 1}


@pytest.mark.parametrize("via", VIAS)
def test_a_page_that_stands_in_for_the_site_is_not_archived(
    polite: Polite, site: DemoSite, archive: Archive, via: str
) -> None:
    polite.gate.seconds = 0.0
    site.fault("html", times=2, prefix="/judges")
    found = polite.source.answer(asks.judge_page(), None, via)
    assert b"__NEXT_DATA__" in found.body
    assert [told.partition(" Attempt")[0] for told in polite.told] == [
        "page GET /judges?tab=all: a page came that has nothing of the site."
    ] * 2
    assert archive.get(asks.judge_page()).body == found.body


def test_half_a_page_is_never_good() -> None:
    """A server that closes its connection without saying how much it meant to send."""
    page = b'<html><body class="judges_judges__x1Y2z">' + b"x" * 500 + b"</body></html>\n"
    check_page(answer(asks.judge_page(), page))
    for cut in (page[:-9], page[: len(page) // 2], b""):
        with pytest.raises(SiteBusyError, match="the page has no end"):
            check_page(answer(asks.judge_page(), cut))


def test_waiting_at_the_gate_is_no_hanging_of_the_browser(
    site: DemoSite, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scripts and the call of a drop-down wait their turn: longer than a page may take to load."""
    monkeypatch.setattr("gomafia_kit.fetch.chromium.SECONDS_OF_GRACE", 0.5)
    gate = Gate(1.0)
    maker: dict[str, Callable[[], Fetcher]] = {"chromium": lambda: ChromiumFetcher(site.url, "", seconds_to_load=2)}
    source = Source(archive, maker, gate, lambda _: None)
    started = time.monotonic()
    try:
        ask = asks.player_statistics_page(next(iter(site.league.world.people)), 2023, "rendered")
        assert b"2023</span>" in source.answer(ask, None, "chromium").body
    finally:
        source.close()
    assert time.monotonic() - started >= 4  # robots.txt, the page, two scripts, the call
