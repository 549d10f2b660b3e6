"""`make docs-memory`: runs every command and call that `docs/memory.md` shows, and puts in what they print.

The page's words are written by people; a block that begins with `$ gomafia ...` or `>>> gk. ...` is kept true
by this. They run in a folder that is thrown away, on three imports of the tiny demo league: `http`, `chromium`
and `collected` (garbage collected after each batch; pushed). `kept: ...` shows the newest figures of that name in
benchmarks/results.md: what they tell took minutes or hours to measure.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gomafia_kit.cli.docs import docs_dir
from gomafia_kit.cli.examples import session, tidied

if TYPE_CHECKING:
    from collections.abc import Callable

FILE: Final = "memory.md"
RESULTS: Final = docs_dir().parent / "benchmarks" / "results.md"
SHOWN: Final = re.compile(r"^```text\n(\$|>>>|kept:) ([^\n]+)\n.*?^```$", re.MULTILINE | re.DOTALL)
"""A block that is made: the prompt, and the command, call, or name of the figures."""

WIDTH: Final = 120

_RUN: Final = "gomafia run --form api --batch-rows 200 --stages tournaments,games"
_RUNS: Final = (
    f"{_RUN} --data-dir http --via http",
    f"{_RUN} --data-dir chromium --via chromium",
    f"{_RUN},push --data-dir collected --via http --gc batch",
)
_BEGUN: Final = """
import polars as pl
import gomafia_kit as gk
pl.Config(tbl_formatting="ASCII_MARKDOWN", tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True,
          tbl_rows=30, tbl_width_chars=150, fmt_float="mixed", float_precision=1, fmt_str_lengths=200)
"""


def shown(page: str) -> list[tuple[str, str]]:
    """Every command, call and name of figures of the page, each with its prompt: `$`, `>>>` or `kept:`."""
    return SHOWN.findall(page)


def made_anew(page: str, answer: Callable[[str, str], str]) -> str:
    """The page with each block as `answer` gives it for prompt and line."""
    return SHOWN.sub(lambda block: f"```text\n{answer(block[1], block[2])}\n```", page)


def kept(name: str, results: str) -> str:
    """The newest figures whose name begins so, below the day and the commit; ValueError if none do."""
    rows = re.findall(r"^\| (\S+) \| ([^|]+) \| ([^|]+) \| (.+) \|$", results, re.MULTILINE)
    found = [row for row in rows if row[2].startswith(name)]
    if not found:
        raise ValueError(f"benchmarks/results.md has no figures of {name!r}")
    day, commit, what, figures = found[-1]
    return "\n".join([f"kept: {name}", f"{day}, at {commit}: {what}", *textwrap.wrap(figures, WIDTH)])


class Shell:
    """Runs what the page shows, in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self._home = home
        for line in _RUNS:
            session(home, line)

    def __call__(self, prompt: str, line: str) -> str:
        """The line as typed, and what it prints."""
        if prompt == "kept:":
            return kept(line, RESULTS.read_text(encoding="utf-8"))
        return session(self._home, line) if prompt == "$" else self._called(line)

    def _called(self, call: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", f"{_BEGUN}\nprint({call})"],
            cwd=self._home,
            env={**os.environ, "GOMAFIA_HOME": str(self._home), "GOMAFIA_HEADLESS": "1"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return tidied(self._home, f">>> {call}\n{done.stdout.rstrip()}")


def main() -> int:
    """Run everything that the page shows, and write it."""
    path = docs_dir() / FILE
    with tempfile.TemporaryDirectory() as folder:
        page = made_anew(path.read_text(encoding="utf-8"), Shell(Path(folder)))
    path.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
