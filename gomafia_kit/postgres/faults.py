"""The one place where what psycopg and SQLAlchemy say becomes our errors."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import PostgresRefusedError, PostgresUnreachableError, PushError
from gomafia_kit.postgres.address import URL_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from gomafia_kit.postgres.address import Address

_DISK_FULL: Final = "53100"
_LOCK_TIMEOUT: Final = "55P03"
_FORBIDDEN: Final = frozenset({"42501", "28000", "28P01", "25006"})
_PASSING: Final = frozenset({"40001", "40P01"})
"""Two transactions were in each other's way: the other one goes on, and this one may try again."""

_NO_ROOM: Final = re.compile("too many (clients|connections)|connection slots|no more connections|query_wait_timeout")
"""What servers and poolers say who have no free connection: libpq keeps the code of a refused login to itself."""

_ROOM: Final = "Close other sessions, or let its owner raise max_connections, and push again."
_SOON: Final = "Try again in a moment."
_AS_BEFORE: Final = "The tables are as they were before."
_LOOK: Final = (
    f"Look whether the server runs and the address is right ({URL_VARIABLE}, or PGHOST, PGPORT, PGSERVICE);"
    " without one of them the embedded server is used."
)
_LOGIN: Final = f"Check user, password and database: in {URL_VARIABLE}, or a service or pass file."


def passing(error: PushError) -> PushError:
    """The same error, marked: trying again soon may help."""
    error.is_passing = True
    return error


def connection_error(address: Address, error: psycopg.Error) -> PushError:
    """Why no connection came about: nobody there, not ready, or refused."""
    from psycopg import conninfo, pq

    said = first_line(address, error)
    # A ping needs no login: it tells a server that says no from one that isn't there, in any language.
    told = {name: value for name, value in address.parts.items() if name not in {"password", "sslpassword"}}
    state = pq.PGconn.ping(conninfo.make_conninfo(**{"connect_timeout": "5", **told}).encode())
    if _NO_ROOM.search(said):
        full = PostgresUnreachableError(f"{address.shown} has no room for another connection: {said}.", _ROOM)
        return passing(full)
    if state == pq.Ping.OK:
        return PostgresRefusedError(f"{address.shown} refuses the connection: {said}.", _LOGIN)
    if state == pq.Ping.REJECT:
        starting = PostgresUnreachableError(f"{address.shown} is starting or stopping: {said}.", _SOON)
        return passing(starting)
    return PostgresUnreachableError(f"{address.shown} can't be reached: {said}.", _LOOK)


@contextmanager
def push_faults(
    address: Address, doing: str, remedy: str = "The tables are as they were before. Push again."
) -> Iterator[None]:
    """Turn what the server says while something is done into our errors; `remedy` is for a lost connection."""
    import psycopg
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except psycopg.Error as error:
        raise _work_error(address, doing, remedy, error) from error
    except DBAPIError as error:
        if not isinstance(error.orig, psycopg.Error):
            raise
        raise _work_error(address, doing, remedy, error.orig) from error.orig


def lost_error(address: Address, doing: str, remedy: str, error: psycopg.Error) -> PushError:
    """Our error for a connection that went in the middle of `doing`."""
    said = first_line(address, error)
    return passing(PushError(f"The connection to {address.shown} was lost while {doing}: {said}.", remedy))


def _work_error(address: Address, doing: str, remedy: str, error: psycopg.Error) -> PushError:
    """Our error for a server that said no, or went away, in the middle of `doing`."""
    said, state = first_line(address, error), error.sqlstate or ""
    if state == _DISK_FULL:
        return PushError(
            f"The disk of {address.shown} is full while {doing}: {said}.", f"{_AS_BEFORE} Make room and push again."
        )
    if state in _FORBIDDEN:
        return PostgresRefusedError(
            f"{address.shown} doesn't permit {doing}: {said}.",
            "Let its owner grant CREATE and TEMPORARY on the database to this user, or push as another one.",
        )
    if state == _LOCK_TIMEOUT:
        return PushError(
            f"Somebody else holds a table at {address.shown} while {doing}: {said}.",
            f"{_AS_BEFORE} End that session's transaction and push again.",
        )
    if is_lost(error):
        return lost_error(address, doing, remedy, error)
    failed = PushError(f"{address.shown} fails while {doing}: {said}.", f"{_AS_BEFORE} Push again.")
    return passing(failed) if state in _PASSING else failed


def is_lost(error: psycopg.Error) -> bool:
    """True if the connection went, or was ended by the server, rather than the statement refused."""
    import psycopg

    state = error.sqlstate or ""
    return state.startswith(("08", "57P")) or (not state and isinstance(error, psycopg.OperationalError))


def first_line(address: Address, error: psycopg.Error) -> str:
    """What the server or libpq said, in one line and without passwords."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return address.redact(lines[0]).rstrip(".")
