"""Questions about games and about the import, each with its exact answer on the small league, in each store."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gomafia_kit import analyse
from gomafia_kit.errors import SettingsError
from tests.analyse.mini import COMPUTED, FIRE, NEW, OLD

if TYPE_CHECKING:
    from gomafia_kit.analyse import League

DECIMAL = pl.Decimal(18, 6)
TIME = pl.Datetime("us", "UTC")
# Wilson's 95% intervals for 0 of 2, 1 of 2, 1 of 3 and 2 of 3, rounded to 4 places.
NONE_OF_2 = (0.0, 0.6576)
ONE_OF_2 = (0.0945, 0.9055)
ONE_OF_3 = (0.0615, 0.7923)
TWO_OF_3 = (0.2077, 0.9385)


def rounded(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    return [tuple(round(value, 4) if isinstance(value, float) else value for value in row) for row in frame.rows()]


def test_the_overview_counts_every_table_and_dates_its_answers(league: League) -> None:
    found = analyse.overview(league)
    assert found.schema == {
        "table_name": pl.String,
        "rows": pl.Int64,
        "oldest_answer": TIME,
        "newest_answer": TIME,
        "derived_share": pl.Float64,
    }
    assert found.rows() == [
        ("answer", 5, OLD, COMPUTED, 0.2),
        ("club", 0, None, None, None),
        ("player", 10, OLD, OLD, 0.0),
        ("club_member", 0, None, None, None),
        ("club_president", 0, None, None, None),
        ("player_season", 5, OLD, OLD, 0.0),
        ("player_personal", 0, None, None, None),
        ("judge", 0, None, None, None),
        ("judge_personal", 0, None, None, None),
        ("tournament", 4, NEW, NEW, 0.0),
        ("tournament_participants", 0, None, None, None),
        ("tournament_staff", 0, None, None, None),
        ("game", 5, OLD, NEW, 0.0),
        ("seat", 50, OLD, NEW, 0.0),
        ("result", 3, NEW, NEW, 0.0),
        ("player_year", 2, COMPUTED, COMPUTED, 1.0),
        ("player_role_year", 3, COMPUTED, COMPUTED, 1.0),
        ("player_year_official", 0, None, None, None),
        ("player_tournament", 0, None, None, None),
    ]


def test_freshness_begins_with_the_oldest_and_tells_how_answers_came(league: League) -> None:
    assert analyse.freshness(league).rows() == [
        ("player_list", 1, OLD, OLD, 1, 0, 0),
        ("tournament", 2, OLD, NEW, 1, 1, 0),
        ("tournament_list", 1, NEW, NEW, 1, 0, 0),
        ("derived", 1, COMPUTED, COMPUTED, 0, 0, 1),
    ]


def test_a_game_counts_once_for_a_role_and_a_draw_is_nobodys_win(league: League) -> None:
    found = analyse.win_rates_by_role(league)
    assert found.schema == {
        "role": pl.String,
        "games": pl.Int64,
        "wins": pl.Int64,
        "draws": pl.Int64,
        "win_rate": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
    }
    assert rounded(found) == [
        ("citizen", 3, 2, 1, 0.6667, *TWO_OF_3),
        ("sheriff", 3, 2, 1, 0.6667, *TWO_OF_3),
        ("mafia", 3, 1, 1, 0.3333, *ONE_OF_3),
        ("don", 3, 1, 1, 0.3333, *ONE_OF_3),
    ]


def test_a_year_and_a_player_keep_their_games(league: League) -> None:
    assert rounded(analyse.win_rates_by_role(league, year=2023))[0] == ("citizen", 2, 1, 0, 0.5, *ONE_OF_2)
    assert rounded(analyse.win_rates_by_role(league, player_id=1)) == [
        ("citizen", 2, 1, 1, 0.5, *ONE_OF_2),
        ("sheriff", 0, 0, 0, None, None, None),
        ("mafia", 0, 0, 0, None, None, None),
        ("don", 1, 0, 0, 0.0, 0.0, 0.7935),
    ]
    assert analyse.win_rates_by_role(league, year=1999)["win_rate"].to_list() == [None] * 4


def test_seats_tell_wins_and_first_shots_where_the_answer_tells(league: League) -> None:
    black = (3, 1, 1, 0.3333, *ONE_OF_3)
    red = (3, 2, 1, 0.6667, *TWO_OF_3)
    never, once = (2, 0, 0.0, *NONE_OF_2), (2, 1, 0.5, *ONE_OF_2)
    found = analyse.seats(league)
    assert found.columns == [
        "seat", "games", "wins", "draws", "win_rate", "low", "high", "games_telling_shot", "first_shots",
        "first_shot_rate", "first_shot_low", "first_shot_high",
    ]  # fmt: skip
    assert rounded(found) == [
        *((seat, *black, *never) for seat in (1, 2, 3)),
        (4, *red, *never),
        (5, *red, *once),
        *((seat, *red, *never) for seat in (6, 7, 8, 9, 10)),
    ]
    assert analyse.seats(league, year=1999)["games"].to_list() == [0] * 10


def test_outcomes_are_four_rows_whatever_there_was(league: League) -> None:
    assert analyse.outcomes(league).rows() == [
        ("red", 2, 0.5),
        ("black", 1, 0.25),
        ("draw", 1, 0.25),
        ("not played", 1, None),
    ]
    assert analyse.outcomes(league, year=2023).rows() == [
        ("red", 1, 0.5),
        ("black", 1, 0.5),
        ("draw", 0, 0.0),
        ("not played", 0, None),
    ]
    assert analyse.outcomes(league, year=1999)["share"].to_list() == [None] * 4


def test_a_month_counts_games_played_and_not_played(league: League) -> None:
    found = analyse.games_by_month(league)
    assert found.schema == {
        "month": pl.Date,
        "games": pl.Int64,
        "games_not_played": pl.Int64,
        "tournaments": pl.Int64,
    }
    assert found.rows() == [(date(2023, 5, 1), 2, 0, 1), (date(2024, 2, 1), 2, 1, 1)]


OPEN_TABLE = (
    101,
    "Открытый <b>стол</b>",
    date(2024, 2, 3),
    date(2024, 2, 3),
    "Москва",
    "Личный",
    "В процессе",
    3,
    Decimal("2100.5"),
    2,
    2,
    1,
)


def test_the_last_tournament_is_the_newest_with_a_game_played(league: League) -> None:
    assert analyse.last_tournament(league).columns == [
        "tournament_id", "title", "date_start", "date_end", "city", "type_shown", "status_shown", "stars",
        "elo_average", "rounds", "games", "games_not_played",
    ]  # fmt: skip
    assert analyse.last_tournament(league).rows() == [OPEN_TABLE]
    assert analyse.tournament(league, 101).rows() == [OPEN_TABLE]


def test_a_tournament_without_games_can_be_asked_for_by_its_number(league: League) -> None:
    assert analyse.tournament(league, 102).select("title", "rounds", "games", "games_not_played").rows() == [
        ("Финал года", 0, 0, 0)
    ]
    assert analyse.tournament_table(league, 102).is_empty()
    assert analyse.tournament_games(league, 102).is_empty()


def test_the_table_is_the_whole_standing_and_keeps_a_nickname_without_a_player(league: League) -> None:
    rest = (Decimal("0.5"), 1, 0, 1, 1, Decimal(6))
    assert analyse.tournament_table(league).rows() == [
        ("with_final", 1, 1, FIRE, Decimal("2.5"), *rest),
        ("with_final", 2, None, "PELIMENI", Decimal("1.5"), *rest),
    ]


def test_the_games_tell_winner_judge_and_first_shot(league: League) -> None:
    assert analyse.tournament_games(league).rows() == [
        (1, 1, "draw", None, "PELIMENI", "Ёж", None, None),
        (1, 2, None, None, None, None, None, None),
        (2, 1, "red", "Волк", "7", "волк", 5, "Dr. O'Neil"),
    ]


def test_an_unknown_tournament_names_the_last_one(league: League) -> None:
    with pytest.raises(SettingsError) as caught:
        analyse.tournament(league, 999)
    assert str(caught.value) == "tournament_id: there is no tournament 999 here. The last one here is 101."


# -- intervals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wins", "games", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_wilson_agrees_with_published_figures(wins: int, games: int, low: float, high: float) -> None:
    found = analyse.wilson(wins, games)
    assert found is not None
    assert (round(found[0], 4), round(found[1], 4)) == (low, high)


def test_without_a_game_there_is_no_interval() -> None:
    assert analyse.wilson(0, 0) is None


@given(st.integers(1, 100_000).flatmap(lambda games: st.tuples(st.integers(0, games), st.just(games))))
def test_an_interval_holds_its_share_and_mirrors(pair: tuple[int, int]) -> None:
    wins, games = pair
    found, mirrored = analyse.wilson(wins, games), analyse.wilson(games - wins, games)
    assert found is not None
    assert mirrored is not None
    assert 0 <= found[0] <= wins / games <= found[1] <= 1
    assert found[0] == pytest.approx(1 - mirrored[1], abs=1e-12)


@pytest.mark.parametrize(("wins", "games", "confidence"), [(-1, 2, 0.95), (3, 2, 0.95), (1, 2, 0.0), (1, 2, 1.0)])
def test_impossible_counts_are_refused(wins: int, games: int, confidence: float) -> None:
    with pytest.raises(SettingsError, match=r"wins: -1 is not 0 or more|3 of 2 games can't be|confidence: [01] is no"):
        analyse.wilson(wins, games, confidence)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("outcomes", {"year": 2024.7}, "year: 2024.7 is not a whole number."),
        ("seats", {"year": 0}, "year: 0 is out of range. Give year from 1 to 9999."),
        ("win_rates_by_role", {"player_id": "Саша"}, "player_id: 'Саша' is not a number."),
        ("win_rates_by_role", {"player_id": 2**31}, "player_id: 2147483648 is out of range."),
        ("tournament", {"tournament_id": "x"}, "tournament_id: 'x' is not a number."),
        ("tournament_games", {"tournament_id": -1}, "tournament_id: -1 is out of range."),
        ("League.query", {"sql": 5}, "sql: 5 is not a text."),
        ("League.query", {"sql": "SELECT 1", "params": [5]}, "params: [5] doesn't name the query's parameters."),
        ("League.table", {"name": 5}, "5 is no table. There are: answer, "),
    ],
)
def test_a_wrong_value_is_the_callers_and_told_so(
    mini_league: League, name: str, given: dict[str, object], words: str
) -> None:
    question = attrgetter(name)(analyse)
    with pytest.raises(SettingsError) as caught:
        question(mini_league, **given)
    assert str(caught.value).startswith(words)
