"""Reading a league while it is being replaced, and what is said where there is nothing to read."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from gomafia_kit.analyse import READ_FROM, League, open_league, overview
from gomafia_kit.errors import DamagedFileError, FolderError, GomafiaError, PushError, SettingsError
from gomafia_kit.runs.journal import Journal
from gomafia_kit.tables import TABLES, VIEWS
from tests.analyse.mini import FIRE, LISTS, ROWS, Folder

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("duckdb", "parquet")


def rename_first_player(folder: Folder, login: str, form: str) -> None:
    """Let a newer answer give player 1 another nickname, and publish that."""
    tables = {table: [row for row in rows if row[-1] == LISTS] for table, rows in ROWS.items()}
    first, *others = tables["player"]
    folder.put(LISTS, {**tables, "player": [(first[0], login, *first[2:]), *others]})
    folder.serve(form)


def first_login(league: League) -> str:
    return str(league.query("SELECT login FROM player WHERE player_id = $id", {"id": 1})["login"].item())


def test_a_whole_table_has_the_types_and_the_order_of_tables(league: League) -> None:
    for name, table in TABLES.items():
        found = league.table(name)
        assert found.schema == table.polars_schema(), name
        assert found.equals(found.sort(table.key)), name
    assert league.table("player").select("player_id", "login", "elo").row(0) == (1, FIRE, Decimal("2500.5"))


def test_the_three_stores_give_the_same_tables(mini: Folder) -> None:
    found = []
    for read_from in READ_FROM:
        with open_league(mini.path, read_from) as league:
            found.append({name: league.table(name) for name in TABLES})
    for name in TABLES:
        assert found[0][name].equals(found[1][name]), name
        assert found[0][name].equals(found[2][name]), name


def test_every_store_answers_the_views(league: League) -> None:
    for view in VIEWS:
        found = league.query(f"SELECT * FROM {view.name}")
        assert found.columns == [name for name, _, _ in view.columns]
    lines = league.query("SELECT login, reason, candidates, candidate_ids FROM unresolved_nickname")
    assert lines.rows() == [("PELIMENI", "2 people of this nickname sat at its tables: 2, 3", 2, "2, 3")]


# -- while it is replaced -------------------------------------------------------------------------


@pytest.mark.parametrize("read_from", READ_FROM)
def test_an_open_league_follows_to_the_newest_publication(folder: Folder, read_from: str) -> None:
    folder.serve(read_from)
    with open_league(folder.path, read_from) as league:
        assert first_login(league) == FIRE
        for login in ("Раз", "Два", "Три"):  # more than the publications that are kept
            rename_first_player(folder, login, read_from)
            assert first_login(league) == login


def test_another_open_league_of_this_process_does_not_hold_the_old_state(folder: Folder) -> None:
    folder.serve("duckdb")
    with open_league(folder.path) as older:
        assert first_login(older) == FIRE
        rename_first_player(folder, "Новый", "duckdb")
        # DuckDB gives a process that holds a file the same one again for the same name.
        with open_league(folder.path) as newer:
            assert first_login(newer) == "Новый"
        assert first_login(older) == "Новый"


@pytest.mark.parametrize("read_from", FILES)
def test_readers_and_publications_never_disturb_each_other(folder: Folder, read_from: str) -> None:
    folder.serve(read_from)
    logins = [f"Игрок {number}" for number in range(5)]
    seen: list[str] = []
    faults: list[GomafiaError] = []
    over = threading.Event()

    def read() -> None:
        try:
            with open_league(folder.path, read_from) as league:
                while not over.is_set():
                    assert overview(league)["rows"].sum() == 87
                    seen.append(first_login(league))
        except GomafiaError as fault:
            faults.append(fault)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for login in logins:
        rename_first_player(folder, login, read_from)
    over.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert set(seen) <= {FIRE, *logins}
    with open_league(folder.path, read_from) as league:
        assert first_login(league) == logins[-1]


def test_a_table_that_has_no_file_yet_is_empty(folder: Folder) -> None:
    folder.serve("parquet")
    (folder.path / "staging" / "seat" / "seat.parquet").unlink()
    with open_league(folder.path, "parquet") as league:
        assert overview(league).filter(pl.col("table_name") == "seat")["rows"].item() == 0


def test_reading_leaves_no_trace_in_the_folder(folder: Folder) -> None:
    for form in FILES:
        folder.serve(form)
    before = {path: path.stat().st_mtime_ns for path in folder.path.rglob("*") if path.is_file()}
    for form in FILES:
        with open_league(folder.path, form) as league:
            overview(league)
    assert {path: path.stat().st_mtime_ns for path in folder.path.rglob("*") if path.is_file()} == before


# -- what can't be asked --------------------------------------------------------------------------


def said(error: pytest.ExceptionInfo[GomafiaError]) -> str:
    return str(error.value)


def test_what_is_no_text_is_no_store(folder: Folder) -> None:
    with pytest.raises(SettingsError, match=r"read_from: None is no store\. There are: duckdb"):
        open_league(folder.path, None)  # type: ignore[arg-type]  # wrong on purpose


def test_an_unknown_store_names_the_nearest(folder: Folder) -> None:
    with pytest.raises(SettingsError) as caught:
        open_league(folder.path, "parket")
    assert said(caught) == (
        "read_from: 'parket' is no store. Did you mean parquet? There are: duckdb, parquet, postgres."
    )


@pytest.mark.parametrize("read_from", FILES)
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, read_from: str) -> None:
    with pytest.raises(FolderError) as caught:
        open_league(tmp_path / "нет", read_from)
    assert said(caught) == (
        f"There is no data folder {tmp_path / 'нет'}. Run `make import`, or give data_dir the data folder of an import."
    )
    assert not (tmp_path / "нет").exists()


@pytest.mark.parametrize(("read_from", "form"), [("duckdb", "DuckDB"), ("parquet", "Parquet")])
def test_a_folder_without_a_publication_is_named(folder: Folder, read_from: str, form: str) -> None:
    with pytest.raises(FolderError, match=f"Nothing is published as {form} in .*Run `make import`"):
        open_league(folder.path, read_from)


@pytest.mark.parametrize(("there", "asked"), [FILES, FILES[::-1]])
def test_a_folder_of_the_other_form_says_so(folder: Folder, there: str, asked: str) -> None:
    folder.serve(there)
    with pytest.raises(FolderError, match=f"This folder was filled for read_from={there}: use that."):
        open_league(folder.path, asked)


def test_postgres_without_a_push_says_so(folder: Folder) -> None:
    with pytest.raises(PushError, match="push"):
        open_league(folder.path, "postgres")


def test_a_damaged_duckdb_file_is_named(folder: Folder) -> None:
    folder.serve("duckdb")
    published = folder.path / "published" / "staging-00000001.duckdb"
    published.write_bytes(b"no database at all" * 1000)
    with pytest.raises(DamagedFileError, match=r"staging-00000001.duckdb can't be read. Run the import again"):
        open_league(folder.path)


def test_a_damaged_parquet_file_is_named(folder: Folder) -> None:
    folder.serve("parquet")
    (folder.path / "staging" / "game" / "game.parquet").write_bytes(b"PAR1 no PAR1")
    with pytest.raises(DamagedFileError, match=r"game.parquet can't be read. Run the import again"):
        open_league(folder.path, "parquet")


def test_a_closed_league_answers_nothing(folder: Folder) -> None:
    folder.serve("duckdb")
    league = open_league(folder.path)
    league.close()
    league.close()
    with pytest.raises(SettingsError, match=r"This league was closed. Open it again: open_league"):
        league.query("SELECT 1")


@pytest.mark.parametrize("sql", ["SELEKT 1", "SELECT nobody FROM player", "SELECT * FROM plaier", ""])
def test_a_wrong_query_ends_in_one_sentence(league: League, sql: str) -> None:
    with pytest.raises(SettingsError) as caught:
        league.query(sql)
    assert "\n" not in said(caught)


def test_two_columns_of_one_name_are_refused_in_every_store(league: League) -> None:
    with pytest.raises(SettingsError) as caught:
        league.query("SELECT * FROM seat JOIN game USING (tournament_id, round, table_no)")
    assert said(caught) == "The answer has two columns 'ask_id'. Name each of them with AS."


@pytest.mark.parametrize("read_from", FILES)
def test_a_column_that_no_frame_holds_ends_in_a_sentence(folder: Folder, read_from: str) -> None:
    folder.serve(read_from)
    with open_league(folder.path, read_from) as league, pytest.raises(SettingsError) as caught:
        league.query("SELECT 1 AS n, INTERVAL 1 MONTH AS month")
    assert said(caught) == (
        "One of these columns can't come as a DataFrame: n INTEGER, month INTERVAL."
        " Ask for it as text: CAST(... AS VARCHAR)."
    )


def test_a_variable_of_python_is_no_table(league: League) -> None:
    plaier = pl.DataFrame({"player_id": [1]})
    assert plaier.height == 1
    with pytest.raises(SettingsError, match="plaier"):
        league.query("SELECT * FROM plaier")


@pytest.mark.parametrize("sql", ["DELETE FROM player", "CREATE TABLE mine (id INTEGER)", "DROP TABLE player"])
def test_a_league_is_only_read(league: League, sql: str) -> None:
    with pytest.raises(GomafiaError):
        league.query(sql)
    assert league.query("SELECT count(*) AS n FROM player")["n"].item() == 10


def test_an_unknown_table_names_the_nearest(league: League) -> None:
    with pytest.raises(SettingsError, match=r"'plaier' is no table. Did you mean player\?"):
        league.table("plaier")


@pytest.mark.parametrize(("sql", "params"), [("SELECT $id AS id", {}), ("SELECT 1 AS one", {"id": 1})])
def test_parameters_and_sql_must_go_together(league: League, sql: str, params: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="id"):
        league.query(sql, params)


def test_values_never_become_sql(league: League) -> None:
    sly = "'; DROP TABLE player; --"
    assert league.query("SELECT CAST($text AS TEXT) AS text", {"text": sly})["text"].item() == sly


def test_times_are_in_utc_whatever_the_machine_says(league: League) -> None:
    assert league.query("SELECT max(fetched_at) AS at FROM answer")["at"].dt.to_string("%F %T").item() == (
        "2026-03-02 13:00:00"
    )


def test_a_run_at_work_is_not_disturbed_by_a_reader(folder: Folder) -> None:
    folder.serve("duckdb")
    with Journal(folder.path) as journal, open_league(folder.path) as league:
        run_id = journal.begin({})
        assert first_login(league) == FIRE
        rename_first_player(folder, "Позже", "duckdb")
        journal.end(run_id, "done")
        assert first_login(league) == "Позже"


def test_the_published_file_can_be_opened_by_others_meanwhile(folder: Folder) -> None:
    folder.serve("duckdb")
    with open_league(folder.path) as league:
        assert first_login(league) == FIRE
        with duckdb.connect(str(folder.path / "staging.duckdb"), read_only=True) as other:
            assert other.execute("SELECT count(*) FROM player").fetchall() == [(10,)]
