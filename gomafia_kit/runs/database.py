"""The SQLite file behind a data folder's run store: opened, laid out, and its faults named.

WAL, so that readers never wait; FULL, so that a commit survives a power cut.
"""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import (
    DamagedFileError,
    DiskFullError,
    FolderBusyError,
    FolderError,
    LayoutVersionError,
    command_for,
)
from gomafia_kit.runs.lasting import make_folder
from gomafia_kit.tables import columns_digests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LAYOUT_VERSION: Final = 5
BUSY_SECONDS: Final = 30.0
_COLUMNS_AT_FIRST: Final = "f13798883a6271ea17959fcf90292db650660acc8b810382b33fb490960ab54a"
"""What stores of the first three layouts call the columns of all their tables together."""
_CAME_SINCE: Final = frozenset({"tournament_staff"})
_WIDER_SINCE: Final = frozenset({"player_year_official"})
_CACHE_KB: Final = 256
"""Pages that a connection keeps, an eighth of SQLite's own choice: what is read again lies in the system's cache."""
RUNS_FILE: Final = "runs.sqlite"

_LAYOUT: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE run (
    run_id INTEGER PRIMARY KEY, state TEXT NOT NULL, pid INTEGER, pid_started REAL,
    started_at TEXT NOT NULL, ended_at TEXT, settings TEXT NOT NULL, receipt TEXT,
    error TEXT, message TEXT, remedy TEXT, exit_code INTEGER
) STRICT;
CREATE TABLE control (
    run_id INTEGER PRIMARY KEY REFERENCES run, wish TEXT NOT NULL DEFAULT 'run', batch_rows INTEGER,
    memory_limit_mb REAL
) STRICT;
CREATE TABLE stage (
    run_id INTEGER NOT NULL REFERENCES run, stage TEXT NOT NULL, state TEXT NOT NULL,
    started_at TEXT NOT NULL, ended_at TEXT, asks_known INTEGER NOT NULL DEFAULT 0,
    asks_done INTEGER NOT NULL DEFAULT 0, asks_made INTEGER NOT NULL DEFAULT 0, seen_at TEXT,
    PRIMARY KEY (run_id, stage)
) STRICT;
CREATE TABLE batch (
    run_id INTEGER NOT NULL REFERENCES run, stage TEXT NOT NULL, number INTEGER NOT NULL,
    started_at TEXT NOT NULL, seconds REAL NOT NULL, rows_target INTEGER NOT NULL,
    rows INTEGER NOT NULL, rejected INTEGER NOT NULL, PRIMARY KEY (run_id, stage, number)
) STRICT;
CREATE TABLE memory (
    run_id INTEGER NOT NULL REFERENCES run, stage TEXT NOT NULL, batch INTEGER NOT NULL,
    at TEXT NOT NULL, part TEXT NOT NULL, pss_mb REAL, rss_mb REAL, peak_rss_mb REAL
) STRICT;
CREATE INDEX memory_run ON memory (run_id);
CREATE TABLE look (
    run_id INTEGER NOT NULL REFERENCES run, stage TEXT NOT NULL, batch INTEGER NOT NULL,
    at TEXT NOT NULL, part TEXT NOT NULL, pss_mb REAL, rss_mb REAL, PRIMARY KEY (run_id, part)
) STRICT;
CREATE TABLE measure (
    run_id INTEGER NOT NULL REFERENCES run, stage TEXT NOT NULL, batch INTEGER NOT NULL,
    at TEXT NOT NULL, part TEXT NOT NULL, name TEXT NOT NULL, figure REAL NOT NULL
) STRICT;
CREATE INDEX measure_run ON measure (run_id);
CREATE TABLE notice (run_id INTEGER NOT NULL REFERENCES run, at TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE alert (
    run_id INTEGER NOT NULL REFERENCES run, kind TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (run_id, kind)
) STRICT;
CREATE TABLE load (
    load_id INTEGER PRIMARY KEY, ask_id INTEGER NOT NULL, ask_key TEXT NOT NULL, kind TEXT NOT NULL,
    subject TEXT NOT NULL, about TEXT NOT NULL, via TEXT NOT NULL, fetched_at TEXT NOT NULL,
    sha256 TEXT NOT NULL, parser TEXT NOT NULL, rows_done INTEGER NOT NULL, state TEXT NOT NULL
) STRICT;
CREATE INDEX load_ask ON load (ask_id, state);
CREATE INDEX load_subject ON load (subject, state);
CREATE TABLE tally (
    load_id INTEGER NOT NULL REFERENCES load ON DELETE CASCADE, name TEXT NOT NULL,
    fetched INTEGER NOT NULL, duplicates INTEGER NOT NULL, PRIMARY KEY (load_id, name)
) STRICT;
CREATE TABLE rejection (
    load_id INTEGER NOT NULL REFERENCES load ON DELETE CASCADE, name TEXT NOT NULL,
    key TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, rule TEXT NOT NULL
) STRICT;
CREATE INDEX rejection_load ON rejection (load_id);
CREATE TABLE failure (
    subject TEXT PRIMARY KEY, stage TEXT NOT NULL, ask_key TEXT NOT NULL, error TEXT NOT NULL,
    message TEXT NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL, times INTEGER NOT NULL,
    attempts INTEGER
) STRICT;
CREATE TABLE part (
    part_id INTEGER PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL UNIQUE,
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE part_load (
    part_id INTEGER NOT NULL REFERENCES part ON DELETE CASCADE,
    load_id INTEGER NOT NULL REFERENCES load, rows INTEGER NOT NULL,
    PRIMARY KEY (part_id, load_id)
) STRICT;
CREATE INDEX part_load_load ON part_load (load_id);
"""

_STEPS: Final = {
    1: """
CREATE TABLE failure (
    subject TEXT PRIMARY KEY, stage TEXT NOT NULL, ask_key TEXT NOT NULL, error TEXT NOT NULL,
    message TEXT NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL, times INTEGER NOT NULL
) STRICT;
CREATE TABLE measure (
    run_id INTEGER NOT NULL REFERENCES run, stage TEXT NOT NULL, batch INTEGER NOT NULL,
    at TEXT NOT NULL, part TEXT NOT NULL, name TEXT NOT NULL, figure REAL NOT NULL
) STRICT;
CREATE INDEX measure_run ON measure (run_id);
ALTER TABLE stage ADD COLUMN seen_at TEXT;
""",
    2: """
ALTER TABLE control ADD COLUMN memory_limit_mb REAL;
""",
    3: """
ALTER TABLE failure ADD COLUMN attempts INTEGER;
CREATE TABLE alert (
    run_id INTEGER NOT NULL REFERENCES run, kind TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (run_id, kind)
) STRICT;
""",
    4: """
CREATE TABLE look (
    run_id INTEGER NOT NULL REFERENCES run, stage TEXT NOT NULL, batch INTEGER NOT NULL,
    at TEXT NOT NULL, part TEXT NOT NULL, pss_mb REAL, rss_mb REAL, PRIMARY KEY (run_id, part)
) STRICT;
""",
}
"""An older layout -> what makes the next one of it."""


@contextmanager
def sqlite_faults(path: Path) -> Iterator[None]:
    """Turn what SQLite says into our errors, naming the file and the remedy."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(path, error) from error


def _translated(path: Path, error: sqlite3.Error) -> FolderError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFullError(
            f"No space left on the disk while writing {path}.", "Make room and run again: what was committed is safe."
        )
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return FolderBusyError(f"{path} is locked by another program.", "Close it there and run again.")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return damaged(path, str(error))
    return FolderError(f"{path} can't be used: {error}.", "Check the folder, its permissions and its drive.")


def make_private(path: Path) -> None:
    """Make a file, if it isn't there, that is the user's alone whatever the umask; mend one that others may read.

    A file that is there isn't opened: closing it would let go of the locks that this process has on it by SQLite.
    """
    with suppress(OSError):  # what can't be opened is told by who opens it next
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with suppress(OSError):
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)


def rebuild_remedy(data_dir: Path) -> str:
    """What is done about rows that can't be right, or a run store that can't be read."""
    return f"Run {command_for(data_dir, 'rebuild')}: all is made anew from the archive, without asking the site."


def salvage_remedy(data_dir: Path) -> str:
    """What is done about a damaged archive."""
    run = command_for(data_dir, "rebuild")
    return f"Run {run}: it saves every answer that can be read; only the others are asked for again."


def damaged(path: Path, problem: str) -> DamagedFileError:
    """Our error for a damaged file, with the way out."""
    remedy = rebuild_remedy if path.name == RUNS_FILE else salvage_remedy
    return DamagedFileError(f"{path} is damaged ({' '.join(problem.split())}).", remedy(path.parent))


def connect(path: Path) -> sqlite3.Connection:
    """An open connection in WAL mode to a file that is the user's alone; transactions are explicit."""
    make_private(path)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
    except BaseException:
        connection.close()
        raise
    if mode != "wal":
        connection.close()
        raise FolderError(
            f"{path} lies on a drive where SQLite's write-ahead log can't work (it stays in mode {mode}).",
            "Choose a data_dir on a local disk.",
        )
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of it, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite may have rolled back by itself, on a full disk for instance
            connection.execute("ROLLBACK")
        raise


def holds(data_dir: Path, name: str = RUNS_FILE) -> bool:
    """Whether a data folder has something of that name; FolderError if one may not look, as in another user's."""
    try:
        (data_dir / name).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise FolderError(
            f"The data folder {data_dir} can't be looked into: {error.strerror}.",
            "Check whose it is and its permissions, or choose another data_dir.",
        ) from error
    return True


def open_store(data_dir: Path) -> sqlite3.Connection:
    """The run store of a folder, made if it isn't there.

    An older layout is brought to the present one. Raises LayoutVersionError if a newer version of this package
    made it or its rows have other columns, DamagedFileError if it isn't sound.
    """
    path = data_dir / RUNS_FILE
    try:
        if not holds(data_dir):
            make_folder(data_dir, 0o700)
    except FileExistsError:
        raise FolderError(f"The data folder {data_dir} is a file, not a folder.", "Choose another data_dir.") from None
    except OSError as error:
        raise FolderError(
            f"The data folder {data_dir} can't be made: {error.strerror}.", "Choose another data_dir."
        ) from error
    with sqlite_faults(path):
        connection = connect(path)
        try:
            _lay_out(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _lay_out(connection: sqlite3.Connection, path: Path) -> None:
    found = _layout(connection)
    if found > LAYOUT_VERSION:
        raise LayoutVersionError(
            f"{path} has layout {found}: a newer version of gomafia_kit made it than this one"
            f" (which knows layouts up to {LAYOUT_VERSION}).",
            "Use the newer version, or choose another data_dir.",
        )
    if found < LAYOUT_VERSION:
        with transaction(connection):
            # Asked again: another process may have been quicker.
            if (found := _layout(connection)) == 0:
                _run_all(connection, _LAYOUT)
                set_meta(connection, "folder_id", str(uuid.uuid4()))
                set_meta(connection, "tables", json.dumps(columns_digests()))
                connection.execute(f"PRAGMA user_version={LAYOUT_VERSION}")
            elif found < LAYOUT_VERSION:
                _migrate(connection, found)
    _check_tables(connection, path)


def _layout(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection, found: int) -> None:
    """Make the present layout of an older one, step by step."""
    for version in range(found, LAYOUT_VERSION):
        _run_all(connection, _STEPS[version])
    connection.execute(f"PRAGMA user_version={LAYOUT_VERSION}")


def _run_all(connection: sqlite3.Connection, script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def _check_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Nothing if the parts that the store lists have the columns of this version; else LayoutVersionError.

    A table of which there are no parts may have got other columns, or be new.
    """
    known, now = _known_columns(connection), columns_digests()
    staged = {name for (name,) in connection.execute("SELECT DISTINCT name FROM part")}
    if others := sorted(name for name in staged if known.get(name) != now.get(name)):
        raise LayoutVersionError(
            f"{path} lists rows of {', '.join(others)}, which have other columns in this version.",
            rebuild_remedy(path.parent),
        )
    if known != now:
        set_meta(connection, "tables", json.dumps(now))


def _known_columns(connection: sqlite3.Connection) -> dict[str, str]:
    """Table -> a name for its columns, as the store knows them; without those that it knows by a name that we don't."""
    told = meta(connection, "tables") or ""
    if told.startswith("{"):
        return dict(json.loads(told))
    if told == _COLUMNS_AT_FIRST:
        others = _CAME_SINCE | _WIDER_SINCE
        return {name: digest for name, digest in columns_digests().items() if name not in others}
    return {}


def set_aside(data_dir: Path) -> Path:
    """Put the run store out of the way, so that the next run makes all anew from the archive; where it lies now.

    Its companions go along: a new store must never meet the log of an old one.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    target = data_dir / f"runs-{stamp}.sqlite"
    for ending in ("", "-wal", "-shm"):
        path = data_dir / f"{RUNS_FILE}{ending}"
        if path.exists():
            path.replace(target.with_name(target.name + ending))
    return target


def check_sound(path: Path) -> None:
    """Nothing if the SQLite file at `path` is sound; DamagedFileError says what is wrong with it."""
    with sqlite_faults(path), closing(sqlite3.connect(path)) as connection:
        problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise damaged(path, problem)


def meta(connection: sqlite3.Connection, name: str) -> str | None:
    """A remembered fact about the folder, or None."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def set_meta(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Remember a fact about the folder."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
