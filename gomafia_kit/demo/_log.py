"""The site's own log: what was asked of it, when and by whom."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gomafia_kit.demo._http import Request

_KEPT: Final = 50_000
"""Requests kept whole; the counts go on."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One request; `at` in seconds since 1970, `monotonic` on a clock that never jumps."""

    at: float
    monotonic: float
    method: str
    path: str
    query: str
    fields: dict[str, str]
    user_agent: str
    status: int | None
    """What was answered; None where the connection was cut."""


class Log:
    """All requests but those that control the demo."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._requests: deque[Logged] = deque(maxlen=_KEPT)
        self._counts: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()

    def add(self, request: Request, status: int | None) -> None:
        """Note a request that has been answered; `status` None: the connection was cut."""
        entry = Logged(
            time.time(),
            time.monotonic(),
            request.method,
            request.path,
            request.query_text,
            request.fields,
            request.headers.get("user-agent", ""),
            status,
        )
        self._requests.append(entry)
        self._counts[f"{entry.method} {entry.path}"] += 1
        self._statuses[str(status)] += 1

    def told(self, last: int | None = None) -> dict[str, Any]:
        """Requests in the order of time (the `last` so many), and counts by path and status."""
        requests = list(self._requests)
        return {
            "total": self._counts.total(),
            "counts": dict(self._counts),
            "statuses": dict(self._statuses),
            "requests": [asdict(entry) for entry in (requests[-last:] if last else requests)],
        }
