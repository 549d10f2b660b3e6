"""What a check says: what it looked at, how much, and each fault with its table, keys, value and remedy."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import GomafiaError, command_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHOWN: Final = 3
"""So many keys of a fault are named."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: in `number` rows or files of `table`, the first of them in `keys`."""

    table: str
    number: int
    keys: tuple[str, ...]
    value: str
    remedy: str

    def __str__(self) -> str:
        keys = "; ".join(self.keys) + (" ..." if self.number > len(self.keys) else "")
        return f"{self.table}: {self.value} ({self.number:,}: {keys}). {self.remedy}"


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `text` tells what was checked and how much, whatever came of it."""

    name: str
    text: str
    faults: tuple[Fault, ...] = ()

    @property
    def state(self) -> str:
        """`ok` or `wrong`."""
        return "wrong" if self.faults else "ok"


def checked(data_dir: Path, name: str, look: Callable[[], tuple[str, list[Fault]]]) -> Check:
    """The check that `look` does; where it can't be done, that is its fault and the others go on."""
    import duckdb

    try:
        text, faults = look()
    except GomafiaError as error:
        return Check(name, "couldn't be checked", (Fault(name, 1, (), error.message, error.remedy),))
    except (duckdb.Error, sqlite3.Error, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Check(
            name, "couldn't be checked", (Fault(name, 1, (), first, f"Run {command_for(data_dir, 'rebuild')}."),)
        )
    return Check(name, text, tuple(faults))
