from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from gomafia_kit.errors import FolderError, PostgresUnreachableError
from gomafia_kit.postgres import _keeper
from gomafia_kit.postgres.embedded import EmbeddedServer, psql_url
from gomafia_kit.postgres.target import open_reader, push_folder
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.staging.live import LiveTables
from tests.postgres.folder import Folder, player
from tests.postgres.machine import account, ordinary_environment, ordinary_folder, ordinary_python, until

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

_USE = """
import sys
from pathlib import Path
from gomafia_kit.postgres.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    print(server.address.parts["host"], flush=True)
    sys.stdin.read()
"""


def _runs(home: Path) -> bool:
    """Whether a server works in a folder, as the system's list of processes has it."""
    try:
        number = int((home / "cluster" / "postmaster.pid").read_text().split()[0])
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, psutil.NoSuchProcess, IndexError):
        return False


def _keepers(home: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _keeps(process, home)]


def _keeps(process: psutil.Process, home: Path) -> bool:
    try:
        is_alive, words = process.status() != psutil.STATUS_ZOMBIE, process.cmdline()
    except psutil.NoSuchProcess:  # whoever it was has ended meanwhile
        return False
    return is_alive and str(home) in words and "_keeper.py" in " ".join(words)


@pytest.fixture
def home(data_dir: Path) -> Iterator[Path]:
    """Where the embedded server of the test's data folder lives; it has ended by the test's end."""
    home = data_dir / "postgres"
    yield home
    assert until(lambda: not _runs(home)), "the server runs on after its last user"


@contextmanager
def _user(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the server until its input ends, or until it is killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", _USE, str(data_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline()
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def _answers(server: EmbeddedServer) -> bool:
    with server.address.connect("test") as connection:
        return connection.execute("SELECT 1").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "name",
    ["с пробелом и ё", "запятая, кавычка ' и \" и $HOME", "long/" + "/".join(["очень длинный путь"] * 8)],
)
def test_it_works_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    folder = Folder(tmp_path / name)
    folder.put("players", player=[player(1, "Ёж")])
    assert folder.push("gomafia")["player"].new == 1
    with open_reader(folder.path, "gomafia") as reader:
        assert reader.query("SELECT login FROM player", {}).rows() == [("Ёж",)]
        note = folder.path / "postgres" / "socket"
        socket_folder = Path(note.read_text()) if note.exists() else note
    assert until(lambda: not _runs(folder.path / "postgres"))
    # Nothing is left in the temporary folder.
    assert until(lambda: not note.exists() and not socket_folder.exists())


def test_it_stops_with_its_last_user_and_starts_again_at_once(data_dir: Path, home: Path) -> None:
    for _ in range(3):
        with EmbeddedServer(data_dir) as server:
            assert _answers(server)
            assert _runs(home)
    assert until(lambda: not _runs(home))
    with EmbeddedServer(data_dir) as server:
        assert _answers(server)


def test_several_users_share_it_until_the_last_one_ends(data_dir: Path, home: Path) -> None:
    with EmbeddedServer(data_dir) as server:
        first = (home / "cluster" / "postmaster.pid").read_text()
        with _user(data_dir) as user, EmbeddedServer(data_dir) as again:
            assert again.address == server.address
            server.close()
            again.close()
            with pytest.raises(subprocess.TimeoutExpired):
                user.wait(1.5)
            assert (home / "cluster" / "postmaster.pid").read_text() == first
            assert _answers(again)


def test_users_who_come_at_the_same_moment_get_the_same_server(data_dir: Path, home: Path) -> None:
    command = [sys.executable, "-c", _USE, str(data_dir)]
    users = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = [user.communicate("") for user in users]
    assert [told for _, told in said] == [""] * 4
    assert len({place for place, _ in said}) == 1
    assert [user.returncode for user in users] == [0] * 4


def test_a_killed_user_does_not_keep_it_running(data_dir: Path, home: Path) -> None:
    with _user(data_dir) as user:
        assert _runs(home)
        user.kill()
        assert until(lambda: not _runs(home))


def test_who_ends_it_can_delete_its_folder(data_dir: Path, home: Path) -> None:
    server = EmbeddedServer(data_dir)
    assert _runs(home)
    server.end()
    assert not _runs(home)
    assert _keepers(home) == []
    shutil.rmtree(home)


def test_the_socket_of_a_server_whose_folder_was_deleted_is_cleared_away(tmp_path: Path) -> None:
    place = tmp_path / "socket"
    place.mkdir()
    _keeper._stop(tmp_path / "deleted", str(place))
    assert not place.exists()


def test_a_killed_keeper_is_replaced_by_the_next_user(data_dir: Path, home: Path) -> None:
    with EmbeddedServer(data_dir):
        keepers = _keepers(home)
        assert len(keepers) == 1
        keepers[0].kill()
        assert until(lambda: not keepers[0].is_running() or keepers[0].status() == psutil.STATUS_ZOMBIE)
    assert _runs(home)
    with EmbeddedServer(data_dir) as server:
        assert _answers(server)


def test_a_person_in_psql_keeps_it_and_sees_the_tables(data_dir: Path, home: Path) -> None:
    folder = Folder(data_dir)
    folder.put("players", player=[player(1, "Ёж")])
    with EmbeddedServer(data_dir) as server:
        folder.push("gomafia")
        url = psql_url(server.address, "gomafia")
        psql = subprocess.Popen(
            [str(server.programs / "psql"), "-XAt", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PGCLIENTENCODING": "UTF8"},
        )
        assert psql.stdin is not None
        assert psql.stdout is not None
        psql.stdin.write("SELECT login FROM player;\n")
        psql.stdin.flush()
        assert psql.stdout.readline() == "Ёж\n"
    with pytest.raises(subprocess.TimeoutExpired):
        psql.wait(1.5)
    psql.stdin.write("SELECT count(*) FROM player;\n")
    assert psql.communicate()[0] == "1\n"


def test_a_killed_server_is_started_again_with_all_that_was_committed(data_dir: Path, home: Path) -> None:
    folder = Folder(data_dir)
    folder.put("players", player=[player(1, "Ёж")])
    folder.push("gomafia")
    with EmbeddedServer(data_dir):
        psutil.Process(int((home / "cluster" / "postmaster.pid").read_text().split()[0])).kill()
        assert until(lambda: not _runs(home))
        with open_reader(data_dir, "gomafia") as reader:
            assert reader.query("SELECT login FROM player", {}).rows() == [("Ёж",)]


def test_the_number_of_a_dead_server_that_another_process_has_by_now_is_no_hindrance(
    data_dir: Path, home: Path
) -> None:
    with EmbeddedServer(data_dir):
        note = (home / "cluster" / "postmaster.pid").read_text().splitlines()
    assert until(lambda: not _runs(home))
    left = home / "cluster" / "postmaster.pid"
    left.write_text("\n".join([str(os.getpid()), *note[1:]]) + "\n")
    with EmbeddedServer(data_dir) as server:
        assert _answers(server)


def test_an_attempt_that_was_killed_while_it_made_the_cluster_is_swept(data_dir: Path, home: Path) -> None:
    with EmbeddedServer(data_dir):
        pass
    assert until(lambda: not _runs(home))
    (home / "cluster").rename(home / "cluster.new")
    (home / "cluster.new" / "PG_VERSION").unlink()
    with EmbeddedServer(data_dir) as server:
        assert _answers(server)
    assert not (home / "cluster.new").exists()


def test_a_server_that_does_not_start_says_why_and_where_its_log_is(data_dir: Path, home: Path) -> None:
    with EmbeddedServer(data_dir):
        pass
    assert until(lambda: not _runs(home))
    shutil.rmtree(home / "cluster" / "global")
    with pytest.raises(
        PostgresUnreachableError, match=r"doesn't start: .*global.*\. Its log is .*postgres/log\. Set GOMAFIA_"
    ):
        EmbeddedServer(data_dir)


def test_a_cluster_of_another_version_is_named(data_dir: Path, home: Path) -> None:
    with EmbeddedServer(data_dir):
        pass
    assert until(lambda: not _runs(home))
    (home / "cluster" / "PG_VERSION").write_text("17\n")
    with pytest.raises(FolderError, match=r"was made by PostgreSQL 17; this version of gomafia_kit brings 18\. Move "):
        EmbeddedServer(data_dir)


def test_libpqs_environment_does_not_lead_it_astray(
    data_dir: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGPORT": "1",
        "PGUSER": "nobody-such",
        "PGDATABASE": "nowhere",
        "PGOPTIONS": "-cnonsense=1",
        "PGSSLMODE": "verify-full",
        "PGTARGETSESSIONATTRS": "standby",
        "PGDATA": "/nowhere",
        "LC_ALL": "xx_XX.nonsense",
    }.items():
        monkeypatch.setenv(name, value)
    with EmbeddedServer(data_dir) as server:
        assert _answers(server)


def test_neither_server_nor_keeper_gets_a_password(data_dir: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMAFIA_POSTGRES_URL", "postgresql://anna:k4narienvogel@127.0.0.1:1/league")
    monkeypatch.setenv("PGPASSWORD", "k4narienvogel")
    with EmbeddedServer(data_dir):
        server = int((home / "cluster" / "postmaster.pid").read_text().split()[0])
        [keeper] = _keepers(home)
        told = [Path(f"/proc/{number}/environ").read_bytes() for number in (server, keeper.pid)]
    assert all(b"PATH=" in each for each in told)
    assert not any(b"k4narienvogel" in each for each in told)


def test_nobody_gets_in_over_the_network_and_no_folder_is_opened(data_dir: Path, home: Path) -> None:
    data_dir.mkdir(parents=True)
    closed = data_dir.parent
    closed.chmod(0o700)
    before = [stat.S_IMODE(folder.stat().st_mode) for folder in (data_dir, *data_dir.parents)]
    with EmbeddedServer(data_dir) as server, server.address.connect("test") as connection:
        assert connection.execute("SHOW listen_addresses").fetchall() == [("",)]
        number = int((home / "cluster" / "postmaster.pid").read_text().split()[0])
        assert {c.laddr for c in psutil.Process(number).net_connections("inet")} == set()
        assert psutil.Process(number).uids().effective != 0
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (data_dir, *data_dir.parents)] == before
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_texts_sort_and_fold_as_unicode_code_points(data_dir: Path, home: Path) -> None:
    with EmbeddedServer(data_dir) as server, server.address.connect("test") as connection:
        found = connection.execute(
            "SELECT string_agg(t, ' ' ORDER BY t), lower('ЁЖ') FROM unnest('{б,Б,a,Z,ё,_}'::text[]) t"
        ).fetchall()
    assert found == [("Z _ a Б б ё", "ёж")]


_AS_ORDINARY_USER = """
import os, sys
from pathlib import Path
from gomafia_kit.errors import FolderError
from gomafia_kit.postgres.embedded import EmbeddedServer
assert os.geteuid() != 0
with EmbeddedServer(Path(sys.argv[1])) as server:
    with server.address.connect("test") as connection:
        print(connection.execute("SELECT 6 * 7").fetchone()[0])
"""


def test_an_ordinary_user_has_a_server_too_and_root_may_use_it_after_him() -> None:
    folder = ordinary_folder("папка обычного")
    try:
        done = subprocess.run(
            [*ordinary_python(), "-c", _AS_ORDINARY_USER, str(folder)],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=ordinary_environment(),
            **account(),
        )
        assert (done.stdout, done.stderr) == ("42\n", "")
        assert until(lambda: not _runs(folder / "postgres"))
        with EmbeddedServer(folder) as server:
            assert _answers(server)
            assert (folder / "postgres").stat().st_uid == account().get("user", os.geteuid())
        assert until(lambda: not _runs(folder / "postgres"))
    finally:
        shutil.rmtree(folder.parent)


def test_an_import_that_ends_lets_a_reader_in_at_once(data_dir: Path, home: Path) -> None:
    folder = Folder(data_dir)
    for number in range(1, 4):
        folder.put("players", player=[player(k, "x") for k in range(number)])
        with Ledger(data_dir) as ledger, LiveTables(data_dir, ledger) as live:
            push_folder(data_dir, live, folder_id=ledger.folder_id, league="x", schema="gomafia")
        with open_reader(data_dir, "gomafia") as reader:
            assert reader.query("SELECT count(*) AS n FROM player", {}).item() == number
