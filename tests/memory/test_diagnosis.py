"""A stage that slows down: told from a machine that is busy for a moment; and what was looked at too seldom to tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gomafia_kit.memory.diagnosis import findings_of, too_few_looks
from gomafia_kit.runs.journal import Batch, Measure

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.memory.diagnosis import Finding

AT = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = 1000


def _findings(
    seconds: Callable[[int], float],
    cpu_ms: Callable[[int], float],
    asks: Callable[[int], float] = lambda _: 0.0,
    count: int = 60,
) -> list[Finding]:
    numbers = range(1, count + 1)
    batches = [Batch("games", n, AT, seconds(n), ROWS, ROWS, 0) for n in numbers]
    measures = [
        Measure("games", n, AT, "python", name, figure(n))
        for n in numbers
        for name, figure in (("cpu_ms", cpu_ms), ("asks_made", asks))
    ]
    return findings_of(measures, batches)


def test_a_stage_that_computes_more_for_a_row_is_named_at_once() -> None:
    (finding,) = _findings(lambda n: 0.1 * n, lambda n: 90.0 * n)
    assert finding.seen == (
        "games slows down: 1,000 rows/s in its first third, 200 in its last; "
        "a row takes 4.50 ms of computing, at first 0.90."
    )
    assert "gomafia profile" in finding.remedy


def test_a_machine_that_is_busy_for_seconds_is_nobodys_fault() -> None:
    assert not _findings(lambda n: 0.1 if n < 40 else 0.5, lambda _: 90.0, lambda _: 5.0)


def test_answers_that_come_later_and_later_are_named_where_it_lasts() -> None:
    (finding,) = _findings(lambda n: 5.0 if n < 40 else 25.0, lambda _: 90.0, lambda _: 5.0)
    assert finding.seen == "games slows down: 1.00 asks/s in its first third, 0.20 in its last."
    assert "the site" in finding.remedy


def test_pages_with_fewer_rows_are_no_slowing_down() -> None:
    """Old tournaments are smaller: at the same pace there are fewer rows a second."""
    assert not _findings(lambda n: 5.0 if n < 40 else 25.0, lambda _: 90.0, lambda n: 5.0 if n < 40 else 25.0)


def test_without_figures_nothing_is_named() -> None:
    assert not _findings(lambda n: 4.0 * n, lambda _: 0.0)


def test_few_batches_or_a_short_slow_time_say_nothing() -> None:
    assert not _findings(lambda n: 10.0 * n, lambda n: 90.0 * n, lambda _: 5.0, count=24)
    assert not _findings(lambda n: 10.0 if n < 50 else 50.0, lambda n: 90.0 if n < 50 else 900.0, lambda _: 5.0)


def test_more_computing_that_nobody_waits_for_is_not_named() -> None:
    assert not _findings(lambda _: 10.0, lambda n: 90.0 * n, lambda _: 5.0)


def test_what_was_looked_at_too_seldom_is_said_and_is_no_finding() -> None:
    looks = {("chromium", "pages"): 4, ("chromium", "contexts"): 4, ("python", "connections"): 60}
    measures = [Measure("games", n, AT, *what, 7.0 * n) for what, count in looks.items() for n in range(1, count + 1)]
    (finding,) = findings_of(measures, [])
    assert finding.kind == "connections"
    assert too_few_looks(measures) == [
        "Too few looks to tell whether pages, contexts pile up (5 are needed): 4 in games."
    ]
    assert too_few_looks([]) == []
