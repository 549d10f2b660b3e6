"""Rendered pages by the real Chromium of this machine, from the real demo site."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from gomafia_kit import site as asks
from gomafia_kit.errors import AskRefusedError, BrowserError, SettingsError, SiteBusyError, SiteUnreachableError
from gomafia_kit.fetch.chromium import ChromiumFetcher
from gomafia_kit.fetch.driver import children, drivers
from gomafia_kit.fetch.engine import PAGES_A_COLLECTION
from gomafia_kit.memory.probe import Probe
from gomafia_kit.parse.player_pages import parse_page
from gomafia_kit.records import Player
from tests.canary import WORD
from tests.fetch.servers import Sent, serving
from tests.postgres.machine import account, ordinary_environment, ordinary_folder, ordinary_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.demo import DemoSite

PAGE = asks.player_page(2024, "all", form="rendered")
SECONDS_TO_BE_GONE = 15


@pytest.fixture(scope="module")
def heard() -> list[str]:
    return []


@pytest.fixture(scope="module")
def fetcher(running_site: DemoSite, heard: list[str]) -> Iterator[ChromiumFetcher]:
    """One browser for the tests that leave it whole."""
    with ChromiumFetcher(running_site.url, "club@example.org", heard.append) as made:
        yield made


@pytest.fixture
def doomed(site: DemoSite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ChromiumFetcher]:
    """A browser of a test's own that has read one page; it gives up soon."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # a browser that was killed can't clear its profile away
    monkeypatch.setattr("gomafia_kit.fetch.chromium.SECONDS_OF_GRACE", 1.0)
    monkeypatch.setattr("gomafia_kit.fetch.chromium.SECONDS_TO_CLOSE", 2.0)
    before = set(drivers())
    with ChromiumFetcher(site.url, "", seconds_to_load=4) as made:
        made.fetch(PAGE)
        yield made
    assert set(drivers()) == before


def _browser_of(fetcher: ChromiumFetcher, kind: str = "") -> list[psutil.Process]:
    """The processes of its Chromium; `kind` is as Chromium names them."""
    assert fetcher._browser is not None
    found = [each for driver in fetcher._browser.drivers for each in children(driver, recursive=True)]
    return [each for each in found if kind in " ".join(each.cmdline())]


def _driver_of(fetcher: ChromiumFetcher) -> psutil.Process:
    assert fetcher._browser is not None
    (driver,) = fetcher._browser.drivers
    return driver


def _players_on(answer: asks.Answer) -> list[int]:
    return [record.player_id for record in parse_page(answer).records if isinstance(record, Player)]


@contextmanager
def _server(location: str | None = None) -> Iterator[tuple[str, list[str]]]:
    """A server that redirects to `location`, or answers with an empty page; and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302 if location else 200)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
        thread.join()


# -- pages ----------------------------------------------------------------------------------------


def test_a_page_is_what_the_site_shows(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    answer = fetcher.fetch(PAGE)
    assert (answer.status, answer.via, answer.from_archive) == (200, "chromium", False)
    assert _players_on(answer) == [line.person.player_id for line in site.league.rating(2024, "all")[:10]]


def test_exactly_one_request_a_page_that_says_who_asks(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    pages = [asks.player_page(year, "all", page, "rendered") for year in (2023, 2024, 2025) for page in (1, 2, 3, 4)]
    for page in pages:
        fetcher.fetch(page)
    log = site.log()
    assert log["counts"] == {"GET /rating": len(pages)}
    assert {request["user_agent"] for request in log["requests"]} == {"gomafia-kit/0.1.0 (+club@example.org)"}


def test_year_region_and_page_stand_in_the_address(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    fetcher.fetch(asks.player_page(2023, "volga_region", 2, "rendered"))
    (request,) = site.log()["requests"]
    assert request["query"] == "yearUsers=2023&regionUsers=volga_region&pageUsers=2"


def test_it_works_where_an_event_loop_runs(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    """As in a notebook, whose cells run inside one."""

    async def cell() -> int:
        return fetcher.fetch(PAGE).status

    assert asyncio.run(cell()) == 200


def test_as_root_it_says_that_there_is_no_sandbox_and_says_it_once(fetcher: ChromiumFetcher, heard: list[str]) -> None:
    fetcher.fetch(PAGE)
    as_root = ["Chromium runs without its sandbox: it has none as root."]
    assert heard == (as_root if os.geteuid() == 0 else [])
    assert bool(_browser_of(fetcher, "--no-sandbox")) == (os.geteuid() == 0)


_AS_ORDINARY_USER = """
import sys
from gomafia_kit import site
from gomafia_kit.fetch.chromium import ChromiumFetcher
from gomafia_kit.fetch.driver import children
said = []
with ChromiumFetcher(sys.argv[1], "", said.append) as fetcher:
    status = fetcher.fetch(site.player_page(2024, "all", form="rendered")).status
    (driver,) = fetcher._browser.drivers
    lines = [" ".join(each.cmdline()) for each in children(driver, recursive=True)]
print(status, said, sum("--type=renderer" in line for line in lines), sum("--no-sandbox" in line for line in lines))
"""


def test_an_ordinary_user_keeps_the_sandbox(site: DemoSite) -> None:
    home = ordinary_folder("дом")
    try:
        done = subprocess.run(
            [*ordinary_python(), "-c", _AS_ORDINARY_USER, site.url],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={**ordinary_environment(), "HOME": str(home), "TMPDIR": str(home)} | _named_chromium(),
            **account(),
        )
    finally:
        shutil.rmtree(home.parent)
    assert (done.returncode, done.stdout) == (0, "200 [] 1 0\n"), done.stderr


def _named_chromium() -> dict[str, str]:
    return {name: os.environ[name] for name in ("GOMAFIA_CHROMIUM",) if name in os.environ}


def test_no_secret_is_handed_to_driver_and_browser(site: DemoSite, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "GOMAFIA_POSTGRES_URL": f"postgresql://a:{WORD}@h/d",
        "PGPASSWORD": WORD,
        "http_proxy": f"http://a:{WORD}@h",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with ChromiumFetcher(site.url, "") as fetcher:
        fetcher.fetch(PAGE)
        told = [each.environ() for each in [_driver_of(fetcher), *_browser_of(fetcher)]]
    assert all("PATH" in environment for environment in told[:2])  # Chromium's own children overwrite theirs
    assert [environment for environment in told if WORD in repr(environment)] == []
    assert dict(os.environ) == before


def test_the_drivers_heap_is_capped_and_our_environment_left_alone(fetcher: ChromiumFetcher) -> None:
    fetcher.fetch(PAGE)
    assert "--max-old-space-size=48" in _driver_of(fetcher).environ()["NODE_OPTIONS"]
    assert "NODE_OPTIONS" not in os.environ


def test_no_process_of_chromium_gets_a_password(site: DemoSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMAFIA_POSTGRES_URL", "postgresql://anna:k4narienvogel@127.0.0.1:1/league")
    monkeypatch.setenv("PGPASSWORD", "k4narienvogel")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("https_proxy", "http://anna:k4narienvogel@127.0.0.1:1")
    with ChromiumFetcher(site.url, "club@example.org") as made:
        made.fetch(PAGE)
        browser = children(_driver_of(made), recursive=True)
        # As the kernel has it of each; what forks of a zygote wrote over tells nothing.
        told = [Path(f"/proc/{process.pid}/environ").read_bytes() for process in browser]
    assert any(b"PATH=" in each for each in told)
    assert not any(b"k4narienvogel" in each for each in told)


def test_its_memory_is_told_by_part(fetcher: ChromiumFetcher) -> None:
    fetcher.fetch(PAGE)
    uses = {use.part: use for use in Probe().tree()}
    kinds = ["chromium.browser", "chromium.gpu", "chromium.renderer", "chromium.utility", "chromium.zygote"]
    assert list(uses) == ["python", "driver", "chromium", *kinds, "tree"]
    assert sum(uses[kind].pss_mb or 0 for kind in kinds) == pytest.approx(uses["chromium"].pss_mb)
    assert all(0 < (use.uss_mb or 0) <= (use.pss_mb or 0) for use in uses.values())
    assert 50 < uses["chromium"].best_mb < 600
    assert 50 < uses["driver"].best_mb < 200
    assert (uses["chromium"].pss_mb or 0) < 0.8 * uses["chromium"].rss_mb  # shared pages count once
    parts = [uses[part].pss_mb or 0 for part in ("python", "driver", "chromium")]
    assert uses["tree"].pss_mb == pytest.approx(sum(parts))


def test_its_pages_tell_their_heap_and_their_nodes(fetcher: ChromiumFetcher) -> None:
    fetcher.fetch(PAGE)
    told = {(part, name): figure for part, name, figure in fetcher.gauges()}
    assert told["chromium", "pages"] == told["chromium", "contexts"] == 1
    assert told["page.1", "nodes"] > 100
    assert 0.5 < told["page.1", "js_heap_mb"] < told["page.1", "js_heap_limit_mb"] < 100
    assert told["chromium", "loop_lag_ms"] < 300


def test_a_browser_that_was_not_needed_tells_nothing(site: DemoSite) -> None:
    with ChromiumFetcher(site.url, "") as made:
        assert made.gauges() == []


def test_after_so_many_pages_another_browser_goes_on(site: DemoSite) -> None:
    with ChromiumFetcher(site.url, "", pages_per_browser=2) as made:
        browsers = []
        for _ in range(3):
            assert _players_on(made.fetch(PAGE))
            browsers.append(_driver_of(made).pid)
        assert browsers[0] == browsers[1] != browsers[2]
        made.rest()
        assert drivers() == [] or browsers[2] not in {driver.pid for driver in drivers()}
        assert _players_on(made.fetch(PAGE))


# -- faults of the site ---------------------------------------------------------------------------


def test_a_busy_site_is_told_as_such(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    site.fault("status", status=429, retry_after="3", prefix="/rating")
    with pytest.raises(SiteBusyError, match=r"busy \(status 429\) and asks to wait 3 s") as told:
        fetcher.fetch(PAGE)
    assert told.value.retry_after == 3
    assert fetcher.fetch(PAGE).status == 200


def test_a_refusal_is_final(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    site.fault("status", status=403, prefix="/rating")
    with pytest.raises(AskRefusedError, match="answered with status 403"):
        fetcher.fetch(PAGE)


def test_a_page_that_was_cut_is_no_page(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    """Chromium shows the half that came, and never says that the document is loaded."""
    site.fault("cut", prefix="/rating")
    with pytest.raises(SiteUnreachableError, match="the page broke off"):
        fetcher.fetch(PAGE)
    assert len(_players_on(fetcher.fetch(PAGE))) == 10


def test_nobody_there_is_unreachable() -> None:
    with (
        ChromiumFetcher("http://127.0.0.1:9", "") as lonely,  # the discard port: nobody listens
        pytest.raises(SiteUnreachableError, match=r"http://127\.0\.0\.1:9/rating.*net::ERR_"),
    ):
        lonely.fetch(PAGE)


def test_a_redirect_to_another_host_is_refused_and_not_followed() -> None:
    with _server() as (elsewhere, asked):
        other_name = elsewhere.replace("127.0.0.1", "localhost")
        with _server(f"{other_name}/trap") as (here, _), ChromiumFetcher(here, "") as misled:
            with pytest.raises(AskRefusedError, match=f"leads to another host, {other_name}: not followed"):
                misled.fetch(PAGE)
            assert asked == []


def test_a_redirect_to_another_port_is_refused() -> None:
    with (
        _server() as (elsewhere, _),
        _server(f"{elsewhere}/trap") as (here, _),
        ChromiumFetcher(here, "") as misled,
        pytest.raises(AskRefusedError, match=f"leads to another host, {elsewhere}"),
    ):
        misled.fetch(PAGE)


# -- a browser that dies or hangs -----------------------------------------------------------------


def test_a_browser_that_dies_is_an_error_and_the_next_ask_has_another(doomed: ChromiumFetcher) -> None:
    for process in _browser_of(doomed):
        with suppress(psutil.NoSuchProcess):  # it ended with the one before it
            process.kill()
    with pytest.raises(BrowserError, match="Chromium failed at"):
        doomed.fetch(PAGE)
    assert len(_players_on(doomed.fetch(PAGE))) == 10


def test_a_driver_that_dies_takes_its_browser_along(doomed: ChromiumFetcher) -> None:
    left = _browser_of(doomed)
    _driver_of(doomed).kill()
    with pytest.raises(BrowserError, match="Chromium failed at"):
        doomed.fetch(PAGE)
    assert psutil.wait_procs(left, SECONDS_TO_BE_GONE)[1] == []
    assert len(_players_on(doomed.fetch(PAGE))) == 10


def test_a_driver_that_hangs_is_ended(doomed: ChromiumFetcher) -> None:
    driver, left = _driver_of(doomed), _browser_of(doomed)
    driver.suspend()
    with pytest.raises(BrowserError, match="Chromium hung at"):
        doomed.fetch(PAGE)
    assert psutil.wait_procs([driver, *left], SECONDS_TO_BE_GONE)[1] == []


def test_a_page_that_hangs_is_given_up_and_its_browser_with_it(doomed: ChromiumFetcher) -> None:
    hung = _browser_of(doomed, "--type=renderer")
    for process in hung:
        process.suspend()
    with pytest.raises(SiteUnreachableError, match="no answer within 4 s"):
        doomed.fetch(PAGE)
    assert psutil.wait_procs(hung, SECONDS_TO_BE_GONE)[1] == []
    assert len(_players_on(doomed.fetch(PAGE))) == 10


def test_nothing_is_left_when_we_are_killed(site: DemoSite, tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from gomafia_kit import site\n"
        "from gomafia_kit.fetch.chromium import ChromiumFetcher\n"
        "ChromiumFetcher(sys.argv[1], '').fetch(site.player_page(2024, 'all', form='rendered'))\n"
        "print('read', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, site.url], stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"read\n"
        below = children(psutil.Process(process.pid), recursive=True)
        process.kill()
    assert len(below) >= 3
    assert psutil.wait_procs(below, SECONDS_TO_BE_GONE)[1] == []
    give_up = time.monotonic() + SECONDS_TO_BE_GONE
    while any(tmp_path.iterdir()) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []


def test_without_a_browser_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GOMAFIA_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    with ChromiumFetcher("http://127.0.0.1:9", "") as bare, pytest.raises(BrowserError, match="No Chromium was found"):
        bare.fetch(PAGE)


def test_a_wrong_name_for_the_browser_is_told_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, site: DemoSite
) -> None:
    monkeypatch.setenv("GOMAFIA_CHROMIUM", str(tmp_path / "nothing"))
    with ChromiumFetcher(site.url, "") as misnamed, pytest.raises(SettingsError, match="is no Chromium that runs here"):
        misnamed.fetch(PAGE)
    assert site.log()["total"] == 0


# -- a browser that has had its asks ---------------------------------------------------------------


def test_after_so_many_asks_another_browser_takes_its_place_and_asks_for_nothing_more(
    site: DemoSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gomafia_kit.fetch.engine.FETCHES_A_GROUND", 2)
    wanted = [asks.tournament(number) for number in range(1, 8)]
    before = set(drivers())
    used: set[int] = set()
    site.log(reset=True)
    with ChromiumFetcher(site.url, "", pages_per_browser=3) as fetcher:
        fetcher.fetch(asks.robots())
        for ask in wanted:
            told = json.loads(fetcher.fetch(ask).body)["data"]["tournament"]["id"]
            assert str(told) == dict(ask.fields)["id"]  # a number here, a text there: so is the site
            used.add(_driver_of(fetcher).pid)
    assert len(used) == 3
    assert set(drivers()) == before
    seen = [entry["path"] for entry in site.log(last=20)["requests"]]
    assert seen == ["/robots.txt", *(ask.path for ask in wanted)]


def test_the_next_browser_goes_on_with_the_cookies_of_the_one_before() -> None:
    headers = {"Content-Type": "text/plain", "Set-Cookie": "shown=1; Path=/"}
    with (
        serving(lambda _path: Sent((b"User-agent: *",), headers=headers)) as server,
        ChromiumFetcher(server.url, "", pages_per_browser=1) as fetcher,
    ):
        fetcher.fetch(asks.robots())
        fetcher.fetch(asks.robots())
    assert [told.get("Cookie") for told in server.headers] == [None, "shown=1"]


def test_what_came_is_kept_in_no_cache() -> None:
    page = b"<!doctype html><title>long</title><!--" + b"x" * (512 << 10) + b"-->"
    with (
        serving(lambda _path: Sent((page,), headers={"Content-Type": "text/html"})) as server,
        ChromiumFetcher(server.url, "") as fetcher,
    ):
        taken = []
        for number in range(1, 21):
            fetcher.fetch(asks.tournament_games_page(number, asks.RENDERED))
            if number % PAGES_A_COLLECTION == 0:
                taken.append(_network_mb(fetcher))
    assert taken[1] < taken[0] + 2  # ten pages would be five


def _network_mb(fetcher: ChromiumFetcher) -> float:
    """What the process holds, beside files, through which Chromium asks."""
    (process,) = [
        each for each in children(_driver_of(fetcher), recursive=True) if "network.mojom" in " ".join(each.cmdline())
    ]
    told = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii")
    return int(next(line.split()[1] for line in told.splitlines() if line.startswith("Pss_Anon:"))) / 1024
