"""Games as they are shown: every value right, or its record refused with the reason."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gomafia_kit import site
from gomafia_kit.errors import LayoutChangedError, NoSuchPageError, ParseError
from gomafia_kit.parse.game_pages import parse_games
from gomafia_kit.records import Game, Parsed, Seat
from tests.answers import answer
from tests.parse.markup import CITY, DRAW, MAFIA, NAME, game_table, games_page, page, rounds, seat_row

if TYPE_CHECKING:
    from collections.abc import Callable

ASK = site.tournament_games_page(7)
BODY = games_page(
    game_table(), game_table("Стол 2, я", rows=[seat_row(place, mark="b") for place in range(1, 11)])
).body
EMPTY_ROWS = [seat_row(place, f"игрок {place}", "", "–", "—") for place in range(1, 11)]


def seats_of(parsed: Parsed) -> list[Seat]:
    return [record for record in parsed.records if isinstance(record, Seat)]


def with_rows(*changed: str) -> list[str]:
    """Ten rows, the last of them being these."""
    return [*(seat_row(place) for place in range(1, 11 - len(changed))), *changed]


def test_a_game_and_its_seats() -> None:
    shot = seat_row(10, "ё &amp; &lt;b&gt;", "Мир", "-0,4", "+12", mark="lg")
    parsed = parse_games(games_page(game_table(rows=with_rows(shot))))
    assert parsed.records[0] == Game(7, 1, 1, "black", "Судья, первый")
    assert parsed.records[1] == Seat(
        7, 1, 1, 1, None, "игрок 1", "don", "black", Decimal("0.6"), Decimal(-7), None, False, None, None, None
    )
    assert parsed.records[-1] == Seat(
        7, 1, 1, 10, None, "ё & <b>", "citizen", "red", Decimal("-0.4"), Decimal(12), None, True, 1, 2, "lg"
    )
    assert (parsed.fetched, parsed.rejections) == ({"game": 1, "seat": 10}, [])
    assert parsed.more == [site.tournament_results_page(7)]


@pytest.mark.parametrize(
    ("title", "table_no", "judge"),
    [
        ("Стол 1, судья", 1, "судья"),
        ("Стол <!-- -->12<!-- -->, <!-- -->а, б, в", 12, "а, б, в"),
        ("Стол 3,  два пробела ", 3, " два пробела "),
        ("Стол 4", 4, None),
        ("Стол 5, ", 5, None),
        ("Стол 6, –", 6, None),
    ],
)
def test_table_and_judge(title: str, table_no: int, judge: str | None) -> None:
    assert parse_games(games_page(game_table(title))).records[0] == Game(7, 1, table_no, "black", judge)


@pytest.mark.parametrize(("win", "winner"), [(MAFIA, "black"), (CITY, "red"), (DRAW, "draw")])
def test_who_won(win: str, winner: str) -> None:
    (game, *_) = parse_games(games_page(game_table(win=win))).records
    assert isinstance(game, Game)
    assert game.winner == winner


@pytest.mark.parametrize("win", ['<th colspan="3"></th>', ""])
def test_a_game_not_played_has_no_winner_and_tells_of_no_shot(win: str) -> None:
    tables = (game_table(win=win, rows=EMPTY_ROWS), game_table("Стол 2", rows=with_rows(seat_row(10, mark="b"))))
    parsed = parse_games(games_page(*tables))
    assert parsed.rejections == []
    assert parsed.records[0] == Game(7, 1, 1, None, "Судья, первый")
    assert seats_of(parsed)[0] == Seat(7, 1, 1, 1, None, "игрок 1", *(None,) * 9)


def test_where_no_mark_stands_at_all_the_first_shot_is_left_open() -> None:
    assert {seat.shot_first for seat in seats_of(parse_games(games_page(game_table())))} == {None}


def test_marks_that_nobody_knows_tell_nothing_and_are_kept() -> None:
    rows = with_rows(seat_row(9, mark="b"), seat_row(10, mark="star"))
    seats = seats_of(parse_games(games_page(game_table(rows=rows))))
    assert [(seat.shot_first, seat.first_shot_mark) for seat in seats[-2:]] == [(None, "b"), (None, "star")]


def test_the_round_is_that_of_the_innermost_title() -> None:
    inner = rounds(game_table(), title="Тур 3") + rounds(game_table(), title="Тур 4")
    whole = f'<div class="tournament_tournament__games-tours__zzzzz">{inner}</div>'
    games = [record for record in parse_games(page(ASK, whole)).records if isinstance(record, Game)]
    assert [game.round for game in games] == [3, 4]


@pytest.mark.parametrize(
    ("table", "kind", "field", "rule"),
    [
        (game_table(win=MAFIA.replace("мафии", "мирных жителей")), "game", "winner", "must agree"),
        (game_table(win=CITY.replace("__th_city", "__th_other")), "game", "winner", "must agree"),
        (game_table(win=DRAW.replace("<th", f'<th class="{NAME}__th_city__x"')), "game", "winner", "must agree"),
        (game_table(win=MAFIA.replace("мафии", "мафии!")), "game", "winner", "is none of Победа мафии"),
        (game_table(win="<th></th>"), "game", "winner", "a game with roles must have a winner"),
        (game_table("Столик 1, я"), "game", "table", "'Столик 1, я' is not a number"),
        (game_table(rows=with_rows("<tr><td>10</td><td>кто</td></tr>")), "seat", "row", "this one has 2"),
        (game_table(rows=with_rows(seat_row(10, "я", "Маньяк"))), "seat", "role", "'Маньяк' is none of Мир, Маф"),
        (game_table(rows=with_rows(seat_row(10, "я", "Мир", "0.6.1"))), "seat", "points", "is not a number"),
        (game_table(rows=with_rows(seat_row(10, "я", "Мир", "0.6", "12"))), "seat", "ELO change", "has no plus"),
        (game_table(rows=with_rows(seat_row(10, "а\0б"))), "seat", "nickname", "U+FFFD"),
        (game_table(rows=with_rows(seat_row(10, mark="b__aaaaa x__item_lg"))), "seat", "role's class", "has 2 marks"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(table: str, kind: str, field: str, rule: str) -> None:
    parsed = parse_games(games_page(game_table("Стол 8, я"), table))
    (refused,) = (refused for refused in parsed.rejections if refused.table == kind)
    assert refused.field == field
    assert rule in refused.rule
    assert parsed.fetched == {"game": 2, "seat": 20}
    assert len(parsed.records) + len(parsed.rejections) == 22


def test_a_row_of_six_cells_is_refused_too() -> None:
    rows = with_rows(seat_row(10).replace("</tr>", "<td>more</td></tr>"))
    (refused,) = parse_games(games_page(game_table(rows=rows))).rejections
    assert refused.rule == "a row has the cells seat, nickname, role, points, ELO change, this one has 6"


@pytest.mark.parametrize(
    ("change", "sought"),
    [
        (lambda body: body.replace("table-tournament-result-game", "game"), "the games' tables"),
        (lambda body: body.replace("<table", "<section").replace("</table", "</section"), "the games' tables"),
        (lambda body: body.replace("__games-tour", "__tours"), 'a round titled "Тур 1" around each game'),
        (lambda body: body.replace("Тур ", "Этап "), 'a round titled "Тур 1" around each game'),
        (lambda body: body.replace("__th_mafia", "__th_black"), "at least one game that can be read"),
        (lambda body: body.replace("Победа мафии", "Мафия"), "at least one game that can be read"),
        (lambda body: body.replace("Стол", "Столик"), "at least one game that can be read"),
        (lambda body: body.replace("0.6", "+6").replace(">-7<", ">0.6<"), "points in the fourth"),
    ],
)
def test_another_layout_is_told_as_such(change: Callable[[str], str], sought: str) -> None:
    with pytest.raises(LayoutChangedError) as caught:
        parse_games(answer(ASK, change(BODY.decode())))
    assert sought in caught.value.message
    assert ASK.key in caught.value.message


def test_a_tournament_without_games_has_none() -> None:
    parsed = parse_games(games_page())
    assert (parsed.records, parsed.fetched, parsed.more) == ([], {}, [site.tournament_results_page(7)])


def test_the_main_page_is_told_as_such() -> None:
    with pytest.raises(NoSuchPageError):
        parse_games(answer(ASK, '<div class="MainIntro_main-intro__aaaaa">Мафия</div>'))


@given(st.binary(max_size=300), st.integers(0, len(BODY)), st.integers(0, 40))
@settings(max_examples=150)
def test_whatever_the_bytes_it_is_records_or_an_error_of_ours(put: bytes, place: int, left_out: int) -> None:
    for body in (put, BODY[:place] + put + BODY[place + left_out :]):
        try:
            parsed = parse_games(answer(ASK, body))
        except ParseError:
            continue
        assert len(parsed.records) + len(parsed.rejections) == sum(parsed.fetched.values())
