"""Data folders on drives that several machines share."""

from __future__ import annotations

from pathlib import Path

import pytest

from gomafia_kit.errors import FolderError
from gomafia_kit.runs.drive import Mount, check_drive, kind_of

MOUNTS = (
    Mount("/", "ext4"),
    Mount("/home", "btrfs"),
    Mount("/home/me/nas", "nfs4"),
    Mount("/home/me/nas/local", "xfs"),
    Mount("/mnt/дом", "fuse.sshfs"),
    Mount("/mnt/share", "CIFS"),
    Mount("/mnt/usb", "fuseblk"),
    Mount("/covered", "nfs"),
    Mount("/covered", "tmpfs"),
)


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/data", "ext4"),
        ("/home/me/data", "btrfs"),
        ("/home/me/nas-of-old/data", "btrfs"),
        ("/home/me/nas/local/data", "xfs"),
        ("/mnt/usb/data", "fuseblk"),
        ("/covered/data", "tmpfs"),
    ],
)
def test_a_folder_on_a_disk_of_ones_own_may_be(folder: str, kind: str) -> None:
    assert kind_of(Path(folder), MOUNTS)[0] == kind
    check_drive(Path(folder), MOUNTS)


@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("/home/me/nas/data", "nfs4 at /home/me/nas"),
        ("/home/me/nas", "nfs4 at /home/me/nas"),
        ("/mnt/дом/a/b", "fuse.sshfs at /mnt/дом"),
        ("/mnt/share/data", "cifs at /mnt/share"),
    ],
)
def test_a_folder_on_a_network_drive_is_refused_with_the_reason(folder: str, told: str) -> None:
    with pytest.raises(FolderError) as caught:
        check_drive(Path(folder), MOUNTS)
    assert caught.value.message.startswith(f"The data folder {folder} lies on a network drive ({told}): SQLite's")
    assert "local disk" in caught.value.remedy


def test_the_drive_of_a_folder_that_is_not_there_yet_is_known(tmp_path: Path) -> None:
    kind, at = kind_of(tmp_path / "not" / "yet")
    assert kind
    assert tmp_path.is_relative_to(at)
    check_drive(tmp_path / "not" / "yet")
