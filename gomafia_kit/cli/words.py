"""How figures, tables and runs are written for people."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import command_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gomafia_kit.runs.journal import Run, StageProgress

_LEAST_ASKS_FOR_A_PACE: Final = 3
LEFT_OUT_SHOWN: Final = 5


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines of a table: numbers to the right, texts to the left."""
    body = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(line[column]) for line in [list(head), *body]) for column in range(len(head))]
    right = [all(_is_number(line[column]) for line in body) and bool(body) for column in range(len(head))]
    return [
        "  ".join(
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [list(head), *body]
    ]


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return shown(str(value))


def _is_number(text: str) -> bool:
    return text == "-" or text.replace(",", "").replace(".", "").isdecimal()


def shown(text: str) -> str:
    """A text of the site as it may stand on a terminal: control and direction marks are spelt out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def span(seconds: float) -> str:
    """A duration: 0:00:07, or 3 d 2:00:00."""
    days, rest = divmod(round(max(0.0, seconds)), 86_400)
    text = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days} d {text}" if days else text


def moment(at: datetime) -> str:
    """A moment by the local clock."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def now_words() -> str:
    """The present time of day."""
    return time.strftime("%H:%M:%S")


# -- a run ----------------------------------------------------------------------------------------


def headline(run: Run) -> str:
    """One line on a run: number, state, since when."""
    ended = run.ended_at or (None if not run.is_working else datetime.now(UTC))
    took = f", {span((ended - run.started_at).total_seconds())}" if ended else ""
    process = f", process {run.pid}" if run.is_working and run.pid else ""
    return f"Run {run.run_id}: {run.state}, started {moment(run.started_at)}{took}{process}"


def stage_lines(run: Run, stages: Sequence[StageProgress]) -> list[str]:
    """A table of a run's stages."""
    return table(
        ("stage", "state", "asks", "of", "made", "batches", "rows", "rejected"),
        [
            (s.stage, run.state_of(s), s.asks_done, s.asks_known, s.asks_made, s.batches, s.rows, s.rejected)
            for s in stages
        ],
    )


def progress_line(stage: StageProgress, number: int, of: int) -> str:
    """One line on the stage at work."""
    text = f"{now_words()} {stage.stage} ({number} of {of})"
    if stage.asks_known:
        text += f": {stage.asks_done:,} of {stage.asks_known:,} asks, {stage.rows:,} rows"
    if stage.rejected:
        text += f", {stage.rejected:,} rejected"
    seconds = (datetime.now(UTC) - stage.started_at).total_seconds()
    if stage.asks_done >= _LEAST_ASKS_FOR_A_PACE and seconds > 1:
        pace = stage.asks_done / seconds
        left = (stage.asks_known - stage.asks_done) / pace
        text += f", {pace:.1f} asks/s" + (f", about {span(left)} left" if left >= 1 else "")
    return text


def receipt_lines(run_id: int, receipt: dict[str, Any]) -> list[str]:
    """The account of a finished run."""
    asks, folder = receipt["asks"], receipt["data_dir"]
    lines = [f"{receipt['league']} in {folder}"]
    if receipt["nothing_new"]:
        lines.append("Nothing new: nothing was asked, nothing was written.")
    lines += ["", *_accounts(receipt["tables"]), ""]
    lines.append(
        f"Asks: {asks['planned']:,} planned, {asks['made']:,} made, {asks['from_archive']:,} from the archive."
    )
    if rejected := sum(account["rejected"] for account in receipt["tables"]):
        lines.append(f"Rejected: {rejected:,}; {command_for(folder, 'rejected')} says why.")
    if receipt["left_out"]:
        lines.append(_left_out(receipt["left_out"], command_for(folder, f"status {run_id} --json")))
    if receipt.get("failed"):
        lines.append(f"Failed: {len(receipt['failed']):,}; {command_for(folder, 'retry --list')} says why.")
    if receipt["push"]:
        lines += ["", "Pushed to PostgreSQL:", *_pushed(receipt["push"]), ""]
    lines += checks_lines(receipt.get("checks", []))
    lines += _where(receipt)
    lines.append(f"It took {span(receipt['seconds'])}" + _memory(receipt) + ".")
    return lines


def _left_out(asks: Sequence[str], command: str) -> str:
    """The asks that were left out, the first of them by name; of each a notice says why, and JSON has them all."""
    more = f" and {len(asks) - LEFT_OUT_SHOWN:,} more" if len(asks) > LEFT_OUT_SHOWN else ""
    named = "; ".join(shown(str(ask)) for ask in asks[:LEFT_OUT_SHOWN])
    return f"Left out: {len(asks):,}: {named}{more}. The notices of {command} say why."


def checks_lines(checks: Sequence[dict[str, Any]]) -> list[str]:
    """Checks with what each looked at, and under it what is wrong."""
    lines = []
    for check in checks:
        lines.append(f"{check['state']:<6} {check['check']}: {shown(check['text'])}")
        for fault in check["faults"]:
            keys = "; ".join(fault["keys"]) + (" ..." if fault["number"] > len(fault["keys"]) else "")
            place = f" ({fault['number']:,}: {keys})" if fault["keys"] else ""
            lines.append(f"{'':<6} {shown(fault['table'] + ': ' + fault['value'] + place)}. {fault['remedy']}")
    return lines


def _accounts(tables: Sequence[dict[str, Any]]) -> list[str]:
    head = ("fetched", "staged", "rejected", "duplicates", "derived", "written")
    rows = [[account["table"], *(account[name] for name in head)] for account in tables]
    return table(("table", *head), rows)


def _pushed(reports: Sequence[dict[str, Any]]) -> list[str]:
    head = ("table", "new", "changed", "same", "gone")
    return table(head, [[report[name] for name in head] for report in reports])


def _where(receipt: dict[str, Any]) -> Iterator[str]:
    from gomafia_kit.staging.published import DUCKDB_FILE, PARQUET

    folder = Path(receipt["data_dir"])
    yield f"DuckDB: {folder / DUCKDB_FILE}" if receipt["staging"] == "duckdb" else f"Parquet: {folder / PARQUET}"
    if to := receipt.get("pushed_to"):  # runs of older versions don't tell it
        yield f"PostgreSQL: {to['server']}, schema {to['schema']}"


_PEAKS: Final = {
    "peak_rss_mb": "of Python (RSS)",
    "peak_pss_mb": "of all its processes (PSS)",
    "peak_tree_rss_mb": "of all its processes (RSS, which counts shared pages in each)",
}


def _memory(receipt: dict[str, Any]) -> str:
    told = [f"{mb:.0f} MB {words}" for name, words in _PEAKS.items() if (mb := receipt.get(name)) is not None]
    return f"; peak memory {', '.join(told)}" if told else ""
