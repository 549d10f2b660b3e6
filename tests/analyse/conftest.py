"""The small league, readable in each of the three ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gomafia_kit.analyse import READ_FROM, League, open_league
from tests.analyse.mini import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="package")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The small league, published and pushed in every form; nobody alters it."""
    folder = Folder(tmp_path_factory.mktemp("данные лиги") / "mini")
    for form in READ_FROM:
        folder.serve(form)
    return folder


@pytest.fixture(scope="package", params=READ_FROM)
def league(mini: Folder, request: pytest.FixtureRequest) -> Iterator[League]:
    """The small league, open; every question is asked of each store."""
    with open_league(mini.path, str(request.param)) as opened:
        yield opened


@pytest.fixture(scope="package")
def mini_league(mini: Folder) -> Iterator[League]:
    """The small league, open as DuckDB: for what doesn't depend on the store."""
    with open_league(mini.path) as opened:
        yield opened


@pytest.fixture
def folder(data_dir: Path) -> Folder:
    """A small league that the test may alter."""
    return Folder(data_dir)
