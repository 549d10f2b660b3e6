"""The tuning notebook: its parameters, and a run without a person."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gomafia_kit as gk
from gomafia_kit.errors import SettingsError
from gomafia_kit.parameters import of_notebook
from gomafia_kit.settings import Settings
from gomafia_kit.tuner import DEFAULT_SIZES, REPEATS, TRANSPORTS

TUNE = Path(__file__).parents[2] / "notebooks" / "tune.ipynb"
OWN = {
    "sizes": ["automatic" if size is None else size for size in DEFAULT_SIZES],
    "repeats": REPEATS,
    "transport": TRANSPORTS[0],
    "order_seed": 1,
    "stages": ["tournaments", "games"],
}


def test_the_parameters_are_the_settings_and_the_tuners_own() -> None:
    for parameter in of_notebook(TUNE):
        if parameter.name in OWN:
            assert parameter.default == OWN[parameter.name]
        else:
            assert parameter.default == getattr(Settings(), parameter.name)


def test_a_wrong_size_ends_before_anything_is_tried() -> None:
    (cell,) = [c for c in json.loads(TUNE.read_text("utf-8"))["cells"] if c["metadata"].get("tags")]
    source = "".join(cell["source"])
    namespace: dict[str, object] = {"In": ["", source, "sizes = ['many']"]}
    exec(source, namespace)  # noqa: S102 - the notebook's own cell of plain assignments
    namespace["sizes"] = ["many"]
    with pytest.raises(SettingsError, match="'many' is no batch size"):
        gk.check_tuning(namespace)


def test_without_a_person_it_tries_by_itself_and_keeps_picture_and_tables(tmp_path: Path) -> None:
    out = tmp_path / "out.ipynb"
    given = ("-p", "sizes", "[40,3000]", "-p", "repeats", "1")
    done = subprocess.run(
        [sys.executable, "-m", "papermill", "tune.ipynb", str(out), *given],
        capture_output=True,
        check=False,
        cwd=TUNE.parent,
        env={**os.environ, "GOMAFIA_HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython")},
    )
    assert done.returncode == 0, done.stderr.decode()
    text = out.read_text(encoding="utf-8")
    assert "widget-view" not in text
    cells = {cell["id"]: cell for cell in json.loads(text)["cells"]}
    (picture,) = cells["picture"]["outputs"]
    assert picture["data"]["image/png"].startswith("iVBOR")
    told = "".join(cells["advice"]["outputs"][0]["data"]["text/plain"])
    for words in ("Recommended: ", "What was tried", "memory-constrained  512", "the guide's rates"):
        assert words in told
    lines = "".join("".join(output["text"]) for output in cells["wait"]["outputs"])
    assert "Getting ready for 2 trials" in lines
    assert "Trial 2 of 2: " in lines
