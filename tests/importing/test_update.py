"""Updates: lists, and only those tournaments that are new, open, hidden or told otherwise; parts of a league."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gomafia_kit.site import FIRST_YEAR
from tests.imports import differences, published, run_import, truth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gomafia_kit.demo import DemoSite

STAGES = "clubs,players,tournaments,games,statistics"


def days_pass(data_dir: Path, days: int) -> None:
    """Make every archived answer so many days older."""
    with closing(sqlite3.connect(data_dir / "archive.sqlite")) as db, db:
        for ask_id, at in db.execute("SELECT ask_id, fetched_at FROM answer").fetchall():
            older = (datetime.fromisoformat(at) - timedelta(days=days)).isoformat()
            db.execute("UPDATE answer SET fetched_at = ? WHERE ask_id = ?", (older, ask_id))


def asked_for(site: DemoSite) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for request in site.log()["requests"]:
        found.setdefault(request["path"], []).append(request["fields"])
    return found


def tournaments_asked(site: DemoSite) -> set[int]:
    return {int(fields["id"]) for fields in asked_for(site).get("/api/tournament/get", [])}


def seasons_asked(site: DemoSite) -> set[int]:
    return {int(fields["year"]) for fields in asked_for(site).get("/api/user/getTop", [])}


def seasons_open_days_ago(days: int) -> set[int]:
    """Those that hadn't ended thirty days before: their lists could still change then."""
    then = datetime.now(UTC).date() - timedelta(days=days)
    this_year = datetime.now(UTC).year
    return {year for year in range(FIRST_YEAR, this_year + 1) if then - date(year, 12, 31) <= timedelta(days=30)}


def wrong(data_dir: Path, site: DemoSite, *tables: str) -> list[str]:
    league = site.league
    return [told for name in tables for told in differences(published(data_dir, name), truth(league, name), name)]


def test_an_update_asks_for_lists_and_what_they_tell_anew(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir, stages=STAGES)
    days_pass(data_dir, 2)
    known = truth(own_site.league, "tournament")
    hidden = {row["tournament_id"] for row in known if row["is_hidden_result"]}
    open_ = {row["tournament_id"] for row in known if row["status"] not in {"finished", "cancelled"}}
    settled = [row["tournament_id"] for row in known if row["tournament_id"] not in hidden | open_]
    own_site.change("edit_tournament", tournament_id=settled[0], stars=1)
    new = own_site.change("add_tournament", copy_of=settled[1])["tournament_id"]
    own_site.log(reset=True)
    run_import(own_site, data_dir, stages=STAGES, update=True)
    assert tournaments_asked(own_site) == hidden | open_ | {settled[0], new}
    assert seasons_asked(own_site) == seasons_open_days_ago(2)
    assert "/api/club/getTop" not in asked_for(own_site)
    assert wrong(data_dir, own_site, "tournament", "game", "seat", "result") == []


def test_the_list_of_a_season_that_ended_since_is_asked_for_once_more(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir, stages="players")
    days_pass(data_dir, 400)
    own_site.log(reset=True)
    run_import(own_site, data_dir, stages="players", update=True)
    assert seasons_asked(own_site) == seasons_open_days_ago(400) > seasons_open_days_ago(0)
    days_pass(data_dir, 2)
    own_site.log(reset=True)
    run_import(own_site, data_dir, stages="players", update=True)
    assert seasons_asked(own_site) == seasons_open_days_ago(2)


def test_an_update_right_after_an_update_asks_nothing(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir, stages=STAGES)
    days_pass(data_dir, 2)
    run_import(own_site, data_dir, stages=STAGES, update=True)
    own_site.log(reset=True)
    run = run_import(own_site, data_dir, stages=STAGES, update=True)
    assert own_site.log()["total"] == 0
    assert run.receipt is not None
    assert run.receipt["nothing_new"] is True


def test_a_year_later_an_ordinary_run_brings_everything_up_to_date(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir, stages=STAGES)
    days_pass(data_dir, 10)
    settled = [row["tournament_id"] for row in truth(own_site.league, "tournament") if row["status"] == "finished"]
    own_site.change("rename_player", player_id=published(data_dir, "player")[5]["player_id"], login="Другое имя")
    own_site.change("add_tournament", copy_of=settled[0])
    run_import(own_site, data_dir, stages=STAGES)
    assert wrong(data_dir, own_site, "club", "club_member", "player_season", "tournament") == []


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"tournament_ids": "1,3"}, lambda row: row["tournament_id"] in {1, 3}),
        ({"since": "2024-01-01"}, lambda row: row["date_start"].isoformat() >= "2024-01-01"),
        ({"years": "2023"}, lambda row: row["date_start"].year == 2023),
        ({"years": "2023,2024", "since": "2023-06-01"}, lambda row: row["date_start"].isoformat() >= "2023-06-01"),
    ],
)
def test_a_part_of_the_league(
    site: DemoSite, data_dir: Path, chosen: dict[str, Any], expected: Callable[[dict[str, Any]], bool]
) -> None:
    run_import(site, data_dir, stages="tournaments,games", **chosen)
    tournaments = truth(site.league, "tournament")
    wanted = {row["tournament_id"] for row in tournaments if expected(row)}
    assert wanted
    assert wanted != {row["tournament_id"] for row in tournaments}
    found = published(data_dir, "seat")
    assert found == [row for row in truth(site.league, "seat") if row["tournament_id"] in wanted]


def test_a_part_that_is_imported_later_leaves_the_rest_as_it_is(site: DemoSite, data_dir: Path) -> None:
    run_import(site, data_dir, stages="tournaments,games", tournament_ids="1")
    run_import(site, data_dir, stages="tournaments,games", tournament_ids="2")
    assert {row["tournament_id"] for row in published(data_dir, "game")} == {1, 2}


def test_the_players_of_a_region(site: DemoSite, data_dir: Path) -> None:
    run_import(site, data_dir, stages="players", region="siberia_and_ural")
    expected = [row for row in truth(site.league, "player_season") if row["region"] == "siberia_and_ural"]
    assert expected
    assert published(data_dir, "player_season") == expected


def test_the_games_of_a_club_bring_along_what_they_need(site: DemoSite, data_dir: Path) -> None:
    club_id = truth(site.league, "club_member")[0]["club_id"]
    run_import(site, data_dir, stages="games", club_id=club_id)
    assert {row["club_id"] for row in published(data_dir, "club_member")} == {club_id}
    members = {row["player_id"] for row in published(data_dir, "club_member")}
    seats = published(data_dir, "seat")
    assert {row["tournament_id"] for row in seats} == {
        row["tournament_id"] for row in seats if row["player_id"] in members
    }
    assert seats != []


def test_the_members_and_games_of_a_club(site: DemoSite, data_dir: Path) -> None:
    members = truth(site.league, "club_member")
    club_id = members[0]["club_id"]
    run_import(site, data_dir, stages=STAGES, club_id=club_id)
    of_club = [row for row in members if row["club_id"] == club_id]
    assert published(data_dir, "club_member") == of_club
