"""An import's process that ends itself by SIGKILL at a named point, or tells which points it came by.

`python -m tests.crash.child ORDER`, where ORDER is JSON: `{"point": ..., "hit": ...}` to die when a point is
reached for the `hit`th time, `{"told": path}` to write down how often each was reached, `{}` for neither. Then
it is `python -m gomafia_kit.importer`. The points stand around every write that something depends on; the
package knows nothing of them.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import signal
import sqlite3
import stat
import sys
from collections import Counter
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WRITES: Final = re.compile(r"\s*(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM|REPLACE INTO) (\w+)")
NAMES: Final = {"refused": "an archived answer", "batch": "a batch"}
"""What a transaction is, by the table that it writes last."""

KINDS: Final = {"parts": "part", "published": "publication", "staging": "Parquet publication"}


class Points:
    """What was reached, and where to end."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.seen: Counter[str] = Counter()
        self._point = order.get("point")
        self._hit = order.get("hit", 1)
        if told := order.get("told"):
            atexit.register(lambda: Path(told).write_text(json.dumps(self.seen), encoding="utf-8"))

    def reach(self, name: str) -> None:
        """Note a point; end the whole process group here if this is the one."""
        self.seen[name] += 1
        if name == self._point and self.seen[name] == self._hit:
            os.killpg(os.getpgid(0), signal.SIGKILL)

    def around(self, owner: object, name: str, label: str) -> None:
        """A point before and one behind each call of a function."""
        inner = getattr(owner, name)

        @wraps(inner)
        def wrapped(*values: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the function takes and gives
            self.reach(f"before {label}")
            result = inner(*values, **named)
            self.reach(f"after {label}")
            return result

        setattr(owner, name, wrapped)


class WatchedConnection(sqlite3.Connection):
    """A connection with a point on both sides of each COMMIT, named by what was written last before it."""

    points: Points
    last = "nothing"

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3 has it
        if statement != "COMMIT":
            self._note(statement)
            return super().execute(statement, *values)
        self.points.reach(f"before the commit of {NAMES.get(self.last, self.last)}")
        result = super().execute(statement)
        self.points.reach(f"after the commit of {NAMES.get(self.last, self.last)}")
        return result

    def executemany(self, statement: str, values: Iterable[Any], /) -> sqlite3.Cursor:
        self._note(statement)
        return super().executemany(statement, values)

    def _note(self, statement: str) -> None:
        if found := WRITES.match(statement):
            self.last = found[1]


def kind_of(path: str) -> str:
    """What a file or folder in a data folder is, in words."""
    for part in reversed(Path(path).parts):
        if part in KINDS:
            return KINDS[part]
        if part.startswith("staging.duckdb"):
            return "common name"
    return "folder"


def watch_files(points: Points) -> None:
    """Points around each fsync and each rename."""
    fsync, rename = os.fsync, os.replace

    def watched_fsync(descriptor: int) -> None:
        label = kind_of(str(Path(f"/proc/self/fd/{descriptor}").readlink())) + (
            "'s folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else ""
        )
        points.reach(f"before the fsync of a {label}")
        fsync(descriptor)
        points.reach(f"after the fsync of a {label}")

    def watched_rename(source: str, target: str) -> None:
        label = kind_of(os.fspath(target))
        points.reach(f"before the rename of a {label}")
        rename(source, target)
        points.reach(f"after the rename of a {label}")

    os.fsync = watched_fsync  # type: ignore[assignment]  # used with descriptors only
    os.replace = watched_rename  # type: ignore[assignment]  # used without folder descriptors


def watch_databases(points: Points) -> None:
    """Points around each COMMIT of the run store and the archive."""
    WatchedConnection.points = points
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def watched_connect(*values: Any, **named: Any) -> sqlite3.Connection:  # noqa: ANN401 - as sqlite3 has it
        return connect(*values, **{"factory": WatchedConnection, **named})

    sqlite3.connect = watched_connect  # type: ignore[assignment]  # one signature for all of its overloads


def watch_steps(points: Points) -> None:
    """Points around the steps of the load, the publication and the push."""
    import sqlalchemy as sa

    from gomafia_kit import load
    from gomafia_kit.fetch.source import Source
    from gomafia_kit.postgres import push
    from gomafia_kit.staging import compact, publish

    points.around(Source, "_fetched", "an ask")
    points.around(load, "write_part", "the writing of a part")
    points.around(load.Loader, "load_derived", "the derivation of a table")
    points.around(compact, "_make_one", "the compaction of a table")
    points.around(publish, "_build", "the building of a publication")
    points.around(push, "_copy", "COPY")
    points.around(push._Push, "_merge", "MERGE")
    points.around(push._Push, "_declare_references", "the declaring of keys")
    points.around(push._Push, "_note", "the note of a push")
    points.around(sa.Connection, "commit", "the commit of a push")


def main() -> int:
    """Set the points, then be the importer."""
    points = Points(json.loads(sys.argv[1]))
    watch_databases(points)
    watch_steps(points)
    watch_files(points)
    from gomafia_kit.importer.child import main as importer

    os.umask(0o077)
    return importer()


if __name__ == "__main__":
    sys.exit(main())
