"""Reading a tournament at once gives what reading it record by record gives, or nothing at all."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gomafia_kit import site
from gomafia_kit.errors import GomafiaError
from gomafia_kit.parse import typed_games
from gomafia_kit.parse.envelope import data_of
from gomafia_kit.parse.games import read_tournament
from gomafia_kit.parse.next_data import next_data, server_data
from gomafia_kit.records import Game, Seat
from tests.answers import answer, game, line, seat, tournament
from tests.parse.told import told

if TYPE_CHECKING:
    from gomafia_kit.records import Parsed
    from gomafia_kit.site import Answer

API = {"total": "tournament_result"}
PAGES = {"with_final": "tournamentResultWithFinal", "without_final": "tournamentResultWithoutFinal"}
SMALL = tournament(
    [game(seats=[seat(place, type="b" if place == 3 else "") for place in range(1, 11)])], [line(1, "a")]
)


def test_of_more_values_than_are_remembered_the_last_are() -> None:
    read: list[int] = []

    def half(raw: int) -> float:
        read.append(raw)
        return raw / 2

    many = typed_games.Remembered.MOST + 1
    memory = typed_games.Remembered(half)
    assert [memory[raw] for raw in range(many)] == [raw / 2 for raw in range(many)]
    assert len(memory) <= typed_games.Remembered.MOST
    read.clear()
    assert [memory[many - 1], memory[0]] == [(many - 1) / 2, 0]
    assert read == [0]


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"numbers": "numbers", "flags": "booleans"},
        {"numbers": "strings", "unplayed": "null"},
        {"seat_type": "other"},
    ],
    ids=str,
)
def test_every_tournament_of_a_league_reads_the_same(switches: dict[str, object]) -> None:
    league = told(**switches)
    for tournament_id in league.league.world.tournaments:
        found = league.answer(site.tournament(tournament_id))
        assert typed_games.read_answer(found) == read_tournament(found.ask, data_of(found), API)
        found = league.answer(site.tournament_games_page(tournament_id))
        page = typed_games.read_page(found, next_data(found), of_games=True)
        assert page is not None
        assert page.parsed == read_tournament(found.ask, server_data(found), PAGES)


def test_what_is_unusual_is_left_to_the_other_way() -> None:
    for unplayed in ("missing", "absent"):
        league = told(unplayed=unplayed)
        answers = [league.answer(site.tournament(number)) for number in league.league.world.tournaments]
        read = [typed_games.read_answer(found) for found in answers]
        assert (None in read) is (unplayed == "missing")


def _one_by_one(found: Answer) -> Parsed | None:
    try:
        return read_tournament(found.ask, data_of(found), API)
    except GomafiaError:
        return None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.sampled_from([2**31, 2**70, 0.1, 1e300, -0.0, 7.5, "", "–", "7", "+1", "1 500,5", "mafia", "red", "b", "lg"])
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
GONE = object()


def _places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        found += _places(below, (*path, key))
    return found


WHOLE: dict[str, Any] = json.loads(SMALL.body)
PLACES = _places(WHOLE)


def _changed(path: tuple[Any, ...], value: object) -> dict[str, Any]:
    changed = deepcopy(WHOLE)
    at: Any = changed
    for key in path[:-1]:
        at = at[key]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return changed


@given(st.sampled_from(PLACES), JSON | st.just(GONE))
@settings(max_examples=600)
def test_an_answer_with_anything_changed_reads_the_same_or_is_left_to_the_other_way(
    path: tuple[Any, ...], value: object
) -> None:
    found = answer(SMALL.ask, json.dumps(_changed(path, value)))
    quick, slow = typed_games.read_answer(found), _one_by_one(found)
    if quick is not None:
        assert quick == slow
        assert quick.rejections == []


@given(st.binary(max_size=60), st.integers(0, len(SMALL.body)))
@settings(max_examples=200)
def test_whatever_the_bytes_it_is_what_the_other_way_reads_or_nothing(put: bytes, place: int) -> None:
    for body in (put, SMALL.body[:place] + put + SMALL.body[place:], b"[" * 5000):
        found = answer(SMALL.ask, body)
        quick, slow = typed_games.read_answer(found), _one_by_one(found)
        # Bytes that aren't UTF-8, in a field that nobody reads, are passed over here and refused there.
        assert quick is None or slow is None or quick == slow


def test_a_field_that_no_record_has_is_a_changed_site() -> None:
    changed = json.loads(SMALL.body)
    for raw in changed["data"]["games"][0]["game"][0]["table"]:
        raw["elo_delta"] = raw.pop("eloDelta")
    found = answer(SMALL.ask, json.dumps(changed))
    with pytest.raises(GomafiaError, match="seat: none of 10 has the field eloDelta"):
        read_tournament(found.ask, data_of(found), API)


@pytest.mark.parametrize("win", [None, "", "gone"])
def test_a_game_not_played_may_come_without_what_only_a_played_one_has(win: object) -> None:
    unplayed = game(win=win)
    for raw in unplayed["table"]:
        for key in ("role", "points", "type", "eloDelta", "elo"):
            del raw[key]
    if win == "gone":
        del unplayed["win"]
    found = tournament([unplayed])
    parsed = read_tournament(found.ask, data_of(found), API)
    assert parsed.rejections == []
    assert parsed.records[0] == Game(7, 1, 1, None, "Судья, первый")
    assert parsed.records[1] == Seat(7, 1, 1, 1, 101, "игрок 1", *(None,) * 9)


@pytest.mark.parametrize("key", ["points", "type", "eloDelta", "elo", "role"])
def test_a_played_game_may_not(key: str) -> None:
    played = game()
    del played["table"][4][key]
    found = tournament([played])
    (refused,) = read_tournament(found.ask, data_of(found), API).rejections
    assert (refused.field, refused.rule) == (key, "the field is missing")
