"""An import in this very process that notes every step on the disk, for the tests of power cuts.

`python -m tests.crash.recorder ORDER`, where ORDER is JSON: `root`, a folder that holds the data folder; `told`, a
folder for the notes; `parameters` of the import. Python's own calls are wrapped and audited; what libraries write
by themselves is found by looking at the folder before each of those calls. What SQLite does inside of a COMMIT
is noted as its mode says that it does it: `synchronous=FULL` fsyncs the log before COMMIT returns, and the folder
when the log is new; less fsyncs nothing.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FULL: Final = 2
PROMISES: Final = {"archive.sqlite": ("answers", "answer"), "runs.sqlite": ("batches", "batch")}
"""What a COMMIT promises to keep: how many rows there are of which table, by file."""
LEFT_OUT: Final = ("-shm", ".lock", ".jsonl")
"""Files on which nothing depends: SQLite makes the index of its log anew from the log."""

State = tuple[int, int, int]


class Recorder:
    """Notes what happens below `root` as lines of `steps.jsonl`, the bytes beside it."""

    def __init__(self, root: Path, told: Path) -> None:
        self._root = root
        self._told = told
        self._steps = (told / "steps.jsonl").open("w", encoding="utf-8")
        self._known: dict[str, State | None] = {}
        self._logs: dict[str, int] = {}
        self._blobs = 0

    def note(self, step: str, **values: object) -> None:
        """Write down one step."""
        self._steps.write(json.dumps({"step": step, **values}) + "\n")
        self._steps.flush()

    def name(self, path: str | os.PathLike[str]) -> str | None:
        """The path relative to the root; None if it is elsewhere or of no interest."""
        place = os.path.abspath(os.fspath(path))  # noqa: PTH100 - resolving would follow links
        inside = os.path.relpath(place, self._root)
        return None if inside.startswith("..") or inside.endswith(LEFT_OUT) else inside

    def look(self, only: str = "") -> bool:
        """Note what has changed since the last look, or just one file; whether anything has."""
        found = dict(self._found())
        changed = False
        for path, state in found.items():
            if self._known.get(path, "new") != state and (only in {"", path} or state is None):
                self._note_change(path, state)
                changed |= state is not None
        if not only:
            for path in [path for path in self._known if path not in found]:
                self.note("unlink", path=path)
                del self._known[path]
        return changed

    def _found(self) -> Iterable[tuple[str, State | None]]:
        for folder, folders, files in os.walk(self._root):
            for name in sorted(folders):
                yield os.path.relpath(os.path.join(folder, name), self._root), None  # noqa: PTH118 - quick
            for name in sorted(files):
                if not name.endswith(LEFT_OUT):
                    status = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - quick
                    path = os.path.relpath(os.path.join(folder, name), self._root)  # noqa: PTH118 - quick
                    yield path, (status.st_ino, status.st_size, status.st_mtime_ns)

    def _note_change(self, path: str, state: State | None) -> None:
        if state is None:
            self.note("make_folder", path=path)
        else:
            self._blobs += 1
            blob = f"{self._blobs:06}"
            data = (self._root / path).read_bytes()
            (self._told / blob).write_bytes(data)
            if path not in self._known:
                self.note("make_file", path=path)
            self.note("write", path=path, blob=blob)
            self.note("cut", path=path, size=len(data))
        self._known[path] = state

    # -- Python's own calls -------------------------------------------------------------------

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook: names are about to change."""
        if event not in {"os.rename", "os.link", "os.remove"}:
            return
        names = [self.name(path) for path in arguments if isinstance(path, str | os.PathLike)]
        if not names or None in names:
            return
        self.look()
        if names[0] not in self._known:
            return
        source = str(names[0])
        if event == "os.remove":
            self.note("unlink", path=source)
            del self._known[source]
            return
        target = str(names[1])
        self.note(event.removeprefix("os."), source=source, target=target)
        self._known[target] = self._known[source]
        if event == "os.rename":
            del self._known[source]

    def watch_fsync(self) -> None:
        """Note each fsync by Python."""
        fsync = os.fsync

        def watched(descriptor: int) -> None:
            fsync(descriptor)
            self.look()
            if (path := self.name(Path(f"/proc/self/fd/{descriptor}").readlink())) is not None:
                self.note("sync", path=path)

        os.fsync = watched  # type: ignore[assignment]  # used with descriptors only

    # -- SQLite -------------------------------------------------------------------------------

    def watch_sqlite(self) -> None:
        """Note what each statement wrote, and what a COMMIT promises."""
        WatchedConnection.recorder = self
        connect: Callable[..., sqlite3.Connection] = sqlite3.connect

        def watched(path: str | os.PathLike[str], **named: Any) -> sqlite3.Connection:  # noqa: ANN401 - as sqlite3
            connection = connect(path, **{"factory": WatchedConnection, **named})
            if isinstance(connection, WatchedConnection):
                connection.path = self.name(path)
            return connection

        sqlite3.connect = watched  # type: ignore[assignment]  # one signature for all of its overloads

    def settled(self, path: str, *, syncs: bool) -> None:
        """Note what SQLite did to end a transaction: the log first, then a checkpoint if there was one."""
        log = f"{path}-wal"
        if self.look(log) and syncs and (state := self._known[log]):
            self.note("sync", path=log)
            if state[1] and self._logs.get(log) != state[0]:
                self._logs[log] = state[0]
                self.note("sync", path=str(Path(path).parent))
        if self.look(path) and syncs:
            self.note("sync", path=path)
        self.look()


class WatchedConnection(sqlite3.Connection):
    """A connection whose writes are noted."""

    recorder: Recorder
    path: str | None = None

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as sqlite3 has it
        if self.path is None or statement.lstrip().startswith("SELECT"):
            return super().execute(statement, *values)
        if statement == "COMMIT":
            self.recorder.look()
        cursor = super().execute(statement, *values)
        if not self.in_transaction:
            self.recorder.settled(self.path, syncs=self._syncs())
        if statement == "COMMIT":
            self._promise()
        return cursor

    def _syncs(self) -> bool:
        return int(super().execute("PRAGMA synchronous").fetchone()[0]) >= FULL

    def _promise(self) -> None:
        what, table = PROMISES[Path(str(self.path)).name]
        found = super().execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchall()
        count = super().execute(f"SELECT count(*) FROM {table}").fetchone()[0] if found else 0
        self.recorder.note("promise", **{what: count})

    def close(self) -> None:
        syncs = self.path is not None and self._syncs()
        super().close()
        if self.path is not None:
            self.recorder.settled(self.path, syncs=syncs)


def main() -> int:
    """Watch, then be the importer."""
    order = json.loads(sys.argv[1])
    recorder = Recorder(Path(order["root"]), Path(order["told"]))
    recorder.watch_fsync()
    recorder.watch_sqlite()
    sys.addaudithook(recorder.hear)
    import gomafia_kit as gk

    os.umask(0o077)
    return gk.start_import(in_process=True, **order["parameters"]).run().exit_code or 0


if __name__ == "__main__":
    sys.exit(main())
