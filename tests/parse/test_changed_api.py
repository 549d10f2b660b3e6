"""The API changes: each field gone, renamed or of another type is named, or nothing that is staged depends on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gomafia_kit import site
from gomafia_kit.errors import GomafiaError
from gomafia_kit.parse import parse
from tests.answers import answer
from tests.parse.told import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gomafia_kit.records import Parsed
    from gomafia_kit.site import Ask

ASKS = {
    "clubs": site.club_list(),
    "members": site.club_members(1),
    "players": site.player_list(2024, "all"),
    "tournaments": site.tournament_list(),
    "tournament": site.tournament(1),
    "statistics": site.player_statistics(1, 2024),
}


def gone(parent: dict[str, Any], field: str) -> None:
    del parent[field]


def renamed(parent: dict[str, Any], field: str) -> None:
    parent[f"{field}_new"] = parent.pop(field)


def retyped(parent: dict[str, Any], field: str) -> None:
    parent[field] = {"value": parent[field]}


def another_word(parent: dict[str, Any], field: str) -> None:
    if not isinstance(parent[field], dict | list):
        parent[field] = "что-то другое"


CHANGES: tuple[Callable[[dict[str, Any], str], None], ...] = (gone, renamed, retyped, another_word)
TEXTS = frozenset(
    {"login", "title", "country", "city", "referee", "type", "status", "contribution_currency", "name", "vk_id"}
)
"""Where any word is as good as another."""


def parents(value: object, field: str) -> Iterator[dict[str, Any]]:
    """Every object, however deep, that has the field."""
    if isinstance(value, dict):
        if field in value:
            yield value
        for inner in list(value.values()):
            yield from parents(inner, field)
    elif isinstance(value, list):
        for inner in value:
            yield from parents(inner, field)


def fields_of(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in fields_of(inner)}
    if isinstance(value, list):
        return {name for inner in value for name in fields_of(inner)}
    return set()


def cases() -> list[tuple[str, str]]:
    return [
        (name, field)
        for name, ask in ASKS.items()
        for field in sorted(fields_of(json.loads(told().answer(ask).body)["data"]))
    ]


def read(ask: Ask, body: bytes) -> Parsed:
    return parse(answer(ask, body), "api", personal=True)


def read_or_named(ask: Ask, body: bytes, field: str) -> Parsed | None:
    """What the answer holds; None if an error names the field."""
    try:
        return read(ask, body)
    except GomafiaError as error:
        if field in error.message:
            return None
        raise


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize(("name", "field"), cases())
def test_a_changed_field_is_named_or_nothing_depends_on_it(
    name: str, field: str, change: Callable[[dict[str, Any], str], None]
) -> None:
    ask = ASKS[name]
    body = told().answer(ask).body
    before, changed = read(ask, body), json.loads(body)
    for parent in list(parents(changed["data"], field)):
        change(parent, field)
    after = read_or_named(ask, json.dumps(changed).encode(), field)
    if after is None:
        return
    if change is another_word and any(word in field for word in TEXTS):
        return
    refused = [rejection for rejection in after.rejections if field in rejection.field]
    lost = [record for record in before.records if record not in after.records]
    assert not lost or refused, f"{len(lost)} records changed without a word"
    assert [record for record in after.records if record not in before.records] == []
