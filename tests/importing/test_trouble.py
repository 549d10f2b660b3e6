"""Trouble of all kinds: one clear sentence, a remedy, an exit code, and nothing lost."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gomafia_kit.errors import (
    AskRefusedError,
    DamagedFileError,
    FolderError,
    LayoutVersionError,
    SiteUnreachableError,
)
from gomafia_kit.runs.database import rebuild_remedy, set_aside
from gomafia_kit.runs.journal import Journal
from tests.imports import differences, published, run_import, truth

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite


def test_nobody_answers_at_the_address(data_dir: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SiteUnreachableError, match="no connection") as caught:
            run_import(url, data_dir)
    assert caught.value.exit_code == 11
    assert "run again: nothing is lost" in caught.value.remedy


def test_an_import_survives_a_site_that_is_bad_now_and_then(own_site: DemoSite, data_dir: Path) -> None:
    for kind, extra in (("status", {"status": 503}), ("reset", {}), ("cut", {}), ("html", {})):
        own_site.fault(kind, times=None, rate=0.03, prefix="/api/", **extra)
    run_import(own_site, data_dir)
    for table in ("player", "game", "seat", "result"):
        assert differences(published(data_dir, table), truth(own_site.league, table), table) == []


def test_a_folder_that_cannot_be_made_is_named(site: DemoSite, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(FolderError, match="can't be made") as caught:
        run_import(site, tmp_path / "file" / "data")
    assert caught.value.exit_code == 30
    with pytest.raises(FolderError, match="file is a file, not a folder"):
        run_import(site, tmp_path / "file")


def test_a_folder_of_another_league_is_refused(site: DemoSite, data_dir: Path) -> None:
    run_import(site, data_dir, stages="clubs")
    with pytest.raises(FolderError, match=r"holds answers of http://127\.0\.0\.1, not of demo-tiny"):
        run_import("demo", data_dir, stages="clubs")


def test_a_damaged_run_store_is_named(site: DemoSite, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "runs.sqlite").write_bytes(b"no database" * 1_000)
    with pytest.raises(DamagedFileError, match=r"runs\.sqlite is damaged") as caught:
        run_import(site, data_dir)
    assert caught.value.remedy == rebuild_remedy(data_dir)


@pytest.mark.parametrize("version", [0, 99])
def test_a_run_store_of_another_layout_is_named(site: DemoSite, data_dir: Path, version: int) -> None:
    run_import(site, data_dir, stages="clubs")
    with sqlite3.connect(data_dir / "runs.sqlite") as db:
        db.execute(f"PRAGMA user_version={version}")
    db.close()
    with pytest.raises(FolderError) as caught:
        run_import(site, data_dir, stages="clubs")
    if version:
        assert isinstance(caught.value, LayoutVersionError)
        assert "has layout 99" in caught.value.message


def test_rows_of_other_columns_are_named_and_rebuilt(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir)
    with sqlite3.connect(data_dir / "runs.sqlite") as db:
        empty = "$.player_tournament"
        change = "UPDATE meta SET value = json_set(value, '$.seat', 'others', ?, 'others') WHERE name = 'tables'"
        db.execute(change, (empty,))
    db.close()
    with pytest.raises(LayoutVersionError, match="rows of seat, which have other columns in this version") as caught:
        run_import(own_site, data_dir)
    assert (caught.value.exit_code, caught.value.remedy) == (34, rebuild_remedy(data_dir))
    set_aside(data_dir)
    before = own_site.log()["total"]
    run_import(own_site, data_dir)
    assert own_site.log()["total"] == before
    assert differences(published(data_dir, "seat"), truth(own_site.league, "seat"), "seat") == []


def test_a_tournament_that_the_site_refuses_is_left_out_and_said(own_site: DemoSite, data_dir: Path) -> None:
    tournament_id = truth(own_site.league, "tournament")[0]["tournament_id"]
    own_site.change("spoil", kind="tournament", key=[tournament_id], field="id", value="999999")
    run = run_import(own_site, data_dir)
    assert run.receipt is not None
    assert run.receipt["left_out"] == ["api POST /api/tournament/get?id=999999"]
    with Journal(data_dir) as journal:
        notices = [text for _, text in journal.notices(run.run_id)]
    assert any("It is left out." in text for text in notices)


def test_a_list_that_is_refused_stops_its_stage_and_no_other(own_site: DemoSite, data_dir: Path) -> None:
    own_site.fault("status", status=403, times=None, prefix="/api/club/")
    with pytest.raises(AskRefusedError, match="status 403"):
        run_import(own_site, data_dir, form="api")
    assert published(data_dir, "seat") == truth(own_site.league, "seat")
    assert published(data_dir, "club") == []
    own_site.clear_faults()
    run_import(own_site, data_dir, form="api")
    assert published(data_dir, "club") == truth(own_site.league, "club")


def test_a_refused_option_stops_no_other_of_its_stage(own_site: DemoSite, data_dir: Path) -> None:
    own_site.fault("status", status=403, times=None, prefix="/api/stats/")
    told = {"stages": "clubs,players,statistics", "years": "2023", "club_id": 1, "form": "api", "via": "http"}
    with pytest.raises(AskRefusedError, match="status 403"):
        run_import(own_site, data_dir, **told, official_years=True, history=True)
    members = {row["player_id"] for row in published(data_dir, "club_member")}
    listed = [row for row in truth(own_site.league, "player_tournament") if row["player_id"] in members]
    read = published(data_dir, "player_tournament")
    assert [row for row in read if row["player_id"] in {each["player_id"] for each in listed}] == listed != []


def test_what_was_read_before_a_stage_failed_is_seen(own_site: DemoSite, data_dir: Path) -> None:
    own_site.fault("status", status=403, times=None, prefix="/api/user/", skip=20)
    with pytest.raises(AskRefusedError, match="status 403"):
        run_import(own_site, data_dir, form="api", batch_rows=1_000_000)
    assert 0 < len(published(data_dir, "player_season")) < len(truth(own_site.league, "player_season"))


def test_what_the_site_said_is_told_and_not_that_there_is_no_browser(
    own_site: DemoSite, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOMAFIA_CHROMIUM", raising=False)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    own_site.fault("status", status=403, times=None, prefix="/api/club/")
    own_site.fault("status", status=403, times=None, prefix="/rating")
    with pytest.raises(AskRefusedError, match="status 403"):
        run_import(own_site, data_dir)
    assert differences(published(data_dir, "seat"), truth(own_site.league, "seat"), "seat") == []
