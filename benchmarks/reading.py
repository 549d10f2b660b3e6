"""How quickly a tournament's page is read, beside BeautifulSoup, lxml and selectolax, in one run.

    python -m benchmarks.reading [--rounds 7] [--keep]

The page of a tournament of the demo league with about 60 games (600 seats), as the site sends it, and
the API's answer about the same. Every way reads every game and seat into rows: round, table, judge,
winner; seat, nickname, role, points, change of ELO, first-shot mark. The bare ways leave the values
as texts, ours makes numbers of them, checks them and knows the ids as well where there are any. The
ways take turns; a figure is the best of all rounds, in milliseconds of CPU.

Two goals aren't met: 1.5 x bare msgspec (about 4 x), and 100 x BeautifulSoup (75 to 80 x; 60 x where no value
was met before). Two bare ways show what there is beyond decoding, which ends with texts as they came. "Laid out as
rows" makes rows of 15 columns of the decoded seats and reads nothing in them: that alone is 1.8 x msgspec. "Values
looked up" reads six values of each as cheaply as can be, and refuses nothing: five (a number, an id, a nickname,
points, a change of ELO) as they were read before, each of which has to be hashed, being a new text; and ELO,
which is another at almost every seat, by the column: 3.2 x msgspec, and 104 x BeautifulSoup. Ours takes 1.3 x of
that, for checks, games, first shots and the standing. (ELO was remembered once: this page, read again and again, was
quicker by it, and every import slower.) Other ways are dearer: whole columns, types that let msgspec check a value.

The page as shown takes 1.4 or 1.7 of selectolax, which differs from process to process.

Needs the dependency group `bench`.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from bs4 import BeautifulSoup
from lxml import html
from msgspec.structs import astuple
from selectolax.lexbor import LexborHTMLParser

from benchmarks.results import append
from gomafia_kit import demo, site
from gomafia_kit.parse import game_pages, parse, tournament_pages, typed_games
from gomafia_kit.records import Parsed, Seat

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.demo import DemoSite

GAMES = 60
TABLE = "TableTournamentResultGame_table-tournament-result-game"
TOUR = "tournament__games-tour"
MARK = re.compile(r"__item_([a-z]+)__")
Rows = list[tuple[Any, ...]]


def beautiful_soup(page: bytes) -> Rows:
    """BeautifulSoup on lxml, by CSS selectors."""
    rows: Rows = []
    for tour in BeautifulSoup(page, "lxml").select(f'div[class*="{TOUR}"]'):
        number = tour.find("h3").get_text()
        for table in tour.select(f'table[class*="{TABLE}"]'):
            heads = [head.get_text() for head in table.select("thead th")]
            for row in table.select("tbody tr"):
                cells = row.find_all("td")
                mark = MARK.search(" ".join(cells[2]["class"]))
                rows.append((number, *heads, *(cell.get_text() for cell in cells), mark and mark[1]))
    return rows


def lxml_xpath(page: bytes) -> Rows:
    """lxml, by XPath."""
    rows: Rows = []
    for tour in html.fromstring(page).xpath(f'//div[contains(@class, "{TOUR}")]'):
        number = tour.xpath("string(h3)")
        for table in tour.xpath(f'.//table[contains(@class, "{TABLE}")]'):
            heads = [head.xpath("string()") for head in table.xpath("thead//th")]
            for row in table.xpath("tbody/tr"):
                cells = row.xpath("td")
                mark = MARK.search(cells[2].get("class"))
                rows.append((number, *heads, *(cell.xpath("string()") for cell in cells), mark and mark[1]))
    return rows


def selectolax_walking(page: bytes) -> Rows:
    """Walking Lexbor's tree by selectolax, from child to child."""
    rows: Rows = []
    for tour in LexborHTMLParser(page).css(f'div[class*="{TOUR}"]'):
        parts = list(tour.iter())
        number = parts[0].text(deep=True)
        for table in parts[1:]:
            head, body = table.iter()
            heads = [cell.text(deep=True) for row in head.iter() for cell in row.iter()]
            for row in body.iter():
                cells = list(row.iter())
                mark = MARK.search(cells[2].attributes["class"] or "")
                rows.append((number, *heads, *(cell.text(deep=True) for cell in cells), mark and mark[1]))
    return rows


def bare_page_data(page: bytes) -> object:
    """The page's data found from the end and decoded into types, no more."""
    start = page.rfind(b'id="__NEXT_DATA__"')
    start = page.find(b">", start) + 1
    return typed_games._PAGE.decode(page[start : page.find(b"</script>", start)])  # noqa: SLF001 - the same types, bare


def bare_api(body: bytes) -> object:
    """The API's answer decoded into types, no more."""
    return typed_games._ANSWER.decode(body)  # noqa: SLF001 - the same types, bare


def laid_out(body: bytes) -> Rows:
    """The API's answer decoded and its seats laid out as rows, no value being read: the least that there is to do."""
    nothing = (None,) * 3
    return [
        tuple.__new__(Seat, (0, 0, 0, place, number, login, role, None, points, delta, elo, *nothing, mark))
        for place, number, login, role, points, mark, delta, elo in map(astuple, seats_of(body))
    ]


def laid_out_and_looked_up(body: bytes) -> Rows:
    """The same with six values of each seat: five as they were read before, and ELO made a number unseen.

    Nothing is refused, there are no games, no standing and no first shots: the least that there is to do for values.
    """
    no, who, text, number = typed_games._NUMBER, typed_games._IDENTITY, typed_games._TEXT, typed_games._DECIMAL  # noqa: SLF001 - the same values, bare
    seats, nothing = seats_of(body), None
    elos = map(Decimal, map(str, [seat.elo for seat in seats]))
    return [
        tuple.__new__(
            Seat,
            (
                0,
                0,
                0,
                no[a],
                who[b],
                text[c],
                role,
                nothing,
                number[d],
                number[e],
                elo,
                nothing,
                nothing,
                nothing,
                mark,
            ),
        )
        for elo, (a, b, c, role, d, mark, e, _) in zip(elos, map(astuple, seats), strict=True)
    ]


def seats_of(body: bytes) -> list[Any]:
    """The seats of the API's answer, decoded."""
    decoded: Any = bare_api(body)
    return [seat for round_ in decoded.data.games for game in round_.game for seat in game.table]


def fetched(served: DemoSite, ask: site.Ask) -> site.Answer:
    """The demo site's answer."""
    query = urlencode(ask.fields)
    url, data = (
        (f"{served.url}{ask.path}", query.encode())
        if ask.method == "POST"
        else (
            f"{served.url}{ask.path}?{query}",
            None,
        )
    )
    with build_opener(ProxyHandler({})).open(Request(url, data)) as reply:  # noqa: S310 - the demo site's URL
        return site.Answer(ask, reply.status, reply.read(), datetime.now(UTC), "http")


def unmet(answer: site.Answer, form: str) -> Parsed:
    """As `ours`, where no value was met before: an import is between the two, its values of ELO being mostly new."""
    for module in (typed_games, game_pages, tournament_pages):
        for values in vars(module).values():
            if isinstance(values, typed_games.Remembered):
                values.clear()
    return parse(answer, form)


def ours(answer: site.Answer, form: str) -> Parsed:
    """What this package reads, most values being remembered from answers before."""
    return parse(answer, form)


def check(ways: dict[str, Callable[[], object]]) -> None:
    """Stop if the ways don't read the same number of seats."""
    read = {name: way() for name, way in ways.items()}
    seats = {name: len(rows) for name, rows in read.items() if isinstance(rows, list)}
    seats |= {name: found.fetched["seat"] for name, found in read.items() if isinstance(found, Parsed)}
    if len(set(seats.values())) > 1:
        raise SystemExit(f"The ways read different numbers of seats: {seats}")


def best(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The least milliseconds of CPU of each way."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            gc.collect()
            runs, spent, started = 0, 0.0, time.process_time()
            while spent < 0.1 or runs < 2:  # noqa: PLR2004 - long enough to be measured
                way()
                runs += 1
                spent = time.process_time() - started
            times[name].append(1000 * spent / runs)
    return {name: min(taken) for name, taken in times.items()}


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--keep", action="store_true", help="append the figures to benchmarks/results.md")
    chosen = arguments.parse_args()
    with demo.start(scale="small") as served:
        picked = min(
            (item for item in served.league.world.tournaments.values() if all(item.winner)),
            key=lambda item: abs(item.games - GAMES),
        ).tournament_id
        api = fetched(served, site.tournament(picked))
        page = fetched(served, site.tournament_games_page(picked))
        served.set_switches(seat_type="other")
        other = fetched(served, site.tournament_games_page(picked))
    ways: dict[str, Callable[[], object]] = {
        "BeautifulSoup on lxml": lambda: beautiful_soup(page.body),
        "lxml, XPath": lambda: lxml_xpath(page.body),
        "selectolax, walking": lambda: selectolax_walking(page.body),
        "ours: the page as shown": lambda: ours(page, "dom"),
        "ours: page data, shots from the cells": lambda: ours(other, "page_data"),
        "bare: page data, msgspec": lambda: bare_page_data(page.body),
        "ours: page data, no value met before": lambda: unmet(page, "page_data"),
        "ours: page data": lambda: ours(page, "page_data"),
        "bare: API, msgspec": lambda: bare_api(api.body),
        "bare: API, laid out as rows": lambda: laid_out(api.body),
        "bare: API, laid out, values looked up": lambda: laid_out_and_looked_up(api.body),
        "ours: API, no value met before": lambda: unmet(api, "api"),
        "ours: API": lambda: ours(api, "api"),
    }
    seats = {
        len(rows) for rows in (way() for name, way in ways.items() if "bare" not in name) if isinstance(rows, list)
    }
    sizes = f"A page of {len(page.body):,} bytes, an answer of {len(api.body):,}"
    print(f"{sizes}; {seats} seats; best of {chosen.rounds} rounds")
    taken = best(ways, chosen.rounds)
    print(f"{'way':<40}{'ms of CPU':>10}{'x BeautifulSoup':>17}{'x lxml XPath':>14}")
    for name, spent in taken.items():
        soup, xpath = taken["BeautifulSoup on lxml"] / spent, taken["lxml, XPath"] / spent
        print(f"{name:<40}{spent:>10.2f}{soup:>17.1f}{xpath:>14.1f}")
    for name, limit in (
        ("ours: the page as shown", "selectolax, walking"),
        ("ours: page data", "bare: page data, msgspec"),
        ("ours: API", "bare: API, msgspec"),
        ("ours: API", "bare: API, laid out as rows"),
        ("ours: API", "bare: API, laid out, values looked up"),
    ):
        print(f"{name} takes {taken[name] / taken[limit]:.2f} of {limit}")
    if chosen.keep:
        told = "; ".join(f"{name} {spent:.2f}" for name, spent in taken.items())
        append("a tournament of 600 seats read", f"ms of CPU: {told} (load {os.getloadavg()[0]:.1f})")


if __name__ == "__main__":
    main()
