"""Nothing secret is written down or handed on, nothing is unpickled, and what is private is the user's alone."""

from __future__ import annotations

import ast
import gzip
import os
import pickle
import sqlite3
import stat
import subprocess
import sys
from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import duckdb
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from psycopg import sql

import gomafia_kit
from gomafia_kit import demo
from gomafia_kit.errors import PostgresUnreachableError, PushError, SettingsError
from gomafia_kit.importer.handle import LOG_FILE
from gomafia_kit.runs.journal import Journal
from tests.canary import PASSWORD, WORD, is_told, traces
from tests.postgres.machine import OtherServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gomafia_kit.demo import DemoSite

PACKAGE: Final = Path(gomafia_kit.__file__).parent
NOBODY: Final = f"postgresql://anna:{quote(PASSWORD, safe='')}@127.0.0.1:1/league"
SETTINGS: Final = {
    "GOMAFIA_POSTGRES_URL": NOBODY,
    "HTTP_PROXY": f"http://anna:{quote(PASSWORD, safe='')}@127.0.0.1:1",
    "GOMAFIA_ALERT": f"http://127.0.0.1:1/hooks/{WORD}?key={WORD}",
    "NO_PROXY": "127.0.0.1,localhost",
}
_UNPICKLES: Final = frozenset({"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"})
_NEED_IT: Final = ("gomafia_kit.cli", "gomafia_kit.importer", "ipykernel_launcher")
"""What is handed the secret: it pushes, or starts what pushes."""


@dataclass
class Ran:
    """A command that ended: all that it said, and what was seen of the processes below it."""

    code: int = -1
    said: str = ""
    lines: set[str] = field(default_factory=set)
    told_to: set[str] = field(default_factory=set)
    known: set[tuple[int, str]] = field(default_factory=set)
    listening: set[str] = field(default_factory=set)

    def look_at(self, process: psutil.Process) -> None:
        """Note the command line of a process, the secret in its environment, and where it listens."""
        try:
            line = " ".join(process.cmdline())
            if (process.pid, line) not in self.known:
                self.known.add((process.pid, line))
                self.lines.add(line)
                if is_told(repr(process.environ())):
                    self.told_to.add(line)
            places = process.net_connections("inet")
        except psutil.Error:
            return
        self.listening |= {place.laddr.ip for place in places if place.status == psutil.CONN_LISTEN}

    def check_silent(self, *folders: Path) -> None:
        """Neither what was said nor any command line, environment or file tells the secret."""
        assert not is_told(self.said)
        assert [line for line in self.lines if is_told(line)] == []
        assert [line for line in self.told_to if not any(name in line for name in _NEED_IT)] == []
        assert traces(*folders) == []


def _gomafia(home: Path, *arguments: str, more: Mapping[str, str] | None = None, umask: int = 0) -> Ran:
    """A command with the secret in its environment, under a umask that lets others read."""
    environment = {**os.environ, "GOMAFIA_HOME": str(home), **SETTINGS, **(more or {})}
    ran = Ran()
    said = home / "said.txt"
    with said.open("w+", encoding="utf-8") as file:
        line = [sys.executable, "-m", "gomafia_kit.cli", *arguments]
        process = psutil.Popen(line, env=environment, stdout=file, stderr=file, umask=umask)
        while process.poll() is None:
            for each in [process, *_children(process)]:
                ran.look_at(each)
            try:
                process.wait(0.1)
            except (subprocess.TimeoutExpired, psutil.TimeoutExpired):
                continue
    ran.code = process.wait()
    ran.said = said.read_text(encoding="utf-8")
    said.unlink()
    return ran


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _open_to_others(folder: Path) -> list[str]:
    return [str(path) for path in (folder, *folder.rglob("*")) if stat.S_IMODE(path.lstat().st_mode) & 0o077]


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with demo.start(scale="tiny") as running:
        yield running


@pytest.fixture(scope="module")
def server() -> Iterator[OtherServer]:
    """A server with an account of that password."""
    with OtherServer() as running:
        with running.connect() as connection:
            connection.execute(sql.SQL("CREATE ROLE anna SUPERUSER LOGIN PASSWORD {}").format(sql.Literal(PASSWORD)))
        yield running


# -- the search itself ----------------------------------------------------------------------------


def test_the_search_finds_the_secret_wherever_it_stands(tmp_path: Path) -> None:
    plain = f"x{PASSWORD}".encode()
    planted = {
        "text": plain,
        "address": quote(PASSWORD, safe="").encode(),
        "utf-16": plain.decode().encode("utf-16"),
        "base64 1": b64encode(plain),
        "base64 2": b64encode(b"x" + plain),
        "base64 3": b64encode(b"xx" + plain),
        "gzip": gzip.compress(plain),
        "zstd in gzip": gzip.compress(zstandard.compress(plain)),
    }
    for name, data in planted.items():
        (tmp_path / name).write_bytes(data)
    with closing(sqlite3.connect(tmp_path / "rows.sqlite")) as database, database:
        database.execute("CREATE TABLE answer (body BLOB)")
        database.execute("INSERT INTO answer VALUES (?)", (zstandard.compress(b"." * 9999 + plain),))
    rows = pa.table({"text": [PASSWORD] * 3, "number": [1, 2, 3]})
    pq.write_table(rows, tmp_path / "rows.parquet", compression="zstd")
    told = rows.select(["number"]).replace_schema_metadata({"gzip": gzip.compress(plain).hex(), "about": PASSWORD})
    pq.write_table(told, tmp_path / "about.parquet")
    with duckdb.connect(str(tmp_path / "rows.duckdb")) as made:
        made.execute("CREATE TABLE one AS SELECT repeat('x', 100) || ? AS text", [PASSWORD])
    (tmp_path / "clean").write_text("k4narien and vogel")
    (tmp_path / WORD).mkdir()
    found = {Path(trace.split(": ")[0]).name for trace in traces(tmp_path)}
    assert found == {*planted, "rows.sqlite", "rows.parquet", "about.parquet", "rows.duckdb", WORD}


# -- the secret -----------------------------------------------------------------------------------


_LET_COPY_FAIL: Final = """
CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE made record;
BEGIN
  FOR made IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'gomafia.club' LOOP
    EXECUTE 'ALTER TABLE gomafia.club ADD CHECK (false)';
  END LOOP;
END $$;
CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.refuse();
"""


def test_a_copy_that_fails_then_a_notebook_by_the_browser_tell_nobody(
    site: DemoSite, server: OtherServer, tmp_path: Path
) -> None:
    """All processes, files and rows of two runs; where they listen; and how private their files are."""
    folder = tmp_path / "data" / "лига"
    where = f"127.0.0.1:{server.port}/postgres"
    given = {"GOMAFIA_POSTGRES_URL": f"postgresql://anna@{where}?password={quote(PASSWORD, safe='')}"}
    arguments = ("--source", site.url, "--data-dir", str(folder), "--stages", "clubs,push")
    with server.connect() as connection:
        connection.execute(_LET_COPY_FAIL)
        failed = _gomafia(tmp_path, "run", *arguments, "--via", "http", more=given)
        assert failed.code == PushError.exit_code, failed.said
        assert "violates check constraint" in failed.said
        connection.execute("DROP EVENT TRIGGER refuse")
        connection.execute("DROP SCHEMA IF EXISTS gomafia CASCADE")
    failed.check_silent(tmp_path)
    given = {"GOMAFIA_POSTGRES_URL": f"postgresql://anna:{quote(PASSWORD, safe='')}@{where}"}
    done = _gomafia(tmp_path, "run", "import", *arguments, "--via", "chromium", "--refresh", more=given)
    assert done.code == 0, done.said
    for name in ("run-driver", "ipykernel_launcher", "gomafia_kit.importer", "--type="):
        assert any(name in line for line in done.lines), f"no {name} was seen"
    assert any("gomafia_kit.importer" in line for line in done.told_to), "environments were looked at"
    done.check_silent(tmp_path)
    assert list((tmp_path / "data" / "runs").glob("import-*.ipynb"))
    assert {ip_address(place).is_loopback for place in done.listening} == {True}  # the kernel's, at least
    assert _open_to_others(tmp_path / "data") == []
    with server.connect() as connection:
        tables = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'gomafia'")
        for (name,) in tables.fetchall():
            rows = connection.execute(sql.SQL("SELECT t::text FROM gomafia.{} t").format(sql.Identifier(name)))
            assert not is_told(repr(rows.fetchall())), name
    for command in (("status", "--all", "--json"), ("monitor", "--json"), ("verify",)):
        told = _gomafia(tmp_path, *command, "--data-dir", str(folder), more=given)
        assert told.said
        told.check_silent()


def test_a_server_that_is_not_there_and_one_of_our_own(tmp_path: Path) -> None:
    """The embedded server and the demo site are handed no secret, listen where they may, and keep it all private.

    Whatever is found in the folders: it is neither unpickled nor run.
    """
    folder = tmp_path / "data" / "league"
    noted, unpickled = _plant(tmp_path, folder)
    arguments = ("run", "--data-dir", str(folder), "--stages", "clubs,push")
    watched = {"PYTHONPATH": str(tmp_path / "watch"), "NOTED": str(noted)}
    refused = _gomafia(tmp_path, *arguments, more=watched, umask=0o022)
    assert refused.code == PostgresUnreachableError.exit_code, refused.said
    refused.check_silent(tmp_path)
    ours = {"GOMAFIA_POSTGRES_URL": "", "PGPASSWORD": PASSWORD}
    pushed = _gomafia(tmp_path, "push", "--data-dir", str(folder), more=watched | ours, umask=0o022)
    assert pushed.code == 0, pushed.said
    pushed.check_silent(tmp_path)
    assert any("gomafia_kit.demo" in line for line in refused.lines)
    assert refused.listening == {"127.0.0.1"}  # the demo site
    assert pushed.listening == set()
    assert _open_to_others(folder) == []
    assert not unpickled.exists()
    assert set(noted.read_text(encoding="utf-8").split()) == {"watching"}


_WATCH: Final = """
import os, sys

def note(word):
    descriptor = os.open(os.environ['NOTED'], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, (word + '\\n').encode())
    os.close(descriptor)

def hook(event, arguments):
    if event == 'pickle.find_class':
        note(event)
    elif event.startswith('marshal.'):
        by = sys._getframe(1).f_code.co_filename
        if not by.startswith('<frozen importlib'):  # which reads what Python itself has compiled
            note(event + ':' + by)
    elif event == 'exec' and os.path.dirname(os.environ['NOTED']) in getattr(arguments[0], 'co_filename', ''):
        note(event + ':' + arguments[0].co_filename)

if sys.orig_argv[-1:] == ['gomafia_kit.importer']:
    note('watching')
    sys.addaudithook(hook)
"""


class _Harmful:
    """Unpickling it leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._trace),)


def _plant(home: Path, folder: Path) -> tuple[Path, Path]:
    """What does harm if it is loaded, all over the folders, and a watch: where it notes, and the harm's trace."""
    watch, trace = home / "watch", home / "unpickled"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(_WATCH, encoding="utf-8")
    for place in (folder, folder / "staging" / "club", folder / "parts" / "club", home / "data" / "runs"):
        place.mkdir(parents=True, mode=0o700)
        for name in ("archive.pickle", "runs.pkl", "club.joblib", "cache.marshal", "data.npy"):
            (place / name).write_bytes(pickle.dumps(_Harmful(trace)))
            (place / name).chmod(0o600)
        (place / "conftest.py").write_text("raise SystemExit(99)")
        (place / "conftest.py").chmod(0o600)
    for place in (folder / "staging", folder / "parts"):
        place.chmod(0o700)
    return home / "noted", trace


def test_a_fault_of_ours_that_holds_the_secret_is_logged_without_it(site: DemoSite, tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if sys.orig_argv[-1:] == ['gomafia_kit.importer']:\n"
        "    from gomafia_kit.importer import work\n"
        "    def broken(*_, **__):\n"
        "        names = ('GOMAFIA_POSTGRES_URL', 'HTTP_PROXY', 'GOMAFIA_ALERT')\n"
        "        raise RuntimeError('planted: ' + ' '.join(os.environ[name] for name in names))\n"
        "    work.publish = broken\n",
        encoding="utf-8",
    )
    folder = tmp_path / "data" / "league"
    arguments = ("run", "--source", site.url, "--data-dir", str(folder), "--stages", "clubs")
    ran = _gomafia(tmp_path, *arguments, more={"PYTHONPATH": str(planted)})
    assert ran.code == 1, ran.said
    log = (folder / LOG_FILE).read_text(encoding="utf-8")
    assert "planted: postgresql://anna:***@127.0.0.1:1/league http://anna:***@127.0.0.1:1 http://127.0.0.1:1/***" in log
    ran.check_silent(tmp_path)


@pytest.mark.parametrize("notebook", [(), ("import",)])
def test_a_secret_as_a_parameter_is_refused_and_not_kept(tmp_path: Path, notebook: tuple[str, ...]) -> None:
    ran = _gomafia(tmp_path, "run", *notebook, "-p", "postgres_url", "postgresql://a:k4narien@h/d")
    assert ran.code == SettingsError.exit_code
    assert "Set GOMAFIA_POSTGRES_URL" in ran.said
    assert "k4narien" not in ran.said
    assert list(tmp_path.iterdir()) == []


def test_a_secret_in_the_settings_file_is_refused_and_not_told(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f'postgres_url = "{NOBODY}"\n', encoding="utf-8")
    ran = _gomafia(tmp_path, "run", more={"GOMAFIA_SETTINGS": str(file)})
    assert ran.code == SettingsError.exit_code
    assert str(file) in ran.said
    file.unlink()
    ran.check_silent(tmp_path)


# -- private files --------------------------------------------------------------------------------


def test_a_store_that_others_could_read_is_mended(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.path.chmod(0o644)
    with Journal(tmp_path) as journal:
        assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


# -- nothing is unpickled -------------------------------------------------------------------------


def _unpickling(source: str) -> list[str]:
    """What in a source text could unpickle: modules imported, and calls of read_pickle and the like."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in _UNPICKLES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in _UNPICKLES:
            found.append(node.module or "")
        elif isinstance(node, ast.Attribute) and "pickle" in node.attr:
            found.append(node.attr)
    return found


def test_nothing_is_unpickled() -> None:
    found = {str(path): _unpickling(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
    assert {path: names for path, names in found.items() if names} == {}
    assert _unpickling("import pickle\nfrom marshal import loads\nframe.read_pickle(1)") == [
        "pickle",
        "marshal",
        "read_pickle",
    ]
