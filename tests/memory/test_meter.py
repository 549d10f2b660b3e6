from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gomafia_kit.events import AskDone, BatchDone, BatchStarted, StageDone, StageStarted
from gomafia_kit.memory.meter import Meter
from gomafia_kit.memory.probe import Probe
from gomafia_kit.runs.journal import Journal, MemorySample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_peak() -> None:
    """The mark of this process's highest RSS is put back: what tests before took doesn't count."""
    Probe().peak_rss_mb()


@pytest.fixture
def journal(data_dir: Path) -> Iterator[Journal]:
    with Journal(data_dir) as opened:
        yield opened


def _begin(meter: Meter, number: int) -> None:
    meter(BatchStarted(1, "games", number, 1000, AT))


def _end(meter: Meter, number: int) -> None:
    meter(BatchDone(1, "games", number, 1000, 0, 0.1, AT))


def _samples(journal: Journal, part: str) -> dict[int, MemorySample]:
    return {sample.batch: sample for sample in journal.memory(1) if sample.part == part}


def test_each_batch_has_its_own_peak(journal: Journal) -> None:
    journal.begin({})
    meter = Meter(journal, 1)
    for number, megabytes in ((1, 5), (2, 300), (3, 5)):
        _begin(meter, number)
        held = bytearray(b"x" * 4096) * (megabytes * 256)
        del held
        _end(meter, number)
    python = _samples(journal, "python")
    assert sorted(python) == [0, 1, 2, 3]
    assert python[0].peak_rss_mb is None
    peaks = [python[number].peak_rss_mb or 0 for number in (1, 2, 3)]
    # Less than was held: what earlier tests gave back may fall at the same time.
    assert peaks[1] > peaks[0] + 150
    assert peaks[1] > peaks[2] + 150


def test_what_the_run_takes_behind_its_last_stage_is_written_too(journal: Journal) -> None:
    journal.begin({})
    meter = Meter(journal, 1)
    meter(StageStarted(1, "games", 1, AT))
    _begin(meter, 1)
    _end(meter, 1)
    meter(StageDone(1, "games", 0.1, AT))
    held = bytearray(b"x" * 4096) * (300 * 256)
    del held
    meter.end()
    python = _samples(journal, "python")
    assert sorted(python) == [0, 1, 2, 3]
    assert (python[3].peak_rss_mb or 0) > (python[2].peak_rss_mb or 0) + 150


def test_a_run_without_a_batch_has_nothing_behind_it(journal: Journal) -> None:
    journal.begin({})
    Meter(journal, 1).end()
    assert not journal.memory(1)


def test_the_first_batch_has_every_figure_however_short_it_is(journal: Journal) -> None:
    journal.begin({})
    meter = Meter(journal, 1)
    _begin(meter, 1)
    _end(meter, 1)
    tree = _samples(journal, "tree")
    assert sorted(tree) == [0, 1]
    assert all((sample.pss_mb or 0) > 5 for sample in tree.values())


def test_the_tree_is_looked_at_once_a_second_at_most(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [5000.0]
    monkeypatch.setattr("gomafia_kit.memory.meter.time.monotonic", lambda: clock[0])
    journal.begin({})
    meter = Meter(journal, 1)
    for number in range(1, 31):  # ten batches a second
        _begin(meter, number)
        clock[0] += 0.05
        meter(AskDone(1, "games", "key", True, 1, 1, AT))
        clock[0] += 0.05
        _end(meter, number)
    assert sorted(_samples(journal, "python")) == list(range(31))
    looked_at = sorted(_samples(journal, "tree"))
    assert looked_at[:2] == [0, 1]
    assert len(looked_at) <= 5


def test_a_browser_that_takes_anothers_place_is_looked_at_with_its_first_ask(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gomafia_kit.memory.meter.time.monotonic", lambda: 5000.0)
    monkeypatch.setattr("gomafia_kit.memory.meter.time.process_time", lambda: 60.0)
    journal.begin({})
    meter = Meter(journal, 1)
    for number in (1, 2):
        _begin(meter, number)
        _end(meter, number)
    meter.forget_browser()
    for number, made in ((3, False), (4, True), (5, True)):
        _begin(meter, number)
        meter(AskDone(1, "games", "key", made, 1, 1, AT))
        _end(meter, number)
    assert sorted(_samples(journal, "tree")) == [0, 1, 4]


def test_between_two_looks_python_is_seen_to_rise(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a polite pace looks would cost too much: the next one is half a minute off, and a batch may last longer."""
    clock = [5000.0]
    monkeypatch.setattr("gomafia_kit.memory.meter.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("gomafia_kit.memory.meter.time.process_time", lambda: 0.1)
    journal.begin({})
    meter = Meter(journal, 1)
    meter(StageStarted(1, "games", 1, AT))
    _begin(meter, 1)
    before = meter.peaks[-1].best_mb
    held = bytearray(b"x" * 4096) * (80 * 256)
    clock[0] += 2
    meter(AskDone(1, "games", "key", True, 1, 1, AT))
    del held
    assert meter.peaks[-1].best_mb > before + 60
    shown = {sample.part: sample for sample in journal.latest_look(1)}
    assert {(sample.stage, sample.batch) for sample in shown.values()} == {("games", 1)}
    assert (shown["tree"].pss_mb or 0) == pytest.approx(meter.peaks[-1].best_mb, abs=1)
    assert (shown["python"].rss_mb or 0) > before + 60


def test_the_budget_sees_the_peak_and_not_what_is_left_of_it(journal: Journal) -> None:
    journal.begin({})
    meter = Meter(journal, 1)
    _begin(meter, 1)
    _end(meter, 1)
    before = meter.peaks
    _begin(meter, 2)
    held = bytearray(b"x" * 4096) * (70 * 256)
    del held
    _end(meter, 2)
    assert [use.part for use in meter.peaks] == ["python", "tree"]
    # Others may share fewer pages meanwhile, and what tests before took may be given back.
    assert meter.peaks[0].best_mb == pytest.approx(before[0].best_mb + 70, abs=25)
    assert meter.peaks[1].best_mb == meter.peaks[0].best_mb
    assert meter.growth_mb == pytest.approx(70, abs=15)


def test_gauges_stand_beside_each_batch_and_dear_ones_where_the_tree_was_looked_at(journal: Journal) -> None:
    journal.begin({})
    meter = Meter(journal, 1, cheap=(lambda: [("python", "blocks", 7.0)],), dear=(lambda: [("page.1", "nodes", 20.0)],))
    for number in (1, 2, 3):
        _begin(meter, number)
        _end(meter, number)
    found = journal.measures(1)
    assert [m.batch for m in found if m.name == "blocks"] == [0, 1, 2, 3]
    assert [m.batch for m in found if m.name == "nodes"] == [0, 1]
    assert {m.part for m in found if m.name == "uss_mb"} >= {"python", "tree", "starter"}


def test_without_pss_the_samples_say_so(journal: Journal) -> None:
    journal.begin({})
    meter = Meter(journal, 1, Probe(with_pss=False))
    _begin(meter, 1)
    _end(meter, 1)
    assert [sample.pss_mb for sample in journal.memory(1)] == [None] * 4
    assert {m.name for m in journal.measures(1) if m.part == "tree"} == {"uss_mb"}
    assert meter.peaks[-1].best_mb > 5


def test_what_publishing_and_pushing_take_is_not_lost(journal: Journal) -> None:
    """Between batches it counts with the next one, at the stage's end it has a line of its own."""
    journal.begin({})
    meter = Meter(journal, 1)
    meter(StageStarted(1, "games", 0, AT))
    _begin(meter, 1)
    _end(meter, 1)
    held = bytearray(b"x" * 4096) * (60 * 256)
    del held
    _begin(meter, 2)
    _end(meter, 2)
    meter(StageDone(1, "games", 1.0, AT))
    meter(StageStarted(1, "push", 0, AT))
    held = bytearray(b"x" * 4096) * (60 * 256)
    del held
    meter(StageDone(1, "push", 1.0, AT))
    samples = [sample for sample in journal.memory(1) if sample.part == "python"]
    assert [(sample.stage, sample.batch) for sample in samples] == [
        ("games", 0),
        ("games", 1),
        ("games", 2),
        ("games", 3),
        ("push", 1),
    ]
    assert low_and_high(samples) == [False, True, False, True]


def low_and_high(samples: list[MemorySample]) -> list[bool]:
    """For each sample but the first, whether its peak stands out."""
    least = min(sample.peak_rss_mb or 0 for sample in samples[1:])
    return [(sample.peak_rss_mb or 0) > least + 40 for sample in samples[1:]]
