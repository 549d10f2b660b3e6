"""Which asks an import needs, in which order, by which road, and how old an archived answer may be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from gomafia_kit import site
from gomafia_kit.errors import SettingsError
from gomafia_kit.roads import API, CHEAPEST, Road

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gomafia_kit.settings import Settings
    from gomafia_kit.site import Ask

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
HOUR: Final = timedelta(hours=1)
SETTLED_AFTER: Final = timedelta(days=30)
"""So long after its end a tournament's answer, or a season's, is good for ever."""

SUBJECTS_OF_STAGE: Final = {
    "clubs": ("clubs", "presidents"),
    "players": ("players",),
    "judges": ("judges",),
    "tournaments": ("tournaments", "participants"),
    "games": ("games",),
    "statistics": ("official_years", "history"),
    "push": (),
}
"""Stage -> what is asked for in it."""

KINDS_OF_OPTION: Final = {
    "presidents": frozenset({"club_president", "club_page"}),
    "participants": frozenset({"tournament_card"}),
    "official_years": frozenset({"player_statistics", "player_statistics_page"}),
    "history": frozenset({"player_history_page"}),
}
"""What is asked for only if the setting of that name is true -> the kinds of asks whose answers tell it."""

OPTIONS: Final = frozenset(KINDS_OF_OPTION)

STAGE_OF_KIND: Final = {
    "club_list": "clubs",
    "club_list_page": "clubs",
    "club_members": "clubs",
    "club_page": "clubs",
    "club_president": "clubs",
    "player_list": "players",
    "player_page": "players",
    "judge_page": "judges",
    "tournament_list": "tournaments",
    "tournament_list_page": "tournaments",
    "tournament_card": "tournaments",
    "tournament": "games",
    "tournament_games_page": "games",
    "tournament_results_page": "games",
    "player_statistics": "statistics",
    "player_statistics_page": "statistics",
    "player_history_page": "statistics",
}
"""Kind of ask -> the stage that makes it."""

ESSENTIAL_KINDS: Final = frozenset(
    {
        "club_list",
        "club_list_page",
        "player_list",
        "player_page",
        "judge_page",
        "tournament_list",
        "tournament_list_page",
    }
)
"""Without these lists a stage makes no sense: a refusal stops it."""


@dataclass(frozen=True, slots=True)
class KnownTournament:
    """What the plan must know of a tournament; `row` names what its list says of it: another name, another answer.

    `listed_at` is when the list came that says it.
    """

    tournament_id: int
    date_start: date | None
    date_end: date | None
    is_open: bool = False
    row: str = ""
    listed_at: datetime | None = None


class Known(Protocol):
    """What the plan must know of the league so far; staging tells it."""

    def club_ids(self) -> Sequence[int]:
        """All clubs."""
        ...

    def tournaments(self) -> Sequence[KnownTournament]:
        """All tournaments, newest first."""
        ...

    def seasons(self) -> Sequence[tuple[int, int]]:
        """All players' seasons: player and year."""
        ...

    def members(self, club_id: int) -> Sequence[int]:
        """The players of a club."""
        ...

    def played_in(self, players: Sequence[int]) -> Sequence[int]:
        """The tournaments that stand in the histories of these players."""
        ...

    def row_read(self, tournament_id: int) -> str | None:
        """The name of the list's row at the time when the tournament's answer was read; None if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """An ask, how old its archived answer may be (None: any age), and by which road it is asked and read.

    With `newer_than` an archived answer that came before that moment doesn't do, however young it is.
    """

    ask: Ask
    max_age: timedelta | None
    road: Road = CHEAPEST
    newer_than: datetime | None = None


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
    this_year = datetime.now(UTC).year
    if this_year < site.FIRST_YEAR:
        raise SettingsError(
            f"This machine's clock says that it is {this_year}: which seasons there are can't be told.",
            "Set the clock right, or name the years.",
        )
    return tuple(range(site.FIRST_YEAR, this_year + 1))


def subjects(stage: str, settings: Settings) -> tuple[str, ...]:
    """What is asked for in a stage under these settings."""
    wanted = {name for name in OPTIONS if getattr(settings, name)} | ({"history"} if settings.club_id else set())
    names = SUBJECTS_OF_STAGE[stage]
    if settings.club_id is not None and "games" in settings.stages:
        # A club's games are those of its members' tournaments, which their histories name: these come first.
        names = {"games": ("history", "games"), "statistics": ("official_years",)}.get(stage, names)
    return tuple(name for name in names if name not in OPTIONS or name in wanted)


def needed_first(settings: Settings, known: Known) -> tuple[str, ...]:
    """The stages that must come before that of the games: their rows say what to ask, and aren't there yet."""
    if "games" not in settings.stages:
        return ()
    has_members = settings.club_id is None or bool(known.members(settings.club_id))
    there = {"clubs": has_members, "tournaments": bool(known.tournaments())}
    return tuple(stage for stage, is_there in there.items() if not is_there and stage not in settings.stages)


def phases(subject: str, settings: Settings, known: Known, road: Road = CHEAPEST) -> Iterator[Phase]:
    """The asks about a subject, phase by phase: each is planned when the one before is staged."""
    yield from _PHASES[subject](settings, known, road)


def only(phases: Iterable[Phase], subjects: frozenset[str], *, anew: bool) -> Iterator[Phase]:
    """Of some phases the asks about these subjects; with `anew` an archived answer doesn't do."""
    for phase in phases:
        asks = tuple(planned for planned in phase.asks if planned.ask.subject in subjects)
        yield replace(phase, asks=tuple(replace(each, max_age=timedelta(0)) for each in asks) if anew else asks)


def _list_age(settings: Settings) -> timedelta:
    return HOUR if settings.update else DAY


def _clubs(settings: Settings, known: Known, road: Road) -> Iterator[Phase]:
    form = road.page_form
    first = site.club_list() if road.form == API else site.club_list_page(form=form)
    yield Phase((Planned(first, WEEK, road),))
    every = tuple(known.club_ids())
    asks = (
        site.club_members(club) if road.form == API else site.club_page(club, form=form)
        for club in _chosen_clubs(settings, every)
    )
    yield Phase(tuple(Planned(ask, WEEK, road) for ask in asks), "club_members", every)


def _presidents(settings: Settings, known: Known, road: Road) -> Iterator[Phase]:
    every = tuple(known.club_ids())
    asks = (site.club_president(club, road.page_form) for club in _chosen_clubs(settings, every))
    yield Phase(tuple(Planned(ask, WEEK, road) for ask in asks), "club_president", every)


def _chosen_clubs(settings: Settings, every: Sequence[int]) -> Sequence[int]:
    return every if settings.club_id is None else (settings.club_id,)


def _players(settings: Settings, _known: Known, road: Road) -> Iterator[Phase]:
    # The list of all regions comes after the regions': it adds those whom no region's list has.
    regions = (settings.region,) if settings.region else (*site.REGIONS, site.EVERY_REGION)
    ages = {year: _season_age(settings, year) for year in reversed(season_years(settings))}
    yield Phase(
        tuple(Planned(_player_list(year, region, road), ages[year], road) for region in regions for year in ages)
    )


def _player_list(year: int, region: str, road: Road) -> Ask:
    return site.player_list(year, region) if road.form == API else site.player_page(year, region, form=road.page_form)


def _season_age(settings: Settings, year: int) -> timedelta:
    """How old the list of a season may be: in an update an hour, or any age once it ended thirty days ago.

    A list that came before the thirty days were over is asked for once more after them.
    """
    if not settings.update:
        return DAY
    settled = datetime.now(UTC).date() - date(year, 12, 31) - SETTLED_AFTER
    return max(settled, HOUR)


def _judges(_settings: Settings, _known: Known, road: Road) -> Iterator[Phase]:
    yield Phase((Planned(site.judge_page(form=road.page_form), WEEK, road),))


def _tournaments(settings: Settings, _known: Known, road: Road) -> Iterator[Phase]:
    first = site.tournament_list() if road.form == API else site.tournament_list_page(form=road.page_form)
    yield Phase((Planned(first, _list_age(settings), road),))


def _participants(settings: Settings, known: Known, road: Road) -> Iterator[Phase]:
    today = datetime.now(UTC).date()
    every = known.tournaments()
    asks = tuple(
        Planned(site.tournament_card(item.tournament_id, road.page_form), tournament_age(item, today), road)
        for item in _chosen_tournaments(settings, known, every)
    )
    yield Phase(asks, "tournament_card", tuple(item.tournament_id for item in every))


def _games(settings: Settings, known: Known, road: Road) -> Iterator[Phase]:
    today = datetime.now(UTC).date()
    every = known.tournaments()
    asks = tuple(
        Planned(_tournament(item, road), tournament_age(item, today), road, _listed_anew(item, known))
        for item in _chosen_tournaments(settings, known, every)
    )
    yield Phase(asks, "tournament", tuple(item.tournament_id for item in every))


def _tournament(item: KnownTournament, road: Road) -> Ask:
    if road.form == API:
        return site.tournament(item.tournament_id, item.row)
    return site.tournament_games_page(item.tournament_id, road.page_form, item.row)


def _listed_anew(item: KnownTournament, known: Known) -> datetime | None:
    """When the list came that says something new of a tournament: what the tournament's page said before is old."""
    read = known.row_read(item.tournament_id)
    return item.listed_at if read is not None and read != item.row else None


def _chosen_tournaments(
    settings: Settings, known: Known, every: Sequence[KnownTournament]
) -> Sequence[KnownTournament]:
    chosen: set[int] | None = None if settings.tournament_ids is None else set(settings.tournament_ids)
    if settings.club_id is not None:
        of_club = set(known.played_in(known.members(settings.club_id)))
        chosen = of_club if chosen is None else chosen & of_club
    since = date.fromisoformat(settings.since) if settings.since else None
    return [
        item
        for item in every
        if (chosen is None or item.tournament_id in chosen)
        and (settings.years is None or (item.date_start is not None and item.date_start.year in settings.years))
        and (since is None or (item.date_start is not None and item.date_start >= since))
    ]


def _official_years(settings: Settings, known: Known, road: Road) -> Iterator[Phase]:
    ages = {year: max(_season_age(settings, year), WEEK) for year in season_years(settings)}
    players = _chosen_players(settings, known)
    seasons = [season for season in known.seasons() if season[1] in ages]
    if road.is_rendered:  # one player's years behind one another: all are chosen on the page that is open
        seasons.sort(key=lambda season: season[0])
    yield Phase(
        tuple(
            Planned(_statistics(player_id, year, road), ages[year], road)
            for player_id, year in seasons
            if players is None or player_id in players
        )
    )


def _statistics(player_id: int, year: int, road: Road) -> Ask:
    if road.form == API:
        return site.player_statistics(player_id, year)
    return site.player_statistics_page(player_id, year, road.page_form)


def _history(settings: Settings, known: Known, road: Road) -> Iterator[Phase]:
    players = _chosen_players(settings, known)
    every = dict.fromkeys(player_id for player_id, _ in known.seasons() if players is None or player_id in players)
    if settings.club_id is not None:
        every |= dict.fromkeys(known.members(settings.club_id))
    yield Phase(tuple(Planned(site.player_history_page(player, 1, road.page_form), WEEK, road) for player in every))


def _chosen_players(settings: Settings, known: Known) -> set[int] | None:
    return None if settings.club_id is None else set(known.members(settings.club_id))


def tournament_age(item: KnownTournament, today: date) -> timedelta | None:
    """How old a tournament's answer may be: an hour, or any age once it ended thirty days ago.

    An answer that came before the thirty days were over is asked for once more after them.
    """
    ended_on = item.date_end or item.date_start
    if item.is_open or ended_on is None or today - ended_on <= SETTLED_AFTER:
        return HOUR
    return today - ended_on - SETTLED_AFTER


_PHASES: Final[dict[str, Callable[[Settings, Known, Road], Iterator[Phase]]]] = {
    "clubs": _clubs,
    "presidents": _presidents,
    "players": _players,
    "judges": _judges,
    "tournaments": _tournaments,
    "participants": _participants,
    "games": _games,
    "official_years": _official_years,
    "history": _history,
}
