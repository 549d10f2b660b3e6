from __future__ import annotations

import io
import math
import re
import threading
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import gomafia_kit as gk
from gomafia_kit.errors import FolderError, SettingsError, command_for
from gomafia_kit.memory.peaks import taken_by_part
from gomafia_kit.runs.journal import Journal, MemorySample
from gomafia_kit.settings import Settings
from gomafia_kit.widgets.board import board
from gomafia_kit.widgets.chart import LIVE, columns, memory_svg, nice_ticks
from gomafia_kit.widgets.figures import Figures, Pace, Point, Rates, StageFigures, Watch, figures_of, points_of
from gomafia_kit.widgets.handle import RunHandle
from gomafia_kit.widgets.memory import memory_sheet
from gomafia_kit.widgets.picture import memory_picture_of
from gomafia_kit.widgets.progress import ProgressLines
from gomafia_kit.widgets.receipt import finished, unfinished
from gomafia_kit.widgets.sheets import Table, settings_table, shown
from gomafia_kit.widgets.sliders import BATCH_ROWS, WishSlider
from gomafia_kit.widgets.words import budget_words, count, counted, duration, megabytes, progress_line, state_words

SCRIPT = "<script>alert(1)</script>"
RUNNING = Figures(
    run_id=3,
    data_dir=Path("data") / "demo-small",
    league="demo, small",
    state="running",
    wish="run",
    started_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
    seconds=75.0,
    stages=(
        StageFigures("clubs", "done", 41, 41, 41, 834, 0, 2),
        StageFigures("games", "running", 400, 100, 60, 12_000, 3, 2),
        StageFigures("push", "waiting"),
    ),
    points=(
        Point("clubs", 1, 0.5, 800, 120.0, 90.0),
        Point("clubs", 2, 0.1, 34, 125.0, None),
        Point("games", 1, 2.0, 6000, 150.0, 260.0),
        Point("games", 2, 1.5, 6000, 148.0, None),
    ),
    notices=("The site is slow.",),
    seconds_left=190.0,
    wished_rows=500,
    rows_target=6000,
    limit_mb=None,
    message="",
    remedy="",
    peak_mb=260.0,
)


# -- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.004, "0.00 s"),
        (0.25, "0.25 s"),
        (9.96, "10.0 s"),
        (59.4, "59 s"),
        (61, "1 min 1 s"),
        (120, "2 min"),
        (599.9, "10 min"),
        (3599, "60 min"),
        (3600, "1 h 0 min"),
        (7380, "2 h 3 min"),
        (None, "–"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_numbers_have_their_thousands_apart() -> None:
    assert [counted(1, "ask"), counted(12_345, "row")] == ["1 ask", "12,345 rows"]
    assert [megabytes(1234.4), megabytes(None)] == ["1,234 MB", "–"]


@pytest.mark.parametrize(
    ("state", "wish", "words"),
    [
        ("running", "run", "running"),
        ("running", "stop", "stopping after the open batch"),
        ("running", "pause", "pausing"),
        ("paused", "pause", "paused"),
        ("paused", "run", "going on"),
        ("stopped", "stop", "stopped"),
        ("died", "pause", "died"),
    ],
)
def test_a_wish_that_isnt_followed_yet_is_said(state: str, wish: str, words: str) -> None:
    assert state_words(replace(RUNNING, state=state, wish=wish)) == words


def test_the_progress_line_says_it_all() -> None:
    assert progress_line(RUNNING) == (
        "run 3 running: games 100 of 400 asks, 12,834 rows, 3 rejected, 101 asked of the site, peak 260 MB,"
        " 1 min 15 s, games for about 3 min 10 s more"
    )


# -- figures --------------------------------------------------------------------------------------


def test_sums_and_shares_are_those_of_the_stages() -> None:
    assert (RUNNING.rows, RUNNING.rejected, RUNNING.asks_made, RUNNING.asks_done) == (12_834, 3, 101, 141)
    assert [stage.share for stage in RUNNING.stages] == [1.0, 0.25, 0.0]
    assert RUNNING.current is RUNNING.stages[1]


def test_the_time_left_is_told_from_the_last_minute() -> None:
    pace = Pace()
    pace.seen("games", 0, 0.0, paused=False)
    assert pace.seconds_left(100) is None  # nothing to tell it from
    pace.seen("games", 10, 5.0, paused=False)
    assert pace.seconds_left(100) == 50.0
    for second in range(6, 200):
        pace.seen("games", 10 + (second - 5) * 4, float(second), paused=False)
    assert pace.seconds_left(100) == pytest.approx(25.0)
    assert pace.seconds_left(0) is None


def test_a_pause_or_a_new_stage_starts_the_pace_anew() -> None:
    pace = Pace()
    for moment, done in ((0.0, 0), (10.0, 100)):
        pace.seen("players", done, moment, paused=False)
    pace.seen("players", 100, 11.0, paused=True)
    assert pace.seconds_left(10) is None
    for moment, done in ((100.0, 100), (110.0, 110)):
        pace.seen("players", done, moment, paused=False)
    assert pace.seconds_left(10) == 10.0
    pace.seen("games", 0, 111.0, paused=False)
    assert pace.seconds_left(10) is None


def test_a_finished_run_reads_the_same_from_the_store(imported: RunHandle) -> None:
    figures = figures_of(imported.data_dir, imported.run_id)
    receipt = imported.run().receipt
    assert receipt is not None
    assert figures.state == "done"
    assert figures.rows == sum(table["written"] for table in receipt["tables"])
    assert figures.asks_done == receipt["asks"]["planned"]
    assert [(stage.stage, stage.state) for stage in figures.stages] == [
        (name, "done") for name in ("clubs", "players", "tournaments", "games", "statistics")
    ]
    with Journal(imported.data_dir) as journal:
        batches, memory = journal.batches(imported.run_id), journal.memory(imported.run_id)
        limits = {(m.stage, m.batch): m.figure for m in journal.measures(imported.run_id, "budget")}
    assert figures.points == points_of(batches, memory, limits)
    assert all(point.python_mb and point.limit_mb for point in figures.points)
    assert max(point.rows for point in figures.points) == 200


def test_a_browser_that_has_ended_is_no_longer_counted() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    looked = [
        MemorySample("games", 1, moment, "python", 100.0, 140.0, 150.0),
        MemorySample("games", 1, moment, "chromium", 90.0, 200.0, None),
        MemorySample("games", 1, moment, "tree", 190.0, 340.0, None),
    ]
    assert taken_by_part(looked) == {"python": 110.0, "chromium": 90.0, "tree": 200.0}
    later = [*looked, MemorySample("statistics", 1, moment, "python", None, 141.0, 145.0)]
    assert taken_by_part(later) == {"python": 105.0, "tree": 105.0}
    without_pss = [MemorySample("games", 1, moment, "python", None, 140.0, 150.0)]
    assert taken_by_part(without_pss) == {"python": 150.0, "tree": 150.0}
    assert taken_by_part([]) == {}


def _looked(batch: int, second: int, python_mb: float, exact_mb: float | None) -> list[MemorySample]:
    """A look at Python and at a Chromium of 90 MB; a batch's own figures if `exact_mb` is told."""
    moment = datetime(2026, 3, 1, 12, 0, second, tzinfo=UTC)
    parts = {"python": python_mb, "chromium": 90.0, "tree": python_mb + 90}
    return [
        MemorySample("games", batch, moment, part, mb, mb, exact_mb if part == "python" else None)
        for part, mb in parts.items()
    ]


def test_what_an_open_batch_takes_is_seen_before_it_ends(data_dir: Path) -> None:
    with Journal(data_dir) as journal:
        journal.adopt(journal.begin({}))
        journal.add_memory(1, _looked(1, 0, 100.0, 110.0))
        with Watch(data_dir, 1) as watch:
            assert (watch.look().memory_mb["tree"], watch.look().peak_mb, watch.look().open_point) == (200, 200, None)
            journal.note_look(1, _looked(2, 30, 150.0, None))
            now = watch.look()
            assert (now.memory_mb, now.peak_mb) == ({"python": 150.0, "chromium": 90.0, "tree": 240.0}, 240.0)
            assert now.points_so_far == (Point("games", 2, 0.0, 0, 150.0, 240.0, None, 90.0),)
            journal.add_memory(1, _looked(2, 40, 120.0, 160.0))
            assert (watch.look().memory_mb["tree"], watch.look().peak_mb, watch.look().points_so_far) == (250, 250, ())


# -- the board ------------------------------------------------------------------------------------


def _plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def test_the_board_shows_state_stages_asks_and_the_next_batch() -> None:
    text = _plain(board(RUNNING))
    for words in ("Import 3 running", "clubs 834 rows", "games 12,000 rows", "100 of 400 asks, games"):
        assert words in text
    for words in ("6,000, next 500 rows a batch", "about 3 min 10 s left in games", "The site is slow."):
        assert words in text


def test_the_newest_notices_are_shown_and_the_others_counted() -> None:
    text = _plain(board(replace(RUNNING, notices=tuple(f"fault {number}" for number in range(1, 10)))))
    assert "5 earlier notices" in text
    assert "fault 5" not in text
    assert "fault 6" in text
    assert "fault 9" in text


def test_a_failed_run_shows_its_error_with_the_remedy() -> None:
    failed = replace(RUNNING, state="failed", message="No space left.", remedy="Make room and run again.")
    assert "No space left. Make room and run again." in _plain(board(failed))


def test_texts_of_the_site_stay_texts() -> None:
    told = replace(
        RUNNING, state="failed", league=SCRIPT, notices=(SCRIPT,), message=SCRIPT, remedy=SCRIPT, data_dir=Path(SCRIPT)
    )
    for html in (board(told), unfinished(told).html, shown(Table((SCRIPT,), [[SCRIPT]], SCRIPT), SCRIPT).html):
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_a_budget_of_which_nearly_all_is_taken_is_refused(data_dir: Path) -> None:
    with Journal(data_dir) as journal:
        journal.adopt(journal.begin({}))
        journal.add_memory(1, _looked(1, 0, 100.0, 110.0))
        handle = RunHandle(data_dir, 1)
        with pytest.raises(SettingsError, match="A budget of 16 MB would end the import: it takes 200 MB") as caught:
            handle.set_memory_limit(16)
        assert re.fullmatch(r"Give \d+ MB or more, or stop it.", caught.value.remedy)
        refused: dict[Any, str] = {"x": "is not a number", math.nan: "is not a finite number"}
        for limit_mb, wrong in refused.items():
            with pytest.raises(SettingsError, match=f"limit_mb: {limit_mb!r} {wrong}"):
                handle.set_memory_limit(limit_mb)
        assert journal.control(1).memory_limit_mb is None
        handle.set_memory_limit(4096)
        assert journal.control(1).memory_limit_mb == 4096
        handle.set_memory_limit(None)
        assert journal.control(1).memory_limit_mb is None


def test_nothing_can_be_wished_of_a_run_that_has_ended_but_to_stop(imported: RunHandle) -> None:
    for wish in (
        imported.pause,
        imported.resume,
        partial(imported.set_batch_rows, 5),
        partial(imported.set_memory_limit, 4096),
    ):
        with pytest.raises(FolderError, match=r"Run 1 in .* has ended \(done\)"):
            wish()
    imported.stop()


@pytest.mark.parametrize(
    ("limit_mb", "wrong"),
    [
        ("512M", "'512M' is not a number"),
        (math.nan, "nan is not a finite number"),
        (-1, "-1 is not 1 or more"),
        (None, "None is not a number"),
    ],
)
def test_a_memory_that_is_none_is_refused_by_the_calculator(limit_mb: object, wrong: str) -> None:
    with pytest.raises(SettingsError, match=f"limit_mb: {wrong}"):
        gk.budget_for(limit_mb)  # type: ignore[arg-type]  # a person's


def test_the_calculator_reads_a_text_as_a_setting_is_read() -> None:
    assert gk.budget_for("512").equals(gk.budget_for(512))  # type: ignore[arg-type]  # a person's


BROWSING = replace(
    RUNNING,
    limit_mb=512.0,
    memory_mb={"python": 120.0, "driver": 60.0, "chromium": 137.0, "tree": 317.0},
    rates=Rates(rows=812.4),
)


def test_the_budget_is_told_in_words() -> None:
    assert budget_words(RUNNING) == ""  # nothing was seen yet
    assert budget_words(BROWSING) == (
        "Takes 62% of 512 MB; batches of 6,000 rows; Chromium holds 43% of it (137 MB): it ends with its stage, and "
        "via=http needs none; above 410 MB batches are made shorter."
    )
    assert budget_words(replace(BROWSING, limit_mb=64_000.0)).startswith("Takes less than 1% of 64")
    short = replace(BROWSING, limit_mb=140.0, memory_mb={"python": 120.0, "tree": 120.0}, rows_target=100)
    assert budget_words(short) == (
        "Takes 86% of 140 MB; batches of 100 rows; Python holds 100% of it (120 MB); "
        "batches are made shorter now, and at 133 MB it stops, all committed."
    )


def test_the_board_shows_the_budget_and_the_next_one() -> None:
    text = _plain(board(replace(BROWSING, wished_limit_mb=384.0)))
    for words in ("512 MB, next 384 MB budget", "812 rows a second", "Takes 62% of 512 MB"):
        assert words in text
    assert "Takes" not in _plain(board(replace(BROWSING, state="done")))


class Wishes:
    """Who takes the wishes of a slider, as long as `open`."""

    def __init__(self) -> None:
        self.taken: list[int | None] = []
        self.is_open = True

    def __call__(self, wished: int | None) -> bool:
        if self.is_open:
            self.taken.append(wished)
        return self.is_open


def test_a_slider_offers_the_present_wish_too_and_goes_back_where_none_is_taken() -> None:
    wishes = Wishes()
    slider = WishSlider("Batch rows", BATCH_ROWS, count, wishes, threading.RLock())
    assert [value for _, value in slider.widget.options] == [0, *BATCH_ROWS]
    slider.follow(777)
    assert [value for _, value in slider.widget.options][4:7] == [500, 777, 1000]
    assert (slider.widget.value, wishes.taken) == (777, [])  # following wishes nothing
    slider.widget.value = 500
    wishes.is_open = False
    slider.widget.value = 100
    assert (slider.widget.value, wishes.taken) == (500, [500])
    wishes.is_open = True
    slider.widget.value = 0
    assert wishes.taken == [500, None]
    budget = WishSlider("Budget", (128, 256), megabytes, wishes, threading.RLock(), as_set_last=True).widget
    assert (budget.value, [value for _, value in budget.options]) == (0, [128, 256, 0])


# -- the chart ------------------------------------------------------------------------------------


def test_ticks_are_round_and_reach_above_the_highest() -> None:
    assert nice_ticks(187) == (0, 50, 100, 150, 200)
    assert nice_ticks(100) == (0, 25, 50, 75, 100)
    assert nice_ticks(3) == (0, 1, 2, 3)
    for top in (0.3, 1, 7, 99, 101, 1534, 24_000):
        ticks = nice_ticks(top)
        assert 3 <= len(ticks) <= 7
        assert ticks[-2] < top <= ticks[-1] * 1.000001


def test_many_batches_share_columns_but_no_column_spans_two_stages() -> None:
    points = [Point("a", n, 1.0, 10, float(n), None) for n in range(1, 6)]
    points += [Point("b", 1, 3.0, 20, 7.0, 9.0)]
    found = columns(points, most=3)
    assert [(col.stage, col.first, col.last, col.python_mb, col.tree_mb) for col in found] == [
        ("a", 1, 2, 2.0, None),
        ("a", 3, 4, 4.0, None),
        ("a", 5, 5, 5.0, None),
        ("b", 1, 1, 7.0, 9.0),
    ]
    assert len(columns([points[0]] * 10_000)) <= 150


def _bars(svg: str, colour: str) -> list[float]:
    tree = ET.fromstring(svg)  # noqa: S314 - an SVG of our own
    rects = tree.iter("{http://www.w3.org/2000/svg}rect")
    return [float(rect.get("height", "0")) for rect in rects if colour in rect.get("style", "") and len(rect)]


def test_bars_are_as_high_as_the_memory_they_show() -> None:
    assert memory_svg(RUNNING.points).count(">batch</text>") == 1
    bars = _bars(memory_svg(RUNNING.points), "#7fa8c9")
    assert bars == pytest.approx([mb * 150 / 300 for mb in (120, 125, 150, 148)], abs=0.1)  # the axis ends at 300


def test_the_parts_of_a_column_stand_on_each_other() -> None:
    looked = Point("games", 1, 2.0, 6000, 150.0, 260.0, 40.0, 90.0)
    unseen = Point("games", 2, 2.0, 6000, 140.0, None)
    without = Point("games", 3, 2.0, 6000, 140.0, 130.0)
    found = columns([looked, unseen, without])
    assert [col.stacked_mb for col in found] == [280.0, 270.0, 140.0]  # as last seen, until it is seen to be gone
    assert [col.is_looked_at for col in found] == [True, False, True]
    assert [col.stacked_mb for col in columns([unseen, looked])] == [270.0, 280.0]  # before it, as first seen
    svg = memory_svg([looked, unseen, without])
    assert svg.count("opacity: 0.5") == 2
    assert len(_bars(svg, "#8fb58f")) == len(_bars(svg, "#e3b466")) == 2
    assert "Chromium, PSS" in svg
    assert "Chromium, PSS" not in memory_svg([without])


def test_each_batch_has_a_mark_also_where_several_share_a_column() -> None:
    points = [Point("a", number, 1.0, 10, 100.0, None) for number in range(1, 401)]
    assert memory_svg(points).count("v4") == 400
    assert len(columns(points)) < 150


def test_a_budget_is_drawn_where_it_is_near_and_told_where_it_is_not() -> None:
    assert "gk-limit" not in memory_svg(RUNNING.points, limit_mb=8000.0)
    assert "budget 8,000 MB" in memory_svg(RUNNING.points, limit_mb=8000.0)
    assert "gk-limit" in memory_svg(RUNNING.points, limit_mb=400.0)
    changed = [
        replace(point, limit_mb=limit) for point, limit in zip(RUNNING.points, (600, 600, 400, 400), strict=True)
    ]
    (line,) = re.findall(r'class="gk-limit" d="([^"]*)"', memory_svg(changed, limit_mb=400.0))
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", line)]
    assert heights == [66.0, 66.0, 66.0, 66.0, *[116.0] * 6]  # the axis ends at 600


def test_a_run_without_batches_says_so() -> None:
    assert "no batch yet" in memory_svg((), LIVE)
    assert "no batch was written" in memory_svg((), LIVE, is_over=True)


def test_the_chart_is_drawn_as_a_png_of_twice_the_size(imported: RunHandle, tmp_path: Path) -> None:
    picture = memory_picture_of(imported)
    picture.save(tmp_path / "chart.png")
    picture.save(tmp_path / "chart.svg")
    head = (tmp_path / "chart.png").read_bytes()[:24]
    assert (head[:8], int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (b"\x89PNG\r\n\x1a\n", 1520, 744)
    assert (tmp_path / "chart.svg").read_text(encoding="utf-8") == picture.svg
    assert picture.alt.startswith("Memory by batch of run 1: ")


# -- tables and lines -----------------------------------------------------------------------------


def test_a_table_reads_the_same_as_text() -> None:
    table = Table(("name", "rows"), [("club", 1200), ("a longer one", None)], "What")
    assert table.text() == "What\nname          rows\nclub          1,200\na longer one  –"


def test_seconds_have_as_many_places_in_every_row(imported: RunHandle) -> None:
    rows = [line.split() for line in memory_sheet(imported).text.splitlines()[1:] if not line.startswith("…")]
    assert all(re.fullmatch(r"\d+\.\d\d", row[3]) for row in rows)


def test_a_setting_without_a_value_says_what_that_means() -> None:
    lines = {line.split()[0]: line for line in settings_table(Settings()).text.splitlines()}
    assert re.match(r"years +all +automatic ", lines["years"])
    assert re.match(r"club_id +all ", lines["club_id"])
    assert re.match(r"batch_rows +automatic ", lines["batch_rows"])


def test_a_long_runs_table_shows_its_ends(imported: RunHandle) -> None:
    lines = memory_sheet(imported).text.splitlines()
    batches = len(figures_of(imported.data_dir, imported.run_id).points)
    assert batches > 20
    assert len(lines) == 1 + 20 + 1
    assert f"… {batches - 20} more …" in lines[11]


def test_the_receipt_says_what_came_and_what_it_took() -> None:
    data = {
        "seconds": 1.5,
        "asks": {"planned": 84, "made": 80, "from_archive": 4},
        "peak_rss_mb": 147.2,
        "peak_pss_mb": 350.4,
        "nothing_new": False,
        "tables": [
            {"table": "club", "fetched": 7, "staged": 5, "rejected": 1, "duplicates": 1, "derived": 0, "written": 5},
            {"table": "judge", "fetched": 0, "staged": 0, "rejected": 0, "duplicates": 0, "derived": 0, "written": 0},
        ],
        "push": [{"table": "club", "new": 4, "changed": 1, "same": 0, "gone": 0}],
        "left_out": ["api POST tournament 7"],
    }
    assert finished(replace(RUNNING, notices=()), data).text == (
        "Run 3 (demo, small) is done in 1.5 s: 84 asks planned, 80 made, 4 answered by the archive;"
        " peak memory 147 MB (Python's RSS, exact), 350 MB (PSS of all its processes).\n\n"
        "What the league holds\n"
        "table  fetched  = staged  + rejected  + duplicates  derived  written now\n"
        "club   7        5         1           1             0        5\n\n"
        "What was pushed to PostgreSQL\n"
        "table  new  changed  same  gone\n"
        "club   4    1        0     0\n\n"
        f"Rejected: 1 record; {command_for(RUNNING.data_dir, 'rejected')} says why.\n\n"
        "Left out: api POST tournament 7."
    )


def test_lines_are_written_when_due_and_at_the_end(imported: RunHandle) -> None:
    out = io.StringIO()
    lines = ProgressLines(imported.data_dir, imported.run_id, out)
    for _ in range(100):
        lines()
    assert out.getvalue() == ""  # nothing is due so soon
    lines.finish()
    assert out.getvalue().startswith("run 1 done, ")
    assert out.getvalue().count("\n") == 1
