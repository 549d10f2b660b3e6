"""Games, seats and standings as JSON tells them, record by record: a fault is pinpointed, the rest is kept.

The API's answer and a page's data hold the same objects. `typed_games` reads the same, much quicker,
where nothing is unusual.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import BadValueError, LayoutChangedError
from gomafia_kit.parse.fields import Fault, Field, read_fields, refused_list, reject, shown
from gomafia_kit.parse.first_shot import UNTOLD, first_shot, tell_of_shots
from gomafia_kit.records import TEAM_OF_ROLE, Game, Parsed, Result, Seat
from gomafia_kit.values import decimal, identity, integer, iso_date, name, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from gomafia_kit.records import Record
    from gomafia_kit.site import Ask


def word(words: Mapping[str, str]) -> Callable[[object], str | None]:
    """A reader of the site's words, each for one of ours."""

    def read(value: object) -> str | None:
        found = name(value)
        if found is None:
            return None
        if found not in words:
            raise BadValueError(f"{value!r} is none of {', '.join(words)}.")
        return words[found]

    return read


winner = word({"mafia": "black", "red": "red", "draw": "draw"})
role = word({"red": "citizen", "sheriff": "sheriff", "mafia": "mafia", "don": "don"})


def as_it_came(value: object) -> str | None:
    """A seat's `type`, be it a word or a number: nobody knows what it may hold."""
    return name(str(value) if type(value) in {int, float} else value)


_GAME: Final = (
    Field("table_no", "tableNum", integer, required=True),
    Field("winner", "win", winner),
    Field("judge_login", "referee", name),
)
_SEAT: Final = (
    Field("seat", "place", integer, required=True),
    Field("player_id", "id", identity),
    Field("login", "login", text),
    Field("role", "role", role),
    Field("points", "points", decimal),
    Field("elo_delta", "eloDelta", decimal),
    Field("elo", "elo", decimal),
    Field("first_shot_mark", "type", as_it_came),
)
_OUTCOME: Final = ("role", "points", "eloDelta", "elo", "type")
"""What a seat of a game not played may come without."""
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


@dataclass(slots=True)
class _Reading:
    """What is read of a tournament so far."""

    ask: Ask
    tournament_id: int
    started_on: date | None
    day_fault: Fault | None
    parsed: Parsed = field(default_factory=Parsed)
    games: list[Game] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    lacking: dict[tuple[str, str], int] = field(default_factory=dict)
    """Table and field -> how many records came without it."""

    def refuse(self, kind: type[Record], key: str, faults: Sequence[tuple[str, str, str]], table: str) -> None:
        for name_, _, rule in faults:
            if rule == "the field is missing":
                self.lacking[table, name_] = self.lacking.get((table, name_), 0) + 1
        reject(self.parsed, kind, key, faults)

    def check_fields(self) -> None:
        """Raise LayoutChangedError if every one of several records lacks the same field."""
        for (table, name_), times in self.lacking.items():
            if times == self.parsed.fetched[table] > 1:
                raise LayoutChangedError(
                    f"{self.ask.key}: {table}: none of {times} has the field {name_}.",
                    "The site has changed: the answer is kept in the archive; nothing of it was staged.",
                )


def read_tournament(ask: Ask, data: object, standings: Mapping[str, str], *, games: bool = True) -> Parsed:
    """Games with their seats, and standings (our name -> the key it stands under) of the tournament asked for.

    Raises LayoutChangedError for another tournament, and where what is to be read isn't there.
    """
    if not isinstance(data, dict):
        raise refused_list(ask, "an object with the tournament and its games", data)
    tournament_id = int(ask.fact("id"))
    _check_whose(ask, data, tournament_id)
    day, fault = first_day(ask, data["tournament"]) if games else (None, None)
    reading = _Reading(ask, tournament_id, day, fault)
    for round_ in _list_at(ask, data, "games") if games else ():
        _read_round(reading, round_)
    results = [
        result
        for which, key in standings.items()
        for result in _read_standing(reading, which, _list_at(ask, data, key))
    ]
    reading.check_fields()
    reading.parsed.records = [*reading.games, *_with_shots(reading), *results]
    return reading.parsed


def first_day(ask: Ask, card: Mapping[str, object]) -> tuple[date | None, Fault | None]:
    """The tournament's first day, and the fault if it can't be read: the meaning of a first shot hangs on it.

    Raises LayoutChangedError if the card doesn't have the field.
    """
    if "date_start" not in card:
        raise refused_list(ask, "the field tournament.date_start", ", ".join(card))
    try:
        return iso_date(card["date_start"]), None
    except BadValueError as error:
        return None, ("tournament.date_start", shown(card["date_start"]), error.message)


def _check_whose(ask: Ask, data: dict[str, Any], tournament_id: int) -> None:
    card = data.get("tournament")
    found = card.get("id") if isinstance(card, dict) else None
    try:
        same = integer(found) == tournament_id
    except BadValueError:
        same = False
    if not same:
        raise refused_list(ask, f"tournament.id = {tournament_id}", found)


def _list_at(ask: Ask, data: dict[str, Any], key: str) -> list[Any]:
    if key not in data:
        raise refused_list(ask, f'the field "{key}"', ", ".join(map(str, data)))
    found = data[key]
    if found is None:
        return []
    if not isinstance(found, list):
        raise refused_list(ask, f'a list under "{key}"', found)
    return found


def _read_round(reading: _Reading, round_: object) -> None:
    ask = reading.ask
    if not isinstance(round_, dict) or not isinstance(round_.get("game"), list):
        raise refused_list(ask, 'rounds with "gameNum" and "game"', round_)
    raw_number = round_.get("gameNum")
    try:
        number = integer(raw_number)
    except BadValueError:
        number = None
    if number is None:
        raise refused_list(ask, 'the number of a round under "gameNum"', raw_number)
    for game in round_["game"]:
        if not isinstance(game, dict) or not isinstance(game.get("table"), list):
            raise refused_list(ask, 'games with "tableNum" and "table"', game)
        _read_game(reading, number, _filled(game))


def _filled(game: dict[str, Any]) -> dict[str, Any]:
    """A game not played, with nulls for what it came without; any other as it is.

    Without roles nothing was played: then `win` may be missing, and where there is no winner and no
    seat has even a field for the role, so may all that a seat has by playing.
    """
    seats = game["table"]
    if not seats or not all(isinstance(seat, dict) and _is_empty(seat.get("role")) for seat in seats):
        return game
    filled = {"win": None} | game
    if _is_empty(filled["win"]) and not any("role" in seat for seat in seats):
        nothing = dict.fromkeys(_OUTCOME)
        filled["table"] = [nothing | seat for seat in seats]
    return filled


def _is_empty(value: object) -> bool:
    return value is None or value == ""


def _read_game(reading: _Reading, round_no: int, game: dict[str, Any]) -> None:
    tournament_id = reading.tournament_id
    values, faults = read_fields(_GAME, game)
    reading.parsed.count("game")
    place = f"tournament_id={tournament_id}, round={round_no}, table_no={shown(game.get('tableNum', ''))}"
    if faults:
        reading.refuse(Game, place, faults, "game")
    else:
        reading.games.append(Game(tournament_id, round_no, **values))
    for seat in game["table"]:
        reading.parsed.count("seat")
        _read_seat(reading, round_no, values.get("table_no"), place, seat)


def _read_seat(reading: _Reading, round_no: int, table_no: int | None, place: str, raw: object) -> None:
    if not isinstance(raw, dict):
        reading.refuse(Seat, place, [("table", shown(raw), "a seat must be an object")], "seat")
        return
    values, faults = read_fields(_SEAT, raw)
    if faults or table_no is None:
        if table_no is None:
            faults.append(("tableNum", "", "the game's table must be known"))
        who = f", seat={shown(raw.get('place', ''))}, player_id={shown(raw.get('id', ''))}"
        reading.refuse(Seat, place + who, faults, "seat")
        return
    values["team"] = TEAM_OF_ROLE.get(values["role"])
    shot, least, most = UNTOLD
    seat = Seat(
        reading.tournament_id, round_no, table_no, shot_first=shot, guessed_min=least, guessed_max=most, **values
    )
    reading.seats.append(seat)


def _with_shots(reading: _Reading) -> list[Seat]:
    """The seats with what their marks tell; with nothing where the answer doesn't speak the language of marks."""
    seats = reading.seats
    if not tell_of_shots(seat.first_shot_mark for seat in seats):
        return seats
    if reading.day_fault is not None:
        seats = _without_shots(reading, reading.day_fault)
    return [with_shot(seat, seat.first_shot_mark, reading.started_on) for seat in seats]


def _without_shots(reading: _Reading, fault: Fault) -> list[Seat]:
    """The seats but for those shot first, which are refused: nobody can say what their marks meant on that day."""
    kept = []
    for seat in reading.seats:
        if first_shot(seat.first_shot_mark, seat.role, None)[0]:
            place = f"tournament_id={seat.tournament_id}, round={seat.round}, table_no={seat.table_no}"
            reading.refuse(Seat, f"{place}, seat={seat.seat}, player_id={seat.player_id}", [fault], "seat")
        else:
            kept.append(seat)
    return kept


def with_shot(seat: Seat, mark: str | None, day: date | None) -> Seat:
    """The seat with that mark and what it tells."""
    told, least, most = first_shot(mark, seat.role, day)
    return seat._replace(shot_first=told, guessed_min=least, guessed_max=most, first_shot_mark=mark)


def _read_standing(reading: _Reading, which: str, standing: list[Any]) -> list[Result]:
    results = []
    for row_no, raw in enumerate(standing, 1):
        reading.parsed.count("result")
        place = f"tournament_id={reading.tournament_id}, standing={which}, row_no={row_no}"
        if not isinstance(raw, dict):
            reading.refuse(Result, place, [("", shown(raw), "a row must be an object")], "result")
            continue
        values, faults = read_fields(_RESULT, raw)
        if faults:
            reading.refuse(Result, place, faults, "result")
            continue
        # Who it is, is told by the tables of the tournament, which may stand in another answer: see `resolve`.
        results.append(Result(reading.tournament_id, which, row_no, player_id=None, unresolved=None, **values))
    return results
