"""A run's memory to read: by part, what it suggests, and how an import fits into a memory."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final

from gomafia_kit.memory.advice import advice_on
from gomafia_kit.memory.calculator import fits
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import at_least, number
from gomafia_kit.widgets.sheets import Html, Table, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from gomafia_kit.importer import ImportHandle
    from gomafia_kit.memory.advice import Advice

NO_BATCH: Final = "No batch was written in this run: there is nothing to advise."
_ORDER: Final = ("tree", "python", "driver", "chromium", "page", "external", "starter", "budget")
_POOLS: Final = {"duckdb_mb": "DuckDB's pool", "arrow_mb": "Arrow's pool"}


class AdviceView:
    """The advice on a run: shows itself as a table; `advice` holds it one by one."""

    def __init__(self, advice: list[Advice]) -> None:
        self.advice = advice

    @property
    def frame(self) -> pl.DataFrame:
        """One row each: about, seen, do, saves_mb (null where there is nothing to save)."""
        import polars as pl

        rows = [(one.about, one.seen, one.do, one.saves_mb) for one in self.advice]
        schema = {"about": pl.String, "seen": pl.String, "do": pl.String, "saves_mb": pl.Float64}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _shown(self) -> Html:
        if not self.advice:
            return shown(NO_BATCH)
        rows = [
            (one.about, one.seen, one.do, None if one.saves_mb is None else round(one.saves_mb)) for one in self.advice
        ]
        return shown(Table(("about", "what was seen", "what to do", "saves about, MB"), rows))

    def _repr_html_(self) -> str:
        return self._shown().html

    def __repr__(self) -> str:
        return self._shown().text


def advice_view(handle: ImportHandle) -> AdviceView:
    """The advice on a run as it stands."""
    return AdviceView(advice_on(handle.data_dir, handle.run_id))


def parts_frame(handle: ImportHandle) -> pl.DataFrame:
    """One row a stage and part; the columns are those that `gomafia_kit.memory_by_part` tells of."""
    import polars as pl

    seen: dict[tuple[str, str, str], list[float]] = {}
    for stage, part, measure, figure in _figures(handle):
        seen.setdefault((stage, part, measure), []).append(figure)
    stages = list(dict.fromkeys(stage for stage, _, _ in seen))
    ordered = sorted(seen.items(), key=lambda item: (stages.index(item[0][0]), _place(item[0][1]), item[0][1]))
    rows = [
        (stage, part, measure, len(figures), figures[0], median(figures), max(figures), figures[-1])
        for (stage, part, measure), figures in ordered
    ]
    schema = {
        "stage": pl.String,
        "part": pl.String,
        "measure": pl.String,
        "looks": pl.Int64,
        **dict.fromkeys(("first_mb", "median_mb", "highest_mb", "last_mb"), pl.Float64),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _place(part: str) -> int:
    """Where a part stands: as the tree is made up, then what is beside it."""
    kind = part.partition(".")[0]
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _figures(handle: ImportHandle) -> Iterator[tuple[str, str, str, float]]:
    """Stage, part, measure, MB of every look."""
    with Journal(handle.data_dir) as journal:
        samples, measures = journal.memory(handle.run_id), journal.measures(handle.run_id)
    has_exact = any(sample.peak_rss_mb is not None for sample in samples)
    for sample in samples:
        if sample.peak_rss_mb is not None:
            yield sample.stage, sample.part, "RSS, exact", sample.peak_rss_mb
        if sample.pss_mb is not None:
            yield sample.stage, sample.part, "PSS, sampled", sample.pss_mb
        elif sample.peak_rss_mb is None and sample.rss_mb is not None and not (has_exact and sample.part == "python"):
            yield sample.stage, sample.part, "RSS, sampled", sample.rss_mb
    for measure in measures:
        if measure.name in _POOLS:
            yield measure.stage, measure.part, _POOLS[measure.name], measure.figure
        elif measure.name == "pss_mb":
            yield measure.stage, measure.part, "PSS, sampled", measure.figure
        elif measure.name == "js_heap_mb":
            yield measure.stage, measure.part, "JS heap", measure.figure


def budget_frame(limit_mb: float) -> pl.DataFrame:
    """How each way of getting answers fits into a memory; see `gomafia_kit.budget_for`."""
    import polars as pl

    found = fits(at_least(1, number)("limit_mb", limit_mb))
    rows = [(fit.way, fit.limit_mb, fit.base_mb, fit.most_rows, fit.peak_mb, fit.verdict) for fit in found]
    schema = {
        "way": pl.String,
        "limit_mb": pl.Float64,
        "base_mb": pl.Float64,
        "most_rows": pl.Int64,
        "peak_mb": pl.Float64,
        "verdict": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
