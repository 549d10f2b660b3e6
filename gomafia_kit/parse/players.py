"""Players and their seasons, from the API's rating lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.parse.envelope import rows_of, turn_page
from gomafia_kit.parse.fields import Field, read_objects
from gomafia_kit.records import Parsed, Player, PlayerSeason
from gomafia_kit.values import decimal, identity, integer, name, text

if TYPE_CHECKING:
    from gomafia_kit.site import Answer

_PLAYER: Final = (
    Field("player_id", "id", identity, required=True),
    Field("login", "login", text, required=True),
    Field("country", "country", name),
    Field("city", "city", name),
    Field("club_title", "title", text),
    Field("elo", "elo", decimal),
)
_SEASON: Final = (
    Field("player_id", "id", identity, required=True),
    Field("club_title", "title", text),
    Field("rank", "rank", integer),
    Field("elo", "elo", decimal),
    Field("tournaments_played", "tournaments_played", integer),
    Field("gg_points", "tournaments_score", decimal),
)


def region_asked(answer: Answer) -> str | None:
    """The region that the list was asked for; None for the list of all regions."""
    region = answer.ask.fact("region")
    return None if region == "all" else region


def parse_list(answer: Answer) -> Parsed:
    """A page of a year's and region's rating list: a player and his season a row."""
    parsed, rows = Parsed(), rows_of(answer)
    read_list(parsed, answer, rows)
    turn_page(parsed, answer.ask, rows)
    return parsed


def read_list(parsed: Parsed, answer: Answer, rows: list[Any]) -> None:
    """Read the list's rows, whichever envelope they came in."""
    year = int(answer.ask.fact("year"))
    parsed.records += read_objects(parsed, Player, _PLAYER, rows, listed=True, listed_year=year)
    parsed.records += read_objects(parsed, PlayerSeason, _SEASON, rows, year=year, region=region_asked(answer))
