"""A reader of the site of its own, written from the contract alone: so that the demo can be wrong."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
Row = dict[str, Any]
REGIONS = "central chernozem_region north south siberia_and_ural far_east volga_region".split()  # noqa: SIM905 - reads better
ROLES = {"red": "citizen", "mafia": "mafia", "sheriff": "sheriff", "don": "don"}
TEAMS = {"citizen": "red", "sheriff": "red", "mafia": "black", "don": "black"}
WINNERS = {"red": "red", "mafia": "black", "draw": "draw"}
GUESSED_BEFORE = {"b": (0, 1), "lg": (2, 2), "g": (3, 3)}
GUESSED_SINCE = {"b": (0, 0), "lg": (1, 2), "g": (3, 3)}
NEW_RULES = date(2023, 1, 5)


# No proxy of the environment's.
_OPENER = build_opener(ProxyHandler({}))


def ask(url: str, data: bytes | None = None, agent: str = "test") -> tuple[int, bytes]:
    """Status and body, whatever the status."""
    request = Request(url, data, {"User-Agent": agent})  # noqa: S310 - a loopback URL
    try:
        with _OPENER.open(request, timeout=20) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


def post(url: str, path: str, **fields: object) -> Any:  # noqa: ANN401 - any JSON
    """`data` of a call's answer."""
    status, body = ask(url + path, urlencode(fields).encode())
    answer = json.loads(body, parse_float=Decimal)
    assert (status, answer["result"]) == (200, "success"), answer
    return answer["data"]


def get(url: str) -> str:
    """A page as text."""
    status, body = ask(url)
    assert status == 200, (url, status)
    return body.decode()


# ---- values of the API


def text(value: object) -> str | None:
    """A text; None for nothing."""
    assert value is None or isinstance(value, str)
    return value or None


def number(value: object) -> Decimal | None:
    """A number, however it came."""
    assert not isinstance(value, bool)
    return None if value in {None, ""} else Decimal(str(value))


def whole(value: object) -> int | None:
    """A whole number, however it came."""
    found = number(value)
    assert found is None or found == int(found)
    return None if found is None else int(found)


def flag(value: object) -> bool:
    """A flag, however it came."""
    return {"0": False, "1": True, False: False, True: True}[value]


def day(value: object) -> date | None:
    """A day, with a time behind it or without."""
    return date.fromisoformat(str(value)[:10]) if value else None


# ---- the tables, from the API


def everything(url: str, years: range | list[int]) -> dict[str, list[Row]]:
    """All tables that the API tells, ordered by their keys."""
    tables: dict[str, list[Row]] = {}
    clubs = post(url, "/api/club/getTop", limit=10_000, offset=0)
    tables["club"] = [_club(raw) for raw in clubs]
    tables["club_member"] = [
        {"club_id": whole(club["id"]), "player_id": whole(raw["id"]), "login": raw["login"]}
        for club in clubs
        for raw in _residents(url, club["id"])
    ]
    tables["tournament"] = [
        _tournament(raw)
        for raw in post(url, "/api/tournament/getAll", time="all", fsm="all", type="all", limit=10_000, offset=0)
    ]
    tables["game"], tables["seat"], tables["result"] = [], [], []
    for tournament in tables["tournament"]:
        answer = post(url, "/api/tournament/get", id=tournament["tournament_id"])
        games, seats, results = tables_of_tournament(answer, tournament)
        tables["game"] += games
        tables["seat"] += seats
        tables["result"] += results
    tables["player"], tables["player_season"] = _players(url, years, tables)
    keys = {
        "club": ("club_id",),
        "club_member": ("club_id", "player_id"),
        "tournament": ("tournament_id",),
        "game": ("tournament_id", "round", "table_no"),
        "seat": ("tournament_id", "round", "table_no", "seat"),
        "result": ("tournament_id", "row_no"),
        "player": ("player_id",),
        "player_season": ("player_id", "year"),
    }
    for name, key in keys.items():
        tables[name].sort(key=lambda row, key=key: tuple(row[part] for part in key))  # type: ignore[misc]  # bound on purpose
    return tables


def _residents(url: str, club_id: object) -> Iterator[Row]:
    offset = 0
    while found := post(url, "/api/club/getResidents", id=club_id, limit=1000, offset=offset):
        yield from found
        offset += len(found)


def _club(raw: Row) -> Row:
    return {
        "club_id": whole(raw["id"]),
        "title": raw["title"],
        "country": text(raw["country"]),
        "city": text(raw["city"]),
        "rank": whole(raw["rank"]),
        "club_score": number(raw["club_score"]),
        "elo_average": number(raw["elo_average"]),
    }


def _tournament(raw: Row) -> Row:
    return {
        "tournament_id": whole(raw["id"]),
        "title": raw["title"],
        "date_start": day(raw["date_start"]),
        "date_end": day(raw.get("date_end")),
        "country": text(raw["country_translate"]),
        "city": text(raw["city_translate"]),
        "type": text(raw["type"]),
        "type_shown": text(raw["type_translate"]),
        "status": text(raw["status"]),
        "status_shown": text(raw["status_translate"]),
        "stars": whole(raw["star"]),
        "elo_average": number(raw["elo_average"]),
        "is_fsm_rating": flag(raw["is_fsm_rating"]),
        "is_hidden_result": flag(raw["is_hidden_result"]),
        "main_referee_id": whole(raw["main_referee_id"]),
        "organizer_id": whole(raw["user_organizer_id"]),
        "contribution_amount": number(raw["contribution_amount"]),
        "contribution_currency": text(raw["contribution_currency"]),
        "participants_projected": whole(raw["projected_count_of_participant"]),
    }


def tables_of_tournament(answer: Row, tournament: Row) -> tuple[list[Row], list[Row], list[Row]]:
    """Games, seats and results of an answer about a tournament."""
    games, seats = [], []
    types = {raw.get("type") for tour in answer["games"] for game in tour["game"] for raw in game["table"]}
    marks_told = types <= {None, "", "b", "lg", "g", "y", "r"}
    for raw_round in answer["games"]:
        for raw_game in raw_round["game"]:
            key = {
                "tournament_id": tournament["tournament_id"],
                "round": whole(raw_round["gameNum"]),
                "table_no": whole(raw_game["tableNum"]),
            }
            winner = text(raw_game.get("win"))
            judge = text(raw_game["referee"])
            games.append({**key, "winner": WINNERS[winner] if winner else None, "judge_login": judge})
            start = tournament["date_start"]
            seats += [{**key, **_seat(raw, start, marks_told=marks_told)} for raw in raw_game["table"]]
    logins = defaultdict(set)
    for seat in seats:
        logins[seat["login"]].add(seat["player_id"])
    results = [
        _result(raw, tournament["tournament_id"], row_no, logins)
        for row_no, raw in enumerate(answer["tournament_result"], 1)
    ]
    return games, seats, results


def _seat(raw: Row, start: date, *, marks_told: bool) -> Row:
    word = text(raw.get("role"))
    role = ROLES[word] if word else None
    told_type = raw.get("type")
    mark = text(str(told_type) if isinstance(told_type, int) else told_type)
    guessed = (GUESSED_SINCE if start >= NEW_RULES else GUESSED_BEFORE).get(mark or "", (None, None))
    told = role is not None and marks_told
    return {
        "seat": whole(raw["place"]),
        "player_id": whole(raw["id"]),
        "login": raw["login"],
        "role": role,
        "team": TEAMS[role] if role else None,
        "points": number(raw.get("points")),
        "elo_delta": number(raw.get("eloDelta")),
        "elo": number(raw.get("elo")),
        "shot_first": mark in {"b", "lg", "g"} if told else None,
        "guessed_min": guessed[0],
        "guessed_max": guessed[1],
        "first_shot_mark": mark,
    }


def _result(raw: Row, tournament_id: int, row_no: int, logins: dict[str, set[int | None]]) -> Row:
    fitting = logins[raw["login"]]
    return {
        "tournament_id": tournament_id,
        "standing": "total",
        "row_no": row_no,
        "place": whole(raw["place"]),
        "player_id": next(iter(fitting)) if len(fitting) == 1 else None,
        "login": raw["login"],
        "points_total": number(raw["sum"]),
        "points_extra_total": number(raw["sum_extra"]),
        "wins": whole(raw["win"]),
        "wins_as_don": whole(raw["win_as_don"]),
        "wins_as_sheriff": whole(raw["win_as_sheriff"]),
        "points_extra": number(raw["extra_point"]),
        "points_compensation": number(raw["compensation_point"]),
        "points_fine": number(raw["fine"]),
        "first_shots": whole(raw["first_kill"]),
        "points_first_shot": number(raw["first_kill_point"]),
        "gg_points": number(raw["global_game"]),
    }


def _players(url: str, years: range | list[int], tables: dict[str, list[Row]]) -> tuple[list[Row], list[Row]]:
    players: dict[int, Row] = {}
    seasons: dict[tuple[int, int], Row] = {}
    for year in years:
        for region in ("all", *REGIONS):
            for raw in post(url, "/api/user/getTop", year=year, region=region, limit=10_000, offset=0):
                player_id = whole(raw["id"])
                assert player_id is not None
                players[player_id] = _player(raw, year)
                seasons[player_id, year] = _season(raw, year, None if region == "all" else region)
    for row in tables["club_member"] + tables["seat"] + _judges(url):
        if row["player_id"] is not None and row["player_id"] not in players:
            empty = dict.fromkeys(("country", "city", "club_title", "elo", "listed_year"))
            players[row["player_id"]] = {
                "player_id": row["player_id"],
                "login": row["login"],
                "listed": False,
                **empty,
            }
    return list(players.values()), list(seasons.values())


def _judges(url: str) -> list[Row]:
    """Number and nickname of every judge, from the data of the pages."""
    found: dict[int, Row] = {}
    for number in itertools.count(1):
        data = server_data(f"{url}/judges?tab=all&pageJudges={number}")
        (told,) = (rows for rows in data.values() if isinstance(rows, list))
        if not told:
            return list(found.values())
        for raw in told:
            player_id = whole(raw["id"])
            assert player_id is not None
            found[player_id] = {"player_id": player_id, "login": raw["login"]}
    return []


def _player(raw: Row, year: int) -> Row:
    return {
        "player_id": whole(raw["id"]),
        "login": raw["login"],
        "country": text(raw["country"]),
        "city": text(raw["city"]),
        "club_title": text(raw["title"]),
        "elo": number(raw["elo"]),
        "listed": True,
        "listed_year": year,
    }


def _season(raw: Row, year: int, region: str | None) -> Row:
    assert number(raw["tournaments_score"]) == sum(raw["tournaments_gg"])
    return {
        "player_id": whole(raw["id"]),
        "year": year,
        "region": region,
        "club_title": text(raw["title"]),
        "rank": whole(raw["rank"]),
        "elo": number(raw["elo"]),
        "tournaments_played": whole(raw["tournaments_played"]),
        "gg_points": number(raw["tournaments_score"]),
    }


def official(url: str, player_id: int, year: int) -> Row:
    """A row of `player_year_official`."""
    data = post(url, "/api/stats/get", id=player_id, period=year, gameType="all", tournamentType="all")
    user, stats = data["user"], data["stats"]
    assert whole(user["id"]) == player_id
    rates, extra = stats["win_rate"], stats["advanced_points"]
    row: Row = {
        "player_id": player_id,
        "year": year,
        "games": whole(stats["primary"]["total_games"]),
        "wins": whole(rates["total_wins"]["value"]),
        "win_percent": number(rates["total_wins"]["percent"]),
        "prize_places": whole(stats["games_stats"]["prize_places"]),
        "average_points": number(stats["games_stats"]["average_points"]),
        "extra_points_per_10_games": number(extra["points_10_games"]),
        "elo": number(user["elo"]),
    }
    for word, role in ROLES.items():
        points = extra["black" if word == "mafia" else word]
        row[f"{role}_games"] = whole(stats["primary"][word])
        row[f"{role}_wins"] = whole(rates[word]["win"]["value"])
        row[f"{role}_win_percent"] = number(rates[word]["win"]["percent"])
        row[f"{role}_longest_win_streak"] = whole(stats["win_strike"][word]["max"])
        row[f"{role}_extra_points"] = number(points["points"])
        row[f"{role}_extra_points_per_game"] = number(points["per_game"])
    return row


# ---- markup

_EMPTY = {"meta", "link", "img", "br", "input"}


@dataclass
class Node:
    """An element of a page."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str = "", css: str = "") -> Iterator[Node]:
        """Elements below it of that tag whose class attribute holds that text."""
        for child in self.children:
            if isinstance(child, Node):
                if (not tag or child.tag == tag) and css in child.attributes.get("class", ""):
                    yield child
                yield from child.all(tag, css)

    def one(self, tag: str = "", css: str = "") -> Node:
        """The only such element."""
        found = list(self.all(tag, css))
        assert len(found) == 1, (tag, css, len(found))
        return found[0]

    def parts(self) -> list[Node]:
        """Elements right below it."""
        return [child for child in self.children if isinstance(child, Node)]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _EMPTY:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag in _EMPTY:
            return
        assert self._open.pop().tag == tag, tag

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def page(url: str) -> Node:
    """The page's elements; every tag must be closed as it was opened."""
    builder = _Builder()
    builder.feed(get(url))
    builder.close()
    return builder.root


def next_data(root: Node) -> Any:  # noqa: ANN401 - any JSON
    """What `__NEXT_DATA__` holds."""
    script = next(node for node in root.all("script") if node.attributes.get("id") == "__NEXT_DATA__")
    return json.loads(script.text, parse_float=Decimal)


def server_data(url: str) -> Any:  # noqa: ANN401 - any JSON
    """`serverData` of a page."""
    return next_data(page(url))["props"]["pageProps"]["serverData"]


def cells(root: Node) -> list[list[Node]]:
    """The body of the page's only table."""
    body = root.one("table").one("tbody")
    return [[cell for cell in row.parts() if cell.tag == "td"] for row in body.parts()]
