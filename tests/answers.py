"""Answers as the site sends them, made by hand: for tests of parsers and rules."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gomafia_kit import site
from gomafia_kit.parse import parse
from gomafia_kit.resolve import People, resolve
from gomafia_kit.site import Answer

if TYPE_CHECKING:
    from gomafia_kit.records import Parsed
    from gomafia_kit.site import Ask

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROLES = ("don", "mafia", "mafia", "sheriff", "red", "red", "red", "red", "red", "red")


def read(found: Answer) -> Parsed:
    """What stands in an answer of the API, standings resolved as the load does it."""
    parsed = parse(found, "api")
    parsed.records = resolve(parsed.records, People())
    return parsed


def answer(ask: Ask, body: bytes | str) -> Answer:
    """An answer with exactly this body."""
    return Answer(ask, 200, body.encode() if isinstance(body, str) else body, AT, "http")


def success(ask: Ask, data: object) -> Answer:
    """The API's answer with this data."""
    return answer(ask, json.dumps({"result": "success", "data": data}, ensure_ascii=False))


def seat(place: int, /, **changes: object) -> dict[str, Any]:
    """A seat as the API has it; player 100 + place, in the roles of `ROLES`."""
    return {
        "place": place,
        "id": str(100 + place),
        "login": f"игрок {place}",
        "role": ROLES[(place - 1) % 10],
        "points": "0.6",
        "type": "",
        "eloDelta": "-7",
        "elo": "1500.25",
        "isPaid": "0",
        "icon": "",
        "iconType": None,
    } | changes


def game(table_no: int = 1, win: object = "mafia", seats: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A game as the API has it."""
    table = [seat(place) for place in range(1, 11)] if seats is None else seats
    return {"tableNum": table_no, "win": win, "referee": "Судья, первый", "referee_is_paid": "0", "table": table}


def line(place: int, login: str, /, **changes: object) -> dict[str, Any]:
    """A line of a standing as the API has it."""
    return {
        "place": place,
        "login": login,
        "sum": "10.5",
        "sum_extra": "1.25",
        "win": "5",
        "win_as_don": "1",
        "win_as_sheriff": 0,
        "extra_point": "1.5",
        "compensation_point": "0.25",
        "fine": "-0.5",
        "first_kill": 2,
        "first_kill_point": "0.4",
        "global_game": "120",
        "icon": "",
        "icon_type": None,
        "is_paid": False,
    } | changes


def tournament(
    games: list[dict[str, Any]] | None = None,
    standing: list[dict[str, Any]] | None = None,
    date_start: str = "2024-05-01",
) -> Answer:
    """The API's answer about tournament 7, its games in round 1."""
    data = {
        "tournament": {"id": "7", "title": "Кубок", "date_start": date_start},
        "games": [{"gameNum": 1, "game": [game()] if games is None else games}],
        "tournament_result": standing or [],
    }
    return success(site.tournament(7), data)
