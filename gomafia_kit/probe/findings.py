"""What a check says of a fact, and the list of all checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.probe.seen import Seen

Verdict = Literal["confirmed", "different", "not seen"]
Found = tuple[Verdict, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact or open question: `section` of the contract it stands in, what was found, and what that says."""

    name: str
    section: int
    fact: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Check:
    """Looks at what was seen for one fact."""

    name: str
    section: int
    fact: str
    look: Callable[[Seen], Found]

    def finding(self, seen: Seen) -> Finding:
        """What it finds; answers of another shape than it can follow are different, not an error."""
        try:
            verdict, reason = self.look(seen)
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            verdict, reason = "different", f"the answer can't be followed ({type(error).__name__}: {error})"
        return Finding(self.name, self.section, self.fact, verdict, reason)


CHECKS: Final[list[Check]] = []


def check(name: str, section: int, fact: str) -> Callable[[Callable[[Seen], Found]], Callable[[Seen], Found]]:
    """Add a function to the checks: it says confirmed, different or not seen, with a short reason."""

    def add(look: Callable[[Seen], Found]) -> Callable[[Seen], Found]:
        CHECKS.append(Check(name, section, fact, look))
        return look

    return add


def confirmed(reason: str) -> Found:
    """It is as the contract says, or as it thinks probable."""
    return "confirmed", reason


def different(reason: str) -> Found:
    """It is otherwise."""
    return "different", reason


def not_seen(reason: str) -> Found:
    """No answer shows it."""
    return "not seen", reason


def either(holds: bool, yes: str, no: str) -> Found:  # noqa: FBT001 - reads as the sentence it is
    """Confirmed with one reason, or different with the other."""
    return confirmed(yes) if holds else different(no)
