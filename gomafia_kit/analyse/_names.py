"""Nicknames that a person can't tell apart."""

from __future__ import annotations

import unicodedata
from typing import Final

# Latin letters that look like Cyrillic ones, in either case.
_LOOK_ALIKE: Final = str.maketrans("abcehkmoptxy", "авсенкмортху")


def folded(login: str) -> str:
    """The nickname without what a reader doesn't see: case, accents' form, kinds of spaces, Latin for Cyrillic.

    >>> folded("Caшa") == folded("саша ")
    True
    """
    seen = "".join(sign for sign in unicodedata.normalize("NFKC", login) if unicodedata.category(sign) != "Cf")
    return " ".join(seen.casefold().translate(_LOOK_ALIKE).split())
