"""Tournaments, their games, seats and standings, from the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import BadValueError
from gomafia_kit.parse.envelope import data_of, rows_of, turn_page
from gomafia_kit.parse.fields import Field, read_fields, read_objects, refused_list, reject, shown
from gomafia_kit.records import TEAM_OF_ROLE, Game, Parsed, Result, Seat, Tournament
from gomafia_kit.values import decimal, flag, identity, integer, iso_date, name, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from gomafia_kit.site import Answer


def _word(words: Mapping[str, str]) -> Any:  # noqa: ANN401 - a reader
    def read(value: object) -> str | None:
        found = name(value)
        if found is None:
            return None
        if found not in words:
            raise BadValueError(f"{value!r} is none of {', '.join(words)}.")
        return words[found]

    return read


_TOURNAMENT: Final = (
    Field("tournament_id", "id", identity, required=True),
    Field("title", "title", text, required=True),
    Field("date_start", "date_start", iso_date),
    Field("date_end", "date_end", iso_date),
    Field("country", "country_translate", name),
    Field("city", "city_translate", name),
    Field("type", "type", name),
    Field("type_shown", "type_translate", name),
    Field("status", "status", name),
    Field("status_shown", "status_translate", name),
    Field("stars", "star", integer),
    Field("elo_average", "elo_average", decimal),
    Field("is_fsm_rating", "is_fsm_rating", flag),
    Field("is_hidden_result", "is_hidden_result", flag),
    Field("main_referee_id", "main_referee_id", identity),
    Field("organizer_id", "user_organizer_id", identity),
    Field("contribution_amount", "contribution_amount", decimal),
    Field("contribution_currency", "contribution_currency", name),
    Field("participants_projected", "projected_count_of_participant", integer),
)
_GAME: Final = (
    Field("table_no", "tableNum", integer, required=True),
    Field("winner", "win", _word({"mafia": "black", "red": "red", "draw": "draw"})),
    Field("judge_login", "referee", name),
)
_SEAT: Final = (
    Field("seat", "place", integer, required=True),
    Field("player_id", "id", identity),
    Field("login", "login", text),
    Field("role", "role", _word({"red": "citizen", "sheriff": "sheriff", "mafia": "mafia", "don": "don"})),
    Field("points", "points", decimal),
    Field("elo_delta", "eloDelta", decimal),
    Field("elo", "elo", decimal),
)
_RESULT: Final = (
    Field("place", "place", integer),
    Field("login", "login", text, required=True),
    Field("points_total", "sum", decimal),
    Field("points_extra_total", "sum_extra", decimal),
    Field("wins", "win", integer),
    Field("wins_as_don", "win_as_don", integer),
    Field("wins_as_sheriff", "win_as_sheriff", integer),
    Field("points_extra", "extra_point", decimal),
    Field("points_compensation", "compensation_point", decimal),
    Field("points_fine", "fine", decimal),
    Field("first_shots", "first_kill", integer),
    Field("points_first_shot", "first_kill_point", decimal),
    Field("gg_points", "global_game", decimal),
)

# The meaning of a first-shot mark changed with the rules of 5 January 2023: (least, most) mafia named.
_GUESSED: Final = {"b": (0, 0), "lg": (1, 2), "g": (3, 3)}
_GUESSED_BEFORE_2023: Final = {"b": (0, 1), "lg": (2, 2), "g": (3, 3)}
_NO_SHOT: Final = frozenset({"y", "r"})
_CHANGED_ON: Final = "2023-01-05"


def parse_list(answer: Answer) -> Parsed:
    """A page of the list of tournaments."""
    parsed, rows = Parsed(), rows_of(answer)
    parsed.records += read_objects(parsed, Tournament, _TOURNAMENT, rows)
    turn_page(parsed, answer.ask, rows)
    return parsed


def parse_tournament(answer: Answer) -> Parsed:
    """The games, seats and standing of a tournament."""
    data = data_of(answer)
    if not isinstance(data, dict):
        raise refused_list(answer.ask, "an object with the tournament and its games", data)
    tournament_id = int(answer.ask.fact("id"))
    _check_whose(answer, data, tournament_id)
    parsed = Parsed()
    started_on = _started_on(data)
    for round_ in _list_at(answer, data, "games"):
        _read_round(parsed, answer, tournament_id, started_on, round_)
    _forget_untold_shots(parsed)
    standing = _list_at(answer, data, "tournament_result")
    _read_standing(parsed, tournament_id, standing)
    return parsed


def _check_whose(answer: Answer, data: dict[str, Any], tournament_id: int) -> None:
    card = data.get("tournament")
    found = card.get("id") if isinstance(card, dict) else None
    try:
        same = integer(found) == tournament_id
    except BadValueError:
        same = False
    if not same:
        raise refused_list(answer.ask, f"tournament.id = {tournament_id}", found)


def _started_on(data: dict[str, Any]) -> date | None:
    try:
        return iso_date(data["tournament"].get("date_start"))
    except BadValueError:
        return None


def _list_at(answer: Answer, data: dict[str, Any], key: str) -> list[Any]:
    if key not in data:
        raise refused_list(answer.ask, f'the field "{key}"', ", ".join(data))
    found = data[key]
    if found is None:
        return []
    if not isinstance(found, list):
        raise refused_list(answer.ask, f'a list under "{key}"', found)
    return found


def _read_round(parsed: Parsed, answer: Answer, tournament_id: int, started_on: date | None, round_: object) -> None:
    if not isinstance(round_, dict) or not isinstance(round_.get("game"), list):
        raise refused_list(answer.ask, 'rounds with "gameNum" and "game"', round_)
    raw_number = round_.get("gameNum")
    try:
        number = integer(raw_number)
    except BadValueError:
        number = None
    if number is None:
        raise refused_list(answer.ask, 'the number of a round under "gameNum"', raw_number)
    for game in round_["game"]:
        if not isinstance(game, dict) or not isinstance(game.get("table"), list):
            raise refused_list(answer.ask, 'games with "tableNum" and "table"', game)
        _read_game(parsed, tournament_id, started_on, number, game)


def _read_game(
    parsed: Parsed, tournament_id: int, started_on: date | None, round_no: int, game: dict[str, Any]
) -> None:
    values, faults = read_fields(_GAME, game)
    parsed.count("game")
    place = f"tournament_id={tournament_id}, round={round_no}, table_no={shown(game.get('tableNum', ''))}"
    if faults:
        reject(parsed, Game, place, faults)
    else:
        parsed.records.append(Game(tournament_id, round_no, **values))
    for seat in game["table"]:
        parsed.count("seat")
        _read_seat(parsed, tournament_id, started_on, round_no, values.get("table_no"), place, seat)


def _read_seat(
    parsed: Parsed,
    tournament_id: int,
    started_on: date | None,
    round_no: int,
    table_no: int | None,
    place: str,
    raw: object,
) -> None:
    if not isinstance(raw, dict):
        reject(parsed, Seat, place, [("table", shown(raw), "a seat must be an object")])
        return
    values, faults = read_fields(_SEAT, raw)
    try:
        shot = _first_shot(raw.get("type"), started_on, values.get("role"))
    except BadValueError as error:
        faults.append(("type", shown(raw.get("type")), error.message))
    if table_no is None:
        faults.append(("tableNum", "", "the game's table must be known"))
    if faults:
        who = f", seat={shown(raw.get('place', ''))}, player_id={shown(raw.get('id', ''))}"
        reject(parsed, Seat, place + who, faults)
        return
    values["team"] = TEAM_OF_ROLE.get(values["role"])
    parsed.records.append(Seat(tournament_id, round_no, table_no, **values, **shot))  # type: ignore[arg-type]  # None is a fault above


def _first_shot(mark: object, started_on: date | None, role: str | None) -> dict[str, Any]:
    """What the mark says; a mark of a language that we don't know tells nothing and is kept."""
    found = name(mark)
    shot: dict[str, Any] = {
        "shot_first": None,
        "guessed_min": None,
        "guessed_max": None,
        "first_shot_mark": found,
    }
    if found is None:
        shot["shot_first"] = None if role is None else False
    elif found in _NO_SHOT:
        shot["shot_first"] = False
    elif found in _GUESSED:
        shot["shot_first"] = True
        if started_on is not None:
            before = started_on.isoformat() < _CHANGED_ON
            least, most = (_GUESSED_BEFORE_2023 if before else _GUESSED)[found]
            shot["guessed_min"], shot["guessed_max"] = least, most
    return shot


def _forget_untold_shots(parsed: Parsed) -> None:
    """Leave the first shot open where the answer doesn't speak the language of marks.

    It does if at least one mark stands in it and every mark is one that we know; "no mark: the mafia
    missed" may be read only then.
    """
    marks = {seat.first_shot_mark for seat in parsed.records if isinstance(seat, Seat)} - {None}
    if marks and marks <= (_GUESSED.keys() | _NO_SHOT):
        return
    parsed.records[:] = [
        record._replace(shot_first=None, guessed_min=None, guessed_max=None) if isinstance(record, Seat) else record
        for record in parsed.records
    ]


def _read_standing(parsed: Parsed, tournament_id: int, standing: list[Any]) -> None:
    for row_no, raw in enumerate(standing, 1):
        parsed.count("result")
        place = f"tournament_id={tournament_id}, standing=total, row_no={row_no}"
        if not isinstance(raw, dict):
            reject(parsed, Result, place, [("", shown(raw), "a row must be an object")])
            continue
        values, faults = read_fields(_RESULT, raw)
        if faults:
            reject(parsed, Result, place, faults)
            continue
        # Who it is, is told by the tables of the tournament, which may stand in another answer: see `resolve`.
        parsed.records.append(Result(tournament_id, "total", row_no, player_id=None, unresolved=None, **values))
