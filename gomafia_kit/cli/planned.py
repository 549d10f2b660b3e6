"""`gomafia plan`: what an import with these settings would ask, before anything is asked."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from gomafia_kit.cli.options import gathered, given, json_option, settings_options
from gomafia_kit.errors import FolderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gomafia_kit.fetch.archive import Archive
    from gomafia_kit.plan import Known, KnownTournament, Many, Planned
    from gomafia_kit.runs.ledger import Ledger
    from gomafia_kit.settings import Settings
    from gomafia_kit.site import Ask

STAGED_KB: Final = 20
"""Disk for an ask: its answer, its rows in parts, and two publications. Measured: 60 MB for 3,039 asks."""

PUSHED_KB: Final = 45
SERVER_MB: Final = 40
"""Disk of the embedded PostgreSQL: for an ask, and empty. Measured: 172 MB for 3,039 asks."""

WHOLE_SITE_ASKS: Final = 3_100
"""Asks of a whole first import without options: the demo's full league, of the real site's size, takes 3,094."""

_UNKNOWN_YET: Final = {
    "clubs": "and one a club, once their list is read",
    "presidents": "one a club, once their list is read",
    "participants": "one a tournament, once their list is read",
    "games": "one a tournament, once their list is read",
    "official_years": "one a player and year, and with rendered pages one a player, once the players' lists are read",
    "history": "one or more a player, once the players' lists are read",
}


_BEGINNINGS: Final = frozenset(
    {
        "club_list_page",
        "club_page",
        "judge_page",
        "player_history_page",
        "player_page",
        "tournament_games_page",
        "tournament_list_page",
    }
)
"""Kinds of pages behind which others stand, as many as they say themselves."""


@dataclass(frozen=True, slots=True)
class StagePlan:
    """What one stage looks up: asks known so far, those of them that go to the site, and what isn't known yet."""

    stage: str
    asks: int
    to_make: int
    unknown: str


class _NothingKnown:
    """A league of which nothing was read yet."""

    def club_ids(self) -> list[int]:
        return []

    def tournaments(self) -> list[KnownTournament]:
        return []

    def seasons(self, *, by_player: bool = False) -> list[tuple[int, int]]:  # noqa: ARG002 - whatever the order
        return []

    def players(self) -> list[int]:
        return []

    def members(self, _club_id: int) -> list[int]:
        return []

    def played_in(self, _players: Sequence[int]) -> list[int]:
        return []

    def row_read(self, _tournament_id: int) -> str | None:
        return None


@click.command()
@settings_options
@json_option
def plan(*, as_json: bool, **options: object) -> None:
    """Tell what an import would ask, and how long it takes.

    By stage, for these settings and for what the data folder holds already; nothing is asked. What
    hangs on a list or a page that wasn't read yet can't be told before it is. Not counted are
    robots.txt, the scripts of a page on which a browser chooses years, and what is tried again.
    """
    settings = gathered(given(options))
    if settings.folder.is_file():
        raise FolderError(f"The data folder {settings.folder} is a file, not a folder.", "Choose another data_dir.")
    plans = plans_for(settings)
    if as_json:
        click.echo(json.dumps(_plain(settings, plans), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(settings, plans)))


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a plan is made from: settings, what the folder knows, holds and has read, and what is planned so far."""

    settings: Settings
    known: Known
    archive: Archive | None
    ledger: Ledger | None
    going: set[str] = field(default_factory=set)
    """Those that go to the site: one answer serves all that is read from it."""

    def read(self, subject: str) -> list[Ask]:
        """The asks by which a subject was read; looked up one by one, for there may be a hundred thousand subjects."""
        from gomafia_kit.site import ask_from

        live = [] if self.ledger is None else self.ledger.settled(subject)
        return [ask_from(answer.ask_key, answer.kind, subject, {}) for answer in live]


def plans_for(settings: Settings) -> list[StagePlan]:
    """The plan of each stage, from what the data folder holds already."""
    from contextlib import ExitStack

    from gomafia_kit.fetch.archive import ARCHIVE_FILE, Archive
    from gomafia_kit.runs.database import holds
    from gomafia_kit.runs.ledger import Ledger
    from gomafia_kit.staging.known import StagedLeague

    folder = settings.folder
    with ExitStack() as stack:
        known: Known = _NothingKnown()
        ledger = None
        if holds(folder):
            ledger = stack.enter_context(Ledger(folder))
            known = StagedLeague(folder, ledger)
        held = holds(folder, ARCHIVE_FILE)
        archive = stack.enter_context(Archive(folder, settings.league)) if held else None
        ground = _Ground(settings, known, archive, ledger)
        return [plan for stage in _stages(settings, known) for plan in _plans_of(stage, ground)]


def _stages(settings: Settings, known: Known) -> Iterator[str]:
    from gomafia_kit.plan import needed_first

    for stage in settings.stages:
        if stage == "games":
            yield from needed_first(settings, known)
        yield stage


def _plans_of(stage: str, ground: _Ground) -> Iterator[StagePlan]:
    from gomafia_kit.plan import OPTIONS, subjects

    asked_for = subjects(stage, ground.settings)
    if not set(asked_for) - OPTIONS:
        yield StagePlan(stage, 0, 0, "")
    for subject in asked_for:
        name = subject if subject in OPTIONS else stage
        yield _plan_of(subject, name, ground)


def _plan_of(subject: str, name: str, ground: _Ground) -> StagePlan:
    from gomafia_kit.plan import ESSENTIAL_KINDS, phases
    from gomafia_kit.roads import roads_for

    asks, before, has_more = 0, len(ground.going), False
    for phase in phases(subject, ground.settings, ground.known, roads_for(subject, ground.settings)[0]):
        for planned in phase.asks:
            pages, ends_there = _pages(planned, ground)
            wanted = [page.ask for page in pages if _goes_to_the_site(page, ground)]
            asks += len(pages)
            has_more |= not ends_there
            ground.going.update(request for ask in wanted for request in ask.requests)
            if wanted and len(pages) > 1 and planned.ask.kind in ESSENTIAL_KINDS:
                ground.going.add(f"{planned.ask.subject}, its end once more")  # whether the list has moved
    return StagePlan(name, asks, len(ground.going) - before, _unknown(subject, ground.known, has_more=has_more))


def _unknown(subject: str, known: Known, *, has_more: bool) -> str:
    unread: dict[str, Callable[[], Many[object]]] = {
        "clubs": known.club_ids,
        "presidents": known.club_ids,
        "participants": known.tournaments,
        "games": known.tournaments,
        "official_years": known.players,
        "history": known.players,
    }
    if subject in unread and not unread[subject]():
        return _UNKNOWN_YET[subject]
    return "and the pages behind the first, once that is read" if has_more else ""


def _pages(planned: Planned, ground: _Ground) -> tuple[list[Planned], bool]:
    """The ask and those behind it: as they were read before, else those that are sure; and whether these are all."""
    from gomafia_kit import site
    from gomafia_kit.roads import DOM

    before = ground.read(planned.ask.subject)
    if planned.ask.key in {ask.key for ask in before}:
        return [replace(planned, ask=ask) for ask in before], True
    if planned.ask.kind == "tournament_games_page" and planned.road.form == DOM:
        standings = site.tournament_results_page(int(planned.ask.fact("id")), planned.ask.form)
        return [planned, replace(planned, ask=standings)], True
    return [planned], planned.ask.kind not in _BEGINNINGS


def _goes_to_the_site(planned: Planned, ground: _Ground) -> bool:
    from gomafia_kit.fetch.source import CLOCKS_MAY_DIFFER

    settings, archive = ground.settings, ground.archive
    if settings.offline:
        return False
    came_at = None if archive is None or settings.refresh else archive.came_at(planned.ask)
    now = datetime.now(UTC)
    if came_at is None or (planned.newer_than is not None and came_at < planned.newer_than):
        return True
    return planned.max_age is not None and not now - planned.max_age <= came_at <= now + CLOCKS_MAY_DIFFER


# -- told -----------------------------------------------------------------------------------------


def _seconds(settings: Settings, plans: list[StagePlan]) -> float:
    return sum(plan.to_make for plan in plans) * settings.pace


def _plain(settings: Settings, plans: list[StagePlan]) -> dict[str, Any]:
    return {
        "league": settings.league,
        "data_dir": str(settings.folder),
        "stages": [asdict(plan) for plan in plans],
        "asks": sum(plan.asks for plan in plans),
        "to_make": sum(plan.to_make for plan in plans),
        "seconds_between_asks": settings.pace,
        "seconds_at_least": _seconds(settings, plans),
        "disk_mb": _disk_mb(settings, plans),
        "complete": not any(plan.unknown for plan in plans),
    }


def _lines(settings: Settings, plans: list[StagePlan]) -> list[str]:
    from gomafia_kit.cli.words import span, table

    lines = [f"{settings.league} into {settings.folder}", ""]
    lines += table(
        ("stage", "asks", "of the site", "not known yet"),
        [(plan.stage, plan.asks, plan.to_make, plan.unknown) for plan in plans],
    )
    to_make = sum(plan.to_make for plan in plans)
    least = "At least " if any(plan.unknown for plan in plans) else ""
    pace = (
        f"{settings.pace:g} s from each answer to the next ask"
        if settings.pace
        else "no pause: the source is on this machine"
    )
    told = f"{to_make:,} asks of the site ({pace})"
    if settings.pace and to_make:
        told += f": {span(timedelta(seconds=_seconds(settings, plans)).total_seconds())} at this pace"
    disk = f"About {mb:,} MB" if (mb := _disk_mb(settings, plans)) else "Less than 1 MB"
    return [
        *lines,
        "",
        f"{least}{told}.",
        *_whole_site(settings, plans),
        f"{disk} of disk in all, as far as the asks are known.",
    ]


def _whole_site(settings: Settings, plans: list[StagePlan]) -> Iterator[str]:
    """What it may come to while lists are unread, on which most asks hang; nothing where the source is at hand."""
    from gomafia_kit.cli.words import span

    if not settings.pace or not any(plan.unknown in _UNKNOWN_YET.values() for plan in plans):
        return
    took = span(WHOLE_SITE_ASKS * settings.pace)
    yield (
        "How many hang on lists that weren't read yet can't be told before these are. The whole site, without options,"
        f" comes to about {WHOLE_SITE_ASKS:,} asks: {took} at this pace, beside the time that answers take,"
        f" and about {_disk_mb_of(WHOLE_SITE_ASKS, settings):,} MB of disk."
    )


def _disk_mb(settings: Settings, plans: list[StagePlan]) -> int:
    """What a folder takes once all this is in it, by what the whole demo league took."""
    return _disk_mb_of(sum(plan.asks for plan in plans), settings)


def _disk_mb_of(asks: int, settings: Settings) -> int:
    pushed = SERVER_MB + PUSHED_KB * asks / 1000 if "push" in settings.stages else 0
    return round(STAGED_KB * asks / 1000 + pushed)
