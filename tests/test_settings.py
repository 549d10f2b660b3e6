"""Settings: checked in one place, whatever they come from."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from gomafia_kit.errors import SettingsError
from gomafia_kit.settings import (
    OTHER_VARIABLES,
    STAGES,
    Settings,
    data_folder,
    demo_settings,
    is_loopback,
    one_settings,
)

NOTHING: dict[str, str] = {}


def gathered(**parameters: object) -> Settings:
    return Settings.gather(parameters, environment=NOTHING)


def test_without_anything_the_tiny_demo_league_is_imported_whole() -> None:
    settings = gathered()
    assert (settings.source, settings.scale, settings.stages) == ("demo", "tiny", STAGES)
    assert settings.pace == 0
    assert settings.folder.name == "demo-tiny"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project = tmp_path / "проект"
    (project / "notebooks" / "мои").mkdir(parents=True)
    (project / "data" / "лига").mkdir(parents=True)
    (tmp_path / "где-то" / "своя").mkdir(parents=True)
    monkeypatch.setenv("GOMAFIA_HOME", str(project))
    return project


def test_a_folder_is_found_from_the_working_folder_else_from_the_projects(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = project.with_name("где-то")
    for place in (project, project / "notebooks", elsewhere):
        monkeypatch.chdir(place)
        assert data_folder("data/лига") == gathered(data_dir="data/лига").folder == project / "data" / "лига"
        assert data_folder(str(elsewhere)) == elsewhere
    assert data_folder("своя") == elsewhere / "своя"
    (elsewhere / "data" / "лига").mkdir(parents=True)
    assert data_folder("data/лига") == elsewhere / "data" / "лига"


def test_a_folder_to_be_made_is_the_same_for_a_notebook_and_a_command_in_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (project, project / "notebooks", project / "notebooks" / "мои"):
        monkeypatch.chdir(place)
        assert data_folder("data/новая") == gathered(data_dir="data/новая").folder == project / "data" / "новая"
    elsewhere = project.with_name("где-то")
    monkeypatch.chdir(elsewhere)
    assert data_folder("data/новая") == elsewhere / "data" / "новая"
    assert data_folder("н" * 300) == elsewhere / ("н" * 300)


def test_the_real_site_is_asked_once_in_two_seconds() -> None:
    assert gathered(source="site").pace == 2.0
    assert gathered(source="site", seconds_between_asks=1).pace == 1.0


@pytest.mark.parametrize("source", ["site", "https://example.org", "http://10.0.0.1"])
def test_nobody_elses_site_is_asked_more_than_once_a_second(source: str) -> None:
    with pytest.raises(SettingsError, match=r"0\.5 is too quick") as caught:
        gathered(source=source, seconds_between_asks=0.5)
    assert caught.value.remedy == "Off this machine it is 1 at least; 2 is polite."


def test_a_pace_that_is_given_holds_on_this_machine_too() -> None:
    assert gathered(source="http://127.0.0.1:8000", seconds_between_asks=0.5).pace == 0.5


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"scael": "tiny"}, "scael is no parameter. Did you mean scale?"),
        ({"scale": "smal"}, "scale: 'smal' is none of tiny, small, full, x10. Did you mean small?"),
        ({"stages": "clubs,gamse"}, "Did you mean games?"),
        ({"stages": []}, "stages: no stage is given."),
        ({"staging": "csv"}, "staging: 'csv' is none of duckdb, parquet."),
        ({"via": "telnet"}, "via: 'telnet' is none of auto, http, chromium."),
        ({"batch_rows": 0}, "batch_rows: 0 is not 1 or more."),
        ({"batch_rows": "many"}, "batch_rows: 'many' is not a number."),
        ({"batch_rows": 1.5}, "batch_rows: 1.5 is not a whole number."),
        ({"batch_rows": True}, "batch_rows: True is not a number."),
        ({"seconds_between_asks": "nan"}, "seconds_between_asks: 'nan' is not a finite number."),
        ({"seconds_between_asks": -1}, "seconds_between_asks: -1 is not 0 or more."),
        ({"years": "2018"}, "years: 2018 is not a season of the site."),
        ({"years": "soon"}, "years: 'soon' is not a number."),
        ({"offline": "ja"}, "offline: 'ja' is not true or false."),
        ({"offline": 1}, "offline: 1 is not true or false."),
        ({"source": "gomafia"}, "source: 'gomafia' is no source."),
        ({"source": "ftp://example.org"}, "is no source."),
        ({"source": "http://example.org:99999"}, "is not an address with a sound port."),
        ({"source": "http://[::1"}, "is not a sound address."),
        ({"source": 5}, "source: 5 is not a text."),
        ({"memory_limit_mb": 10}, "memory_limit_mb: 10 is not 64 or more."),
        ({"postgres_schema": "Drop Table"}, "'Drop Table' is not a plain lower-case name"),
        (
            {"postgres_schema": "pg_league"},
            "'pg_league' is not a plain lower-case name, none of PostgreSQL's own.",
        ),
        ({"players_file": "nowhere.csv"}, "nowhere.csv can't be read: No such file or directory."),
        ({"players_file": "."}, " can't be read: Is a directory."),
        ({"players_file": "x.csv", "source": "site"}, "players_file goes with source=demo only."),
        ({"players_file": __file__}, "its first line has no column player_id, name, region, year. Give the path of"),
        ({"refresh": True, "offline": True}, "refresh asks the site again, offline asks nothing."),
        ({"data_dir": b"league"}, "data_dir: b'league' is not a text."),
        ({"data_dir": "a\0b"}, "is no path of a folder."),
    ],
)
def test_a_wrong_setting_is_named(parameters: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        gathered(**parameters)
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["password", "POSTGRES_URL", "my_dsn", "token"])
def test_a_secret_is_refused_as_a_parameter_and_not_repeated(name: str) -> None:
    with pytest.raises(SettingsError, match="secrets would be written into the notebook") as caught:
        gathered(**{name: "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_an_address_with_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        gathered(source="https://me:hunter2@example.org")
    assert "hunter2" not in str(caught.value)


def test_a_parameter_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('scale = "full"\nstaging = "parquet"\nbatch_rows = 7\n', encoding="utf-8")
    environment = {"GOMAFIA_SETTINGS": str(file), "GOMAFIA_SCALE": "small", "GOMAFIA_STAGING": "duckdb"}
    settings = Settings.gather({"scale": "x10"}, environment=environment)
    assert (settings.scale, settings.staging, settings.batch_rows) == ("x10", "duckdb", 7)
    told = settings.described()
    assert {name: told[name]["from"] for name in ("scale", "staging", "batch_rows", "via")} == {
        "scale": "parameter",
        "staging": "environment",
        "batch_rows": "file",
        "via": "automatic",
    }


def test_a_parameter_that_equals_the_default_leaves_the_environment_its_say() -> None:
    environment = {"GOMAFIA_SCALE": "small"}
    assert Settings.gather({"scale": "tiny"}, environment=environment).scale == "small"
    given = frozenset({"scale"})
    assert Settings.gather({"scale": "tiny"}, given=given, environment=environment).scale == "tiny"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("scale = ", "is no TOML"),
        ("scael = 'tiny'", "Did you mean scale?"),
        ("password = 'x'", "secrets"),
        ("scale = 'tinny'", "mine.toml: scale: 'tinny' is none of"),
    ],
)
def test_a_wrong_settings_file_is_named(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        Settings.gather({}, environment={"GOMAFIA_SETTINGS": str(file)})
    assert words in str(caught.value)
    assert "mine.toml" in str(caught.value)


def test_a_settings_file_that_cant_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read: Is a directory"):
        Settings.gather({}, environment={"GOMAFIA_SETTINGS": str(tmp_path)})
    with pytest.raises(SettingsError, match="nowhere is no file"):
        Settings.gather({}, environment={"GOMAFIA_SETTINGS": str(tmp_path / "nowhere")})


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("GOMAFIA_SCLAE", "The environment: GOMAFIA_SCLAE is no setting. Did you mean GOMAFIA_SCALE?"),
        ("GOMAFIA_POSTGRES_PASSWORD", "The environment: GOMAFIA_POSTGRES_PASSWORD is no setting."),
        ("GOMAFIA_SCALE", "The environment (GOMAFIA_SCALE): scale: 'hunter2' is none of tiny"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.gather({}, environment={variable: "hunter2"})
    assert caught.value.message.startswith(words)


def test_every_variable_that_the_package_reads_is_known() -> None:
    package = Path(__file__).parents[1] / "gomafia_kit"
    text = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    known = {*OTHER_VARIABLES, *(f"GOMAFIA_{name.upper()}" for name in Settings.names())}
    assert set(re.findall(r"GOMAFIA_[A-Z_]*[A-Z]", text)) <= known


def test_years_are_given_singly_and_as_spans() -> None:
    assert gathered(years="2019-2021, 2023").years == (2019, 2020, 2021, 2023)
    assert gathered(years=[2024, 2023]).years == (2023, 2024)
    assert gathered(years=2024).years == (2024,)
    assert gathered(years="").years is None


def test_stages_run_in_their_order_whatever_the_order_they_were_given_in() -> None:
    assert gathered(stages="push,clubs").stages == ("clubs", "push")
    assert gathered(stages="['games', 'clubs']").stages == ("clubs", "games")


def test_settings_go_to_another_process_and_come_back_the_same() -> None:
    settings = gathered(scale="small", years="2023", stages="clubs", batch_rows=5, via="http")
    plain = json.loads(json.dumps(settings.as_parameters()))
    again = Settings.gather(plain, given=frozenset(plain), environment={"GOMAFIA_SCALE": "full"})
    assert again == settings


def test_a_league_is_the_same_whatever_the_port_of_this_machine() -> None:
    one, other = gathered(source="http://127.0.0.1:8001"), gathered(source="http://127.0.0.1:8002")
    assert one.league == other.league
    assert gathered(source="https://example.org:8443").league != gathered(source="https://example.org").league


def test_real_players_make_another_league(tmp_path: Path) -> None:
    file = tmp_path / "игроки.csv"
    file.write_text("player_id,name,region,year\n", encoding="utf-8")
    assert gathered(players_file=str(file)).league.startswith("demo-tiny-players-")
    assert gathered(seed=2).league == "demo-tiny-seed2"


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:80", True),
        ("http://localhost", True),
        ("http://a.localhost", True),
        ("https://gomafia.pro", False),
        ("http://127.0.0.1.example.org", False),
        ("http://192.168.1.1", False),
    ],
)
def test_which_addresses_are_this_machine(url: str, local: bool) -> None:  # noqa: FBT001 - a value of the table above
    assert is_loopback(url) is local


def test_a_path_may_be_given_as_such(tmp_path: Path) -> None:
    file = tmp_path / "игроки.csv"
    file.write_text("player_id,name,region,year\n", encoding="utf-8")
    settings = gathered(data_dir=tmp_path, players_file=file)
    assert (settings.data_dir, settings.players_file) == (str(tmp_path), str(file))
    with pytest.raises(SettingsError, match="refresh asks the site again, offline asks nothing"):
        gathered(players_file=file, refresh=True, offline=True)


def test_nobody_elses_setting_makes_a_notebooks_demo_another_league(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMAFIA_HOME", str(tmp_path))
    plain = demo_settings({"stages": "clubs"})
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "settings.toml").write_text('source = "site"\nregion = "central"\n', encoding="utf-8")
    for name, value in {"DATA_DIR": str(tmp_path / "mine"), "SEED": "2", "YEARS": "2020", "OFFLINE": "true"}.items():
        monkeypatch.setenv(f"GOMAFIA_{name}", value)
    monkeypatch.setenv("GOMAFIA_POSTGRES_SCHEMA", "mine")
    settings = demo_settings({"stages": "clubs"})
    assert settings == replace(plain, postgres_schema="mine")
    assert (settings.league, settings.folder) == ("demo-tiny", tmp_path / "data" / "demo-tiny")


def test_settings_and_parameters_are_not_given_both() -> None:
    settings = gathered(stages="clubs")
    assert one_settings(settings, {}) is settings
    assert one_settings(None, {"stages": "clubs"}) == settings
    with pytest.raises(SettingsError, match=r"Settings and parameters \(refresh\) are given both"):
        one_settings(settings, {"refresh": True})
    for other in ("demo", {"source": "demo"}):
        with pytest.raises(SettingsError, match=r"are no settings\. Give parameters by name"):
            one_settings(other, {})  # type: ignore[arg-type]  # what a person may try
