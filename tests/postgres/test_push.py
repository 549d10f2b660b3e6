from __future__ import annotations

import random
import subprocess
import sys
import threading
from contextlib import closing
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from gomafia_kit.errors import PushConflictError, PushError
from gomafia_kit.postgres import push as push_module
from gomafia_kit.postgres.reader import Reader
from gomafia_kit.postgres.target import PushReport
from gomafia_kit.staging.live import ROWS_A_READ
from gomafia_kit.tables import TABLES
from tests.postgres.folder import Folder, game, player, seats, tournament
from tests.postgres.machine import until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.postgres.conftest import Place

AWKWARD = (
    "", " ", "  два  пробела ", "\\N", "\\.", "a\n\\.\nb", "NULL", "null", "'", "''",
    '"', '""', '"";--', "\\", "\\\\n",
    "a\tb", "a\nb", "a\r\nb", "\r", "a,b", ",", "{1,2}", "Градиент 🔥", "👨‍👩‍👧‍👦",
    "\u202eабв\u202c", "\u200f", "e\u0301", "é",
    "Ё", "ё", "<script>alert(1)</script>", "%s %(x)s $1 :x",
    "\x01\x1f\x7f", "\ufeff", "\u2028", "x" * 60, "nan", "inf", "007",
)  # fmt: skip  # one value a line would hide which is which


def _small_league(folder: Folder) -> None:
    folder.put("players", player=[player(1, "Ёж", Decimal("2500.5")), player(2, "Волк"), player(3, "Тень")])
    folder.put("tournaments", tournament=[tournament(7, "Кубок весны", date(2024, 5, 1)), tournament(8)])
    folder.put("cup", game=[game(7, 1), game(7, 2)], seat=seats(7, 1, [1, 2, 3]) + seats(7, 2, [3, 2, 1]))


def _equal_what_is_staged(place: Place) -> bool:
    with Reader(place.address, place.schema) as reader:
        for name, table in TABLES.items():
            columns = ", ".join(table.names)
            found = reader.query(f"SELECT {columns} FROM {name} ORDER BY {', '.join(table.key)}", {})
            if found.rows() != place.folder.live(name):
                return False
    return True


@pytest.mark.parametrize("form", [None, "duckdb", "parquet"])
def test_a_first_push_makes_every_table_and_brings_every_row(place: Place, form: str | None) -> None:
    _small_league(place.folder)
    assert place.folder.push(place.schema, form=form) == {
        "answer": PushReport("answer", 3, 0, 0, 0),
        "player": PushReport("player", 3, 0, 0, 0),
        "tournament": PushReport("tournament", 2, 0, 0, 0),
        "game": PushReport("game", 2, 0, 0, 0),
        "seat": PushReport("seat", 6, 0, 0, 0),
    }
    assert _equal_what_is_staged(place)


def test_rows_are_read_and_sent_as_many_at_a_time_as_a_batch_has(place: Place) -> None:
    place.folder.put("players", player=[player(number, f"игрок {number}") for number in range(1, 9_001)])
    assert place.folder.push(place.schema, batch_rows=5_000)["player"] == PushReport("player", 9_000, 0, 0, 0)
    assert place.folder.read["player"] == [4_096, 4_096, 808]  # in whole vectors of DuckDB
    place.folder.put("more", player=[player(9_001, "ещё один")])
    place.folder.push(place.schema)
    assert set(place.folder.read["player"][:-1]) == {ROWS_A_READ}


def test_tables_have_their_keys_comments_and_the_references_that_hold(place: Place) -> None:
    _small_league(place.folder)
    place.folder.push(place.schema)
    constraints = place.rows(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('p', 'f') AND"
        f" connamespace = '{place.schema}'::regnamespace AND conname ~ '^(seat|game)_' ORDER BY conname"
    )
    assert constraints == [
        ("game_pkey", "PRIMARY KEY (tournament_id, round, table_no)"),
        ("game_tournament_id_fkey", "FOREIGN KEY (tournament_id) REFERENCES tournament(tournament_id)"),
        ("seat_pkey", "PRIMARY KEY (tournament_id, round, table_no, seat)"),
        ("seat_player_id_fkey", "FOREIGN KEY (player_id) REFERENCES player(player_id)"),
        (
            "seat_tournament_id_round_table_no_fkey",
            "FOREIGN KEY (tournament_id, round, table_no) REFERENCES game(tournament_id, round, table_no)",
        ),
    ]
    for name, table in TABLES.items():
        assert place.rows(f"SELECT obj_description('{name}'::regclass)") == [(table.comment,)]
        comments = place.rows(
            f"SELECT attname, col_description(attrelid, attnum), NOT attnotnull FROM pg_attribute"
            f" WHERE attrelid = '{name}'::regclass AND attnum > 0 ORDER BY attnum"
        )
        assert comments == [(column.name, column.comment, column.nullable) for column in table.columns]


def test_a_second_push_of_an_unchanged_league_sends_and_writes_nothing(place: Place) -> None:
    _small_league(place.folder)
    place.folder.push(place.schema)
    versions = {name: place.rows(f"SELECT ctid::text, xmin::text FROM {name}") for name in TABLES}
    assert place.folder.push(place.schema) == {
        "answer": PushReport("answer", 0, 0, 3, 0),
        "player": PushReport("player", 0, 0, 3, 0),
        "tournament": PushReport("tournament", 0, 0, 2, 0),
        "game": PushReport("game", 0, 0, 2, 0),
        "seat": PushReport("seat", 0, 0, 6, 0),
    }
    assert versions == {name: place.rows(f"SELECT ctid::text, xmin::text FROM {name}") for name in TABLES}


def test_what_is_new_changed_same_and_gone_is_counted_exactly(place: Place) -> None:
    _small_league(place.folder)
    place.folder.push(place.schema)
    # One player renamed, one new; a round taken back, a seat corrected, another round played.
    place.folder.put(
        "players", player=[player(1, "Ёж", Decimal("2500.5")), player(2, "волк"), player(3, "Тень"), player(4, "7")]
    )
    place.folder.put(
        "cup",
        game=[game(7, 1), game(7, 3)],
        seat=[*seats(7, 1, [1, 2]), *seats(7, 1, [1, 2, 4], Decimal("0.3"))[2:], *seats(7, 3, [1, 4])],
    )
    assert place.folder.push(place.schema) == {
        "answer": PushReport("answer", 0, 2, 1, 0),
        "player": PushReport("player", 1, 1, 2, 0),
        "tournament": PushReport("tournament", 0, 0, 2, 0),
        "game": PushReport("game", 1, 0, 1, 1),
        "seat": PushReport("seat", 2, 1, 2, 3),
    }
    assert _equal_what_is_staged(place)
    place.folder.put_away("cup")
    assert place.folder.push(place.schema) == {
        "answer": PushReport("answer", 0, 0, 2, 1),
        "player": PushReport("player", 0, 0, 4, 0),
        "tournament": PushReport("tournament", 0, 0, 2, 0),
        "game": PushReport("game", 0, 0, 0, 2),
        "seat": PushReport("seat", 0, 0, 0, 5),
    }
    assert _equal_what_is_staged(place)


def test_a_null_that_becomes_an_empty_text_is_a_change(place: Place) -> None:
    place.folder.put("players", player=[player(1, "Ёж", city=None), player(2, "Волк", city="")])
    place.folder.push(place.schema)
    place.folder.put("players", player=[player(1, "Ёж", city=""), player(2, "Волк", city="")])
    assert place.folder.push(place.schema)["player"] == PushReport("player", 0, 1, 1, 0)
    assert place.rows("SELECT player_id, city FROM player ORDER BY 1") == [(1, ""), (2, "")]


def _pushed_logins(place: Place, logins: Sequence[str]) -> list[tuple[object, ...]]:
    place.folder.put("players", player=[player(number, login, city=login) for number, login in enumerate(logins)])
    place.folder.push(place.schema)
    return place.rows("SELECT login, city, octet_length(login) FROM player ORDER BY player_id")


def test_awkward_nicknames_come_through_byte_for_byte(place: Place) -> None:
    texts = list(AWKWARD)
    assert _pushed_logins(place, texts) == [(text, text, len(text.encode())) for text in texts]
    # Merged into rows that stand there, they go another way.
    texts = texts[1:] + texts[:1]
    assert _pushed_logins(place, texts) == [(text, text, len(text.encode())) for text in texts]


def test_any_text_comes_through(place: Place) -> None:
    dice = random.Random(63)
    alphabet = [chr(code) for code in (*range(1, 0x500), *range(0x2000, 0x2070), *range(0x1F300, 0x1F400))] + list(
        "\\\"',\n\r."
    ) * 40
    texts = ["".join(dice.choices(alphabet, k=dice.randint(0, 20))) for _ in range(2000)]
    assert [row[0] for row in _pushed_logins(place, texts)] == texts


def test_decimals_dates_and_times_are_exact(place: Place) -> None:
    figures = [
        Decimal(text)
        for text in (
            "0",
            "-0.000001",
            "0.000001",
            "0.300000",
            "1.300000",
            "999999999999.999999",
            "-999999999999.999999",
        )
    ]
    place.folder.put("players", player=[player(number, "x", figure) for number, figure in enumerate(figures)])
    days = [date(1, 1, 1), date(2023, 1, 5), date(9999, 12, 31)]
    place.folder.put("tournaments", tournament=[tournament(number, "x", day) for number, day in enumerate(days)])
    place.folder.push(place.schema)
    assert [row[0] for row in place.rows("SELECT elo FROM player ORDER BY player_id")] == figures
    assert [row[0] for row in place.rows("SELECT date_start FROM tournament ORDER BY 1")] == days
    assert place.rows("SELECT DISTINCT fetched_at AT TIME ZONE 'UTC' = '2026-03-01 10:00:00.123456' FROM answer") == [
        (True,)
    ]
    assert _equal_what_is_staged(place)


def test_a_row_deleted_by_hand_comes_back(place: Place) -> None:
    _small_league(place.folder)
    place.folder.push(place.schema)
    place.rows("DELETE FROM seat WHERE seat = 3 RETURNING 1")
    assert place.folder.push(place.schema)["seat"] == PushReport("seat", 2, 0, 4, 0)


# -- together, or not at all ----------------------------------------------------------------------


def test_a_reader_never_sees_half_a_push(place: Place) -> None:
    states = {(200, 200), (300, 300)}

    def put(number: int) -> None:
        # Two tables that always have the same number of rows.
        place.folder.put("players", player=[player(k, f"{number} {k}") for k in range(number)])
        place.folder.put("tournaments", tournament=[tournament(k, str(number)) for k in range(number)])

    put(200)
    place.folder.push(place.schema)
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def look() -> None:
        with place.connect() as connection:
            while not done.is_set():
                row = connection.execute(
                    "SELECT (SELECT count(*) FROM player), (SELECT count(*) FROM tournament)"
                ).fetchone()
                assert row is not None
                seen.append(row)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for number in (300, 200, 300):
            put(number)
            place.folder.push(place.schema)
    finally:
        done.set()
        thread.join()
    assert set(seen) == states
    assert len(seen) > len(states)  # it looked more often than there was something new


_HALF_A_PUSH = """
import sys, time
from pathlib import Path
from gomafia_kit.postgres.target import push_folder
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.staging.live import LiveTables

class Slow(LiveTables):
    def batches(self, table, rows=20_000):
        for batch in super().batches(table, 1):
            yield batch
            if table == "seat":
                print("half", flush=True)
                time.sleep(600)

path = Path(sys.argv[1])
with Ledger(path) as ledger, Slow(path, ledger) as live:
    push_folder(path, live, folder_id=ledger.folder_id, league="demo-by-hand", schema=sys.argv[2])
"""


def _start_half_a_push(place: Place) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", _HALF_A_PUSH, str(place.folder.path), place.schema], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "half\n"
    return child


def _kill(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()


def test_killed_in_the_middle_everything_is_as_before_and_the_next_push_goes_through(place: Place) -> None:
    _small_league(place.folder)
    place.folder.push(place.schema)
    before = {name: place.rows(f"SELECT * FROM {name} ORDER BY 1, 2") for name in TABLES}
    place.folder.put("players", player=[player(k, "другой") for k in range(1, 1000)])
    place.folder.put("cup", game=[game(7, 1)], seat=seats(7, 1, [4, 5, 6]))
    _kill(_start_half_a_push(place))
    assert {name: place.rows(f"SELECT * FROM {name} ORDER BY 1, 2") for name in TABLES} == before
    idle = "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name LIKE 'gomafia_kit push%'"
    assert until(lambda: place.rows(idle) == [(True,)])
    assert place.folder.push(place.schema)["player"] == PushReport("player", 996, 3, 0, 0)
    assert _equal_what_is_staged(place)


def test_of_two_pushes_at_once_the_second_is_told_who_is_at_work(place: Place) -> None:
    _small_league(place.folder)
    child = _start_half_a_push(place)
    try:
        with pytest.raises(
            PushError, match=rf"Another push .* gomafia_kit push, process {child.pid} \(user .* since 2"
        ):
            place.folder.push(place.schema)
    finally:
        _kill(child)


def test_a_connection_that_is_lost_says_that_the_tables_are_as_before(place: Place) -> None:
    _small_league(place.folder)
    place.folder.push(place.schema)
    place.folder.put("cup", game=[game(7, 1)], seat=seats(7, 1, [1]))

    def end_it() -> None:
        waits = "application_name LIKE 'gomafia_kit push%' AND wait_event_type = 'Lock'"
        assert until(lambda: place.rows(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {waits}"))

    with closing(place.connect()) as blocker:
        blocker.execute("BEGIN")
        blocker.execute("LOCK TABLE seat IN SHARE MODE")
        thread = threading.Thread(target=end_it)
        thread.start()
        with pytest.raises(PushError, match=r"connection .* was lost while .* The tables are as they were before"):
            place.folder.push(place.schema, attempts=1)
        thread.join()
    assert place.rows("SELECT count(*) FROM seat") == [(6,)]


def test_a_table_that_somebody_locks_is_not_waited_for_for_ever(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_module, "_LOCK_SECONDS", 1)
    _small_league(place.folder)
    place.folder.push(place.schema)
    place.folder.put("cup", game=[game(7, 1)], seat=seats(7, 1, [1]))
    with closing(place.connect()) as blocker:
        blocker.execute("BEGIN")
        blocker.execute("LOCK TABLE seat IN SHARE MODE")
        with pytest.raises(PushError, match=r"Somebody else holds a table .* End that session"):
            place.folder.push(place.schema)


def test_readers_in_a_transaction_do_not_hold_a_push_up(place: Place) -> None:
    _small_league(place.folder)
    place.folder.push(place.schema)
    with closing(place.connect()) as reader:
        reader.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert reader.execute("SELECT count(*) FROM seat").fetchall() == [(6,)]
        place.folder.put("cup", game=[game(7, 1)], seat=seats(7, 1, [1]))
        assert place.folder.push(place.schema)["seat"] == PushReport("seat", 0, 0, 1, 5)
        assert reader.execute("SELECT count(*) FROM seat").fetchall() == [(6,)]


# -- references -----------------------------------------------------------------------------------


def _references(place: Place) -> list[str]:
    of_schema = f"contype = 'f' AND connamespace = '{place.schema}'::regnamespace"
    return [row[0] for row in place.rows(f"SELECT conname FROM pg_constraint WHERE {of_schema} ORDER BY 1")]


def test_a_dangling_reference_keeps_no_row_out_and_its_key_is_declared_once_it_holds(place: Place) -> None:
    _small_league(place.folder)
    place.folder.push(place.schema)
    everything = ["game_tournament_id_fkey", "seat_player_id_fkey", "seat_tournament_id_round_table_no_fkey"]
    assert _references(place) == everything
    # A tournament whose row was refused, and a player whom nobody knows.
    place.folder.put("open", game=[game(99, 1)], seat=seats(99, 1, [1, 77]))
    assert place.folder.push(place.schema)["seat"] == PushReport("seat", 2, 0, 6, 0)
    assert _references(place) == ["seat_tournament_id_round_table_no_fkey"]
    assert _equal_what_is_staged(place)
    place.folder.put("tournaments", tournament=[tournament(7), tournament(99)])
    place.folder.put("more players", player=[player(77, "Новый")])
    place.folder.push(place.schema)
    assert _references(place) == everything
    # A row that others refer to goes away: that is no reason to keep it.
    place.folder.put_away("more players")
    assert place.folder.push(place.schema)["player"] == PushReport("player", 0, 0, 3, 1)
    assert _references(place) == ["game_tournament_id_fkey", "seat_tournament_id_round_table_no_fkey"]
    assert _equal_what_is_staged(place)


def test_a_table_that_was_emptied_can_be_filled_again(place: Place) -> None:
    _small_league(place.folder)
    place.folder.push(place.schema)
    place.folder.put_away("cup")
    place.folder.push(place.schema)
    place.folder.put("cup", game=[game(99, 1)], seat=seats(99, 1, [77]))
    assert place.folder.push(place.schema)["seat"] == PushReport("seat", 1, 0, 0, 0)
    assert _equal_what_is_staged(place)


# -- whose schema it is ---------------------------------------------------------------------------


def test_a_schema_holds_one_league(place: Place) -> None:
    _small_league(place.folder)
    place.folder.push(place.schema)
    with pytest.raises(PushConflictError, match=r"holds the league demo-by-hand, this is another\. .*DROP SCHEMA"):
        place.folder.push(place.schema, league="another")
    assert place.folder.push(place.schema + "_b", league="another")["seat"].new == 6


def test_a_rebuilt_folder_takes_over_and_one_that_lacks_answers_is_refused(place: Place, tmp_path: Path) -> None:
    _small_league(place.folder)
    place.folder.push(place.schema)
    rebuilt = Folder(tmp_path / "rebuilt")
    rebuilt.put("players", player=[player(1, "Ёж")])
    with pytest.raises(
        PushConflictError, match=r"another data folder .* holds 2 answers that this folder lacks, such as 'api POST /"
    ):
        rebuilt.push(place.schema)
    assert place.rows("SELECT count(*) FROM player") == [(3,)]
    _small_league(rebuilt)
    assert rebuilt.push(place.schema)["seat"] == PushReport("seat", 0, 0, 6, 0)
    # The schema is the rebuilt folder's now; the old one has all its answers as well, so it may take it back.
    assert place.folder.push(place.schema)["seat"] == PushReport("seat", 0, 0, 6, 0)


def test_a_table_that_no_push_made_is_left_alone(place: Place) -> None:
    with place.connect() as connection:
        connection.execute(f"CREATE SCHEMA {place.schema}")
        connection.execute("CREATE TABLE player (name text)")
    _small_league(place.folder)
    with pytest.raises(PushConflictError, match=r"holds a table player that no push made"):
        place.folder.push(place.schema)


def test_a_table_with_other_columns_is_named_with_what_differs(place: Place) -> None:
    _small_league(place.folder)
    place.folder.push(place.schema)
    with place.connect() as connection:
        connection.execute("ALTER TABLE player ALTER elo TYPE float8, DROP city, ADD mood text")
    with pytest.raises(PushConflictError, match=r"city is missing, mood is new, elo is double precision"):
        place.folder.push(place.schema)
