"""The power is cut at every step of an import on the disk; what wasn't fsynced is gone, or there in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo
from tests.crash.power import Recorded, broken_promises, what_goes_wrong, without_syncs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    with demo.start(scale="tiny") as site:
        yield Recorded(site, tmp_path_factory.mktemp("power"), stages="clubs,tournaments", batch_rows=40)


def test_what_was_promised_is_there_after_a_power_cut_at_any_step(recorded: Recorded, tmp_path: Path) -> None:
    cuts = list(recorded.cuts())
    broken = {str(cut): wrong for cut in cuts if (wrong := broken_promises(cut, tmp_path / "state"))}
    assert broken == {}
    assert len(cuts) > 100


@pytest.mark.parametrize(
    ("step", "told"), [("sync", "runs.sqlite-wal"), ("rename", "published/")], ids=["batch", "publication"]
)
def test_an_import_goes_on_where_a_power_cut_left_it(recorded: Recorded, tmp_path: Path, step: str, told: str) -> None:
    cuts = [cut for cut in recorded.cuts() if cut.step["step"] == step and told in str(cut.step)]
    assert what_goes_wrong(recorded, cuts[2 * len(cuts) // 3], tmp_path / "state") == []


@pytest.mark.parametrize(
    "forgotten",
    [".tmp", "parts/player", "parts", "archive.sqlite-wal", "runs.sqlite-wal", "published", "данные", "."],
)
def test_each_fsync_is_needed(recorded: Recorded, tmp_path: Path, forgotten: str) -> None:
    cuts = list(recorded.cuts(without_syncs(recorded.steps(), forgotten)))
    assert any(broken_promises(cut, tmp_path / "state") for cut in reversed(cuts))
