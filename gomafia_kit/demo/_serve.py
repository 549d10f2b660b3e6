"""Runs the site on a loopback port until it is told to end."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

import uvicorn

from gomafia_kit.demo._app import App
from gomafia_kit.demo._connections import Connections
from gomafia_kit.demo._site import Site
from gomafia_kit.errors import SettingsError

if TYPE_CHECKING:
    from gomafia_kit.demo.league import League

HOST = "127.0.0.1"


def serve(league: League, port: int = 0, *, until_stdin_closes: bool = False) -> None:
    """Serve the league; prints the site's URL as the first line once it answers."""
    listening = _listen(port)
    url = f"http://{HOST}:{listening.getsockname()[1]}"
    connections = Connections()
    config = uvicorn.Config(
        App(Site(league), connections),
        http=connections.protocol(),  # type: ignore[arg-type]  # a factory of protocols, as a class is
        loop="asyncio",
        lifespan="off",
        ws="none",
        access_log=False,
        log_level="critical",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(config)
    if until_stdin_closes:
        threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
    asyncio.run(_run(server, listening, url))


def _listen(port: int) -> socket.socket:
    # With the protocol named, asyncio switches Nagle off: else every answer waits 40 ms for an acknowledgement.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        # Elsewhere this would let two sites share a port.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listening.close()
        why = error.strerror if isinstance(error, OSError) else "ports go from 0 to 65535"
        raise SettingsError(
            f"The demo site can't have port {port}: {why}.", "Give another, or 0 for any free one."
        ) from error
    listening.listen(128)
    return listening


async def _run(server: uvicorn.Server, listening: socket.socket, url: str) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - Uvicorn has no event to wait for
        await asyncio.sleep(0.01)
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    await serving


def _end_with_stdin(server: uvicorn.Server) -> None:
    """When the parent is gone, however it went, its end of the pipe closes."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    server.should_exit = True
    # A request that hangs on purpose must not keep an orphan alive.
    threading.Timer(3, os._exit, (0,)).start()
