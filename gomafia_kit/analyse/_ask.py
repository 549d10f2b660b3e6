"""What the questions share: asking with a fixed result, shares with intervals, picking one player."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gomafia_kit.analyse.intervals import wilson
from gomafia_kit.tables import DECIMAL_PRECISION, DECIMAL_SCALE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from gomafia_kit.analyse.store import League

PLAYED: Final = "g.winner IS NOT NULL"
DECIDED: Final = "g.winner IN ('red', 'black')"
SAME_GAME: Final = "g.tournament_id = s.tournament_id AND g.round = s.round AND g.table_no = s.table_no"


def ask(
    league: League, sql: str, columns: Mapping[str, str], params: Mapping[str, object] | None = None
) -> pl.DataFrame:
    """The answer with exactly `columns` (name -> int, text, bool, date, time, decimal, share), in that order.

    The stores have their own types for a sum or an empty column; here they become the same.
    """
    import polars as pl

    forms: dict[str, pl.DataType] = {
        "int": pl.Int64(),
        "text": pl.String(),
        "bool": pl.Boolean(),
        "date": pl.Date(),
        "time": pl.Datetime("us", "UTC"),
        "decimal": pl.Decimal(DECIMAL_PRECISION, DECIMAL_SCALE),
        "share": pl.Float64(),
    }
    rows = league.query(sql, params)
    return rows.select(pl.col(name).cast(forms[form]) for name, form in columns.items())


def with_interval(rows: pl.DataFrame, wins: str, games: str, share: str) -> pl.DataFrame:
    """The same rows with the columns `share`, `low` and `high`: wins of games and Wilson's 95% interval."""
    import polars as pl

    pairs = [(int(row[wins]), int(row[games])) for row in rows.iter_rows(named=True)]
    ends = [wilson(won, played) for won, played in pairs]
    return rows.with_columns(
        pl.Series(share, [won / played if played else None for won, played in pairs], pl.Float64),
        pl.Series("low", [end[0] if end else None for end in ends], pl.Float64),
        pl.Series("high", [end[1] if end else None for end in ends], pl.Float64),
    )
