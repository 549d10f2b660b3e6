"""A real command for GOMAFIA_ALERT that writes down what it is told, line by line."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

_NOTE: Final = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read() + b'\\n')"


def writing_down(file: Path) -> str:
    """The command that appends each alert to a file."""
    return shlex.join([sys.executable, "-c", _NOTE, str(file)])


def written_down(file: Path) -> list[dict[str, Any]]:
    """The alerts so far, in the order in which they came."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
