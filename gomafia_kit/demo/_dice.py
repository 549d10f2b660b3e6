"""Chance that falls the same on every machine and Python version.

Only `Random.random()` is used: its sequence for a seed is documented to stay, that of `shuffle`,
`choice` and the distributions isn't. No logarithms or powers either: their last digit may differ.
"""

from __future__ import annotations

import hashlib
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Dice:
    """A stream of chance of its own for each list of words."""

    __slots__ = ("random",)

    def __init__(self, *words: object) -> None:
        digest = hashlib.blake2b("|".join(map(str, words)).encode(), digest_size=8).digest()
        # Not for secrets: the league must come out the same each time.
        self.random = Random(int.from_bytes(digest, "big")).random  # noqa: S311 - a made-up league, no secret

    def below(self, end: int) -> int:
        """A whole number from 0 to end - 1."""
        return int(self.random() * end)

    def between(self, first: int, last: int) -> int:
        """A whole number from first to last, both included."""
        return first + int(self.random() * (last - first + 1))

    def chance(self, share: float) -> bool:
        """True in that share of all throws."""
        return self.random() < share

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[int(self.random() * len(items))]

    def weighted(self, items: Sequence[tuple[T, float]]) -> T:
        """One of the items, each as often as its weight says; the weights sum up to 1."""
        left = self.random()
        for item, weight in items:
            left -= weight
            if left < 0:
                return item
        return items[-1][0]

    def bell(self) -> float:
        """About a normal distribution of mean 0 and deviation 1 (twelve throws added)."""
        throw = self.random
        return sum(throw() for _ in range(12)) - 6.0

    def shuffle(self, items: list[T]) -> None:
        """Put the items in a chance order."""
        throw = self.random
        for last in range(len(items) - 1, 0, -1):
            other = int(throw() * (last + 1))
            items[last], items[other] = items[other], items[last]
