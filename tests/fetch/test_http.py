"""Asking over HTTP, with manners: real sockets, a real site, real faults."""

from __future__ import annotations

import json
import socket
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import site as asks
from gomafia_kit.errors import (
    AskFailedError,
    AskRefusedError,
    DisallowedError,
    NotInArchiveError,
    SettingsError,
    SiteUnreachableError,
)
from gomafia_kit.fetch.archive import Archive
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.fetch.manners import Gate, retry_after
from gomafia_kit.fetch.robots import Robots
from gomafia_kit.fetch.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.fetch.source import Fetcher


class Heard(list[str]):
    """The sentences that a source told."""


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def source(site: DemoSite, data_dir: Path, heard: Heard) -> Iterator[Source]:
    data_dir.mkdir()
    with Archive(data_dir, "demo") as archive:
        fetchers: dict[str, Callable[[], Fetcher]] = {"http": lambda: HttpFetcher(site.url, "club@example.org")}
        made = Source(archive, fetchers, Gate(0), heard.append)
        yield made
        made.close()


def test_an_answer_is_asked_for_once_and_then_comes_from_the_archive(source: Source, site: DemoSite) -> None:
    first = source.answer(asks.club_list(), None)
    second = source.answer(asks.club_list(), None)
    assert json.loads(first.body)["result"] == "success"
    assert (first.body, first.from_archive, second.from_archive) == (second.body, False, True)
    assert site.log()["counts"] == {"GET /robots.txt": 1, "POST /api/club/getTop": 1}


def test_who_asks_stands_in_every_request(source: Source, site: DemoSite) -> None:
    source.answer(asks.club_list(), None)
    agents = {request["user_agent"] for request in site.log()["requests"]}
    assert agents == {"gomafia-kit/0.1.0 (+club@example.org)"}


def test_an_old_answer_is_asked_for_again(source: Source) -> None:
    source.answer(asks.club_list(), None)
    assert source.answer(asks.club_list(), timedelta(hours=1)).from_archive is True
    assert source.answer(asks.club_list(), timedelta(0)).from_archive is False


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 502},
        {"kind": "status", "status": 504},
        {"kind": "status", "status": 429},
        {"kind": "reset"},
        {"kind": "cut"},
        {"kind": "html"},
        {"kind": "empty"},
    ],
)
def test_a_passing_fault_is_waited_out_and_told(
    source: Source, site: DemoSite, heard: Heard, fault: dict[str, object]
) -> None:
    site.fault(**fault, times=2, prefix="/api/")  # type: ignore[arg-type]  # the table above holds its words
    answer = source.answer(asks.club_list(), None)
    assert json.loads(answer.body)["result"] == "success"
    assert site.log()["counts"]["POST /api/club/getTop"] == 3
    assert [sentence.partition("Attempt ")[2][:6] for sentence in heard] == ["2 of 5", "3 of 5"]


def test_retry_after_is_obeyed(source: Source, site: DemoSite, heard: Heard) -> None:
    site.fault("status", status=429, retry_after="1", times=1, prefix="/api/")
    started = time.monotonic()
    source.answer(asks.club_list(), None)
    assert time.monotonic() - started >= 1
    assert "asks to wait 1 s" in heard[0]


def test_a_site_that_stays_busy_is_given_up_after_five_attempts(source: Source, site: DemoSite) -> None:
    site.fault("status", status=503, times=None, prefix="/api/")
    with pytest.raises(AskFailedError, match="the site is busy"):
        source.answer(asks.club_list(), None)
    assert site.log()["counts"]["POST /api/club/getTop"] == 5


def test_a_refusal_is_final_and_kept_as_evidence(source: Source, site: DemoSite) -> None:
    with pytest.raises(AskRefusedError):
        source.answer(asks.tournament(999_999), None)
    assert site.log()["counts"]["POST /api/tournament/get"] == 1


def test_nobody_listens(data_dir: Path, heard: Heard) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with HttpFetcher(url, "") as fetcher, pytest.raises(SiteUnreachableError, match="no connection"):
            fetcher.fetch(asks.club_list())


def test_an_address_that_cannot_be_used_is_named() -> None:
    with pytest.raises(SettingsError, match="can't be used"):
        HttpFetcher("http://[::1", "")


def test_offline_asks_nothing(site: DemoSite, data_dir: Path, heard: Heard) -> None:
    data_dir.mkdir()
    with Archive(data_dir, "demo") as archive:
        source = Source(archive, {}, Gate(0), heard.append)
        with pytest.raises(NotInArchiveError):
            source.answer(asks.club_list(), None)
    assert site.log()["total"] == 0


def test_robots_are_obeyed() -> None:
    robots = Robots("User-agent: *\nDisallow: /api/\nCrawl-delay: 3\n")
    assert robots.crawl_delay == 3
    with pytest.raises(DisallowedError, match=r"forbids /api/club/getTop"):
        robots.check(asks.club_list())
    Robots("User-agent: other\nDisallow: /\n").check(asks.club_list())
    Robots(None).check(asks.club_list())


def test_the_gate_lets_one_through_at_a_time() -> None:
    gate = Gate(0.1)
    started = time.monotonic()
    for _ in range(4):
        gate.wait()
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("5", 5.0), ("", None), (None, None), ("soon", None), ("-5", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)],
)
def test_what_retry_after_says(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, datetime(2026, 1, 1, tzinfo=UTC).timestamp()) == seconds


def test_retry_after_may_be_a_date() -> None:
    at = datetime(2015, 10, 21, 7, 27, 30, tzinfo=UTC).timestamp()
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT", at) == 30.0
