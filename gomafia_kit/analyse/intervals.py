"""How sure a share is: Wilson's interval, which holds for few games and for shares near 0 and 1.

E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the
American Statistical Association 22 (1927), 209-212; recommended for few trials by L. D. Brown, T. T. Cai
and A. DasGupta, Interval estimation for a binomial proportion, Statistical Science 16 (2001), 101-133.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import Final

from gomafia_kit.errors import SettingsError
from gomafia_kit.settings import at_least, number, whole

CONFIDENCE: Final = 0.95


def wilson(wins: int, games: int, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Lower and upper end of the interval of a share `wins` of `games`; None without a game.

    The ends are shares of 1. Raises SettingsError for counts that can't be, and for a confidence not between 0 and 1.

    >>> low, high = wilson(7, 10)
    >>> print(f"{low:.4f} {high:.4f}")
    0.3968 0.8922
    """
    games, wins = at_least(0, whole)("games", games), at_least(0, whole)("wins", wins)
    if wins > games:
        raise SettingsError(f"wins: {wins} of {games} games can't be.", "Give wins as one part of games.")
    confidence = number("confidence", confidence)
    if not 0 < confidence < 1:
        raise SettingsError(f"confidence: {confidence:g} is no share.", "Give one between 0 and 1, as 0.95.")
    if games == 0:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = wins / games
    middle = share + z * z / (2 * games)
    reach = z * sqrt(share * (1 - share) / games + z * z / (4 * games * games))
    scale = 1 + z * z / games
    # Exact at the ends, where rounding would leave a hair.
    low = 0.0 if wins == 0 else (middle - reach) / scale
    high = 1.0 if wins == games else (middle + reach) / scale
    return low, high
