"""Real players and real years through everything: the site, the archive, staging and PostgreSQL."""

from __future__ import annotations

import csv
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gomafia_kit import importer
from gomafia_kit.analyse import open_league
from gomafia_kit.settings import Settings

GAMES = {
    "total_games": "games",
    "citizen_games": "citizen_games",
    "sheriff_games": "sheriff_games",
    "mafia_games": "mafia_games",
    "don_games": "don_games",
}
FIGURES = {
    "overall_winrate": "win_percent",
    "citizen_winrate": "citizen_win_percent",
    "sheriff_winrate": "sheriff_win_percent",
    "mafia_winrate": "mafia_win_percent",
    "don_winrate": "don_win_percent",
    "extra_points_avg_10_games": "extra_points_per_10_games",
    "extra_points_citizen_avg": "citizen_extra_points_per_game",
    "extra_points_sheriff_avg": "sheriff_extra_points_per_game",
    "extra_points_mafia_avg": "mafia_extra_points_per_game",
    "extra_points_don_avg": "don_extra_points_per_game",
}
QUERY = f"""
    SELECT player_id, player.login AS name, player_season.region, year,
        {", ".join(f"official.{ours} AS {theirs}" for theirs, ours in (GAMES | FIGURES).items())}
    FROM player_year_official AS official JOIN player USING (player_id) JOIN player_season USING (player_id, year)
    ORDER BY player_id, year
"""


@pytest.fixture(scope="module")
def players_file() -> Path:
    named = os.environ.get("GOMAFIA_PLAYERS_FILE")
    assert named, "Name the file of real players: make test-real PLAYERS=players.csv"
    return Path(named).resolve()


def read(path: Path) -> list[dict[str, Any]]:
    """The file's rows, its figures as numbers."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {
                name: value if name in {"name", "region"} else Decimal(value) if name in FIGURES else int(value)
                for name, value in row.items()
            }
            for row in csv.DictReader(file)
        ]


def test_real_players_come_back_from_postgresql_as_they_stand_in_the_file(players_file: Path, tmp_path: Path) -> None:
    told = {
        "source": "demo",
        "players_file": str(players_file),
        "data_dir": str(tmp_path / "игроки 2023"),
        "stages": "players,statistics,push",
        "official_years": True,
        "years": "2023,2024",
    }
    importer.start(Settings.gather(told), lifeline=True).wait()
    expected = read(players_file)
    with open_league(tmp_path / "игроки 2023", "postgres") as league:
        found = league.query(QUERY).to_dicts()
    assert len({row["player_id"] for row in found}) == 6_865
    assert sum(row["total_games"] for row in found) == 273_176
    assert [row["name"].encode() for row in found] == [row["name"].encode() for row in expected]
    assert found == expected
