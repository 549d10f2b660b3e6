"""`notebooks/memory.ipynb`, run headless on a real import."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import gomafia_kit as gk
from gomafia_kit.errors import FolderError, SettingsError
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import project_dir
from gomafia_kit.widgets import memory_runs
from gomafia_kit.widgets.memory_runs import NO_OTHER, MemoryRuns
from tests.analyse.mini import Folder

if TYPE_CHECKING:
    from gomafia_kit.widgets.handle import RunHandle

MEMORY = Path(__file__).parents[2] / "notebooks" / "memory.ipynb"


def _cells() -> list[dict[str, Any]]:
    return list(json.loads(MEMORY.read_text(encoding="utf-8"))["cells"])


def test_it_holds_prose_and_calls_and_nothing_was_left_in_it() -> None:
    code = [cell for cell in _cells() if cell["cell_type"] == "code"]
    assert [cell["metadata"].get("tags") for cell in code] == [["parameters"], *[None] * (len(code) - 1)]
    assert {(len(cell["outputs"]), cell["execution_count"]) for cell in code} == {(0, None)}
    for before, cell in pairwise(_cells()):
        if cell["cell_type"] == "code":
            assert before["cell_type"] == "markdown", cell["id"]
            kinds = {type(node) for node in ast.walk(ast.parse("".join(cell["source"]))) if isinstance(node, ast.stmt)}
            assert kinds <= {ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr}, cell["id"]


def test_headless_it_tells_all_in_words_tables_and_pictures(imported: RunHandle, tmp_path: Path) -> None:
    out = tmp_path / "out.ipynb"
    line = [sys.executable, "-m", "papermill", str(MEMORY), str(out), "-p", "data_dir", str(imported.data_dir)]
    line += ["-p", "other_run", str(imported.run_id), "-p", "limit_mb", "256"]
    environment = {"GOMAFIA_HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython")}
    subprocess.run(line, cwd=MEMORY.parent, env={**os.environ, **environment}, check=True, capture_output=True)
    told = {cell["id"]: cell["outputs"] for cell in json.loads(out.read_text("utf-8"))["cells"] if cell.get("outputs")}
    for name in ("batches", "other"):
        assert "image/png" in told[name][0]["data"]
    texts = {name: "".join(outputs[0]["data"]["text/plain"]) for name, outputs in told.items()}
    assert texts["open"].count(str(imported.data_dir)) == 2
    assert "The peak is 0% lower" in texts["compare"]  # compared with itself
    assert "The peak is " in texts["advice"]
    assert "memory_limit_mb=" in texts["advice"]
    assert "RSS, exact" in texts["parts"]
    assert "HTTP" in texts["fit"]
    assert not any("widget-view" in kind for outputs in told.values() for o in outputs for kind in o.get("data", {}))


def test_without_another_run_it_says_how_to_name_one(imported: RunHandle) -> None:
    runs = MemoryRuns(imported, None)
    assert repr(runs.compared()) == repr(runs.picture_of_other()) == NO_OTHER
    assert "beside it" not in repr(runs)


def _namespace(**given: object) -> dict[str, object]:
    """What a kernel's `globals()` hold after the parameters cell, in which somebody has changed some values."""
    defaults = {"data_dir": "", "run": 0, "other_dir": "", "other_run": 0, "limit_mb": 512.0}
    cell = "".join(next(cell["source"] for cell in map(_joined, _cells()) if cell["id"] == "parameters"))
    return {"In": ["", cell], **defaults, **given}


def test_a_run_that_isnt_there_is_named(imported: RunHandle) -> None:
    with pytest.raises(FolderError, match="has no run 77"):
        gk.memory_runs(_namespace(data_dir=str(imported.data_dir), run=77))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"run": 2}, "run: 2 is given without data_dir. Give data_dir the data folder of the run"),
        ({"other_dir": "data/demo-small"}, "other_dir: 'data/demo-small' is given without data_dir."),
        ({"other_run": 1}, "other_run: 1 is given without data_dir."),
        ({"limit_mb": 0.0}, "limit_mb: 0.0 is not 1 or more."),
    ],
)
def test_what_would_be_ignored_or_refused_later_ends_before_anything_is_imported(
    given: dict[str, object], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMAFIA_HOME", str(tmp_path))
    with pytest.raises(SettingsError) as caught:
        gk.memory_runs(_namespace(**given))
    assert str(caught.value).startswith(words)
    assert list(tmp_path.iterdir()) == []


def test_the_demo_is_the_demo_whatever_is_set_and_a_failed_run_of_it_isnt_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMAFIA_HOME", str(tmp_path))
    monkeypatch.setattr(memory_runs, "WAYS", ("http", "http"))
    # A port where nobody listens: a site that is asked by mistake ends the import.
    monkeypatch.setenv("GOMAFIA_SOURCE", "http://127.0.0.1:9")
    folder = project_dir() / "data" / "memory-http"
    with Journal(folder) as journal:
        journal.end(journal.begin({}), "failed")
    runs = gk.memory_runs(_namespace())
    assert (runs.run.data_dir, runs.run.run_id) == (folder, 2)
    assert runs.other is not None
    assert runs.other.run_id == 2
    assert runs.run.run().settings["source"]["value"] == "demo"
    assert "The peak is 0% lower" in repr(runs.compared())


def _joined(cell: dict[str, Any]) -> dict[str, Any]:
    return {**cell, "source": "".join(cell["source"])}


def test_a_run_of_another_league_isnt_taken_for_the_demos(data_dir: Path) -> None:
    other = Folder(data_dir)
    assert memory_runs._whole_run(other.path) is None
    with Journal(other.path) as journal:
        assert any(batch.rows for batch in journal.batches(other.run_id))
