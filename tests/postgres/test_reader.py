from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import gomafia_kit as gk
from gomafia_kit.analyse.store import open_league
from gomafia_kit.errors import PushError, SettingsError, command_for
from gomafia_kit.postgres.reader import ROWS_A_READ, Reader, with_places
from gomafia_kit.postgres.target import open_reader
from tests.postgres.folder import player

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres.conftest import Place


@pytest.mark.parametrize(
    ("given", "expected", "names"),
    [
        ("SELECT $a, $a + $b_1", "SELECT %(a)s, %(a)s + %(b_1)s", {"a", "b_1"}),
        ("SELECT '$a', '50%', $a", "SELECT '$a', '50%%', %(a)s", {"a"}),
        ("SELECT 'it''s $a'", "SELECT 'it''s $a'", set()),
        (r"SELECT E'\'$a', $b", r"SELECT E'\'$a', %(b)s", {"b"}),
        ('SELECT "$a" -- $b\n, $c', 'SELECT "$a" -- $b\n, %(c)s', {"c"}),
        ("SELECT /* $a % */ $b", "SELECT /* $a %% */ %(b)s", {"b"}),
        ("SELECT $$ $a $$, $t$ $$ $b $t$, $c", "SELECT $$ $a $$, $t$ $$ $b $t$, %(c)s", {"c"}),
        ("SELECT 7 % 2, a$b, $игрок", "SELECT 7 %% 2, a$b, %(игрок)s", {"игрок"}),
        ("SELECT $1", "SELECT $1", set()),
    ],
)
def test_parameters_stand_where_they_stand_and_nowhere_else(given: str, expected: str, names: set[str]) -> None:
    assert with_places(given) == (expected, names)


@pytest.fixture
def reader(place: Place) -> Iterator[Reader]:
    rows = [player(k, f"игрок {k}", Decimal(k) / 2 if k % 2 else None) for k in range(1, 4)]
    place.folder.put("players", player=rows)
    place.folder.push(place.schema)
    with Reader(place.address, place.schema) as found:
        yield found


def test_answers_have_the_types_of_the_columns(reader: Reader) -> None:
    found = reader.query(
        "SELECT player_id, login, elo, listed, count(*) OVER () AS n, sum(elo) OVER () AS total, 0.5::float8 AS half,"
        " DATE '2024-05-01' AS day, TIMESTAMPTZ '2024-05-01 12:00+03' AS at, NULL AS nothing, 1::numeric / 3 AS third"
        " FROM player ORDER BY player_id LIMIT 2",
        {},
    )
    at = datetime(2024, 5, 1, 9, tzinfo=UTC)
    third = Decimal("0.33333333333333333333")
    assert found.schema == {
        "player_id": pl.Int32, "login": pl.String, "elo": pl.Decimal(38, 6), "listed": pl.Boolean, "n": pl.Int64,
        "total": pl.Decimal(38, 6), "half": pl.Float64, "day": pl.Date, "at": pl.Datetime("us", "UTC"),
        "nothing": pl.String, "third": pl.Decimal(38, 20),
    }  # fmt: skip  # one value a line would hide which is which
    assert found.rows() == [
        (1, "игрок 1", Decimal("0.5"), True, 3, Decimal(2), 0.5, date(2024, 5, 1), at, None, third),
        (2, "игрок 2", None, True, 3, Decimal(2), 0.5, date(2024, 5, 1), at, None, third),
    ]


def test_an_answer_without_rows_keeps_its_columns(reader: Reader) -> None:
    found = reader.query("SELECT player_id, login, elo FROM player WHERE false", {})
    assert found.schema == {"player_id": pl.Int32, "login": pl.String, "elo": pl.Decimal(38, 6)}
    assert found.rows() == []


def test_parameters_are_values_never_sql(reader: Reader) -> None:
    for text in ("игрок 1", "x'; DROP TABLE player; --", "100%", "$login", "", "\\"):
        assert reader.query("SELECT $login AS login", {"login": text}).rows() == [(text,)]
    sql = "SELECT player_id FROM player WHERE player_id = ANY($ids) AND elo < $elo AND listed = $listed"
    assert reader.query(sql, {"ids": [1, 2], "elo": Decimal("0.75"), "listed": True}).rows() == [(1,)]


def test_a_parameter_too_few_or_too_many_is_named(reader: Reader) -> None:
    with pytest.raises(SettingsError, match=r"parameter \$a has no value"):
        reader.query("SELECT $a", {})
    with pytest.raises(SettingsError, match=r"has no parameter \$b"):
        reader.query("SELECT 1", {"b": 1})


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT nonsense FROM player", 'column "nonsense" does not exist'),
        ("DELETE FROM player", "read-only transaction"),
        ("SELECT 1; DROP TABLE player", "multiple commands"),
        ("COMMIT; DROP TABLE player", "multiple commands"),
        ("COPY player TO STDOUT", "COPY"),
        ("SET search_path = x", "result"),
        ("", "EMPTY"),
    ],
)
def test_what_is_no_question_is_refused_and_the_next_question_works(reader: Reader, sql: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        reader.query(sql, {})
    assert reader.query("SELECT count(*) AS n FROM player", {}).rows() == [(3,)]


def test_a_commit_does_not_make_the_next_question_writable(reader: Reader) -> None:
    with pytest.raises(SettingsError):
        reader.query("COMMIT", {})
    with pytest.raises(SettingsError, match="read-only transaction"):
        reader.query("DELETE FROM player RETURNING 1", {})


def test_each_question_sees_what_was_pushed_last(place: Place, reader: Reader) -> None:
    place.folder.put("players", player=[player(1, "Ёж")])
    place.folder.push(place.schema)
    assert reader.query("SELECT login FROM player", {}).rows() == [("Ёж",)]


def test_a_reader_connects_again_when_its_session_was_ended(place: Place, reader: Reader) -> None:
    name = "SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    own = reader.query("SELECT pg_backend_pid() AS pid", {}).item()
    assert reader.query(name, {}).item().startswith("gomafia_kit reader, process ")
    assert place.rows(f"SELECT pg_terminate_backend({own})") == [(True,)]
    assert reader.query("SELECT count(*) AS n FROM player", {}).rows() == [(3,)]
    assert reader.query("SELECT pg_backend_pid() AS pid", {}).item() != own


def test_a_long_answer_comes_whole_and_in_order(reader: Reader) -> None:
    number = 2 * ROWS_A_READ + 1
    found = reader.query("SELECT g, g::numeric / 4 AS quarter FROM generate_series(1, $n) g", {"n": number})
    assert found["g"].to_list() == list(range(1, number + 1))
    assert found["quarter"].to_list() == [Decimal(k) / 4 for k in range(1, number + 1)]


def test_batches_bring_the_same_a_few_rows_at_a_time(reader: Reader) -> None:
    sql = "SELECT g, g::numeric / 4 AS quarter FROM generate_series(1, $n) g"
    frames = list(reader.batches(sql, {"n": 2_500}, 1_000))
    assert [frame.height for frame in frames] == [1_000, 1_000, 500]
    assert len({tuple(frame.schema.items()) for frame in frames}) == 1
    assert pl.concat(frames)["quarter"].to_list() == [Decimal(k) / 4 for k in range(1, 2_501)]
    assert [frame.columns for frame in reader.batches(sql, {"n": 0}, 10)] == [["g", "quarter"]]
    assert [frame.height for frame in reader.batches(sql, {"n": 3}, 10**12)] == [3]


def test_what_polars_has_no_type_for_arrives_as_postgresql_prints_it(reader: Reader) -> None:
    sql = (
        "SELECT md5('a')::uuid AS u, '10.0.0.1'::inet AS i, int4range(1, 3) AS r, '{\"b\": [1, 2]}'::jsonb AS j,"
        " '{\"a\":1}'::json AS k, ROW(1, 'x') AS w, ARRAY[md5('a')::uuid] AS us, 'r'::\"char\" AS c, 5::money AS m,"
        " TIMETZ '12:00+03' AS t, B'101' AS b, 'int4'::regtype AS y"
    )
    wanted = (
        "0cc175b9-c0f1-b6a8-31c3-99e269772661", "10.0.0.1", "[1,3)", '{"b": [1, 2]}',
        '{"a":1}', "(1,x)", "{0cc175b9-c0f1-b6a8-31c3-99e269772661}", "r", "$5.00",
        "12:00:00+03", "101", "integer",
    )  # fmt: skip  # one value a line would hide which is which
    for found in (reader.query(sql, {}), *reader.batches(sql, {}, 10)):
        assert set(found.dtypes) == {pl.String}
        assert found.rows() == [wanted]


def test_arrays_bytes_and_times_come_as_polars_has_them(reader: Reader) -> None:
    found = reader.query(
        "SELECT ARRAY[1, NULL] AS a, ARRAY['x', '{\"'] AS t, ARRAY[1.5, 0.1234567]::numeric[] AS n, '{}'::date[] AS d,"
        " ARRAY[TIMESTAMPTZ '2024-05-01 12:00+03'] AS z, '\\x00ff'::bytea AS b, TIME '12:30:00.5' AS c,"
        " TIMESTAMP '2024-05-03 01:00' - TIMESTAMP '2024-05-01' AS l, NULL::bool[] AS e",
        {},
    )
    assert found.schema == {
        "a": pl.List(pl.Int32), "t": pl.List(pl.String), "n": pl.List(pl.Decimal(38, 7)), "d": pl.List(pl.Date),
        "z": pl.List(pl.Datetime("us", "UTC")), "b": pl.Binary, "c": pl.Time, "l": pl.Duration("us"),
        "e": pl.List(pl.Boolean),
    }  # fmt: skip  # one value a line would hide which is which
    assert found.rows() == [
        (
            [1, None], ["x", '{"'], [Decimal("1.5"), Decimal("0.1234567")], [], [datetime(2024, 5, 1, 9, tzinfo=UTC)],
            b"\x00\xff", time(12, 30, 0, 500_000), timedelta(days=2, hours=1), None,
        )
    ]  # fmt: skip  # one value a line would hide which is which


@pytest.mark.parametrize(
    "column",
    [
        "CASE WHEN g > 15 THEN ARRAY[g::text] END",
        "CASE WHEN g > 15 THEN g * INTERVAL '1 hour' END",
        "CASE WHEN g > 15 THEN jsonb_build_object(g::text, g) END",
        "CASE WHEN g > 15 THEN 1 / g::numeric END",
        "CASE WHEN g > 15 THEN ARRAY[1 / g::numeric] END",
        "CASE WHEN g > 15 THEN g::numeric(40, 30) END",
        "CASE WHEN g > 15 THEN md5(g::text)::uuid END",
    ],
)
def test_all_batches_have_the_schema_of_the_first(reader: Reader, column: str) -> None:
    frames = list(reader.batches(f"SELECT {column} AS a FROM generate_series(1, 20) g ORDER BY g", {}, 5))
    assert [frame.null_count().item() for frame in frames] == [5, 5, 5, 0]
    assert len({frame.to_arrow().schema for frame in frames}) == 1


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("CASE WHEN g > 15 THEN 'NaN' ELSE 1::numeric END", "'a' has NaN, which is no decimal"),
        ("CASE WHEN g > 15 THEN 'NaN' ELSE 1::numeric(5, 2) END", "'a' has NaN, which is no decimal"),
        ("1e30::numeric + 1e-20 * g", r"'a' has 10+\.0+1, which is no decimal of 38 digits"),
        ("ARRAY[ARRAY[g]]", "'a' has an array of arrays"),
        ("INTERVAL '1 year 2 months' * g", "months or years, which have no fixed length"),
        ("CASE WHEN g > 15 THEN DATE 'infinity' END", "can't pass .* date too large"),
    ],
)
def test_a_value_that_its_type_cannot_hold_ends_in_a_sentence(reader: Reader, column: str, words: str) -> None:
    sql = f"SELECT {column} AS a FROM generate_series(1, 20) g ORDER BY g"
    with pytest.raises(SettingsError, match=words):
        reader.query(sql, {})
    with pytest.raises(SettingsError, match=words):
        list(reader.batches(sql, {}, 5))
    assert reader.query("SELECT count(*) AS n FROM player", {}).rows() == [(3,)]


def test_computed_numbers_are_exact_or_refused(reader: Reader) -> None:
    large = "SELECT 1e30::numeric / 3 AS a"
    assert reader.query(large, {}).item() == Decimal("3" * 30)
    with pytest.raises(SettingsError, match="20 of them behind the point"):
        list(reader.batches(large, {}, 5))
    small = "SELECT 1::numeric / 30000 AS a, 2.5::numeric AS b"
    assert reader.query(small, {}).rows() == [(Decimal("0.000033333333333333333333"), Decimal("2.5"))]
    with pytest.raises(SettingsError, match=r"Round it by round\(a, 6\)"):
        list(reader.batches(small, {}, 5))
    (rounded,) = reader.batches("SELECT round(1::numeric / 30000, 6) AS a, 1 - 2.5 AS b, -1::numeric / 3 AS c", {}, 5)
    assert set(rounded.dtypes) == {pl.Decimal(38, 20)}
    assert rounded.rows() == [(Decimal("0.000033"), Decimal("-1.5"), Decimal("-0.33333333333333333333"))]


def test_two_columns_of_one_name_are_refused(reader: Reader) -> None:
    sql = "SELECT * FROM player AS a JOIN player AS b USING (player_id)"
    for ask in (partial(reader.query, sql, {}), partial(next, reader.batches(sql, {}, 10))):
        with pytest.raises(SettingsError, match=r"two columns '\w+'\. Name each of them with AS"):
            ask()
    assert reader.query("SELECT count(*) AS n FROM player", {}).rows() == [(3,)]


def test_batches_that_nobody_reads_to_the_end_and_wrong_ones_leave_the_reader_free(reader: Reader) -> None:
    begun = reader.batches("SELECT login FROM player ORDER BY 1", {}, 1)
    assert next(begun).rows() == [("игрок 1",)]
    begun.close()
    for sql, words in (("SELECT nothing FROM player", "nothing"), ("DELETE FROM player", "can't answer")):
        with pytest.raises(SettingsError, match=words):
            next(reader.batches(sql, {}, 10))
    with pytest.raises(SettingsError, match=r"\$n has no value"):
        next(reader.batches("SELECT $n", {}, 10))
    assert reader.query("SELECT count(*) AS n FROM player", {}).rows() == [(3,)]


def test_a_pushed_league_is_read_as_arrow_batches(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.folder.put("players", player=[player(k, f"игрок {k}", Decimal(k)) for k in range(1, 8)])
    place.folder.push(place.schema)
    monkeypatch.setenv("GOMAFIA_POSTGRES_SCHEMA", place.schema)
    sql = "SELECT player_id, login, elo FROM player WHERE player_id <= $most ORDER BY player_id"
    batches = list(gk.read_postgres(place.folder.path, sql, {"most": 5}, batch_rows=2))
    assert [batch.num_rows for batch in batches] == [2, 2, 1]
    assert [row["player_id"] for batch in batches for row in batch.to_pylist()] == [1, 2, 3, 4, 5]
    (empty,) = gk.read_postgres(place.folder.path, sql, {"most": 0})
    assert (empty.num_rows, empty.schema) == (0, batches[0].schema)
    refused: dict[Any, str] = {0: "is not 1 or more", 1.5: "is not a whole number", "x": "is not a number"}
    for rows, wrong in refused.items():
        with pytest.raises(SettingsError, match=f"batch_rows: {rows!r} {wrong}"):
            gk.read_postgres(place.folder.path, sql, {"most": 5}, batch_rows=rows)


def test_a_schema_without_a_push_says_so(place: Place) -> None:
    with pytest.raises(PushError, match=rf"no pushed tables in schema {place.schema}\. Push it by: gomafia push;"):
        Reader(place.address, place.schema)
    told = f"Push it by: {command_for(place.folder.path, 'push')}; or set GOMAFIA_POSTGRES_SCHEMA."
    with pytest.raises(PushError) as caught, open_reader(place.folder.path, place.schema):
        pass
    assert caught.value.remedy == told


def test_a_folder_without_a_server_says_so_and_gets_none(data_dir: Path) -> None:
    told = f"has no PostgreSQL yet: nothing was pushed. Push it by: {command_for(data_dir, 'push')};"
    with pytest.raises(PushError, match=re.escape(told)), open_reader(data_dir, "gomafia"):
        pass
    assert not data_dir.exists()


def test_an_analyst_reads_the_schema_of_the_settings(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.folder.put("players", player=[player(1, "Градиент 🔥", Decimal("2500.5"))])
    place.folder.push(place.schema)
    monkeypatch.setenv("GOMAFIA_POSTGRES_SCHEMA", place.schema)
    with open_league(place.folder.path, "postgres") as league:
        assert league.table("player")["login"].to_list() == ["Градиент 🔥"]
        assert league.query("SELECT elo FROM player WHERE login = $login", {"login": "Градиент 🔥"}).rows() == [
            (Decimal("2500.5"),)
        ]
