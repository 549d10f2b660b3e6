"""Questions about players: the rating, who is who, and one player's page."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gomafia_kit.analyse._ask import PLAYED, SAME_GAME, ask
from gomafia_kit.analyse._checks import LARGEST_ID, limit_of, maybe_year, who_is_meant
from gomafia_kit.analyse._names import folded
from gomafia_kit.analyse.games import win_rates_by_role
from gomafia_kit.errors import SettingsError
from gomafia_kit.settings import one_of
from gomafia_kit.site import REGIONS

if TYPE_CHECKING:
    import polars as pl

    from gomafia_kit.analyse.store import League

RANKED_BY: Final = ("elo", "gg_points")
_SIMILAR: Final = 10

_TOP: Final = """
WITH season AS (
    SELECT player_id, year, region, club_title, elo, gg_points, tournaments_played,
           row_number() OVER (PARTITION BY player_id ORDER BY year DESC) AS newest
    FROM player_season
    WHERE CAST($year AS INTEGER) IS NULL OR year = CAST($year AS INTEGER)
),
listed AS (
    SELECT p.player_id, p.login, p.city, s.region, s.year, s.gg_points, s.tournaments_played,
           CASE WHEN CAST($year AS INTEGER) IS NULL THEN p.club_title ELSE s.club_title END AS club_title,
           CASE WHEN CAST($year AS INTEGER) IS NULL THEN p.elo ELSE s.elo END AS elo
    FROM player p LEFT JOIN season s ON s.player_id = p.player_id AND s.newest = 1
    WHERE p.listed AND (CAST($year AS INTEGER) IS NULL OR s.player_id IS NOT NULL)
)
SELECT row_number() OVER (ORDER BY {by} DESC, player_id) AS rank, player_id, login, city, club_title, region, year,
       elo, gg_points, tournaments_played
FROM listed
WHERE {by} IS NOT NULL AND (CAST($region AS TEXT) IS NULL OR region = CAST($region AS TEXT))
ORDER BY {by} DESC, player_id
LIMIT CAST($limit AS BIGINT)
"""
_TOP_COLUMNS: Final = {
    "rank": "int",
    "player_id": "int",
    "login": "text",
    "city": "text",
    "club_title": "text",
    "region": "text",
    "year": "int",
    "elo": "decimal",
    "gg_points": "decimal",
    "tournaments_played": "int",
}

_FIND: Final = """
SELECT player_id, login, country, city, club_title, elo, listed,
       CASE WHEN player_id = CAST($player_id AS INTEGER) THEN 'id' ELSE 'nickname' END AS matched_by
FROM player
WHERE player_id = CAST($player_id AS INTEGER) OR login = CAST($login AS TEXT)
ORDER BY matched_by, player_id
"""
_FIND_COLUMNS: Final = {
    "player_id": "int",
    "login": "text",
    "country": "text",
    "city": "text",
    "club_title": "text",
    "elo": "decimal",
    "listed": "bool",
    "matched_by": "text",
}

_MOST_GAMES: Final = f"""
SELECT p.player_id
FROM seat s JOIN game g ON {SAME_GAME} JOIN player p ON p.player_id = s.player_id
WHERE {PLAYED}
GROUP BY p.player_id
ORDER BY count(*) DESC, p.player_id
LIMIT 1
"""

_YEARS: Final = """
SELECT year, tournaments, games, wins, draws, games_missing, points_sum, elo_delta_sum, first_shots
FROM player_year WHERE player_id = CAST($player_id AS INTEGER) ORDER BY year
"""
_YEARS_COLUMNS: Final = {
    "year": "int",
    "tournaments": "int",
    "games": "int",
    "wins": "int",
    "draws": "int",
    "games_missing": "int",
    "points_sum": "decimal",
    "elo_delta_sum": "decimal",
    "first_shots": "int",
}

_OFFICIAL_YEARS: Final = """
SELECT year, games, citizen_games, sheriff_games, mafia_games, don_games, wins, win_percent,
       extra_points_per_10_games, elo
FROM player_year_official WHERE player_id = CAST($player_id AS INTEGER) ORDER BY year
"""
_OFFICIAL_YEARS_COLUMNS: Final = {
    "year": "int",
    "games": "int",
    "citizen_games": "int",
    "sheriff_games": "int",
    "mafia_games": "int",
    "don_games": "int",
    "wins": "int",
    "win_percent": "decimal",
    "extra_points_per_10_games": "decimal",
    "elo": "decimal",
}

_SEASONS: Final = """
SELECT year, region, club_title, rank, elo, gg_points, tournaments_played
FROM player_season WHERE player_id = CAST($player_id AS INTEGER) ORDER BY year
"""
_SEASONS_COLUMNS: Final = {
    "year": "int",
    "region": "text",
    "club_title": "text",
    "rank": "int",
    "elo": "decimal",
    "gg_points": "decimal",
    "tournaments_played": "int",
}

_TOURNAMENTS: Final = f"""
SELECT t.tournament_id, t.date_start, t.title, t.city,
       count(*) FILTER (WHERE {PLAYED}) AS games,
       count(*) FILTER (WHERE {PLAYED} AND s.team = g.winner) AS wins,
       count(*) FILTER (WHERE g.winner = 'draw') AS draws,
       sum(CASE WHEN {PLAYED} THEN s.points END) AS points_sum,
       sum(CASE WHEN {PLAYED} THEN s.elo_delta END) AS elo_delta_sum
FROM seat s JOIN game g ON {SAME_GAME} JOIN tournament t ON t.tournament_id = s.tournament_id
WHERE s.player_id = CAST($player_id AS INTEGER)
GROUP BY t.tournament_id, t.date_start, t.title, t.city
ORDER BY t.date_start DESC NULLS LAST, t.tournament_id DESC
LIMIT CAST($limit AS BIGINT)
"""
_TOURNAMENTS_COLUMNS: Final = {
    "tournament_id": "int",
    "date_start": "date",
    "title": "text",
    "city": "text",
    "games": "int",
    "wins": "int",
    "draws": "int",
    "points_sum": "decimal",
    "elo_delta_sum": "decimal",
}

_STANDINGS: Final = """
SELECT t.tournament_id, t.date_start, t.title, r.standing, r.place, r.points_total, r.wins, r.first_shots, r.gg_points
FROM result r JOIN tournament t ON t.tournament_id = r.tournament_id
WHERE r.player_id = CAST($player_id AS INTEGER)
ORDER BY t.date_start DESC NULLS LAST, t.tournament_id DESC, r.standing
LIMIT CAST($limit AS BIGINT)
"""
_STANDINGS_COLUMNS: Final = {
    "tournament_id": "int",
    "date_start": "date",
    "title": "text",
    "standing": "text",
    "place": "int",
    "points_total": "decimal",
    "wins": "int",
    "first_shots": "int",
    "gg_points": "decimal",
}


def top_players(
    league: League,
    by: str = "elo",
    *,
    region: str | None = None,
    year: int | None = None,
    limit: int = 20,
) -> pl.DataFrame:
    """The first players of the rating, as the site lists them.

    By elo (without a year: as the newest list shows it) or by gg_points (without a year: of the newest
    season); `region` keeps one region's players. One row a player: rank, player_id, login, city,
    club_title, region and year (of the season meant), elo, gg_points, tournaments_played; players equal
    in the measure stand in the order of their ids. Raises SettingsError for another measure or region, and for
    a year or limit that is none.

    >>> top_players(league, region="siberia_and_ural", limit=10)  # doctest: +SKIP
    """
    by = one_of(*RANKED_BY)("by", by)
    region = None if region is None else one_of(*REGIONS)("region", region)
    year, limit = maybe_year(year), limit_of("limit", limit)
    if by == "gg_points" and year is None:
        year = league.query("SELECT max(year) AS year FROM player_season")["year"].item()
    return ask(league, _TOP.format(by=by), _TOP_COLUMNS, {"year": year, "region": region, "limit": limit})


def find_player(league: League, who: int | str) -> pl.DataFrame:
    """Everybody who may be meant by an id or a nickname; the choice is the caller's.

    An exact id and exact nicknames come first (a nickname may be digits); only where there is neither,
    nicknames that look the same (but for case, accents' form, spaces, Latin for Cyrillic letters), else a few
    that are alike. One row a
    player: player_id, login, country, city, club_title, elo, listed, matched_by (id, nickname, similar); no
    row where nobody is like it. Raises SettingsError for what is neither a whole number nor a text.

    >>> find_player(league, "PELIMENI")  # doctest: +SKIP
    """
    import polars as pl

    who = who_is_meant(who)
    text = str(who)
    number = int(text) if text.isascii() and text.isdigit() and int(text) <= LARGEST_ID else None
    login = None if isinstance(who, int) else who
    found = ask(league, _FIND, _FIND_COLUMNS, {"player_id": number, "login": login})
    if not found.is_empty() or login is None:
        return found
    logins = ask(league, "SELECT player_id, login FROM player", {"player_id": "int", "login": "text"})
    by_folded: dict[str, list[int]] = {}
    for player_id, known in logins.iter_rows():
        by_folded.setdefault(folded(known), []).append(player_id)
    similar = by_folded.get(folded(login)) or [
        player_id
        for known in difflib.get_close_matches(folded(login), by_folded, n=_SIMILAR, cutoff=0.75)
        for player_id in by_folded[known]
    ]
    if not similar:
        return found
    everybody = ask(league, _FIND.split("WHERE", maxsplit=1)[0], _FIND_COLUMNS, {"player_id": None})
    return (
        everybody.filter(pl.col("player_id").is_in(similar))
        .with_columns(matched_by=pl.lit("similar"))
        .sort(pl.col("player_id").replace_strict(similar, list(range(len(similar))), return_dtype=pl.Int64))
    )


def pick_player(league: League, who: int | str) -> int:
    """The id of the one player meant; SettingsError with the candidates' ids where it isn't exactly one.

    An empty text means the first player of the rating; where nobody has one, who has most games.
    """
    if who == "":
        return _first_player(league)
    found = find_player(league, who)
    exact = found.filter(found["matched_by"] != "similar")
    if len(exact) == 1:
        return int(exact["player_id"].item())
    candidates = "; ".join(
        f"{row['player_id']} ({', '.join(str(row[name]) for name in ('login', 'city', 'club_title') if row[name])})"
        for row in found.iter_rows(named=True)
    )
    if not exact.is_empty():
        remedy = "Give the id as a number, not as a text." if str(who).isdigit() else "Give the id."
        raise SettingsError(f"{who!r} may be any of {len(exact)} players: {candidates}.", remedy)
    raise SettingsError(
        f"No player is {who!r}.", f"Alike are: {candidates}." if candidates else "Give an id or an exact nickname."
    )


def _first_player(league: League) -> int:
    """The first of the rating, else who has most games; SettingsError where nobody has either."""
    for first in (top_players(league, limit=1), ask(league, _MOST_GAMES, {"player_id": "int"})):
        if not first.is_empty():
            return int(first["player_id"].item())
    raise SettingsError(
        "No player has a rating or a game here.", "Import the stage players, or tournaments and games, first."
    )


@dataclass(frozen=True, slots=True)
class PlayerPage:
    """What is known of one player; derived and official figures in tables of their own.

    `player` is his line of `find_player`. Official, as the site shows them:

    - `seasons`, a row a year on the rating: year, region, club_title, rank, elo, gg_points, tournaments_played
    - `official_years`, a row a year, only if imported: year, games, citizen_games, sheriff_games,
      mafia_games, don_games, wins, win_percent (0 to 100), extra_points_per_10_games, elo
    - `standings`, his places, the newest first: tournament_id, date_start, title, standing, place,
      points_total, wins, first_shots, gg_points

    Derived from the games:

    - `years`: year, tournaments, games (played, draws among them), wins, draws, games_missing (that
      list him but carry no result), points_sum, elo_delta_sum, first_shots (null where no answer tells)
    - `roles`: as `win_rates_by_role`: its games are the decided ones, draws beside them
    - `tournaments`, the newest first: tournament_id, date_start, title, city, games, wins, draws,
      points_sum, elo_delta_sum
    """

    player: pl.DataFrame
    seasons: pl.DataFrame
    official_years: pl.DataFrame
    standings: pl.DataFrame
    years: pl.DataFrame
    roles: pl.DataFrame
    tournaments: pl.DataFrame

    @property
    def title(self) -> str:
        """The player in words: nickname and id."""
        row = self.player.row(0, named=True)
        return f"{row['login']} ({row['player_id']})"


def player_page(league: League, who: int | str = "", *, tournaments: int = 10) -> PlayerPage:
    """One player's page (`PlayerPage`) by id or nickname (empty: the first of the rating, else who has most games).

    `tournaments` says how many of his newest tournaments and places it has at most.

    Namesakes aren't guessed: SettingsError names the ids to choose from. It is raised for nobody's name, too.

    >>> player_page(league, 159).years  # doctest: +SKIP
    """
    limit = limit_of("tournaments", tournaments)
    player_id = pick_player(league, who)
    me = {"player_id": player_id}
    newest = {**me, "limit": limit}
    return PlayerPage(
        player=find_player(league, player_id),
        seasons=ask(league, _SEASONS, _SEASONS_COLUMNS, me),
        official_years=ask(league, _OFFICIAL_YEARS, _OFFICIAL_YEARS_COLUMNS, me),
        standings=ask(league, _STANDINGS, _STANDINGS_COLUMNS, newest),
        years=ask(league, _YEARS, _YEARS_COLUMNS, me),
        roles=win_rates_by_role(league, player_id=player_id),
        tournaments=ask(league, _TOURNAMENTS, _TOURNAMENTS_COLUMNS, newest),
    )
