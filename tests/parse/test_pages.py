"""What every page has in common: its tree, its paging row, its data; and laws over any page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from gomafia_kit import site
from gomafia_kit.errors import GomafiaError, LayoutChangedError, NoSuchPageError
from gomafia_kit.parse import parse
from gomafia_kit.parse.next_data import list_in, server_data
from gomafia_kit.parse.pages import last_page, pieces_of, shown_text, text_of, text_outside, tree_of
from gomafia_kit.records import Club, ClubMember, Parsed
from tests.answers import answer

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from gomafia_kit.site import Answer, Ask

LISTS = (
    site.club_list_page(),
    site.club_page(196),
    site.tournament_list_page(),
    site.player_page(2024, "all"),
    site.judge_page(),
    site.club_president(196),
)
FORMS = {ask.kind: ("dom",) if ask.kind in {"judge_page", "club_president"} else ("dom", "page_data") for ask in LISTS}
ASKS = [pytest.param(ask, form, id=f"{ask.kind}-{form}") for ask in LISTS for form in FORMS[ask.kind]]


def element(markup: str, name: str = "p") -> LexborNode:
    found = LexborHTMLParser(markup).css_first(name)
    assert found is not None
    return found


def with_data(data: object, *, ask: Ask = LISTS[0], body: str = "", before: str = "", after: str = "") -> Answer:
    told = json.dumps({"props": {"pageProps": {"serverData": data}}, "page": "/rating"}, ensure_ascii=False)
    inside = told.replace("<", "\\u003c")
    script = f'<script id="__NEXT_DATA__" type="application/json">{inside}</script>'
    return answer(ask, f"<html><body>{before}{body}{script}{after}</body></html>".encode("utf-8", "surrogatepass"))


# -- text -----------------------------------------------------------------------------------------


def test_text_is_joined_over_comments_and_elements() -> None:
    assert text_of(element("<p>Стол <!-- -->1<b>, </b>судья</p>")) == "Стол 1, судья"
    assert text_of(None) == ""


def test_text_outside_of_other_elements() -> None:
    node = element("<p>a<b>b<i>c</i></b>d<!-- -->e</p>")
    assert text_outside(node, node.css_first("b"), None) == "ade"
    assert text_outside(element("<p><b>x</b></p>", "b"), element("<p><b>x</b></p>")) == "x"


@pytest.mark.parametrize(
    ("markup", "pieces"),
    [
        ("<p><i>2349</i><i>5</i><b>Кубок</b></p>", ["2349", "5", "Кубок"]),
        ("<p>a<!-- -->b<i>c</i>d</p>", ["abd", "c"]),
        ("<p><i>c</i>d</p>", ["c", "d"]),
        ("<p>\n <i></i> <b><u>x</u></b>\n</p>", ["", "x"]),
        ("<p><img src='a'/><svg><path d='m'/></svg>x<br/></p>", ["x"]),
        ("<p></p>", [""]),
    ],
)
def test_parts_are_never_read_as_one(markup: str, pieces: list[str]) -> None:
    assert pieces_of(element(markup)) == pieces


# -- the main page --------------------------------------------------------------------------------

MAIN = '<div class="x MainIntro_main-intro__aB3d_">Мафия</div>'


@pytest.mark.parametrize(("ask", "form"), ASKS)
@pytest.mark.parametrize("with_its_data", [False, True])
def test_the_main_page_in_place_of_any(ask: Ask, form: str, with_its_data: bool) -> None:  # noqa: FBT001 - parametrized
    main = with_data({}, ask=ask, body=MAIN) if with_its_data else answer(ask, f"<html><body>{MAIN}</body></html>")
    with pytest.raises(NoSuchPageError, match="the site sent its main page"):
        parse(main, form)


def test_a_nickname_may_look_like_the_main_page_or_the_data() -> None:
    names = ["MainIntro_main-intro", '<div class="MainIntro_main-intro">', 'id="__NEXT_DATA__">', "</b>\ufffd"]
    rows = [{"id": number, "login": name, "elo": "", "total_rows": 4} for number, name in enumerate(names, 1)]
    text = "".join(f"<p>{name.replace('<', '&lt;')}</p>" for name in names)
    data = {"club": {"id": 196}, "residents": rows}
    parsed = parse(with_data(data, ask=site.club_page(196), before=text, after=text), "page_data")
    assert parsed.records == [ClubMember(196, number, name) for number, name in enumerate(names, 1)]
    assert parsed.total == 4


@pytest.mark.parametrize(
    "tag",
    [
        '<script type="application/json" id="__NEXT_DATA__">',
        '<script nonce="x" id=\'__NEXT_DATA__\' crossorigin="anonymous" type="application/json">',
        "<script id=__NEXT_DATA__ type=application/json>",
    ],
)
def test_the_data_may_stand_in_a_script_of_other_attributes(tag: str) -> None:
    usual = with_data(
        {"club": {"id": 196}, "residents": [{"id": 1, "login": "Ёж", "elo": ""}]}, ask=site.club_page(196)
    )
    other = usual.body.replace(b'<script id="__NEXT_DATA__" type="application/json">', tag.encode())
    assert other != usual.body
    assert parse(answer(usual.ask, other), "page_data").records == [ClubMember(196, 1, "Ёж")]


@pytest.mark.parametrize(
    ("markup", "told"),
    [
        ("\n   Ёж\n ", "Ёж"),
        (" Ёж  ", " Ёж  "),
        ("Ёж \r\n", "Ёж"),
        ("\n", None),
        ("Ё\nж", "Ё\nж"),
        ("\u00a0Ёж", "\u00a0Ёж"),
    ],
)
def test_the_indentation_of_the_markup_is_no_part_of_a_text(markup: str, told: str | None) -> None:
    assert shown_text(markup) == told


# -- paging ---------------------------------------------------------------------------------------

PAGE = "Pagination_pagination__page"


@pytest.mark.parametrize(
    ("markup", "last"),
    [
        ("", 1),
        (
            f'<div><div class="{PAGE}__x">1</div><div class="{PAGE}__x">...</div><div class="{PAGE}__x">89</div></div>',
            89,
        ),
        (f'<div class="{PAGE}s__x"><a class="{PAGE}__x">1</a><a class="{PAGE}__x">2</a></div>', 2),
        (f'<div><div class="{PAGE}__x">1</div><div class="Other">2</div></div>', 2),
        (
            f'<div><div class="{PAGE}__x"><a href="/">1</a></div><div class="{PAGE}__x"><a href="/">2</a></div></div>',
            2,
        ),
        (f'<i>3</i><div class="{PAGE}s__x"><div class="{PAGE}__x">1</div><div class="{PAGE}__x">2</div></div>', 2),
        (f'<div><div class="{PAGE}__x"><b class="{PAGE}-number__x">1</b></div><div>2</div></div>', 1),
        (f'<div class="{PAGE}__x">...</div>', 1),
        (f'<div class="{PAGE}__x">99999999999999999999</div>', 1),
    ],
)
def test_the_last_number_of_the_paging_row_is_the_last_page(markup: str, last: int) -> None:
    assert last_page(LexborHTMLParser(markup)) == last


def _club_row(number: int) -> str:
    return f'<tr><td>{number}</td><td><a href="/club/{number}">К{number}</a></td><td></td><td>1</td><td>2</td></tr>'


def _clubs(pager: str, rows: int = 1) -> Parsed:
    table = f"<table><tbody>{''.join(map(_club_row, range(1, rows + 1)))}</tbody></table>"
    return parse(answer(site.club_list_page(), f"<html><body>{table}{pager}</body></html>"), "dom")


def test_a_paging_row_of_another_class_is_no_end_of_the_list() -> None:
    with pytest.raises(LayoutChangedError, match=r"sought the paging row .*, found 1 2 \.\.\. 9 in <ul class='pager'>"):
        _clubs('<ul class="pager"><li>1</li><li>2</li><li>...</li><li>9</li></ul>')


@pytest.mark.parametrize(
    "markup", ["<div><i>1</i><i>Турнир</i></div>", "<div><i>2024</i><i>2025</i></div>", "<p>1</p>"]
)
def test_other_numbers_are_no_paging_row(markup: str) -> None:
    assert _clubs(markup).more == []


def test_a_paging_row_without_a_number_is_no_end_of_the_list() -> None:
    with pytest.raises(LayoutChangedError, match="sought numbers in the paging row, found I II"):
        _clubs(f'<div><div class="{PAGE}__x">I</div><div class="{PAGE}__x">II</div></div>')


def test_a_page_without_rows_that_has_others_behind_it_is_no_end() -> None:
    pager = f'<div><div class="{PAGE}__x {PAGE}_selected__y">1</div><div class="{PAGE}__x">2</div></div>'
    assert _clubs(pager).more == [site.club_list_page(2)]
    with pytest.raises(LayoutChangedError, match="sought rows on page 1 of 2, found none"):
        _clubs(pager, rows=0)


def test_the_next_page_is_asked_for_in_the_same_form() -> None:
    pager = f'<div><div class="{PAGE}__x">1</div><div class="{PAGE}__x">2</div></div>'
    table = f"<table><tbody>{_club_row(1)}</tbody></table>"
    rendered = answer(site.club_list_page(form=site.RENDERED), table + pager)
    assert parse(rendered, "dom").more == [site.club_list_page(2, site.RENDERED)]


# -- data -----------------------------------------------------------------------------------------

CLUB: dict[str, Any] = {
    "id": "1",
    "title": "Клуб",
    "country": "Россия",
    "city": "",
    "rank": 1,
    "club_score": "5",
    "elo_average": None,
    "total_rows": 1,
}
USER: dict[str, Any] = {"id": 1, "login": "fx", "title": "Клуб", "rank": 1, "tournaments_score": "5"}
READ = [Club(1, "Клуб", "Россия", None, 1, 5, None)]  # type: ignore[arg-type]  # 5 equals Decimal(5)


@pytest.mark.parametrize(
    "data",
    [
        {"clubs": [CLUB]},
        {"usersTop": [USER], "clubsTop": [CLUB]},
        {"clubs": None, "rating": {"rows": [CLUB]}} | {"clubs": [CLUB]},
        {"rating": {"rows": [CLUB], "users": [USER]}},
        {"years": [2024, 2025], "first": [CLUB], "again": [CLUB]},
    ],
)
def test_a_list_is_found_by_its_name_or_its_rows(data: dict[str, Any]) -> None:
    assert parse(with_data(data), "page_data").records == READ


@pytest.mark.parametrize("data", [{"clubs": []}, {"clubs": None}, {"clubsTop": []}, {"clubs": [], "users": [USER]}])
def test_an_empty_list_is_empty(data: dict[str, Any]) -> None:
    assert parse(with_data(data), "page_data").records == []


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({}, "no list among nothing"),
        ({"page": 1}, "no list among page"),
        ({"usersTop": [USER]}, "usersTop without club_score"),
        ({"usersTop": [USER], "other": []}, "usersTop without club_score; other without title, club_score"),
        ({"one": [CLUB], "two": [CLUB | {"id": 2}]}, "one of 1 rows; two of 1 rows"),
        ({"clubs": {"id": 1}}, "no list among clubs"),
    ],
)
def test_a_list_that_is_not_there_is_another_layout(data: dict[str, Any], found: str) -> None:
    with pytest.raises(LayoutChangedError) as caught:
        parse(with_data(data), "page_data")
    assert f'sought the list "clubs", or one of rows with title, club_score, found {found}.' in str(caught.value)


@pytest.mark.parametrize(
    ("body", "sought"),
    [
        ("<html></html>", r"the page's data \(__NEXT_DATA__\)"),
        ('<script id="__NEXT_DATA__">{"props"', r"the page's data \(__NEXT_DATA__\)"),
        ('<p id="__NEXT_DATA__">{}</p>', r"the page's data \(__NEXT_DATA__\)"),
        ('<script id="__NEXT_DATA__">{"props": </script>', "JSON in __NEXT_DATA__"),
        ('<script id="__NEXT_DATA__">[]</script>', 'the field "props"'),
        ('<script id="__NEXT_DATA__">{"props": {}}</script>', 'the field "pageProps"'),
        ('<script id="__NEXT_DATA__">{"props": {"pageProps": {}}}</script>', 'the field "serverData"'),
        (
            '<script id="__NEXT_DATA__">{"props": {"pageProps": {"serverData": []}}}</script>',
            'an object under "serverD',
        ),
    ],
)
def test_a_page_without_its_data_is_another_layout(body: str, sought: str) -> None:
    with pytest.raises(LayoutChangedError, match=f"sought {sought}"):
        server_data(answer(site.club_list_page(), body))


def test_half_a_surrogate_pair_refuses_only_its_row() -> None:
    broken = '{"id":2,"login":"\\ud83d"}'
    told = (
        '{"props":{"pageProps":{"serverData":{"club":{"id":196},"residents":[{"id":1,"login":"fx"},' + broken + "]}}}}"
    )
    parsed = parse(answer(site.club_page(196), f'<script id="__NEXT_DATA__">{told}</script>'), "page_data")
    assert parsed.records == [ClubMember(196, 1, "fx")]
    assert [rejection.key for rejection in parsed.rejections] == ["2"]


@pytest.mark.parametrize("club", [{"id": 5}, {"id": None}, {}, None, "196", {"id": "x"}])
def test_another_clubs_page_is_not_read(club: object) -> None:
    data = {"club": club, "residents": []}
    with pytest.raises(LayoutChangedError, match=r"sought club.id = 196, found"):
        parse(with_data(data, ask=site.club_page(196)), "page_data")


def test_a_list_of_another_name_is_empty_where_the_page_shows_no_rows_either() -> None:
    beside: dict[str, Any] = {"regions": [{"id": "north"}]}
    nothing, something = "<table><tbody></tbody></table>", "<table><tbody><tr><td>1</td></tr></tbody></table>"
    assert parse(with_data({"clubsTop": [], **beside}, body=nothing), "page_data").fetched == {}
    for data, body in (({"clubsTop": []} | beside, something), ({"clubsTop": []} | beside, ""), (beside, nothing)):
        with pytest.raises(LayoutChangedError, match='sought the list "clubs", or one of rows with title, club_score'):
            parse(with_data(data, body=body), "page_data")


def test_a_list_that_says_it_is_longer_than_its_only_page_is_another_layout() -> None:
    with pytest.raises(LayoutChangedError, match="sought the paging row of a list of 31 rows, found 1 rows and none"):
        parse(with_data({"clubs": [CLUB | {"total_rows": "31"}]}), "page_data")


# -- laws -----------------------------------------------------------------------------------------


def read_or_refuse(found: Answer, form: str) -> None:
    """Records that add up, or one of our errors: nothing else, whatever the bytes."""
    try:
        parsed = parse(found, form, personal=True)
    except GomafiaError as error:
        assert error.message.startswith((found.ask.key, "club", "player", "tournament"))  # noqa: PT017 - it must say where
    else:
        assert sum(parsed.fetched.values()) == len(parsed.records) + len(parsed.rejections)


@pytest.mark.parametrize(("ask", "form"), ASKS)
@given(body=st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"\xff\xfe<table><tbody>")
@example(b'<script id="__NEXT_DATA__">' + 100_000 * b"[" + b"</script>")
@example(b'<script id="__NEXT_DATA__">{"props":' + 900 * b"[" + 900 * b"]" + b"}</script>")
def test_any_bytes_are_read_or_refused(ask: Ask, form: str, body: bytes) -> None:
    read_or_refuse(answer(ask, body), form)


def test_data_of_too_many_levels_are_refused() -> None:
    """Some depths can be read but not shown."""
    for levels in range(900, 1100):
        told = '{"props":' + levels * "[" + levels * "]" + "}"
        with pytest.raises(LayoutChangedError, match="sought"):
            parse(answer(LISTS[0], f'<script id="__NEXT_DATA__">{told}</script>'), "page_data")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*CLUB, *USER]), inner, max_size=5),
    max_leaves=12,
)


@pytest.mark.parametrize("ask", [param for param in LISTS if len(FORMS[param.kind]) > 1], ids=lambda ask: ask.kind)
@given(rows=json_values, club=json_values)
def test_any_data_are_read_or_refused(ask: Ask, rows: Any, club: Any) -> None:  # noqa: ANN401 - any JSON
    names = ("clubs", "users", "residents", "tournaments")
    read_or_refuse(with_data(dict.fromkeys(names, rows) | {"club": club}, ask=ask), "page_data")
    read_or_refuse(with_data({"any": rows, "club": {"id": 196}}, ask=ask), "page_data")


CELLS = st.sampled_from(
    [
        "",
        "–",
        "1",
        "12,5",
        "1 500",
        "01.11.2025",
        "<div>02.11.2025</div>",
        '<a href="/stats/5">fx</a>',
        '<a href="/club/5">К</a>',
        '<a href="/tournament/5"><b>5</b><i>Т</i></a>',
        '<a href="/stats/6"><b>a</b><i>b</i></a>',
        "<span class='ws-nowrap'>К</span>",
        "Личный",
        "Завершён",
        "1 января 2016 г.",
        "Президент клуба",
        "<table><tbody><tr><td>1</td></tr></tbody></table>",
        "\ufffd",
        "\0",
    ]
)


@pytest.mark.parametrize("ask", LISTS, ids=lambda ask: ask.kind)
@given(rows=st.lists(st.lists(CELLS, max_size=11), max_size=4), around=st.lists(CELLS, max_size=4))
def test_any_table_is_read_or_refused(ask: Ask, rows: list[list[str]], around: list[str]) -> None:
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    table = f"<table><tbody>{''.join(f'<tr>{row}</tr>' for row in cells)}</tbody></table>"
    pieces = "".join(f"<div>{piece}</div>" for piece in around)
    read_or_refuse(answer(ask, f"<html><body>{pieces}{table}{pieces}</body></html>"), "dom")


def test_bytes_that_are_no_utf8_are_told_where() -> None:
    with pytest.raises(LayoutChangedError, match="sought a page in UTF-8, found invalid start byte at byte 3"):
        tree_of(answer(site.judge_page(), b"<p>\xff</p>"))


@pytest.mark.parametrize("piece", ["<div>", "<b></p>", "<DIV></span>"])
def test_elements_without_end_are_refused_before_a_tree_is_built(piece: str) -> None:
    with pytest.raises(
        LayoutChangedError, match=r"sought a page of elements that end, found \d\d,\d\d\d that are open"
    ):
        tree_of(answer(site.judge_page(), f"<html><body>{piece * 200_000}".encode()))


@pytest.mark.parametrize("row", ["<tr><td>1<td><br>2</tr>", "<p><img src=a><b>1</b>"])
def test_a_long_page_is_read_however_its_elements_end(row: str) -> None:
    assert tree_of(answer(site.judge_page(), f"<table>{row * 6_000}".encode())).css_first("table") is not None


def test_a_list_is_looked_for_in_any_mapping() -> None:
    rows = [{"id": 1, "login": "fx"}]
    assert list_in(answer(site.judge_page(), b""), {"judges": rows}, "judges", ("login",)) is rows
