"""The memory chart of a run as a picture that stays in a saved notebook."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.analyse.picture import save_picture
from gomafia_kit.errors import UnavailableError, without_secrets
from gomafia_kit.widgets.chart import memory_svg
from gomafia_kit.widgets.figures import figures_of
from gomafia_kit.widgets.words import count, megabytes

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.importer import ImportHandle

_SECONDS: Final = 120


@dataclass(frozen=True)
class MemoryPicture:
    """A chart that shows itself as a notebook cell's result, as a PNG; `alt` says it in words."""

    svg: str = field(repr=False)
    alt: str

    def png(self) -> bytes:
        """The chart as a PNG, drawn in a process that ends with it."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "gomafia_kit.widgets.draw"],
            input=self.svg.encode(),
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            env=without_secrets(os.environ),
        )
        if done.returncode or not done.stdout:
            last = " ".join(done.stderr.decode(errors="replace").strip().splitlines()[-1:])
            raise UnavailableError(f"The memory chart can't be drawn: {last}", "Install the package again: make setup.")
        return done.stdout

    def save(self, path: str | Path) -> None:
        """Write the chart to a file, as its name ends: in .svg or .png."""
        save_picture(path, {".png": self.png, ".svg": self.svg.encode})

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        del include, exclude  # the reader chooses among all forms
        return {"image/png": base64.b64encode(self.png()).decode(), "text/plain": self.alt}


def memory_picture_of(handle: ImportHandle) -> MemoryPicture:
    """The memory chart of a run as it stands."""
    figures = figures_of(handle.data_dir, handle.run_id)
    alt = (
        f"Memory by batch of run {figures.run_id}: {count(len(figures.points))} batches,"
        f" {count(figures.rows)} rows, at most {megabytes(figures.peak_mb)}."
    )
    svg = memory_svg(figures.points, limit_mb=figures.limit_mb, is_over=not figures.is_working)
    return MemoryPicture(svg, alt)
