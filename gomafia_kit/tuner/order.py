"""What is to be tried: which stages, which batch sizes, from where, how often, in which order."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import SettingsError
from gomafia_kit.fetch.archive import ARCHIVE_FILE, held_in
from gomafia_kit.plan import subjects
from gomafia_kit.runs.database import holds
from gomafia_kit.settings import DEFAULT_SEED, Settings, at_least, items, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_SIZES: Final = (10, 25, 50, 100, 500, 2_500, 10_000, None)
"""Rows a batch, those of the old guide among them; None is the automatic size."""
REPEATS: Final = 3
TRANSPORTS: Final = ("archive", "http", "chromium")
"""Where a trial's answers come from: the archive, or a site on this machine by one of the ways of asking."""
AUTOMATIC: Final = "automatic"
PUSH: Final = "push"
_DEFAULT_STAGES: Final = ("tournaments", "games")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be tried; make one by `Order.of`.

    `sizes` are rows a batch, None is the automatic size. `seed` decides the order of the trials.
    """

    settings: Settings
    sizes: tuple[int | None, ...]
    repeats: int
    transport: str
    seed: int

    @classmethod
    def of(
        cls,
        settings: Settings,
        sizes: Sequence[object] | str | None = None,
        repeats: int = REPEATS,
        transport: str = TRANSPORTS[0],
        seed: int = DEFAULT_SEED,
    ) -> Order:
        """A checked order; SettingsError says what is wrong with it.

        `sizes` may hold the word automatic. Stages that nobody chose are tournaments and games.
        """
        if transport not in TRANSPORTS:
            raise SettingsError(f"transport: {transport!r} is none of {', '.join(TRANSPORTS)}.")
        repeats, seed = at_least(1, whole)("repeats", repeats), at_least(0, whole)("order_seed", seed)
        settings = changed(settings, _facts_of_folder(settings) | _default_stages(settings))
        if PUSH in settings.stages and (len(settings.stages) > 1 or transport != TRANSPORTS[0]):
            raise SettingsError(
                "The push is tried by itself: it reads what is staged, and asks nothing.",
                "Give stages=push alone, with transport=archive.",
            )
        _refuse_stages_without_batches(settings)
        _refuse_a_folder_without_answers(settings)
        _refuse_a_site(settings, transport)
        return cls(settings, _sizes(DEFAULT_SIZES if sizes is None else sizes), repeats, transport, seed)

    @property
    def words(self) -> str:
        """What is tried, and whose answers are read, from where."""
        settings = self.settings
        if self.transport != TRANSPORTS[0]:
            place = f"asked of {'the demo site' if settings.source == 'demo' else settings.base_url}"
        elif holds(settings.folder, ARCHIVE_FILE):
            place = f"read from {settings.folder}"
        else:
            place = f"made anew, since {settings.folder} holds none"
        return f"{', '.join(settings.stages)} of {settings.league}, answers {place}"

    def in_order(self) -> list[tuple[int, int | None]]:
        """Every trial as (repeat, size): all sizes once, shuffled, then all again.

        So a machine that becomes slower in the course of it is so for every size.
        """
        dice = random.Random(self.seed)  # noqa: S311 - an order that can be repeated, no secret
        return [
            (repeat, size) for repeat in range(1, self.repeats + 1) for size in dice.sample(self.sizes, len(self.sizes))
        ]


def changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """The settings with some of them changed, checked again; the others count as given, whatever else is set."""
    return Settings.gather({**settings.as_parameters(), **changes}, given=frozenset(Settings.names()))


def _facts_of_folder(settings: Settings) -> dict[str, object]:
    """Whose archive the data folder holds, as far as nobody said otherwise: source, scale and the like."""
    if not holds(settings.folder, ARCHIVE_FILE):
        return {}
    facts = held_in(settings.folder).source
    return {name: value for name, value in facts.items() if _is_automatic(settings, name)}


def _default_stages(settings: Settings) -> dict[str, object]:
    return {"stages": _DEFAULT_STAGES} if _is_automatic(settings, "stages") else {}


def _is_automatic(settings: Settings, name: str) -> bool:
    return settings.origins.get(name, "automatic") == "automatic"


def _refuse_stages_without_batches(settings: Settings) -> None:
    """What is only computed from staged rows, or asks for nothing with these settings, comes in no batch."""
    if PUSH in settings.stages or any(subjects(stage, settings) for stage in settings.stages):
        return
    raise SettingsError(
        f"stages: {', '.join(settings.stages)} has no batches of its own: no size can be tried.",
        "Give stages that ask for something, as tournaments,games, or push alone.",
    )


def _refuse_a_folder_without_answers(settings: Settings) -> None:
    """A folder that somebody named must be the one he means; the league's own may be made by its first import."""
    folder = settings.folder
    if folder == replace(settings, data_dir="").folder or holds(folder, ARCHIVE_FILE):
        return
    raise SettingsError(
        f"data_dir: {folder} {'holds no archive' if folder.is_dir() else 'is not there'}.",
        "Give the folder of an import, or leave it out to try the league that source and scale name.",
    )


def _refuse_a_site(settings: Settings, transport: str) -> None:
    if transport == TRANSPORTS[0] or settings.is_local:
        return
    raise SettingsError(
        f"transport: {transport} would ask {settings.base_url} again and again.",
        "The tuner asks no site: use transport=archive, which reads what was archived, or source=demo.",
    )


def _sizes(told: Sequence[object] | str) -> tuple[int | None, ...]:
    found = dict.fromkeys(_size(word) for word in items(told))
    if not found:
        raise SettingsError("sizes: no batch size is given.", "Give rows a batch, as 100,1000,automatic.")
    return tuple(sorted(size for size in found if size is not None)) + ((None,) if None in found else ())


def _size(word: object) -> int | None:
    if word is None or word == AUTOMATIC:
        return None
    try:
        size = int(str(word))
    except ValueError:
        size = 0
    if size < 1:
        raise SettingsError(f"sizes: {word!r} is no batch size.", f"Give whole numbers from 1 on, or {AUTOMATIC}.")
    return size
