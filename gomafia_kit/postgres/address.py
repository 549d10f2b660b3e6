"""Which PostgreSQL server is meant, without ever showing its password.

`GOMAFIA_POSTGRES_URL` wins, then libpq's own environment (`PGSERVICE`, `PGHOST`, `PGHOSTADDR`); where
none of them is set, the data folder's embedded server is meant. Service and pass files work as in psql.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

URL_VARIABLE: Final = "GOMAFIA_POSTGRES_URL"
SERVER_VARIABLES: Final = ("PGSERVICE", "PGHOST", "PGHOSTADDR")
EMBEDDED: Final = "embedded"
CONNECT_SECONDS: Final = 10
_DIALECTS: Final = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_SECRETS: Final = ("password", "sslpassword")
_SHAPE: Final = "Give it as postgresql://USER@HOST:PORT/DATABASE, with the password in a pass file or the URL."


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """What libpq is told to reach a server; `origin` says where that was found. Its texts hold no password."""

    origin: str
    parts: Mapping[str, str]

    @property
    def shown(self) -> str:
        """The server and its database as a person may see them."""
        told, known = self.parts, os.environ
        if self.origin == EMBEDDED:
            return f"PostgreSQL (embedded, socket in {told['host']})"
        service = told.get("service") or known.get("PGSERVICE")
        host = told.get("host") or told.get("hostaddr") or known.get("PGHOST") or known.get("PGHOSTADDR")
        port = told.get("port") or known.get("PGPORT") or "5432"
        if host:
            place = host if host.startswith("/") else f"{host}:{port}"
        else:
            place = f"service {service}" if service else "the local socket"
        database = told.get("dbname") or known.get("PGDATABASE")
        return f"PostgreSQL at {place} ({f'database {database}, ' if database else ''}from {self.origin})"

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"

    def redact(self, text: str) -> str:
        """The text without the passwords that this address knows."""
        secrets = [self.parts.get(name, "") for name in _SECRETS] + [os.environ.get("PGPASSWORD", "")]
        for secret in filter(None, secrets):
            text = text.replace(secret, "***")
        return text

    def connect(self, purpose: str) -> psycopg.Connection[Any]:
        """A connection whose name in `pg_stat_activity` is `purpose`; psycopg's own errors come through.

        Statements are never prepared: poolers between us and the server may hand each to another session.
        """
        import psycopg

        told: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, **self.parts}
        told.setdefault("application_name", purpose)
        return psycopg.connect(**told, client_encoding="utf8", prepare_threshold=None)


def given_address(environment: Mapping[str, str] | None = None) -> Address | None:
    """The server that the environment names, or None: then the embedded one is meant.

    Raises SettingsError if `GOMAFIA_POSTGRES_URL` is no PostgreSQL URL; the message doesn't repeat it.
    """
    environment = os.environ if environment is None else environment
    if url := environment.get(URL_VARIABLE, "").strip():
        return Address(URL_VARIABLE, _parts_of(url))
    for name in SERVER_VARIABLES:
        if environment.get(name):
            return Address(name, {})
    return None


def _parts_of(text: str) -> dict[str, str]:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
        port = url.port
    except (ArgumentError, ValueError):
        # Not chained: the library's message repeats the address.
        raise SettingsError(f"{URL_VARIABLE} can't be read as an address.", _SHAPE) from None
    if "@" in f"{url.host}{url.database}":
        # What stands there may be the end of a password: it isn't repeated.
        raise SettingsError(f"{URL_VARIABLE} holds an @ too many: in a user or a password it is written %40.", _SHAPE)
    if url.drivername not in _DIALECTS:
        raise SettingsError(f"{URL_VARIABLE} names {url.drivername}, which is not PostgreSQL over psycopg.", _SHAPE)
    query = {name: ",".join(value) if isinstance(value, tuple) else value for name, value in url.query.items()}
    named = {
        "host": url.host,
        "port": None if port is None else str(port),
        "user": url.username,
        "password": None if url.password is None else str(url.password),
        "dbname": url.database,
    }
    parts = query | {name: value for name, value in named.items() if value}
    _refuse_unknown(parts)
    return parts


def _refuse_unknown(parts: Mapping[str, str]) -> None:
    from psycopg import pq

    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    for name in parts:
        if name not in known:
            raise SettingsError(f"{URL_VARIABLE}: {name!r} is no option of libpq.", _SHAPE)
