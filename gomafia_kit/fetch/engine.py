"""One driver, one Chromium, one page: how an ask is put to the site through them.

What the server sends as it is (the API, pages) is got by `fetch()` from inside an open page of the site: the same
engine and cookies for a tenth of the work. A page as a browser shows it is opened and read. Every ten pages garbage is
collected and the cache emptied, and heaps are capped: so memory stays flat. The browser reaches the site's own host and
no other.
"""

from __future__ import annotations

import gzip
import os
import time
from base64 import b64decode
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from gomafia_kit.errors import (
    BrowserEndedError,
    BrowserError,
    FetchError,
    LayoutChangedError,
    NoSuchPageError,
    SiteUnreachableError,
    UnavailableError,
    without_secrets,
)
from gomafia_kit.fetch.driver import drivers
from gomafia_kit.fetch.dropdown import CALL, choose_year, shown_year
from gomafia_kit.fetch.gauges import LoopBeat, PageGauges
from gomafia_kit.fetch.proxies import proxy_for
from gomafia_kit.fetch.replies import Reply, is_distrust, is_elsewhere, is_of_the_site, too_large
from gomafia_kit.fetch.turnstile import Turnstile
from gomafia_kit.site import RENDERED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import psutil
    from playwright.sync_api import (
        CDPSession,
        Page,
        Playwright,
        Request,
        Response,
        StorageState,
    )

    from gomafia_kit.fetch.browser import Chromium
    from gomafia_kit.fetch.turnstile import Scripts
    from gomafia_kit.site import Ask

SECONDS_TO_START: Final = 60.0
PAGES_A_COLLECTION: Final = 10
FETCHES_A_GROUND: Final = 50
"""So many answers are fetched from inside a page before it is drawn anew: Chromium keeps what a page has fetched."""
BYTES_A_PIECE: Final = 3 << 20
"""So much of a packed body is taken out of the page at a time: as text it stands in the page's heap."""
_MILLISECONDS_A_LOOK: Final = 250
_OK: Final = 200
_LEAST_ERROR: Final = 400
_MAIN_PAGE: Final = b"MainIntro_main-intro"
_DRIVER_HEAP: Final = "--max-old-space-size=48 --max-semi-space-size=1"
_PAGE_HEAP: Final = "--js-flags=--max-old-space-size=64 --max-semi-space-size=1"
_CHECK_NETWORK: Final = "Check the network, then run again: nothing is lost."
NOTHING_LOST: Final = "Run again: nothing is lost."
_NO_WAY_ROUND: Final = """
for (const name of ['WebSocket', 'WebSocketStream', 'WebTransport', 'RTCPeerConnection', 'Worker', 'SharedWorker'])
  delete globalThis[name];
"""
"""What goes round the turnstile: its requests don't stand there."""
_ANY_PAGE: Final = ("/robots.txt", "/")
"""What is opened to fetch from inside, the lightest first; a site without robots.txt may have no page there."""
_AS_TEXT: Final = """
  const asText = bytes => {
    if (bytes.toBase64) return bytes.toBase64();
    let text = '';
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
  };
"""
_FETCH: Final = (
    "async ({url, method, fields, milliseconds, most, piece}) => {"
    + _AS_TEXT
    + """
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), milliseconds);
  const body = fields === null ? undefined : new URLSearchParams(fields).toString();
  const headers = fields === null ? {} : {'Content-Type': 'application/x-www-form-urlencoded'};
  try {
    const answer = await fetch(url, {method, body, headers, signal: stop.signal, cache: 'no-store'});
    const told = {
      url: answer.url, status: answer.status, size: 0, packed: 0, begin: '',
      kind: answer.headers.get('content-type') || '', retry: answer.headers.get('retry-after'),
      length: answer.headers.has('content-encoding') ? '' : answer.headers.get('content-length') || '',
    };
    const packer = new CompressionStream('gzip'), writer = packer.writable.getWriter();
    const packed = new Response(packer.readable).arrayBuffer();
    const reader = answer.body ? answer.body.getReader() : null;
    while (reader !== null) {
      const {done, value} = await reader.read();
      if (done) break;
      told.size += value.length;
      if (told.size > most) { stop.abort(); return told; }
      await writer.write(value);
    }
    await writer.close();
    const whole = new Uint8Array(await packed);
    told.packed = whole.length;
    told.begin = asText(whole.subarray(0, piece));
    globalThis.gomafiaRest = whole.length > piece ? whole.subarray(piece) : undefined;
    return told;
  } catch (error) {
    return {failed: stop.signal.aborted ? 'late' : String(error)};
  } finally {
    clearTimeout(timer);
  }
}
"""
)
"""What came, by one call, packed: its way out of the browser costs more than that. Of a large one the first piece, and
what is left over stays in the page until it is taken out."""
_REST: Final = (
    "piece => {"
    + _AS_TEXT
    + """
  const rest = globalThis.gomafiaRest;
  globalThis.gomafiaRest = rest.length > piece ? rest.subarray(piece) : undefined;
  return asText(rest.subarray(0, piece));
}
"""
)


class Engine:
    """One driver, one Chromium, one page; everything but `drivers` and `seconds_held` belongs to its own thread."""

    def __init__(
        self,
        chromium: Chromium,
        base_url: str,
        agent: str,
        seconds: float,
        most_bytes: int,
        *,
        sandbox: bool,
        scripts: Scripts,
        carried: StorageState | None = None,
    ) -> None:
        self.drivers: list[psutil.Process] = []
        self._chromium = chromium
        self._base_url = base_url
        self._agent = agent
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._sandbox = sandbox
        self._scripts = scripts
        self._carried = carried
        self._playwright: Playwright | None = None
        self._page: Page
        self._cdp: CDPSession
        self._turnstile: Turnstile | None = None
        self._gauges: PageGauges | None = None
        self._beat: LoopBeat | None = None
        self._fetches = 0
        self.asks = 0
        """How many asks were put through it."""
        self._failure: str | None = None
        self._navigated: Response | None = None
        self._shown: str | None = None  # the address of the page on which a year was chosen, while it is left so
        self.is_spent = False
        """True once it can't be trusted with another ask."""

    @property
    def seconds_held(self) -> float:
        """How long its requests have waited for their turn at the gate."""
        return self._turnstile.seconds_held if self._turnstile is not None else 0.0

    # -- start and end ----------------------------------------------------------------------------

    def open(self) -> None:
        """Start driver and browser; BrowserError if one of them doesn't."""
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError as error:
            raise UnavailableError(
                "via=chromium needs Playwright, which isn't installed.",
                "Install gomafia-kit[browser], or use via=http.",
            ) from error
        before = set(drivers())
        try:
            with _driver_environment():
                self._playwright = sync_playwright().start()
            self.drivers = [driver for driver in drivers() if driver not in before]
            self._launch(self._playwright)
        except Error as error:
            raise BrowserError(
                f"{self._chromium} didn't start: {_first_line(error)}.", "Run gomafia doctor, or use via=http."
            ) from error

    def _launch(self, playwright: Playwright) -> None:
        proxy = proxy_for(self._base_url)
        hosts = {urlsplit(self._base_url).hostname or "", urlsplit(proxy["server"]).hostname or "" if proxy else ""}
        known = "".join(f", EXCLUDE {host}" for host in sorted(hosts) if host)
        chromium = playwright.chromium.launch(
            executable_path=str(self._chromium.executable),
            # Nothing stands at the turnstile but the page's own requests: so it opens no window ...
            args=[_PAGE_HEAP, "--block-new-web-contents", f"--host-resolver-rules=MAP * ~NOTFOUND{known}"]
            + ([] if proxy else ["--no-proxy-server"]),
            chromium_sandbox=self._sandbox,
            proxy=proxy,
            env={**without_secrets(os.environ)},
            timeout=SECONDS_TO_START * 1000,
        )
        self._page = chromium.new_page(
            user_agent=self._agent, service_workers="block", storage_state=self._carried, accept_downloads=False
        )
        self._page.add_init_script(_NO_WAY_ROUND)  # ... and has no sockets and no workers
        self._page.on("requestfailed", self._note_failure)
        self._cdp = self._page.context.new_cdp_session(self._page)
        self._turnstile = Turnstile(self._cdp, self._base_url, self._scripts)
        self._gauges = PageGauges(chromium)
        self._beat = LoopBeat(lambda: self.seconds_held)

    def close(self) -> None:
        """End the browser and its driver; a second time does nothing."""
        playwright, self._playwright = self._playwright, None
        if playwright is not None:
            playwright.stop()  # without its driver the browser ends

    def carried(self) -> StorageState | None:
        """The cookies that the site gave, for the browser that takes this one's place; None if it doesn't tell."""
        from playwright.sync_api import Error

        try:
            return self._page.context.storage_state()
        except Error:
            return None

    # -- an ask -----------------------------------------------------------------------------------

    def put(self, ask: Ask, url: str, another: Callable[[], None] | None) -> Reply:
        """What the site replies to one ask; `another` is called before each request but the first."""
        from playwright.sync_api import Error

        self._failure, self._navigated = None, None
        self.asks += 1
        try:
            self._gate.begin(another, with_scripts=bool(ask.chosen))
            with self._beating():
                reply = self._put(ask, url)
            self._tidy_up()
        except Error as error:
            raise self._translated(url, error) from error
        return reply

    @contextmanager
    def _beating(self) -> Iterator[None]:
        if self._beat is not None:
            self._beat.begin()
        try:
            yield
        finally:
            if self._beat is not None:
                self._beat.end()

    def gauges(self) -> list[tuple[str, str, float]]:
        """What its pages take, how late its loop was at most since the last call, and how many asks it has had.

        Nothing if it doesn't tell.
        """
        from playwright.sync_api import Error

        if self._gauges is None or self._beat is None:
            return []
        try:
            own = [("chromium", "loop_lag_ms", self._beat.take_late_ms()), ("chromium", "asks_put", float(self.asks))]
            return [*self._gauges.read(), *own]
        except Error:  # a page that is just going, or a browser that has ended: the next ask will say so
            return []

    def shows(self, url: str) -> bool:
        """True if that page is open and a year was chosen on it: another can be chosen without asking for it again."""
        return self._shown == url

    @property
    def _gate(self) -> Turnstile:
        assert self._turnstile is not None  # noqa: S101 - made at the launch
        return self._turnstile

    def _put(self, ask: Ask, url: str) -> Reply:
        is_open = self.shows(url)
        self._shown = None  # what fails now leaves a page that nobody knows
        if ask.form == RENDERED:
            return self._with_year(url, dict(ask.chosen)["year"], is_open=is_open) if ask.chosen else self._opened(url)
        if ask.form == "text" and not self._is_on_site:
            return self._opened(url)  # robots.txt itself is the page to fetch the others from
        came = self._come_to_site()
        self._gate.before_a_fetch()
        self._gate.expect(url, further=came)
        return self._fetched(ask, url)

    def _with_year(self, url: str, year: str, *, is_open: bool) -> Reply:
        """The page as the browser shows it once a year is chosen: on the page that is open, if it is that one.

        It is opened anew if it shows that year already, for then the year is asked for anew, or if it fails there.
        """
        goes_on = is_open and shown_year(self._page) not in {None, year}
        if goes_on:
            with suppress(BrowserError, LayoutChangedError):
                return self._chosen(url, year, Reply(self._page.url, _OK, b""), is_fresh=False)
        reply = self._opened(url, further=goes_on)
        if reply.status != _OK or _MAIN_PAGE in reply.body or not is_of_the_site(reply.body):
            return reply  # an error, nobody has that id, or a page came that stands in for the site's
        return self._chosen(url, year, reply, is_fresh=True)

    def _chosen(self, url: str, year: str, page: Reply, *, is_fresh: bool) -> Reply:
        """The open page with a year chosen on it; afterwards another can be chosen there."""
        self._gate.expect(CALL, further=is_fresh)
        try:
            choice = choose_year(self._page, url, year, self._seconds)
        except NoSuchPageError as error:
            error.was_asked, self._shown = is_fresh, url
            raise
        if choice is not None and choice.status != _OK:
            return choice
        self._shown = url
        return self._as_shown(page)

    def _opened(self, url: str, *, further: bool = False) -> Reply:
        """The page that stands at an address, once it is whole; scripts have drawn what they draw at once."""
        from playwright.sync_api import Error

        give_up = time.monotonic() + self._seconds - self.seconds_held
        self._gate.before_a_page()
        self._gate.expect(url, further=further)
        try:
            with self._noting_response():
                response = self._page.goto(url, wait_until="commit", timeout=self._seconds * 1000)
        except Error:
            if self._navigated is None or self._navigated.status < _LEAST_ERROR:
                raise
            response = self._navigated  # an error without a body: Chromium shows a page of its own
            return Reply(response.url, response.status, b"", "", response.headers.get("retry-after"))
        self._wait_until_whole(url, give_up)
        if response is None:
            return self._as_shown(Reply(self._page.url, _OK, b""))
        headers = response.headers
        reply = Reply(response.url, response.status, b"", headers.get("content-type", ""), headers.get("retry-after"))
        return self._as_shown(reply) if "html" in reply.content_type else _with_body(reply, response.body())

    def _as_shown(self, reply: Reply) -> Reply:
        content = self._page.content().encode("utf-8", "surrogatepass")
        if len(content) > self._most_bytes:
            raise too_large(reply.url, self._most_bytes)
        return _with_body(reply, content)

    @property
    def _is_on_site(self) -> bool:
        return self._page.url.startswith("http") and not is_elsewhere(self._base_url, self._page.url)

    def _come_to_site(self) -> bool:
        """Open a page of the site if none is open; whether it had to be asked for."""
        if self._carried is not None and not self._is_on_site:
            self._stand_on(f"{self._base_url}{_ANY_PAGE[0]}")
        further = False
        for path in () if self._is_on_site else _ANY_PAGE:
            self._opened(f"{self._base_url}{path}", further=further)
            if self._is_on_site:
                return True
            further = True
        if not self._is_on_site:
            raise BrowserError(f"Chromium can't open any page of {self._base_url}.", "Use via=http.")
        return False

    def _fetched(self, ask: Ask, url: str) -> Reply:
        """What `fetch()` gets from inside the open page, byte for byte."""
        wanted: dict[str, Any] = {
            "url": url,
            "method": ask.method,
            "fields": dict(ask.fields) if ask.method == "POST" else None,
            "milliseconds": self._seconds * 1000,
            "most": self._most_bytes,
            "piece": BYTES_A_PIECE,
        }
        self._fetches += 1
        told = self._page.evaluate(_FETCH, wanted)
        if told.get("failed"):
            raise self._not_fetched(url, told["failed"])
        if told["size"] > self._most_bytes:
            raise too_large(url, self._most_bytes, told["length"])
        body = gzip.decompress(b"".join(self._pieces(told)))
        return Reply(told["url"], told["status"], body, told["kind"], told["retry"])

    def _pieces(self, told: Mapping[str, Any]) -> Iterator[bytes]:
        yield b64decode(told["begin"])
        for _ in range(BYTES_A_PIECE, told["packed"], BYTES_A_PIECE):
            yield b64decode(self._page.evaluate(_REST, BYTES_A_PIECE))

    def _not_fetched(self, url: str, reason: str) -> FetchError:
        if self._gate.refusal is not None:
            return self._gate.refusal
        if reason == "late":
            return SiteUnreachableError(f"{url}: no answer within {self._seconds:.0f} s.", _CHECK_NETWORK)
        return SiteUnreachableError(f"{url}: the answer broke off ({self._failure or reason}).", _CHECK_NETWORK)

    def _wait_until_whole(self, url: str, give_up: float) -> None:
        """Return when the document is there; SiteUnreachableError if its connection broke off.

        Chromium never says `domcontentloaded` of a document that was cut, so that must be looked for.
        """
        from playwright.sync_api import TimeoutError as NotYetError

        while True:
            if self._failure is not None:
                raise SiteUnreachableError(f"{url}: the page broke off ({self._failure}).", _CHECK_NETWORK)
            try:
                self._page.wait_for_load_state("domcontentloaded", timeout=_MILLISECONDS_A_LOOK)
            except NotYetError:
                if time.monotonic() - self.seconds_held > give_up:
                    raise
            else:
                return

    def _note_failure(self, request: Request) -> None:
        if request.is_navigation_request() or request.resource_type == "fetch":
            self._failure = request.failure or "no reason given"

    @contextmanager
    def _noting_response(self) -> Iterator[None]:
        """Only here: whoever is told of responses is told of each that is fetched, too, at a tenth of its cost."""
        self._page.on("response", self._note_response)
        try:
            yield
        finally:
            self._page.remove_listener("response", self._note_response)

    def _note_response(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self._navigated = response

    def _tidy_up(self) -> None:
        """Let the page forget what it needs no more, now and then."""
        if self._fetches >= FETCHES_A_GROUND:
            self._fetches = 0
            self._stand_on(self._page.url)
        if self.asks % PAGES_A_COLLECTION == 0:
            self._cdp.send("HeapProfiler.collectGarbage")
            # Nothing is ever read from it, and yet Chromium keeps what comes there: 160 KB a rendered page.
            self._cdp.send("Network.clearBrowserCache")

    def _stand_on(self, url: str) -> None:
        """Open an empty page at an address of the site, without asking for it: to fetch from."""
        self._gate.give(url, b"")
        self._page.goto(url, wait_until="commit", timeout=self._seconds * 1000)

    def _translated(self, url: str, error: Exception) -> FetchError:
        from playwright.sync_api import TimeoutError as TooLateError

        if self._gate.refusal is not None:
            return self._gate.refusal
        reason = _first_line(error)
        if isinstance(error, TooLateError):
            reason = f"no answer within {self._seconds:.0f} s"
            self.is_spent = True  # the site hangs, or the browser does
        elif "net::" not in reason:
            self.is_spent = True
            return BrowserEndedError(f"Chromium failed at {url}: {reason}.", NOTHING_LOST)
        return SiteUnreachableError(f"{url}: {reason}.", _CHECK_NETWORK, passing=not is_distrust(reason))


def _with_body(reply: Reply, body: bytes) -> Reply:
    return replace(reply, body=body)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")


@contextmanager
def _driver_environment() -> Iterator[None]:
    """What the driver has from our environment: no secret, and the cap of its heap; afterwards ours is as before.

    Playwright hands on the process's own environment and takes no other. Whoever needs a secret meanwhile, in
    another thread, doesn't find it; in an import nobody does: it waits for the browser.
    """
    before = dict(os.environ)
    meant = without_secrets(before) | {"NODE_OPTIONS": f"{_DRIVER_HEAP} {before.get('NODE_OPTIONS', '')}".strip()}
    _become(meant)
    try:
        yield
    finally:
        _become(before)


def _become(environment: Mapping[str, str]) -> None:
    """Make the process's environment that one, name by name: it is never empty."""
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)
