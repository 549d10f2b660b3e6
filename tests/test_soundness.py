"""Every kind of damage is planted for real, found, and named; a clean folder has none."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import duckdb
import pytest

import gomafia_kit as gk
from gomafia_kit import demo, importer
from gomafia_kit.cli.app import main
from gomafia_kit.errors import FolderError, RunStoppedError, SettingsError, UnsoundDataError, command_for
from gomafia_kit.fetch.archive import ARCHIVE_FILE
from gomafia_kit.postgres.target import open_server
from gomafia_kit.runs.database import RUNS_FILE
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.settings import Settings
from gomafia_kit.soundness import rows, verify
from gomafia_kit.staging.live import LiveTables
from gomafia_kit.staging.published import DUCKDB_FILE, PARQUET
from tests.imports import LOAD_STAGES, run_import, truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.soundness import Check, Fault


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with demo.start(scale="tiny") as running:
        yield running


@pytest.fixture(scope="module")
def clean(site: DemoSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole league in both forms and in PostgreSQL; nobody alters it."""
    folder = tmp_path_factory.mktemp("здоровая лига") / "it's"
    run_import(site, folder, staging="parquet")
    run_import(site, folder, stages=f"{LOAD_STAGES},push")
    return folder


@pytest.fixture
def folder(clean: Path, tmp_path: Path) -> Path:
    """A copy to damage, without the server."""
    target = tmp_path / "её копия"
    shutil.copytree(clean, target, ignore=shutil.ignore_patterns("postgres*"))
    with closing(sqlite3.connect(target / RUNS_FILE)) as db, db:
        db.execute("UPDATE run SET receipt = json_set(receipt, '$.push', json('[]')) WHERE receipt IS NOT NULL")
    return target


def found(folder: Path, *, sample: int = 0) -> dict[str, tuple[Fault, ...]]:
    """What is wrong, by check."""
    return {check.name: check.faults for check in verify(folder, sample=sample) if check.faults}


def edit_part(folder: Path, table: str, sql: str) -> None:
    """Put a part made by `sql` (which reads `part`) in the place of the one of a table, in the manifest too."""
    [part] = (folder / "parts" / table).glob("*.parquet")
    other = part.with_name("edited.parquet")
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW part AS SELECT * FROM read_parquet('{part}')")
        connection.execute(f"COPY ({sql}) TO '{other}' (FORMAT parquet)")
    part.unlink()
    with closing(sqlite3.connect(folder / RUNS_FILE)) as db, db:
        names = [path.relative_to(folder).as_posix() for path in (other, part)]
        db.execute("UPDATE part SET bytes = ?, path = ? WHERE path = ?", (other.stat().st_size, *names))


def test_a_clean_folder_has_no_fault_and_each_check_says_how_much_it_looked_at(clean: Path, site: DemoSite) -> None:
    asked = site.log()["total"]
    checks = {check.name: check for check in verify(clean)}
    assert [check for check in checks.values() if check.faults] == []
    assert site.log()["total"] == asked
    assert set(checks) == {
        *("stores", "files", "parts", "archive", "bodies", "counts", "published", "receipt"),
        *("keys", "references", "seats", "sums", "PostgreSQL", "sample"),
    }
    games = len(list(site.league.table("game")))
    assert checks["seats"].text.startswith(f"{games:,} games: each has ten seats")
    assert f"({games * 10:,} seats)" in checks["seats"].text
    assert "as many in staging.duckdb and staging" in checks["counts"].text
    assert "schema gomafia: every value is the staged one" in checks["PostgreSQL"].text


def test_an_import_keeps_the_quick_checks_in_its_receipt(clean: Path) -> None:
    with Journal(clean) as journal:
        receipt = journal.runs()[-1].receipt
    assert receipt is not None
    assert {check["check"]: check["state"] for check in receipt["checks"]} == dict.fromkeys(
        ("files", "archive", "counts", "receipt", "keys", "references", "seats", "sums"), "ok"
    )
    assert "What was checked" in repr(gk.receipt(clean))


@pytest.mark.parametrize(
    ("table", "sql", "check", "told"),
    [
        ("club", "SELECT * FROM part UNION ALL (SELECT * FROM part LIMIT 1)", "parts", "the part has"),
        ("game", "SELECT * FROM part UNION ALL (SELECT * FROM part LIMIT 1)", "keys", "2 rows have this key"),
        (
            "club",
            "SELECT * REPLACE (CASE WHEN club_id = 1 THEN NULL ELSE title END AS title) FROM part",
            "keys",
            "title is null",
        ),
        (
            "seat",
            "SELECT * REPLACE (CASE WHEN seat = 1 THEN 999999 ELSE player_id END AS player_id) FROM part",
            "references",
            "player_id 999999 is no player",
        ),
        ("game", "SELECT * REPLACE (round + 100 AS round) FROM part", "references", "is no game"),
        ("seat", "SELECT * FROM part WHERE seat != 10", "seats", "it has 9 seats, 9 of them 1 to 10"),
        (
            "seat",
            "SELECT * REPLACE (CASE WHEN role = 'don' THEN 'mafia' ELSE role END AS role) FROM part",
            "seats",
            "6 citizens, 1 sheriff, 3 mafia, 0 don",
        ),
        ("seat", "SELECT * REPLACE ('red' AS team) FROM part", "seats", "a team that is not of their role"),
        ("result", "SELECT * REPLACE (wins + 90 AS wins) FROM part", "sums", "at the tables he won"),
        ("player_year", "SELECT * REPLACE (games + 1 AS games) FROM part", "sums", "it says "),
        ("tournament", "SELECT * FROM part WHERE tournament_id % 2 = 0", "references", "is no tournament"),
        ("tournament", "SELECT * FROM part WHERE tournament_id % 2 = 0", "receipt", "the receipt says"),
        ("judge", "SELECT * REPLACE (games_judged + 1 AS games_judged) FROM part", "published", "aren't those of"),
    ],
)
def test_damaged_rows_are_named(folder: Path, table: str, sql: str, check: str, told: str) -> None:
    edit_part(folder, table, sql)
    faults = found(folder)[check]
    assert any(told in fault.value for fault in faults), faults
    assert all(fault.remedy and fault.number for fault in faults)


def test_range_by_range_the_same_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit_part(folder, "game", "SELECT * FROM part UNION ALL (SELECT * FROM part ORDER BY ALL LIMIT 3)")
    edit_part(folder, "judge", "SELECT * REPLACE (NULL AS login) FROM part")
    edit_part(folder, "tournament", "SELECT * FROM part WHERE tournament_id % 2 = 0")
    edit_part(folder, "result", "SELECT * REPLACE (wins + 90 AS wins) FROM part")
    edit_part(folder, "player_year", "SELECT * REPLACE (games + 1 AS games) FROM part")
    whole = checks_of_rows(folder)
    assert all(check.faults for check in whole)
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 400)
    assert checks_of_rows(folder) == whole


def checks_of_rows(folder: Path) -> list[Check]:
    with Ledger(folder) as ledger, LiveTables(folder, ledger) as live:
        return list(rows.checks(live, ledger))


def test_a_value_that_the_archive_doesnt_say_is_found_by_parsing_again(folder: Path) -> None:
    edit_part(folder, "seat", "SELECT * REPLACE (points + 1 AS points) FROM part")
    [fault] = found(folder, sample=500)["sample"]
    assert fault.table == "seat"
    assert fault.value.startswith("points is ")
    assert fault.keys[0].startswith("tournament_id=")


def test_a_part_that_is_gone_cut_or_garbled_is_named(folder: Path) -> None:
    [club] = (folder / "parts" / "club").glob("*.parquet")
    [judge] = (folder / "parts" / "judge").glob("*.parquet")
    whole = judge.read_bytes()
    judge.write_bytes(whole[:4] + bytes(len(whole) - 4))
    club.unlink()
    wrong = found(folder)
    assert {fault.table: fault.value for fault in wrong["files"]} == {
        "club": "the part is missing",
        "judge": "the part is changed",
    }
    assert {fault.table for fault in wrong["parts"]} == {"club", "judge"}


@pytest.mark.parametrize("store", [DUCKDB_FILE, PARQUET])
def test_a_publication_that_lost_rows_or_values_is_named(folder: Path, store: str) -> None:
    if store == DUCKDB_FILE:
        with duckdb.connect(str(folder / DUCKDB_FILE)) as connection:
            connection.execute("DELETE FROM club WHERE club_id = 1")
            connection.execute(
                "UPDATE player SET login = login || '!' WHERE player_id = (SELECT min(player_id) FROM player)"
            )
    else:
        for table, sql in (("club", "WHERE club_id != 1"), ("player", "WHERE true")):
            path = folder / PARQUET / table / f"{table}.parquet"
            login = " REPLACE (login || '!' AS login)" if table == "player" else ""
            with duckdb.connect() as connection:
                connection.execute(f"COPY (SELECT *{login} FROM '{path}' {sql}) TO '{path}.new' (FORMAT parquet)")
            path.with_name(f"{path.name}.new").replace(path)
    wrong = found(folder)
    [fault] = [fault for fault in wrong["counts"] if store in fault.value]
    assert (fault.table, fault.number) == ("club", 1)
    values = {fault.table: fault for fault in wrong["published"] if store in fault.value}
    assert set(values) == {"club", "player"}
    assert values["club"].keys == ("club_id=1",)


def test_a_damaged_or_lost_archived_body_is_named(folder: Path) -> None:
    with closing(sqlite3.connect(folder / ARCHIVE_FILE)) as db, db:
        keys = [key for (key,) in db.execute("SELECT ask_key FROM answer WHERE kind = 'tournament' ORDER BY ask_id")]
        db.execute("UPDATE answer SET body = zeroblob(40) WHERE ask_key = ?", (keys[0],))
        db.execute("DELETE FROM answer WHERE ask_key = ?", (keys[1],))
        db.execute("UPDATE answer SET sha256 = ? WHERE ask_key = ?", ("0" * 64, keys[2]))
    wrong = found(folder)
    assert wrong["bodies"][0].keys == (keys[0], keys[2])
    assert {fault.keys: fault.value for fault in wrong["archive"]} == {
        (keys[1],): "the archive has no such answer",
        (keys[2],): "the archived answer isn't the one that was read",
    }


def test_a_damaged_run_store_is_named_by_verify(folder: Path) -> None:
    with closing(sqlite3.connect(folder / RUNS_FILE)) as db, db:
        db.execute(
            "UPDATE part_load SET rows = rows + 1 WHERE part_id = (SELECT part_id FROM part WHERE name = 'club')"
        )
    assert [fault.table for fault in found(folder)["parts"]] == ["club"]


CHANGED = {
    ("player", "login"): ("player_id=", "login || E'\\u202e \u0301''\\n'"),
    ("tournament", "title"): ("tournament_id=", "''"),
    ("club", "elo_average"): ("club_id=", "elo_average + 0.000001"),
    ("answer", "fetched_at"): ("ask_id=", "fetched_at + interval '1 microsecond'"),
    ("tournament", "date_start"): ("tournament_id=", "date_start + 1"),
    ("judge", "games_judged"): ("player_id=", "NULL"),
    ("seat", "shot_first"): ("tournament_id=", "NOT shot_first"),
}
"""A column of each type -> its key, and what is made of its value in the first row that has one."""


def test_a_value_changed_in_postgres_is_named_and_a_push_with_refresh_mends_it(clean: Path, site: DemoSite) -> None:
    with open_server(clean) as address, address.connect("test") as connection:
        for (table, column), (_, value) in CHANGED.items():
            first = f"SELECT ctid FROM gomafia.{table} WHERE {column} IS NOT NULL ORDER BY 1 LIMIT 1"
            connection.execute(f"UPDATE gomafia.{table} SET {column} = {value} WHERE ctid = ({first})")
        connection.commit()
        faults = {(fault.table, fault.value.split(" ")[0]): fault for fault in found(clean)["PostgreSQL"]}
        assert set(faults) == set(CHANGED)
        for place, (key, _) in CHANGED.items():
            assert faults[place].number == 1
            assert faults[place].keys[0].startswith(key)
            assert " instead of " in faults[place].keys[0]
        assert ": '' instead of '" in faults["tournament", "title"].keys[0]
        assert ": null instead of " in faults["judge", "games_judged"].keys[0]
        run_import(site, clean, stages="push")
        assert "PostgreSQL" in found(clean)  # nothing has changed since the last push: it sends nothing
        with Ledger(clean) as ledger:
            ledger.remember(published_duckdb="")
        run_import(site, clean, stages="push", refresh=True)
        assert found(clean) == {}


def test_rows_that_postgres_lacks_or_has_beyond_the_staged_ones_are_named(clean: Path) -> None:
    with open_server(clean) as address, address.connect("test") as connection:
        connection.execute("CREATE TABLE gomafia.kept AS SELECT * FROM gomafia.judge")
        connection.execute("DELETE FROM gomafia.judge")
        connection.execute("INSERT INTO gomafia.club (club_id, title, ask_id) VALUES (-1, 'Тень', 1)")
        connection.commit()
        try:
            faults = {fault.table: fault for fault in found(clean)["PostgreSQL"]}
        finally:
            connection.execute("INSERT INTO gomafia.judge SELECT * FROM gomafia.kept")
            connection.execute("DROP TABLE gomafia.kept")
            connection.execute("DELETE FROM gomafia.club WHERE club_id = -1")
    assert set(faults) == {"judge", "club"}
    assert faults["judge"].value == "PostgreSQL lacks staged rows"
    assert faults["club"].value == "PostgreSQL has rows that aren't staged"
    assert faults["club"].keys == ("club_id=-1",)
    assert command_for(clean, "push --refresh") in faults["judge"].remedy


def test_an_import_that_was_stopped_among_its_games_is_sound(site: DemoSite, tmp_path: Path) -> None:
    """Players whom no list has, and years, are computed at a stage's end: till then rows may be ahead of them."""
    run_import(site, tmp_path, stages="clubs,players,judges,tournaments")
    first = min(row["tournament_id"] for row in truth(site.league, "game"))
    run_import(site, tmp_path, stages="games,statistics", tournament_ids=[first])
    told = {"source": site.url, "data_dir": str(tmp_path), "stages": "games", "batch_rows": 20}
    handle = importer.start(Settings.gather(told | {"seconds_between_asks": 0.1}), lifeline=True)
    with pytest.raises(RunStoppedError):
        handle.wait(lambda: handle.stop() if _half_is_read(tmp_path) else None, seconds_between_polls=0.05)
    with Journal(tmp_path) as journal:
        assert not [text for _, text in journal.notices(3) if "wrong" in text]
    by_name = {check.name: check for check in verify(tmp_path, sample=0)}
    assert not [fault for check in by_name.values() for fault in check.faults]
    assert "of seat name a player that no list has; it comes with the end of the stage" in by_name["references"].text
    assert " 0 players' years" in by_name["sums"].text
    run_import(site, tmp_path, stages="push")
    with LiveTables(tmp_path, Ledger(tmp_path)) as live:
        assert live.values(
            "SELECT count(*) FROM seat ANTI JOIN player USING (player_id) WHERE player_id IS NOT NULL"
        ) == [(0,)]
    by_name = {check.name: check for check in verify(tmp_path, sample=0)}
    assert not [fault for check in by_name.values() for fault in check.faults]
    assert "no list has" not in by_name["references"].text


def _half_is_read(folder: Path) -> bool:
    with Journal(folder) as journal:
        stages = journal.stages(3)
    return bool(stages) and stages[0].asks_done > stages[0].asks_known / 2 > 1


def test_a_run_that_ends_with_unsound_rows_fails_and_says_so(folder: Path, site: DemoSite) -> None:
    edit_part(folder, "seat", "SELECT * REPLACE ('red' AS team) FROM part")
    with pytest.raises(UnsoundDataError, match="A check found game wrong"):
        run_import(site, folder, stages="clubs")


def test_a_notebook_gets_a_table_and_a_folder_without_runs_an_error(folder: Path, tmp_path: Path) -> None:
    edit_part(folder, "seat", "SELECT * FROM part WHERE seat != 10")
    shown = gk.verify(folder, sample=0)
    assert "it has 9 seats" in repr(shown)
    assert "<table>" in shown.html
    with pytest.raises(FolderError):
        list(verify(tmp_path / "нет"))
    with pytest.raises(SettingsError, match="sample: 'all' is not"):
        gk.verify(folder, sample="all")  # type: ignore[arg-type]  # a person's mistake


def test_the_command_has_an_exit_code_of_its_own(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--data-dir", str(folder), "--sample", "5"]) == 0
    assert "ok     seats: " in capsys.readouterr().out
    edit_part(folder, "seat", "SELECT * FROM part WHERE seat != 10")
    assert main(["verify", "--data-dir", str(folder), "--json", "--sample", "0"]) == 61
    told = capsys.readouterr()
    assert {check["check"] for check in json.loads(told.out) if check["state"] == "wrong"} >= {"seats", "parts"}
    assert "found something wrong" in told.err
