"""A secret that must turn up nowhere, and the search for it: as text in every writing, and inside of what is packed."""

from __future__ import annotations

import gzip
import lzma
import sqlite3
import zlib
from base64 import b64encode
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Final

import duckdb
import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

WORD: Final = "k4narienvogel"
PASSWORD: Final = f"{WORD}/ä@'"
"""A password with what addresses, shells and JSON write differently; the word in it is searched for."""


def _in_base64(word: bytes, offset: int) -> bytes:
    """What of the word is the same in every base64 in which it stands so many bytes behind a multiple of three."""
    whole = b64encode(bytes(offset) + word)
    return whole[(8 * offset + 5) // 6 : 8 * (offset + len(word)) // 6]


def _writings(word: str) -> tuple[bytes, ...]:
    plain = word.encode()
    return (
        plain,
        word.encode("utf-16-le"),
        word.encode("utf-16-be"),
        "".join(f"%{byte:02x}" for byte in plain).encode(),
        "".join(f"%{byte:02X}" for byte in plain).encode(),
        plain.hex().encode(),
        *(_in_base64(plain, offset) for offset in range(3)),
    )


_WRITINGS: Final = _writings(WORD)
_PACKERS: Final[tuple[tuple[bytes, Callable[[bytes], bytes]], ...]] = (
    (b"\x28\xb5\x2f\xfd", lambda data: zstandard.ZstdDecompressor().stream_reader(data).read()),
    (b"\x1f\x8b", gzip.decompress),
    (b"\xfd7zXZ", lzma.decompress),
    (b"\x78", zlib.decompress),
)


def is_told(data: bytes | str) -> bool:
    """Whether the secret stands there, as it is or packed."""
    data = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    if any(writing in data for writing in _WRITINGS):
        return True
    for mark, unpack in _PACKERS:
        if data.startswith(mark):
            with suppress(Exception):
                return is_told(unpack(data))
    return False


def traces(*folders: Path) -> list[str]:
    """Where in all files below these folders the secret stands, or in their names."""
    paths = [path for folder in folders for path in folder.rglob("*")]
    return [f"{path}: {place}" for path in paths for place, data in _told_by(path) if is_told(data)]


def _told_by(path: Path) -> Iterator[tuple[str, bytes | str]]:
    yield "its name", path.name
    if not path.is_file():
        return
    data = path.read_bytes()
    yield "its bytes", data
    if data.startswith(b"SQLite format 3\0"):
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            yield from _values((name, database.execute(f'SELECT * FROM "{name}"')) for name in names)
    elif data[8:12] == b"DUCK":
        yield from _in_duckdb(path)
    elif data.startswith(b"PAR1"):
        with duckdb.connect() as database:
            database.execute("CREATE VIEW file AS SELECT * FROM read_parquet(?)".replace("?", _quoted(path)))
            about = f"SELECT key, value FROM parquet_kv_metadata({_quoted(path)})"
            yield from _values([("its rows", database.execute("FROM file"))])
            yield from _values([("its metadata", database.execute(about))])


def _in_duckdb(path: Path) -> Iterator[tuple[str, bytes | str]]:
    with duckdb.connect(str(path), read_only=True) as database:
        about = (
            "SELECT sql, comment FROM duckdb_tables()",
            "SELECT comment FROM duckdb_columns()",
            "SELECT sql, comment FROM duckdb_views() WHERE NOT internal",
        )
        for query in about:
            yield from _values([("its schema", database.execute(query))])
        names = database.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        for schema, name in names:
            yield from _values([(name, database.execute(f'FROM "{schema}"."{name}"'))])


def _values(tables: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, bytes | str]]:
    for name, rows in tables:
        for row in rows.fetchall():
            for value in row:
                yield name, value if isinstance(value, bytes) else str(value)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
