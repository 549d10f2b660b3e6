"""Kills imports, lets them go on, and looks whether anything differs from an import that nobody disturbed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from unittest import mock
from urllib.parse import urlencode

import psutil

from gomafia_kit import demo
from gomafia_kit.analyse import open_league
from gomafia_kit.postgres.embedded import EmbeddedServer
from gomafia_kit.postgres.target import open_reader
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    import random
    from types import TracebackType

    import polars as pl

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 600.0
SECONDS_FOR_CHILDREN: Final = 30.0


@dataclass(frozen=True, slots=True)
class Way:
    """How a league is imported; a smaller `batch_rows` means more commits."""

    name: str
    scale: str = "tiny"
    staging: str = "duckdb"
    via: str = "http"
    form: str = "api"
    stages: str = "clubs,players,judges,tournaments,games,statistics,push"
    batch_rows: int = 250


@dataclass(frozen=True, slots=True)
class Where:
    """Where an import is killed: at a point when it is reached for the `hit`th time, or after `seconds`."""

    point: str = ""
    hit: int = 1
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.point}, time {self.hit}" if self.point else f"after {self.seconds:.2f} s"


@dataclass(frozen=True, slots=True)
class Calm:
    """An import that nobody disturbed: what its tables are, its points with how often each was reached, how long."""

    tables: dict[str, str]
    points: dict[str, int]
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How often an import was killed, and what was wrong after that; nothing if all is well."""

    kills: int
    wrong: list[str]


class Ground:
    """Demo sites, a PostgreSQL server, and what undisturbed imports give; `folder` holds everything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._sites: dict[str, demo.DemoSite] = {}
        self._calm: dict[Way, Calm] = {}
        self._number = 0

    def __enter__(self) -> Self:
        server = self._stack.enter_context(EmbeddedServer(self._folder / "server"))
        parts = server.address.parts
        named = {"PGHOST": parts["host"], "PGUSER": parts["user"], "PGDATABASE": parts["dbname"]}
        self._stack.enter_context(mock.patch.dict(os.environ, named))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def site(self, way: Way) -> demo.DemoSite:
        """The demo site of a way's league."""
        if way.scale not in self._sites:
            self._sites[way.scale] = self._stack.enter_context(demo.start(scale=way.scale))
        return self._sites[way.scale]

    def calm(self, way: Way) -> Calm:
        """The undisturbed import of a way, done once."""
        if way not in self._calm:
            attempt = self._attempt(way)
            told = self._folder / "points.json"
            began = time.monotonic()
            assert attempt.go_on({"told": str(told)}) == 0, attempt.log()
            seconds = time.monotonic() - began
            self._calm[way] = Calm(attempt.tables(), json.loads(told.read_text("utf-8")), seconds)
            attempt.clear()
        return self._calm[way]

    def anywhere(self, way: Way, dice: random.Random, *, point: str = "") -> Where:
        """A place to kill: at a point that the undisturbed import came by, or at a random time of it."""
        calm = self.calm(way)
        if point:
            return Where(point, dice.randint(1, calm.points[point]))
        return Where(seconds=dice.uniform(0.0, calm.seconds))

    def kill_and_go_on(self, way: Way, *places: Where) -> Outcome:
        """What came of an import that was killed at each place in turn and then let go on to its end.

        A place that isn't reached any more, because less is left to do, is no fault: `kills` counts those that were.
        """
        expected = self.calm(way)
        attempt = self._attempt(way)
        wrong = []
        for where in places:
            attempt.kill(where)
            wrong += attempt.asked_again()
        if (code := attempt.go_on({})) != 0:
            return Outcome(attempt.kills, [*wrong, f"exit code {code}: {attempt.log()}"])
        wrong += attempt.asked_again()
        found = attempt.tables()
        wrong += [f"{name} differs" for name, digest in expected.tables.items() if found[name] != digest]
        if not wrong:
            attempt.clear()
        return Outcome(attempt.kills, wrong)

    def _attempt(self, way: Way) -> Attempt:
        self._number += 1
        return Attempt(way, self.site(way), self._folder / f"данные {self._number}", f"kills_{self._number}")


class Attempt:
    """One data folder and one schema: killed, and let go on."""

    def __init__(self, way: Way, site: demo.DemoSite, data_dir: Path, schema: str) -> None:
        self.data_dir = data_dir
        self.kills = 0
        self._way = way
        self._site = site
        self._schema = schema
        self._archived: set[str] = set()
        site.log(reset=True)
        told = {name: getattr(way, name) for name in ("staging", "via", "form", "stages", "batch_rows")}
        self._settings = Settings.gather(
            {"source": site.url, "data_dir": str(data_dir), "postgres_schema": schema, **told}
        )

    def go_on(self, order: dict[str, Any]) -> int:
        """Let it run to its end, or to the point of the order; the exit code."""
        return self._start(order).wait(PATIENCE)

    def _start(self, order: dict[str, Any]) -> subprocess.Popen[bytes]:
        with Journal(self._settings.folder) as journal:
            run_id = journal.begin(self._settings.described())
            with (self.data_dir / "importer.log").open("ab") as log:
                child = subprocess.Popen(
                    [sys.executable, "-m", "tests.crash.child", json.dumps(order)],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    cwd=ROOT,
                    start_new_session=True,
                )
            journal.adopt(run_id, child.pid)
        assert child.stdin is not None
        told = {"run_id": run_id, "parameters": self._settings.as_parameters(), "lifeline": False}
        with child.stdin:
            child.stdin.write(json.dumps(told).encode() + b"\n")
        return child

    def kill(self, where: Where) -> None:
        """Kill its process group there; what is left of its processes ends by itself."""
        child = self._start({"point": where.point, "hit": where.hit} if where.point else {})
        family: set[psutil.Process] = set()
        deadline = time.monotonic() + (where.seconds if not where.point else PATIENCE)
        while child.poll() is None and time.monotonic() < deadline:
            with suppress(psutil.Error):
                family.update(psutil.Process(child.pid).children(recursive=True))
            time.sleep(0.02)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        self.kills += child.wait() == -signal.SIGKILL
        _, alive = psutil.wait_procs(family, SECONDS_FOR_CHILDREN)
        assert alive == [], f"processes outlive the importer: {alive}"

    def asked_again(self) -> list[str]:
        """The archived answers that the site was asked for again since the last look; the archive is looked at anew."""
        asked = asked_of(self._site)
        if self._way.via == "chromium":
            asked.discard("GET /robots.txt")  # the page that a new browser opens, to fetch the answers from inside
        again = [f"asked again: {key}" for key in sorted(asked & self._archived)]
        self._archived = archived(self.data_dir)
        return again

    def tables(self) -> dict[str, str]:
        """A digest of each table in staging and in PostgreSQL."""
        found = staged(self.data_dir, self._way.staging)
        if "push" in self._way.stages:
            with open_reader(self.data_dir, self._schema) as reader:
                for name in TABLES:
                    rows = reader.query(f"SELECT * FROM {name}", {})
                    found[f"postgres {name}"] = _digest(name, rows)
        return found

    def log(self) -> str:
        """What the importer said, at most its end."""
        with Journal(self.data_dir) as journal:
            run = journal.latest()
        told = (self.data_dir / "importer.log").read_text("utf-8")[-2000:]
        return f"{run.message if run else ''} {told}"

    def clear(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.data_dir)


def asked_of(site: demo.DemoSite) -> set[str]:
    """What a site was asked for since the last look."""
    return {_asked(entry) for entry in site.log(reset=True)["requests"]}


def _asked(entry: dict[str, Any]) -> str:
    query = urlencode(entry["fields"]) or entry["query"]
    return f"{entry['method']} {entry['path']}" + (f"?{query}" if query else "")


def archived(data_dir: Path) -> set[str]:
    """The asks whose answers are archived, read from a copy: opening the file itself would mend it."""
    with tempfile.TemporaryDirectory() as copy:
        for ending in ("", "-wal"):
            path = data_dir / f"archive.sqlite{ending}"
            if path.exists():
                shutil.copy(path, copy)
        if not (Path(copy) / "archive.sqlite").exists():
            return set()
        with closing(sqlite3.connect(Path(copy) / "archive.sqlite")) as archive:
            if not archive.execute("SELECT 1 FROM sqlite_master WHERE name = 'answer'").fetchall():
                return set()
            keys = [key for (key,) in archive.execute("SELECT ask_key FROM answer")]
    # The same page is asked for with each choice of its drop-downs.
    return {key.partition(" ")[2] for key in keys if "#" not in key}


def staged(data_dir: Path, staging: str) -> dict[str, str]:
    """A digest of each table that is published."""
    with open_league(data_dir, staging) as league:
        return {f"{staging} {name}": _digest(name, league.table(name)) for name in TABLES}


def _digest(name: str, rows: pl.DataFrame) -> str:
    import polars as pl

    if name == "answer":
        # When an answer came differs, and what names the loads that computed rows were made of.
        computed = pl.col("via") == "derived"
        rows = rows.with_columns(pl.when(computed).then(None).otherwise("sha256").alias("sha256")).drop("fetched_at")
    kept = rows.sort(TABLES[name].key)
    return hashlib.sha256(repr((kept.columns, kept.rows())).encode()).hexdigest()
