"""The demo site as a child process, and the truth that belongs to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Self
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from gomafia_kit.demo._control import PREFIX
from gomafia_kit.demo.league import League
from gomafia_kit.demo.switches import Switches
from gomafia_kit.errors import GomafiaError, SettingsError, without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

_ROOT = Path(__file__).resolve().parents[2]
_STOP_SECONDS = 5


@dataclass(frozen=True, slots=True)
class _Told:
    """What the demo site tells of the league that it serves."""

    scale: str
    seed: int
    players: str | None
    switches: Mapping[str, object]
    changes: Sequence[Mapping[str, Any]]


def command(
    scale: str = "tiny",
    seed: int = 1,
    players: Path | str | None = None,
    switches: Mapping[str, object] | Switches | None = None,
    port: int = 0,
) -> list[str]:
    """The command line that serves such a league."""
    chosen = switches.as_values() if isinstance(switches, Switches) else dict(switches or {})
    settings = Switches().with_values(chosen).as_values()
    line = [sys.executable, "-P", "-m", "gomafia_kit.demo", "serve"]
    line += ["--scale", scale, "--seed", str(seed), "--port", str(port), "--until-stdin-closes"]
    if players:
        line += ["--players", str(Path(players).resolve())]
    for name, value in settings.items():
        if name in chosen:
            line += ["--switch", f"{name}={value}"]
    return line


def start(
    *,
    scale: str = "tiny",
    seed: int = 1,
    players: Path | str | None = None,
    switches: Mapping[str, object] | Switches | None = None,
    port: int = 0,
) -> DemoSite:
    """A demo site that answers; it runs in a child process that ends with this one.

    `scale` is tiny, small, full, x10, or such as `500 players, 3000 games`; `port` 0 means any free one;
    `players` a file of real
    players; `switches` the answers to open questions that differ from the defaults. Raises
    SettingsError with the site's own words if it can't start.
    """
    # A file, since nobody would read a pipe while the site runs.
    with TemporaryFile("w+", encoding="utf-8") as errors:
        child = subprocess.Popen(
            command(scale, seed, players, switches, port),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            cwd=_ROOT,
            env=without_secrets(os.environ),
        )
        url = child.stdout.readline().strip() if child.stdout else ""
        site = DemoSite(url, child)
        if not url:
            child.wait()
            site.stop()
            errors.seek(0)
            raise SettingsError(f"The demo site didn't start. {errors.read().strip()}")
    return site


class DemoSite:
    """A running demo site; leaving its `with` block stops it."""

    def __init__(self, url: str, child: subprocess.Popen[str] | None = None) -> None:
        self.url = url
        self._child = child
        self._league: tuple[str, League] | None = None

    @property
    def pid(self) -> int:
        """The server's process id; 0 for a site that somebody else started."""
        return self._child.pid if self._child else 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server; a second time does nothing."""
        child = self._child
        if child is None:
            return
        child.terminate()
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe:
                pipe.close()

    def log(self, *, reset: bool = False, last: int | None = None) -> dict[str, Any]:
        """What was asked: total, counts by "METHOD /path", statuses, requests in order of time."""
        return self._control("log", {"reset": reset, "last": last})

    def set_switches(self, **switches: object) -> dict[str, Any]:
        """Turn switches; gives all as they stand."""
        return self._control("switches", switches)

    def redeploy(self) -> str:
        """Deploy anew: old build ids answer 404, class hashes differ. Gives the new build id."""
        return str(self._control("redeploy", {})["build_id"])

    def set_robots(self, text: str) -> None:
        """Another robots.txt."""
        self._control("robots", {"text": text})

    def fault(self, kind: str, **fields: object) -> None:
        """Order a fault, as `fault("status", status=429, retry_after="3", times=2, prefix="/api/")`."""
        self._control("fault", {"kind": kind, **fields})

    def clear_faults(self) -> None:
        """No more faults."""
        self._control("fault", {"clear": True})

    def change(self, what: str, **fields: object) -> dict[str, Any]:
        """Let something happen in the league; the truth follows."""
        return self._control("change", {"what": what, **fields})

    @property
    def league(self) -> League:
        """The league as it stands now, made again in this process: for its truth."""
        told = self._control("league", {})
        told.pop("build_id")
        key = json.dumps(told, sort_keys=True)
        if self._league is None or self._league[0] != key:
            self._league = (key, _again(_Told(**told)))
        return self._league[1]

    def _control(self, act: str, wanted: Mapping[str, object]) -> dict[str, Any]:
        # Straight to the loopback address, whatever proxy the environment names.
        opener = build_opener(ProxyHandler({}))
        body = json.dumps(wanted).encode()
        request = Request(self.url + PREFIX + act, body)  # noqa: S310 - the URL that the child printed
        try:
            with opener.open(request, timeout=60) as answer:
                return dict(json.load(answer))
        except HTTPError as error:
            told = json.load(error)
            raise SettingsError(told["error"], told.get("remedy", "")) from None
        except OSError as error:
            raise GomafiaError(f"The demo site at {self.url} doesn't answer: {error}.") from error


def _again(told: _Told) -> League:
    league = League(told.scale, told.seed, told.players, Switches().with_values(told.switches))
    for done in told.changes:
        league.change(done["what"], **done["fields"])
    return league
