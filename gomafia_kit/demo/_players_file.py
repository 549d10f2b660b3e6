"""A file of real players and their figures of a year, checked line by line."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REGIONS: Final = (
    "central",
    "chernozem_region",
    "north",
    "south",
    "siberia_and_ural",
    "far_east",
    "volga_region",
)
_WHOLE: Final = (
    "year",
    "total_games",
    "citizen_games",
    "sheriff_games",
    "mafia_games",
    "don_games",
)
_PERCENT: Final = (
    "overall_winrate",
    "citizen_winrate",
    "sheriff_winrate",
    "mafia_winrate",
    "don_winrate",
)
_DECIMAL: Final = (
    "extra_points_avg_10_games",
    "extra_points_citizen_avg",
    "extra_points_sheriff_avg",
    "extra_points_mafia_avg",
    "extra_points_don_avg",
)
COLUMNS: Final = ("player_id", "name", "region", *_WHOLE, *_PERCENT, *_DECIMAL)
_FORMS: Final = (
    (("player_id",), re.compile(r"[1-9][0-9]{0,8}"), "a whole number from 1"),
    (_WHOLE, re.compile(r"[0-9]{1,9}"), "a whole number"),
    (_PERCENT, re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?|"), "a percentage"),
    (_DECIMAL, re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?|"), "a decimal number"),
)


@dataclass(frozen=True, slots=True)
class RealPlayer:
    """A player of the file; `years` has the figures of each year as the file writes them."""

    player_id: int
    login: str
    region: str
    years: dict[int, Mapping[str, str]] = field(default_factory=dict)

    def has_games(self, year: int) -> bool:
        """Whether the file gives him games in that year."""
        return int(self.years[year]["total_games"]) > 0 if year in self.years else False


@dataclass(frozen=True, slots=True)
class Roster:
    """All players of a file, by id, and the years that it has."""

    path: str
    players: Mapping[int, RealPlayer]
    years: tuple[int, ...]


_WHAT_TO_GIVE: Final = "Give a CSV file in UTF-8."


def read_roster(path: Path) -> Roster:
    """The players of that file; SettingsError names file, line and column of what is wrong."""
    players: dict[int, RealPlayer] = {}
    years: set[int] = set()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            _check_header(path, reader.fieldnames or ())
            for row in reader:
                _check_row(path, reader.line_num, row)
                years.add(_add(path, reader.line_num, row, players))
    except OSError as error:
        raise SettingsError(f"The players file {path} can't be read: {error.strerror}.", _WHAT_TO_GIVE) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"The players file {path} can't be read: {error}.", _WHAT_TO_GIVE) from error
    if not players:
        raise SettingsError(f"The players file {path} has no players.", "Give a file with rows.")
    return Roster(str(path), dict(sorted(players.items())), tuple(sorted(years)))


def _check_header(path: Path, names: object) -> None:
    missing = [name for name in COLUMNS if not isinstance(names, (list, tuple)) or name not in names]
    if missing:
        raise SettingsError(
            f"The players file {path}, line 1: no column {', '.join(missing)}.",
            f"It needs the columns {', '.join(COLUMNS)}.",
        )


def _check_row(path: Path, line: int, row: Mapping[str | None, str | list[str] | None]) -> None:
    extra = row.get(None)
    if extra:
        raise _fault(path, line, "(none)", ",".join(extra), "stands behind the last column")
    for names, form, meaning in _FORMS:
        for name in names:
            value = row[name]
            if not isinstance(value, str) or not form.fullmatch(value):
                raise _fault(path, line, name, value, f"is not {meaning}")
    if not row["name"]:
        raise _fault(path, line, "name", row["name"], "is empty")
    if row["region"] not in REGIONS:
        raise _fault(path, line, "region", row["region"], f"is none of {', '.join(REGIONS)}")


def _add(path: Path, line: int, row: Mapping[str, str], players: dict[int, RealPlayer]) -> int:
    player_id, year = int(row["player_id"]), int(row["year"])
    player = players.setdefault(player_id, RealPlayer(player_id, row["name"], row["region"]))
    for name, before in (("name", player.login), ("region", player.region)):
        if row[name] != before:
            raise _fault(path, line, name, row[name], f"differs from player {player_id}'s {before!r} in a line before")
    if year in player.years:
        raise _fault(path, line, "year", row["year"], f"stands twice for player {player_id}")
    player.years[year] = {name: row[name] for name in COLUMNS[4:]}
    return year


def _fault(path: Path, line: int, column: str, value: object, what: str) -> SettingsError:
    return SettingsError(
        f"The players file {path}, line {line}, column {column}: {value!r} {what}.",
        "Correct the line or leave it out.",
    )
