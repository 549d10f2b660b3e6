"""The analyst's questions: open a league, ask it, look at the answers as tables and pictures.

    from gomafia_kit import analyse

    with analyse.open_league("data/demo-tiny") as league:
        analyse.top_players(league, limit=10)
        league.query("SELECT city, count(*) AS players FROM player GROUP BY city ORDER BY 2 DESC")

Each question takes a league and gives a polars DataFrame whose columns its docstring names; `sheet`
shows one as a table, `charts` draws one.
"""

from __future__ import annotations

from gomafia_kit.analyse import charts
from gomafia_kit.analyse.games import (
    games_by_month,
    last_tournament,
    outcomes,
    seats,
    tournament,
    tournament_games,
    tournament_table,
    win_rates_by_role,
)
from gomafia_kit.analyse.intervals import wilson
from gomafia_kit.analyse.overview import freshness, overview
from gomafia_kit.analyse.picture import Picture, is_headless
from gomafia_kit.analyse.players import PlayerPage, find_player, pick_player, player_page, top_players
from gomafia_kit.analyse.sheet import Sheet, Sheets, page_sheets, sheet
from gomafia_kit.analyse.store import READ_FROM, League, open_league

__all__ = [
    "READ_FROM",
    "League",
    "Picture",
    "PlayerPage",
    "Sheet",
    "Sheets",
    "charts",
    "find_player",
    "freshness",
    "games_by_month",
    "is_headless",
    "last_tournament",
    "open_league",
    "outcomes",
    "overview",
    "page_sheets",
    "pick_player",
    "player_page",
    "seats",
    "sheet",
    "top_players",
    "tournament",
    "tournament_games",
    "tournament_table",
    "wilson",
    "win_rates_by_role",
]
