"""What goes over a connection: kept open, packed, in chunks, with cookies, redirected, through a tunnel."""

from __future__ import annotations

import gzip
import re
import socket
import ssl
import threading
import traceback
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import trustme

from gomafia_kit import site as asks
from gomafia_kit.errors import AskRefusedError, SettingsError, SiteUnreachableError
from gomafia_kit.fetch.http import HttpFetcher
from tests.fetch.servers import PAGE, Sent, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CARD = asks.tournament_card(7)
GAMES = asks.tournament(7)
_ENDS_OF_LINES = b"\r\n\r\n"


@dataclass
class Script:
    """A server that sends these bytes to one request after another, a list of them a connection; then it hangs up."""

    connections: list[list[bytes]]
    url: str = ""
    asked: list[bytes] = field(default_factory=list)
    hung_up: list[threading.Event] = field(default_factory=list)


@contextmanager
def playing(script: Script) -> Iterator[Script]:
    """The script's server on loopback."""

    def play() -> None:
        for replies, over in zip(script.connections, script.hung_up, strict=True):
            connection, _ = server.accept()
            with connection:
                for reply in replies:
                    script.asked.append(_request(connection))
                    connection.sendall(reply)
            over.set()

    script.hung_up = [threading.Event() for _ in script.connections]
    with socket.create_server(("127.0.0.1", 0)) as server, _at_work(play):
        script.url = f"http://127.0.0.1:{server.getsockname()[1]}"
        yield script


@contextmanager
def _at_work(serve: Callable[[], None]) -> Iterator[None]:
    """A server's thread, which must come to its end."""
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield
    thread.join(10)
    assert not thread.is_alive()


def _request(connection: socket.socket) -> bytes:
    """A request with its form, if it has one."""
    came = b""
    while _ENDS_OF_LINES not in came:
        came += connection.recv(1 << 16)
    head, _, body = came.partition(_ENDS_OF_LINES)
    _, told, length = head.lower().partition(b"content-length: ")
    while told and len(body) < int(length.split(b"\r\n")[0]):
        body += connection.recv(1 << 16)
    return head + _ENDS_OF_LINES + body


def reply(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole reply of that length."""
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers])
    return head.encode() + _ENDS_OF_LINES + body


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """A reply in chunks."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked" + _ENDS_OF_LINES
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + end


def test_a_connection_is_kept_and_one_that_was_closed_is_opened_anew() -> None:
    with playing(Script([[reply(b"1"), reply(b"2")], [reply(b"3")]])) as script, HttpFetcher(script.url, "") as made:
        bodies = [made.fetch(CARD).body, made.fetch(CARD).body]
        assert script.hung_up[0].wait(10)
        assert [*bodies, made.fetch(CARD).body] == [b"1", b"2", b"3"]


PACKED = gzip.compress(PAGE * 10_000, mtime=0)


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        pytest.param(reply(PACKED, "Content-Encoding: gzip"), PAGE * 10_000, id="packed"),
        pytest.param(reply(b"", "Content-Encoding: gzip"), b"", id="nothing packed"),
        pytest.param(chunked(b"one", PAGE * 3_000, b"three"), b"one" + PAGE * 3_000 + b"three", id="in chunks"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + PAGE, PAGE, id="no length told"),
    ],
)
def test_a_body_is_read_to_its_end(sent: bytes, body: bytes) -> None:
    with playing(Script([[sent]])) as script, HttpFetcher(script.url, "") as made:
        assert made.fetch(CARD).body == body


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        pytest.param(reply(PACKED, "Content-Encoding: gzip")[:-9], "the connection broke off", id="half a packed one"),
        pytest.param(reply(PAGE, "Content-Encoding: gzip"), "the answer can't be unpacked", id="not packed at all"),
        pytest.param(chunked(PAGE, end=b""), "the connection broke off", id="no last chunk"),
        pytest.param(reply(PAGE)[:-1], "the connection broke off", id="a byte too few"),
        pytest.param(b"SSH-2.0\r\n", "the connection broke off", id="not HTTP"),
        pytest.param(b"", "the connection broke off", id="nothing"),
    ],
)
def test_a_body_that_is_not_whole_is_none(sent: bytes, said: str) -> None:
    with (
        playing(Script([[sent]])) as script,
        HttpFetcher(script.url, "") as made,
        pytest.raises(SiteUnreachableError, match=said),
    ):
        made.fetch(CARD)


def test_a_cookie_is_shown_again() -> None:
    given = reply(PAGE, "Set-Cookie: seen=7; Path=/")
    with playing(Script([[given, reply(PAGE)]])) as script, HttpFetcher(script.url, "") as made:
        made.fetch(CARD)
        made.fetch(CARD)
    assert [b"Cookie: seen=7\r\n" in request for request in script.asked] == [False, True]


@pytest.mark.parametrize(("status", "method"), [(307, b"POST"), (302, b"GET"), (303, b"GET")])
def test_a_redirect_keeps_the_form_if_it_says_so(status: int, method: bytes) -> None:
    led = reply(b"", "Location: /api/там", status=f"{status} Elsewhere")
    with playing(Script([[led], [reply(b"{}")]])) as script, HttpFetcher(script.url, "") as made:
        assert made.fetch(GAMES).body == b"{}"
    first, second = script.asked
    assert first.startswith(b"POST /api/tournament/get ")
    assert first.endswith(b"\r\n\r\nid=7")
    assert second.startswith(method + b" /api/%D1%82%D0%B0%D0%BC ")
    assert second.endswith(b"\r\n\r\nid=7") is (status == 307)


@pytest.mark.parametrize("place", ["http://[::1", "http://site:port/", "//site:99999"])
def test_a_redirect_to_no_address_is_a_refusal(place: str) -> None:
    with (
        playing(Script([[reply(b"", f"Location: {place}", status="302 Elsewhere")]])) as script,
        HttpFetcher(script.url, "") as made,
        pytest.raises(AskRefusedError, match=f"redirects to {re.escape(place)}, which is no address"),
    ):
        made.fetch(CARD)


# -- through a proxy --------------------------------------------------------------------------------


@contextmanager
def _tunnel(to: str, first: bytes) -> Iterator[Script]:
    """A proxy that says `first` to a CONNECT and then hands on what comes to that address, whatever was wanted."""

    def serve() -> None:
        with server.accept()[0] as near:
            script.asked.append(_request(near))
            near.sendall(first)
            host, _, port = to.rpartition("/")[2].partition(":")
            if b"200" in first:
                with socket.create_connection((host, int(port))) as far:
                    back = threading.Thread(target=_hand_on, args=(far, near))
                    back.start()
                    _hand_on(near, far)
                    back.join(10)

    script = Script([])
    with socket.create_server(("127.0.0.1", 0)) as server, _at_work(serve):
        script.url = f"http://me:p%40ss@127.0.0.1:{server.getsockname()[1]}"
        yield script


def _hand_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while came := source.recv(1 << 16):
            target.sendall(came)
        target.shutdown(socket.SHUT_WR)


def test_a_secure_site_is_asked_through_the_tunnel_of_a_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("gomafia.example").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with serving(lambda _: Sent(), context) as server, _tunnel(server.url, b"HTTP/1.1 200 OK\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with HttpFetcher("https://gomafia.example", "") as made:
            assert made.fetch(CARD).body == PAGE
    assert server.asked == ["/tournament/7"]
    assert proxy.asked[0].startswith(b"CONNECT gomafia.example:443 ")
    assert b"proxy-authorization: basic bwu6cebzcw==\r\n" in proxy.asked[0].lower()


def test_a_proxy_that_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with _tunnel("", b"HTTP/1.1 407 Who are you\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with (
            HttpFetcher("https://gomafia.example", "") as made,
            pytest.raises(SiteUnreachableError, match=r"no way through the proxy that the environment names \(.*407"),
        ):
            made.fetch(CARD)


def test_a_proxy_that_is_not_there_is_told_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:пароль@[::1]:1")
    with HttpFetcher("https://gomafia.example", "") as made, pytest.raises(SiteUnreachableError) as caught:
        made.fetch(CARD)
    assert re.search(
        r"no way through the proxy that the environment names \(\[Errno \d+\] [\w ]+\)\.$", caught.value.message
    )


@pytest.mark.parametrize("address", ["http://me:k4n/arie@h:1", "http://me:k4n#@h:1", "http://me:k4n@h:k4n", "http://"])
def test_nothing_of_a_proxy_that_cannot_be_read_is_shown(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(SettingsError, match="proxy that the environment names can't be read") as caught:
        HttpFetcher("https://gomafia.example", "")
    assert "k4n" not in "".join(traceback.format_exception(caught.value))


def test_a_proxy_that_plain_http_cannot_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy:1080")
    with pytest.raises(SettingsError, match="socks5://proxy:1080, can't be used by plain HTTP"):
        HttpFetcher("https://gomafia.example", "")
