"""The league at the real site's size, from the demo site into DuckDB, Parquet and PostgreSQL, equal to the truth.

`make soak-full`, or `python -m benchmarks.full --scale small --form page_data` to try it. Ends with exit
code 1 if a single value differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import results
from benchmarks.exactness import truth
from gomafia_kit import demo, importer
from gomafia_kit.analyse import open_league
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from gomafia_kit.tables import OPTION_OF, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gomafia_kit.runs.journal import Run

STORES = ("duckdb", "parquet", "postgres")
NOT_ASKED_FOR = {"answer", *OPTION_OF}


def main() -> int:
    """Import, compare, tell; 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="full", choices=demo.SCALES)
    parser.add_argument("--form", default="api", choices=["api", "page_data"])
    options = parser.parse_args()
    scale, form = options.scale, options.form
    print(f"{scale} as {form}, commit {results.commit()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="gomafia-full-") as folder, demo.start(scale=scale) as site:
        told: dict[str, Any] = {"source": site.url, "data_dir": folder, "form": form}
        first = _import(told)
        _tell_times(Path(folder), first)
        again = _import(told)
        print(f"Again: {_seconds(again):.1f} s, {again.receipt['asks']['made']} asks, nothing new: {_is_quiet(again)}")
        _import(told | {"staging": "parquet", "stages": "statistics"})
        wrong = [fault for store in STORES for fault in differences(Path(folder), store, site.league, form)]
    print("\n".join(wrong) or f"Every value of every table equals the league's truth in {', '.join(STORES)}.")
    print(_figures(first))
    results.append(
        f"import of {scale} as {form} into {', '.join(STORES)}",
        _figures(first) + (f"; {len(wrong)} differ" if wrong else "; exact"),
    )
    return bool(wrong) or not _is_quiet(again)


def _import(told: dict[str, Any]) -> Any:  # noqa: ANN401 - a run whose receipt stands
    return importer.start(Settings.gather(told), lifeline=True).wait()


def _is_quiet(run: Run) -> bool:
    return bool(run.receipt and run.receipt["nothing_new"])


def _seconds(run: Run) -> float:
    return float((run.receipt or {})["seconds"])


def _figures(run: Run) -> str:
    receipt = run.receipt or {}
    rows = sum(account["written"] for account in receipt["tables"])
    return (
        f"{receipt['asks']['made']:,} asks, {rows:,} rows, {receipt['seconds']:.0f} s,"
        f" peak {receipt['peak_rss_mb']:.0f} MB of Python (RSS), {receipt['peak_pss_mb']:.0f} MB of the tree (PSS)"
    )


def _tell_times(folder: Path, run: Run) -> None:
    with Journal(folder) as journal:
        for stage in journal.stages(run.run_id):
            seconds = ((stage.ended_at or stage.started_at) - stage.started_at).total_seconds()
            told = f"{stage.asks_done:7,} asks {stage.rows:10,} rows {stage.batches:4} batches"
            print(f"{stage.stage:12} {seconds:7.1f} s {told}")


def differences(folder: Path, store: str, league: demo.League, form: str) -> Iterable[str]:
    """Which tables of a store differ from the league's truth, in words."""
    started = time.monotonic()
    with open_league(folder, store) as opened:
        for name in TABLES:
            if name in NOT_ASKED_FOR:
                continue
            found = opened.table(name).drop("ask_id").iter_rows(named=True)
            differ = sum(_differs(have, want) for have, want in zip(found, truth(league, name, form), strict=True))
            if differ:
                yield f"{store}: {differ} rows of {name} differ from the truth"
    print(f"Compared {store} in {time.monotonic() - started:.0f} s.")


def _differs(have: dict[str, object], want: dict[str, object]) -> bool:
    return any(have[name] != value for name, value in want.items())


if __name__ == "__main__":
    sys.exit(main())
