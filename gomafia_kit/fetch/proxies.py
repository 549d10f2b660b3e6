"""The proxy that the usual environment variables name for a site."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from gomafia_kit.errors import SettingsError
from gomafia_kit.settings import is_loopback

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from playwright.sync_api import ProxySettings


def proxy_for(base_url: str) -> ProxySettings | None:
    """The proxy that the usual environment variables name for a site; none for this machine."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if is_loopback(base_url) or proxy_bypass(f"{host}:{parts.port}" if parts.port else host):
        return None
    found = getproxies()
    address = found.get(parts.scheme) or found.get("all")
    if not address:
        return None
    proxy = urlsplit(address if "://" in address else f"http://{address}")
    server = f"{proxy.scheme}://{_place(proxy)}"
    if proxy.username is None:
        return {"server": server}
    return {"server": server, "username": unquote(proxy.username), "password": unquote(proxy.password or "")}


def _place(proxy: SplitResult) -> str:
    """Host and port. What can't be read may hold a piece of the password: the error shows none of it."""
    with suppress(ValueError):
        if host := proxy.hostname:
            return (f"[{host}]" if ":" in host else host) + (f":{proxy.port}" if proxy.port else "")
    raise SettingsError(
        "The address of the proxy that the environment names can't be read.",
        "Write HTTPS_PROXY (HTTP_PROXY, ALL_PROXY) as http://name:password@host:port; a /, ?, # or @ within the name or"
        " the password as %2F, %3F, %23 or %40.",
    )
