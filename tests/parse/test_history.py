"""A player's history: every line a tournament, or refused with the reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gomafia_kit import site
from gomafia_kit.demo._figures import seats_of
from gomafia_kit.demo._standing import with_final
from gomafia_kit.errors import LayoutChangedError, NoSuchPageError, ParseError
from gomafia_kit.parse.history import parse_page
from gomafia_kit.records import Parsed, PlayerTournament
from tests.answers import answer
from tests.parse.told import told

HEAD = ("", "Турнир", "Дата", "Место", "GG", "ELO", "Приз")
LINE = (
    "",
    '<a href="/tournament/2349">Кубок</a>',
    "<div>01.11.2025</div><div>02.11.2025</div>",
    "1",
    "1 120",
    "+12",
    "60 000 ₽",
)
NAME = '<div class="ProfileUserInfo_profile-user__name__aaaaa">fx</div>'


def history(*lines: tuple[str, ...], head: tuple[str, ...] = HEAD, pager: str = "", number: int = 1) -> Parsed:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>" for cells in lines)
    heads = "".join(f"<th>{cell}</th>" for cell in head)
    body = f"{NAME}<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{pager}"
    return parse_page(answer(site.player_history_page(1, number), body))


def changed(**cells: str) -> tuple[str, ...]:
    names = ("empty", "tournament", "dates", "place", "gg", "elo", "prize")
    return tuple(cells.get(name, usual) for name, usual in zip(names, LINE, strict=True))


def test_a_line() -> None:
    parsed = history(LINE)
    assert parsed.records == [
        PlayerTournament(
            1, 2349, date(2025, 11, 1), date(2025, 11, 2), 1, "1", Decimal(1120), Decimal(12), Decimal(60000)
        )
    ]
    assert (parsed.fetched, parsed.rejections, parsed.more) == ({"player_tournament": 1}, [], [])


def test_one_day_is_both_and_what_is_missing_is_null() -> None:
    (found,) = history(changed(dates="<div>01.11.2025</div>", place="–", gg="", elo="—", prize="-")).records
    assert found == PlayerTournament(1, 2349, date(2025, 11, 1), date(2025, 11, 1), None, None, None, None, None)


@pytest.mark.parametrize(
    ("shown", "place"), [("1", 1), (" 12 ", 12), ("1-2", None), ("Финалист", None), ("7.0", None), ("٣", None)]
)
def test_a_place_is_a_number_or_what_is_shown(shown: str, place: int | None) -> None:
    (found,) = history(changed(place=shown)).records
    assert isinstance(found, PlayerTournament)
    assert (found.place, found.place_shown) == (place, shown.strip())


@pytest.mark.parametrize(
    ("cells", "field", "rule"),
    [
        ({"tournament": "Кубок"}, "link", "is not a link to a tournament."),
        ({"tournament": '<a href="/tournament/null">x</a>'}, "link", "is not a link to a tournament."),
        ({"dates": "<div>31.02.2025</div>"}, "dates, dates", "is not a day of the calendar."),
        ({"gg": "+120"}, "GG points", "has a plus, as only a change of ELO has."),
        ({"elo": "x"}, "ELO change", "is not a number."),
        ({"prize": "60 000"}, "prize", "is not an amount as 60 000 ₽."),
        ({"prize": "60 000 $"}, "prize", "is not an amount as 60 000 ₽."),
        ({"empty": "!"}, "row", "cell 1 is empty, this one holds '!'"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_the_reason(cells: dict[str, str], field: str, rule: str) -> None:
    parsed = history(LINE, changed(**cells))
    (refused,) = parsed.rejections
    assert (refused.table, refused.field) == ("player_tournament", field)
    assert rule in refused.rule
    assert len(parsed.records) == 1


def test_a_heading_over_another_column_is_another_layout() -> None:
    with pytest.raises(LayoutChangedError, match="the column GG points as number 5 of the table"):
        history(LINE, head=(*HEAD[:4], "ELO", "GG", "Приз"))


def test_lines_that_are_all_of_another_kind_are_another_layout() -> None:
    with pytest.raises(LayoutChangedError, match="sought rows of tournaments"):
        history(changed(gg="+1"), changed(gg="+2"))


def test_pages_follow_each_other() -> None:
    name = "Pagination_pagination__page"
    pager = f'<div class="{name}__a {name}_selected__b">1</div><div class="{name}__a">2</div>'
    assert history(LINE, pager=pager).more == [site.player_history_page(1, 2)]
    last = pager.replace(f" {name}_selected__b", "").replace(f'{name}__a">2', f'{name}__a {name}_selected__b">2')
    assert history(LINE, pager=last, number=2).more == []


def test_a_player_without_tournaments_has_none() -> None:
    assert history().records == []
    assert parse_page(answer(site.player_history_page(1), NAME)).records == []


@pytest.mark.parametrize("body", ["", "<html>Технические работы</html>", f"{NAME}<a href='/tournament/3'>x</a>"])
def test_a_page_without_a_table_is_another_layout(body: str) -> None:
    with pytest.raises(LayoutChangedError, match="the table of tournaments"):
        parse_page(answer(site.player_history_page(1), body))


def test_the_main_page_is_told_as_such() -> None:
    with pytest.raises(NoSuchPageError):
        parse_page(answer(site.player_history_page(1), '<div class="MainIntro_main-intro__aaaaa">Мафия</div>'))


def _truth(player_id: int) -> list[PlayerTournament]:
    """What a player took part in, told from the league itself."""
    rows: list[Any] = []
    for item in told("small").league.careers.tournaments(player_id):
        if item.is_hidden:
            continue
        line = next(line for line in with_final(item) if line.player == player_id)
        prizes = item.prizes if item.status == "finished" else ()
        prize = Decimal(prizes[line.place - 1]) / 100 if line.place <= len(prizes) else None
        change = Decimal(sum(item.delta[seat] for seat in seats_of(item, player_id)))
        number, place = item.tournament_id, line.place
        rows.append(
            PlayerTournament(
                player_id, number, item.start, item.end, place, str(place), Decimal(line.gg), change, prize
            )
        )
    return rows[::-1]


def test_histories_of_a_league_are_the_truth() -> None:
    league = told("small")
    players = sorted(league.league.world.people, key=lambda number: -len(league.league.careers.tournaments(number)))
    some = [*players[:6], *players[100:106], *players[-3:]]
    assert len(_truth(some[0])) > 10
    for player_id in some:
        parsed = league.read(site.player_history_page(player_id), "dom")
        assert (parsed.records, parsed.rejections) == (_truth(player_id), [])


@given(st.binary(max_size=200))
@settings(max_examples=100)
def test_whatever_the_bytes_it_is_records_or_an_error_of_ours(put: bytes) -> None:
    sound = told("small").answer(site.player_history_page(3)).body
    for body in (put, sound[:1500] + put + sound[1500:], sound[:2000] + put):
        try:
            parsed = parse_page(answer(site.player_history_page(3), body))
        except ParseError:
            continue
        assert len(parsed.records) + len(parsed.rejections) == sum(parsed.fetched.values())
