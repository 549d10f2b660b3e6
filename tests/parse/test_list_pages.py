"""Every page of every list, read from the demo site in both forms, is the league's truth, row by row."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from gomafia_kit import site as asks
from gomafia_kit.errors import NoSuchPageError
from gomafia_kit.parse import parse
from tests.parse.walk import get, ordered, read, tables, without

if TYPE_CHECKING:
    from gomafia_kit.demo import DemoSite
    from gomafia_kit.site import Ask

Row = dict[str, Any]
POSITIONS: list[dict[str, object]] = [
    {},
    {"list_keys": "other", "react_comments": False, "pager_dots": False, "numbers": "strings", "flags": "strings"},
    {"judges_header": "tbody", "tournaments_a_page": 7, "numbers": "numbers", "flags": "booleans", "words": "other"},
    {"judges_header": "both", "tournaments_a_page": 1000, "idle_players": "none", "list_keys": "other"},
]
FORMS = ("page_data", "dom")
ONLY_IN_JSON = (
    "type",
    "status",
    "is_fsm_rating",
    "is_hidden_result",
    "main_referee_id",
    "organizer_id",
    "contribution_amount",
    "contribution_currency",
    "participants_projected",
)


@pytest.fixture(params=POSITIONS, ids=lambda position: ",".join(position) or "default")
def position(turned: DemoSite, request: pytest.FixtureRequest) -> DemoSite:
    turned.set_switches(**request.param)
    return turned


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def truth(site: DemoSite, name: str) -> list[Row]:
    return ordered(site.league.table(name))


def test_clubs(position: DemoSite, form: str) -> None:
    found = tables(read(position, asks.club_list_page(), form))
    known = truth(position, "club")
    assert found == {"club": known if form == "page_data" else without(known, "country")}


def test_tournaments(position: DemoSite, form: str) -> None:
    pages = read(position, asks.tournament_list_page(), form)
    known = truth(position, "tournament")
    assert tables(pages) == {"tournament": known if form == "page_data" else without(known, *ONLY_IN_JSON)}
    rows = int(str(position.league.switches.tournaments_a_page))
    assert len(pages) == -(-len(known) // rows)


def test_members_and_presidents(position: DemoSite, form: str) -> None:
    clubs = [row["club_id"] for row in truth(position, "club")]
    pages = {club_id: read(position, asks.club_page(club_id), form) for club_id in clubs}
    found = tables(parsed for several in pages.values() for parsed in several)
    assert found == {name: truth(position, name) for name in ("club_member", "club_president")}
    members = Counter(row["club_id"] for row in truth(position, "club_member"))
    assert {club_id: len(several) for club_id, several in pages.items()} == {
        club_id: max(1, -(-members[club_id] // 10)) for club_id in clubs
    }


def test_presidents_alone(position: DemoSite) -> None:
    clubs = [row["club_id"] for row in truth(position, "club")]
    pages = [parsed for club_id in clubs for parsed in read(position, asks.club_president(club_id), "dom")]
    assert tables(pages) == {"club_president": truth(position, "club_president")}
    assert len(pages) == len(clubs) > len(truth(position, "club_president"))


def test_judges(position: DemoSite) -> None:
    found = tables(read(position, asks.judge_page(), "dom"))
    assert found == {name: truth(position, name) for name in ("judge", "judge_personal")}


def test_players_of_every_year_and_region(position: DemoSite, form: str) -> None:
    league = position.league
    year = league.world.years[-1]
    for region in ("all", *asks.REGIONS):
        found = tables(read(position, asks.player_page(year, region), form))
        lines = {line.person.player_id: line for line in league.rating(year, region)}
        if not lines:
            assert found == {}
            continue
        seasons = [row for row in league.table("player_season") if row["year"] == year and row["player_id"] in lines]
        told = {"region": None if region == "all" else region}
        expected = [row | told | {"rank": lines[_number(row)].rank} for row in seasons]
        assert found["player_season"] == ordered(expected)
        players = [row for row in league.table("player", years=(year,)) if row["player_id"] in lines]
        assert found["player"] == (players if form == "page_data" else without(players, "country", "city"))


def _number(row: dict[str, object]) -> int:
    return int(str(row["player_id"]))


def test_what_is_only_personal_is_left_out_unless_asked_for(site: DemoSite) -> None:
    parsed = parse(get(site, asks.judge_page()), "dom")
    assert {type(record).__name__ for record in parsed.records} == {"Judge"}
    assert parsed.fetched == {"judge": 10}


@pytest.mark.parametrize("unknown", ["main_page", "redirect"])
def test_a_club_that_does_not_exist(turned: DemoSite, form: str, unknown: str) -> None:
    turned.set_switches(unknown_id=unknown)
    with pytest.raises(NoSuchPageError, match="the site sent its main page"):
        parse(get(turned, asks.club_page(999_999)), form)


@pytest.mark.parametrize(
    "ask",
    [
        asks.club_list_page(99),
        asks.club_page(196, 99),
        asks.tournament_list_page(99),
        asks.judge_page(99),
        asks.player_page(2025, "all", 99),
    ],
    ids=lambda ask: ask.kind,
)
def test_a_page_past_the_end_is_empty(site: DemoSite, ask: Ask) -> None:
    known = next(iter(site.league.world.clubs))
    ask = asks.club_page(known, 99) if ask.kind == "club_page" else ask
    for form in FORMS if ask.kind != "judge_page" else ("dom",):
        parsed = parse(get(site, ask), form, personal=True)
        assert (parsed.records, parsed.rejections, parsed.more, parsed.fetched) == ([], [], [], {})
