"""A way to a server that is cut when the test says so: the connection ends for both sides without a word."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from typing import Final, Self

_CHUNK: Final = 65_536
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on loopback and hands everything on to a port; cuts the first connection after so many bytes."""

    def __init__(self, port: int, cut_after: int) -> None:
        self._port = port
        self._left = cut_after
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                ours, _ = self._listener.accept()
                theirs = socket.create_connection(("127.0.0.1", self._port))
                threading.Thread(target=self._hand_on, args=(ours, theirs, True), daemon=True).start()
                threading.Thread(target=self._hand_on, args=(theirs, ours, False), daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket, counted: bool) -> None:  # noqa: FBT001 - one caller
        with suppress(OSError):
            while block := source.recv(_CHUNK):
                if counted and not self.cuts:
                    self._left -= len(block)
                    if self._left < 0:
                        self.cuts += 1
                        for end in (source, target):
                            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                        break
                target.sendall(block)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
