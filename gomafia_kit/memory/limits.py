"""How much memory this process may take: its control group's limit, else the machine's memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

MB: Final = 1 << 20
"""Bytes of a megabyte, here and in every column and setting that ends in `_mb`."""

_PROC: Final = Path("/proc/self")
_LIMIT_FILES: Final = {"cgroup": "memory.limit_in_bytes", "cgroup2": "memory.max"}


@dataclass(frozen=True, slots=True)
class _Mount:
    """A mounted tree of control groups: `root` is the group that stands at `point`."""

    kind: str
    root: PurePosixPath
    point: Path


def memory_limit_mb(proc: Path = _PROC) -> float:
    """The smallest limit of this process's control group and all groups around it, else the machine's memory, in MB.

    `psutil.virtual_memory()` alone would tell of the host, not of the container.
    """
    total = psutil.virtual_memory().total
    return min([total, *_group_limits(proc)]) / MB


def budget_mb(given: float | None, proc: Path = _PROC) -> float:
    """What an import may take: the budget that was given, but never more than the system lets it have."""
    limit = memory_limit_mb(proc)
    return limit if given is None else min(float(given), limit)


def _group_limits(proc: Path) -> Iterator[int]:
    """Every limit in bytes that stands over this process; none where there are no control groups."""
    for kind, folder in _group_folders(proc):
        limit = _limit(folder / _LIMIT_FILES[kind])
        if limit is not None:
            yield limit


def group_folders(proc: Path = _PROC) -> list[Path]:
    """The folders of this process's control groups that can limit memory, each followed by those around it."""
    return [folder for _, folder in _group_folders(proc)]


def _group_folders(proc: Path) -> Iterator[tuple[str, Path]]:
    try:
        groups = _own_groups((proc / "cgroup").read_text())
        mounts = list(_mounts((proc / "mountinfo").read_text()))
    except OSError:
        return
    for mount in mounts:
        if mount.kind in groups:
            yield from ((mount.kind, folder) for folder in _folders(mount, groups[mount.kind]))


def _own_groups(text: str) -> dict[str, PurePosixPath]:
    """This process's group by kind of tree: lines as `4:memory:/a/b` (version 1) and `0::/a/b` (version 2)."""
    groups = {}
    for line in text.splitlines():
        number, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            groups["cgroup"] = PurePosixPath(path)
        elif number == "0" and not controllers:
            groups["cgroup2"] = PurePosixPath(path)
    return groups


def _mounts(text: str) -> Iterator[_Mount]:
    """The mounted trees that can limit memory, from lines as `31 23 0:28 /root /point opts - kind source opts`."""
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        fields, (kind, _, options) = left.split(), right.split(maxsplit=2)
        if kind == "cgroup2" or (kind == "cgroup" and "memory" in options.split(",")):
            yield _Mount(kind, PurePosixPath(_unescaped(fields[3])), Path(_unescaped(fields[4])))


def _unescaped(path: str) -> str:
    """A path of mountinfo, where a space is written as an octal number."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, character)
    return path


def _folders(mount: _Mount, group: PurePosixPath) -> Iterator[Path]:
    """The group's folder and those around it, up to the mount point.

    In a container the group may be named as the host sees it, and only its own part be mounted.
    """
    inside = group.relative_to(mount.root) if group.is_relative_to(mount.root) else PurePosixPath()
    if ".." in inside.parts:
        inside = PurePosixPath()
    for part in (inside, *inside.parents):
        yield mount.point / part


def _limit(file: Path) -> int | None:
    """The limit a file holds; None for `max`, for none, and for the near-2^63 that stands for none."""
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() and int(text) < 1 << 60 else None
