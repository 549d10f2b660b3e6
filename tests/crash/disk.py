"""A folder as a disk may have it after a power cut: what was written, what of it was fsynced, and the worst in between.

The rules are POSIX's at their meanest. A file's bytes last once the file was fsynced after they were written; a
name (of a new file, a renamed or a deleted one, a folder) lasts once the folder that it stands in was fsynced.
Everything else may be there, or not, or in part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECTOR: Final = 4096
"""What of a file is written to a disk whole or not at all, and in any order."""

Contents = dict[str, "bytes | None"]
"""Path -> a file's bytes, or None for a folder."""


@lru_cache(maxsize=64)
def torn(now: bytes, lasting: bytes) -> bytes:
    """Every second sector of what was written since the last fsync, and half of what the file grew or shrank by."""
    size = (len(now) + len(lasting)) // 2
    places = range(0, size, SECTOR)
    return b"".join(
        (now, lasting)[number % 2][place : place + SECTOR].ljust(min(SECTOR, size - place), b"\0")
        for number, place in enumerate(places)
    )


@dataclass(slots=True)
class Node:
    """A file or folder: its bytes now and those that last; of a folder the names `inside`, and those `kept`."""

    now: bytes = b""
    lasting: bytes = b""
    is_folder: bool = False
    inside: dict[str, Node] = field(default_factory=dict)
    kept: dict[str, Node] = field(default_factory=dict)

    def found(self, how: str) -> bytes:
        """What is found of a file: `now`, `lasting`, or `torn` between the two."""
        if how == "now" or self.now is self.lasting:
            return self.now
        return self.lasting if how == "lasting" else torn(self.now, self.lasting)


class Disk:
    """A folder's files while a program writes into it; paths are relative to what is there from the beginning."""

    def __init__(self) -> None:
        self._root = Node(is_folder=True)

    def _folder_of(self, path: str) -> tuple[Node, str]:
        place = PurePosixPath(path)
        node = self._root
        for name in place.parts[:-1]:
            node = node.inside[name]
        return node, place.name

    def _node(self, path: str) -> Node:
        if path == ".":
            return self._root
        folder, name = self._folder_of(path)
        return folder.inside[name]

    def has(self, path: str) -> bool:
        """Whether that path is there now."""
        try:
            self._node(path)
        except KeyError:
            return False
        return True

    def make_folder(self, path: str) -> None:
        """A new folder."""
        folder, name = self._folder_of(path)
        folder.inside[name] = Node(is_folder=True)

    def make_file(self, path: str) -> None:
        """An empty file; one that is there stays."""
        folder, name = self._folder_of(path)
        folder.inside.setdefault(name, Node())

    def write(self, path: str, data: bytes, offset: int = 0) -> None:
        """Bytes of a file, from a place on."""
        node = self._node(path)
        before = node.now[:offset].ljust(offset, b"\0")
        node.now = before + data + node.now[offset + len(data) :]

    def cut(self, path: str, size: int) -> None:
        """Make a file that long."""
        node = self._node(path)
        node.now = node.now[:size].ljust(size, b"\0")

    def rename(self, source: str, target: str) -> None:
        """Another name for a file, in place of what had it."""
        folder, name = self._folder_of(source)
        there, new = self._folder_of(target)
        there.inside[new] = folder.inside.pop(name)

    def link(self, source: str, target: str) -> None:
        """A second name for a file."""
        folder, name = self._folder_of(target)
        folder.inside[name] = self._node(source)

    def unlink(self, path: str) -> None:
        """Take a name away."""
        folder, name = self._folder_of(path)
        folder.inside.pop(name)

    def sync(self, path: str) -> None:
        """An fsync: of a file's bytes, or of a folder's names."""
        node = self._node(path)
        if node.is_folder:
            node.kept = dict(node.inside)
        else:
            node.lasting = node.now

    def after_a_cut(self) -> dict[str, Contents]:
        """What may be found after a power cut at this moment: the worst of what is allowed, by its description."""
        return {
            "nothing that wasn't fsynced": dict(_walk(self._root, names_last=False, how="lasting")),
            "names, not bytes": dict(_walk(self._root, names_last=True, how="lasting")),
            "names, and half of the bytes": dict(_walk(self._root, names_last=True, how="torn")),
            "bytes, not names": dict(_walk(self._root, names_last=False, how="now")),
        }


def _walk(folder: Node, *, names_last: bool, how: str, before: str = "") -> Iterator[tuple[str, bytes | None]]:
    for name, node in (folder.inside if names_last else folder.kept).items():
        path = f"{before}{name}"
        if node.is_folder:
            yield path, None
            yield from _walk(node, names_last=names_last, how=how, before=f"{path}/")
        else:
            yield path, node.found(how)


def put(contents: Contents, folder: Path) -> None:
    """Make a folder of it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, data in contents.items():
        if data is None:
            (folder / path).mkdir()
        else:
            (folder / path).write_bytes(data)
