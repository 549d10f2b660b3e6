"""The command `gomafia`: a thin face over the functions that notebooks use as well.

Nothing heavy is imported until a command needs it: `gomafia --help` answers at once.
"""

from __future__ import annotations

from gomafia_kit.cli.app import main

__all__ = ["main"]
