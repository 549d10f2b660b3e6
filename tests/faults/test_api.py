"""The API alone fails while pages and robots.txt answer: another form takes its place, said once, and all is exact."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from benchmarks.exactness import documented
from gomafia_kit import site as asks
from gomafia_kit.errors import AskFailedError
from gomafia_kit.fetch.archive import Archive
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.fetch.manners import ATTEMPTS, Gate
from gomafia_kit.fetch.source import Source
from gomafia_kit.load import FAILURES_THAT_ARE_ENOUGH
from tests.faults.proxy import spoiling
from tests.faults.seen import GAMES, lost, told
from tests.imports import differences, published, run_import, truth

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from tests.faults.conftest import Fault

STAGES: Final = "tournaments,games"
KNOWN_TO_PAGES: Final = GAMES[:3]
"""A page tells the standings with and without the final, never the whole one: tests/importing/test_forms.py."""
FAULTS: Final[dict[str, dict[str, Any]]] = {
    "status 500": {"kind": "status", "status": 500},
    "status 503": {"kind": "status", "status": 503},
    "a reset connection": {"kind": "reset"},
    "no answer in time": {"kind": "hang"},
    "HTML in place of JSON": {"kind": "html"},
}


def asked(site: DemoSite) -> dict[str, int]:
    return dict(site.log()["counts"])


def changes_of_road(data_dir: Path) -> list[str]:
    """What the newest run told of roads that it left."""
    return [text for text in told(data_dir).notices if "can't be read as" in text]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_very_first_ask_of_a_run_tells_that_the_api_alone_fails(site: DemoSite, tmp_path: Path, fault: str) -> None:
    """robots.txt was archived by the run before: in this one nothing has come yet."""
    with Archive(tmp_path, "demo") as archive, HttpFetcher(site.url, "") as plain:
        archive.keep(plain.fetch(asks.robots()))
        site.fault(**FAULTS[fault], prefix="/api/", times=None)
        site.log(reset=True)
        source = Source(
            archive,
            {"http": lambda: HttpFetcher(site.url, "", seconds=0.1)},
            Gate(0),
            lambda _text: None,
            rest=lambda _seconds: None,
        )
        with pytest.raises(AskFailedError, match="/api/"):
            source.answer(asks.tournament_list(), None)
        source.close()
    assert asked(site) == {"POST /api/tournament/getAll": ATTEMPTS, "GET /robots.txt": 1}


def test_a_run_whose_first_ask_fails_takes_pages_and_ends_exact(site: DemoSite, data_dir: Path, fault: Fault) -> None:
    run_import(site, data_dir, stages="judges")  # so robots.txt is archived
    site.fault("reset", prefix="/api/", times=None)
    site.log(reset=True)
    run_import(site, data_dir, stages="tournaments", via="http")
    assert asked(site)["POST /api/tournament/getAll"] == ATTEMPTS
    (change,) = changes_of_road(data_dir)
    missing = lost(data_dir, site.league, ["tournament"])
    seconds = told(data_dir).seconds
    fault.told("the API alone fails, from the first ask on", sees=change, lost=missing, seconds=seconds)


def test_a_road_that_fails_several_times_in_a_row_is_left(site: DemoSite, data_dir: Path, fault: Fault) -> None:
    """Archived answers lie between the asks that fail: they say nothing of how the API is now."""
    ids = [row["tournament_id"] for row in sorted(truth(site.league, "tournament"), key=lambda row: row["date_start"])]
    run_import(site, data_dir, stages=STAGES, tournament_ids=ids[::2])
    site.fault("status", status=500, prefix="/api/tournament/get", times=None)
    site.log(reset=True)
    run_import(site, data_dir, stages="games", via="http")
    assert asked(site)["POST /api/tournament/get"] == FAILURES_THAT_ARE_ENOUGH * ATTEMPTS
    assert {int(path.rpartition("/")[2]) for path in asked(site) if "GET /tournament/" in path} == set(ids[1::2])
    (change,) = changes_of_road(data_dir)
    assert change.endswith("Now as page_data over http.")
    seen = told(data_dir)
    missing = lost(data_dir, site.league, KNOWN_TO_PAGES)
    fault.told("the API alone fails in the midst of a stage", sees=change, lost=missing, seconds=seen.seconds)


def test_an_api_that_begins_to_refuse_is_left_but_not_for_one_refusal(
    site: DemoSite, data_dir: Path, fault: Fault
) -> None:
    """Three in a row are enough, also behind answers: pages bring what follows, and what came before stays."""
    for skip, times in ((3, 1), (6, None)):  # the list of tournaments comes first
        site.fault("status", status=403, prefix="/api/tournament/get", skip=skip, times=times)
    site.log(reset=True)
    run_import(site, data_dir, stages=STAGES, via="http")
    assert asked(site)["POST /api/tournament/get"] == 5 + 1 + FAILURES_THAT_ARE_ENOUGH
    pages = [path for path in asked(site) if path.startswith("GET /tournament/")]
    assert len(pages) == len(truth(site.league, "tournament")) - 5
    (change,) = changes_of_road(data_dir)
    missing = lost(data_dir, site.league, KNOWN_TO_PAGES)
    fault.told("the API begins to refuse", sees=change, lost=missing, seconds=told(data_dir).seconds)


def test_where_page_data_cannot_be_read_either_the_page_itself_is(site: DemoSite, data_dir: Path) -> None:
    site.fault("status", status=503, prefix="/api/", times=None)
    with spoiling(site.url, "/tournaments") as proxy:
        proxy.faults = ["without data"] * 10
        run_import(proxy.url, data_dir, stages="tournaments", via="http")
    changes = [re.sub(": .*[.] Now", ". Now", text) for text in changes_of_road(data_dir)]
    assert changes == [
        "tournaments can't be read as api over http. Now as page_data over http.",
        "tournaments can't be read as page_data over http. Now as dom over http.",
    ]
    unknown = dict.fromkeys(documented("dom")["tournament"])
    expected = [row | unknown for row in truth(site.league, "tournament")]
    assert differences(published(data_dir, "tournament"), expected, "tournament") == []
