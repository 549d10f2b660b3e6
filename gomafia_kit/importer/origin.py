"""Where a run's answers come from: who asks, and the demo site if that is the source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gomafia_kit.fetch.replies import MOST_BYTES
from gomafia_kit.roads import CHROMIUM, HTTP

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from gomafia_kit.fetch.source import Fetcher
    from gomafia_kit.settings import Settings


def fetchers(
    settings: Settings, tell: Callable[[str], None], stack: ExitStack, most_bytes: int = MOST_BYTES
) -> dict[str, Callable[[], Fetcher]]:
    """Who asks, by `via`, made when first needed; none offline. `stack` ends a demo site that was started.

    An answer may have `most_bytes`.
    """
    if settings.offline:
        return {}
    contact = settings.contact
    address: list[str] = []

    def base_url() -> str:
        # The demo site is started when the first ask is made: a run without asks needs none.
        if not address:
            address.append(start_demo(settings, stack) if settings.source == "demo" else settings.base_url)
        return address[0]

    def http() -> Fetcher:
        from gomafia_kit.fetch.http import HttpFetcher

        return HttpFetcher(base_url(), contact, most_bytes=most_bytes)

    def chromium() -> Fetcher:
        from gomafia_kit.fetch.chromium import ChromiumFetcher

        return ChromiumFetcher(
            base_url(), contact, tell, most_bytes=most_bytes, pages_per_browser=settings.pages_per_browser
        )

    return {HTTP: http, CHROMIUM: chromium}


def start_demo(settings: Settings, stack: ExitStack) -> str:
    """The address of a demo site as the settings say, started now; `stack` ends it."""
    from gomafia_kit import demo

    site = demo.start(scale=settings.scale, seed=settings.seed, players=settings.players_file or None)
    stack.enter_context(site)
    return site.url
