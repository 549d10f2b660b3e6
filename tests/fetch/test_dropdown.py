"""The drop-down of years on a stats page, on the demo site and on pages built otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import site as asks
from gomafia_kit.errors import (
    AskRefusedError,
    BrowserError,
    LayoutChangedError,
    NoSuchPageError,
    SiteBusyError,
    SiteUnreachableError,
)
from gomafia_kit.fetch.chromium import ChromiumFetcher
from gomafia_kit.fetch.source import check_page
from tests.fetch.servers import Sent, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gomafia_kit.demo import DemoSite
    from tests.fetch.servers import Server


@pytest.fixture(scope="module")
def fetcher(running_site: DemoSite) -> Iterator[ChromiumFetcher]:
    with ChromiumFetcher(running_site.url, "club@example.org") as made:
        yield made


def figures(player_id: int, year: int) -> asks.Ask:
    return asks.player_statistics_page(player_id, year, "rendered")


def test_the_chosen_year_is_shown(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    player = max(site.league.world.people, key=lambda each: len(site.league.careers.years(each)))
    for year in (2022, 2023, 2024, 2023):
        shown = fetcher.fetch(figures(player, year)).body.decode()
        games = site.league.figures(player, year).games
        assert f'content-amount__{shown.partition("content-amount__")[2][:5]}">{games}</div>' in shown
        assert f">{year}</span>" in shown
        assert site.league.shown_elo(player, year) in shown


def test_it_costs_each_page_and_script_once_and_a_call_a_year(site: DemoSite) -> None:
    """However often the browser is replaced: not while a page is open on which another year is wanted."""
    counted: list[None] = []
    with ChromiumFetcher(site.url, "", pages_per_browser=1) as made:
        for player, year in ((1, 2023), (1, 2022), (1, 2024), (2, 2023)):
            made.fetch(figures(player, year), lambda: counted.append(None))
    log = site.log()
    scripts = {path: count for path, count in log["counts"].items() if ".js" in path}
    others = {path: count for path, count in log["counts"].items() if ".js" not in path}
    assert others == {"GET /stats/1": 1, "GET /stats/2": 1, "POST /api/stats/get": 4}
    assert list(scripts.values()) == [1, 1]
    assert log["total"] == 4 + len(counted)


def test_a_page_that_is_left_or_shows_the_year_already_is_opened_anew(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    for ask in (figures(1, 2023), figures(1, 2023), asks.player_list(2023, "all"), figures(1, 2022)):
        fetcher.fetch(ask)
    pages = [path for path in site.log()["counts"].items() if "stats" in path[0] and ".js" not in path[0]]
    assert pages == [("GET /stats/1", 3), ("POST /api/stats/get", 3)]


def test_a_page_that_opens_with_the_year_needs_no_call(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    site.set_switches(stats_opens="season")
    try:
        shown = fetcher.fetch(figures(4, 2024)).body.decode()
    finally:
        site.set_switches(stats_opens="all")
    assert ">2024</span>" in shown
    assert "POST /api/stats/get" not in site.log()["counts"]


def test_a_year_that_is_not_in_the_list_is_refused_by_name(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    """The page goes on: it needn't be asked to say so of another year, or to show one that it has."""
    no_such_year = "the drop-down of years has no {}, only Все, 2024, 2023, 2022"
    for year, was_asked in ((2019, True), (2018, False)):
        with pytest.raises(NoSuchPageError, match=no_such_year.format(year)) as told:
            fetcher.fetch(figures(2, year))
        assert told.value.was_asked is was_asked
    assert b">2023</span>" in fetcher.fetch(figures(2, 2023)).body
    assert site.log()["counts"]["GET /stats/2"] == 1


def test_a_player_without_years_has_none_to_choose(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    player = next(each for each in site.league.world.people if not site.league.careers.years(each))
    site.set_switches(idle_years="absent")
    try:
        with pytest.raises(NoSuchPageError, match=r"has no 2023, only Все\."):
            fetcher.fetch(figures(player, 2023))
    finally:
        site.set_switches(idle_years="shown")


def test_a_busy_call_is_a_busy_site(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    site.fault("status", status=429, retry_after="3", prefix="/api/stats")
    with pytest.raises(SiteBusyError, match=r"/api/stats/get: the site is busy \(status 429\) and asks to wait 3 s"):
        fetcher.fetch(figures(1, 2023))


def test_html_in_place_of_the_call_means_come_back_later(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    site.fault("html", prefix="/api/stats")
    with pytest.raises(SiteBusyError, match="HTML came where JSON was expected"):
        fetcher.fetch(figures(1, 2023))


@pytest.mark.parametrize("kind", ["reset", "cut"])
def test_a_call_that_breaks_off_is_told_at_once(fetcher: ChromiumFetcher, site: DemoSite, kind: str) -> None:
    site.fault(kind, prefix="/api/stats", times=2)  # Chromium itself tries a reset connection twice
    with pytest.raises(SiteUnreachableError, match="the choice of a year got no answer"):
        fetcher.fetch(figures(1, 2023))
    site.clear_faults()
    assert b">2023</span>" in fetcher.fetch(figures(1, 2023)).body


def test_a_page_that_stands_in_for_the_sites_means_come_back_later() -> None:
    with serving(lambda _: Sent((b"<html><body>One moment, please</body></html>",))) as server:
        with ChromiumFetcher(server.url, "", seconds_to_load=5) as made:
            came = made.fetch(figures(7, 2023))
        assert server.asked == ["/stats/7"]
    with pytest.raises(SiteBusyError, match="a page came that has nothing of the site"):
        check_page(came)


def test_nobody_with_that_id_is_the_main_page(fetcher: ChromiumFetcher) -> None:
    assert b"MainIntro_main-intro" in fetcher.fetch(figures(999_999, 2023)).body


def test_without_a_choice_no_script_runs(fetcher: ChromiumFetcher, site: DemoSite) -> None:
    fetcher.fetch(figures(1, 2023))
    site.log(reset=True)
    fetcher.fetch(asks.tournament_card(1, "rendered"))
    assert site.log()["counts"] == {"GET /tournament/1": 1}


# -- pages built otherwise ----------------------------------------------------------------------------

_SELECT = '<div class="Select_select__aaaaa"><span class="Select_select__selected-span__bbbbb">Все</span></div>'
_AMOUNT = '<div class="stats__stat-main-bottom-block-left-content-amount__ccccc">50</div>'
_CHOOSE = """
const span = document.querySelector('span'), amount = document.querySelector('[class*="content-amount"]');
const choose = async year => {
  const answer = await (await fetch('/api/stats/get', {method: 'POST', body: 'period=' + year})).json();
  if (answer.result !== 'success') return;
  span.textContent = year;
  REDRAW
};
const open = parent => {
  const list = document.createElement('ul');
  for (const year of ['Все', '2024', '2023']) {
    const item = document.createElement('li');
    item.textContent = year;
    item.onclick = () => { list.remove(); choose(year); };
    list.append(item);
  }
  parent.append(list);
};
"""
_REDRAW = "amount.textContent = answer.data.stats.primary.total_games;"
_IN_PLACE = "span.onclick = () => open(span.parentElement);"
_IN_A_PORTAL = "span.onclick = () => open(document.body);"
_LATE = "setTimeout(() => { span.onclick = () => open(document.body); }, 900);"
_SLOWLY = "setTimeout(() => { " + _REDRAW + " }, 800);"
_COUNTING_UP = (
    "let n = 0; const t = setInterval(() => { amount.textContent = ++n; if (n >= 12) clearInterval(t); }, 40);"
)


def _stats_page(script: str, call: bytes = b"", body: str = _SELECT + _AMOUNT) -> Callable[[str], Sent]:
    page = f"<html><body>{body}<script>{script}</script></body></html>".encode()
    answer = call or json.dumps({"result": "success", "data": {"stats": {"primary": {"total_games": "12"}}}}).encode()

    def send(path: str) -> Sent:
        return Sent((answer,)) if path.startswith("/api/") else Sent((page,))

    return send


def _chosen(server: Server, year: int = 2023) -> str:
    with ChromiumFetcher(server.url, "", seconds_to_load=5) as made:
        return made.fetch(figures(7, year)).body.decode()


@pytest.mark.parametrize(
    ("opening", "redraw"),
    [(_IN_PLACE, _REDRAW), (_IN_A_PORTAL, _REDRAW), (_LATE, _REDRAW), (_IN_PLACE, _SLOWLY), (_IN_PLACE, _COUNTING_UP)],
    ids=["in place", "in a portal", "brought to life late", "redrawn late", "counting up"],
)
def test_however_it_is_built_the_year_is_chosen(opening: str, redraw: str) -> None:
    with serving(_stats_page(_CHOOSE.replace("REDRAW", redraw) + opening)) as server:
        shown = _chosen(server)
        assert server.asked == ["/stats/7", "/api/stats/get"]
    assert '__ccccc">12</div>' in shown
    assert '__bbbbb">2023</span>' in shown


def test_a_choice_that_is_redirected_ends_where_it_leads() -> None:
    page = _stats_page(_CHOOSE.replace("REDRAW", _REDRAW) + _IN_PLACE)

    def send(path: str) -> Sent:
        return Sent((), 308, {"Location": f"{path}/"}) if path == "/api/stats/get" else page(path)

    with serving(send) as server:
        assert '__ccccc">12</div>' in _chosen(server)
        assert server.asked == ["/stats/7", "/api/stats/get", "/api/stats/get/"]


def test_years_with_the_same_games_are_told_apart_however_late_they_are_drawn() -> None:
    elo = "<div><span>Общий ELO</span><b>1000</b></div>"
    redraw = "setTimeout(() => { document.querySelector('b').textContent = answer.data.user.elo; }, 600);"
    script = _CHOOSE.replace("REDRAW", _REDRAW + redraw).replace("get'", "get?' + year") + _IN_PLACE
    page = _stats_page(script, body=_SELECT + _AMOUNT + elo)

    def send(path: str) -> Sent:
        told = {"user": {"elo": f"{path[-4:]}.5"}, "stats": {"primary": {"total_games": 12}}}
        return Sent((json.dumps({"result": "success", "data": told}).encode(),)) if "/api/" in path else page(path)

    with serving(send) as server, ChromiumFetcher(server.url, "", seconds_to_load=5) as made:
        for year in (2023, 2024):
            assert f"<b>{year}.5</b>" in made.fetch(figures(7, year)).body.decode()
    assert server.asked == ["/stats/7", "/api/stats/get?2023", "/api/stats/get?2024"]


def test_what_fails_on_the_page_that_is_open_is_tried_on_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gomafia_kit.fetch.dropdown.MILLISECONDS_TO_REDRAW", 500)
    only_once = "if (amount.textContent === '50') " + _REDRAW + " else amount.textContent = '?';"
    counted: list[None] = []
    with (
        serving(_stats_page(_CHOOSE.replace("REDRAW", only_once) + _IN_PLACE)) as server,
        ChromiumFetcher(server.url, "", seconds_to_load=5) as made,
    ):
        for year in (2023, 2024):
            shown = made.fetch(figures(7, year), lambda: counted.append(None)).body.decode()
            assert ('__ccccc">12</div>' in shown, f"{year}</span>" in shown) == (True, True)
    assert server.asked == ["/stats/7", "/api/stats/get", "/api/stats/get", "/stats/7", "/api/stats/get"]
    assert len(counted) == len(server.asked) - 2  # each ask's first request was its own


def test_a_page_that_never_shows_the_year_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gomafia_kit.fetch.dropdown.MILLISECONDS_TO_REDRAW", 1_000)
    with (
        serving(_stats_page(_CHOOSE.replace("REDRAW", "") + _IN_PLACE)) as server,
        pytest.raises(BrowserError, match="2023 was chosen, but the page never came to show its 12 games"),
    ):
        _chosen(server)


def test_a_refused_choice_is_not_taken_for_the_year() -> None:
    call = b'{"result": "error", "message": "no"}'
    with (
        serving(_stats_page(_CHOOSE.replace("REDRAW", _REDRAW) + _IN_PLACE, call)) as server,
        pytest.raises(AskRefusedError, match="the site answered 'error' to the choice"),
    ):
        _chosen(server)


@pytest.mark.parametrize("call", [b"nothing", b'{"result": "success", "data": {}}', b"[]"])
def test_a_call_that_says_something_else_is_a_changed_layout(call: bytes) -> None:
    with (
        serving(_stats_page(_CHOOSE.replace("REDRAW", _REDRAW) + _IN_PLACE, call)) as server,
        pytest.raises(LayoutChangedError, match=r"sought data\.stats\.primary\.total_games in"),
    ):
        _chosen(server)


@pytest.mark.parametrize(
    ("body", "script", "said"),
    [
        (_AMOUNT, "", "sought the drop-down of years .* found 0 of them"),
        (_SELECT + _AMOUNT, "", "sought the options of the drop-down of years, found none"),
    ],
    ids=["no drop-down", "no options"],
)
def test_a_page_without_it_is_a_changed_layout(
    body: str, script: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gomafia_kit.fetch.dropdown.MILLISECONDS_TO_OPEN", 1_000)
    with serving(_stats_page(script, body=body)) as server, pytest.raises(LayoutChangedError, match=said):
        _chosen(server)


_HEAD = """
<link rel="preload" as="script" href="/_next/static/chunks/a.js">
<link rel="modulepreload" href="/_next/static/chunks/b.js">
<link rel="stylesheet" href="/x.css"><script src="/_next/static/chunks/a.js" defer></script>
<script type="module" src="/_next/static/chunks/b.js"></script>
<script>
new Worker('/w.js'); navigator.sendBeacon('/api/beacon'); fetch('/api/me').catch(() => 0); new Image().src = '/pix?x=1';
</script>
"""


def test_a_page_that_wants_more_gets_its_scripts_once_and_its_call() -> None:
    """Preloads, modules, lazy scripts; a worker, a beacon, another call, a picture and a style are turned away."""
    script = (_CHOOSE.replace("REDRAW", _REDRAW) + _IN_PLACE + "import('/_next/static/chunks/lazy.js');").encode()
    otherwise = _stats_page("", body=_HEAD + _SELECT + _AMOUNT)

    def send(path: str) -> Sent:
        if path.endswith(".js"):
            return Sent(
                (script if path.endswith("a.js") else b"window.x = 1;",), headers={"Content-Type": "text/javascript"}
            )
        return otherwise(path)

    scripts = [f"/_next/static/chunks/{name}.js" for name in ("a", "b", "lazy")]
    with serving(send) as server, ChromiumFetcher(server.url, "", seconds_to_load=5) as made:
        for _ in range(2):
            assert b'__ccccc">12</div>' in made.fetch(figures(7, 2023)).body
    assert server.asked == ["/stats/7", *scripts, "/api/stats/get", "/stats/7", "/api/stats/get"]
