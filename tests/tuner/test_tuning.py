"""What trials show, from figures that are made up, and a real tuning from end to end."""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import gomafia_kit as gk
from gomafia_kit.cli.app import gomafia
from gomafia_kit.cli.tune import _finite, _plain
from gomafia_kit.errors import FolderError, NotInArchiveError, SettingsError
from gomafia_kit.fetch.archive import Archive
from gomafia_kit.importer.alerts import VARIABLE
from gomafia_kit.memory.trend import line_through
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from gomafia_kit.staging.live import ROWS_A_READ
from gomafia_kit.tuner import Order, Trial, Tuning, advice_of, scenarios_of, tried, write_settings
from gomafia_kit.tuner.trial import trial_of
from gomafia_kit.widgets.tuning import TuningView, line_words, settings_to_write
from gomafia_kit.widgets.tuning_chart import tuning_svg
from tests.alerts import writing_down, written_down

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 60_000


def _order(sizes: str = "50,1000,20000", repeats: int = 3, **settings: object) -> Order:
    return Order.of(Settings.gather(settings), sizes, repeats)


def _tuning(
    order: Order,
    a_batch: float,
    a_row: float = 50e-6,
    *,
    mb_a_row: float = 0.0005,
    base_mb: float = 100,
    wobble: float = 0.01,
) -> Tuning:
    """Trials on a machine where a batch costs `a_batch` seconds beside its rows; some are slower by chance."""
    tuning = Tuning(order)
    for number, (repeat, size) in enumerate(order.in_order()):
        rows = size or 5_000
        batches = -(-ROWS // rows)
        seconds = (a_row * ROWS + a_batch * batches) * (1 + wobble * (number % 3))
        peak = base_mb + mb_a_row * rows + 0.3 * (number % 2)
        tuning = tuning.with_(
            Trial(repeat, size, rows, batches, ROWS, seconds, seconds, peak + 15, peak + 12, 15, 0, peak, "done")
        )
    return tuning


def test_json_has_null_where_too_few_trials_bound_a_peak() -> None:
    plain = _plain(_tuning(_order("50,1000", repeats=1), a_batch=0.02))
    assert {scenario["high_mb"] for scenario in plain["scenarios"]} == {math.inf}
    told = json.loads(json.dumps(_finite(plain), allow_nan=False))
    assert {scenario["high_mb"] for scenario in told["scenarios"]} == {None}
    assert [trial["peak_mb"] for trial in told["trials"]] == [trial["peak_mb"] for trial in plain["trials"]]


# -- the order ------------------------------------------------------------------------------------


def test_every_size_is_tried_once_before_any_is_tried_again() -> None:
    order = _order("10,20,30,automatic", 3)
    planned = order.in_order()
    assert [repeat for repeat, _ in planned] == [1] * 4 + [2] * 4 + [3] * 4
    for repeat in (1, 2, 3):
        assert {size for number, size in planned if number == repeat} == {10, 20, 30, None}
    assert planned == order.in_order()
    assert planned != replace(order, seed=2).in_order()


@pytest.mark.parametrize(
    ("sizes", "settings", "transport", "words"),
    [
        ("0", {}, "archive", "'0' is no batch size"),
        ("many", {}, "archive", "'many' is no batch size"),
        ("", {}, "archive", "no batch size is given"),
        ("100", {}, "pigeon", "'pigeon' is none of archive, http, chromium"),
        ("100", {"source": "site"}, "http", r"would ask https://\S+ again and again"),
        ("100", {"source": "https://example.org"}, "chromium", "would ask https://example.org"),
        ("100", {"stages": "games,push"}, "archive", "The push is tried by itself"),
        ("100", {"stages": "statistics"}, "archive", "statistics has no batches of its own"),
        ("100", {"data_dir": "/nowhere/nope"}, "archive", "data_dir: /nowhere/nope is not there"),
        ("100", {"data_dir": "/proc"}, "archive", "data_dir: /proc holds no archive"),
    ],
)
def test_what_cannot_be_tried_is_refused_before_anything_is(
    sizes: str, settings: dict[str, object], transport: str, words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        Order.of(Settings.gather(settings), sizes, 1, transport)


def test_numbers_that_are_none_are_refused_as_settings_are() -> None:
    refused: dict[str, Any] = {"repeats": "x", "sizes": 1.5, "order_seed": None}
    for name, value in refused.items():
        with pytest.raises(SettingsError, match=f"{name}: {value!r} is no"):
            gk.tune(**{name: value})


def test_whose_archive_a_folder_holds_is_read_from_it(data_dir: Path) -> None:
    data_dir.mkdir()
    Archive(data_dir, "demo-small-seed7", {"source": "demo", "scale": "small", "seed": 7, "players_file": ""}).close()
    settings = _order("100", data_dir=str(data_dir)).settings
    assert (settings.scale, settings.seed, settings.league) == ("small", 7, "demo-small-seed7")
    assert _order("100", data_dir=str(data_dir), scale="full").settings.scale == "full"


def test_an_archive_that_is_not_there_is_not_asked_from_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMAFIA_HOME", str(tmp_path))
    order = _order("100", 1, source="https://example.org")
    with pytest.raises(NotInArchiveError, match="the tuner asks no site"):
        tried(order, lambda _: None)
    assert list((tmp_path / "data").iterdir()) == []


# -- what is advised ------------------------------------------------------------------------------


def test_where_a_batch_costs_much_the_longer_one_is_advised() -> None:
    advice = advice_of(_tuning(_order(), a_batch=0.002))
    assert (advice.rows, advice.matters) == (1000, True)
    assert advice.reason.startswith("1,000 rows a batch bring ")
    assert "a batch costs 2 ms beside its rows" in advice.reason
    assert "20,000 rows are faster by no more than chance" in _told(_tuning(_order(), a_batch=0.002))


def _told(tuning: Tuning) -> str:
    return advice_of(tuning).reason


def test_where_a_batch_costs_nothing_the_size_hardly_matters_and_that_is_said() -> None:
    advice = advice_of(_tuning(_order(), a_batch=1e-6))
    assert (advice.rows, advice.matters) == (50, False)
    assert advice.reason.startswith("Batch size hardly matters here, because a batch costs 0 ms beside its rows")


def test_differences_that_are_chance_decide_nothing() -> None:
    """The same machine, whose trials differ by 40% for no reason."""
    quiet, noisy = (advice_of(_tuning(_order(), a_batch=0.0003, wobble=wobble)) for wobble in (0.001, 0.2))
    assert (quiet.rows, noisy.rows) == (1000, 50)
    assert (quiet.matters, noisy.matters) == (True, None)
    assert noisy.reason.startswith("Nothing is sure yet: 50 to 20,000 rows bring ")


def test_what_a_batch_costs_for_sure_decides_on_a_machine_that_is_busy_now_and_then() -> None:
    """Trials as they were beside other work: the longest ones differ among each other by half."""
    order = _order("100,1000,10000", 2)
    seen = {100: (21.7, 17.8), 1000: (7.1, 6.5), 10_000: (7.1, 3.4)}
    trials = [
        Trial(repeat, size, size, -(-30_100 // size), 30_100, seen[size][repeat - 1], 2, 146, 146, 15, 0, None, "done")
        for repeat, size in order.in_order()
        if size is not None
    ]
    advice = advice_of(Tuning(order, tuple(trials)))
    assert (advice.rows, advice.matters) == (10_000, True)


def test_a_size_that_is_slower_every_time_is_slower() -> None:
    """Too long a batch may be slow, too: no cost of a batch tells that."""
    order = _order("1000,20000")
    tuning = _tuning(order, a_batch=1e-6)
    slow = [replace(t, seconds=t.seconds * 1.5) if t.batch_rows == 20_000 else t for t in tuning.trials]
    advice = advice_of(Tuning(order, tuple(slow)))
    assert (advice.rows, advice.matters) == (1000, True)


def test_every_column_of_what_was_found_stands_in_its_docstring() -> None:
    view = TuningView(_tuning(_order(), a_batch=0.002))
    for name in ("trials", "scenarios"):
        told = getattr(TuningView, name).__doc__
        frame = getattr(view, name)
        assert not frame.is_empty()
        assert [column for column in frame.columns if column not in told] == [], name


def test_a_size_beyond_the_budget_is_never_advised() -> None:
    order = _order(memory_limit_mb=140)
    tuning = _tuning(order, a_batch=0.002, mb_a_row=0.002)
    assert advice_of(tuning).rows == 1000
    assert "From 20,000 rows on it takes more than 75% of the budget of 140 MB." in _told(tuning)
    nothing = _tuning(_order(memory_limit_mb=100), a_batch=0.002)
    assert "Nothing stays under 75% of 100 MB: even 50 rows a batch takes 100 MB" in _told(nothing)
    with pytest.raises(SettingsError, match="nothing is written"):
        TuningView(nothing).write()


@pytest.mark.parametrize(("share", "automatic"), [(0.4, True), (1.0, True), (1.04, True), (1.3, False)])
def test_where_it_is_as_fast_as_the_best_fixed_one_the_size_is_left_automatic(
    tmp_path: Path, share: float, *, automatic: bool
) -> None:
    """`share` is how long it takes beside the fastest fixed size."""
    order = _order("50,1000,automatic", memory_limit_mb=2_000)
    tuning = _tuning(order, a_batch=0.002)
    best = min(trial.seconds for trial in tuning.trials if trial.batch_rows == 1000)
    trials = [t if t.batch_rows else replace(t, seconds=share * best * (1 + t.repeat / 100)) for t in tuning.trials]
    tuning = Tuning(order, tuple(trials))
    advice = advice_of(tuning)
    assert (advice.automatic, advice.rows) == (automatic, None if automatic else 1000)
    path = tmp_path / "settings.toml"
    path.write_text("# mine\nbatch_rows = 100\ngc = 'batch'  # why\n", "utf-8")
    write_settings(settings_to_write(tuning), path)
    kept = "# mine\ngc = 'batch'  # why\n" if automatic else "# mine\nbatch_rows = 1000\ngc = 'batch'  # why\n"
    assert path.read_text("utf-8") == f"{kept}memory_limit_mb = 2000\n"
    told = "leave it automatic. The automatic size brings" if automatic else "1,000 rows a batch. 1,000 rows a batch"
    assert repr(TuningView(tuning)).startswith(f"Recommended: {told}")


def test_an_automatic_size_that_does_not_fit_or_end_is_not_advised() -> None:
    order = _order("50,1000,automatic", memory_limit_mb=200)
    tuning = _tuning(order, a_batch=0.002)
    large = [t if t.batch_rows else replace(t, peak_rss_mb=190, seconds=0.1) for t in tuning.trials]
    cut = [t if t.batch_rows or t.repeat > 1 else replace(t, ended="OutOfBudgetError") for t in tuning.trials]
    for trials in (large, cut):
        assert not advice_of(Tuning(order, tuple(trials))).automatic


def test_why_nothing_can_be_recommended_is_said() -> None:
    order = _order("50,automatic", memory_limit_mb=100)
    trials = _tuning(order, a_batch=0.002).trials
    assert _told(Tuning(order)) == "Nothing was tried yet."
    for changes, words in (
        ({"ended": "OutOfBudgetError"}, "No trial fits into 100 MB: each came near that and was ended."),
        ({"ended": "RunDiedError"}, "No trial came to its end (RunDiedError)"),
        ({"rows": 0}, "No trial wrote a row"),
    ):
        nothing = Tuning(order, tuple(replace(trial, **changes) for trial in trials))
        assert not advice_of(nothing).is_something
        assert _told(nothing).startswith(words)
    alone = _tuning(_order("automatic"), a_batch=0.002)
    assert _told(alone).endswith("no fixed size was tried beside it.")


def test_trials_that_ended_early_count_for_nothing_but_are_told() -> None:
    tuning = _tuning(_order(), a_batch=0.002)
    cut = [replace(t, ended="OutOfBudgetError") if t.batch_rows == 20_000 else t for t in tuning.trials]
    tuning = Tuning(tuning.order, tuple(cut))
    assert advice_of(tuning).rows == 1000
    assert "Trials that didn't come to their end: 20,000." in _told(tuning)
    ended = [replace(t, ended="OutOfBudgetError") for t in tuning.trials]
    assert advice_of(Tuning(tuning.order, tuple(ended))).rows is None
    assert settings_to_write(Tuning(tuning.order, tuple(ended))) == {}


# -- the line and the guide's table ---------------------------------------------------------------


def test_the_line_lies_in_its_band_and_the_band_is_narrowest_in_the_middle() -> None:
    line = line_through([100.0, 101.5, 102.0, 103.2, 104.0], [0, 1, 2, 3, 4])
    assert line.slope == pytest.approx(0.97)
    assert line.at(2) == pytest.approx(102.14)
    widths = [line.bounds(place)[1] - line.bounds(place)[0] for place in (0, 2, 4, 10)]
    assert widths[1] < widths[0] < widths[3]
    assert widths[0] == pytest.approx(widths[2])
    low, high = line.bounds(2)
    # By hand: residuals 0.20 -0.73 ... give s = 0.2658; t(3, 95% on one side) = 2.353; 2.353 * s / sqrt(5).
    assert (high - low) / 2 == pytest.approx(2.353 * line.error / 5**0.5 if line.error else 0, rel=1e-6)
    assert line_through([1.0, 2.0], [0, 1]).bounds(5) == (-float("inf"), float("inf"))


def test_memory_is_told_with_its_bounds() -> None:
    words = line_words(_tuning(_order(), a_batch=0.002))
    assert words.startswith("Peak memory is 100 MB and 0.51 MB more for each 1,000 rows of a batch (95%: 0.50")
    assert "at 20,000 rows 110 MB" in words
    flat = line_words(_tuning(_order(), a_batch=0.002, mb_a_row=-1e-5))
    assert "whatever the size" in flat
    assert flat.endswith("what comes after them, parts put together and published: 3 MB more.")
    assert line_words(Tuning(_order())) == "Too few sizes were tried to tell how memory grows with them."


def test_the_guides_table_is_filled_for_every_scenario() -> None:
    tuning = _tuning(_order("10,25,1000,20000"), a_batch=0.002, mb_a_row=0.02, base_mb=100)
    found = scenarios_of(tuning)
    assert [(s.limit_mb, s.guide) for s in found[:4]] == [
        (512, (10, 25)),
        (1024, (25, 50)),
        (2048, (50, 100)),
        (8192, (100, 500)),
    ]
    assert [s.rows for s in found] == [1000] * 5
    assert list(found[0].guide_rate) == pytest.approx([4000, 7692], rel=0.05)
    assert found[0].how == "measured"
    assert found[1].how == "derived"
    assert found[0].guide_peak_mb == pytest.approx(100.5, abs=1)
    small = scenarios_of(_tuning(_order(memory_limit_mb=64), a_batch=0.002, base_mb=500))
    assert [s.rows for s in small][:2] == [None, 1000]


def test_what_is_derived_lies_between_its_measured_neighbours() -> None:
    """The line through the times is bent by what the shortest sizes cost: it isn't believed against what was seen."""
    tuning = _tuning(_order("50,250,1000"), a_batch=0.002)
    slow = [replace(t, seconds=t.seconds * 2) if t.batch_rows == 50 else t for t in tuning.trials]
    tuning = Tuning(tuning.order, tuple(slow))
    shortest, middle, longest = (tuning.rate(size) for size in (50, 250, 1000))
    found = {s.name: s.guide_rate for s in scenarios_of(tuning)}
    assert found["memory-constrained"][1] <= shortest
    assert shortest <= found["dedicated server"][0] <= middle <= found["dedicated server"][1] <= longest


def test_the_chart_has_a_dot_a_trial_and_the_band() -> None:
    tuning = _tuning(_order("50,1000,20000,automatic"), a_batch=0.002)
    svg = tuning_svg(tuning)
    assert svg.count("<circle") == 2 * len(tuning.trials)
    assert svg.count('class="band"') == 1
    assert "recommended: 1,000" in tuning_svg(_tuning(_order(), a_batch=0.002))
    assert ">recommended<" in svg
    empty = tuning_svg(Tuning(_order()))
    assert "<circle" not in empty
    assert "0 of 9 trials" in empty


# -- the settings file ----------------------------------------------------------------------------


def test_the_settings_file_keeps_what_else_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.toml"
    assert write_settings({"batch_rows": 500}, path) == path
    assert tomllib.loads(path.read_text()) == {"batch_rows": 500}
    path.write_text('# mine\ncontact = "me@example.org"  # who\nbatch_rows = 7\n', encoding="utf-8")
    write_settings({"batch_rows": 2_500, "memory_limit_mb": 512}, path)
    assert path.read_text(encoding="utf-8") == (
        '# mine\ncontact = "me@example.org"  # who\nbatch_rows = 2500\nmemory_limit_mb = 512\n'
    )
    with pytest.raises(SettingsError, match="batch_rows: 0 is not 1 or more"):
        write_settings({"batch_rows": 0}, path)
    path.write_text("= broken", encoding="utf-8")
    with pytest.raises(SettingsError, match="is no TOML"):
        write_settings({"batch_rows": 1}, path)
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="can't be written"):
        write_settings({"batch_rows": 1}, tmp_path / "file" / "settings.toml")


def test_a_push_of_the_automatic_size_has_the_batches_that_the_push_makes(data_dir: Path) -> None:
    sent = {"table": "seat", "new": 3 * ROWS_A_READ, "changed": 0, "same": 1, "gone": 0}
    with Journal(data_dir) as journal:
        run_id = journal.begin({})
        journal.end(run_id, "done", receipt={"push": [sent]})
    automatic, fixed = (trial_of(data_dir, run_id, ("push",), 1, size, 0.0) for size in (None, 512))
    assert (automatic.rows, automatic.longest, automatic.batches) == (3 * ROWS_A_READ + 1, ROWS_A_READ, 4)
    assert (fixed.longest, fixed.batches) == (512, 3 * ROWS_A_READ // 512 + 1)


def test_a_settings_file_that_is_private_or_a_link_stays_so(tmp_path: Path) -> None:
    mine, link = tmp_path / "dotfiles" / "mine.toml", tmp_path / "settings.toml"
    mine.parent.mkdir()
    mine.write_text("# mine\n", encoding="utf-8")
    mine.chmod(0o600)
    link.symlink_to(mine)
    assert write_settings({"batch_rows": 500}, link) == link
    assert link.is_symlink()
    assert mine.read_text(encoding="utf-8") == "# mine\nbatch_rows = 500\n"
    assert mine.stat().st_mode & 0o777 == 0o600
    assert list(mine.parent.iterdir()) == [mine]


# -- really ---------------------------------------------------------------------------------------


def test_the_push_of_the_demo_league_is_tried_by_the_command_and_leaves_nothing_but_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A person's own server is never touched: the schemas are of one that is thrown away.
    monkeypatch.setenv("GOMAFIA_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    monkeypatch.setenv("GOMAFIA_HOME", str(tmp_path))
    settings = tmp_path / "data" / "settings.toml"
    settings.parent.mkdir()
    settings.write_text("longest_minutes = 0.01\n", encoding="utf-8")  # is meant for imports: no trial ends by it
    words = ["--stages", "push", "--sizes", "100", "--repeats", "1", "--write", "--json"]
    done = CliRunner().invoke(gomafia, ["tune", *words], standalone_mode=False)
    assert done.exception is None
    told = json.loads(done.stdout)
    (trial,) = told["trials"]
    assert (trial["ended"], trial["batch_rows"], trial["longest"]) == ("done", 100, 100)
    assert trial["rows"] > 2_000
    assert 50 < trial["peak_mb"] < 300
    assert trial["cpu_seconds"] > 0
    assert told["scenarios"][0]["name"] == "memory-constrained"
    assert told["advice"]["reason"] == "100 rows a batch is the only fixed size that was tried and fits."
    assert tomllib.loads(settings.read_text()) == {"longest_minutes": 0.01, "batch_rows": 100}
    assert list(settings.parent.iterdir()) == [settings]


def test_a_tuning_that_recommends_nothing_ends_with_a_code_and_alerts_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMAFIA_HOME", str(tmp_path))
    monkeypatch.setenv(VARIABLE, writing_down(tmp_path / "alerts.jsonl"))
    line = ["tune", "--memory-limit-mb", "64", "--sizes", "100", "--repeats", "1", "--write"]
    done = CliRunner().invoke(gomafia, line, standalone_mode=False)
    assert (done.exception, done.return_value) == (None, 1)
    assert "No trial fits into 64 MB" in done.stdout
    assert "tournaments, games of demo-tiny" in done.stdout
    assert written_down(tmp_path / "alerts.jsonl") == []
    assert not (tmp_path / "data" / "settings.toml").exists()
