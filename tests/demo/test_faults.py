"""Faults happen as ordered: what kind, where, how often."""

from __future__ import annotations

import http.client
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from gomafia_kit.demo._faults import KINDS
from gomafia_kit.errors import SettingsError

if TYPE_CHECKING:
    from gomafia_kit.demo import DemoSite

CALL = "/api/tournament/get"


def ask(site: DemoSite, path: str = CALL, seconds: float = 5) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; http.client's errors as they are."""
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=seconds)
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        if path.startswith("/api/"):
            connection.request("POST", path, "id=1", form)
        else:
            connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def is_sound(site: DemoSite, path: str = CALL) -> bool:
    status, _, body = ask(site, path)
    return status == 200 and b'"result":"success"' in body


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_status_comes_so_many_times(own_site: DemoSite, status: int) -> None:
    own_site.fault("status", status=status, times=2)
    for _ in range(2):
        told, headers, body = ask(own_site)
        assert (told, "retry-after" in headers) == (status, False)
        assert body.startswith(b"<!DOCTYPE html>")
    assert is_sound(own_site)


def test_retry_after_in_seconds_and_as_a_date(own_site: DemoSite) -> None:
    day = format_datetime(datetime(2030, 1, 2, tzinfo=UTC), usegmt=True)
    own_site.fault("status", status=429, retry_after="3")
    own_site.fault("status", status=503, retry_after=day)
    assert [ask(own_site)[1]["retry-after"] for _ in range(2)] == ["3", day]


def test_a_page_in_place_of_json_and_an_empty_answer(own_site: DemoSite) -> None:
    own_site.fault("html")
    own_site.fault("empty")
    status, headers, body = ask(own_site)
    assert (status, headers["content-type"], body[:9]) == (200, "text/html; charset=utf-8", b"<!DOCTYPE")
    assert ask(own_site)[::2] == (200, b"")
    assert is_sound(own_site)


def test_a_cut_body_and_a_reset_connection(own_site: DemoSite) -> None:
    own_site.fault("cut")
    own_site.fault("reset")
    with pytest.raises(http.client.IncompleteRead):
        ask(own_site)
    with pytest.raises(ConnectionResetError):
        ask(own_site)
    assert is_sound(own_site)
    assert own_site.log()["statuses"] == {"None": 2, "200": 1}


def test_a_slow_answer_and_none_at_all(own_site: DemoSite) -> None:
    own_site.fault("delay", seconds=0.3)
    begun = time.monotonic()
    assert is_sound(own_site)
    assert time.monotonic() - begun >= 0.3
    own_site.fault("hang", seconds=30)
    with pytest.raises(TimeoutError):
        ask(own_site, seconds=0.3)
    assert is_sound(own_site)


def test_where_when_and_how_often(own_site: DemoSite) -> None:
    own_site.fault("status", prefix="/api/", skip=1, times=1)
    assert ask(own_site, "/robots.txt")[0] == 200
    assert [ask(own_site)[0] for _ in range(3)] == [200, 503, 200]
    own_site.fault("status", times=None, rate=0.5)
    statuses = [ask(own_site)[0] for _ in range(60)]
    assert 15 < statuses.count(503) < 45
    own_site.clear_faults()
    assert {ask(own_site)[0] for _ in range(20)} == {200}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [("earthquake", {}), ("status", {"often": 3}), ("status", {"times": "many"}), ("delay", {"seconds": "long"})],
)
def test_a_fault_that_is_none_is_refused(site: DemoSite, kind: str, fields: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=r"no fault.*status, reset, cut"):
        site.fault(kind, **fields)
    assert is_sound(site)


def test_every_fault_is_documented(docs: str) -> None:
    assert [kind for kind in KINDS if f"| `{kind}` |" not in docs] == []
