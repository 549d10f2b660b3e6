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
    yield from _kernel(tmp_path)


@pytest.fixture
def kernel_of_a_person(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """A kernel as JupyterLab starts it: its imports outlast it."""
    yield from _kernel(tmp_path, GOMAFIA_HEADLESS="0")


def _kernel(tmp_path: Path, **more: str) -> Iterator[tuple[Any, Any]]:
    manager, client = start_new_kernel(env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), **more})
    yield manager, client
    client.stop_channels()
    if manager.has_kernel:
        manager.shutdown_kernel(now=True)


def _until(look: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end
        time.sleep(0.05)


def _reply(client: Any, waiting: str) -> dict[str, Any]:  # noqa: ANN401 - jupyter_client has no types
    """What the kernel says at last of a cell that it was told to run."""
    reply = client.get_shell_msg(timeout=20)
    while reply["parent_header"]["msg_id"] != waiting:
        reply = client.get_shell_msg(timeout=20)
    return dict(reply["content"])


@pytest.mark.parametrize("waiting", ["await handle.watch()", "handle.wait()"])
def test_interrupting_the_waiting_cell_stops_the_import(kernel: tuple[Any, Any], data_dir: Path, waiting: str) -> None:
    manager, client = kernel
    client.execute_interactive(START.format(folder=str(data_dir)), output_hook=lambda _: None)
    cell = client.execute(waiting)
    with Journal(data_dir) as journal:
        _until(lambda: journal.batches(1))
        manager.interrupt_kernel()
        _until(lambda: journal.run(1).state == "stopped")
        assert journal.run(1).remedy == "Run again to go on: nothing is lost."
    told = _reply(client, cell)
    assert (told["status"], told["ename"]) == ("error", "RunStoppedError")
    message, remedy = told["traceback"]
    assert message.startswith("RunStoppedError: ")
    assert remedy.startswith("Run again to go on")


def test_interrupting_the_tuners_cell_is_told_in_two_sentences(kernel_of_a_person: tuple[Any, Any]) -> None:
    manager, client = kernel_of_a_person
    code = (
        "import gomafia_kit as gk\nfrom gomafia_kit.settings import Settings\nfrom gomafia_kit.tuner import Order\n"
        "tuner = gk.open_tuner(Order.of(Settings(stages=('games',)), '50', 1, 'archive', 1))"
    )
    assert client.execute_interactive(code, output_hook=lambda _: None)["content"]["status"] == "ok"
    cell = client.execute("await tuner.watch()")
    time.sleep(1)
    manager.interrupt_kernel()
    assert _reply(client, cell)["traceback"] == [
        "RunStoppedError: Interrupted: nothing was tried yet.",
        "Press Start, then run this cell again.",
    ]


@pytest.mark.parametrize("waiting", ["await handle.watch()", "handle.wait()"])
def test_an_import_outlasts_the_kernel_of_a_person(
    kernel_of_a_person: tuple[Any, Any], data_dir: Path, waiting: str
) -> None:
    manager, client = kernel_of_a_person
    client.execute_interactive(START.format(folder=str(data_dir)), output_hook=lambda _: None)
    client.execute(waiting)
    with Journal(data_dir) as journal:
        _until(lambda: journal.batches(1))
        manager.shutdown_kernel(now=False)  # it interrupts the kernel first, as JupyterLab's server does
        committed = len(journal.batches(1))
        _until(lambda: len(journal.batches(1)) > committed + 1)
        assert journal.control(1).wish == "run"
        journal.wish(1, "stop")
        _until(lambda: journal.run(1).state == "stopped")


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
