"""Just enough HTTP: what came in, what goes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """A request with its body read."""

    method: str
    path: str
    query: dict[str, str]
    query_text: str
    headers: dict[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        """Form fields of the body; nothing if it isn't a form."""
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back."""

    body: bytes
    kind: str = HTML
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """All headers as ASGI wants them."""
        pairs = (("content-type", self.kind), ("content-length", str(len(self.body))), *self.headers)
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


async def read_request(scope: Scope, receive: Receive) -> Request:
    """The request, once its body is in."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    query_text = scope["query_string"].decode("latin-1")
    return Request(
        scope["method"],
        scope["path"],
        dict(parse_qsl(query_text, keep_blank_values=True)),
        query_text,
        {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body,
    )


async def send_reply(send: Send, reply: Reply) -> None:
    """Send it whole."""
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.raw_headers})
    await send({"type": "http.response.body", "body": reply.body})
