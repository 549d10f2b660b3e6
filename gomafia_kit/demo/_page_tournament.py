"""The page of a tournament: its card, and the tabs of results and games."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gomafia_kit.demo import _json, _words
from gomafia_kit.demo._markup import DASH, Page, day, row, safe, short, signed
from gomafia_kit.demo._names import PLACES
from gomafia_kit.demo._truth import points as seat_points
from gomafia_kit.demo._world import BLACK, DRAW, MARKS, RED, TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gomafia_kit.demo._markup import Style
    from gomafia_kit.demo._standing import Line
    from gomafia_kit.demo._world import Tournament
    from gomafia_kit.demo.league import League

_TABLE: Final = "TableTournamentResultGame_table-tournament-result-game"
_WIN: Final = {BLACK: ("__th_mafia", "Победа мафии"), RED: ("__th_city", "Победа мирных жителей")}


def tournament(league: League, style: Style, tournament_id: int, query: Mapping[str, str]) -> Page | None:
    """A tournament's page; None if there is no such tournament."""
    item = league.world.tournaments.get(tournament_id)
    if item is None:
        return None
    tab = query.get("tab", "")
    body = _card(league, style, item)
    if tab in _TABS:
        body += _TABS[tab](league, style, item)
    return Page(
        "/tournament/[tid]",
        {"tid": str(tournament_id), **query},
        _data(league, item, tab),
        style.div("tournament_tournament", body),
        item.title,
        ("pages/tournament/[tid]",),
    )


def _data(league: League, item: Tournament, tab: str) -> str:
    everything = league.switches.tab_data == "everything"
    parts = []
    if league.switches.tab_data != "bare" or not tab:
        parts.append(f'"tournament":{_json.tournament(league, item)}')
    if everything or tab == "games":
        parts.append(f'"games":{_json.games(league, item)}')
    if everything or tab == "tournament":
        parts.append(f'"tournamentResultWithFinal":{_json.standing(league, item, "with_final")}')
        parts.append(f'"tournamentResultWithoutFinal":{_json.standing(league, item, "without_final")}')
    return f"{{{','.join(parts)}}}"


def _card(league: League, style: Style, item: Tournament) -> str:
    place = PLACES[item.place]
    days = [day(item.start)] if item.end == item.start else [day(item.start), " – ", day(item.end)]
    count = len(set(item.player))
    participants = str(count) if item.projected is None else style.text(count, " из ", item.projected)
    parts = (
        ("Дата проведения турнира", style.text(*days)),
        ("Место", style.text(place.country_shown, ", ", place.city_shown)),
        ("Тип турнира", safe(_words.KIND_SHOWN[item.kind])),
        ("Участники", participants),
    )
    prefix = "tournament_tournament__top-left"
    elo = "" if item.elo_average is None else style.div(f"{prefix}-elo", str(item.elo_average))
    items = "".join(style.div(f"{prefix}-item", f"<div>{label}</div><div>{value}</div>") for label, value in parts)
    staff = _staff(league, style, "ГС", item.referee_id) + _staff(league, style, "Орг", item.organizer_id)
    return style.div("tournament_tournament__top", style.div(f"{prefix}-title", safe(item.title)) + elo + items + staff)


def _staff(league: League, style: Style, office: str, player_id: int | None) -> str:
    if player_id is None:
        return f'<a href="/stats/null"><span>{office}</span></a>'
    login = league.world.people[player_id].login
    return f'<a href="/stats/{player_id}"><span>{style.text(office, ": ")}</span>{safe(login)}</a>'


def _results(league: League, style: Style, item: Tournament) -> str:
    tables = ""
    for which, title in (("with_final", "С финалом"), ("without_final", "Без финала")):
        lines = league.standing(item, which)
        if lines is not None:
            rows = [_result_row(league, item, line) for line in lines]
            head = ("", "Игрок", "Сумма", "Доп. сумма", "Победы", "Доп", "Ci", "Штраф", "ПУ", "ЛХ", "GG")
            tables += f"<h3>{title}</h3>" + style.table("TableTournamentResult_table", head, rows)
    return style.div("tournament_tournament__results", tables)


def _result_row(league: League, item: Tournament, line: Line) -> str:
    return row(
        str(line.place),
        safe(league.world.login_at(item, line.player)),
        short(line.points),
        short(line.extra),
        str(line.wins),
        short(line.bonus),
        short(line.compensation),
        short(line.fine),
        str(line.first_shots),
        short(line.shot_points),
        str(line.gg),
    )


def _games(league: League, style: Style, item: Tournament) -> str:
    rounds: dict[int, str] = {}
    for game in league.games(item):
        number = item.round_no[game]
        rounds[number] = rounds.get(number, "") + _game(league, style, item, game)
    return "".join(
        style.div("tournament_tournament__games-tour", f"<h3>{style.text('Тур ', number)}</h3>{tables}")
        for number, tables in rounds.items()
    )


def _game(league: League, style: Style, item: Tournament, game: int) -> str:
    judge = league.world.people[item.judge[game]].login
    winner = 0 if league.blank(item) else item.winner[game]
    if winner in _WIN:
        name, words = _WIN[winner]
        second = f'<th colSpan="3" {style.css(f"{_TABLE}__th", f"{_TABLE}{name}")}>{words}</th>'
    else:
        second = f'<th colSpan="3">{"Ничья" if winner == DRAW else ""}</th>'
    first = f'<th colSpan="3">{style.text("Стол ", item.table_no[game], ", ", judge)}</th>'
    seats = range(game * TABLE, game * TABLE + TABLE)
    rows = "".join(_seat_row(league, style, item, seat, played=winner != 0) for seat in seats)
    return f"<table {style.css(_TABLE)}><thead><tr>{first}</tr><tr>{second}</tr></thead><tbody>{rows}</tbody></table>"


def _seat_row(league: League, style: Style, item: Tournament, seat: int, *, played: bool) -> str:
    player = item.player[seat]
    css = [f"{_TABLE}__item"]
    if played and item.mark[seat]:
        css.append(f"{_TABLE}__item_{MARKS[item.mark[seat]]}")
    plain = style.css(f"{_TABLE}__item")
    role = _words.ROLE_ON_PAGE[item.role[seat]] if played else ""
    points = short(seat_points(league, item, seat)) if played else DASH
    delta = signed(item.delta[seat]) if played and player > 0 else DASH
    return (
        f"<tr><td {plain}>{seat % TABLE + 1}</td><td {plain}>{safe(league.world.login_at(item, player))}</td>"
        f"<td {style.css(*css)}>{role}</td><td {plain}>{points}</td><td {plain}>{delta}</td></tr>"
    )


_TABS: Final[dict[str, Callable[[League, Style, Tournament], str]]] = {"tournament": _results, "games": _games}
"""What a tab shows under the card; without one there is only the card."""
