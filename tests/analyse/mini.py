"""A league small enough to count by hand, brought through the real ledger, parts, publication and push.

Five games: in tournament 100 (May 2023) red wins, then black; in 101 (February 2024) a draw, one not
played, and red wins. Seat 1 is the don, 2 and 3 mafia, 4 the sheriff, the others citizens. In game
number k (from 0) player p sits on seat (p - 1 - k) mod 10 + 1. Seat 5 is shot first, but in the draw
the mafia misses, and the answers of tournament 100 don't tell.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from gomafia_kit.postgres.target import push_folder
from gomafia_kit.runs.journal import Journal
from gomafia_kit.runs.ledger import BatchNote, Ledger, Portion, Reading
from gomafia_kit.site import Ask
from gomafia_kit.staging.live import LiveTables
from gomafia_kit.staging.parts import write_part
from gomafia_kit.staging.publish import publish

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
LISTS, TOURNAMENTS, CUP, OPEN, SUMS = "lists", "tournaments", "cup", "open", "sums"

ANSWERS: Final[Mapping[str, tuple[Ask, str, datetime]]] = {
    LISTS: (Ask("player_list", "api", "POST", "/players", subject=LISTS), "http", OLD),
    TOURNAMENTS: (Ask("tournament_list", "api", "POST", "/tournaments", subject=TOURNAMENTS), "http", NEW),
    CUP: (Ask("tournament", "api", "POST", "/tournament", (("id", "100"),), subject=CUP), "http", OLD),
    OPEN: (Ask("tournament", "dom", "GET", "/tournament/101", subject=OPEN), "chromium", NEW),
    SUMS: (Ask("derived", "derived", "COMPUTE", "figures", subject=SUMS), "derived", COMPUTED),
}
"""Each answer: the ask, who fetched it, when. A row's last value names the one that it came from."""

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
    unresolved = None if player_id else "2 people of this nickname sat at its tables: 2, 3"
    return (
        101, standing, row_no, row_no, player_id, unresolved, login, Decimal(points), Decimal("0.5"), 1, 0, 1,
        Decimal("0.5"), None, None, 1, Decimal("0.4"), Decimal(6), OPEN,
    )  # fmt: skip


ROWS: Final[Mapping[str, Sequence[Row]]] = {
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


class Folder:
    """A data folder with this league in it; nothing is published or pushed yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._batches = 0
        with Journal(path) as journal:
            self.run_id = journal.begin({})
            journal.end(self.run_id, "done")
        for name in ANSWERS:
            self.put(name, {table: [row for row in rows if row[-1] == name] for table, rows in ROWS.items()})

    def put(self, name: str, rows: Mapping[str, Sequence[Row]]) -> None:
        """The answer of that name with these rows, by table; an older one gives way to it."""
        ask, via, came_at = ANSWERS[name]
        self._batches += 1
        filled = {table: some for table, some in rows.items() if some}
        with Ledger(self.path) as ledger:
            load = ledger.begin(ask, via, came_at, sha256(repr(rows).encode()).hexdigest(), "1")
            parts = [
                write_part(self.path, table, [(*row[:-1], ask.ask_id) for row in some])
                for table, some in filled.items()
            ]
            numbers = Counter({table: len(some) for table, some in filled.items()})
            note = BatchNote(self.run_id, "by hand", self._batches, came_at, 0.0, 1000)
            portion = Portion(load, numbers, finished=True, fetched=dict(numbers))
            ledger.commit(note, parts, [portion], [Reading(ask.subject, {ask.ask_id: (load.sha256, load.parser)})])

    def publish(self, form: str) -> None:
        """Publish what it holds as duckdb or parquet."""
        with Ledger(self.path) as ledger, LiveTables(self.path, ledger) as live:
            publish(self.path, ledger, live, form)

    def push(self) -> None:
        """Push what it holds to PostgreSQL."""
        with Ledger(self.path) as ledger, LiveTables(self.path, ledger) as live:
            push_folder(self.path, live, folder_id=ledger.folder_id, league="mini", schema="gomafia")

    def serve(self, read_from: str) -> None:
        """Make it readable that way."""
        if read_from == "postgres":
            self.push()
        else:
            self.publish(read_from)
