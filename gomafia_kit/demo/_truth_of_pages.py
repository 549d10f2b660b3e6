"""What a correct import must end with in the tables that only pages, or only options, fill."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo._figures import seats_of
from gomafia_kit.demo._rating import ALL
from gomafia_kit.demo._standing import with_final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gomafia_kit.demo._world import Tournament
    from gomafia_kit.demo.league import League

Row = dict[str, object]


def club_president(league: League) -> Iterator[Row]:
    """A row for each club that has a president."""
    for club_id, club in sorted(league.world.clubs.items()):
        if club.president_id is not None:
            login = league.world.people[club.president_id].login
            yield {"club_id": club_id, "player_id": club.president_id, "login": login}


def judge(league: League) -> Iterator[Row]:
    """A row for each accredited judge; games are counted whether they were played or not."""
    judged: Counter[int] = Counter()
    for tournament in league.world.tournaments.values():
        judged.update(tournament.judge)
    for player_id, found in sorted(league.world.judges.items()):
        yield {
            "player_id": player_id,
            "login": league.world.people[player_id].login,
            "category": found.category,
            "rating": Decimal(found.rating),
            "games_judged": judged[player_id],
            "most_tables": found.most_tables,
            "accredited_on": found.accredited_on,
            "responsible": found.responsible or None,
        }


def judge_personal(league: League) -> Iterator[Row]:
    """A judge's first and last name."""
    for player_id in sorted(league.world.judges):
        person = league.world.people[player_id]
        yield {"player_id": player_id, "real_name": f"{person.first_name} {person.last_name}".strip() or None}


def tournament_participants(league: League) -> Iterator[Row]:
    """Everybody at a tournament's tables, guests too; how many may, where the organiser told."""
    for tournament_id, tournament in sorted(league.world.tournaments.items()):
        yield {
            "tournament_id": tournament_id,
            "participants": len(set(tournament.player)),
            "participants_most": tournament.projected,
        }


def tournament_staff(league: League) -> Iterator[Row]:
    """The chief judge and the organiser of each tournament."""
    for tournament_id, tournament in sorted(league.world.tournaments.items()):
        yield {
            "tournament_id": tournament_id,
            "main_referee_id": tournament.referee_id,
            "organizer_id": tournament.organizer_id,
        }


def _listed(league: League, years: tuple[int, ...]) -> list[int]:
    """Players on a rating list of those years: whose own pages are asked for."""
    return sorted({line.person.player_id for year in years for line in league.rating(year, ALL)})


def vk_id(player_id: int) -> int | None:
    """A player's account of the social network VK; two of three have none."""
    return None if player_id % 3 else player_id * 7919


def player_personal(league: League, years: tuple[int, ...]) -> Iterator[Row]:
    """What players on those years' lists tell of themselves."""
    for player_id in _listed(league, years):
        person = league.world.people[player_id]
        yield {
            "player_id": player_id,
            "first_name": person.first_name or None,
            "last_name": person.last_name or None,
            "vk_id": None if (account := vk_id(player_id)) is None else str(account),
        }


def player_tournament(league: League, years: tuple[int, ...]) -> Iterator[Row]:
    """The histories of players on those years' lists; tournaments with hidden results stand in none."""
    for player_id in _listed(league, years):
        mine = [item for item in league.careers.tournaments(player_id) if not item.is_hidden]
        for item in sorted(mine, key=lambda item: item.tournament_id):
            yield _taken(item, player_id)


def _taken(item: Tournament, player_id: int) -> Row:
    line = next(line for line in with_final(item) if line.player == player_id)
    prized = item.status == "finished" and line.place <= len(item.prizes)
    return {
        "player_id": player_id,
        "tournament_id": item.tournament_id,
        "date_start": item.start,
        "date_end": item.end,
        "place": line.place,
        "place_shown": str(line.place),
        "gg_points": Decimal(line.gg),
        "elo_delta": Decimal(sum(item.delta[seat] for seat in seats_of(item, player_id))),
        "prize": Decimal(item.prizes[line.place - 1]).scaleb(-2) if prized else None,
    }


TABLES: Final[dict[str, Callable[[League], Iterator[Row]]]] = {
    "club_president": club_president,
    "judge": judge,
    "judge_personal": judge_personal,
    "tournament_participants": tournament_participants,
    "tournament_staff": tournament_staff,
}
BY_LISTS: Final[dict[str, Callable[[League, tuple[int, ...]], Iterator[Row]]]] = {
    "player_personal": player_personal,
    "player_tournament": player_tournament,
}
"""Tables whose rows depend on the rating lists that were asked for."""
