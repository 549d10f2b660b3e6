"""Questions about the import itself: what is there, and how fresh it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gomafia_kit.analyse._ask import ask
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    import polars as pl

    from gomafia_kit.analyse.store import League


def overview(league: League) -> pl.DataFrame:
    """What is there: each table's rows, and when the answers came that they were read from.

    One row a table, in the order of `docs/tables.md`: table_name, rows, oldest_answer, newest_answer
    (UTC; null for an empty table; of derived rows: when they were computed), derived_share (the share of
    its rows that were computed here instead of read from the site).

    >>> overview(league)  # doctest: +SKIP
    """
    # Names come from `tables`, not from the caller.
    sql = "\nUNION ALL\n".join(
        f"SELECT {number} AS number, '{name}' AS table_name, count(*) AS rows, "
        "min(a.fetched_at) AS oldest_answer, max(a.fetched_at) AS newest_answer, "
        "avg(CASE WHEN a.via = 'derived' THEN 1.0 ELSE 0.0 END) AS derived_share "
        f"FROM {name} t LEFT JOIN answer a ON a.ask_id = t.ask_id"
        for number, name in enumerate(TABLES)
    )
    return ask(
        league,
        f"{sql}\nORDER BY number",
        {
            "table_name": "text",
            "rows": "int",
            "oldest_answer": "time",
            "newest_answer": "time",
            "derived_share": "share",
        },
    )


def freshness(league: League) -> pl.DataFrame:
    """How old the answers are, by what was asked for.

    One row a kind of answer: kind, answers, oldest, newest (UTC), by_http, by_chromium, derived (how
    many of them came each way); the kinds with the oldest answers first.
    """
    return ask(
        league,
        """
SELECT kind, count(*) AS answers, min(fetched_at) AS oldest, max(fetched_at) AS newest,
       count(*) FILTER (WHERE via = 'http') AS by_http,
       count(*) FILTER (WHERE via = 'chromium') AS by_chromium,
       count(*) FILTER (WHERE via = 'derived') AS derived
FROM answer GROUP BY kind
""",
        {
            "kind": "text",
            "answers": "int",
            "oldest": "time",
            "newest": "time",
            "by_http": "int",
            "by_chromium": "int",
            "derived": "int",
        },
    ).sort("oldest", "kind")  # here, because PostgreSQL's order of texts depends on the server
