from __future__ import annotations

import traceback
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from psycopg import sql

from gomafia_kit.errors import (
    GomafiaError,
    PostgresRefusedError,
    PostgresUnreachableError,
    PushError,
    SettingsError,
)
from gomafia_kit.postgres.address import URL_VARIABLE, Address, given_address
from gomafia_kit.postgres.faults import push_faults
from gomafia_kit.postgres.push import check_server_version
from gomafia_kit.postgres.target import ServerState, check_server
from tests.postgres.folder import Folder, player
from tests.postgres.machine import CANARY, free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres.conftest import Place
    from tests.postgres.machine import OtherServer


@pytest.fixture
def folder(data_dir: Path) -> Folder:
    found = Folder(data_dir)
    found.put("players", player=[player(1, "Ёж")])
    return found


def _fault(folder: Folder, schema: str = "gomafia") -> GomafiaError:
    """The error that a push ends with; neither it nor its traceback holds the password."""
    with pytest.raises(GomafiaError) as caught:
        folder.push(schema)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(given_address_or_none())
    for form in (CANARY, repr(CANARY)[1:-1], quote(CANARY, safe=""), quote(CANARY), "канарейка"):
        assert form not in told
    assert caught.value.remedy
    return caught.value


def given_address_or_none() -> Address | None:
    try:
        return given_address()
    except SettingsError:
        return None


def test_a_wrong_password(folder: Folder, other_server: OtherServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, other_server.url("postgres", password="x" + CANARY))
    error = _fault(folder)
    assert type(error) is PostgresRefusedError
    assert error.message == (
        f"PostgreSQL at 127.0.0.1:{other_server.port} (database postgres, from GOMAFIA_POSTGRES_URL) refuses the"
        f' connection: connection failed: connection to server at "127.0.0.1", port {other_server.port} failed:'
        ' FATAL:  password authentication failed for user "owner".'
    )
    state = check_server()
    assert (state.version, state.problem) == (None, error.message)


def test_a_missing_database(folder: Folder, other_server: OtherServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, other_server.url("nowhere"))
    error = _fault(folder)
    assert type(error) is PostgresRefusedError
    assert 'database "nowhere" does not exist' in error.message


def test_nobody_at_the_port(folder: Folder, other_server: OtherServer, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv(URL_VARIABLE, other_server.url("postgres").replace(str(other_server.port), str(port)))
    error = _fault(folder)
    assert type(error) is PostgresUnreachableError
    assert error.message.startswith(
        f"PostgreSQL at 127.0.0.1:{port} (database postgres, from GOMAFIA_POSTGRES_URL) can't be"
    )


@pytest.fixture
def guest(other_server: OtherServer, schema: str) -> str:
    """A login without any right on the database `postgres`."""
    with other_server.connect() as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(schema), sql.Literal(CANARY))
        )
    return schema


def test_no_permission_to_make_the_schema(
    folder: Folder, other_server: OtherServer, guest: str, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL_VARIABLE, other_server.url("postgres", user=guest))
    error = _fault(folder, schema)
    assert type(error) is PostgresRefusedError
    assert "permission denied for database postgres" in error.message
    assert "grant CREATE and TEMPORARY" in error.remedy


def test_no_permission_to_write_the_tables(
    other: Place, other_server: OtherServer, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.folder.put("players", player=[player(1, "Ёж")])
    other.folder.push(schema)
    other.folder.put("players", player=[player(1, "ёж")])
    name = f"{schema}_guest"
    with other.connect() as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), sql.Literal(CANARY))
        )
        connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {name}")
    monkeypatch.setenv(URL_VARIABLE, other_server.url("postgres", user=name))
    assert type(_fault(other.folder, schema)) is PostgresRefusedError
    assert other.rows("SELECT login FROM player") == [("Ёж",)]


def test_a_database_that_keeps_another_encoding(
    folder: Folder, other_server: OtherServer, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with other_server.connect() as connection:
        connection.execute(f"CREATE DATABASE {schema} ENCODING 'SQL_ASCII' TEMPLATE template0")
    monkeypatch.setenv(URL_VARIABLE, other_server.url(schema))
    error = _fault(folder, schema)
    assert type(error) is PostgresRefusedError
    assert "keeps text as SQL_ASCII" in error.message


def test_a_server_too_old_for_merge() -> None:
    address = Address(URL_VARIABLE, {"host": "db.example", "port": "6543", "dbname": "league", "password": CANARY})
    with pytest.raises(PostgresRefusedError) as caught:
        check_server_version(address, 140_009)
    assert str(caught.value) == (
        "PostgreSQL at db.example:6543 (database league, from GOMAFIA_POSTGRES_URL) is version 14, too old for MERGE."
        " Use PostgreSQL 15 or newer, or the embedded server."
    )
    check_server_version(address, 150_000)


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("53100", PushError, "The disk of .* is full .* Make room and push again"),
        ("57P01", PushError, "was lost while .* The tables are as they were before"),
        ("42501", PostgresRefusedError, "doesn't permit"),
        ("55P03", PushError, "Somebody else holds a table"),
        ("22012", PushError, "fails while"),
    ],
)
def test_what_the_server_says_in_the_middle(other: Place, state: str, kind: type[PushError], words: str) -> None:
    import psycopg

    with (
        other.connect() as connection,
        pytest.raises(kind, match=words) as caught,
        push_faults(other.address, "it works"),
    ):
        connection.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}', MESSAGE = 'so it is'; END $$")
    assert isinstance(caught.value.__cause__, psycopg.Error)
    assert type(caught.value) is kind


def test_a_message_that_holds_the_password_is_redacted(other: Place) -> None:
    with other.connect() as connection, pytest.raises(PushError) as caught, push_faults(other.address, "it works"):
        connection.execute(
            "DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = " + sql.Literal(f"pw {CANARY}").as_string() + "; END $$"
        )
    assert "pw ***" in caught.value.message
    assert "канарейка" not in str(caught.value)


# -- which server ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://u:{quote(CANARY)}@h/d",
        f"postgresql://u:{quote(CANARY)}@h:port/d",
        f"postgresql+asyncpg://u:{quote(CANARY)}@h/d",
        f"u:{quote(CANARY)}@h/d",
        f"postgresql://u:half@{quote(CANARY)}@h/d",
        f"postgresql://u:5/{quote(CANARY)}@h@d",
        f"postgresql://u:{quote(CANARY)}@h/d?nonsense=1",
        "канарейка",
    ],
)
def test_a_wrong_address_is_refused_without_repeating_it(
    url: str, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL_VARIABLE, url)
    error = _fault(folder)
    assert type(error) is SettingsError
    assert URL_VARIABLE in error.message


def test_without_an_address_the_embedded_server_is_meant() -> None:
    assert given_address({}) is None
    assert given_address({URL_VARIABLE: "  ", "PGUSER": "u", "PGPORT": "1"}) is None


def test_the_url_wins_over_libpqs_environment() -> None:
    address = given_address({URL_VARIABLE: "postgres://u@/league?host=/run/pg&port=5", "PGHOST": "elsewhere"})
    assert address is not None
    assert address.shown == "PostgreSQL at /run/pg (database league, from GOMAFIA_POSTGRES_URL)"
    assert dict(address.parts) == {"host": "/run/pg", "port": "5", "user": "u", "dbname": "league"}


def test_a_password_in_the_query_is_hidden_too() -> None:
    address = given_address({URL_VARIABLE: f"postgresql:///?host=h&password={quote(CANARY)}"})
    assert address is not None
    assert address.parts["password"] == CANARY
    assert "канарейка" not in f"{address!r} {address} {address.shown}"


def test_a_service_file_and_a_pass_file_name_the_server(
    folder: Folder, other_server: OtherServer, schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, passes = tmp_path / "services", tmp_path / "passes"
    services.write_text(f"[league]\nhost=127.0.0.1\nport={other_server.port}\nuser=owner\ndbname=postgres\n")
    escaped = CANARY.replace("\\", "\\\\").replace(":", "\\:")
    passes.write_text(f"127.0.0.1:{other_server.port}:postgres:owner:{escaped}\n")
    passes.chmod(0o600)
    monkeypatch.setenv("PGSERVICE", "league")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    monkeypatch.setenv("PGPASSFILE", str(passes))
    assert folder.push(schema)["player"].new == 1
    monkeypatch.setenv("PGSERVICE", "nowhere")
    error = _fault(folder)
    assert type(error) is PostgresUnreachableError
    assert 'definition of service "nowhere" not found' in error.message


def test_the_doctor_sees_a_server_that_is_well(other: Place) -> None:
    state = check_server()
    number = other.rows("SHOW server_version_num")[0][0]
    version = f"{int(number) // 10000}.{int(number) % 10000}"
    assert state == ServerState(other.address.shown, version)


def test_the_doctor_sees_the_embedded_programs() -> None:
    state = check_server()
    assert (state.server, state.problem) == ("embedded PostgreSQL", "")
    assert state.version is not None
    assert state.version.startswith("18.")
