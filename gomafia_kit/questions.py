"""What no store answers: a question without its parameters, an answer with two columns of one name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gomafia_kit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet


def check_params(names: AbstractSet[str], params: Mapping[str, object]) -> None:
    """Nothing if the parameters are those that stand in the SQL; SettingsError names one that isn't."""
    if missing := names - set(params):
        raise SettingsError(f"The query's parameter ${min(missing)} has no value.", "Give it in params.")
    if spare := set(params) - names:
        raise SettingsError(f"The query has no parameter ${min(spare)}.", "Leave it out, or write it as $name.")


def check_columns(names: Iterable[str]) -> None:
    """Nothing if each column has a name of its own; SettingsError names one that hasn't."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SettingsError(f"The answer has two columns {name!r}.", "Name each of them with AS.")
        seen.add(name)
