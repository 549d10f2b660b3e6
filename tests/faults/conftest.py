"""The fixture `fault`, by which a test tells a row of `docs/faults.md`, and the option that writes the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from gomafia_kit import demo
from tests.faults.table import PAGE, Row, chapter_of, plain, read, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gomafia_kit.demo import DemoSite

_OPTION: Final = "--write-fault-table"
_TOLD: Final = pytest.StashKey[dict[str, Row]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option is there if this folder is named on the command line."""
    parser.addoption(_OPTION, action="store_true", help="write docs/faults.md from what these tests tell")


class Fault:
    """Tells what a fault did, and holds the page to it."""

    def __init__(self, told: dict[str, Row] | None, folder: Path) -> None:
        self._told = told
        self._folder = folder

    def told(self, name: str, *, sees: str, lost: Sequence[str] = (), seconds: float) -> None:
        """A fault of `tests.faults.table.FAULTS`, the sentence that a person saw, and what differs from the truth.

        `sees` may hold the test's folder and addresses: they are left out of the page. `lost` is empty
        if the tables are right.
        """
        chapter_of(name)
        row = Row(name, plain(sees, self._folder), "; ".join(lost) or "nothing", round(seconds, 1))
        if self._told is not None:
            self._told[name] = row
            return
        stands = read(PAGE.read_text(encoding="utf-8")).get(name)
        assert stands is not None, f"docs/faults.md doesn't tell of {name!r}: make docs-faults"
        assert (stands.sees, stands.lost) == (row.sees, row.lost), "docs/faults.md says otherwise: make docs-faults"


@pytest.fixture
def fault(request: pytest.FixtureRequest, tmp_path: Path) -> Fault:
    """By it a test tells its row of the table of faults."""
    if not request.config.getoption(_OPTION, default=False):
        return Fault(None, tmp_path)
    return Fault(request.config.stash.setdefault(_TOLD, {}), tmp_path)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page, if asked to: rows that weren't told this time stay as they are."""
    told = session.config.stash.get(_TOLD, None)
    if told:
        stood = read(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
        PAGE.write_text(written(stood | told), encoding="utf-8")


@pytest.fixture(scope="package")
def running_site() -> Iterator[DemoSite]:
    """A tiny site that nobody alters."""
    with demo.start(scale="tiny") as site:
        yield site


@pytest.fixture
def site(running_site: DemoSite) -> Iterator[DemoSite]:
    """The site; faults that a test orders are cleared after it."""
    yield running_site
    running_site.clear_faults()
