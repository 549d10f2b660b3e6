"""Chooses a year in the drop-down of a stats page, as a person does, and waits until the page shows it.

The drop-down is no `<select>`: a span that holds what is chosen, and options that may stand anywhere in
the page once it is open. Choosing sends a request; when its answer is in, the page is drawn anew.
"""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import (
    AskRefusedError,
    BrowserError,
    LayoutChangedError,
    NoSuchPageError,
    SiteBusyError,
    SiteUnreachableError,
)
from gomafia_kit.fetch.replies import LOOK_AT_IT, Reply

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
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_PERIODS: Final = """
  const word = e => e.textContent.trim();
  const isPeriod = e => !e.children.length && /^(Все|20\\d\\d)$/.test(word(e)) && !selected.contains(e);
  const periods = box => [...box.querySelectorAll('*')].filter(e => isPeriod(e) && e.getClientRects().length > 0);
"""
_BEFORE: Final = f"selected => {{ {_PERIODS} window.__before = new Set(periods(document)); }}"
_OPTIONS: Final = f"""
selected => {{ {_PERIODS}
  const opened = found => found.filter(e => !window.__before.has(e));
  const around = pick => {{
    for (let box = selected.parentElement; box; box = box.parentElement) {{
      const found = pick(periods(box));
      if (found.length) return found;
    }}
    return [];
  }};
  const clicked = around(opened);
  return clicked.length ? clicked : around(found => found.some(e => word(e) !== 'Все') ? found : []);
}}
"""
"""What the click has opened, near the drop-down first; a list that was open before must have a year in it."""
_WATCH: Final = """
() => {
  const isWatched = window.__drawn !== undefined;
  window.__drawn = performance.now();
  if (!isWatched) new MutationObserver(() => { window.__drawn = performance.now(); })
    .observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
}
"""
_SHOWS: Final = """
([told, since]) => {
  const all = css => [...document.querySelectorAll(css)];
  const beside = (element, words) => element.parentElement.textContent.replace(words, '').replace(/\\s/g, '');
  const amount = document.querySelector('[class*="stats__stat-main-bottom-block-left-content-amount"]');
  if (amount === null || Number(amount.textContent.replace(/[^0-9]/g, '')) !== told.games) return false;
  for (const circle of all('[class*="ProfileUserCircle_profile-user-circle__num"]')) {
    const [, role] = circle.parentElement.textContent.match(/за\\s+(мирного|мафию|дона|шерифа)/) || [];
    const games = parseInt(circle.textContent.replace(/\\s/g, '')) || 0;
    if (role in told.roles && games !== told.roles[role]) return false;
  }
  const isAsTold = ([words, figure]) => all('body *')
    .filter(e => !e.children.length && e.textContent.trim() === words)
    .every(e => Number(beside(e, words).replace(',', '.')) === figure);
  const patience = Object.entries(told.others).every(isAsTold) ? 150 : 1500;
  return performance.now() - Math.max(window.__drawn, since) > patience;
}
"""
"""Whether the page shows the answer: its games, in all and by role, are those that the answer tells, and it is still.

Two years may have the same games. Where the other figures aren't as told, the page may be about to be drawn, or
take them from elsewhere: so it has to be still for longer.
"""
_ROLES: Final = {"red": "мирного", "mafia": "мафию", "don": "дона", "sheriff": "шерифа"}


def choose_year(page: Page, url: str, year: str, seconds: float) -> Reply | None:
    """The site's reply to the choice; None if the page shows that year already.

    Raises NoSuchPageError if the drop-down doesn't have the year, LayoutChangedError if there is none,
    BrowserError if the page doesn't come to show the year, SiteUnreachableError or SiteBusyError if the site doesn't
    answer the choice.
    """
    selected = _drop_down(page)
    if selected is None:
        raise LayoutChangedError(
            f"{url}: sought the drop-down of years ({_SELECTED} with {EVERY_YEAR} or a year), found"
            f" {page.locator(_SELECTED).count()} of them without one.",
            "Take the official years as api or page_data.",
        )
    if _text(selected) == year:
        return None
    option = _option(page, selected, url, year)
    page.evaluate(_WATCH)
    reply = _reply(_called(page, url, option, seconds))
    if reply.status == 200:  # noqa: PLR2004 - HTTP's OK; the fetcher deals with the others
        _wait_for_redraw(page, url, year, _told(url, reply.body))
    return reply


def shown_year(page: Page) -> str | None:
    """The year, or "all", that the open page's drop-down shows; None if it has none."""
    selected = _drop_down(page)
    return None if selected is None else _text(selected)


def _drop_down(page: Page) -> Locator | None:
    """The span that holds the chosen year, if there is one."""
    shown = (each for each in page.locator(_SELECTED).all() if _is_period(_text(each)))
    return next(shown, None)


def _is_period(text: str) -> bool:
    return text == EVERY_YEAR or _YEAR.fullmatch(text) is not None


def _text(element: Locator | ElementHandle) -> str:
    return (element.text_content() or "").strip()


def _option(page: Page, selected: Locator, url: str, year: str) -> ElementHandle:
    """The option of that year; clicked again until the list opens, since a script may still be on its way."""
    element = selected.element_handle()
    element.evaluate(_BEFORE)
    for _ in range(MILLISECONDS_TO_OPEN // _MILLISECONDS_A_CLICK):
        element.click()
        options = _opened(page, element)
        if year in options:
            return options[year]
        if options:
            element.click()  # closed again: the next year may be chosen on the same page
            raise NoSuchPageError(
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
        options = {_text(option): option for option in handles if option is not None}
        if options:
            return options
        page.wait_for_timeout(_MILLISECONDS_A_LOOK)
    return {}


def _called(page: Page, url: str, option: ElementHandle, seconds: float) -> Response:
    """The answer to the request that choosing sends, or is led on to; SiteUnreachableError if none comes whole."""
    noted: list[Request] = []

    def note(request: Request) -> None:
        if _begun_by(request).url.split("?")[0].endswith(CALL):
            noted.append(request)

    page.on("requestfinished", note)
    page.on("requestfailed", note)
    give_up = time.monotonic() + seconds
    try:
        option.click()
        while not (ended := _not_led_on(noted)) and time.monotonic() < give_up:
            page.wait_for_timeout(_MILLISECONDS_A_LOOK)
    finally:
        page.remove_listener("requestfinished", note)
        page.remove_listener("requestfailed", note)
    response = ended[0].response() if ended and ended[0].failure is None else None
    if response is None:
        reason = (ended[0].failure or "it broke off") if ended else f"no answer within {seconds:.0f} s"
        raise SiteUnreachableError(f"{url}: the choice of a year got no answer ({reason}).", _AGAIN)
    return response


def _begun_by(request: Request) -> Request:
    """The request whose redirects led to this one; itself, if none did."""
    before = request.redirected_from
    return request if before is None else _begun_by(before)


def _not_led_on(requests: list[Request]) -> list[Request]:
    """Those that ended where they are, and not by a redirect to another."""
    return [request for request in requests if request.redirected_to is None]


def _reply(response: Response) -> Reply:
    headers = response.headers
    return Reply(
        response.url, response.status, response.body(), headers.get("content-type", ""), headers.get("retry-after")
    )


def _told(url: str, body: bytes) -> dict[str, Any]:
    """What the page must show, as `_SHOWS` takes it; the site's refusal would leave the old figures under the year."""
    if body.lstrip()[:1] == b"<":
        raise SiteBusyError(f"{url}: HTML came where JSON was expected ({CALL}).", _AGAIN)
    try:
        told = json.loads(body)
        if told["result"] != "success":
            raise AskRefusedError(f"{url}: the site answered {told['result']!r} to the choice.", LOOK_AT_IT)
        stats, user = told["data"]["stats"], told["data"].get("user") or {}
        games = stats["primary"]
        others = {
            "Общий ELO": user.get("elo"),
            "в среднем за 10 игр": (stats.get("advanced_points") or {}).get("points_10_games"),
        }
        return {
            "games": int(games["total_games"] or 0),
            "roles": _figures({words: games[role] or 0 for role, words in _ROLES.items() if role in games}),
            "others": _figures(others),
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise LayoutChangedError(
            f"{url}: sought data.stats.primary.total_games in the answer to {CALL}, found {body[:80]!r}.",
            "Take the official years as api or page_data.",
        ) from error


def _figures(told: dict[str, Any]) -> dict[str, float]:
    """Those that are numbers: what says "none" in words is no figure that a page must show."""
    return {words: float(figure) for words, figure in told.items() if _NUMBER.fullmatch(str(figure))}


def _wait_for_redraw(page: Page, url: str, year: str, told: dict[str, Any]) -> None:
    from playwright.sync_api import TimeoutError as NotYetError

    since = page.evaluate("() => performance.now()")
    try:
        page.wait_for_function(_SHOWS, arg=[told, since], timeout=MILLISECONDS_TO_REDRAW)
    except NotYetError:
        raise BrowserError(
            f"{url}: {year} was chosen, but the page never came to show its {told['games']} games.",
            "Run again: nothing is lost.",
        ) from None
