from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import papermill
import pytest

import gomafia_kit as gk
from gomafia_kit.errors import SettingsError
from gomafia_kit.parameters import Parameter, check, check_before, declared_and_given, of_cell, of_notebook
from gomafia_kit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

IMPORT = Path(__file__).parents[2] / "notebooks" / "import.ipynb"
CELL = (
    'scale: str = "tiny"  # size of the league\nrows: int = None  # rows a batch\noffline: bool = False  # ask nothing'
)


def _notebook(folder: Path, *cells: tuple[str, Sequence[str]]) -> Path:
    path = folder / "some.ipynb"
    listed = [{"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source} for source, tags in cells]
    path.write_text(json.dumps({"cells": listed}), encoding="utf-8")
    return path


# -- the notebook's own cell and Settings ---------------------------------------------------------


def test_the_import_notebook_has_exactly_the_settings() -> None:
    parameters = {parameter.name: parameter for parameter in of_notebook(IMPORT)}
    assert tuple(parameters) == Settings.names()
    helps = {name: parameter.help for name, parameter in parameters.items()}
    # The list of stages stands in the default itself.
    assert helps == {name: Settings.help(name) for name in Settings.names()} | {"stages": "which of these"}


def test_the_import_notebooks_defaults_are_those_of_the_settings() -> None:
    defaults = {parameter.name: parameter.default for parameter in of_notebook(IMPORT)}
    plain = Settings().as_parameters()
    assert defaults == plain


def test_the_import_notebooks_types_are_those_of_the_settings() -> None:
    kinds = {parameter.name: parameter.kind for parameter in of_notebook(IMPORT)}
    types = {name: str(Settings.__dataclass_fields__[name].type) for name in Settings.names()}
    expected = {name: "list" if kind.startswith("tuple") else kind.split(" ")[0] for name, kind in types.items()}
    assert kinds == expected


def test_papermill_reads_the_same_from_the_cell() -> None:
    seen = papermill.inspect_notebook(str(IMPORT))
    own = of_notebook(IMPORT)
    assert {name: (told["inferred_type_name"], told["help"]) for name, told in seen.items()} == {
        parameter.name: (parameter.kind, parameter.help) for parameter in own
    }


# -- reading a cell -------------------------------------------------------------------------------


def test_a_cell_is_read_with_types_defaults_and_help() -> None:
    assert of_cell(CELL) == (
        Parameter("scale", "str", "tiny", "size of the league"),
        Parameter("rows", "int", None, "rows a batch"),
        Parameter("offline", "bool", False, "ask nothing"),
    )


@pytest.mark.parametrize(
    "source",
    [
        "",
        "import os",
        "scale = 'tiny'",
        "scale: str",
        "a.b: str = ''",
        "scale: str = f()",
        "scale: dict = {}",
        "%pip x",
    ],
)
def test_another_cell_is_no_parameters_cell(source: str) -> None:
    assert of_cell(source) is None


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([("a: str = ''", ())], "has 0 cells tagged parameters"),
        ([("a: str = ''", ["parameters"]), ("b: str = ''", ["parameters"])], "has 2 cells tagged parameters"),
        ([("a: str = ''\nimport os", ["parameters"])], "holds more than lines"),
    ],
)
def test_a_notebook_without_sound_parameters_is_refused(
    tmp_path: Path, cells: list[tuple[str, Sequence[str]]], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        check_before(_notebook(tmp_path, *cells), {})


def test_what_is_no_notebook_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "some.txt"
    text.write_text("hello", encoding="utf-8")
    with pytest.raises(SettingsError, match="is no notebook"):
        check_before(text, {})
    with pytest.raises(SettingsError, match="can't be read: No such file"):
        check_before(tmp_path / "none.ipynb", {})


# -- before the start -----------------------------------------------------------------------------


def test_texts_become_the_notebooks_types() -> None:
    given = {
        "scale": "small",
        "stages": "clubs, players",
        "batch_rows": "500",
        "seconds_between_asks": "1",
        "years": "2023",
        "offline": "true",
        "memory_limit_mb": "None",
        "data_dir": "007",
    }
    assert check_before(IMPORT, given) == {
        "scale": "small",
        "stages": ["clubs", "players"],
        "batch_rows": 500,
        "seconds_between_asks": 1.0,
        "years": ["2023"],
        "offline": True,
        "memory_limit_mb": None,
        "data_dir": "007",
    }


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sclae", "tiny", r"sclae is no parameter of this notebook\. Did you mean scale\?"),
        ("Scale", "tiny", r"Did you mean scale\?"),
        ("batchrows", "5", r"Did you mean batch_rows\?"),
        ("zzzz", "5", r"zzzz is no parameter of this notebook\. There are: source, scale"),
        ("postgres_url", "x", "secrets would be written into the notebook"),
        ("password", "x", "secrets would be written into the notebook"),
        ("scale", "smal", r"'smal' is none of tiny, small, full, x10\. Did you mean small\?"),
        ("batch_rows", "many", "batch_rows: 'many' is not a whole number"),
        ("batch_rows", "1.5", r"batch_rows: '1\.5' is not a whole number"),
        ("batch_rows", "0", "batch_rows: 0 is not 1 or more"),
        ("offline", "yes", r"offline: 'yes' is not true or false\. Give offline: ask nothing"),
        ("seed", "None", "seed: 'None' is not a whole number"),
        ("years", "1999", "1999 is not a season"),
        ("seconds_between_asks", "nan", "is not a finite number"),
        ("stages", "clubs,playrs", r"Did you mean players\?"),
        ("source", "ftp://x", "is no source"),
    ],
)
def test_what_is_wrong_is_named_before_the_start(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        check_before(IMPORT, {name: value})


def test_a_notebook_with_parameters_of_its_own_is_checked_by_its_types(tmp_path: Path) -> None:
    path = _notebook(tmp_path, ('player: str = ""  # id or nickname\nlimit: int = 10  # rows', ["parameters"]))
    assert check_before(path, {"player": "7", "limit": "5"}) == {"player": "7", "limit": 5}
    with pytest.raises(SettingsError, match=r"playr is no parameter of this notebook\. Did you mean player\?"):
        check_before(path, {"playr": "7"})


# -- inside the notebook --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "given"),
    [
        ("# Parameters\nscale = 'small'\nrows = 5\n", ("scale", "rows")),
        ("# Parameters\nrows = float('nan')\nx = {'a': [1, None]}", ("rows", "x")),
        ("import gomafia_kit as gk\nsettings = gk.check_parameters(globals())", ()),
        ("scale = open('x').read()", ()),
        ("scale: str = 'full'", ()),
    ],
)
def test_what_was_given_is_the_cell_of_plain_values_after_the_parameters(after: str, given: tuple[str, ...]) -> None:
    own, found = declared_and_given(["", CELL, after, "settings = check()"])
    if of_cell(after):  # a newer parameters cell takes the older one's place
        assert (own, found) == (of_cell(after), ())
    else:
        assert (own, found) == (of_cell(CELL), given)


def test_the_newest_parameters_cell_counts() -> None:
    own, given = declared_and_given([CELL, "# Parameters\nsclae = 1", "x = 1", CELL, "gk.check_parameters(globals())"])
    assert (own, given) == (of_cell(CELL), ())


def _namespace(cells: list[str], **values: object) -> dict[str, Any]:
    return {"In": ["", *cells], "scale": "tiny", "rows": None, "offline": False, **values}


def test_a_value_that_was_not_given_isnt_told_as_given() -> None:
    checked = check(_namespace([CELL, "# Parameters\nrows = 5", "check()"], rows=5))
    assert (checked.values, checked.given) == ({"scale": "tiny", "rows": 5, "offline": False}, frozenset({"rows"}))


def test_a_wrong_name_or_type_ends_inside_the_notebook() -> None:
    with pytest.raises(SettingsError, match=r"sclae is no parameter of this notebook\. Did you mean scale\?"):
        check(_namespace([CELL, "# Parameters\nsclae = 'small'", "check()"]))
    with pytest.raises(SettingsError, match="rows: 'ten' is not a whole number"):
        check(_namespace([CELL, "check()"], rows="ten"))
    for value in (7.5, True):
        with pytest.raises(SettingsError, match=f"scale: {value} is not a text"):
            check(_namespace([CELL, "check()"], scale=value))


def test_a_whole_number_for_a_text_is_its_digits() -> None:
    # papermill makes a number of `-p player 18`.
    assert check(_namespace([CELL, "check()"], scale=18)).values["scale"] == "18"


def test_a_secret_that_papermill_has_written_down_is_told_as_that() -> None:
    with pytest.raises(SettingsError, match="postgres_url is no parameter: it stands in this notebook now") as caught:
        check(_namespace([CELL, "# Parameters\npostgres_url = 'postgresql://a:hush@h/d'", "check()"]))
    assert caught.value.remedy.startswith("Delete this copy of the notebook")
    assert "hush" not in str(caught.value)


def test_without_a_parameters_cell_one_is_told_to_run_it() -> None:
    with pytest.raises(SettingsError, match="No parameters cell was run in this kernel"):
        gk.check_parameters({})


def test_given_the_default_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMAFIA_SCALE", "small")
    cell = "".join(json.loads(IMPORT.read_text(encoding="utf-8"))["cells"][2]["source"])
    namespace = {parameter.name: parameter.default for parameter in of_cell(cell) or ()}
    assert gk.check_parameters({**namespace, "In": [cell, "check()"]}).scale == "small"
    assert gk.check_parameters({**namespace, "In": [cell, "scale = 'tiny'", "check()"]}).scale == "tiny"
