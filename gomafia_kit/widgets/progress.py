"""One line about a run every few seconds, for runs that nobody looks at through a widget."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, TextIO

from gomafia_kit.widgets.figures import Watch
from gomafia_kit.widgets.words import progress_line

if TYPE_CHECKING:
    from pathlib import Path

SECONDS: Final = 3.0
LONGEST_SECONDS: Final = 60.0
_GROWTH: Final = 0.02
"""Lines come rarer in a long run: an import of hours shall not fill its notebook with thousands of them."""


class ProgressLines:
    """Call it as often as you like: it writes a line when one is due, and each notice once."""

    def __init__(self, data_dir: Path, run_id: int, stream: TextIO | None = None) -> None:
        self._watch = Watch(data_dir, run_id)
        self._stream = stream
        self._due = time.monotonic() + SECONDS
        self._last = ""
        self._notices = 0

    def __call__(self) -> None:
        """Write what is due."""
        if time.monotonic() >= self._due:
            self._write()

    def finish(self) -> None:
        """Write the last line and let go of the run store."""
        self._write()
        self._watch.close()

    def _write(self) -> None:
        figures = self._watch.look()
        for notice in figures.notices[self._notices :]:
            self._print(f"  {notice}")
        self._notices = len(figures.notices)
        line = progress_line(figures)
        if line != self._last:
            self._print(line)
        self._last = line
        self._due = time.monotonic() + min(LONGEST_SECONDS, max(SECONDS, figures.seconds * _GROWTH))

    def _print(self, line: str) -> None:
        # Whatever stderr is now: a notebook's kernel has its own.
        stream = self._stream or sys.stderr
        stream.write(line + "\n")
        stream.flush()
