"""The command `gomafia`: a thin face over the functions that notebooks use as well.

Nothing heavy is imported until a command needs it: `gomafia --help` answers at once.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gomafia_kit.cli import app

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """The program: what it writes, and what it starts writes, is the user's alone; the exit code."""
    os.umask(0o077)
    return app.main(arguments)
