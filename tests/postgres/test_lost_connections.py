"""A server that goes away in the middle of a push: tried again as a whole, nothing half, nothing twice."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql

from gomafia_kit.errors import PostgresUnreachableError
from gomafia_kit.postgres.address import URL_VARIABLE
from gomafia_kit.postgres.target import PushReport
from tests.postgres.folder import player
from tests.postgres.machine import CANARY, OtherServer
from tests.postgres.proxy import Proxy

if TYPE_CHECKING:
    from tests.postgres.conftest import Place

PLAYERS = 3_000

ONCE = """
CREATE SEQUENCE once;
CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.player_id = 2000 AND nextval('{schema}.once') = 1 THEN
        PERFORM {what};
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER trouble BEFORE INSERT OR UPDATE ON player FOR EACH ROW EXECUTE FUNCTION trouble();
"""
"""Trouble at the 2,000th player, the first time only: a sequence remembers it beyond the transaction."""

END_MYSELF = "pg_terminate_backend(pg_backend_pid()), pg_sleep(5)"


def people(word: str) -> list[tuple[object, ...]]:
    return [player(number, f"{word} {number}") for number in range(1, PLAYERS + 1)]


def stands(place: Place) -> list[tuple[Any, ...]]:
    return place.rows("SELECT count(*), min(split_part(login, ' ', 1)), max(split_part(login, ' ', 1)) FROM player")


def prepared(place: Place, what: str, *, empty: bool) -> None:
    """The tables as a first push makes them, and trouble that waits in them."""
    place.folder.put("players", player=[] if empty else people("до"))
    place.folder.push(place.schema)
    with place.connect() as connection:
        connection.execute(ONCE.format(schema=place.schema, what=what).encode())
    place.folder.put("players", player=people("после"))


@pytest.mark.parametrize(("empty", "where"), [(True, "COPY"), (False, "MERGE")])
def test_a_session_that_is_ended_in_the_middle_is_begun_anew(place: Place, where: str, empty: bool) -> None:  # noqa: FBT001 - a parameter
    prepared(place, END_MYSELF, empty=empty)
    reports = place.folder.push(place.schema)
    done = (PLAYERS, 0) if where == "COPY" else (0, PLAYERS)
    assert reports["player"] == PushReport("player", *done, 0, 0)
    assert stands(place) == [(PLAYERS, "после", "после")]
    (told,) = place.folder.told
    assert "was lost while the tables were pushed" in told
    assert "Push 2 of 6 in" in told


def test_without_another_attempt_the_tables_are_as_before(other: Place) -> None:
    prepared(other, END_MYSELF, empty=False)
    with pytest.raises(Exception, match="The tables are as they were before") as caught:
        other.folder.push(other.schema, attempts=1)
    assert caught.value.is_passing  # type: ignore[attr-defined]  # PushError's
    assert stands(other) == [(PLAYERS, "до", "до")]


@pytest.mark.parametrize("cut_after", [20_000, 60_000])
def test_a_line_that_is_cut_in_the_middle_of_copy(
    other: Place, other_server: OtherServer, monkeypatch: pytest.MonkeyPatch, cut_after: int
) -> None:
    other.folder.put("players", player=people("имя"))
    with Proxy(other_server.port, cut_after) as proxy:
        url = other_server.url("postgres").replace(f":{other_server.port}/", f":{proxy.port}/")
        monkeypatch.setenv(URL_VARIABLE, url)
        assert other.folder.push(other.schema)["player"].new == PLAYERS
        assert proxy.cuts == 1
    assert len(other.folder.told) == 1
    assert stands(other) == [(PLAYERS, "имя", "имя")]


def test_a_server_without_a_free_connection_is_told_as_that_after_all_attempts(
    other: Place, other_server: OtherServer, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = f"{schema}_guest"
    with other.connect() as connection:
        role = sql.SQL("CREATE ROLE {} LOGIN CONNECTION LIMIT 1 PASSWORD {}")
        connection.execute(role.format(sql.Identifier(guest), sql.Literal(CANARY)))
    monkeypatch.setenv(URL_VARIABLE, other_server.url("postgres", user=guest))
    with (
        closing(other_server.connect(user=guest)),
        pytest.raises(PostgresUnreachableError, match=r"has no room for another connection: .* too many connections"),
    ):
        other.folder.push(schema, attempts=2)
    assert len(other.folder.told) == 1
