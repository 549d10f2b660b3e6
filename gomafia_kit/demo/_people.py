"""Who is in the league: people, clubs and judges."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo import _names as names
from gomafia_kit.demo._calibration import REGION_SHARES
from gomafia_kit.demo._dice import Dice
from gomafia_kit.demo._world import Club, Judge, Person

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.demo._world import World

ABROAD_SHARE: Final = 0.05
MEMBER_SHARE: Final = 0.55
JUDGE_SHARE: Final = 0.03
UNLISTED_SHARE: Final = 0.015
REAL_CHECKS: Final = {1: "fx", 15: "Ардыльян", 159: "Градиент"}
"""Players whose real figures of 2025 are known; leagues that reach their ids bear them."""
_LAST_CHECK: Final = max(REAL_CHECKS)
_CLUBS_PER_CITYLESS: Final = 15
"""One club in so many tells no city."""
_FEWEST_PLAYERS: Final = 90
"""Enough for the widest tournament."""
_FROM_ABROAD: Final = 4
"""Every league has somebody of no region: this player, if nobody else."""
_ALWAYS_LISTED: Final = 7
"""The first players stay listed: awkward names are among them."""

_PLACES_OF: Final = {
    region: tuple(place for place in names.PLACES if place.region == region)
    for region in {place.region for place in names.PLACES}
}


def settle(world: World) -> list[Person]:
    """Fill people, clubs and judges; the people who may play, in the order of their ids."""
    pool = _real_people(world) if world.roster else _made_up_people(world)
    _found_clubs(world)
    _join_clubs(world)
    _accredit(world, pool)
    return pool


def _made_up_people(world: World) -> list[Person]:
    dice = Dice("people", world.scale.name, world.seed)
    count = world.scale.players
    checks = REAL_CHECKS if count > _LAST_CHECK else {}
    logins = iter(_logins(dice, count - len(checks)))
    number = 0
    for _ in range(count):
        number += 1 if dice.chance(0.92) or number <= _LAST_CHECK else dice.between(2, 3)
        login = checks.get(number) or next(logins)
        region = _region(dice)
        world.people[number] = _person(dice, world, number, login, None if number == _FROM_ABROAD else region)
    return list(world.people.values())


def _logins(dice: Dice, count: int) -> list[str]:
    # In the smallest league half of the names are plain, so that people can read it too.
    awkward = list(names.AWKWARD[: count // 2])
    taken = set(awkward) | set(REAL_CHECKS.values())
    logins = [names.nickname(dice, taken) for _ in range(count - len(awkward))]
    step = max(1, count // (len(awkward) + 1))
    for position, login in enumerate(awkward):
        logins.insert(position * step, login)
    return logins


def _region(dice: Dice) -> str | None:
    return None if dice.chance(ABROAD_SHARE) else dice.weighted(REGION_SHARES)


def _person(dice: Dice, world: World, number: int, login: str, region: str | None) -> Person:
    place = dice.pick(_PLACES_OF[region])
    first_name, last_name = names.real_name(dice)
    years = world.scale.years
    position = len(world.people) / max(1, world.scale.players)
    # Ids are given in the order of coming: low ids are old hands.
    first = min(len(years) - 1, int(position * position * len(years) * (0.6 + 0.8 * dice.random())))
    zeal = dice.bell()
    person = Person(
        number,
        login,
        place.country_shown,
        place.city_shown if dice.chance(0.93) else "",
        region,
        years[first],
        listed=number <= _ALWAYS_LISTED or not dice.chance(UNLISTED_SHARE),
        first_name=first_name,
        last_name=last_name,
        zeal=zeal,
        skill=0.35 * zeal + 0.94 * dice.bell(),
        elo=170_000 + int(dice.random() * 50_000),
    )
    if number == world.scale.players // 2:
        # Even the smallest league has somebody whom no list knows.
        person.listed = False
    return person


def _real_people(world: World) -> list[Person]:
    roster = world.roster
    if roster is None:
        raise ValueError(roster)
    dice = Dice("real people", world.scale.name, world.seed)
    for real in roster.players.values():
        person = _person(dice, world, real.player_id, real.login, real.region)
        person.first_year, person.listed = world.scale.years[0], True
        world.people[real.player_id] = person
    keep = list(_spread(list(world.people.values()), world.scale.players))
    taken = {person.login for person in world.people.values()}
    # Made-up players whom no list knows, so that these leagues have some too; more of them where
    # the file has too few people for the tables.
    free = max(world.people) + 1
    for player_id in range(free, free + max(2, len(keep) // 100, _FEWEST_PLAYERS - len(keep))):
        person = _person(dice, world, player_id, names.nickname(dice, taken), None)
        person.first_year, person.listed = world.scale.years[0], False
        world.people[player_id] = person
        keep.append(person)
    return keep


def _spread(people: list[Person], count: int) -> Iterator[Person]:
    """So many people from all over the list, exact namesakes always among them."""
    seen: dict[str, Person] = {}
    chosen: set[int] = set()
    for person in people:
        if person.login in seen:
            chosen |= {person.player_id, seen[person.login].player_id}
        seen[person.login] = person
    step = max(1, len(people) // count)
    for person in people[::step]:
        if len(chosen) < count:
            chosen.add(person.player_id)
    return (person for person in people if person.player_id in chosen)


def _found_clubs(world: World) -> None:
    dice = Dice("clubs", world.scale.name, world.seed)
    club_id = 0
    for number in range(world.scale.clubs):
        club_id += dice.weighted(((1, 0.85), (2, 0.1), (4, 0.05)))
        place = dice.pick(names.PLACES)
        title = names.club_title(dice, number, place)
        city = "" if number % _CLUBS_PER_CITYLESS == 1 else place.city_shown
        world.clubs[club_id] = Club(club_id, title, place.country_shown, city, place.region)


def _join_clubs(world: World) -> None:
    dice = Dice("members", world.scale.name, world.seed)
    # The last club stays empty; large clubs are few.
    clubs = list(world.clubs.values())[:-1]
    for person in world.people.values():
        if not dice.chance(MEMBER_SHARE):
            continue
        # The smaller of two throws favours the first clubs: they have several pages of members.
        position = min(dice.below(len(clubs)), dice.below(len(clubs)))
        club = clubs[position]
        person.club_id, person.club_since = club.club_id, person.first_year
        if dice.chance(0.2):
            person.club_since = dice.between(person.first_year, world.scale.years[-1])
        if club.president_id is None and person.listed and dice.chance(0.6):
            club.president_id = person.player_id
    # A club with members and no president stands in every league.
    clubs[min(2, len(clubs) - 1)].president_id = None


_CATEGORIES: Final = (
    ("Высшая категория", 0.15),
    ("1 категория", 0.3),
    ("2 категория", 0.35),
    ("3 категория", 0.2),
)


def _accredit(world: World, pool: list[Person]) -> None:
    dice = Dice("judges", world.scale.name, world.seed)
    wanted = max(12, int(len(pool) * JUDGE_SHARE))
    step = max(1, len(pool) // wanted)
    for position, person in enumerate(pool):
        # A comma in a judge's nickname stands in every league that has such a nickname.
        if not person.listed or (position % step and "," not in person.login):
            continue
        day = date(dice.between(2014, world.scale.years[0]), dice.between(1, 12), dice.between(1, 28))
        first, last = names.real_name(dice)
        world.judges[person.player_id] = Judge(
            person.player_id,
            dice.weighted(_CATEGORIES),
            dice.between(1, 12),
            dice.between(30, 100),
            day,
            f"{last} {first}" if dice.chance(0.9) else "",
        )
