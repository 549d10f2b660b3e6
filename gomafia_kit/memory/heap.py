"""Python's own memory and what libraries hold beside it, as far as they tell: cheap enough to ask at each batch."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
from contextlib import suppress
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
        if hasattr(process, "num_fds"):
            yield "python", "files", process.num_fds()
        yield "python", "connections", len(process.net_connections("inet"))


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
