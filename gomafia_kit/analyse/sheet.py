"""A DataFrame as a table to read, in a notebook and in its saved copy; all text is escaped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import polars as pl

    from gomafia_kit.analyse.players import PlayerPage

NONE: Final = "–"
_SHARES: Final = ("_rate", "share")
_ENDS: Final = ("low", "high")
_FIRST_WITH_COMMAS: Final = 1000
_ROWS: Final = 50
_PLAYED: Final = "Games are all that were played, draws among them."
_DECIDED: Final = "Games are the decided ones, draws beside them; rates are of these, with 95% intervals."


@dataclass(frozen=True)
class Sheet:
    """A table with a heading that shows itself as a notebook cell's result; `note` stands below it."""

    frame: pl.DataFrame
    heading: str
    note: str = ""
    rows: int = _ROWS

    def _repr_html_(self) -> str:
        shown = self.frame.head(self.rows)
        styles = [_style(kind) for kind in shown.dtypes]
        head = "".join(
            f"<th{style}>{escape(name.replace('_', ' '))}</th>"
            for name, style in zip(shown.columns, styles, strict=True)
        )
        shares = _shares(shown.columns)
        columns = [_as_texts(shown[name].to_list(), name, is_share=name in shares) for name in shown.columns]
        body = "".join(
            "<tr>"
            # dir=auto: a nickname in a script written from the right must not turn the row around.
            + "".join(f'<td{style} dir="auto">{escape(text)}</td>' for text, style in zip(row, styles, strict=True))
            + "</tr>"
            for row in zip(*columns, strict=True)
        )
        notes = [self.note] if self.note else []
        if self.frame.is_empty():
            notes.insert(0, "Nothing of it here.")
        elif len(shown) < len(self.frame):
            notes.insert(0, f"The first {len(shown)} of {len(self.frame)} rows.")
        below = f"<p><small>{escape(' '.join(notes))}</small></p>" if notes else ""
        table = "" if self.frame.is_empty() else f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"<p><b>{escape(self.heading)}</b></p>{table}{below}"

    def __repr__(self) -> str:
        return f"{self.heading}\n{self.frame}" + (f"\n{self.note}" if self.note else "")


@dataclass(frozen=True)
class Sheets:
    """Several tables, one below the other."""

    heading: str
    sheets: tuple[Sheet, ...]

    def _repr_html_(self) -> str:
        # The pieces have escaped their own text.
        return f"<h3>{escape(self.heading)}</h3>" + "".join(sheet._repr_html_() for sheet in self.sheets)

    def __repr__(self) -> str:
        return "\n\n".join([self.heading, *(repr(sheet) for sheet in self.sheets)])


def sheet(frame: pl.DataFrame, heading: str, note: str = "") -> Sheet:
    """The frame as a table to read: percentages, plain numbers, a dash for what is missing.

    >>> sheet(top_players(league), "By ELO")  # doctest: +SKIP
    """
    return Sheet(frame, heading, note)


def page_sheets(page: PlayerPage) -> Sheets:
    """A player's page as tables to read: first as the site shows him, then as counted from the games."""
    official = (
        Sheet(page.player, "Who"),
        Sheet(page.seasons, "On the rating, year by year (as the site lists it)"),
        *([Sheet(page.official_years, "The site's own figures of a year")] if len(page.official_years) else []),
        Sheet(page.standings, "Last places (as the site shows them)"),
    )
    derived = (
        Sheet(page.years, "Counted from the games, year by year", _PLAYED),
        Sheet(page.roles, "Counted from the games, by role", _DECIDED),
        Sheet(page.tournaments, "Counted from the games, last tournaments", _PLAYED),
    )
    return Sheets(page.title, (*official, *derived))


def _style(kind: pl.DataType) -> str:
    """Figures to the right; figures and dates on one line, texts to the left and as wide as they like."""
    side = "right" if kind.is_numeric() else "left"
    lines = "; white-space: nowrap" if kind.is_numeric() or kind.is_temporal() else ""
    return f' style="text-align: {side}{lines}"'


def _shares(columns: list[str]) -> set[str]:
    """The columns that are shares of 1: by their names, and the ends of an interval beside one of them."""
    found: set[str] = set()
    for before, name in zip(["", *columns], columns, strict=False):
        if name.endswith(_SHARES) or (name.endswith(_ENDS) and before in found):
            found.add(name)
    return found


def _as_texts(values: list[object], column: str, *, is_share: bool) -> list[str]:
    """A column as texts; its decimals have as many places as the one that needs most, so that points align."""
    places = max((_places(value) for value in values if isinstance(value, Decimal)), default=0)
    return [
        f"{value:,.{places}f}" if isinstance(value, Decimal) else as_text(value, column, is_share=is_share)
        for value in values
    ]


def _places(value: Decimal) -> int:
    return len(f"{value.normalize():f}".partition(".")[2])


def as_text(value: object, column: str = "", *, is_share: bool = False) -> str:
    """A value as a person reads it; shares (by the column's name, or told so) in percent, a dash for None."""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, int):
        # Thousands apart, but not in names.
        text = str(value) if column.endswith(("_id", "year")) else f"{value:,}"
    elif isinstance(value, float):
        text = f"{value:.1%}" if is_share or column.endswith(_SHARES) else _plain(value)
    elif isinstance(value, Decimal):
        text = f"{value.normalize():,f}"
    elif isinstance(value, datetime):
        text = f"{value:%Y-%m-%d %H:%M}"
    elif isinstance(value, date):
        text = f"{value:%Y-%m}" if column == "month" else value.isoformat()
    else:
        text = NONE if value is None else str(value)
    return text


def _plain(value: float) -> str:
    """Four figures that count, or all before the point; never as a power of ten."""
    if not isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= _FIRST_WITH_COMMAS else f"{Decimal(f'{value:.4g}'):f}"
