"""Rows of PostgreSQL as polars frames: a column's type follows from its type on the server, never from its values.

Truth values, numbers, days, times, lengths of time, bytes, texts and arrays of these come as polars has them, and
everything else (uuid, inet, jsonb, ranges, enums ...) as the text that PostgreSQL prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl
from psycopg import DataError
from psycopg.postgres import types as known_types
from psycopg.types.datetime import IntervalLoader
from psycopg.types.string import TextLoader

from gomafia_kit.errors import SettingsError
from gomafia_kit.questions import check_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import psycopg
    from psycopg.abc import Buffer

DIGITS: Final = 38
PLACES_IN_BATCHES: Final = 20
"""Of computed numbers: as many as PostgreSQL gives a quotient of 0.0001 or more."""
_LEAST_PLACES: Final = 6
_NUMERIC: Final = "numeric"
_FORMS: Final[dict[str, pl.DataType]] = {
    "bool": pl.Boolean(),
    "int2": pl.Int16(),
    "int4": pl.Int32(),
    "int8": pl.Int64(),
    "float4": pl.Float32(),
    "float8": pl.Float64(),
    _NUMERIC: pl.String(),  # until it is known how many places they have
    "text": pl.String(),
    "varchar": pl.String(),
    "bpchar": pl.String(),
    "name": pl.String(),
    "bytea": pl.Binary(),
    "date": pl.Date(),
    "time": pl.Time(),
    "timestamp": pl.Datetime("us"),
    "timestamptz": pl.Datetime("us", "UTC"),
    "interval": pl.Duration("us"),
}
_OIDS: Final = {known_types[name].oid: form for name, form in _FORMS.items()} | {
    known_types[name].array_oid: pl.List(form) for name, form in _FORMS.items()
}
_NUMERICS: Final = (known_types[_NUMERIC].oid, known_types[_NUMERIC].array_oid)


class _LengthLoader(IntervalLoader):
    """Lengths of time; psycopg's own takes a month for 30 days and a year for 365."""

    def load(self, data: Buffer) -> timedelta:
        told = bytes(data).decode()
        if "mon" in told or "year" in told:
            raise DataError(f"the interval '{told}' has months or years, which have no fixed length")
        return super().load(data)


def teach(connection: psycopg.Connection[Any]) -> None:
    """Let the connection give values as `as_told` takes them."""
    adapters = connection.adapters
    for kind in known_types:
        for oid in (kind.oid, kind.array_oid):
            if oid and (oid not in _OIDS or oid == _NUMERICS[0]):
                adapters.register_loader(oid, TextLoader)
    adapters.register_loader("interval", _LengthLoader)


def as_told(told: Sequence[psycopg.Column], rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    """Rows as a frame, numbers of the type numeric still as texts.

    Raises SettingsError for two columns of one name, and for a value that its column's type can't hold.
    """
    check_columns(column.name for column in told)
    columns = list(zip(*rows, strict=True)) or [()] * len(told)
    return pl.DataFrame([_series(column, values) for column, values in zip(told, columns, strict=True)])


def _series(told: psycopg.Column, values: Sequence[Any]) -> pl.Series:
    form = _OIDS.get(told.type_code, pl.String())
    try:
        return pl.Series(told.name, values, form, strict=True)
    except (TypeError, pl.exceptions.PolarsError) as error:
        what = "an array of arrays" if isinstance(form, pl.List) else f"a value that {form} can't hold"
        raise SettingsError(f"The column {told.name!r} has {what}.", _as_text(told.name)) from error


def with_numbers(told: Sequence[psycopg.Column], frame: pl.DataFrame, places: int | None = None) -> pl.DataFrame:
    """The frame with its numbers as decimals: exact, or SettingsError.

    They have the places that SQL declares; computed ones have `places`, or without that as many as they need.
    """
    numbers = [column for column in told if column.type_code in _NUMERICS]
    return frame.with_columns([_decimals(column, frame[column.name], places) for column in numbers])


def _decimals(told: psycopg.Column, texts: pl.Series, places: int | None) -> pl.Series:
    is_array = texts.dtype == pl.List
    numbers = texts.explode() if is_array else texts
    if (odd := numbers.filter(~numbers.str.contains(r"^-?\d"))).len():
        raise _no_decimal(told.name, odd[0], "")
    scale = _declared_places(told)
    if scale is None:
        scale = _places(told.name, numbers, places)
    form = pl.Decimal(DIGITS, scale)
    return texts.cast(pl.List(form) if is_array else form)


def _declared_places(told: psycopg.Column) -> int | None:
    """None if SQL declares none, as for what it computes, or more digits than a decimal has."""
    if told.precision is None or told.scale is None:
        return None
    places = max(told.scale, 0)
    return places if max(told.precision - told.scale, 0) + places <= DIGITS else None


def _places(name: str, numbers: pl.Series, places: int | None) -> int:
    """So many as were wished, or as the numbers need; SettingsError names one that a decimal of them can't hold."""
    whole = numbers.str.extract(r"^-?0*(\d*)").str.len_chars()
    needed = numbers.str.extract(r"\.(\d*?)0*$").str.len_chars().fill_null(0)
    if places is None:
        room = DIGITS - _highest(whole)
        places = max(_highest(needed), min(_LEAST_PLACES, room))
    if (lost := numbers.filter((needed > places) | (whole > DIGITS - places))).len():
        raise _no_decimal(name, lost[0], f" of {DIGITS} digits, {places} of them behind the point")
    return places


def _highest(counts: pl.Series) -> int:
    return int(counts.cast(pl.Int64).max() or 0)  # type: ignore[arg-type]  # a count


def _no_decimal(name: str, number: str, form: str) -> SettingsError:
    return SettingsError(
        f"The column {name!r} has {number}, which is no decimal{form}.",
        f"Round it by round({name}, 6), or ask for it as {name}::float8 or {name}::text.",
    )


def no_value(error: psycopg.DataError) -> SettingsError:
    """For what one side has and the other hasn't: a day without end, an interval of months, a text with zero bytes."""
    return SettingsError(
        f"A value can't pass between PostgreSQL and Python: {error}.", "A column can be asked for as text: name::text."
    )


def _as_text(name: str) -> str:
    return f"Ask for it as text: {name}::text."
