"""Connections over HTTP, by the usual environment variables: through which proxy, and whom they trust."""

from __future__ import annotations

import os
import ssl
from base64 import b64encode
from typing import TYPE_CHECKING

import truststore
import urllib3
from urllib3 import exceptions as broken

from gomafia_kit.errors import SettingsError
from gomafia_kit.fetch.proxies import proxy_for

if TYPE_CHECKING:
    from playwright.sync_api import ProxySettings


def connections_to(url: str) -> urllib3.PoolManager:
    """The connections to a server, one kept open, through the proxy that the environment names for it."""
    proxy = proxy_for(url)
    if proxy is None:
        return urllib3.PoolManager(ssl_context=_trust())
    try:
        return urllib3.ProxyManager(proxy["server"], proxy_headers=_credentials(proxy), ssl_context=_trust())
    except broken.LocationValueError as error:
        raise SettingsError(
            f"The proxy that the environment names, {proxy['server']}, can't be used by plain HTTP.",
            "Name one whose address begins with http:// or https://, or use via=chromium.",
        ) from error


def _credentials(proxy: ProxySettings) -> dict[str, str]:
    if "username" not in proxy:
        return {}
    told = f"{proxy['username']}:{proxy.get('password', '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(told.encode()).decode()}"}


def _trust() -> ssl.SSLContext:
    """Whom this machine trusts: what the environment names, else what its system does."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not (file or folder):
        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    except OSError as error:
        raise SettingsError(
            f"The certificates that the environment names ({file or folder}) can't be read: {error}.",
            "Correct SSL_CERT_FILE and SSL_CERT_DIR: a PEM file, a folder of such files.",
        ) from error
