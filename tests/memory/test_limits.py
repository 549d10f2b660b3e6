"""The limit is read from real files in the layouts that kernels and containers have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

from gomafia_kit.memory.limits import MB, budget_mb, memory_limit_mb

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = psutil.virtual_memory().total / MB


def _proc(folder: Path, cgroup: str, mountinfo: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cgroup").write_text(cgroup)
    (folder / "mountinfo").write_text(mountinfo)
    return folder


def _group(folder: Path, file: str, limit: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(f"{limit}\n")


def _version_1(folder: Path, root: str = "/") -> str:
    point = str(folder).replace(" ", "\\040")
    return (
        f"35 31 0:32 {root} {point} rw,relatime - cgroup cgroup rw,memory\n36 31 0:33 / /x rw - cgroup cgroup rw,cpu\n"
    )


def _version_2(folder: Path, root: str = "/") -> str:
    return f"31 23 0:28 {root} {folder} rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"


def test_version_1_takes_the_smallest_of_all_groups_around(tmp_path: Path) -> None:
    tree = tmp_path / "memory tree"
    _group(tree, "memory.limit_in_bytes", "9223372036854771712")
    _group(tree / "a", "memory.limit_in_bytes", str(300 * MB))
    _group(tree / "a/b", "memory.limit_in_bytes", str(500 * MB))
    proc = _proc(tmp_path / "proc", "5:cpu:/z\n4:memory:/a/b\n0::/\n", _version_1(tree))
    assert memory_limit_mb(proc) == 300


def test_version_2_reads_max_as_no_limit(tmp_path: Path) -> None:
    _group(tmp_path / "t/a/b", "memory.max", "max")
    _group(tmp_path / "t/a", "memory.max", str(256 * MB))
    proc = _proc(tmp_path / "proc", "0::/a/b\n", _version_2(tmp_path / "t"))
    assert memory_limit_mb(proc) == 256


def test_a_budget_is_never_more_than_the_system_gives(tmp_path: Path) -> None:
    _group(tmp_path / "t", "memory.max", str(512 * MB))
    proc = _proc(tmp_path / "proc", "0::/\n", _version_2(tmp_path / "t"))
    assert [budget_mb(given, proc) for given in (None, 256, 8_192)] == [512, 256, 512]


def test_in_a_container_the_group_that_is_mounted_counts(tmp_path: Path) -> None:
    _group(tmp_path / "t", "memory.max", str(512 * MB))
    _group(tmp_path / "t/in", "memory.max", str(400 * MB))
    seen_by_host = _proc(tmp_path / "host", "0::/docker/abc/in\n", _version_2(tmp_path / "t", "/docker/abc"))
    assert memory_limit_mb(seen_by_host) == 400
    elsewhere = _proc(tmp_path / "other", "0::/../xyz\n", _version_2(tmp_path / "t"))
    assert memory_limit_mb(elsewhere) == 512


def test_without_any_limit_it_is_the_machine(tmp_path: Path) -> None:
    _group(tmp_path / "t", "memory.max", "max")
    proc = _proc(tmp_path / "proc", "0::/\n", _version_2(tmp_path / "t"))
    assert memory_limit_mb(proc) == MACHINE


def test_without_control_groups_it_is_the_machine(tmp_path: Path) -> None:
    assert memory_limit_mb(tmp_path / "nowhere") == MACHINE


def test_here_it_is_between_something_and_the_machine() -> None:
    assert 32 < memory_limit_mb() <= MACHINE
