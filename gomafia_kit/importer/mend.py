"""Parts that aren't what was written: found at the start of a run, and their rows read again from the archive.

Killed in the middle, the next run finds the same parts and goes on: until all rows of a damaged part
stand elsewhere, the ledger lists it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from gomafia_kit.plan import Planned
from gomafia_kit.roads import Road
from gomafia_kit.runs.ledger import DERIVE_AGAIN
from gomafia_kit.staging.parts import what_is_wrong

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gomafia_kit.load import Failed, Loader
    from gomafia_kit.runs.ledger import Ledger, LiveAsk

STAGE: Final = "mending"


def mend_parts(
    data_dir: Path, ledger: Ledger, loader: Loader, derive: Callable[[str], None], tell: Callable[[str], None]
) -> dict[str, Failed]:
    """Look at every part; read again what the damaged ones held, whatever stages the run is about.

    The site is asked only for what the archive doesn't hold any more. What it doesn't give either, by subject:
    nothing of that is live any longer.
    """
    damaged = {part.path: wrong for part in ledger.parts() if (wrong := what_is_wrong(data_dir, part))}
    if damaged:
        ledger.distrust(damaged)
    subjects = ledger.distrusted()
    tables = json.loads(ledger.recall(DERIVE_AGAIN) or "[]")
    if not subjects and not tables:
        return {}
    for path, wrong in damaged.items():
        tell(f"{data_dir / path} is damaged ({wrong}).")
    tell(f"Its rows are made again: {len(subjects)} subjects from the archive, {len(tables)} computed tables.")
    with loader.stage(STAGE):
        failed = loader.read_again([_planned(item) for item in asks] for asks in subjects.values())
        ledger.give_up(failed)
        for table in tables:
            derive(table)
    ledger.remember(**{DERIVE_AGAIN: "[]"})
    return failed


def _planned(item: LiveAsk) -> Planned:
    """The ask as it was made and read; an archived answer of any age will do."""
    return Planned(item.ask, None, Road(item.via, item.form))
