from __future__ import annotations

from datetime import UTC, datetime

from gomafia_kit.events import AskDone, StageDone
from gomafia_kit.memory.diet import BrowserDiet

AT = datetime(2026, 3, 1, tzinfo=UTC)
ASKED = AskDone(1, "games", "key", True, 1, 1, AT)
DONE = StageDone(1, "games", 1.0, AT)


class Browser:
    """What a diet sees of one."""

    def __init__(self, *figures: float | None) -> None:
        self.figures = list(figures)
        self.rested = 0
        self.told: list[str] = []
        self.is_scarce = False
        self.diet = BrowserDiet(self.taken, self.rest, self.told.append, lambda: self.is_scarce)

    def taken(self) -> float | None:
        return self.figures.pop(0)

    def rest(self) -> None:
        self.rested += 1


def test_one_that_grew_is_replaced_and_the_next_is_judged_by_itself() -> None:
    browser = Browser(200, 340, 351, 180, 320, None)
    for _ in range(6):
        browser.diet(ASKED)
    assert browser.rested == 1
    assert browser.told == ["Chromium grew from 200 to 351 MB: it is replaced by a fresh one."]


def test_it_ends_with_its_stage() -> None:
    browser = Browser()
    browser.diet(DONE)
    assert browser.rested == 1
    assert browser.told == []


def test_when_memory_is_short_it_is_replaced_once_a_stage() -> None:
    browser = Browser(*[200] * 8)
    browser.is_scarce = True
    for _ in range(4):
        browser.diet(ASKED)
    assert browser.rested == 1
    browser.diet(DONE)
    for _ in range(4):
        browser.diet(ASKED)
    assert browser.rested == 3
