"""A real pgbouncer between us and the server: in transaction mode, where each transaction has another session."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from gomafia_kit.errors import PushError
from gomafia_kit.postgres.address import URL_VARIABLE, given_address
from tests.postgres.conftest import Place
from tests.postgres.folder import Folder, game, player, seats
from tests.postgres.machine import OtherServer, account, free_port, ordinary_folder, until
from tests.postgres.test_lost_connections import END_MYSELF, PLAYERS, people, prepared, stands
from tests.postgres.test_push import _kill, _start_half_a_push
from tests.root.packages import needed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = "league"


@pytest.fixture
def pooled(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A server behind a pooler with two sessions for everybody."""
    program, port, word = needed("pgbouncer", "pgbouncer"), free_port(), secrets.token_hex()
    folder = ordinary_folder("pooler")
    with OtherServer() as server:
        with server.connect() as connection:
            made = sql.SQL("CREATE ROLE pooled SUPERUSER LOGIN PASSWORD {}").format(sql.Literal(word))
            connection.execute(made)
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\npostgres = host=127.0.0.1 port={server.port} user=pooled password={word}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
            "pool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 20\n"
        )
        command = [program, str(folder / "pgbouncer.ini")]
        with subprocess.Popen(command, cwd="/", stderr=subprocess.DEVNULL, **account()) as pooler:
            monkeypatch.setenv(URL_VARIABLE, f"postgresql://anybody@127.0.0.1:{port}/postgres")
            address = given_address()
            assert address is not None
            place = Place(address, SCHEMA, Folder(data_dir))
            assert until(lambda: _answers(place))
            yield DirectPlace(server, place)
            pooler.terminate()
    shutil.rmtree(folder.parent)


class DirectPlace(Place):
    """Looked at beside the pooler: a search path of a session means nothing through it."""

    def __init__(self, server: OtherServer, place: Place) -> None:
        super().__init__(place.address, place.schema, place.folder)
        self._server = server

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        connection = self._server.connect()
        connection.execute(f"SET search_path = {self.schema}".encode())
        return connection


def _answers(place: Place) -> bool:
    try:
        place.address.connect("test").close()
    except psycopg.Error:
        return False
    return True


def test_pushes_go_through_while_others_use_the_same_sessions(pooled: Place) -> None:
    done = threading.Event()
    asked = []

    def ask() -> None:
        while not done.wait(0.005):
            with pooled.address.connect("somebody else") as connection:
                asked.append(
                    connection.execute("SELECT current_setting('work_mem'), current_setting('search_path')").fetchone()
                )

    others = [threading.Thread(target=ask) for _ in range(2)]
    for other in others:
        other.start()
    try:
        for word in ("а", "б", "в"):
            pooled.folder.put("players", player=people(word))
            pooled.folder.push(SCHEMA)
            assert stands(pooled) == [(PLAYERS, word, word)]
    finally:
        done.set()
        for other in others:
            other.join()
    assert len(asked) > 3
    assert len(set(asked)) == 1, "settings of a push stay in its transaction"


def test_a_session_that_ends_behind_the_pooler_is_tried_again(pooled: Place) -> None:
    prepared(pooled, END_MYSELF, empty=False)
    assert pooled.folder.push(SCHEMA)["player"].changed == PLAYERS
    assert len(pooled.folder.told) == 1
    assert stands(pooled) == [(PLAYERS, "после", "после")]


def test_the_lock_of_a_push_holds_behind_the_pooler_and_goes_with_its_process(pooled: Place) -> None:
    pooled.folder.put("cup", player=[player(1, "Ёж")], game=[game(7, 1)], seat=seats(7, 1, [1, 2, 3]))
    child = _start_half_a_push(pooled)
    try:
        with pytest.raises(PushError, match=r"Another push into schema league .* is under way"):
            pooled.folder.push(SCHEMA)
    finally:
        _kill(child)
    free = "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'"
    assert until(lambda: pooled.rows(free) == [(True,)])
    assert pooled.folder.push(SCHEMA)["seat"].new == 3
