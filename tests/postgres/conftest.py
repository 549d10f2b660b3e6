"""Two servers for the tests: the embedded one (18), and one as somebody else runs it (15 or what is here)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from gomafia_kit.postgres import embedded as embedded_module
from gomafia_kit.postgres.address import URL_VARIABLE, Address, given_address
from gomafia_kit.postgres.embedded import EmbeddedServer
from tests.postgres.folder import Folder
from tests.postgres.machine import OtherServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

_NUMBERS: Final = itertools.count(1)


@dataclass
class Place:
    """A server with a schema of the test's own, and a data folder that is pushed there."""

    address: Address
    schema: str
    folder: Folder

    def connect(self) -> psycopg.Connection[Any]:
        """A connection beside the push, each statement by itself, the schema in front."""
        connection = self.address.connect("test")
        connection.autocommit = True
        connection.execute(f"SET search_path = {self.schema}")
        return connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer to a query."""
        with self.connect() as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(autouse=True, scope="session")
def _unhurried_disk() -> Iterator[None]:
    """The embedded servers of the tests needn't outlive a power cut: that spares the disk most of the work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(embedded_module._SETTINGS, "fsync", "off")
        patch.setattr(embedded_module, "_NEW_CLUSTER", [*embedded_module._NEW_CLUSTER, "--no-sync"])
        yield


@pytest.fixture(scope="session")
def other_server() -> Iterator[OtherServer]:
    with OtherServer() as server:
        yield server


@pytest.fixture
def schema() -> str:
    return f"league_{next(_NUMBERS)}"


@pytest.fixture
def other(other_server: OtherServer, schema: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The other server."""
    monkeypatch.setenv(URL_VARIABLE, other_server.url("postgres"))
    address = given_address()
    assert address is not None
    return Place(address, schema, Folder(data_dir))


@pytest.fixture(scope="session")
def embedded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("встроенный") / "папка с пробелом"


@pytest.fixture
def embedded(embedded_folder: Path, schema: str) -> Iterator[Place]:
    """The embedded server, one cluster for all tests."""
    with EmbeddedServer(embedded_folder) as server:
        yield Place(server.address, schema, Folder(embedded_folder.parent / schema / "х y"))


@pytest.fixture(params=["embedded", "other"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Either server in turn."""
    found: Place = request.getfixturevalue(request.param)
    if request.param == "embedded":
        # The folder that is pushed is another one than that of the server, which all tests share.
        parts = found.address.parts
        monkeypatch.setenv("PGHOST", parts["host"])
        monkeypatch.setenv("PGUSER", parts["user"])
        monkeypatch.setenv("PGDATABASE", parts["dbname"])
    return found
