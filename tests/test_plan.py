"""What is planned takes next to no memory, however much it is: asks are made as they are come by."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from gomafia_kit.plan import phases
from gomafia_kit.roads import CHEAPEST, CHROMIUM, DOM, Road
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.settings import Settings
from gomafia_kit.staging.known import StagedLeague
from tests.postgres.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAYERS = 5_000
YEARS = (2024, 2025, 2026)
BYTES_AN_ASK = 100
RENDERED = Road(CHROMIUM, DOM, is_rendered=True)


@pytest.fixture
def league(data_dir: Path) -> Iterator[StagedLeague]:
    """A league whose players have seasons of every year, but for the first one: he has that of the first year alone."""
    folder = Folder(data_dir)
    for year in YEARS:
        first = 1 if year == YEARS[0] else 2
        seasons = [(player, year, *[None] * 6) for player in range(first, PLAYERS + 1)]
        folder.put(f"s{year}", player_season=seasons)
    with Ledger(data_dir) as ledger:
        yield StagedLeague(data_dir, ledger)


@pytest.mark.parametrize("subject", ["official_years", "history"])
def test_a_plan_is_told_and_gone_through_in_little_memory(league: StagedLeague, subject: str) -> None:
    settings = Settings.gather({"source": "demo", subject: True, "stages": "statistics"})
    list(phases(subject, settings, league))  # what is loaded by that counts for nothing
    tracemalloc.start()
    try:
        [phase] = phases(subject, settings, league)
        number = sum(1 for _ in phase.asks)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert number == len(phase.asks) == (PLAYERS * len(YEARS) - 2 if subject == "official_years" else PLAYERS)
    assert most / (PLAYERS * len(YEARS)) < BYTES_AN_ASK


def test_the_newest_years_come_first_but_on_a_page_all_of_a_player(league: StagedLeague) -> None:
    settings = Settings.gather({"source": "demo", "official_years": True, "years": "2025,2026"})
    newest, by_player = (
        [tuple(int(planned.ask.fact(name)) for name in ("id", "year")) for planned in phase.asks]
        for road in (CHEAPEST, RENDERED)
        for phase in phases("official_years", settings, league, road)
    )
    assert newest[:2] == [(2, 2026), (3, 2026)]
    assert by_player[:4] == [(2, 2026), (2, 2025), (3, 2026), (3, 2025)]
    assert sorted(newest) == sorted(by_player)
    assert len(newest) == 2 * (PLAYERS - 1)


def test_the_history_of_a_player_with_old_seasons_alone_comes_last(league: StagedLeague) -> None:
    settings = Settings.gather({"source": "demo", "history": True})
    [phase] = phases("history", settings, league)
    players = [int(planned.ask.fact("id")) for planned in phase.asks]
    assert players == [*range(2, PLAYERS + 1), 1]
