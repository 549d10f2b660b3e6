"""The account of a run, to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gomafia_kit.errors import command_for
from gomafia_kit.widgets.figures import Figures, figures_of
from gomafia_kit.widgets.sheets import Html, Table, shown
from gomafia_kit.widgets.words import count, counted, duration, megabytes, state_words

if TYPE_CHECKING:
    from gomafia_kit.importer import ImportHandle


class Receipt:
    """The account of a run: shows itself as tables; `data` is the account itself, None before a good end."""

    def __init__(self, figures: Figures, data: dict[str, Any] | None) -> None:
        self.figures = figures
        self.data = data

    def _shown(self) -> Html:
        if self.data is None:
            return unfinished(self.figures)
        return finished(self.figures, self.data)

    def _repr_html_(self) -> str:
        return self._shown().html

    def __repr__(self) -> str:
        return self._shown().text


def receipt_of(handle: ImportHandle) -> Receipt:
    """The account of a run, or how far it got."""
    return Receipt(figures_of(handle.data_dir, handle.run_id), handle.run().receipt)


def _tree_peak(data: dict[str, Any]) -> str:
    if (rss_mb := data.get("peak_tree_rss_mb")) is not None:
        return f"{megabytes(rss_mb)} (RSS of all its processes, which counts shared pages in each)"
    return f"{megabytes(data['peak_pss_mb'])} (PSS of all its processes)"


def finished(figures: Figures, data: dict[str, Any]) -> Html:
    """The account of a run, done or stopped; of one that failed, what had come in by then."""
    asks = data["asks"]
    ended = f"{figures.state} after" if figures.state in {"stopped", "failed"} else "is done in"
    head = (
        f"Run {figures.run_id} ({figures.league}) {ended} {duration(data['seconds'])}:"
        f" {counted(asks['planned'], 'ask')} planned, {count(asks['made'])} made,"
        f" {count(asks['from_archive'])} answered by the archive;"
        f" peak memory {megabytes(data['peak_rss_mb'])} (Python's RSS, exact), {_tree_peak(data)}."
    )
    pieces: list[Table | str] = [head]
    if figures.message:
        pieces.append(f"{figures.message} {figures.remedy}".strip())
    if figures.state in {"stopped", "failed"}:
        pieces.append(_how_far(figures))
    if data["nothing_new"]:
        pieces.append("Nothing was new: nothing was asked and nothing written.")
    pieces.append(
        Table(
            ("table", "fetched", "= staged", "+ rejected", "+ duplicates", "derived", "written now"),
            [
                [row[name] for name in ("table", "fetched", "staged", "rejected", "duplicates", "derived", "written")]
                for row in data["tables"]
                if row["fetched"] or row["staged"] or row["derived"]
            ],
            "What the league holds",
        )
    )
    if data["push"]:
        pieces.append(
            Table(
                ("table", "new", "changed", "same", "gone"),
                [[row[name] for name in ("table", "new", "changed", "same", "gone")] for row in data["push"]],
                "What was pushed to PostgreSQL",
            )
        )
    if data.get("checks"):
        pieces.append(checks_table(data["checks"]))
    if rejected := sum(row["rejected"] for row in data["tables"]):
        pieces.append(f"Rejected: {counted(rejected, 'record')}; {command_for(figures.data_dir, 'rejected')} says why.")
    if data.get("failed"):
        asks = ", ".join(str(failed["ask"]) for failed in data["failed"])
        pieces.append(f"Failed, until {command_for(figures.data_dir, 'retry')}: {asks}.")
    if data["left_out"]:
        pieces.append(f"Left out: {', '.join(map(str, data['left_out']))}.")
    return shown(*pieces, *_notices(figures))


def checks_table(checks: list[dict[str, Any]]) -> Table:
    """Checks, one row each: what was looked at, and what is wrong, by table and key, where something is."""
    rows = [[check["check"], check["state"], check["text"], _faults(check)] for check in checks]
    columns = ("check", "state", "what was checked", "what is wrong")
    shown_columns = len(columns) if any(check["faults"] for check in checks) else len(columns) - 1
    return Table(columns[:shown_columns], [row[:shown_columns] for row in rows], "What was checked")


def _faults(check: dict[str, Any]) -> str:
    return "; ".join(
        f"{fault['table']}: {fault['value']} ({', '.join(fault['keys'])}). {fault['remedy']}"
        for fault in check["faults"]
    )


def unfinished(figures: Figures) -> Html:
    """How far a run got that is at work, was stopped, or failed; and what to do."""
    pieces: list[Table | str] = [f"Run {figures.run_id} ({figures.league}): {state_words(figures)}."]
    if figures.message:
        pieces.append(f"{figures.message} {figures.remedy}".strip())
    return shown(*pieces, _how_far(figures), *_notices(figures))


def _how_far(figures: Figures) -> Table:
    """Each stage: what is done of it."""
    rows = [
        (stage.stage, stage.state, stage.asks_done, stage.asks_known, stage.asks_made, stage.rows, stage.rejected)
        for stage in figures.stages
    ]
    headings = ("stage", "state", "asks done", "of", "asked of the site", "rows", "rejected")
    return Table(headings, rows, "How far it got")


def _notices(figures: Figures) -> tuple[Table | str, ...]:
    if not figures.notices:
        return ()
    return (Table(("worth knowing",), [(notice,) for notice in figures.notices]),)
