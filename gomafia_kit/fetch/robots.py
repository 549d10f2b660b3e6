"""What robots.txt allows us, by the rules that search engines agreed on (RFC 9309)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlencode

from gomafia_kit.errors import DisallowedError
from gomafia_kit.fetch.manners import AGENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.site import Ask

_SAFE: Final = "/?&=;:@+$,!~*'()[]-._"
_ANYBODY: Final = "*"


@dataclass(slots=True)
class _Group:
    """The rules of one or more agents: what is allowed, by pattern; and the pause that is asked for."""

    rules: list[tuple[str, bool]] = field(default_factory=list)
    delay: float | None = None


class Robots:
    """What robots.txt allows us; `text` None: there is none, so all is allowed."""

    def __init__(self, text: str | None) -> None:
        groups = _groups(text or "")
        mine = groups.get(AGENT) or groups.get(_ANYBODY) or _Group()
        self._rules = [(pattern, _compiled(pattern), allowed) for pattern, allowed in mine.rules]
        self.crawl_delay = mine.delay

    def allows(self, path: str) -> bool:
        """Whether a path with its query is allowed: the longest rule that fits decides, of two the kinder."""
        path = _written_alike(path)
        fitting = [(len(pattern), allowed) for pattern, rule, allowed in self._rules if rule.match(path)]
        return max(fitting, default=(0, True))[1]

    def check(self, ask: Ask) -> None:
        """Nothing, if the ask is allowed; else DisallowedError."""
        query = f"?{urlencode(ask.fields)}" if ask.method == "GET" and ask.fields else ""
        if not self.allows(ask.path + query):
            raise DisallowedError(
                f"robots.txt of the site forbids {ask.path}{query}.",
                "Ask the site's admins; stages that need other paths still work.",
            )


def _groups(text: str) -> dict[str, _Group]:
    """Agent in small letters -> its rules; groups of one agent belong together."""
    groups: dict[str, _Group] = {}
    agents: list[str] = []
    rules_began = False
    for name, value in _lines(text):
        if name == "user-agent":
            if rules_began:
                agents, rules_began = [], False
            agents.append(value.split("/")[0].lower())
            groups.setdefault(agents[-1], _Group())
            continue
        rules_began = rules_began or name in {"allow", "disallow", "crawl-delay"}
        for agent in agents:
            _add(groups[agent], name, value)
    return groups


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.removeprefix("\ufeff").splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _add(group: _Group, name: str, value: str) -> None:
    if name in {"allow", "disallow"} and value:  # an empty rule forbids nothing
        group.rules.append((_written_alike(value), name == "allow"))
    elif name == "crawl-delay" and re.fullmatch(r"\d{1,5}(\.\d+)?", value):
        group.delay = float(value)


def _written_alike(path: str) -> str:
    """A path with everything percent-encoded that may be, as the site may write it either way."""
    return quote(unquote(path, errors="surrogateescape"), safe=_SAFE, errors="surrogateescape")


def _compiled(pattern: str) -> re.Pattern[str]:
    """`*` stands for anything, `$` for the end; else the pattern is how the path begins."""
    ended = pattern.endswith("$")
    parts = pattern.removesuffix("$").split("*")
    return re.compile(".*".join(map(re.escape, parts)) + ("$" if ended else ""), re.DOTALL)
