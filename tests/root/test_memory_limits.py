"""The importer under memory limits that the kernel enforces."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo
from gomafia_kit.postgres.address import URL_VARIABLE
from gomafia_kit.runs.journal import Journal
from tests.imports import differences, published, truth
from tests.postgres.machine import OtherServer
from tests.root.groups import limited

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gomafia_kit.demo import DemoSite

SIGKILL = 9
RUN = """
import json, sys
from gomafia_kit import importer
from gomafia_kit.settings import Settings
run = importer.start(Settings.gather(json.loads(sys.argv[1])), lifeline=True).wait()
print(run.state)
"""


@pytest.fixture(scope="module")
def small() -> Iterator[DemoSite]:
    """The site stands outside of the limits, as the real one does."""
    with demo.start(scale="small") as site:
        yield site


def _import(
    site: DemoSite, data_dir: Path, megabytes: int, env: Mapping[str, str] | None = None, **more: object
) -> tuple[str, int]:
    """The state that an import ends with in so much memory, and how many processes were killed for want of it."""
    settings = {"source": site.url, "data_dir": str(data_dir), **more}
    with limited(megabytes) as group:
        done = group.run([sys.executable, "-c", RUN, json.dumps(settings)], env)
        return (done.stdout.strip() or done.stderr.strip().splitlines()[-1]), group.kills


@pytest.mark.parametrize("megabytes", [64, 300])
def test_the_groups_limit_is_the_limit(megabytes: int) -> None:
    code = "from gomafia_kit.memory.limits import memory_limit_mb; print(memory_limit_mb())"
    with limited(megabytes) as group:
        done = group.run([sys.executable, "-c", code])
    assert (done.stdout, done.stderr) == (f"{megabytes}.0\n", "")


def test_the_limit_is_real() -> None:
    with limited(64) as group:
        done = group.run([sys.executable, "-c", "held = bytearray(b'x' * 4096) * (100 * 256)"])
        assert (done.returncode, group.kills) == (-SIGKILL, 1)


def test_a_league_comes_in_and_is_pushed_exactly_in_256_mb(small: DemoSite, data_dir: Path) -> None:
    """The server stands outside of the limit, as it mostly does."""
    stages = "clubs,players,tournaments,games,statistics,push"
    with OtherServer() as server:
        assert _import(small, data_dir, 256, {URL_VARIABLE: server.url("postgres")}, stages=stages) == ("done", 0)
        with server.connect() as connection:
            pushed = connection.execute("SELECT count(*), sum(points) FROM gomafia.seat").fetchone()
    seats = truth(small.league, "seat")
    assert pushed == (len(seats), sum(seat["points"] for seat in seats if seat["points"] is not None))
    league = small.league
    for table in ("player", "player_season", "game", "seat", "player_year"):
        assert differences(published(data_dir, table), truth(league, table), table) == []
    with Journal(data_dir) as journal:
        targets = {batch.rows_target for batch in journal.batches(1)}
    assert min(targets) >= 100
    assert max(targets) <= 40_000


def test_players_come_in_by_the_browser_in_512_mb(data_dir: Path) -> None:
    with demo.start(scale="tiny") as tiny:
        ended = _import(tiny, data_dir, 512, stages="players", via="chromium", form="dom", years="2022-2024")
        assert ended == ("done", 0)
        seasons = truth(tiny.league, "player_season")
    assert differences(published(data_dir, "player_season"), seasons, "player_season") == []


def test_an_import_that_gets_near_its_budget_stops_in_time_and_goes_on_with_more(
    small: DemoSite, data_dir: Path
) -> None:
    """In 64 MB a whole import can't be: it ends by itself, committed, before the kernel would end it."""
    stages = "clubs,players,tournaments"
    state, kills = _import(small, data_dir, 400, stages=stages, memory_limit_mb=64)
    assert "OutOfBudgetError" in state
    assert kills == 0
    with Journal(data_dir) as journal:
        run = journal.run(1)
    assert run.message is not None
    assert "MB of the 64 MB it may" in run.message
    assert _import(small, data_dir, 400, stages=stages) == ("done", 0)
    assert differences(published(data_dir, "player"), _listed(small), "player") == []


def _listed(site: DemoSite) -> list[dict[str, object]]:
    """Players as the lists and clubs alone tell of them."""
    known = {row["player_id"] for row in truth(site.league, "club_member")}
    return [row for row in truth(site.league, "player") if row["listed"] or row["player_id"] in known]
