"""What a correct import must end with, told from the league itself: no rendering, no parsing."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo import _truth_of_pages, _words
from gomafia_kit.demo._calendar import NEW_MEANING_FROM
from gomafia_kit.demo._figures import PLAYED
from gomafia_kit.demo._names import PLACES
from gomafia_kit.demo._players_file import REGIONS
from gomafia_kit.demo._rating import ALL
from gomafia_kit.demo._world import LAST_SHOT_MARK, MARKS, ROLES, SHERIFF, TABLE, WINNERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gomafia_kit.demo._rating import RatingLine
    from gomafia_kit.demo._world import Tournament
    from gomafia_kit.demo.league import League

Row = dict[str, object]


def table(league: League, name: str, standings: tuple[str, ...], years: tuple[int, ...]) -> Iterator[Row]:
    """The rows of that table, ordered by its key; KeyError if there is no truth about it."""
    if name == "result":
        return _result(league, standings)
    if name in _BY_LISTS:
        return _BY_LISTS[name](league, years)
    return _TABLES[name](league)


def cents(number: int | None) -> Decimal | None:
    """Hundredths as a decimal."""
    return None if number is None else Decimal(number).scaleb(-2)


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _whole(text: str) -> int | None:
    return int(text) if text else None


def _club(league: League) -> Iterator[Row]:
    lines = league.ratings.clubs(league.current_year, ALL)
    for line in sorted(lines, key=lambda line: line.club.club_id):
        yield {
            "club_id": line.club.club_id,
            "title": line.club.title,
            "country": line.club.country,
            "city": line.club.city or None,
            "rank": line.rank,
            "club_score": Decimal(line.score),
            "elo_average": cents(line.elo_average),
        }


def _club_member(league: League) -> Iterator[Row]:
    members = [
        (person.club_id, person.player_id, person.login)
        for person in league.world.people.values()
        if person.club_id is not None
    ]
    for club_id, player_id, login in sorted(members):
        yield {"club_id": club_id, "player_id": player_id, "login": login}


def _player(league: League, years: tuple[int, ...]) -> Iterator[Row]:
    newest: dict[int, tuple[int, RatingLine]] = {}
    for year in years:
        for line in league.rating(year, ALL):
            newest[line.person.player_id] = (year, line)
    for player_id in sorted(_known(league) | newest.keys()):
        person = league.world.people[player_id]
        found = newest.get(player_id)
        shown = found[1] if found else None
        yield {
            "player_id": player_id,
            "login": person.login,
            "country": (person.country or None) if shown else None,
            "city": (person.city or None) if shown else None,
            "club_title": shown.club.title if shown and shown.club else None,
            "elo": cents(shown.elo) if shown else None,
            "listed": shown is not None,
            "listed_year": found[0] if found else None,
        }


def _known(league: League) -> set[int]:
    """Everybody met in a club, among the judges or at a table that the site tells of."""
    known = {person.player_id for person in league.world.people.values() if person.club_id is not None}
    known.update(league.world.judges)
    for tournament in league.world.tournaments.values():
        for game in league.games(tournament):
            known.update(tournament.player[game * TABLE : game * TABLE + TABLE])
    return {player for player in known if player > 0}


def _player_season(league: League, years: tuple[int, ...]) -> Iterator[Row]:
    lines: dict[tuple[int, int], tuple[str | None, RatingLine]] = {}
    for year in years:
        for line in league.rating(year, ALL):
            lines[line.person.player_id, year] = (None, line)
        for region in REGIONS:
            # The list of a region says more than that of all: it wins.
            for line in league.rating(year, region):
                lines[line.person.player_id, year] = (region, line)
    for (player_id, year), (of_region, line) in sorted(lines.items(), key=lambda item: item[0]):
        yield {
            "player_id": player_id,
            "year": year,
            "region": of_region,
            "club_title": line.club.title if line.club else None,
            "rank": line.rank,
            "elo": cents(line.elo),
            "tournaments_played": len(line.gg),
            "gg_points": Decimal(sum(line.gg)),
        }


def _tournament(league: League) -> Iterator[Row]:
    switches = league.switches
    for number, item in sorted(league.world.tournaments.items()):
        place = PLACES[item.place]
        one_day = item.end == item.start
        yield {
            "tournament_id": number,
            "title": item.title,
            "date_start": item.start,
            "date_end": None if one_day and switches.one_day_end != "same" else item.end,
            "country": place.country_shown,
            "city": place.city_shown,
            "type": _words.in_json(item.kind, switches.words),
            "type_shown": _words.KIND_SHOWN[item.kind],
            "status": _words.in_json(item.status, switches.words),
            "status_shown": _words.STATUS_SHOWN[item.status],
            "stars": item.stars,
            "elo_average": None if item.elo_average is None else Decimal(item.elo_average),
            "is_fsm_rating": item.is_fsm,
            "is_hidden_result": item.is_hidden,
            "main_referee_id": item.referee_id,
            "organizer_id": item.organizer_id,
            "contribution_amount": cents(item.fee),
            "contribution_currency": None if item.fee is None else "RUB",
            "participants_projected": item.projected,
        }


def _played(league: League, tournament: Tournament, game: int) -> bool:
    return bool(tournament.winner[game]) and not league.blank(tournament)


def _game(league: League) -> Iterator[Row]:
    for tournament_id, tournament in sorted(league.world.tournaments.items()):
        for game in league.games(tournament):
            played = _played(league, tournament, game)
            yield {
                "tournament_id": tournament_id,
                "round": tournament.round_no[game],
                "table_no": tournament.table_no[game],
                "winner": WINNERS[tournament.winner[game]] if played else None,
                "judge_login": league.world.people[tournament.judge[game]].login,
            }


_GUESSED: Final = {
    # mark -> at least, at most; before and from the day of the new meaning
    (1, False): (0, 1),
    (2, False): (2, 2),
    (3, False): (3, 3),
    (1, True): (0, 0),
    (2, True): (1, 2),
    (3, True): (3, 3),
}


def _seat(league: League) -> Iterator[Row]:
    for tournament_id, tournament in sorted(league.world.tournaments.items()):
        for game in league.games(tournament):
            key = {
                "tournament_id": tournament_id,
                "round": tournament.round_no[game],
                "table_no": tournament.table_no[game],
            }
            played = _played(league, tournament, game)
            for number in range(1, TABLE + 1):
                seat = game * TABLE + number - 1
                yield {**key, "seat": number, **_seat_figures(league, tournament, seat, played=played)}


def _seat_figures(league: League, tournament: Tournament, seat: int, *, played: bool) -> Row:
    player, role = tournament.player[seat], tournament.role[seat]
    rated = played and player > 0
    row: Row = {
        "player_id": player if player > 0 else None,
        "login": league.world.login_at(tournament, player),
        "role": ROLES[role] if played else None,
        "team": ("red" if role <= SHERIFF else "black") if played else None,
        "points": cents(points(league, tournament, seat)) if played else None,
        "elo_delta": Decimal(tournament.delta[seat]) if rated else None,
        "elo": cents(elo(league, tournament, seat)),
    }
    return row | _first_shot(league, tournament, seat, played=played)


def points(league: League, tournament: Tournament, seat: int) -> int:
    """A seat's points as the site tells them (hundredths)."""
    win = 100 if league.switches.points_include_win and tournament.won(seat) else 0
    return win + tournament.extra_of(seat)


def elo(league: League, tournament: Tournament, seat: int) -> int | None:
    """A seat's ELO as the site tells it (hundredths); None for a guest or where nothing is told."""
    untold = league.switches.unplayed == "missing" and not tournament.winner[seat // TABLE]
    if tournament.player[seat] < 0 or league.blank(tournament) or untold:
        return None
    change = tournament.delta[seat] * 100 if league.switches.seat_elo == "before" else 0
    return tournament.elo[seat] - change


_OTHER_TYPES: Final = ("", "main", "7")


def other_type(seat: int) -> str:
    """A seat's `type` where it is no first-shot mark."""
    return _OTHER_TYPES[seat % 3]


def _first_shot(league: League, tournament: Tournament, seat: int, *, played: bool) -> Row:
    nothing: Row = dict.fromkeys(("shot_first", "guessed_min", "guessed_max", "first_shot_mark"))
    if not played:
        return nothing
    if league.switches.seat_type != "mark":
        # Whatever it is, it is kept as it came.
        return nothing | {"first_shot_mark": other_type(seat) or None}
    mark = tournament.mark[seat]
    low, high = _GUESSED.get((mark, tournament.start >= NEW_MEANING_FROM), (None, None))
    return {
        "shot_first": 0 < mark <= LAST_SHOT_MARK,
        "guessed_min": low,
        "guessed_max": high,
        "first_shot_mark": MARKS[mark] or None,
    }


def _result(league: League, standings: tuple[str, ...]) -> Iterator[Row]:
    for tournament_id, tournament in sorted(league.world.tournaments.items()):
        seated = _seated(league, tournament)
        for which in sorted(standings):
            for number, line in enumerate(league.standing(tournament, which) or (), 1):
                login = league.world.login_at(tournament, line.player)
                fitting = seated.get(login, set())
                yield {
                    "tournament_id": tournament_id,
                    "standing": which,
                    "row_no": number,
                    "place": line.place,
                    "player_id": next(iter(fitting)) if len(fitting) == 1 else None,
                    "login": login,
                    "points_total": cents(line.points),
                    "points_extra_total": cents(line.extra),
                    "wins": line.wins,
                    "wins_as_don": line.wins_as_don,
                    "wins_as_sheriff": line.wins_as_sheriff,
                    "points_extra": cents(line.bonus),
                    "points_compensation": cents(line.compensation),
                    "points_fine": cents(line.fine),
                    "first_shots": line.first_shots,
                    "points_first_shot": cents(line.shot_points),
                    "gg_points": Decimal(line.gg),
                }


def _seated(league: League, tournament: Tournament) -> dict[str, set[int | None]]:
    """Nickname -> who sits under it at this tournament's tables; None: a guest."""
    seated: dict[str, set[int | None]] = defaultdict(set)
    for game in league.games(tournament):
        for player in tournament.player[game * TABLE : game * TABLE + TABLE]:
            seated[league.world.login_at(tournament, player)].add(player if player > 0 else None)
    return seated


def _player_year(league: League) -> Iterator[Row]:
    told = league.switches.seat_type == "mark"
    years: dict[tuple[int, int], Row] = {}
    where: dict[tuple[int, int], set[object]] = defaultdict(set)
    for (player, year), role, row in _told_seats(league):
        key = (player, year)
        sums = years.setdefault(key, _no_games(player, year))
        if role is None:
            _add(sums, "games_missing", 1)
            continue
        where[key].add(row["tournament_id"])
        _add(sums, "games", 1)
        _add(sums, "wins", row["won"])
        _add(sums, "draws", row["drawn"])
        _add(sums, "points_sum", row["points"])
        _add(sums, "elo_delta_sum", row["elo_delta"])
        if told:
            sums["first_shots"] = sums["first_shots"] or 0
            _add(sums, "first_shots", row["shot"])
    for key in sorted(years):
        yield years[key] | {"tournaments": len(where[key])}


def _no_games(player: int, year: int) -> Row:
    return {
        "player_id": player,
        "year": year,
        "games": 0,
        "wins": 0,
        "draws": 0,
        "tournaments": 0,
        "points_sum": Decimal(0),
        "elo_delta_sum": Decimal(0),
        "first_shots": None,
        "games_missing": 0,
    }


def _add(sums: Row, name: str, number: object) -> None:
    sums[name] = sums[name] + number  # type: ignore[operator]  # numbers of one kind a column


def _told_seats(league: League) -> Iterator[tuple[tuple[int, int], str | None, Row]]:
    """Player and year, role (None: without an outcome) and figures of each seat with an account."""
    for tournament_id, tournament in league.world.tournaments.items():
        for game in league.games(tournament):
            played = _played(league, tournament, game)
            for seat in range(game * TABLE, game * TABLE + TABLE):
                player = tournament.player[seat]
                if player < 0:
                    continue
                key = (player, tournament.year)
                if not played:
                    yield key, None, {}
                    continue
                yield (
                    key,
                    ROLES[tournament.role[seat]],
                    {
                        "tournament_id": tournament_id,
                        "won": int(tournament.won(seat)),
                        "drawn": int(WINNERS[tournament.winner[game]] == "draw"),
                        "points": cents(points(league, tournament, seat)),
                        "elo_delta": Decimal(tournament.delta[seat]),
                        "shot": int(0 < tournament.mark[seat] <= LAST_SHOT_MARK),
                    },
                )


def _player_role_year(league: League) -> Iterator[Row]:
    sums: dict[tuple[int, int, str], Row] = {}
    for (player, year), role, row in _told_seats(league):
        if role is None:
            continue
        line = sums.setdefault(
            (player, year, role),
            {
                "player_id": player,
                "year": year,
                "role": role,
                "games": 0,
                "wins": 0,
                "points_sum": Decimal(0),
                "elo_delta_sum": Decimal(0),
            },
        )
        _add(line, "games", 1)
        _add(line, "wins", row["won"])
        _add(line, "points_sum", row["points"])
        _add(line, "elo_delta_sum", row["elo_delta"])
    return (sums[key] for key in sorted(sums))


def _player_year_official(league: League, years: tuple[int, ...]) -> Iterator[Row]:
    """A row for each player and year whose list has him."""
    listed = sorted((line.person.player_id, year) for year in years for line in league.rating(year, ALL))
    for player_id, year in listed:
        yield official(league, player_id, year)


def official(league: League, player_id: int, year: int) -> Row:
    """The row of `player_year_official` for that player and year."""
    shown = league.figures(player_id, year)
    row: Row = {
        "player_id": player_id,
        "year": year,
        "games": _whole(shown.games),
        "wins": _whole(shown.wins),
    }
    for role in PLAYED:
        row[f"{role}_games"] = _whole(shown.role_games[role])
        row[f"{role}_wins"] = _whole(shown.role_wins[role])
        row[f"{role}_win_percent"] = _decimal(shown.role_percent[role])
        row[f"{role}_longest_win_streak"] = _whole(shown.strike[role])
        row[f"{role}_extra_points"] = _decimal(shown.role_extra[role])
        row[f"{role}_extra_points_per_game"] = _decimal(shown.role_extra_per_game[role])
    row["win_percent"] = _decimal(shown.percent)
    row["prize_places"] = _whole(shown.prize_places)
    row["average_points"] = _decimal(shown.average_points)
    row["extra_points_per_10_games"] = _decimal(shown.extra_per_10_games)
    row["elo"] = _decimal(league.shown_elo(player_id, year))
    return row


_BY_LISTS: Final[dict[str, Callable[[League, tuple[int, ...]], Iterator[Row]]]] = {
    "player": _player,
    "player_season": _player_season,
    "player_year_official": _player_year_official,
    **_truth_of_pages.BY_LISTS,
}
_TABLES: Final[dict[str, Callable[[League], Iterator[Row]]]] = {
    "club": _club,
    "club_member": _club_member,
    "tournament": _tournament,
    "game": _game,
    "seat": _seat,
    "player_year": _player_year,
    "player_role_year": _player_role_year,
    **_truth_of_pages.TABLES,
}
