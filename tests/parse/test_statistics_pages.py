"""A player's figures of a year: the same by the API, by his page's data and as the page shows them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gomafia_kit import site
from gomafia_kit.demo._truth import official
from gomafia_kit.errors import LayoutChangedError, NoSuchPageError, ParseError
from gomafia_kit.parse import parse
from gomafia_kit.parse.statistics_pages import parse_page, parse_page_data
from gomafia_kit.records import Parsed, PlayerPersonal, PlayerYearOfficial
from tests.answers import answer, success
from tests.parse.told import told

if TYPE_CHECKING:
    from gomafia_kit.demo import League
    from gomafia_kit.records import Record

SHOWN = ("games", "citizen_games", "sheriff_games", "mafia_games", "don_games", "extra_points_per_10_games", "elo")
CHECKS = {
    159: (342, 211, 29, 77, 25, Decimal("2.61"), Decimal("3273.26")),
    15: (183, 113, 19, 35, 16, Decimal("2.01"), Decimal("2656.23")),
    1: (91, 58, 9, 16, 8, Decimal("1.74"), Decimal("2325.48")),
}
"""What the real site shows for 2025."""


def figures(record: Record) -> tuple[Any, ...]:
    assert isinstance(record, PlayerYearOfficial)
    return tuple(getattr(record, name) for name in SHOWN)


@pytest.mark.parametrize(("player_id", "expected"), CHECKS.items())
def test_the_real_checks_come_by_every_form(player_id: int, expected: tuple[Any, ...]) -> None:
    league = told("small", real_checks=True, stats_opens="season")
    page = league.answer(site.player_statistics_page(player_id, 2025))
    api = league.answer(site.player_statistics(player_id, 2025))
    found = {form: parse(page, form) for form in ("page_data", "dom")} | {"api": parse(api, "api")}
    for form, parsed in found.items():
        assert [figures(record) for record in parsed.records] == [expected], form
        assert (parsed.records[0][:2], parsed.rejections) == ((player_id, 2025), [])


def _expected(league: League, player_id: int, year: int) -> PlayerYearOfficial:
    row: dict[str, Any] = dict(official(league, player_id, year))
    return PlayerYearOfficial(**row)


@pytest.mark.parametrize(
    ("year", "switches"),
    [
        (2025, {"stats_opens": "season"}),
        (2023, {"stats_opens": "season", "season": 2023, "react_comments": False, "stats_elo": "present"}),
        (2019, {"stats_opens": "season", "season": 2019, "numbers": "strings", "idle_years": "absent"}),
    ],
)
def test_the_figures_of_a_league_are_the_truth(year: int, switches: dict[str, object]) -> None:
    league = told("small", **switches)
    unshown: dict[str, Any] = dict.fromkeys(
        name for name in PlayerYearOfficial._fields if name not in {"player_id", "year", *SHOWN}
    )
    for player_id in sorted(league.league.world.people)[::37]:
        page = league.answer(site.player_statistics_page(player_id, year))
        expected = _expected(league.league, player_id, year)
        assert parse(page, "page_data").records == [expected]
        assert parse(page, "dom").records == [expected._replace(**unshown)]


@pytest.mark.parametrize("form", ["page_data", "dom"])
@pytest.mark.parametrize(("switches", "shown"), [({"stats_opens": "all"}, "Все"), ({"stats_opens": "season"}, "2025")])
def test_figures_of_another_period_are_refused(form: str, switches: dict[str, object], shown: str) -> None:
    parsed = parse(told("small", **switches).answer(site.player_statistics_page(3, 2024)), form)
    assert parsed.records == []
    (refused,) = parsed.rejections
    assert (refused.table, refused.key) == ("player_year_official", "player_id=3, year=2024")
    assert (refused.field, refused.value) == ("period", shown)
    assert refused.rule == "the page must show the year 2024, and no other period"


# -- what he tells of himself -----------------------------------------------------------------------


def test_personal_data_come_only_if_they_are_asked_for() -> None:
    league = told("small", stats_opens="season")
    person = league.league.world.people[3]
    expected = PlayerPersonal(3, person.first_name, person.last_name, str(3 * 7919))
    for ask, form in (
        (site.player_statistics(3, 2025), "api"),
        (site.player_statistics_page(3, 2025), "page_data"),
    ):
        found = league.answer(ask)
        assert [type(record) for record in parse(found, form).records] == [PlayerYearOfficial]
        assert "player_personal" not in parse(found, form).fetched
        parsed = parse(found, form, personal=True)
        assert parsed.records[1] == expected
        assert parsed.fetched == {"player_year_official": 1, "player_personal": 1}


@pytest.mark.parametrize(("came", "account"), [(12, "12"), ("12", "12"), ("", None), (None, None), ("id12", "id12")])
def test_an_account_is_a_text(came: object, account: str | None) -> None:
    user = {"id": "3", "first_name": "", "last_name": "Ё", "vk_id": came}
    parsed = parse(success(site.player_statistics(3, 2025), {"user": user, "stats": {}}), "api", personal=True)
    assert parsed.records == [PlayerPersonal(3, None, "Ё", account)]


@pytest.mark.parametrize(
    ("user", "field"),
    [
        ({"id": 3, "first_name": "", "last_name": ""}, "vk_id"),
        ({"id": 3, "last_name": "", "vk_id": True}, "first_name"),
    ],
)
def test_a_person_who_cannot_be_read_is_refused(user: dict[str, object], field: str) -> None:
    parsed = parse(success(site.player_statistics(3, 2025), {"user": user, "stats": {}}), "api", personal=True)
    refused = next(refused for refused in parsed.rejections if refused.table == "player_personal")
    assert (parsed.records, refused.field.split(", ")[0]) == ([], field)


# -- the page as it is shown ------------------------------------------------------------------------


def circle(number: str, label: str) -> str:
    name = "ProfileUserCircle_profile-user-circle"
    return f'<div class="{name}__a"><div class="{name}__num__b">{number}</div><div>{label}</div></div>'


def shown_page(**parts: str) -> Parsed:
    """The page of player 3, year 2025, with some parts of it changed."""
    told = {
        "chosen": '<span class="Select_select__selected-span__a">2025</span>',
        "games": '<div class="stats_stats__stat-main-bottom-block-left-content-amount__a">6</div>',
        "citizen": circle("3<!-- --> (<!-- -->50<!-- -->%)", "Игры за мирного"),
        "mafia": circle("1 (17%)", "Игра за мафию"),
        "don": circle("2 (33%)", "Игры за дона"),
        "sheriff": circle("0 (0%)", "Игр за шерифа"),
        "elo": "<div><span>Общий ELO</span><b>3273.26</b></div>",
        "extra": "<div><div><b>2.61</b></div><span>в среднем за 10 игр</span></div>",
    } | parts
    body = f"<html><body><main>{''.join(f'<section>{part}</section>' for part in told.values())}</main></body></html>"
    return parse_page(answer(site.player_statistics_page(3, 2025), body))


def test_a_page() -> None:
    parsed = shown_page()
    assert [figures(record) for record in parsed.records] == [
        (6, 3, 0, 1, 2, Decimal("2.61"), Decimal("3273.26")),
    ]
    assert (parsed.fetched, parsed.rejections) == ({"player_year_official": 1}, [])


@pytest.mark.parametrize("label", ["Игра за мирного", "Игры за мирного", "Игр за мирного", "Игр<!-- --> за мирного"])
def test_the_label_bends(label: str) -> None:
    (found,) = shown_page(citizen=circle("3 (50%)", label)).records
    assert figures(found)[1] == 3


def test_what_is_not_told_is_null() -> None:
    parts = {"elo": "<div><span>Общий ELO</span><b></b></div>", "extra": "<b>–</b><span>в среднем за 10 игр</span>"}
    (found,) = shown_page(**parts).records
    assert figures(found)[5:] == (None, None)


def test_other_drop_downs_may_stand_beside_that_of_years() -> None:
    other = '<span class="Select_select__selected-span__a">Все турниры</span>'
    assert shown_page(chosen=f'{other}<span class="Select_select__selected-span__a">2025</span>').rejections == []


@pytest.mark.parametrize(
    ("parts", "field", "rule"),
    [
        ({"chosen": ""}, "period", "the page must show the year 2025, and no other period"),
        (
            {"citizen": circle("3", "Игры за мирного")},
            "игр за мирного",
            "'3' is not a count and its share",
        ),
        ({"don": circle("2 (33%)", "Игры за маньяка")}, "игр за дона", "the page must show this once, not 0 times"),
        ({"sheriff": circle("2 (33%)", "Игры за дона")}, "игр за дона, игр за шерифа", "the page must show this once"),
        ({"mafia": circle("2 (33%)", "Игры за мафию")}, "games", "all games must be those of the four roles"),
        ({"mafia": circle("1 (57%)", "Игра за мафию")}, "games", "the share must be that of 6 games"),
        ({"elo": ""}, "Общий ELO", "the page must show this once, not 0 times"),
        ({"elo": "<div><span>Общий ELO</span><b>много</b></div>"}, "Общий ELO", "'много' is not a number."),
        ({"extra": "<div><b>2.61</b><span>за 10 игр</span></div>"}, "в среднем за 10 игр", "not 0 times"),
    ],
)
def test_a_page_that_cannot_be_read_is_refused_with_the_reason(parts: dict[str, str], field: str, rule: str) -> None:
    parsed = shown_page(**parts)
    assert parsed.records == []
    (refused,) = parsed.rejections
    assert refused.field == field
    assert rule in refused.rule


@pytest.mark.parametrize(
    "body",
    ["", "<html>Технические работы</html>", '<div class="stats__stat-main-bottom-block-left-content-amount">6'],
)
def test_a_page_without_figures_is_another_layout(body: str) -> None:
    with pytest.raises(LayoutChangedError, match="sought the number of games"):
        parse_page(answer(site.player_statistics_page(3, 2025), body))


@pytest.mark.parametrize("parser", [parse_page, parse_page_data])
def test_the_main_page_is_told_as_such(parser: Any) -> None:  # noqa: ANN401 - a parser
    with pytest.raises(NoSuchPageError):
        parser(answer(site.player_statistics_page(3, 2025), '<div class="MainIntro_main-intro__aaaaa">Мафия</div>'))


@given(st.binary(max_size=200), st.integers(0, 9000), st.integers(0, 30))
@settings(max_examples=100)
def test_whatever_the_bytes_it_is_records_or_an_error_of_ours(put: bytes, place: int, left_out: int) -> None:
    sound = told("small", stats_opens="season").answer(site.player_statistics_page(3, 2025)).body
    for body in (put, sound[:place] + put + sound[place + left_out :]):
        for parser in (parse_page, parse_page_data):
            try:
                parsed = parser(answer(site.player_statistics_page(3, 2025), body))
            except ParseError:
                continue
            assert len(parsed.records) + len(parsed.rejections) == sum(parsed.fetched.values())
