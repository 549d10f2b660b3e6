"""What can happen to a league after it was made: the site tells it from then on, and so does the truth."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.demo._names import PLACES
from gomafia_kit.demo._words import STATUS_SHOWN
from gomafia_kit.demo._world import LAST_SHOT_MARK, MARKS, ROLES, TABLE, WINNERS, Person, Tournament
from gomafia_kit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.demo._world import World

_GAME_COLUMNS: Final = ("round_no", "table_no", "winner", "judge")
_SEAT_COLUMNS: Final = (
    "player",
    "role",
    "mark",
    "bonus",
    "fine",
    "shot_points",
    "compensation",
    "delta",
    "elo",
)


def change(world: World, what: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Do that change; what it made or touched. SettingsError if there is no such change or thing."""
    if what not in CHANGES:
        raise SettingsError(f"The demo site has no change {what!r}.", f"Choose one of {', '.join(CHANGES)}.")
    try:
        done = CHANGES[what](world, **fields)
    except (TypeError, LookupError, ValueError, StopIteration, InvalidOperation) as error:
        raise SettingsError(
            f"The change {what} can't be done with {fields}: {error!r}.",
            "Look at its arguments in docs/demo.md.",
        ) from error
    world.version += 1
    return done


def take_round_back(world: World, tournament_id: int, round_no: int | None = None) -> dict[str, Any]:
    """The games of a round vanish; without `round_no` those of the last round."""
    tournament = world.tournaments[tournament_id]
    round_no = tournament.rounds if round_no is None else round_no
    gone = [game for game in range(tournament.games) if tournament.round_no[game] == round_no]
    if not gone:
        raise KeyError(round_no)
    if tournament.final_rounds and round_no > tournament.rounds - tournament.final_rounds:
        tournament.final_rounds -= 1
    for game in reversed(gone):
        for name in _GAME_COLUMNS:
            del getattr(tournament, name)[game]
        for name in _SEAT_COLUMNS:
            del getattr(tournament, name)[game * TABLE : game * TABLE + TABLE]
    return {"tournament_id": tournament_id, "round": round_no, "games": len(gone)}


def add_round(world: World, tournament_id: int) -> dict[str, Any]:
    """One more round: the games of the last one once more, under the next number."""
    tournament = world.tournaments[tournament_id]
    last = tournament.rounds
    again = [game for game in range(tournament.games) if tournament.round_no[game] == last]
    for game in again:
        for name in _GAME_COLUMNS:
            column = getattr(tournament, name)
            column.append(last + 1 if name == "round_no" else column[game])
        for name in _SEAT_COLUMNS:
            column = getattr(tournament, name)
            column.extend(column[game * TABLE : game * TABLE + TABLE])
    if not again:
        raise ValueError(tournament_id)
    tournament.final_rounds += tournament.final_rounds > 0
    return {"tournament_id": tournament_id, "round": last + 1, "games": len(again)}


def correct_seat(
    world: World,
    tournament_id: int,
    round_no: int,
    table_no: int,
    seat: int,
    **figures: str | int,
) -> dict[str, Any]:
    """Correct a seat of a played game: `role`, `points` (the one for a win included), `mark`, `elo_delta`.

    A role changes places with the first seat that has it, and a first-shot mark leaves the seat that
    had one: the game keeps the rules.
    """
    tournament = world.tournaments[tournament_id]
    game = _game(tournament, round_no, table_no)
    if not 1 <= seat <= TABLE or not tournament.winner[game]:
        raise ValueError(seat)
    position = game * TABLE + seat - 1
    steps = [_SEAT_FIGURES[name](tournament, position, value) for name, value in figures.items()]
    for step in steps:
        step()
    return {"tournament_id": tournament_id, "round": round_no, "table_no": table_no, "seat": seat}


def _neighbours(position: int) -> range:
    """All seats of the game that this one belongs to."""
    first = position - position % TABLE
    return range(first, first + TABLE)


def _role(tournament: Tournament, position: int, value: str | int) -> Callable[[], None]:
    wanted = ROLES.index(str(value))
    roles = tournament.role

    def swap() -> None:
        other = next(seat for seat in _neighbours(position) if roles[seat] == wanted)
        roles[position], roles[other] = roles[other], roles[position]

    return swap


def _points(tournament: Tournament, position: int, value: str | int) -> Callable[[], None]:
    wanted = int(Decimal(str(value)).scaleb(2))

    def adjust() -> None:
        won = 100 if tournament.won(position) else 0
        tournament.bonus[position] += wanted - won - tournament.extra_of(position)

    return adjust


def _mark(tournament: Tournament, position: int, value: str | int) -> Callable[[], None]:
    wanted = MARKS.index(str(value))

    def move() -> None:
        for seat in _neighbours(position):
            if 0 < wanted <= LAST_SHOT_MARK and 0 < tournament.mark[seat] <= LAST_SHOT_MARK:
                tournament.mark[seat] = 0
        tournament.mark[position] = wanted

    return move


def _elo_delta(tournament: Tournament, position: int, value: str | int) -> Callable[[], None]:
    wanted = int(value)

    def put() -> None:
        tournament.delta[position] = wanted

    return put


_SEAT_FIGURES: Final = {"role": _role, "points": _points, "mark": _mark, "elo_delta": _elo_delta}
"""Each reads its value first and gives what to do: nothing is half done when one is wrong."""


def _game(tournament: Tournament, round_no: int, table_no: int) -> int:
    for game in range(tournament.games):
        if (tournament.round_no[game], tournament.table_no[game]) == (round_no, table_no):
            return game
    raise KeyError((round_no, table_no))


def set_winner(world: World, tournament_id: int, round_no: int, table_no: int, winner: str) -> dict[str, Any]:
    """Another winner of a played game: red, black or draw."""
    tournament = world.tournaments[tournament_id]
    game = _game(tournament, round_no, table_no)
    if not tournament.winner[game]:
        raise ValueError(winner)
    tournament.winner[game] = WINNERS.index(winner)
    return {"tournament_id": tournament_id, "round": round_no, "table_no": table_no}


def rename_player(world: World, player_id: int, login: str) -> dict[str, Any]:
    """Another nickname, wherever the player stands."""
    before = world.people[player_id].login
    world.people[player_id].login = login
    return {"player_id": player_id, "before": before}


def move_player(world: World, player_id: int, club_id: int | None) -> dict[str, Any]:
    """Into another club, or out of any."""
    person = world.people[player_id]
    if club_id is not None and club_id not in world.clubs:
        raise KeyError(club_id)
    person.club_id = club_id
    return {"player_id": player_id}


def set_elo(world: World, player_id: int, elo: str) -> dict[str, Any]:
    """Another ELO in the newest list."""
    person = world.people[player_id]
    person.elo = int(Decimal(elo).scaleb(2))
    person.elo_by_year[world.season] = person.elo
    return {"player_id": player_id}


def remove_tournament(world: World, tournament_id: int) -> dict[str, Any]:
    """Take a tournament from the list and from the site."""
    del world.tournaments[tournament_id]
    return {"tournament_id": tournament_id}


def add_tournament(world: World, copy_of: int, title: str = "Новый турнир", start: str | None = None) -> dict[str, Any]:
    """A new tournament with the next number and the games of another."""
    source = deepcopy(world.tournaments[copy_of])
    tournament_id = max(world.tournaments) + 1
    first = date.fromisoformat(start) if start else source.start
    last = first + (source.end - source.start)
    world.tournaments[tournament_id] = replace(source, tournament_id=tournament_id, title=title, start=first, end=last)
    return {"tournament_id": tournament_id}


def edit_tournament(world: World, tournament_id: int, **figures: str | int | bool | None) -> dict[str, Any]:
    """Other `title`, `status`, `is_hidden`, `stars`, `is_fsm` or `projected`."""
    tournament = world.tournaments[tournament_id]
    wrong = figures.keys() - {"title", "status", "is_hidden", "stars", "is_fsm", "projected"}
    if figures.get("status", "finished") not in STATUS_SHOWN:
        wrong.add(str(figures["status"]))
    if wrong:
        raise KeyError(*sorted(wrong))
    for name, value in figures.items():
        setattr(tournament, name, value)
    return {"tournament_id": tournament_id}


def remove_club(world: World, club_id: int) -> dict[str, Any]:
    """Take a club from the site; its members are without one."""
    del world.clubs[club_id]
    for person in world.people.values():
        if person.club_id == club_id:
            person.club_id = None
    return {"club_id": club_id}


def add_player(world: World, login: str, region: str | None = "central", club_id: int | None = None) -> dict[str, Any]:
    """A newcomer, without games yet; the next number. `region` None: outside the seven."""
    place = next(place for place in PLACES if place.region == region)
    if club_id is not None and club_id not in world.clubs:
        raise KeyError(club_id)
    player_id = max(world.people) + 1
    world.people[player_id] = Person(
        player_id, login, place.country_shown, place.city_shown, region, world.season, club_id=club_id
    )
    return {"player_id": player_id}


def unlist_player(world: World, player_id: int) -> dict[str, Any]:
    """A player leaves: from then on no rating list has him."""
    world.people[player_id].listed = False
    return {"player_id": player_id}


def spoil(world: World, kind: str, key: list[int], field: str, value: object) -> dict[str, Any]:
    """Send that value for a field of a row of the API, whatever it is. The truth doesn't follow.

    `kind` and `key`: user (player_id), club (club_id), tournament (tournament_id),
    game (tournament_id, round, table_no), seat (... , seat), result (tournament_id, line).
    """
    if kind not in {"user", "club", "tournament", "game", "seat", "result"}:
        raise KeyError(kind)
    world.spoiled.setdefault((kind, *key), {})[field] = value
    return {"kind": kind, "key": key}


CHANGES: Final[dict[str, Callable[..., dict[str, Any]]]] = {
    function.__name__: function
    for function in (
        take_round_back,
        add_round,
        correct_seat,
        set_winner,
        rename_player,
        move_player,
        set_elo,
        remove_tournament,
        add_tournament,
        edit_tournament,
        remove_club,
        add_player,
        unlist_player,
        spoil,
    )
}
"""Every change by name."""
