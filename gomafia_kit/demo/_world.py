"""The league as plain data: people, clubs, tournaments with their seats in flat arrays.

Points and ELO are whole hundredths, so that nothing is ever rounded twice. A full league has
600,000 seats; as arrays they take some 15 MB, as objects a hundred times that.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from gomafia_kit.demo._players_file import Roster
    from gomafia_kit.demo._scales import Scale

ROLES: Final = (None, "citizen", "sheriff", "mafia", "don")
CITIZEN, SHERIFF, MAFIA, DON = 1, 2, 3, 4
WINNERS: Final = (None, "red", "black", "draw")
RED, BLACK, DRAW = 1, 2, 3
MARKS: Final = ("", "b", "lg", "g", "y", "r")
"""Marks of a seat: the first three are a first shot."""
LAST_SHOT_MARK: Final = 3
TABLE: Final = 10
"""Seats at a table."""


@dataclass(slots=True)
class Person:
    """Somebody with an account."""

    player_id: int
    login: str
    country: str
    city: str
    region: str | None
    """None: outside the seven regions, on no list but that of all."""
    first_year: int
    listed: bool = True
    club_id: int | None = None
    club_since: int = 0
    """First season as a member of `club_id`."""
    first_name: str = ""
    last_name: str = ""
    skill: float = 0.0
    zeal: float = 0.0
    elo: int = 190_000
    elo_by_year: dict[int, int] = field(default_factory=dict)

    def club_in(self, year: int) -> int | None:
        """The club that the lists of that year show."""
        return self.club_id if year >= self.club_since else None

    def elo_in(self, year: int) -> int:
        """ELO (hundredths) at the end of that year."""
        return self.elo_by_year.get(year, self.elo)


@dataclass(slots=True)
class Club:
    """A club; members are told by the people."""

    club_id: int
    title: str
    country: str
    city: str
    region: str | None
    president_id: int | None = None


@dataclass(slots=True)
class Judge:
    """An accredited judge."""

    player_id: int
    category: str
    most_tables: int
    rating: int
    accredited_on: date
    responsible: str


def _ints() -> array[int]:
    return array("i")


def _shorts() -> array[int]:
    return array("h")


@dataclass(slots=True)
class Tournament:
    """A tournament; game `g` is at position g of the game columns, its seats at 10g to 10g + 9."""

    tournament_id: int
    title: str
    start: date
    end: date
    place: int
    """Position in `names.PLACES`."""
    kind: str = "personal"
    status: str = "finished"
    stars: int = 0
    elo_average: int | None = None
    is_fsm: bool = False
    is_hidden: bool = False
    referee_id: int | None = None
    organizer_id: int | None = None
    fee: int | None = None
    """Hundredths of a rouble."""
    projected: int | None = None
    final_rounds: int = 0
    prizes: tuple[int, ...] = ()
    """Roubles in hundredths for the first places."""
    guests: list[str] = field(default_factory=list)
    """Nicknames of people without an account; a seat's player -1 is the first of them."""

    round_no: bytearray = field(default_factory=bytearray)
    table_no: bytearray = field(default_factory=bytearray)
    winner: bytearray = field(default_factory=bytearray)
    judge: array[int] = field(default_factory=_ints)

    player: array[int] = field(default_factory=_ints)
    role: bytearray = field(default_factory=bytearray)
    mark: bytearray = field(default_factory=bytearray)
    bonus: array[int] = field(default_factory=_shorts)
    fine: array[int] = field(default_factory=_shorts)
    shot_points: array[int] = field(default_factory=_shorts)
    compensation: array[int] = field(default_factory=_shorts)
    delta: array[int] = field(default_factory=_shorts)
    """Change of ELO, whole."""
    elo: array[int] = field(default_factory=_ints)
    """ELO after the game, hundredths."""

    @property
    def year(self) -> int:
        """The season it counts for."""
        return self.start.year

    @property
    def games(self) -> int:
        """How many games it has, played or not."""
        return len(self.winner)

    @property
    def rounds(self) -> int:
        """How many rounds it has, those of the final included."""
        return self.round_no[-1] if self.round_no else 0

    def won(self, seat: int) -> bool:
        """Whether the team of that seat (position in the seat columns) won its game."""
        role, winner = self.role[seat], self.winner[seat // TABLE]
        return role != 0 and winner == (RED if role <= SHERIFF else BLACK)

    def extra_of(self, seat: int) -> int:
        """The seat's points beside the one for the win (hundredths)."""
        return self.bonus[seat] + self.shot_points[seat] + self.compensation[seat] - self.fine[seat]


@dataclass(slots=True)
class World:
    """All there is; dictionaries by id, in the order of the ids."""

    scale: Scale
    seed: int
    people: dict[int, Person] = field(default_factory=dict)
    clubs: dict[int, Club] = field(default_factory=dict)
    tournaments: dict[int, Tournament] = field(default_factory=dict)
    judges: dict[int, Judge] = field(default_factory=dict)
    spoiled: dict[tuple[str | int, ...], dict[str, object]] = field(default_factory=dict)
    """Values that a test wants sent in place of the right ones: kind and key -> field -> value."""
    roster: Roster | None = None
    """Real players and their figures, where the league bears them."""
    version: int = 0
    """Counts changes, so that whatever is kept can be told to be old."""

    @property
    def years(self) -> tuple[int, ...]:
        """The seasons that the rating lists know."""
        return self.roster.years if self.roster else self.scale.years

    @property
    def season(self) -> int:
        """The season that the site calls current."""
        return self.years[-1]

    def login_at(self, tournament: Tournament, player: int) -> str:
        """The nickname of a seat's player, account or guest."""
        return self.people[player].login if player > 0 else tournament.guests[-player - 1]
