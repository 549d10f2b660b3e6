"""What nobody knows of the real site: each open question is a switch of the demo site."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

from gomafia_kit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Switches:
    """One answer to each open question; the defaults are what the clients make probable."""

    numbers: Literal["mixed", "strings", "numbers"] = "mixed"
    """JSON numbers as strings, as numbers, or now this, now that."""
    flags: Literal["mixed", "strings", "booleans"] = "mixed"
    """JSON flags as "0" and "1", as booleans, or now this, now that."""
    list_keys: Literal["plain", "other"] = "plain"
    """Keys of the lists in a page's data: `users`, `clubs`, ..., or names that nobody has seen."""
    tab_data: Literal["everything", "shown", "bare"] = "everything"
    """A tab's page data carries everything, or only what the tab shows: with the tournament itself, or bare."""
    seat_type: Literal["mark", "other"] = "mark"
    """A seat's `type` is the first-shot mark, or something else: words, numbers or nothing."""
    points_include_win: bool = True
    """A seat's points include the one for the win."""
    seat_elo: Literal["after", "before"] = "after"
    """A seat's ELO is that after or before the game."""
    api_standing: Literal["merged", "with_final", "without_final"] = "merged"
    """What the API's standing holds when there is a final."""
    with_final: Literal["finalists", "everybody"] = "finalists"
    """Who stands in the page's standing with the final."""
    no_final: Literal["null", "everybody"] = "null"
    """The standing without final of a tournament that has none."""
    unplayed: Literal["empty", "null", "missing", "absent"] = "empty"
    """A game not played: empty texts, nulls, without the fields, or not in the answer at all."""
    hidden_games: Literal["blank", "shown"] = "blank"
    """Games of a tournament with hidden results: without winner, roles and points, or with them."""
    words: Literal["usual", "other"] = "usual"
    """The words of `type` and `status` in JSON."""
    win_words: Literal["usual", "other"] = "usual"
    """`win` is red or draw where the mafia didn't win, or a word that nobody has seen (city, tie)."""
    one_day_end: Literal["same", "missing", "absent"] = "same"
    """The last day of a one-day tournament is its first day, or missing, or there is no field for it."""
    season: int = 0
    """The year that a list without `year` means; 0: the league's last."""
    idle_players: Literal["zeros", "none"] = "zeros"
    """Players without games in a year stand in its list with zeros, or don't."""
    empty_years: Literal["none", "zeros"] = "none"
    """The list of a year in which nobody played is empty, or has everybody with zeros."""
    stats_opens: Literal["all", "season"] = "all"
    """The stats page opens with all years or with the current one."""
    idle_years: Literal["shown", "absent"] = "shown"
    """Years without games stand in the drop-down, or don't."""
    stats_elo: Literal["year", "present"] = "year"
    """ELO shown for a year: at its end, or today's."""
    unknown_id: Literal["main_page", "redirect"] = "main_page"
    """A page that doesn't exist: the main page in its place, or a redirect to it."""
    react_comments: bool = True
    """Neighbouring pieces of text are parted by `<!-- -->`."""
    pager_dots: bool = True
    """The paging row leaves numbers out and shows `...` in their place."""
    judges_header: Literal["thead", "tbody", "both"] = "thead"
    """Where the header row of the judges stands."""
    tournaments_a_page: int = 10
    """Rows on a page of tournaments."""
    real_checks: bool = False
    """Three players of 2025 show the figures that they have on the real site."""

    def with_texts(self, settings: Iterable[str]) -> Switches:
        """These switches with some set by `name=value`; SettingsError if a name or value is wrong."""
        pairs = {}
        for setting in settings:
            name, separator, value = setting.partition("=")
            if not separator:
                raise SettingsError(f"The switch {setting!r} has no value.", "Write it as name=value.")
            pairs[name] = value
        return self.with_values(pairs)

    def with_values(self, values: Mapping[str, object]) -> Switches:
        """These switches with some set; SettingsError if a name or value is wrong."""
        checked: dict[str, Any] = {name: _checked(name, value) for name, value in values.items()}
        return replace(self, **checked)

    def as_values(self) -> dict[str, bool | int | str]:
        """Name -> value."""
        return asdict(self)


def _checked(name: str, value: object) -> bool | int | str:
    if name not in {field.name for field in fields(Switches)}:
        known = ", ".join(field.name for field in fields(Switches))
        raise SettingsError(f"The demo site has no switch {name!r}.", f"Choose one of {known}.")
    form = get_type_hints(Switches)[name]
    text = str(value).lower()
    if form is bool and text in {"true", "false", "1", "0"}:
        return text in {"true", "1"}
    if form is int and text.isdecimal():
        return int(text)
    choices = {bool: ("true", "false"), int: ("a whole number",)}.get(form, get_args(form))
    if text in choices and form not in {bool, int}:
        return text
    raise SettingsError(f"The switch {name} can't be {value!r}.", f"It can be {', '.join(map(str, choices))}.")
