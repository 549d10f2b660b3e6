"""Chooses a year in the drop-down of a stats page, as a person does, and waits until the page shows it.

The drop-down is no `<select>`: a span that holds what is chosen, and options that may stand anywhere in
the page once it is open. Choosing sends a request; when its answer is in, the page is drawn anew.
"""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import AskRefusedError, BrowserError, LayoutChangedError, SiteBusyError, SiteUnreachableError
from gomafia_kit.fetch.replies import Reply

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Locator, Page, Request, Response

CALL: Final = "/api/stats/get"
EVERY_YEAR: Final = "Все"
_AGAIN: Final = "Run again: nothing is lost."
MILLISECONDS_TO_OPEN: Final = 10_000
MILLISECONDS_TO_REDRAW: Final = 10_000
_MILLISECONDS_A_CLICK: Final = 500
_MILLISECONDS_A_LOOK: Final = 25
_SELECTED: Final = 'span[class*="Select_select__selected-span"]'
_YEAR: Final = re.compile(r"20\d\d")
_OPTIONS = """
selected => {
  const shown = e => e.getClientRects().length > 0;
  const word = e => e.textContent.trim();
  const isYear = e => !e.children.length && /^(Все|20\\d\\d)$/.test(word(e)) && e !== selected;
  for (let box = selected.parentElement; box; box = box.parentElement) {
    const found = [...box.querySelectorAll('*')].filter(e => isYear(e) && shown(e) && !selected.contains(e));
    if (found.some(e => word(e) !== 'Все')) return found;
  }
  return [];
}
"""
_WATCH: Final = """
() => {
  window.__drawn = performance.now();
  new MutationObserver(() => { window.__drawn = performance.now(); })
    .observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
}
"""
_QUIET: Final = """
([total, since]) => {
  if (performance.now() - Math.max(window.__drawn, since) < 150) return false;
  const amount = document.querySelector('[class*="stats__stat-main-bottom-block-left-content-amount"]');
  return amount !== null && Number(amount.textContent.replace(/[^0-9]/g, '')) === total;
}
"""


def choose_year(page: Page, url: str, year: str, seconds: float) -> Reply | None:
    """The site's reply to the choice; None if the page shows that year already.

    Raises AskRefusedError if the drop-down doesn't have the year, LayoutChangedError if there is none,
    BrowserError if the page doesn't come to show the year, SiteUnreachableError or SiteBusyError if the site doesn't
    answer the choice.
    """
    selected = _drop_down(page, url)
    if (selected.text_content() or "").strip() == year:
        return None
    option = _option(page, selected, url, year)
    page.evaluate(_WATCH)
    reply = _reply(_called(page, url, option, seconds))
    if reply.status == 200:  # noqa: PLR2004 - HTTP's OK; the fetcher deals with the others
        _wait_for_redraw(page, url, year, _games(url, reply.body))
    return reply


def _drop_down(page: Page, url: str) -> Locator:
    """The span that holds the chosen year, once the page's scripts have brought it to life."""
    found = page.locator(_SELECTED)
    for each in found.all():
        text = (each.text_content() or "").strip()
        if text == EVERY_YEAR or _YEAR.fullmatch(text):
            return each
    raise LayoutChangedError(
        f"{url}: sought the drop-down of years ({_SELECTED} with {EVERY_YEAR} or a year), found {found.count()} of them"
        " without one.",
        "Take the official years as api or page_data.",
    )


def _option(page: Page, selected: Locator, url: str, year: str) -> ElementHandle:
    """The option of that year; clicked again until the list opens, since a script may still be on its way."""
    element = selected.element_handle()
    for _ in range(MILLISECONDS_TO_OPEN // _MILLISECONDS_A_CLICK):
        element.click()
        options = _opened(page, element)
        if year in options:
            return options[year]
        if options:
            raise AskRefusedError(
                f"{url}: the drop-down of years has no {year}, only {', '.join(options)}.",
                "The site shows no figures of that year.",
            )
    raise LayoutChangedError(
        f"{url}: sought the options of the drop-down of years, found none after it was clicked.",
        "Take the official years as api or page_data.",
    )


def _opened(page: Page, selected: ElementHandle) -> dict[str, ElementHandle]:
    """The options by their text, as soon as they are shown; none if that takes too long."""
    for _ in range(_MILLISECONDS_A_CLICK // _MILLISECONDS_A_LOOK):
        handles = [handle.as_element() for handle in selected.evaluate_handle(_OPTIONS).get_properties().values()]
        options = {(option.text_content() or "").strip(): option for option in handles if option is not None}
        if options:
            return options
        page.wait_for_timeout(_MILLISECONDS_A_LOOK)
    return {}


def _called(page: Page, url: str, option: ElementHandle, seconds: float) -> Response:
    """The answer to the request that choosing sends; SiteUnreachableError if it never comes whole."""
    ended: list[Request] = []

    def note(request: Request) -> None:
        if request.url.split("?")[0].endswith(CALL):
            ended.append(request)

    page.on("requestfinished", note)
    page.on("requestfailed", note)
    give_up = time.monotonic() + seconds
    try:
        option.click()
        while not ended and time.monotonic() < give_up:
            page.wait_for_timeout(_MILLISECONDS_A_LOOK)
    finally:
        page.remove_listener("requestfinished", note)
        page.remove_listener("requestfailed", note)
    response = ended[0].response() if ended and ended[0].failure is None else None
    if response is None:
        reason = (ended[0].failure or "it broke off") if ended else f"no answer within {seconds:.0f} s"
        raise SiteUnreachableError(f"{url}: the choice of a year got no answer ({reason}).", _AGAIN)
    return response


def _reply(response: Response) -> Reply:
    headers = response.headers
    return Reply(
        response.url, response.status, response.body(), headers.get("content-type", ""), headers.get("retry-after")
    )


def _games(url: str, body: bytes) -> int:
    """How many games the page must show; the site's refusal would leave the old figures under the new year."""
    if body.lstrip()[:1] == b"<":
        raise SiteBusyError(f"{url}: HTML came where JSON was expected ({CALL}).", _AGAIN)
    try:
        told = json.loads(body)
        if told["result"] != "success":
            raise AskRefusedError(f"{url}: the site answered {told['result']!r} to the choice.", "See docs/errors.md.")
        return int(told["data"]["stats"]["primary"]["total_games"] or 0)
    except (ValueError, TypeError, KeyError) as error:
        raise LayoutChangedError(
            f"{url}: sought data.stats.primary.total_games in the answer to {CALL}, found {body[:80]!r}.",
            "Take the official years as api or page_data.",
        ) from error


def _wait_for_redraw(page: Page, url: str, year: str, games: int) -> None:
    from playwright.sync_api import TimeoutError as NotYetError

    since = page.evaluate("() => performance.now()")
    try:
        page.wait_for_function(_QUIET, arg=[games, since], timeout=MILLISECONDS_TO_REDRAW)
    except NotYetError:
        raise BrowserError(
            f"{url}: {year} was chosen, but the page never came to show its {games} games.",
            "Run again: nothing is lost.",
        ) from None
