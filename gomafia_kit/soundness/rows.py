"""Checks of the live rows against each other: keys, references, seats, and sums.

Standings are held to what must be so whatever the site means by its columns: nobody has more wins than
games that he won at the tournament's tables. `points_total` may count the win or not, and a standing
without the final leaves games out, so those are counted and told, not judged.

What is counted, joined or added up is so for a range of ids at a time: what that takes doesn't grow with the league.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.runs.database import rebuild_remedy
from gomafia_kit.soundness.finding import SHOWN, Check, Fault, checked
from gomafia_kit.staging.derive import is_behind
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gomafia_kit.runs.ledger import Ledger
    from gomafia_kit.staging.live import LiveTables
    from gomafia_kit.tables import Reference, Table

ROWS_AT_ONCE: Final = 200_000
"""Rows of a range, each of which reads its tables again: ranges of 50,000 took twice the time, and no less memory."""

_RANGE: Final = "{range}"
"""In SQL: where the condition stands that keeps some ids."""

_GAME: Final = ("tournament_id", "round", "table_no")

# Not count(DISTINCT): it would hold every seat a second and a third time.
_SEATS: Final = """
SELECT tournament_id, round, table_no, CASE
    WHEN seats != 10 OR places != 10 THEN 'it has ' || seats || ' seats, ' || places || ' of them 1 to 10'
    WHEN people != known THEN 'a player sits there twice'
    WHEN winner NOT IN ('red', 'black', 'draw') THEN 'its winner is ' || winner
    WHEN winner IS NOT NULL AND (citizens, sheriffs, mafia, dons) != (6, 1, 2, 1)
        THEN concat('its roles are ', citizens, ' citizens, ', sheriffs, ' sheriff, ', mafia, ' mafia, ', dons, ' don')
    WHEN wrong_team > 0 THEN wrong_team || ' seats have a team that is not of their role'
END AS value
FROM (
    SELECT tournament_id, round, table_no, any_value(game.winner) AS winner, count(seat.seat) AS seats,
        coalesce(bit_count(bit_or(1 << seat.seat) FILTER (seat.seat BETWEEN 1 AND 10)), 0) AS places,
        count(seat.player_id) AS known, len(list_distinct(list(seat.player_id))) AS people,
        count(*) FILTER (role = 'citizen') AS citizens, count(*) FILTER (role = 'sheriff') AS sheriffs,
        count(*) FILTER (role = 'mafia') AS mafia, count(*) FILTER (role = 'don') AS dons,
        count(*) FILTER (team IS DISTINCT FROM CASE WHEN role IN ('citizen', 'sheriff') THEN 'red'
            WHEN role IN ('mafia', 'don') THEN 'black' END AND seat.seat IS NOT NULL) AS wrong_team
    FROM game LEFT JOIN seat USING (tournament_id, round, table_no)
    WHERE {range} GROUP BY tournament_id, round, table_no
) WHERE value IS NOT NULL
"""

_WON: Final = """
WITH whole AS (
    SELECT tournament_id FROM game WHERE {range} GROUP BY tournament_id
    HAVING count(winner) = count(*) AND NOT list_contains({refused}::INTEGER[], tournament_id)
), won AS (
    SELECT tournament_id, player_id, count(*) FILTER (team = winner) AS wins,
        count(*) FILTER (team = winner AND role = 'don') AS wins_as_don,
        count(*) FILTER (team = winner AND role = 'sheriff') AS wins_as_sheriff, sum(points) AS points
    FROM seat JOIN game USING (tournament_id, round, table_no) JOIN whole USING (tournament_id)
    WHERE {range} AND player_id IS NOT NULL GROUP BY tournament_id, player_id
), line AS (
    SELECT result.tournament_id, standing, row_no, player_id, points_total, won.points,
        result.wins, won.wins AS won, result.wins_as_don, won.wins_as_don AS won_as_don,
        result.wins_as_sheriff, won.wins_as_sheriff AS won_as_sheriff
    FROM result JOIN won USING (tournament_id, player_id) WHERE {range}
)
"""

_HAS_TOO_MANY: Final = "wins > won OR wins_as_don > won_as_don OR wins_as_sheriff > won_as_sheriff"

_TOO_MANY: Final = f"""
SELECT tournament_id, standing, row_no, 'player ' || player_id || ' has ' || concat_ws(', ', wins || ' wins',
    wins_as_don || ' as don', wins_as_sheriff || ' as sheriff') || '; at the tables he won ' || won || ', '
    || won_as_don || ' as don, ' || won_as_sheriff || ' as sheriff' AS value
FROM line WHERE {_HAS_TOO_MANY}
"""

_YEARS: Final = """
SELECT player_id, year, concat('it says ', of_year.games, ' games, ', of_year.wins, ' wins; ', told, ' say ',
    summed.games, ' games, ', summed.wins, ' wins') AS value
FROM (FROM player_year WHERE {range}) of_year FULL JOIN (
    SELECT 'the seats' AS told, player_id, year(date_start) AS year, count(winner) AS games,
        count(*) FILTER (winner = team) AS wins, coalesce(sum(points) FILTER (winner IS NOT NULL), 0) AS points
    FROM seat JOIN game USING (tournament_id, round, table_no) JOIN tournament USING (tournament_id)
    WHERE {range} AND date_start IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT 'its roles', player_id, year, sum(games), sum(wins), sum(points_sum) FROM player_role_year
    WHERE {range} GROUP BY ALL
) summed USING (player_id, year)
WHERE summed.games > 0 AND (of_year.games, of_year.wins, of_year.points_sum)
    IS DISTINCT FROM (summed.games, summed.wins, summed.points) OR summed.games IS NULL AND of_year.games > 0
"""


def checks(live: LiveTables, ledger: Ledger) -> Iterator[Check]:
    """Every check of the live rows."""
    yield checked(live.data_dir, "keys", lambda: _keys(live))
    yield checked(live.data_dir, "references", lambda: _references(live, ledger))
    yield checked(live.data_dir, "seats", lambda: _seats(live))
    yield checked(live.data_dir, "sums", lambda: _sums(live, ledger))


def _ranges(live: LiveTables, column: str, *tables: str) -> list[str]:
    """Conditions on an id: of the rows of these tables each keeps exactly one; rows without the id keep none."""
    return list(live.ranges(column, [TABLES[table] for table in tables], ROWS_AT_ONCE))


def _faults(live: LiveTables, table: str, key: tuple[str, ...], sql: str, ranges: Iterable[str]) -> Iterator[Fault]:
    """The fault that the rows of `sql` are (the key's columns, then `value`), if there are any in these ranges."""
    columns = ", ".join((*key, "value", "count(*) OVER ()"))
    number, shown = 0, list[tuple[Any, ...]]()
    for condition in ranges:
        found = live.values(f"SELECT {columns} FROM ({sql.replace(_RANGE, condition)}) ORDER BY ALL LIMIT {SHOWN}")
        number += int(found[0][-1]) if found else 0
        shown += found[: SHOWN - len(shown)]
    if shown:
        keys = tuple(", ".join(f"{name}={value}" for name, value in zip(key, row, strict=False)) for row in shown)
        yield Fault(table, number, keys, str(shown[0][-2]), rebuild_remedy(live.data_dir))


def _with_rows(live: LiveTables) -> list[Table]:
    return [table for table in TABLES.values() if live.count(table.name)]


def _keys(live: LiveTables) -> tuple[str, list[Fault]]:
    faults: list[Fault] = []
    number = 0
    for table in _with_rows(live):
        number += live.count(table.name)
        ranges = [*_ranges(live, table.key[0], table.name), f"{table.key[0]} IS NULL"]
        faults += _faults(live, table.name, table.key, _twice(table), ranges)
        faults += _faults(live, table.name, table.key, _nulls(table), ranges)
    return f"{number:,} rows of {len(TABLES)} tables: each has a key of its own, and a value where one must be", faults


def _twice(table: Table) -> str:
    key = ", ".join(table.key)
    return (
        f"SELECT {key}, count(*) || ' rows have this key' AS value FROM {table.name}"
        f" WHERE {_RANGE} GROUP BY {key} HAVING count(*) > 1"
    )


def _nulls(table: Table) -> str:
    needed = [column.name for column in table.columns if not column.nullable]
    which = " ".join(f"WHEN {name} IS NULL THEN '{name} is null'" for name in needed)
    rows = f"SELECT {', '.join(table.key)}, CASE {which} END AS value FROM {table.name} WHERE {_RANGE}"
    return f"FROM ({rows}) WHERE value IS NOT NULL"


def _references(live: LiveTables, ledger: Ledger) -> tuple[str, list[Fault]]:
    """Rows that name a row which isn't there; one that was refused, or whose stage hasn't ended, is told instead."""
    faults: list[Fault] = []
    told: list[str] = []
    refused = {table for table, *_ in ledger.rejections()}
    number = 0
    for table in _with_rows(live):
        for reference in table.references:
            number += live.count(table.name)
            ranges = _ranges(live, reference.columns[0], table.name, reference.table)
            found = list(_faults(live, table.name, table.key, _dangling(table, reference), ranges))
            if not found:
                continue
            if reference.table in refused:
                why = "was refused"
            elif not live.count(reference.table):
                why = "wasn't imported"
            elif is_behind(reference.table, ledger):
                why = "no list has; it comes with the end of the stage"
            else:
                faults += found
                continue
            told.append(f"{found[0].number:,} of {table.name} name a {reference.table} that {why}")
    text = f"{number:,} references (seat to game, game to tournament, players ...): each names a row that is there"
    return "; ".join([text, *told]), faults


def _dangling(table: Table, reference: Reference) -> str:
    # A reference's columns bear the names of the key that they name: one condition is about both tables.
    given = " AND ".join(f"{name} IS NOT NULL" for name in reference.columns)
    shown = " || ', ' || ".join(f"'{name} ' || {name}" for name in reference.columns)
    return (
        f"SELECT {', '.join(table.key)}, {shown} || ' is no {reference.table}' AS value"
        f" FROM (FROM {table.name} WHERE {_RANGE} AND {given})"
        f" ANTI JOIN (FROM {reference.table} WHERE {_RANGE}) USING ({', '.join(reference.columns)})"
    )


def _seats(live: LiveTables) -> tuple[str, list[Fault]]:
    games, played, seats = live.values("SELECT count(*), count(winner), (SELECT count(*) FROM seat) FROM game")[0]
    text = (
        f"{games:,} games: each has ten seats, and each of the {played:,} played has 6 citizens, a sheriff, 2 mafia"
        f" and a don ({seats:,} seats)"
    )
    ranges = _ranges(live, "tournament_id", "game", "seat")
    return text, list(_faults(live, "game", _GAME, _SEATS, ranges))


def _are_years_behind(ledger: Ledger) -> bool:
    """Whether players' years are of earlier seats, as an update leaves them that was stopped."""
    return is_behind("player_year", ledger) or is_behind("player_role_year", ledger)


def _sums(live: LiveTables, ledger: Ledger) -> tuple[str, list[Fault]]:
    # Where a game was refused, the standing knows more than the tables here.
    won = _WON.replace("{refused}", str(ledger.tournaments_with_refused_games()))
    ranges = _ranges(live, "tournament_id", "game", "seat", "result")
    wanted = ("true", "wins = won", "points_total = points", _HAS_TOO_MANY)
    counted = f"{won} SELECT {', '.join(f'count(*) FILTER ({what})' for what in wanted)} FROM line"
    every = {condition: live.values(counted.replace(_RANGE, condition))[0] for condition in ranges}
    lines, won_as_many, with_sum, _ = map(sum, zip(*every.values(), strict=True))
    wrong = [condition for condition, (*_, too_many) in every.items() if too_many]
    key = ("tournament_id", "standing", "row_no")
    faults = list(_faults(live, "result", key, f"{won} {_TOO_MANY}", wrong))
    years = 0 if _are_years_behind(ledger) else live.count("player_year")
    if years:
        of_players = _ranges(live, "player_id", "seat", "player_year", "player_role_year")
        faults += _faults(live, "player_year", ("player_id", "year"), _YEARS, of_players)
    text = (
        f"{lines:,} lines of standings beside the seats: nobody has more wins than he won at the tables"
        f" ({won_as_many:,} have as many; {with_sum:,} have the sum of the seats' points, which the site"
        f" doesn't promise);"
        f" {years:,} players' years: games, wins and points are those of their seats and of their roles"
    )
    return text, faults
