"""What was allocated in a stretch of a run and is still held at its end, by line of code and by type.

memray sees native memory as well and draws flame graphs; tracemalloc is part of Python, sees Python's
own memory only, and slows everything down several times.
"""

from __future__ import annotations

import gc
import json
import linecache
import tracemalloc
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from gomafia_kit.errors import UnavailableError

if TYPE_CHECKING:
    from memray import Tracker

MEMRAY: Final = "memray"
TRACEMALLOC: Final = "tracemalloc"
NATIVE: Final = "native code"
_KB: Final = 1024
_FRAMES: Final = 40
_PACKAGE: Final = str(Path(__file__).parent.parent)
_OWN: Final = ("/memray/", str(Path(__file__)), "tracemalloc.py")


@dataclass(frozen=True, slots=True)
class Held:
    """Memory by one line: KB that were allocated there in a stretch and are still held at its end.

    `called_from` is the nearest line of this package above it, if the line itself isn't of it.
    """

    line: str
    code: str
    called_from: str
    kb: float


class Tracer(Protocol):
    """Looks at one stretch after another."""

    def begin(self) -> None:
        """A stretch begins."""
        ...

    def end(self) -> None:
        """The stretch ends: what it left is kept in a file of its own."""
        ...

    def drop(self) -> None:
        """The stretch ends, and nothing is kept of it."""
        ...


def has_memray() -> bool:
    """Whether memray can be had here."""
    try:
        import memray  # noqa: F401 - to see whether it is there
    except ImportError:
        return False
    return True


def tracer(name: str, folder: Path, *, native: bool) -> Tracer:
    """The tracer of that name, writing into a folder; UnavailableError if it isn't installed."""
    check_tracer(name)
    folder.mkdir(parents=True, exist_ok=True)
    return _Tracemalloc(folder) if name == TRACEMALLOC else _Memray(folder, native=native)


def check_tracer(name: str) -> None:
    """Nothing if it can be had here; else UnavailableError."""
    if name == MEMRAY and not has_memray():
        raise UnavailableError(
            "memray isn't installed (there is none for Windows).",
            "Install gomafia-kit[profile], or use tracer=tracemalloc.",
        )


def captures(folder: Path) -> list[Path]:
    """The files of a folder's stretches, in order."""
    return sorted(
        (*folder.glob("stretch-*.bin"), *folder.glob("stretch-*.json")), key=lambda path: int(path.stem.split("-")[1])
    )


def held_by_line(capture: Path) -> list[Held]:
    """What one stretch left, the largest first; negative where more was let go than taken (tracemalloc only)."""
    if capture.suffix == ".json":
        return [Held(**line) for line in json.loads(capture.read_text("utf-8"))]
    return _read_memray(capture)


class _Memray:
    def __init__(self, folder: Path, *, native: bool) -> None:
        self._folder = folder
        self._native = native
        self._number = 0
        self._tracker: Tracker | None = None

    def begin(self) -> None:
        from memray import FileDestination, FileFormat, Tracker

        self._number += 1
        path = self._folder / f"stretch-{self._number}.bin"
        self._tracker = Tracker(
            destination=FileDestination(path, overwrite=True),
            native_traces=self._native,
            trace_python_allocators=True,
            file_format=FileFormat.AGGREGATED_ALLOCATIONS,
        )
        self._tracker.__enter__()

    def end(self) -> None:
        tracker, self._tracker = self._tracker, None
        if tracker is not None:
            gc.collect()
            tracker.__exit__(None, None, None)

    def drop(self) -> None:
        self.end()
        (self._folder / f"stretch-{self._number}.bin").unlink(missing_ok=True)
        self._number -= 1


def _read_memray(capture: Path) -> list[Held]:
    from memray import FileReader

    sizes: Counter[tuple[str, str]] = Counter()
    code: dict[str, str] = {}
    with FileReader(str(capture)) as reader:
        for record in reader.get_leaked_allocation_records(merge_threads=True):
            frames = record.stack_trace(_FRAMES)
            if any(own in str(file) for _, file, _ in frames[:2] for own in _OWN):
                continue  # the looking itself
            lines = [(f"{_short(str(file))}:{number}", str(file), int(number)) for _, file, number in frames]
            line, file, number = lines[0] if lines else (NATIVE, "", 0)
            code.setdefault(line, linecache.getline(file, number).strip())
            ours = next((name for name, path, _ in lines if path.startswith(_PACKAGE)), "")
            sizes[line, "" if ours == line else ours] += record.size
    return _sorted(
        [Held(line, code[line], called_from, size / _KB) for (line, called_from), size in sizes.items() if size]
    )


class _Tracemalloc:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._before: tracemalloc.Snapshot | None = None

    def begin(self) -> None:
        if not tracemalloc.is_tracing():
            tracemalloc.start(1)
        self._number += 1
        self._before = _snapshot()

    def end(self) -> None:
        if self._before is None:
            return
        now = _snapshot()
        found = [
            Held(_line(frame), linecache.getline(frame.filename, frame.lineno).strip(), "", difference.size_diff / _KB)
            for difference in now.compare_to(self._before, "lineno")
            if difference.size_diff
            for frame in (difference.traceback[0],)
        ]
        path = self._folder / f"stretch-{self._number}.json"
        path.write_text(json.dumps([asdict(line) for line in _sorted(found)]), "utf-8")
        self._before = None

    def drop(self) -> None:
        self._number -= 1
        self._before = None


def _snapshot() -> tracemalloc.Snapshot:
    gc.collect()
    hidden = [tracemalloc.Filter(False, f"*{own}*") for own in (*_OWN, "linecache.py")]
    return tracemalloc.take_snapshot().filter_traces(hidden)


def _line(frame: tracemalloc.Frame) -> str:
    return f"{_short(frame.filename)}:{frame.lineno}"


def _short(path: str) -> str:
    """A file as people look for it: from its package on."""
    parts = Path(path).parts
    for mark in ("site-packages", "gomafia_kit"):
        if mark in parts:
            at = len(parts) - 1 - parts[::-1].index(mark)
            return "/".join(parts[at + (mark == "site-packages") :])
    return "/".join(parts[-2:])


def _sorted(lines: list[Held]) -> list[Held]:
    return sorted(lines, key=lambda line: -line.kb)


# -- types ----------------------------------------------------------------------------------------


def objects_by_type() -> Counter[str]:
    """How many objects of each type the garbage collector knows; texts and numbers it doesn't."""
    gc.collect()
    counts: Counter[str] = Counter()
    for thing in gc.get_objects():
        kind: Any = type(thing)
        with suppress(Exception):  # a type may say anything about itself
            counts[f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")] += 1
    return counts


def draw_flame_graph(capture: Path, page: Path) -> Path:
    """An HTML page with the flame graph of what a memray stretch left; it needs no network."""
    from memray import FileReader
    from memray.reporters.flamegraph import FlameGraphReporter

    with FileReader(str(capture)) as reader, page.open("w", encoding="utf-8") as file:
        metadata = reader.metadata
        reporter = FlameGraphReporter.from_snapshot(
            reader.get_leaked_allocation_records(merge_threads=True),
            memory_records=(),
            native_traces=metadata.has_native_traces,
        )
        reporter.render(
            outfile=file, metadata=metadata, show_memory_leaks=True, merge_threads=True, inverted=False, no_web=True
        )
    return page
