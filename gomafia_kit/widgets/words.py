"""Numbers, times and states of a run in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gomafia_kit.widgets.figures import Figures

NONE: Final = "–"
_MINUTE: Final = 60
_HOUR: Final = 3600


def count(number: int | None) -> str:
    """A whole number with its thousands apart.

    >>> count(1234567)
    '1,234,567'
    """
    return NONE if number is None else f"{number:,}"


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 ask`, `2 asks`."""
    return f"{count(number)} {noun}" + ("" if number == 1 else "s")


def megabytes(value: float | None) -> str:
    """Megabytes without decimals."""
    return NONE if value is None else f"{value:,.0f} MB"


def duration(seconds: float | None) -> str:
    """How long that is, as a person says it.

    >>> [duration(s) for s in (0.042, 4.2, 59, 61, 600, 4000, None)]
    ['0.04 s', '4.2 s', '59 s', '1 min 1 s', '10 min', '1 h 6 min', '–']
    """
    if seconds is None:
        return NONE
    if seconds < 10:  # noqa: PLR2004 - below it tenths say something, below 1 hundredths
        return f"{seconds:.{2 if seconds < 1 else 1}f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < 10 * _MINUTE:
        rest = whole % _MINUTE
        return f"{whole // _MINUTE} min" + (f" {rest} s" if rest else "")
    if whole < _HOUR:
        return f"{round(whole / _MINUTE)} min"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def state_words(figures: Figures) -> str:
    """What the run is doing, a wish that it hasn't followed yet included."""
    if figures.is_working and figures.state != "stopping" and figures.wish == "stop":
        return "stopping after the open batch"
    if figures.state == "running" and figures.wish == "pause":
        return "pausing"
    if figures.state == "paused" and figures.wish == "run":
        return "going on"
    return figures.state


def stall_words(figures: Figures) -> str:
    """That nothing happens in a run, and for how long."""
    return stalled_for(figures.seconds_silent)


def stalled_for(seconds: float) -> str:
    """That nothing has happened for so long."""
    return f"STALLED: nothing has happened for {duration(seconds)}"


def ask_rate(figures: Figures) -> str:
    """Asks of the site a second, beside what the pace allows."""
    rates = figures.rates
    now = NONE if rates.asks is None else f"{rates.asks:.{1 if rates.asks >= 1 else 2}f}/s"
    return now if rates.most_asks is None else f"{now} of at most {rates.most_asks:.2g}/s"


PART_NAMES: Final = {"python": "Python", "driver": "Playwright's driver", "chromium": "Chromium"}


def budget_words(figures: Figures) -> str:
    """How much of its budget a run takes, what holds the most of it, and what follows; empty before the first look."""
    from gomafia_kit.memory.advice import LEAST_SHARE
    from gomafia_kit.memory.budget import SHRINK_AT, STOP_AT

    parts = {part: mb for part, mb in figures.memory_mb.items() if part in PART_NAMES}
    limit, taken = figures.limit_mb, sum(parts.values())
    if limit is None or not taken:
        return ""
    share = f"{taken / limit:.0%}" if taken >= LEAST_SHARE * limit else "less than 1%"
    told = [f"Takes {share} of {megabytes(limit)}"]
    if figures.rows_target is not None:
        told.append(f"batches of {count(figures.rows_target)} rows")
    part, most = max(parts.items(), key=lambda item: item[1])
    own = "" if part == "python" else ": it ends with its stage, and via=http needs none"
    told.append(f"{PART_NAMES[part]} holds {most / taken:.0%} of it ({megabytes(most)}){own}")
    if taken < SHRINK_AT * limit:
        told.append(f"above {megabytes(SHRINK_AT * limit)} batches are made shorter")
    else:
        told.append(f"batches are made shorter now, and at {megabytes(STOP_AT * limit)} it stops, all committed")
    return "; ".join(told) + "."


def progress_line(figures: Figures) -> str:
    """The run in one line, for a log."""
    current = figures.current
    parts = [f"run {figures.run_id} {state_words(figures)}"]
    if current is not None:
        asks = f" {count(current.asks_done)} of {counted(current.asks_known, 'ask')}" if current.asks_known else ""
        parts[0] += f": {current.stage}{asks}"
    parts.append(counted(figures.rows, "row"))
    if figures.rejected:
        parts.append(f"{count(figures.rejected)} rejected")
    parts.append(f"{count(figures.asks_made)} asked of the site")
    if figures.peak_mb is not None:
        parts.append(f"peak {megabytes(figures.peak_mb)}")
    parts.append(duration(figures.seconds))
    if figures.seconds_left is not None and current is not None:
        parts.append(f"{current.stage} for about {duration(figures.seconds_left)} more")
    if figures.is_stalled:
        parts.append(stall_words(figures))
    return ", ".join(parts)
