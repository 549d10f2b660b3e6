"""The command `gomafia`: a thin face over the functions that notebooks use as well.

Nothing heavy is imported until a command needs it: `gomafia --help` answers at once.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["INTERRUPTED", "main"]

INTERRUPTED: Final = 130
"""What shells give for a program ended by Ctrl+C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The program: what it writes, and what it starts writes, is the user's alone; the exit code."""
    os.umask(0o077)
    try:
        from gomafia_kit.cli import app
    except KeyboardInterrupt:  # while it is loaded; later on it takes it itself
        sys.stderr.write("Interrupted.\n")
        return INTERRUPTED
    return app.main(arguments)
