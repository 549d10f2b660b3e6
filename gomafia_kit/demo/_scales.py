"""How large a league is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gomafia_kit.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Scale:
    """Exact numbers of everything that a league of this size holds."""

    name: str
    players: int
    clubs: int
    tournaments: int
    games: int
    years: tuple[int, ...]


_ALL_YEARS: Final = tuple(range(2019, 2026))

SCALES: Final = MappingProxyType(
    {
        scale.name: scale
        for scale in (
            Scale("tiny", 90, 6, 12, 120, (2022, 2023, 2024)),
            Scale("small", 700, 40, 100, 2_500, _ALL_YEARS),
            Scale("full", 8_900, 310, 2_600, 60_000, _ALL_YEARS),
            Scale("x10", 89_000, 3_100, 26_000, 600_000, _ALL_YEARS),
        )
    }
)
"""All scales by name."""


_OTHER: Final = re.compile(r"(\d+) players, (\d+) games")


def scale_named(name: str) -> Scale:
    """The scale of that name, or made as `500 players, 3000 games` says; SettingsError if there is none."""
    if other := _OTHER.fullmatch(name):
        players, games = map(int, other.groups())
        return Scale(name, players, max(4, players // 29), max(4, games // 23), games, _ALL_YEARS)
    try:
        return SCALES[name]
    except KeyError:
        raise SettingsError(
            f"There is no scale {name!r} of the demo league.",
            f"Choose one of {', '.join(SCALES)}, or write such as '500 players, 3000 games'.",
        ) from None
