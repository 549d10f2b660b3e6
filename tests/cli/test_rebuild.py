"""`gomafia rebuild`: everything anew from the archive when the run store can't be used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from tests.cli.conftest import Gomafia


def test_a_damaged_run_store_is_made_anew_without_asking(gomafia: Gomafia, site: DemoSite, tmp_path: Path) -> None:
    folder = tmp_path / "лига моя"
    told = ("--data-dir", folder, "--source", site.url, "--stages", "clubs,tournaments")
    assert gomafia("run", *told).code == 0
    (folder / "runs.sqlite").write_bytes(b"rubbish" * 1_000)
    broken = gomafia("run", *told)
    assert broken.code == 33
    assert broken.complaint[1] == "Run gomafia rebuild: all is made anew from the archive, without asking the site."
    asked = site.log()["total"]
    rebuilt = gomafia("rebuild", "--data-dir", folder, "--json")
    assert rebuilt.code == 0
    assert site.log()["total"] == asked
    staged = {account["table"]: account["staged"] for account in json.loads(rebuilt.out)["receipt"]["tables"]}
    assert (staged["club"], staged["tournament"], staged["seat"]) == (6, 12, 0)
    assert len(list(folder.glob("runs-*.sqlite"))) == 1


def test_a_folder_without_an_archive_is_named(gomafia: Gomafia, tmp_path: Path) -> None:
    ended = gomafia("rebuild", "--data-dir", tmp_path)
    assert (ended.code, ended.complaint[0]) == (30, f"gomafia: {tmp_path} holds no archive.")
