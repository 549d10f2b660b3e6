"""Answers -> records: pure functions, one file a subject; the site's words are translated here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gomafia_kit.parse import (
    club_pages,
    clubs,
    game_pages,
    history,
    judges,
    player_pages,
    players,
    standing_pages,
    statistics,
    statistics_pages,
    tournament_cards,
    tournament_lists,
    tournament_pages,
    tournaments,
)
from gomafia_kit.records import TABLE_OF, JudgePersonal, PlayerPersonal

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.records import Parsed
    from gomafia_kit.site import Answer

PARSER_VERSION: Final = "4"
"""Raised when a parser reads an answer differently: archived answers are then read anew."""

PERSONAL_KINDS: Final = frozenset({"player_statistics", "player_statistics_page", "judge_page"})
"""Kinds whose answers hold what is staged only if `personal` was asked for."""

_PARSERS: Final[dict[tuple[str, str], Callable[[Answer], Parsed]]] = {
    ("club_list", "api"): clubs.parse_list,
    ("club_list_page", "page_data"): club_pages.parse_list_page_data,
    ("club_list_page", "dom"): club_pages.parse_list_page,
    ("club_members", "api"): clubs.parse_members,
    ("club_page", "page_data"): club_pages.parse_club_page_data,
    ("club_page", "dom"): club_pages.parse_club_page,
    ("club_president", "dom"): club_pages.parse_president,
    ("player_list", "api"): players.parse_list,
    ("player_page", "page_data"): player_pages.parse_page_data,
    ("player_page", "dom"): player_pages.parse_page,
    ("judge_page", "dom"): judges.parse_page,
    ("tournament_list", "api"): tournaments.parse_list,
    ("tournament_list_page", "page_data"): tournament_lists.parse_page_data,
    ("tournament_list_page", "dom"): tournament_lists.parse_page,
    ("tournament", "api"): tournaments.parse_tournament,
    ("tournament_games_page", "page_data"): tournament_pages.parse_games_data,
    ("tournament_games_page", "dom"): game_pages.parse_games,
    ("tournament_results_page", "page_data"): tournament_pages.parse_results_data,
    ("tournament_results_page", "dom"): standing_pages.parse_results,
    ("tournament_card", "dom"): tournament_cards.parse_card,
    ("player_statistics", "api"): statistics.parse_statistics,
    ("player_statistics_page", "page_data"): statistics_pages.parse_page_data,
    ("player_statistics_page", "dom"): statistics_pages.parse_page,
    ("player_history_page", "dom"): history.parse_page,
}
"""Kind of ask and form -> who reads its answers."""


def parse(answer: Answer, form: str, *, personal: bool = False) -> Parsed:
    """The records of an answer read in a form, the refused ones with their reasons, and the pages behind it.

    `form` is api, page_data or dom.

    Raises LayoutChangedError if the answer isn't what the site's contract says, AskRefusedError if
    the site refused, NoSuchPageError if the main page came instead.
    """
    parsed = _PARSERS[answer.ask.kind, form](answer)
    if not personal and answer.ask.kind in PERSONAL_KINDS:
        _forget_personal(parsed)
    return parsed


def parser_of(kind: str, form: str, *, personal: bool) -> str:
    """A name for how answers of a kind are read: what was read by another parser is read anew."""
    wanted = " personal" if personal and kind in PERSONAL_KINDS else ""
    return f"{PARSER_VERSION} {kind} {form}{wanted}"


def _forget_personal(parsed: Parsed) -> None:
    tables = {TABLE_OF[PlayerPersonal], TABLE_OF[JudgePersonal]}
    parsed.records[:] = [record for record in parsed.records if TABLE_OF[type(record)] not in tables]
    parsed.rejections[:] = [rejection for rejection in parsed.rejections if rejection.table not in tables]
    for table in tables:
        parsed.fetched.pop(table, None)
