"""`gomafia run --hard-limit` where no limit can be set, and where it is given wrongly: refused, never pretended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gomafia_kit.errors import UnavailableError
from gomafia_kit.importer.hard_limit import hard_limit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Gomafia


def test_where_none_is_allowed_it_says_why_and_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no systemd, and no control groups are told of
    with pytest.raises(UnavailableError) as caught, hard_limit(512, proc=tmp_path):
        pytest.fail("nothing may start")
    assert "this system has no control groups for memory" in caught.value.message
    assert "systemd-run: No such file or directory" in caught.value.message
    assert "memory_limit_mb needs none of these" in caught.value.remedy


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--hard-limit", "much"), "'much' is not a size as 512M or 2G."),
        (("--hard-limit", "8M"), "8 MB are too few for Python itself"),
        (("import", "--hard-limit", "1G"), "--hard-limit is of the importer itself"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_before_anything_is_made(
    gomafia: Gomafia, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    folder = tmp_path / "none"
    ended = gomafia("run", *words, *(() if words[0] == "import" else ("--data-dir", str(folder))))
    assert ended.code == 2
    assert said in ended.err
    assert not folder.exists()
