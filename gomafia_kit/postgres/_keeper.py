"""Stops the embedded server when its last user has ended, however he ended.

Run as a script with nothing but the standard library, so that it stays small: it sleeps in `flock`
nearly all its life. Each user of the server holds a shared lock on `users.lock`, which the kernel
takes back even from a killed process; so the exclusive lock is granted to this keeper when there is
nobody left. A psql session by hand counts as a user as long as it lasts.

Arguments: the server's folder (`<data_dir>/postgres`) and the folder of its programs.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

SECONDS_BETWEEN_LOOKS = 1.0
SECONDS_TO_STOP = 90.0
"""A server whose folder was deleted notices that within a minute, and ends by itself."""
CLIENTS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


def _detach() -> None:
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _first_line(path: Path) -> str:
    return _read(path).split("\n", 1)[0].strip()


def _clients(place: str, programs: Path) -> str:
    """How many sessions the server has whose socket stands there, as psql says it; empty if no server answers."""
    command = [str(programs / "psql"), "-XAtw", "-h", place, "-U", "postgres", "-d", "postgres", "-c", CLIENTS]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=plain).stdout.strip()


def _stop(home: Path, place: str) -> None:
    """Stop the server that answers in this folder, and wait until it is gone; `place` is where its socket stands."""
    note = home / "cluster" / "postmaster.pid"
    pid = _first_line(note)
    if pid.isdigit():
        os.kill(int(pid), signal.SIGINT)
    give_up = time.monotonic() + SECONDS_TO_STOP
    while pid and _first_line(note) == pid and time.monotonic() < give_up:
        time.sleep(0.02)
    if place:
        # The server's last act, after its note is gone, is to take its lock out of there.
        while Path(place).is_dir() and time.monotonic() < give_up:
            with suppress(OSError):
                Path(place).rmdir()
            time.sleep(0.02)
        (home / "socket").unlink(missing_ok=True)


def main() -> None:
    """Wait for the last user's end, then stop the server."""
    home, programs = Path(sys.argv[1]), Path(sys.argv[2])
    here = os.open(home / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(here, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # another keeper is at work
    users = os.open(home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    _detach()
    place = _read(home / "socket")
    while True:
        fcntl.flock(users, fcntl.LOCK_EX)
        place = _read(home / "socket") or place  # with its folder deleted, the note is gone and the socket isn't
        clients = _clients(place or str(home), programs)
        if clients in {"", "0"}:
            break
        fcntl.flock(users, fcntl.LOCK_UN)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if clients == "0":
        _stop(home, place)
    # In this order: who comes now finds neither server nor keeper, and starts both.
    os.close(here)
    os.close(users)


if __name__ == "__main__":
    main()
