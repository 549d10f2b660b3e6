"""Pages that are lists: players, clubs, a club's members, tournaments, judges; and the main page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from gomafia_kit.demo import _json, _words
from gomafia_kit.demo._api import chosen_tournaments, is_number
from gomafia_kit.demo._figures import hundredths
from gomafia_kit.demo._markup import PAGE_ROWS, Page, day, day_in_words, grouped, missing, row, safe
from gomafia_kit.demo._names import PLACES
from gomafia_kit.demo._players_file import REGIONS
from gomafia_kit.demo._rating import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gomafia_kit.demo._markup import Style
    from gomafia_kit.demo._rating import ClubLine, RatingLine
    from gomafia_kit.demo._world import Judge, Tournament, World
    from gomafia_kit.demo.league import League

_OTHER_KEYS: Final = {
    "users": "usersTop",
    "clubs": "clubsTop",
    "residents": "clubResidents",
    "tournaments": "allTournaments",
    "history": "userTournaments",
    "judges": "referees",
    "president": "owner",
}
"""Names that nobody has seen, for the switch `list_keys`."""


def key(league: League, name: str) -> str:
    """The key of a list in a page's data."""
    return name if league.switches.list_keys == "plain" else _OTHER_KEYS[name]


def number(query: Mapping[str, str], name: str, default: int) -> int:
    """A number of the address, the default for nonsense."""
    text = query.get(name, "")
    return int(text) if is_number(text) else default


def main_page(style: Style) -> Page:
    """The main page, which also stands for everything that doesn't exist."""
    intro = style.div("MainIntro_main-intro__title", "Спортивная мафия")
    return Page("/", {}, "{}", style.div("MainIntro_main-intro", intro), "Главная", ("pages/index",))


def rating(league: League, style: Style, query: Mapping[str, str]) -> Page:
    """The rating of players, or of clubs."""
    clubs = query.get("tab") == "clubs"
    suffix = "Clubs" if clubs else "Users"
    year = number(query, f"year{suffix}", league.current_year)
    region = query.get(f"region{suffix}", ALL)
    region = region if region in REGIONS else ALL
    page = max(1, number(query, f"page{suffix}", 1))
    window = slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS)
    if clubs:
        club_lines = league.ratings.clubs(year, region)
        total = len(club_lines)
        rows = _json.clubs(league, club_lines[window], total)
        table = _club_table(style, club_lines[window])
    else:
        lines = league.rating(year, region)
        total = len(lines)
        rows = _json.users(league, lines[window], total)
        table = _player_table(style, lines[window])
    data = f'{{"{key(league, "clubs" if clubs else "users")}":{_json.join(rows)}}}'
    pager = style.pager(page, total, PAGE_ROWS, dots=league.switches.pager_dots)
    return Page("/rating", query, data, style.div("rating_rating", table + pager), "Рейтинг", ("pages/rating",))


def _player_table(style: Style, lines: Sequence[RatingLine]) -> str:
    rows = [
        row(
            str(line.rank),
            _player_cell(style, line),
            str(len(line.gg)),
            grouped(sum(line.gg), line.person.player_id),
            hundredths(line.elo),
        )
        for line in lines
    ]
    return style.table("TableUsers_table-users", ("", "Игрок", "Турниры", "GG", "ELO"), rows)


def _player_cell(style: Style, line: RatingLine) -> str:
    club = ""
    if line.club:
        css = style.css("TableUsers_table-users__club", "ws-nowrap", "c-grey")
        club = f"<span {css}>{safe(line.club.title)}</span>"
    picture = f'<img src="/static/avatars/{line.person.player_id % 7}.svg" alt="" width="24" height="24"/>'
    return f'{picture}<a href="/stats/{line.person.player_id}">{safe(line.person.login)}</a>{club}'


def _club_table(style: Style, lines: Sequence[ClubLine]) -> str:
    rows = [
        row(
            str(line.rank),
            f'<a href="/club/{line.club.club_id}">{safe(line.club.title)}</a>'
            f"<div>{safe(line.club.city) or missing(line.rank + 1)}</div>",
            "",
            grouped(line.score, line.club.club_id),
            missing(line.rank) if line.elo_average is None else hundredths(line.elo_average),
        )
        for line in lines
    ]
    return style.table("TableClubs_table-clubs", ("", "Клуб", "", "Очки клуба", "Средний ELO"), rows)


def club(league: League, style: Style, club_id: int, query: Mapping[str, str]) -> Page | None:
    """A club: president and members; None if there is no such club."""
    if club_id not in league.world.clubs:
        return None
    line = next(line for line in league.ratings.clubs(league.current_year, ALL) if line.club.club_id == club_id)
    members = league.ratings.members(club_id)
    page = max(1, number(query, "page", 1))
    window = slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS)
    president = league.world.people.get(line.club.president_id or 0)
    body = style.div("club_club__title", safe(line.club.title))
    told = ""
    if president:
        link = f'<a href="/stats/{president.player_id}">{safe(president.login)}</a>'
        body += style.div("club_club__president", f"<span>Президент клуба</span>{link}")
        login = _json.text(president.login)
        told = f',"{key(league, "president")}":{{"id":{president.player_id},"login":{login}}}'
    body += _player_table(style, members[window])
    body += style.pager(page, len(members), PAGE_ROWS, dots=league.switches.pager_dots)
    rows = _json.join(_json.users(league, members[window], len(members)))
    data = f'{{"club":{_json.clubs(league, [line], 1)[0]}{told},"{key(league, "residents")}":{rows}}}'
    return Page("/club/[id]", {"id": str(club_id), **query}, data, style.div("club_club", body), line.club.title)


def tournaments(league: League, style: Style, query: Mapping[str, str]) -> Page:
    """The list of tournaments."""
    chosen = chosen_tournaments(league, query.get("time", ALL), query.get("fsm", ALL), query.get("type", ALL))
    page_rows = max(1, league.switches.tournaments_a_page)
    page = max(1, number(query, "page", 1))
    window = chosen[(page - 1) * page_rows : page * page_rows]
    rows = [_tournament_row(style, item) for item in window]
    table = style.table("TableTournaments_table", ("", "Турнир", "Дата", "Тип", "Статус", ""), rows)
    pager = style.pager(page, len(chosen), page_rows, dots=league.switches.pager_dots)
    rows_told = _json.join(_json.tournaments(league, window, len(chosen)))
    data = f'{{"{key(league, "tournaments")}":{rows_told}}}'
    return Page("/tournaments", query, data, style.div("tournaments_tournaments", table + pager), "Турниры")


def _tournament_row(style: Style, item: Tournament) -> str:
    elo = "" if item.elo_average is None else f"<span>{item.elo_average}</span>"
    place = style.text(PLACES[item.place].country_shown, ", ", PLACES[item.place].city_shown)
    name = (
        f'<a href="/tournament/{item.tournament_id}"><div>{elo}<span>{item.stars}</span>'
        f"<b>{safe(item.title)}</b></div></a><div>{place}</div>"
    )
    days = f"<div>{day(item.start)}</div>"
    if item.end != item.start:
        days += f"<div>{day(item.end)}</div>"
    return row("", name, days, _words.KIND_SHOWN[item.kind], _words.STATUS_SHOWN[item.status], "")


def judges(league: League, style: Style, query: Mapping[str, str]) -> Page:
    """The accredited judges."""
    accredited = list(league.world.judges.values())
    page = max(1, number(query, "pageJudges", 1))
    window = accredited[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    judged = _games_judged(league.world)
    rows = [_judge_row(league.world, judge, judged[judge.player_id]) for judge in window]
    head = ("", "Судья", "Категория", "", "", "Столов ГС", "Рейтинг", "Игр", "Аккредитация", "Ответственный")
    table = style.table("TableJudges_table", head, rows, league.switches.judges_header)
    pager = style.pager(page, len(accredited), PAGE_ROWS, dots=league.switches.pager_dots)
    told = _json.join(_judge_told(league.world, judge, judged[judge.player_id]) for judge in window)
    data = f'{{"{key(league, "judges")}":{told}}}'
    return Page("/judges", query, data, style.div("judges_judges", table + pager), "Судьи")


def _games_judged(world: World) -> Counter[int]:
    judged: Counter[int] = Counter()
    for tournament in world.tournaments.values():
        judged.update(tournament.judge)
    return judged


def _judge_row(world: World, judge: Judge, games: int) -> str:
    person = world.people[judge.player_id]
    names = f"<div>{safe(person.login)}</div><span>{safe(person.first_name)} {safe(person.last_name)}</span>"
    return row(
        "",
        f'<a href="/stats/{judge.player_id}">{names}</a>',
        judge.category,
        "",
        "",
        str(judge.most_tables),
        str(judge.rating),
        grouped(games, judge.player_id),
        day_in_words(judge.accredited_on),
        safe(judge.responsible) or missing(judge.player_id),
    )


def _judge_told(world: World, judge: Judge, games: int) -> str:
    person = world.people[judge.player_id]
    return (
        f'{{"id":{judge.player_id},"login":{_json.text(person.login)},'
        f'"first_name":{_json.text(person.first_name)},"last_name":{_json.text(person.last_name)},'
        f'"category":{_json.text(judge.category)},"most_tables":{judge.most_tables},'
        f'"rating":{judge.rating},"games":"{games}","date_accreditation":"{judge.accredited_on}",'
        f'"responsible":{_json.text(judge.responsible)}}}'
    )
