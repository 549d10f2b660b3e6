"""gomafia_kit: the history of gomafia.pro in DuckDB, Parquet and PostgreSQL.

    import gomafia_kit as gk

    handle = gk.start_import(source="demo", scale="tiny")   # returns at once; in a notebook: a panel
    handle.wait()
    gk.receipt(handle)                                      # what came in, table by table
    gk.memory_by_batch(handle)                              # each batch: seconds, rows, peak
    with gk.open_league(handle.data_dir) as league:
        league.query("SELECT login, elo FROM player ORDER BY elo DESC LIMIT 10")

Importing this costs next to nothing: each function brings what it needs when it is called.
"""

from __future__ import annotations

import sys as _sys
from types import ModuleType as _ModuleType
from typing import TYPE_CHECKING as _TYPE_CHECKING

from gomafia_kit import memory

if _TYPE_CHECKING:
    from collections.abc import Iterator as _Iterator
    from collections.abc import Mapping as _Mapping
    from collections.abc import Sequence as _Sequence
    from pathlib import Path as _Path

    from polars import DataFrame as _DataFrame
    from pyarrow import RecordBatch as _RecordBatch

    from gomafia_kit.analyse.store import League as _League
    from gomafia_kit.importer import ImportHandle as _ImportHandle
    from gomafia_kit.settings import Settings as _Settings
    from gomafia_kit.tuner import Order as _Order
    from gomafia_kit.widgets.advice import AdviceView as _AdviceView
    from gomafia_kit.widgets.handle import RunHandle as _RunHandle
    from gomafia_kit.widgets.memory_runs import MemoryRuns as _MemoryRuns
    from gomafia_kit.widgets.picture import MemoryPicture as _MemoryPicture
    from gomafia_kit.widgets.profile import ComparisonView as _ComparisonView
    from gomafia_kit.widgets.profile import ProfileView as _ProfileView
    from gomafia_kit.widgets.receipt import Receipt as _Receipt
    from gomafia_kit.widgets.sheets import Html as _Html
    from gomafia_kit.widgets.tuner import Tuner as _Tuner
    from gomafia_kit.widgets.tuning import TuningView as _TuningView

__all__ = [
    "advice",
    "attach",
    "budget_for",
    "check_parameters",
    "check_tuning",
    "compare",
    "diagnose",
    "memory",
    "memory_by_batch",
    "memory_by_part",
    "memory_measures",
    "memory_picture",
    "memory_runs",
    "memory_table",
    "next_steps",
    "open_league",
    "open_tuner",
    "profile",
    "read_postgres",
    "receipt",
    "rejected",
    "show_settings",
    "start_import",
    "tune",
    "verify",
]


def start_import(settings: _Settings | None = None, /, *, in_process: bool = False, **parameters: object) -> _RunHandle:
    """A handle of an import that has just begun, in a process of its own; a notebook shows it as a panel.

    Give checked settings, or parameters by name (`Settings` has them all), not both; a parameter that equals its
    default counts as not given, so that environment and settings file may say otherwise. With
    `in_process` the import runs here and this returns at its end: for debugging.

    Raises SettingsError for what is wrong with a parameter, FolderError if the data folder can't be used.
    """
    from gomafia_kit import importer
    from gomafia_kit.analyse.picture import is_headless
    from gomafia_kit.settings import one_settings
    from gomafia_kit.widgets.handle import RunHandle

    chosen = one_settings(settings, parameters)
    if in_process:
        return RunHandle.of(importer.run_here(chosen))
    return RunHandle.of(importer.start(chosen, lifeline=is_headless()))


def attach(data_dir: str | _Path, run_id: int | None = None) -> _RunHandle:
    """A handle of a run started elsewhere, or ended; without a number the folder's one at work, else its newest.

    Raises FolderError if the folder has no run, or none of that number.
    """
    from gomafia_kit.widgets.handle import attached

    return attached(data_dir, run_id)


def check_parameters(namespace: _Mapping[str, object]) -> _Settings:
    """The settings that a notebook's parameters make; `namespace` is the notebook's `globals()`.

    Raises SettingsError, before anything is asked, for an unknown or misspelt name (with the nearest
    right one) and for a value of a wrong type or range.
    """
    from gomafia_kit.parameters import check
    from gomafia_kit.settings import Settings

    checked = check(namespace)
    return Settings.gather(checked.values, given=checked.given)


def show_settings(settings: _Settings) -> _Html:
    """The settings as a table: value, where it comes from, what it means. Raises SettingsError for anything else."""
    from gomafia_kit.settings import require_settings
    from gomafia_kit.widgets.sheets import settings_table

    require_settings(settings)
    return settings_table(settings)


def receipt(run: _ImportHandle | str | _Path) -> _Receipt:
    """The account of a run as tables: fetched = staged + rejected + duplicates, asks, push, peak memory.

    `run` is a handle, or a data folder (its run at work, else its newest). A run that hasn't ended well
    shows how far it got and why. Raises FolderError if the folder has no run, SettingsError for what is neither.
    """
    from gomafia_kit.widgets.handle import as_handle
    from gomafia_kit.widgets.receipt import receipt_of

    return receipt_of(as_handle(run))


def rejected(run: _ImportHandle | str | _Path, table: str | None = None) -> _DataFrame:
    """The records of a folder that were refused, one row each: of all tables, or of one.

    Columns: table, key, field, value (as it came), rule (why it was refused), ask (the call or page that it
    stands in; `gomafia replay` reads the archived answers again). Raises SettingsError for a table that isn't there.
    """
    import polars as pl

    from gomafia_kit.runs.ledger import Ledger
    from gomafia_kit.tables import table_named
    from gomafia_kit.widgets.handle import as_handle

    if table is not None:
        table_named(table)
    with Ledger(as_handle(run).data_dir) as ledger:
        found = ledger.rejections(table)
    return pl.DataFrame(
        found, schema=dict.fromkeys(("table", "key", "field", "value", "rule", "ask"), pl.String), orient="row"
    )


def memory_by_batch(run: _ImportHandle | str | _Path) -> _DataFrame:
    """A run's batches with their memory, one row a batch, oldest first.

    Columns: stage, batch, started_at, seconds, rows_target, rows, rejected; `peak_python_rss_mb` is
    exact. `peak_tree_pss_mb` (with Chromium and its driver), `peak_driver_pss_mb` and `peak_chromium_pss_mb`
    are sampled, at most once a second; null in a batch that was over too soon. Names tell the units; `started_at` is
    in UTC. `run` is a handle, or a data folder (its run at work, else its newest); raises FolderError if there is none.
    """
    from gomafia_kit.widgets.handle import as_handle
    from gomafia_kit.widgets.memory import memory_frame

    return memory_frame(as_handle(run))


def memory_by_part(run: _ImportHandle | str | _Path) -> _DataFrame:
    """What each part of a run took, one row a stage, part and measure, in MB.

    Columns: stage, part, measure, looks (how many), first_mb, median_mb, highest_mb, last_mb. Parts are as
    `memory_measures` tells them; measures are RSS, exact (Python's); PSS, sampled; JS heap (of a page); the
    pools of DuckDB and Arrow. `run` is a handle, or a data folder (its run at work, else its newest); raises
    FolderError if there is none.
    """
    from gomafia_kit.widgets.advice import parts_frame
    from gomafia_kit.widgets.handle import as_handle

    return parts_frame(as_handle(run))


def memory_runs(namespace: _Mapping[str, object]) -> _MemoryRuns:
    """The runs that the parameters of `notebooks/memory.ipynb` name; `namespace` is the notebook's `globals()`.

    The result has `run`, `other` (handles; the latter may be None) and `compared()`. Without a `data_dir` the tiny
    demo league is imported through Chromium and by HTTP first, in seconds. Raises SettingsError, FolderError.
    """
    from gomafia_kit.widgets.memory_runs import open_runs

    return open_runs(namespace)


def advice(run: _ImportHandle | str | _Path) -> _AdviceView:
    """What a run's memory suggests, in words, with what it would save: peak, browser, batches, growth, budget.

    The result shows itself as a table; `.frame` is a DataFrame with about, seen, do (texts) and saves_mb (about so
    much off the peak, in MB; null where there is nothing to save). `run` is a handle, or a data folder (its run at
    work, else its newest); raises FolderError if there is none.
    """
    from gomafia_kit.widgets.advice import advice_view
    from gomafia_kit.widgets.handle import as_handle

    return advice_view(as_handle(run))


def budget_for(limit_mb: float) -> _DataFrame:
    """How an import fits into a memory of so many MB, one row a way of getting answers, the leanest first.

    Columns: way, limit_mb, base_mb (what is held before a batch's rows), most_rows (the longest batch that stays
    under three quarters of the limit; 0: none), peak_mb, verdict (fits, tight, too little). All `_mb` are MB, by
    measured constants. Raises SettingsError if the limit is no number of 1 or more.
    """
    from gomafia_kit.widgets.advice import budget_frame

    return budget_frame(limit_mb)


def memory_measures(run: _ImportHandle | str | _Path) -> _DataFrame:
    """Everything that was measured in a run, one row a figure: `gk.memory(run)` is the same.

    Columns: stage, batch (0 is before the first), at, part, measure, value. Parts are python, driver, chromium,
    tree (their sum); chromium.renderer and the like (its processes by kind), page.1 and on; external (the pools
    of DuckDB and Arrow); starter (the notebook's kernel or the command that started the import, measured apart).
    A measure's name ends in its unit where it isn't a count: pss_mb, rss_mb, uss_mb, peak_rss_mb (exact), blocks,
    objects, malloc_mb, gc_collections, gc_pause_ms, cpu_ms (of all threads), asks_made, thread_lag_ms, loop_lag_ms,
    duckdb_mb, arrow_mb, js_heap_mb, nodes, listeners, pages, contexts, asks_put (of the present browser), files,
    connections ... `limit_mb` of the part budget is what the batch was held to. Where the system doesn't tell PSS
    there is no pss_mb. `at` is in UTC. `run` is a handle, or a data folder (its run at work, else its newest); raises
    FolderError if there is none.
    """
    from gomafia_kit.widgets.handle import as_handle
    from gomafia_kit.widgets.memory import measures_frame

    return measures_frame(as_handle(run))


def profile(
    settings: _Settings | None = None, /, *, tracer: str = "auto", native: bool = False, **parameters: object
) -> _ProfileView:
    """Imports with somebody looking at its memory, waits for the end, and shows what was found.

    Takes what `start_import` takes; what is staged already isn't loaded again, so give a fresh `data_dir`.
    `tracer` is memray (sees native memory, draws a flame graph), tracemalloc, or auto: memray if it is installed.
    The result has `verdict` ("grows 12.3 KB a batch ..." or "flat ..."), `findings`, `lines`, `types`, `held`
    (DataFrames) and `flame_graph` (an HTML file).

    Raises the error that the run ended with; FolderError if it had too few batches to tell anything.
    """
    from gomafia_kit import importer
    from gomafia_kit.importer.profile import profile_of
    from gomafia_kit.memory.profiler import profiling
    from gomafia_kit.settings import one_settings
    from gomafia_kit.widgets.profile import ProfileView

    chosen = one_settings(settings, parameters)
    handle = importer.start(chosen, lifeline=True, profiling=profiling(tracer, native=native))
    handle.wait()
    return ProfileView(profile_of(handle.data_dir, handle.run_id))


def diagnose(run: _ImportHandle | str | _Path) -> _DataFrame:
    """What the figures of a run show to be wrong, one row each; none for a sound run.

    Columns: kind (pages, contexts, listeners, connections, threads, loop, gc, slowing), seen, remedy, where. Of what
    a stage had fewer than five looks nothing is said: connections and threads are counted at each batch, the browser
    at the sampled looks. `gomafia diagnose` names these. All columns are texts; `where` is a line of code, or empty.
    `run` is a handle, or a data folder (its run at work, else its newest); raises FolderError if there is none.
    """
    from gomafia_kit.importer.profile import diagnosed
    from gomafia_kit.widgets.handle import as_handle
    from gomafia_kit.widgets.profile import findings_frame

    handle = as_handle(run)
    return findings_frame(diagnosed(handle.data_dir, handle.run_id))


def compare(before: _ImportHandle | str | _Path, after: _ImportHandle | str | _Path) -> _ComparisonView:
    """The verdict on two runs: the peak must be at least 30% lower, in at most twice the time, for the same rows.

    Each is a handle, or a data folder (its run at work, else its newest). The result has `passed` and `verdict`. Raises
    FolderError if one hasn't ended well or wrote no row.
    """
    from gomafia_kit.importer.compare import compared
    from gomafia_kit.widgets.handle import as_handle
    from gomafia_kit.widgets.profile import ComparisonView

    one, other = as_handle(before), as_handle(after)
    return ComparisonView(compared((one.data_dir, one.run_id), (other.data_dir, other.run_id)))


def tune(
    settings: _Settings | None = None,
    /,
    *,
    sizes: _Sequence[int | str | None] | str | None = None,
    repeats: int = 3,
    transport: str = "archive",
    order_seed: int = 1,
    **parameters: object,
) -> _TuningView:
    """Tries batch sizes, each in a fresh process, in random order, `repeats` times; waits for the end.

    Takes what `start_import` takes. `sizes` are rows a batch, among them the word automatic. Answers come from the
    archive of the data folder or from the demo league (`transport` archive), or from a site on this machine by
    http or chromium; no other site is asked. Stages that nobody chose are tournaments and games; `push` alone is
    tried in a schema that is thrown away.

    The result has `trials` and `scenarios` (DataFrames), `advice` (rows, or automatic, and reason), `line`, `picture`,
    and `write()`, which puts what is recommended into the settings file. Raises SettingsError for what is wrong with
    a parameter, FolderError or NotInArchiveError if there is nothing to try with.
    """
    from gomafia_kit.settings import one_settings
    from gomafia_kit.tuner import Order, tried
    from gomafia_kit.widgets.tuning import TuningView

    chosen = one_settings(settings, parameters)
    order = Order.of(chosen, sizes, repeats, transport, order_seed)
    return TuningView(tried(order, lambda _: None))


def check_tuning(namespace: _Mapping[str, object]) -> _Order:
    """What the tuning notebook's parameters order to be tried; `namespace` is the notebook's `globals()`.

    Raises SettingsError, before anything is tried, as `check_parameters` does.
    """
    from gomafia_kit.parameters import check
    from gomafia_kit.settings import Settings
    from gomafia_kit.tuner import Order

    checked = check(namespace)
    own = {name: checked.values[name] for name in ("sizes", "repeats", "transport")}
    values = {name: value for name, value in checked.values.items() if name not in {*own, "order_seed"}}
    settings = Settings.gather(values, given=checked.given & values.keys())
    return Order.of(settings, **own, seed=checked.values["order_seed"])


def open_tuner(order: _Order) -> _Tuner:
    """A tuner of batch sizes that hasn't begun: in JupyterLab a form to choose, start, stop and write the settings.

    `await tuner.watch()` waits for its end, and begins by itself where nobody looks; `tuner.found` is what
    `tune` gives, as far as it came. Raises SettingsError for what is no order; `check_tuning` makes one.
    """
    from gomafia_kit.errors import SettingsError
    from gomafia_kit.tuner import Order
    from gomafia_kit.widgets.tuner import Tuner

    if not isinstance(order, Order):
        raise SettingsError(f"order: {order!r} is no order.", "Give what gk.check_tuning(globals()) gives.")
    return Tuner(order)


def memory_picture(run: _ImportHandle | str | _Path) -> _MemoryPicture:
    """A run's memory (MB), rows and seconds by batch, as a picture; `.save(path)` writes it as .png or .svg.

    `run` is a handle, or a data folder (its run at work, else its newest); raises FolderError if there is none.
    """
    from gomafia_kit.widgets.handle import as_handle
    from gomafia_kit.widgets.picture import memory_picture_of

    return memory_picture_of(as_handle(run))


def memory_table(run: _ImportHandle | str | _Path) -> _Html:
    """A run's batches as a table to read; of a long run its first and last.

    Columns: stage, batch, rows, seconds, peak of Python (RSS, exact) and whole tree (PSS, sampled), both in MB. `run`
    is a handle, or a data folder (its run at work, else its newest); raises FolderError if there is none.
    """
    from gomafia_kit.widgets.handle import as_handle
    from gomafia_kit.widgets.memory import memory_sheet

    return memory_sheet(as_handle(run))


def next_steps(run: _ImportHandle | str | _Path) -> _Html:
    """Where a run's rows lie now, and how to open them: from Python, in a notebook, from PostgreSQL if it was pushed.

    `run` is a handle, or a data folder (its run at work, else its newest); raises FolderError if there is none.
    """
    from gomafia_kit.widgets.handle import as_handle
    from gomafia_kit.widgets.sheets import steps_table

    return steps_table(as_handle(run))


def read_postgres(
    data_dir: str | _Path, sql: str, params: _Mapping[str, object] | None = None, *, batch_rows: int = 20_000
) -> _Iterator[_RecordBatch]:
    """What `sql` asks of the pushed tables, as Arrow batches of at most so many rows, by a cursor on the server.

    Memory stays that of a batch, however long the answer is. A parameter stands in the SQL as `$name`. The server is
    the folder's own, or the one that GOMAFIA_POSTGRES_URL names; the schema is the one that the folder was last pushed
    to, or the one that environment or settings file name by `postgres_schema`.

    All batches have the same schema, which follows from the types of the columns and never from what is in them; an
    answer without rows is one batch without rows. Truth values, numbers, texts, bytes, days, times, intervals and
    arrays of these come as Arrow has them; everything else (uuid, inet, jsonb, ranges, enums ...) as the text that
    PostgreSQL prints. A numeric is a decimal of 38 digits with the places that its column declares; one that SQL
    computes, as avg does, has 20. Nothing is rounded: where a value doesn't fit (NaN, more digits, an array of arrays,
    an interval of months, a day without end), give the column another form by round(x, 6), x::float8 or x::text.

    Raises PushError where PostgreSQL can't be reached or holds no push; SettingsError for what it can't answer and for
    two columns of one name, as the first batch is asked for, and for a value that doesn't fit, as it comes.
    """
    from gomafia_kit.analyse.read import arrow_batches
    from gomafia_kit.settings import data_folder

    return arrow_batches(data_folder(data_dir), sql, params or {}, batch_rows)


def open_league(data_dir: str | _Path, read_from: str = "duckdb") -> _League:
    """A league to ask: its tables as DataFrames, by SQL; `read_from` is duckdb, parquet or postgres.

    From postgres, server and schema are those of `read_postgres`. Raises FolderError where nothing was imported,
    SettingsError for a wrong `read_from`, PushError where PostgreSQL can't be reached or holds no push.
    """
    from gomafia_kit.analyse.store import open_league as opened

    return opened(data_dir, read_from)


class _Memory(_ModuleType):
    """`gk.memory(run)`: the package of that name would hide a function, so the package itself may be called."""

    def __call__(self, run: _ImportHandle | str | _Path) -> _DataFrame:
        """What `memory_measures` gives."""
        return memory_measures(run)


_sys.modules[memory.__name__].__class__ = _Memory


def verify(run: _ImportHandle | str | _Path, *, sample: int = 200, seed: int = 1) -> _Html:
    """Every check of a folder as a table: what each looked at, how much, and what is wrong by table and key.

    `run` is a handle, or a data folder. `sample` answers, chosen by `seed`, are parsed again and compared row by row.
    SettingsError if that is no number.
    """
    from gomafia_kit.settings import at_least, whole
    from gomafia_kit.soundness import as_plain
    from gomafia_kit.soundness import verify as look
    from gomafia_kit.widgets.handle import as_handle
    from gomafia_kit.widgets.receipt import checks_table
    from gomafia_kit.widgets.sheets import shown

    number = at_least(0, whole)("sample", sample)
    found = look(as_handle(run).data_dir, sample=number, seed=whole("seed", seed))
    return shown(checks_table([as_plain(check) for check in found]))
