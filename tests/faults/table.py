"""The table of faults in `docs/faults.md`: which faults it tells of, its rows, and how it is written and read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PAGE: Final = Path(__file__).parents[2] / "docs" / "faults.md"

FAULTS: Final[dict[str, tuple[str, ...]]] = {
    "The site and the network": (
        "429 with Retry-After",
        "429 without Retry-After",
        "503 with Retry-After",
        "503 without Retry-After",
        "502",
        "504",
        "a reset connection",
        "half a body",
        "an empty answer",
        "HTML in place of JSON",
        "a length that is too long",
        "a length that is too short",
        "a wrong encoding",
        "a list that became empty",
        "an answer larger than 64 MB",
        "a gzip bomb",
        "a redirect to another host",
        "no answer in time",
        "an answer that drips",
        "no connection in time",
        "a name that nobody knows",
        "a certificate that nobody vouches for",
        "asks that fail by one road",
        "an ask that fails by every road",
        "the API alone fails, from the first ask on",
        "the API alone fails in the midst of a stage",
        "the API begins to refuse",
        "the site is down for a while",
        "the site is down for longer than the longest outage",
    ),
    "The machine": (
        "a damaged part",
        "a damaged answer",
        "a damaged publication",
        "a damaged run store",
        "a disk that takes no more",
        "a data folder on a network drive",
        "two imports into one folder",
        "two pushes into one schema",
        "a Chromium that is killed",
        "a Chromium that is stopped",
        "a clock that was a year ahead",
        "a session ended in COPY",
        "a session ended in MERGE",
        "PostgreSQL restarts",
        "PostgreSQL has no free connection",
    ),
}
"""Chapter -> its faults, in the order of the page. Each is told by a test of this folder."""

_INTRODUCTION: Final = """\
# What goes wrong, and what you see

This page is made by the tests (`make docs-faults`): each fault is brought about on real sockets, files and processes in
the middle of an import. *What you see* is word for word; `...` stands for what differs from time to time: addresses,
folders, waits. What is lost was found by comparing the tables with the truth. The last column is the time until the
import went on or ended, in the tests, where nobody waits politely.
"""
_HEAD: Final = "| fault | what you see | what is lost | seconds |\n| --- | --- | --- | ---: |"


@dataclass(frozen=True)
class Row:
    """One fault: its name, the sentence that a person sees, what is lost, and how long it took to go on."""

    name: str
    sees: str
    lost: str
    seconds: float

    def line(self) -> str:
        """As a line of the page."""
        cells = [self.name, _cell(self.sees), _cell(self.lost), f"{self.seconds:.1f}"]
        return f"| {' | '.join(cells)} |"


def chapter_of(name: str) -> str:
    """The chapter in which a fault stands."""
    for chapter, names in FAULTS.items():
        if name in names:
            return chapter
    raise AssertionError(f"tests/faults/table.py has no fault {name!r} in FAULTS.")


def plain(text: str, folder: Path | None = None) -> str:
    """A sentence without what differs from time to time."""
    if folder is not None:
        text = text.replace(str(folder), "...")
    text = re.sub(r"\b127\.0\.0\.1:\d+", "127.0.0.1:...", text)
    text = re.sub(r"\b(in|at|until|after|than|within) \d[\d.:,]*(?= s\b|[ .,;)]|$)", r"\1 ...", text)
    return " ".join(text.split())


def written(rows: Mapping[str, Row]) -> str:
    """The page with these rows."""
    chapters = [
        f"## {chapter}\n\n{_HEAD}\n" + "".join(f"{rows[name].line()}\n" for name in names if name in rows)
        for chapter, names in FAULTS.items()
        if names
    ]
    return "\n".join([_INTRODUCTION, *chapters])


def read(page: str) -> dict[str, Row]:
    """The rows of the page as it stands."""
    return {row.name: row for row in _rows(page.splitlines())}


def _rows(lines: Iterable[str]) -> Iterable[Row]:
    for line in lines:
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 4 and re.fullmatch(r"\d+\.\d", cells[3]):
            yield Row(cells[0], cells[1].replace("\\|", "|"), cells[2].replace("\\|", "|"), float(cells[3]))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
