"""The rows of the site's JSON, written as text: fast, and numbers now as text, now as numbers.

Every function gives a list of JSON texts, one a row, or one text; `join` makes an array of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo import _words
from gomafia_kit.demo._figures import hundredths
from gomafia_kit.demo._names import PLACES
from gomafia_kit.demo._truth import elo as seat_elo
from gomafia_kit.demo._truth import other_type
from gomafia_kit.demo._truth import points as seat_points
from gomafia_kit.demo._truth_of_pages import vk_id
from gomafia_kit.demo._world import MARKS, TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from gomafia_kit.demo._figures import Figures
    from gomafia_kit.demo._rating import ClubLine, RatingLine
    from gomafia_kit.demo._standing import Line
    from gomafia_kit.demo._world import Person, Tournament
    from gomafia_kit.demo.league import League

_write: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@lru_cache(maxsize=20_000)
def text(value: str) -> str:
    """A JSON string; one that UTF-8 can't hold (lone surrogates) is written with escapes."""
    return _write(value) if value.isprintable() else json.dumps(value)


def join(rows: Iterable[str]) -> str:
    """A JSON array of rows."""
    return f"[{','.join(rows)}]"


@dataclass(slots=True)
class Mixer:
    """Writes numbers and flags as the switches say; `turn` makes a mixture alternate.

    The same field of the same thing always comes the same way.
    """

    numbers: str
    flags: str

    def number(self, value: str | int | None, turn: int) -> str:
        """A number; None and "" are missing: an empty string, or null where the turn is odd."""
        if value is None or value == "":
            return '""' if self.numbers == "strings" or not turn % 3 else "null"
        if self.numbers == "numbers" or (self.numbers == "mixed" and turn % 2):
            return str(value)
        return f'"{value}"'

    def flag(self, value: object, turn: int) -> str:
        """A flag."""
        if self.flags == "booleans" or (self.flags == "mixed" and turn % 2):
            return "true" if value else "false"
        return '"1"' if value else '"0"'


def mixer(league: League) -> Mixer:
    """The mixer that the league's switches ask for."""
    return Mixer(league.switches.numbers, league.switches.flags)


def spoilt(league: League, kind: str, key: Sequence[int], row: str) -> str:
    """The row, or with the values that a test wants in it."""
    values = league.world.spoiled.get((kind, *key)) if league.world.spoiled else None
    if values is None:
        return row
    return json.dumps(json.loads(row) | values)


def users(league: League, lines: Sequence[RatingLine], total: int) -> list[str]:
    """Rows of a list of users."""
    mix = mixer(league)
    return [spoilt(league, "user", (line.person.player_id,), _user(mix, line, total)) for line in lines]


def _user(mix: Mixer, line: RatingLine, total: int) -> str:
    person, turn = line.person, line.person.player_id
    number = mix.number
    return (
        f'{{"id":{number(turn, turn)},"login":{text(person.login)},'
        f'"avatar_link":"/static/avatars/{turn % 7}.svg","elo":{number(hundredths(line.elo), turn // 2)},'
        f'"icon":"","icon_type":null,"is_paid":{mix.flag(turn % 5 == 0, turn)},'
        f'"paid_account":{mix.flag(turn % 5 == 0, turn + 1)},"rank":{number(line.rank, turn + 1)},'
        f'"title":{text(line.club.title) if line.club else chr(34) * 2},"total_rows":{number(total, turn)},'
        f'"tournaments_gg":[{",".join(map(str, line.gg))}],'
        f'"tournaments_played":{number(len(line.gg), turn + 1)},'
        f'"tournaments_score":{number(sum(line.gg), turn // 3)},'
        f'"country":{text(person.country)},"city":{text(person.city)}}}'
    )


def clubs(league: League, lines: Sequence[ClubLine], total: int) -> list[str]:
    """Rows of the list of clubs."""
    mix = mixer(league)
    return [spoilt(league, "club", (line.club.club_id,), _club(mix, line, total)) for line in lines]


def _club(mix: Mixer, line: ClubLine, total: int) -> str:
    club, turn = line.club, line.club.club_id
    elo = "" if line.elo_average is None else hundredths(line.elo_average)
    return (
        f'{{"id":{mix.number(turn, turn)},"title":{text(club.title)},'
        f'"avatar_link":"/static/clubs/{turn % 7}.svg","country":{text(club.country)},'
        f'"city":{text(club.city)},"club_score":{mix.number(line.score, turn + 1)},'
        f'"elo_average":{mix.number(elo, turn // 2)},"rank":{mix.number(line.rank, turn)},'
        f'"total_rows":{mix.number(total, turn + 1)}}}'
    )


def tournaments(league: League, chosen: Sequence[Tournament], total: int) -> list[str]:
    """Rows of the list of tournaments."""
    return [tournament(league, item, total) for item in chosen]


def tournament(league: League, item: Tournament, total: int = 1) -> str:
    """A tournament, as in the list."""
    mix, turn = mixer(league), item.tournament_id
    place = PLACES[item.place]
    kind = _words.in_json(item.kind, league.switches.words)
    status = _words.in_json(item.status, league.switches.words)
    one_day = item.end == item.start
    last = item.end if not one_day or league.switches.one_day_end == "same" else None
    end = "" if one_day and league.switches.one_day_end == "absent" else f'"date_end":{_day(last, turn + 1)},'
    fee = None if item.fee is None else hundredths(item.fee)
    row = (
        f'{{"id":{mix.number(turn, turn)},"title":{text(item.title)},"date_start":{_day(item.start, turn)},'
        f'{end}"country":{text(place.country)},"city":{text(place.city)},'
        f'"type":{text(kind)},"status":{text(status)},"star":{mix.number(item.stars, turn + 1)},'
        f'"elo_average":{mix.number(item.elo_average, turn // 2)},'
        f'"is_fsm_rating":{mix.flag(item.is_fsm, turn)},'
        f'"is_hidden_result":{mix.flag(item.is_hidden, turn // 2)},'
        f'"main_referee_id":{mix.number(item.referee_id, turn)},'
        f'"user_organizer_id":{mix.number(item.organizer_id, turn + 1)},'
        f'"contribution_currency":{text("RUB" if fee else "")},'
        f'"contribution_amount":{mix.number(fee, turn)},'
        f'"projected_count_of_participant":{mix.number(item.projected, turn)},'
        '"registration_discussion_link":"","chat_link":null,"vk_group_link":"",'
        f'"total_rows":{mix.number(total, turn)},'
        f'"type_translate":{text(_words.KIND_SHOWN[item.kind])},'
        f'"status_translate":{text(_words.STATUS_SHOWN[item.status])},'
        f'"country_translate":{text(place.country_shown)},"city_translate":{text(place.city_shown)},'
        f'"contribution_currency_translate":{text("₽" if fee else "")}}}'
    )
    return spoilt(league, "tournament", (turn,), row)


_TIMES: Final = {0: "T00:00:00.000Z", 3: " 00:00:00", 7: "T10:00:00+03:00"}
"""Behind a day, by the last digit of the turn."""


def _day(day: date | None, turn: int) -> str:
    """ISO, at times with a time behind it."""
    if day is None:
        return '""' if turn % 2 else "null"
    return f'"{day.isoformat()}{_TIMES.get(turn % 10, "")}"'


def games(league: League, item: Tournament) -> str:
    """All games of a tournament, round by round."""
    mix = mixer(league)
    rounds: dict[int, list[str]] = {}
    seats = _Seats(league, item)
    for game in league.games(item):
        rounds.setdefault(item.round_no[game], []).append(_game(league, mix, item, game, seats))
    return join(
        f'{{"gameNum":{mix.number(number, number)},"game":{join(tables)}}}' for number, tables in rounds.items()
    )


def _game(league: League, mix: Mixer, item: Tournament, game: int, seats: _Seats) -> str:
    number, winner = item.table_no[game], item.winner[game]
    played = bool(winner) and not league.blank(item)
    win = (
        f'"win":"{_words.WIN_IN_JSON[league.switches.win_words][winner]}",'
        if played
        else _NO_WIN[league.switches.unplayed]
    )
    referee = text(league.world.people[item.judge[game]].login)
    rows = seats.rows(game, played=played)
    key = (item.tournament_id, item.round_no[game], number)
    if league.world.spoiled:
        rows = [spoilt(league, "seat", (*key, place), row) for place, row in enumerate(rows, 1)]
    row = (
        f'{{"tableNum":{mix.number(number, game)},{win}"referee":{referee},'
        f'"referee_is_paid":{mix.flag(game % 5 == 0, game)},"table":[{",".join(rows)}]}}'
    )
    return spoilt(league, "game", key, row)


_NO_WIN: Final = {"empty": '"win":"",', "null": '"win":null,', "missing": "", "absent": '"win":"",'}
"""By the switch `unplayed`; hidden games have no winner either, even where unplayed ones are absent."""
_ROLES: Final = tuple(f'"{word}"' for word in _words.ROLE_IN_JSON)


class _Seats:
    """Writes the seats of a tournament: the hottest loop of the site, so what can be is written once."""

    def __init__(self, league: League, item: Tournament) -> None:
        self._league = league
        self._item = item
        self._mix = mixer(league)
        self._marks = league.switches.seat_type == "mark"
        # Before and behind the value of a number, by its turn.
        self._quotes = {"mixed": ('"', ""), "strings": ('"', '"'), "numbers": ("", "")}[self._mix.numbers]
        self._heads = {player: self._head(player) for player in set(item.player)}
        self._tails = {
            player: f'"isPaid":{self._mix.flag(player % 5 == 0, player)},"icon":"","iconType":null}}'
            for player in self._heads
        }

    def _head(self, player: int) -> str:
        login = text(self._league.world.login_at(self._item, player))
        number = self._mix.number(player, player) if player > 0 else "null"
        return f'"id":{number},"login":{login},'

    def rows(self, game: int, *, played: bool) -> list[str]:
        """The ten seats of a game."""
        write = self._played if played else self._unplayed
        first, turn = game * TABLE, self._item.round_no[game]
        return [write(first + place, place + 1, turn + place) for place in range(TABLE)]

    def _played(self, seat: int, place: int, turn: int) -> str:
        league, item, quotes = self._league, self._item, self._quotes
        player = item.player[seat]
        one, other, third = quotes[turn % 2], quotes[1 - turn % 2], quotes[turn // 2 % 2]
        mark = f'"{MARKS[item.mark[seat]]}"' if self._marks else _type(seat)
        if player > 0:
            delta = f"{other}{item.delta[seat]}{other}"
            elo = f"{third}{_cents(seat_elo(league, item, seat) or 0)}{third}"
        else:
            delta = elo = self._mix.number(None, turn)
        return (
            f'{{"place":{one}{place}{one},{self._heads[player]}"role":{_ROLES[item.role[seat]]},'
            f'"points":{one}{_points(seat_points(league, item, seat))}{one},"type":{mark},'
            f'"eloDelta":{delta},"elo":{elo},{self._tails[player]}'
        )

    def _unplayed(self, seat: int, place: int, turn: int) -> str:
        number = self._mix.number
        player = self._item.player[seat]
        if self._league.switches.unplayed == "missing":
            return f'{{"place":{number(place, turn)},{self._heads[player]}{self._tails[player]}'
        role = "null" if self._league.switches.unplayed == "null" else '""'
        elo = seat_elo(self._league, self._item, seat)
        return (
            f'{{"place":{number(place, turn)},{self._heads[player]}"role":{role},'
            f'"points":{number(None, turn)},"type":"","eloDelta":{number(None, turn + 1)},'
            f'"elo":{number(None if elo is None else hundredths(elo), turn // 2)},{self._tails[player]}'
        )


def _type(seat: int) -> str:
    """Something else than a mark: a word or a number."""
    told = other_type(seat)
    return told if told.isdigit() else text(told)


_points: Final = lru_cache(maxsize=2_000)(hundredths)


def _cents(number: int) -> str:
    """As `hundredths`, for numbers from 0."""
    digits = f"{number:03d}"
    return f"{digits[:-2]}.{digits[-2:]}"


def standing(league: League, item: Tournament, which: str) -> str:
    """A standing: total, with_final or without_final."""
    lines = league.standing(item, which)
    if lines is None:
        return "null"
    mix = mixer(league)
    return join(
        spoilt(league, "result", (item.tournament_id, row), _line(league, mix, item, line))
        for row, line in enumerate(lines, 1)
    )


def _line(league: League, mix: Mixer, item: Tournament, line: Line) -> str:
    number, turn = mix.number, line.place

    def points(value: int, shift: int) -> str:
        return number(hundredths(value), turn + shift)

    return (
        f'{{"place":{number(line.place, turn)},"login":{text(league.world.login_at(item, line.player))},'
        f'"sum":{points(line.points, 1)},"sum_extra":{points(line.extra, 2)},'
        f'"win":{number(line.wins, turn)},"win_as_don":{number(line.wins_as_don, turn + 1)},'
        f'"win_as_sheriff":{number(line.wins_as_sheriff, turn)},"extra_point":{points(line.bonus, 1)},'
        f'"compensation_point":{points(line.compensation, 2)},"fine":{points(line.fine, 1)},'
        f'"first_kill":{number(line.first_shots, turn)},"first_kill_point":{points(line.shot_points, 2)},'
        f'"global_game":{number(line.gg, turn + 1)},"icon":"","icon_type":null,'
        f'"is_paid":{mix.flag(turn % 5 == 0, turn)}}}'
    )


def profile(league: League, person: Person, year: int | None) -> str:
    """The user of a stats page."""
    mix, turn = mixer(league), person.player_id
    club = league.world.clubs.get(person.club_id or 0)
    nobody = '""' if turn % 2 else '"0"'
    return (
        f'{{"id":{mix.number(turn, turn)},"login":{text(person.login)},'
        f'"avatar_link":"/static/avatars/{turn % 7}.svg",'
        f'"elo":{mix.number(league.shown_elo(turn, year), turn)},"icon":"","icon_type":null,'
        f'"is_paid":{mix.flag(turn % 5 == 0, turn)},"paid_account":{mix.flag(turn % 5 == 0, turn + 1)},'
        f'"rank":{mix.number(league.rank(turn), turn + 1)},"title":{text(club.title if club else "")},'
        f'"country":{text(person.country)},"city":{text(person.city)},'
        f'"club_id":{mix.number(club.club_id, turn) if club else nobody},'
        f'"first_name":{text(person.first_name)},"last_name":{text(person.last_name)},'
        f'"date_registration":"{person.first_year}-01-15 12:00:00","gcoin":{mix.number(turn % 90, turn)},'
        f'"vk_id":{mix.number(vk_id(turn), turn)},'
        f'"referee_license":{mix.flag(turn in league.world.judges, turn)},'
        f'"since":"{person.first_year}","is_can_comment":{mix.flag(value=True, turn=turn)}}}'
    )


_STAT_ROLES: Final = {"mafia": "mafia", "red": "citizen", "don": "don", "sheriff": "sheriff"}


def stats(league: League, figures: Figures, turn: int) -> str:
    """The figures of a stats page."""
    mix = mixer(league)
    number: Callable[[str, int], str] = mix.number
    primary = ",".join(f'"{word}":{number(figures.role_games[role], turn)}' for word, role in _STAT_ROLES.items())
    rates = ",".join(
        f'"{word}":{{"win":{{"value":{number(figures.role_wins[role], turn)},'
        f'"percent":{number(figures.role_percent[role], turn + 1)}}},'
        f'"total":{{"value":{number(figures.role_games[role], turn)}}}}}'
        for word, role in _STAT_ROLES.items()
    )
    extras = ",".join(
        f'"{word}":{{"points":{number(figures.role_extra[role], turn)},'
        f'"per_game":{number(figures.role_extra_per_game[role], turn + 1)}}}'
        for word, role in {"red": "citizen", "black": "mafia", "sheriff": "sheriff", "don": "don"}.items()
    )
    strikes = ",".join(f'"{word}":{{"max":{number(figures.strike[role], turn)}}}' for word, role in _STAT_ROLES.items())
    return (
        f'{{"primary":{{{primary},"total_games":{number(figures.games, turn)}}},'
        f'"win_rate":{{{rates},"total_games":{number(figures.games, turn + 1)},'
        f'"total_wins":{{"value":{number(figures.wins, turn)},"percent":{number(figures.percent, turn)}}}}},'
        f'"games_stats":{{"average_points":{number(figures.average_points, turn)},'
        f'"prize_places":{number(figures.prize_places, turn + 1)}}},'
        f'"advanced_points":{{{extras},"points_10_games":{number(figures.extra_per_10_games, turn)}}},'
        f'"win_strike":{{{strikes}}}}}'
    )
