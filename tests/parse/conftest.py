"""A demo site for the tests of parsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def site() -> Iterator[demo.DemoSite]:
    """A tiny site; only its switches may be turned, by `turned`."""
    with demo.start(scale="tiny") as running:
        yield running


@pytest.fixture
def turned(site: demo.DemoSite) -> Iterator[demo.DemoSite]:
    """The common site for tests that turn switches; afterwards they stand as before."""
    yield site
    site.set_switches(**demo.Switches().as_values())
