"""A player's official figures of a year, from the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import BadValueError
from gomafia_kit.parse.envelope import data_of
from gomafia_kit.parse.fields import refused_list, reject, shown
from gomafia_kit.records import Parsed, PlayerYearOfficial
from gomafia_kit.values import decimal, integer

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.site import Answer

_ROLES: Final = {"citizen": "red", "sheriff": "sheriff", "mafia": "mafia", "don": "don"}
"""Our role -> the site's word in `primary` and `win_rate`."""

_POINTS_ROLES: Final = _ROLES | {"mafia": "black"}
"""Our role -> the site's word in `advanced_points`."""

_MISSING: Final = object()


def _places() -> dict[str, tuple[tuple[str, ...], Callable[[object], Any]]]:
    """Column -> the path under `data` and the reader."""
    found: dict[str, tuple[tuple[str, ...], Callable[[object], Any]]] = {
        "games": (("stats", "primary", "total_games"), integer),
        "wins": (("stats", "win_rate", "total_wins", "value"), integer),
        "win_percent": (("stats", "win_rate", "total_wins", "percent"), decimal),
        "extra_points_per_10_games": (("stats", "advanced_points", "points_10_games"), decimal),
        "elo": (("user", "elo"), decimal),
    }
    for role, word in _ROLES.items():
        found[f"{role}_games"] = (("stats", "primary", word), integer)
        found[f"{role}_wins"] = (("stats", "win_rate", word, "win", "value"), integer)
        found[f"{role}_win_percent"] = (("stats", "win_rate", word, "win", "percent"), decimal)
    for role, word in _POINTS_ROLES.items():
        found[f"{role}_extra_points_per_game"] = (("stats", "advanced_points", word, "per_game"), decimal)
    return found


_PLACES: Final = _places()


def parse_statistics(answer: Answer) -> Parsed:
    """One row of a player's year; refused whole if a figure can't be read."""
    parsed = Parsed()
    data = data_of(answer)
    if not isinstance(data, dict) or not isinstance(data.get("stats"), dict):
        raise refused_list(answer.ask, 'an object with "user" and "stats"', data)
    parsed.count("player_year_official")
    player_id, year = int(answer.ask.fact("id")), int(answer.ask.fact("year"))
    values: dict[str, Any] = {"player_id": player_id, "year": year}
    faults: list[tuple[str, str, str]] = _of_another(data, player_id)
    for column, (path, read) in _PLACES.items():
        raw = _at(data, path)
        if raw is _MISSING:
            faults.append((".".join(path), "", "the field is missing"))
            continue
        try:
            values[column] = read(raw)
        except BadValueError as error:
            faults.append((".".join(path), shown(raw), error.message))
    if faults:
        reject(parsed, PlayerYearOfficial, f"player_id={player_id}, year={year}", faults)
    else:
        parsed.records.append(PlayerYearOfficial(**values))
    return parsed


def _at(data: object, path: tuple[str, ...]) -> object:
    for name in path:
        if not isinstance(data, dict) or name not in data:
            return _MISSING
        data = data[name]
    return data


def _of_another(data: dict[str, Any], player_id: int) -> list[tuple[str, str, str]]:
    found = _at(data, ("user", "id"))
    try:
        same = found is not _MISSING and integer(found) == player_id
    except BadValueError:
        same = False
    return [] if same else [("user.id", shown(found), f"the answer must be about player {player_id}")]
