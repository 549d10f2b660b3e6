"""Answers -> records: pure functions, one file a subject; the site's words are translated here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gomafia_kit.parse import clubs, player_pages, players, statistics, tournaments

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.records import Parsed
    from gomafia_kit.site import Answer

PARSER_VERSION: Final = "1"
"""Raised when a parser reads an answer differently: archived answers are then read anew."""

_PARSERS: Final[dict[str, Callable[[Answer], Parsed]]] = {
    "club_list": clubs.parse_list,
    "club_members": clubs.parse_members,
    "player_list": players.parse_list,
    "player_page": player_pages.parse_page,
    "tournament_list": tournaments.parse_list,
    "tournament": tournaments.parse_tournament,
    "player_statistics": statistics.parse_statistics,
}


def parse(answer: Answer) -> Parsed:
    """The records of an answer, the refused ones with their reasons, and the pages behind it.

    Raises LayoutChangedError if the answer isn't what the site's contract says, AskRefusedError if
    the site refused, NoSuchPageError if the main page came instead.
    """
    return _PARSERS[answer.ask.kind](answer)
