"""Rules on a row and inside one answer; looks nothing up.

A game must be whole to be kept: ten seats of its own, and where it was played, six citizens, a
sheriff, two mafia and a don. If not, the game and its seats are refused together, since a part of
a game would make every figure wrong. A key that comes again in the same answer is a duplicate if
the row is the same, else both are refused: nobody can tell which one is right.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from gomafia_kit.records import SEATS_A_GAME, TABLE_OF, Game, Rejection, Seat
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gomafia_kit.records import Parsed, Record

_PLAYED_ROLES: Final = Counter(citizen=6, sheriff=1, mafia=2, don=1)
_KEYS: Final[dict[type[Record], Callable[[Record], object]]] = {
    kind: attrgetter(*TABLES[table].key) for kind, table in TABLE_OF.items()
}
_GameKey = tuple[int, int, int]


@dataclass(slots=True)
class Checked:
    """What may be staged, what may not, and how many records came twice."""

    records: list[Record] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    duplicates: Counter[str] = field(default_factory=Counter)


def validate(parsed: Parsed) -> Checked:
    """The sound records of an answer and the refused ones with their reasons."""
    checked = Checked(rejections=list(parsed.rejections))
    unique = _one_of_each(parsed.records, checked)
    faults = _game_faults(unique)
    for record in unique:
        reason = faults.get(_game_of(record)) if isinstance(record, Game | Seat) else None
        if reason is None:
            checked.records.append(record)
        else:
            checked.rejections.append(_refused(record, "game", reason))
    return checked


def key_of(record: Record) -> object:
    """The record's key: a value, or a tuple where it has several columns."""
    return _KEYS[type(record)](record)


def _refused(record: Record, fields: str, rule: str) -> Rejection:
    table = TABLES[TABLE_OF[type(record)]]
    names = [*table.key, *(("player_id",) if isinstance(record, Seat) else ())]
    key = ", ".join(f"{name}={getattr(record, name)}" for name in names)
    return Rejection(table.name, key, fields, "", rule)


def _one_of_each(records: Iterable[Record], checked: Checked) -> list[Record]:
    seen: dict[tuple[type[Record], object], Record] = {}
    contradicted: set[tuple[type[Record], object]] = set()
    for record in records:
        key = (type(record), key_of(record))
        first = seen.setdefault(key, record)
        if first is record:
            continue
        if first == record:
            checked.duplicates[TABLE_OF[type(record)]] += 1
        else:
            contradicted.add(key)
            checked.rejections.append(_refused(record, "key", "two different rows have this key"))
    for key in contradicted:
        checked.rejections.append(_refused(seen.pop(key), "key", "two different rows have this key"))
    return list(seen.values())


def _game_of(record: Game | Seat) -> _GameKey:
    return record.tournament_id, record.round, record.table_no


def _game_faults(records: list[Record]) -> dict[_GameKey, str]:
    """Why a game can't be kept, by game."""
    games = {_game_of(record): record for record in records if isinstance(record, Game)}
    seats: dict[_GameKey, list[Seat]] = {}
    for record in records:
        if isinstance(record, Seat):
            seats.setdefault(_game_of(record), []).append(record)
    faults: dict[_GameKey, str] = {}
    for key in games.keys() | seats.keys():
        reason = _fault(games.get(key), seats.get(key, []))
        if reason is not None:
            faults[key] = reason
    return faults


def _fault(game: Game | None, seats: list[Seat]) -> str | None:
    if game is None:
        return "the game itself was refused"
    numbers = sorted(seat.seat for seat in seats)
    if numbers != list(range(1, SEATS_A_GAME + 1)):
        return f"a game has the seats 1 to 10, this one has {', '.join(map(str, numbers)) or 'none'} that can be kept"
    people = Counter(seat.player_id for seat in seats if seat.player_id is not None)
    twice = [str(player) for player, times in people.items() if times > 1]
    if twice:
        return f"player {', '.join(twice)} sits at the table twice"
    roles = Counter(seat.role for seat in seats)
    if game.winner is not None and roles != _PLAYED_ROLES:
        return f"a game played has 6 citizens, a sheriff, 2 mafia and a don, this one has {_told(roles)}"
    return None


def _told(roles: Counter[str | None]) -> str:
    return ", ".join(f"{number} {role or 'without a role'}" for role, number in sorted(roles.items(), key=str))
