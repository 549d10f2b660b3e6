"""A player's figures of a year from his page: by the data that it carries, and as it shows them.

The page shows one period, chosen in a drop-down. Which one it is, the page alone can tell: figures
of another period than the year asked for are refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import BadValueError
from gomafia_kit.parse.fields import Field, read_fields, refused_list, reject, shown
from gomafia_kit.parse.next_data import server_data
from gomafia_kit.parse.pages import beginning_of, text_of, tree_of
from gomafia_kit.parse.statistics import read_statistics
from gomafia_kit.records import Parsed, PlayerYearOfficial
from gomafia_kit.values import count_and_share, decimal, integer

if TYPE_CHECKING:
    from decimal import Decimal

    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from gomafia_kit.parse.fields import Fault
    from gomafia_kit.site import Answer

_CHOSEN: Final = '[class*="Select_select__selected-span"]'
_AMOUNT: Final = '[class*="stats__stat-main-bottom-block-left-content-amount"]'
_CIRCLE: Final = '[class*="ProfileUserCircle_profile-user-circle__num"]'
_YEAR: Final = re.compile(r"[12][0-9]{3}")
_ROLE: Final = re.compile(r"Игр[аы]?\s+за\s+(мирного|мафию|дона|шерифа)(?!\w)")
_ROLES: Final = {"мирного": "citizen", "мафию": "mafia", "дона": "don", "шерифа": "sheriff"}
_ELO: Final = "Общий ELO"
_EXTRA: Final = "в среднем за 10 игр"


def parse_page_data(answer: Answer) -> Parsed:
    """The year's row from the page's data, which are those of the period that the page opens with."""
    parsed = Parsed()
    read_statistics(parsed, answer, server_data(answer), _faults_of_period(answer, tree_of(answer)))
    return parsed


def parse_page(answer: Answer) -> Parsed:
    """The year's row as the page shows it: games, shares of games, ELO, extra points; wins are null."""
    tree = tree_of(answer)
    amounts, circles = tree.css(_AMOUNT), tree.css(_CIRCLE)
    if not amounts or not circles:
        raise refused_list(
            answer.ask, f"the number of games ({_AMOUNT}) and of each role's ({_CIRCLE})", beginning_of(tree)
        )
    parsed = Parsed()
    parsed.count("player_year_official")
    player_id, year = int(answer.ask.fact("id")), int(answer.ask.fact("year"))
    raw = {
        "games": [text_of(amount).strip() for amount in amounts],
        **_by_role(circles),
        _ELO: _beside(tree, _ELO, behind=True),
        _EXTRA: _beside(tree, _EXTRA, behind=False),
    }
    values, faults = read_fields(_FIELDS, raw)
    faults = [*_faults_of_period(answer, tree), *faults]
    if not faults:
        faults = _faults_of_sum(values)
    if faults:
        reject(parsed, PlayerYearOfficial, f"player_id={player_id}, year={year}", faults)
        return parsed
    games = {column: value[0] if isinstance(value, tuple) else value for column, value in values.items()}
    untold: dict[str, Any] = dict.fromkeys(PlayerYearOfficial._fields)
    parsed.records.append(PlayerYearOfficial(**untold | {"player_id": player_id, "year": year} | games))
    return parsed


# -- the period -------------------------------------------------------------------------------------


def _faults_of_period(answer: Answer, tree: LexborHTMLParser) -> list[Fault]:
    """None if the page shows the year asked for; other drop-downs than that of years may stand beside it."""
    year = answer.ask.fact("year")
    chosen = [text_of(span).strip() for span in tree.css(_CHOSEN)]
    years = [told for told in chosen if _YEAR.fullmatch(told)]
    if years == [year]:
        return []
    return [("period", shown(", ".join(chosen)), f"the page must show the year {year}, and no other period")]


# -- the figures ------------------------------------------------------------------------------------


def _one(told: object) -> str:
    """The only text of a list; BadValueError if it isn't one."""
    if not isinstance(told, list) or len(told) != 1:
        raise BadValueError(f"the page must show this once, not {len(told) if isinstance(told, list) else 0} times")
    return str(told[0])


def _games(told: object) -> int | None:
    return _counted(integer(_one(told)))


def _games_of_role(told: object) -> tuple[int, Decimal] | None:
    found = count_and_share(_one(told))
    if found is not None:
        _counted(found[0])
    return found


def _counted(number: int | None) -> int | None:
    if number is not None and number < 0:
        raise BadValueError(f"{number} is no number of games.")
    return number


def _figure(told: object) -> Decimal | None:
    return decimal(_one(told))


_FIELDS: Final = (
    Field("games", "games", _games),
    *(Field(f"{role}_games", f"игр за {words}", _games_of_role) for words, role in _ROLES.items()),
    Field("elo", _ELO, _figure),
    Field("extra_points_per_10_games", _EXTRA, _figure),
)


def _faults_of_sum(values: dict[str, Any]) -> list[Fault]:
    """The roles' games make all games, and each share is that of its games: else they are of two periods."""
    games, roles = values["games"], [values[f"{role}_games"] for role in _ROLES.values()]
    if games is None or None in roles:
        return []
    told = " + ".join(str(count) for count, _ in roles)
    if sum(count for count, _ in roles) != games:
        return [("games", str(games), f"all games must be those of the four roles, {told}")]
    for count, share in roles:
        if games and abs(share * games - 100 * count) >= games:
            return [("games", f"{count} ({share}%)", f"the share must be that of {games} games")]
    return []


def _by_role(circles: list[LexborNode]) -> dict[str, list[str]]:
    """What each role's circle says, by the label beside it; a role without a circle has no text."""
    told: dict[str, list[str]] = {f"игр за {words}": [] for words in _ROLES}
    for circle in circles:
        words = _label_of(circle)
        if words is not None:
            told[f"игр за {words}"].append(text_of(circle).strip())
    return told


def _label_of(circle: LexborNode) -> str | None:
    """The role that the nearest element around a circle's number names, if it holds no other number."""
    node = circle.parent
    while node is not None and len(node.css(_CIRCLE)) == 1:
        found = set(_ROLE.findall(text_of(node, separator=" ")))
        if found:
            return found.pop() if len(found) == 1 else None
        node = node.parent
    return None


def _beside(tree: LexborHTMLParser, label: str, *, behind: bool) -> list[str]:
    """The texts that stand next to a label, inside the nearest element that has another part beside it."""
    told: list[str] = []
    for node in _innermost(tree, label):
        around = node.parent
        while around is not None and len([part for part in around.iter() if part.is_element_node]) == 1:
            around = around.parent
        if around is None:
            continue
        before, after = _pieces_but(around, label)
        found = (after[:1] or before[-1:]) if behind else (before[-1:] or after[:1])
        told.append("".join(found))  # nothing: no figure
    return told


def _innermost(tree: LexborHTMLParser, label: str) -> list[LexborNode]:
    """The elements whose text is the label and nothing else, without those around them."""
    if tree.body is None:
        return []
    same = [node for node in tree.body.traverse() if node.is_element_node and text_of(node).strip() == label]
    around = {node.parent.mem_id for node in same if node.parent is not None}
    return [node for node in same if node.mem_id not in around]


def _pieces_but(node: LexborNode, label: str) -> tuple[list[str], list[str]]:
    """The texts of the element's parts before and behind the label."""
    before: list[str] = []
    after: list[str] = []
    seen = False
    for part in _leaves(node):
        if part == label:
            seen = True
        else:
            (after if seen else before).append(part)
    return before, after


def _leaves(node: LexborNode) -> list[str]:
    """The texts of the innermost elements, and of those with text of their own, in order."""
    own = (part.text(deep=False).strip() for part in node.traverse() if part.is_element_node)
    return [text for text in own if text]
