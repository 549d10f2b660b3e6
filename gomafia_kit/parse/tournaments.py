"""Tournaments, their games, seats and standings, from the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.parse import games, typed_games
from gomafia_kit.parse.envelope import data_of, rows_of, turn_page
from gomafia_kit.parse.fields import Field, read_objects
from gomafia_kit.records import Parsed, Tournament
from gomafia_kit.values import decimal, flag, identity, integer, iso_date, name, text

if TYPE_CHECKING:
    from gomafia_kit.site import Answer

_TOURNAMENT: Final = (
    Field("tournament_id", "id", identity, required=True),
    Field("title", "title", text, required=True),
    Field("date_start", "date_start", iso_date),
    Field("date_end", "date_end", iso_date, may_lack=True),  # of a tournament of one day
    Field("country", "country_translate", name),
    Field("city", "city_translate", name),
    Field("type", "type", name),
    Field("type_shown", "type_translate", name),
    Field("status", "status", name),
    Field("status_shown", "status_translate", name),
    Field("stars", "star", integer),
    Field("elo_average", "elo_average", decimal),
    Field("is_fsm_rating", "is_fsm_rating", flag),
    Field("is_hidden_result", "is_hidden_result", flag),
    Field("main_referee_id", "main_referee_id", identity),
    Field("organizer_id", "user_organizer_id", identity),
    Field("contribution_amount", "contribution_amount", decimal),
    Field("contribution_currency", "contribution_currency", name),
    Field("participants_projected", "projected_count_of_participant", integer),
)
_STANDINGS: Final = {"total": "tournament_result"}


def parse_list(answer: Answer) -> Parsed:
    """A page of the list of tournaments."""
    parsed, rows = Parsed(), rows_of(answer)
    read_list(parsed, rows)
    turn_page(parsed, answer.ask, rows)
    return parsed


def read_list(parsed: Parsed, rows: list[Any]) -> None:
    """Read the list's rows, whichever envelope they came in."""
    parsed.records += read_objects(parsed, Tournament, _TOURNAMENT, rows)


def parse_tournament(answer: Answer) -> Parsed:
    """The games, seats and standing of a tournament."""
    return typed_games.read_answer(answer) or games.read_tournament(answer.ask, data_of(answer), _STANDINGS)
