"""The data of a tournament's pages: what a tab may leave out, and first shots from the page's cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gomafia_kit import site
from gomafia_kit.errors import LayoutChangedError, NoSuchPageError, ParseError
from gomafia_kit.parse.tournament_pages import parse_games_data, parse_results_data
from gomafia_kit.records import Parsed, Result, Seat
from tests.answers import answer, game, line, seat
from tests.parse.markup import game_table, games_page, results_page, seat_row

if TYPE_CHECKING:
    from collections.abc import Sequence

CARD = {"id": "7", "title": "Кубок", "date_start": "2024-05-01"}
STANDINGS: dict[str, Any] = {"tournamentResultWithFinal": [line(1, "a")], "tournamentResultWithoutFinal": None}


def of_games(*games: dict[str, Any], **more: object) -> dict[str, Any]:
    """A page's data with these games in round 1."""
    return {"tournament": CARD, "games": [{"gameNum": 1, "game": list(games)}], **more}


def untold_game(table_no: int = 1, shown_type: object = "main") -> dict[str, Any]:
    """A game whose seats' `type` is no mark."""
    return game(table_no, seats=[seat(place, type=shown_type) for place in range(1, 11)])


def rows(*, shot: int = 3, mark: str = "lg") -> list[str]:
    """The rows of such a game as the page shows them."""
    return [seat_row(place, mark=mark if place == shot else "") for place in range(1, 11)]


def shots(parsed: Parsed) -> list[tuple[bool | None, int | None, int | None, str | None]]:
    """What the seats tell of the first shot."""
    return [
        (seat.shot_first, seat.guessed_min, seat.guessed_max, seat.first_shot_mark)
        for seat in parsed.records
        if isinstance(seat, Seat)
    ]


def test_a_tab_that_carries_everything_is_enough() -> None:
    parsed = parse_games_data(games_page(data=of_games(game(), **STANDINGS)))
    assert (parsed.fetched, parsed.more) == ({"game": 1, "seat": 10, "result": 1}, [])
    (result,) = (record for record in parsed.records if isinstance(record, Result))
    assert (result.standing, result.row_no, result.login, result.player_id) == ("with_final", 1, "a", None)


def test_a_tab_that_carries_what_it_shows_asks_for_the_other() -> None:
    parsed = parse_games_data(games_page(data=of_games(game())))
    assert (parsed.fetched, parsed.more) == ({"game": 1, "seat": 10}, [site.tournament_results_page(7)])


def test_a_tab_without_the_tournament_is_known_by_its_query_and_its_card() -> None:
    bare = {key: value for key, value in of_games(untold_game(), **STANDINGS).items() if key != "tournament"}
    found = parse_games_data(games_page(game_table(rows=rows()), data=bare, query={"tid": "7", "tab": "games"}))
    assert (
        found.records == parse_games_data(games_page(game_table(rows=rows()), data=bare | {"tournament": CARD})).records
    )
    assert (3, True, 1, 2) in [
        (each.seat, each.shot_first, each.guessed_min, each.guessed_max)
        for each in found.records
        if isinstance(each, Seat)
    ]
    with pytest.raises(LayoutChangedError, match=r"sought tournament.id = 7, found 8"):
        parse_games_data(games_page(game_table(rows=rows()), data=bare, query={"tid": "8"}))


def test_empty_standings_are_standings() -> None:
    nothing: dict[str, Any] = {"tournamentResultWithFinal": [], "tournamentResultWithoutFinal": None}
    assert parse_games_data(games_page(data=of_games(game(), **nothing))).more == []


def test_the_tab_of_results_gives_both_standings() -> None:
    told = {**STANDINGS, "tournamentResultWithoutFinal": [line(1, "b"), line(2, "a")]}
    parsed = parse_results_data(results_page("", {"tournament": CARD, **told}))
    results = [record for record in parsed.records if isinstance(record, Result)]
    assert [(result.standing, result.row_no, result.login) for result in results] == [
        ("with_final", 1, "a"),
        ("without_final", 1, "b"),
        ("without_final", 2, "a"),
    ]
    assert (parsed.fetched, parsed.more) == ({"result": 3}, [])


def test_games_that_stand_in_the_tab_of_results_too_are_not_read_twice() -> None:
    parsed = parse_results_data(results_page("", of_games(game(), **STANDINGS)))
    assert parsed.fetched == {"result": 1}


@pytest.mark.parametrize(
    ("data", "sought"),
    [
        ({"tournament": CARD}, 'the field "games"'),
        ({**of_games(game()), "tournament": {**CARD, "id": 8}}, "tournament.id = 7"),
        ({"games": []}, "tournament.id = 7, found None"),
        (of_games(game(), tournamentResultWithFinal=[]), 'the field "tournamentResultWithoutFinal"'),
        (of_games(game(), tournamentResultWithoutFinal=[]), 'the field "tournamentResultWithFinal"'),
        (
            of_games(game(), **{**STANDINGS, "tournamentResultWithFinal": {}}),
            'a list under "tournamentResultWithFinal"',
        ),
    ],
)
def test_data_of_another_shape_say_what_was_sought(data: dict[str, Any], sought: str) -> None:
    with pytest.raises(LayoutChangedError) as caught:
        parse_games_data(games_page(data=data))
    assert sought in caught.value.message


def test_the_tab_of_results_must_have_results() -> None:
    with pytest.raises(LayoutChangedError, match='the field "tournamentResultWithFinal"'):
        parse_results_data(results_page("", of_games(game())))


def test_a_page_without_data_and_the_main_page_are_told_apart() -> None:
    for parser, ask in (
        (parse_games_data, site.tournament_games_page(7)),
        (parse_results_data, site.tournament_results_page(7)),
    ):
        with pytest.raises(LayoutChangedError, match="__NEXT_DATA__"):
            parser(answer(ask, "<html><body>Технические работы</body></html>"))
        with pytest.raises(NoSuchPageError):
            parser(answer(ask, '<div class="MainIntro_main-intro__aaaaa">Мафия</div>'))


# -- first shots ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown_type", ["main", "", "premium", "7", 7, 7.5])
def test_first_shots_come_from_the_cells_where_the_seats_do_not_tell_them(shown_type: object) -> None:
    data = of_games(untold_game(shown_type=shown_type), **STANDINGS)
    found = shots(parse_games_data(games_page(game_table(rows=rows()), data=data)))
    assert found == [
        (place == 3, 1 if place == 3 else None, 2 if place == 3 else None, "lg" if place == 3 else None)
        for place in range(1, 11)
    ]


def test_the_cells_may_stand_in_another_order_or_in_other_markup() -> None:
    data = of_games(untold_game(1), untold_game(2), **STANDINGS)
    second, first = game_table("Стол 2, я", rows=rows(shot=4)), game_table(rows=rows(shot=9, mark="g"))
    commented = games_page(second, first.replace("</td>", "<!-- --></td>"), data=data)
    found = shots(parse_games_data(commented))
    assert [number for number, shot in enumerate(found) if shot[0]] == [8, 13]
    assert (found[8], found[13]) == ((True, 3, 3, "g"), (True, 1, 2, "lg"))


def test_the_seats_word_counts_where_it_is_a_mark() -> None:
    data = of_games(game(seats=[seat(place, type="b" if place == 1 else "") for place in range(1, 11)]), **STANDINGS)
    found = shots(parse_games_data(games_page(game_table(rows=rows()), data=data)))
    assert [shot[0] for shot in found] == [True] + [False] * 9


@pytest.mark.parametrize("tables", [[], [game_table()]], ids=["no table", "no mark"])
def test_where_the_page_does_not_tell_either_the_first_shot_is_left_open(tables: Sequence[str]) -> None:
    found = shots(parse_games_data(games_page(*tables, data=of_games(untold_game(), **STANDINGS))))
    assert set(found) == {(None, None, None, "main")}


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (game_table(rows=rows()[:9]), "no such row"),
        (game_table("Стол 2, я", rows=[seat_row(place, "кто-то") for place in range(1, 11)]), "no such row"),
        (game_table(rows=rows()) + game_table("Стол 2, я", rows=rows()), "20"),
        (game_table(rows=[seat_row(1, "игрок 1", "Мир"), *rows()[1:]]), "the role citizen"),
        ("<table><tbody></tbody></table>", "the games' tables"),
    ],
)
def test_cells_that_are_not_those_of_the_data_are_a_changed_page(table: str, found: str) -> None:
    with pytest.raises(LayoutChangedError) as caught:
        parse_games_data(games_page(table, data=of_games(untold_game(), **STANDINGS)))
    assert found in caught.value.message


def test_a_seat_that_is_refused_leaves_the_others_their_shots() -> None:
    bad = untold_game()
    bad["table"][0]["points"] = "x"
    parsed = parse_games_data(games_page(game_table(rows=rows()), data=of_games(bad, **STANDINGS)))
    assert [refused.field for refused in parsed.rejections] == ["points"]
    assert [shot[0] for shot in shots(parsed)] == [False, True] + [False] * 7


# -- any bytes --------------------------------------------------------------------------------------

BODY = games_page(game_table(rows=rows()), data=of_games(untold_game(), **STANDINGS)).body


@given(st.binary(max_size=200), st.integers(0, len(BODY)), st.integers(0, 30))
@settings(max_examples=150)
def test_whatever_the_bytes_it_is_records_or_an_error_of_ours(put: bytes, place: int, left_out: int) -> None:
    for body in (put, BODY[:place] + put + BODY[place + left_out :]):
        for parser, ask in (
            (parse_games_data, site.tournament_games_page(7)),
            (parse_results_data, site.tournament_results_page(7)),
        ):
            try:
                parsed = parser(answer(ask, body))
            except ParseError:
                continue
            assert len(parsed.records) + len(parsed.rejections) == sum(parsed.fetched.values())


def test_a_nickname_may_hold_the_words_of_the_script() -> None:
    name = '<script id="__NEXT_DATA__" type="application/json">{}</script>'
    seats = [seat(1, login=name), *(seat(place) for place in range(2, 11))]
    parsed = parse_games_data(games_page(data=of_games(game(seats=seats), **STANDINGS)))
    assert next(record.login for record in parsed.records if isinstance(record, Seat)) == name
