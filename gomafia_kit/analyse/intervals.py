"""How sure a share is: Wilson's interval, which holds for few games and for shares near 0 and 1.

E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the
American Statistical Association 22 (1927), 209-212; recommended for few trials by L. D. Brown, T. T. Cai
and A. DasGupta, Interval estimation for a binomial proportion, Statistical Science 16 (2001), 101-133.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import Final

CONFIDENCE: Final = 0.95


def wilson(wins: int, games: int, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Lower and upper end of the interval of a share `wins` of `games`; None without a game.

    >>> low, high = wilson(7, 10)
    >>> print(f"{low:.4f} {high:.4f}")
    0.3968 0.8922
    """
    if not 0 <= wins <= games or not 0 < confidence < 1:
        raise ValueError((wins, games, confidence))
    if games == 0:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = wins / games
    middle = share + z * z / (2 * games)
    reach = z * sqrt(share * (1 - share) / games + z * z / (4 * games * games))
    whole = 1 + z * z / games
    # Exact at the ends, where rounding would leave a hair.
    low = 0.0 if wins == 0 else (middle - reach) / whole
    high = 1.0 if wins == games else (middle + reach) / whole
    return low, high
