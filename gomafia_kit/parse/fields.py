"""Reading JSON objects by a list of fields: which key, which reader, whether it must be there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gomafia_kit.errors import BadValueError, LayoutChangedError
from gomafia_kit.records import TABLE_OF, Record, Rejection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gomafia_kit.records import Parsed
    from gomafia_kit.site import Ask

Fault = tuple[str, str, str]
"""Why a record is refused: the field, its value as it came, the rule."""

SHOWN_CHARACTERS = 200
"""So much of a refused value is kept."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column, the key it stands under at the site, and how its value is read.

    `required`: a row without a value is refused. A key that isn't there at all is refused whether
    the value may be missing or not, but where a row `may_lack` it that others of the list have.
    """

    column: str
    key: str
    read: Callable[[object], Any]
    required: bool = False
    may_lack: bool = False


def shown(value: object) -> str:
    """A value as it came, short enough to keep."""
    text = value if isinstance(value, str) else _repr(value)
    printable = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    return printable if len(printable) <= SHOWN_CHARACTERS else printable[:SHOWN_CHARACTERS] + "…"


def _repr(value: object) -> str:
    try:
        return repr(value)
    except RecursionError:
        return f"a {type(value).__name__} nested too deeply to be shown"


def read_fields(
    fields: Sequence[Field], source: Mapping[str, object]
) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    """The values by column, and the faults: (key, value as it came, rule)."""
    values: dict[str, Any] = {}
    faults: list[tuple[str, str, str]] = []
    for field in fields:
        if field.key not in source and field.may_lack:
            values[field.column] = None
            continue
        if field.key not in source:
            faults.append((field.key, "", "the field is missing"))
            continue
        raw = source[field.key]
        try:
            value = field.read(raw)
        except BadValueError as error:
            faults.append((field.key, shown(raw), error.message))
            continue
        if value is None and field.required:
            faults.append((field.key, shown(raw), "a value must stand here"))
        values[field.column] = value
    return values, faults


def reject(parsed: Parsed, kind: type[Record], key: str, faults: Sequence[tuple[str, str, str]]) -> None:
    """Note one refused record; its faults are joined, so that one record is one rejection."""
    field = ", ".join(fault[0] for fault in faults)
    value = ", ".join(fault[1] for fault in faults)
    rule = "; ".join(dict.fromkeys(fault[2] for fault in faults))
    parsed.rejections.append(Rejection(TABLE_OF[kind], key, field, value, rule))


def read_objects(
    parsed: Parsed,
    kind: type[Record],
    fields: Sequence[Field],
    objects: Sequence[object],
    **known: Any,  # noqa: ANN401 - a record's columns are of many types
) -> list[Any]:
    """Records of a kind from JSON objects; refused ones go to `parsed`. `known` columns are the ask's.

    Raises LayoutChangedError if every one of several objects lacks the same field: that is no bad
    row but a changed site.
    """
    table = TABLE_OF[kind]
    good: list[Any] = []
    missing: Counter[str] = Counter()
    for number, raw in enumerate(objects, 1):
        parsed.count(table)
        if not isinstance(raw, dict):
            reject(parsed, kind, f"row {number}", [("", shown(raw), "a row must be an object")])
            continue
        missing.update(field.key for field in fields if field.key not in raw)
        values, faults = read_fields(fields, raw)
        if faults:
            key = shown(raw.get("id", f"row {number}"))
            reject(parsed, kind, key, faults)
        else:
            good.append(kind(**known, **values))
    for name, times in missing.items():
        if times == len(objects) > 1:
            found = ", ".join(sorted({key for raw in objects if isinstance(raw, dict) for key in raw}))
            raise LayoutChangedError(
                f"{table}: none of {times} rows has the field {name}; they have {found}.",
                "The site has changed: the answer is kept in the archive; nothing of it was staged.",
            )
    return good


def refused_list(ask: Ask, sought: str, found: object) -> LayoutChangedError:
    """The error for an answer of another shape."""
    return LayoutChangedError(
        f"{ask.key}: sought {sought}, found {shown(found)}.",
        "The site has changed: the answer is kept in the archive; nothing of it was staged.",
    )
