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

from gomafia_kit.runs.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Sequence

IMPORT = Path(__file__).parents[2] / "notebooks" / "import.ipynb"
Notebook = dict[str, Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the project's data folder is for these runs; its path is as awkward as people's are."""
    return tmp_path_factory.mktemp("дом и сад")


def _run(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    settings = {"GOMAFIA_HOME": str(home), "IPYTHONDIR": str(home / "ipython"), **environment}
    return subprocess.run(
        [sys.executable, "-m", *words],
        capture_output=True,
        check=False,
        cwd=IMPORT.parent,
        env={**os.environ, **settings},
    )


def _papermill(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return _run(home, "papermill", *words, **environment)


def _outputs(notebook: Notebook, cell_id: str) -> list[dict[str, Any]]:
    (cell,) = (cell for cell in notebook["cells"] if cell.get("id") == cell_id)
    return list(cell["outputs"])


def _text(notebook: Notebook, cell_id: str) -> str:
    found = []
    for output in _outputs(notebook, cell_id):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        found.append(text if isinstance(text, str) else "".join(text))
    return "".join(found)


# -- the notebook as it is committed --------------------------------------------------------------


def _cells() -> list[dict[str, Any]]:
    return list(json.loads(IMPORT.read_text(encoding="utf-8"))["cells"])


def test_the_parameters_stand_first_and_alone() -> None:
    code = [cell for cell in _cells() if cell["cell_type"] == "code"]
    assert [cell["metadata"].get("tags") for cell in code] == [["parameters"], *[None] * (len(code) - 1)]


def test_it_is_committed_without_outputs() -> None:
    assert [(cell["outputs"], cell["execution_count"]) for cell in _cells() if cell["cell_type"] == "code"] == [
        ([], None) for cell in _cells() if cell["cell_type"] == "code"
    ]


def test_every_code_cell_has_prose_above_it_and_no_logic_in_it() -> None:
    cells = _cells()
    for before, cell in pairwise(cells):
        if cell["cell_type"] == "code":
            assert before["cell_type"] == "markdown"
            nodes = list(ast.walk(ast.parse("".join(cell["source"]).replace("await ", ""))))
            assert not [node for node in nodes if isinstance(node, ast.stmt) and not isinstance(node, _PLAIN)]
            assert "exit" not in [node.attr for node in nodes if isinstance(node, ast.Attribute)]


_PLAIN = (ast.Import, ast.Assign, ast.AnnAssign, ast.Expr)


# -- run headless ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def executed(home: Path) -> Notebook:
    """The notebook as it stands after a default run by plain papermill: the tiny league, pushed too."""
    out = home / "out.ipynb"
    done = _papermill(home, "import.ipynb", str(out))
    assert done.returncode == 0, done.stderr.decode()
    return dict(json.loads(out.read_text(encoding="utf-8")))


def test_a_default_run_brings_the_tiny_league_into_duckdb_and_postgres(home: Path, executed: Notebook) -> None:
    with Journal(home / "data" / "demo-tiny") as journal:
        (run,) = journal.runs()
    assert (run.state, run.exit_code) == ("done", 0)
    assert run.receipt is not None
    staged = {table["table"]: table["staged"] + table["derived"] for table in run.receipt["tables"]}
    pushed = {table["table"]: table["new"] for table in run.receipt["push"]}
    assert {name: staged[name] for name in ("club", "tournament", "game", "seat")} == {
        "club": 6,
        "tournament": 12,
        "game": 120,
        "seat": 1200,
    }
    assert {name: pushed[name] for name in staged} == staged


def test_the_saved_notebook_tells_all_without_a_widget(executed: Notebook) -> None:
    text = json.dumps(executed)
    assert "widget-view" not in text
    assert "run 1 starting" in _text(executed, "import")
    assert "run 1 done, " in _text(executed, "wait")
    receipt = _text(executed, "receipt")
    assert "Run 1 (demo, tiny) is done in" in receipt
    assert "What was pushed to PostgreSQL" in receipt
    (picture,) = _outputs(executed, "memory-picture")
    assert picture["data"]["image/png"].startswith("iVBOR")
    assert _text(executed, "memory-table").split()[:3] == ["stage", "batch", "rows"]
    assert "gk.open_league" in _text(executed, "next")


def test_to_stdout_a_second_run_asks_nothing(home: Path, executed: Notebook) -> None:
    done = _papermill(home, "import.ipynb", "-p", "scale", "tiny", "--stderr-file", "/dev/stderr")
    assert done.returncode == 0, done.stderr.decode()
    notebook = json.loads(done.stdout)  # nothing else came to stdout
    assert "86 asks planned, 0 made, 86 answered by the archive" in _text(notebook, "receipt")
    assert "Nothing was new: nothing was asked and nothing written." in _text(notebook, "receipt")
    assert _text(notebook, "memory-table") == "No batch was written in this run."
    assert b"run 2 done, 0 rows, 0 asked of the site" in done.stderr
    given = [line.split()[:3] for line in _text(notebook, "settings").splitlines() if " parameter " in line]
    assert given == [["scale", "tiny", "parameter"]]  # given, though it is the default


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (["-p", "sclae", "small"], "SettingsError: sclae is no parameter of this notebook. Did you mean scale?"),
        (["-p", "batch_rows", "many"], "SettingsError: batch_rows: 'many' is not a whole number."),
    ],
)
def test_a_wrong_parameter_ends_before_anything_is_made(tmp_path: Path, parameters: list[str], words: str) -> None:
    out = tmp_path / "out.ipynb"
    done = _papermill(tmp_path, "import.ipynb", str(out), *parameters)
    assert done.returncode == 1
    assert words in done.stderr.decode()
    assert "gomafia_kit/parameters.py" not in done.stderr.decode()  # a sentence, no traceback into the package
    assert not (tmp_path / "data").exists()


def test_a_failed_import_fails_the_notebook_after_its_account(home: Path, executed: Notebook, tmp_path: Path) -> None:
    # The folder holds another league: found out by the import's own process.
    out = tmp_path / "out.ipynb"
    folder = str(home / "data" / "demo-tiny")
    done = _papermill(home, "import.ipynb", str(out), "-p", "data_dir", folder, "-p", "seed", "7")
    assert done.returncode == 1
    assert "FolderError: " in done.stderr.decode()
    notebook = json.loads(out.read_text(encoding="utf-8"))
    assert "(demo, tiny): failed." in _text(notebook, "receipt")
    assert "How far it got" in _text(notebook, "receipt")
    (error,) = _outputs(notebook, "next")
    assert error["ename"] == "FolderError"
    assert "Traceback" not in "".join(error["traceback"])


def test_it_passes_nbmake_in_its_own_folder(home: Path, executed: Notebook) -> None:
    words: Sequence[str] = ("--nbmake", "--nbmake-kernel=python3", "-p", "no:cacheprovider", "-q", "import.ipynb")
    done = _run(home, "pytest", *words)
    assert done.returncode == 0, done.stdout.decode()
    assert b"1 passed" in done.stdout
