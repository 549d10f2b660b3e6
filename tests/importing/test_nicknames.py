"""Nicknames that hurt: stored to the last character or refused with the reason; harmless wherever shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import sync_playwright
from selectolax.lexbor import LexborHTMLParser

import gomafia_kit as gk
from gomafia_kit import analyse, demo
from gomafia_kit.analyse import page_sheets, player_page, sheet
from gomafia_kit.fetch.browser import find_chromium
from gomafia_kit.widgets.board import board
from gomafia_kit.widgets.figures import figures_of
from tests.imports import LOAD_STAGES, run_import

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELD: Final = (
    'Кот "Бегемот"',
    "O'Neil's «ёлочки»",
    "<script>window.harmed = 1</script>",
    "</script><script>window.harmed = 1</script>",
    '"><img src=x onerror="window.harmed = 1">',
    "<!-- не конец",
    "]]></style><svg onload=window.harmed=1>",
    "&lt;b&gt; &amp; &#60;",
    "👨‍👩‍👧 Семья 🏳️‍🌈",
    "\u202eзадом наперёд",
    "\u2067изолят\u2069 \u200f",
    "е\u0301ё\u0308 Z͑ͫ̓ͪ̂ͫ̽",
    "שָׁלוֹם",
    "=1+1",
    "+7 900",
    "@SUM(A1)",
    "$\\LaTeX$ `код` *звёзды* | столбец",
    "таб\tи строка\nи ещё",
    "back\\slash \\N \\.",
    "%s {0} ${x}",
    "Ш" * 60,
)
"""What PostgreSQL can hold."""

REFUSED: Final = ("нуль\0внутри", "половина \ud83e пары")
"""What it can't."""

ALLOWED_TAGS: Final = {"html", "head", "body", "style", "div", "span", "p", "b", "small", "h3"} | {
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


@pytest.fixture(scope="module")
def renamed() -> Iterator[tuple[demo.DemoSite, dict[int, str]]]:
    """A tiny league whose players bear all of these names, in the games and among the rating's first."""
    with demo.start(scale="tiny") as site:
        listed = {int(str(row["player_id"])) for row in site.league.table("player") if row["listed"]}
        played = {row["player_id"] for row in site.league.table("seat")}
        judges = {row["player_id"] for row in site.league.table("judge")}  # a page can't carry what JSON can
        names = dict(zip(sorted(listed & played - judges), HELD + REFUSED, strict=False))
        assert len(names) == len(HELD + REFUSED)
        for place, (player_id, login) in enumerate(names.items()):
            site.change("rename_player", player_id=player_id, login=login)
            site.change("set_elo", player_id=player_id, elo=str(3000 - place))
        yield site, names


@pytest.fixture(scope="module")
def imported(renamed: tuple[demo.DemoSite, dict[int, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The league in all three stores."""
    site, _ = renamed
    folder = tmp_path_factory.mktemp("ники") / "data"
    run_import(site, folder, stages=f"{LOAD_STAGES},push")
    run_import(site, folder, stages="statistics", staging="parquet")
    return folder


@pytest.mark.parametrize("store", ["duckdb", "parquet", "postgres"])
def test_every_store_holds_the_nickname_or_nothing_of_that_record(
    renamed: tuple[demo.DemoSite, dict[int, str]], imported: Path, store: str
) -> None:
    _, names = renamed
    held = {player_id: login for player_id, login in names.items() if login in HELD}
    with gk.open_league(imported, store) as league:
        for table in ("player", "seat"):
            found = league.query(f"SELECT DISTINCT player_id, login FROM {table} WHERE player_id IS NOT NULL")
            logins = dict(found.filter(found["player_id"].is_in(list(names))).iter_rows())
            assert logins == held, table


def test_what_no_store_holds_is_refused_by_name_with_the_value_as_it_came(
    renamed: tuple[demo.DemoSite, dict[int, str]], imported: Path
) -> None:
    _, names = renamed
    refused = gk.rejected(imported, "player").rows_by_key("key", named=True, unique=True)
    ids = {login: str(player_id) for player_id, login in names.items()}
    assert set(refused) == {ids[login] for login in REFUSED}
    reasons = ("a text without NUL characters", "sound Unicode")
    for login, reason in zip(REFUSED, reasons, strict=True):
        row = refused[ids[login]]
        assert (row["field"], row["rule"]) == ("login", f"{login!r} is not {reason}.")
        assert row["value"] == login.replace("\0", "\\x00").replace("\ud83e", "\\ud83e")  # so that it can be stored


def outputs(folder: Path) -> Iterator[tuple[str, str]]:
    """Everything of ours that shows itself as HTML and may hold a nickname: what it is, and the HTML."""
    with gk.open_league(folder) as league:
        players = analyse.top_players(league, limit=50)
        yield "players", sheet(players, HELD[2], HELD[4])._repr_html_()
        for player_id, login in players.select("player_id", "login").iter_rows():
            yield f"the page of {login!r}", page_sheets(player_page(league, player_id))._repr_html_()
        yield "standing", sheet(analyse.tournament_table(league), "Standing")._repr_html_()
        yield "games", sheet(analyse.tournament_games(league), "Games")._repr_html_()
    run = gk.attach(folder, 1)
    yield "receipt", gk.receipt(run)._repr_html_()
    yield "rejected", sheet(gk.rejected(folder), "Refused")._repr_html_()
    yield "next steps", gk.next_steps(run)._repr_html_()
    yield "memory", gk.memory_table(run)._repr_html_()
    yield "panel", board(figures_of(folder, 1))


def test_no_nickname_becomes_markup(imported: Path) -> None:
    for what, html in outputs(imported):
        tree = LexborHTMLParser(html)
        nodes = tree.css("*")
        assert {node.tag for node in nodes} <= ALLOWED_TAGS, what
        attributes = {name for node in nodes for name in node.attributes}
        assert attributes <= {"style", "dir", "class", "title", "data-state"}, what


def test_every_nickname_is_shown_as_it_is_and_turns_nothing_around(imported: Path) -> None:
    html = dict(outputs(imported))["players"]
    cells = [cell for cell in LexborHTMLParser(html).css("td") if cell.attributes.get("dir") == "auto"]
    shown = {cell.text() for cell in cells}
    assert set(HELD) <= shown


def test_a_chart_holds_nicknames_as_text_alone(imported: Path) -> None:
    with gk.open_league(imported) as league:
        picture = analyse.charts.top_players(analyse.top_players(league, limit=50))
    assert picture.png().startswith(b"\x89PNG")
    told = json.dumps(picture.spec, ensure_ascii=False)
    assert all(json.dumps(login, ensure_ascii=False)[1:-1] in told for login in HELD)


def test_nothing_runs_in_a_real_browser(imported: Path, tmp_path: Path) -> None:
    page_file = tmp_path / "shown.html"
    body = "".join(html for _, html in outputs(imported))
    page_file.write_text(f'<!doctype html><meta charset="utf-8"><body>{body}</body>', encoding="utf-8")
    said: list[Any] = []
    chromium = find_chromium()
    assert chromium is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium.executable), args=["--no-sandbox"])
        try:
            page = browser.new_page()
            page.on("request", lambda request: said.append(request.url))
            page.on("dialog", lambda dialog: said.append(dialog.message))
            page.goto(page_file.as_uri())
            assert page.evaluate("window.harmed") is None
            assert page.evaluate("document.querySelectorAll('script, img, svg').length") == 0
            # The override inside a cell ends with the cell: what stands beside it keeps its order.
            assert page.evaluate("getComputedStyle(document.querySelector('td')).unicodeBidi") == "isolate"
        finally:
            browser.close()
    assert said == [page_file.as_uri()]
