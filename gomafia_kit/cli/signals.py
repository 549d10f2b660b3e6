"""Ctrl+C and SIGTERM: the first is a wish to end cleanly, the second ends at once."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def stopping(wish: Callable[[], bool]) -> Iterator[None]:
    """Within the block the first signal calls `wish`; a second one, or one that `wish` gives False for, interrupts.

    Handlers are set outright: a shell starts its background jobs with SIGINT ignored.
    """
    seen: list[int] = []

    def note(number: int, _frame: object) -> None:
        if seen or not wish():
            raise KeyboardInterrupt
        seen.append(number)

    before = {name: signal.signal(name, note) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
