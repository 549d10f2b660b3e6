"""A proxy on real sockets that passes a site's answers on, and spoils those that it is told to."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECONDS_BETWEEN_DROPS: Final = 0.1
_BOMB: Final = gzip.compress(bytes(100 << 20))


@dataclass(frozen=True)
class Whole:
    """An answer as it came from the site, or was spoilt; `length` is told in place of the body's."""

    status: int
    kind: str
    body: bytes
    length: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class FaultProxy:
    """Spoils the requests to come under `prefix` in the order in which it was told."""

    def __init__(self, upstream: str, prefix: str) -> None:
        self.url = ""
        self.prefix = prefix
        self.faults: list[str] = []
        self.stopped = threading.Event()
        self._upstream = urlsplit(upstream)

    def fetch(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Whole:
        """The site's own answer."""
        connection = http.client.HTTPConnection(self._upstream.hostname or "", self._upstream.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Whole(answer.status, answer.headers.get("Content-Type", ""), answer.read())
        finally:
            connection.close()

    def next_fault(self, path: str) -> str:
        """What this request gets; empty for the site's own answer."""
        return self.faults.pop(0) if self.faults and path.startswith(self.prefix) else ""


@contextmanager
def spoiling(upstream: str, prefix: str) -> Iterator[FaultProxy]:
    """A running proxy in front of a site."""
    proxy = FaultProxy(upstream, prefix)
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": proxy})) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients break off on purpose
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.stopped.set()
            server.shutdown()
            thread.join()


@contextmanager
def nobody_accepts() -> Iterator[str]:
    """An address whose queue of connections is full: connecting to it stalls."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        try:
            for client in waiting:
                client.setblocking(False)
                client.connect_ex(server.getsockname())
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            for client in waiting:
                client.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultProxy

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _answer(self, body: bytes) -> None:
        self.close_connection = True
        headers = {name: value for name, value in self.headers.items() if name.lower() == "content-type"}
        whole = self.proxy.fetch(self.command, self.path, body, headers)
        fault = self.proxy.next_fault(self.path)
        if fault == "silence":
            self.proxy.stopped.wait(30)
        elif fault == "drip":
            self._drip(whole)
        else:
            self._send(_spoilt(whole, fault))

    def _drip(self, whole: Whole) -> None:
        self._send(Whole(whole.status, whole.kind, b"", len(whole.body)))
        for at in range(len(whole.body)):
            if self.proxy.stopped.wait(SECONDS_BETWEEN_DROPS):
                return
            self.wfile.write(whole.body[at : at + 1])

    def _send(self, answer: Whole) -> None:
        self.send_response(answer.status)
        length = len(answer.body) if answer.length is None else answer.length
        for name, value in {"Content-Type": answer.kind, "Content-Length": str(length), **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _spoilt(whole: Whole, fault: str) -> Whole:
    body = whole.body
    if not fault:
        return whole
    return {
        "longer": lambda: replace(whole, length=len(body) + 100),
        "shorter": lambda: replace(whole, length=len(body) // 2),
        "bomb": lambda: replace(whole, body=_BOMB, headers={"Content-Encoding": "gzip"}),
        "endless": lambda: replace(whole, body=b"", length=65 << 20),
        "emptied": lambda: replace(whole, body=b'{"result":"success","data":[]}'),
        "without data": lambda: replace(whole, body=body.replace(b"__NEXT_DATA__", b"data")),
        "elsewhere": lambda: Whole(302, whole.kind, b"", headers={"Location": "http://gomafia.example/"}),
        "encoding": lambda: replace(whole, body=body.decode("utf-8").encode("cp1251", "replace")),
    }[fault]()
