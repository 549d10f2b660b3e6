"""Real players through the demo site: every one is reachable, every figure is as the file writes it.

Not among the usual tests: `make test-real PLAYERS=players.csv` gives the file.
"""

from __future__ import annotations

import csv
import os
from decimal import Decimal
from http.client import HTTPConnection
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest

from gomafia_kit import demo
from tests.demo import reader

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "GOMAFIA_PLAYERS_FILE"
ROLES = ("citizen", "sheriff", "mafia", "don")
YEARS = (2023, 2024)


@pytest.fixture(scope="module")
def path() -> Path:
    told = os.environ.get(VARIABLE, "")
    if not told:
        pytest.fail(f"{VARIABLE} isn't set: run make test-real PLAYERS=players.csv, or name the file in {VARIABLE}.")
    if not Path(told).is_file():
        pytest.fail(f"{VARIABLE}={told} names no file.")
    return Path(told).resolve()


@pytest.fixture(scope="module")
def file(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def site(path: Path) -> Iterator[demo.DemoSite]:
    with demo.start(players=path) as running:
        yield running


def number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def test_every_player_stands_on_the_lists_of_his_region_and_of_all(
    site: demo.DemoSite, file: list[dict[str, str]]
) -> None:
    for year in YEARS:
        listed = {}
        for region in reader.REGIONS:
            for raw in reader.post(site.url, "/api/user/getTop", year=year, region=region, limit=10_000, offset=0):
                listed[reader.whole(raw["id"])] = (raw["login"], region)
        told = {int(row["player_id"]): (row["name"], row["region"]) for row in file if int(row["year"]) == year}
        assert listed == told
        everybody = reader.post(site.url, "/api/user/getTop", year=year, region="all", limit=10_000, offset=0)
        assert {(reader.whole(raw["id"]), raw["login"]) for raw in everybody} == {
            (player_id, name) for player_id, (name, _) in told.items()
        }


def test_every_year_of_every_player_is_as_in_the_file(site: demo.DemoSite, file: list[dict[str, str]]) -> None:
    """Over one connection: 13,730 asks."""
    connection = HTTPConnection(urlsplit(site.url).netloc, timeout=20)
    games, wrong = 0, []
    for row in file:
        fields = {"id": row["player_id"], "period": row["year"], "gameType": "all", "tournamentType": "all"}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/api/stats/get", urlencode(fields), form)
        answer = loads(connection.getresponse().read(), parse_float=Decimal)
        shown = figures(answer["data"])
        if shown != expected(row):
            wrong.append((row, shown))
        games += int(shown["total_games"] or 0)
    connection.close()
    assert wrong == []
    assert games == sum(int(row["total_games"]) for row in file)
    if len(file) == 13_730:
        # The file that the project was built with.
        assert (len({row["player_id"] for row in file}), games) == (6_865, 273_176)


def figures(data: dict[str, Any]) -> dict[str, Decimal | str | None]:
    stats = data["stats"]
    found: dict[str, Decimal | str | None] = {
        "name": data["user"]["login"],
        "total_games": reader.number(stats["primary"]["total_games"]),
        "overall_winrate": reader.number(stats["win_rate"]["total_wins"]["percent"]),
        "extra_points_avg_10_games": reader.number(stats["advanced_points"]["points_10_games"]),
    }
    for role in ROLES:
        word = "red" if role == "citizen" else role
        found[f"{role}_games"] = reader.number(stats["primary"][word])
        found[f"{role}_winrate"] = reader.number(stats["win_rate"][word]["win"]["percent"])
        points = stats["advanced_points"]["black" if role == "mafia" else word]
        found[f"extra_points_{role}_avg"] = reader.number(points["per_game"])
    return found


def expected(row: dict[str, str]) -> dict[str, Decimal | str | None]:
    return {
        name: value if name == "name" else number(value)
        for name, value in row.items()
        if name not in {"player_id", "region", "year"}
    }


def test_the_truth_is_the_file(path: Path, file: list[dict[str, str]]) -> None:
    league = demo.League("tiny", players=path)
    truth = {(row["player_id"], row["year"]): row for row in league.table("player_year_official")}
    assert len(truth) == len(file)
    for row in file:
        official = truth[int(row["player_id"]), int(row["year"])]
        assert official["games"] == int(row["total_games"])
        assert official["win_percent"] == number(row["overall_winrate"])
        assert official["extra_points_per_10_games"] == number(row["extra_points_avg_10_games"])
        for role in ROLES:
            assert official[f"{role}_games"] == int(row[f"{role}_games"])
            assert official[f"{role}_win_percent"] == number(row[f"{role}_winrate"])
            assert official[f"{role}_extra_points_per_game"] == number(row[f"extra_points_{role}_avg"])


def test_stats_pages_open_with_the_figures_of_the_season(site: demo.DemoSite, file: list[dict[str, str]]) -> None:
    """A sample of pages, one in a hundred players, with the current year chosen."""
    site.set_switches(stats_opens="season")
    rows = [row for row in file if int(row["year"]) == YEARS[-1]][::100]
    for row in rows:
        root = reader.page(f"{site.url}/stats/{row['player_id']}")
        circles = [node.text.split(" ")[0] for node in root.all("div", "ProfileUserCircle_profile-user-circle__num")]
        assert root.one("div", "ProfileUserInfo_profile-user__name").text == row["name"]
        assert root.one("", "left-content-amount").text == row["total_games"]
        assert circles == [row[f"{role}_games"] for role in ("citizen", "mafia", "don", "sheriff")]
        assert f"{row['extra_points_avg_10_games']}в среднем за 10 игр" in root.one("main").text
