"""What the tuner found, to read and to work with: trials, recommendation, the guide's table filled, a picture."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING, Any

from gomafia_kit.errors import SettingsError
from gomafia_kit.tuner import advice_of, scenarios_of, write_settings
from gomafia_kit.widgets.picture import MemoryPicture
from gomafia_kit.widgets.sheets import Html, Table, shown
from gomafia_kit.widgets.tuning_chart import tuning_svg
from gomafia_kit.widgets.words import NONE, count, counted

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from gomafia_kit.tuner import Advice, Scenario, Tuning


class TuningView:
    """A tuning: shows itself as tables; `tuning` is what was measured."""

    def __init__(self, tuning: Tuning) -> None:
        self.tuning = tuning

    @property
    def trials(self) -> pl.DataFrame:
        """One row a trial, in the order in which they were tried.

        Columns: repeat, batch_rows (what was tried; null: automatic), longest_batch (rows of the longest that came
        about), batches, rows, seconds, cpu_seconds (of the whole process), rows_a_second; in MB peak_mb (what counts
        in a budget), peak_python_rss_mb (exact), peak_browser_pss_mb and peak_tree_pss_mb (sampled; the latter null
        where the system doesn't tell it); ended (done, or the class of the error).
        """
        import polars as pl

        rows = [
            (
                t.repeat,
                t.batch_rows,
                t.longest,
                t.batches,
                t.rows,
                t.seconds,
                t.cpu_seconds,
                t.rate,
                self.tuning.peak_mb(t),
                t.peak_rss_mb,
                t.browser_mb,
                t.peak_pss_mb,
                t.ended,
            )
            for t in self.tuning.trials
        ]
        whole = ("repeat", "batch_rows", "longest_batch", "batches", "rows")
        parts = (
            "seconds",
            "cpu_seconds",
            "rows_a_second",
            "peak_mb",
            "peak_python_rss_mb",
            "peak_browser_pss_mb",
            "peak_tree_pss_mb",
        )
        schema: dict[str, Any] = dict.fromkeys(whole, pl.Int64) | dict.fromkeys(parts, pl.Float64)
        return pl.DataFrame(rows, schema={**schema, "ended": pl.String}, orient="row")

    @property
    def advice(self) -> Advice:
        """The size to take, and why."""
        return advice_of(self.tuning)

    @property
    def line(self) -> str:
        """The fitted line of memory in words."""
        return line_words(self.tuning)

    @property
    def scenarios(self) -> pl.DataFrame:
        """The old guide's table with this machine's figures, one row a scenario; memory in MB, rates in rows a second.

        Columns: scenario, limit_mb; of the guide guide_from and guide_to (its rows a batch), guide_peak_mb,
        guide_rate_from and guide_rate_to (what they bring here); rows (the fixed size to take; null if none fits),
        peak_mb, peak_mb_at_most (95%) and rows_a_second with it; automatic_start (rows of the first automatic batch);
        how (whether the guide's figures are measured or derived).
        """
        import polars as pl

        return pl.DataFrame(
            [
                {
                    "scenario": s.name,
                    "limit_mb": s.limit_mb,
                    "guide_from": s.guide[0],
                    "guide_to": s.guide[1],
                    "guide_peak_mb": s.guide_peak_mb,
                    "guide_rate_from": s.guide_rate[0],
                    "guide_rate_to": s.guide_rate[1],
                    "rows": s.rows,
                    "peak_mb": s.peak_mb,
                    "peak_mb_at_most": s.high_mb,
                    "rows_a_second": s.rate,
                    "automatic_start": s.automatic_start,
                    "how": s.how,
                }
                for s in scenarios_of(self.tuning)
            ]
        )

    @property
    def picture(self) -> MemoryPicture:
        """Rows/s and peak memory against the batch size, with the fitted line and its band."""
        return MemoryPicture(tuning_svg(self.tuning), f"{counted(len(self.tuning.trials), 'trial')}. {self.line}")

    def write(self) -> Path:
        """Write the recommended batch size, and the budget if one was given, into the settings file; its path.

        Where it is recommended to leave the size automatic, `batch_rows` is taken out of the file.

        Raises SettingsError if no size is recommended.
        """
        values = settings_to_write(self.tuning)
        if not values:
            raise SettingsError("No batch size is recommended: nothing is written.", self.advice.reason)
        return write_settings(values)

    def sheet(self) -> Html:
        """Everything as tables to read."""
        advice = self.advice
        return shown(
            f"Recommended: {advice_words(advice)}. {advice.reason}",
            sizes_table(self.tuning),
            self.line,
            *scenario_pieces(scenarios_of(self.tuning)),
        )

    def _repr_html_(self) -> str:
        return self.sheet().html

    def __repr__(self) -> str:
        return self.sheet().text


def advice_words(advice: Advice) -> str:
    """What is recommended, without the reason."""
    if advice.automatic:
        return "leave it automatic"
    return NONE if advice.rows is None else f"{count(advice.rows)} rows a batch"


def settings_to_write(tuning: Tuning) -> dict[str, Any]:
    """The settings that the recommendation stands for: `batch_rows` None is automatic; none without one."""
    advice, limit = advice_of(tuning), tuning.order.settings.memory_limit_mb
    if not advice.is_something:
        return {}
    return {"batch_rows": advice.rows} | ({} if limit is None else {"memory_limit_mb": limit})


def written_words(tuning: Tuning, path: Path) -> str:
    """What the settings file says, once the recommendation is written into it."""
    told = [
        f"{name} left out: automatic" if value is None else f"{name} = {value}"
        for name, value in settings_to_write(tuning).items()
    ]
    return f"Written into {path}: {', '.join(told)}."


def line_words(tuning: Tuning) -> str:
    """The fitted line of memory in words, with its 95% bounds."""
    line = tuning.memory
    if line.error is None or not line.spread:
        return "Too few sizes were tried to tell how memory grows with them."
    places = [trial.longest for trial in tuning.done]
    low, high = line.bounds(max(places))
    slope, margin = line.slope * 1000, (high - line.at(max(places))) * 1000 / max(1.0, max(places) - line.middle)
    highest = f"{line.at(max(places)):.0f} MB"
    bounds = f"95%: {slope - margin:.2f} to {slope + margin:.2f}"
    if slope <= margin:
        return (
            f"Peak memory is {line.level:.0f} MB whatever the size: from 1,000 rows of a batch to the next 1,000 it"
            f" changes by {slope:.2f} MB ({bounds}), up to the longest one of {count(max(places))} rows."
            f"{_after(tuning)}"
        )
    return (
        f"Peak memory is {line.at(0):.0f} MB and {slope:.2f} MB more for each 1,000 rows of a batch"
        f" ({bounds}); at {count(max(places))} rows {highest} ({low:.0f} to {high:.0f})."
    )


def _after(tuning: Tuning) -> str:
    """What takes the most, if it isn't the batches."""
    less = median(trial.peak_rss_mb - trial.batch_rss_mb for trial in tuning.done)
    if less < 1 or not all(trial.batch_rss_mb for trial in tuning.done):
        return ""
    what = "what comes after them, parts put together and published"
    return f" Not the batches take the most, but {what}: {less:.0f} MB more."


def sizes_table(tuning: Tuning) -> Table:
    """Each size with its trials together: the fastest, the median of their peaks, and from which to which."""
    rows: list[tuple[object, ...]] = []
    for size in tuning.order.sizes:
        done = [trial for trial in tuning.done if trial.batch_rows == size]
        name = "automatic" if size is None else count(size)
        if not done:
            ended = {trial.ended for trial in tuning.trials if trial.batch_rows == size} or {"not tried"}
            rows.append((name, NONE, NONE, NONE, ", ".join(sorted(ended))))
            continue
        rates, peaks = [trial.rate for trial in done], [tuning.peak_mb(trial) for trial in done]
        rows.append(
            (
                name,
                max(trial.batches for trial in done),
                _span(max(rates), rates, 0),
                _span(median(peaks), peaks, 1),
                counted(len(done), "trial"),
            )
        )
    title = f"What was tried: {tuning.order.words}"
    return Table(("rows a batch", "batches", "rows/s", "peak, MB", "tried"), rows, title)


def scenario_pieces(scenarios: list[Scenario]) -> list[Table | str]:
    """The guide's table with this machine's figures beside it."""
    if not scenarios:
        return []
    head = (
        "scenario",
        "MB",
        "the guide",
        "gives rows/s",
        "and MB",
        "fixed here",
        "gives rows/s",
        "and MB (95% under)",
        "the guide's rates",
    )
    rows = [
        (
            s.name,
            count(round(s.limit_mb)),
            str(s.guide[0]) if s.guide[0] == s.guide[1] else f"{s.guide[0]}-{s.guide[1]}",
            f"{count(round(s.guide_rate[0]))} to {count(round(s.guide_rate[1]))}",
            f"{s.guide_peak_mb:.0f}",
            NONE if s.rows is None else count(s.rows),
            NONE if s.rows is None else count(round(s.rate)),
            f"{s.peak_mb:.0f} ({s.high_mb:.0f})" if math.isfinite(s.high_mb) else f"{s.peak_mb:.0f}",
            s.how,
        )
        for s in scenarios
    ]
    return [Table(head, rows, "The old guide's scenarios on this machine")]


def _span(chosen: float, values: list[float], digits: int) -> str:
    """One of the values, or what stands for them, and from which to which they are."""
    if len(values) == 1:
        return f"{chosen:,.{digits}f}"
    return f"{chosen:,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"
