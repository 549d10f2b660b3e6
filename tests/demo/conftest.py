"""Demo sites for the tests: one that nobody alters, and one of their own for those who do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo
from tests.demo import reader

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def site() -> Iterator[demo.DemoSite]:
    """A tiny site, as it is by default; only its switches may be turned, by `turned`."""
    with demo.start(scale="tiny") as running:
        yield running


@pytest.fixture
def turned(site: demo.DemoSite) -> Iterator[demo.DemoSite]:
    """The common site for tests that turn switches; afterwards they stand as before."""
    yield site
    site.set_switches(**demo.Switches().as_values())


@pytest.fixture
def own_site() -> Iterator[demo.DemoSite]:
    """A tiny site that the test may do anything with."""
    with demo.start(scale="tiny") as running:
        yield running


@pytest.fixture(scope="session")
def docs() -> str:
    """The page about the demo site."""
    return (reader.ROOT / "docs" / "demo.md").read_text(encoding="utf-8")
