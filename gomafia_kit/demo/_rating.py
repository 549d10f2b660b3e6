"""Rating lists: who stands on the list of a year and a region, and with what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from gomafia_kit.demo._standing import with_final

if TYPE_CHECKING:
    from gomafia_kit.demo._world import Club, Person, World

ALL: str = "all"


@dataclass(frozen=True, slots=True)
class RatingLine:
    """A line of a rating list; ELO in hundredths."""

    person: Person
    rank: int
    elo: int
    club: Club | None
    gg: tuple[int, ...]
    """GG points of each finished tournament of the year, in the order of time."""


@dataclass(frozen=True, slots=True)
class ClubLine:
    """A line of the list of clubs."""

    club: Club
    rank: int
    score: int
    """GG points of the members in that year."""
    elo_average: int | None
    """Hundredths; None for a club without members."""


class Ratings:
    """Rating lists of a league; what is counted once is kept until the league changes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._version = -1
        self._gg: dict[int, dict[int, list[int]]] = {}
        self._members: dict[int, list[Person]] = {}
        self._of = lru_cache(maxsize=8)(self._list)
        self._clubs_of = lru_cache(maxsize=8)(self._club_list)
        self._ranks_of = lru_cache(maxsize=2)(self._rank_table)

    def gg_of(self, year: int) -> dict[int, list[int]]:
        """Player -> GG points of each finished tournament that he played in that year."""
        self._forget_if_changed()
        if year not in self._gg:
            self._gg[year] = self._count_gg(year)
        return self._gg[year]

    def players(self, year: int, region: str, *, idle: bool, empty: bool) -> list[RatingLine]:
        """The list of that year and region (`all`: every region, and people of none).

        `idle`: people without games in the year stand in it too; `empty`: so does everybody in a
        year without any games.
        """
        self._forget_if_changed()
        if year not in self._world.years:
            return self._of(year, region, True) if empty else []
        return self._of(year, region, idle)

    def members(self, club_id: int) -> list[RatingLine]:
        """The members of a club, by ELO."""
        year = self._world.season
        gg = self.gg_of(year)
        members = sorted(self._members_of(club_id), key=lambda person: (-person.elo, person.player_id))
        club = self._world.clubs[club_id]
        return [
            RatingLine(person, rank, person.elo, club, tuple(gg.get(person.player_id, ())))
            for rank, person in enumerate(members, 1)
        ]

    def rank(self, player_id: int, year: int) -> int | None:
        """The player's place on the list of everybody of that year; None if he isn't on it."""
        self._forget_if_changed()
        return self._ranks_of(year).get(player_id)

    def _rank_table(self, year: int) -> dict[int, int]:
        return {line.person.player_id: line.rank for line in self.players(year, ALL, idle=True, empty=False)}

    def _members_of(self, club_id: int) -> list[Person]:
        self._forget_if_changed()
        if not self._members:
            for person in self._world.people.values():
                if person.club_id is not None:
                    self._members.setdefault(person.club_id, []).append(person)
        return self._members.get(club_id, [])

    def clubs(self, year: int, region: str) -> list[ClubLine]:
        """The clubs of that region by their score of that year."""
        self._forget_if_changed()
        return self._clubs_of(year, region)

    def _club_list(self, year: int, region: str) -> list[ClubLine]:
        gg = self.gg_of(year)
        scores = dict.fromkeys(self._world.clubs, 0)
        elos: dict[int, list[int]] = {club_id: [] for club_id in self._world.clubs}
        for person in self._world.people.values():
            if person.club_id is not None:
                scores[person.club_id] += sum(gg.get(person.player_id, ()))
                elos[person.club_id].append(person.elo)
        chosen = [club for club in self._world.clubs.values() if region in {ALL, club.region}]
        chosen.sort(key=lambda club: (-scores[club.club_id], club.club_id))
        return [
            ClubLine(club, rank, scores[club.club_id], _mean(elos[club.club_id])) for rank, club in enumerate(chosen, 1)
        ]

    def _forget_if_changed(self) -> None:
        if self._version != self._world.version:
            self._version = self._world.version
            self._gg.clear()
            self._members.clear()
            self._of.cache_clear()
            self._clubs_of.cache_clear()
            self._ranks_of.cache_clear()

    def _count_gg(self, year: int) -> dict[int, list[int]]:
        gg: dict[int, list[int]] = {}
        for tournament in self._world.tournaments.values():
            if tournament.year == year and tournament.status == "finished" and not tournament.is_hidden:
                for line in with_final(tournament):
                    gg.setdefault(line.player, []).append(line.gg)
        return gg

    def _has_games(self, player_id: int, year: int) -> bool:
        roster = self._world.roster
        if roster and player_id in roster.players:
            return roster.players[player_id].has_games(year)
        return player_id in self.gg_of(year)

    def _list(self, year: int, region: str, idle: bool) -> list[RatingLine]:  # noqa: FBT001 - for lru_cache
        world = self._world
        gg = self.gg_of(year)
        people = [
            person
            for person in world.people.values()
            if person.listed
            and (person.first_year <= year or year not in world.years)
            and region in {ALL, person.region}
            and (idle or self._has_games(person.player_id, year))
        ]
        sums = {person.player_id: sum(gg.get(person.player_id, ())) for person in people}
        people.sort(key=lambda person: (-sums[person.player_id], -person.elo_in(year), person.player_id))
        return [
            RatingLine(
                person,
                rank,
                person.elo_in(year),
                world.clubs.get(person.club_in(year) or 0),
                tuple(gg.get(person.player_id, ())),
            )
            for rank, person in enumerate(people, 1)
        ]


def _mean(numbers: list[int]) -> int | None:
    return (2 * sum(numbers) + len(numbers)) // (2 * len(numbers)) if numbers else None
