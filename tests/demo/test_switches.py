"""Each switch shows on the site, and the truth follows it."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import pytest

from gomafia_kit.demo import Switches
from gomafia_kit.errors import SettingsError
from tests.demo import reader
from tests.demo.reader import cells, page, server_data
from tests.demo.test_api import YEARS, assert_truth, official_figures_are_true

if TYPE_CHECKING:
    from gomafia_kit.demo import DemoSite


def other_positions() -> list[tuple[str, object]]:
    """Every position of every switch that isn't its default."""
    defaults = Switches().as_values()
    found: list[tuple[str, object]] = []
    for name, form in get_type_hints(Switches).items():
        choices: tuple[object, ...] = get_args(form) if get_origin(form) is Literal else ()
        if form is bool:
            choices = (True, False)
        if form is int:
            choices = {"season": (2023,), "tournaments_a_page": (4,)}[name]
        found += [(name, choice) for choice in choices if choice != defaults[name]]
    return found


@pytest.mark.parametrize(("name", "value"), other_positions())
def test_the_truth_follows_every_switch(turned: DemoSite, name: str, value: object) -> None:
    turned.set_switches(**{name: value})
    if name == "win_words":
        with pytest.raises(KeyError, match=r"city|tie"):
            reader.everything(turned.url, YEARS)
        return
    assert_truth(turned)
    if name in {"numbers", "flags", "season", "idle_players", "empty_years", "stats_elo", "real_checks"}:
        official_figures_are_true(turned)


def tournament_with(site: DemoSite, **wanted: object) -> int:
    """The first tournament whose attributes are those; `final` asks for one with or without a final."""
    for number, item in site.league.world.tournaments.items():
        told = {name: bool(item.final_rounds) if name == "final" else getattr(item, name) for name in wanted}
        if told == wanted and item.games:
            return number
    raise AssertionError(wanted)


def an_unplayed_game(site: DemoSite) -> tuple[int, int, int]:
    hidden = {number for number, item in site.league.world.tournaments.items() if item.is_hidden}
    return next(
        (int(str(row["tournament_id"])), int(str(row["round"])), int(str(row["table_no"])))
        for row in site.league.table("game")
        if row["winner"] is None and row["tournament_id"] not in hidden
    )


def raw_game(site: DemoSite, key: tuple[int, int, int]) -> dict[str, Any] | None:
    answer = reader.post(site.url, "/api/tournament/get", id=key[0])
    found: list[dict[str, Any]] = [
        game
        for tour in answer["games"]
        for game in tour["game"]
        if (int(tour["gameNum"]), int(game["tableNum"])) == key[1:]
    ]
    return found[0] if found else None


def test_a_game_not_played_comes_in_four_ways(turned: DemoSite) -> None:
    key = an_unplayed_game(turned)
    found = {}
    for way in ("empty", "null", "missing"):
        turned.set_switches(unplayed=way)
        game = raw_game(turned, key)
        assert game is not None
        assert len(game["table"]) == 10
        found[way] = (game.get("win", "no such field"), {seat.get("role", "no such field") for seat in game["table"]})
    turned.set_switches(unplayed="absent")
    assert raw_game(turned, key) is None
    assert found == {"empty": ("", {""}), "null": (None, {None}), "missing": ("no such field", {"no such field"})}


def test_seats_tell_points_elo_and_type_as_the_switches_say(turned: DemoSite) -> None:
    number = tournament_with(turned, status="finished", is_hidden=False)

    def seats() -> list[dict[str, Any]]:
        tours = reader.post(turned.url, "/api/tournament/get", id=number)["games"]
        return [seat for tour in tours for game in tour["game"] for seat in game["table"] if seat["role"]]

    def numbers(told: list[dict[str, Any]], name: str) -> list[Decimal]:
        return [reader.number(seat[name]) or Decimal(0) for seat in told]

    usual = seats()
    turned.set_switches(points_include_win=False, seat_elo="before", seat_type="other")
    other = seats()
    points = zip(numbers(usual, "points"), numbers(other, "points"), strict=True)
    assert {with_win - without for with_win, without in points} == {0, 1}
    elos = zip(numbers(usual, "elo"), numbers(other, "elo"), strict=True)
    assert [after - before for after, before in elos] == numbers(usual, "eloDelta")
    assert {seat["type"] for seat in usual} <= {"", "b", "lg", "g", "y", "r"}
    assert {seat["type"] for seat in other} == {"", "main", 7}


def test_hidden_results_are_empty_and_games_blank_or_shown(turned: DemoSite) -> None:
    number = tournament_with(turned, is_hidden=True)

    def told() -> tuple[object, set[str]]:
        answer = reader.post(turned.url, "/api/tournament/get", id=number)
        return answer["tournament_result"], {game["win"] for tour in answer["games"] for game in tour["game"]}

    assert told() == ([], {""})
    assert server_data(f"{turned.url}/tournament/{number}?tab=tournament")["tournamentResultWithFinal"] == []
    assert not re.search(r"__item_(b|lg|g)__", reader.get(f"{turned.url}/tournament/{number}?tab=games"))
    turned.set_switches(hidden_games="shown")
    assert told()[0] == []
    assert told()[1] >= {"red", "mafia"}


def test_standings_hold_whom_the_switches_say(turned: DemoSite) -> None:
    final, plain = (
        tournament_with(turned, status="finished", is_hidden=False, final=is_final) for is_final in (True, False)
    )

    def lines(number: int) -> list[int | None]:
        data = server_data(f"{turned.url}/tournament/{number}?tab=tournament")
        api = reader.post(turned.url, "/api/tournament/get", id=number)["tournament_result"]
        standings = (data["tournamentResultWithFinal"], data["tournamentResultWithoutFinal"], api)
        return [None if standing is None else len(standing) for standing in standings]

    everybody, few = lines(final)[2] or 0, lines(plain)[2]
    assert everybody > 10
    assert (lines(final), lines(plain)) == ([10, everybody, everybody], [few, None, few])
    turned.set_switches(with_final="everybody", no_final="everybody", api_standing="with_final")
    assert (lines(final), lines(plain)) == ([everybody, everybody, everybody], [few, few, few])
    turned.set_switches(with_final="finalists")
    assert lines(final) == [10, everybody, 10]


def test_keys_of_lists_and_data_of_tabs(turned: DemoSite) -> None:
    paths = ("/rating", "/rating?tab=clubs", "/tournaments", "/judges?tab=all", "/club/1", "/stats/1?tab=history")
    number = tournament_with(turned, status="finished")

    def keys() -> list[set[str]]:
        return [set(server_data(turned.url + path)) for path in paths]

    def tabs() -> list[set[str]]:
        addresses = [f"{turned.url}/tournament/{number}{tab}" for tab in ("", "?tab=tournament", "?tab=games")]
        return [set(server_data(address)) for address in addresses]

    standings = {"tournamentResultWithFinal", "tournamentResultWithoutFinal"}
    usual = keys()
    assert [{"users"} <= usual[0], usual[1], usual[2], usual[3]] == [True, {"clubs"}, {"tournaments"}, {"judges"}]
    assert (usual[4] - {"president"}, usual[5]) == ({"club", "residents"}, {"user", "history"})
    assert tabs() == [{"tournament", "games"} | standings] * 3
    turned.set_switches(list_keys="other", tab_data="shown")
    assert [one & two for one, two in zip(usual, keys(), strict=True)] == [
        set(),
        set(),
        set(),
        set(),
        {"club"},
        {"user"},
    ]
    assert tabs() == [{"tournament"}, {"tournament"} | standings, {"tournament", "games"}]


def test_words_and_the_last_day(turned: DemoSite) -> None:
    def told(name: str) -> set[str | None]:
        rows = reader.post(turned.url, "/api/tournament/getAll", time="all", limit=1000)
        return {row[name] for row in rows}

    shown = told("status_translate")
    usual = told("status") | told("type")
    turned.set_switches(words="other", one_day_end="missing")
    assert (told("status") | told("type")) & usual == set()
    assert told("status_translate") == shown == {"Завершён", "В процессе", "Отменён", "Регистрация"}
    assert {"", None} & told("date_end")


def test_a_list_without_a_year_and_years_without_games(turned: DemoSite) -> None:
    def players(**fields: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = reader.post(turned.url, "/api/user/getTop", limit=1000, region="all", **fields)
        return found

    assert players() == players(year=2024)
    assert players(year=2019) == []
    idle = [row for row in players(year=2024) if reader.whole(row["tournaments_played"]) == 0]
    assert idle
    turned.set_switches(season=2023, idle_players="none", empty_years="zeros")
    assert players() == players(year=2023) != players(year=2024)
    assert [row for row in players(year=2024) if reader.whole(row["tournaments_played"]) == 0] == []
    nobody_played = players(year=2019)
    assert len(nobody_played) == len(
        list(filter(None, (person.listed for person in turned.league.world.people.values())))
    )
    assert {reader.whole(row["tournaments_played"]) for row in nobody_played} == {0}
    truth = list(turned.league.table("player_season", years=[2019, *YEARS]))
    assert {row["player_id"] for row in truth if row["year"] == 2019} == {
        reader.whole(row["id"]) for row in nobody_played
    }


def test_a_stats_page_opens_as_the_switches_say(turned: DemoSite) -> None:
    def opened(player_id: int = 1) -> tuple[str, list[str], str]:
        root = page(f"{turned.url}/stats/{player_id}")
        options = [node.text for node in root.all("div", "Select_select__option") if not node.parts()]
        amount = root.one("", "stats__stat-main-bottom-block-left-content-amount").text
        return root.one("span", "Select_select__selected-span").text, options, amount

    league = turned.league
    assert opened() == ("Все", ["Все", "2024", "2023", "2022"], league.figures(1, None).games)
    idler = next(number for number in league.world.people if len(league.careers.years(number)) == 1)
    turned.set_switches(stats_opens="season", idle_years="absent")
    assert opened()[::2] == ("2024", league.figures(1, 2024).games)
    assert opened(idler)[1] == ["Все", str(*league.careers.years(idler))]


def test_the_elo_of_a_past_year(turned: DemoSite) -> None:
    def elo(period: object) -> str:
        return str(reader.post(turned.url, "/api/stats/get", id=1, period=period)["user"]["elo"])

    assert elo("all") != elo(2022)
    turned.set_switches(stats_elo="present")
    assert elo("all") == elo(2022)


def test_an_unknown_id_may_redirect(turned: DemoSite) -> None:
    build_id = reader.next_data(page(turned.url))["buildId"]
    turned.set_switches(unknown_id="redirect")
    # The opener follows to the main page.
    assert list(page(f"{turned.url}/tournament/99999").all("div", "MainIntro_main-intro"))
    told = json.loads(reader.get(f"{turned.url}/_next/data/{build_id}/club/99999.json"))
    assert told == {"pageProps": {"__N_REDIRECT": "/", "__N_REDIRECT_STATUS": 307}}


def test_comments_between_pieces_of_text(turned: DemoSite) -> None:
    address = f"{turned.url}/tournament/{tournament_with(turned, status='finished')}?tab=games"
    with_comments = reader.get(address)
    turned.set_switches(react_comments=False)
    assert with_comments.replace("<!-- -->", "") == reader.get(address) != with_comments


def test_the_paging_row(turned: DemoSite) -> None:
    def row(path: str) -> list[tuple[str, bool]]:
        nodes = page(turned.url + path).all("div", "Pagination_pagination__page")
        return [(node.text, "selected" in node.attributes["class"]) for node in nodes]

    assert [text for text, _ in row("/rating?yearUsers=2024")] == ["1", "2", "3", "...", "9"]
    assert ("5", True) in row("/rating?yearUsers=2024&pageUsers=5")
    assert [text for text, chosen in row("/rating?yearUsers=2024&pageUsers=5") if chosen] == ["5"]
    turned.set_switches(pager_dots=False, tournaments_a_page=4)
    assert [text for text, _ in row("/rating?yearUsers=2024")] == [*"123456789"]
    assert [text for text, _ in row("/tournaments")] == ["1", "2", "3"]
    turned.set_switches(tournaments_a_page=50)
    assert row("/tournaments") == []


@pytest.mark.parametrize(("where", "heads", "rows"), [("thead", 1, 0), ("tbody", 0, 1), ("both", 1, 1)])
def test_the_header_row_of_the_judges(turned: DemoSite, where: str, heads: int, rows: int) -> None:
    turned.set_switches(judges_header=where)
    root = page(f"{turned.url}/judges?tab=all")
    assert len(list(root.all("thead"))) == heads
    assert [cell[1].text for cell in cells(root)].count("Судья") == rows


def test_the_three_real_checks() -> None:
    from gomafia_kit import demo

    with demo.start(scale="small", switches={"real_checks": True, "stats_opens": "season"}) as site:
        shown = {}
        for player_id in (159, 15, 1):
            root = page(f"{site.url}/stats/{player_id}")
            text = root.one("main").text
            api = reader.post(site.url, "/api/stats/get", id=player_id, period=2025)
            circles = [
                node.text.split(" ")[0] for node in root.all("div", "ProfileUserCircle_profile-user-circle__num")
            ]
            games = reader.whole(api["stats"]["primary"]["total_games"])
            assert f"Общий ELO{api['user']['elo']}" in text
            assert f"{api['stats']['advanced_points']['points_10_games']}в среднем за 10 игр" in text
            shown[api["user"]["login"]] = (games, circles, str(api["user"]["elo"]))
    # SITE: citizen, mafia, don, sheriff
    assert shown == {
        "Градиент": (342, ["211", "77", "25", "29"], "3273.26"),
        "Ардыльян": (183, ["113", "35", "16", "19"], "2656.23"),
        "fx": (91, ["58", "16", "8", "9"], "2325.48"),
    }


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        ({"nubmers": "mixed"}, r"no switch 'nubmers'.*numbers, flags"),
        ({"numbers": "roman"}, r"numbers can't be 'roman'.*mixed, strings, numbers"),
        ({"react_comments": "perhaps"}, r"react_comments can't be 'perhaps'.*true, false"),
        ({"season": "now"}, r"season can't be 'now'.*a whole number"),
    ],
)
def test_a_wrong_switch_is_named(site: DemoSite, switches: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        site.set_switches(**switches)
    with pytest.raises(SettingsError, match=message):
        Switches().with_texts([f"{name}={value}" for name, value in switches.items()])
    with pytest.raises(SettingsError, match=r"'numbers' has no value.*name=value"):
        Switches().with_texts(["numbers"])


def test_every_switch_and_position_is_documented(docs: str) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\w, ]+) \|", docs, re.MULTILINE))
    positions = {name: [str(value).lower()] for name, value in Switches().as_values().items()}
    for name, value in other_positions():
        positions[name].append(str(value).lower())
    numbers = {"season", "tournaments_a_page"}
    told = {name: row.split(", ") for name, row in rows.items() if name in positions}
    assert {name: told[name] for name in positions.keys() - numbers} == {
        name: values for name, values in positions.items() if name not in numbers
    }
    assert numbers <= told.keys()
