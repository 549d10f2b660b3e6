"""What the importer, the analyst and the command line ask of PostgreSQL: push, read, look whether it is well."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import tenacity

from gomafia_kit.errors import GomafiaError, PostgresUnreachableError, PushError, command_for
from gomafia_kit.postgres.address import URL_VARIABLE, given_address
from gomafia_kit.postgres.push import PushReport, Source, check_server_version, push

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gomafia_kit.postgres.address import Address
    from gomafia_kit.postgres.reader import Reader
    from gomafia_kit.staging.live import Rows

__all__ = ["PushReport", "ServerState", "check_server", "open_reader", "open_server", "push_folder"]


ATTEMPTS: Final = 6
LONGEST_WAIT: Final = 15.0
"""Between two attempts, in seconds: with those before it, a server has half a minute to restart."""


@contextmanager
def open_server(data_dir: Path, *, make: bool = True) -> Iterator[Address]:
    """The server of a data folder, for as long as the block lasts: the given one, else the embedded one, started.

    Without `make` the embedded one must be there already; PushError if it isn't.
    """
    if address := given_address():
        yield address
        return
    from gomafia_kit.postgres.embedded import EmbeddedServer, has_cluster

    if not make and not has_cluster(data_dir):
        raise PushError(
            f"The data folder {data_dir} has no PostgreSQL yet: nothing was pushed.",
            f"Push it by: {command_for(data_dir, 'push')}; or set {URL_VARIABLE} to the server that has it.",
        )
    with EmbeddedServer(data_dir) as server:
        yield server.address


def shown_server(data_dir: Path) -> str:
    """Which server a push of a data folder fills, for people: `embedded, in <folder>`, or where the given one is."""
    if address := given_address():
        return address.shown.removeprefix("PostgreSQL ")
    from gomafia_kit.postgres.embedded import FOLDER

    return f"embedded, in {data_dir / FOLDER}"


def push_folder(  # noqa: PLR0913 - a push is told all of it
    data_dir: Path,
    rows: Rows,
    *,
    folder_id: str,
    league: str,
    schema: str,
    batch_rows: int | None = None,
    refresh: bool = False,
    tell: Callable[[str], None] | None = None,
    attempts: int = ATTEMPTS,
    sleep: Callable[[float], None] = time.sleep,
    sent: Callable[[str], None] = lambda _table: None,
) -> list[PushReport]:
    """Make the PostgreSQL tables of a data folder equal to its rows; one report a table, in their order.

    What is passing (a server that restarts or has no free connection, a connection that is lost) is tried
    again, each time as a whole, and said by `tell`; `sleep` waits in between, and may raise to end it, as may `sent`,
    which is called with each table's name once its rows are sent. Rows are read `batch_rows` at a time at most, with
    `refresh` those of every table.
    Raises PushError or one of its kinds; then the tables are as they were before.
    """

    def once() -> list[PushReport]:
        with open_server(data_dir) as address:
            return push(address, rows, Source(league, folder_id), schema, batch_rows, refresh=refresh, sent=sent)

    def before_sleep(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        seconds = state.next_action.sleep if state.next_action else 0.0
        if tell is not None and isinstance(error, PushError):
            tell(f"{error.message} Push {state.attempt_number + 1} of {attempts} in {seconds:.1f} s.")

    retrying = tenacity.Retrying(
        retry=_may_pass,
        stop=tenacity.stop_after_attempt(attempts),
        wait=tenacity.wait_exponential(multiplier=1, max=LONGEST_WAIT) + tenacity.wait_random(0, 1),
        before_sleep=before_sleep,
        sleep=sleep,
        reraise=True,
    )
    return retrying(once)


def _may_pass(state: tenacity.RetryCallState) -> bool:
    """Whether to try again: a server that was there a moment ago may well come back."""
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, PushError):
        return False
    return error.is_passing or (state.attempt_number > 1 and isinstance(error, PostgresUnreachableError))


@contextmanager
def open_reader(data_dir: Path, schema: str) -> Iterator[Reader]:
    """Questions to the pushed tables of a data folder; the embedded server runs as long as the block lasts."""
    from gomafia_kit.postgres.reader import Reader

    push = command_for(data_dir, "push")
    with open_server(data_dir, make=False) as address, Reader(address, schema, push) as reader:
        yield reader


@dataclass(frozen=True, slots=True)
class ServerState:
    """Whether PostgreSQL is well: `server` names it, `version` is None where it can't be asked.

    `problem` and `remedy` are empty where all is well.
    """

    server: str
    version: str | None
    problem: str = ""
    remedy: str = ""


def check_server() -> ServerState:
    """The state of the server that would be used; starts nothing and changes nothing."""
    try:
        address = given_address()
        if address is None:
            from gomafia_kit.postgres.embedded import embedded_version

            return ServerState("embedded PostgreSQL", embedded_version())
    except GomafiaError as error:
        return ServerState("PostgreSQL", None, error.message, error.remedy)
    return _check_given(address)


def _check_given(address: Address) -> ServerState:
    import psycopg

    from gomafia_kit.postgres.faults import connection_error

    try:
        with address.connect("gomafia_kit doctor") as connection:
            number = connection.info.server_version
            check_server_version(address, number)
    except psycopg.Error as error:
        fault = connection_error(address, error)
        return ServerState(address.shown, None, fault.message, fault.remedy)
    except GomafiaError as error:
        return ServerState(address.shown, None, error.message, error.remedy)
    return ServerState(address.shown, f"{number // 10_000}.{number % 10_000}")
