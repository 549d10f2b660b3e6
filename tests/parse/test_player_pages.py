"""The rating list as a page: every row becomes a player and a season, or is refused with a reason."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gomafia_kit import site
from gomafia_kit.errors import LayoutChangedError, NoSuchPageError
from gomafia_kit.parse.player_pages import parse_page
from gomafia_kit.records import Parsed, Player, PlayerSeason, Rejection
from tests.answers import answer


def _cell(link: str = "/stats/159", login: str = "Градиент", club: str | None = "Клуб &amp; Ко") -> str:
    shown = "" if club is None else f'<span class="TableUsers_club__aB3d_ ws-nowrap c-grey">{club}</span>'
    return f'<img src="/a.svg"/><a href="{link}">{login}</a>{shown}'


def _row(
    rank: str = "1", cell: str | None = None, tournaments: str = "12", gg: str = "1\u202f500,5", elo: str = "3273.26"
) -> str:
    cells = (rank, _cell() if cell is None else cell, tournaments, gg, elo)
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _pager(*pages: str, selected: str = "1") -> str:
    name = "Pagination_pagination__page"
    cells = (
        f'<div class="{name}__xY1z_{f" {name}_selected__Q9_-a" if page == selected else ""}">{page}</div>'
        for page in pages
    )
    return f'<div class="Pagination_pagination__a1b2c">{"".join(cells)}</div>'


def _parse(rows: str, pager: str = "", *, page: int = 1, region: str = "all", head: str = "") -> Parsed:
    body = f"<html><body><table>{head}<tbody>{rows}</tbody></table>{pager}</body></html>"
    return parse_page(answer(site.player_page(2024, region, page), body))


def test_a_row_is_a_player_and_his_season() -> None:
    parsed = _parse(_row(), region="volga_region")
    assert parsed.records == [
        Player(159, "Градиент", None, None, "Клуб & Ко", Decimal("3273.26"), True, 2024),
        PlayerSeason(159, 2024, "volga_region", "Клуб & Ко", 1, Decimal("3273.26"), 12, Decimal("1500.5")),
    ]
    assert (parsed.fetched, parsed.rejections) == ({"player": 1, "player_season": 1}, [])


@pytest.mark.parametrize("missing", ["–", "—", "-", "", " – "])
def test_what_is_missing_is_null(missing: str) -> None:
    cell = _cell(club=missing.strip() or None)
    parsed = _parse(_row(missing, cell, missing, missing, missing))
    assert parsed.records == [
        Player(159, "Градиент", None, None, None, None, True, 2024),
        PlayerSeason(159, 2024, None, None, None, None, None, None),
    ]


def test_reacts_comments_part_no_text() -> None:
    parsed = _parse(_row("1<!-- -->7", _cell(login="Гра<!-- -->ди<!-- -->ент"), gg="1<!-- -->\u00a0<!-- -->500"))
    player, season = parsed.records
    assert isinstance(player, Player)
    assert isinstance(season, PlayerSeason)
    assert (player.login, season.rank, season.gg_points) == ("Градиент", 17, Decimal(1500))


def test_namesakes_are_two() -> None:
    rows = _row(cell=_cell("/stats/5825", "PELIMENI", None)) + _row(cell=_cell("/stats/5826", "PELIMENI", None))
    players = [record for record in _parse(rows).records if isinstance(record, Player)]
    assert [(player.player_id, player.login) for player in players] == [(5825, "PELIMENI"), (5826, "PELIMENI")]


def test_a_header_row_is_no_record_wherever_it_stands() -> None:
    header = "<tr><th></th><th>Игрок</th><th>Турниры</th><th>GG</th><th>ELO</th></tr>"
    assert _parse(header + _row(), head=f"<thead>{header}</thead>").fetched == {"player": 1, "player_season": 1}


@pytest.mark.parametrize(
    "link", ["/stats/159", "/stats/159/", "/stats/159?tab=history", "https://gomafia.pro/stats/159#x"]
)
def test_the_id_stands_in_the_link(link: str) -> None:
    (player, _) = _parse(_row(cell=_cell(link))).records
    assert isinstance(player, Player)
    assert player.player_id == 159


@pytest.mark.parametrize("link", ["/stats/null", "/club/159", "/stats/", "/stats/12a", "/stats/٣", ""])
def test_a_row_without_a_player_is_refused_and_kept_as_it_came(link: str) -> None:
    parsed = _parse(_row() + _row("2", _cell(link)))
    whole = "2 ГрадиентКлуб & Ко 12 1\u202f500,5 3273.26"
    assert parsed.rejections == [
        Rejection(table, whole, "link", link, f"{link!r} is not a link to a player.")
        for table in ("player", "player_season")
    ]
    assert parsed.fetched == {"player": 2, "player_season": 2}


def test_a_bad_figure_refuses_only_the_record_that_has_it() -> None:
    parsed = _parse(_row("1,5"))
    assert [type(record) for record in parsed.records] == [Player]
    assert parsed.rejections == [
        Rejection(
            "player_season",
            "1,5 ГрадиентКлуб & Ко 12 1\u202f500,5 3273.26",
            "rank",
            "1,5",
            "'1,5' is not a whole number of 32 bits.",
        )
    ]


def test_a_row_of_other_cells_is_refused() -> None:
    parsed = _parse(_row() + "<tr><td>one</td><td>two</td></tr>")
    assert [rejection.rule for rejection in parsed.rejections] == [
        "a row has the cells rank, player, tournaments, GG points, ELO, this one has 2"
    ] * 2


def test_rows_that_are_all_of_another_kind_are_another_layout() -> None:
    with pytest.raises(LayoutChangedError, match="sought rows of players, found 1 Клуб А"):
        _parse("".join(_row("1", f'<a href="/club/{number}">Клуб А</a>') for number in (1, 2)))


def test_the_main_page_is_told_as_such() -> None:
    with pytest.raises(NoSuchPageError, match="the site sent its main page"):
        parse_page(answer(site.player_page(2024, "all"), '<div class="MainIntro_main-intro__aaaaa">Мафия</div>'))


@pytest.mark.parametrize(
    "body", ["", "<html><body>Технические работы</body></html>", '{"result": "success"}', "\0\xff"]
)
def test_a_page_without_a_table_is_another_layout(body: str) -> None:
    with pytest.raises(LayoutChangedError, match=r"sought the table of players \(table tbody\), found"):
        parse_page(answer(site.player_page(2024, "all"), body))


@pytest.mark.parametrize("login", ["a\0b", "a\ufffdb"])
def test_a_nickname_with_a_character_that_no_page_can_hold_is_refused(login: str) -> None:
    """HTML knows no NUL: read without it, it would be another nickname."""
    parsed = _parse(_row(cell=_cell(login=login)))
    assert [type(record) for record in parsed.records] == [PlayerSeason]
    assert [rejection.rule for rejection in parsed.rejections] == [
        "'a\ufffdb' has a character that the page doesn't tell (U+FFFD)."
    ]


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        (_cell(club=None) + "<span>Клуб</span>", "beside nickname and club stands 'Клуб'"),
        (_cell() + "PRO", "beside nickname and club stands 'PRO'"),
        (_cell() + '<a href="/stats/160">Второй</a>', "beside nickname and club stands 'Второй'"),
    ],
)
def test_a_cell_that_says_more_is_refused(cell: str, rule: str) -> None:
    parsed = _parse(_row() + _row("2", cell))
    assert [rejection.rule for rejection in parsed.rejections] == [rule, rule]


@pytest.mark.parametrize(
    "cell",
    [
        '<a href="/stats/159">Градиент<span class="ws-nowrap">Клуб &amp; Ко</span></a>',
        (
            '<a href="/stats/159"><img src="/a.svg"/></a><a href="/stats/159">Градиент</a>'
            '<span class="ws-nowrap"><a href="/club/3">Клуб &amp; Ко</a></span>'
        ),
    ],
)
def test_a_club_in_or_beside_the_link_is_no_part_of_the_nickname(cell: str) -> None:
    assert _parse(_row(cell=cell)).records == _parse(_row()).records


def test_columns_that_changed_places_with_their_headings_are_found_out() -> None:
    head = "<thead><tr><th></th><th>Игрок</th><th>GG</th><th>Турниры</th><th>ELO</th></tr></thead>"
    with pytest.raises(LayoutChangedError, match="sought the column tournaments as number 3 of the table"):
        _parse(_row(), head=head)


# -- paging ---------------------------------------------------------------------------------------


def test_the_next_page_is_asked_for_until_the_last() -> None:
    parsed = _parse(_row(), _pager("1", "2", "3", "...", "89"))
    assert parsed.more == [site.player_page(2024, "all", 2)]
    parsed = _parse(_row(), _pager("1", "...", "88", "89", selected="89"), page=89)
    assert parsed.more == []


def test_a_list_of_one_page_has_no_paging_row() -> None:
    parsed = _parse(_row())
    assert parsed.more == []


def test_a_page_past_the_end_is_the_lists_end() -> None:
    """The list became shorter while it was read: an empty table, and no page is selected."""
    parsed = _parse("", _pager("1", "2", selected=""), page=3)
    assert (parsed.records, parsed.more) == ([], [])


def test_another_page_in_place_of_one_past_the_end_is_not_read_twice() -> None:
    parsed = _parse(_row(), _pager("1", "2", selected="2"), page=3)
    assert (parsed.records, parsed.fetched, parsed.more) == ([], {}, [])


def test_a_site_that_gives_the_first_page_for_every_page_is_found_out() -> None:
    with pytest.raises(LayoutChangedError, match="sought page 2 of the list, found page 1"):
        _parse(_row(), _pager("1", "2", "3", selected="1"), page=2)


# -- laws -----------------------------------------------------------------------------------------

_IN_HTML = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n\ufffd"), min_size=1))  # lines are the markup's
def test_any_nickname_is_read_as_it_stands(login: str) -> None:
    parsed = _parse(_row(cell=_cell(login=login.translate(_IN_HTML))))
    player = parsed.records[0]
    assert isinstance(player, Player)
    assert player.login == login


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_in_a_row_is_read_or_refused(text: str) -> None:
    parsed = _parse(_row() + _row(*(5 * [text])))
    for table, kind in (("player", Player), ("player_season", PlayerSeason)):
        read = sum(isinstance(record, kind) for record in parsed.records)
        assert parsed.fetched[table] == read + sum(rejection.table == table for rejection in parsed.rejections)
