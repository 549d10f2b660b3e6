"""How many asks the whole history costs, beside a walk over the pages; and what an update costs.

`make soak-update`, or `python -m benchmarks.asks --scale small`. Everything is counted at the demo site.
The walk is what the Node.js importer does: every rating page, every player's pages year by year,
every tournament twice, clubs and judges. Ends with exit code 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import results
from gomafia_kit import demo, importer
from gomafia_kit.settings import Settings

if TYPE_CHECKING:
    from gomafia_kit.demo import DemoSite, League

ROWS_A_PAGE: Final = 10
ALLOWED: Final = 1.15
ALLOWED_FOR_UPDATE: Final = 0.03
NEW_TOURNAMENTS: Final = 0.01


def main() -> int:
    """Import, change, update, count; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="full", choices=demo.SCALES)
    scale = parser.parse_args().scale
    with tempfile.TemporaryDirectory(prefix="gomafia-asks-") as folder, demo.start(scale=scale) as site:
        league = site.league
        whole = _asks(site, Path(folder))
        allowed = ALLOWED * (
            _count(league, "club") + _count(league, "tournament") + _pages(_count(league, "judge")) + 60
        )
        walk = _walk(league)
        let_days_pass(Path(folder), 2)
        _bring_in_tournaments(site, league)
        update = _asks(site, Path(folder), update=True)
    lines = (
        (
            f"The whole history: {whole:,} asks (allowed {allowed:,.0f});"
            f" a walk over the pages: {walk:,} ({walk / whole:.0f} times)"
        ),
        f"An update with 1% new tournaments: {update:,} asks, {update / whole:.1%} of the whole (allowed 3%)",
    )
    print("\n".join(lines))
    results.append(f"asks at {scale}", "; ".join(lines))
    return whole > allowed or update > ALLOWED_FOR_UPDATE * whole


def _asks(site: DemoSite, folder: Path, **parameters: object) -> int:
    told: dict[str, Any] = {"source": site.url, "data_dir": str(folder)}
    stages = "clubs,players,judges,tournaments,games,statistics"
    site.log(reset=True)
    importer.start(Settings.gather(told | {"stages": stages} | parameters), lifeline=True).wait()
    return int(site.log(last=1)["total"])


def _count(league: League, table: str) -> int:
    return sum(1 for _ in league.table(table))


def _pages(rows: int) -> int:
    return -(-rows // ROWS_A_PAGE)


def _walk(league: League) -> int:
    """Pages that a walk opens: ratings, each player's years and history, tournaments' two tabs, clubs, judges."""
    seasons, members = _count(league, "player_season"), _count(league, "club_member")
    histories = sum(_pages(number) for number in _tournaments_by_player(league).values())
    clubs, tournaments = _count(league, "club"), _count(league, "tournament")
    return (
        _pages(seasons)
        + seasons
        + histories
        + 2 * tournaments
        + _pages(tournaments)
        + _pages(clubs)
        + max(clubs, _pages(members))
        + _pages(_count(league, "judge"))
    )


def _tournaments_by_player(league: League) -> dict[object, int]:
    found: dict[object, int] = {}
    for row in league.table("player_tournament"):
        found[row["player_id"]] = found.get(row["player_id"], 0) + 1
    return found


def let_days_pass(folder: Path, days: int) -> None:
    """Make every archived answer of a folder so much older."""
    with closing(sqlite3.connect(folder / "archive.sqlite")) as db, db:
        for ask_id, at in db.execute("SELECT ask_id, fetched_at FROM answer").fetchall():
            older = (datetime.fromisoformat(at) - timedelta(days=days)).isoformat()
            db.execute("UPDATE answer SET fetched_at = ? WHERE ask_id = ?", (older, ask_id))


def _bring_in_tournaments(site: DemoSite, league: League) -> None:
    finished = [row["tournament_id"] for row in league.table("tournament") if row["status"] == "finished"]
    for tournament_id in finished[: round(NEW_TOURNAMENTS * _count(league, "tournament"))]:
        site.change("add_tournament", copy_of=tournament_id)


if __name__ == "__main__":
    sys.exit(main())
