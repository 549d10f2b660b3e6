"""Who was shot on the first night, and how many of the mafia he named: what the site's marks mean.

The mark stands in a seat's `type`, or in the class of its role's cell; its meaning changed with the
rules of 5 January 2023. Other words than the marks tell nothing, and are kept as they came.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

Shot = tuple[bool | None, int | None, int | None]
"""Whether he was the first shot; the fewest and the most mafia that he named."""

# (least, most) mafia named
_GUESSED: Final = {"b": (0, 0), "lg": (1, 2), "g": (3, 3)}
_GUESSED_BEFORE_2023: Final = {"b": (0, 1), "lg": (2, 2), "g": (3, 3)}
_CHANGED_ON: Final = date(2023, 1, 5)

SHOTS: Final = frozenset(_GUESSED)
OTHERS: Final = frozenset({"y", "r"})
UNTOLD: Final[Shot] = (None, None, None)


def tell_of_shots(marks: Iterable[str | None]) -> bool:
    """True if these are the marks of a tournament's seats: at least one stands there, and every one is known.

    "No mark: the mafia missed" may be read only then.
    """
    found = set(marks) - {None}
    return bool(found) and found <= (SHOTS | OTHERS)


def first_shot(mark: str | None, role: str | None, started_on: date | None) -> Shot:
    """What a mark tells; `started_on` the tournament's first day, without which the number is open."""
    if mark is None:
        return UNTOLD if role is None else (False, None, None)
    if mark in OTHERS:
        return (False, None, None)
    if mark not in SHOTS:
        return UNTOLD
    if started_on is None:
        return (True, None, None)
    return (True, *(_GUESSED_BEFORE_2023 if started_on < _CHANGED_ON else _GUESSED)[mark])
