"""The first contact: each fact is told right, whichever way the site turns out to be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo
from gomafia_kit.demo.switches import Switches
from gomafia_kit.errors import SiteUnreachableError
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.fetch.manners import Gate
from gomafia_kit.probe.contact import Probe, findings
from gomafia_kit.probe.findings import CHECKS, Check
from gomafia_kit.probe.seen import Seen
from gomafia_kit.probe.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.probe.findings import Finding

MOST_REQUESTS = 15

POSITIONS: list[tuple[str, dict[str, object], str, str]] = [
    ("numbers", {"numbers": "strings"}, "different", "as text only"),
    ("numbers", {"numbers": "numbers"}, "different", "as numbers only"),
    ("flags", {"flags": "strings"}, "different", "as text only"),
    ("flags", {"flags": "booleans"}, "different", "as booleans only"),
    ("list_keys", {"list_keys": "other"}, "different", "usersTop in the players page"),
    ("tab_data", {"tab_data": "shown"}, "different", "the tab of games carries tournament, games"),
    ("seat_type", {"seat_type": "other"}, "different", "0 of 12 marks are told by type"),
    ("points_include_win", {"points_include_win": False}, "different", "0 sums are those of the seats"),
    ("seat_elo", {"seat_elo": "before"}, "different", "0 pairs of games say after"),
    ("api_standing", {"api_standing": "with_final"}, "different", "the finalists alone"),
    ("api_standing", {"api_standing": "without_final"}, "different", "the standing without the final"),
    ("with_final", {"with_final": "everybody"}, "different", "20 of 20 stand in it"),
    ("no_final", {"no_final": "everybody"}, "different", "it has 20 lines"),
    ("unplayed", {"unplayed": "null"}, "different", "its winner is null; 10 people"),
    ("unplayed", {"unplayed": "missing"}, "different", "its winner is missing; 10 people"),
    ("unplayed", {"unplayed": "absent"}, "not seen", "all games that came were played"),
    ("hidden_games", {"hidden_games": "shown"}, "different", "5 of 5 games have a winner; 0 lines"),
    ("words", {"words": "other"}, "different", "Завершён is end"),
    ("win_words", {"win_words": "other"}, "different", "city"),
    ("one_day_end", {"one_day_end": "missing"}, "different", "11 tournaments have no last day"),
    ("season", {"season": 2023}, "different", "it is not the list of 2024"),
    ("idle_players", {"idle_players": "none"}, "different", "everybody in the list has played"),
    ("stats_opens", {"stats_opens": "season"}, "different", "it opens with 2024"),
    ("idle_years", {"idle_years": "absent"}, "different", "has 2024 of the league's 2022, 2023, 2024"),
    ("stats_elo", {"stats_elo": "present"}, "different", "the same as now"),
    ("unknown_id", {"unknown_id": "redirect"}, "different", "a redirect to the main page"),
    ("react_comments", {"react_comments": False}, "different", "they aren't"),
    ("pager_dots", {"pager_dots": False}, "different", "all 9 numbers are there"),
    ("tournaments_a_page", {"tournaments_a_page": 5}, "different", "5 rows"),
]
"""A check, a position of its switch that isn't the usual one, and what the probe must say."""


@pytest.fixture(scope="module")
def running_site() -> Iterator[DemoSite]:
    with demo.start(scale="tiny") as site:
        yield site


@pytest.fixture
def site(running_site: DemoSite) -> Iterator[DemoSite]:
    yield running_site
    running_site.set_switches(**Switches().as_values())
    running_site.clear_faults()
    running_site.log(reset=True)


def probed(site: DemoSite | str) -> Probe:
    with HttpFetcher(site if isinstance(site, str) else site.url, "") as fetcher:
        probe = Probe(fetcher, Gate(0), lambda _: None)
        probe.ask()
        return probe


def found(site: DemoSite) -> dict[str, Finding]:
    return {each.name: each for each in findings(probed(site).seen)}


@pytest.fixture(scope="module")
def usual(running_site: DemoSite) -> dict[str, Finding]:
    """What a probe finds where everything is as the contract thinks probable."""
    return found(running_site)


def test_everything_usual_is_confirmed(usual: dict[str, Finding]) -> None:
    assert {name: each.reason for name, each in usual.items() if each.verdict == "different"} == {}
    assert [name for name, each in usual.items() if each.verdict == "not seen"] == ["real_checks"]


@pytest.mark.parametrize(("name", "switches", "verdict", "reason"), POSITIONS, ids=lambda value: str(value)[:40])
def test_a_switch_in_another_position_is_told_and_changes_nothing_else(
    site: DemoSite,
    usual: dict[str, Finding],
    name: str,
    switches: dict[str, object],
    verdict: str,
    reason: str,
) -> None:
    site.set_switches(**switches)
    told = found(site)
    assert usual[name].verdict == "confirmed"
    assert (told[name].verdict, reason in told[name].reason) == (verdict, True), told[name]
    others = {other for other in told if told[other].verdict != usual[other].verdict} - {name}
    # Who is listed, and whether games are in the answer, decides what else can be seen.
    assert {other for other in others if told[other].verdict == "different"} == set(), switches


def test_tabs_that_do_not_say_whose_they_are_are_those_that_were_asked_for(site: DemoSite) -> None:
    site.set_switches(tab_data="bare")
    told = found(site)
    assert [told[name].verdict for name in ("tab_data", "no_final")] == ["different", "confirmed"]


def test_the_order_of_lists_and_the_blanks_between_pieces_of_json_tell_nothing(
    site: DemoSite, usual: dict[str, Finding]
) -> None:
    seen = probed(site).seen
    for name, came in seen.answers.items():
        if name.startswith("tournament "):
            data = json.loads(came.body)
            for each in data["data"]["games"]:
                each["game"] = [game | {"table": game["table"][::-1]} for game in each["game"][::-1]]
            data["data"]["games"].reverse()
            seen.answers[name] = replace(came, body=json.dumps(data).encode())
        elif name.endswith("page"):
            seen.answers[name] = replace(came, body=came.body.replace(b'"buildId":', b'"buildId": '))
    assert {each.name: each.verdict for each in findings(seen)} == {name: each.verdict for name, each in usual.items()}


def test_every_switch_that_a_probe_can_see_stands_in_the_table() -> None:
    unseen = {
        "real_checks",  # needs the real player 159, who isn't in the tiny league
        "judges_header",  # an import reads the judges whichever way it is, or says what it found
        "empty_years",  # an import asks for no year without a tournament
    }
    assert {next(iter(switches)) for _, switches, _, _ in POSITIONS} | unseen == set(Switches().as_values())


def test_the_real_checks_are_told_where_the_real_players_are() -> None:
    figures = {"total_games": "342", "red": 211, "mafia": "77", "don": 25, "sheriff": "29"}
    stats = {"primary": figures, "advanced_points": {"points_10_games": "2.61"}}
    check = next(check for check in CHECKS if check.name == "real_checks")

    class Told(Seen):
        def data(self, name: str) -> object:
            tournament = {"status_translate": "Завершён", "date_start": "2026-02-01"}
            told: dict[str, object] = {"players": [{"id": "159"}], "tournaments": [tournament]}
            return told.get(name, {"user": {"elo": 3273.26}, "stats": stats})

    assert check.finding(Told()).verdict == "confirmed"
    figures["don"] = 26
    assert check.finding(Told()).reason == "found 342, 211, 77, 26, 29, 3273.26, 2.61"


def test_games_that_contradict_each_other_decide_nothing() -> None:
    games = [
        {"win": "red", "table": [{"id": 1, "elo": elo, "eloDelta": delta}]}
        for elo, delta in [(1000, 5), (1007, 7), (1014, 9)]  # the second after its game, the third before it
    ]

    class Told(Seen):
        def tournaments(self) -> Iterator[dict[str, object]]:
            yield {"games": [{"gameNum": 1, "game": games}]}

    check = next(check for check in CHECKS if check.name == "seat_elo")
    assert check.finding(Told()).reason == "1 pairs of games say after, 1 say before: that decides nothing"


def test_it_asks_for_little_and_for_robots_first(site: DemoSite) -> None:
    site.log(reset=True)
    probe = probed(site)
    log = site.log()
    assert log["requests"][0]["path"] == "/robots.txt"
    assert log["total"] == probe.requests <= MOST_REQUESTS
    asked = [(each["path"], each["query"], tuple(each["fields"].items())) for each in log["requests"]]
    assert len(set(asked)) == len(asked)


def test_what_robots_forbids_is_not_asked_for(site: DemoSite) -> None:
    site.log(reset=True)
    site.set_robots("User-agent: *\nDisallow: /api/\nDisallow: /*?tab=games\n")
    try:
        probe = probed(site)
    finally:
        site.set_robots("User-agent: *\nDisallow: /admin/\n")
    assert {each["path"] for each in site.log()["requests"]} == {
        "/robots.txt",
        "/rating",
        f"/_next/data/{probe.seen.build_id('players page')}/tournaments.json",
    }
    told = {each.name: each for each in findings(probe.seen)}
    assert told["robots"].verdict == "different"
    assert "it forbids /api/club/getTop" in told["robots"].reason


def test_a_site_that_refuses_everything_is_told_fact_by_fact(site: DemoSite) -> None:
    site.fault("status", status=403, times=None, prefix="/")
    verdicts = {each.verdict for each in found(site).values()}
    assert verdicts == {"not seen", "confirmed"}  # without robots.txt everything is allowed


def test_nobody_there_ends_the_probe() -> None:
    with pytest.raises(SiteUnreachableError):
        probed("http://127.0.0.1:9")


def test_an_answer_of_another_shape_is_a_finding_and_no_crash() -> None:
    def look(seen: Seen) -> tuple[str, str]:
        return "confirmed", seen.rows("players")[3]["id"]

    finding = Check("name", 2, "fact", look).finding(Seen())  # type: ignore[arg-type]  # a check as careless as this
    assert (finding.verdict, finding.reason) == (
        "different",
        "the answer can't be followed (IndexError: list index out of range)",
    )


# -- the command ----------------------------------------------------------------------------------


def gomafia_probe(*arguments: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gomafia_kit.cli", "probe", *map(str, arguments)],
        env={**os.environ, "GOMAFIA_HOME": str(home), "COLUMNS": "200"},
        cwd=home,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_the_command_lists_each_ask_and_keeps_the_answers(site: DemoSite, tmp_path: Path) -> None:
    out = tmp_path / "ответы сайта"
    done = gomafia_probe("--source", site.url, "--out", out, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[1] == "- robots.txt: text GET /robots.txt"
    assert sum(line.startswith("- ") for line in done.stderr.splitlines()) == len(STEPS)
    assert done.stdout.splitlines()[-1] == "40 confirmed, 0 different, 1 not seen"
    asks = json.loads((out / "asks.json").read_text(encoding="utf-8"))
    kept = {each["file"] for each in asks if each["file"]}
    assert kept | {"asks.json", "findings.json", "README.md"} == {path.name for path in out.iterdir()}
    assert (out / "07-tournament-1.json").read_bytes().startswith(b'{"result":"success"')
    assert "first and last names" in (out / "README.md").read_text(encoding="utf-8")


def test_as_json_it_says_the_same(site: DemoSite, tmp_path: Path) -> None:
    done = gomafia_probe("--source", site.url, "--json", home=tmp_path)
    told = json.loads(done.stdout)
    assert len(told["findings"]) == len(CHECKS)
    assert told["findings"][0].keys() == {"name", "section", "fact", "verdict", "reason"}
    (folder,) = (tmp_path / "data").iterdir()
    assert (folder.name[:6], str(folder)) == ("probe-", told["folder"])


def test_a_browser_sees_the_same(site: DemoSite, tmp_path: Path, usual: dict[str, Finding]) -> None:
    done = gomafia_probe("--source", site.url, "--via", "chromium", "--json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    verdicts = {each["name"]: each["verdict"] for each in json.loads(done.stdout)["findings"]}
    assert verdicts == {name: each.verdict for name, each in usual.items()}


def test_a_folder_with_something_in_it_is_refused_before_anything_is_asked(site: DemoSite, tmp_path: Path) -> None:
    site.log(reset=True)
    (tmp_path / "mine").write_text("mine")
    done = gomafia_probe("--source", site.url, "--out", tmp_path, home=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (30, f"gomafia: --out: {tmp_path} isn't empty.")
    assert site.log()["total"] == 0
