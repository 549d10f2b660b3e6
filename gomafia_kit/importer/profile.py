"""A run looked at while it works, and what was found: the lines and types that grow, what holds it up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import FolderError
from gomafia_kit.memory.diagnosis import (
    Finding,
    Growth,
    findings_of,
    findings_of_growth,
    growing_lines,
    growing_types,
    too_few_looks,
    whole_growth,
)
from gomafia_kit.memory.profiler import TABLE, profile_folder
from gomafia_kit.memory.snapshots import captures, draw_flame_graph, held_by_line
from gomafia_kit.memory.trend import LEAST_POINTS
from gomafia_kit.runs.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.memory.snapshots import Held

FLAME_GRAPH: Final = "flame_graph.html"


@dataclass(frozen=True, slots=True)
class Profile:
    """What was found in one run.

    `stretches` holds for each stretch how many batches it was long and what it left, by line;
    `flame_graph` is the HTML page of the longest one (memray only).
    """

    run_id: int
    tracer: str
    batches: int
    stretches: tuple[tuple[int, tuple[Held, ...]], ...]
    whole: Growth
    lines: tuple[Growth, ...]
    types: tuple[Growth, ...]
    findings: tuple[Finding, ...]
    flame_graph: Path | None

    @property
    def verdict(self) -> str:
        """What memory does in one sentence: how much it grows a batch, or that it is flat."""
        if len(self.stretches) < LEAST_POINTS:
            return f"unknown: {self.batches} batches are too few to tell; give a smaller batch_rows"
        if self.lines:
            slope, low = sum(line.slope for line in self.lines), sum(line.low for line in self.lines)
            return f"grows {slope:,.1f} KB a batch (95%: at least {low:,.1f}), by {len(self.lines)} lines of code"
        return self.whole.told


def diagnosed(data_dir: Path, run_id: int) -> list[Finding]:
    """What the figures of a run show to be wrong, whether it was profiled or not."""
    with Journal(data_dir) as journal:
        return findings_of(journal.measures(run_id), journal.batches(run_id))


def undiagnosed(data_dir: Path, run_id: int) -> list[str]:
    """Of what the figures of a run are too few to say anything, as sentences."""
    with Journal(data_dir) as journal:
        return too_few_looks(journal.measures(run_id))


def profile_of(data_dir: Path, run_id: int) -> Profile:
    """The profile of a run that was profiled; FolderError if it wasn't, or was too short to begin."""
    folder = profile_folder(data_dir, run_id)
    try:
        told: dict[str, Any] = json.loads((folder / TABLE).read_text("utf-8"))
    except FileNotFoundError:
        raise FolderError(
            f"Run {run_id} of {data_dir} has no profile: it wasn't looked at, or had too few batches.",
            "Profile a run into a fresh data_dir, with a smaller batch_rows.",
        ) from None
    lengths = [int(stretch["batches"]) for stretch in told["stretches"]]
    files = captures(folder)[: len(lengths)]
    held = [held_by_line(file) for file in files]
    lines = growing_lines(held, lengths)
    longest = files[max(range(len(files)), key=lambda number: lengths[number])]
    picture = draw_flame_graph(longest, folder / FLAME_GRAPH) if longest.suffix == ".bin" else None
    types = growing_types([stretch["types"] for stretch in told["stretches"]], lengths)
    return Profile(
        run_id,
        told["how"]["tracer"],
        told["batches"],
        tuple(zip(lengths, (tuple(lines_) for lines_ in held), strict=True)),
        whole_growth(held, lengths),
        tuple(lines),
        tuple(types),
        (*findings_of_growth(lines, types), *diagnosed(data_dir, run_id)),
        picture,
    )
