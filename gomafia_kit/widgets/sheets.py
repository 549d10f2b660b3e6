"""Tables for a notebook: as HTML where it is shown, as text where it isn't; all text is escaped."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING

from gomafia_kit.analyse._schema import schema_of
from gomafia_kit.settings import Settings
from gomafia_kit.widgets.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gomafia_kit.importer import ImportHandle


@dataclass(frozen=True)
class Html:
    """Something that shows itself as a notebook cell's result; `text` says the same where HTML isn't read."""

    html: str = field(repr=False)
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Table:
    """Rows under headings; whole numbers stand to the right with their thousands apart, Decimals with all places."""

    headings: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    title: str = ""

    def html(self) -> str:
        """The table as HTML."""
        numeric = [any(_is_number(row[place]) for row in self.rows) for place in range(len(self.headings))]
        styles = [f' style="text-align: {"right" if right else "left"}"' for right in numeric]
        head = "".join(f"<th{style}>{escape(name)}</th>" for name, style in zip(self.headings, styles, strict=True))
        body = "".join(
            "<tr>"
            + "".join(
                f'<td{style} dir="auto">{escape(_words(value))}</td>' for value, style in zip(row, styles, strict=True)
            )
            + "</tr>"
            for row in self.rows
        )
        title = f"<p><b>{escape(self.title)}</b></p>" if self.title else ""
        return f"{title}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def text(self) -> str:
        """The table in columns of plain text."""
        cells = [self.headings, *([_words(value) for value in row] for row in self.rows)]
        widths = [max(len(row[place]) for row in cells) for place in range(len(self.headings))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
        ]
        return "\n".join([self.title, *lines] if self.title else lines)


def shown(*pieces: Table | str) -> Html:
    """Tables and sentences, one below the other."""
    html = "".join(f"<p>{escape(piece)}</p>" if isinstance(piece, str) else piece.html() for piece in pieces)
    text = "\n\n".join(piece if isinstance(piece, str) else piece.text() for piece in pieces)
    return Html(html, text)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _words(value: object) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return count(value)
        case float():
            return f"{value:,.2f}".removesuffix("0")
        case list() | tuple():
            return ", ".join(str(item) for item in value)
        case _:
            return str(value)


def settings_table(settings: Settings) -> Html:
    """Every setting: its value, where it comes from, what it means."""
    rows = [
        (
            name,
            _unset(name) if told["value"] is None else _setting_words(told["value"]),
            told["from"],
            Settings.help(name),
        )
        for name, told in settings.described().items()
        if told["value"] != ""
    ]
    return shown(Table(("setting", "value", "from", "meaning"), rows))


def _unset(name: str) -> str:
    """What a setting without a value stands for: its meaning says so at its end."""
    return Settings.help(name).partition("; none: ")[2] or "automatic"


def _setting_words(value: object) -> str:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else _words(value)


def steps_table(handle: ImportHandle) -> Html:
    """Where the rows of a run lie, and how to open them."""
    settings = {name: told["value"] for name, told in handle.run().settings.items()}
    folder = str(handle.data_dir)
    is_parquet = settings.get("staging") == "parquet"
    rows = [
        (
            "look around",
            f"notebooks/explore.ipynb with data_dir = {folder!r}" + (", read_from = 'parquet'" if is_parquet else ""),
        ),
        ("ask from Python", f"gk.open_league({folder!r}" + (", 'parquet')" if is_parquet else ")")),
    ]
    if "push" in settings.get("stages", ()):
        schema = settings["postgres_schema"]
        # Only where something else than this run's schema would be read: environment or file may say so.
        where = "" if schema == schema_of(handle.data_dir) else f" with GOMAFIA_POSTGRES_SCHEMA={schema}"
        rows.append(("ask PostgreSQL", f"gk.open_league({folder!r}, 'postgres'){where}"))
    rows.append(("bring it up to date", "run this notebook again with update = True: it asks only for what is new"))
    return shown(Table(("to", "do"), rows))
