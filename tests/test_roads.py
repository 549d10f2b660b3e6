"""Which roads there are: cheapest first, only those that tell of the subject and that the settings allow."""

from __future__ import annotations

import pytest

from gomafia_kit.plan import SUBJECTS_OF_STAGE
from gomafia_kit.roads import roads_for
from gomafia_kit.settings import Settings


def told(subject: str, **parameters: object) -> list[str]:
    return [str(road) for road in roads_for(subject, Settings.gather(parameters, environment={}))]


def test_the_cheapest_road_comes_first() -> None:
    assert told("games") == [
        "api over http",
        "page_data over http",
        "dom over http",
        "api over chromium",
        "page_data over chromium",
        "dom over chromium",
        "dom rendered by chromium",
    ]


@pytest.mark.parametrize(
    ("subject", "parameters", "roads"),
    [
        ("games", {"via": "http", "form": "dom"}, ["dom over http"]),
        ("clubs", {"form": "dom"}, ["dom over http", "dom rendered by chromium"]),
        ("judges", {"form": "api"}, ["dom over http", "dom over chromium", "dom rendered by chromium"]),
        ("history", {"form": "page_data", "via": "chromium"}, ["dom over chromium", "dom rendered by chromium"]),
        ("official_years", {}, ["api over http", "api over chromium", "dom rendered by chromium"]),
        ("official_years", {"form": "page_data", "via": "http"}, ["page_data over http"]),
        ("official_years", {"form": "dom", "via": "chromium"}, ["dom rendered by chromium"]),
    ],
)
def test_settings_choose_among_them(subject: str, parameters: dict[str, object], roads: list[str]) -> None:
    assert told(subject, **parameters) == roads


def test_every_subject_has_a_road_whatever_is_asked_for() -> None:
    for subject in {name for names in SUBJECTS_OF_STAGE.values() for name in names}:
        for via in ("auto", "http", "chromium"):
            for form in ("auto", "api", "page_data", "dom"):
                assert told(subject, via=via, form=form)
