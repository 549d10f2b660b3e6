from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gomafia_kit.events import AskDone, BatchDone, BatchStarted, StepDone
from gomafia_kit.memory import budget
from gomafia_kit.memory.budget import AutomaticRows, Learned, Steered, allowed, answer_bytes, choose, starting_rows
from gomafia_kit.memory.limits import memory_limit_mb
from gomafia_kit.memory.probe import Use
from gomafia_kit.runs.journal import Control

AT = datetime(2026, 3, 1, tzinfo=UTC)


class Machine:
    """What a meter would have seen: memory by parts in MB."""

    def __init__(self, python: float = 100, growth: float = 0) -> None:
        self.growth_mb = growth
        self.fallen_to: float | None = None
        self.set(python)

    def look(self) -> None:
        if self.fallen_to is not None:
            self.set(self.fallen_to)

    def set(self, python: float, browser: float = 0) -> None:
        self.peaks: tuple[Use, ...] = (
            Use("python", None, python),
            *([Use("chromium", browser, browser)] if browser else []),
            Use("tree", None, python + browser),
        )


class Clock:
    """A clock that only moves when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("gomafia_kit.memory.budget.time.monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def _batch(rows: AutomaticRows, clock: Clock, seconds: float, *, filled: float = 1.0) -> int:
    """Let a batch happen that takes so long; returns its size."""
    target = rows.next_rows("games")
    rows(BatchStarted(1, "games", 1, target, AT))
    clock.now += seconds
    rows(BatchDone(1, "games", 1, int(target * filled), 0, seconds, AT))
    return target


@pytest.mark.parametrize(
    ("limit_mb", "rows"), [(96, 1_000), (256, 10_000), (512, 10_000), (1024, 20_000), (24_000, 20_000)]
)
def test_the_first_batches_are_as_the_memory_is(limit_mb: float, rows: int) -> None:
    assert starting_rows(limit_mb) == rows
    assert AutomaticRows(limit_mb).next_rows("games") == rows


@pytest.mark.parametrize(("limit_mb", "megabytes"), [(64, 2), (256, 10), (1024, 42), (24_000, 64)])
def test_one_answer_may_have_a_part_of_the_limit(limit_mb: float, megabytes: int) -> None:
    assert answer_bytes(limit_mb) >> 20 == megabytes


def test_batches_grow_as_long_as_it_pays(clock: Clock) -> None:
    """A commit costs 50 ms, a row 20 µs: beyond 40,000 rows there is little to win."""
    rows = AutomaticRows(512, Machine())
    sizes = [_batch(rows, clock, 0.05 + 20e-6 * rows.next_rows("games")) for _ in range(20)]
    assert sizes[:6] == [10_000, 10_000, 20_000, 20_000, 40_000, 40_000]
    best = 1 / 20e-6
    assert sizes[-1] / (0.05 + 20e-6 * sizes[-1]) > 0.9 * best


def test_where_the_size_hardly_matters_the_shorter_batch_is_kept(clock: Clock) -> None:
    rows = AutomaticRows(512, Machine())
    sizes = [_batch(rows, clock, rows.next_rows("games") / 30_000) for _ in range(8)]
    assert sizes == [10_000, 10_000, 20_000, 20_000, 10_000, 10_000, 10_000, 10_000]


def test_batches_that_the_clock_or_a_stage_cut_teach_nothing(clock: Clock) -> None:
    rows = AutomaticRows(512, Machine())
    assert {_batch(rows, clock, 60, filled=0.1) for _ in range(10)} == {10_000}


def test_each_stage_learns_for_itself(clock: Clock) -> None:
    rows = AutomaticRows(512, Machine())
    for _ in range(4):
        _batch(rows, clock, 1)
    assert rows.next_rows("clubs") == 10_000
    assert rows.next_rows("games") > 10_000


def test_a_slow_batch_by_chance_is_made_up_for() -> None:
    learned = Learned()
    for target, seconds in ((1000, 1.0), (1000, 1.0), (2000, 9.0), (2000, 1.0), (2000, 1.0)):
        learned.add(target, target, seconds, 0)
    assert choose(learned, 1000, 100_000) == 4000


def test_the_memory_of_a_row_bounds_the_batch() -> None:
    """2 MB for 1,000 rows, and 75% of 256 MB less what is taken before: 46,000 rows."""
    learned = Learned()
    learned.add(1000, 1000, 1, 80.0)  # the first: libraries are loaded
    for growth_mb in (2.0, 60.0, 2.0):
        learned.add(1000, 1000, 1, growth_mb)
    assert allowed(learned, 256, 100) == 46_000
    assert allowed(learned, 256, 191.9) == budget.LEAST_ROWS
    assert allowed(Learned(), 256, 100) == budget.MOST_ROWS


def test_a_short_batch_says_nothing_of_a_rows_memory() -> None:
    learned = Learned()
    learned.add(1000, 1000, 1, 0.0)
    learned.add(1000, 30, 1, 90.0)
    assert allowed(learned, 256, 100) == budget.MOST_ROWS


def test_batches_that_fit_into_memory_that_is_held_anyway_are_not_bounded() -> None:
    learned = Learned()
    for _ in range(4):
        learned.add(1000, 1000, 1, 0.0)
    assert allowed(learned, 256, 230) == budget.MOST_ROWS


def test_at_80_percent_batches_shrink_and_it_is_said_once(clock: Clock) -> None:
    told: list[str] = []
    machine = Machine()
    rows = AutomaticRows(512, machine, told.append)
    _batch(rows, clock, 1)
    machine.set(150, browser=280)
    _batch(rows, clock, 1)
    assert rows.next_rows("games") == 5_000
    _batch(rows, clock, 1)
    assert rows.next_rows("games") == 2_500
    assert rows.verdict() is None
    assert told == ["Memory: 430 MB of 512 MB are taken (python 150 MB, chromium 280 MB); batches are made shorter."]


def test_with_room_again_batches_grow_again(clock: Clock) -> None:
    machine = Machine(python=430)
    rows = AutomaticRows(512, machine)
    for _ in range(8):
        _batch(rows, clock, 1)
    assert rows.next_rows("games") == budget.LEAST_ROWS
    machine.set(100)
    sizes = [_batch(rows, clock, 1) for _ in range(6)]
    assert sizes[-1] >= 500


def test_at_95_percent_there_is_a_reason_to_stop() -> None:
    machine = Machine(python=480)
    rows = AutomaticRows(512, machine)
    assert rows.verdict() is None
    machine.set(200, browser=290)
    error = rows.verdict()
    assert error is not None
    assert error.message == (
        "The import takes 490 MB of the 512 MB it may (python 200 MB, chromium 290 MB): "
        "it stopped before the system would end it."
    )
    assert error.remedy == (
        "Run again with a larger memory_limit_mb, or with via=http: a browser takes the most,"
        " to go on: nothing is lost."
    )


def test_where_the_system_is_what_holds_a_setting_is_no_remedy() -> None:
    error = AutomaticRows(memory_limit_mb(), Machine(python=memory_limit_mb())).verdict()
    assert error is not None
    assert error.remedy == (
        "Run again with more memory (--hard-limit, the container's or the machine's) to go on: nothing is lost."
    )


def _asked(rows: AutomaticRows) -> None:
    rows(AskDone(1, "games", "key", True, 1, 1, AT))


def test_in_the_midst_of_a_batch_it_is_told_at_once_and_ends_the_run_where_it_lasts(clock: Clock) -> None:
    told: list[str] = []
    machine = Machine(python=430)
    rows = AutomaticRows(512, machine, told.append)
    _asked(rows)
    assert told == ["Memory: 430 MB of 512 MB are taken (python 430 MB); the next batches are made shorter."]
    machine.set(490)
    _asked(rows)
    assert rows.verdict_between() is None
    clock.now += budget.LASTING_SECONDS
    _asked(rows)
    assert "takes 490 MB of the 512 MB" in str(rows.verdict_between())


def test_what_passes_ends_no_run(clock: Clock) -> None:
    machine = Machine(python=490)
    rows = AutomaticRows(512, machine)
    _asked(rows)
    machine.set(200)
    _asked(rows)
    machine.set(490)
    _asked(rows)
    clock.now += budget.LASTING_SECONDS - 0.1
    assert rows.verdict_between() is None
    clock.now += 0.1
    machine.fallen_to = 200  # it was seen long ago, and is looked at again before anything is ended
    assert rows.verdict_between() is None


def test_a_push_is_watched_too() -> None:
    told: list[str] = []
    rows = AutomaticRows(512, Machine(python=490), told.append)
    rows(StepDone(1, "push", "seat sent", AT))
    assert told == [
        "Memory: 490 MB of 512 MB are taken (python 490 MB); at 486 MB the run ends before the system would end it."
    ]
    assert rows.verdict_between(0) is not None


def test_a_size_that_was_chosen_is_kept_while_memory_lasts(clock: Clock) -> None:
    machine = Machine()
    rows = AutomaticRows(512, machine, rows=3000)
    assert {_batch(rows, clock, 1) for _ in range(6)} == {3000}
    assert AutomaticRows(512, machine, rows=900_000).next_rows("games") == 900_000
    machine.set(430)
    _batch(rows, clock, 1)
    assert rows.next_rows("games") == 1500


def test_a_persons_wish_wins_while_there_is_one() -> None:
    wishes = [Control("run", None, None)]
    steered = Steered(AutomaticRows(24_000), lambda: wishes[-1])
    assert steered.next_rows("games") == 20_000
    wishes.append(Control("run", 7, None))
    assert steered.next_rows("games") == 7
    wishes.append(Control("run", None, None))
    assert steered.next_rows("games") == 20_000
    assert steered.verdict() is None


def test_a_budget_that_is_wished_holds_from_the_next_batch_on(clock: Clock) -> None:
    machine, wishes = Machine(), [Control("run", None, None)]
    rows = AutomaticRows(1024, machine)
    steered = Steered(rows, lambda: wishes[-1])
    machine.set(450)
    assert _batch(rows, clock, 1) == steered.next_rows("games") == 20_000
    wishes.append(Control("run", None, 512))
    assert steered.next_rows("games") == 20_000
    _batch(rows, clock, 1)
    assert steered.next_rows("games") == 10_000
    assert steered.verdict() is None
    wishes.append(Control("run", None, 470))
    assert "470 MB it may" in str(steered.verdict())
    wishes.append(Control("run", None, None))
    assert steered.verdict() is None
    assert rows.limit_mb == 1024
    wishes.append(Control("run", 50_000, 1_000_000))
    assert steered.next_rows("games") == rows.most_rows < 50_000  # still short of memory by the last batch
    assert rows.limit_mb == memory_limit_mb()  # no budget is larger than what the system gives


@given(
    commit_seconds=st.floats(0, 0.5),
    row_seconds=st.floats(1e-6, 1e-2),
    mb_a_row=st.floats(0, 0.02),
    limit_mb=st.floats(128, 32_000),
)
def test_whatever_it_learns_the_plan_stays_in_the_budget(
    commit_seconds: float, row_seconds: float, mb_a_row: float, limit_mb: float
) -> None:
    """A batch whose rows cost what they cost before never plans beyond three quarters of the limit."""
    learned, size, idle = Learned(), starting_rows(limit_mb), 0.4 * limit_mb
    for _ in range(40):
        learned.add(size, size, commit_seconds + size * row_seconds, size * mb_a_row)
        most = allowed(learned, limit_mb, idle)
        size = choose(learned, starting_rows(limit_mb), most)
        assert 1 <= size <= budget.MOST_ROWS
        if learned.mb_a_row and size > budget.LEAST_ROWS:
            assert idle + size * mb_a_row <= budget.AIM_AT * limit_mb * 1.001
