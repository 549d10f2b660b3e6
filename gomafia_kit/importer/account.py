"""What a run's receipt says: for each table where its records went, and the memory that it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import BrokenAccountError
from gomafia_kit.memory.peaks import peak_of, tells_pss
from gomafia_kit.tables import ANSWER, TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gomafia_kit.runs.journal import MemorySample
    from gomafia_kit.runs.ledger import Ledger
    from gomafia_kit.staging.live import LiveTables

_REPORT: Final = "Please report this with the data folder's runs.sqlite; the rows in the archive are safe."


def accounts(ledger: Ledger, live: LiveTables, written: Mapping[str, int]) -> list[dict[str, Any]]:
    """For each table: fetched = staged + rejected + duplicates; BrokenAccountError if it isn't so."""
    tallies = ledger.tallies()
    fetched_rows = ledger.live_row_counts(derived=False)
    derived_rows_ = ledger.live_row_counts(derived=True)
    told = []
    for table in TABLES.values():
        if table is ANSWER:
            continue
        tally = tallies.get(table.name)
        fetched, rejected, twice = (tally.fetched, tally.rejected, tally.duplicates) if tally else (0, 0, 0)
        derived = derived_rows_.get(table.name, 0)
        staged = live.count(table.name) - derived
        again = live.keys_given_again(table.name)
        account = {
            "table": table.name,
            "fetched": fetched,
            "staged": staged,
            "rejected": rejected,
            "duplicates": twice + again,
            "derived": derived,
            "written": written.get(table.name, 0),
        }
        if fetched != staged + rejected + twice + again or fetched_rows.get(table.name, 0) != staged + again:
            raise BrokenAccountError(f"The account of {table.name} doesn't add up: {account}.", _REPORT)
        told.append(account)
    return told


def peaks(samples: Sequence[MemorySample]) -> dict[str, float | None]:
    """The highest memory of a run in MB: Python's own RSS, exactly, and the whole tree's as `peak_of` counts it.

    Where the system doesn't tell PSS, the tree's RSS stands in its place, under a name of its own.
    """
    whole = peak_of(samples).mb if samples else None
    has_pss = tells_pss(samples)
    return {
        "peak_rss_mb": max((s.peak_rss_mb for s in samples if s.peak_rss_mb is not None), default=None),
        "peak_pss_mb": whole if has_pss else None,
        "peak_tree_rss_mb": None if has_pss else whole,
    }
