"""A run's batches with their memory: as a DataFrame to work with, as a table to read."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from gomafia_kit.runs.journal import Journal
from gomafia_kit.widgets.figures import Point, figures_of
from gomafia_kit.widgets.sheets import Html, Table, shown
from gomafia_kit.widgets.words import count

if TYPE_CHECKING:
    import polars as pl

    from gomafia_kit.importer import ImportHandle

ROWS: Final = 20
"""A table to read has so many rows at most; the DataFrame has all."""
_PARTS: Final = ("tree", "driver", "chromium")


def memory_frame(handle: ImportHandle) -> pl.DataFrame:
    """One row a batch, oldest first; the columns are those that `gomafia_kit.memory_by_batch` tells of."""
    import polars as pl

    with Journal(handle.data_dir) as journal:
        batches, samples = journal.batches(handle.run_id), journal.memory(handle.run_id)
    by_part = {(sample.stage, sample.batch, sample.part): sample for sample in samples}

    def pss(stage: str, number: int, part: str) -> float | None:
        sample = by_part.get((stage, number, part))
        return None if sample is None else sample.pss_mb

    def peak(stage: str, number: int) -> float | None:
        sample = by_part.get((stage, number, "python"))
        return None if sample is None else sample.peak_rss_mb

    rows = [
        (
            batch.stage,
            batch.number,
            batch.started_at,
            batch.seconds,
            batch.rows_target,
            batch.rows,
            batch.rejected,
            peak(batch.stage, batch.number),
            *(pss(batch.stage, batch.number, part) for part in _PARTS),
        )
        for batch in batches
    ]
    return pl.DataFrame(
        rows,
        orient="row",
        schema={
            "stage": pl.String,
            "batch": pl.Int64,
            "started_at": pl.Datetime("us", "UTC"),
            "seconds": pl.Float64,
            "rows_target": pl.Int64,
            "rows": pl.Int64,
            "rejected": pl.Int64,
            "peak_python_rss_mb": pl.Float64,
            **{f"peak_{part}_pss_mb": pl.Float64 for part in _PARTS},
        },
    )


def measures_frame(handle: ImportHandle) -> pl.DataFrame:
    """One row a figure, in the order in which they were taken; see `gomafia_kit.memory_measures`."""
    import polars as pl

    with Journal(handle.data_dir) as journal:
        samples, measures = journal.memory(handle.run_id), journal.measures(handle.run_id)
    rows = [
        (sample.stage, sample.batch, sample.at, sample.part, name, figure)
        for sample in samples
        for name, figure in (
            ("pss_mb", sample.pss_mb),
            ("rss_mb", sample.rss_mb),
            ("peak_rss_mb", sample.peak_rss_mb),
        )
        if figure is not None
    ]
    rows += [(m.stage, m.batch, m.at, m.part, m.name, m.figure) for m in measures]
    return pl.DataFrame(
        rows,
        orient="row",
        schema={
            "stage": pl.String,
            "batch": pl.Int64,
            "at": pl.Datetime("us", "UTC"),
            "part": pl.String,
            "measure": pl.String,
            "value": pl.Float64,
        },
    ).sort("at", maintain_order=True)


def memory_sheet(handle: ImportHandle) -> Html:
    """The batches as a table to read; of more than `ROWS` the first and the last half."""
    points = figures_of(handle.data_dir, handle.run_id).points
    if not points:
        return shown("No batch was written in this run.")
    rows = [_row(point) for point in points]
    left_out = len(rows) - ROWS
    if left_out > 0:
        half = ROWS // 2
        gap = (f"… {count(left_out)} more …", *[""] * 5)
        rows = [*rows[:half], gap, *rows[-half:]]
    headings = ("stage", "batch", "rows", "seconds", "peak of Python, MB", "whole tree, MB")
    return shown(Table(headings, rows))


def _row(point: Point) -> tuple[object, ...]:
    seconds = Decimal(f"{point.seconds:.2f}")
    return (point.stage, point.batch, point.rows, seconds, _mb(point.python_mb), _mb(point.tree_mb))


def _mb(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
