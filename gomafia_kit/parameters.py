"""A notebook's parameters: read from its own cell, and checked before anything is asked.

papermill only warns about an unknown parameter and goes on with the default, and gives texts where a
date or a truth value was meant. So names, types and values are checked twice by the same rules: by
`check_before` where a notebook is started, and by `check` in the notebook's second cell.

A parameters cell holds nothing but lines as `name: type = default  # what it means`; the type is str,
bool, int, float or list (papermill's own reading of the cell knows no `int | None`), and a default of
None says that None may be given.
"""

from __future__ import annotations

import ast
import io
import json
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import SettingsError, did_you_mean
from gomafia_kit.settings import Settings, refuse_secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TAG: Final = "parameters"
_TYPES: Final[dict[str, type]] = {"str": str, "bool": bool, "int": int, "float": float, "list": list}
_EXPECTED: Final = {
    "str": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "list": "a list, or a text with commas",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One line of a parameters cell; `kind` is the name of its type."""

    name: str
    kind: str
    default: object
    help: str

    def read(self, value: object) -> object:
        """The value as this parameter's type; a text is read as on a command line.

        Raises SettingsError if it is of another type.
        """
        if self.default is None and (value is None or value == "None"):
            return None
        found = _as_type(self.kind, value)
        if found is None:
            raise SettingsError(
                f"{self.name}: {value!r} is not {_EXPECTED[self.kind]}.", f"Give {self.name}: {self.help}."
            )
        return found


def _as_type(kind: str, value: object) -> object:
    """The value as that type, or None if it is another thing."""
    match value:
        case bool():
            return value if kind == "bool" else None
        case str():
            return _from_text(kind, value.strip())
        case int() | float() if kind == "list":
            return [value]
        case int() if kind in {"float", "str"}:
            # A text, too: papermill reads `-p player 18` as a number.
            return _TYPES[kind](value)
        case float() if kind == "int" and value.is_integer():
            return int(value)
        case _:
            return value if isinstance(value, _TYPES[kind]) else None


def _from_text(kind: str, text: str) -> object:
    if kind == "bool":
        return {"true": True, "false": False}.get(text.lower())
    if kind == "list":
        return [item.strip() for item in text.strip("[]()").split(",") if item.strip()]
    try:
        return _TYPES[kind](text)
    except ValueError:
        return None


# -- a parameters cell ----------------------------------------------------------------------------


def of_notebook(path: Path) -> tuple[Parameter, ...]:
    """The parameters of a notebook; SettingsError if it has no parameters cell, or none that can be read."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except OSError as error:
        raise SettingsError(
            f"{path} can't be read: {error.strerror}.", "Give the path of a notebook, as notebooks/import.ipynb."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path} is no notebook.", "Give the path of an .ipynb file.") from error
    tagged = [cell for cell in cells if TAG in cell.get("metadata", {}).get("tags", ())]
    if len(tagged) != 1:
        raise SettingsError(
            f"{path} has {len(tagged)} cells tagged {TAG}.", "A notebook with parameters has exactly one, the first."
        )
    found = of_cell("".join(tagged[0]["source"]))
    if found is None:
        raise SettingsError(
            f"The {TAG} cell of {path} holds more than lines as `name: type = default  # help`.", "Take the rest out."
        )
    return found


def of_cell(source: str) -> tuple[Parameter, ...] | None:
    """The parameters that a cell's source declares; None if it is no parameters cell."""
    statements = _statements(source)
    comments = _comments(source)
    found = []
    for line in statements:
        if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name) or line.value is None:
            return None
        kind = ast.unparse(line.annotation)
        if kind not in _TYPES or not _is_plain(line.value):
            return None
        default = ast.literal_eval(line.value)
        found.append(Parameter(line.target.id, kind, default, comments.get(line.end_lineno or 0, "")))
    return tuple(found) or None


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:  # a cell with magics, or one that failed: no parameters in it
        return []


def _comments(source: str) -> dict[int, str]:
    """Line number -> the comment at its end."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}


# -- before a notebook is started -----------------------------------------------------------------


def check_before(notebook: Path, given: Mapping[str, object]) -> dict[str, Any]:
    """The parameters as the notebook's types, ready for papermill; `given` holds texts as from a command line.

    Raises SettingsError for an unknown name (with the nearest right one), a wrong type, or, in a
    notebook whose parameters are all settings, a value that no import could run with.
    """
    own = {parameter.name: parameter for parameter in of_notebook(notebook)}
    refuse_unknown(given, tuple(own))
    values = {name: own[name].read(value) for name, value in given.items()}
    if own.keys() <= set(Settings.names()):
        Settings.gather(values, given=frozenset(values))
    return values


def refuse_unknown(names: Mapping[str, object] | Sequence[str], own: Sequence[str]) -> None:
    """Nothing, if every name is among a notebook's own; else SettingsError with the nearest right name."""
    for name in names:
        if name in own:
            continue
        refuse_secret(name)
        hint = did_you_mean(name.lower(), own)
        raise SettingsError(f"{name} is no parameter of this notebook.{hint}", f"There are: {', '.join(own)}.")


# -- inside a running notebook --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """A running notebook's parameters: each name's value, and which of them were given from outside."""

    values: dict[str, Any]
    given: frozenset[str]


def check(namespace: Mapping[str, object]) -> Checked:
    """The notebook's parameters by their types; `namespace` is the notebook's `globals()`.

    Which cells ran is read from the kernel's own record: the newest parameters cell, and the cell of
    plain assignments right after it, which is where papermill puts what was given. Raises
    SettingsError for a name that isn't the notebook's, with the nearest right one, and for a value
    of another type.
    """
    own, given = declared_and_given(_history(namespace))
    if not own:
        raise SettingsError(
            "No parameters cell was run in this kernel.", "Run the notebook from its first cell: Run, Run All Cells."
        )
    names = tuple(parameter.name for parameter in own)
    for name in set(given) - set(names):
        refuse_secret(name, is_written=True)
    refuse_unknown(given, names)
    values = {parameter.name: parameter.read(namespace.get(parameter.name)) for parameter in own}
    return Checked(values, frozenset(given))


def declared_and_given(history: Sequence[str]) -> tuple[tuple[Parameter, ...], tuple[str, ...]]:
    """The parameters of the newest parameters cell among the sources of run cells, and the names given after it."""
    for place in range(len(history) - 1, -1, -1):
        own = of_cell(history[place])
        if own is not None:
            following = history[place + 1] if place + 1 < len(history) else ""
            return own, _assigned(following)
    return (), ()


def _assigned(source: str) -> tuple[str, ...]:
    """The names that a cell of nothing but plain assignments sets; none if it is another kind of cell."""
    names = []
    for line in _statements(source):
        if not isinstance(line, ast.Assign) or len(line.targets) != 1 or not isinstance(line.targets[0], ast.Name):
            return ()
        if not _is_plain(line.value):
            return ()
        names.append(line.targets[0].id)
    return tuple(names)


def _is_plain(value: ast.expr) -> bool:
    """True for what papermill writes: literals, and float('nan') or float('inf')."""
    calls = [node for node in ast.walk(value) if isinstance(node, ast.Call)]
    if calls:
        return all(isinstance(call.func, ast.Name) and call.func.id == "float" for call in calls)
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True


def _history(namespace: Mapping[str, object]) -> list[str]:
    """The sources of the cells that ran in this kernel, oldest first: IPython's `In`."""
    cells = namespace.get("In", ())
    return [cell for cell in cells if isinstance(cell, str)] if isinstance(cells, list) else []
