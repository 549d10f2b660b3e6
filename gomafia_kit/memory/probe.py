"""Reads the memory of the importer's process tree: Python itself, Playwright's driver, Chromium's processes.

The measure is PSS, in which a shared page counts once however many processes share it; RSS counts
Chromium's shared pages many times over. A demo site or a PostgreSQL that happens to be our child is
no part of the tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from gomafia_kit.fetch.driver import children, drivers
from gomafia_kit.memory.limits import MB

if TYPE_CHECKING:
    from collections.abc import Iterable

PARTS: Final = ("python", "driver", "chromium")
_PSS: Final = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)
_PEAK: Final = re.compile(rb"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_RESET_PEAK: Final = b"5"
_KB_A_MB: Final = 1024


@dataclass(frozen=True, slots=True)
class Use:
    """Memory of one part of the tree, in MB; `pss_mb` is None where the system doesn't tell it."""

    part: str
    pss_mb: float | None
    rss_mb: float

    @property
    def best_mb(self) -> float:
        """PSS where it is to be had, else RSS."""
        return self.rss_mb if self.pss_mb is None else self.pss_mb


class Probe:
    """Looks at this process and at the browser below it.

    `proc` None reads everything by psutil: so it is where there is no /proc.
    """

    def __init__(self, proc: Path | None = Path("/proc")) -> None:
        self._proc = proc if proc is not None and (proc / "self" / "status").exists() else None
        self._self = psutil.Process()
        self._peak_known = 0.0

    def tree(self) -> tuple[Use, ...]:
        """The memory of each part that is there, and of the tree as their sum."""
        groups: dict[str, list[psutil.Process]] = {"python": [self._self]}
        for driver in drivers():
            groups.setdefault("driver", []).append(driver)
            groups.setdefault("chromium", []).extend(children(driver, recursive=True))
        uses = [self._use(part, groups[part]) for part in PARTS if groups.get(part)]
        return *uses, _sum("tree", uses)

    def _use(self, part: str, processes: Iterable[psutil.Process]) -> Use:
        return _sum(part, [use for process in processes if (use := self._of(part, process)) is not None])

    def _of(self, part: str, process: psutil.Process) -> Use | None:
        """One process's memory; None if it has just ended."""
        try:
            return Use(part, self._pss_mb(process), process.memory_info().rss / MB)
        except (psutil.NoSuchProcess, ProcessLookupError):
            return None

    def _pss_mb(self, process: psutil.Process) -> float | None:
        try:
            if self._proc is not None:
                found = _PSS.search((self._proc / str(process.pid) / "smaps_rollup").read_bytes())
                return int(found[1]) / _KB_A_MB if found else None
            pss = getattr(process.memory_full_info(), "pss", None)
        except (psutil.AccessDenied, PermissionError, FileNotFoundError):
            return None
        return None if pss is None else pss / MB

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


def _sum(part: str, uses: Iterable[Use]) -> Use:
    """The uses together; their PSS is known only if every one's is."""
    uses = list(uses)
    known = [use.pss_mb for use in uses if use.pss_mb is not None]
    pss = sum(known) if len(known) == len(uses) else None
    return Use(part, pss, sum(use.rss_mb for use in uses))
