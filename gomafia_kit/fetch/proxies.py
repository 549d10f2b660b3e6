"""The proxy that the usual environment variables name for a site."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from gomafia_kit.settings import is_loopback

if TYPE_CHECKING:
    from playwright.sync_api import ProxySettings


def proxy_for(base_url: str) -> ProxySettings | None:
    """The proxy that the usual environment variables name for a site; none for this machine."""
    parts = urlsplit(base_url)
    if is_loopback(base_url) or proxy_bypass(parts.hostname or ""):
        return None
    found = getproxies()
    address = found.get(parts.scheme) or found.get("all")
    if not address:
        return None
    proxy = urlsplit(address if "://" in address else f"http://{address}")
    server = f"{proxy.scheme}://{proxy.hostname}" + (f":{proxy.port}" if proxy.port else "")
    if proxy.username is None:
        return {"server": server}
    return {"server": server, "username": unquote(proxy.username), "password": unquote(proxy.password or "")}
