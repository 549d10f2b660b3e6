"""Playwright's driver and the Chromium below it, as processes: to find them and to end them for sure."""

from __future__ import annotations

from contextlib import suppress

import psutil


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


def is_driver(process: psutil.Process) -> bool:
    """True if a process is a Playwright driver."""
    try:
        command = process.cmdline()
    except psutil.Error:
        return False
    return len(command) > 1 and "playwright" in command[1] and command[-1] == "run-driver"
