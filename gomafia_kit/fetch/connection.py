"""A connection to one host, kept open from one request to the next: HTTP/1.1 by the standard library.

A client that can do more (many hosts at once, many threads, HTTP/2) takes three times the CPU for an answer, and twice
the memory to be loaded.
"""

from __future__ import annotations

import os
import platform
import selectors
import ssl
import zlib
from base64 import b64encode
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gomafia_kit.errors import SettingsError
from gomafia_kit.fetch.proxies import proxy_for

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping
    from http.client import HTTPResponse

    from playwright.sync_api import ProxySettings

ENCODINGS: Final = "gzip"
"""What `pieces_of` can unpack, as the header Accept-Encoding says it."""

_BYTES_A_PIECE: Final = 1 << 16
_PORTS: Final = {"http": 80, "https": 443}
_AUTHORITIES: Final = (
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
)
"""Where systems keep whom they trust, for a Python that was built for another system."""


class Connection:
    """Puts requests to the host of a URL, one after another, through the proxy that the environment names for it.

    Raises ValueError for a URL that is no address, SettingsError for a proxy that can't be used and certificates
    that can't be read.
    """

    def __init__(self, url: str, seconds_to_connect: float, seconds_to_answer: float) -> None:
        self._seconds = (seconds_to_connect, seconds_to_answer)
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("it is no address of a web site")
        host, port = parts.hostname, parts.port or _PORTS[parts.scheme]
        proxy = proxy_for(url)
        at, credentials = (host, port), {}
        if proxy is not None:
            at, credentials = _address_of(proxy), _credentials_of(proxy)
        self._to_proxy: dict[str, str] = {}
        self._before_path = ""
        self._http: HTTPConnection
        if parts.scheme == "https":
            self._http = HTTPSConnection(*at, context=_trust())
            if proxy is not None:
                self._http.set_tunnel(host, port, credentials)
        else:
            self._http = HTTPConnection(*at)
            if proxy is not None:
                self._before_path, self._to_proxy = f"http://{parts.netloc}", credentials

    def open(self) -> None:
        """Connect, if the connection of the request before doesn't stand any more; OSError if that fails."""
        if self._http.sock is not None and _is_readable(self._http.sock):
            self.close()  # nothing was asked: so it has been closed at the other end
        if self._http.sock is None:
            self._connect()

    def _connect(self) -> None:
        self._http.timeout, seconds_to_answer = self._seconds
        self._http.connect()
        self._http.sock.settimeout(seconds_to_answer)

    @contextmanager
    def put(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> Iterator[HTTPResponse]:
        """The reply to a request for a path with its query; it is to be read within, if at all.

        OSError or HTTPException if it breaks off.
        """
        try:
            self._http.request(method, self._before_path + target, body, {**headers, **self._to_proxy})
            with self._http.getresponse() as response:
                yield response
                is_read = response.isclosed()
        except BaseException:
            self.close()
            raise
        if not is_read:
            self.close()

    def close(self) -> None:
        """Hang up; `open` connects anew."""
        self._http.close()


def pieces_of(response: HTTPResponse) -> Iterator[bytes]:
    """The body of a reply, piece by piece as it comes, unpacked; OSError or HTTPException if it isn't whole."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        return _pieces(response)
    if encoding in {"gzip", "x-gzip"}:
        return _unpacked(_pieces(response))
    raise HTTPException(f"its encoding {encoding} wasn't asked for")


def _pieces(response: HTTPResponse) -> Iterator[bytes]:
    came = 0
    while piece := response.read1(_BYTES_A_PIECE):
        came += len(piece)
        yield piece
    if response.length:  # the library says so only of a body that is read at once
        whole = came + response.length
        raise HTTPException(
            f"peer closed connection without sending complete message body (received {came} bytes, expected {whole})"
        )
    response.close()


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip packed; never much at once, however well it was packed."""
    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    came = ended = False
    try:
        for piece in pieces:
            came, rest = True, piece
            while rest:
                if ended:
                    raise HTTPException("something stands behind its gzip")
                yield unpack.decompress(rest, _BYTES_A_PIECE)
                ended = unpack.eof
                rest = unpack.unused_data if ended else unpack.unconsumed_tail
        yield unpack.flush()
        ended = unpack.eof
    except zlib.error as error:
        raise HTTPException(f"its gzip can't be unpacked: {error}") from error
    if came and not ended:
        raise HTTPException("its gzip ends too early")


def _is_readable(sock: socket.socket) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def _address_of(proxy: ProxySettings) -> tuple[str, int]:
    parts = urlsplit(proxy["server"])
    if parts.scheme != "http" or not parts.hostname:
        raise SettingsError(
            f"The proxy that the environment names, {proxy['server']}, can't be used by plain HTTP.",
            "Name one whose address begins with http://, or use via=chromium.",
        )
    return parts.hostname, parts.port or _PORTS["http"]


def _credentials_of(proxy: ProxySettings) -> dict[str, str]:
    if "username" not in proxy:
        return {}
    told = b64encode(f"{proxy['username']}:{proxy.get('password', '')}".encode()).decode()
    return {"Proxy-Authorization": f"Basic {told}"}


def _trust() -> ssl.SSLContext:
    """Whom this machine trusts: what the environment names, else what its system does."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    try:
        if file or folder:
            return ssl.create_default_context(cafile=file or None, capath=folder or None)
    except OSError as error:
        raise SettingsError(
            f"The certificates that the environment names can't be read: {error}.",
            "Correct SSL_CERT_FILE and SSL_CERT_DIR: a PEM file, a folder of such files.",
        ) from error
    if platform.system() in {"Windows", "Darwin"}:
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    paths = ssl.get_default_verify_paths()
    elsewhere = None if paths.cafile or paths.capath else next(filter(os.path.isfile, _AUTHORITIES), None)
    return ssl.create_default_context(cafile=elsewhere)
