"""What is advised on a run, on figures that are made up here: each piece of advice where it holds, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gomafia_kit.memory.advice import Advice, RunFigures, advice_of
from gomafia_kit.memory.calculator import BASE_MB, fits
from gomafia_kit.memory.peaks import peak_of
from gomafia_kit.runs.journal import Batch, Measure, MemorySample

AT = datetime(2026, 3, 1, tzinfo=UTC)
Parts = dict[str, float]


def _look(batch: int, exact: float, parts: Parts | None = None) -> list[MemorySample]:
    """A batch's samples: Python's exact RSS, and the PSS of parts where there was a look."""
    if parts is None:
        return [MemorySample("games", batch, AT, "python", None, exact, exact)]
    whole = sum(parts.values())
    return [
        *(
            MemorySample("games", batch, AT, part, mb, exact, exact if part == "python" else None)
            for part, mb in parts.items()
        ),
        MemorySample("games", batch, AT, "tree", whole, whole, None),
    ]


def _run(count: int, chromium_mb_a_page: float = 0.0, growth: float = 0.0, limit: float = 512.0) -> RunFigures:
    """A run of so many batches of ten pages each, every one looked at."""
    batches = [Batch("games", n, AT, 1.0, 500, 400 + 10 * (n % 5), 0) for n in range(1, count + 1)]
    samples: list[MemorySample] = []
    measures: list[Measure] = []
    for n in range(1, count + 1):
        browser = 150 + chromium_mb_a_page * 10 * n
        noise = 0.02 * (n % 3)
        samples += _look(n, 120 + growth * n + noise, {"python": 100.0, "driver": 50.0, "chromium": browser + noise})
        measures.append(Measure("games", n, AT, "chromium", "asks_put", 10.0 * n))
    return RunFigures(batches, samples, measures, limit)


def _about(run: RunFigures) -> dict[str, Advice]:
    return {one.about: one for one in advice_of(run)}


def test_a_browser_that_grows_is_advised_to_be_replaced_with_what_that_saves() -> None:
    advice = _about(_run(9, chromium_mb_a_page=2.0))["browser"]
    assert advice.seen.startswith("Chromium holds 69% of the peak; it grows by 2,04")
    assert advice.do == "Replace it every 30 pages: pages_per_browser=30."
    assert advice.saves_mb == pytest.approx(120, abs=1)


def test_a_browser_that_stays_as_it_is_is_left_alone() -> None:
    advice = _about(_run(9))["browser"]
    assert "KB a page at most (95%)" in advice.seen
    assert (advice.do.partition(":")[0], advice.saves_mb) == ("Leave pages_per_browser", None)


def test_of_a_few_looks_nothing_is_made() -> None:
    advice = _about(_run(3, chromium_mb_a_page=5.0, growth=5.0))
    assert "too few" in advice["browser"].seen
    assert "too few" in advice["growth"].seen
    assert "batch" not in advice


def test_growth_is_told_and_the_line_is_sought_where_it_comes_to_something() -> None:
    assert _about(_run(30))["growth"].seen.startswith("Python's peak is flat in games (95%: at most ")
    assert _about(_run(30, growth=0.1))["growth"].do == "Nothing yet."
    assert _about(_run(60, growth=1.0))["growth"].do == "Find the line: gomafia profile."


def test_long_batches_are_advised_to_be_halved_where_that_saves_something() -> None:
    batches = [Batch("games", n, AT, 1.0, 50_000, 50_000, 0) for n in range(1, 9)]
    samples = [sample for n in range(1, 9) for sample in _look(n, 160.0, {"python": 90.0})]
    low = [MemorySample("games", s.batch, AT, s.part, s.pss_mb, 110.0, s.peak_rss_mb) for s in samples]
    advice = _about(RunFigures(batches, low, [], None))["batch"]
    assert "took 1.0 MB for 1,000 rows" in advice.seen
    assert advice.do == "Halve them where memory is short: batch_rows=25000."
    assert advice.saves_mb == pytest.approx(25)
    assert _about(_run(9))["batch"].do.startswith("Leave batch_rows automatic")


def test_the_budget_is_told_beside_the_peak() -> None:
    """The peak is 300 MB of PSS, in which 100 MB are Python's: without other programs that share its pages 120."""
    assert _about(_run(9, limit=350.0))["budget"].do == "It came near: memory_limit_mb=448 leaves batches their length."
    assert _about(_run(9, limit=500.0))["budget"].do == "Nothing: it fits."
    assert _about(_run(9, limit=24_000.0))["budget"].do == "memory_limit_mb=448 is enough for a run like this."


def test_the_peak_is_told_by_part_and_a_run_without_batches_is_advised_nothing() -> None:
    peak = _about(_run(9))["peak"]
    assert "chromium 150 MB (50%), python 100 MB (33%), driver 50 MB (17%)" in peak.seen
    assert peak.saves_mb == pytest.approx(200, abs=0.1)
    assert advice_of(RunFigures([], [], [], None)) == []


def test_between_two_looks_a_peak_counts_as_python_rose() -> None:
    samples = [*_look(1, 100.0, {"python": 50.0, "chromium": 80.0}), *_look(2, 160.0), *_look(3, 120.0)]
    peak = peak_of(samples)
    assert (peak.mb, peak.batch, peak.parts) == (190.0, 2, {"python": 110.0, "chromium": 80.0})
    gone = [*samples, *_look(4, 200.0, {"python": 150.0})]
    assert peak_of(gone).parts == {"python": 110.0, "chromium": 80.0}
    assert peak_of(samples, with_pss=False).parts == {"python": 160.0, "chromium": 100.0}


def test_the_calculator_says_what_fits() -> None:
    assert [(fit.verdict, fit.most_rows > 0) for fit in fits(64)] == [("too little", False)] * len(BASE_MB)
    assert {fit.verdict for fit in fits(8192)} == {"fits"}
    assert [fit.way for fit in fits(8192)] == list(BASE_MB)
    for limit in (128, 256, 384, 512, 768, 1024, 2048):
        for fit in fits(limit):
            assert (fit.verdict == "too little") == (fit.most_rows == 0)
            assert fit.verdict != "fits" or fit.peak_mb <= 0.8 * limit
