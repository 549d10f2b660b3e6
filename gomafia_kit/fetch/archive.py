"""Every answer as it came, one row an ask, in `archive.sqlite`: what is in it is not asked for again."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self

import zstandard

from gomafia_kit.errors import DamagedAnswerError, FolderError, LayoutVersionError, NotInArchiveError
from gomafia_kit.runs.database import connect, holds, sqlite_faults, transaction
from gomafia_kit.site import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from gomafia_kit.site import Ask

ARCHIVE_FILE: Final = "archive.sqlite"
LAYOUT_VERSION: Final = 1
_COMPRESSION: Final = zstandard.ZstdCompressionParameters.from_level(6, window_log=17, chain_log=16, hash_log=15)
"""Tables of 1 MB, whatever comes: by themselves they would grow to 4 with a long answer, to save 1% of the archive."""
_LAYOUT: Final = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    """CREATE TABLE answer (
        ask_id INTEGER PRIMARY KEY, ask_key TEXT NOT NULL, kind TEXT NOT NULL, via TEXT NOT NULL,
        status INTEGER NOT NULL, fetched_at TEXT NOT NULL, sha256 TEXT NOT NULL,
        bytes INTEGER NOT NULL, body BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE refused (
        ask_id INTEGER PRIMARY KEY, ask_key TEXT NOT NULL, via TEXT NOT NULL, status INTEGER NOT NULL,
        fetched_at TEXT NOT NULL, reason TEXT NOT NULL, body BLOB NOT NULL
    ) STRICT""",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that the archive holds: to which ask it is, its body's SHA-256, and when it came."""

    ask_id: int
    sha256: str
    fetched_at: datetime


class Archive:
    """The archive of one data folder; `league` says whose answers it holds, `source` the settings that say so.

    Raises FolderError if the folder's archive is of another league.
    """

    def __init__(self, data_dir: Path, league: str, source: Mapping[str, object] | None = None) -> None:
        self.path = data_dir / ARCHIVE_FILE
        self._pack = zstandard.ZstdCompressor(compression_params=_COMPRESSION)
        self._unpack = zstandard.ZstdDecompressor()
        with sqlite_faults(self.path):
            self._connection = connect(self.path)
        try:
            with sqlite_faults(self.path):
                self._lay_out(league, source or {})
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _lay_out(self, league: str, source: Mapping[str, object]) -> None:
        with transaction(self._connection) as db:
            found = db.execute("PRAGMA user_version").fetchone()[0]
            if found == 0:
                for statement in _LAYOUT:
                    db.execute(statement)
                db.execute("INSERT INTO meta VALUES ('league', ?)", (league,))
                db.execute("INSERT INTO meta VALUES ('source', ?)", (json.dumps(dict(source)),))
                db.execute(f"PRAGMA user_version={LAYOUT_VERSION}")
                return
            if found != LAYOUT_VERSION:
                raise LayoutVersionError(
                    f"{self.path} has layout {found}, this version of gomafia_kit reads layout {LAYOUT_VERSION}.",
                    "Use the version that made it, or choose another data_dir.",
                )
            held = db.execute("SELECT value FROM meta WHERE name = 'league'").fetchone()[0]
        if held != league:
            raise FolderError(
                f"{self.path} holds answers of {held}, not of {league}.",
                "Choose another data_dir: a folder holds one league.",
            )

    def find(self, ask: Ask, *, not_before: datetime | None = None, not_after: datetime | None = None) -> Answer | None:
        """The archived answer, or None if there is none or it came before `not_before` or after `not_after`.

        Raises DamagedAnswerError if the answer's bytes aren't what they were when they were kept.
        """
        with sqlite_faults(self.path):
            row = self._connection.execute(
                "SELECT status, body, bytes, fetched_at, via, sha256 FROM answer WHERE ask_id = ?", (ask.ask_id,)
            ).fetchone()
        if row is None:
            return None
        status, packed, size, fetched_at, via, sha256 = row
        at = datetime.fromisoformat(fetched_at)
        if not _lies_between(at, not_before, not_after):
            return None
        return Answer(ask, status, self._unpacked(ask, packed, size, sha256), at, via, from_archive=True)

    def holds(
        self, ask_id: int, sha256: str, *, not_before: datetime | None = None, not_after: datetime | None = None
    ) -> bool:
        """True if the archived answer to an ask is this one, whole, and came between those moments."""
        with sqlite_faults(self.path):
            row = self._connection.execute(
                "SELECT body, bytes, fetched_at FROM answer WHERE ask_id = ? AND sha256 = ?", (ask_id, sha256)
            ).fetchone()
        if row is None:
            return False
        packed, size, fetched_at = row
        is_in_time = _lies_between(datetime.fromisoformat(fetched_at), not_before, not_after)
        return is_in_time and self._sound_body(packed, size, sha256) is not None

    def came_at(self, ask: Ask) -> datetime | None:
        """When the archived answer to an ask came; None if there is none."""
        with sqlite_faults(self.path):
            row = self._connection.execute("SELECT fetched_at FROM answer WHERE ask_id = ?", (ask.ask_id,)).fetchone()
        return None if row is None else datetime.fromisoformat(row[0])

    def get(self, ask: Ask) -> Answer:
        """The archived answer, however old; NotInArchiveError if there is none."""
        answer = self.find(ask)
        if answer is None:
            raise NotInArchiveError(
                f"The archive {self.path} has no answer to {ask.key}.", "Run once without offline to ask the site."
            )
        return answer

    def _unpacked(self, ask: Ask, packed: bytes, size: int, sha256: str) -> bytes:
        body = self._sound_body(packed, size, sha256)
        if body is None:
            raise DamagedAnswerError(
                f"{self.path}: the answer to {ask.key} is damaged.",
                "Run without offline: the site is asked for it again, and for nothing else.",
            )
        return body

    def _sound_body(self, packed: bytes, size: int, sha256: str) -> bytes | None:
        """The body as it came; None if these aren't its bytes."""
        try:
            body = self._unpack.decompress(packed, max_output_size=size)
        except (zstandard.ZstdError, TypeError, MemoryError):
            return None
        return body if hashlib.sha256(body).hexdigest() == sha256 else None

    def keep(self, answer: Answer) -> None:
        """Store a sound answer in place of an older one; it is on the disk when this returns."""
        body = self._pack.compress(answer.body)
        with sqlite_faults(self.path), transaction(self._connection) as db:
            db.execute(
                "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    answer.ask.ask_id,
                    answer.ask.key,
                    answer.ask.kind,
                    answer.via,
                    answer.status,
                    answer.fetched_at.isoformat(),
                    answer.sha256,
                    len(answer.body),
                    body,
                ),
            )
            db.execute("DELETE FROM refused WHERE ask_id = ?", (answer.ask.ask_id,))

    def take_over(self, rows: Iterable[tuple[Any, ...]]) -> int:
        """Store those rows of another archive whose bodies are sound, as they are; how many they were."""
        with sqlite_faults(self.path), transaction(self._connection) as db:
            number = 0
            for row in rows:
                packed, size, sha256 = row[8], row[7], row[6]
                if self._sound_body(packed, size, sha256) is not None:
                    db.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
                    number += 1
        return number

    def keep_refused(self, answer: Answer, reason: str) -> None:
        """Store the first unsound answer to an ask, as evidence; it never counts as an answer."""
        with sqlite_faults(self.path), transaction(self._connection) as db:
            db.execute(
                "INSERT OR IGNORE INTO refused VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    answer.ask.ask_id,
                    answer.ask.key,
                    answer.via,
                    answer.status,
                    answer.fetched_at.isoformat(),
                    reason,
                    self._pack.compress(answer.body),
                ),
            )

    def digests(self) -> Iterator[Kept]:
        """What is known of every answer, in the order of the asks."""
        with sqlite_faults(self.path):
            rows = self._connection.execute("SELECT ask_id, sha256, fetched_at FROM answer ORDER BY ask_id")
            for ask_id, sha256, at in rows:
                yield Kept(ask_id, sha256, datetime.fromisoformat(at))

    def check_bodies(self) -> tuple[int, int, list[str]]:
        """How many answers there are, their bytes, and the keys of those whose body isn't what came."""
        number = size = 0
        damaged = []
        with sqlite_faults(self.path):
            for key, packed, length, sha256 in self._connection.execute(
                "SELECT ask_key, body, bytes, sha256 FROM answer ORDER BY ask_id"
            ):
                number += 1
                size += length
                if self._sound_body(packed, length, sha256) is None:
                    damaged.append(key)
        return number, size, damaged

    def bodies(self) -> set[tuple[int, str]]:
        """The answers with something for the tables: ask and SHA-256 of the body."""
        with sqlite_faults(self.path):
            return set(self._connection.execute("SELECT ask_id, sha256 FROM answer WHERE kind != 'robots'"))

    def size(self) -> tuple[int, int]:
        """How many answers the archive holds, and their bytes as they came."""
        with sqlite_faults(self.path):
            row = self._connection.execute("SELECT count(*), coalesce(sum(bytes), 0) FROM answer").fetchone()
        return int(row[0]), int(row[1])


def _lies_between(moment: datetime, first: datetime | None, last: datetime | None) -> bool:
    return (first is None or moment >= first) and (last is None or moment <= last)


@dataclass(frozen=True, slots=True)
class Held:
    """What an archive holds: the settings that say whose answers, and the kinds of asks they answer."""

    league: str
    source: dict[str, object]
    kinds: frozenset[str]


def held_in(data_dir: Path) -> Held:
    """What the archive of a folder holds; FolderError if there is none."""
    path = data_dir / ARCHIVE_FILE
    if not holds(data_dir, ARCHIVE_FILE):
        raise FolderError(f"{data_dir} holds no archive.", "Name the data folder of an import: --data-dir.")
    with sqlite_faults(path), closing(connect(path)) as connection:
        meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
        kinds = connection.execute("SELECT DISTINCT kind FROM answer").fetchall()
    return Held(meta["league"], dict(json.loads(meta.get("source", "{}"))), frozenset(kind for (kind,) in kinds))
