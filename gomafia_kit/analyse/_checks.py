"""What a caller gave, checked before it is asked about: a fault is told with the thing, the value, the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from typing import TYPE_CHECKING, Final, SupportsIndex

from gomafia_kit.errors import SettingsError
from gomafia_kit.settings import at_least, between, whole

if TYPE_CHECKING:
    from collections.abc import Collection

LARGEST_ID: Final = 2**31 - 1
_LATEST_YEAR: Final = 9999
_MOST_ROWS: Final = 2**63 - 1
"""What a store takes as a limit."""


def id_of(name: str, value: object) -> int:
    """The value as the site's number of something, 0 for none in particular."""
    return between(name, value, 0, LARGEST_ID)


def maybe_id(name: str, value: object) -> int | None:
    """The same where None means all."""
    return None if value is None else id_of(name, value)


def maybe_year(value: object) -> int | None:
    """The year, or None for all years."""
    return None if value is None else between("year", value, 1, _LATEST_YEAR)


def limit_of(name: str, value: object) -> int:
    """How many rows at most."""
    return min(int(at_least(1, whole)(name, value)), _MOST_ROWS)


def check_question(sql: object, params: object) -> None:
    """Nothing, if this may be SQL and its parameters; what it asks is the store's business."""
    if not isinstance(sql, str):
        raise SettingsError(f"sql: {sql!r} is not a text.", "Give SQL, as SELECT count(*) FROM player.")
    if not isinstance(params, Mapping):
        raise SettingsError(
            f"params: {params!r} doesn't name the query's parameters.", "Give them by name, as {'player_id': 18}."
        )


def check_frame(frame: object, columns: Collection[str], question: str) -> None:
    """Nothing, if the frame has these columns; SettingsError tells which question's frame is wanted."""
    import polars as pl

    remedy = f"Give what analyse.{question} gives."
    if not isinstance(frame, pl.DataFrame):
        raise SettingsError(f"frame: {type(frame).__name__} is no polars DataFrame.", remedy)
    if missing := [name for name in columns if name not in frame.columns]:
        raise SettingsError(f"frame: there is no column {', '.join(missing)} in it.", remedy)


def who_is_meant(who: object) -> int | str:
    """An id or a nickname, as given; SettingsError for what is neither."""
    if isinstance(who, str):
        return who
    if isinstance(who, SupportsIndex) and not isinstance(who, bool):
        return index(who)
    raise SettingsError(f"who: {who!r} is neither an id nor a nickname.", "Give a whole number or a text.")
