"""One tiny demo site for the tests of fetching; faults that a test orders are cleared after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.demo import DemoSite


@pytest.fixture(scope="package")
def running_site() -> Iterator[DemoSite]:
    with demo.start(scale="tiny") as site:
        yield site


@pytest.fixture
def site(running_site: DemoSite) -> Iterator[DemoSite]:
    running_site.log(reset=True)
    yield running_site
    running_site.clear_faults()
