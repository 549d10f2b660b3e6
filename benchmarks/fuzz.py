"""Parsers and rules fed with damaged answers: records or the package's own errors come out, nothing else.

`make soak-fuzz MINUTES=60`. Answers of the demo site, of every kind and form, are damaged at random:
bytes flipped, pieces cut, doubled, swapped or taken from another answer, JSON values replaced, elements nested. The
seed is printed: the same seed gives the same damage. Ends with exit code 1 at the first other exception,
whose answer is kept. Ctrl+C or SIGTERM ends it early: what was done by then counts.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import results
from gomafia_kit import demo, site
from gomafia_kit.errors import GomafiaError
from gomafia_kit.fetch.http import HttpFetcher
from gomafia_kit.parse import parse
from gomafia_kit.resolve import People, resolve
from gomafia_kit.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.site import Answer, Ask

LARGEST: Final = 200_000
"""Bytes of an answer that is damaged: larger ones only make it slow."""

PIECES: Final = (
    b"null",
    b'""',
    b"-1",
    b"1e999",
    b"[]",
    b"{}",
    b"\xff\xfe",
    b"\x00",
    b"\\ud800",
    "–".encode(),
    b"<tr>",
    b"</td>",
)
BEGINNINGS: Final = (b"<div>", b"<b></p>", b"<table><tr><td>", b"[", b'{"a":')
VALUES: Final = (b'"', b":", b",", b"{", b"}", b"[", b"]", b"<", b">")


def asks() -> list[tuple[Ask, str]]:
    """An ask of every kind, with each form that its answers are read in."""
    pages = ("page_data", "dom")
    listed = [(site.player_page(2024, "all"), form) for form in pages]
    listed += [(site.club_list_page(), form) for form in pages] + [(site.club_page(1), form) for form in pages]
    listed += [(site.tournament_list_page(), form) for form in pages]
    listed += [(site.tournament_games_page(1), form) for form in pages]
    listed += [(site.tournament_results_page(1), form) for form in pages]
    listed += [(site.player_statistics_page(1, 2024), form) for form in pages]
    listed += [(site.club_president(1), "dom"), (site.judge_page(), "dom"), (site.tournament_card(1), "dom")]
    listed += [(site.player_history_page(1), "dom")]
    api = [site.club_list(), site.club_members(1), site.player_list(2024, "all"), site.tournament_list()]
    return listed + [(ask, "api") for ask in (*api, site.tournament(1), site.player_statistics(1, 2024))]


def flipped(body: bytearray, dice: random.Random, _other: bytes) -> None:
    """A few bytes are others."""
    for _ in range(dice.randint(1, 8)):
        body[dice.randrange(len(body))] = dice.randrange(256)


def cut(body: bytearray, dice: random.Random, _other: bytes) -> None:
    """A piece is missing."""
    start = dice.randrange(len(body))
    del body[start : start + dice.randint(1, len(body))]


def replaced(body: bytearray, dice: random.Random, _other: bytes) -> None:
    """Something stands where a value stood."""
    start = body.find(dice.choice(VALUES), dice.randrange(len(body)))
    end = body.find(dice.choice(VALUES), start + 1)
    if 0 <= start < end:
        body[start + 1 : end] = dice.choice(PIECES)


def doubled(body: bytearray, dice: random.Random, _other: bytes) -> None:
    """A piece stands twice, perhaps elsewhere."""
    start = dice.randrange(len(body))
    piece = body[start : start + dice.randint(1, 2_000)]
    place = dice.randrange(len(body))
    body[place:place] = piece


def mixed(body: bytearray, dice: random.Random, other: bytes) -> None:
    """A piece comes from another answer."""
    start, place = dice.randrange(len(other)), dice.randrange(len(body))
    body[place : place + dice.randint(0, 500)] = other[start : start + dice.randint(1, 2_000)]


def nested(body: bytearray, dice: random.Random) -> None:
    """Something begins again and again and never ends."""
    place = dice.randrange(len(body))
    body[place:place] = dice.choice(BEGINNINGS) * dice.choice((10, 1_000, 60_000))


DAMAGES: Final[tuple[Callable[[bytearray, random.Random, bytes], None], ...]] = (flipped, cut, replaced, doubled, mixed)
SELDOM: Final = 0.01
"""How often an answer is nested as well: reading such ones takes long."""


def main() -> int:
    """Damage and read until the time is over; 1 at the first exception that isn't ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    options = parser.parse_args()
    print(f"commit {results.commit()}, seed {options.seed}", flush=True)
    fetched = _fetched()
    dice, begun = random.Random(options.seed), time.monotonic()
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    cases = refused = 0
    while time.monotonic() < begun + 60 * options.minutes and not stop.is_set():
        answer, form = dice.choice(fetched)
        body = bytearray(answer.body)
        for _ in range(dice.randint(1, 3)):
            if body:
                dice.choice(DAMAGES)(body, dice, dice.choice(fetched)[0].body)
        if body and dice.random() < SELDOM:
            nested(body, dice)
        cases += 1
        damaged = replace(answer, body=bytes(body))
        try:
            parsed = parse(damaged, form, personal=True)
            validate(replace(parsed, records=resolve(parsed.records, People())))
        except GomafiaError:
            refused += 1
        except Exception:
            path = Path(tempfile.mkdtemp(prefix="gomafia-fuzz-")) / "answer"
            path.write_bytes(damaged.body)
            print(f"{answer.ask.key} as {form}, case {cases}, seed {options.seed}: the answer is in {path}", flush=True)
            raise
    minutes = (time.monotonic() - begun) / 60
    told = f"{cases:,} damaged answers in {minutes:.1f} minutes, {refused:,} refused whole, no other exception"
    print(told)
    results.append(f"fuzzing, seed {options.seed}", told)
    return 0


def _fetched() -> list[tuple[Answer, str]]:
    with demo.start(scale="tiny") as running, HttpFetcher(running.url, "") as fetcher:
        found = [(fetcher.fetch(ask), form) for ask, form in asks()]
    return [(answer, form) for answer, form in found if len(answer.body) <= LARGEST]


if __name__ == "__main__":
    sys.exit(main())
