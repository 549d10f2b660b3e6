"""Faults to order: what the site does wrong next, and how often."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

from gomafia_kit.demo._dice import Dice
from gomafia_kit.errors import SettingsError

KINDS: Final = ("status", "reset", "cut", "html", "delay", "hang", "empty")
"""status: that status; reset: the connection is reset; cut: half a body; html: a page in place of
JSON; delay: a slow answer; hang: none at all; empty: an answer without a body."""


@dataclass(slots=True)
class Fault:
    """One fault: `times` requests (None: for ever) under `prefix`, or the share `rate` of them."""

    kind: str
    status: int = 503
    retry_after: str | None = None
    seconds: float = 1.0
    prefix: str = "/"
    times: int | None = 1
    rate: float = 1.0
    skip: int = 0
    """So many requests pass first."""


_FORMS: Final[dict[str, tuple[type, ...]]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "int | None": (int, type(None)),
    "float": (int, float),
}
"""A field's type as written -> what may be given for it."""


class Faults:
    """The faults that are ordered; the first that fits a request happens."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []
        self._dice = Dice("faults")

    def order(self, wanted: dict[str, Any]) -> None:
        """Order a fault; SettingsError if it isn't one."""
        forms = {field.name: _FORMS[str(field.type)] for field in fields(Fault)}
        wrong = [name for name, value in wanted.items() if not isinstance(value, forms.get(name, ()))]
        if wanted.get("kind") not in KINDS or wrong:
            raise SettingsError(
                f"The demo site has no fault {wanted}.",
                f"Its kind is one of {', '.join(KINDS)}, its other fields {', '.join(sorted(forms))}.",
            )
        self._ordered.append(Fault(**wanted))

    def clear(self) -> None:
        """No more faults."""
        self._ordered.clear()
        self._dice = Dice("faults")

    def next_for(self, path: str) -> Fault | None:
        """The fault that this request gets; None for a sound answer."""
        for fault in self._ordered:
            if not path.startswith(fault.prefix):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.rate < 1 and not self._dice.chance(fault.rate):
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._ordered.remove(fault)
            return fault
        return None
