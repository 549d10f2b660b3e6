"""A player's official figures of a year, as JSON tells them; and what he tells of himself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import BadValueError
from gomafia_kit.parse.envelope import data_of
from gomafia_kit.parse.fields import Fault, Field, read_fields, refused_list, reject, shown
from gomafia_kit.records import Parsed, PlayerPersonal, PlayerYearOfficial
from gomafia_kit.values import decimal, integer, name, percentage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gomafia_kit.site import Answer

"""Field, value as it came, rule."""

_ROLES: Final = {"citizen": "red", "sheriff": "sheriff", "mafia": "mafia", "don": "don"}
"""Our role -> the site's word in `primary`, `win_rate` and `win_strike`."""

_POINTS_ROLES: Final = _ROLES | {"mafia": "black"}
"""Our role -> the site's word in `advanced_points`."""

_MISSING: Final = object()


def _places() -> dict[str, tuple[tuple[str, ...], Callable[[object], Any]]]:
    """Column -> the path under `data` and the reader."""
    found: dict[str, tuple[tuple[str, ...], Callable[[object], Any]]] = {
        "games": (("stats", "primary", "total_games"), integer),
        "wins": (("stats", "win_rate", "total_wins", "value"), integer),
        "win_percent": (("stats", "win_rate", "total_wins", "percent"), percentage),
        "prize_places": (("stats", "games_stats", "prize_places"), integer),
        "average_points": (("stats", "games_stats", "average_points"), decimal),
        "extra_points_per_10_games": (("stats", "advanced_points", "points_10_games"), decimal),
        "elo": (("user", "elo"), decimal),
    }
    for role, word in _ROLES.items():
        found[f"{role}_games"] = (("stats", "primary", word), integer)
        found[f"{role}_wins"] = (("stats", "win_rate", word, "win", "value"), integer)
        found[f"{role}_win_percent"] = (("stats", "win_rate", word, "win", "percent"), percentage)
        found[f"{role}_longest_win_streak"] = (("stats", "win_strike", word, "max"), integer)
    for role, word in _POINTS_ROLES.items():
        found[f"{role}_extra_points"] = (("stats", "advanced_points", word, "points"), decimal)
        found[f"{role}_extra_points_per_game"] = (("stats", "advanced_points", word, "per_game"), decimal)
    return found


_PLACES: Final = _places()


def parse_statistics(answer: Answer) -> Parsed:
    """One row of a player's year, and what he tells of himself; each refused whole if a part can't be read."""
    parsed = Parsed()
    read_statistics(parsed, answer, data_of(answer))
    return parsed


def read_statistics(parsed: Parsed, answer: Answer, data: object, period: Sequence[Fault] = ()) -> None:
    """Read `user` and `stats`, whichever envelope they came in; `period` says why they aren't those of the year."""
    if not isinstance(data, dict) or not isinstance(data.get("stats"), dict):
        raise refused_list(answer.ask, 'an object with "user" and "stats"', data)
    player_id, year = int(answer.ask.fact("id")), int(answer.ask.fact("year"))
    values: dict[str, Any] = {"player_id": player_id, "year": year}
    another = _of_another(data, player_id)
    faults = [*another, *period]
    for column, (path, read) in _PLACES.items():
        raw = _at(data, path)
        if raw is _MISSING:
            faults.append((".".join(path), "", "the field is missing"))
            continue
        try:
            values[column] = read(raw)
        except BadValueError as error:
            faults.append((".".join(path), shown(raw), error.message))
    parsed.count("player_year_official")
    if faults:
        reject(parsed, PlayerYearOfficial, f"player_id={player_id}, year={year}", faults)
    else:
        parsed.records.append(PlayerYearOfficial(**values))
    _read_person(parsed, data, player_id, another)


def _read_person(parsed: Parsed, data: dict[str, Any], player_id: int, another: Sequence[Fault]) -> None:
    user = data.get("user")
    values, faults = read_fields(_PERSON, user if isinstance(user, dict) else {})
    parsed.count("player_personal")
    if another or faults:
        reject(parsed, PlayerPersonal, f"player_id={player_id}", [*another, *faults])
    else:
        parsed.records.append(PlayerPersonal(player_id, **values))


def _account(value: object) -> str | None:
    """An account's number or name, as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return name(value)


_PERSON: Final = (
    Field("first_name", "first_name", name),
    Field("last_name", "last_name", name),
    Field("vk_id", "vk_id", _account),
)


def _at(data: object, path: tuple[str, ...]) -> object:
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return _MISSING
        data = data[key]
    return data


def _of_another(data: dict[str, Any], player_id: int) -> list[Fault]:
    found = _at(data, ("user", "id"))
    try:
        same = found is not _MISSING and integer(found) == player_id
    except BadValueError:
        same = False
    return [] if same else [("user.id", shown(found), f"the answer must be about player {player_id}")]
