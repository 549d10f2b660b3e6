"""Pieces of a tournament's pages, written by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gomafia_kit import site
from tests.answers import answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gomafia_kit.site import Answer, Ask

NAME = "TableTournamentResultGame_table-tournament-result-game"
ROLES = ("Дон", "Маф", "Маф", "Шер", "Мир", "Мир", "Мир", "Мир", "Мир", "Мир")
MAFIA = f'<th colspan="3" class="{NAME}__th__aaaaa {NAME}__th_mafia__bbbbb">Победа мафии</th>'
CITY = f'<th colspan="3" class="{NAME}__th__aaaaa {NAME}__th_city__ccccc">Победа мирных жителей</th>'
DRAW = '<th colspan="3">Ничья</th>'
CARD = (
    '<div class="tournament_tournament__top-left-item__x1y2z"><div>Дата проведения турнира</div>'
    "<div>01.05.2024 – 02.05.2024</div></div>"
    '<div class="tournament_tournament__top-left-item__x1y2z"><div>Участники</div><div>{}</div></div>'
)


STAFF = '<a href="/stats/5"><span>ГС<!-- -->: </span>Орг</a><a href="/stats/null"><span>Орг</span></a>'


def seat_row(place: int, *cells: str, mark: str = "") -> str:
    """A row of a game: nickname, role, points, change of ELO, where they differ from the usual."""
    usual = (f"игрок {place}", ROLES[(place - 1) % 10], "0.6", "-7")
    login, role, points, change = (*cells, *usual[len(cells) :])
    css = f"{NAME}__item__aaaaa" + (f" {NAME}__item_{mark}__bbbbb" if mark else "")
    plain = f'class="{NAME}__item__aaaaa"'
    return (
        f'<tr><td {plain}>{place}</td><td {plain}>{login}</td><td class="{css}">{role}</td>'
        f"<td {plain}>{points}</td><td {plain}>{change}</td></tr>"
    )


def game_table(
    title: str = "Стол <!-- -->1<!-- -->, <!-- -->Судья, первый", win: str = MAFIA, rows: Sequence[str] | None = None
) -> str:
    """A game."""
    body = [seat_row(place) for place in range(1, 11)] if rows is None else rows
    return (
        f'<table class="{NAME}__ddddd"><thead><tr><th colspan="3">{title}</th></tr><tr>{win}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def rounds(*tables: str, title: str = "Тур <!-- -->1") -> str:
    """A round."""
    return f'<div class="tournament_tournament__games-tour__eeeee"><h3>{title}</h3>{"".join(tables)}</div>'


def page(
    ask: Ask,
    markup: str,
    data: dict[str, Any] | None = None,
    participants: str = "30 из 30",
    query: dict[str, str] | None = None,
) -> Answer:
    """A page with that markup under the card, and with those data if there are any. The card names no staff."""
    told = {"props": {"pageProps": {"serverData": data}}, "page": "/tournament/[tid]", "query": query or {}}
    script = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")
    carried = "" if data is None else f'<script id="__NEXT_DATA__" type="application/json">{script}</script>'
    card = CARD.format(participants)
    return answer(ask, f"<!DOCTYPE html><html><body><main>{card}{markup}</main>{carried}</body></html>")


def games_page(
    *tables: str, data: dict[str, Any] | None = None, title: str = "Тур <!-- -->1", query: dict[str, str] | None = None
) -> Answer:
    """The tab of games of tournament 7, all of one round."""
    return page(site.tournament_games_page(7), rounds(*tables, title=title) if tables else "", data, query=query)


def results_page(markup: str, data: dict[str, Any] | None = None) -> Answer:
    """The tab of results of tournament 7."""
    return page(site.tournament_results_page(7), markup, data)
