"""Control groups with a memory limit, version 1 or 2, whichever this machine has."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path("/sys/fs/cgroup")
MB = 1 << 20
SECONDS_TO_EMPTY = 10


@dataclass(frozen=True, slots=True)
class Group:
    """A control group; what is started in it, and all that this starts, is held to the limit."""

    folder: Path
    version: int

    def run(
        self, command: Sequence[str], env: Mapping[str, str] | None = None, seconds: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the group to its end."""
        # The shell enters the group and becomes the command: so nothing of it is counted elsewhere.
        script = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
        return subprocess.run(
            ["/bin/sh", "-c", script, str(self.folder), *command],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env={**os.environ, **(env or {})},
        )

    def processes(self) -> list[psutil.Process]:
        """The processes that are in the group now."""
        found = []
        for pid in (self.folder / "cgroup.procs").read_text().split():
            with suppress(psutil.Error):
                found.append(psutil.Process(int(pid)))
        return found

    @property
    def kills(self) -> int:
        """How many processes the kernel has killed for want of memory."""
        file = "memory.oom_control" if self.version == 1 else "memory.events"
        facts = dict(line.split() for line in (self.folder / file).read_text().splitlines())
        return int(facts["oom_kill"])

    @property
    def peak_mb(self) -> float:
        """The most that the group ever held, in MB: files that were read count, which the kernel may drop."""
        file = "memory.max_usage_in_bytes" if self.version == 1 else "memory.peak"
        return int((self.folder / file).read_text()) / MB


@contextmanager
def limited(megabytes: int) -> Iterator[Group]:
    """A group of at most so much memory, swap included."""
    version = 1 if (ROOT / "memory").is_dir() else 2
    base = ROOT / "memory" if version == 1 else ROOT
    if version == 2:
        (base / "cgroup.subtree_control").write_text("+memory")
    folder = base / f"gomafia-test-{os.getpid()}-{time.monotonic_ns()}"
    folder.mkdir()
    try:
        _limit(folder, version, str(megabytes * MB))
        yield Group(folder, version)
    finally:
        _remove(folder)


def _limit(folder: Path, version: int, limit: str) -> None:
    if version == 1:
        (folder / "memory.limit_in_bytes").write_text(limit)
        with_swap = folder / "memory.memsw.limit_in_bytes"
        if with_swap.exists():
            with_swap.write_text(limit)
        return
    (folder / "memory.max").write_text(limit)
    if (folder / "memory.swap.max").exists():
        (folder / "memory.swap.max").write_text("0")


def _remove(folder: Path) -> None:
    """Remove a group once its last process is gone."""
    give_up = time.monotonic() + SECONDS_TO_EMPTY
    while (folder / "cgroup.procs").read_text() and time.monotonic() < give_up:
        time.sleep(0.05)
    folder.rmdir()
