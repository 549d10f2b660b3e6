"""`notebooks/explore.ipynb`, run headless from each store, against the demo league's own truth."""

from __future__ import annotations

import ast
import base64
import html
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gomafia_kit import analyse
from gomafia_kit.analyse import READ_FROM
from gomafia_kit.analyse.store import has_league
from gomafia_kit.demo import League as Truth
from gomafia_kit.errors import FolderError, PushConflictError, SettingsError
from gomafia_kit.explore import open_demo, open_tour
from gomafia_kit.importer import start
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings, project_dir
from gomafia_kit.tables import OPTION_OF, TABLES
from tests.analyse.mini import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPLORE = Path(__file__).parents[2] / "notebooks" / "explore.ipynb"
Notebook = dict[str, Any]
PICTURES = ("players-picture", "player-picture", "roles-picture", "months-picture", "seats-picture")


# -- the notebook as it is committed --------------------------------------------------------------


def cells() -> list[dict[str, Any]]:
    return list(json.loads(EXPLORE.read_text(encoding="utf-8"))["cells"])


def source(cell_id: str) -> str:
    (cell,) = (cell for cell in cells() if cell["id"] == cell_id)
    return "".join(cell["source"])


def test_parameters_stand_first_and_nothing_was_left_in_it() -> None:
    code = [cell for cell in cells() if cell["cell_type"] == "code"]
    assert [cell["metadata"].get("tags") for cell in code] == [["parameters"], *[None] * (len(code) - 1)]
    assert {(len(cell["outputs"]), cell["execution_count"]) for cell in code} == {(0, None)}


def test_every_code_cell_has_prose_above_it_and_no_logic_in_it() -> None:
    for before, cell in zip(cells(), cells()[1:], strict=False):
        if cell["cell_type"] == "code":
            assert before["cell_type"] == "markdown", cell["id"]
            tree = ast.parse("".join(cell["source"]))
            kinds = {type(node) for node in ast.walk(tree) if isinstance(node, ast.stmt)}
            assert kinds <= {ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr}, cell["id"]
            assert cell["id"] == "parameters" or isinstance(tree.body[-1], ast.Expr), cell["id"]
            assert len(cell["source"]) <= 10, cell["id"]


# -- run headless ---------------------------------------------------------------------------------


def run(home: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A module of Python, as a person without settings would run it from that folder."""
    environment = {"GOMAFIA_HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "PYTHONWARNINGS": "default"}
    return subprocess.run(
        [sys.executable, "-m", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder in which nothing was imported yet."""
    return tmp_path_factory.mktemp("дом и лига")


@pytest.fixture(scope="module", params=READ_FROM)
def executed(home: Path, request: pytest.FixtureRequest) -> Notebook:
    """The notebook after a run: with its defaults by nbmake, else by papermill from another folder."""
    read_from = str(request.param)
    out = home / f"{read_from}.ipynb"
    if read_from == "duckdb":
        shutil.copyfile(EXPLORE, out)
        options = ("--nbmake", "--nbmake-kernel=python3", "--overwrite", "-p", "no:cacheprovider", "-q")
        done = run(home, home, "pytest", *options, "-c", os.devnull, "--rootdir", str(home), str(out))
    else:
        done = run(home, home, "papermill", str(EXPLORE), str(out), "-p", "read_from", read_from)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(out.read_text(encoding="utf-8")))


def output(notebook: Notebook, cell_id: str) -> dict[str, Any]:
    (cell,) = (cell for cell in notebook["cells"] if cell.get("id") == cell_id)
    (result,) = cell["outputs"]
    return dict(result)


def rows(notebook: Notebook, cell_id: str) -> list[list[str]]:
    """The rows of the table that a cell shows, as texts; without the commas between thousands."""
    shown = "".join(output(notebook, cell_id)["data"]["text/html"])
    body = re.findall(r"<tr>((?:<td.*?</td>)+)</tr>", shown)
    return [[html.unescape(cell).replace(",", "") for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in body]


@pytest.fixture(scope="module")
def truth() -> dict[str, list[dict[str, Any]]]:
    """The generator's own tables."""
    league = Truth("tiny")
    return {name: list(league.table(name)) for name in TABLES if name != "answer"}


Tables = dict[str, list[dict[str, Any]]]


def test_the_notebook_counts_what_the_league_has(executed: Notebook, truth: Tables) -> None:
    counted = {row[0]: int(row[1]) for row in rows(executed, "overview")}
    filled = {name: len(table) for name, table in truth.items() if name not in OPTION_OF}
    assert {name: counted[name] for name in truth} == filled | dict.fromkeys(OPTION_OF, 0)
    assert sum(int(row[1]) for row in rows(executed, "freshness")) == counted["answer"]


def test_players_stand_by_their_true_elo(executed: Notebook, truth: Tables) -> None:
    listed = [player for player in truth["player"] if player["listed"] and player["elo"] is not None]
    first = sorted(listed, key=lambda player: (-player["elo"], player["player_id"]))[:15]
    assert [(int(row[0]), int(row[1]), row[2], float(row[7])) for row in rows(executed, "players")] == [
        (rank, player["player_id"], player["login"], float(player["elo"])) for rank, player in enumerate(first, start=1)
    ]


def games_of(truth: Tables) -> dict[tuple[int, int, int], str | None]:
    return {(game["tournament_id"], game["round"], game["table_no"]): game["winner"] for game in truth["game"]}


def seats_of(truth: Tables) -> Iterator[tuple[dict[str, Any], str]]:
    """Each seat in a played game, with the game's winner."""
    games = games_of(truth)
    for seat in truth["seat"]:
        if winner := games[seat["tournament_id"], seat["round"], seat["table_no"]]:
            yield seat, winner


def test_roles_and_outcomes_are_those_of_the_games(executed: Notebook, truth: Tables) -> None:
    outcomes = Counter(games_of(truth).values())
    assert [(row[0], int(row[1])) for row in rows(executed, "outcomes")] == [
        ("red", outcomes["red"]),
        ("black", outcomes["black"]),
        ("draw", outcomes["draw"]),
        ("not played", outcomes[None]),
    ]
    decided = outcomes["red"] + outcomes["black"]
    won = {"citizen": "red", "sheriff": "red", "mafia": "black", "don": "black"}
    assert [tuple(row[:5]) for row in rows(executed, "roles")] == [
        (role, str(decided), str(outcomes[team]), str(outcomes["draw"]), f"{outcomes[team] / decided:.1%}")
        for role, team in won.items()
    ]


def test_seats_are_those_of_the_games(executed: Notebook, truth: Tables) -> None:
    games, wins, draws, telling, shot = Counter[int](), Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    for seat, winner in seats_of(truth):
        number = seat["seat"]
        games[number] += winner != "draw"
        draws[number] += winner == "draw"
        wins[number] += seat["team"] == winner
        telling[number] += seat["shot_first"] is not None
        shot[number] += seat["shot_first"] is True
    found = [[int(row[place]) for place in (0, 1, 2, 3, 7, 8)] for row in rows(executed, "seats")]
    assert found == [[seat, games[seat], wins[seat], draws[seat], telling[seat], shot[seat]] for seat in range(1, 11)]


def test_the_players_page_has_his_true_years(executed: Notebook, truth: Tables) -> None:
    listed = [player for player in truth["player"] if player["listed"] and player["elo"] is not None]
    first = min(listed, key=lambda player: (-player["elo"], player["player_id"]))
    years = [year for year in truth["player_year"] if year["player_id"] == first["player_id"]]
    shown = "".join(output(executed, "player")["data"]["text/html"])
    assert shown.startswith(f"<h3>{html.escape(first['login'])} ({first['player_id']})</h3>")
    derived = shown.split("Counted from the games, year by year")[1].split("Counted from the games, by role")[0]
    found = [
        [html.unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in re.findall(r"<tr>((?:<td.*?</td>)+)</tr>", derived)
    ]
    assert [[int(text) for text in row[:6]] for row in found] == [
        [year[name] for name in ("year", "tournaments", "games", "wins", "draws", "games_missing")] for year in years
    ]


def test_the_last_tournament_and_its_standing_are_the_true_ones(executed: Notebook, truth: Tables) -> None:
    played = {key[0] for key, winner in games_of(truth).items() if winner}
    last = max(
        (tournament for tournament in truth["tournament"] if tournament["tournament_id"] in played),
        key=lambda tournament: (tournament["date_start"], tournament["tournament_id"]),
    )
    assert rows(executed, "tournament")[0][:3] == [
        str(last["tournament_id"]), last["title"], last["date_start"].isoformat()
    ]  # fmt: skip
    lines = [line for line in truth["result"] if line["tournament_id"] == last["tournament_id"]]
    assert [(int(row[1]), row[3], float(row[4])) for row in rows(executed, "standing")] == [
        (line["place"], line["login"], float(line["points_total"])) for line in lines
    ]
    assert len(rows(executed, "games")) == sum(key[0] == last["tournament_id"] for key in games_of(truth))


def test_charts_are_pictures_with_words_and_no_text_of_the_site_is_html(executed: Notebook, truth: Tables) -> None:
    for cell_id in PICTURES:
        found = output(executed, cell_id)
        assert set(found["data"]) == {"image/png", "text/plain"}
        assert base64.b64decode(found["data"]["image/png"]).startswith(b"\x89PNG")
        assert found["metadata"]["image/png"]["alt"] == "".join(found["data"]["text/plain"])
    months = Counter(
        tournament["date_start"].strftime("%Y-%m")
        for key, winner in games_of(truth).items()
        for tournament in truth["tournament"]
        if winner and tournament["tournament_id"] == key[0] and tournament["date_start"]
    )
    most = max(sorted(months), key=lambda month: months[month])
    said = "".join(output(executed, "months-picture")["data"]["text/plain"])
    assert said.startswith(f"{most} had most games: {months[most]}: {sum(months.values())} games by month")
    shown = [
        "".join(output["data"].get("text/html", ""))
        for cell in executed["cells"]
        for output in cell.get("outputs", ())
        if "data" in output
    ]
    assert any("&lt;script&gt;" in text for text in shown)
    assert not any("<script" in text for text in shown)


def test_a_misspelt_parameter_ends_the_notebook_and_names_the_right_one(home: Path, executed: Notebook) -> None:
    if executed["metadata"].get("papermill") is None:
        return  # once is enough: in the other two runs
    out = home / "misspelt.ipynb"
    done = run(home, home, "papermill", str(EXPLORE), str(out), "-p", "yeer", "2023")
    assert done.returncode != 0
    assert "yeer is no parameter of this notebook. Did you mean year?" in done.stderr


# -- what the second cell stands on ---------------------------------------------------------------


def namespace(**given: object) -> dict[str, object]:
    """What a kernel's `globals()` hold after the parameters cell and papermill's."""
    defaults = {line.target.id: ast.literal_eval(line.value) for line in declared()}
    injected = "\n".join(f"{name} = {value!r}" for name, value in given.items())
    return {"In": ["", source("parameters"), injected], **defaults, **given}


def declared() -> Iterator[Any]:
    return iter(ast.parse(source("parameters")).body)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"plaier": "Ёж"}, "plaier is no parameter of this notebook. Did you mean player?"),
        ({"read_from": "postgre"}, "read_from: 'postgre' is no store. Did you mean postgres?"),
        ({"rows": 0}, "rows: 0 is out of range. Give rows from 1 to 200."),
        ({"year": "last"}, "year: 'last' is not a whole number."),
        ({"year": -1}, "year: -1 is out of range."),
        ({"tournament_id": 2**31}, "tournament_id: 2147483648 is out of range."),
        ({"postgres_url": "postgresql://me:hush@host/db"}, "postgres_url is no parameter: it stands in this notebook"),
    ],
)
def test_a_wrong_parameter_ends_before_anything_is_opened(
    given: dict[str, object], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMAFIA_HOME", str(tmp_path))
    with pytest.raises(SettingsError) as caught:
        open_tour(namespace(**given))
    assert str(caught.value).startswith(words)
    assert "hush" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named_and_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("GOMAFIA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "notebooks")
    with pytest.raises(FolderError) as caught:
        open_tour(namespace(data_dir="data/нет"))
    assert str(caught.value).startswith(f"There is no data folder {tmp_path / 'data' / 'нет'}.")
    assert list(tmp_path.rglob("*")) == [tmp_path / "notebooks"]


def test_looking_at_a_folder_without_runs_makes_no_run_store(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "лига")
    folder.serve("parquet")
    (folder.path / "runs.sqlite").unlink()
    tour = open_tour(namespace(data_dir=str(folder.path), read_from="parquet", player="7", year=2024))
    assert tour.sheet().frame["what"].to_list() == [str(folder.path), "the Parquet files", "none is recorded here"]
    assert (tour.player, tour.year, tour.tournament_id, tour.rows) == ("7", 2024, 0, 15)
    assert not (folder.path / "runs.sqlite").exists()
    tour.league.close()


@pytest.mark.parametrize(
    ("state", "words"),
    [("done", "ended well at "), ("stopped", "was stopped at "), ("failed", "failed at "), ("died", "died")],
)
def test_the_tour_says_how_the_last_import_ended(tmp_path: Path, state: str, words: str) -> None:
    folder = Folder(tmp_path / "лига")
    folder.serve("duckdb")
    with Journal(folder.path) as journal:
        run_id = journal.begin({})
        if state == "died":
            with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
                journal.adopt(run_id, process.pid)
                process.communicate(b"\n")
        else:
            journal.end(run_id, state)
    tour = open_tour(namespace(data_dir=str(folder.path)))
    assert tour.sheet().frame["what"].to_list()[2].startswith(f"run {run_id} {words}")
    tour.league.close()


def test_the_demo_is_not_imported_twice_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMAFIA_HOME", str(tmp_path))
    folder = project_dir() / "data" / "demo-tiny"
    with Journal(folder) as journal:
        run_id = journal.begin({})
        journal.adopt(run_id)
    with pytest.raises(FolderError, match=rf"\(run {run_id}\) has published nothing to read yet. Wait for the end"):
        open_demo()


def test_the_demo_is_the_demo_whatever_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Folder(tmp_path / "другая лига")
    other.serve("duckdb")
    monkeypatch.setenv("GOMAFIA_HOME", str(tmp_path))
    monkeypatch.setenv("GOMAFIA_DATA_DIR", str(other.path))
    monkeypatch.setenv("GOMAFIA_OFFLINE", "true")
    with open_demo() as league:
        assert league.data_dir == tmp_path / "data" / "demo-tiny"
        assert league.query("SELECT count(*) AS clubs FROM club").row(0) == (6,)


def test_a_number_is_an_id_though_its_text_may_be_a_nickname_as_well(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "лига")
    folder.serve("duckdb")
    tour = open_tour(namespace(data_dir=str(folder.path), player=7))
    assert analyse.player_page(tour.league, tour.player).title == "Волк (7)"
    tour.league.close()


def test_another_league_in_postgres_is_named_and_not_taken_for_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMAFIA_HOME", str(tmp_path))
    folder = Folder(project_dir() / "data" / "demo-tiny")
    folder.serve("postgres")
    with pytest.raises(PushConflictError, match=r"schema gomafia holds the league mini, not demo-tiny\."):
        open_demo("postgres")
    tour = open_tour(namespace(data_dir=str(folder.path), read_from="postgres"))
    assert tour.sheet().frame["what"].to_list()[1] == "PostgreSQL, which holds the league mini"
    tour.league.close()


def test_a_league_is_toured_while_its_import_runs(tmp_path: Path, truth: Tables) -> None:
    folder = tmp_path / "лига"
    parameters = {
        "source": "demo",
        "stages": "clubs,players,tournaments,games",
        "data_dir": str(folder),
        "seconds_between_asks": 0.03,
    }
    handle = start(Settings.gather(parameters, given=frozenset(parameters)), lifeline=True)
    seen: list[dict[str, int]] = []
    states: list[str] = []
    while not has_league(folder, "duckdb"):
        assert handle.run().is_working
        time.sleep(0.05)
    tour = open_tour(namespace(data_dir=str(folder)))
    while handle.run().is_working:
        states.append(tour.sheet().frame["what"].to_list()[2])
        seen.append(dict(analyse.overview(tour.league).select("table_name", "rows").rows()))
        analyse.win_rates_by_role(tour.league)
    assert handle.wait().state == "done"
    assert states[0].startswith("run 1 is at work since ")
    # Clubs came first, games last: the tour saw states in between, each published whole.
    assert seen[0]["club"] == len(truth["club"])
    assert seen[0]["seat"] == 0
    for name in ("club", "tournament", "game", "seat"):
        numbers = [rows[name] for rows in seen]
        assert set(numbers) <= {0, len(truth[name])}
        assert numbers == sorted(numbers)
    assert analyse.tournament_games(tour.league).height == 12
    assert dict(analyse.overview(tour.league).select("table_name", "rows").rows())["seat"] == len(truth["seat"])
    tour.league.close()
