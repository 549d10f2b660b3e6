"""A player's page: statistics with a real drop-down, and the history of tournaments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gomafia_kit.demo import _json
from gomafia_kit.demo._figures import per, seats_of
from gomafia_kit.demo._markup import PAGE_ROWS, Page, day, missing, money, row, safe, signed
from gomafia_kit.demo._pages import key, number
from gomafia_kit.demo._standing import with_final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gomafia_kit.demo._figures import Figures
    from gomafia_kit.demo._markup import Style
    from gomafia_kit.demo._world import Person, Tournament
    from gomafia_kit.demo.league import League

ALL_YEARS: Final = "Все"
CIRCLES: Final = {"citizen": "мирного", "mafia": "мафию", "don": "дона", "sheriff": "шерифа"}


def stats(league: League, style: Style, player_id: int, query: Mapping[str, str]) -> Page | None:
    """A player's page; None if there is no such player."""
    person = league.world.people.get(player_id)
    if person is None:
        return None
    opens_with_all = league.switches.stats_opens == "all"
    year = None if opens_with_all else league.current_year
    data = f'"user":{_json.profile(league, person, year)}'
    body = style.div("ProfileUserInfo_profile-user__name", safe(person.login))
    if query.get("tab") == "history":
        told, table = _history(league, style, person, query)
        data, body = f"{data},{told}", body + table
    else:
        figures = league.figures(player_id, year)
        data += f',"stats":{_json.stats(league, figures, player_id)}'
        body += _figures(league, style, person, figures, year)
    body = style.div("stats_stats", body)
    return Page(
        "/stats/[id]",
        {"id": str(player_id), **query},
        f"{{{data}}}",
        body,
        person.login,
        ("pages/stats/[id]",),
    )


def _figures(league: League, style: Style, person: Person, figures: Figures, year: int | None) -> str:
    games = int(figures.games or 0)
    amount = style.div("stats_stats__stat-main-bottom-block-left-content-amount", figures.games)
    circles = "".join(_circle(style, role, figures, games) for role in CIRCLES)
    elo = f"<div><span>Общий ELO</span><b>{league.shown_elo(person.player_id, year)}</b></div>"
    extra = f"<div><b>{figures.extra_per_10_games}</b><span>в среднем за 10 игр</span></div>"
    return (
        _drop_down(league, style, person.player_id, year)
        + style.div("stats_stats__stat-main", f"<div><span>Всего игр</span>{amount}</div>{circles}")
        + style.div("stats_stats__stat-elo", elo)
        + style.div("stats_stats__stat-advanced", extra)
    )


def _drop_down(league: League, style: Style, player_id: int, year: int | None) -> str:
    played = league.careers.years(player_id)
    years = [
        str(season)
        for season in reversed(league.world.years)
        if league.switches.idle_years == "shown" or season in played
    ]
    options = "".join(style.div("Select_select__option", option) for option in (ALL_YEARS, *years))
    chosen = ALL_YEARS if year is None else str(year)
    selected = f"<span {style.css('Select_select__selected-span')}>{chosen}</span>"
    hidden = f'<div {style.css("Select_select__options")} style="display:none">{options}</div>'
    return style.div("Select_select", selected + hidden)


def _circle(style: Style, role: str, figures: Figures, games: int) -> str:
    count = int(figures.role_games[role] or 0)
    share = per(100 * count, games)
    shown = style.text(count, " (", share, "%)")
    return (
        f"<div {style.css('ProfileUserCircle_profile-user-circle')}>"
        + style.div("ProfileUserCircle_profile-user-circle__num", shown)
        + style.div("ProfileUserCircle_profile-user-circle__text", f"{games_word(count)} за {CIRCLES[role]}")
        + "</div>"
    )


def games_word(count: int) -> str:
    """Игра, Игры or Игр, as Russian wants it beside the number."""
    if count % 100 in range(11, 20):
        return "Игр"
    return {1: "Игра", 2: "Игры", 3: "Игры", 4: "Игры"}.get(count % 10, "Игр")


def _history(league: League, style: Style, person: Person, query: Mapping[str, str]) -> tuple[str, str]:
    mine = [item for item in league.careers.tournaments(person.player_id) if not item.is_hidden][::-1]
    page = max(1, number(query, "page", 1))
    window = mine[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    told, rows = [], []
    for item in window:
        place, gg, change, prize = _taken(item, person.player_id)
        link = f'<a href="/tournament/{item.tournament_id}">{safe(item.title)}</a>'
        days = f"<div>{day(item.start)}</div>"
        if item.end != item.start:
            days += f"<div>{day(item.end)}</div>"
        turn = item.tournament_id
        shown, in_json = (missing(turn), "") if prize is None else (money(prize, turn), str(prize // 100))
        rows.append(row("", link, days, str(place), str(gg), signed(change), shown))
        told.append(
            f'{{"id":{item.tournament_id},"title":{_json.text(item.title)},"date_start":"{item.start}",'
            f'"place":"{place}","gg":{gg},"elo_delta":"{change}",'
            f'"prize":"{in_json}"}}'
        )
    head = ("", "Турнир", "Дата", "Место", "GG", "ELO", "Приз")
    table = style.table("TableHistory_table", head, rows)
    table += style.pager(page, len(mine), PAGE_ROWS, dots=league.switches.pager_dots)
    return f'"{key(league, "history")}":{_json.join(told)}', table


def _taken(item: Tournament, player_id: int) -> tuple[int, int, int, int | None]:
    """Place, GG points, change of ELO, prize (hundredths of roubles)."""
    line = next(line for line in with_final(item) if line.player == player_id)
    change = sum(item.delta[seat] for seat in seats_of(item, player_id))
    finished = item.status == "finished"
    prize = item.prizes[line.place - 1] if finished and line.place <= len(item.prizes) else None
    return line.place, line.gg, change, prize
