"""A data folder on a real network drive: a folder over sshfs."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gomafia_kit.errors import FolderError
from tests.imports import run_import
from tests.postgres.machine import until
from tests.root.packages import needed

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Path]:
    """A folder of this machine, as another one would see it."""
    server, client = needed("openssh-sftp-server", "/usr/lib/openssh/sftp-server"), needed("sshfs", "sshfs")
    there, here = tmp_path / "there", tmp_path / "здесь"
    there.mkdir()
    here.mkdir()
    one, other = socket.socketpair()
    with (
        one,
        other,
        subprocess.Popen([server], stdin=one.fileno(), stdout=one.fileno()) as serving,
        subprocess.Popen(
            [client, "-f", "-o", "passive", f":{there}", str(here)], stdin=other.fileno(), stdout=other.fileno()
        ) as mounted,
    ):
        assert until(lambda: str(here) in Path("/proc/mounts").read_text(encoding="utf-8"))
        yield here
        subprocess.run(["umount", "-l", str(here)], check=True)
        mounted.terminate()
        serving.terminate()


def test_it_is_refused_before_anything_is_written_or_asked(drive: Path) -> None:
    with pytest.raises(FolderError) as caught:
        run_import("demo", drive / "league")
    assert caught.value.message == (
        f"The data folder {drive / 'league'} lies on a network drive (fuse.sshfs at {drive}): SQLite's write-ahead log"
        " can't work there, and two machines could write at once."
    )
    assert not list(drive.iterdir())
    command = [sys.executable, "-m", "gomafia_kit.cli", "doctor", "--data-dir", str(drive / "league")]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert f"problem  data folder: {caught.value.message}" in told.stdout
