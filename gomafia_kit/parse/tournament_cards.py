"""A tournament's card, which stands above each of its tabs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import BadValueError
from gomafia_kit.parse.fields import refused_list, reject, shown
from gomafia_kit.parse.page_tables import link_id
from gomafia_kit.parse.pages import beginning_of, href_of, is_missing, pieces_of, text_of, tree_of
from gomafia_kit.records import Parsed, TournamentParticipants, TournamentStaff
from gomafia_kit.values import days, integer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from gomafia_kit.site import Answer

CARD_ITEM: Final = 'div[class*="tournament__top-left-item__"]'
_LABEL_AND_VALUE: Final = 2


def card_of(tree: LexborHTMLParser) -> dict[str, str]:
    """What the card says by label: each of its items has two elements, label and value."""
    told: dict[str, str] = {}
    for item in tree.css(CARD_ITEM):
        parts = [part for part in item.iter() if part.is_element_node]
        if len(parts) == _LABEL_AND_VALUE:
            told[text_of(parts[0]).strip().casefold()] = text_of(parts[1]).strip()
    return told


def first_day(tree: LexborHTMLParser) -> date | None:
    """The tournament's first day, as the card says; None where it doesn't."""
    try:
        found = days(card_of(tree).get("дата проведения турнира"))
    except BadValueError:
        return None
    return None if found is None else found[0]


# -- how many take part, and who runs it ------------------------------------------------------------

_NUMBER: Final = "[0-9]+|[–—−-]"
_TAKE_PART: Final = re.compile(rf"({_NUMBER})(?:\s*из\s*({_NUMBER}))?")


def parse_card(answer: Answer) -> Parsed:
    """How many take part, and who runs the tournament."""
    tree = tree_of(answer)
    card = card_of(tree)
    if not card:
        raise refused_list(answer.ask, f"the tournament's card ({CARD_ITEM})", beginning_of(tree))
    parsed = Parsed()
    tournament_id = int(answer.ask.fact("id"))
    _read_participants(parsed, tournament_id, card.get("участники"))
    _read_staff(parsed, tournament_id, _holders(tree))
    return parsed


def read_staff(parsed: Parsed, tournament_id: int, tree: LexborHTMLParser) -> None:
    """Add who runs the tournament, if the card above this tab says so."""
    holders = _holders(tree)
    if holders:
        _read_staff(parsed, tournament_id, holders)


def _read_participants(parsed: Parsed, tournament_id: int, told: str | None) -> None:
    """`30 из 30`, a number alone, or one of the two not told (`30 из –`)."""
    parsed.count("tournament_participants")
    try:
        parsed.records.append(TournamentParticipants(tournament_id, *_participants(told)))
    except BadValueError as error:
        key = f"tournament_id={tournament_id}"
        reject(parsed, TournamentParticipants, key, [("Участники", shown(told or ""), error.message)])


def _participants(told: str | None) -> tuple[int | None, int | None]:
    if told is None:
        raise BadValueError("the card must have an item labelled Участники.")
    if is_missing(told):
        return None, None
    found = _TAKE_PART.fullmatch(told)
    if found is None:
        raise BadValueError(f"{told!r} is not a count of participants as 30 из 30.")
    return integer(found[1]), integer(found[2])


_OFFICES: Final = {"main_referee_id": re.compile(r"ГС(?!\w)"), "organizer_id": re.compile(r"Орг(?:анизатор)?(?!\w)")}
_SHOWN_AS: Final = {"main_referee_id": "ГС", "organizer_id": "Орг"}
_NOBODY: Final = "/stats/null"
_player = link_id("stats", "a player")


def _holders(tree: LexborHTMLParser) -> dict[str, set[str]]:
    """Where the links of each office lead to."""
    found: dict[str, set[str]] = {}
    for link in tree.css('a[href*="/stats/"]'):
        office = _office_of(link)
        if office is not None:
            found.setdefault(office, set()).add(href_of(link) or "")
    return found


def _office_of(link: LexborNode) -> str | None:
    """The office that a part of the link's text names, the first that does: a nickname may read like one."""
    told = (name for piece in pieces_of(link) for name, office in _OFFICES.items() if office.match(piece.strip()))
    return next(told, None)


def _read_staff(parsed: Parsed, tournament_id: int, holders: Mapping[str, set[str]]) -> None:
    parsed.count("tournament_staff")
    found: dict[str, int | None] = {}
    faults = []
    for column, office in _SHOWN_AS.items():
        leads_to = sorted(holders.get(column, ()))
        try:
            found[column] = _holder(leads_to)
        except BadValueError as error:
            faults.append((office, shown(", ".join(leads_to)), error.message))
    if faults:
        reject(parsed, TournamentStaff, f"tournament_id={tournament_id}", faults)
    else:
        parsed.records.append(TournamentStaff(tournament_id, **found))


def _holder(leads_to: Sequence[str]) -> int | None:
    if len(leads_to) != 1:
        raise BadValueError(f"the card must have one link to who holds this office, not {len(leads_to)}.")
    return None if leads_to[0].rstrip("/").endswith(_NOBODY) else _player(leads_to[0])
