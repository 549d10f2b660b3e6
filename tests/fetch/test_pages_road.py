"""The whole road over Chromium: browser, archive, parsers, rules, staging, as an import runs it, in each form."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import importer
from gomafia_kit.cli.planned import plans_for
from gomafia_kit.errors import RunStoppedError, SettingsError
from gomafia_kit.fetch.dropdown import CALL
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


def test_official_years_are_chosen_in_the_drop_down_as_planned(running_site: DemoSite, data_dir: Path) -> None:
    """Of a region: a page a player and a call a year, each once; killed between two years of a player, what is left."""
    told: dict[str, object] = {"years": "2023,2024", "region": "north"}
    run_import(running_site, data_dir, stages="players", **told)
    told |= {"source": running_site.url, "data_dir": str(data_dir), "stages": "statistics", "official_years": True}
    settings = Settings.gather(told | {"via": "chromium", "form": "dom"})
    seasons = sorted((row["player_id"], -row["year"]) for row in published(data_dir, "player_season"))
    left = seasons[3:]
    assert seasons[2][0] == seasons[3][0]

    def to_make() -> int:
        return sum(plan.to_make for plan in plans_for(settings))

    assert to_make() == len(seasons) + len({player for player, _ in seasons})
    running_site.fault("hang", seconds=60.0, prefix=CALL, skip=3)
    running_site.log(reset=True)
    handle = importer.start(settings, lifeline=True)

    def kill_at_the_fourth_call() -> None:
        if running_site.log(last=1)["counts"].get(f"POST {CALL}") == 4:
            handle.break_off()

    with pytest.raises(RunStoppedError):
        handle.wait(kill_at_the_fourth_call, seconds_between_polls=0.05)
    running_site.clear_faults()
    assert to_make() == len(left) + len({player for player, _ in left})
    running_site.log(reset=True)
    importer.start(settings, lifeline=True).wait(seconds_between_polls=0.05)
    counts = {path: count for path, count in running_site.log()["counts"].items() if ".js" not in path}
    assert counts == {f"POST {CALL}": len(left)} | {f"GET /stats/{player}": 1 for player, _ in left}

    league, found = running_site.league, published(data_dir, "player_year_official")
    assert sorted((row["player_id"], -row["year"]) for row in found) == seasons
    for row in found:
        figures = league.figures(row["player_id"], row["year"])
        shown = {role: int(count or 0) for role, count in figures.role_games.items()}
        assert {role: row[f"{role}_games"] or 0 for role in shown} == shown
        assert (row["games"] or 0) == int(figures.games or 0)
        assert row["elo"] == Decimal(league.shown_elo(row["player_id"], row["year"]))


@pytest.mark.parametrize("contact", ["Мафия-клуб", "a\nb: c", "a\0b"])
def test_a_contact_that_no_header_can_hold_is_refused(contact: str) -> None:
    with pytest.raises(SettingsError, match=r"contact: .* is not an e-mail or web address in Latin letters"):
        Settings.gather({"contact": contact})
