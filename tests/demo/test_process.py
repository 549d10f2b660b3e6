"""The site as a process: its first line, its end, its port, and what it says when it can't start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psutil
import pytest

from gomafia_kit import demo
from gomafia_kit.errors import GomafiaError, SettingsError
from tests.demo import reader

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    "player_id,name,region,year,total_games,citizen_games,sheriff_games,mafia_games,don_games,overall_winrate,"
    "citizen_winrate,sheriff_winrate,mafia_winrate,don_winrate,extra_points_avg_10_games,extra_points_citizen_avg,"
    "extra_points_sheriff_avg,extra_points_mafia_avg,extra_points_don_avg"
)
LINE = "1,fx,south,2023,10,6,1,2,1,50,40,45.5,60,,1.1,0.08,-0.11,0.16,0.21"


def serve(*options: str) -> subprocess.CompletedProcess[str]:
    """The command line with those options, for starts that must fail."""
    line = [sys.executable, "-m", "gomafia_kit.demo", *options]
    return subprocess.run(line, capture_output=True, text=True, timeout=30, check=False, cwd=reader.ROOT)


def test_the_first_line_is_the_url_and_the_command_line_takes_switches() -> None:
    line = demo.command("tiny", 2, switches={"numbers": "strings", "react_comments": False})
    child = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=reader.ROOT)
    with child:
        assert child.stdout
        assert child.stdin
        site = demo.DemoSite(child.stdout.readline().strip())
        assert urlsplit(site.url).hostname == "127.0.0.1"
        assert site.pid == 0
        assert site.league.world.seed == 2
        assert site.league.switches == demo.Switches(numbers="strings", react_comments=False)
        users = reader.post(site.url, "/api/user/getTop", year=2024)
        assert {type(row["elo"]) for row in users} == {str}
        child.stdin.close()
        assert child.wait(5) == 0


def test_a_site_ends_when_its_parent_is_killed() -> None:
    code = (
        "import sys, time; from gomafia_kit import demo; site = demo.start(scale='tiny'); "
        "site.fault('hang', seconds=600, times=None, prefix='/rating'); "
        "print(site.pid, site.url, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=reader.ROOT)
    with parent:
        assert parent.stdout
        pid, url = parent.stdout.readline().split()
        child = psutil.Process(int(pid))
        # A request that hangs must not keep it alive.
        with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as connection:
            connection.sendall(b"GET /rating HTTP/1.1\r\nHost: localhost\r\n\r\n")
            os.kill(parent.pid, signal.SIGKILL)
            gone, alive = psutil.wait_procs([child], timeout=10)
    assert (len(gone), alive) == (1, [])


def test_two_sites_at_once_and_each_stops() -> None:
    with demo.start(seed=1) as one, demo.start(seed=2) as two:
        assert one.url != two.url
        assert [site.league.world.seed for site in (one, two)] == [1, 2]
        assert reader.get(f"{one.url}/tournaments") != reader.get(f"{two.url}/tournaments")
        pids = [one.pid, two.pid]
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []
    one.stop()
    with pytest.raises(GomafiaError, match="doesn't answer"):
        one.log()


def test_a_tiny_site_is_up_soon() -> None:
    """Counted in CPU time: what else the machine does must not matter."""
    with demo.start(scale="tiny") as site:
        used = psutil.Process(site.pid).cpu_times()
    assert used.user + used.system < 1


def test_a_port_in_use_is_named(site: demo.DemoSite) -> None:
    port = urlsplit(site.url).port or 0
    with pytest.raises(SettingsError, match=f"can't have port {port}.*0 for any free one"):
        demo.start(port=port)
    with pytest.raises(SettingsError, match="can't have port 70000: ports go from 0 to 65535"):
        demo.start(port=70_000)


def test_a_wrong_switch_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="numbers can't be 'roman'"):
        demo.start(switches={"numbers": "roman"})
    told = serve("serve", "--switch", "nubmers=mixed")
    assert (told.returncode, told.stdout) == (2, "")
    assert "no switch 'nubmers'" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"players\.csv can't be read"),
        ("", r"line 1: no column player_id, name, region"),
        (COLUMNS.replace("region,", "") + "\n", r"line 1: no column region\."),
        (COLUMNS + "\n", r"has no players"),
        (
            f"{COLUMNS}\n{LINE}\n{LINE.replace('2023', 'MMXXIV')}\n",
            r"line 3, column year: 'MMXXIV' is not a whole number",
        ),
        (
            f"{COLUMNS}\n{LINE.replace('45.5', '45,5')}\n",
            r"line 2, column \(none\): '0.21' stands behind the last column",
        ),
        (
            f"{COLUMNS}\n{LINE.replace('-0.11', 'nan')}\n",
            r"line 2, column extra_points_sheriff_avg: 'nan' is not a decimal",
        ),
        (f"{COLUMNS}\n{LINE.replace('45.5', 'many')}\n", r"line 2, column sheriff_winrate: 'many' is not a percentage"),
        (f"{COLUMNS}\n{LINE.replace('south', 'moon')}\n", r"line 2, column region: 'moon' is none of central, "),
        (f"{COLUMNS}\n{LINE.replace('fx', '')}\n", r"line 2, column name: '' is empty"),
        (f"{COLUMNS}\n{LINE}\n{LINE}\n", r"line 3, column year: '2023' stands twice for player 1"),
        (f"{COLUMNS}\n{LINE[:20]}\n", r"line 2, column"),
        (f"{COLUMNS}\n0{LINE[1:]}\n", r"line 2, column player_id: '0' is not a whole number from 1"),
        (
            f"{COLUMNS}\n{LINE}\n{LINE.replace('fx', 'FX').replace('2023', '2024')}\n",
            r"line 3, column name: 'FX' .*'fx'",
        ),
    ],
)
def test_a_wrong_players_file_is_told_by_line_and_column(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "игроки и players.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        demo.League("tiny", players=path)


def test_a_wrong_players_file_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "игроки и players.csv"
    path.write_bytes(COLUMNS.encode() + b"\n1,\xff\n")
    with pytest.raises(SettingsError, match=r"didn't start.*players\.csv can't be read.*UTF-8"):
        demo.start(players=path)


def test_real_players_stand_on_the_pages(tmp_path: Path) -> None:
    path = tmp_path / "players.csv"
    second = LINE.replace("1,fx,south,2023,10,6,1,2,1,50", "5,Ёж,north,2024,0,0,0,0,0,0")
    path.write_text(f"{COLUMNS}\n{LINE}\n{second}\n", encoding="utf-8")
    with demo.start(players=path) as site:
        users = reader.post(site.url, "/api/user/getTop", year=2023, region="south", limit=10)
        assert [(reader.whole(row["id"]), row["login"]) for row in users] == [(1, "fx")]
        found = reader.official(site.url, 1, 2023)
        assert next(iter(site.league.table("player_year_official"))) == found
        told = [
            str(found[name])
            for name in ("games", "citizen_games", "win_percent", "sheriff_win_percent", "don_win_percent")
        ]
        assert told == ["10", "6", "50", "45.5", "None"]
        assert str(found["sheriff_extra_points_per_game"]) == "-0.11"
        assert found["wins"] is None
        assert reader.page(f"{site.url}/stats/1").one("", "left-content-amount").text == "10"


def test_calibration_prints_a_table(tmp_path: Path) -> None:
    path = tmp_path / "players.csv"
    path.write_text(f"{COLUMNS}\n{LINE}\n{LINE.replace('2023', '2024')}\n", encoding="utf-8")
    told = serve("calibrate", "--scale", "tiny", "--players", str(path))
    lines = told.stdout.splitlines()
    assert (told.returncode, told.stderr) == (0, "")
    assert lines[:2] == ["| figure | real | tiny |", "| --- | ---: | ---: |"]
    assert "| player-games, 2023 | 10 |" in told.stdout
    assert {line.count("|") for line in lines} == {4}
