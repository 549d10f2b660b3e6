"""The site's own words: in its JSON and as it shows them."""

from __future__ import annotations

from typing import Final

ROLE_IN_JSON: Final = ("", "red", "sheriff", "mafia", "don")
ROLE_ON_PAGE: Final = ("", "Мир", "Шер", "Маф", "Дон")
WIN_IN_JSON: Final = {"usual": ("", "red", "mafia", "draw"), "other": ("", "city", "mafia", "tie")}
"""By the switch `win_words`, then by winner."""

KIND_SHOWN: Final = {"personal": "Личный", "team": "Командный"}
STATUS_SHOWN: Final = {
    "finished": "Завершён",
    "running": "В процессе",
    "cancelled": "Отменён",
    "registration": "Регистрация",
}
_USUAL: Final = {
    "personal": "personal",
    "team": "team",
    "finished": "finished",
    "running": "in_progress",
    "cancelled": "cancelled",
    "registration": "registration",
}
_OTHER: Final = {
    "personal": "solo",
    "team": "command",
    "finished": "end",
    "running": "active",
    "cancelled": "cancel",
    "registration": "open",
}


def in_json(word: str, words: str) -> str:
    """The JSON's word for a kind or state of tournament; `words` is the switch."""
    return (_USUAL if words == "usual" else _OTHER)[word]
