"""What the tests of PostgreSQL need of this machine: a server of another make, and an ordinary account."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote

import psutil
import psycopg

import gomafia_kit
from gomafia_kit.postgres.embedded import _installed

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY: Final = "канарейка pw/@:'\\"
"""The password of every account: it must turn up nowhere."""


@cache
def account() -> dict[str, Any]:
    """How to start a process as an ordinary user: nothing to add if we are one."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def ordinary_folder(name: str = "папка а") -> Path:
    """A new folder of the ordinary user, which he can reach; to be removed by the test."""
    folder = Path(tempfile.mkdtemp(prefix="gk-"))
    inner = folder / name
    inner.mkdir()
    if chosen := account():
        for path in (folder, inner):
            os.chown(path, chosen["user"], chosen["group"])
    return inner


def ordinary_python() -> list[str]:
    """A Python that the ordinary user can run, with our packages; in a checkout under root's home the system's own."""
    found = [sys.executable, "/usr/bin/python3"]
    for candidate in found:
        try:
            done = subprocess.run(
                [candidate, "-c", "import sys; print(sys.version_info[:2])"],
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                **account(),
            )
        except OSError:
            continue
        if done.stdout.strip() == str(sys.version_info[:2]):
            return [candidate]
    raise AssertionError(f"None of {found} can be run by an ordinary user with Python {sys.version_info[:2]}.")


def ordinary_environment() -> dict[str, str]:
    """What that Python needs to find our package and its libraries, and nothing else."""
    places = {Path(module.__file__).parent.parent for module in (gomafia_kit, psycopg, psutil) if module.__file__}
    return {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sorted(map(str, places)))}


def oldest_programs() -> Path:
    """The oldest PostgreSQL that we support and that is here: the system's, else the 16 that the wheel brings too."""
    for version in (15, 16, 17):
        programs = Path(f"/usr/lib/postgresql/{version}/bin")
        if (programs / "postgres").is_file():
            return programs
    return _installed().parent.parent / "pginstall" / "bin"


class OtherServer:
    """A server as somebody else runs it: on loopback, with passwords, made and started by the test."""

    def __init__(self) -> None:
        self._programs = oldest_programs()
        self.folder = ordinary_folder("сервер б")
        self._cluster = self.folder / "cluster"
        password = self.folder / "password"
        password.write_text(CANARY, encoding="utf-8")
        password.chmod(0o644)
        self._run(
            "initdb", "--username=owner", "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8",
            "--locale=C", "--no-sync", f"--pwfile={password}",
        )  # fmt: skip  # one value a line would hide which is which
        self.port = 0
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder.parent)

    def start(self) -> None:
        """Start it, on the same port as before if there was one."""
        self.port = self.port or free_port()
        settings = f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
        with (self._cluster / "postgresql.auto.conf").open("w") as file:
            file.write(settings + "fsync = off\nmax_connections = 30\nshared_buffers = 32MB\n")
        self._run("pg_ctl", "-w", "-s", "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        """Stop it at once."""
        self._run("pg_ctl", "-w", "-s", "-m", "immediate", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(
                [str(self._programs / program), "-D", str(self._cluster), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
                check=False,
                **account(),
            )
            said.seek(0)
            assert done.returncode == 0, said.read()

    def url(self, database: str, user: str = "owner", password: str = CANARY) -> str:
        """The address of a database for GOMAFIA_POSTGRES_URL."""
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres", **told: Any) -> psycopg.Connection[Any]:  # noqa: ANN401 - psycopg's own options
        """A connection of the server's owner, each statement by itself."""
        chosen: dict[str, Any] = {"user": "owner", "password": CANARY, **told}
        return psycopg.connect(host="127.0.0.1", port=self.port, dbname=database, autocommit=True, **chosen)


def free_port() -> int:
    """A port of loopback at which nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], object], seconds: float = 20.0) -> bool:
    """Whether it becomes true in that time."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if true():
            return True
        time.sleep(0.02)
    return bool(true())
