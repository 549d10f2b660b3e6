"""The league keeps the rules of the game, and its truth hangs together."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gomafia_kit.demo import SCALES, League
from gomafia_kit.errors import SettingsError
from gomafia_kit.tables import TABLES

Row = dict[str, Any]
TRUTHS = [name for name in TABLES if name != "answer"]
HASHES = {
    ("tiny", 1): "633ebe3be18ca937",
    ("tiny", 2): "96e0d8eade29810c",
    ("small", 1): "dd8dc4f30d49bc23",
}


def rows(league: League, name: str, **options: Any) -> list[Row]:  # noqa: ANN401 - as the league's
    return list(league.table(name, **options))


@pytest.fixture(scope="module")
def tiny() -> League:
    return League("tiny")


@pytest.fixture(scope="module")
def small() -> League:
    return League("small")


def fingerprint(scale: str, seed: int) -> str:
    league = League(scale, seed)
    digest = hashlib.sha256()
    for name in TRUTHS:
        for row in league.table(name):
            digest.update(repr(sorted(row.items())).encode())
    return digest.hexdigest()[:16]


@pytest.mark.parametrize(("scale", "seed"), HASHES)
def test_the_truth_is_the_same_for_ever(scale: str, seed: int) -> None:
    assert fingerprint(scale, seed) == HASHES[scale, seed]


def test_another_process_with_another_hash_seed_makes_the_same_league() -> None:
    code = "import sys; from tests.demo.test_league import fingerprint; sys.stdout.write(fingerprint('tiny', 1))"
    root = Path(__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == HASHES["tiny", 1]


@pytest.mark.parametrize("name", TRUTHS)
def test_a_truth_has_the_columns_of_its_table_and_no_key_twice(tiny: League, name: str) -> None:
    table = TABLES[name]
    found = rows(tiny, name)
    assert {tuple(sorted(row)) for row in found} == {tuple(sorted(set(table.names) - {"ask_id", "unresolved"}))}
    assert [count for count in Counter(tuple(row[k] for k in table.key) for row in found).values() if count > 1] == []
    required = [column.name for column in table.columns if not column.nullable and column.name != "ask_id"]
    assert [row for row in found if any(row[name] is None for name in required)] == []


@pytest.mark.parametrize("scale", ["tiny", "small"])
def test_a_league_has_exactly_the_numbers_of_its_scale(scale: str) -> None:
    league, numbers = League(scale), SCALES[scale]
    found = (
        len(league.world.people),
        len(rows(league, "club")),
        len(rows(league, "tournament")),
        len(rows(league, "game")),
        len(rows(league, "seat")),
    )
    expected = (numbers.players, numbers.clubs, numbers.tournaments, numbers.games, 10 * numbers.games)
    assert found == expected


def test_every_played_game_has_ten_seats_and_the_roles_of_the_rules(small: League) -> None:
    winners = {game_key(row): row["winner"] for row in rows(small, "game")}
    games = defaultdict(list)
    for row in rows(small, "seat"):
        games[game_key(row)].append(row)
    hidden = {row["tournament_id"] for row in rows(small, "tournament") if row["is_hidden_result"]}
    for key, seats in games.items():
        assert [seat["seat"] for seat in seats] == list(range(1, 11))
        ids = [seat["player_id"] for seat in seats if seat["player_id"]]
        assert len(set(ids)) == len(ids)
        roles = Counter(seat["role"] for seat in seats)
        if winners[key] is None:
            assert roles == {None: 10}
            assert {seat["points"] for seat in seats} == {None}
        else:
            assert roles == {"citizen": 6, "sheriff": 1, "mafia": 2, "don": 1}
            assert sum(bool(seat["shot_first"]) for seat in seats) <= 1
            assert key[0] not in hidden
    assert games.keys() == winners.keys()


def game_key(row: Row) -> tuple[int, int, int]:
    return row["tournament_id"], row["round"], row["table_no"]


def test_elo_goes_from_game_to_game(small: League) -> None:
    """A seat's ELO less its change is the ELO after the game before."""
    days = {row["tournament_id"]: (row["date_start"], row["tournament_id"]) for row in rows(small, "tournament")}
    seats = sorted(rows(small, "seat"), key=lambda row: (days[row["tournament_id"]], row["round"], row["table_no"]))
    before: dict[int, Decimal] = {}
    wrong = []
    for seat in seats:
        player = seat["player_id"]
        if player is None or seat["elo"] is None:
            before.pop(player, None)  # hidden results move an ELO unseen
            continue
        if player in before and before[player] + (seat["elo_delta"] or 0) != seat["elo"]:
            wrong.append(seat)
        before[player] = seat["elo"]
    assert wrong == []


@pytest.mark.parametrize("standing", ["total", "without_final"])
def test_a_standing_is_the_sum_of_the_seats(small: League, standing: str) -> None:
    finals = {number: item.final_rounds for number, item in small.world.tournaments.items()}
    last = {number: item.rounds for number, item in small.world.tournaments.items()}
    winners = {game_key(row): row["winner"] for row in rows(small, "game")}
    sums: dict[tuple[int, str], list[Any]] = defaultdict(lambda: [Decimal(0), 0, 0])
    for seat in rows(small, "seat"):
        number = seat["tournament_id"]
        if standing == "without_final" and seat["round"] > last[number] - finals[number]:
            continue
        line = sums[number, seat["login"]]
        line[0] += seat["points"] or 0
        line[1] += seat["team"] is not None and winners[game_key(seat)] == seat["team"]
        line[2] += bool(seat["shot_first"])
    found = rows(small, "result", standings=(standing,))
    namesakes = Counter((row["tournament_id"], row["login"]) for row in found)
    told = {
        (row["tournament_id"], row["login"]): [row["points_total"], row["wins"], row["first_shots"]]
        for row in found
        if namesakes[row["tournament_id"], row["login"]] == 1
    }
    assert len(told) > 1500 if standing == "total" else len(told) > 300
    assert told == {key: sums[key] for key in told}


def test_finalists_stand_first_and_in_both_standings(small: League) -> None:
    found = rows(small, "result", standings=("total", "with_final", "without_final"))
    lines = defaultdict(list)
    for row in found:
        lines[row["tournament_id"], row["standing"]].append(row["login"])
    finals = [number for number, standing in lines if standing == "without_final"]
    assert len(finals) > 10
    for number in finals:
        assert lines[number, "total"][:10] == lines[number, "with_final"]
        assert sorted(lines[number, "total"]) == sorted(lines[number, "without_final"])


def test_figures_by_year_are_those_of_the_seats(small: League) -> None:
    winners = {game_key(row): row["winner"] for row in rows(small, "game")}
    years = {row["tournament_id"]: row["date_start"].year for row in rows(small, "tournament")}
    sums: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for seat in rows(small, "seat"):
        if seat["player_id"] is None:
            continue
        winner = winners[game_key(seat)]
        line = sums[seat["player_id"], years[seat["tournament_id"]]]
        line["games"] += winner is not None
        line["games_missing"] += winner is None
        line["wins"] += winner is not None and winner == seat["team"]
        line["draws"] += winner == "draw"
        line["cents"] += int(100 * (seat["points"] or 0))
        line["elo"] += int(seat["elo_delta"] or 0)
    told = {
        (row["player_id"], row["year"]): Counter(
            games=row["games"],
            games_missing=row["games_missing"],
            wins=row["wins"],
            draws=row["draws"],
            cents=int(100 * row["points_sum"]),
            elo=int(row["elo_delta_sum"]),
        )
        for row in rows(small, "player_year")
    }
    assert told == sums
    by_role: Counter[tuple[int, int]] = Counter()
    for row in rows(small, "player_role_year"):
        by_role[row["player_id"], row["year"]] += row["games"]
    assert {key: games for key, games in by_role.items() if games} == {
        key: line["games"] for key, line in told.items() if line["games"]
    }


@pytest.mark.parametrize("scale", ["tiny", "small"])
def test_every_league_shows_what_is_rare(scale: str) -> None:
    league = League(scale)
    tournaments, games = rows(league, "tournament"), rows(league, "game")
    seats, players = rows(league, "seat"), rows(league, "player")
    shown = {
        "states": {row["status"] for row in tournaments} == {"finished", "in_progress", "cancelled", "registration"},
        "hidden": any(row["is_hidden_result"] for row in tournaments),
        "one day": any(row["date_start"] == row["date_end"] for row in tournaments),
        "days": any(row["date_start"] != row["date_end"] for row in tournaments),
        "unrated": any(row["elo_average"] is None for row in tournaments),
        "winners": {row["winner"] for row in games} == {"red", "black", "draw", None},
        "guest": any(row["player_id"] is None for row in seats),
        "marks": {"b", "lg", "g", "y"} <= {row["first_shot_mark"] for row in seats},
        "unlisted": any(not row["listed"] for row in players),
        "no club": any(row["listed"] and row["club_title"] is None for row in players),
        "abroad": any(row["region"] is None for row in rows(league, "player_season")),
        "final": any(item.final_rounds for item in league.world.tournaments.values()),
        "no president": any(club.president_id is None for club in league.world.clubs.values()),
        "prizes": any(item.prizes for item in league.world.tournaments.values()),
        "around the new meaning": {date(2023, 1, 4), date(2023, 1, 5)} <= {row["date_start"] for row in tournaments},
    }
    assert [what for what, is_shown in shown.items() if not is_shown] == []


@pytest.mark.parametrize("scale", ["tiny", "small"])
def test_exact_namesakes_sit_in_one_tournament_and_stay_unresolved(scale: str) -> None:
    league = League(scale)
    found = [row for row in rows(league, "result") if row["login"] == "PELIMENI"]
    together = [number for number, count in Counter(row["tournament_id"] for row in found).items() if count == 2]
    assert together
    assert {row["player_id"] for row in found if row["tournament_id"] in together} == {None}
    players = [row["player_id"] for row in rows(league, "player") if row["login"] == "PELIMENI"]
    assert len(players) == 2


def test_nicknames_are_as_awkward_as_the_real_ones(tiny: League) -> None:
    logins = {row["login"] for row in rows(tiny, "player")}
    awkward = {
        "\u0401жик",
        "\u0415\u0308жик",
        "Foxy",
        "foxy",
        "<script>alert('x')</script>",
        'Кот "Бегемот"',
        "O'Neil",
        "🦊 Лис 🦊",
        "C\u0430ша",
        "Саша",
    }
    assert awkward - logins == set()


def test_win_rates_and_games_by_role_are_near_the_real_ones(small: League) -> None:
    winners = {game_key(row): row["winner"] for row in rows(small, "game")}
    played, won = Counter[str](), Counter[str]()
    for seat in rows(small, "seat"):
        if seat["role"]:
            played[seat["role"]] += 1
            won[seat["role"]] += winners[game_key(seat)] == seat["team"]
    real = {"citizen": 41.3, "sheriff": 41.5, "mafia": 58.6, "don": 58.6}
    far = {
        role: 100 * won[role] / played[role] for role in real if abs(100 * won[role] / played[role] - real[role]) > 3
    }
    assert far == {}


def test_an_unknown_scale_is_named() -> None:
    with pytest.raises(SettingsError, match=r"no scale 'huge'.*tiny, small, full, x10"):
        League("huge")
