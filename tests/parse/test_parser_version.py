"""The same answers are read otherwise under another `PARSER_VERSION` only: else archives wouldn't be read anew."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from benchmarks.fuzz import asks
from gomafia_kit import demo
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.parse import PARSER_VERSION, parse

if TYPE_CHECKING:
    from gomafia_kit.site import Answer

ANSWERS: Final = "6f3fd4304ca2faac"
READ: Final = ("4", "9985cdcecbf5ea21")
"""The version, and what it reads in those answers: when this changes, so must the version."""


def fetched() -> list[tuple[Answer, str]]:
    """An answer of every kind in each form that it is read in, from a league and a deployment that don't change."""
    with demo.start(scale="tiny", seed=1) as site, HttpFetcher(site.url, "") as fetcher:
        return [(fetcher.fetch(ask), form) for ask, form in asks()]


def digest(*told: object) -> str:
    return sha256(repr(told).encode()).hexdigest()[:16]


def test_another_reading_has_another_version() -> None:
    answers = fetched()
    read = [(form, parse(answer, form, personal=True)) for answer, form in answers]
    found = digest(*((form, parsed.records, parsed.rejections, parsed.fetched) for form, parsed in read))
    noted = f"the demo site's answers are others: note their digest, and READ = {(PARSER_VERSION, found)}"
    assert digest(*(answer.body for answer, _ in answers)) == ANSWERS, noted
    assert (PARSER_VERSION, found) == READ, "answers are read otherwise: raise PARSER_VERSION, then note the new digest"
