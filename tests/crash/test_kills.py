"""Twenty kills of the whole process group around every write; `make soak-kills` does two hundred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.crash.ground import Ground, Way, Where

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT: Final = "clubs,tournaments,push"
KILLS: Final = {
    Way("into DuckDB", stages=SHORT, batch_rows=5): (
        Where("before the commit of a batch", 2),
        Where("after the commit of a batch"),
        Where("before the building of a publication"),
        Where("before the rename of a publication"),
        Where("before the commit of a push"),
    ),
    Way("into Parquet", stages=SHORT, staging="parquet", batch_rows=10): (
        Where("after the commit of an archived answer", 3),
        Where("before the fsync of a part"),
        Where("after the rename of a part"),
        Where("before the rename of a Parquet publication", 2),
        Where("after the commit of a push"),
    ),
    Way("with games", stages="games,push", batch_rows=100): (
        Where("before the commit of an archived answer", 4),
        Where("before the fsync of a part's folder", 3),
        Where("after the commit of load"),
        Where("after the derivation of a table"),
        Where("before COPY", 3),
    ),
    Way("by Chromium", stages=SHORT, via="chromium", batch_rows=10): (
        Where("after an ask", 3),
        Where("after the commit of a batch"),
        Where(seconds=2.0),
        Where("before the fsync of a common name"),
        Where("before the note of a push"),
    ),
}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with Ground(tmp_path_factory.mktemp("kills")) as found:
        yield found


@pytest.mark.parametrize("way", KILLS, ids=lambda way: way.name)
def test_an_import_killed_five_times_ends_as_one_that_nobody_disturbed(ground: Ground, way: Way) -> None:
    outcome = ground.kill_and_go_on(way, *KILLS[way])
    assert (outcome.wrong, outcome.kills) == ([], 5)
