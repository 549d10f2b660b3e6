"""The JSON API: form fields in, the whole answer out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gomafia_kit.demo import _json
from gomafia_kit.demo._players_file import REGIONS
from gomafia_kit.demo._rating import ALL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gomafia_kit.demo._world import Tournament
    from gomafia_kit.demo.league import League

MOST_ROWS: Final = 10_000
MOST_RESIDENTS: Final = 1_000
_MOST_DIGITS: Final = 9
FEW_ROWS: Final = 10
"""Rows of an answer to a call without `limit`."""


class BadCallError(Exception):
    """The call has a wrong field or asks for what isn't there."""


def answer(league: League, path: str, fields: Mapping[str, str]) -> str | None:
    """The JSON that the site answers; None if it has no such call."""
    call = CALLS.get(path)
    if call is None:
        return None
    try:
        return f'{{"result":"success","data":{call(league, fields)}}}'
    except BadCallError as error:
        return f'{{"result":"error","message":{_json.text(str(error))}}}'


def is_number(text: str) -> bool:
    """Whether it is a whole number, and not a senselessly long one."""
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS


def _number(fields: Mapping[str, str], name: str, default: int | None = None) -> int:
    value = fields.get(name, "")
    if not value and default is not None:
        return default
    if not is_number(value):
        raise BadCallError(f"wrong {name}")
    return int(value)


def _window(fields: Mapping[str, str], most: int) -> slice:
    first = _number(fields, "offset", 0)
    return slice(first, first + min(most, _number(fields, "limit", FEW_ROWS)))


def _year(league: League, fields: Mapping[str, str]) -> int:
    return _number(fields, "year", league.current_year)


def _region(fields: Mapping[str, str]) -> str:
    region = fields.get("region", "") or ALL
    if region not in {ALL, *REGIONS}:
        raise BadCallError("wrong region")
    return region


def _top_users(league: League, fields: Mapping[str, str]) -> str:
    lines = league.rating(_year(league, fields), _region(fields))
    return _json.join(_json.users(league, lines[_window(fields, MOST_ROWS)], len(lines)))


def _top_clubs(league: League, fields: Mapping[str, str]) -> str:
    lines = league.ratings.clubs(_year(league, fields), _region(fields))
    return _json.join(_json.clubs(league, lines[_window(fields, MOST_ROWS)], len(lines)))


def _residents(league: League, fields: Mapping[str, str]) -> str:
    club_id = _number(fields, "id")
    if club_id not in league.world.clubs:
        raise BadCallError("club not found")
    lines = league.ratings.members(club_id)
    return _json.join(_json.users(league, lines[_window(fields, MOST_RESIDENTS)], len(lines)))


def _stats(league: League, fields: Mapping[str, str]) -> str:
    person = league.world.people.get(_number(fields, "id"))
    if person is None:
        raise BadCallError("user not found")
    period = fields.get("period", "all")
    year = None if period in {"", "all"} else _number(fields, "period")
    figures = league.figures(person.player_id, year, fsm=fields.get("tournamentType") == "fsm")
    user = _json.profile(league, person, year)
    return f'{{"user":{user},"stats":{_json.stats(league, figures, person.player_id)}}}'


def chosen_tournaments(league: League, time: str, fsm: str, kind: str) -> Sequence[Tournament]:
    """The list of tournaments with those filters, newest first."""
    chosen = [
        item
        for item in league.world.tournaments.values()
        if (time in {"", ALL} or time in {item.status, *_TIMES.get(item.status, ())})
        and (fsm in {"", ALL} or (fsm == "yes") == item.is_fsm)
        and (kind in {"", ALL} or kind == item.kind)
    ]
    return sorted(chosen, key=lambda item: (item.start, item.tournament_id), reverse=True)


_TIMES: Final = {
    "running": ("current", "in_progress"),
    "registration": ("future", "upcoming"),
    "finished": ("past",),
}
"""Other words that the filter by time may have for a state."""


def _all_tournaments(league: League, fields: Mapping[str, str]) -> str:
    chosen = chosen_tournaments(league, fields.get("time", ALL), fields.get("fsm", ALL), fields.get("type", ALL))
    return _json.join(_json.tournaments(league, chosen[_window(fields, MOST_ROWS)], len(chosen)))


def _tournament(league: League, fields: Mapping[str, str]) -> str:
    item = league.world.tournaments.get(_number(fields, "id"))
    if item is None:
        raise BadCallError("tournament not found")
    return (
        f'{{"tournament":{_json.tournament(league, item)},"games":{_json.games(league, item)},'
        f'"tournament_result":{_json.standing(league, item, "total")}}}'
    )


CALLS: Final[dict[str, Callable[[League, Mapping[str, str]], str]]] = {
    "/api/user/getTop": _top_users,
    "/api/club/getTop": _top_clubs,
    "/api/club/getResidents": _residents,
    "/api/stats/get": _stats,
    "/api/tournament/getAll": _all_tournaments,
    "/api/tournament/get": _tournament,
}
"""Every call by its path."""
