"""The JSON API says what the truth says, read by a reader of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.demo import reader

if TYPE_CHECKING:
    from gomafia_kit.demo import DemoSite

YEARS = [2022, 2023, 2024]


@pytest.mark.parametrize("numbers", ["mixed", "strings", "numbers"])
def test_all_tables_read_from_the_api_equal_the_truth(turned: DemoSite, numbers: str) -> None:
    turned.set_switches(numbers=numbers, flags="booleans" if numbers == "numbers" else numbers)
    assert_truth(turned)


def assert_truth(site: DemoSite) -> None:
    league = site.league
    read = reader.everything(site.url, YEARS)
    wrong = {name: first_difference(read[name], list(league.table(name))) for name in read}
    assert {name: difference for name, difference in wrong.items() if difference} == {}


def first_difference(read: list[dict[str, Any]], truth: list[dict[str, object]]) -> object:
    if len(read) != len(truth):
        return f"{len(read)} rows read, {len(truth)} are true"
    return next(((one, two) for one, two in zip(read, truth, strict=True) if one != two), None)


def test_official_figures_equal_the_truth(site: DemoSite) -> None:
    official_figures_are_true(site)


def official_figures_are_true(site: DemoSite) -> None:
    truth = list(site.league.table("player_year_official"))
    assert [reader.official(site.url, row["player_id"], row["year"]) for row in truth] == truth  # type: ignore[arg-type]  # ids are whole


def test_a_mixture_has_texts_and_numbers_for_one_field(site: DemoSite) -> None:
    rows = reader.post(site.url, "/api/user/getTop", year=2024, region="all", limit=1000, offset=0)
    for name in ("id", "elo", "rank", "tournaments_score"):
        assert {isinstance(row[name], str) for row in rows} == {True, False}, name
    assert {type(row["is_paid"]) for row in rows} == {str, bool}


def test_pages_of_a_list_join_without_gap_and_count_all_rows(site: DemoSite) -> None:
    whole = reader.post(site.url, "/api/user/getTop", year=2024, region="all", limit=10_000, offset=0)
    parts = []
    for offset in range(0, len(whole) + 20, 20):
        parts += reader.post(site.url, "/api/user/getTop", year=2024, region="all", limit=20, offset=offset)
    assert parts == whole
    assert {reader.whole(row["total_rows"]) for row in whole} == {len(whole)}
    assert len(reader.post(site.url, "/api/user/getTop", year=2024)) == 10


def test_lists_are_filtered(site: DemoSite) -> None:
    def ids(**fields: str) -> set[int | None]:
        rows = reader.post(site.url, "/api/tournament/getAll", limit=1000, offset=0, **fields)
        return {reader.whole(row["id"]) for row in rows}

    truth = list(site.league.table("tournament"))
    assert ids(fsm="yes") == {row["tournament_id"] for row in truth if row["is_fsm_rating"]}
    assert ids(fsm="no") == {row["tournament_id"] for row in truth if not row["is_fsm_rating"]}
    assert ids(time="finished") == {row["tournament_id"] for row in truth if row["status"] == "finished"}
    assert ids(time="all") == {row["tournament_id"] for row in truth}


def test_statistics_of_all_years_are_the_sum_of_the_years(site: DemoSite) -> None:
    def games(period: object, kind: str = "all") -> int:
        data = reader.post(site.url, "/api/stats/get", id=1, period=period, tournamentType=kind)
        return reader.whole(data["stats"]["primary"]["total_games"]) or 0

    assert games("all") == sum(map(games, YEARS)) > 0
    assert games("all", "fsm") <= games("all")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/api/tournament/get", {"id": 999_999}),
        ("/api/tournament/get", {}),
        ("/api/tournament/get", {"id": "x"}),
        ("/api/club/getResidents", {"id": 999_999, "limit": 10}),
        ("/api/stats/get", {"id": 999_999, "period": "all"}),
        ("/api/user/getTop", {"year": 2024, "region": "nowhere"}),
        ("/api/user/getTop", {"year": 2024, "limit": "many"}),
        ("/api/user/getTop", {"year": 2024, "limit": -1}),
        ("/api/user/getTop", {"year": 2024, "limit": 10, "offset": "9" * 5000}),
        ("/api/stats/get", {"id": 1, "period": "yesterday"}),
    ],
)
def test_a_call_for_what_is_not_there_is_an_error(site: DemoSite, path: str, fields: dict[str, object]) -> None:
    _, body = reader.ask(site.url + path, urlencode(fields).encode())
    answer = json.loads(body)
    assert answer["result"] == "error"
    assert "data" not in answer


def test_no_list_gives_more_rows_than_it_may(site: DemoSite) -> None:
    whole = reader.post(site.url, "/api/user/getTop", year=2024, region="all", limit=10_000)
    assert reader.post(site.url, "/api/user/getTop", year=2024, region="all", limit=10**8) == whole
    assert reader.post(site.url, "/api/user/getTop", year=2024, region="all", limit=10, offset=10_000) == []
    assert reader.post(site.url, "/api/tournament/getAll", time="never", limit=1000) == []


def test_a_wrong_method_and_an_unknown_call(site: DemoSite) -> None:
    assert reader.ask(site.url + "/api/user/getTop?year=2024")[0] == 405
    assert reader.ask(site.url + "/api/user/getAll", b"limit=1")[0] == 404
    assert reader.ask(site.url + "/rating", b"page=1")[0] == 405
