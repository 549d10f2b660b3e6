"""What a probe has seen so far: answers by name, read without trusting them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import AskRefusedError, GomafiaError, ParseError
from gomafia_kit.parse.envelope import data_of
from gomafia_kit.parse.next_data import server_data
from gomafia_kit.parse.pages import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborHTMLParser

    from gomafia_kit.site import Answer

Json = dict[str, Any]
_BUILD_ID: Final = re.compile(r'"buildId"\s*:\s*"([\w-]+)"')
_WITH_FINAL: Final = "tournamentResultWithFinal"
RESULTS_PAGES: Final = ("results page", "second results page", "third results page")
PLAYED: Final = frozenset({"mafia", "red", "draw"})


@dataclass(slots=True)
class Seen:
    """Answers by the name of their step; `refused` holds why others have none, `redirected` who was led elsewhere."""

    answers: dict[str, Answer] = field(default_factory=dict)
    refused: dict[str, GomafiaError] = field(default_factory=dict)
    redirected: set[str] = field(default_factory=set)

    def html(self, name: str) -> str:
        """A page as text; "" if it didn't come."""
        answer = self.answers.get(name)
        return "" if answer is None else answer.body.decode("utf-8", "replace")

    def data(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """What the API gave under `data`; None if it didn't."""
        answer = self.answers.get(name)
        if answer is None:
            return None
        try:
            return data_of(answer)
        except (ParseError, AskRefusedError):
            return None

    def rows(self, name: str) -> list[Json]:
        """The rows of one of the API's lists; none if it didn't come."""
        return dicts(self.data(name))

    def page(self, name: str) -> Json | None:
        """The data that a page carries; None if it carries none."""
        answer = self.answers.get(name)
        if answer is None:
            return None
        try:
            return server_data(answer)
        except ParseError:
            return None

    def build_id(self, name: str) -> str | None:
        """The deployment that a page says it is of; None if it doesn't."""
        found = _BUILD_ID.search(self.html(name))
        return None if found is None else found[1]

    def next_data(self) -> Json | None:
        """What the page's data hold that were asked for without the page; None if they didn't come so."""
        answer = self.answers.get("next data")
        try:
            found = json.loads(answer.body) if answer is not None else {}
            data = found["pageProps"]["serverData"]
        except (ValueError, LookupError, TypeError):
            return None
        return data if isinstance(data, dict) else None

    def tree(self, name: str) -> LexborHTMLParser | None:
        """The elements of a page; None if it didn't come, or the main page came."""
        answer = self.answers.get(name)
        if answer is None:
            return None
        try:
            return tree_of(answer)
        except ParseError:
            return None

    # -- tournaments as the API tells them --------------------------------------------------------

    def tournaments(self) -> Iterator[Json]:
        """Each tournament that was seen whole, from the API, or in a page's data if only those tell of it."""
        answers = (self.data(name) for name in self.answers if name.startswith("tournament "))
        pages = (page for name in RESULTS_PAGES if (page := self.page(name)) and dicts(page.get("games")))
        whole: dict[object, Json] = {}
        for data in (*answers, *pages):
            if isinstance(data, dict):
                whole.setdefault(id_of(data), data)
        yield from whole.values()

    def shown_tournaments(self) -> Iterator[Json]:
        """Those but the one with hidden results."""
        hidden = self.data("tournament hidden")
        return (data for data in self.tournaments() if data != hidden)

    def standings(self) -> Iterator[tuple[Json, Any, Any]]:
        """A tournament that was seen whole, and its standings with and without the final as a page tells them."""
        whole = {id_of(data): data for data in self.tournaments()}
        for name in ("games page", *RESULTS_PAGES):
            page = self.page(name)
            if page is not None and _WITH_FINAL in page and (told := self.id_told(name)) in whole:
                yield whole[told], page[_WITH_FINAL], page.get("tournamentResultWithoutFinal")

    def id_told(self, name: str) -> Decimal | None:
        """Whose page it is, as it says itself, or else as it was asked for; None if it didn't come."""
        page = self.page(name)
        return None if page is None else id_of(page) or number(self.answers[name].ask.fact("id"))


def id_of(tournament: Json) -> Decimal | None:
    """The id in a tournament's data."""
    card = tournament.get("tournament")
    return number(card.get("id")) if isinstance(card, dict) else None


def dicts(value: object) -> list[Json]:
    """The objects in a list; none if it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def games_of(tournament: Json) -> list[tuple[int, Json]]:
    """Round and game, in the order of rounds and tables, whatever order they come in."""
    return [
        (int(number(each.get("gameNum")) or 0), game)
        for each in _by_number(tournament.get("games"), "gameNum")
        for game in _by_number(each.get("game"), "tableNum")
    ]


def seats_of(game: Json) -> list[Json]:
    """The seats of a game, from the first to the tenth."""
    return _by_number(game.get("table"), "place")


def _by_number(found: object, key: str) -> list[Json]:
    return sorted(dicts(found), key=lambda item: number(item.get(key)) or 0)


def is_played(game: Json) -> bool:
    """Whether a game has a winner, whatever it is called."""
    return bool(game.get("win"))


def has_final(tournament: Json) -> bool:
    """Whether the last round was played by fewer than the first: a final."""
    tables = [len(dicts(each.get("game"))) for each in _by_number(tournament.get("games"), "gameNum")]
    return bool(tables) and tables[-1] < tables[0]


def number(value: object) -> Decimal | None:
    """A number that came as a number or as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def is_set(value: object) -> bool:
    """A flag: "1", 1 or true."""
    return str(value).lower() in {"1", "true"}


def year_of(day: object) -> int | None:
    """The year of an ISO day; None if it is none."""
    return int(day[:4]) if isinstance(day, str) and day[:4].isdecimal() else None
