"""A league small enough to count by hand, and writers of what an import of it leaves behind.

Five games: in tournament 100 (May 2023) red wins, then black; in 101 (February 2024) a draw, one not
played, and red wins. Seat 1 is the don, 2 and 3 mafia, 4 the sheriff, the others citizens. In game
number k (from 0) player p sits on seat (p - 1 - k) mod 10 + 1. Seat 5 is shot first, but in the draw
the mafia misses, and the answers of tournament 100 don't tell.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import duckdb
import polars as pl

from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Row = tuple[object, ...]

FIRE: Final = "Градиент 🔥"
SCRIPT: Final = "<script>alert(1)</script>"
ROLES_BY_SEAT: Final = ("don", "mafia", "mafia", "sheriff", *["citizen"] * 6)
OLD: Final = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
NEW: Final = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
COMPUTED: Final = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
LISTS, TOURNAMENTS, CUP, OPEN, SUMS = 1, 2, 3, 4, 5

ANSWERS: Final[list[Row]] = [
    (LISTS, "api POST player_list", "player_list", "http", OLD, "a" * 64),
    (TOURNAMENTS, "api POST tournament_list", "tournament_list", "http", NEW, "b" * 64),
    (CUP, "api POST tournament 100", "tournament", "http", OLD, "c" * 64),
    (OPEN, "page GET tournament 101", "tournament", "chromium", NEW, "d" * 64),
    (SUMS, "derived figures", "derived", "derived", COMPUTED, "e" * 64),
]
LOGINS: Final = {
    1: FIRE,
    2: "PELIMENI",
    3: "PELIMENI",
    4: SCRIPT,
    5: "7",
    6: "Ёж",
    7: "Волк",
    8: "волк",
    9: "Dr. O'Neil",
    10: "Тень",
}
ELO: Final = {1: "2500.5", 2: "2300", 3: "2300", 4: "1900.25", 5: "1500", 6: "1400", 7: "1300", 8: "1200", 9: "1100"}


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _players() -> list[Row]:
    rows: list[Row] = []
    for player_id, login in LOGINS.items():
        city = {1: "Москва", 2: "Казань", 3: "Томск"}.get(player_id)
        club = "Клуб «Ночь»" if player_id == 1 else None
        listed = player_id in ELO
        rows.append(
            (
                player_id,
                login,
                "Россия",
                city,
                club,
                _decimal(ELO.get(player_id)),
                listed,
                2024 if listed else None,
                LISTS,
            )
        )
    return rows


def _seasons() -> list[Row]:
    return [
        (1, 2023, "central", "Старый клуб", 2, Decimal(2400), 1, Decimal("10.5"), LISTS),
        (1, 2024, "central", "Клуб «Ночь»", 1, Decimal("2500.5"), 2, Decimal(4), LISTS),
        (2, 2024, "volga_region", None, 2, Decimal(2300), 1, Decimal(30), LISTS),
        (3, 2023, "siberia_and_ural", None, 1, Decimal(2450), 1, Decimal(8), LISTS),
        (3, 2024, "siberia_and_ural", None, 3, Decimal(2300), 1, None, LISTS),
    ]


def _tournament(tournament_id: int, title: str, start: date | None, status: str) -> Row:
    return (
        tournament_id, title, start, start, "Россия", "Москва", "personal", "Личный", "x", status, 3,
        Decimal("2100.5"), True, False, 9, None, Decimal(1500), "RUB", 10, TOURNAMENTS,
    )  # fmt: skip


GAMES: Final[list[Row]] = [
    (100, 1, 1, "red", "Судья, мл.", CUP),
    (100, 2, 1, "black", "Судья, мл.", CUP),
    (101, 1, 1, "draw", None, OPEN),
    (101, 1, 2, None, None, OPEN),
    (101, 2, 1, "red", "Волк", OPEN),
]


def _seats() -> list[Row]:
    rows: list[Row] = []
    for number, (tournament_id, round_, table_no, winner, _, ask_id) in enumerate(GAMES):
        for seat, its_role in enumerate(ROLES_BY_SEAT, start=1):
            player_id = (seat - 1 + number) % 10 + 1
            role = its_role if winner else None
            team = None if role is None else "black" if role in {"don", "mafia"} else "red"
            won = team is not None and team == winner
            shot = None if tournament_id == 100 or winner is None else winner == "red" and seat == 5
            rows.append((
                tournament_id, round_, table_no, seat, player_id, LOGINS[player_id], role, team,
                _decimal(None if role is None else "1.3" if won else "0.2"),
                _decimal(None if role is None else "12.5" if won else "-7"),
                Decimal(2000), shot, 1 if shot else None, 2 if shot else None, "lg" if shot else None, ask_id,
            ))  # fmt: skip
    return rows


def _result(standing: str, row_no: int, player_id: int | None, login: str, points: str) -> Row:
    return (
        101, standing, row_no, row_no, player_id, login, Decimal(points), Decimal("0.5"), 1, 0, 1, Decimal("0.5"),
        None, None, 1, Decimal("0.4"), Decimal(6), OPEN,
    )  # fmt: skip


ROWS: Final[Mapping[str, Sequence[Row]]] = {
    "answer": ANSWERS,
    "player": _players(),
    "player_season": _seasons(),
    "tournament": [
        _tournament(100, "Кубок весны", date(2023, 5, 13), "Завершён"),
        _tournament(101, "Открытый <b>стол</b>", date(2024, 2, 3), "В процессе"),
        _tournament(102, "Финал года", date(2024, 12, 28), "Регистрация"),
        _tournament(103, "Без даты", None, "Отменён"),
    ],
    "game": GAMES,
    "seat": _seats(),
    "result": [
        _result("without_final", 1, 1, FIRE, "1.7"),
        _result("with_final", 1, 1, FIRE, "2.5"),
        _result("with_final", 2, None, "PELIMENI", "1.5"),
    ],
    "player_year": [
        (1, 2023, 2, 0, 0, 1, Decimal("0.4"), Decimal(-14), None, 0, SUMS),
        (1, 2024, 2, 1, 1, 1, Decimal("1.5"), Decimal("5.5"), 0, 1, SUMS),
    ],
    "player_role_year": [
        (1, 2023, "citizen", 1, 0, Decimal("0.2"), Decimal(-7), SUMS),
        (1, 2023, "don", 1, 0, Decimal("0.2"), Decimal(-7), SUMS),
        (1, 2024, "citizen", 2, 1, Decimal("1.5"), Decimal("5.5"), SUMS),
    ],
}
"""Rows of the tables that this league has; clubs and official years were never imported."""


def frame(table: str) -> pl.DataFrame:
    """A table of the league, with the types of `tables`."""
    return pl.DataFrame(list(ROWS.get(table, ())), schema=TABLES[table].polars_schema(), orient="row")


def publish_duckdb(folder: Path, number: int = 1, *, without: Sequence[str] = ()) -> Path:
    """Publish the league as the importer does, all tables but those `without` filled."""
    path = folder / "published" / f"staging-{number:08}.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        for name, table in TABLES.items():
            connection.execute(table.duckdb_ddl())
            if name in ROWS and name not in without:
                rows = frame(name).to_arrow()
                connection.register("rows", rows)
                connection.execute(f"INSERT INTO {name} SELECT * FROM rows")
                connection.unregister("rows")
    common = folder / "staging.duckdb"
    common.unlink(missing_ok=True)
    os.link(path, common)
    return path


def publish_parquet(folder: Path, *, only: Sequence[str] = tuple(ROWS)) -> None:
    """Publish these tables as Parquet files, replacing those that stand there."""
    for name in only:
        path = folder / "staging" / name / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame(name).write_parquet(path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)
