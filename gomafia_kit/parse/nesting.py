"""How deeply a page's elements nest, told before its tree is built: Lexbor walks all open elements at many a tag."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from gomafia_kit.parse.fields import refused_list

if TYPE_CHECKING:
    from gomafia_kit.site import Answer

HARMLESS_TAGS: Final = 20_000
"""So many, those that close included, take a second or two, however they nest. Few of the site's pages have more."""

MOST_STEPS: Final = 200_000_000
"""From each tag to the elements that are open there, over the whole page: two seconds. A large page has two million."""

_TAG: Final = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_NEVER_OPEN: Final = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())


def check_nesting(answer: Answer) -> None:
    """LayoutChangedError for a page whose tree would take minutes: none that people are shown is like that."""
    if answer.body.count(b"<") <= HARMLESS_TAGS:
        return
    unclosed: Counter[bytes] = Counter()
    depth = steps = 0
    for found in _TAG.finditer(answer.body):
        closing, name = found[1], found[2].lower()
        if not closing and name not in _NEVER_OPEN:
            unclosed[name] += 1
            depth += 1
        elif closing and unclosed[name]:
            unclosed[name] -= 1
            depth -= 1
        steps += depth
        if steps > MOST_STEPS:
            raise refused_list(answer.ask, "a page of elements that end", f"{depth:,} that are open")
