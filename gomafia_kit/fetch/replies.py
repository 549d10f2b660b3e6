"""What both fetchers hold a reply to: it comes from the site itself, it says yes, and it has an end."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gomafia_kit.errors import AskRefusedError, SiteBusyError, SiteUnreachableError
from gomafia_kit.fetch.manners import retry_after

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from gomafia_kit.site import Ask

MOST_BYTES: Final = 64 << 20
MOST_REDIRECTS: Final = 5
LOOK_AT_IT: Final = (
    "Look at the site in a browser: if all is well there, run again later; if it has moved, give its new address as"
    " source; if it has changed, update gomafia-kit."
)
_MODULE_CLASS: Final = re.compile(rb"""class=["'][^"'>]*\w_[^"'>]*__""")
_OK: Final = 200
_PROXY_REFUSES: Final = 407
_PORTS: Final = {"http": 80, "https": 443}
_BUSY: Final = frozenset({429, 502, 503, 504})
_MISSING: Final = range(400, 500)
_FAULTS: Final = range(500, 600)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came in the end: from which address, with which status and headers."""

    url: str
    status: int
    body: bytes
    content_type: str = ""
    retry_after: str | None = None


def check(ask: Ask, reply: Reply) -> None:
    """Nothing, if the site gave what was asked for; else SiteBusyError, AskRefusedError or SiteUnreachableError."""
    if reply.status == _PROXY_REFUSES:
        raise SiteUnreachableError(
            f"{reply.url}: the proxy that the environment names wants another name and password, or any (status 407).",
            "Give them in its address: HTTP_PROXY=http://name:password@host:port.",
            passing=False,
        )
    if reply.status in _BUSY or reply.status in _FAULTS:
        wait = retry_after(reply.retry_after, time.time())
        told = "" if wait is None else f" and asks to wait {wait:.0f} s"
        what = "is busy" if reply.status in _BUSY else "has a fault of its own"
        raise SiteBusyError(
            f"{reply.url}: the site {what} (status {reply.status}){told}.", "Run again later: nothing is lost.", wait
        )
    if ask.form == "text" and reply.status in _MISSING:
        return  # no robots.txt: everything is allowed
    if reply.status != _OK:
        raise AskRefusedError(f"{reply.url}: the site answered with status {reply.status}.", LOOK_AT_IT, by_status=True)
    # By what came, not by its label: servers label JSON as HTML at times.
    if ask.form == "api" and reply.body.lstrip()[:1] == b"<":
        raise SiteBusyError(f"{reply.url}: HTML came where JSON was expected.", "Run again later: nothing is lost.")


def is_of_the_site(page: bytes) -> bool:
    """Whether a page carries page data, or at least a class of a CSS module; "please wait" carries neither."""
    return b"__NEXT_DATA__" in page or _MODULE_CLASS.search(page) is not None


def is_elsewhere(base_url: str, target: str) -> bool:
    """Whether an address is not on the site: another host or port, or in the open where the site is not."""
    base, other = urlsplit(base_url), urlsplit(target)
    return _place(base) != _place(other) or (base.scheme, other.scheme) == ("https", "http")


def is_distrust(reason: str) -> bool:
    """Whether a connection failed by the site's certificate: asking again doesn't mend that."""
    return "CERTIFICATE_VERIFY_FAILED" in reason or "net::ERR_CERT_" in reason


def _place(parts: SplitResult) -> tuple[str | None, int | None]:
    """Host and port; a scheme's own port is none."""
    return parts.hostname, None if parts.port == _PORTS.get(parts.scheme) else parts.port


def led_away(url: str, target: str) -> AskRefusedError:
    """The refusal to follow the site to another host."""
    parts = urlsplit(target)
    return AskRefusedError(
        f"{url}: the site leads to another host, {parts.scheme}://{parts.netloc}: not followed.",
        "If the site has moved, give its new address as source.",
    )


def led_nowhere(url: str, location: str) -> AskRefusedError:
    """The refusal to follow the site to what is no address."""
    return AskRefusedError(
        f"{url}: the site redirects to {location}, which is no address: not followed.", "Run again later."
    )


def led_astray(url: str) -> AskRefusedError:
    """The refusal to follow the site further round itself."""
    return AskRefusedError(
        f"{url}: the site redirects more than {MOST_REDIRECTS} times: not followed further.", "Run again later."
    )


def too_large(url: str, most: int, told: str = "") -> AskRefusedError:
    """The refusal to take an answer of more than `most` bytes; `told` is its header of that, if it has one.

    How much had come when it was broken off isn't said: that is chance.
    """
    size = f"{int(told):,} bytes" if told.isdecimal() else f"over {most:,} bytes"
    return AskRefusedError(
        f"{url}: the answer is too large: {size}, {most:,} at most are taken.",
        "No answer of the site is near that: look at it in a browser; a larger memory_limit_mb lets more be taken.",
    )
