"""Python's own memory and what libraries hold beside it, as far as they tell: cheap enough to ask at each batch."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from gomafia_kit.memory.limits import MB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gomafia_kit.memory.probe import Gauge


def heap() -> Iterator[Gauge]:
    """What is free to ask: blocks of Python's allocator, malloc's bytes, Arrow's pool, threads."""
    yield "python", "blocks", sys.getallocatedblocks()
    yield "python", "threads", threading.active_count()
    if (malloc_mb := MALLOC()) is not None:
        yield "python", "malloc_mb", malloc_mb
    arrow = sys.modules.get("pyarrow")  # a library that isn't loaded holds nothing
    if arrow is not None and hasattr(arrow, "total_allocated_bytes"):
        yield "external", "arrow_mb", arrow.total_allocated_bytes() / MB


def handles(process: psutil.Process) -> Iterator[Gauge]:
    """What costs a little more: objects that the garbage collector knows, open files and connections."""
    yield "python", "objects", len(gc.get_objects())
    with suppress(psutil.Error, OSError):
        files, sockets = _files_and_sockets(process)
        yield "python", "files", files
        yield "python", "connections", sockets


def _files_and_sockets(process: psutil.Process) -> tuple[int, int]:
    """How much is open, and how much of it are sockets: psutil would read every connection of the machine for that."""
    own = Path(f"/proc/{process.pid}/fd")
    if not own.is_dir():
        return len(process.open_files()), len(process.net_connections("inet"))
    targets = []
    for link in own.iterdir():
        with suppress(OSError):  # the one by which this folder is read
            targets.append(os.readlink(link))  # noqa: PTH115 - no path: socket:[...]
    return len(targets), sum(target.startswith("socket:") for target in targets)


_MALLINFO_FIELDS: Final = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
    *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
)


class _Mallinfo(ctypes.Structure):
    """glibc's `struct mallinfo2`."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _MALLINFO_FIELDS)


def _malloc() -> Callable[[], float | None]:
    """A function that tells the MB that malloc has handed out; None where the C library doesn't tell."""
    try:
        ask = ctypes.CDLL(None).mallinfo2
    except (OSError, AttributeError, TypeError):
        return lambda: None
    ask.restype = _Mallinfo

    def told() -> float:
        info = ask()
        return float(info.uordblks + info.hblkhd) / MB

    return told


MALLOC: Final = _malloc()
