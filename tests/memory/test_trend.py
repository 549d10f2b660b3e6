from __future__ import annotations

import math
import random

import pytest

from gomafia_kit.memory.trend import trend


def test_a_straight_line_is_told_exactly() -> None:
    found = trend([1.0, 3.0, 5.0, 7.0])
    assert (found.slope, found.low, found.high) == pytest.approx((2, 2, 2))
    assert found.grows
    assert trend([5.0, 4.0, 3.0]).falls


def test_noise_alone_is_no_growth() -> None:
    dice = random.Random(7)
    grown = [trend([dice.gauss(100, 5) for _ in range(40)]).grows for _ in range(1000)]
    assert sum(grown) == pytest.approx(50, abs=20)  # 5%, as promised


def test_the_bounds_hold_what_they_promise() -> None:
    dice = random.Random(11)
    under = [trend([0.3 * n + dice.gauss(0, 2) for n in range(6)]).high < 0.3 for _ in range(2000)]
    assert sum(under) == pytest.approx(100, abs=35)


def test_the_places_count() -> None:
    assert trend([1.0, 2.0, 4.0], [1, 2, 4]).slope == pytest.approx(1)


def test_too_little_says_nothing() -> None:
    assert trend([]).high == math.inf
    assert not trend([1.0, 900.0]).grows
    assert trend([1.0, 900.0]).slope == 899
    assert not trend([1.0, 2.0, 3.0], [4, 4, 4]).grows
