"""A page of the site whose script tries everything reaches nobody: no other host or port, no file, no window."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from gomafia_kit import site as asks
from gomafia_kit.fetch.chromium import ChromiumFetcher
from tests.fetch.servers import Sent, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = asks.player_page(2024, "all", form="rendered")
SECONDS_FOR_THE_SCRIPT = 2.0

_ATTEMPTS = """
const told = (name, what) => { try { what(); } catch (error) { /* the next one */ } };
for (const to of [OTHERS]) {
  told('fetch', () => fetch('http://' + to + '/fetch', {mode: 'no-cors'}).catch(() => 0));
  told('image', () => { new Image().src = 'http://' + to + '/image'; });
  told('beacon', () => navigator.sendBeacon('http://' + to + '/beacon', 'x'));
  told('socket', () => new WebSocket('ws://' + to + '/socket'));
  told('events', () => new EventSource('http://' + to + '/events'));
  told('window', () => window.open('http://' + to + '/window'));
  told('frame', () => {
    const frame = document.createElement('iframe');
    frame.src = 'http://' + to + '/frame';
    document.body.append(frame);
  });
  told('socket of an empty frame', () => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    new frame.contentWindow.WebSocket('ws://' + to + '/framed-socket');
  });
  told('worker', () => new Worker(URL.createObjectURL(new Blob(
    ["fetch('http://" + to + "/worker', {mode: 'no-cors'}).catch(() => 0); new WebSocket('ws://" + to + "/w')"]))));
}
told('download', () => {
  const link = document.createElement('a');
  link.href = '/download'; link.download = 'planted.txt';
  document.body.append(link); link.click();
});
told('own window', () => window.open('/window'));
told('file', () => fetch('file://SECRET').then(a => a.text()).then(text => { document.title += text; }, () => 0));
told('file frame', () => {
  const frame = document.createElement('iframe');
  frame.src = 'file://SECRET';
  document.body.append(frame);
});
told('file window', () => window.open('file://SECRET'));
"""


@contextmanager
def _listener(host: str) -> Iterator[tuple[str, list[bytes]]]:
    """Somebody who must hear nothing: his address, and what each who came said first."""
    heard: list[bytes] = []
    with socket.create_server((host, 0)) as server:

        def listen() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connection.settimeout(1)
                    with connection, suppress(TimeoutError):
                        heard.append(connection.recv(200))

        threading.Thread(target=listen, daemon=True).start()
        yield f"{host}:{server.getsockname()[1]}", heard
        server.shutdown(socket.SHUT_RDWR)


def _page(script: str) -> bytes:
    return f"<!doctype html><html><body><p>{'Игроки ' * 50}</p><script>{script}</script></body></html>".encode()


def test_a_hostile_page_reaches_nobody(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("k4narienvogel", encoding="utf-8")
    with ExitStack() as stack:
        others = [stack.enter_context(_listener(host)) for host in ("127.0.0.1", "127.0.0.2")]
        named = ", ".join(repr(address) for address, _ in others)
        script = _ATTEMPTS.replace("OTHERS", named).replace("SECRET", str(secret))
        site = stack.enter_context(serving(lambda _path: Sent((_page(script),))))
        fetcher = stack.enter_context(ChromiumFetcher(site.url, "club@example.org"))
        body = fetcher.fetch(PAGE).body
        time.sleep(SECONDS_FOR_THE_SCRIPT)
        reached = [first for _, heard in others for first in heard]
    assert site.asked, "the page itself was asked for"
    assert "Игроки".encode() in body
    assert b"k4narienvogel" not in body
    assert reached == []
    assert {path.split("?")[0] for path in site.asked} <= {PAGE.path}
