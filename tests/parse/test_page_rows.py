"""Rows of pages by hand: what each cell means, and why what is unclear is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import site
from gomafia_kit.errors import LayoutChangedError
from gomafia_kit.parse import parse
from gomafia_kit.records import Club, ClubMember, ClubPresident, Judge, JudgePersonal, Parsed, Rejection, Tournament
from tests.answers import answer

if TYPE_CHECKING:
    from gomafia_kit.site import Ask


def row(*cells: str) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def page(*rows: str, head: tuple[str, ...] = (), before: str = "", after: str = "") -> str:
    top = "<thead><tr>" + "".join(f"<th>{title}</th>" for title in head) + "</tr></thead>" if head else ""
    return f"<html><body>{before}<table>{top}<tbody>{''.join(rows)}</tbody></table>{after}</body></html>"


def shown(ask: Ask, *rows: str, head: tuple[str, ...] = (), before: str = "", after: str = "") -> Parsed:
    return parse(answer(ask, page(*rows, head=head, before=before, after=after)), "dom", personal=True)


# -- clubs ----------------------------------------------------------------------------------------

CLUB_CELL = '<a href="/club/196">Клуб &amp; Ко</a><div>Санкт-Петербург</div>'
CLUB = ("3", CLUB_CELL, "12", "1\u202f234", "2325,48")


def clubs(*rows: str, head: tuple[str, ...] = ()) -> Parsed:
    return shown(site.club_list_page(), *rows, head=head)


def test_a_club() -> None:
    parsed = clubs(row(*CLUB))
    assert parsed.records == [
        Club(196, "Клуб & Ко", None, "Санкт-Петербург", 3, Decimal(1234), Decimal("2325.48")),
    ]


@pytest.mark.parametrize(
    ("cell", "city"),
    [
        ('<a href="/club/196">Клуб &amp; Ко</a>', None),
        ('<a href="/club/196">Клуб &amp; Ко</a><div></div>', None),
        ('<a href="/club/196">Клуб &amp; Ко</a><div>–</div>', None),
        ('<a href="/club/196"><img src="/a.svg"/><b>Клуб <!-- -->&amp; Ко</b></a><div>Омск</div>', "Омск"),
        ('<a href="/club/196"><img src="/a.svg"/></a><a href="/club/196">Клуб &amp; Ко</a><i>Омск</i>', "Омск"),
        ('<a href="/club/196"><div>Клуб &amp; Ко</div><div>Омск</div></a>', "Омск"),
    ],
)
def test_a_clubs_name_is_in_its_link_and_the_city_behind_it(cell: str, city: str | None) -> None:
    parsed = clubs(row("3", cell, "", "–", "—"))
    assert parsed.records == [Club(196, "Клуб & Ко", None, city, 3, None, None)]


@pytest.mark.parametrize("between", [("",), ("12", "7"), ("", "–", "2")])
def test_what_stands_between_a_club_and_its_score_is_unknown_and_not_read(between: tuple[str, ...]) -> None:
    rows = [row(rank, CLUB_CELL.replace("196", rank), *between, "123", "1900.5") for rank in ("1", "2")]
    parsed = clubs(*rows)
    assert parsed.records == [
        Club(number, "Клуб & Ко", None, "Санкт-Петербург", number, Decimal(123), Decimal("1900.5")) for number in (1, 2)
    ]


@pytest.mark.parametrize(
    ("cells", "field", "rule"),
    [
        (CLUB[:4], "row", "a row has the cells rank, club, (unknown), club score, average ELO, this one has 4"),
        ((*CLUB, ""), "row", "a row has the cells rank, club, (unknown), club score, average ELO, this one has 6"),
        (
            ("3", "Клуб<div>Омск</div>", "", "1", "2"),
            "row",
            "a club's cell has its name in a link and its city behind it, this one has ['Клуб', 'Омск']",
        ),
        (
            ("3", '<a href="/club/196"></a><div>Омск</div>', "", "1", "2"),
            "row",
            "a club's cell has its name in a link and its city behind it, this one has ['Омск']",
        ),
        (
            ("3", CLUB_CELL + "<p>x</p>", "", "1", "2"),
            "row",
            (
                "a club's cell has its name in a link and its city behind it, this one has"
                " ['Клуб & Ко', 'Санкт-Петербург', 'x']"
            ),
        ),
        (
            ("3", CLUB_CELL.replace("/club/196", "/stats/196"), "", "1", "2"),
            "link",
            "'/stats/196' is not a link to a club.",
        ),
        (("3", CLUB_CELL.replace("196", "null"), "", "1", "2"), "link", "'/club/null' is not a link to a club."),
        (("3,5", CLUB_CELL, "", "1", "2"), "rank", "'3,5' is not a whole number of 32 bits."),
        (("3", CLUB_CELL, "", "1.234,5", "2"), "club score", "'1.234,5' is not a number."),
        (("3", CLUB_CELL, "", "1", "2 325 48"), "average ELO", "'2 325 48' is not a number."),
        (
            ("3", CLUB_CELL.replace("Ко", "\ufffd"), "", "1", "2"),
            "title",
            "'Клуб & \ufffd' has a character that the page doesn't tell (U+FFFD).",
        ),
    ],
)
def test_a_club_that_is_unclear_is_refused(cells: tuple[str, ...], field: str, rule: str) -> None:
    good = [row("2", f'<a href="/club/{number}">Клуб</a>', "", "1", "2") for number in (1, 2)]
    parsed = clubs(*good, row(*cells))
    assert [type(record) for record in parsed.records] == [Club, Club]
    assert [(rejection.table, rejection.field, rejection.rule) for rejection in parsed.rejections] == [
        ("club", field, rule)
    ]
    assert parsed.fetched == {"club": 3}


CLUB_HEAD = ("", "Клуб", "", "Очки клуба", "Средний ELO")


def test_headings_of_other_words_decide_nothing() -> None:
    assert clubs(row(*CLUB), head=("Место", "Название", "Состав", "Рейтинг", "ЭЛО (ср.)")).records
    assert clubs(row(*CLUB), head=("Клубы",)).records


def test_columns_that_changed_places_with_their_headings_are_found_out() -> None:
    head = ("", "Клуб", "", "Средний ELO", "Очки клуба")
    with pytest.raises(
        LayoutChangedError,
        match="sought the column club score as number 4 of the table, found 'Очки клуба' as number 5",
    ):
        clubs(row("3", CLUB_CELL, "12", "2325.48", "1234"), head=head)


@pytest.mark.parametrize("head", [(), CLUB_HEAD])
def test_a_heading_row_in_the_body_is_no_club(head: tuple[str, ...]) -> None:
    assert clubs(row(*CLUB_HEAD), row(*CLUB), head=head).fetched == {"club": 1}


def test_a_column_that_is_empty_in_every_row_is_another_layout() -> None:
    with pytest.raises(LayoutChangedError, match="sought the column rank of clubs, found 2 rows without a value"):
        clubs(row("", *CLUB[1:]), row("–", *CLUB[1:]))


def _ranked(*ranks: str) -> Parsed:
    return clubs(*(row(rank, *CLUB[1:]) for rank in ranks))


def test_ranks_that_fall_are_no_ranks() -> None:
    assert len(_ranked("1", "2", "2", "–", "4").records) == 5
    assert len(_ranked("1", "2", "3", "4", "0", "6").records) == 6
    with pytest.raises(LayoutChangedError, match="sought the column rank of clubs, rising, found 165, 123, 130"):
        _ranked("165", "123", "130")


def test_a_column_that_most_rows_are_refused_for_is_another_layout() -> None:
    bad = row("2325.48", *CLUB[1:4], "3")
    with pytest.raises(
        LayoutChangedError, match=r"sought rows of clubs, found 2325\.48 Клуб .*\(rank: '2325\.48' is not"
    ):
        clubs(bad, bad, row(*CLUB))
    assert len(clubs(bad, row(*CLUB)).records) == 1


def test_a_first_row_without_its_link_is_no_heading() -> None:
    parsed = clubs(row("1", "Клуб", "", "1234", "2325.48"), row(*CLUB))
    assert (len(parsed.records), len(parsed.rejections)) == (1, 1)


def test_two_tables_of_clubs_are_one_too_many() -> None:
    with pytest.raises(LayoutChangedError, match="sought one table of clubs, found 2 of 2 tables"):
        shown(site.club_list_page(), row(*CLUB), after=page(row(*CLUB)))


def test_another_table_beside_that_of_the_clubs_is_left_alone() -> None:
    parsed = shown(site.club_list_page(), row(*CLUB), before=page(row("пн", "вт")))
    assert len(parsed.records) == 1


# -- members and president ------------------------------------------------------------------------

MEMBER = '<a href="/stats/{0}">игрок {0}</a><span class="x ws-nowrap y">Клуб</span>'
PRESIDENT = '<div class="club__president__a1b2c"><span>Президент клуба</span><a href="/stats/5">Ёж, №1</a></div>'


def members(*rows: str, before: str = "", ask: Ask | None = None) -> Parsed:
    return shown(ask or site.club_page(196), *rows, before=before)


def test_members_and_their_president() -> None:
    parsed = members(row("1", MEMBER.format(7), "", "", ""), row("2", MEMBER.format(8), "", "", ""), before=PRESIDENT)
    assert parsed.records == [
        ClubMember(196, 7, "игрок 7"),
        ClubMember(196, 8, "игрок 8"),
        ClubPresident(196, 5, "Ёж, №1"),
    ]


@pytest.mark.parametrize("table", [page(), "<table><thead><tr><th>Игрок</th></tr></thead></table>", "<table></table>"])
def test_a_club_without_members_or_president(table: str) -> None:
    for ask in (site.club_page(196), site.club_president(196)):
        parsed = parse(answer(ask, table), "dom")
        assert (parsed.records, parsed.fetched) == ([], {})


@pytest.mark.parametrize(
    "block",
    [
        PRESIDENT,
        "<div>Президент <!-- -->клуба<a href='/stats/5'>Ёж<!-- -->, №1</a></div>",
        "<h1>Клуб</h1><span>Президент клуба:</span><p><a href='/stats/5'>Ёж, №1</a></p><span>Москва</span>",
        "<a href='/stats/5'><span>Президент клуба</span><b>Ёж, №1</b></a>",
        "<div><a href='/stats/5'><img src='a.svg'/></a><i>Президент клуба</i> <a href='/stats/5'>Ёж, №1</a></div>",
        "<h1>Президент клуба</h1><div><span>Президент клуба</span><a href='/stats/5'>Ёж, №1</a></div>",
    ],
)
@pytest.mark.parametrize("ask", [site.club_page(196), site.club_president(196)], ids=["members", "president"])
def test_a_president_is_whose_link_follows_the_label(block: str, ask: Ask) -> None:
    assert members(before=block, ask=ask).records == [ClubPresident(196, 5, "Ёж, №1")]


@pytest.mark.parametrize(
    "block",
    [
        "",
        "<div><span>Президент клуба</span><b>–</b></div>",
        "<div><span>Президент клуба</span><a href='/stats/null'>–</a></div>",
        "<header><a href='/stats/1'>Моя страница</a></header>",
    ],
)
def test_nobody_is_no_president(block: str) -> None:
    parsed = members(row("1", MEMBER.format(7), "", "", ""), before=block, ask=site.club_president(196))
    assert (parsed.records, parsed.rejections) == ([], [])


@pytest.mark.parametrize(
    ("block", "field", "rule"),
    [
        (
            "<div><span>Президент клуба</span><b>Ёж</b></div>",
            "row",
            "behind 'Президент клуба' must stand a link to a player, not 'Ёж'",
        ),
        (
            "<div><span>Президент клуба</span></div>",
            "row",
            "behind 'Президент клуба' must stand a link to a player, not ''",
        ),
        (
            "<div><span>Президент клуба</span></div><div><span>Основатель</span><a href='/stats/6'>Еж</a></div>",
            "row",
            "behind 'Президент клуба' must stand a link to a player, not 'Основатель'",
        ),
        (
            "<div><span>Глава клуба</span><a href='/stats/5'>Ёж</a></div>",
            "row",
            "a link to a player stands without 'Президент клуба': 'Ёж'",
        ),
        (
            "<div><span>Президент клуба</span><a href='/stats/five'>Ёж</a></div>",
            "link",
            "'/stats/five' is not a link to a player.",
        ),
    ],
)
def test_a_president_who_is_unclear_is_refused(block: str, field: str, rule: str) -> None:
    parsed = members(before=block, ask=site.club_president(196))
    assert [(it.table, it.key, it.field, it.rule) for it in parsed.rejections] == [
        ("club_president", "club_id=196", field, rule)
    ]
    assert (parsed.records, parsed.fetched) == ([], {"club_president": 1})


def test_the_president_stands_on_each_page_and_is_read_from_the_first() -> None:
    parsed = members(row("11", MEMBER.format(7)), before=PRESIDENT, ask=site.club_page(196, 2))
    assert parsed.records == [ClubMember(196, 7, "игрок 7")]


def test_a_member_without_a_link_is_refused() -> None:
    good = (row("1", MEMBER.format(7)), row("4", MEMBER.format(6)))
    parsed = members(*good, row("2", "игрок 8"), row("3", MEMBER.format(8), MEMBER.format(9)))
    assert parsed.records == [ClubMember(196, 7, "игрок 7"), ClubMember(196, 6, "игрок 6")]
    assert [(rejection.key, rejection.rule) for rejection in parsed.rejections] == [
        ("2 игрок 8", "a row has one cell with a link to a player, this one has 0"),
        ("3 игрок 8Клуб игрок 9Клуб", "a row has one cell with a link to a player, this one has 2"),
    ]


def test_a_page_that_is_no_clubs_is_another_layout() -> None:
    with pytest.raises(LayoutChangedError, match="sought a club's page with its table of members, found Работы"):
        parse(answer(site.club_president(196), "<p>Работы</p>"), "dom")


# -- judges ---------------------------------------------------------------------------------------

NAMES = "<div>Судья, первый</div><span>Иван Иванов</span>"
JUDGE_CELL = f'<a href="/stats/159">{NAMES}</a>'
JUDGE = (
    "",
    JUDGE_CELL,
    "Высшая категория",
    "",
    "",
    "12",
    "98.5",
    "1\u00a0234",
    "1\u00a0января 2016\u00a0г.",
    "Петров П.",
)


def judges(*rows: str, head: tuple[str, ...] = ()) -> Parsed:
    return shown(site.judge_page(), *rows, head=head)


def test_a_judge() -> None:
    parsed = judges(row(*JUDGE))
    assert parsed.records == [
        Judge(159, "Судья, первый", "Высшая категория", Decimal("98.5"), 1234, 12, date(2016, 1, 1), "Петров П."),
        JudgePersonal(159, "Иван Иванов"),
    ]


@pytest.mark.parametrize(
    "names", ["<div>Судья, первый</div>Иван Иванов", "Судья, первый<span>Иван Иванов</span>", f"<b></b><p>{NAMES}</p>"]
)
def test_a_judges_names_are_read_in_their_order(names: str) -> None:
    parsed = judges(row("", f'<a href="/stats/159">{names}</a>', *JUDGE[2:]))
    assert [record.player_id for record in parsed.records] == [159, 159]  # type: ignore[union-attr]  # judges
    assert parsed.records == judges(row(*JUDGE)).records


@pytest.mark.parametrize("missing", ["", "–", "—", "-", " "])
def test_what_is_not_told_of_a_judge_is_null(missing: str) -> None:
    names = f"<div>Судья, первый</div><span>{missing}</span>"
    parsed = judges(row("", f'<a href="/stats/159">{names}</a>', missing, "", "", *(5 * [missing])))
    assert parsed.records == [
        Judge(159, "Судья, первый", None, None, None, None, None, None),
        JudgePersonal(159, None),
    ]


def _judge(**changes: str) -> tuple[str, ...]:
    return tuple(changes.get(f"c{number}", cell) for number, cell in enumerate(JUDGE))


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        (JUDGE[:9], "this one has 9"),
        (_judge(c1=NAMES), "a judge's link holds his nickname and his real name, this one holds 0 texts"),
        (
            _judge(c1='<a href="/stats/159"><span>Иван Иванов</span></a>'),
            "a judge's link holds his nickname and his real name, this one holds 1 texts",
        ),
        (
            _judge(c1='<a href="/stats/159"><div></div><span>Иван Иванов</span></a>'),
            "a judge's link holds his nickname and his real name, this one holds 1 texts",
        ),
        (
            _judge(c1='<a href="/stats/159">Судья<div>Иван Иванов</div> первый<i>x</i></a>'),
            "holds 3 texts",
        ),
        (
            _judge(c1=f'<a href="/stats/159">{NAMES}<i>!</i></a>'),
            "holds 3 texts",
        ),
        (_judge(c1=JUDGE_CELL.replace("159", "x")), "'/stats/x' is not a link to a player."),
        (_judge(c1="Высшая категория", c2=JUDGE_CELL), "this one holds 0 texts"),
        (_judge(c3="x"), "cell 4 is empty, this one holds 'x'"),
        (_judge(c5="12,5"), "'12,5' is not a whole number of 32 bits."),
        (_judge(c6="98%"), "'98%' is not a number."),
        (_judge(c8="31 февраля 2016 г."), "'31 февраля 2016 г.' is not a day of the calendar."),
        (_judge(c8="вчера"), "'вчера' is not a date as 01.11.2025, 2025-11-01 or 1 ноября 2025 г."),
    ],
)
def test_a_judge_who_is_unclear_is_refused(cells: tuple[str, ...], rule: str) -> None:
    parsed = judges(row(*_judge(c1=JUDGE_CELL.replace("159", "15"))), row(*cells))
    refused = [rejection for rejection in parsed.rejections if rejection.table == "judge"]
    assert [rejection.rule for rejection in refused if rule in rejection.rule] == [refused[0].rule]
    assert [record.player_id for record in parsed.records if isinstance(record, Judge)] == [15]
    assert parsed.fetched == {"judge": 2, "judge_personal": 2}
    assert "Иван" not in repr(refused), "real names are only for those who asked for them"


JUDGE_HEAD = ("", "Судья", "Категория", "", "", "Столов ГС", "Рейтинг", "Игр", "Аккредитация", "Ответственный")


def test_judges_columns_that_changed_places_are_found_out() -> None:
    head = (*JUDGE_HEAD[:5], "Столов ГС", "Игр", "Рейтинг", *JUDGE_HEAD[8:])
    for where in ({"head": head}, {}):
        rows = (row(*JUDGE),) if where else (row(*head), row(*JUDGE))
        with pytest.raises(LayoutChangedError, match="sought the column rating as number 7 of the table"):
            judges(*rows, **where)


# -- tournaments ----------------------------------------------------------------------------------

LINK = '<a href="/tournament/2627"><div><span>2349</span><span>5</span><b>Кубок России 2025</b></div></a>'
TOURNAMENT = (
    "",
    LINK + "<div>Россия<!-- -->, <!-- -->Москва</div>",
    "<div>01.11.2025</div><div>02.11.2025</div>",
    "Личный",
    "Завершён",
    "",
)


def tournaments(*rows: str, head: tuple[str, ...] = ()) -> Parsed:
    return shown(site.tournament_list_page(), *rows, head=head)


def _tournament(**changes: str) -> tuple[str, ...]:
    return tuple(changes.get(f"c{number}", cell) for number, cell in enumerate(TOURNAMENT))


WHOLE = Tournament(
    tournament_id=2627,
    title="Кубок России 2025",
    date_start=date(2025, 11, 1),
    date_end=date(2025, 11, 2),
    country="Россия",
    city="Москва",
    type=None,
    type_shown="Личный",
    status=None,
    status_shown="Завершён",
    stars=5,
    elo_average=Decimal(2349),
    is_fsm_rating=None,
    is_hidden_result=None,
    main_referee_id=None,
    organizer_id=None,
    contribution_amount=None,
    contribution_currency=None,
    participants_projected=None,
)


def test_a_tournament() -> None:
    assert tournaments(row(*TOURNAMENT)).records == [WHOLE]


PLACE = "<div>Россия, Москва</div>"
ONE_DAY = {"date_end": date(2025, 11, 1)}


@pytest.mark.parametrize(
    ("changes", "columns"),
    [
        ({"c1": LINK.replace("<span>2349</span>", "") + PLACE}, {"elo_average": None}),
        ({"c1": LINK.replace("2349", "") + PLACE}, {"elo_average": None}),
        ({"c1": LINK.replace("2349", "–") + PLACE}, {"elo_average": None}),
        ({"c1": LINK.replace("2349", "2 349,5") + PLACE}, {"elo_average": Decimal("2349.5")}),
        ({"c1": LINK.replace("Кубок России 2025", "2025") + PLACE}, {"title": "2025"}),
        ({"c1": LINK}, {"country": None, "city": None}),
        ({"c1": LINK + "<div>–</div>"}, {"country": None, "city": None}),
        ({"c1": LINK + "<div>Россия, –</div>"}, {"city": None}),
        ({"c1": LINK + "<div>Россия, </div>"}, {"city": None}),
        ({"c1": LINK + "<div>США, Нью-Йорк, Бруклин</div>"}, {"country": "США", "city": "Нью-Йорк, Бруклин"}),
        ({"c2": "<div>01.11.2025</div>"}, ONE_DAY),
        ({"c2": "01.11.2025"}, ONE_DAY),
        ({"c2": "01.11.2025<!-- --> – <!-- -->02.11.2025"}, {}),
        ({"c2": "<div>01.11.2025</div><div></div>"}, {"date_end": None}),
        ({"c2": "<div>01.11.2025</div><div>–</div>"}, {"date_end": None}),
        ({"c2": "<div><span>01.11.2025</span></div>\n<div><span>02.11.2025</span></div>"}, {}),
        ({"c3": "–"}, {"type_shown": None}),
        ({"c4": "Перенесён"}, {"status_shown": "Перенесён"}),
        ({"c3": " Личный ", "c4": "\u00a0Завершён"}, {}),
    ],
)
def test_a_tournaments_cells(changes: dict[str, str], columns: dict[str, object]) -> None:
    parsed = tournaments(row(*_tournament(**changes)))
    assert parsed.records == [WHOLE._replace(**columns)]  # type: ignore[arg-type]  # columns of many types


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        (TOURNAMENT[1:], "this one has 5"),
        (_tournament(c1="<div>Кубок</div>"), "the tournament has no link"),
        (_tournament(c1=LINK.replace("2627", "")), "'/tournament/' is not a link to a tournament."),
        (
            _tournament(c1=LINK.replace("<span>2349</span><span>5</span>", "23495 ") + PLACE),
            "'23495 ' is no number of stars (0 to 5).",
        ),
        (
            _tournament(c1=LINK.replace("<span>5</span>", "") + PLACE),
            "'2349' is no number of stars (0 to 5).",
        ),
        (
            _tournament(c1='<a href="/tournament/2627"><b>Кубок</b></a>'),
            "a tournament's link holds ELO, stars and name, or stars and name, not ['Кубок']",
        ),
        (
            _tournament(c1=LINK.replace("<b>", "<b>!</b><b>")),
            "a tournament's link holds ELO, stars and name, or stars and name, not ['2349', '5', '!', 'Кубок",
        ),
        (_tournament(c1=LINK + "<div>Россия Москва</div>"), "is not a country and a city, parted by a comma."),
        (_tournament(c2=""), "a value must stand here"),
        (_tournament(c2="<div></div><div>02.11.2025</div>"), "a value must stand here"),
        (_tournament(c2="<div>02.11.2025</div><div>01.11.2025</div>"), "is not one date or two as"),
        (_tournament(c2="<div>1 ноября</div>"), "'1 ноября' is not a date as"),
        (_tournament(c2="<i>01.11.2025</i><i>02.11.2025</i><i>03.11.2025</i>"), "is not one date or two."),
        (_tournament(c2="<div>31.11.2025</div>"), "'31.11.2025' is not a day of the calendar."),
        (_tournament(c3="Завершён", c4="Личный"), "'Завершён' is no type of a tournament."),
        (_tournament(c4="01.11.2025"), "'01.11.2025' is no status of a tournament."),
        (_tournament(c4="", c5="Завершён"), "cell 6 is empty, this one holds 'Завершён'"),
    ],
)
def test_a_tournament_that_is_unclear_is_refused(cells: tuple[str, ...], rule: str) -> None:
    parsed = tournaments(row(*_tournament(c1=LINK.replace("2627", "1"))), row(*cells))
    (refused,) = parsed.rejections
    assert isinstance(refused, Rejection)
    assert rule in refused.rule
    assert [record.tournament_id for record in parsed.records if isinstance(record, Tournament)] == [1]
    assert parsed.fetched == {"tournament": 2}


def test_a_place_without_a_city_is_the_country_if_it_is_one_elsewhere_on_the_page() -> None:
    alone = LINK.replace("2627", "1") + PLACE.replace(", Москва", "")
    parsed = tournaments(row(*TOURNAMENT), row(*_tournament(c1=alone)))
    assert parsed.records == [WHOLE, WHOLE._replace(tournament_id=1, city=None)]


def test_rows_that_are_all_refused_are_another_layout() -> None:
    moved = row("", *TOURNAMENT[:5])
    with pytest.raises(
        LayoutChangedError, match=r"sought rows of tournaments, found .*cell 6 is empty, this one holds 'Завершён'"
    ):
        tournaments(moved, moved)
