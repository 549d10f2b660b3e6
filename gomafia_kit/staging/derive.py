"""Rows that are computed, not fetched: players whom no list knows, and figures by player and year.

They are computed for a range of players at a time: what that takes doesn't grow with the league.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from gomafia_kit.site import Ask
from gomafia_kit.staging.live import OBJECTS_A_READ, ROWS_A_SUM
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.runs.ledger import Ledger
    from gomafia_kit.staging.live import LiveTables

_VERSION: Final = "1"

# Everybody met in a club, among the judges, at a table or in a standing whom no rating list has; his nickname is the
# newest one seen.
_UNLISTED: Final = """
WITH met AS (
    SELECT player_id, login, coalesce(date_start, DATE '0001-01-01') AS seen_on, tournament_id AS seen_in,
        round AS seen_round
    FROM seat LEFT JOIN tournament USING (tournament_id)
    WHERE {range} AND login IS NOT NULL
    UNION ALL
    SELECT player_id, login, DATE '0001-01-01', 0, 0 FROM club_member WHERE {range} AND login IS NOT NULL
    UNION ALL
    SELECT player_id, login, DATE '0001-01-01', 0, 0 FROM club_president WHERE {range} AND login IS NOT NULL
    UNION ALL
    SELECT player_id, login, DATE '0001-01-01', 0, 0 FROM judge WHERE {range}
    UNION ALL
    SELECT player_id, login, DATE '0001-01-01', 0, 0 FROM result WHERE {range}
)
SELECT player_id, arg_max(login, (seen_on, seen_in, seen_round, login)) AS login, NULL AS country, NULL AS city,
    NULL AS club_title, NULL AS elo, false AS listed, NULL AS listed_year
FROM met WHERE player_id NOT IN (SELECT player_id FROM player WHERE {range} AND listed)
GROUP BY player_id ORDER BY player_id
"""

_SEATS_BY_YEAR: Final = """
WITH played AS (
    SELECT seat.player_id, year(tournament.date_start) AS year, seat.role, seat.team, game.winner,
        seat.tournament_id, seat.points, seat.elo_delta, seat.shot_first
    FROM seat JOIN game USING (tournament_id, round, table_no) JOIN tournament USING (tournament_id)
    WHERE {range} AND tournament.date_start IS NOT NULL
)
"""

# Of whom nothing came but refused seats, not even the nickname is known: he is no player, and has no year.
# Players stand in their own range there: DuckDB would choose among all rows of all players before such a join.
_PLAYER_YEAR: Final = (
    _SEATS_BY_YEAR
    + """, refused AS (
    SELECT player_id, year(date_start) AS year, count(*) AS games
    FROM rejected_seat JOIN tournament USING (tournament_id) SEMI JOIN (FROM player WHERE {range}) USING (player_id)
    WHERE {range} AND date_start IS NOT NULL GROUP BY ALL
), figures AS (
    SELECT player_id, year,
        count(winner) AS games,
        count(*) FILTER (winner = team) AS wins,
        count(*) FILTER (winner = 'draw') AS draws,
        count(DISTINCT tournament_id) FILTER (winner IS NOT NULL) AS tournaments,
        coalesce(sum(points) FILTER (winner IS NOT NULL), 0) AS points_sum,
        coalesce(sum(elo_delta) FILTER (winner IS NOT NULL), 0) AS elo_delta_sum,
        CASE WHEN count(shot_first) > 0 THEN count(*) FILTER (winner IS NOT NULL AND shot_first) END AS first_shots,
        count(*) FILTER (winner IS NULL) AS unplayed
    FROM played GROUP BY player_id, year
)
SELECT player_id, year, coalesce(figures.games, 0) AS games, coalesce(wins, 0) AS wins,
    coalesce(draws, 0) AS draws, coalesce(tournaments, 0) AS tournaments,
    coalesce(points_sum, 0) AS points_sum, coalesce(elo_delta_sum, 0) AS elo_delta_sum, first_shots,
    coalesce(unplayed, 0) + coalesce(refused.games, 0) AS games_missing
FROM figures FULL JOIN refused USING (player_id, year) ORDER BY player_id, year
"""
)

_PLAYER_ROLE_YEAR: Final = (
    _SEATS_BY_YEAR
    + """
SELECT player_id, year, role, count(*) AS games, count(*) FILTER (winner = team) AS wins,
    coalesce(sum(points), 0) AS points_sum, coalesce(sum(elo_delta), 0) AS elo_delta_sum
FROM played WHERE winner IS NOT NULL GROUP BY player_id, year, role ORDER BY player_id, year, role
"""
)

_PLAYERS: Final = ("player", "club_member", "club_president", "judge", "seat", "result", "tournament")
_SQL: Final = {
    "player": (_UNLISTED, _PLAYERS),
    "player_year": (_PLAYER_YEAR, (*_PLAYERS, "game")),
    "player_role_year": (_PLAYER_ROLE_YEAR, ("seat", "game", "tournament")),
}


def derived_ask(table: str) -> Ask:
    """What stands for an ask in rows that are computed."""
    return Ask("derived", "derived", "COMPUTE", table, subject=f"derived/{table}")


def inputs_fingerprint(table: str, ledger: Ledger) -> str:
    """A name for all that the rows depend on: nothing is computed again while it stays the same."""
    sql, inputs = _SQL[table]
    state = ledger.fingerprint_of_loads(inputs)
    return hashlib.sha256(f"{_VERSION} {sql} {state}".encode()).hexdigest()


def is_behind(table: str, ledger: Ledger) -> bool:
    """Whether what a table's computed rows depend on has changed since: a stage that stopped leaves them behind."""
    return table in _SQL and not ledger.is_live(derived_ask(table), inputs_fingerprint(table, ledger))


def derived_rows(table: str, ledger: Ledger, live: LiveTables) -> Iterator[tuple[object, ...]]:
    """The computed rows of a table (without ask_id), as a stream."""
    import pyarrow as pa

    if table == "player_year":
        seats = ledger.rejected_seats()
        arrow = pa.table(
            {
                "tournament_id": pa.array([seat[0] for seat in seats], pa.int32()),
                "player_id": pa.array([seat[1] for seat in seats], pa.int32()),
            }
        )
        live.connection.register("rejected_arrow", arrow)
        live.connection.execute("CREATE OR REPLACE TABLE rejected_seat AS SELECT * FROM rejected_arrow")
        live.connection.unregister("rejected_arrow")
    sql, inputs = _SQL[table]
    of_players = [TABLES[name] for name in inputs if "player_id" in TABLES[name].names]
    for condition in live.ranges("player_id", of_players, ROWS_A_SUM):
        for batch in live.stream(sql.replace("{range}", condition), OBJECTS_A_READ):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
