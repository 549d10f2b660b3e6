"""Keeps what long runs measured: a line each in `benchmarks/results.md`, with the commit they were measured at."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("results.md")


@cache
def commit() -> str:
    """The commit that is checked out as this is first asked for, in short; `unknown` outside of a clone.

    A long run asks as it begins: others may check out another commit meanwhile.
    """
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=FILE.parent, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"


def has(what: str) -> bool:
    """True if that was measured at this commit already."""
    return FILE.exists() and f"| {commit()} | {what} |" in FILE.read_text("utf-8")


def append(what: str, figures: str) -> None:
    """Add a line: when, at which commit, what was measured, and the figures."""
    if not FILE.exists():
        FILE.write_text(
            "# Results of long runs\n\n| day | commit | what | figures |\n| --- | --- | --- | --- |\n", "utf-8"
        )
    with FILE.open("a", encoding="utf-8") as file:
        file.write(f"| {datetime.now(UTC):%Y-%m-%d} | {commit()} | {what} | {figures} |\n")
