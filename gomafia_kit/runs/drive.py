"""Drives on which SQLite's write-ahead log can't work: those that several machines share.

The log's index lies in memory that all processes share, and locks must hold at once: a network drive
has neither between two machines, and says nothing when it goes wrong. So its kind decides, not a trial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import psutil

from gomafia_kit.errors import FolderError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Mount(NamedTuple):
    """A mounted drive: where it stands, and the kind of its file system."""

    at: str
    kind: str


NETWORK_KINDS: Final = frozenset(
    {
        "nfs",
        "nfs3",
        "nfs4",
        "cifs",
        "smb",
        "smb2",
        "smb3",
        "smbfs",
        "ncpfs",
        "afs",
        "afpfs",
        "webdav",
        "davfs",
        "ceph",
        "glusterfs",
        "lustre",
        "gpfs",
        "beegfs",
        "orangefs",
        "pvfs2",
        "ocfs2",
        "gfs",
        "gfs2",
        "vboxsf",
        "vmhgfs",
        "prl_fs",
        "drvfs",
        "fuse.sshfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.gcsfuse",
        "fuse.goofys",
        "fuse.davfs",
        "fuse.glusterfs",
        "fuse.ceph",
        "fuse.curlftpfs",
        "fuse.vmhgfs-fuse",
        "fuse.gvfsd-fuse",
        "macfuse.sshfs",
        "osxfuse.sshfs",
    }
)
"""Kinds of file systems whose files another machine may hold as well."""


def kind_of(folder: Path, mounts: Iterable[Mount] | None = None) -> tuple[str, str]:
    """The kind of the drive that a folder lies on or will lie on, and where that is mounted; empty if unknown."""
    place = folder.resolve()
    if mounts is None:
        mounts = (Mount(drive.mountpoint, drive.fstype) for drive in psutil.disk_partitions(all=True))
    found = Mount("", "")
    for mount in mounts:  # of two at one place the later covers the earlier
        if (mount.at == str(place) or mount.at in map(str, place.parents)) and len(mount.at) >= len(found.at):
            found = mount
    return found.kind.lower(), found.at


def check_drive(folder: Path, mounts: Iterable[Mount] | None = None) -> None:
    """Nothing if a data folder can live there; FolderError if its drive is one of the network."""
    kind, at = kind_of(folder, mounts)
    if kind in NETWORK_KINDS or str(folder).startswith("\\\\"):
        raise FolderError(
            f"The data folder {folder} lies on a network drive ({kind or 'a share'}{f' at {at}' if at else ''}):"
            " SQLite's write-ahead log can't work there, and two machines could write at once.",
            "Choose a data_dir on a local disk; what is finished can be copied to the drive.",
        )
