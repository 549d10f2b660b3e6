"""What the plan must know of the league so far, read from the live rows."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from gomafia_kit.plan import KnownTournament, Seasons
from gomafia_kit.staging.live import LiveTables
from gomafia_kit.tables import TOURNAMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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

    def tournaments(self) -> list[KnownTournament]:
        """All tournaments, newest first. Open are those not called finished, and those with hidden results."""
        columns = ", ".join(name for name in TOURNAMENT.names if name != "ask_id")
        rows = self._rows(
            f"SELECT tournament_id, date_start, date_end, status, status_shown, is_hidden_result,"
            f" md5(row({columns})::TEXT), fetched_at FROM tournament JOIN answer USING (ask_id)"
            " ORDER BY date_start DESC NULLS FIRST, tournament_id DESC"
        )
        return [
            KnownTournament(number, start, end, bool(hidden) or not _is_over(status, shown), row, listed_at)
            for number, start, end, status, shown, hidden, row, listed_at in rows
        ]

    def seasons(self, *, by_player: bool = False) -> Seasons:
        """All players' seasons, player and year: the newest first, or one player's behind one another."""
        order = "player_id, year DESC" if by_player else "year DESC, player_id"
        return Seasons(self._stream(f"SELECT player_id, year FROM player_season ORDER BY {order}"))

    def players(self) -> array[int]:
        """All players with seasons, those of the newest first."""
        rows = self._stream("SELECT player_id FROM player_season GROUP BY 1 ORDER BY max(year) DESC, player_id")
        return array("q", (row[0] for row in rows))

    def members(self, club_id: int) -> list[int]:
        """The players of a club."""
        rows = self._rows(f"SELECT player_id FROM club_member WHERE club_id = {int(club_id)} ORDER BY player_id")
        return [row[0] for row in rows]

    def played_in(self, players: Sequence[int]) -> list[int]:
        """The tournaments that stand in the histories of these players."""
        chosen = ", ".join(str(int(player)) for player in players) or "NULL"
        rows = self._rows(
            f"SELECT DISTINCT tournament_id FROM player_tournament WHERE player_id IN ({chosen}) ORDER BY 1"
        )
        return [row[0] for row in rows]

    def row_read(self, tournament_id: int) -> str | None:
        """The name of the list's row at the time when the tournament's answer was read; None if there is none."""
        return self._ledger.fact(f"tournament/{tournament_id}", "row")

    def _stream(self, sql: str) -> Iterator[Any]:
        with LiveTables(self._data_dir, self._ledger) as live:
            for batch in live.stream(sql):
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def _rows(self, sql: str) -> list[Any]:
        with LiveTables(self._data_dir, self._ledger) as live:
            return live.values(sql)


def _is_over(status: str | None, shown: str | None) -> bool:
    """True if a tournament is finished or called off, by either of the site's words; unknown words leave it open."""
    words = {word.casefold() for word in (status, shown) if word}
    return bool(words & {"finished", "завершён", "завершен", "canceled", "cancelled", "отменён", "отменен"})
