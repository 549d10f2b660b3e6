"""What the made-up league takes from the real one: figures of 2023 and 2024, counted once.

`python -m gomafia_kit.demo calibrate --players FILE` counts them again beside a league's own.
"""

from __future__ import annotations

from typing import Final

BLACK_WINS: Final = 0.5863
"""Share of games that the mafia wins: real mafia 0.586, don 0.586; red 0.413, sheriff 0.415."""

DRAWS: Final = 0.002

GAMES_A_YEAR: Final = (
    (0.0, 10),
    (0.09, 10),
    (0.22, 11),
    (0.235, 12),
    (0.3, 16),
    (0.4, 24),
    (0.45, 28),
    (0.5, 33),
    (0.55, 40),
    (0.6, 46),
    (0.65, 55),
    (0.7, 64),
    (0.75, 78),
    (0.8, 92),
    (0.85, 112),
    (0.9, 140),
    (0.95, 198),
    (0.98, 286),
    (0.99, 380),
    (0.995, 447),
    (0.999, 569),
    (1.0, 642),
)
"""Share of a year's players -> games of a year up to which they play."""

KEEP_PLAYING: Final = 0.72
"""Share of a year's players who play again in the next: 1,485 of 2,066."""

REGION_SHARES: Final = (
    ("central", 0.2227),
    ("south", 0.2098),
    ("volga_region", 0.1772),
    ("siberia_and_ural", 0.1671),
    ("north", 0.0792),
    ("chernozem_region", 0.0732),
    ("far_east", 0.0708),
)
"""Of the players who played in 2023 or 2024."""

YEAR_SHARES: Final = {2019: 0.07, 2020: 0.05, 2021: 0.09, 2022: 0.13, 2023: 0.195, 2024: 0.266, 2025: 0.199}
"""Of all games: 2023 and 2024 as in the real years, the others guessed."""

ROUNDS: Final = ((10, 0.34), (11, 0.36), (12, 0.1), (15, 0.13), (14, 0.04), (16, 0.03))
"""Rounds a tournament: the real games of a year have peaks at 10, 11, 15, 20, 21 and 22."""


def games_of_a_year(share: float) -> int:
    """The games of a player who plays more than that share (0 to 1) of a year's players."""
    below, few = GAMES_A_YEAR[0]
    for above, many in GAMES_A_YEAR[1:]:
        if share <= above:
            return round(few + (many - few) * (share - below) / (above - below))
        below, few = above, many
    return few
