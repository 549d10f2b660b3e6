"""A chart in a notebook: a PNG wherever it is read, and alive in JupyterLab; nothing is ever loaded.

Headless (papermill, nbmake, a script) the output is the PNG alone. In a kernel that JupyterLab or
Notebook started, the chart itself goes along, and JupyterLab draws it with the Vega it brings, with
tooltips; the PNG beside it serves every other reader. `GOMAFIA_HEADLESS=1` or `0` decides otherwise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.analyse.draw import SCALE
from gomafia_kit.errors import SettingsError, UnavailableError, without_secrets
from gomafia_kit.staging.parts import disk_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# JupyterLab 4 knows up to v5; Altair's own renderer names a later one, which no reader knows.
LIVE_FORM: Final = "application/vnd.vegalite.v5+json"
_LIVE_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v5.json"
_SECONDS: Final = 120
_DRAW: Final = "from gomafia_kit.analyse.draw import main; main()"


def save_picture(path: str | Path, forms: Mapping[str, Callable[[], bytes]]) -> None:
    """Write the form that the name's ending asks for; SettingsError for another ending, FolderError if it can't be."""
    path = Path(path).expanduser().absolute()
    if path.suffix.lower() not in forms:
        raise SettingsError(f"{path} has no ending that a picture has.", f"Let it end in {' or '.join(forms)}.")
    with disk_faults(path):
        path.write_bytes(forms[path.suffix.lower()]())


def is_headless(environment: Mapping[str, str] | None = None) -> bool:
    """True unless a person's JupyterLab or Notebook runs this kernel, or GOMAFIA_HEADLESS says 0.

    papermill, nbclient and nbmake tell a kernel nothing of themselves; a Jupyter server tells it the
    notebook's name.
    """
    environment = os.environ if environment is None else environment
    told = environment.get("GOMAFIA_HEADLESS", "").strip().lower()
    if told:
        return told not in {"0", "false", "no"}
    return "JPY_SESSION_NAME" not in environment


@dataclass(frozen=True)
class Picture:
    """A chart that shows itself as a notebook cell's result; `alt` says in words what is to be seen."""

    spec: dict[str, Any] = field(repr=False)
    alt: str

    def png(self) -> bytes:
        """The chart as a PNG, drawn in a process that ends with it (about 110 MB, half a second)."""
        for options in ([], ["--plain"]):  # less in its texts is better than no picture
            done = subprocess.run(
                [sys.executable, "-P", "-c", _DRAW, *options],
                input=json.dumps(self.spec).encode(),
                capture_output=True,
                check=False,
                timeout=_SECONDS,
                env=without_secrets(os.environ),
            )
            if done.returncode == 0:
                return done.stdout
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise UnavailableError(
            f"The picture ({self.alt}) can't be drawn: {' '.join(last)}", "Install the package again: make setup."
        )

    def save(self, path: str | Path) -> None:
        """Write the PNG to a file, whose name ends in .png."""
        save_picture(path, {".png": self.png})

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        del include, exclude  # the reader chooses among all forms
        import base64

        png = self.png()
        forms: dict[str, Any] = {"image/png": base64.b64encode(png).decode(), "text/plain": self.alt}
        if not is_headless():
            forms[LIVE_FORM] = {**self.spec, "$schema": _LIVE_SCHEMA}
        # The file has two pixels a point; its width stands in the PNG's header.
        width = int.from_bytes(png[16:20], "big") / SCALE
        return forms, {"image/png": {"alt": self.alt, "width": round(width)}}
