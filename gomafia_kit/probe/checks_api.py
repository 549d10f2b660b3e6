"""Checks of what the JSON API says: fields, words, kinds of values, and what nobody knows of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.probe.findings import check, confirmed, different, either, not_seen
from gomafia_kit.probe.seen import PLAYED, dicts, games_of, has_final, is_played, is_set, number
from gomafia_kit.probe.steps import (
    KNOWN_PLAYER,
    KNOWN_YEAR,
    WHOLE_LIST,
    newest_year,
    whose_statistics,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gomafia_kit.probe.findings import Found
    from gomafia_kit.probe.seen import Json, Seen

_USER: Final = (
    "id login avatar_link elo icon icon_type is_paid paid_account rank title total_rows tournaments_gg"
    " tournaments_played tournaments_score country city"
)
_PROFILE: Final = "id login elo title club_id first_name last_name date_registration vk_id referee_license since"
_TOURNAMENT: Final = (
    "id title date_start date_end country city type status star elo_average is_fsm_rating is_hidden_result"
    " main_referee_id user_organizer_id contribution_currency contribution_amount projected_count_of_participant"
    " total_rows type_translate status_translate country_translate city_translate contribution_currency_translate"
)
_SEAT: Final = "place id login role points type eloDelta elo isPaid icon iconType"
_LINE: Final = (
    "place login sum sum_extra win win_as_don win_as_sheriff extra_point compensation_point fine first_kill"
    " first_kill_point global_game icon icon_type is_paid"
)
_NUMBERS: Final = ("id", "elo", "rank", "total_rows", "tournaments_played", "club_score", "elo_average", "star")
_FLAGS: Final = ("is_paid", "paid_account", "is_fsm_rating", "is_hidden_result")
_ROLES: Final = frozenset({"red", "mafia", "sheriff", "don"})
_MOST_TOLD: Final = 6
_CLEAR_SHARE: Final = 0.9
"""So many of the pairs that say anything must say the same: what lies between two games isn't told."""


# -- the records --------------------------------------------------------------------------------------


def _fields(name: str, what: str, expected: str, rows: Callable[[Seen], Iterable[Json]]) -> None:
    """A check that a record has the fields that the contract names; further ones are told."""

    def look(seen: Seen) -> Found:
        found: set[str] = set()
        for row in rows(seen):
            found |= row.keys()
        if not found:
            return not_seen("no such record came")
        missing = [field for field in expected.split() if field not in found]
        more = sorted(found - set(expected.split()))
        told = f"; also {_some(more)}" if more else ""
        return either(not missing, f"all are there{told}", f"missing: {_some(missing)}{told}")

    check(name, 2, f"{what} has the fields {_some(expected.split())}")(look)


def _some(words: Iterable[object]) -> str:
    listed = [str(word) for word in words]
    return ", ".join(listed[:_MOST_TOLD]) + (
        f" and {len(listed) - _MOST_TOLD} more" if len(listed) > _MOST_TOLD else ""
    )


def _seats(seen: Seen) -> Iterator[Json]:
    for tournament in seen.tournaments():
        for _, game in games_of(tournament):
            yield from dicts(game.get("table"))


def _lines(seen: Seen) -> Iterator[Json]:
    for tournament in seen.tournaments():
        yield from dicts(tournament.get("tournament_result"))


def _profiles(seen: Seen) -> Iterator[Json]:
    data = seen.data("statistics")
    if isinstance(data, dict) and isinstance(data.get("user"), dict):
        yield data["user"]


_fields("user", "a player in a list", _USER, lambda seen: seen.rows("players"))
_fields("tournament", "a tournament", _TOURNAMENT, lambda seen: seen.rows("tournaments"))
_fields("profile", "the player of a statistics page", _PROFILE, _profiles)
_fields("seat", "a seat of a game", _SEAT, _seats)
_fields("line", "a line of a standing", _LINE, _lines)


@check("lists", 2, f"lists take a limit of {WHOLE_LIST:,}")
def _lists(seen: Seen) -> Found:
    rows = seen.rows("players")
    total = number(rows[0].get("total_rows")) if rows else None
    if total is None:
        return not_seen("no list came" if not rows else "the list doesn't say how long it is")
    return either(
        len(rows) >= min(int(total), WHOLE_LIST), f"all {len(rows)} rows came", f"{len(rows)} rows came of {total}"
    )


@check("statistics", 2, "a player's games are the sum of his games by role")
def _statistics(seen: Seen) -> Found:
    data = seen.data("statistics")
    if not isinstance(data, dict):
        return not_seen("no statistics came")
    primary = data["stats"]["primary"]
    total = number(primary["total_games"]) or 0
    parts = sum(number(primary[role]) or 0 for role in ("mafia", "red", "don", "sheriff"))
    return either(parts == total, f"{total} games", f"{total} games, by role {parts}")


@check("real_checks", 3, "player 159 has 342 games in 2025 (211, 77, 25, 29), ELO 3273.26, extra 2.61")
def _real_check(seen: Seen) -> Found:
    data, (row, year) = seen.data("statistics"), whose_statistics(seen)
    if not isinstance(data, dict) or row is None or year != KNOWN_YEAR or number(row.get("id")) != KNOWN_PLAYER:
        return not_seen(f"player 159 isn't in the list of {newest_year(seen)}, or his year 2025 wasn't told")
    primary, extra = data["stats"]["primary"], data["stats"]["advanced_points"]["points_10_games"]
    found = [primary[name] for name in ("total_games", "red", "mafia", "don", "sheriff")]
    told = [str(number(value)) for value in (*found, data["user"]["elo"], extra)]
    expected = ["342", "211", "77", "25", "29", "3273.26", "2.61"]
    return either(told == expected, "all seven figures", f"found {', '.join(told)}")


# -- kinds of values -----------------------------------------------------------------------------------


def _list_rows(seen: Seen) -> Iterator[Json]:
    for name in ("players", "tournaments"):
        yield from seen.rows(name)


def _kinds(seen: Seen, fields: tuple[str, ...]) -> Counter[str]:
    values = (row[field] for row in _list_rows(seen) for field in fields if row.get(field) not in {None, ""})
    return Counter(type(value).__name__ for value in values)


@check("numbers", 2, "numbers come as text or as numbers, sometimes one and sometimes the other")
def _numbers(seen: Seen) -> Found:
    kinds = _kinds(seen, _NUMBERS)
    if not kinds:
        return not_seen("no list came")
    if set(kinds) == {"str"}:
        return different("they come as text only")
    if "str" not in kinds:
        return different("they come as numbers only")
    return confirmed(f"{kinds['str']} as text, {kinds.total() - kinds['str']} as numbers")


@check("flags", 2, 'flags come as "0" and "1" or as booleans')
def _flags(seen: Seen) -> Found:
    kinds = _kinds(seen, _FLAGS)
    if not kinds:
        return not_seen("no list came")
    if set(kinds) == {"str"}:
        return different("they come as text only")
    if set(kinds) == {"bool"}:
        return different("they come as booleans only")
    return either(set(kinds) == {"str", "bool"}, f"{kinds['str']} as text, {kinds['bool']} as booleans", _some(kinds))


@check("words", 5, "a tournament's state and type in JSON: finished is Завершён, personal is Личный")
def _words(seen: Seen) -> Found:
    rows = seen.rows("tournaments")
    found = {str(row.get("status_translate")): str(row.get("status")) for row in rows}
    found |= {str(row.get("type_translate")): str(row.get("type")) for row in rows}
    expected = {"Завершён": "finished", "Личный": "personal"}
    known = {shown: word for shown, word in found.items() if shown in expected}
    if not known:
        return not_seen("no tournament is Завершён or Личный")
    told = _some(f"{shown} is {word}" for shown, word in found.items())
    return either(all(expected[shown] == word for shown, word in known.items()), told, told)


@check("win_words", 2, "a game's winner is mafia, red or draw")
def _win_words(seen: Seen) -> Found:
    words = Counter(str(game["win"]) for data in seen.tournaments() for _, game in games_of(data) if is_played(game))
    if not words:
        return not_seen("no played game came")
    told = ", ".join(f"{word} {count}" for word, count in words.most_common())
    return either(words.keys() <= PLAYED, told, told)


@check("roles", 2, "a seat's role is red, mafia, sheriff or don")
def _role_words(seen: Seen) -> Found:
    words = Counter(str(seat["role"]) for seat in _seats(seen) if seat.get("role"))
    if not words:
        return not_seen("no played game came")
    told = ", ".join(f"{word} {count}" for word, count in words.most_common())
    return either(words.keys() <= _ROLES, told, told)


@check("one_day_end", 5, "the last day of a one-day tournament is its first day")
def _one_day_end(seen: Seen) -> Found:
    rows = seen.rows("tournaments")
    missing = sum(1 for row in rows if row.get("date_start") and not row.get("date_end"))
    same = sum(1 for row in rows if _day(row, "date_start") and _day(row, "date_start") == _day(row, "date_end"))
    if missing:
        return different(f"{missing} tournaments have no last day, {same} have the first")
    return confirmed(f"{same} tournaments") if same else not_seen("no one-day tournament came")


def _day(row: Json, name: str) -> str:
    return str(row.get(name) or "")[:10]


# -- lists and seasons --------------------------------------------------------------------------------


@check("season", 5, "a list without a year means the season of the newest finished tournament")
def _season(seen: Seen) -> Found:
    page, year = seen.page("players page"), newest_year(seen)
    without = next((rows for value in (page or {}).values() if (rows := dicts(value))), [])
    with_year = seen.rows("players")[: len(without)]
    if not with_year:
        return not_seen("one of the two lists is empty")
    facts = ("id", "rank", "elo", "tournaments_played", "tournaments_score")
    same = _numbers_of(without, facts) == _numbers_of(with_year, facts)
    return either(same, f"it is the list of {year}", f"it is not the list of {year}")


def _numbers_of(rows: list[Json], facts: tuple[str, ...]) -> list[list[Any]]:
    return [[number(row.get(fact)) for fact in facts] for row in rows]


@check("idle_players", 5, "players without games in a year stand in its list, with zeros")
def _idle_players(seen: Seen) -> Found:
    rows = seen.rows("players")
    if not rows:
        return not_seen("no list came")
    if len(rows) < (number(rows[0].get("total_rows")) or 0):
        return not_seen("the end of the list didn't come")
    idle = sum(1 for row in rows if number(row.get("tournaments_played")) == 0)
    return either(idle > 0, f"{idle} of {len(rows)} have no tournament", "everybody in the list has played")


@check("stats_elo", 5, "the ELO that goes with a past year is that of its end, not the present one")
def _stats_elo(seen: Seen) -> Found:
    (row, year), data = whose_statistics(seen), seen.data("statistics")
    if row is None or not isinstance(data, dict):
        return not_seen("no statistics came")
    if year == newest_year(seen):
        return not_seen("they are of the present season")
    now, then = number(row.get("elo")), number(data["user"]["elo"])
    if now is None or then is None or not number(data["stats"]["primary"]["total_games"]):
        return not_seen("the player didn't play in that year")
    return either(now != then, f"then {then}, now {now}", f"{then}, the same as now")


# -- games --------------------------------------------------------------------------------------------


@check("unplayed", 5, "a game that wasn't played has an empty winner, and its people")
def _unplayed(seen: Seen) -> Found:
    games = [game for data in seen.shown_tournaments() for _, game in games_of(data)]
    unplayed = [game for game in games if not is_played(game)]
    if not unplayed:
        return not_seen("all games that came were played")
    forms = Counter("empty" if game.get("win") == "" else "null" if "win" in game else "missing" for game in unplayed)
    people = Counter(len(dicts(game.get("table"))) for game in unplayed).most_common(1)[0][0]
    told = f"its winner is {', '.join(forms)}; {people} people"
    return either(set(forms) == {"empty"}, told, told)


@check("hidden_games", 5, "games of a tournament with hidden results have no winner, and its standing is empty")
def _hidden_games(seen: Seen) -> Found:
    data = seen.data("tournament hidden")
    if not isinstance(data, dict) or not is_set(data["tournament"].get("is_hidden_result")):
        return not_seen("no tournament has hidden results")
    games = [game for _, game in games_of(data)]
    if not games:
        return different("it has no games")
    shown, lines = sum(map(is_played, games)), len(dicts(data.get("tournament_result")))
    told = f"{shown} of {len(games)} games have a winner; {lines} lines in the standing"
    return either(not shown and not lines, told, told)


@check("points_include_win", 5, "a seat's points include the one for the win")
def _points_include_win(seen: Seen) -> Found:
    with_win = without_win = 0
    for tournament in seen.tournaments():
        points = _points_by_login(tournament)
        for line in dicts(tournament.get("tournament_result")):
            total, wins = number(line.get("sum")), number(line.get("win"))
            mine = points.get(line.get("login"))
            if total is not None and wins and mine is not None:
                with_win += total == mine
                without_win += total == mine + wins
    if not with_win + without_win:
        return not_seen("no standing could be added up")
    told = f"{with_win} sums are those of the seats, {without_win} lack the wins"
    return either(with_win > without_win, told, told)


def _points_by_login(tournament: Json) -> dict[Any, Any]:
    points: dict[Any, Any] = {}
    for _, game in games_of(tournament):
        for seat in dicts(game.get("table")):
            login = seat.get("login")
            points[login] = points.get(login, 0) + (number(seat.get("points")) or 0)
    return points


@check("seat_elo", 5, "a seat's ELO is that after the game")
def _seat_elo(seen: Seen) -> Found:
    after = before = 0
    for tournament in seen.tournaments():
        last: dict[object, tuple[Any, Any]] = {}
        for _, game in games_of(tournament):
            for seat in dicts(game.get("table")):
                elo, delta = number(seat.get("elo")), number(seat.get("eloDelta"))
                if elo is None or delta is None or not is_played(game):
                    continue
                key = str(seat.get("id"))
                if key in last and last[key][1] != delta:
                    after += elo - last[key][0] == delta
                    before += elo - last[key][0] == last[key][1]
                last[key] = (elo, delta)
    if not after + before:
        return not_seen("nobody's ELO could be followed through two games")
    told = f"{after} pairs of games say after, {before} say before"
    if max(after, before) < _CLEAR_SHARE * (after + before):
        return not_seen(f"{told}: that decides nothing")
    return either(after > before, told, told)


# -- standings ----------------------------------------------------------------------------------------


def _standing(rows: object) -> Counter[tuple[object, Any]]:
    """How often each nickname stands with each sum: namesakes may play in one tournament."""
    return Counter((row.get("login"), number(row.get("sum"))) for row in dicts(rows))


def _people(standing: Counter[tuple[object, Any]]) -> list[str]:
    return sorted(str(login) for login, _ in standing.elements())


def _standings(seen: Seen, *, of_final: bool) -> tuple[Json, Any, Any] | None:
    return next((found for found in seen.standings() if has_final(found[0]) is of_final), None)


@check("with_final", 5, "the page's standing with the final holds the finalists only")
def _who_with_final(seen: Seen) -> Found:
    found = _standings(seen, of_final=True)
    if found is None or not found[2]:
        return not_seen("no tournament with a final came")
    with_final, without = dicts(found[1]), dicts(found[2])
    told = f"{len(with_final)} of {len(without)} stand in it"
    return either(len(with_final) < len(without), told, told)


@check("no_final", 5, "the standing without final of a tournament that has none is null")
def _no_final(seen: Seen) -> Found:
    found = _standings(seen, of_final=False)
    if found is None:
        return not_seen("no tournament without a final came with its games")
    return either(not found[2], "it is null or empty", f"it has {len(dicts(found[2]))} lines")


@check("api_standing", 5, "the API's standing of a tournament with a final is both merged: everybody, finalists first")
def _api_standing(seen: Seen) -> Found:
    found = _standings(seen, of_final=True)
    if found is None or not found[2] or "tournament_result" not in found[0]:
        return not_seen("no tournament with a final came both ways")
    total, with_final, without = (_standing(rows) for rows in (found[0]["tournament_result"], found[1], found[2]))
    if total == without and total != with_final:
        return different("it is the standing without the final")
    if total == with_final and with_final.total() < without.total():
        return different("it is the standing with the final: the finalists alone")
    merged = _people(total) == _people(without) and with_final <= total
    told = f"{total.total()} people, {with_final.total()} of them as in the standing with the final"
    return either(merged, told, "it is none of the three")
