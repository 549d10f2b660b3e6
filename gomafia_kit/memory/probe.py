"""Reads the memory of the importer's process tree: Python itself, Playwright's driver, Chromium's processes.

The measure is PSS, in which a shared page counts once however many processes share it; RSS counts
Chromium's shared pages many times over. A demo site or a PostgreSQL that happens to be our child is
no part of the tree.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from gomafia_kit.fetch.driver import children, is_driver
from gomafia_kit.memory.limits import MB

if TYPE_CHECKING:
    from collections.abc import Iterable

Gauge = tuple[str, str, float]
"""A figure beside the parts' memory: what it is of, its name with its unit, the figure."""

PARTS: Final = ("python", "driver", "chromium")
_PSS: Final = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)
_PRIVATE: Final = re.compile(rb"^Private_\w+:\s+(\d+) kB", re.MULTILINE)
_KIND: Final = re.compile(r"--type=([a-z-]+)")
_KINDS: Final = {"gpu-process": "gpu", "crashpad-handler": "utility"}
_PEAK: Final = re.compile(rb"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_RESET_PEAK: Final = b"5"
_KB_A_MB: Final = 1024


@dataclass(frozen=True, slots=True)
class Use:
    """Memory of one part of the tree, in MB; `pss_mb` and `uss_mb` are None where the system doesn't tell them."""

    part: str
    pss_mb: float | None
    rss_mb: float
    uss_mb: float | None = None

    @property
    def best_mb(self) -> float:
        """PSS where it is to be had, else RSS."""
        return self.rss_mb if self.pss_mb is None else self.pss_mb


class Probe:
    """Looks at this process and at the browser below it.

    `proc` None reads everything by psutil: so it is where there is no /proc. `with_pss` False is as on
    systems that don't tell PSS: RSS takes its place, and USS stands beside it.
    """

    def __init__(self, proc: Path | None = Path("/proc"), *, with_pss: bool = True) -> None:
        self._proc = proc if proc is not None and (proc / "self" / "status").exists() else None
        self._with_pss = with_pss
        self._self = psutil.Process()
        self._peak_known = 0.0

    def tree(self) -> tuple[Use, ...]:
        """The memory of each part that is there, of Chromium's processes by kind, and of the tree as the parts' sum.

        A kind is a part as `chromium.renderer`; its memory is in `chromium` already.
        """
        found = [child for child in self._children(self._self) if is_driver(child)]
        kinds = [use for each in found for use in self._by_kind(each)]
        driver = [use for each in found if (use := self._of("driver", each)) is not None]
        parts = [self._of("python", self._self) or Use("python", None, self.rss_mb())]
        parts += [_sum("driver", driver)] if driver else []
        parts += [_sum("chromium", kinds)] if kinds else []
        by_kind = [_sum(name, [use for use in kinds if use.part == name]) for name in sorted({u.part for u in kinds})]
        return *parts, *by_kind, _sum("tree", parts)

    def starter(self) -> Use | None:
        """The process that started this one and all below it but for our own tree; None if it has ended.

        For an import of a notebook that is its kernel, with what the notebook itself holds.
        """
        try:
            parent = self._self.parent()
        except psutil.Error:
            return None
        if parent is None or parent.pid == 1:
            return None
        others = self._below(parent, but=self._self.pid)
        uses = [use for each in (parent, *others) if (use := self._of("starter", each)) is not None]
        return _sum("starter", uses) if uses else None

    def _below(self, process: psutil.Process, but: int | None = None) -> list[psutil.Process]:
        """All processes below one, but for one with what is below it.

        One that comes or goes at the moment may be missed: that is good enough for a look.
        """
        kept = [child for child in self._children(process) if child.pid != but]
        return [*kept, *(each for child in kept for each in self._below(child, but))]

    def _children(self, process: psutil.Process) -> list[psutil.Process]:
        """As Linux lists them by thread: to look at every process of the machine takes ten times longer."""
        listed = None if self._proc is None else _listed(self._proc, process.pid)
        return children(process) if listed is None else listed

    def _by_kind(self, driver: psutil.Process) -> Iterable[Use]:
        for process in self._below(driver):
            try:
                kind = _KIND.search(" ".join(process.cmdline()))
            except psutil.Error:
                continue
            name = _KINDS.get(kind[1], kind[1]) if kind else "browser"
            if (use := self._of(f"chromium.{name}", process)) is not None:
                yield use

    def _of(self, part: str, process: psutil.Process) -> Use | None:
        """One process's memory; None if it has just ended."""
        try:
            pss_mb, uss_mb = self._shared_and_own_mb(process)
            return Use(part, pss_mb, process.memory_info().rss / MB, uss_mb)
        except (psutil.NoSuchProcess, ProcessLookupError):
            return None

    def _shared_and_own_mb(self, process: psutil.Process) -> tuple[float | None, float | None]:
        """PSS and USS."""
        try:
            if self._proc is not None and self._with_pss:
                told = (self._proc / str(process.pid) / "smaps_rollup").read_bytes()
                found = _PSS.search(told)
                private = sum(int(number) for number in _PRIVATE.findall(told))
                return (int(found[1]) / _KB_A_MB, private / _KB_A_MB) if found else (None, None)
            full = process.memory_full_info()
        except (psutil.AccessDenied, PermissionError, FileNotFoundError):
            return None, None
        pss, uss = getattr(full, "pss", None), getattr(full, "uss", None)
        return None if pss is None or not self._with_pss else pss / MB, None if uss is None else uss / MB

    def rss_mb(self) -> float:
        """Python's resident memory now: as good as free to ask."""
        return self._self.memory_info().rss / MB

    def peak_rss_mb(self) -> float | None:
        """Python's exact highest resident memory since the last call; None where the system can't tell.

        Linux keeps the mark and lets it be put back. Where it can't be put back, the mark is this
        period's only if it has risen in it.
        """
        mark = self._mark_mb()
        if mark is None:
            return None
        if self._put_back():
            return mark
        before, self._peak_known = self._peak_known, mark
        return mark if mark > before else None

    def _mark_mb(self) -> float | None:
        if self._proc is not None:
            found = _PEAK.search((self._proc / "self" / "status").read_bytes())
            return int(found[1]) / _KB_A_MB if found else None
        info = self._self.memory_info()
        peak = getattr(info, "peak_wset", None)  # Windows
        return None if peak is None else peak / MB

    def _put_back(self) -> bool:
        if self._proc is None:
            return False
        try:
            with (self._proc / "self" / "clear_refs").open("wb", buffering=0) as file:
                file.write(_RESET_PEAK)
        except OSError:
            return False
        return True


def _listed(proc: Path, pid: int) -> list[psutil.Process] | None:
    """A process's children as the kernel lists them; None if it doesn't."""
    found, is_told = [], False
    threads = f"{proc}/{pid}/task"
    with suppress(OSError):
        for thread in os.listdir(threads):  # noqa: PTH208 - Chromium has a hundred: paths would take as long again
            with suppress(OSError, psutil.Error), open(f"{threads}/{thread}/children", "rb", 0) as file:  # noqa: PTH123 - so
                pids = file.read().split()
                is_told = True
                found += [psutil.Process(int(child)) for child in pids]
    return found if is_told else None


def _sum(part: str, uses: Iterable[Use]) -> Use:
    """The uses together; their PSS and USS are known only if every one's is."""
    uses = list(uses)
    return Use(
        part,
        _whole([use.pss_mb for use in uses]),
        sum(use.rss_mb for use in uses),
        _whole([use.uss_mb for use in uses]),
    )


def _whole(figures: list[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known) if len(known) == len(figures) else None
