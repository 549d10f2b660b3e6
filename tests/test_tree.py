"""What is committed: notebooks without outputs, nothing of one machine, no secrets, no large files."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 1_000_000
REGISTRIES = "|".join(
    name.replace("_", r"\.")
    for name in ("py" + "pi_org", "python" + "hosted_org", "npm" + "js_org", "deb_deb" + "ian_org")
)
MACHINE_PATH = r"(?:^|[^A-Za-z0-9_.~-])/(?:work|root|tmp/bash_jobs)/"


def committed() -> list[Path]:
    """The files that git tracks; in a copy without git all but what is made here."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_there_are_files_to_look_at() -> None:
    assert ROOT / "README.md" in committed()


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE_PATH])
def test_nothing_of_a_registry_or_of_one_machine_is_committed(pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in committed()
        if path.suffix not in {".png", ".parquet", ".xz"}
        for match in re.finditer(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert found == []


def test_notebooks_are_committed_without_outputs_and_hold_no_logic() -> None:
    notebooks = [path for path in committed() if path.suffix == ".ipynb"]
    assert {path.name for path in notebooks} >= {"import.ipynb", "explore.ipynb"}
    for path in notebooks:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        assert [cell for cell in code if cell["outputs"] or cell["execution_count"]] == []
        tagged = [cell for cell in code if "parameters" in cell["metadata"].get("tags", [])]
        assert tagged == code[:1]
        for cell in code:
            source = "".join(cell["source"])
            assert not re.search(r"^\s*(?:def|class|for|while|if|try|import sys)\b", source, re.MULTILINE), source
            assert "sys.exit" not in source


def test_no_file_is_large() -> None:
    assert [path.name for path in committed() if path.stat().st_size > LARGEST] == []


def test_the_readme_gives_both_commands_and_every_page_it_names_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make import" in readme
    assert "make test" in readme
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", readme):
        assert (ROOT / target).exists(), target


def test_every_target_of_make_is_told() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    for target in re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE):
        assert f"make {target}" in told, target
