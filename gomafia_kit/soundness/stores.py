"""Checks of the stores against each other: what is live, what is published, what the receipt says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gomafia_kit.errors import command_for
from gomafia_kit.soundness.finding import SHOWN, Fault
from gomafia_kit.staging.published import FORMS, published_tables
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gomafia_kit.runs.ledger import Ledger
    from gomafia_kit.staging.live import LiveTables


def _publish_again(data_dir: Path) -> str:
    return f"Run {command_for(data_dir, 'rebuild')}: it is published anew."


def published_counts(data_dir: Path, ledger: Ledger, live: LiveTables) -> tuple[str, list[Fault]]:
    """Rows of each published table against the live ones."""
    faults: list[Fault] = []
    with published_tables(data_dir, ledger, live, *FORMS) as stores:
        have = {table: live.count(table) for table in TABLES}
        for store, tables in stores.items():
            for table, source in tables.items():
                number = int(live.values(f"SELECT count(*) FROM {source}")[0][0])
                if number != have[table]:
                    value = f"{store} has {number:,} rows, staging {have[table]:,}"
                    faults.append(Fault(table, abs(number - have[table]), (), value, _publish_again(data_dir)))
    told = f"as many in {' and '.join(stores)}" if stores else "this state of them isn't published"
    return f"{sum(have.values()):,} live rows of {len(TABLES)} tables: {told}", faults


def published_rows(data_dir: Path, ledger: Ledger, live: LiveTables) -> tuple[str, list[Fault]]:
    """Every value of each published table against the live one, by a hash over rows, then by the rows that differ."""
    faults: list[Fault] = []
    number = 0
    with published_tables(data_dir, ledger, live, *FORMS) as stores:
        for store, tables in stores.items():
            for table, source in tables.items():
                rows, mine = _digest(live, table, table)
                number += rows
                if (rows, mine) != _digest(live, table, source):
                    keys = _differing(live, table, source)
                    value = f"rows of {store} aren't those of staging"
                    faults.append(Fault(table, max(1, len(keys)), keys[:SHOWN], value, _publish_again(data_dir)))
    return f"{number:,} published rows ({' and '.join(stores) or 'none'}): every value is the staged one", faults


def _digest(live: LiveTables, table: str, source: str) -> tuple[int, int]:
    columns = ", ".join(TABLES[table].names)
    rows, digest = live.values(f"SELECT count(*), coalesce(sum(hash({columns})::HUGEINT), 0) FROM {source}")[0]
    return int(rows), int(digest)


def _differing(live: LiveTables, table: str, source: str) -> tuple[str, ...]:
    spec = TABLES[table]
    columns, key = ", ".join(spec.names), ", ".join(spec.key)
    mine, theirs = f"SELECT {columns} FROM {table}", f"SELECT {columns} FROM {source}"
    rows = live.values(
        f"SELECT DISTINCT {key} FROM (({mine} EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL {mine}))"
        f" ORDER BY ALL LIMIT {SHOWN + 1}"
    )
    return tuple(", ".join(f"{name}={value}" for name, value in zip(spec.key, row, strict=True)) for row in rows)


def receipt_counts(live: LiveTables, accounts: Sequence[Mapping[str, Any]]) -> tuple[str, list[Fault]]:
    """Rows of each table against the newest run's receipt."""
    if not accounts:
        return "no receipt to compare with: the newest run has none", []
    faults: list[Fault] = []
    for account in accounts:
        table, told = str(account["table"]), account["staged"] + account["derived"]
        number = live.count(table)
        if number != told:
            value = f"the receipt says {told:,} rows, staging has {number:,}"
            faults.append(Fault(table, abs(number - told), (), value, "Run again: the receipt is made anew."))
        if account["fetched"] != account["staged"] + account["rejected"] + account["duplicates"]:
            value = f"fetched {account['fetched']:,} isn't staged + rejected + duplicates"
            faults.append(Fault(table, 1, (), value, "Please report this with runs.sqlite."))
    total = sum(account["staged"] + account["derived"] for account in accounts)
    return f"{total:,} rows of {len(accounts)} tables in the receipt: as many are staged", faults
