"""What differs between two readings of a table is found by value, wherever the readings are cut into frames."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from gomafia_kit.soundness.values import compare
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = TABLES["club_member"]
"""Its key has two columns."""

Row = tuple[Any, ...]


def frames(rows: list[Row], dice: random.Random) -> Iterator[pl.DataFrame]:
    """The rows in frames of any length, some of them empty."""
    while rows:
        number = dice.randint(0, 4)
        yield pl.DataFrame(rows[:number], TABLE.polars_schema(), orient="row")
        rows = rows[number:]


@pytest.mark.parametrize("seed", range(40))
def test_every_difference_is_counted_however_the_readings_are_cut(seed: int) -> None:
    dice = random.Random(seed)
    rows: list[Row] = [(club, player, dice.choice(["a", "", None]), 7) for club in range(6) for player in range(4)]
    other = {row[:2]: row for row in rows}
    lacking = dice.sample(rows, dice.randint(0, 6))
    for row in lacking:
        del other[row[:2]]
    beyond = [(club, 9, "new", 7) for club in dice.sample(range(8), dice.randint(0, 5))]
    changed = dice.sample(sorted(other), dice.randint(0, 6))
    for key in changed:
        other[key] = (*key, "changed", 7)
    theirs = sorted([*other.values(), *beyond], key=lambda row: row[:2])
    found = compare(TABLE, frames(rows, dice), frames(theirs, dice))
    assert found.rows == len(rows)
    assert (found.missing, found.extra) == (len(lacking), len(beyond))
    assert found.missing_keys == [f"club_id={club}, player_id={player}" for club, player, *_ in sorted(lacking)][:3]
    assert dict(found.number) == ({"login": len(changed)} if changed else {})


def test_a_null_and_an_empty_text_are_told_apart_and_shown() -> None:
    dice = random.Random(1)
    mine, theirs = [(1, 1, None, 7), (1, 2, "it's\n", 7)], [(1, 1, "", 7), (1, 2, "x" * 99, 7)]
    found = compare(TABLE, frames(mine, dice), frames(theirs, dice))
    one, other = found.examples["login"]
    assert one == "club_id=1, player_id=1: '' instead of null"
    assert other.startswith("club_id=1, player_id=2: 'xxx")
    assert other.endswith("""x... instead of "it's\\n\"""")
