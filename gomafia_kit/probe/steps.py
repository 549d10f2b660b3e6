"""What a probe asks for, in this order; each step sees the answers to those before it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from gomafia_kit import site
from gomafia_kit.probe.seen import (
    RESULTS_PAGES,
    Json,
    Seen,
    games_of,
    has_final,
    id_of,
    is_played,
    is_set,
    number,
    year_of,
)
from gomafia_kit.site import EVERY_REGION, Ask

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN_ID: Final = 99_999_999
WHOLE_LIST: Final = 10_000
"""Rows that a list is said to give at once; an import asks for less."""
KNOWN_PLAYER: Final = 159
KNOWN_YEAR: Final = 2025
_FINISHED: Final = "Завершён"
_AT_A_TABLE: Final = 10
_RUNNING: Final = "В процессе"


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


def _by_size(seen: Seen) -> list[int]:
    """Finished tournaments, those first that have probably a final: for more than a table, with stars, large ones."""
    rows = sorted(
        _finished(seen),
        key=lambda row: (
            _people(row) > _AT_A_TABLE,
            number(row.get("star")) or 0,
            _people(row),
            str(row.get("date_start")),
        ),
        reverse=True,
    )
    return [int(found) for row in rows if (found := number(row.get("id")))]


def _people(row: Json) -> Decimal:
    return number(row.get("projected_count_of_participant")) or Decimal(0)


def _results_page(seen: Seen) -> Ask | None:
    """The standings of another tournament, until those of one with a final and of one without are seen.

    The first has probably one, the last none. Nothing if pages don't tell of games.
    """
    asked = {told for name in RESULTS_PAGES if (told := seen.id_told(name))}
    kinds = {has_final(tournament) for tournament, _, _ in seen.standings()}
    ids = [found for found in _by_size(seen) if found not in asked]
    if len(kinds) > 1 or (asked and not kinds) or not ids:
        return None
    return site.tournament_results_page(ids[-1] if kinds == {True} else ids[0])


def _of_final(build: Callable[[int], Ask]) -> Callable[[Seen], Ask | None]:
    """About the tournament with a final; if none was seen to have one, about the likeliest."""

    def ask(seen: Seen) -> Ask | None:
        with_final = [int(found) for data, _, _ in seen.standings() if has_final(data) and (found := id_of(data))]
        ids = with_final + _by_size(seen)
        return build(ids[0]) if ids else None

    return ask


def _hidden(seen: Seen) -> Ask | None:
    hidden = [row for row in seen.rows("tournaments") if is_set(row.get("is_hidden_result"))]
    return _about_first([row for row in hidden if row.get("status_translate") == _FINISHED] or hidden)


def _running(seen: Seen) -> Ask | None:
    """A tournament under way, unless a game that wasn't played was seen already."""
    if any(not is_played(game) for data in seen.shown_tournaments() for _, game in games_of(data)):
        return None
    return _about_first([row for row in seen.rows("tournaments") if row.get("status_translate") == _RUNNING])


def _about_first(rows: list[Json]) -> Ask | None:
    found = number(rows[0].get("id")) if rows else None
    return None if found is None else site.tournament(int(found))


def whose_statistics(seen: Seen) -> tuple[Json | None, int]:
    """The player whose figures are asked for, and of which year: 159 and 2025, which are known, else the best one.

    The best one has played for years, and is asked about the last year but one.
    """
    rows, newest = seen.rows("players"), newest_year(seen)
    known = next((row for row in rows if number(row.get("id")) == KNOWN_PLAYER), None)
    if known is not None and newest >= KNOWN_YEAR:
        return known, KNOWN_YEAR
    return next((row for row in rows if number(row.get("tournaments_played"))), None), newest - 1


def _statistics(seen: Seen) -> Ask | None:
    row, year = whose_statistics(seen)
    found = None if row is None else number(row.get("id"))
    return None if found is None else site.player_statistics(int(found), year)


def _newcomer(seen: Seen) -> int | None:
    """A player who came late (his id is high) and has played little: in one of the league's years, probably."""
    played = [
        (games, -player)
        for row in seen.rows("players")
        if (games := number(row.get("tournaments_played"))) and (player := number(row.get("id")))
    ]
    return -int(min(played)[1]) if played else None


def _newcomer_page(seen: Seen) -> Ask | None:
    player = _newcomer(seen)
    return None if player is None else site.player_statistics_page(player, 0)


def _club_page(seen: Seen) -> Ask | None:
    """The club of the player whose figures were asked for."""
    data = seen.data("statistics")
    user = data.get("user") if isinstance(data, dict) else None
    found = number(user.get("club_id")) if isinstance(user, dict) else None
    return site.club_page(int(found)) if found else None


def _players_page(seen: Seen) -> Ask:
    """As `site.player_page`, but without the year."""
    del seen
    query, about = (("regionUsers", EVERY_REGION),), (("region", EVERY_REGION), ("page", "1"))
    return Ask("player_page", "page", "GET", "/rating", query, about, "probe")


def _next_data(seen: Seen) -> Ask | None:
    """The list of tournaments by the data of its page alone, of the deployment that sent the page before."""
    build = seen.build_id("players page")
    page = site.tournament_list_page()
    return None if build is None else Ask("probe", "api", "GET", f"/_next/data/{build}{page.path}.json", page.fields)


STEPS: Final = (
    Step("robots", "robots.txt", lambda _: site.robots()),
    Step("tournaments", "the list of tournaments (API)", lambda _: site.tournament_list()),
    Step(
        "players",
        "the whole list of players of the newest season (API)",
        lambda seen: site.player_list(newest_year(seen), EVERY_REGION, 0, WHOLE_LIST),
    ),
    Step("results page", "the standings of a large finished tournament (page)", _results_page),
    Step("second results page", "of another, until one with a final and one without are seen (page)", _results_page),
    Step("third results page", "the same", _results_page),
    Step("tournament 1", "the tournament with a final (API)", _of_final(site.tournament)),
    Step("games page", "its games (page)", _of_final(site.tournament_games_page)),
    Step("tournament hidden", "a tournament with hidden results, if there is one (API)", _hidden),
    Step("tournament running", "a tournament under way, if no unplayed game was seen (API)", _running),
    Step("statistics", "a player's figures of a past year: of 159 in 2025, or of the best (API)", _statistics),
    Step("club page", "the club of that player (page)", _club_page),
    Step("statistics page", "a newcomer's statistics (page)", _newcomer_page),
    Step("players page", "the rating of players, without saying a year (page)", _players_page),
    Step("next data", "the list of tournaments as data of its page (/_next/data)", _next_data),
    Step("unknown page", "a tournament that doesn't exist (page)", lambda _: site.tournament_games_page(UNKNOWN_ID)),
)
