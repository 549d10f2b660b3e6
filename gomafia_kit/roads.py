"""Who fetches and in which form an answer is read: the roads that there are for each subject, cheapest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gomafia_kit import site

if TYPE_CHECKING:
    from gomafia_kit.settings import Settings

HTTP: Final = "http"
CHROMIUM: Final = "chromium"
API: Final = "api"
PAGE_DATA: Final = "page_data"
DOM: Final = "dom"

_ALL: Final = (API, PAGE_DATA, DOM)
_FORMS: Final = {
    "clubs": _ALL,
    "presidents": (DOM,),
    "players": _ALL,
    "judges": (DOM,),
    "tournaments": _ALL,
    "participants": (DOM,),
    "games": _ALL,
    "official_years": _ALL,
    "history": (DOM,),
}
"""Subject -> the forms that tell of it. What page data calls the things of the others, nobody has seen."""


@dataclass(frozen=True, slots=True)
class Road:
    """`via` http or chromium; `form` api, page_data or dom.

    `is_rendered`: of pages as a browser shows them, not as the server sends them.
    """

    via: str
    form: str
    is_rendered: bool = False

    @property
    def page_form(self) -> str:
        """How a page comes by this road: as the server sends it, or as a browser shows it."""
        return site.RENDERED if self.is_rendered else site.PAGE

    def __str__(self) -> str:
        return f"{self.form} {'rendered by' if self.is_rendered else 'over'} {self.via}"


CHEAPEST: Final = Road(HTTP, API)


def roads_for(subject: str, settings: Settings) -> tuple[Road, ...]:
    """The roads that these settings allow for a subject, cheapest first; at least one.

    A subject that the form asked for doesn't tell of is read in the forms that do. A page as the server sends it,
    by whichever way, is one answer for all that is read from it; rendered it is another: only where `dom` over
    Chromium is asked for, and as the last road. As sent it opens with a period of its own: for a chosen year
    it serves only where it is asked for.
    """
    forms = tuple(form for form in _FORMS[subject] if settings.form in {"auto", form}) or _FORMS[subject]
    vias = (HTTP, CHROMIUM) if settings.via == "auto" else (settings.via,)
    roads = tuple(road for via in vias for form in forms for road in _by(via, form))
    if settings.offline:
        roads = _whoever_fetched(roads)
    if settings.form == DOM:
        return tuple(road for road in roads if road.via == HTTP or road.is_rendered)
    if settings.form == "auto" and subject == "official_years":
        return tuple(road for road in roads if road.form == API or road.is_rendered)
    return roads


def _whoever_fetched(roads: tuple[Road, ...]) -> tuple[Road, ...]:
    """One road for each form: where nobody fetches, what was archived is the same by all that lead to it."""
    first: dict[tuple[str, str], Road] = {}
    for road in roads:
        first.setdefault((road.form, road.page_form), road)
    return tuple(first.values())


def _by(via: str, form: str) -> tuple[Road, ...]:
    as_sent = Road(via, form)
    return (as_sent, replace(as_sent, is_rendered=True)) if (via, form) == (CHROMIUM, DOM) else (as_sent,)
