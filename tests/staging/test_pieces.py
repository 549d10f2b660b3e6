"""Tables longer than a piece: sorted, published and made one part by part, with every row once."""

from __future__ import annotations

import os
import random
from datetime import date
from typing import TYPE_CHECKING

import duckdb
import pytest

from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.staging import derive
from gomafia_kit.staging import live as staged
from gomafia_kit.staging.compact import MOST_PARTS, compact
from gomafia_kit.staging.live import LiveTables
from gomafia_kit.staging.publish import publish
from gomafia_kit.staging.published import FORMS, PublishedRows
from gomafia_kit.tables import TABLES
from tests.imports import published, published_parquet
from tests.postgres.folder import Folder, game, player, seats, tournament

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.staging.live import Rows

GAMES = MOST_PARTS + 2


@pytest.fixture
def folder(data_dir: Path) -> Folder:
    """A folder of 260 seats and 1,040 players, answer by answer; half of the players stand in two answers."""
    folder = Folder(data_dir)
    for number in range(GAMES):
        # Not in the order of the keys: they come as the site has them.
        tournament_id = number * 7 % GAMES + 1
        seated = range(tournament_id * 10, tournament_id * 10 + 10)
        listed = [player(tournament_id * 20 + place, f"игрок {place}") for place in range(40)]
        played = seats(tournament_id, number + 1, seated)
        folder.put(f"t{number}", game=[game(tournament_id, number + 1)], seat=played, player=listed)
    return folder


def test_pieces_hold_each_row_once_and_in_order(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {name: folder.live(name) for name in ("seat", "game", "player", "answer", "result")}
    monkeypatch.setattr(staged, "VALUES_A_PIECE", 800)
    with Ledger(folder.path) as ledger, LiveTables(folder.path, ledger) as live:
        assert len(list(live.pieces(TABLES["seat"]))) == 6
    assert {name: folder.live(name) for name in whole} == whole
    assert (len(whole["seat"]), len(whole["player"]), whole["result"]) == (GAMES * 10, GAMES * 20 + 20, [])


def test_what_is_published_in_pieces_is_what_is_published_whole(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staged, "VALUES_A_PIECE", 800)
    with Ledger(folder.path) as ledger, LiveTables(folder.path, ledger) as live:
        whole = _rows(live)
        publish(folder.path, ledger, live, "duckdb")
        publish(folder.path, ledger, live, "parquet")
        for form in FORMS:  # what a push reads
            with PublishedRows(folder.path, ledger, form) as rows:
                assert _rows(rows) == whole
    monkeypatch.undo()
    for table in ("seat", "player"):
        expected = [row[:-1] for row in folder.live(table)]
        assert [tuple(row.values()) for row in published(folder.path, table)] == expected
        assert [tuple(row.values()) for row in published_parquet(folder.path, table)] == expected


def _rows(source: Rows) -> list[dict[str, object]]:
    return [row for table in ("seat", "player") for batch in source.batches(table, 40) for row in batch.to_pylist()]


def test_figures_of_players_are_the_same_range_by_range(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.put("dates", tournament=[tournament(number, start=date(2024, 1, 1)) for number in range(1, GAMES + 1)])
    whole = _derived(folder)
    assert {table: len(rows) for table, rows in whole.items()} == {
        "player": 10,  # 10 to 19 sit at tables only: listed are 20 and all above
        "player_year": GAMES * 10,
        "player_role_year": GAMES * 10,
    }
    monkeypatch.setattr(derive, "ROWS_A_SUM", 100)
    assert _derived(folder) == whole


def _derived(folder: Folder) -> dict[str, list[tuple[object, ...]]]:
    with Ledger(folder.path) as ledger, LiveTables(folder.path, ledger) as live:
        tables = ("player", "player_year", "player_role_year")
        return {table: list(derive.derived_rows(table, ledger, live)) for table in tables}


def test_what_needs_more_memory_gets_more(folder: Folder) -> None:
    """A list of all numbers can't be put aside: it needs 40 MB at once."""
    sql = "SELECT len(list(range)) AS number FROM range(5_000_000)"
    with Ledger(folder.path) as ledger, LiveTables(folder.path, ledger, memory_mb=24) as live:
        with pytest.raises(duckdb.OutOfMemoryException):
            live.connection.execute(sql)
        assert [batch.to_pydict() for batch in live.stream(sql)] == [{"number": [5_000_000]}]
    with Ledger(folder.path) as ledger, LiveTables(folder.path, ledger, memory_mb=24) as live:
        assert live.values(sql) == [(5_000_000,)]
        next(live.pieces(TABLES["seat"]))  # what was needed once isn't kept for the next table
        assert live.values("SELECT current_setting('memory_limit')") == [("15.2 MiB",)]


def test_what_a_piece_needed_its_next_one_gets(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged, "VALUES_A_PIECE", 800)
    with Ledger(folder.path) as ledger, LiveTables(folder.path, ledger) as live:
        pieces = live.pieces(TABLES["seat"])
        next(pieces)
        live.values("SELECT len(list(range)) AS number FROM range(5_000_000)")
        needed = live.values("SELECT current_setting('memory_limit')")
        assert needed != [("15.2 MiB",)]
        next(pieces)
        assert live.values("SELECT current_setting('memory_limit')") == needed


def test_many_parts_become_few_and_hold_the_same_rows(folder: Folder) -> None:
    folder.put_away("t3")
    before = folder.live("seat")
    with Ledger(folder.path) as ledger:
        assert len(ledger.live_parts("seat")) == GAMES - 1 > MOST_PARTS
        compact(folder.path, ledger)
        assert len(ledger.live_parts("seat")) == 1
        compact(folder.path, ledger)
    assert folder.live("seat") == before
    assert len(before) == (GAMES - 1) * 10


def test_a_large_part_stays_as_it_is_until_rows_of_it_are_nobodys(folder: Folder) -> None:
    with Ledger(folder.path) as ledger:
        small, large = ledger.settled_parts("seat", 11), ledger.settled_parts("seat", 10)
        assert (len(small), large) == (GAMES, [])
        compact(folder.path, ledger)
    folder.put_away("t3")
    with Ledger(folder.path) as ledger:
        assert [part.ask_ids is None for part in ledger.settled_parts("seat", 10)] == [False]


def test_two_connections_that_put_rows_aside_leave_each_other_alone(folder: Folder) -> None:
    """DuckDB itself won't let two share a folder; ours lie side by side, and go when they are closed."""
    long = "SELECT range AS number, md5(range::VARCHAR) AS word FROM range(700_000) ORDER BY word"
    with Ledger(folder.path) as ledger, LiveTables(folder.path, ledger) as one:
        rows = one.stream(long)
        read = next(rows).num_rows
        with LiveTables(folder.path, ledger) as other:
            assert sum(batch.num_rows for batch in other.stream(long)) == 700_000
            assert len(list(folder.path.glob(f"{staged.SPILLED}-{os.getpid()}-*"))) == 2
        assert read + sum(batch.num_rows for batch in rows) == 700_000
    assert list(folder.path.glob(f"{staged.SPILLED}-*")) == []


def test_what_a_killed_process_had_put_aside_is_deleted(folder: Folder) -> None:
    dead, alive = (folder.path / f"{staged.SPILLED}-{pid}-0123456789ab" for pid in (2**22 + 1, os.getpid()))
    for left in (dead, alive):
        left.mkdir()
        (left / "duckdb_temp_storage_S64K-0.tmp").write_bytes(b"rows")
    with Ledger(folder.path) as ledger:
        compact(folder.path, ledger)
    assert (dead.exists(), alive.exists()) == (False, True)


@pytest.mark.parametrize("form", FORMS)
def test_rows_that_grow_long_further_on_are_handed_on_all_the_same(data_dir: Path, form: str) -> None:
    """In the memory that is given for what lies in order, the first rows have room and the last ones don't."""
    folder, chance, logins = Folder(data_dir), random.Random(1), dict[int, str]()
    for number in range(1, 9_001):
        logins[number] = chance.randbytes(5 if number < 4_500 else 1_000).hex()
    folder.put("list", player=[player(number, login) for number, login in logins.items()])
    with Ledger(folder.path) as ledger, LiveTables(folder.path, ledger) as live:
        publish(folder.path, ledger, live, form)
        with PublishedRows(folder.path, ledger, form) as rows:
            batches = rows.batches("player")
            found = [row for batch in batches for row in batch.select(["player_id", "login"]).to_pylist()]
    assert [(row["player_id"], row["login"]) for row in found] == list(logins.items())
