"""Playwright's driver and the Chromium below it, as processes: to find them and to end them for sure."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable

_OPTION: Final = "--user-data-dir="
_PROFILE: Final = "playwright_chromiumdev_profile-"


def drivers() -> list[psutil.Process]:
    """The Playwright drivers that this process started and that still run."""
    return [child for child in children(psutil.Process()) if is_driver(child)]


def children(process: psutil.Process, *, recursive: bool = False) -> list[psutil.Process]:
    """A process's children, or all below it; none if it has ended."""
    try:
        return process.children(recursive=recursive)
    except psutil.Error:
        return []


def kill(*processes: psutil.Process) -> None:
    """End processes at once, even where they hang; those that have ended already are passed over."""
    for process in processes:
        with suppress(psutil.Error):
            process.kill()


def profiles_of(processes: Iterable[psutil.Process]) -> set[Path]:
    """The folders that Playwright made for the profiles of these processes; never one that a person named."""
    words: list[str] = []
    for process in processes:
        with suppress(psutil.Error):
            words += process.cmdline()
    found = {Path(word.removeprefix(_OPTION)) for word in words if word.startswith(_OPTION)}
    return {folder for folder in found if folder.name.startswith(_PROFILE)}


def is_driver(process: psutil.Process) -> bool:
    """True if a process is a Playwright driver."""
    try:
        command = process.cmdline()
    except psutil.Error:
        return False
    return len(command) > 1 and "playwright" in command[1] and command[-1] == "run-driver"
