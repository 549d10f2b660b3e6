from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import gomafia_kit as gk
from gomafia_kit import demo
from gomafia_kit.errors import FolderError, PushError, SettingsError
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings

if TYPE_CHECKING:
    from gomafia_kit.widgets.handle import RunHandle


def test_all_is_the_real_surface() -> None:
    shown = {
        name
        for name, thing in vars(gk).items()
        # A module that may be called stands for a function of its name.
        if not name.startswith("_") and name != "annotations" and (not inspect.ismodule(thing) or callable(thing))
    }
    assert set(gk.__all__) == shown
    assert list(gk.__all__) == sorted(gk.__all__)


def test_no_name_is_hidden_by_a_module_of_the_package() -> None:
    # `gk.memory` was a function until somebody imported gomafia_kit.memory.
    package = Path(gk.__file__).parent
    modules = {path.stem for path in package.glob("*.py")} | {path.name for path in package.iterdir() if path.is_dir()}
    assert [name for name in gk.__all__ if name in modules and not callable(getattr(gk, name))] == []


def test_every_name_says_what_one_gets() -> None:
    assert [name for name in gk.__all__ if not getattr(gk, name).__doc__] == []


HEAVY = ("polars", "duckdb", "pyarrow", "sqlalchemy", "playwright", "altair", "ipywidgets", "papermill")


def _heavy_after(code: str) -> list[str]:
    script = f"import sys\n{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    return done.stdout.split()


def test_importing_it_brings_nothing_heavy() -> None:
    assert _heavy_after("import gomafia_kit") == []


def test_a_kernel_that_watches_an_import_stays_light(imported: RunHandle) -> None:
    code = f"""
import gomafia_kit as gk
from gomafia_kit import demo
handle = gk.attach({str(imported.data_dir)!r})
handle.wait()
str(gk.receipt(handle)), str(gk.memory_table(handle)), gk.memory_picture(handle).svg, gk.next_steps(handle)
"""
    assert _heavy_after(code) == []


def test_a_parameter_is_checked_before_anything_is_made(data_dir: Path) -> None:
    with pytest.raises(SettingsError, match=r"sclae is no parameter\. Did you mean scale\?"):
        gk.start_import(data_dir=str(data_dir), sclae="tiny")
    assert not data_dir.exists()


def test_settings_arent_dropped_where_a_parameter_comes_along(data_dir: Path) -> None:
    settings = Settings.gather({"data_dir": str(data_dir), "stages": "clubs"})
    for begin in (gk.start_import, gk.profile, gk.tune):
        with pytest.raises(SettingsError, match=r"Settings and parameters \(offline\) are given both"):
            begin(settings, offline=True)
        with pytest.raises(SettingsError, match="settings: 'demo' are no settings"):
            begin("demo")  # type: ignore[arg-type]  # what a person may try
    assert not data_dir.exists()


def test_an_import_in_this_process_ends_before_it_returns(data_dir: Path) -> None:
    handle = gk.start_import(data_dir=str(data_dir), stages="clubs", in_process=True)
    assert handle.run().state == "done"
    assert gk.receipt(handle).data is not None


def test_attach_takes_the_newest_run_and_says_what_is_missing(imported: RunHandle, tmp_path: Path) -> None:
    assert gk.attach(imported.data_dir).run_id == imported.run_id
    with pytest.raises(FolderError, match="has no run 99"):
        gk.attach(imported.data_dir, 99)
    with pytest.raises(FolderError, match="There is no import in"):
        gk.attach(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    for number in (gk.attach, gk.receipt, gk.open_league):
        with pytest.raises(SettingsError, match="data_dir: 3 is no path of a folder"):
            number(3)  # type: ignore[arg-type]  # what a person may try


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("attach", ("data", 2**70), "run_id: 1180591620717411303424 is out of range."),
        ("attach", ("a\0b",), "data_dir: 'a\\x00b' is no path of a folder."),
        ("rejected", ("data", 5), "5 is no table. There are: "),
        ("read_postgres", ("data", 5), "sql: 5 is not a text."),
        ("show_settings", ({},), "settings: {} are no settings."),
        ("open_tuner", ("x",), "order: 'x' is no order. Give what gk.check_tuning(globals()) gives."),
    ],
)
def test_what_cant_be_meant_is_told_in_a_sentence(
    imported: RunHandle, name: str, given: tuple[object, ...], words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        getattr(gk, name)(*(str(imported.data_dir) if value == "data" else value for value in given))
    assert str(caught.value).startswith(words)


def test_the_next_steps_work_as_they_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "лига"
    handle = gk.start_import(data_dir=folder, stages="clubs,push", staging="parquet", postgres_schema="mine")
    handle.wait()
    told = repr(gk.next_steps(handle))
    assert "read_from = 'parquet'" in told
    lines = re.findall(r"gk\.open_league\(.*\)$", told, re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        with eval(line, {"gk": gk}) as league:  # noqa: S307 - our own words
            assert league.query("SELECT count(*) AS clubs FROM club").row(0) == (6,)
    (batch,) = gk.read_postgres(folder, "SELECT count(*) AS clubs FROM club")
    assert batch.to_pydict() == {"clubs": [6]}
    # Who says himself where to read is told where this run's rows lie.
    monkeypatch.setenv("GOMAFIA_POSTGRES_SCHEMA", "other")
    assert "'postgres') with GOMAFIA_POSTGRES_SCHEMA=mine" in repr(gk.next_steps(handle))
    with pytest.raises(PushError):
        gk.open_league(folder, "postgres")


def test_without_a_number_the_run_at_work_is_meant_else_the_newest(data_dir: Path) -> None:
    refused = ("FolderBusyError", "An import works there already.", "Wait for it.", 32)
    with Journal(data_dir) as journal:
        first, second = journal.begin({}), journal.begin({})
        journal.adopt(first)
        journal.end(second, "failed", error=refused)
        assert gk.attach(data_dir).run_id == first
        journal.end(first, "stopped")
        assert gk.attach(data_dir).run_id == second


def test_the_league_opens_and_memory_is_a_frame(imported: RunHandle) -> None:
    with gk.open_league(imported.data_dir) as league:
        assert league.query("SELECT count(*) AS clubs FROM club").row(0) == (6,)
    frame = gk.memory_by_batch(imported.data_dir)
    assert frame.columns == [
        "stage",
        "batch",
        "started_at",
        "seconds",
        "rows_target",
        "rows",
        "rejected",
        "peak_python_rss_mb",
        "peak_tree_pss_mb",
        "peak_driver_pss_mb",
        "peak_chromium_pss_mb",
    ]
    receipt = gk.receipt(imported).data
    assert receipt is not None
    assert frame["rows"].sum() == sum(table["written"] for table in receipt["tables"])
    # The receipt counts what stages take behind their last batch as well: the push, for instance.
    assert frame["peak_python_rss_mb"].max() <= receipt["peak_rss_mb"]


def test_every_name_stands_in_the_page_on_notebooks() -> None:
    page = (Path(__file__).parents[2] / "docs" / "notebooks.md").read_text(encoding="utf-8")
    assert [name for name in gk.__all__ if f"gk.{name}(" not in page] == []


def test_what_was_refused_is_a_table(tmp_path: Path) -> None:
    with demo.start(scale="tiny") as site:
        seat = next(iter(site.league.table("seat")))
        place = [seat[name] for name in ("tournament_id", "round", "table_no", "seat")]
        site.change("spoil", kind="seat", key=place, field="role", value="witness")
        folder = str(tmp_path / "лига")
        gk.start_import(source=site.url, data_dir=folder, stages="tournaments,games", form="api").wait()
    with pytest.raises(SettingsError, match=r"'seet' is no table\. Did you mean seat\?"):
        gk.rejected(tmp_path / "лига", "seet")
    found = gk.rejected(tmp_path / "лига", "seat")
    assert found.columns == ["table", "key", "field", "value", "rule", "ask"]
    assert found.height == 10
    (told,) = [row for row in found.to_dicts() if row["field"] == "role"]
    assert told["value"] == "witness"


def test_every_column_of_a_frame_stands_in_its_docstring(imported: RunHandle) -> None:
    frames = {
        "memory_by_batch": gk.memory_by_batch(imported),
        "memory_by_part": gk.memory_by_part(imported),
        "memory_measures": gk.memory_measures(imported),
        "advice": gk.advice(imported).frame,
        "diagnose": gk.diagnose(imported),
        "budget_for": gk.budget_for(512),
        "rejected": gk.rejected(imported),
    }
    for name, frame in frames.items():
        told = getattr(gk, name).__doc__
        assert [column for column in frame.columns if column not in told] == [], name


def test_every_name_that_takes_a_run_says_what_is_raised_where_there_is_none() -> None:
    takes_a_run = [
        name
        for name in gk.__all__
        if inspect.isfunction(getattr(gk, name)) and "run" in inspect.signature(getattr(gk, name)).parameters
    ]
    assert [name for name in takes_a_run if "Error" not in (getattr(gk, name).__doc__ or "")] == []
