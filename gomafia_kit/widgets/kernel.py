"""The notebook's kernel around a cell that waits: whether there is one, and whether it is about to end."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, Final

SECONDS_UNTIL_TOLD: Final = 1.0
"""A Jupyter server interrupts a kernel that it ends or starts anew, and only then tells it so."""
_SECONDS_BETWEEN_LOOKS: Final = 0.05


def is_in_kernel() -> bool:
    """True in a notebook's kernel, where an error is shown by the sentences that a person needs."""
    return hasattr(_shell(), "kernel")


def is_ending() -> bool:
    """True if the interrupt that just came is how the kernel's end begins, False if a person wished it.

    The kernel hears of its end in a thread of its own, so this may hold up the cell's one.
    """
    end = time.monotonic() + (SECONDS_UNTIL_TOLD if is_in_kernel() else 0.0)
    with suppress(KeyboardInterrupt):  # an impatient person's second one
        while not _is_told() and time.monotonic() < end:
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    return _is_told()


def _is_told() -> bool:
    return is_in_kernel() and bool(_shell().exit_now)


def _shell() -> Any:  # noqa: ANN401 - IPython's, which has many forms
    from IPython import get_ipython

    return get_ipython()
