"""The pages of docs/ that are made from the code say what the code says."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import errors, settings
from gomafia_kit.cli import app, docs
from gomafia_kit.cli.examples import session
from gomafia_kit.cli.status import STALLED
from gomafia_kit.errors import GomafiaError
from gomafia_kit.tables import TABLES, VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.parametrize("name", ["errors.md", "tables.md", "cli.md"])
def test_a_page_is_what_the_code_would_write(name: str) -> None:
    written = (docs.docs_dir() / name).read_text(encoding="utf-8")
    assert written == docs.pages()[name], "run: make docs"


# -- errors ---------------------------------------------------------------------------------------


def every_kind(kind: type[GomafiaError] = GomafiaError) -> Iterator[type[GomafiaError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from every_kind(child)


def test_every_error_stands_in_the_table_with_its_code_and_a_remedy() -> None:
    page = (docs.docs_dir() / "errors.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    told = {name: (int(code), meaning, remedy) for code, name, meaning, remedy in rows}
    assert {name: code for name, (code, _, _) in told.items()} == {k.__name__: k.exit_code for k in every_kind()}
    for kind in every_kind():
        _, meaning, remedy = told[kind.__name__]
        if kind is not GomafiaError:
            assert meaning == inspect.cleandoc(kind.__doc__ or "").splitlines()[0]
        assert len(remedy) > len("Run again.")


def test_codes_that_are_no_errors_are_told() -> None:
    page = (docs.docs_dir() / "errors.md").read_text(encoding="utf-8")
    assert f"\n| {STALLED} | | `gomafia status --check`" in page
    judging = {name for name, command in app.gomafia.commands.items() if "Ends with 1 " in _words(command.help)}
    assert judging == set(docs.JUDGEMENTS)
    assert all(f"- `gomafia {name}`: " in page for name in judging)


def _words(text: str | None) -> str:
    return " ".join((text or "").split())


def test_every_variable_of_the_environment_is_told() -> None:
    assert set(docs.VARIABLES) == set(settings.OTHER_VARIABLES)


def test_no_two_errors_share_an_exit_code() -> None:
    codes = [kind.exit_code for kind in every_kind()]
    assert len(codes) == len(set(codes))
    # 0 is success, 64 and above are the system's, the shell's and signals'.
    assert all(0 < code < 64 for code in codes)


def test_the_map_at_the_top_of_errors_tells_the_same_codes() -> None:
    rows = re.findall(r"(\w+Error) +(?:exit )?(\d+)", errors.__doc__ or "")
    assert {name: int(code) for name, code in rows} == {kind.__name__: kind.exit_code for kind in every_kind()}


def test_every_remedy_is_of_an_error_that_exists() -> None:
    assert set(docs.WHAT_TO_DO) == {kind.__name__ for kind in every_kind()}


# -- tables ---------------------------------------------------------------------------------------


def test_every_column_of_every_table_is_told() -> None:
    page = (docs.docs_dir() / "tables.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    assert list(sections) == [*TABLES, *(view.name for view in VIEWS)]
    for table in TABLES.values():
        told = re.findall(r"^\| \**(\w+?)\** \| ([^|]+) \| (yes|no) \| (.+) \|$", sections[table.name], re.MULTILINE)
        assert [(name, null == "yes", comment) for name, _, null, comment in told] == [
            (column.name, column.nullable, column.comment) for column in table.columns
        ]


def test_no_text_breaks_the_markdown_table() -> None:
    texts = [column.comment for table in TABLES.values() for column in table.columns]
    texts += [(kind.__doc__ or "").splitlines()[0] for kind in every_kind()] + list(docs.WHAT_TO_DO.values())
    assert [text for text in texts if "|" in text or "\n" in text] == []


def test_the_diagram_draws_every_reference() -> None:
    page = (docs.docs_dir() / "tables.md").read_text(encoding="utf-8")
    drawn = set(re.findall(r"^    (\w+) (?:o\||\|\|)--o\{ (\w+) : \"(.+)\"$", page, re.MULTILINE))
    assert drawn == {
        (reference.table, table.name, ", ".join(reference.columns))
        for table in TABLES.values()
        for reference in table.references
    }


# -- commands -------------------------------------------------------------------------------------


def test_every_command_is_told_with_a_real_example() -> None:
    page = (docs.docs_dir() / "cli.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == list(docs.commands())
    examples = docs.kept_examples()
    for name in docs.commands():
        if name == "gomafia demo":  # a group: its commands have their own
            continue
        first, _, rest = examples[name].partition("\n")
        assert first.startswith(f"$ {name}")
        assert rest.strip(), f"{name}: the example shows no output"


PLAN = "gomafia plan --source site --years 2024,2025 --stages players,tournaments"


@pytest.mark.parametrize("line", ["gomafia --version", "gomafia memory --calculate 512", PLAN])
def test_an_example_that_hangs_on_the_code_alone_is_what_it_prints(line: str, tmp_path: Path) -> None:
    assert f"{session(tmp_path, line)}\n" in (docs.docs_dir() / "cli.md").read_text(encoding="utf-8")


def test_no_example_shows_an_option_that_is_gone() -> None:
    for text in docs.kept_examples().values():
        for line in re.findall(r"^\$ (gomafia.*)$", text, re.MULTILINE):
            name = max((name for name in docs.commands() if line.startswith(name)), key=len)
            known = {flag for option in docs.commands()[name].params for flag in option.opts} | {"--version"}
            assert {word for word in line.split() if word.startswith("--")} <= known
