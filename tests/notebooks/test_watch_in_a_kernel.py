"""Waiting for an import in a real kernel: interrupted, killed, and while somebody looks."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from jupyter_client.manager import start_new_kernel

from gomafia_kit.runs.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

START = """
import gomafia_kit as gk
handle = gk.start_import(data_dir={folder!r}, scale="small", stages="players", batch_rows=50, seconds_between_asks=0.3)
handle
"""


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    manager, client = start_new_kernel(env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")})
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def _until(look: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_interrupting_the_waiting_cell_stops_the_import(kernel: tuple[Any, Any], data_dir: Path) -> None:
    manager, client = kernel
    client.execute_interactive(START.format(folder=str(data_dir)), output_hook=lambda _: None)
    waiting = client.execute("await handle.watch()")
    with Journal(data_dir) as journal:
        _until(lambda: journal.batches(1))
        manager.interrupt_kernel()
        _until(lambda: journal.run(1).state == "stopped")
        assert journal.run(1).remedy == "Run again to go on: nothing is lost."
    reply = client.get_shell_msg(timeout=20)
    while reply["parent_header"]["msg_id"] != waiting:
        reply = client.get_shell_msg(timeout=20)
    assert reply["content"]["status"] == "error"


def test_a_killed_headless_kernel_takes_its_import_along(kernel: tuple[Any, Any], data_dir: Path) -> None:
    manager, client = kernel
    client.execute_interactive(START.format(folder=str(data_dir)), output_hook=lambda _: None)
    with Journal(data_dir) as journal:
        _until(lambda: journal.batches(1))
        pid = journal.run(1).pid
        manager.shutdown_kernel(now=True)
        _until(lambda: journal.run(1).state == "stopped")
    assert pid is not None
    _until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
