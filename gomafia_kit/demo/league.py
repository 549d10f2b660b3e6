"""A made-up league: what the demo site tells, and the truth to compare an import with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gomafia_kit.demo import _changes, _standing
from gomafia_kit.demo._figures import Careers, Figures, hundredths, real_check
from gomafia_kit.demo._generate import generate
from gomafia_kit.demo._players_file import read_roster
from gomafia_kit.demo._rating import Ratings
from gomafia_kit.demo._scales import scale_named
from gomafia_kit.demo.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gomafia_kit.demo._rating import RatingLine
    from gomafia_kit.demo._standing import Line
    from gomafia_kit.demo._world import Tournament, World

REAL_CHECKS = {
    159: ("3273.26", real_check((211, 29, 77, 25), "2.61")),
    15: ("2656.23", real_check((113, 19, 35, 16), "2.01")),
    1: ("2325.48", real_check((58, 9, 16, 8), "1.74")),
}
"""Player -> ELO and figures of 2025 as the real site shows them."""
REAL_CHECK_YEAR = 2025


class League:
    """A league, deterministic for scale, seed and players; `change` alters it."""

    def __init__(
        self,
        scale: str = "tiny",
        seed: int = 1,
        players: Path | str | None = None,
        switches: Switches | None = None,
    ) -> None:
        roster = read_roster(Path(players)) if players else None
        self.world: World = generate(scale_named(scale), seed, roster)
        self.switches = switches or Switches()
        self.ratings = Ratings(self.world)
        self.careers = Careers(self.world)
        self.changes: list[tuple[str, dict[str, Any]]] = []

    def table(
        self, name: str, standings: tuple[str, ...] = ("total",), years: Iterable[int] | None = None
    ) -> Iterator[dict[str, object]]:
        """What a correct import ends with, over the JSON API where it tells: rows of that table, by key.

        Rows have the columns of `gomafia_kit.tables` but `ask_id` and `unresolved`. `standings` says which of total
        (the API's), with_final and without_final (the page's) the table `result` shall hold, `years`
        which years' rating lists were asked for (matters with the switch `empty_years`).
        """
        from gomafia_kit.demo import _truth

        asked = self.world.years if years is None else tuple(sorted(years))
        return _truth.table(self, name, standings, asked)

    def change(self, what: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - each has its own
        """Let something happen; see docs/demo.md for the names. Gives what was touched."""
        done = _changes.change(self.world, what, fields)
        self.changes.append((what, fields))
        return done

    @property
    def current_year(self) -> int:
        """The year that a list without `year` means."""
        return self.switches.season or self.world.season

    def rating(self, year: int, region: str) -> list[RatingLine]:
        """The rating list of a year and a region."""
        idle, empty = self.switches.idle_players == "zeros", self.switches.empty_years == "zeros"
        return self.ratings.players(year, region, idle=idle, empty=empty)

    def rank(self, player_id: int) -> int | None:
        """The player's place on the present list of everybody."""
        return self.ratings.rank(player_id, self.world.season)

    def blank(self, tournament: Tournament) -> bool:
        """Whether the games of that tournament are told without their outcome."""
        return tournament.is_hidden and self.switches.hidden_games == "blank"

    def games(self, tournament: Tournament) -> list[int]:
        """Positions of the games that the site tells."""
        games = range(tournament.games)
        if self.switches.unplayed == "absent":
            return [game for game in games if tournament.winner[game]]
        return list(games)

    def standing(self, tournament: Tournament, which: str) -> list[Line] | None:
        """The lines of a standing: total, with_final, without_final; None where the site has null."""
        if which == "total":
            if not tournament.final_rounds or self.switches.api_standing == "merged":
                return [] if tournament.is_hidden else _standing.with_final(tournament)
            which = self.switches.api_standing
        if which == "without_final" and not tournament.final_rounds and self.switches.no_final == "null":
            return None
        if tournament.is_hidden:
            return []
        if which == "without_final":
            return _standing.without_final(tournament)
        lines = _standing.with_final(tournament)
        if tournament.final_rounds and self.switches.with_final == "finalists":
            return [line for line in lines if line.player in _standing.finalists(tournament)]
        return lines

    def figures(self, player_id: int, year: int | None, *, fsm: bool = False) -> Figures:
        """A player's official figures of a year, or of all."""
        if self._is_real_check(player_id, year):
            return REAL_CHECKS[player_id][1]
        return self.careers.figures(player_id, year, fsm=fsm)

    def shown_elo(self, player_id: int, year: int | None) -> str:
        """The ELO beside those figures."""
        if self._is_real_check(player_id, year):
            return REAL_CHECKS[player_id][0]
        person = self.world.people[player_id]
        present = year is None or self.switches.stats_elo == "present"
        return hundredths(person.elo if present else person.elo_in(year or 0))

    def _is_real_check(self, player_id: int, year: int | None) -> bool:
        return self.switches.real_checks and year == REAL_CHECK_YEAR and player_id in REAL_CHECKS
