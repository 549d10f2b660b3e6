"""Which asks an import needs, in which order, by which road, and how old an archived answer may be."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from gomafia_kit import site
from gomafia_kit.errors import SettingsError
from gomafia_kit.roads import API, CHEAPEST, Road

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gomafia_kit.settings import Settings
    from gomafia_kit.site import Ask

_Item = TypeVar("_Item")
_Item_co = TypeVar("_Item_co", covariant=True)

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


class Many(Protocol[_Item_co]):
    """Things that can be counted, and gone through as often as one likes."""

    def __len__(self) -> int:
        """How many they are."""
        ...

    def __iter__(self) -> Iterator[_Item_co]:
        """One after the other."""
        ...


class Seasons:
    """Players' seasons: player and year. A league may have a million, which as tuples would take ten times more."""

    def __init__(self, seasons: Iterable[tuple[int, int]] = ()) -> None:
        self._players, self._years = array("q"), array("h")
        for player_id, year in seasons:
            self._players.append(player_id)
            self._years.append(year)

    def __len__(self) -> int:
        return len(self._players)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self._players, self._years, strict=True)


class Known(Protocol):
    """What the plan must know of the league so far; staging tells it."""

    def club_ids(self) -> Sequence[int]:
        """All clubs."""
        ...

    def tournaments(self) -> Sequence[KnownTournament]:
        """All tournaments, newest first."""
        ...

    def seasons(self, *, by_player: bool = False) -> Many[tuple[int, int]]:
        """All players' seasons, player and year: the newest first, or one player's behind one another."""
        ...

    def players(self) -> Many[int]:
        """All players with seasons, those of the newest first."""
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
class _Made(Generic[_Item]):
    """Asks that are made one by one, as they are come by: all of them at once would take a kilobyte each."""

    items: Many[_Item]
    make: Callable[[_Item], Planned]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Planned]:
        return map(self.make, self.items)


@dataclass(frozen=True, slots=True)
class Phase:
    """Asks that can be made before anything else must be known.

    With `retires`, subjects of that name with other ids than `ids` are no longer part of the league.
    """

    asks: Many[Planned]
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

    def planned(club: int) -> Planned:
        return Planned(site.club_members(club) if road.form == API else site.club_page(club, form=form), WEEK, road)

    yield Phase(_Made(_chosen_clubs(settings, every), planned), "club_members", every)


def _presidents(settings: Settings, known: Known, road: Road) -> Iterator[Phase]:
    every = tuple(known.club_ids())

    def planned(club: int) -> Planned:
        return Planned(site.club_president(club, road.page_form), WEEK, road)

    yield Phase(_Made(_chosen_clubs(settings, every), planned), "club_president", every)


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

    def planned(item: KnownTournament) -> Planned:
        return Planned(site.tournament_card(item.tournament_id, road.page_form), tournament_age(item, today), road)

    asks = _Made(_chosen_tournaments(settings, known, every), planned)
    yield Phase(asks, "tournament_card", tuple(item.tournament_id for item in every))


def _games(settings: Settings, known: Known, road: Road) -> Iterator[Phase]:
    today = datetime.now(UTC).date()
    every = known.tournaments()

    def planned(item: KnownTournament) -> Planned:
        return Planned(_tournament(item, road), tournament_age(item, today), road, _listed_anew(item, known))

    asks = _Made(_chosen_tournaments(settings, known, every), planned)
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
    # Rendered, all years of a player are chosen on the page that is open.
    every = known.seasons(by_player=road.is_rendered)
    chosen = Seasons(each for each in every if each[1] in ages and (players is None or each[0] in players))

    def planned(season: tuple[int, int]) -> Planned:
        return Planned(_statistics(*season, road), ages[season[1]], road)

    yield Phase(_Made(chosen, planned))


def _statistics(player_id: int, year: int, road: Road) -> Ask:
    if road.form == API:
        return site.player_statistics(player_id, year)
    return site.player_statistics_page(player_id, year, road.page_form)


def _history(settings: Settings, known: Known, road: Road) -> Iterator[Phase]:
    players = _chosen_players(settings, known)
    every = array("q", (player for player in known.players() if players is None or player in players))
    if settings.club_id is not None:
        every.extend(set(known.members(settings.club_id)).difference(every))

    def planned(player: int) -> Planned:
        return Planned(site.player_history_page(player, 1, road.page_form), WEEK, road)

    yield Phase(_Made(every, planned))


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
