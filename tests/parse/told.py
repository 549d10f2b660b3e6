"""Answers of a made-up league without a server: what the demo site would send for an ask."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gomafia_kit.demo import League, Switches
from gomafia_kit.demo._http import Request
from gomafia_kit.demo._site import Site
from gomafia_kit.parse import parse
from gomafia_kit.records import TABLE_OF
from gomafia_kit.resolve import People, resolve
from tests.answers import answer

if TYPE_CHECKING:
    from gomafia_kit.records import Parsed, Record
    from gomafia_kit.site import Answer, Ask

Row = dict[str, Any]
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Told:
    """A league and the site that tells it."""

    def __init__(self, scale: str, **switches: object) -> None:
        self.league = League(scale, switches=Switches().with_values(switches))
        self._site = Site(self.league)

    def answer(self, ask: Ask) -> Answer:
        """What the site sends for that ask."""
        query = urlencode(ask.fields)
        if ask.method == "POST":
            request = Request("POST", ask.path, {}, "", FORM, query.encode())
        else:
            request = Request("GET", ask.path, dict(ask.fields), query, {}, b"")
        return answer(ask, self._site.reply(request).body)

    def read(self, ask: Ask, form: str, *, personal: bool = False) -> Parsed:
        """What the answers to an ask and to those behind it hold together, standings resolved."""
        whole = parse(self.answer(ask), form, personal=personal)
        people, queue = People(), list(whole.more)
        whole.records = resolve(whole.records, people)
        while queue:
            parsed = parse(self.answer(queue.pop(0)), form, personal=personal)
            queue += parsed.more
            whole.records += resolve(parsed.records, people)
            whole.rejections += parsed.rejections
            for table, number in parsed.fetched.items():
                whole.count(table, number)
        return whole


@cache
def told(scale: str = "tiny", **switches: object) -> Told:
    """The league of that size, made once for each position of the switches."""
    return Told(scale, **switches)


def rows(records: list[Record], table: str) -> list[Row]:
    """The records of that table as rows, in the order of their keys."""
    found = [record._asdict() for record in records if TABLE_OF[type(record)] == table]
    keys = {
        "game": ("tournament_id", "round", "table_no"),
        "seat": ("tournament_id", "round", "table_no", "seat"),
        "result": ("tournament_id", "standing", "row_no"),
    }
    return sorted(found, key=lambda row: [row[name] for name in keys.get(table, ())])
