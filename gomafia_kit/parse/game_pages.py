"""Games as a tournament's tab of games shows them: no ids, no ELO; who was shot first, by the class of a cell.

First the tree is walked for what the tables say, then that is read: whole columns at once, or, where
anything is refused, seat by seat, so that the fault is pinpointed and the rest is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit import site
from gomafia_kit.errors import BadValueError
from gomafia_kit.parse.fields import Fault, Field, read_fields, refused_list, reject, shown
from gomafia_kit.parse.first_shot import SHOTS, UNTOLD, first_shot, tell_of_shots
from gomafia_kit.parse.games import word
from gomafia_kit.parse.pages import beginning_of, shown_name, shown_text, text_of, tree_of
from gomafia_kit.parse.tournament_cards import CARD_ITEM, first_day, read_staff
from gomafia_kit.parse.typed_games import Remembered, records_of
from gomafia_kit.records import TABLE_OF, TEAM_OF_ROLE, Game, Parsed, Seat
from gomafia_kit.values import decimal, integer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from gomafia_kit.records import Record
    from gomafia_kit.site import Answer

_ROUND: Final = 'div[class*="tournament__games-tour"]'
_TABLE: Final = 'table[class*="TableTournamentResultGame_table-tournament-result-game"]'
_A_TABLE: Final = re.compile(r"Стол\s*[0-9]")
_ROUND_TITLE: Final = re.compile(r"Тур\s*([0-9]{1,4})(?![0-9])")
_GAME_TITLE: Final = re.compile(r"\s*Стол\s*([0-9]+)\s*(?:, ?(.*))?", re.DOTALL)
_WINS: Final = {"Победа мафии": "black", "Победа мирных жителей": "red", "Ничья": "draw"}
_CLASS: Final = re.compile(r"__th_(mafia|city)(?![A-Za-z])")
_CLASS_OF_WIN: Final = {"black": "mafia", "red": "city"}
_ROLES: Final = {"Мир": "citizen", "Маф": "mafia", "Шер": "sheriff", "Дон": "don"}
_MARK: Final = re.compile(r"__item_([A-Za-z]+)__")
_CELLS: Final = ("seat", "nickname", "role", "points", "ELO change")

_role = word(_ROLES)
_winner = word(_WINS)


def role_shown(value: object) -> str | None:
    """The role of a role cell's text."""
    return _role(value.strip() if isinstance(value, str) else value)


def mark_shown(css: object) -> str | None:
    """The mark in a role cell's class; BadValueError for two that both name a first shot."""
    marks = [found[1] for token in str(css).split() if (found := _MARK.search(token))]
    shots = [mark for mark in marks if mark in SHOTS]
    if len(shots) > 1:
        raise BadValueError(f"{css!r} has {len(shots)} marks of a first shot.")
    return next(iter(shots or marks), None)


def _points(value: object) -> Decimal | None:
    """Points; they stand without a plus: with one it is the change of ELO in their place."""
    if isinstance(value, str) and value.strip().startswith("+"):
        raise BadValueError(f"{value!r} has a plus, as only a change of ELO has.")
    return decimal(value)


def _change(value: object) -> Decimal | None:
    """A change of ELO; a rise has a plus: without one it is something else in its place."""
    found = decimal(value)
    if found is not None and found > 0 and "+" not in str(value):
        raise BadValueError(f"{value!r} has no plus, as a rise of ELO has.")
    return found


_GAME: Final = (
    Field("table_no", "table", integer, required=True),
    Field("winner", "winner", _winner),
    Field("judge_login", "judge", shown_name),
)
_SEAT: Final = (
    Field("seat", "seat", integer, required=True),
    Field("login", "nickname", shown_text),
    Field("role", "role", role_shown),
    Field("points", "points", _points),
    Field("elo_delta", "ELO change", _change),
    Field("first_shot_mark", "role's class", mark_shown),
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A game's table as it stands on the page; a row has the texts of its cells and the class of the role's.

    A row of another number of cells has that number and all its text.
    """

    round_no: int
    table: str
    judge: str | None
    words: str
    css: frozenset[str]
    rows: list[tuple[str, ...]]


def parse_games(answer: Answer) -> Parsed:
    """Games and seats; the standings stand on another page."""
    tree = tree_of(answer)
    games = _shown_games(answer, tree)
    tournament_id = int(answer.ask.fact("id"))
    day = first_day(tree)
    parsed = _read_at_once(tournament_id, games, day) or _read_one_by_one(answer, tournament_id, games, day)
    read_staff(parsed, tournament_id, tree)
    parsed.more.append(site.tournament_results_page(tournament_id, answer.ask.form))
    return parsed


# -- what the tables say ----------------------------------------------------------------------------


def _shown_games(answer: Answer, tree: LexborHTMLParser) -> list[_Shown]:
    tables = tree.css(_TABLE)
    if not tables:
        _check_no_games(answer, tree)
    rounds = {node.mem_id: node for node in tree.css(_ROUND)}
    numbers: dict[int, int | None] = {}
    games = []
    for table in tables:
        round_no = _round_of(table, rounds, numbers)
        if round_no is None:
            raise refused_list(answer.ask, f'a round titled "Тур 1" around each game ({_ROUND})', text_of(table))
        games.append(_shown_game(round_no, table))
    return games


def _check_no_games(answer: Answer, tree: LexborHTMLParser) -> None:
    """Raise LayoutChangedError unless this is a tournament's page that shows no game at all."""
    whole = beginning_of(tree)
    if tree.css_first(CARD_ITEM) is None or tree.css_first("table") is not None or _A_TABLE.search(whole):
        raise refused_list(answer.ask, f"the games' tables ({_TABLE})", whole)


def _round_of(table: LexborNode, rounds: dict[int, LexborNode], numbers: dict[int, int | None]) -> int | None:
    """The number of the round that a table stands in: of the innermost one with a title."""
    node = table.parent
    while node is not None:
        key = node.mem_id
        if key in rounds:
            if key not in numbers:
                found = _ROUND_TITLE.findall(_text_before_tables(rounds[key]))
                numbers[key] = int(found[0]) if len(found) == 1 else None
            if numbers[key] is not None:
                return numbers[key]
        node = node.parent
    return None


def _text_before_tables(node: LexborNode) -> str:
    told = ""
    for part in node.traverse(include_text=True):
        if part.tag == "table":
            break
        if part.is_text_node:
            told += part.text()
    return told


def _shown_game(round_no: int, table: LexborNode) -> _Shown:
    heads: list[LexborNode] = []
    rows: list[tuple[str, ...]] = []
    for part in table.iter():
        if part.tag == "thead":
            heads += part.iter()
        elif part.tag == "tbody":
            rows += map(_shown_row, part.iter())
    title = text_of(heads[0]) if heads else ""
    found = _GAME_TITLE.fullmatch(title)
    table_no, judge = (found[1], found[2]) if found else (title, None)
    words = "".join(text_of(head) for head in heads[1:]).strip()
    css = frozenset(_CLASS.findall("".join(head.html or "" for head in heads[1:])))
    return _Shown(round_no, table_no, judge, words, css, rows)


def _shown_row(row: LexborNode) -> tuple[str, ...]:
    cells = list(row.iter())
    if len(cells) != len(_CELLS):
        return str(len(cells)), " ".join([text_of(cell) for cell in cells])
    seat, login, role, points, change = cells
    # Asked directly, since this is where most of the time goes.
    return (
        seat.text(deep=True),
        login.text(deep=True),
        role.text(deep=True),
        points.text(deep=True),
        change.text(deep=True),
        role.attributes.get("class") or "",
    )


# -- all columns at once ----------------------------------------------------------------------------

_TABLE_NO: Final = Remembered(lambda told: _required(integer(told)))
_JUDGE: Final = Remembered(shown_name)
_WINNER: Final = Remembered(lambda told: _agreed(*told))
_SEAT_NO, _LOGIN, _ROLE, _POINTS, _CHANGE, _MARKS = (Remembered(field.read) for field in _SEAT)


def _required(number: int | None) -> int:
    if number is None:
        raise BadValueError("a value must stand here")
    return number


def _agreed(words: str, css: frozenset[str]) -> str | None:
    """Who won, by the words and by their cell's class; BadValueError if these don't agree."""
    winner = _winner(words)
    if css != ({_CLASS_OF_WIN[winner]} if winner in _CLASS_OF_WIN else frozenset()):
        raise BadValueError("the winner's words and the class of their cell must agree")
    return winner


def _read_at_once(tournament_id: int, games: Sequence[_Shown], day: date | None) -> Parsed | None:
    """All records, or None where one is to be refused."""
    parsed = Parsed()
    rows = [row for game in games for row in game.rows]
    if any(len(row) != len(_SEAT) for row in rows):
        return None
    try:
        for game in games:
            winner = _WINNER[game.words, game.css]
            parsed.records.append(Game(tournament_id, game.round_no, _TABLE_NO[game.table], winner, _JUDGE[game.judge]))
            if winner is None and any(_ROLE[row[2]] is not None for row in game.rows):
                return None
        if rows:
            parsed.records += _seats_at_once(tournament_id, games, rows, day)
    except BadValueError:
        return None
    if games:
        parsed.count("game", len(games))
    if rows:
        parsed.count("seat", len(rows))
    return parsed


def _seats_at_once(
    tournament_id: int, games: Sequence[_Shown], rows: Sequence[tuple[str, ...]], day: date | None
) -> list[Record]:
    numbers, logins, roles, points, changes, classes = zip(*rows, strict=True)
    told = tell_of_shots(map(_MARKS.__getitem__, set(classes)))
    outcomes = Remembered(lambda raw: _outcome(raw[0], raw[1], day, told=told))
    seat_nos = list(map(_SEAT_NO.__getitem__, numbers))
    if None in seat_nos:
        raise BadValueError("a value must stand here")
    ours, teams, shots, leasts, mosts, marks = zip(
        *map(outcomes.__getitem__, zip(roles, classes, strict=True)), strict=True
    )
    return records_of(
        Seat,
        repeat(tournament_id),
        chain.from_iterable([game.round_no] * len(game.rows) for game in games),
        chain.from_iterable([_TABLE_NO[game.table]] * len(game.rows) for game in games),
        seat_nos,
        repeat(None),
        map(_LOGIN.__getitem__, logins),
        ours,
        teams,
        map(_POINTS.__getitem__, points),
        map(_CHANGE.__getitem__, changes),
        repeat(None),
        shots,
        leasts,
        mosts,
        marks,
    )


def _outcome(role_text: str, css: str, day: date | None, *, told: bool) -> tuple[Any, ...]:
    """Role, team, first shot, fewest and most named, mark."""
    role, mark = _ROLE[role_text], _MARKS[css]
    team = None if role is None else TEAM_OF_ROLE[role]
    return (role, team, *(first_shot(mark, role, day) if told else UNTOLD), mark)


# -- seat by seat -----------------------------------------------------------------------------------


def _read_one_by_one(answer: Answer, tournament_id: int, games: Sequence[_Shown], day: date | None) -> Parsed:
    parsed = Parsed()
    seats: list[Seat] = []
    _check_columns(answer, games)
    for game in games:
        seats += _read_game(parsed, tournament_id, game)
    _check_some_good(answer, parsed, Game, len(parsed.records))
    _check_some_good(answer, parsed, Seat, len(seats))
    if tell_of_shots(seat.first_shot_mark for seat in seats):
        seats = [_with_shot(seat, day) for seat in seats]
    parsed.records += seats
    return parsed


def _with_shot(seat: Seat, day: date | None) -> Seat:
    told, least, most = first_shot(seat.first_shot_mark, seat.role, day)
    return seat._replace(shot_first=told, guessed_min=least, guessed_max=most)


def _check_columns(answer: Answer, games: Sequence[_Shown]) -> None:
    """Raise LayoutChangedError where points and changes of ELO stand in each other's place."""
    rows = [row for game in games for row in game.rows if len(row) == len(_SEAT)]
    if any(row[3].strip().startswith("+") for row in rows) and not any("+" in row[4] for row in rows):
        found = next(row[3] for row in rows if row[3].strip().startswith("+"))
        raise refused_list(answer.ask, "points in the fourth column of a game, changes of ELO in the fifth", found)


def _check_some_good(answer: Answer, parsed: Parsed, kind: type[Record], good: int) -> None:
    """Raise LayoutChangedError if all of several records were refused: that is no bad row but a changed page."""
    table = TABLE_OF[kind]
    if good or parsed.fetched.get(table, 0) <= 1:
        return
    first = next(rejection for rejection in parsed.rejections if rejection.table == table)
    found = f"{first.key}: {first.field} {first.value!r} ({first.rule})"
    raise refused_list(answer.ask, f"at least one {table} that can be read", found)


def _read_game(parsed: Parsed, tournament_id: int, game: _Shown) -> list[Seat]:
    """The table's seats that can be read; its game goes to `parsed`."""
    parsed.count("game")
    place = f"tournament_id={tournament_id}, round={game.round_no}, table_no={shown(game.table)}"
    raw = {"table": game.table, "judge": game.judge, "winner": game.words}
    values, faults = read_fields(_GAME, raw)
    read = [_read_seat(parsed, tournament_id, game.round_no, values.get("table_no"), place, row) for row in game.rows]
    seats = [seat for seat in read if seat is not None]
    if not faults:
        faults = _faults_of_winner(game, values["winner"], seats)
    if faults:
        reject(parsed, Game, place, faults)
    else:
        parsed.records.append(Game(tournament_id, game.round_no, **values))
    return seats


def _faults_of_winner(game: _Shown, winner: str | None, seats: Sequence[Seat]) -> list[Fault]:
    """The words, the class and the roles must agree on who won, or on that nothing was played."""
    try:
        _agreed(game.words, game.css)
    except BadValueError as error:
        return [("winner", f"{game.words} ({', '.join(sorted(game.css)) or 'no class'})", error.message)]
    if winner is None and any(seat.role is not None for seat in seats):
        return [("winner", game.words, "a game with roles must have a winner, or be called a draw")]
    return []


def _read_seat(
    parsed: Parsed, tournament_id: int, round_no: int, table_no: int | None, place: str, row: tuple[str, ...]
) -> Seat | None:
    parsed.count("seat")
    if len(row) != len(_SEAT):
        number, text = row
        rule = f"a row has the cells {', '.join(_CELLS)}, this one has {number}"
        reject(parsed, Seat, place, [("row", shown(text), rule)])
        return None
    values, faults = read_fields(_SEAT, dict(zip((field.key for field in _SEAT), row, strict=True)))
    if table_no is None:
        faults.append(("table", "", "the game's table must be known"))
    if faults or table_no is None:
        reject(parsed, Seat, f"{place}, seat={shown(row[0])}", faults)
        return None
    team = TEAM_OF_ROLE.get(values["role"])
    nothing: dict[str, Any] = dict.fromkeys(("player_id", "elo", "shot_first", "guessed_min", "guessed_max"))
    return Seat(tournament_id, round_no, table_no, team=team, **values, **nothing)
