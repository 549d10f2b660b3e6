"""Keeps what long runs measured: a line each in `benchmarks/results.md`, with the commit they were measured at."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

FILE = Path(__file__).with_name("results.md")


def append(what: str, figures: str) -> None:
    """Add a line: when, at which commit, what was measured, and the figures."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=FILE.parent, capture_output=True, text=True, check=False
    ).stdout.strip()
    if not FILE.exists():
        FILE.write_text(
            "# Results of long runs\n\n| day | commit | what | figures |\n| --- | --- | --- | --- |\n", "utf-8"
        )
    with FILE.open("a", encoding="utf-8") as file:
        file.write(f"| {datetime.now(UTC):%Y-%m-%d} | {commit or 'unknown'} | {what} | {figures} |\n")
