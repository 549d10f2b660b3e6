"""Standings and cards as they are shown: known by headings and labels, or refused with the reason."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gomafia_kit import site
from gomafia_kit.errors import LayoutChangedError, NoSuchPageError, ParseError
from gomafia_kit.parse.standing_pages import parse_results
from gomafia_kit.parse.tournament_cards import parse_card
from gomafia_kit.records import Parsed, Result, TournamentParticipants, TournamentStaff
from tests.answers import answer
from tests.parse.markup import STAFF, page, results_page

HEAD = ("", "Игрок", "Сумма", "Доп. сумма", "Победы", "Доп", "Ci", "Штраф", "ПУ", "ЛХ", "GG")
LINE = ("1", "ё&lt;b&gt; ", "10.5", "1,25", "5", "1.5", "0.25", "-0.5", "2", "–", "1 120")
RESULT = Result(
    7,
    "with_final",
    1,
    1,
    None,
    None,
    "ё<b> ",
    Decimal("10.5"),
    Decimal("1.25"),
    5,
    None,
    None,
    Decimal("1.5"),
    Decimal("0.25"),
    Decimal("-0.5"),
    2,
    None,
    Decimal(1120),
)


def table(*lines: tuple[str, ...], head: tuple[str, ...] = HEAD) -> str:
    """A table of results."""
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for cells in lines)
    return f"<table><thead><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr></thead><tbody>{rows}</tbody></table>"


def test_a_line_of_the_only_standing() -> None:
    parsed = parse_results(results_page(table(LINE)))
    assert (parsed.records, parsed.rejections, parsed.fetched, parsed.more) == ([RESULT], [], {"result": 1}, [])


def test_both_standings_are_known_by_the_words_above_them() -> None:
    markup = f"<h3>Без <!-- -->финала</h3>{table(LINE)}<div><b>С финалом</b></div><div>{table(LINE, LINE)}</div>"
    found = [record for record in parse_results(results_page(markup)).records if isinstance(record, Result)]
    assert [(record.standing, record.row_no) for record in found] == [
        ("without_final", 1),
        ("with_final", 1),
        ("with_final", 2),
    ]


def test_columns_are_known_by_their_headings_wherever_they_stand() -> None:
    parsed = parse_results(results_page(table(LINE[::-1], head=(*HEAD[:0:-1], "Место"))))
    assert parsed.records == [RESULT]


def test_columns_that_are_not_shown_are_null() -> None:
    (found,) = parse_results(results_page(table(LINE[:3], head=HEAD[:3]))).records
    assert found == RESULT._replace(
        points_extra_total=None,
        wins=None,
        points_extra=None,
        points_compensation=None,
        points_fine=None,
        first_shots=None,
        gg_points=None,
    )


def _rules(parsed: Parsed) -> list[str]:
    return [refused.rule for refused in parsed.rejections]


@pytest.mark.parametrize(
    ("markup", "rule"),
    [
        (table(LINE, head=(*HEAD[:2], "Баллы?", *HEAD[3:])), "nobody knows what stands under the heading 'Баллы?'"),
        (table(LINE, head=(*HEAD[:2], "", *HEAD[3:])), "nobody knows what stands under the heading ''"),
        (table(LINE, head=(*HEAD[:2], "ПУ", *HEAD[3:])), "two headings name first_shots"),
        (table(LINE, head=("", "Кто", *HEAD[2:])), "a table of results must have a heading that names the players"),
        (table(LINE[:-1]), "a row has 11 cells, this one has 10"),
        (table((*LINE[:4], "5,5", *LINE[5:])), "'5,5' is not a whole number of 32 bits."),
        (table((LINE[0], "", *LINE[2:])), "a value must stand here"),
        (f"<b>С финалом</b><b>Без финала</b>{table(LINE)}", "whether it is with the final or without"),
        (table(LINE) + table(LINE), "whether it is with the final or without"),
        (f"<b>С финалом</b>{table(LINE)}<b>с финалом</b>{table(LINE)}", "the page has 2 standings with_final"),
    ],
)
def test_lines_that_cannot_be_read_are_refused_with_the_reason(markup: str, rule: str) -> None:
    parsed = parse_results(results_page(markup))
    assert parsed.records == []
    assert all(rule in found for found in _rules(parsed))
    assert len(parsed.rejections) == parsed.fetched["result"] > 0


def test_an_unnamed_column_without_anything_in_it_is_passed_over() -> None:
    parsed = parse_results(results_page(table((*LINE, ""), head=(*HEAD, ""))))
    assert parsed.records == [RESULT]


@pytest.mark.parametrize("markup", ["", "<p>Результаты скрыты</p>", table()])
def test_a_tournament_without_results_has_none(markup: str) -> None:
    parsed = parse_results(results_page(markup))
    assert (parsed.records, parsed.rejections, parsed.fetched) == ([], [], {})


def test_results_that_are_no_table_any_more_are_another_layout() -> None:
    with pytest.raises(LayoutChangedError, match="a table of results, or a tournament without any"):
        parse_results(results_page("<div><b>Игрок</b><b>Сумма</b></div><div><i>я</i><i>5</i></div>"))


def test_many_tables_are_no_standings() -> None:
    with pytest.raises(LayoutChangedError, match="sought one or two tables of results, found 9 tables"):
        parse_results(results_page(table(LINE) * 9))


@pytest.mark.parametrize("parser", [parse_results, parse_card])
@pytest.mark.parametrize("body", ["", "<html>Технические работы</html>", '{"result": "success"}', "\0\xff"])
def test_a_page_that_is_no_tournaments_is_another_layout(parser: object, body: str) -> None:
    assert callable(parser)
    with pytest.raises(LayoutChangedError):
        parser(answer(site.tournament_card(7), body))
    with pytest.raises(NoSuchPageError):
        parser(answer(site.tournament_card(7), '<div class="MainIntro_main-intro__aaaaa">Мафия</div>'))


# -- the card ---------------------------------------------------------------------------------------

RUN_BY = TournamentStaff(7, 5, None)


def card(markup: str, participants: str = "30 из 30") -> Parsed:
    """What a card with that markup tells."""
    return parse_card(page(site.tournament_card(7), markup, participants=participants))


@pytest.mark.parametrize(
    ("told", "count", "most"),
    [
        ("30 из 30", 30, 30),
        ("0<!-- --> из <!-- -->30", 0, 30),
        ("30\u00a0из\u00a040", 30, 40),
        ("12", 12, None),
        ("12 из –", 12, None),
        ("–<!-- --> из <!-- -->30", None, 30),
        ("–", None, None),
        ("", None, None),
    ],
)
def test_how_many_take_part(told: str, count: int | None, most: int | None) -> None:
    parsed = card(STAFF, participants=told)
    assert parsed.records[0] == TournamentParticipants(7, count, most)
    assert (parsed.fetched, parsed.more) == ({"tournament_participants": 1, "tournament_staff": 1}, [])


@pytest.mark.parametrize("told", ["30 из", "из 30", "много", "-3 из 30", "1 2 из 3", "٣"])
def test_a_count_that_is_none_is_refused(told: str) -> None:
    parsed = card(STAFF, participants=told)
    assert parsed.records == [RUN_BY]
    (refused,) = parsed.rejections
    assert (refused.key, refused.field, refused.value) == ("tournament_id=7", "Участники", told)
    assert refused.rule == f"{told!r} is not a count of participants as 30 из 30."


def test_a_card_without_the_label_is_refused() -> None:
    body = page(site.tournament_card(7), STAFF).body.replace("Участники".encode(), "Игроки".encode())
    (refused,) = parse_card(answer(site.tournament_card(7), body)).rejections
    assert refused.rule == "the card must have an item labelled Участники."


@pytest.mark.parametrize(
    ("markup", "judge", "organizer"),
    [
        (STAFF, 5, None),
        ('<a href="/stats/5">Иван<b>ГС</b></a><a href="https://gomafia.pro/stats/6"><b>Организатор</b></a>', 5, 6),
        ('<a href="/stats/5"><b>ГС</b>ГС</a><a href="/stats/5"><i>Орг.</i>ГСник</a>', 5, 5),
        ('<a href="/stats/8">ГСник</a><a href="/stats/null">ГС</a><a href="/stats/6"><b>Орг </b>Орган</a>', None, 6),
    ],
)
def test_who_runs_a_tournament(markup: str, judge: int | None, organizer: int | None) -> None:
    found = card(markup)
    assert (found.records[1:], found.rejections) == ([TournamentStaff(7, judge, organizer)], [])


@pytest.mark.parametrize(
    ("markup", "field", "value", "rule"),
    [
        ("", "ГС, Орг", ", ", "the card must have one link to who holds this office, not 0."),
        ('<a href="/stats/5">ГС</a>', "Орг", "", "the card must have one link to who holds this office, not 0."),
        (
            f'{STAFF}<a href="/stats/6">ГС</a>',
            "ГС",
            "/stats/5, /stats/6",
            "the card must have one link to who holds this office, not 2.",
        ),
        (STAFF.replace("null", "x"), "Орг", "/stats/x", "'/stats/x' is not a link to a player."),
    ],
)
def test_an_office_that_the_card_doesn_t_tell_for_sure_is_refused(
    markup: str, field: str, value: str, rule: str
) -> None:
    parsed = card(markup)
    assert parsed.records == [TournamentParticipants(7, 30, 30)]
    (refused,) = parsed.rejections
    assert (refused.table, refused.key) == ("tournament_staff", "tournament_id=7")
    assert (refused.field, refused.value, refused.rule) == (field, value, rule)


BODY = results_page(table(LINE, LINE)).body


@given(st.binary(max_size=200), st.integers(0, len(BODY)), st.integers(0, 30))
@settings(max_examples=150)
def test_whatever_the_bytes_it_is_records_or_an_error_of_ours(put: bytes, place: int, left_out: int) -> None:
    for body in (put, BODY[:place] + put + BODY[place + left_out :]):
        for parser in (parse_results, parse_card):
            try:
                parsed = parser(answer(site.tournament_card(7), body))
            except ParseError:
                continue
            assert len(parsed.records) + len(parsed.rejections) == sum(parsed.fetched.values())
