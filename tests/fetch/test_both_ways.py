"""What HTTP and Chromium do alike: one suite for both, by what the servers send and are asked for."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import site as asks
from gomafia_kit.errors import AskRefusedError, SiteBusyError, SiteUnreachableError
from gomafia_kit.fetch.chromium import ChromiumFetcher
from gomafia_kit.fetch.http import HttpFetcher
from tests.fetch.servers import PAGE, Sent, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.fetch.source import Fetcher

MOST_BYTES = 4 << 20
SECONDS = 3.0
CARD, CLUBS = asks.tournament_card(7), asks.club_list()
ROBOTS = Sent((b"User-agent: *\nDisallow:\n",), headers={"Content-Type": "text/plain"})
JSON = {"Content-Type": "application/json; charset=utf-8"}


@pytest.fixture(params=["http", "chromium"])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Fetcher]]:
    """Makes a fetcher of either kind, with small limits."""
    made: list[Fetcher] = []

    def make_one(url: str) -> Fetcher:
        if request.param == "http":
            made.append(HttpFetcher(url, "club@example.org", SECONDS, MOST_BYTES))
        else:
            made.append(ChromiumFetcher(url, "club@example.org", None, SECONDS, MOST_BYTES))
        return made[-1]

    yield make_one
    for fetcher in made:
        fetcher.close()


def _site(answers: dict[str, Sent]) -> Callable[[str], Sent]:
    """The answers by path; robots.txt, which a browser opens to fetch from, is always there."""
    return lambda path: {"/robots.txt": ROBOTS, **answers}.get(path, Sent((b"",), 404))


def _but_robots(asked: list[str]) -> list[str]:
    return [path for path in asked if path != "/robots.txt"]


# -- bodies -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(bytes(range(256)) * 20, id="every byte"),
        pytest.param("\ufeff<html>ёй 🐺\u2028</html>".encode(), id="a mark of order, an emoji, a line separator"),
        pytest.param(b'{"result": "success", "data": "\\ud800 \\u0000"}', id="half a surrogate pair"),
        pytest.param(b"", id="nothing"),
        pytest.param(random.Random(7).randbytes(3_300_000), id="3.3 MB that can't be packed: more than one piece"),
    ],
)
def test_a_body_comes_byte_for_byte(make: Callable[[str], Fetcher], body: bytes) -> None:
    with serving(_site({"/tournament/7": Sent((body,))})) as server:
        answer = make(server.url).fetch(CARD)
    assert (answer.status, answer.body == body) == (200, True)


def test_every_form_is_the_same_from_the_site(make: Callable[[str], Fetcher], site: DemoSite) -> None:
    """Over HTTP and by fetch() from inside a page: the bytes that the site sent, and who asked in each request."""
    fetcher = make(site.url)
    wanted = [asks.robots(), CLUBS, asks.tournament(1), asks.player_page(2023, "north", 2), asks.judge_page()]
    with HttpFetcher(site.url, "club@example.org") as plain:
        for ask in wanted:
            assert fetcher.fetch(ask).body == plain.fetch(ask).body
    log = site.log()
    assert {request["user_agent"] for request in log["requests"]} == {"gomafia-kit/0.1.0 (+club@example.org)"}
    assert log["total"] == 2 * len(wanted)


def test_form_fields_arrive_as_they_are(make: Callable[[str], Fetcher], site: DemoSite) -> None:
    fields = (("year", "2024"), ("region", "all & ёй=+ %"), ("limit", "1"))
    ask = asks.Ask("player_list", "api", "POST", "/api/user/getTop", fields)
    assert b'"error"' in make(site.url).fetch(ask).body
    assert site.log(last=1)["requests"][0]["fields"] == dict(fields)


# -- redirects --------------------------------------------------------------------------------------


def test_a_redirect_to_the_main_page_is_content_and_a_request_of_its_own(make: Callable[[str], Fetcher]) -> None:
    main = Sent((b'<html><div class="MainIntro_main-intro__x1y2z"></div></html>',))
    counted: list[int] = []
    with serving(_site({"/tournament/7": Sent((b"",), 307, {"Location": "/"}), "/": main})) as server:
        fetcher = make(server.url)
        fetcher.fetch(asks.robots())
        answer = fetcher.fetch(CARD, lambda: counted.append(len(server.asked)))
    assert answer.body == main.pieces[0]
    assert _but_robots(server.asked) == ["/tournament/7", "/"]
    assert counted == [2]  # between the two


def test_a_redirect_to_another_host_is_refused_and_not_followed(make: Callable[[str], Fetcher]) -> None:
    with serving(_site({})) as elsewhere:
        target = f"{elsewhere.url}/trap"
        with serving(_site({"/tournament/7": Sent((b"",), 302, {"Location": target})})) as server:
            fetcher = make(server.url)
            with pytest.raises(
                AskRefusedError, match=f"leads to another host, {re.escape(elsewhere.url)}: not followed"
            ):
                fetcher.fetch(CARD)
            assert elsewhere.asked == []


def test_a_site_that_redirects_without_end_is_left(make: Callable[[str], Fetcher]) -> None:
    def answer(path: str) -> Sent:
        return ROBOTS if path == "/robots.txt" else Sent((b"",), 302, {"Location": f"{path}x"})

    with serving(answer) as server, pytest.raises(AskRefusedError, match="redirects more than 5 times"):
        make(server.url).fetch(CARD)
    assert len(_but_robots(server.asked)) == 6


# -- limits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "size"), [(5 << 20, "5,242,880"), (-1, "over 4,194,304")], ids=["told beforehand", "not told"]
)
def test_an_endless_answer_is_refused_with_its_size(make: Callable[[str], Fetcher], length: int, size: str) -> None:
    piece = b"x" * (1 << 20)
    pieces = (piece,) * 5 if length > 0 else (piece,) * 200
    with (
        serving(_site({"/tournament/7": Sent(pieces, length=length, pause=0.01)})) as server,
        pytest.raises(AskRefusedError, match=f"too large: {size} bytes, 4,194,304 at most"),
    ):
        make(server.url).fetch(CARD)


def test_an_answer_that_drips_is_given_up_in_time(make: Callable[[str], Fetcher]) -> None:
    with (
        serving(_site({"/tournament/7": Sent((b"x",) * 100, length=100, pause=0.2)})) as server,
        pytest.raises(SiteUnreachableError, match=r"no (whole )?answer within 3 s"),
    ):
        make(server.url).fetch(CARD)


def test_an_answer_that_was_cut_is_none(make: Callable[[str], Fetcher]) -> None:
    with (
        serving(_site({"/tournament/7": Sent((PAGE,), length=10 * len(PAGE))})) as server,
        pytest.raises(SiteUnreachableError, match="broke off"),
    ):
        make(server.url).fetch(CARD)


# -- statuses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 502, 503, 504, 500])
@pytest.mark.parametrize("body", [PAGE, b""], ids=["a page", "no body"])
def test_a_busy_site_is_told_as_such(make: Callable[[str], Fetcher], status: int, body: bytes) -> None:
    busy = Sent((body,), status, {"Content-Type": "text/html", "Retry-After": "7"})
    said = rf"(is busy|has a fault of its own) \(status {status}\) and asks to wait 7 s"
    with serving(_site({"/tournament/7": busy})) as server, pytest.raises(SiteBusyError, match=said) as told:
        make(server.url).fetch(CARD)
    assert told.value.retry_after == 7


def test_a_refusal_is_final(make: Callable[[str], Fetcher], site: DemoSite) -> None:
    site.fault("status", status=403, prefix="/api")
    with pytest.raises(AskRefusedError, match="answered with status 403") as told:
        make(site.url).fetch(CLUBS)
    assert told.value.remedy.startswith("Look at the site in a browser: if all is well there, run again later")


def test_html_for_json_means_come_back_later(make: Callable[[str], Fetcher], site: DemoSite) -> None:
    site.fault("html", prefix="/api")
    with pytest.raises(SiteBusyError, match="HTML came where JSON was expected"):
        make(site.url).fetch(CLUBS)


def test_json_that_is_labelled_as_html_is_json(make: Callable[[str], Fetcher]) -> None:
    body = b'{"result": "success", "data": []}'
    with serving(_site({"/api/club/getTop": Sent((body,))})) as server:
        fetcher = make(server.url)
        try:
            assert fetcher.fetch(asks.club_list()).body == body
        finally:
            fetcher.close()


@pytest.mark.parametrize("body", [b"nothing here", b""], ids=["a text", "no body"])
def test_without_robots_everything_goes_on(make: Callable[[str], Fetcher], body: bytes) -> None:
    """A browser fetches from inside another page then: the main page."""

    def answer(path: str) -> Sent:
        if path == "/robots.txt":
            return Sent((body,), 404, {"Content-Type": "text/plain"})
        return Sent()

    with serving(answer) as server:
        fetcher = make(server.url)
        assert fetcher.fetch(asks.robots()).status == 404
        assert fetcher.fetch(CARD).body == PAGE
