"""Names that were met, however many: eight bytes are enough to tell one from all others."""

from __future__ import annotations

from array import array
from typing import Final

_FEWEST_PLACES: Final = 1024
_NOBODY: Final = 0


class SeenNames:
    """A set of names that holds but their hashes, in 12 to 24 bytes each; as texts in a set they would take 140.

    A hash stands in the first free place behind the one that its last bits name.
    """

    def __init__(self) -> None:
        self._places = array("q", [_NOBODY]) * _FEWEST_PLACES
        self._taken = 0

    def add(self, name: str) -> None:
        """Note that a name was met."""
        if 3 * self._taken >= 2 * len(self._places):
            self._make_room()
        self._taken += self._put(_hash(name))

    def __contains__(self, name: str) -> bool:
        number = _hash(name)
        return self._places[self._place_of(number)] == number

    def __len__(self) -> int:
        return self._taken

    def _make_room(self) -> None:
        before, self._places = self._places, array("q", [_NOBODY]) * (2 * len(self._places))
        for number in before:
            if number != _NOBODY:
                self._put(number)

    def _put(self, number: int) -> bool:
        """Give a hash its place; False if it has one."""
        place = self._place_of(number)
        is_new = self._places[place] == _NOBODY
        self._places[place] = number
        return is_new

    def _place_of(self, number: int) -> int:
        """Where a hash stands, or would."""
        places, last = self._places, len(self._places) - 1
        place = number & last
        while places[place] not in {_NOBODY, number}:
            place = (place + 1) & last
        return place


def _hash(name: str) -> int:
    return hash(name) or 1  # 0 marks a free place
