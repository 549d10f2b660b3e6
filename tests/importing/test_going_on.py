"""What a run leaves half done: the next one finishes it, asks for nothing twice, and lets nothing stale be seen."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from gomafia_kit import demo, importer, load
from gomafia_kit.errors import AskFailedError, AskRefusedError, DisallowedError, RunDiedError
from gomafia_kit.importer import work
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.settings import Settings
from gomafia_kit.staging.published import is_current
from tests.importing.test_update import days_pass
from tests.imports import differences, published, run_import, truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite, League

PAGES = {"stages": "tournaments,games", "form": "page_data", "via": "http"}
OTHER = {"red": "black", "black": "red"}


@pytest.fixture
def tabs() -> Iterator[DemoSite]:
    """A tiny site of which a tournament's page holds the data of the tab that is shown: two asks a tournament."""
    with demo.start(scale="tiny", switches={"tab_data": "shown"}) as running:
        yield running


def settled_game(league: League) -> dict[str, Any]:
    """A game with a winner, of a tournament that ended long ago and shows its results."""
    recently = datetime.now(UTC).date() - timedelta(days=60)
    settled = {
        row["tournament_id"]
        for row in truth(league, "tournament")
        if row["status"] == "finished" and not row["is_hidden_result"] and row["date_end"] < recently
    }
    return next(row for row in truth(league, "game") if row["tournament_id"] in settled and row["winner"])


def set_winner(site: DemoSite, game: dict[str, Any], winner: str) -> None:
    place = {"round_no": game["round"], "table_no": game["table_no"]}
    site.change("set_winner", tournament_id=game["tournament_id"], **place, winner=winner)


def wrong_games(data_dir: Path, site: DemoSite, tournament_id: int) -> list[str]:
    of_it = [row for row in truth(site.league, "game") if row["tournament_id"] == tournament_id]
    return differences(published(data_dir, "game"), of_it, "game")


def notices(data_dir: Path) -> str:
    with Journal(data_dir) as journal:
        latest = journal.latest()
        assert latest is not None
        return "\n".join(text for _, text in journal.notices(latest.run_id))


def killed_after(site: DemoSite, data_dir: Path, asks: int, **parameters: object) -> int:
    """Kill an import once it has put so many asks; how many it has put in the end."""
    site.log(reset=True)
    handle = importer.start(
        Settings.gather({"source": site.url, "data_dir": str(data_dir), "seconds_between_asks": 0.2, **parameters})
    )
    while int(site.log()["total"]) < asks:
        time.sleep(0.02)
    psutil.Process(handle.run().pid).kill()
    with suppress(RunDiedError):
        handle.wait()
    return int(site.log()["total"])


# -- an answer that waited for another ------------------------------------------------------------


def test_an_answer_of_a_reading_without_an_end_never_comes_up_again(tabs: DemoSite, data_dir: Path) -> None:
    game = settled_game(tabs.league)
    number = game["tournament_id"]
    chosen = PAGES | {"tournament_ids": str(number)}
    run_import(tabs, data_dir, **chosen)
    set_winner(tabs, game, OTHER[game["winner"]])
    tabs.fault("status", status=500, times=None, prefix=f"/tournament/{number}", skip=1)
    with pytest.raises(AskFailedError):
        run_import(tabs, data_dir, refresh=True, **chosen)  # the games' page came, the standing's didn't
    tabs.clear_faults()
    set_winner(tabs, game, game["winner"])
    run_import(tabs, data_dir, refresh=True, **chosen)
    assert wrong_games(data_dir, tabs, number) == []
    with Ledger(data_dir) as ledger:
        assert ledger.settled(f"tournament/{number}") != []


def test_a_tournament_of_two_asks_is_asked_for_whenever_its_list_says_something_new(
    tabs: DemoSite, data_dir: Path
) -> None:
    game = settled_game(tabs.league)
    number = game["tournament_id"]
    chosen = PAGES | {"tournament_ids": str(number)}
    run_import(tabs, data_dir, **chosen)
    days_pass(data_dir, 2)
    place = {"round_no": game["round"], "table_no": game["table_no"]}
    named = next(
        row["seat"]
        for row in truth(tabs.league, "seat")
        if (row["tournament_id"], row["round"], row["table_no"]) == (number, game["round"], game["table_no"])
        and row["player_id"]
    )
    tabs.change("correct_seat", tournament_id=number, **place, seat=named, elo_delta="7")
    run_import(tabs, data_dir, refresh=True, **chosen)  # one of the two says something new
    days_pass(data_dir, 2)
    set_winner(tabs, game, OTHER[game["winner"]])
    tabs.change("edit_tournament", tournament_id=number, stars=2)
    run_import(tabs, data_dir, update=True, **chosen)
    assert wrong_games(data_dir, tabs, number) == []


# -- killed ---------------------------------------------------------------------------------------


def test_a_killed_update_asks_for_nothing_that_it_brought(own_site: DemoSite, data_dir: Path) -> None:
    stages = "tournaments,games"
    run_import(own_site, data_dir, stages=stages)
    days_pass(data_dir, 2)
    for row in truth(own_site.league, "tournament"):
        own_site.change("edit_tournament", tournament_id=row["tournament_id"], stars=1)
    killed_after(own_site, data_dir, 6, update=True, stages=stages)
    brought = {request["fields"].get("id") for request in own_site.log()["requests"]}
    own_site.log(reset=True)
    run_import(own_site, data_dir, update=True, stages=stages)
    again = [request["fields"].get("id") for request in own_site.log()["requests"]]
    assert len(brought & set(again)) <= 1  # the one that was under way
    assert differences(published(data_dir, "seat"), truth(own_site.league, "seat"), "seat") == []


def test_a_killed_refresh_is_gone_on_with(own_site: DemoSite, data_dir: Path) -> None:
    stages = "clubs,tournaments,games"
    whole = run_import(own_site, data_dir, stages=stages).receipt
    assert whole is not None
    before = killed_after(own_site, data_dir, 12, refresh=True, stages=stages)
    own_site.log(reset=True)
    run_import(own_site, data_dir, refresh=True, stages=stages)
    assert before + own_site.log()["total"] <= whole["asks"]["made"] + 1
    assert "The refresh that began " in notices(data_dir)
    own_site.log(reset=True)
    run_import(own_site, data_dir, refresh=True, stages=stages)  # that one came to its end: this is another
    assert own_site.log()["total"] == whole["asks"]["made"]
    assert "The refresh that began " not in notices(data_dir)


# -- a batch that isn't full ----------------------------------------------------------------------


def test_a_batch_ends_by_its_age_though_nothing_new_comes(
    own_site: DemoSite, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "LONGEST_BATCH_SECONDS", 0.5)
    told = {"source": own_site.url, "data_dir": str(data_dir), "stages": "tournaments,games"}
    importer.run_here(Settings.gather(told))
    newest = max(truth(own_site.league, "game"), key=lambda row: (bool(row["winner"]), row["tournament_id"]))
    set_winner(own_site, newest, OTHER[newest["winner"]])
    settings = Settings.gather(told | {"stages": "games", "refresh": True, "seconds_between_asks": 0.2})
    handle = importer.run_here(settings)
    with Journal(data_dir) as journal:
        first = next(batch for batch in journal.batches(handle.run_id) if batch.stage == "games")
    assert first.seconds < 1.5


# -- roads and retries ----------------------------------------------------------------------------


def test_rows_of_a_road_that_is_lost_are_published_with_their_stage(own_site: DemoSite, data_dir: Path) -> None:
    own_site.fault("status", status=403, times=None, prefix="/api/tournament/get", skip=5)
    with pytest.raises(AskRefusedError):
        run_import(own_site, data_dir, stages="tournaments,games", form="api", via="http")
    with Journal(data_dir) as journal:
        run = journal.run(1)
    assert run.receipt is not None
    staged = {account["table"]: account["staged"] for account in run.receipt["tables"]}
    assert staged["seat"] == len(published(data_dir, "seat")) > 0
    with Ledger(data_dir) as ledger:
        assert is_current(ledger, "duckdb")


def test_a_retry_that_may_not_ask_says_so(own_site: DemoSite, data_dir: Path) -> None:
    chosen = {"form": "api", "via": "http", "tournament_ids": "1,2"}
    run_import(own_site, data_dir, stages="tournaments", **chosen)
    own_site.fault("status", status=500, times=None, prefix="/api/tournament/get", skip=1)
    with pytest.raises(AskFailedError):
        run_import(own_site, data_dir, stages="games", **chosen)
    own_site.clear_faults()
    own_site.set_robots("User-agent: *\nDisallow: /api/tournament/get\n")
    days_pass(data_dir, 2)
    with pytest.raises(DisallowedError):
        run_import(own_site, data_dir, stages="games", retry=True, **chosen)


def test_what_a_road_brought_before_it_was_lost_is_no_failure(own_site: DemoSite, data_dir: Path) -> None:
    own_site.set_robots("User-agent: *\nDisallow: /tournament/5\n")
    run_import(own_site, data_dir, stages="tournaments", form="api", via="http")
    for number in range(1, 5):
        own_site.fault("status", status=500, times=5, prefix="/api/tournament/get", skip=number)
    with pytest.raises(AskFailedError):
        run_import(own_site, data_dir, stages="games", via="http", batch_rows=10)
    with Ledger(data_dir) as ledger:
        failed = [failure.subject for failure in ledger.failures()]
        assert failed
        assert [name for name in failed if ledger.settled(name)] == []


# -- mending --------------------------------------------------------------------------------------


def test_nothing_is_published_while_lost_rows_are_made_again(
    own_site: DemoSite, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"source": own_site.url, "data_dir": str(data_dir), "stages": "clubs,tournaments,games"}
    importer.run_here(Settings.gather(told))
    for part in (data_dir / "parts").glob("*/*.parquet"):
        part.unlink()
    monkeypatch.setattr(work, "SECONDS_BETWEEN_PUBLICATIONS", 0.0)
    monkeypatch.setattr(work, "PUBLISHING_COSTS_AT_MOST_ONE_IN", 0)
    assert importer.run_here(Settings.gather(told)).run().state == "done"
    assert differences(published(data_dir, "seat"), truth(own_site.league, "seat"), "seat") == []


def test_what_nobody_has_any_more_holds_no_import_up(own_site: DemoSite, data_dir: Path) -> None:
    stages = "clubs,tournaments,games"
    run_import(own_site, data_dir, stages=stages)
    lost = truth(own_site.league, "seat")[0]["tournament_id"]
    with closing(sqlite3.connect(data_dir / "archive.sqlite")) as db, db:
        db.execute("UPDATE answer SET body = x'00' WHERE ask_key = ?", (f"api POST /api/tournament/get?id={lost}",))
    own_site.change("remove_tournament", tournament_id=lost)
    for part in (data_dir / "parts" / "seat").glob("*.parquet"):
        part.unlink()
    run_import(own_site, data_dir, stages="clubs")
    assert f"get?id={lost}" in notices(data_dir)
    assert {row["tournament_id"] for row in published(data_dir, "seat")} == {
        row["tournament_id"] for row in truth(own_site.league, "seat")
    } - {lost}
    run_import(own_site, data_dir, stages=stages, refresh=True)
    assert differences(published(data_dir, "seat"), truth(own_site.league, "seat"), "seat") == []
