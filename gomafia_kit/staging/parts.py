"""Parquet parts: written whole and lasting, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import DiskFullError, FolderBusyError, FolderError
from gomafia_kit.runs.lasting import make_folder, sync_folder
from gomafia_kit.runs.ledger import Part
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PARTS = "parts"
"""Folder of the parts in a data folder."""

ROWS_A_GROUP: Final = 10_240
"""Rows of a row group in a part: as one group a long batch would take a sixth more memory while it is written."""

_NAMED: Final = re.compile(r"[0-9a-f]{12}-([0-9a-f]{40})\.parquet")
"""A part's name: a number of its own, and the beginning of the SHA-256 of its bytes."""

_HELD_BY_OTHERS = frozenset({errno.EBUSY, errno.ETXTBSY, errno.EAGAIN})


@contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Turn what the system says of a file into our errors, naming the file and the remedy."""
    try:
        yield
    except PermissionError as error:
        if os.name == "nt":
            raise FolderBusyError(
                f"{path} is held open by another program.", "Close it there and run again."
            ) from error
        raise FolderError(f"{path} can't be written: {error.strerror}.", "Check the folder's permissions.") from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError(
                f"No space left on the disk while writing {path}.",
                "Make room and run again: what was committed is safe.",
            ) from error
        if error.errno in _HELD_BY_OTHERS:
            raise FolderBusyError(f"{path} is held by another program.", "Close it there and run again.") from error
        raise FolderError(
            f"{path} can't be written: {error.strerror or error}.", "Check the folder and its drive."
        ) from error


def replace_durably(temporary: Path, target: Path) -> None:
    """Give a finished file its name so that it lasts: fsync, rename, fsync of the folder."""
    with disk_faults(target):
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
        sync_folder(target.parent)


def write_part(data_dir: Path, table_name: str, rows: Sequence[tuple[object, ...]]) -> Part:
    """A new part with these rows (at least one), on the disk; the manifest doesn't know it yet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = TABLES[table_name]
    schema = table.arrow_schema()
    # Column by column: all of them at once as Python's objects would be a quarter of a batch's memory.
    columns = [pa.array([row[place] for row in rows], field.type) for place, field in enumerate(schema)]
    folder = data_dir / PARTS / table_name
    temporary = folder / f"{uuid.uuid4().hex}.tmp"
    with disk_faults(temporary):
        make_folder(folder)
        try:
            whole = pa.Table.from_arrays(columns, schema=schema)
            pq.write_table(whole, temporary, row_group_size=ROWS_A_GROUP, compression="zstd")
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return named_part(data_dir, table_name, temporary, len(rows))


def named_part(data_dir: Path, table_name: str, temporary: Path, rows: int) -> Part:
    """The part that a finished file becomes under its lasting name, which tells what its bytes were."""
    with disk_faults(temporary):
        digest = digest_of(temporary)
    path = temporary.with_name(f"{uuid.uuid4().hex[:12]}-{digest[:40]}.parquet")
    replace_durably(temporary, path)
    return Part(table_name, path.relative_to(data_dir).as_posix(), rows, path.stat().st_size)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def what_is_wrong(data_dir: Path, part: Part, *, quick: bool = False) -> str:
    """What is wrong with a part's file, in a word or two; empty if it is as it was written.

    `quick`: its length is looked at, its bytes are not.
    """
    path = data_dir / part.path
    try:
        size = path.stat().st_size
        named = _NAMED.fullmatch(path.name)
        if size != part.bytes:
            return f"{size:,} bytes long instead of {part.bytes:,}"
        if quick:
            return ""
        return "changed" if named and not digest_of(path).startswith(named[1]) else ""
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"not readable ({error.strerror})"


def unknown_files(data_dir: Path, known: set[str]) -> list[Path]:
    """Files among the parts that the manifest doesn't know: leftovers of a batch that was never committed."""
    return [
        path
        for path in (data_dir / PARTS).glob("*/*")
        if path.suffix in {".tmp", ".parquet"} and path.relative_to(data_dir).as_posix() not in known
    ]


def sweep_files(data_dir: Path, known: set[str]) -> None:
    """Delete files among the parts that the manifest doesn't know.

    A run that was killed may have left folders whose names don't last yet: from here on they do.
    """
    for folder in (data_dir, data_dir / PARTS):
        if folder.is_dir():
            sync_folder(folder)
    for path in unknown_files(data_dir, known):
        with disk_faults(path):
            path.unlink(missing_ok=True)
