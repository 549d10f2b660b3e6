"""Two readings of a table, both in key order, compared value by value; neither is ever whole in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.soundness.finding import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from gomafia_kit.tables import Table

_LONGEST_SHOWN: Final = 60

Key = tuple[Any, ...]


@dataclass(slots=True)
class Differences:
    """What differs in the other reading of a table: how many rows, and the first of them in words.

    By column those in which it has another value; rows that it lacks, and rows that it has beyond these.
    """

    table: Table
    rows: int = 0
    number: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    missing: int = 0
    missing_keys: list[str] = field(default_factory=list)
    extra: int = 0
    extra_keys: list[str] = field(default_factory=list)

    def note_missing(self, key: Key) -> None:
        """The other reading lacks this row."""
        self.missing += 1
        _keep(self.missing_keys, self._named(key))

    def note_extra(self, key: Key) -> None:
        """The other reading has this row, and it isn't there."""
        self.extra += 1
        _keep(self.extra_keys, self._named(key))

    def note_values(self, key: Key, mine: Sequence[object], theirs: Sequence[object]) -> None:
        """Both have this row, with these values."""
        for column, value, other in zip(self.table.names, mine, theirs, strict=True):
            if value != other:
                self.number[column] += 1
                told = f"{self._named(key)}: {_shown(other)} instead of {_shown(value)}"
                _keep(self.examples.setdefault(column, []), told)

    def _named(self, key: Key) -> str:
        return ", ".join(f"{name}={value}" for name, value in zip(self.table.key, key, strict=True))


def compare(table: Table, mine: Iterator[pl.DataFrame], theirs: Iterator[pl.DataFrame]) -> Differences:
    """How the other reading of a table differs; both have its columns in their order and types, and its key's order."""
    found = Differences(table)
    left, right = _Side(table, mine), _Side(table, theirs)
    while (cut := _nearer(left.last_key(), right.last_key())) is not None:
        one, other = left.up_to(cut), right.up_to(cut)
        found.rows += one.height
        if not one.equals(other):
            _note_rows(found, one, other)
    return found


class _Side:
    """One of two readings: what was read and not compared yet."""

    def __init__(self, table: Table, frames: Iterator[pl.DataFrame]) -> None:
        self._key = list(table.key)
        self._frames = frames
        self._held: pl.DataFrame | None = None

    def last_key(self) -> Key | None:
        """The key of the last row that was read; None if all was compared."""
        while self._held is None or self._held.is_empty():
            self._held = next(self._frames, None)
            if self._held is None:
                return None
        return self._held.select(self._key).row(-1)

    def up_to(self, cut: Key) -> pl.DataFrame:
        """Take out the rows that were read with keys up to this one; all that are there, if the reading has ended."""
        import polars as pl

        if self._held is None:
            return pl.DataFrame()
        number = bisect_right(self._held.select(self._key).rows(), cut)
        taken, self._held = self._held[:number], self._held[number:]
        return taken


def _nearer(one: Key | None, other: Key | None) -> Key | None:
    """The smaller of two keys: up to it both readings are known."""
    given = [key for key in (one, other) if key is not None]
    return min(given, default=None)


def _note_rows(found: Differences, one: pl.DataFrame, other: pl.DataFrame) -> None:
    mine, theirs = _by_key(found.table, one), _by_key(found.table, other)
    for key, values in mine.items():
        if key not in theirs:
            found.note_missing(key)
        elif values != theirs[key]:
            found.note_values(key, values, theirs[key])
    for key in theirs:
        if key not in mine:
            found.note_extra(key)


def _by_key(table: Table, frame: pl.DataFrame) -> dict[Key, Sequence[object]]:
    if frame.is_empty():
        return {}
    return dict(zip(frame.select(table.key).rows(), frame.rows(), strict=True))


def _keep(told: list[str], text: str) -> None:
    if len(told) < SHOWN:
        told.append(text)


def _shown(value: object) -> str:
    """A value in a line: a text in quotes, so that nothing, an empty one and a null differ."""
    if value is None:
        return "null"
    text = str(value)
    if isinstance(value, str):
        text = repr(value)
    elif isinstance(value, Decimal):
        text = f"{value.normalize():f}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
