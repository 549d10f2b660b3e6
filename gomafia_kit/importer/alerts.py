"""Alerts: what needs a person is told to the command or web address that GOMAFIA_ALERT names, once of each kind a run.

It happens beside the import: in threads, within a time limit. An alert that doesn't arrive is a notice of the run,
never an error. The address isn't shown anywhere, for it may hold a key; that is why it is no setting.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from gomafia_kit.errors import GomafiaError, without_secrets
from gomafia_kit.events import Notice
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.log import EventLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

VARIABLE: Final = "GOMAFIA_ALERT"
MEMORY, BUDGET, SITE, STALLED, FAILED = "memory", "budget", "site", "stalled", "failed"
"""80% of the budget is taken; the run ended near all of it; the site is down; nothing happens; the run failed."""
SECONDS: Final = 10.0
SECONDS_BETWEEN_LOOKS: Final = 2.0
_OF_JSON: Final = {"Content-Type": "application/json"}
_SUCCESS: Final = range(200, 300)


class Alerts:
    """Who is told of a run; nobody, if `target` is empty. `tell` takes the notices, once the run is over.

    The import has one, and so has whoever waits for it: a process that is frozen or was killed can't tell of itself.
    """

    def __init__(self, target: str, run_id: int, data_dir: Path, tell: Callable[[str], None]) -> None:
        self._target = target.strip()
        self._run_id = run_id
        self._data_dir = data_dir
        self._tell = tell
        self._lock = threading.Lock()
        self._told: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._faults: list[str] = []
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        if self._target:
            threading.Thread(target=self._watch_for_stalls, name="stalls", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for alerts that are under way, and tell of those that didn't arrive."""
        self._ended.set()
        give_up = time.monotonic() + SECONDS + 1
        for thread in self._threads:
            thread.join(max(0.0, give_up - time.monotonic()))
        for fault in self._faults:
            self._tell(fault)

    def __call__(self, kind: str, text: str) -> None:
        """Send an alert, unless one of its kind was sent in this run; may be called from any thread."""
        if not self._target:
            return
        with self._lock:
            if kind in self._told:
                return
            self._told.add(kind)
        told = {
            "kind": kind,
            "text": text,
            "run_id": self._run_id,
            "data_dir": str(self._data_dir),
            "at": datetime.now(UTC).isoformat(),
        }
        thread = threading.Thread(target=self._send, args=(kind, told), name="alert", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _send(self, kind: str, told: dict[str, object]) -> None:
        if not self._is_first(kind):
            return
        body = json.dumps(told, ensure_ascii=False).encode()
        try:
            fault = _posted(self._target, body) if is_address(self._target) else _given_to(self._target, body)
        except Exception as error:  # noqa: BLE001 - whatever an alert meets, the import goes on
            fault = f"{_who(self._target)}: {type(error).__name__}"
        if fault is not None:
            self._faults.append(f"The alert ({kind}) did not arrive. {fault}.")

    def _is_first(self, kind: str) -> bool:
        """False if another process has sent it; where that can't be noted, as on a full disk, it is sent."""
        try:
            with Journal(self._data_dir) as journal:
                return journal.is_first_alert(self._run_id, kind)
        except GomafiaError:
            return True

    def _watch_for_stalls(self) -> None:
        with suppress(GomafiaError), Journal(self._data_dir) as journal:
            while not self._ended.wait(SECONDS_BETWEEN_LOOKS):
                run = journal.run(self._run_id)
                if journal.is_stalled(run):
                    minutes = journal.silent_seconds(run) / 60
                    self(STALLED, f"Nothing has happened in run {self._run_id} for {minutes:.1f} minutes.")


def alerts_of_waiter(run_id: int, data_dir: Path, target: str | None = None) -> Alerts:
    """The alerts of whoever waits for a run: within it a stall is told, though the run's process be frozen.

    `target` is who is told; None: whom the environment names.
    """

    def tell(fault: str) -> None:
        with suppress(GomafiaError), Journal(data_dir) as journal:  # on a full disk it can't be noted
            note(journal, run_id, fault)

    return Alerts(os.environ.get(VARIABLE, "") if target is None else target, run_id, data_dir, tell)


def note(journal: Journal, run_id: int, text: str) -> None:
    """Write a notice of a run into the run store and into the log for machines, beside an import or after it."""
    notice = Notice(run_id, text, datetime.now(UTC))
    journal.observe(notice)
    with EventLog(journal.data_dir) as log:
        log(notice)


def is_address(target: str) -> bool:
    """True for a web address, False for a command."""
    return target.lower().startswith(("http://", "https://"))


def sight_of(target: str) -> tuple[str, str]:
    """Who is told, and what is wrong with that as far as it can be known without an alert; empty: nothing is."""
    who = _who(target)
    if is_address(target):
        return who, "" if _is_sound(target) else "it is no sound web address"
    try:
        found = shutil.which(shlex.split(target)[0])
    except ValueError as error:
        return who, f"it can't be read as a command: {error}"
    return who, "" if found else f"{who} is not there, or may not be run"


def _is_sound(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _posted(address: str, body: bytes) -> str | None:
    from gomafia_kit.fetch.connections import connections_to

    with connections_to(address) as connections:
        reply = connections.request("POST", address, body=body, headers=_OF_JSON, timeout=SECONDS, retries=False)
    return None if reply.status in _SUCCESS else f"{_who(address)} answered with status {reply.status}"


def _given_to(command: str, body: bytes) -> str | None:
    """The command gets the alert as JSON on its standard input."""
    done = subprocess.run(
        shlex.split(command),
        input=body,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=SECONDS,
        env=without_secrets(os.environ),
        check=False,
    )
    return None if done.returncode == 0 else f"{_who(command)} ended with {done.returncode}"


def _who(target: str) -> str:
    """The command's or the server's name, and nothing that may be a secret."""
    if is_address(target):
        try:
            return urlsplit(target).hostname or "the address"
        except ValueError:
            return "the address"
    try:
        name = shlex.split(target)[0]
    except ValueError:
        return "the command"
    # An address whose beginning is misspelt is taken for a command.
    return name if "/" not in name or name.startswith(("/", "~", ".")) else "the command"
