"""The real command in a process of its own, in a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from gomafia_kit import demo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gomafia_kit.demo import DemoSite

SECONDS_AT_MOST = 120


@dataclass(frozen=True)
class Ended:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> list[str]:
        """The lines on standard error that tell of the error: the sentence and its remedy."""
        lines = self.err.splitlines()
        start = next((n for n, line in enumerate(lines) if line.startswith("gomafia: ")), len(lines))
        return lines[start:]


class Gomafia:
    """Runs `gomafia` with a home folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str | Path, **environment: str) -> Ended:
        """Run it to its end."""
        done = subprocess.run(
            self._line(arguments),
            env=self._environment(environment),
            cwd=self.home,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=SECONDS_AT_MOST,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def begin(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        """Start it and return at once."""
        return subprocess.Popen(
            self._line(arguments),
            env=self._environment(environment),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def until(self, words: str, *arguments: str | Path, seconds: float = SECONDS_AT_MOST) -> str:
        """What a command says once it says these words on standard output."""
        give_up = time.monotonic() + seconds
        while True:
            ended = self(*arguments)
            if words in ended.out:
                return ended.out
            assert time.monotonic() < give_up, f"{words!r} never came; last: {ended}"
            time.sleep(0.1)

    @staticmethod
    def _line(arguments: tuple[str | Path, ...]) -> list[str]:
        return [sys.executable, "-m", "gomafia_kit.cli", *map(str, arguments)]

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        return {**os.environ, "GOMAFIA_HOME": str(self.home), "COLUMNS": "100", **more}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that stands for the project, with an awkward path."""
    folder = tmp_path / "мой дом"
    folder.mkdir()
    return folder


@pytest.fixture
def gomafia(home: Path) -> Gomafia:
    """The command, in that home."""
    return Gomafia(home)


@pytest.fixture(scope="package")
def site() -> Iterator[DemoSite]:
    """A tiny site that nobody alters."""
    with demo.start(scale="tiny") as running:
        yield running


@pytest.fixture(scope="package")
def filled(site: DemoSite, tmp_path_factory: pytest.TempPathFactory) -> Gomafia:
    """A home whose folder `league` holds a whole import, push included; nobody alters it."""
    command = Gomafia(tmp_path_factory.mktemp("полный дом"))
    ended = command("run", "--source", site.url, "--data-dir", command.home / "data" / "league")
    assert ended.code == 0, ended
    return command
