"""What the network does between us and the site: by a proxy that spoils answers, and by addresses that don't work."""

from __future__ import annotations

import re
import ssl
import time
from typing import TYPE_CHECKING, Final

import pytest
import trustme

from gomafia_kit import site as asks
from gomafia_kit.errors import SiteUnreachableError
from gomafia_kit.fetch.archive import Archive
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.fetch.manners import Gate
from gomafia_kit.fetch.source import Source
from tests.faults.proxy import nobody_accepts, spoiling
from tests.faults.seen import lost, told
from tests.fetch.servers import Sent, serving
from tests.imports import run_import

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from tests.faults.conftest import Fault

SECONDS: Final = 0.5
ASK: Final = asks.tournament(1)
SPOILT: Final = {
    "a length that is too long": "longer",
    "a length that is too short": "shorter",
    "a wrong encoding": "encoding",
}
REFUSED: Final = {
    "an answer larger than 64 MB": "endless",
    "a gzip bomb": "bomb",
    "a redirect to another host": "elsewhere",
}
LATE: Final = {"no answer in time": "silence", "an answer that drips": "drip"}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path, "demo") as made:
        yield made


def test_what_is_spoilt_on_its_way_is_asked_again_or_left_out(site: DemoSite, data_dir: Path, fault: Fault) -> None:
    with spoiling(site.url, "/api/tournament/get") as proxy:
        proxy.faults = ["", *(spoilt for kind in SPOILT.values() for spoilt in (kind, "")), *REFUSED.values()]
        told_to = {"stages": "tournaments,games", "form": "api", "via": "http"}
        run_import(proxy.url, data_dir, **told_to)
        assert proxy.faults == []
        first = told(data_dir)
        left_out = [notice for notice in first.notices if notice.endswith("It is left out.")]
        assert len(left_out) == len(REFUSED), first.notices
        run = run_import(proxy.url, data_dir, **told_to, retry=True)
    assert run.receipt is not None
    assert run.receipt["asks"]["made"] == len(REFUSED)
    loss = lost(data_dir, site.league)
    for name, notice in zip(SPOILT, first.notices, strict=False):
        fault.told(name, sees=notice, lost=loss, seconds=first.seconds)
    for name, notice in zip(REFUSED, left_out, strict=True):
        later = loss or ["nothing, once it is asked again: by the next run, or by gomafia retry"]
        fault.told(name, sees=notice, lost=later, seconds=first.seconds)


def test_a_list_that_became_empty_is_asked_once_more(site: DemoSite, data_dir: Path, fault: Fault) -> None:
    with spoiling(site.url, "/api/tournament/getAll") as proxy:
        run_import(proxy.url, data_dir, stages="tournaments", form="api")
        proxy.faults = ["emptied"]
        run_import(proxy.url, data_dir, stages="tournaments", form="api", refresh=True)
        assert proxy.faults == []
    seen, loss = told(data_dir), lost(data_dir, site.league, ("tournament",))
    fault.told("a list that became empty", sees=seen.notices[0], lost=loss, seconds=seen.seconds)


@pytest.mark.parametrize("name", LATE)
def test_what_comes_too_late_is_asked_again(name: str, site: DemoSite, archive: Archive, fault: Fault) -> None:
    heard: list[str] = []
    with spoiling(site.url, ASK.path) as proxy:
        source = Source(archive, {"http": lambda: HttpFetcher(proxy.url, "", seconds=SECONDS)}, Gate(0), heard.append)
        proxy.faults = [LATE[name]]
        began = time.monotonic()
        answer = source.answer(ASK, None)
        seconds = time.monotonic() - began
        source.close()
    with HttpFetcher(site.url, "") as straight:
        assert answer.body == straight.fetch(ASK).body
    fault.told(name, sees=heard[0], seconds=seconds)


def ends_with(url: str, archive: Archive) -> tuple[SiteUnreachableError, list[str], float]:
    """What an ask at that address ends with, what was told before, and how long it took."""
    heard: list[str] = []
    source = Source(archive, {"http": lambda: HttpFetcher(url, "", seconds=SECONDS)}, Gate(0), heard.append)
    began = time.monotonic()
    with pytest.raises(SiteUnreachableError) as caught:
        source.answer(ASK, None)
    source.close()
    return caught.value, heard, time.monotonic() - began


def test_a_connection_that_stalls_is_given_up(archive: Archive, fault: Fault) -> None:
    with nobody_accepts() as url:
        error, heard, seconds = ends_with(url, archive)
    assert len(heard) == 4
    fault.told("no connection in time", sees=str(error), seconds=seconds)


def test_a_name_that_nobody_knows_is_named(archive: Archive, fault: Fault) -> None:
    error, heard, seconds = ends_with("http://gomafia.invalid", archive)
    assert len(heard) == 4
    sees = re.sub(r"\(\[Errno -?\d+\].*?\)", "(...)", str(error))  # each system has words of its own
    fault.told("a name that nobody knows", sees=sees, seconds=seconds)


def test_a_certificate_that_nobody_vouches_for_ends_at_once(archive: Archive, fault: Fault) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with serving(lambda _: Sent(), context) as server:
        error, heard, seconds = ends_with(server.url, archive)
    assert heard == []
    assert server.asked == []
    fault.told("a certificate that nobody vouches for", sees=str(error), seconds=seconds)
