"""The drop-down in a real Chromium: it posts, and redraws when the answer is in."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import sync_playwright

from gomafia_kit.fetch.browser import find_chromium
from tests.demo import reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Dialog, Page

    from gomafia_kit.demo import DemoSite


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = find_chromium()
    assert chromium, "This test needs a Chromium: run make browser."
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium.executable), chromium_sandbox=not as_root)
        yield browser.new_page()
        browser.close()


def shown(page: Page) -> dict[str, object]:
    """Every figure of a stats page as a person reads it."""
    circles = page.locator('[class*="ProfileUserCircle_profile-user-circle__num"]').all_inner_texts()
    labels = page.locator('[class*="ProfileUserCircle_profile-user-circle__text"]').all_inner_texts()
    return {
        "year": page.locator('span[class*="Select_select__selected-span"]').inner_text(),
        "games": page.locator('[class*="stats__stat-main-bottom-block-left-content-amount"]').inner_text(),
        "elo": Decimal(page.locator('div:has(> span:text-is("Общий ELO")) > b').inner_text()),
        "extra": Decimal(page.locator('div:has(> span:text-is("в среднем за 10 игр")) > b').inner_text()),
        **dict(zip(("citizen", "mafia", "don", "sheriff"), circles, strict=True)),
        "labels": "|".join(label.split(" за ")[1] for label in labels),
    }


def expected(site: DemoSite, player_id: int, year: int | None) -> dict[str, object]:
    figures = site.league.figures(player_id, year)
    games = int(figures.games)
    counts = {role: int(count) for role, count in figures.role_games.items()}
    shares = {role: (200 * count + games) // (2 * games) if games else 0 for role, count in counts.items()}
    return {
        "year": str(year) if year else "Все",
        "games": figures.games,
        "elo": Decimal(site.league.shown_elo(player_id, year)),
        "extra": Decimal(figures.extra_per_10_games),
        **{role: f"{count} ({shares[role]}%)" for role, count in counts.items()},
        "labels": "мирного|мафию|дона|шерифа",
    }


def test_choosing_a_year_posts_and_redraws(site: DemoSite, page: Page) -> None:
    page.goto(f"{site.url}/stats/1")
    assert shown(page) == expected(site, 1, None)
    for year in (2024, 2022, None):
        page.locator('span[class*="Select_select__selected-span"]').click()
        with page.expect_response("**/api/stats/get") as told:
            page.locator('[class*="Select_select__option__"]', has_text=str(year) if year else "Все").click()
        request = told.value.request
        assert request.method == "POST"
        assert parse_qs(request.post_data or "") == {
            "id": ["1"],
            "period": [str(year) if year else "all"],
            "gameType": ["all"],
            "tournamentType": ["all"],
        }
        page.wait_for_function(
            "games => document.querySelector('[class*=\"content-amount\"]').textContent === games",
            arg=expected(site, 1, year)["games"],
        )
        assert shown(page) == expected(site, 1, year)


def test_the_numbers_stay_until_the_answer_is_in(own_site: DemoSite, page: Page) -> None:
    page.goto(f"{own_site.url}/stats/1")
    before = shown(page)
    own_site.fault("delay", seconds=1, prefix="/api/stats/get")
    page.locator('span[class*="Select_select__selected-span"]').click()
    with page.expect_response("**/api/stats/get"):
        page.locator('[class*="Select_select__option__"]', has_text="2024").click()
        assert shown(page) == before | {"year": "2024"}
    page.wait_for_function(
        "games => document.querySelector('[class*=\"content-amount\"]').textContent === games",
        arg=expected(own_site, 1, 2024)["games"],
    )


def test_nicknames_run_no_scripts(own_site: DemoSite, page: Page) -> None:
    alarms: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        alarms.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("pageerror", lambda error: alarms.append(str(error)))
    for address in ("/rating?yearUsers=2022", "/tournament/2?tab=games", "/stats/1", "/judges?tab=all"):
        page.goto(own_site.url + address)
    login = "</script><script>alert('x')</script>"
    own_site.change("rename_player", player_id=1, login=login)
    page.goto(f"{own_site.url}/stats/1")
    assert page.locator('[class*="profile-user__name"]').inner_text() == login
    assert reader.next_data(reader.page(page.url))["props"]["pageProps"]["serverData"]["user"]["login"] == login
    assert alarms == []
