"""The whole road of rendered pages: Chromium, archive, parser, rules, staging, as an import runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gomafia_kit.errors import SettingsError
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from gomafia_kit.site import EVERY_REGION, REGIONS
from tests.imports import differences, published, run_import, truth

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite

BY_PAGES = {"stages": "players", "via": "chromium", "form": "dom", "years": "2022-2024"}
ROWS_A_PAGE = 10


def _pages(site: DemoSite) -> int:
    """How many pages the lists of these years and all regions have."""
    lists = [
        len(site.league.rating(year, region)) for year in (2022, 2023, 2024) for region in (*REGIONS, EVERY_REGION)
    ]
    return sum(max(1, -(-rows // ROWS_A_PAGE)) for rows in lists)


@pytest.fixture(scope="module")
def imported(running_site: DemoSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny league's players, read from all their pages by Chromium."""
    data_dir = tmp_path_factory.mktemp("страницы лиги")
    run_import(running_site, data_dir, **BY_PAGES)
    return data_dir


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"via": "http"}, "form=dom over via=http comes with a later version"),
        ({"form": "api"}, "form=api over via=chromium comes with a later version"),
        ({"form": "page_data"}, "form=page_data comes with a later version"),
        ({"stages": "players,games"}, "reading games over Chromium comes with a later version"),
        ({"official_years": True}, "official_years over Chromium comes with a later version"),
    ],
)
def test_a_road_that_comes_later_says_so(told: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.gather({**BY_PAGES, **told})


@pytest.mark.parametrize("contact", ["Мафия-клуб", "a\nb: c", "a\0b"])
def test_a_contact_that_no_header_can_hold_is_refused(contact: str) -> None:
    with pytest.raises(SettingsError, match=r"contact: .* is not an e-mail or web address in Latin letters"):
        Settings.gather({"contact": contact})


def test_the_players_are_those_of_the_league(imported: Path, running_site: DemoSite) -> None:
    """The page shows neither country nor city; everything else is as the API tells it."""
    shown = [row | {"country": None, "city": None} for row in truth(running_site.league, "player") if row["listed"]]
    assert differences(published(imported, "player"), shown, "player") == []
    seasons = truth(running_site.league, "player_season")
    assert differences(published(imported, "player_season"), seasons, "player_season") == []


def test_no_page_was_asked_for_twice(running_site: DemoSite, data_dir: Path) -> None:
    running_site.log(reset=True)
    run_import(running_site, data_dir, **BY_PAGES)
    assert running_site.log()["counts"] == {"GET /robots.txt": 1, "GET /rating": _pages(running_site)}
    running_site.log(reset=True)
    run = run_import(running_site, data_dir, **BY_PAGES)
    assert running_site.log()["total"] == 0
    assert run.receipt is not None
    assert run.receipt["nothing_new"] is True


def test_the_browsers_memory_stands_in_the_journal(imported: Path) -> None:
    with Journal(imported) as journal:
        samples = journal.memory(1)
    seen = {sample.part: sample for sample in samples if sample.batch == 1}
    assert list(seen) == ["python", "driver", "chromium", "tree"]
    assert (seen["chromium"].pss_mb or 0) > 50
    assert (seen["tree"].pss_mb or 0) > (seen["chromium"].pss_mb or 0) + (seen["python"].pss_mb or 0)
