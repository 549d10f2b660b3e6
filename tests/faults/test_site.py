"""What the site answers wrongly in the middle of an import: asked again, said, and nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.faults.seen import lost, told
from tests.imports import run_import

if TYPE_CHECKING:
    from pathlib import Path

    from gomafia_kit.demo import DemoSite
    from tests.faults.conftest import Fault

PASSING: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "429 with Retry-After": ("status", {"status": 429, "retry_after": "1"}),
    "429 without Retry-After": ("status", {"status": 429}),
    "503 with Retry-After": ("status", {"status": 503, "retry_after": "1"}),
    "503 without Retry-After": ("status", {"status": 503}),
    "502": ("status", {"status": 502}),
    "504": ("status", {"status": 504}),
    "a reset connection": ("reset", {}),
    "half a body": ("cut", {}),
    "an empty answer": ("empty", {}),
    "HTML in place of JSON": ("html", {}),
}


def test_what_passes_is_asked_again(site: DemoSite, data_dir: Path, fault: Fault) -> None:
    """Each fault happens to a tournament of its own, twice, before it passes."""
    site.log(reset=True)
    for place, (kind, fields) in enumerate(PASSING.values()):
        site.fault(kind, prefix="/api/tournament/get", skip=place + 1, times=2, **fields)
    run_import(site, data_dir, stages="tournaments,games", form="api")
    asked = [r["monotonic"] for r in site.log()["requests"] if r["path"] == "/api/tournament/get"]
    seen = told(data_dir).notices
    assert len(seen) == 2 * len(PASSING)
    loss = lost(data_dir, site.league)
    for place, name in enumerate(PASSING):
        seconds = asked[3 * place + 2] - asked[3 * place]
        fault.told(name, sees=seen[2 * place], lost=loss, seconds=seconds)
