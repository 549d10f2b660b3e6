"""A tournament's card, which stands above each of its tabs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import BadValueError
from gomafia_kit.parse.fields import refused_list, reject, shown
from gomafia_kit.parse.pages import beginning_of, is_missing, text_of, tree_of
from gomafia_kit.records import Parsed, TournamentParticipants
from gomafia_kit.values import days, integer

if TYPE_CHECKING:
    from datetime import date

    from selectolax.lexbor import LexborHTMLParser

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


_NUMBER: Final = "[0-9]+|[–—−-]"
_TAKE_PART: Final = re.compile(rf"({_NUMBER})(?:\s*из\s*({_NUMBER}))?")


def parse_card(answer: Answer) -> Parsed:
    """How many take part: `30 из 30`, a number alone, or one of the two not told (`30 из –`)."""
    tree = tree_of(answer)
    card = card_of(tree)
    if not card:
        raise refused_list(answer.ask, f"the tournament's card ({CARD_ITEM})", beginning_of(tree))
    parsed = Parsed()
    parsed.count("tournament_participants")
    tournament_id = int(answer.ask.fact("id"))
    told = card.get("участники")
    try:
        parsed.records.append(TournamentParticipants(tournament_id, *_participants(told)))
    except BadValueError as error:
        key = f"tournament_id={tournament_id}"
        reject(parsed, TournamentParticipants, key, [("Участники", shown(told or ""), error.message)])
    return parsed


def _participants(told: str | None) -> tuple[int | None, int | None]:
    if told is None:
        raise BadValueError("the card must have an item labelled Участники.")
    if is_missing(told):
        return None, None
    found = _TAKE_PART.fullmatch(told)
    if found is None:
        raise BadValueError(f"{told!r} is not a count of participants as 30 из 30.")
    return integer(found[1]), integer(found[2])
