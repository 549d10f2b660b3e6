"""Lists that move while they are read: nobody is lost by it, nobody comes twice, and it is said."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from gomafia_kit import site as asks
from gomafia_kit.events import AskDone, Notice
from gomafia_kit.fetch.archive import Archive
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.fetch.manners import Gate
from gomafia_kit.fetch.source import Source
from gomafia_kit.load import Loader
from gomafia_kit.plan import DAY, Phase, Planned
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.staging.live import LiveTables
from tests.imports import truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.events import Event

YEAR = 2024


class _ThousandRows:
    """A governor that lets every batch be as long as that."""

    def next_rows(self, _stage: str) -> int:
        return 1_000

    def verdict(self) -> None:
        return None


class Reading:
    """Reads a list by a loader of its own; `when` is called after each ask with its number."""

    def __init__(self, site: DemoSite, data_dir: Path, when: Callable[[int], None]) -> None:
        self.site = site
        self.data_dir = data_dir
        self.when = when
        self.asked = 0
        self.notices: list[str] = []

    def observe(self, event: Event) -> None:
        if isinstance(event, AskDone):
            self.asked += 1
            self.when(self.asked)
        if isinstance(event, Notice):
            self.notices.append(event.text)

    @contextmanager
    def loaded(self) -> Iterator[LiveTables]:
        """The live tables after the list was read in pages of twenty."""
        with ExitStack() as stack:
            run_id = stack.enter_context(Journal(self.data_dir)).begin({})
            archive = stack.enter_context(Archive(self.data_dir, "a league"))
            ledger = stack.enter_context(Ledger(self.data_dir))
            source = Source(archive, {"http": lambda: HttpFetcher(self.site.url, "")}, Gate(0), self.notices.append)
            stack.callback(source.close)
            watchers = (self.observe,)
            loader = Loader(run_id, self.data_dir, source, ledger, _ThousandRows(), watchers, lambda: None)
            with loader.stage("players"):
                loader.load([Phase((Planned(asks.player_list(YEAR, "all", limit=20), DAY),))])
            yield stack.enter_context(LiveTables(self.data_dir, ledger))


def seasons(live: LiveTables) -> set[int]:
    return {row[0] for row in live.values("SELECT player_id FROM player_season")}


def listed(site: DemoSite) -> list[dict[str, Any]]:
    return [row for row in truth(site.league, "player_season") if row["year"] == YEAR]


def check_read_once(reading: Reading, site: DemoSite) -> None:
    """Everybody came, with one ask a page and one look at the list's tail, and nothing was said."""
    with reading.loaded() as live:
        assert seasons(live) == {row["player_id"] for row in listed(site)}
    pages = -(-len(listed(site)) // 20)
    assert site.log()["counts"]["POST /api/user/getTop"] == pages + 1
    assert reading.notices == []


def test_a_list_that_stands_still_is_read_once_with_one_look_at_its_tail(own_site: DemoSite, data_dir: Path) -> None:
    data_dir.mkdir()
    check_read_once(Reading(own_site, data_dir, lambda _: None), own_site)


def test_an_answer_that_differs_in_other_things_than_its_rows_has_not_moved(own_site: DemoSite, data_dir: Path) -> None:
    data_dir.mkdir()
    own_site.set_switches(numbers="strings")

    def when(asked: int) -> None:
        own_site.set_switches(numbers="numbers" if asked % 2 else "strings")

    check_read_once(Reading(own_site, data_dir, when), own_site)


def test_a_row_that_is_refused_has_not_moved(own_site: DemoSite, data_dir: Path) -> None:
    data_dir.mkdir()
    refused = listed(own_site)[0]["player_id"]
    own_site.change("spoil", kind="user", key=[refused], field="elo", value="много")
    reading = Reading(own_site, data_dir, lambda _: None)
    with reading.loaded() as live:
        assert seasons(live) == {row["player_id"] for row in listed(own_site)} - {refused}
    assert reading.notices == []


def test_a_player_who_slides_to_a_page_that_was_read_already_is_not_lost(own_site: DemoSite, data_dir: Path) -> None:
    data_dir.mkdir()
    first = min(listed(own_site), key=lambda row: row["rank"])["player_id"]

    def when(asked: int) -> None:
        if asked == 1:
            own_site.change("unlist_player", player_id=first)

    with Reading(own_site, data_dir, when).loaded() as live:
        assert seasons(live) == {row["player_id"] for row in listed(own_site)}


def test_a_list_whose_tail_was_not_looked_at_when_the_run_was_killed_is_looked_at_by_the_next(
    own_site: DemoSite, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir.mkdir()
    first = min(listed(own_site), key=lambda row: row["rank"])["player_id"]

    def when(asked: int) -> None:
        if asked == 1:
            own_site.change("unlist_player", player_id=first)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    left = Reading(own_site, data_dir, when).loaded()
    with monkeypatch.context() as patch:
        patch.setattr(Source, "again", killed)
        with ExitStack() as stack, pytest.raises(KeyboardInterrupt):
            stack.enter_context(left)
    with Reading(own_site, data_dir, lambda _: None).loaded() as live:
        assert seasons(live) == {row["player_id"] for row in listed(own_site)}


def test_a_player_who_comes_in_above_brings_nobody_twice(own_site: DemoSite, data_dir: Path) -> None:
    data_dir.mkdir()

    def when(asked: int) -> None:
        if asked == 1:
            worst = max(listed(own_site), key=lambda row: row["rank"])["player_id"]
            own_site.change("set_elo", player_id=worst, elo="9999.99")

    with Reading(own_site, data_dir, when).loaded() as live:
        found = [row[0] for row in live.values("SELECT player_id FROM player_season ORDER BY 1")]
    assert len(found) == len(set(found))
    assert set(found) == {row["player_id"] for row in listed(own_site)}
