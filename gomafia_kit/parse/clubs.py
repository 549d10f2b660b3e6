"""Clubs and their members, from the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.parse.envelope import rows_of, turn_page
from gomafia_kit.parse.fields import Field, read_objects
from gomafia_kit.records import Club, ClubMember, Parsed
from gomafia_kit.values import decimal, identity, integer, name, text

if TYPE_CHECKING:
    from gomafia_kit.site import Answer

_CLUB: Final = (
    Field("club_id", "id", identity, required=True),
    Field("title", "title", text, required=True),
    Field("country", "country", name),
    Field("city", "city", name),
    Field("rank", "rank", integer),
    Field("club_score", "club_score", decimal),
    Field("elo_average", "elo_average", decimal),
)
_MEMBER: Final = (
    Field("player_id", "id", identity, required=True),
    Field("login", "login", text),
)


def parse_list(answer: Answer) -> Parsed:
    """A page of the list of clubs."""
    parsed, rows = Parsed(), rows_of(answer)
    read_list(parsed, rows)
    turn_page(parsed, answer.ask, rows)
    return parsed


def read_list(parsed: Parsed, rows: list[Any]) -> None:
    """Read the list's rows, whichever envelope they came in."""
    parsed.records += read_objects(parsed, Club, _CLUB, rows)


def parse_members(answer: Answer) -> Parsed:
    """A page of a club's members."""
    parsed, rows = Parsed(), rows_of(answer)
    read_members(parsed, int(answer.ask.fact("id")), rows)
    turn_page(parsed, answer.ask, rows)
    return parsed


def read_members(parsed: Parsed, club_id: int, rows: list[Any]) -> None:
    """Read the rows of a club's members, whichever envelope they came in."""
    parsed.records += read_objects(parsed, ClubMember, _MEMBER, rows, club_id=club_id)
