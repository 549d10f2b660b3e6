"""What happens in the league shows on the site, and the truth follows."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from gomafia_kit.demo import League
from gomafia_kit.demo._changes import CHANGES
from gomafia_kit.errors import SettingsError
from gomafia_kit.tables import TABLES
from tests.demo import reader
from tests.demo.reader import page
from tests.demo.test_api import assert_truth

if TYPE_CHECKING:
    from gomafia_kit.demo import DemoSite

Row = dict[str, Any]
# Of the league tiny, seed 1: a finished tournament with a final.
TOURNAMENT = 2


def rows(site: DemoSite, name: str, **wanted: object) -> list[Row]:
    return [row for row in site.league.table(name) if wanted.items() <= row.items()]


def a_played_seat(site: DemoSite, **wanted: object) -> Row:
    return next(row for row in rows(site, "seat", tournament_id=TOURNAMENT, **wanted) if row["player_id"])


def place_of(seat: Row) -> dict[str, Any]:
    return {
        "tournament_id": seat["tournament_id"],
        "round_no": seat["round"],
        "table_no": seat["table_no"],
        "seat": seat["seat"],
    }


def the_seat(site: DemoSite, seat: Row) -> Row:
    key = {name: seat[name] for name in TABLES["seat"].key}
    (found,) = rows(site, "seat", **key)
    return found


def test_a_round_taken_back_is_gone(own_site: DemoSite) -> None:
    before = rows(own_site, "game", tournament_id=TOURNAMENT)
    last = max(game["round"] for game in before)
    done = own_site.change("take_round_back", tournament_id=TOURNAMENT)
    assert (done["round"], done["games"]) == (last, sum(game["round"] == last for game in before))
    assert rows(own_site, "game", tournament_id=TOURNAMENT) == [game for game in before if game["round"] < last]
    own_site.change("take_round_back", tournament_id=TOURNAMENT, round_no=1)
    assert {game["round"] for game in rows(own_site, "game", tournament_id=TOURNAMENT)} == set(range(2, last))
    assert_truth(own_site)


def test_a_round_more(own_site: DemoSite) -> None:
    before = rows(own_site, "game", tournament_id=TOURNAMENT)
    done = own_site.change("add_round", tournament_id=TOURNAMENT)
    after = rows(own_site, "game", tournament_id=TOURNAMENT)
    assert after[: len(before)] == before
    assert {game["round"] for game in after[len(before) :]} == {done["round"]}
    assert len(rows(own_site, "seat", tournament_id=TOURNAMENT, round=done["round"])) == 10 * done["games"]
    assert_truth(own_site)


def test_a_corrected_role_keeps_the_rules(own_site: DemoSite) -> None:
    seat = a_played_seat(own_site, role="citizen")
    own_site.change("correct_seat", **place_of(seat), role="don")
    assert the_seat(own_site, seat)["role"] == "don"
    game = {name: seat[name] for name in TABLES["game"].key}
    roles = sorted(row["role"] for row in rows(own_site, "seat", **game))
    assert roles == ["citizen"] * 6 + ["don", "mafia", "mafia", "sheriff"]
    assert_truth(own_site)


def test_corrected_points_mark_and_elo(own_site: DemoSite) -> None:
    marked = a_played_seat(own_site, shot_first=True)
    seat = next(
        row
        for row in rows(own_site, "seat", **{name: marked[name] for name in TABLES["game"].key})
        if row["player_id"] and row["seat"] != marked["seat"]
    )
    own_site.change("correct_seat", **place_of(seat), points="-1.35", mark="g", elo_delta=-40)
    corrected = the_seat(own_site, seat)
    assert [str(corrected[name]) for name in ("points", "first_shot_mark", "elo_delta")] == ["-1.35", "g", "-40"]
    assert the_seat(own_site, marked)["shot_first"] is False
    assert_truth(own_site)


def test_another_winner(own_site: DemoSite) -> None:
    game = next(game for game in rows(own_site, "game", tournament_id=TOURNAMENT) if game["winner"] == "red")
    key = {"tournament_id": TOURNAMENT, "round_no": game["round"], "table_no": game["table_no"]}
    own_site.change("set_winner", **key, winner="black")
    assert rows(own_site, "game", **{name: game[name] for name in TABLES["game"].key})[0]["winner"] == "black"
    assert_truth(own_site)


def test_a_renamed_player_is_renamed_everywhere(own_site: DemoSite) -> None:
    seat = a_played_seat(own_site)
    own_site.change("rename_player", player_id=seat["player_id"], login="Новое имя")
    assert {row["login"] for row in rows(own_site, "seat", player_id=seat["player_id"])} == {"Новое имя"}
    assert page(f"{own_site.url}/stats/{seat['player_id']}").one("div", "profile-user__name").text == "Новое имя"
    assert_truth(own_site)


@pytest.mark.parametrize("login", ["nul\u0000nul", "lone \ud83e surrogate", "\u202eright to left\u202c", "</script>"])
def test_a_nickname_that_no_database_holds_is_still_sent(own_site: DemoSite, login: str) -> None:
    own_site.change("rename_player", player_id=1, login=login)
    answer = reader.post(own_site.url, "/api/stats/get", id=1, period="all")
    assert answer["user"]["login"] == login
    assert (
        reader.next_data(page(f"{own_site.url}/stats/1"))["props"]["pageProps"]["serverData"]["user"]["login"] == login
    )


def test_a_player_changes_clubs_and_leaves(own_site: DemoSite) -> None:
    member = rows(own_site, "club_member")[0]
    player_id = member["player_id"]
    other = next(row["club_id"] for row in rows(own_site, "club") if row["club_id"] != member["club_id"])
    own_site.change("move_player", player_id=player_id, club_id=other)
    assert [row["club_id"] for row in rows(own_site, "club_member", player_id=player_id)] == [other]
    own_site.change("move_player", player_id=player_id, club_id=None)
    own_site.change("unlist_player", player_id=player_id)
    assert rows(own_site, "club_member", player_id=player_id) == []
    assert rows(own_site, "player_season", player_id=player_id) == []
    assert not any(row["listed"] for row in rows(own_site, "player", player_id=player_id))
    assert_truth(own_site)


def test_a_newcomer_and_another_elo(own_site: DemoSite) -> None:
    done = own_site.change("add_player", login="Новичок", region="south", club_id=rows(own_site, "club")[0]["club_id"])
    (season,) = rows(own_site, "player_season", player_id=done["player_id"])
    assert (season["region"], season["year"], season["tournaments_played"]) == ("south", 2024, 0)
    own_site.change("set_elo", player_id=done["player_id"], elo="2345.67")
    assert str(rows(own_site, "player", player_id=done["player_id"])[0]["elo"]) == "2345.67"
    assert_truth(own_site)


def test_tournaments_come_change_and_go(own_site: DemoSite) -> None:
    before = {row["tournament_id"] for row in rows(own_site, "tournament")}
    new = own_site.change("add_tournament", copy_of=TOURNAMENT, start="2024-12-20")["tournament_id"]
    assert new == max(before) + 1
    assert len(rows(own_site, "game", tournament_id=new)) == len(rows(own_site, "game", tournament_id=TOURNAMENT)) > 0
    own_site.change(
        "edit_tournament", tournament_id=new, title="Иначе", status="running", is_hidden=True, projected=None
    )
    (edited,) = rows(own_site, "tournament", tournament_id=new)
    told = [edited[name] for name in ("title", "status", "is_hidden_result", "participants_projected")]
    assert told == ["Иначе", "in_progress", True, None]
    assert "None" not in page(f"{own_site.url}/tournament/{new}").one("main").text
    own_site.change("remove_tournament", tournament_id=TOURNAMENT)
    assert {row["tournament_id"] for row in rows(own_site, "tournament")} == before - {TOURNAMENT} | {new}
    assert rows(own_site, "seat", tournament_id=TOURNAMENT) == []
    assert list(page(f"{own_site.url}/tournament/{TOURNAMENT}").all("div", "MainIntro_main-intro"))
    assert_truth(own_site)


def test_a_club_that_is_gone(own_site: DemoSite) -> None:
    club_id = rows(own_site, "club_member")[0]["club_id"]
    own_site.change("remove_club", club_id=club_id)
    assert rows(own_site, "club", club_id=club_id) == rows(own_site, "club_member", club_id=club_id) == []
    assert list(page(f"{own_site.url}/club/{club_id}").all("div", "MainIntro_main-intro"))
    assert_truth(own_site)


def test_a_spoilt_value_is_sent_and_the_truth_stays(own_site: DemoSite) -> None:
    truth = {name: rows(own_site, name) for name in ("player_season", "seat", "result", "club", "tournament")}
    own_site.change("spoil", kind="user", key=[1], field="elo", value="\ud800")
    own_site.change("spoil", kind="club", key=[1], field="title", value=None)
    own_site.change("spoil", kind="tournament", key=[TOURNAMENT], field="date_start", value="31.02.2024")
    own_site.change("spoil", kind="game", key=[TOURNAMENT, 1, 1], field="win", value="nobody")
    own_site.change("spoil", kind="seat", key=[TOURNAMENT, 1, 1, 3], field="points", value=float("1e300"))
    own_site.change("spoil", kind="result", key=[TOURNAMENT, 1], field="place", value="first")
    users = reader.post(own_site.url, "/api/user/getTop", year=2024, region="all", limit=1000)
    assert [row["elo"] for row in users if reader.whole(row["id"]) == 1] == ["\ud800"]
    clubs = reader.post(own_site.url, "/api/club/getTop", limit=1000)
    assert [row["title"] for row in clubs if reader.whole(row["id"]) == 1] == [None]
    answer = reader.post(own_site.url, "/api/tournament/get", id=TOURNAMENT)
    game = answer["games"][0]["game"][0]
    assert answer["tournament"]["date_start"] == "31.02.2024"
    assert (game["win"], float(game["table"][2]["points"])) == ("nobody", 1e300)
    assert answer["tournament_result"][0]["place"] == "first"
    assert {name: rows(own_site, name) for name in truth} == truth


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("explode", {}),
        ("take_round_back", {"tournament_id": 999}),
        ("take_round_back", {"tournament_id": TOURNAMENT, "round_no": 99}),
        ("correct_seat", {"tournament_id": TOURNAMENT, "round_no": 1, "table_no": 1, "seat": 11, "points": "1"}),
        (
            "correct_seat",
            {"tournament_id": TOURNAMENT, "round_no": 1, "table_no": 1, "seat": 1, "role": "don", "mark": "x"},
        ),
        ("correct_seat", {"tournament_id": TOURNAMENT, "round_no": 1, "table_no": 1, "seat": 1, "points": "many"}),
        ("set_winner", {"tournament_id": TOURNAMENT, "round_no": 1, "table_no": 1, "winner": "cats"}),
        ("rename_player", {"player_id": 10**6, "login": "x"}),
        ("move_player", {"player_id": 1, "club_id": 10**6}),
        ("add_player", {"login": "x", "region": "mars"}),
        ("add_tournament", {"copy_of": TOURNAMENT, "start": "tomorrow"}),
        ("edit_tournament", {"tournament_id": TOURNAMENT, "title": "x", "colour": "red"}),
        ("edit_tournament", {"tournament_id": TOURNAMENT, "title": "x", "status": "lost"}),
        ("spoil", {"kind": "planet", "key": [1], "field": "x", "value": 1}),
        ("remove_club", {"club": 1}),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(what: str, fields: dict[str, Any]) -> None:
    league = League("tiny")
    before = [list(league.table(name)) for name in TABLES if name != "answer"]
    with pytest.raises(SettingsError, match=what):
        league.change(what, **fields)
    assert [list(league.table(name)) for name in TABLES if name != "answer"] == before
    assert league.changes == []


def test_a_refused_change_is_told_by_the_site(site: DemoSite) -> None:
    with pytest.raises(SettingsError, match=r"no change 'explode'.*take_round_back"):
        site.change("explode")


def test_every_change_is_documented_and_tested(docs: str) -> None:
    source = (reader.ROOT / "tests" / "demo" / "test_changes.py").read_text(encoding="utf-8")
    for name in CHANGES:
        assert f"`{name}`" in docs
        assert re.search(rf'change\(\s*"{name}"', source), name


def test_a_redeploy_changes_build_id_and_class_hashes(own_site: DemoSite) -> None:
    def classes() -> set[str]:
        root = page(f"{own_site.url}/tournament/{TOURNAMENT}?tab=games")
        return {name for node in root.all() for name in node.attributes.get("class", "").split()}

    before, old = classes(), reader.next_data(page(own_site.url))["buildId"]
    old_script = f"{own_site.url}/_next/static/chunks/main-{old}.js"
    assert reader.ask(old_script)[0] == 200
    new = own_site.redeploy()
    after = classes()
    assert before & after == set()
    assert {name[:-5] for name in before} == {name[:-5] for name in after}
    assert reader.next_data(page(own_site.url))["buildId"] == new != old
    statuses = [reader.ask(f"{own_site.url}/_next/data/{build}/tournament/1.json")[0] for build in (old, new)]
    assert statuses == [404, 200]
    assert reader.ask(old_script)[0] == 404


def test_another_robots_txt(own_site: DemoSite) -> None:
    own_site.set_robots("User-agent: *\nDisallow: /api/\n")
    assert reader.get(f"{own_site.url}/robots.txt") == "User-agent: *\nDisallow: /api/\n"


def test_the_log_tells_every_request(own_site: DemoSite) -> None:
    own_site.log(reset=True)
    reader.ask(f"{own_site.url}/api/tournament/get", urlencode({"id": 1}).encode(), agent="gomafia-kit test")
    reader.ask(f"{own_site.url}/rating?yearUsers=2024")
    reader.ask(f"{own_site.url}/_next/data/old/rating.json")
    told = own_site.log()
    assert told["total"] == 3
    assert told["counts"]["POST /api/tournament/get"] == 1
    assert told["statuses"] == {"200": 2, "404": 1}
    first = told["requests"][0]
    assert (first["method"], first["path"], first["fields"]) == ("POST", "/api/tournament/get", {"id": "1"})
    assert first["user_agent"] == "gomafia-kit test"
    assert [entry["query"] for entry in own_site.log(last=2)["requests"]] == ["yearUsers=2024", ""]
    assert json.dumps(told)
