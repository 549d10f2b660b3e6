"""The ASGI application: faults, log and control around the site."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo._control import PREFIX, control
from gomafia_kit.demo._http import HTML, Reply, read_request, send_reply

if TYPE_CHECKING:
    from gomafia_kit.demo._connections import Connections
    from gomafia_kit.demo._faults import Fault
    from gomafia_kit.demo._http import Receive, Request, Scope, Send
    from gomafia_kit.demo._site import Site

_BUSY_PAGE: Final = "<!DOCTYPE html><html><head><title>gomafia</title></head><body>Подождите…</body></html>"


class App:
    """An ASGI application over a site."""

    def __init__(self, site: Site, connections: Connections) -> None:
        self._site = site
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = await read_request(scope, receive)
        if request.path.startswith(PREFIX):
            await send_reply(send, control(self._site, request))
            return
        fault = self._site.faults.next_for(request.path)
        if fault is None:
            reply = self._site.reply(request)
            self._site.log.add(request, reply.status)
            await send_reply(send, reply)
        else:
            await self._fail(fault, request, scope, send)

    async def _fail(self, fault: Fault, request: Request, scope: Scope, send: Send) -> None:
        if fault.kind in {"reset", "cut", "hang"}:
            self._site.log.add(request, None)
            await self._break(fault, request, scope, send)
            return
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        reply = self._faulty(fault, request)
        self._site.log.add(request, reply.status)
        await send_reply(send, reply)

    def _faulty(self, fault: Fault, request: Request) -> Reply:
        if fault.kind == "status":
            again = (("retry-after", fault.retry_after),) if fault.retry_after is not None else ()
            return Reply(_BUSY_PAGE.encode(), HTML, fault.status, again)
        if fault.kind == "html":
            return Reply(_BUSY_PAGE.encode())
        if fault.kind == "empty":
            return Reply(b"")
        return self._site.reply(request)

    async def _break(self, fault: Fault, request: Request, scope: Scope, send: Send) -> None:
        if fault.kind == "reset":
            self._connections.reset(scope["client"])
        elif fault.kind == "cut":
            reply = self._site.reply(request)
            await send({"type": "http.response.start", "status": 200, "headers": reply.raw_headers})
            half = reply.body[: len(reply.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            self._connections.close(scope["client"])
        else:
            await asyncio.sleep(fault.seconds)
            self._connections.reset(scope["client"])
