"""Power cuts: an import is recorded, and at each of its steps the folder is built as a cut could leave it at worst."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import GomafiaError
from gomafia_kit.importer import run_here
from gomafia_kit.runs.database import RUNS_FILE
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.settings import Settings
from gomafia_kit.staging.parts import what_is_wrong
from gomafia_kit.staging.publish import forget_damaged
from tests.crash.disk import Contents, Disk, put
from tests.crash.ground import ROOT, archived, asked_of, staged
from tests.crash.recorder import PROMISES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite

DATA: Final = "данные"

Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cut:
    """A folder after a power cut: behind which step, in which of the worst cases, and what had been promised by then.

    `promised` counts the answers and batches whose COMMIT had returned.
    """

    number: int
    step: Step
    case: str
    contents: Contents
    promised: dict[str, int]

    def __str__(self) -> str:
        told = " ".join(f"{name}={value}" for name, value in self.step.items() if name != "step")
        return f"cut {self.number}, behind {self.step['step']} {told}, {self.case}"


class Recorded:
    """An import of a demo site, undisturbed, with its steps on the disk."""

    def __init__(self, site: DemoSite, folder: Path, command: Iterable[str] = (), **parameters: object) -> None:
        self.site = site
        self.parameters = {"source": site.url, **parameters}
        self.told = folder / "told"
        self.root = folder / "root"
        self.told.mkdir(parents=True)
        self.root.mkdir()
        told = {**self.parameters, "data_dir": str(self.root / DATA)}
        order = {"root": str(self.root), "told": str(self.told), "parameters": told}
        recorder = [*command, sys.executable, "-m", "tests.crash.recorder", json.dumps(order)]
        subprocess.run(recorder, cwd=ROOT, check=True)
        self.tables = staged(self.root / DATA, str(parameters.get("staging", "duckdb")))

    def steps(self) -> list[Step]:
        """What was noted, in order."""
        with (self.told / "steps.jsonl").open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def cuts(self, steps: Iterable[Step] | None = None) -> Iterator[Cut]:
        """The folders after a power cut behind each step, those that differ; `steps` may leave some out."""
        disk = Disk()
        promised: dict[str, int] = {"answers": 0, "batches": 0}
        seen: set[int] = set()
        for number, step in enumerate(self.steps() if steps is None else steps):
            if step["step"] == "promise":
                promised = {name: step.get(name, count) for name, count in promised.items()}
            else:
                self._do(disk, step)
            for case, contents in disk.after_a_cut().items():
                name = hash((tuple(promised.values()), *sorted(contents.items())))
                if name not in seen:
                    seen.add(name)
                    yield Cut(number, step, case, contents, promised)

    def _do(self, disk: Disk, step: Step) -> None:
        told = {name: value for name, value in step.items() if name not in {"step", "blob"}}
        if "blob" in step:
            told["data"] = (self.told / step["blob"]).read_bytes()
        getattr(disk, step["step"])(**told)


def broken_promises(cut: Cut, folder: Path) -> list[str]:
    """What of a folder isn't as it was promised, before anything mends it; nothing if all is well."""
    put(cut.contents, folder)
    try:
        return list(_broken(folder / DATA, cut.promised))
    except (GomafiaError, sqlite3.Error) as error:
        return [str(error)]
    finally:
        shutil.rmtree(folder)


def _broken(data_dir: Path, promised: dict[str, int]) -> Iterator[str]:
    for name, (what, table) in PROMISES.items():
        if (count := _count(data_dir / name, table)) < promised[what]:
            yield f"{count} {what} of {promised[what]}"
    if not (data_dir / RUNS_FILE).exists():
        return
    with Ledger(data_dir) as ledger:
        for part in ledger.parts():
            if wrong := what_is_wrong(data_dir, part):
                yield f"{part.path} is {wrong}"
        for staging in ("duckdb", "parquet"):
            if forget_damaged(data_dir, ledger, staging):
                yield f"the publication as {staging} isn't what was published"


def _count(path: Path, table: str) -> int:
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA synchronous=OFF")  # nobody needs this folder after the next power cut
        found = file.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchall()
        return int(file.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) if found else 0


def what_goes_wrong(recorded: Recorded, cut: Cut, folder: Path) -> list[str]:
    """What is wrong after an import has gone on in the folder that a power cut left; nothing if all is well."""
    put(cut.contents, folder)
    data_dir = folder / DATA
    settings = Settings.gather({**recorded.parameters, "data_dir": str(data_dir)})
    kept = archived(data_dir)
    recorded.site.log(reset=True)
    handle = run_here(settings)
    run = handle.run()
    wrong = [f"{run.error}: {run.message}"] if run.error else []
    wrong += [f"asked again: {key}" for key in sorted(asked_of(recorded.site) & kept)]
    with Journal(data_dir) as journal:
        wrong += [text for _, text in journal.notices(handle.run_id) if "damaged" in text]
    if not run.error:
        found = staged(data_dir, settings.staging)
        wrong += [f"{name} differs" for name, digest in recorded.tables.items() if found[name] != digest]
    with suppress(OSError):
        shutil.rmtree(folder)
    return wrong


def without_syncs(steps: Iterable[Step], ending: str) -> list[Step]:
    """The steps of a program that forgets to fsync what has such a name."""
    return [step for step in steps if step["step"] != "sync" or not step["path"].endswith(ending)]
