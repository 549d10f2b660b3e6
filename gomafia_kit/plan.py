"""Which asks an import needs, in which order, and how old an archived answer may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from gomafia_kit import site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gomafia_kit.settings import Settings
    from gomafia_kit.site import Ask

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
HOUR: Final = timedelta(hours=1)
SETTLED_AFTER: Final = timedelta(days=30)
"""So long after its end a tournament's answer is good for ever."""

NEEDED_BY: Final = {"games": "tournaments"}
"""Stage -> the stage whose rows say what to ask."""

OFFICIAL_YEARS: Final = "official_years"

STAGE_OF_KIND: Final = {
    "club_list": "clubs",
    "club_members": "clubs",
    "player_list": "players",
    "player_page": "players",
    "tournament_list": "tournaments",
    "tournament": "games",
    "player_statistics": "statistics",
}
"""Kind of ask -> the stage that makes it."""


class Known(Protocol):
    """What the plan must know of the league so far; staging tells it."""

    def club_ids(self) -> Sequence[int]:
        """All clubs."""
        ...

    def tournaments(self) -> Sequence[tuple[int, date | None, date | None]]:
        """All tournaments: id, first day, last day; newest first."""
        ...

    def seasons(self) -> Sequence[tuple[int, int]]:
        """All players' seasons: player and year."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """An ask and how old its archived answer may be (None: any age)."""

    ask: Ask
    max_age: timedelta | None


@dataclass(frozen=True, slots=True)
class Phase:
    """Asks that can be made before anything else must be known.

    With `retires`, subjects of that name with other ids than `ids` are no longer part of the league.
    """

    asks: tuple[Planned, ...]
    retires: str = ""
    ids: tuple[int, ...] = ()


def season_years(settings: Settings) -> tuple[int, ...]:
    """The seasons that an import is about."""
    if settings.years is not None:
        return settings.years
    return tuple(range(site.FIRST_YEAR, datetime.now(UTC).year + 1))


def phases(stage: str, settings: Settings, known: Known) -> Iterator[Phase]:
    """The asks of a stage, phase by phase: each is planned when the one before is staged."""
    yield from {
        "clubs": _clubs,
        "players": _players,
        "tournaments": _tournaments,
        "games": _games,
        OFFICIAL_YEARS: _official_years,
    }[stage](settings, known)


def _clubs(_settings: Settings, known: Known) -> Iterator[Phase]:
    yield Phase((Planned(site.club_list(), WEEK),))
    clubs = tuple(known.club_ids())
    yield Phase(tuple(Planned(site.club_members(club), WEEK) for club in clubs), "club_members", clubs)


def _players(settings: Settings, _known: Known) -> Iterator[Phase]:
    # The list of all regions comes after the regions': it adds those whom no region's list has.
    builder = site.player_page if settings.reads_pages else site.player_list
    yield Phase(
        tuple(
            Planned(builder(year, region), DAY)
            for region in (*site.REGIONS, site.EVERY_REGION)
            for year in reversed(season_years(settings))
        )
    )


def _tournaments(_settings: Settings, _known: Known) -> Iterator[Phase]:
    yield Phase((Planned(site.tournament_list(), DAY),))


def _games(settings: Settings, known: Known) -> Iterator[Phase]:
    today = datetime.now(UTC).date()
    every = known.tournaments()
    wanted = [
        Planned(site.tournament(tournament_id), tournament_age(date_end or date_start, today))
        for tournament_id, date_start, date_end in every
        if settings.years is None or (date_start is not None and date_start.year in settings.years)
    ]
    yield Phase(tuple(wanted), "tournament", tuple(tournament[0] for tournament in every))


def _official_years(settings: Settings, known: Known) -> Iterator[Phase]:
    years = set(season_years(settings))
    yield Phase(
        tuple(
            Planned(site.player_statistics(player_id, year), WEEK)
            for player_id, year in known.seasons()
            if year in years
        )
    )


def tournament_age(ended_on: date | None, today: date) -> timedelta | None:
    """How old a tournament's answer may be: an hour, or any age once it ended thirty days ago.

    An answer that came before the thirty days were over is asked for once more after them.
    """
    if ended_on is None or today - ended_on <= SETTLED_AFTER:
        return HOUR
    return today - ended_on - SETTLED_AFTER
