"""The whole road over Chromium: browser, archive, parsers, rules, staging, as an import runs it, in each form."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from gomafia_kit.errors import SettingsError
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from tests.imports import published, run_import

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.runs.journal import Run

WHOLE: dict[str, object] = {
    "stages": "clubs,players,judges,tournaments,games,statistics",
    "years": "2023",
    "region": "central",
    "tournament_ids": "4,7",
}
TABLES = ("club", "club_member", "player", "player_season", "judge", "tournament", "game", "seat", "result")
FORMS: dict[str, dict[str, object]] = {
    "api": {"form": "api", "official_years": True},
    "page_data": {"form": "page_data"},
    "dom": {"form": "dom"},
}


class Imported:
    """The tiny league, read by Chromium in one form; what the site was asked for, and the same over HTTP."""

    def __init__(self, site: DemoSite, form: str, folder: Path) -> None:
        self.form, self.site, self.folder = form, site, folder / "через браузер"
        self.plain = folder / "без браузера"
        site.log(reset=True)
        self.run = self.again()
        self.log = site.log()
        run_import(site, self.plain, via="http", **WHOLE, **FORMS[form])

    def again(self) -> Run:
        return run_import(self.site, self.folder, via="chromium", **WHOLE, **FORMS[self.form])


@pytest.fixture(scope="module", params=list(FORMS))
def imported(
    running_site: DemoSite, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Imported:
    return Imported(running_site, request.param, tmp_path_factory.mktemp("лига"))


def test_every_table_is_the_same_over_chromium_and_over_http(imported: Imported) -> None:
    names = (*TABLES, "player_year_official") if imported.form == "api" else TABLES
    for table in names:
        rows = published(imported.folder, table)
        assert rows == published(imported.plain, table), table
        assert rows, table


def test_every_request_is_an_ask_that_says_who_asks(imported: Imported) -> None:
    """Exactly one request an ask: no picture, style or script, and nothing beside."""
    assert imported.run.receipt is not None
    assert imported.log["total"] == imported.run.receipt["asks"]["made"]
    assert [path for path in imported.log["counts"] if "/_next/" in path or "/static/" in path] == []
    assert {request["user_agent"] for request in imported.log["requests"]} == {"gomafia-kit/0.1.0"}


def test_a_second_run_asks_for_nothing(imported: Imported) -> None:
    imported.site.log(reset=True)
    run = imported.again()
    assert imported.site.log()["total"] == 0
    assert run.receipt is not None
    assert run.receipt["nothing_new"] is True


def test_the_browsers_memory_stands_in_the_journal(imported: Imported) -> None:
    with Journal(imported.folder) as journal:
        samples = journal.memory(1)
    seen = {sample.part: sample for sample in samples if sample.batch == 1}
    assert list(seen) == ["python", "driver", "chromium", "tree"]
    assert (seen["chromium"].pss_mb or 0) > 50
    assert (seen["tree"].pss_mb or 0) > (seen["chromium"].pss_mb or 0) + (seen["python"].pss_mb or 0)


def test_official_years_are_chosen_in_the_drop_down(running_site: DemoSite, data_dir: Path) -> None:
    """Of one club, since each is a page and a call."""
    told = {"stages": "clubs,players,statistics", "years": "2023", "club_id": 1, "official_years": True}
    run_import(running_site, data_dir, via="chromium", form="dom", **told)
    rows = published(data_dir, "player_year_official")
    league = running_site.league
    assert len({row["player_id"] for row in rows}) == len(rows) > 1
    for row in rows:
        figures = league.figures(row["player_id"], 2023)
        shown = {role: int(count or 0) for role, count in figures.role_games.items()}
        assert {role: row[f"{role}_games"] or 0 for role in shown} == shown
        assert (row["year"], row["games"] or 0, row["elo"]) == (
            2023,
            int(figures.games or 0),
            Decimal(league.shown_elo(row["player_id"], 2023)),
        )


@pytest.mark.parametrize("contact", ["Мафия-клуб", "a\nb: c", "a\0b"])
def test_a_contact_that_no_header_can_hold_is_refused(contact: str) -> None:
    with pytest.raises(SettingsError, match=r"contact: .* is not an e-mail or web address in Latin letters"):
        Settings.gather({"contact": contact})
