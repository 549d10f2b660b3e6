"""Proxies and certificates, by the usual environment variables."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from gomafia_kit import site as asks
from gomafia_kit.errors import SettingsError, SiteUnreachableError
from gomafia_kit.fetch.chromium import ChromiumFetcher
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.fetch.proxies import proxy_for
from tests.fetch.servers import PAGE, Sent, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from tests.fetch.servers import Server

FAR_AWAY = "http://gomafia.example"
CARD = asks.tournament_card(7)
_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir")


@pytest.fixture(autouse=True)
def _no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def proxy() -> Iterator[Server]:
    """A proxy that answers everything itself, so that nobody leaves this machine."""
    with serving(lambda _: Sent()) as server:
        yield server


@pytest.mark.parametrize("fetcher", [HttpFetcher, ChromiumFetcher])
def test_a_proxy_is_used_for_a_site_elsewhere(
    fetcher: type[HttpFetcher | ChromiumFetcher], proxy: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    with fetcher(FAR_AWAY, "club@example.org") as made:
        assert made.fetch(CARD).body == PAGE
    assert proxy.asked[-1] == f"{FAR_AWAY}/tournament/7"
    assert "gomafia-kit/0.1.0 (+club@example.org)" in proxy.headers[-1]["User-Agent"]


@pytest.mark.parametrize("fetcher", [HttpFetcher, ChromiumFetcher])
@pytest.mark.parametrize("ask", [CARD, asks.robots()])
def test_a_proxy_that_lets_nobody_through_is_not_taken_for_the_site(
    fetcher: type[HttpFetcher | ChromiumFetcher], ask: asks.Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda _: Sent(status=407, headers={"Proxy-Authenticate": 'Basic realm="club"'})) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with fetcher(FAR_AWAY, "") as made, pytest.raises(SiteUnreachableError, match=r"the proxy .* 407") as caught:
            made.fetch(ask)
    assert not caught.value.passing
    assert "name:password" in caught.value.remedy


@pytest.mark.parametrize("fetcher", [HttpFetcher, ChromiumFetcher])
def test_this_machine_is_no_business_of_a_proxys(
    fetcher: type[HttpFetcher | ChromiumFetcher], proxy: Server, site: DemoSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    with fetcher(site.url, "") as made:
        assert made.fetch(CARD).status == 200
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"HTTP_PROXY": "http://proxy:3128"}, {"server": "http://proxy:3128"}),
        ({"ALL_PROXY": "socks5://proxy:1080"}, {"server": "socks5://proxy:1080"}),
        (
            {"http_proxy": "http://me:p%40ss@proxy:3128"},
            {"server": "http://proxy:3128", "username": "me", "password": "p@ss"},
        ),
        ({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "gomafia.example"}, None),
        ({"HTTP_PROXY": "http://[::1]:3128"}, {"server": "http://[::1]:3128"}),
        ({"HTTPS_PROXY": "http://proxy:3128"}, None),
        ({}, None),
    ],
)
def test_which_proxy_chromium_is_told(
    environment: dict[str, str], expected: dict[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(FAR_AWAY) == expected


# -- certificates -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Server]:
    """A site whose certificate is signed by an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving(lambda _: Sent(), context) as server:
        yield server


@pytest.mark.parametrize("fetcher", [HttpFetcher, ChromiumFetcher])
def test_a_certificate_that_nobody_vouches_for_is_refused(
    fetcher: type[HttpFetcher | ChromiumFetcher], secure: Server
) -> None:
    said = {HttpFetcher: "its certificate isn't trusted here", ChromiumFetcher: "net::ERR_CERT_AUTHORITY_INVALID"}
    with fetcher(secure.url, "") as made, pytest.raises(SiteUnreachableError, match=said[fetcher]):
        made.fetch(CARD)
    assert secure.asked == []


def test_an_authority_that_ssl_cert_file_names_is_trusted(
    secure: Server, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "наши сертификаты.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with HttpFetcher(secure.url, "") as made:
        assert made.fetch(CARD).body == PAGE


def test_certificates_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    with pytest.raises(SettingsError, match=r"the environment names \(.*nothing\.pem\) can't be read"):
        HttpFetcher("https://gomafia.example", "")
