"""A league from the site into staging: exactly what the league is, and again only what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gomafia_kit import demo
from gomafia_kit.errors import NotInArchiveError
from gomafia_kit.tables import OPTION_OF, TABLES
from tests.imports import differences, published, published_parquet, run_import, truth

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.runs.journal import Run

COMPARED = [name for name in TABLES if name != "answer"]
BY_DEFAULT = [name for name in COMPARED if name not in OPTION_OF]


def receipt(run: Run) -> dict[str, Any]:
    assert run.receipt is not None
    return run.receipt


def wrong_tables(data_dir: Path, site: DemoSite, tables: list[str]) -> list[str]:
    league = site.league
    return [told for name in tables for told in differences(published(data_dir, name), truth(league, name), name)]


def test_the_tiny_league_comes_in_exactly_with_everything_that_can_be_asked_for(site: DemoSite, data_dir: Path) -> None:
    run = run_import(site, data_dir, **dict.fromkeys(OPTION_OF.values(), True))
    assert wrong_tables(data_dir, site, COMPARED) == []
    for account in receipt(run)["tables"]:
        assert account["fetched"] == account["staged"] + account["rejected"] + account["duplicates"], account
        assert len(published(data_dir, account["table"])) == account["staged"] + account["derived"]


def test_the_small_league_comes_in_exactly_in_both_stagings(tmp_path: Path) -> None:
    with demo.start(scale="small") as small:
        run_import(small, tmp_path / "one")
        assert wrong_tables(tmp_path / "one", small, BY_DEFAULT) == []
        run_import(small, tmp_path / "two", staging="parquet")
        league = small.league
        for name in BY_DEFAULT:
            assert differences(published_parquet(tmp_path / "two", name), truth(league, name), name) == []


@pytest.mark.parametrize("batch_rows", [1, 7, 1_000_000])
def test_the_batch_size_changes_nothing(site: DemoSite, data_dir: Path, batch_rows: int) -> None:
    run_import(site, data_dir, batch_rows=batch_rows, stages="clubs,tournaments,games", years="2023")
    games = [row for row in published(data_dir, "game") if row["tournament_id"] in of_year(site, 2023)]
    assert games == [row for row in truth(site.league, "game") if row["tournament_id"] in of_year(site, 2023)]
    seats = published(data_dir, "seat")
    assert seats == [row for row in truth(site.league, "seat") if row["tournament_id"] in of_year(site, 2023)]


def of_year(site: DemoSite, year: int) -> set[int]:
    return {row["tournament_id"] for row in truth(site.league, "tournament") if row["date_start"].year == year}


def test_a_second_run_asks_nothing_and_writes_nothing_and_says_so(own_site: DemoSite, data_dir: Path) -> None:
    first = run_import(own_site, data_dir)
    before = own_site.log()["total"]
    second = run_import(own_site, data_dir)
    assert own_site.log()["total"] == before == receipt(first)["asks"]["made"]
    assert receipt(first)["nothing_new"] is False
    assert receipt(second)["nothing_new"] is True
    planned = receipt(first)["asks"]["planned"]
    assert receipt(second)["asks"] == {"planned": planned, "made": 0, "from_archive": planned}
    assert {account["written"] for account in receipt(second)["tables"]} == {0}


def test_after_a_change_the_old_rows_are_gone(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir)
    games = [row for row in truth(own_site.league, "game") if row["winner"]]
    taken, corrected, other = games[0]["tournament_id"], games[-1], games[-1]["tournament_id"]
    assert taken != other
    own_site.change("take_round_back", tournament_id=taken)
    own_site.change(
        "correct_seat",
        tournament_id=other,
        round_no=corrected["round"],
        table_no=corrected["table_no"],
        seat=1,
        points="9.75",
    )
    own_site.change("remove_tournament", tournament_id=min(of_year(own_site, 2022) - {taken, other}))
    own_site.change("add_tournament", copy_of=other, title="Ещё один")
    own_site.change("rename_player", player_id=published(data_dir, "player")[0]["player_id"], login="Новое имя 🐺")
    last_round = max(row["round"] for row in published(data_dir, "game") if row["tournament_id"] == taken)
    run = run_import(own_site, data_dir, refresh=True)
    assert wrong_tables(data_dir, own_site, BY_DEFAULT) == []
    assert receipt(run)["nothing_new"] is False
    for name in ("game", "seat"):
        rounds = {row["round"] for row in published(data_dir, name) if row["tournament_id"] == taken}
        assert rounds == set(range(1, last_round))


def test_what_was_archived_is_staged_anew_without_asking(own_site: DemoSite, data_dir: Path) -> None:
    run_import(own_site, data_dir)
    for lost in ("runs.sqlite", "runs.sqlite-wal", "runs.sqlite-shm", "staging.duckdb"):
        (data_dir / lost).unlink(missing_ok=True)
    before = own_site.log()["total"]
    run_import(own_site, data_dir)
    assert own_site.log()["total"] == before
    assert wrong_tables(data_dir, own_site, BY_DEFAULT) == []


def test_offline_reads_the_archive_and_says_what_it_lacks(own_site: DemoSite, data_dir: Path) -> None:
    with pytest.raises(NotInArchiveError, match="no answer to api POST /api/club/getTop"):
        run_import(own_site, data_dir, offline=True)
    run_import(own_site, data_dir)
    url = own_site.url
    own_site.stop()
    run = run_import(url, data_dir, offline=True)
    assert receipt(run)["asks"]["made"] == 0


def test_games_alone_bring_the_tournaments_they_need(site: DemoSite, data_dir: Path) -> None:
    run_import(site, data_dir, stages="games")
    assert wrong_tables(data_dir, site, ["tournament", "game", "seat", "result"]) == []
    assert published(data_dir, "club") == []
    unlisted = published(data_dir, "player")
    assert {row["listed"] for row in unlisted} == {False}
    assert {row["player_id"] for row in unlisted} == {row["player_id"] for row in published(data_dir, "seat")} - {None}


def test_a_row_that_cannot_be_read_is_refused_and_accounted_for(own_site: DemoSite, data_dir: Path) -> None:
    seat = truth(own_site.league, "seat")[0]
    key = [seat["tournament_id"], seat["round"], seat["table_no"], seat["seat"]]
    own_site.change("spoil", kind="seat", key=key, field="points", value="много")
    run = run_import(own_site, data_dir)
    accounts = {account["table"]: account for account in receipt(run)["tables"]}
    assert (accounts["game"]["rejected"], accounts["seat"]["rejected"]) == (1, 10)
    place = (seat["tournament_id"], seat["round"], seat["table_no"])
    kept = {(row["tournament_id"], row["round"], row["table_no"]) for row in published(data_dir, "game")}
    assert place not in kept
    assert len(published(data_dir, "seat")) == len(truth(own_site.league, "seat")) - 10
    year = next(
        row["date_start"].year
        for row in truth(own_site.league, "tournament")
        if row["tournament_id"] == seat["tournament_id"]
    )
    missing = {
        row["player_id"]: row["games_missing"] for row in published(data_dir, "player_year") if row["year"] == year
    }
    expected = {
        row["player_id"]: row["games_missing"] for row in truth(own_site.league, "player_year") if row["year"] == year
    }
    if seat["player_id"] is not None:
        assert missing[seat["player_id"]] == expected[seat["player_id"]] + 1


@pytest.mark.parametrize("has_standing", [True, False])
def test_whose_games_are_all_refused_is_a_player_if_a_standing_names_him(
    own_site: DemoSite, data_dir: Path, *, has_standing: bool
) -> None:
    named = {row["tournament_id"]: set[int | None]() for row in truth(own_site.league, "game")}
    for row in truth(own_site.league, "result"):
        named[row["tournament_id"]].add(row["player_id"])
    tournament_id = next(number for number, players in named.items() if bool(players - {None}) is has_standing)
    for row in truth(own_site.league, "game"):
        if row["tournament_id"] == tournament_id:
            key = [tournament_id, row["round"], row["table_no"], 1]
            own_site.change("spoil", kind="seat", key=key, field="points", value="много")
    run_import(own_site, data_dir, stages="games,statistics", tournament_ids=str(tournament_id))
    assert published(data_dir, "seat") == []
    players = {row["player_id"] for row in published(data_dir, "player")}
    assert {row["player_id"] for row in published(data_dir, "result")} - {None} == players
    assert {row["player_id"]: row["games"] for row in published(data_dir, "player_year")} == dict.fromkeys(players, 0)
    assert bool(players) is has_standing
