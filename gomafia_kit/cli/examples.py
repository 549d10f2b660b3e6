"""Runs the commands that `docs/cli.md` shows and keeps what they print: `python -m gomafia_kit.cli.docs --examples`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN_HOME: Final = "/home/anna/gomafia-kit"
"""Stands in the examples for the temporary folder that they were run in."""

PLAYERS_VARIABLE: Final = "GOMAFIA_PLAYERS_FILE"
_SECONDS_TO_BEGIN: Final = 30.0


def real_examples() -> dict[str, str]:
    """Command -> a session with it: the line as typed and what came back; all in a folder that is thrown away.

    `demo calibrate` wants the file of real players that GOMAFIA_PLAYERS_FILE names; it is left out without.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        found = {
            "gomafia": session(home, "gomafia --version"),
            "gomafia doctor": session(home, "gomafia doctor --source demo"),
            "gomafia plan": session(home, "gomafia plan --source site --years 2024,2025 --stages players,tournaments"),
            "gomafia run": session(home, "gomafia run --stages clubs,tournaments,games,statistics"),
            "gomafia status": session(home, "gomafia status", "gomafia status --all"),
            "gomafia monitor": session(home, "gomafia monitor"),
            "gomafia push": session(home, "gomafia push"),
            "gomafia rebuild": session(home, "gomafia rebuild"),
            "gomafia replay": session(home, "gomafia replay"),
            "gomafia verify": session(home, "gomafia verify"),
            "gomafia probe": session(home, "gomafia probe --source demo"),
            "gomafia rejected": _rejected(home),
            **_of_memory(home),
            "gomafia tune": session(home, "gomafia tune --scale small --sizes 100,1000,10000,automatic --repeats 2"),
            "gomafia retry": _retried(home),
            "gomafia demo serve": _served(home),
            **_steered(home),
        }
        if players := os.environ.get(PLAYERS_VARIABLE):
            line = f"gomafia demo calibrate --scale small --players {players}"
            shown = session(home, line).replace(players, Path(players).name)
            found["gomafia demo calibrate"] = shown
    return found


def _of_memory(home: Path) -> dict[str, str]:
    """The same league over Chromium and over HTTP, compared."""
    run = "gomafia run --stages clubs,players --form api --data-dir"
    profile = "gomafia profile --stages tournaments,games --batch-rows 25 --data-dir fresh"
    for way in ("chromium", "http"):
        session(home, f"{run} {way} --via {way}")
    return {
        "gomafia memory": session(home, "gomafia memory --data-dir chromium", "gomafia memory --calculate 512"),
        "gomafia profile": session(home, profile),
        "gomafia diagnose": session(home, "gomafia diagnose --data-dir chromium"),
        "gomafia compare": session(home, "gomafia compare chromium http"),
    }


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GOMAFIA_", "PG"))}
    return kept | {"GOMAFIA_HOME": str(home)}


def _command(line: str) -> list[str]:
    return [sys.executable, "-m", "gomafia_kit.cli", *line.split()[1:]]


def session(home: Path, *lines: str) -> str:
    """Commands as typed in a folder, each with what it prints."""
    told = []
    for line in lines:
        # One pipe for both, unbuffered: the lines come in the order in which a terminal shows them.
        done = subprocess.run(
            _command(line),
            env=_environment(home) | {"PYTHONUNBUFFERED": "1"},
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        told.append(f"$ {line}\n{done.stdout.rstrip()}")
    return tidied(home, "\n\n".join(told))


def tidied(home: Path, text: str) -> str:
    """A text without the paths of this machine."""
    text = text.replace(str(home), SHOWN_HOME)
    return text.replace(sys.executable, f"{SHOWN_HOME}/.venv/bin/python")


def _served(home: Path) -> str:
    line = "gomafia demo serve --scale tiny --port 8000 --switch words=other"
    with subprocess.Popen(
        _command(line), env=_environment(home), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as site:
        url = site.stdout.readline().strip() if site.stdout else ""
        site.terminate()
    return f"$ {line}\n{url}"


def _rejected(home: Path) -> str:
    """A league in which one game has a wrong role."""
    from gomafia_kit import demo

    with demo.start(scale="tiny") as site:
        game = next(iter(site.league.table("game")))
        place = [game["tournament_id"], game["round"], game["table_no"], 1]
        site.change("spoil", kind="seat", key=place, field="role", value="witness")
        session(home, f"gomafia run --source {site.url} --stages tournaments,games")
    return session(home, "gomafia rejected")


def _retried(home: Path) -> str:
    """A league one of whose tournaments came in halves, five times."""
    from gomafia_kit import demo

    with demo.start(scale="tiny") as site:
        site.fault("cut", prefix="/api/tournament/get", skip=4, times=5)
        told = "--stages tournaments,games --form api --via http"
        session(home, f"gomafia run --source {site.url} {told} --data-dir {home}/data/halves")
        return session(home, f"gomafia retry --list --data-dir {home}/data/halves", "gomafia retry")


def _steered(home: Path) -> dict[str, str]:
    with _slow_run(home):
        pause = session(home, "gomafia pause")
        resume = session(home, "gomafia resume")
        stop = session(home, "gomafia stop")
    return {"gomafia pause": pause, "gomafia resume": resume, "gomafia stop": stop}


@contextmanager
def _slow_run(home: Path) -> Iterator[None]:
    line = "gomafia run --seed 2 --stages players --seconds-between-asks 1"
    with subprocess.Popen(
        _command(line), env=_environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_until_running(home)
            yield
        finally:
            process.terminate()


def _wait_until_running(home: Path) -> None:
    give_up = time.monotonic() + _SECONDS_TO_BEGIN
    while '"state": "running"' not in session(home, "gomafia status --json") and time.monotonic() < give_up:
        time.sleep(0.2)
