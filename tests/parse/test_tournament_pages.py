"""A tournament's pages, by the data that they carry and as shown: equal to the truth, or refused with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gomafia_kit import site
from tests.parse.told import Told, rows, told

if TYPE_CHECKING:
    from gomafia_kit.records import Record

SWITCHES: list[dict[str, object]] = [
    {},
    {"tab_data": "shown"},
    {"tab_data": "bare"},
    {"seat_type": "other"},
    {"seat_type": "other", "react_comments": False, "tab_data": "shown"},
    {"unplayed": "null", "hidden_games": "shown"},
    {"unplayed": "missing", "seat_type": "other"},
    {"unplayed": "absent", "numbers": "strings", "flags": "strings"},
    {"no_final": "everybody", "with_final": "everybody"},
    {"numbers": "numbers", "seat_elo": "before", "points_include_win": False, "one_day_end": "absent"},
]
RESULT_UNSHOWN = ("wins_as_don", "wins_as_sheriff")


def _read_all(site_: Told, form: str) -> list[Record]:
    found: list[Record] = []
    for tournament_id in sorted(site_.league.world.tournaments):
        parsed = site_.read(site.tournament_games_page(tournament_id), form)
        assert parsed.rejections == []
        found += parsed.records
    return found


def _truth(site_: Told, table: str, **switches: object) -> list[dict[str, Any]]:
    """What the tables must hold; a first shot that a seat's `type` doesn't tell is told by the cells."""
    league = told(**{**site_.league.switches.as_values(), "seat_type": "mark", **switches}).league
    return [dict(row) for row in league.table(table, ("with_final", "without_final"))]


@pytest.mark.parametrize("switches", SWITCHES, ids=lambda switches: ",".join(map(str, switches.values())) or "usual")
def test_page_data_tell_the_truth(switches: dict[str, object]) -> None:
    league = told(**switches)
    found = _read_all(league, "page_data")
    for table in ("game", "seat"):
        assert rows(found, table) == _truth(league, table)
    expected = _truth(league, "result")
    assert [{**row, "unresolved": None} for row in rows(found, "result")] == [
        {**row, "unresolved": None} for row in expected
    ]


@pytest.mark.parametrize("switches", SWITCHES, ids=lambda switches: ",".join(map(str, switches.values())) or "usual")
def test_shown_pages_tell_the_truth_but_what_they_do_not_show(switches: dict[str, object]) -> None:
    league = told(**switches)
    found = _read_all(league, "dom")
    assert rows(found, "game") == _truth(league, "game")
    unshown = {"player_id": None, "elo": None}
    assert rows(found, "seat") == [row | unshown for row in _truth(league, "seat")]
    unshown = dict.fromkeys(("player_id", "wins_as_don", "wins_as_sheriff"))
    assert [row | {"unresolved": None} for row in rows(found, "result")] == [
        row | unshown | {"unresolved": None} for row in _truth(league, "result")
    ]
