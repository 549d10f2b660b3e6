"""A memory limit set from outside of the import: by a control group of its own, which the kernel enforces.

As root the group is made where this process's own group stands, so that all limits around it hold as well; as
an ordinary user by systemd, where that is allowed. Whichever it is, a process is started in it first and asked
what it may take: a limit that doesn't hold is refused.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from gomafia_kit.errors import SettingsError, UnavailableError, without_secrets
from gomafia_kit.memory.limits import MB, group_folders, memory_limit_mb

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_MB: Final = 64
"""Less than that Python alone doesn't fit into."""
_NAME: Final = "gomafia-hard-limit-"
_SECONDS: Final = 20
_SECONDS_TO_EMPTY: Final = 10.0

# The shell enters the group and becomes the command: nothing of it is counted elsewhere.
_ENTER: Final = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
_ASK: Final = "from gomafia_kit.memory.limits import memory_limit_mb; print(memory_limit_mb())"


@contextmanager
def hard_limit(limit_mb: float, proc: Path = Path("/proc/self")) -> Iterator[tuple[str, ...]]:
    """The words that stand before a command to let it, and all that it starts, have so many MB at most.

    The limit lasts as long as the block. Raises UnavailableError, with the reason, where none is allowed here,
    SettingsError for one that Python itself doesn't fit into.
    """
    if limit_mb < LEAST_MB:
        raise SettingsError(f"hard-limit: {limit_mb:g} MB are too few for Python itself.", f"Give {LEAST_MB}M or more.")
    reasons: list[str] = []
    for folder in group_folders(proc):
        try:
            group = _made(folder, limit_mb)
        except OSError as error:
            reasons.append(f"{folder}: {error.strerror}")
            continue
        words: tuple[str, ...] = ("/bin/sh", "-c", _ENTER, str(group))
        try:
            if (fault := _fault(words, limit_mb)) is None:
                yield words
                return
            reasons.append(f"{folder}: {fault}")
        finally:
            _remove(group)
    words = _by_systemd(limit_mb)
    if (fault := _fault(words, limit_mb)) is None:
        yield words
        return
    first = reasons[0] if reasons else "this system has no control groups for memory"
    raise UnavailableError(
        f"A hard limit can't be set here. By a control group: {first}. By systemd: {fault}.",
        "Run as root or in a session of systemd, or give the container a limit; memory_limit_mb needs none of these.",
    )


def _made(parent: Path, limit_mb: float) -> Path:
    """A new group below `parent` with that limit, swap included; OSError where that isn't allowed."""
    _clear_away(parent)
    group = parent / f"{_NAME}{os.getpid()}-{time.monotonic_ns()}"
    group.mkdir()
    try:
        limit = str(int(limit_mb * MB))
        if (group / "memory.limit_in_bytes").exists():
            (group / "memory.limit_in_bytes").write_text(limit)
            _write_if_there(group / "memory.memsw.limit_in_bytes", limit)
            return group
        if not (group / "memory.max").exists():
            (parent / "cgroup.subtree_control").write_text("+memory")
        (group / "memory.max").write_text(limit)
        _write_if_there(group / "memory.swap.max", "0")
    except OSError:
        group.rmdir()
        raise
    return group


def _clear_away(parent: Path) -> None:
    """Remove what processes left behind that were killed: their number is in the name.

    A group that is empty may be another process's, made just now.
    """
    for group in parent.glob(f"{_NAME}*"):
        number = group.name.removeprefix(_NAME).partition("-")[0]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            with suppress(OSError):  # one that is in use stays
                group.rmdir()


def _write_if_there(file: Path, text: str) -> None:
    if file.exists():
        file.write_text(text)


def _by_systemd(limit_mb: float) -> tuple[str, ...]:
    whose = () if hasattr(os, "geteuid") and os.geteuid() == 0 else ("--user",)
    limits = ("-p", f"MemoryMax={int(limit_mb * MB)}", "-p", "MemorySwapMax=0")
    return ("systemd-run", *whose, "--scope", "--quiet", "--collect", *limits, "--")


def _fault(words: tuple[str, ...], limit_mb: float) -> str | None:
    """None if a process that is started so may have no more than the limit; else what is wrong."""
    try:
        done = subprocess.run(
            [*words, sys.executable, "-P", "-c", _ASK],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=without_secrets(os.environ),
        )
    except OSError as error:
        return f"{words[0]}: {error.strerror}"
    except subprocess.TimeoutExpired:
        return f"{words[0]} didn't answer in {_SECONDS} s"
    said = done.stderr.strip().splitlines()
    if done.returncode:
        return said[-1] if said else f"what is started in it ends at once ({done.returncode})"
    if float(done.stdout) > min(limit_mb, memory_limit_mb()) + 1:
        return "what is started in it may take more"
    return None


def _remove(group: Path) -> None:
    """Remove a group once its last process is gone."""
    give_up = time.monotonic() + _SECONDS_TO_EMPTY
    while time.monotonic() < give_up:
        with suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.05)
