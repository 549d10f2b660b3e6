"""Questions about games: who wins, in which role and on which seat, when, and one tournament's games."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gomafia_kit.analyse._ask import DECIDED, PLAYED, SAME_GAME, ask, with_interval
from gomafia_kit.analyse._checks import id_of, maybe_id, maybe_year
from gomafia_kit.errors import SettingsError
from gomafia_kit.records import ROLES, SEATS_A_GAME

if TYPE_CHECKING:
    import polars as pl

    from gomafia_kit.analyse.store import League

_OF_YEAR: Final = "(CAST($year AS INTEGER) IS NULL OR EXTRACT(YEAR FROM t.date_start) = CAST($year AS INTEGER))"

_OUTCOMES: Final = f"""
SELECT g.winner, count(*) AS games
FROM game g LEFT JOIN tournament t ON t.tournament_id = g.tournament_id
WHERE {_OF_YEAR}
GROUP BY g.winner
"""

# Seats of one role in one game win or lose together: a game counts once for a role.
_ROLES: Final = f"""
SELECT role,
       count(*) FILTER (WHERE winner IN ('red', 'black')) AS games,
       count(*) FILTER (WHERE team = winner) AS wins,
       count(*) FILTER (WHERE winner = 'draw') AS draws
FROM (
    SELECT DISTINCT s.role, s.team, g.winner, g.tournament_id, g.round, g.table_no
    FROM seat s JOIN game g ON {SAME_GAME} LEFT JOIN tournament t ON t.tournament_id = s.tournament_id
    WHERE s.role IS NOT NULL AND {PLAYED} AND {_OF_YEAR}
      AND (CAST($player_id AS INTEGER) IS NULL OR s.player_id = CAST($player_id AS INTEGER))
) AS game_of_role
GROUP BY role
"""

_SEATS: Final = f"""
SELECT s.seat,
       count(*) FILTER (WHERE {DECIDED}) AS games,
       count(*) FILTER (WHERE s.team = g.winner) AS wins,
       count(*) FILTER (WHERE g.winner = 'draw') AS draws,
       count(*) FILTER (WHERE s.shot_first IS NOT NULL) AS games_telling_shot,
       count(*) FILTER (WHERE s.shot_first) AS first_shots
FROM seat s JOIN game g ON {SAME_GAME} LEFT JOIN tournament t ON t.tournament_id = s.tournament_id
WHERE s.role IS NOT NULL AND {PLAYED} AND {_OF_YEAR}
GROUP BY s.seat
"""

_MONTHS: Final = f"""
SELECT CAST(date_trunc('month', t.date_start) AS DATE) AS month,
       count(*) FILTER (WHERE {PLAYED}) AS games,
       count(*) FILTER (WHERE g.winner IS NULL) AS games_not_played,
       count(DISTINCT CASE WHEN {PLAYED} THEN g.tournament_id END) AS tournaments
FROM game g JOIN tournament t ON t.tournament_id = g.tournament_id
WHERE t.date_start IS NOT NULL
GROUP BY 1
ORDER BY 1
"""

_TOURNAMENTS: Final = f"""
SELECT t.tournament_id, t.title, t.date_start, t.date_end, t.city, t.type_shown, t.status_shown, t.stars,
       t.elo_average, count(DISTINCT g.round) AS rounds, count(*) FILTER (WHERE {PLAYED}) AS games,
       count(g.round) - count(*) FILTER (WHERE {PLAYED}) AS games_not_played
FROM tournament t LEFT JOIN game g ON g.tournament_id = t.tournament_id
WHERE CAST($tournament_id AS INTEGER) IS NULL OR t.tournament_id = CAST($tournament_id AS INTEGER)
GROUP BY t.tournament_id, t.title, t.date_start, t.date_end, t.city, t.type_shown, t.status_shown, t.stars,
         t.elo_average
HAVING CAST($tournament_id AS INTEGER) IS NOT NULL OR count(*) FILTER (WHERE {PLAYED}) > 0
ORDER BY t.date_start DESC NULLS LAST, t.tournament_id DESC
LIMIT 1
"""

_STANDING: Final = """
WITH chosen AS (
    SELECT standing FROM result WHERE tournament_id = CAST($tournament_id AS INTEGER)
    GROUP BY standing
    ORDER BY CASE standing WHEN 'total' THEN 1 WHEN 'with_final' THEN 2 ELSE 3 END
    LIMIT 1
)
SELECT r.standing, r.place, r.player_id, r.login, r.points_total, r.points_extra_total, r.wins, r.wins_as_don,
       r.wins_as_sheriff, r.first_shots, r.gg_points
FROM result r JOIN chosen c ON c.standing = r.standing
WHERE r.tournament_id = CAST($tournament_id AS INTEGER)
ORDER BY r.row_no
"""

_GAMES: Final = f"""
SELECT g.round, g.table_no, g.winner, g.judge_login,
       max(CASE WHEN s.role = 'don' THEN s.login END) AS don,
       max(CASE WHEN s.role = 'sheriff' THEN s.login END) AS sheriff,
       max(CASE WHEN s.shot_first THEN s.seat END) AS first_shot_seat,
       max(CASE WHEN s.shot_first THEN s.login END) AS first_shot
FROM game g LEFT JOIN seat s ON {SAME_GAME}
WHERE g.tournament_id = CAST($tournament_id AS INTEGER)
GROUP BY g.round, g.table_no, g.winner, g.judge_login
ORDER BY g.round, g.table_no
"""


def outcomes(league: League, *, year: int | None = None) -> pl.DataFrame:
    """How the games ended: always four rows, red, black, draw and not played; derived from the games.

    Columns: outcome, games, share (of the games played; null for those not played). Raises SettingsError for
    a year that is none.
    """
    import polars as pl

    rows = ask(league, _OUTCOMES, {"winner": "text", "games": "int"}, {"year": maybe_year(year)})
    counts = dict(rows.iter_rows())
    games = [counts.get(winner, 0) for winner in ("red", "black", "draw")]
    played = sum(games)
    return pl.DataFrame(
        {
            "outcome": ["red", "black", "draw", "not played"],
            "games": [*games, counts.get(None, 0)],
            "share": [*(number / played if played else None for number in games), None],
        },
        schema={"outcome": pl.String(), "games": pl.Int64(), "share": pl.Float64()},
    )


def win_rates_by_role(league: League, *, year: int | None = None, player_id: int | None = None) -> pl.DataFrame:
    """How often each role wins, with Wilson's 95% interval; always four rows; derived from the seats.

    A rate is of decided games: a draw is nobody's win and stands beside, in `draws`; games not played
    have no roles and count nowhere (see `outcomes`). A game counts once for a role: its six citizens win
    or lose together, and counting each would make the interval narrower than it is. Columns: role, games
    (decided), wins, draws, win_rate, low, high (shares of 1; null without a game). `year` is the
    tournament's first day's; `player_id` keeps the games in which that player had the role. Raises
    SettingsError for a year or an id that is none.

    >>> win_rates_by_role(league, year=2024)  # doctest: +SKIP
    """
    import polars as pl

    rows = ask(
        league,
        _ROLES,
        {"role": "text", "games": "int", "wins": "int", "draws": "int"},
        {"year": maybe_year(year), "player_id": maybe_id("player_id", player_id)},
    )
    every = pl.DataFrame({"role": list(ROLES)}).join(rows, on="role", how="left", maintain_order="left")
    return with_interval(every.with_columns(pl.col("games", "wins", "draws").fill_null(0)), "wins", "games", "win_rate")


def seats(league: League, *, year: int | None = None) -> pl.DataFrame:
    """How often each seat wins and is shot first; always ten rows; derived from the seats.

    Columns: seat, games (decided), wins, draws, win_rate with low and high (Wilson's 95% interval);
    games_telling_shot (those whose answer tells who was shot first), first_shots, first_shot_rate (of
    them) with first_shot_low and first_shot_high. Where the mafia missed, no seat is counted, so the
    first-shot rates of the ten seats needn't sum to 1. `year` is the tournament's first day's. Raises
    SettingsError for a year that is none.
    """
    import polars as pl

    rows = ask(
        league,
        _SEATS,
        {
            "seat": "int",
            "games": "int",
            "wins": "int",
            "draws": "int",
            "games_telling_shot": "int",
            "first_shots": "int",
        },
        {"year": maybe_year(year)},
    )
    numbers = pl.DataFrame({"seat": list(range(1, SEATS_A_GAME + 1))}, schema={"seat": pl.Int64()})
    every = numbers.join(rows, on="seat", how="left", maintain_order="left").fill_null(0)
    shots = with_interval(every, "first_shots", "games_telling_shot", "first_shot_rate")
    shots = shots.rename({"low": "first_shot_low", "high": "first_shot_high"})
    return with_interval(shots, "wins", "games", "win_rate").select(
        "seat",
        "games",
        "wins",
        "draws",
        "win_rate",
        "low",
        "high",
        "games_telling_shot",
        "first_shots",
        "first_shot_rate",
        "first_shot_low",
        "first_shot_high",
    )


def games_by_month(league: League) -> pl.DataFrame:
    """How many games each month had, by the first day of their tournament; derived from the games.

    One row a month with a game: month (its first day), games (played), games_not_played, tournaments
    (with a game played). Games of tournaments without a date stand in no month.
    """
    return ask(league, _MONTHS, {"month": "date", "games": "int", "games_not_played": "int", "tournaments": "int"})


def tournament(league: League, tournament_id: int = 0) -> pl.DataFrame:
    """One tournament in one row; 0: the last one that has a game played, by its first day.

    Columns: tournament_id, title, date_start, date_end, city, type_shown, status_shown, stars,
    elo_average as the site shows them, and rounds, games (played), games_not_played as imported. Raises
    SettingsError for an id that isn't here; without any game played, `tournament(league)` is empty.
    """
    tournament_id = id_of("tournament_id", tournament_id)
    found = ask(
        league,
        _TOURNAMENTS,
        {
            "tournament_id": "int",
            "title": "text",
            "date_start": "date",
            "date_end": "date",
            "city": "text",
            "type_shown": "text",
            "status_shown": "text",
            "stars": "int",
            "elo_average": "decimal",
            "rounds": "int",
            "games": "int",
            "games_not_played": "int",
        },
        {"tournament_id": tournament_id or None},
    )
    if tournament_id and found.is_empty():
        last = tournament(league)
        hint = f"The last one here is {last['tournament_id'].item()}." if len(last) else "None was imported yet."
        raise SettingsError(f"tournament_id: there is no tournament {tournament_id} here.", hint)
    return found


def last_tournament(league: League) -> pl.DataFrame:
    """The last tournament that has a game played, in one row; columns as `tournament`."""
    return tournament(league)


def tournament_table(league: League, tournament_id: int = 0) -> pl.DataFrame:
    """A tournament's standing as the site shows it; 0: of the last tournament.

    Of several standings it is the whole one: total, else with_final, else without_final; `standing`
    says which. One row a line: standing, place, player_id (null where the nickname fits not exactly
    one player), login, points_total, points_extra_total, wins, wins_as_don, wins_as_sheriff,
    first_shots, gg_points. Empty where the results are hidden or not imported. Raises SettingsError for an
    id that isn't here.
    """
    return ask(
        league,
        _STANDING,
        {
            "standing": "text",
            "place": "int",
            "player_id": "int",
            "login": "text",
            "points_total": "decimal",
            "points_extra_total": "decimal",
            "wins": "int",
            "wins_as_don": "int",
            "wins_as_sheriff": "int",
            "first_shots": "int",
            "gg_points": "decimal",
        },
        {"tournament_id": _picked(league, tournament_id)},
    )


def tournament_games(league: League, tournament_id: int = 0) -> pl.DataFrame:
    """A tournament's games; 0: of the last tournament.

    One row a game: round, table_no, winner (null: not played), judge_login, don, sheriff (nicknames),
    first_shot_seat, first_shot (nickname; null where nobody was, or where the answer doesn't tell). Raises
    SettingsError for an id that isn't here.
    """
    return ask(
        league,
        _GAMES,
        {
            "round": "int",
            "table_no": "int",
            "winner": "text",
            "judge_login": "text",
            "don": "text",
            "sheriff": "text",
            "first_shot_seat": "int",
            "first_shot": "text",
        },
        {"tournament_id": _picked(league, tournament_id)},
    )


def _picked(league: League, tournament_id: int) -> int | None:
    found = tournament(league, tournament_id)
    return None if found.is_empty() else int(found["tournament_id"].item())
