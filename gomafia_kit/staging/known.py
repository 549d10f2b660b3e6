"""What the plan must know of the league so far, read from the live rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gomafia_kit.staging.live import LiveTables

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from gomafia_kit.runs.ledger import Ledger


class StagedLeague:
    """The ids that further asks are made from; each call reads what is live at that moment."""

    def __init__(self, data_dir: Path, ledger: Ledger) -> None:
        self._data_dir = data_dir
        self._ledger = ledger

    def club_ids(self) -> list[int]:
        """All clubs, in the order of their ids."""
        return [row[0] for row in self._rows("SELECT club_id FROM club ORDER BY club_id")]

    def tournaments(self) -> list[tuple[int, date | None, date | None]]:
        """All tournaments: id, first day, last day; newest first."""
        return self._rows(
            "SELECT tournament_id, date_start, date_end FROM tournament"
            " ORDER BY date_start DESC NULLS FIRST, tournament_id DESC"
        )

    def seasons(self) -> list[tuple[int, int]]:
        """All players' seasons: player and year."""
        return self._rows("SELECT player_id, year FROM player_season ORDER BY year DESC, player_id")

    def _rows(self, sql: str) -> list[Any]:
        with LiveTables(self._data_dir, self._ledger) as live:
            return live.values(sql)
