"""The open connections, so that a fault can cut the one that a request came by."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

Client = tuple[str, int]
"""Address and port of the other side."""
_NO_LINGER: Final = struct.pack("ii", 1, 0)
"""Closing then sends a reset in place of a proper end."""


class Connections:
    """Connections by the address of the other side."""

    def __init__(self) -> None:
        self._open: dict[Client, asyncio.Transport] = {}

    def reset(self, client: Client) -> None:
        """Reset the connection: the other side sees an error, unless it has gone already."""
        transport = self._open.get(client)
        if transport is None:
            return
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()

    def close(self, client: Client) -> None:
        """End the connection once what was written is out."""
        if client in self._open:
            self._open[client].close()

    def protocol(self) -> Callable[..., asyncio.Protocol]:
        """Uvicorn's protocol, telling this object of every connection."""
        connections = self._open

        class Told(H11Protocol):
            def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - as the parent has it
                super().connection_made(transport)
                if self.client:
                    connections[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client:
                    connections.pop(self.client, None)
                super().connection_lost(exc)

        return Told
