"""Little servers for what no demo site does: strange bodies, redirects, endless answers, a proxy, a certificate."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

PAGE = b'<html><body class="a_b__c12_d">page</body></html>'


@dataclass(frozen=True)
class Sent:
    """What a server sends: pieces with a pause before each; `length` None: as long as they are, -1: not told."""

    pieces: tuple[bytes, ...] = (PAGE,)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})
    length: int | None = None
    pause: float = 0.0


@dataclass
class Server:
    """A running server: its address, the paths and headers it was asked with."""

    url: str
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(answer: Callable[[str], Sent], tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server on loopback that sends what `answer` gives for a path."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as http:
        if tls is not None:
            http.socket = tls.wrap_socket(http.socket, server_side=True)
        made = Server(f"{'https' if tls else 'http'}://127.0.0.1:{http.server_address[1]}")
        http.RequestHandlerClass = _handler(made, answer)
        http.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients break off on purpose
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.stopped.set()
            http.shutdown()
            thread.join()


def _handler(made: Server, answer: Callable[[str], Sent]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            made.asked.append(self.path)
            made.headers.append(dict(self.headers))
            sent = answer(self.path)
            self.send_response(sent.status)
            for name, value in sent.headers.items():
                self.send_header(name, value)
            length = sum(map(len, sent.pieces)) if sent.length is None else sent.length
            if length >= 0:
                self.send_header("Content-Length", str(length))
            self.send_header("Connection", "close")
            self.end_headers()
            for piece in sent.pieces:
                if made.stopped.wait(sent.pause):
                    return
                self.wfile.write(piece)
                self.wfile.flush()
            self.close_connection = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
