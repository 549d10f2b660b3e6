"""An ask that fails is tried alone by other roads; what fails by all is left on a list, and taken up again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from gomafia_kit.cli.app import gomafia
from gomafia_kit.errors import AskFailedError, SiteBusyError
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.ledger import Ledger
from tests.faults.seen import GAMES, lost, told
from tests.imports import differences, published, run_import, truth

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from tests.faults.conftest import Fault

ATTEMPTS = 5
STAGES = "tournaments,games"


def asked(site: DemoSite) -> dict[str, int]:
    return dict(site.log()["counts"])


def test_a_few_that_fail_are_read_alone_by_another_road(site: DemoSite, data_dir: Path, fault: Fault) -> None:
    """Two in a row, and later one more: that isn't enough to leave the road."""
    site.log(reset=True)
    site.fault("cut", prefix="/api/tournament/get", skip=3, times=2 * ATTEMPTS)
    site.fault("cut", prefix="/api/tournament/get", skip=5, times=ATTEMPTS)
    run_import(site, data_dir, stages=STAGES)
    pages = [path for path in asked(site) if path.startswith("GET /tournament/")]
    by_page = {int(path.rpartition("/")[2]) for path in pages}
    assert len(by_page) == 3
    seen = told(data_dir)
    (left,) = [text for text in seen.notices if "can't be read as" in text]
    assert left.startswith("3 of games can't be read as api over http")
    fault.told(
        "asks that fail by one road",
        sees=left,
        # A page tells the standings with and without the final instead of the whole one.
        lost=lost(data_dir, site.league, GAMES[:3])
        + differences(
            [row for row in published(data_dir, "result") if row["tournament_id"] not in by_page],
            [row for row in truth(site.league, "result") if row["tournament_id"] not in by_page],
            "result",
        ),
        seconds=seen.seconds,
    )
    standings = {row["standing"] for row in published(data_dir, "result") if row["tournament_id"] in by_page}
    assert standings
    assert standings <= {"with_final", "without_final"}
    with Ledger(data_dir) as ledger:
        assert ledger.failures() == ()


def test_what_fails_by_every_road_is_left_on_a_list_and_taken_up_again(
    site: DemoSite, data_dir: Path, fault: Fault
) -> None:
    site.fault("cut", prefix="/api/tournament/get", skip=3, times=ATTEMPTS)
    with pytest.raises(AskFailedError) as caught:
        run_import(site, data_dir, stages=STAGES, form="api", via="http")
    assert caught.value.message == "1 ask failed by every road; all else is in place."
    assert caught.value.exit_code == 19
    with Journal(data_dir) as journal:
        run = journal.latest()
    assert run is not None
    assert run.receipt is not None
    (failed,) = run.receipt["failed"]
    with Ledger(data_dir) as ledger:
        (failure,) = ledger.failures()
    assert (failure.ask_key, failure.stage, failure.times, failure.attempts) == (failed["ask"], "games", 1, ATTEMPTS)
    missing = int(failure.subject.partition("/")[2])
    for table in GAMES[1:]:
        there = {row["tournament_id"] for row in published(data_dir, table)}
        assert missing not in there
        expected = [row for row in truth(site.league, table) if row["tournament_id"] != missing]
        assert differences(published(data_dir, table), expected, table) == []

    site.log(reset=True)
    done = CliRunner().invoke(gomafia, ["retry", "--data-dir", str(data_dir)], catch_exceptions=False)
    assert done.exit_code == 0
    assert {path: count for path, count in asked(site).items() if "robots" not in path} == {
        "POST /api/tournament/get": 1
    }
    with Ledger(data_dir) as ledger:
        assert ledger.failures() == ()
    seen = told(data_dir)
    assert seen.notices == ()
    fault.told(
        "an ask that fails by every road",
        sees=f"{caught.value.message} {caught.value.remedy}",
        lost=lost(data_dir, site.league),
        seconds=(run.ended_at - run.started_at).total_seconds() if run.ended_at else 0.0,
    )


def test_attempts_by_all_roads_are_counted_and_an_ordinary_run_takes_up_what_failed(
    site: DemoSite, data_dir: Path
) -> None:
    site.fault("cut", prefix="/api/tournament/get", skip=3, times=ATTEMPTS)
    site.fault("cut", prefix="/tournament/", times=2 * ATTEMPTS)
    with pytest.raises(AskFailedError):
        run_import(site, data_dir, stages=STAGES, via="http")
    listed = CliRunner().invoke(gomafia, ["retry", "--list", "--json", "--data-dir", str(data_dir)])
    assert [(failure["times"], failure["attempts"]) for failure in json.loads(listed.output)] == [(1, 3 * ATTEMPTS)]
    run_import(site, data_dir, stages=STAGES, form="api", via="http")
    assert lost(data_dir, site.league) == []
    with Ledger(data_dir) as ledger:
        assert ledger.failures() == ()


def test_a_list_that_stays_away_stops_its_stage_and_no_other(site: DemoSite, data_dir: Path) -> None:
    site.fault("status", status=503, prefix="/api/club/getTop", times=None)
    site.fault("status", status=503, prefix="/rating", times=None)
    with pytest.raises(AskFailedError, match="the site is busy"):
        run_import(site, data_dir, stages=f"clubs,{STAGES}", via="http")
    assert published(data_dir, "club") == []
    assert lost(data_dir, site.league) == []


def test_a_site_that_never_answered_is_no_outage(site: DemoSite, data_dir: Path) -> None:
    site.fault("status", status=503, prefix="/", times=None)
    with pytest.raises(SiteBusyError, match="status 503"):
        run_import(site, data_dir, stages=STAGES, via="http", form="api")
