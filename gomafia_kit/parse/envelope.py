"""The API's envelope: {"result": "success", "data": ...}; and paging by offset."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from gomafia_kit import values
from gomafia_kit.errors import AskRefusedError, BadValueError, LayoutChangedError
from gomafia_kit.parse.fields import refused_list, shown

if TYPE_CHECKING:
    from gomafia_kit.records import Parsed
    from gomafia_kit.site import Answer, Ask

_DECODER = msgspec.json.Decoder()


def data_of(answer: Answer) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What stands under `data`; AskRefusedError if the site says anything but success."""
    if not answer.body.strip():
        raise LayoutChangedError(f"{answer.ask.key}: an empty answer came where JSON was expected.")
    try:
        envelope = _decoded(answer.body)
    except (ValueError, RecursionError) as error:
        raise LayoutChangedError(
            f"{answer.ask.key}: sought JSON, found {shown(answer.body[:80].decode('utf-8', 'replace'))} ({error}).",
            "The answer is kept in the archive; nothing of it was staged.",
        ) from error
    if not isinstance(envelope, dict) or "result" not in envelope:
        raise refused_list(answer.ask, 'an object with "result"', envelope)
    if envelope["result"] != "success":
        raise AskRefusedError(
            f"{answer.ask.key}: the site answered {shown(envelope['result'])}"
            f" {shown(envelope.get('message', ''))}".rstrip()
            + ".",
            "What was asked for doesn't exist there, or the site refuses it.",
        )
    if "data" not in envelope:
        raise refused_list(answer.ask, 'the field "data"', envelope)
    return envelope["data"]


def _decoded(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return _DECODER.decode(body)
    except msgspec.DecodeError:
        # The standard reader takes half a surrogate pair, so that only its row is refused.
        return json.loads(body)


def rows_of(answer: Answer) -> list[Any]:
    """The rows of a list's page."""
    data = data_of(answer)
    if data is None:
        return []
    if not isinstance(data, list):
        raise refused_list(answer.ask, "a list of rows", data)
    return data


def turn_page(parsed: Parsed, ask: Ask, rows: list[Any]) -> None:
    """Add the ask for the page behind this one, if there is one.

    The list says how long it is (`total_rows`); where it doesn't, a full page means that there may
    be more. A page may be shorter than asked for: the site is free to cap it.
    """
    about = dict(ask.about)
    limit, offset = int(about["limit"]), int(about["offset"])
    total = parsed.total = total_of(rows)
    seen = offset + len(rows)
    more = bool(rows) and (seen < total if total is not None else len(rows) >= limit)
    if more:
        paged = {"offset": str(seen)}
        parsed.more.append(
            replace(
                ask,
                fields=tuple((name, paged.get(name, value)) for name, value in ask.fields),
                about=tuple((name, paged.get(name, value)) for name, value in ask.about),
            )
        )


def total_of(rows: list[Any]) -> int | None:
    """How long the whole list is, as its rows say; None where they don't."""
    for row in rows:
        if isinstance(row, dict) and "total_rows" in row:
            try:
                return values.integer(row["total_rows"])
            except BadValueError:
                return None
    return None
