"""The same league in every form and by both ways: the same tables, but for what a form can't know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.exactness import asked_twice, documented, faults, imported, scores, unknown
from gomafia_kit import demo
from gomafia_kit.analyse import open_league
from gomafia_kit.cli.planned import plans_for
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from tests.imports import differences, published, run_import, truth

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite


@pytest.mark.parametrize(
    ("form", "via"), [("api", "http"), ("page_data", "http"), ("dom", "http"), ("page_data", "chromium")]
)
def test_each_form_brings_the_same_tables_and_asks_for_nothing_twice(
    site: DemoSite, data_dir: Path, form: str, via: str
) -> None:
    site.log(reset=True)
    imported(site, data_dir, form, via)
    assert asked_twice(site) == []
    found = scores(data_dir, site.league, form)
    assert list(faults(found, form)) == []
    assert unknown(found) == documented(form)


def test_rendered_pages_bring_the_same_tables_and_the_years_of_the_drop_down(site: DemoSite, data_dir: Path) -> None:
    """Of one region, since each player's years are a page and a call a year."""
    told = {"form": "dom", "via": "chromium", "region": "central", "official_years": True, "presidents": True}
    site.log(reset=True)
    run_import(site, data_dir, stages="clubs,players,statistics", **told)
    assert asked_twice(site) == []
    dull = documented("dom rendered")
    seasons = [row for row in truth(site.league, "player_season") if row["region"] == "central"]
    players = {row["player_id"] for row in seasons}
    for table in ("club", "club_member", "club_president", "player_season", "player_year_official"):
        missing = dict.fromkeys(dull.get(table, ()))
        every = seasons if table == "player_season" else truth(site.league, table)
        expected = [row | missing for row in every if "year" not in row or row["player_id"] in players]
        assert differences(published(data_dir, table), expected, table) == []
        assert len(published(data_dir, table)) == len(expected) > 0


def test_a_page_that_tells_of_two_subjects_is_one_answer_and_planned_as_one(own_site: DemoSite, data_dir: Path) -> None:
    told: dict[str, object] = {
        "form": "dom",
        "presidents": True,
        "official_years": True,
        "years": "2023,2024",
        "batch_rows": 30,
    }
    stages = "clubs,players,tournaments,statistics"
    run_import(own_site, data_dir, stages=f"{stages},push", **told)
    with open_league(data_dir) as opened:
        answers = opened.query("SELECT count(*), count(DISTINCT ask_id) FROM answer").row(0)
        assert answers[0] == answers[1]
        assert len(opened.table("club_president")) == len(truth(own_site.league, "club_president")) > 0
        assert len(opened.table("club_member")) == len(truth(own_site.league, "club_member"))
    told |= {"stages": stages, "refresh": True}
    plans = plans_for(Settings.gather({"source": own_site.url, "data_dir": str(data_dir), **told}))
    own_site.log(reset=True)
    run_import(own_site, data_dir, **told)
    assert own_site.log()["total"] == sum(plan.to_make for plan in plans) + 1  # robots.txt
    assert [plan.unknown for plan in plans if plan.unknown] == []


def test_a_league_read_in_another_form_replaces_every_row(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir, form="dom")
    run_import(own_site, data_dir, form="api")
    for table in ("club", "club_member", "player_season", "tournament", "game", "seat", "result"):
        assert differences(published(data_dir, table), truth(own_site.league, table), table) == []


def test_where_the_api_is_refused_another_form_takes_its_place_and_that_is_said(
    own_site: DemoSite, data_dir: Path
) -> None:
    own_site.fault("status", status=403, times=None, prefix="/api/tournament/")
    own_site.fault("status", status=403, times=None, prefix="/api/club/")
    run = run_import(own_site, data_dir)
    for table in ("club", "club_member", "player", "tournament", "game", "seat"):
        assert differences(published(data_dir, table), truth(own_site.league, table), table) == []
    with Journal(data_dir) as journal:
        told = [text for _, text in journal.notices(run.run_id) if " can't be read as " in text]
    assert [text.split(" can't")[0] for text in told] == ["clubs", "tournaments", "games"]
    assert all("status 403. Now as page_data over http." in text for text in told)


def test_small_by_pages(tmp_path: Path) -> None:
    with demo.start(scale="small") as small:
        league = small.league
        for form in ("page_data", "dom"):
            run_import(small, tmp_path / form, form=form, stages="clubs,judges,tournaments,games")
            dull = documented(form)
            for table in ("club", "club_member", "judge", "tournament", "game", "seat"):
                missing = dict.fromkeys(dull.get(table, ()))
                expected = [row | missing for row in truth(league, table)]
                assert differences(published(tmp_path / form, table), expected, table) == []
