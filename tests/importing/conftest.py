"""Demo sites for imports: one that nobody alters, and one of their own for those who do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.demo import DemoSite


@pytest.fixture(scope="package")
def site() -> Iterator[DemoSite]:
    """A tiny site that nobody alters; its log is shared."""
    with demo.start(scale="tiny") as running:
        yield running


@pytest.fixture
def own_site() -> Iterator[DemoSite]:
    """A tiny site that the test may do anything with."""
    with demo.start(scale="tiny") as running:
        yield running
