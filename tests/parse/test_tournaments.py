"""Tournaments, games, seats and standings: every value right, or its record refused with the reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gomafia_kit import site
from gomafia_kit.errors import AskRefusedError, LayoutChangedError
from gomafia_kit.records import Game, Result, Seat
from tests.answers import answer, game, line, read, seat, success, tournament

CARD = {"id": 7, "date_start": ""}


def seats_of(*seats: dict[str, Any], date_start: str = "2024-05-01") -> list[Seat]:
    parsed = read(tournament([game(seats=list(seats))], date_start=date_start))
    return [record for record in parsed.records if isinstance(record, Seat)]


def test_a_game_and_its_seats() -> None:
    parsed = read(tournament())
    assert parsed.records[0] == Game(7, 1, 1, "black", "Судья, первый")
    assert parsed.records[1] == Seat(
        7,
        1,
        1,
        1,
        101,
        "игрок 1",
        "don",
        "black",
        Decimal("0.6"),
        Decimal(-7),
        Decimal("1500.25"),
        None,
        None,
        None,
        None,
    )
    assert parsed.fetched == {"game": 1, "seat": 10}
    assert parsed.rejections == []


@pytest.mark.parametrize(
    ("win", "winner"), [("mafia", "black"), ("red", "red"), ("draw", "draw"), ("", None), (None, None)]
)
def test_who_won(win: object, winner: str | None) -> None:
    assert read(tournament([game(win=win)])).records[0].winner == winner  # type: ignore[union-attr]  # a game comes first


def test_a_winner_in_a_word_that_nobody_knows_is_refused_with_the_word() -> None:
    parsed = read(tournament([game(win="city")]))
    (refused,) = parsed.rejections
    assert (refused.table, refused.field, refused.value) == ("game", "win", "city")
    assert refused.rule == "'city' is none of mafia, red, draw."
    assert refused.key == "tournament_id=7, round=1, table_no=1"


@pytest.mark.parametrize(
    ("date_start", "mark", "least", "most"),
    [
        ("2023-01-05", "b", 0, 0),
        ("2023-01-05", "lg", 1, 2),
        ("2023-01-05", "g", 3, 3),
        ("2023-01-04", "b", 0, 1),
        ("2023-01-04", "lg", 2, 2),
        ("2023-01-04", "g", 3, 3),
    ],
)
def test_the_first_shot_means_what_it_meant_that_day(date_start: str, mark: str, least: int, most: int) -> None:
    shot, other = seats_of(seat(5, type=mark), seat(6), date_start=date_start)
    assert (shot.shot_first, shot.guessed_min, shot.guessed_max, shot.first_shot_mark) == (True, least, most, mark)
    assert (other.shot_first, other.guessed_min, other.guessed_max, other.first_shot_mark) == (False, None, None, None)


def test_a_first_shot_without_a_day_is_known_but_not_its_meaning() -> None:
    (shot,) = seats_of(seat(5, type="lg"), date_start="")
    assert (shot.shot_first, shot.guessed_min, shot.guessed_max) == (True, None, None)


@pytest.mark.parametrize("mark", ["y", "r"])
def test_other_marks_are_no_first_shot(mark: str) -> None:
    marked, shot = seats_of(seat(4, type=mark), seat(5, type="b"))
    assert (marked.shot_first, marked.first_shot_mark) == (False, mark)
    assert shot.shot_first is True


def test_a_type_that_is_no_mark_says_nothing_of_the_first_shot() -> None:
    seats = seats_of(seat(4, type="b"), seat(5, type="premium"))
    assert [(item.shot_first, item.first_shot_mark) for item in seats] == [(None, "b"), (None, "premium")]


@pytest.mark.parametrize("told", [7, 7.5, "7"])
def test_a_type_may_be_a_number_and_is_kept_as_it_came(told: object) -> None:
    found = seats_of(seat(1, type=told), seat(2, type="b"))
    assert [(each.first_shot_mark, each.shot_first) for each in found] == [(str(told), None), ("b", None)]


def test_a_guest_has_no_id() -> None:
    (guest,) = seats_of(seat(4, id=None, login="гость"))
    assert (guest.player_id, guest.login) == (None, "гость")


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"role": "maniac"}, "role", "'maniac' is none of red, sheriff, mafia, don."),
        ({"points": "1.2.3"}, "points", "'1.2.3' is not a number."),
        ({"place": ""}, "place", "a value must stand here"),
        ({"id": "-4"}, "id", "'-4' is not the number of anybody."),
        ({"login": "a\0b"}, "login", "is not a text without NUL characters."),
    ],
)
def test_a_seat_that_cannot_be_read_is_refused_with_its_reason(
    changes: dict[str, object], field: str, rule: str
) -> None:
    parsed = read(tournament([game(seats=[seat(1, **changes), seat(2)])]))
    (refused,) = parsed.rejections
    assert refused.table == "seat"
    assert refused.field == field
    assert rule in refused.rule
    assert parsed.fetched["seat"] == 2
    assert len([record for record in parsed.records if isinstance(record, Seat)]) == 1


def test_a_standing_finds_its_players_through_the_tables_of_the_tournament() -> None:
    seats = [seat(place) for place in range(1, 9)]
    seats += [seat(9, login="тёзка"), seat(10, login="тёзка")]
    standing = [line(1, "игрок 3"), line(2, "тёзка"), line(2, "никто"), line(4, "Игрок 3")]
    parsed = read(tournament([game(seats=seats)], standing))
    results = [record for record in parsed.records if isinstance(record, Result)]
    nobody = "nobody of this nickname sat at the tournament's tables"
    assert [(result.row_no, result.login, result.player_id, result.unresolved) for result in results] == [
        (1, "игрок 3", 103, None),
        (2, "тёзка", None, "2 people of this nickname sat at its tables: 109, 110"),
        (3, "никто", None, nobody),
        (4, "Игрок 3", None, nobody),
    ]
    assert results[0] == Result(
        7,
        "total",
        1,
        1,
        103,
        None,
        "игрок 3",
        Decimal("10.5"),
        Decimal("1.25"),
        5,
        1,
        0,
        Decimal("1.5"),
        Decimal("0.25"),
        Decimal("-0.5"),
        2,
        Decimal("0.4"),
        Decimal(120),
    )


def test_two_lines_of_one_nickname_are_not_both_the_one_who_sat_there() -> None:
    seats = [seat(1), seat(2, login="тёзка"), seat(3, login="тёзка", role="maniac")]  # the other's seat is refused
    parsed = read(tournament([game(seats=seats)], [line(1, "тёзка"), line(2, "тёзка"), line(3, "игрок 1")]))
    results = [record for record in parsed.records if isinstance(record, Result)]
    reason = "2 lines of the standing bear this nickname, and one who sat at its tables: 102"
    assert [(result.player_id, result.unresolved) for result in results] == [(None, reason)] * 2 + [(101, None)]


def test_another_tournament_in_the_answer_stops_the_stage() -> None:
    other = answer(site.tournament(8), tournament().body)
    with pytest.raises(LayoutChangedError, match=r"sought tournament\.id = 8, found 7"):
        read(other)


@pytest.mark.parametrize(
    ("data", "sought"),
    [
        ([], "an object with the tournament and its games"),
        ({"tournament": CARD}, 'the field "games"'),
        ({"tournament": CARD, "games": {}}, 'a list under "games"'),
        ({"tournament": CARD, "games": [{"no": 1}]}, 'rounds with "gameNum" and "game"'),
        (
            {"tournament": CARD, "games": [{"gameNum": "x", "game": []}]},
            'the number of a round under "gameNum"',
        ),
        (
            {"tournament": CARD, "games": [{"gameNum": 1, "game": [1]}]},
            'games with "tableNum" and "table"',
        ),
    ],
)
def test_an_answer_of_another_shape_says_what_was_sought(data: object, sought: str) -> None:
    with pytest.raises(LayoutChangedError) as caught:
        read(success(site.tournament(7), data))
    assert sought in caught.value.message


def test_a_refusal_of_the_site_is_told_in_its_words() -> None:
    with pytest.raises(AskRefusedError, match="the site answered error not found"):
        read(answer(site.tournament(7), '{"result": "error", "message": "not found"}'))
