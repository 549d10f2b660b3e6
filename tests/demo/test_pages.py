"""The pages say what the truth says: in their markup, their data and the data's own address."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.demo import reader
from tests.demo.reader import Node, cells, page, server_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.demo import DemoSite

Row = dict[str, Any]
MISSING = {"–", "—", "-", ""}


def pages(url: str, parameter: str) -> Iterator[Node]:
    """A list's pages, as many as its paging row says."""
    join = "&" if "?" in url else "?"
    first = page(url)
    numbers = [node.text for node in first.all("div", "Pagination_pagination__page")]
    yield first
    for number in range(2, max((int(text) for text in numbers if text.isdecimal()), default=1) + 1):
        yield page(f"{url}{join}{parameter}={number}")


def plain(text: str) -> str:
    """Without the spaces of thousands."""
    return text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "")


def test_the_rating_of_players(site: DemoSite) -> None:
    seasons = {(row["player_id"], row["year"]): row for row in site.league.table("player_season")}
    players = {row["player_id"]: row for row in site.league.table("player")}
    read = []
    for root in pages(f"{site.url}/rating?yearUsers=2023&regionUsers=all", "pageUsers"):
        for rank, player, tournaments, gg, elo in cells(root):
            link = player.one("a")
            player_id = int(link.attributes["href"].removeprefix("/stats/"))
            assert link.text == players[player_id]["login"]
            clubs = [node.text for node in player.all("span", "ws-nowrap")]
            read.append((int(rank.text), player_id, clubs, int(tournaments.text), plain(gg.text), Decimal(elo.text)))
    truth = [
        (
            player_id,
            [row["club_title"]] if row["club_title"] else [],
            row["tournaments_played"],
            str(row["gg_points"]),
            row["elo"],
        )
        for (player_id, year), row in seasons.items()
        if year == 2023
    ]
    assert [line[0] for line in read] == list(range(1, len(read) + 1))
    assert sorted(line[1:] for line in read) == sorted(truth)


def test_the_rating_of_a_region_and_a_page_past_the_end(site: DemoSite) -> None:
    truth = {
        row["player_id"]
        for row in site.league.table("player_season")
        if (row["year"], row["region"]) == (2024, "south")
    }
    url = f"{site.url}/rating?yearUsers=2024&regionUsers=south"
    read = {
        int(row[1].one("a").attributes["href"].rpartition("/")[2])
        for root in pages(url, "pageUsers")
        for row in cells(root)
    }
    assert read == truth
    assert cells(page(f"{url}&pageUsers=99")) == []


def test_the_clubs_and_their_members(site: DemoSite) -> None:
    truth = {row["club_id"]: row for row in site.league.table("club")}
    members = defaultdict(set)
    for row in site.league.table("club_member"):
        members[row["club_id"]].add((row["player_id"], row["login"]))
    listed = {}
    for root in pages(f"{site.url}/rating?tab=clubs&yearClubs=2024&regionClubs=all", "pageClubs"):
        for rank, club, _, score, elo in cells(root):
            club_id = int(club.one("a").attributes["href"].removeprefix("/club/"))
            average = None if elo.text in MISSING else Decimal(elo.text)
            listed[club_id] = (int(rank.text), club.one("a").text, Decimal(plain(score.text)), average)
    assert listed == {
        key: (row["rank"], row["title"], row["club_score"], row["elo_average"]) for key, row in truth.items()
    }
    for number in truth:
        shown = {
            (int(cell[1].one("a").attributes["href"].removeprefix("/stats/")), cell[1].one("a").text)
            for root in pages(f"{site.url}/club/{number}", "page")
            for cell in cells(root)
        }
        assert shown == members[number]


def test_presidents_stand_on_their_clubs_pages_alone(site: DemoSite) -> None:
    found = {}
    for club_id in site.league.world.clubs:
        blocks = list(page(f"{site.url}/club/{club_id}").all("div", "president"))
        found[club_id] = [int(block.one("a").attributes["href"].rpartition("/")[2]) for block in blocks]
        assert all("Президент клуба" in block.text for block in blocks)
    expected = {
        club_id: [club.president_id] if club.president_id else [] for club_id, club in site.league.world.clubs.items()
    }
    assert found == expected
    assert {len(ids) for ids in found.values()} == {0, 1}


def test_the_list_of_tournaments(site: DemoSite) -> None:
    read: list[Row] = []
    for root in pages(f"{site.url}/tournaments?time=all&fsm=all&type=all", "page"):
        for empty, name, days, kind, status, last in cells(root):
            assert (empty.text, last.text) == ("", "")
            link = name.one("a")
            *numbers, stars = (node.text for node in link.all("span"))
            read.append(
                {
                    "tournament_id": int(link.attributes["href"].removeprefix("/tournament/")),
                    "title": link.one("b").text,
                    "stars": int(stars),
                    "elo_average": Decimal(numbers[0]) if numbers else None,
                    "days": [part.text for part in days.parts()],
                    "place": name.parts()[-1].text,
                    "kind": kind.text,
                    "status": status.text,
                }
            )
    truth: list[Row] = [
        {
            "tournament_id": row["tournament_id"],
            "title": row["title"],
            "stars": row["stars"],
            "elo_average": row["elo_average"],
            "days": [f"{day:%d.%m.%Y}" for day in dict.fromkeys((row["date_start"], row["date_end"]))],
            "place": f"{row['country']}, {row['city']}",
            "kind": row["type_shown"],
            "status": row["status_shown"],
        }
        for row in site.league.table("tournament")
    ]
    assert sorted(read, key=lambda row: row["tournament_id"]) == truth


ROLES = {"Мир": "citizen", "Маф": "mafia", "Шер": "sheriff", "Дон": "don", "": None}
TABLE = "TableTournamentResultGame_table-tournament-result-game"


def test_the_games_of_every_tournament(site: DemoSite) -> None:
    games = {(row["tournament_id"], row["round"], row["table_no"]): row for row in site.league.table("game")}
    seats = defaultdict(list)
    for row in site.league.table("seat"):
        seats[row["tournament_id"], row["round"], row["table_no"]].append(row)
    found = set()
    for number in site.league.world.tournaments:
        root = page(f"{site.url}/tournament/{number}?tab=games")
        for tour in root.all("div", "tournament__games-tour"):
            round_no = int(tour.one("h3").text.removeprefix("Тур "))
            for table in tour.all("table", TABLE):
                key, read = read_game(table, number, round_no)
                assert read == expected_game(games[key], seats[key])
                found.add(key)
    assert found == games.keys()


def read_game(table: Node, number: int, round_no: int) -> tuple[tuple[int, int, int], object]:
    first, second = table.one("thead").all("tr")
    title, judge = first.text.split(", ", 1)
    winner = {"Победа мафии": "black", "Победа мирных жителей": "red", "Ничья": "draw", "": None}[second.text]
    css = second.one("th").attributes.get("class", "")
    assert ("__th_mafia" in css, "__th_city" in css) == (winner == "black", winner == "red")
    rows = []
    for row in table.one("tbody").parts():
        seat, login, role, points, delta = row.parts()
        marks = re.findall(r"__item_(b|lg|g|y|r)__", role.attributes["class"])
        rows.append((int(seat.text), login.text, ROLES[role.text], points.text, delta.text, marks))
    return (number, round_no, int(title.removeprefix("Стол "))), (winner, judge, rows)


def expected_game(game: Row, seats: list[Row]) -> object:
    rows = [
        (
            seat["seat"],
            seat["login"],
            seat["role"],
            "–" if seat["points"] is None else f"{seat['points'].normalize():f}",
            "–" if seat["elo_delta"] is None else f"{seat['elo_delta']:+}".replace("+0", "0"),
            [seat["first_shot_mark"]] if seat["first_shot_mark"] else [],
        )
        for seat in seats
    ]
    return game["winner"], game["judge_login"], rows


def test_a_tournaments_page_data_has_games_and_both_standings(site: DemoSite) -> None:
    league = site.league
    truth = defaultdict(list)
    for row in league.table("result", ("with_final", "without_final")):
        truth[row["tournament_id"], row["standing"]].append(row | {"standing": "total"})
    names = {"with_final": "tournamentResultWithFinal", "without_final": "tournamentResultWithoutFinal"}
    for row in league.table("tournament"):
        data = server_data(f"{site.url}/tournament/{row['tournament_id']}")
        api = reader.post(site.url, "/api/tournament/get", id=row["tournament_id"])
        assert (data["tournament"], data["games"]) == (api["tournament"], api["games"])
        for standing, name in names.items():
            raw = {**api, "tournament_result": data[name] or []}
            _, _, results = reader.tables_of_tournament(raw, row)
            assert results == truth[row["tournament_id"], standing]
        has_final = league.world.tournaments[row["tournament_id"]].final_rounds > 0  # type: ignore[index]  # an id
        assert (data[names["without_final"]] is None) == (not has_final)


def test_a_tournaments_card(site: DemoSite) -> None:
    for row in site.league.table("tournament"):
        root = page(f"{site.url}/tournament/{row['tournament_id']}")
        item = site.league.world.tournaments[row["tournament_id"]]  # type: ignore[index]  # an id
        assert root.one("div", "tournament__top-left-title").text == row["title"]
        elos = [node.text for node in root.all("div", "tournament__top-left-elo")]
        assert elos == ([] if row["elo_average"] is None else [str(row["elo_average"])])
        labels, values = zip(
            *([part.text for part in node.parts()] for node in root.all("div", "tournament__top-left-item__")),
            strict=True,
        )
        assert labels == ("Дата проведения турнира", "Место", "Тип турнира", "Участники")
        days = dict.fromkeys((item.start, item.end))
        assert values == (
            " – ".join(f"{day:%d.%m.%Y}" for day in days),
            f"{row['country']}, {row['city']}",
            row["type_shown"],
            f"{len(set(item.player))} из {row['participants_projected']}",
        )
        staff = {node.text[:2]: node.attributes["href"] for node in root.all("a") if node.text[:2] in {"ГС", "Ор"}}
        assert staff == {
            "ГС": f"/stats/{row['main_referee_id'] or 'null'}",
            "Ор": f"/stats/{row['organizer_id'] or 'null'}",
        }


def test_a_players_page_shows_his_figures(site: DemoSite) -> None:
    labels = {"citizen": "мирного", "mafia": "мафию", "don": "дона", "sheriff": "шерифа"}
    for player_id, person in site.league.world.people.items():
        root = page(f"{site.url}/stats/{player_id}")
        figures = site.league.figures(player_id, None)
        assert root.one("div", "ProfileUserInfo_profile-user__name").text == person.login
        assert root.one("", "stats__stat-main-bottom-block-left-content-amount").text == figures.games
        numbers, texts = (
            [node.text for node in root.all("div", f"ProfileUserCircle_profile-user-circle__{part}")]
            for part in ("num", "text")
        )
        expected = []
        for role, label in labels.items():
            count = int(figures.role_games[role])
            games = int(figures.games)
            word = {1: "Игра", 2: "Игры", 3: "Игры", 4: "Игры"}.get(count % 10, "Игр")
            word = "Игр" if 10 < count % 100 < 20 else word
            share = (200 * count + games) // (2 * games) if games else 0
            expected.append((f"{count} ({share}%)", f"{word} за {label}"))
        assert list(zip(numbers, texts, strict=True)) == expected
        text = root.one("main").text
        assert f"Общий ELO{person.elo // 100}.{person.elo % 100:02d}" in text
        assert f"{figures.extra_per_10_games}в среднем за 10 игр" in text


def test_a_players_history_has_his_tournaments_and_prizes(site: DemoSite) -> None:
    results = {(row["tournament_id"], row["player_id"]): row for row in site.league.table("result") if row["player_id"]}
    deltas: dict[tuple[object, object], Decimal] = defaultdict(Decimal)
    for row in site.league.table("seat"):
        deltas[row["tournament_id"], row["player_id"]] += row["elo_delta"] or 0  # type: ignore[operator]  # decimals
    prizes, seen = 0, set()
    for player_id in site.league.world.people:
        for root in pages(f"{site.url}/stats/{player_id}?tab=history", "page"):
            for _, tournament, _, place, gg, delta, prize in cells(root):
                number = int(tournament.one("a").attributes["href"].removeprefix("/tournament/"))
                seen.add((number, player_id))
                if (number, player_id) in results:
                    line = results[number, player_id]
                    assert (int(place.text), Decimal(gg.text)) == (line["place"], line["gg_points"])
                assert Decimal(delta.text) == deltas[number, player_id]
                item = site.league.world.tournaments[number]
                won = item.prizes[int(place.text) - 1 :][:1] if item.status == "finished" else ()
                money = plain(prize.text).removesuffix("₽").replace(",", ".")
                assert [Decimal(money)] == [Decimal(prize) / 100 for prize in won] if won else money in MISSING
                prizes += bool(won)
    assert prizes > 0
    assert results.keys() <= seen


def test_the_judges(site: DemoSite) -> None:
    judged: Counter[int] = Counter()
    for item in site.league.world.tournaments.values():
        for judge in item.judge:
            judged[judge] += 1
    read = {}
    for root in pages(f"{site.url}/judges?tab=all", "pageJudges"):
        for cell in cells(root):
            link = cell[1].one("a")
            nickname, real_name = (part.text for part in link.parts())
            assert real_name
            player_id = int(link.attributes["href"].removeprefix("/stats/"))
            read[player_id] = (nickname, int(plain(cell[7].text)))
            assert re.fullmatch(r"\d{1,2} [а-я]+ \d{4} г\.", cell[8].text)
    people = site.league.world.people
    assert read == {key: (people[key].login, judged[key]) for key in site.league.world.judges}


def test_page_data_has_an_address_of_its_own(site: DemoSite) -> None:
    for path, query in (
        ("/rating", "?yearUsers=2023&regionUsers=all"),
        ("/tournaments", "?page=2"),
        ("/club/1", ""),
        ("/tournament/1", "?tab=games"),
        ("/stats/1", ""),
        ("/judges", "?tab=all"),
    ):
        told = reader.next_data(page(site.url + path + query))
        address = f"{site.url}/_next/data/{told['buildId']}{path}.json{query}"
        data = json.loads(reader.get(address), parse_float=Decimal)
        assert data["pageProps"] == told["props"]["pageProps"], path


def test_what_does_not_exist_is_the_main_page(site: DemoSite) -> None:
    for path in ("/tournament/99999", "/club/99999", "/stats/99999", "/nowhere", "/stats/abc"):
        root = page(site.url + path)
        assert list(root.all("div", "MainIntro_main-intro"))
        assert not list(root.all("table"))


def test_robots_scripts_styles_and_pictures(site: DemoSite) -> None:
    assert "User-agent: *" in reader.get(f"{site.url}/robots.txt")
    root = page(f"{site.url}/stats/1")
    addresses = [node.attributes["src"] for node in (*root.all("script"), *root.all("img")) if "src" in node.attributes]
    addresses += [node.attributes["href"] for node in root.all("link")]
    assert {address.rpartition(".")[2] for address in addresses} == {"js", "css", "svg"}
    assert {reader.ask(site.url + address)[0] for address in addresses} == {200}
