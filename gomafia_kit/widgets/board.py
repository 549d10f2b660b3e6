"""The panel's figures as HTML: state, stages, rows, asks, time; all text is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from gomafia_kit.widgets.words import NONE, ask_rate, budget_words, count, counted, duration, megabytes, state_words

if TYPE_CHECKING:
    from gomafia_kit.widgets.figures import Figures, StageFigures

NOTICES: Final = 4

STYLE: Final = """<style>
.gk-box .widget-hbox, .gk-tuner .widget-hbox { flex-wrap: wrap; }
.gk-box .widget-hbox > *, .gk-tuner .widget-hbox > * { flex-shrink: 0; max-width: 100%; }
.gk-box .widget-html-content, .gk-tuner .widget-html-content { overflow-x: auto; overflow-y: hidden; }
.gk-still { overflow-x: auto; }
.gk-box svg, .gk-tuner svg { min-width: 560px; }
.gk-board { font-family: var(--jp-ui-font-family, sans-serif); font-size: 13px; line-height: 1.5;
  color: var(--jp-ui-font-color1, #1f2933); max-width: 760px; }
.gk-head { display: flex; align-items: baseline; gap: 10px; flex-wrap: wrap; }
.gk-title { font-size: 16px; }
.gk-state { padding: 1px 10px; border-radius: 10px; font-size: 12px; color: var(--jp-ui-inverse-font-color0, white);
  background: var(--jp-ui-font-color2, #6b7785); }
.gk-running, .gk-starting { background: var(--jp-brand-color1, #2f6690); }
.gk-paused, .gk-stopped { background: var(--jp-warn-color0, #96701c); }
.gk-done { background: var(--jp-success-color0, #35785a); }
.gk-failed, .gk-died { background: var(--jp-error-color0, #b03a31); }
.gk-muted { color: var(--jp-ui-font-color2, #6b7785); }
.gk-stages { display: flex; flex-wrap: wrap; gap: 6px 4px; margin: 10px 0; }
.gk-stage { flex: 1 1 92px; min-width: 0; }
.gk-bar { height: 8px; border-radius: 4px; overflow: hidden; background: var(--jp-border-color2, #e6e9ed); }
.gk-fill { height: 100%; background: var(--jp-brand-color1, #2f81b7); }
.gk-whole { background: var(--jp-success-color1, #3f9470); }
.gk-name { font-size: 12px; line-height: 1.35; margin-top: 3px; }
.gk-name span { display: block; min-height: 1.35em; }
.gk-figures { display: flex; flex-wrap: wrap; gap: 4px 22px; margin-bottom: 6px; }
.gk-figure b { display: block; font-size: 17px; font-weight: 500; line-height: 1.3;
  font-variant-numeric: tabular-nums; }
.gk-figure span { font-size: 12px; color: var(--jp-ui-font-color2, #6b7785); }
.gk-alert { max-width: 736px; padding: 8px 12px; margin: 6px 0; border-left: 4px solid var(--jp-error-color1, #b03a31);
  background: var(--jp-layout-color2, #f4f6f8); color: var(--jp-ui-font-color1, #1f2933); line-height: 1.5;
  overflow-wrap: anywhere; white-space: normal; }
.gk-hint { border-left-color: var(--jp-warn-color1, #96701c); }
.gk-good { border-left-color: var(--jp-success-color1, #35785a); }
.gk-budget { margin: 2px 0 6px; overflow-wrap: anywhere; white-space: normal; }
.gk-notices { margin: 4px 0; padding-left: 18px; font-size: 12px; overflow-wrap: anywhere; white-space: normal; }
</style>"""


def board(figures: Figures) -> str:
    """The panel's upper part."""
    stages = "".join(_stage(stage) for stage in figures.stages)
    return (
        f'<div class="gk-board" data-state="{escape(figures.state)}">{_head(figures)}'
        f'<div class="gk-stages">{stages}</div>'
        f'<div class="gk-figures">{_figures(figures)}</div>{_budget(figures)}{_notices(figures)}{_end(figures)}</div>'
    )


def _head(figures: Figures) -> str:
    return (
        f'<div class="gk-head"><span class="gk-title">Import {figures.run_id}</span>'
        f'<span class="gk-state gk-{escape(figures.state)}">{escape(state_words(figures))}</span>'
        f'<span class="gk-muted">{escape(figures.league)} into {escape(str(figures.data_dir))}</span></div>'
    )


def _stage(stage: StageFigures) -> str:
    whole = " gk-whole" if stage.state == "done" else ""
    asks = f"{count(stage.asks_done)} of {counted(stage.asks_known, 'ask')}, " if stage.asks_known else ""
    said = f"{stage.stage}: {stage.state}, {asks}{counted(stage.rows, 'row')}"
    under = counted(stage.rows, "row") if stage.rows else ("" if stage.state == "waiting" else stage.state)
    return (
        f'<div class="gk-stage" title="{escape(said)}"><div class="gk-bar">'
        f'<div class="gk-fill{whole}" style="width: {100 * stage.share:.1f}%"></div></div>'
        f'<div class="gk-name">{escape(stage.stage)} <span class="gk-muted">{escape(under)}</span></div></div>'
    )


def _figures(figures: Figures) -> str:
    current = figures.current
    known = f" of {count(current.asks_known)}" if current is not None and current.asks_known else ""
    shown = [
        ("rows", count(figures.rows)),
        ("rejected", count(figures.rejected)),
        (f"asks, {current.stage}" if current is not None else "asks", _asks(figures) + known),
        ("asked of the site", count(figures.asks_made)),
        *([("asks of the site", ask_rate(figures))] if figures.is_working and figures.rates.asks else []),
        *([("rows a second", _rows_rate(figures))] if figures.is_working and figures.rates.rows else []),
        ("rows a batch", _batch_rows(figures)),
        (f"peak memory, {figures.peak_measure}", megabytes(figures.peak_mb)),
        *([("budget", _limit(figures))] if figures.limit_mb is not None else []),
        ("time", duration(figures.seconds)),
    ]
    if figures.is_working and figures.longest_seconds is not None:
        shown.append(("longest time", duration(figures.longest_seconds)))
    if current is not None:
        left = NONE if figures.seconds_left is None else f"about {duration(figures.seconds_left)}"
        shown.append((f"left in {current.stage}", left))
    return "".join(
        f'<div class="gk-figure"><b>{escape(value)}</b><span>{escape(name)}</span></div>' for name, value in shown
    )


def _asks(figures: Figures) -> str:
    return count(figures.asks_done if figures.current is None else figures.current.asks_done)


def _batch_rows(figures: Figures) -> str:
    now = count(figures.rows_target)
    if figures.is_working and figures.wished_rows is not None and figures.wished_rows != figures.rows_target:
        return f"{now}, next {count(figures.wished_rows)}"
    return now


def _limit(figures: Figures) -> str:
    now = megabytes(figures.limit_mb)
    if figures.is_working and figures.wished_limit_mb not in {None, figures.limit_mb}:
        return f"{now}, next {megabytes(figures.wished_limit_mb)}"
    return now


def _rows_rate(figures: Figures) -> str:
    return count(round(figures.rates.rows or 0))


def _budget(figures: Figures) -> str:
    words = budget_words(figures) if figures.is_working else ""
    return f'<div class="gk-budget">{escape(words)}</div>' if words else ""


def _notices(figures: Figures) -> str:
    items = "".join(f"<li>{escape(notice)}</li>" for notice in figures.notices[-NOTICES:])
    earlier = len(figures.notices) - NOTICES
    before = f"<li>{counted(earlier, 'earlier notice')}: events.jsonl has all</li>" if earlier > 0 else ""
    return f'<ul class="gk-notices gk-muted">{before}{items}</ul>' if items else ""


def _end(figures: Figures) -> str:
    if figures.is_stalled:
        hint = "It may wait for the site or for the network; its process may hang. Stopping and running again goes on."
        return _said("gk-hint", f"Nothing has happened for {duration(figures.seconds_silent)}.", hint)
    if figures.state == "done":
        return _said("gk-good", "Done: every row is committed.")
    if figures.message:
        return _said("gk-hint" if figures.state == "stopped" else "", figures.message, figures.remedy)
    return ""


def _said(kind: str, message: str, remedy: str = "") -> str:
    return f'<div class="gk-alert {kind}">{escape(f"{message} {remedy}".strip())}</div>'
