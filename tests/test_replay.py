"""The archive read again: no difference while the parsers are the same, and each change by row and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo
from gomafia_kit.parse import parse
from gomafia_kit.records import Club, Parsed, Rejection, Seat
from gomafia_kit.replay import Difference, differences
from gomafia_kit.validate import Checked, validate
from tests.imports import run_import

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from gomafia_kit.site import Answer


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with demo.start(scale="tiny") as running:
        yield running


@pytest.fixture(scope="module")
def data_dir(site: DemoSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("лига 1")
    run_import(site, folder, official_years=True, stages="clubs,players,tournaments,games,statistics")
    return folder


def test_nothing_differs_while_the_parsers_are_the_same(data_dir: Path, site: DemoSite) -> None:
    asked = site.log()["total"]
    assert list(differences(data_dir)) == []
    assert site.log()["total"] == asked


def test_a_parser_that_reads_otherwise_is_shown_by_row_and_column(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def otherwise(answer: Answer, form: str, *, personal: bool) -> Parsed:
        parsed = parse(answer, form, personal=personal)
        parsed.records = [
            record._replace(guessed_max=2) if isinstance(record, Seat) and record.guessed_max == 3 else record
            for record in parsed.records
        ]
        return parsed

    monkeypatch.setattr("gomafia_kit.replay.parse", otherwise)
    found = list(differences(data_dir))
    assert {(item.table, item.column, item.before, item.after) for item in found} == {("seat", "guessed_max", "3", "2")}
    one = found[0]
    assert one.key.startswith("tournament_id=")
    assert one.ask.startswith("api POST /api/tournament/get?id=")


def test_a_rule_that_refuses_more_is_shown_with_its_reason(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gomafia_kit.replay.validate", _refusing)
    found = list(differences(data_dir))
    assert (
        Difference("club", "1", "rejected", None, "no such club", "api POST /api/club/getTop?limit=1000&offset=0")
        in found
    )
    assert [item for item in found if item.table == "club" and item.column == "row" and item.after is None]


def _refusing(parsed: Parsed) -> Checked:
    checked = validate(parsed)
    clubs = [record for record in checked.records if isinstance(record, Club)]
    checked.rejections += [Rejection("club", str(club.club_id), "id", "", "no such club") for club in clubs]
    checked.records = [record for record in checked.records if not isinstance(record, Club)]
    return checked
