"""robots.txt by its rules: groups, the longest rule that fits, wildcards, queries."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gomafia_kit import site as asks
from gomafia_kit.errors import DisallowedError
from gomafia_kit.fetch.robots import Robots

GAMES = "/tournament/7?tab=games"


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Disallow: /api/", "/api/club/getTop", False),
        ("Disallow: /api/", "/apis", True),
        ("Disallow:", "/api/club/getTop", True),
        ("Disallow: /", "/anything", False),
        ("Disallow: /*?", GAMES, False),
        ("Disallow: /*?", "/tournament/7", True),
        ("Disallow: /*?tab=games$", GAMES, False),
        ("Disallow: /*?tab=games$", GAMES + "&page=2", True),
        ("Disallow: /tournament/*tab=", GAMES, False),
        ("Disallow: /tournament\nAllow: /tournament/7", GAMES, True),
        ("Allow: /tournament/7\nDisallow: /tournament", GAMES, True),
        ("Allow: /tournament\nDisallow: /tournament/7", GAMES, False),
        ("Disallow: /tournament/7\nAllow: /tournament/7", GAMES, True),
        ("Disallow: /клуб", "/%D0%BA%D0%BB%D1%83%D0%B1/1", False),
        ("Disallow: /%D0%BA%D0%BB%D1%83%D0%B1", "/клуб/1", False),
        ("Disallow: /a b # a comment", "/a%20b", False),
        ("DISALLOW : /api", "/api/club/getTop", False),
    ],
)
def test_what_the_rules_of_everybody_say(rules: str, path: str, *, allowed: bool) -> None:
    assert Robots(f"User-agent: *\n{rules}\n").allows(path) is allowed


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("User-agent: gomafia-kit\nDisallow: /\n\nUser-agent: *\nDisallow:\n", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: GoMafia-Kit/1.0\nAllow: /\n", True),
        ("User-agent: other\nUser-agent: gomafia-kit\nDisallow: /\n", False),
        ("User-agent: other\nDisallow: /\n", True),
        ("User-agent: *\nUser-agent: other\nDisallow: /\n", False),
        ("User-agent: *\nDisallow: /x\n\nUser-agent: *\nDisallow: /\n", False),
        ("\ufeffUser-agent: *\r\nDisallow: /\r\n", False),
        ("Disallow: /\n", True),
        ("<!DOCTYPE html><html>the main page</html>", True),
    ],
)
def test_whose_rules_are_ours(text: str, *, allowed: bool) -> None:
    assert Robots(text).allows("/api/club/getTop") is allowed


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("User-agent: *\nCrawl-delay: 2.5\n", 2.5),
        ("User-agent: *\nCrawl-delay: soon\n", None),
        ("User-agent: *\nCrawl-delay: 9\n\nUser-agent: gomafia-kit\nCrawl-delay: 3\n", 3.0),
        ("User-agent: other\nCrawl-delay: 9\n", None),
    ],
)
def test_the_pause_that_is_asked_for(text: str, delay: float | None) -> None:
    assert Robots(text).crawl_delay == delay


def test_a_page_is_checked_with_its_query_and_a_call_without_its_fields() -> None:
    robots = Robots("User-agent: *\nDisallow: /*?tab=games\nDisallow: /*?limit\n")
    with pytest.raises(DisallowedError, match=r"forbids /tournament/7\?tab=games"):
        robots.check(asks.tournament_games_page(7))
    robots.check(asks.tournament_card(7))
    robots.check(asks.club_list())


@given(st.text(max_size=200))
@settings(max_examples=300)
def test_any_text_is_read(text: str) -> None:
    robots = Robots(text)
    assert robots.allows("/robots") in {True, False}
    # An agent that nobody names is free, unless everybody is bound.
    if "user-agent" not in text.lower():
        assert robots.allows("/anything")
