"""Nicknames of standings -> players: only inside the answers about the same tournament, and only if it is certain."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gomafia_kit.records import Result, Seat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gomafia_kit.records import Record

NO_IDS = "no answer about the tournament tells who sat at its tables"
NOBODY = "nobody of this nickname sat at the tournament's tables"
A_GUEST = "a guest without an account sat under this nickname"


class People:
    """Who bore which nickname at a tournament's tables, as far as its answers tell."""

    def __init__(self) -> None:
        self._ids: dict[str, set[int | None]] = {}

    def meet(self, records: Iterable[Record]) -> None:
        """Take in the seats among these records."""
        for record in records:
            if isinstance(record, Seat) and record.login is not None:
                self._ids.setdefault(record.login, set()).add(record.player_id)

    def resolved(self, result: Result, lines: int) -> Result:
        """The line of a standing with its player, or with the reason why he can't be told.

        `lines` of the standing bear the nickname: of several the seat tells one, and nothing which of them.
        """
        ids = self._ids.get(result.login, set())
        if lines == 1 and len(ids) == 1 and None not in ids:
            return result._replace(player_id=next(iter(ids)), unresolved=None)
        return result._replace(player_id=None, unresolved=self._reason(ids, lines))

    def _reason(self, ids: set[int | None], lines: int) -> str:
        if not any(player is not None for found in self._ids.values() for player in found):
            return NO_IDS
        if not ids:
            return NOBODY
        if ids == {None}:
            return A_GUEST
        known = sorted(player for player in ids if player is not None)
        if len(ids) == 1:
            return f"{lines} lines of the standing bear this nickname, and one who sat at its tables: {known[0]}"
        return f"{len(ids)} people of this nickname sat at its tables: {', '.join(map(str, known))}" + (
            " and a guest" if None in ids else ""
        )


def resolve(records: list[Record], people: People) -> list[Record]:
    """The records, their standings' lines resolved among the people met so far and in these records."""
    people.meet(records)
    lines = Counter((record.standing, record.login) for record in records if isinstance(record, Result))
    return [
        people.resolved(record, lines[record.standing, record.login]) if isinstance(record, Result) else record
        for record in records
    ]
