"""Names that were met are known by their hashes alone, and take little room."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from gomafia_kit.seen import SeenNames

MANY = 100_000


@given(st.lists(st.text()), st.lists(st.text()))
def test_it_is_a_set_of_names(met: list[str], others: list[str]) -> None:
    seen = SeenNames()
    for name in met:
        seen.add(name)
    assert len(seen) == len(set(met))
    assert all(name in seen for name in met)
    assert {name for name in others if name in seen} == set(met) & set(others)


def test_many_take_little_room_and_each_is_found() -> None:
    tracemalloc.start()
    try:
        seen = SeenNames()
        for number in range(MANY):
            seen.add(f"player_statistics/{number}/2024")
        taken, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (taken / MANY, most / MANY) < (24, 40)
    assert len(seen) == MANY
    assert all(f"player_statistics/{number}/2024" in seen for number in range(MANY))
    assert not any(f"player_statistics/{number}/2025" in seen for number in range(MANY))
