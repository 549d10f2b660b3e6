"""docs/analyse.md tells every question, and its examples are what the code answers."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import gomafia_kit
from gomafia_kit import analyse
from gomafia_kit.analyse import charts
from gomafia_kit.explore import docs

if TYPE_CHECKING:
    from gomafia_kit.analyse import League

PAGE = Path(gomafia_kit.__file__).parent.parent / docs.PAGE
NO_QUESTIONS = {"READ_FROM", "League", "charts"}


def test_the_page_is_what_the_code_would_write(data_dir: Path) -> None:
    assert PAGE.read_text(encoding="utf-8") == docs.page(data_dir), "run: python -m gomafia_kit.explore.docs"


def test_every_public_name_has_an_example_of_its_own() -> None:
    drawn = [
        f"charts.{name}"
        for name, found in inspect.getmembers(charts, inspect.isfunction)
        if found.__module__ == charts.__name__ and not name.startswith("_")
    ]
    told = [name for names in docs.EXAMPLES.values() for name in names]
    assert sorted(told) == sorted([*set(analyse.__all__) - NO_QUESTIONS, *drawn, "League.query", "League.table"])
    for names in docs.EXAMPLES.values():
        for name, example in names.items():
            mentioned = {"PlayerPage": "player_page", "Sheets": "page_sheets", "Sheet": "sheet", "Picture": "charts"}
            assert mentioned.get(name, name.split(".")[-1]) in example


def told_columns(name: str) -> str:
    return inspect.getdoc(docs._named(name)) or ""


def test_every_column_of_an_answer_stands_in_its_docstring(mini_league: League) -> None:
    questions = [*docs.EXAMPLES["What is there, and how fresh"], *docs.EXAMPLES["Games"], *docs.EXAMPLES["Tournaments"]]
    answers = {name: docs._named(name)(mini_league) for name in [*questions, "top_players"] if name != "wilson"} | {
        "find_player": analyse.find_player(mini_league, 1)
    }
    answers["tournament"] = answers.pop("last_tournament")
    for name, answer in answers.items():
        assert [column for column in answer.columns if column not in told_columns(name)] == [], name


def test_every_column_of_a_page_stands_in_its_docstring(mini_league: League) -> None:
    page = analyse.player_page(mini_league, 1)
    for part in ("seasons", "official_years", "standings", "years", "tournaments"):
        columns = getattr(page, part).columns
        assert [column for column in columns if column not in told_columns("PlayerPage")] == [], part
