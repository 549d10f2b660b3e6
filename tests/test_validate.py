"""Rules on a row and inside one answer."""

from __future__ import annotations

from typing import Any

import pytest

from gomafia_kit.records import Game, Seat
from gomafia_kit.validate import validate
from tests.answers import game, line, read, seat, tournament


def ten(**changes: dict[str, object]) -> list[dict[str, Any]]:
    return [seat(place, **changes.get(f"s{place}", {})) for place in range(1, 11)]


def test_a_whole_game_is_kept() -> None:
    checked = validate(read(tournament()))
    assert [type(record).__name__ for record in checked.records] == ["Game"] + ["Seat"] * 10
    assert checked.rejections == []
    assert not checked.duplicates


@pytest.mark.parametrize(
    ("seats", "rule"),
    [
        (ten()[:9], "a game has the seats 1 to 10, this one has 1, 2, 3, 4, 5, 6, 7, 8, 9 that can be kept"),
        ([], "a game has the seats 1 to 10, this one has none that can be kept"),
        (ten(s3={"role": "red"}), "this one has 7 citizen, 1 don, 1 mafia, 1 sheriff"),
        (ten(s3={"role": ""}), "this one has 6 citizen, 1 don, 1 mafia, 1 sheriff, 1 without a role"),
        (ten(s3={"id": "104"}), "player 104 sits at the table twice"),
        ([*ten(), seat(11, role="red")], "this one has 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 that can be kept"),
    ],
)
def test_a_game_that_is_not_whole_is_refused_with_all_its_seats(seats: list[dict[str, Any]], rule: str) -> None:
    checked = validate(read(tournament([game(seats=seats), game(table_no=2)])))
    kept = [record for record in checked.records if isinstance(record, Game | Seat)]
    assert {record.table_no for record in kept} == {2}
    assert {refused.rule for refused in checked.rejections if refused.field == "game"} == {
        next(refused.rule for refused in checked.rejections if rule in refused.rule)
    }
    assert len(checked.rejections) == 1 + len(seats)


def test_a_refused_seat_takes_its_game_along_and_each_record_is_counted_once() -> None:
    parsed = read(tournament([game(seats=ten(s4={"points": "??"}))]))
    checked = validate(parsed)
    assert checked.records == []
    assert len(checked.rejections) == sum(parsed.fetched.values()) == 11
    (bad,) = [refused for refused in checked.rejections if refused.field == "points"]
    assert (bad.value, bad.rule) == ("??", "'??' is not a number.")


def test_a_game_not_played_needs_ten_people_but_no_roles() -> None:
    people = [seat(place, role="", points="", eloDelta="") for place in range(1, 11)]
    checked = validate(read(tournament([game(win="", seats=people)])))
    assert checked.rejections == []
    assert [record.role for record in checked.records if isinstance(record, Seat)] == [None] * 10


def test_the_same_row_twice_is_a_duplicate() -> None:
    checked = validate(read(tournament([game(), game()])))
    assert checked.duplicates == {"game": 1, "seat": 10}
    assert len(checked.records) == 11


def test_two_different_rows_of_one_key_are_both_refused() -> None:
    checked = validate(read(tournament([game(), game(win="red")])))
    assert {(refused.table, refused.rule) for refused in checked.rejections} >= {
        ("game", "two different rows have this key")
    }
    assert checked.records == []
    assert len(checked.rejections) + sum(checked.duplicates.values()) == 22


def test_lines_of_a_standing_are_told_apart_by_their_number() -> None:
    checked = validate(read(tournament(standing=[line(1, "игрок 1"), line(1, "игрок 1")])))
    assert [record.row_no for record in checked.records if not isinstance(record, Game | Seat)] == [1, 2]  # type: ignore[union-attr]  # results
