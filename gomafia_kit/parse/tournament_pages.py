"""A tournament's pages: the data that they carry, and what they show (games, standings, the card)."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Final

from gomafia_kit import site
from gomafia_kit.errors import BadValueError
from gomafia_kit.parse import typed_games
from gomafia_kit.parse.fields import Field, read_fields, refused_list, reject, shown
from gomafia_kit.parse.first_shot import SHOTS, UNTOLD, tell_of_shots
from gomafia_kit.parse.games import read_tournament, started_on, with_shot, word
from gomafia_kit.parse.next_data import next_data, server_data
from gomafia_kit.parse.pages import beginning_of, class_of, is_missing, shown_name, shown_text, text_of, tree_of
from gomafia_kit.parse.typed_games import Remembered
from gomafia_kit.records import TABLE_OF, TEAM_OF_ROLE, Game, Parsed, Seat, TournamentParticipants
from gomafia_kit.values import days, decimal, integer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from gomafia_kit.records import Record
    from gomafia_kit.site import Answer

_STANDINGS: Final = {
    "with_final": "tournamentResultWithFinal",
    "without_final": "tournamentResultWithoutFinal",
}
_ROUND: Final = 'div[class*="tournament__games-tour"]'
_GAME_TABLE: Final = 'table[class*="TableTournamentResultGame_table-tournament-result-game"]'
_CARD_ITEM: Final = 'div[class*="tournament__top-left-item__"]'
_ROUND_TITLE: Final = re.compile(r"Тур\s*([0-9]{1,4})(?![0-9])")
_GAME_TITLE: Final = re.compile(r"\s*Стол\s*([0-9]+)\s*(?:, ?(.*))?", re.DOTALL)
_WINS: Final = {"Победа мафии": "black", "Победа мирных жителей": "red", "Ничья": "draw"}
_CLASS_OF_WIN: Final = {"black": "__th_mafia", "red": "__th_city"}
_ROLES: Final = {"Мир": "citizen", "Маф": "mafia", "Шер": "sheriff", "Дон": "don"}
_MARK: Final = re.compile(r"__item_([A-Za-z]+)__")
_A_TABLE: Final = re.compile(r"Стол\s*[0-9]")
_LABEL_AND_VALUE: Final = 2
_CELLS: Final = ("seat", "nickname", "role", "points", "ELO change")

Fault = tuple[str, str, str]

_role = word(_ROLES)
_winner = word(_WINS)


# -- the data of the pages --------------------------------------------------------------------------


def parse_games_data(answer: Answer) -> Parsed:
    """Games and seats of the tab of games, and the standings if its data carry them too.

    Who was shot first is told by the seats, or else by the classes of the page's cells.
    """
    parsed = _read_data(answer, of_games=True)
    if "result" not in parsed.fetched and not _tells_standings(answer):
        parsed.more.append(site.tournament_results_page(int(answer.ask.fact("id")), answer.ask.form))
    _tell_shots(answer, parsed)
    return parsed


def parse_results_data(answer: Answer) -> Parsed:
    """The standings of the tab of results."""
    return _read_data(answer, of_games=False)


def _read_data(answer: Answer, *, of_games: bool) -> Parsed:
    data = next_data(answer)
    parsed = typed_games.read_page(answer, data, of_games=of_games)
    if parsed is not None:
        return parsed
    told = server_data(answer)
    needed = not of_games or any(key in told for key in _STANDINGS.values())
    return read_tournament(answer.ask, told, _STANDINGS if needed else {}, games=of_games)


def _tells_standings(answer: Answer) -> bool:
    """True if the data have the standings, be they empty."""
    told = server_data(answer)
    return any(key in told for key in _STANDINGS.values())


# -- who was shot first, from the page's cells ------------------------------------------------------


def _tell_shots(answer: Answer, parsed: Parsed) -> None:
    """Add the first shots from the page's cells where the seats of its data don't tell them.

    The cells must be those of the data: the same seats in the same order, with the same roles and
    nicknames, or else (read as a tree) each at its round and table with its role. If they aren't, the
    page has changed: LayoutChangedError. A page without any table shows no games: then it is left open.
    """
    seats = [record for record in parsed.records if isinstance(record, Seat)]
    if tell_of_shots(seat.first_shot_mark for seat in seats) or all(seat.role is None for seat in seats):
        return
    if b"<table" not in answer.body:
        return
    marks = _marks_in_order(answer.body, seats) or _marks_by_place(answer, parsed, seats)
    if not tell_of_shots(marks):
        return
    day = started_on(server_data(answer)["tournament"].get("date_start"))
    told = iter([with_shot(seat, mark, day) for seat, mark in zip(seats, marks, strict=True)])
    parsed.records = [next(told) if isinstance(record, Seat) else record for record in parsed.records]


_ROW: Final = re.compile(
    rb"<tr[^>]*><td[^>]*>([0-9]+)</td><td[^>]*>([^<]*)</td><td([^>]*)>([^<]*)</td><td[^>]*>[^<]*</td><td[^>]*>[^<]*</td></tr>"
)


def _marks_in_order(body: bytes, seats: Sequence[Seat]) -> list[str | None]:
    """The marks of all cells, if the rows of the page, read as they come, are exactly these seats; else none."""
    rows = _ROW.findall(body)
    if len(rows) != len(seats):
        return []
    try:
        told = [(int(seat), _plain(login), _role(_plain(role)), _mark(css.decode())) for seat, login, css, role in rows]
    except (BadValueError, UnicodeDecodeError):
        return []
    same = all(
        (seat, login or None, role) == (item.seat, item.login, item.role)
        for (seat, login, role, _), item in zip(told, seats, strict=True)
    )
    return [mark for _, _, _, mark in told] if same else []


def _plain(markup: bytes) -> str:
    found = markup.decode()
    return unescape(found) if "&" in found else found


def _marks_by_place(answer: Answer, parsed: Parsed, seats: Sequence[Seat]) -> list[str | None]:
    """The marks of the cells at these seats' rounds and tables."""
    shown_seats = {
        (seat.round, seat.table_no, seat.seat): seat
        for seat in _read_games(answer, tree_of(answer)).records
        if isinstance(seat, Seat)
    }
    marks: list[str | None] = []
    for seat in seats:
        place = (seat.round, seat.table_no, seat.seat)
        cell = shown_seats.get(place)
        if cell is None or cell.role != seat.role:
            found = "no such row" if cell is None else f"the role {cell.role}"
            sought = (
                f"round {place[0]}, table {place[1]}, seat {place[2]} with the role {seat.role}, as the page's data say"
            )
            raise refused_list(answer.ask, sought, found)
        marks.append(cell.first_shot_mark)
    if len(shown_seats) != parsed.fetched["seat"]:
        raise refused_list(answer.ask, f"{parsed.fetched['seat']} rows of seats", f"{len(shown_seats)}")
    return marks


def _mark(css: object) -> str | None:
    """The mark in a role cell's class; BadValueError for two that both name a first shot."""
    marks = [found[1] for token in str(css).split() if (found := _MARK.search(token))]
    shots = [mark for mark in marks if mark in SHOTS]
    if len(shots) > 1:
        raise BadValueError(f"{css!r} has {len(shots)} marks of a first shot.")
    return next(iter(shots or marks), None)


# -- games as they are shown ------------------------------------------------------------------------


def _shown_role(value: object) -> str | None:
    return _role(value.strip() if isinstance(value, str) else value)


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
    Field("seat", "seat", integer),
    Field("login", "nickname", shown_text),
    Field("role", "role", _shown_role),
    Field("points", "points", _points),
    Field("elo_delta", "ELO change", _change),
    Field("first_shot_mark", "role's class", _mark),
)


_RAW_NAMES: Final = tuple(field.key for field in _SEAT)
_SEAT_READERS: Final = tuple(Remembered(reader.read) for reader in _SEAT)


def parse_games(answer: Answer) -> Parsed:
    """Games and seats as the tab of games shows them: without ids and ELO; the standings stand on another page."""
    parsed = _read_games(answer, tree_of(answer))
    parsed.more.append(site.tournament_results_page(int(answer.ask.fact("id")), answer.ask.form))
    return parsed


def _read_games(answer: Answer, tree: LexborHTMLParser) -> Parsed:
    parsed = Parsed()
    tournament_id = int(answer.ask.fact("id"))
    tables = tree.css(_GAME_TABLE)
    if not tables:
        _check_no_games(answer, tree)
    rounds = {node.mem_id: node for node in tree.css(_ROUND)}
    numbers: dict[int, int | None] = {}
    seats: list[Seat] = []
    for table in tables:
        round_no = _round_of(table, rounds, numbers)
        if round_no is None:
            raise refused_list(answer.ask, f'a round titled "Тур 1" around each game ({_ROUND})', text_of(table))
        seats += _read_game(parsed, tournament_id, round_no, table)
    _check_some_good(answer, parsed, Game, len(parsed.records))
    _check_some_good(answer, parsed, Seat, len(seats))
    if tell_of_shots({seat.first_shot_mark for seat in seats}):
        day = _first_day(tree)
        seats = [with_shot(seat, seat.first_shot_mark, day) for seat in seats]
    parsed.records += seats
    return parsed


def _check_no_games(answer: Answer, tree: LexborHTMLParser) -> None:
    """Raise LayoutChangedError unless this is a tournament's page that shows no game at all."""
    whole = beginning_of(tree)
    if tree.css_first(_CARD_ITEM) is None or tree.css_first("table") is not None or _A_TABLE.search(whole):
        raise refused_list(answer.ask, f"the games' tables ({_GAME_TABLE})", whole)


def _check_some_good(answer: Answer, parsed: Parsed, kind: type[Record], good: int) -> None:
    """Raise LayoutChangedError if all of several records were refused: that is no bad row but a changed page."""
    table = TABLE_OF[kind]
    if good or parsed.fetched.get(table, 0) <= 1:
        return
    first = next(rejection for rejection in parsed.rejections if rejection.table == table)
    found = f"{first.key}: {first.field} {first.value!r} ({first.rule})"
    raise refused_list(answer.ask, f"at least one {table} that can be read", found)


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


def _read_game(parsed: Parsed, tournament_id: int, round_no: int, table: LexborNode) -> list[Seat]:
    """The table's seats that can be read; its game goes to `parsed`."""
    parsed.count("game")
    heads, rows = _parts(table)
    title = text_of(heads[0]) if heads else ""
    found = _GAME_TITLE.fullmatch(title)
    table_no, judge = (found[1], found[2]) if found else (title, None)
    place = f"tournament_id={tournament_id}, round={round_no}, table_no={shown(table_no)}"
    raw = {"table": table_no, "judge": judge, "winner": "".join(map(text_of, heads[1:])).strip()}
    values, faults = read_fields(_GAME, raw)
    number = values.get("table_no")
    seats = [seat for row in rows if (seat := _read_seat(parsed, tournament_id, round_no, number, place, row))]
    if not faults:
        faults = _faults_of_winner(values["winner"], heads[1:], seats)
    if faults:
        reject(parsed, Game, place, faults)
    else:
        parsed.records.append(Game(tournament_id, round_no, **values))
    return seats


def _parts(table: LexborNode) -> tuple[list[LexborNode], list[LexborNode]]:
    """The rows of a table's head and those of its body."""
    heads: list[LexborNode] = []
    rows: list[LexborNode] = []
    for part in table.iter():
        if part.tag == "thead":
            heads += part.iter()
        elif part.tag == "tbody":
            rows += part.iter()
    return heads, rows


def _faults_of_winner(winner: str | None, heads: Sequence[LexborNode], seats: Sequence[Seat]) -> list[Fault]:
    """The words, the class and the roles must agree on who won, or on that nothing was played."""
    classes = " ".join(class_of(part) for head in heads for part in head.traverse())
    told = {which for which, css in _CLASS_OF_WIN.items() if css in classes}
    if told != ({winner} & _CLASS_OF_WIN.keys()):
        words = next((words for words, which in _WINS.items() if which == winner), "")
        return [("winner", f"{words} ({classes})", "the winner's words and the class of their cell must agree")]
    if winner is None and any(seat.role is not None for seat in seats):
        return [("winner", "", "a game with roles must have a winner, or be called a draw")]
    return []


def _read_seat(
    parsed: Parsed, tournament_id: int, round_no: int, table_no: int | None, place: str, row: LexborNode
) -> Seat | None:
    parsed.count("seat")
    cells = list(row.iter())
    faults: list[Fault] = []
    if len(cells) != len(_CELLS):
        whole = shown(text_of(row, separator=" "))
        faults = [("row", whole, f"a row has the cells {', '.join(_CELLS)}, this one has {len(cells)}")]
    else:
        texts = [cell.text(deep=True) for cell in cells]
        raw = (*texts, cells[2].attributes.get("class") or "")
        try:
            seat, login, role, points, change, mark = (
                reader[told] for reader, told in zip(_SEAT_READERS, raw, strict=True)
            )
        except BadValueError:
            _, faults = read_fields(_SEAT, dict(zip(_RAW_NAMES, raw, strict=True)))
        else:
            if seat is not None and table_no is not None:
                team = TEAM_OF_ROLE.get(role)
                return Seat(
                    tournament_id,
                    round_no,
                    table_no,
                    seat,
                    None,
                    login,
                    role,
                    team,
                    points,
                    change,
                    None,
                    *UNTOLD,
                    mark,
                )
            faults = [("table", "", "the seat and the game's table must be known")]
    reject(parsed, Seat, f"{place}, seat={shown(text_of(cells[0]) if cells else '')}", faults)
    return None


# -- the card ---------------------------------------------------------------------------------------


def _card(tree: LexborHTMLParser) -> dict[str, str]:
    """What the card says by label: each of its items has two elements, label and value."""
    told: dict[str, str] = {}
    for item in tree.css(_CARD_ITEM):
        parts = [part for part in item.iter() if part.is_element_node]
        if len(parts) == _LABEL_AND_VALUE:
            told[text_of(parts[0]).strip().casefold()] = text_of(parts[1]).strip()
    return told


def _first_day(tree: LexborHTMLParser) -> date | None:
    """The tournament's first day, as the card says; None where it doesn't."""
    try:
        found = days(_card(tree).get("дата проведения турнира"))
    except BadValueError:
        return None
    return None if found is None else found[0]


_TAKE_PART: Final = re.compile(r"([0-9]+)(?:\s*из\s*([0-9]+))?")


def parse_card(answer: Answer) -> Parsed:
    """How many take part: `30 из 30`, or a number alone."""
    tree = tree_of(answer)
    card = _card(tree)
    if not card:
        raise refused_list(answer.ask, f"the tournament's card ({_CARD_ITEM})", beginning_of(tree))
    parsed = Parsed()
    parsed.count("tournament_participants")
    tournament_id = int(answer.ask.fact("id"))
    told = card.get("участники")
    try:
        parsed.records.append(TournamentParticipants(tournament_id, *_participants(told)))
    except BadValueError as error:
        key = f"tournament_id={tournament_id}"
        reject(parsed, TournamentParticipants, key, [("Участники", shown(told or ""), error.message)])
    return parsed


def _participants(told: str | None) -> tuple[int | None, int | None]:
    if told is None:
        raise BadValueError("the card must have an item labelled Участники.")
    if is_missing(told):
        return None, None
    found = _TAKE_PART.fullmatch(told)
    if found is None:
        raise BadValueError(f"{told!r} is not a count of participants as 30 из 30.")
    return integer(found[1]), integer(found[2])
