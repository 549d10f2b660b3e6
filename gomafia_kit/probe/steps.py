"""What a probe asks for, in this order; each step sees the answers to those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gomafia_kit import site
from gomafia_kit.probe.seen import Json, Seen, games_of, has_final, is_played, is_set, number, year_of
from gomafia_kit.site import EVERY_REGION, Ask

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN_ID: Final = 99_999_999
_FINISHED: Final = "Завершён"
_RUNNING: Final = "В процессе"
_FEW_ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One ask: `what` says it to a person beforehand; `ask` makes it, or None if there is nothing to ask about."""

    name: str
    what: str
    ask: Callable[[Seen], Ask | None]


# -- which things are asked about -------------------------------------------------------------------


def newest_year(seen: Seen) -> int:
    """The year in which the last finished tournament began: the season, if the site thinks as we do."""
    years = [year_of(row.get("date_start")) for row in _finished(seen)]
    return max((year for year in years if year), default=site.FIRST_YEAR)


def _finished(seen: Seen) -> list[Json]:
    return [
        row
        for row in seen.rows("tournaments")
        if row.get("status_translate") == _FINISHED and not is_set(row.get("is_hidden_result"))
    ]


def _by_stars(seen: Seen) -> list[int]:
    """Finished tournaments, those with the most stars first, newer ones first."""
    rows = sorted(
        _finished(seen),
        key=lambda row: (number(row.get("star")) or 0, str(row.get("date_start"))),
        reverse=True,
    )
    return [int(found) for row in rows if (found := number(row.get("id")))]


def _tournament(place: int) -> Callable[[Seen], Ask | None]:
    """The tournament in that place by its stars; none once one with a final and one without are seen."""

    def ask(seen: Seen) -> Ask | None:
        kinds = {has_final(data) for _, data in seen.tournaments()}
        ids = _by_stars(seen)
        return None if len(kinds) > 1 or place >= len(ids) else site.tournament(ids[place])

    return ask


def _results(seen: Seen, *, of_final: bool) -> Ask | None:
    found = next((data for _, data in seen.tournaments() if has_final(data) is of_final), None)
    found_id = None if found is None else number(found.get("tournament", {}).get("id"))
    return None if found_id is None else site.tournament_results_page(int(found_id))


def _games_page(seen: Seen) -> Ask | None:
    ids = _by_stars(seen)
    return site.tournament_games_page(ids[0]) if ids else None


def _hidden(seen: Seen) -> Ask | None:
    hidden = [row for row in seen.rows("tournaments") if is_set(row.get("is_hidden_result"))]
    return _about_first([row for row in hidden if row.get("status_translate") == _FINISHED] or hidden)


def _running(seen: Seen) -> Ask | None:
    """A tournament under way, unless a game that wasn't played was seen already."""
    if any(not is_played(game) for _, data in seen.tournaments() for _, game in games_of(data)):
        return None
    return _about_first([row for row in seen.rows("tournaments") if row.get("status_translate") == _RUNNING])


def _about_first(rows: list[Json]) -> Ask | None:
    found = number(rows[0].get("id")) if rows else None
    return None if found is None else site.tournament(int(found))


def _players(year: Callable[[Seen], int], limit: int) -> Callable[[Seen], Ask]:
    return lambda seen: site.player_list(year(seen), EVERY_REGION, 0, limit)


def _players_without_year(seen: Seen) -> Ask:
    del seen
    fields = (("region", EVERY_REGION), ("limit", str(_FEW_ROWS)), ("offset", "0"))
    return Ask("player_list", "api", "POST", "/api/user/getTop", fields, fields, "probe")


def _players_tail(seen: Seen) -> Ask | None:
    rows = seen.rows("players")
    total = number(rows[0].get("total_rows")) if rows else None
    if total is None or total <= len(rows):
        return None
    return site.player_list(newest_year(seen), EVERY_REGION, int(total) - _FEW_ROWS, _FEW_ROWS)


def best_player(seen: Seen) -> Json | None:
    """The first player of the list who played: he has probably played for years."""
    return next((row for row in seen.rows("players") if number(row.get("tournaments_played"))), None)


def _newcomer(seen: Seen) -> int | None:
    """A player who came late (his id is high) and has played little: the list of all his tournaments is short."""
    played = [
        (games, -player)
        for row in seen.rows("players")
        if (games := number(row.get("tournaments_played"))) and (player := number(row.get("id")))
    ]
    return -int(min(played)[1]) if played else None


def _past_statistics(seen: Seen) -> Ask | None:
    row = best_player(seen)
    found = None if row is None else number(row.get("id"))
    return None if found is None else site.player_statistics(int(found), newest_year(seen) - 1)


def _of_newcomer(build: Callable[[int], Ask]) -> Callable[[Seen], Ask | None]:
    def ask(seen: Seen) -> Ask | None:
        player = _newcomer(seen)
        return None if player is None else build(player)

    return ask


def _club_page(seen: Seen) -> Ask | None:
    ids = [number(row.get("id")) for row in seen.rows("clubs")]
    return next((site.club_page(int(found)) for found in ids if found), None)


def _next_year(seen: Seen) -> int:
    return newest_year(seen) + 2


STEPS: Final = (
    Step("robots", "robots.txt", lambda _: site.robots()),
    Step("clubs", "the list of clubs (API)", lambda _: site.club_list()),
    Step("tournaments", "the list of tournaments (API)", lambda _: site.tournament_list()),
    Step("players", "the list of players of the newest season (API)", _players(newest_year, site.LIST_LIMIT)),
    Step("players, tail", "the end of that list, if it is longer than that (API)", _players_tail),
    Step("players, no year", "ten players, without saying a year (API)", _players_without_year),
    Step(
        "players, year to come",
        "ten players of a year that nobody has played in (API)",
        _players(_next_year, _FEW_ROWS),
    ),
    Step("tournament 1", "a finished tournament with many stars (API)", _tournament(0)),
    Step("tournament 2", "another, until one with a final and one without are seen (API)", _tournament(1)),
    Step("tournament 3", "the same", _tournament(2)),
    Step("tournament hidden", "a tournament with hidden results, if there is one (API)", _hidden),
    Step("tournament running", "a tournament under way, if no unplayed game was seen (API)", _running),
    Step("statistics", "the best player's figures of the year before (API)", _past_statistics),
    Step("real check", "player 159's figures of 2025 (API)", lambda _: site.player_statistics(159, 2025)),
    Step("games page", "the first tournament's games (page)", _games_page),
    Step(
        "results page, final",
        "the standings of a tournament with a final (page)",
        lambda seen: _results(seen, of_final=True),
    ),
    Step("results page", "the standings of one without (page)", lambda seen: _results(seen, of_final=False)),
    Step("club page", "the first club (page)", _club_page),
    Step(
        "statistics page",
        "a newcomer's statistics (page)",
        _of_newcomer(lambda player: site.player_statistics_page(player, 0)),
    ),
    Step("history page", "the same player's tournaments (page)", _of_newcomer(site.player_history_page)),
    Step(
        "players page", "the rating of players (page)", lambda seen: site.player_page(newest_year(seen), EVERY_REGION)
    ),
    Step("tournaments page", "the list of tournaments (page)", lambda _: site.tournament_list_page()),
    Step("judges page", "the judges (page)", lambda _: site.judge_page()),
    Step("unknown page", "a tournament that doesn't exist (page)", lambda _: site.tournament_games_page(UNKNOWN_ID)),
)
