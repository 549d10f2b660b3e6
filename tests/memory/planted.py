"""An import with faults planted in it, profiled: `python -m tests.memory.planted URL FOLDER VIA TRACER FAULT ...`."""

from __future__ import annotations

import gc
import itertools
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from gomafia_kit import load
from gomafia_kit.fetch.engine import Engine
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.importer import run_here
from gomafia_kit.memory.profiler import Profiling
from gomafia_kit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.records import Parsed

KEPT: Final[list[Any]] = []
parts_written = itertools.count()
NOBODY: Final = "nobody"
"""The name of no tracer: the import isn't looked at."""
SECONDS_OF_A_BLOCK: Final = 0.5
BLOCKED_ASK: Final = 6


def _before(place: Any, name: str, act: Callable[..., None]) -> None:  # noqa: ANN401 - a class or a module
    """Let `act` be called with the same arguments before each call."""
    original = getattr(place, name)

    def called(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it is
        act(*arguments)
        return original(*arguments, **named)

    setattr(place, name, called)


def _keep_bytes(_: Parsed) -> None:
    KEPT.append(bytearray(40_000))


def _keep_connection(fetcher: HttpFetcher, *_: object) -> None:
    address = urlsplit(fetcher.base_url)
    KEPT.append(socket.create_connection((address.hostname, address.port or 80)))


def _start_thread(*_: object) -> None:
    threading.Thread(target=threading.Event().wait, daemon=True).start()


def _collect_and_collect(_: Parsed) -> None:
    for _again in range(4):
        gc.collect()


def _compute_more_each_time(*_: object) -> None:
    sum(range(12_000 * next(parts_written)))


def _open_page(engine: Engine, *_: object) -> None:
    browser = engine._page.context.browser
    assert browser is not None
    browser.new_page()


def _open_context(engine: Engine, *_: object) -> None:
    browser = engine._page.context.browser
    assert browser is not None
    browser.new_context()


def _listen_in_the_page(engine: Engine, *_: object) -> None:
    engine._page.evaluate("() => { for (let n = 0; n < 50; n++) window.addEventListener('resize', () => n); }")


def _listen_in_python(engine: Engine, *_: object) -> None:
    for _again in range(100):
        engine._page.on("dialog", lambda _: None)


def _block_the_loop(engine: Engine, *_: object) -> None:
    if engine.asks == BLOCKED_ASK:
        engine._page.once("response", lambda _: time.sleep(SECONDS_OF_A_BLOCK))


FAULTS: Final[dict[str, Callable[[], None]]] = {
    "list": lambda: _before(load, "validate", _keep_bytes),
    "connection": lambda: _before(HttpFetcher, "fetch", _keep_connection),
    "thread": lambda: _before(HttpFetcher, "fetch", _start_thread),
    "storm": lambda: _before(load, "validate", _collect_and_collect),
    "quadratic": lambda: _before(load, "write_part", _compute_more_each_time),
    "page": lambda: _before(Engine, "_put", _open_page),
    "context": lambda: _before(Engine, "_put", _open_context),
    "listeners": lambda: _before(Engine, "_put", _listen_in_the_page),
    "handlers": lambda: _before(Engine, "_put", _listen_in_python),
    "block": lambda: _before(Engine, "_put", _block_the_loop),
}


def main(url: str, folder: str, via: str, tracer: str, *faults: str) -> None:
    for fault in faults:
        FAULTS[fault]()
    parameters = {
        "source": url,
        "data_dir": str(Path(folder)),
        "stages": "tournaments,games",
        "via": via,
        "form": "api",
        "batch_rows": 20,
    }
    profiling = None if tracer == NOBODY else Profiling(tracer)
    run = run_here(Settings.gather(parameters), profiling).run()
    if run.state != "done":
        sys.exit(f"{run.error}: {run.message}")


if __name__ == "__main__":
    main(*sys.argv[1:])
