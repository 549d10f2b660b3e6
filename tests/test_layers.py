"""A module may import only from those above it: read from the source, lazy and type-only imports too."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import gomafia_kit

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE: Final = Path(gomafia_kit.__file__).parent

ORDER: Final = (
    ("errors",),
    ("events", "questions", "seen"),
    ("records", "values"),
    ("tables",),
    ("site",),
    ("settings",),
    ("roads",),
    ("parameters",),
    ("parse",),
    ("validate", "resolve"),
    ("runs",),
    ("fetch",),
    ("probe",),
    ("plan",),
    ("staging",),
    ("load",),
    ("postgres",),
    ("memory",),
    ("replay", "analyse"),
    ("soundness",),
    ("importer",),
    ("tuner",),
    ("widgets", "explore"),
    ("cli",),  # the monitor says of a run what the panel says
)
"""From the one that knows nobody down to the faces; places on one line don't know each other."""

LEVEL: Final = {place: level for level, places in enumerate(ORDER) for place in places}
FACES: Final = frozenset({"widgets", "explore", "cli"})

ALLOWED: Final = {
    ("records", "site"): "what a parser gives names the further asks that it leads to: the type only",
}
"""Imports against the order that are meant, each with its reason."""

USERS_OF_THE_DEMO: Final = frozenset({"importer", "cli"})


def imports(source: str, package: str) -> Iterator[str]:
    """The full names of the package's modules that a source text imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide the layer"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == package)


def place_of(path: Path) -> str:
    """The layer that a file belongs to: the module or folder directly in the package."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def arrows() -> list[tuple[str, str, str, str]]:
    """Every import of the package by itself: file, its place, the place imported, the full name."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for name in imports(path.read_text(encoding="utf-8"), "gomafia_kit"):
            parts = name.split(".")
            found.append((str(path.relative_to(PACKAGE)), place_of(path), parts[1], name))
    return found


def faults(place: str, imported: str) -> str:
    """What is wrong about one place importing another; empty if nothing."""
    if imported == place or (place, imported) in ALLOWED or place == "__init__":  # the front door may show anything
        return ""
    if "demo" in {place, imported}:
        return _fault_of_the_demo(place, imported)
    if place not in LEVEL or imported not in LEVEL:
        return f"give {place if place not in LEVEL else imported} a place in the order"
    if place in FACES and imported == "load":
        return "faces know the importer's handle, nothing of the load"
    return "" if LEVEL[imported] < LEVEL[place] else f"{imported} doesn't stand above {place}"


def _fault_of_the_demo(place: str, imported: str) -> str:
    if place == "demo":
        return "" if imported == "errors" else "the demo site shares nothing with the rest but errors"
    return "" if place in USERS_OF_THE_DEMO else "only importer and cli start the demo site"


def test_every_import_follows_the_order() -> None:
    wrong = [
        f"{file} imports {name}: {fault}"
        for file, place, imported, name in arrows()
        if (fault := faults(place, imported))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_demo_is_used_by_its_front_door() -> None:
    inner = [
        f"{file} imports {name}"
        for file, place, imported, name in arrows()
        if imported == "demo" and place != "demo" and name.startswith("gomafia_kit.demo._")
        if not name.startswith("gomafia_kit.demo.__main__")
    ]
    assert not inner, "\n".join(inner)


def test_every_exception_is_needed() -> None:
    used = {(place, imported) for _, place, imported, _ in arrows()}
    assert set(ALLOWED) <= used


def test_every_module_has_a_place() -> None:
    places = {place_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__", "demo"}
    assert places <= set(LEVEL)


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("errors", "from gomafia_kit.settings import Settings"),
        ("fetch", "def late():\n    import gomafia_kit.load"),
        ("tables", "if TYPE_CHECKING:\n    from gomafia_kit.runs.journal import Run"),
        ("cli", "from gomafia_kit import load"),
        ("analyse", "from gomafia_kit import soundness"),
        ("demo", "from gomafia_kit.site import Ask"),
        ("staging", "from gomafia_kit.demo import start"),
        ("parse", "from gomafia_kit import unheard_of"),
    ],
)
def test_an_import_against_the_order_is_seen(place: str, source: str) -> None:
    names = list(imports(source, "gomafia_kit"))
    assert [bool(faults(place, name.split(".")[1])) for name in names] == [True]


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    heavy = {"polars", "duckdb", "pyarrow", "sqlalchemy", "playwright", "altair", "ipywidgets", "papermill", "psycopg"}
    places = {"staging", "postgres", "analyse", "widgets"}  # whoever imports these wants them anyway
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if place_of(path) in places:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            wrong += [f"{path.relative_to(PACKAGE)} imports {name}" for name in names if name.split(".")[0] in heavy]
    assert not wrong, "\n".join(wrong)
