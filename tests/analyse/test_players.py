"""Questions about players, each with its exact answer on the small league, in each store."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from gomafia_kit import analyse
from gomafia_kit.errors import SettingsError
from tests.analyse.mini import CUP, FIRE, LISTS, OPEN, ROWS, SCRIPT, Folder

if TYPE_CHECKING:
    from gomafia_kit.analyse import League

DECIMAL = pl.Decimal(18, 6)


def test_players_stand_by_elo_and_those_without_one_do_not_stand_there(league: League) -> None:
    found = analyse.top_players(league)
    assert found.schema == {
        "rank": pl.Int64,
        "player_id": pl.Int64,
        "login": pl.String,
        "city": pl.String,
        "club_title": pl.String,
        "region": pl.String,
        "year": pl.Int64,
        "elo": DECIMAL,
        "gg_points": DECIMAL,
        "tournaments_played": pl.Int64,
    }
    assert found.rows() == [
        (1, 1, FIRE, "Москва", "Клуб «Ночь»", "central", 2024, Decimal("2500.5"), Decimal(4), 2),
        (2, 2, "PELIMENI", "Казань", None, "volga_region", 2024, Decimal(2300), Decimal(30), 1),
        (3, 3, "PELIMENI", "Томск", None, "siberia_and_ural", 2024, Decimal(2300), None, 1),
        (4, 4, SCRIPT, None, None, None, None, Decimal("1900.25"), None, None),
        (5, 5, "7", None, None, None, None, Decimal(1500), None, None),
        (6, 6, "Ёж", None, None, None, None, Decimal(1400), None, None),
        (7, 7, "Волк", None, None, None, None, Decimal(1300), None, None),
        (8, 8, "волк", None, None, None, None, Decimal(1200), None, None),
        (9, 9, "Dr. O'Neil", None, None, None, None, Decimal(1100), None, None),
    ]


def test_a_year_shows_the_elo_and_the_club_of_that_year(league: League) -> None:
    found = analyse.top_players(league, year=2023)
    assert found.select("player_id", "club_title", "elo").rows() == [
        (3, None, Decimal(2450)),
        (1, "Старый клуб", Decimal(2400)),
    ]


def test_a_region_keeps_its_players_and_limit_the_first(league: League) -> None:
    assert analyse.top_players(league, region="volga_region")["player_id"].to_list() == [2]
    assert analyse.top_players(league, limit=2)["player_id"].to_list() == [1, 2]


def test_gg_points_are_those_of_the_newest_season(league: League) -> None:
    found = analyse.top_players(league, by="gg_points")
    assert found.select("rank", "player_id", "year", "gg_points").rows() == [
        (1, 2, 2024, Decimal(30)),
        (2, 1, 2024, Decimal(4)),
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": "ello"}, "by: 'ello' is none of elo, gg_points. Did you mean elo?"),
        ({"region": "nort"}, "region: 'nort' is none of central, chernozem_region, "),
        ({"by": None}, "by: None is not a text."),
        ({"region": 5}, "region: 5 is not a text."),
        ({"limit": 0}, "limit: 0 is not 1 or more."),
        ({"limit": 2.5}, "limit: 2.5 is not a whole number."),
        ({"year": "last"}, "year: 'last' is not a number."),
    ],
)
def test_a_wrong_wish_names_the_right_ones(league: League, options: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        analyse.top_players(league, **options)  # type: ignore[arg-type]  # wrong on purpose
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("who", "found"),
    [
        (7, [(7, "Волк", "id")]),
        ("7", [(7, "Волк", "id"), (5, "7", "nickname")]),
        ("PELIMENI", [(2, "PELIMENI", "nickname"), (3, "PELIMENI", "nickname")]),
        ("Волк", [(7, "Волк", "nickname")]),
        ("ВОЛК", [(7, "Волк", "similar"), (8, "волк", "similar")]),
        ("Boлк", [(7, "Волк", "similar"), (8, "волк", "similar")]),  # Latin B and o
        ("Е\u0308ж ", [(6, "Ёж", "similar")]),
        ("Градиент", [(1, FIRE, "similar")]),
        ("' OR 1=1 --", []),
        (999, []),
        (2**40, []),
        ("99999999999999999999", []),
    ],
)
def test_whoever_may_be_meant_is_found(league: League, who: int | str, found: list[tuple[object, ...]]) -> None:
    assert analyse.find_player(league, who).select("player_id", "login", "matched_by").rows() == found


def test_a_found_player_is_told_apart_by_where_he_comes_from(league: League) -> None:
    assert analyse.find_player(league, 1).rows() == [
        (1, FIRE, "Россия", "Москва", "Клуб «Ночь»", Decimal("2500.5"), True, "id")
    ]


@pytest.mark.parametrize(("who", "player_id"), [(3, 3), ("Волк", 7), (FIRE, 1), ("", 1), (SCRIPT, 4), ("10", 10)])
def test_one_player_is_picked(league: League, who: int | str, player_id: int) -> None:
    assert analyse.pick_player(league, who) == player_id


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("PELIMENI", "'PELIMENI' may be any of 2 players: 2 (PELIMENI, Казань); 3 (PELIMENI, Томск). Give the id."),
        ("7", "'7' may be any of 2 players: 7 (Волк); 5 (7). Give the id as a number, not as a text."),
        ("ВОЛК", "No player is 'ВОЛК'. Alike are: 7 (Волк); 8 (волк)."),
        ("никто-никто", "No player is 'никто-никто'. Give an id or an exact nickname."),
        (404, "No player is 404. Give an id or an exact nickname."),
    ],
)
def test_namesakes_are_never_guessed(league: League, who: int | str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        analyse.pick_player(league, who)
    assert str(caught.value) == words


def test_a_page_tells_official_and_derived_figures_apart(league: League) -> None:
    page = analyse.player_page(league, 1)
    assert page.title == f"{FIRE} (1)"
    assert page.player["player_id"].to_list() == [1]
    assert page.seasons.rows() == [
        (2023, "central", "Старый клуб", 2, Decimal(2400), Decimal("10.5"), 1),
        (2024, "central", "Клуб «Ночь»", 1, Decimal("2500.5"), Decimal(4), 2),
    ]
    assert page.official_years.is_empty()
    assert page.standings.rows() == [
        (101, date(2024, 2, 3), "Открытый <b>стол</b>", "with_final", 1, Decimal("2.5"), 1, 1, Decimal(6)),
        (101, date(2024, 2, 3), "Открытый <b>стол</b>", "without_final", 1, Decimal("1.7"), 1, 1, Decimal(6)),
    ]
    assert page.years.rows() == [
        (2023, 1, 2, 0, 0, 0, Decimal("0.4"), Decimal(-14), None),
        (2024, 1, 2, 1, 1, 1, Decimal("1.5"), Decimal("5.5"), 0),
    ]
    assert page.roles.select("role", "games", "wins", "draws").rows() == [
        ("citizen", 2, 1, 1),
        ("sheriff", 0, 0, 0),
        ("mafia", 0, 0, 0),
        ("don", 1, 0, 0),
    ]
    assert page.tournaments.rows() == [
        (101, date(2024, 2, 3), "Открытый <b>стол</b>", "Москва", 2, 1, 1, Decimal("1.5"), Decimal("5.5")),
        (100, date(2023, 5, 13), "Кубок весны", "Москва", 2, 0, 0, Decimal("0.4"), Decimal(-14)),
    ]


def test_a_page_of_somebody_no_list_knows_has_his_games_only(league: League) -> None:
    page = analyse.player_page(league, "Тень", tournaments=1)
    assert page.player.select("player_id", "elo", "listed").rows() == [(10, None, False)]
    assert page.seasons.is_empty()
    assert page.tournaments["tournament_id"].to_list() == [101]


def test_the_columns_of_a_page_are_those_of_its_docstring(league: League) -> None:
    page = analyse.player_page(league, 10)
    assert {name: getattr(page, name).columns for name in ("seasons", "official_years", "standings", "years")} == {
        "seasons": ["year", "region", "club_title", "rank", "elo", "gg_points", "tournaments_played"],
        "official_years": [
            "year", "games", "citizen_games", "sheriff_games", "mafia_games", "don_games", "wins", "win_percent",
            "extra_points_per_10_games", "elo",
        ],
        "standings": [
            "tournament_id", "date_start", "title", "standing", "place", "points_total", "wins", "first_shots",
            "gg_points",
        ],
        "years": [
            "year", "tournaments", "games", "wins", "draws", "games_missing", "points_sum", "elo_delta_sum",
            "first_shots",
        ],
    }  # fmt: skip


@pytest.mark.parametrize("who", [[1], 1.0, None, True])
def test_what_is_neither_an_id_nor_a_nickname_is_told_so(mini_league: League, who: object) -> None:
    with pytest.raises(SettingsError, match="is neither an id nor a nickname"):
        analyse.find_player(mini_league, who)  # type: ignore[arg-type]  # wrong on purpose


def test_a_page_of_no_tournaments_is_refused(mini_league: League) -> None:
    with pytest.raises(SettingsError, match="tournaments: -1 is not 1 or more"):
        analyse.player_page(mini_league, 1, tournaments=-1)


def test_where_nobody_has_a_rating_who_has_most_games_is_the_first(folder: Folder) -> None:
    folder.put(LISTS, {"player": [(*row[:5], None, *row[6:]) for row in ROWS["player"]]})
    folder.serve("duckdb")
    with analyse.open_league(folder.path) as league:
        assert analyse.top_players(league).is_empty()
        assert analyse.pick_player(league, "") == 1  # all ten sat in each of the four games played


def test_without_a_rating_and_without_games_it_is_told_what_to_import(folder: Folder) -> None:
    folder.put(LISTS, {"player": [(*row[:5], None, *row[6:]) for row in ROWS["player"]]})
    for name in (CUP, OPEN):
        folder.put(name, {})
    folder.serve("duckdb")
    with (
        analyse.open_league(folder.path) as league,
        pytest.raises(SettingsError, match=r"No player has a rating or a game here\. Import the stage players, or"),
    ):
        analyse.pick_player(league, "")
