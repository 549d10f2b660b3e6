"""What is told to be typed acts on the folder that it is told of, not on the one where the newest run was."""

from __future__ import annotations

import re
import shlex
import time
from typing import TYPE_CHECKING

from gomafia_kit import demo
from gomafia_kit.errors import AskFailedError, FolderError, command_for

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from tests.cli.conftest import Ended, Gomafia

_COMMAND = re.compile(r"gomafia (?:[a-z0-9-]+ )+?(?:--[a-z]+ )*--data-dir (?:'[^']*'|[^\s;:.]+)")


def typed(gomafia: Gomafia, text: str) -> Ended:
    """What the first command that stands in a text does, typed as it stands there."""
    found = _COMMAND.search(text)
    assert found, f"no command in {text!r}"
    return gomafia(*shlex.split(found[0])[1:])


def test_a_folder_is_told_as_a_shell_takes_it() -> None:
    for folder in ("/data/league", "/мой дом/league", "/anna's/$HOME"):
        line = command_for(folder, "retry --list")
        assert shlex.split(line) == ["gomafia", "retry", "--list", "--data-dir", folder]


def _two_leagues(gomafia: Gomafia, site: DemoSite, elsewhere: Path, *told: str) -> tuple[Ended, Path]:
    """A run into a folder elsewhere, and a newer, sound one where a bare command looks."""
    folder = elsewhere / "лига"
    ended = gomafia("run", "--source", site.url, "--data-dir", folder, *told)
    time.sleep(0.1)
    assert gomafia("run", "--stages", "clubs").code == 0
    return ended, folder


def test_what_failed_is_found_by_the_command_that_is_told(gomafia: Gomafia, tmp_path: Path) -> None:
    with demo.start(scale="tiny") as site:
        site.fault("cut", prefix="/api/tournament/get", skip=3, times=5)
        told = ("--stages", "tournaments,games", "--form", "api", "--via", "http")
        ended, folder = _two_leagues(gomafia, site, tmp_path, *told)
        assert ended.code == AskFailedError.exit_code
        (line,) = [line for line in ended.out.splitlines() if line.startswith("Failed: 1")]
        assert "tournament/" in typed(gomafia, line).out
        (notice,) = [line for line in ended.err.splitlines() if "on the list of failures" in line]
        assert command_for(folder, "retry") in notice
        again = typed(gomafia, ended.complaint[1])
        assert again.code == 0
        assert f"in {folder}" in again.out


def test_a_damaged_folder_is_rebuilt_by_the_command_that_is_told(
    gomafia: Gomafia, site: DemoSite, tmp_path: Path
) -> None:
    _, folder = _two_leagues(gomafia, site, tmp_path, "--stages", "clubs")
    (folder / "runs.sqlite").write_bytes(b"rubbish" * 1_000)
    ended = gomafia("status", "--data-dir", folder)
    again = typed(gomafia, ended.complaint[1])
    assert again.code == 0
    assert f"in {folder}" in again.out


def test_a_run_that_isnt_there_is_looked_for_in_its_own_folder(
    gomafia: Gomafia, site: DemoSite, tmp_path: Path
) -> None:
    _, folder = _two_leagues(gomafia, site, tmp_path, "--stages", "clubs")
    for line in (("status", "99"), ("stop",), ("pause",), ("memory", "--run", "99")):
        ended = gomafia(*line, "--data-dir", folder)
        assert ended.code == FolderError.exit_code
        assert typed(gomafia, ended.complaint[1]).out.startswith(f"Folder {folder}\n")


def _spoil(site: DemoSite) -> None:
    """One tournament has a wrong role, and of another the site knows nothing."""
    game = next(iter(site.league.table("game")))
    place = [game["tournament_id"], game["round"], game["table_no"], 1]
    site.change("spoil", kind="seat", key=place, field="role", value="witness")
    others = [row["tournament_id"] for row in site.league.table("tournament") if row["tournament_id"] != place[0]]
    site.change("spoil", kind="tournament", key=others[:1], field="id", value="999999")


def test_what_was_refused_and_left_out_is_named(gomafia: Gomafia, tmp_path: Path) -> None:
    with demo.start(scale="tiny") as site:
        _spoil(site)
        ended, folder = _two_leagues(gomafia, site, tmp_path, "--stages", "tournaments,games")
    (rejected,) = [line for line in ended.out.splitlines() if line.startswith("Rejected: ")]
    assert typed(gomafia, rejected).out.endswith(f"rejected in {folder}.\n")
    (left_out,) = [line for line in gomafia("status", "--data-dir", folder).out.splitlines() if "Left out: " in line]
    assert left_out.startswith("Left out: 1: api POST /api/tournament/get?id=999999. ")
    assert "It is left out." in typed(gomafia, left_out).out
