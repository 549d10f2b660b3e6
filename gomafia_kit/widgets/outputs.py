"""Widgets as the output of cells: alive in JupyterLab, beside that as HTML and in words.

A saved notebook keeps HTML and words only: an exported one shows them in place of the widgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gomafia_kit.widgets.board import STYLE

if TYPE_CHECKING:
    from ipywidgets import Widget


def forms_of(css_class: str, html: str, words: str, alive: Widget | None = None) -> dict[str, Any]:
    """What a reader may choose among; without `alive` there is nothing but the still forms."""
    still = {"text/html": f'{STYLE}<div class="{css_class} gk-still">{html}</div>', "text/plain": words}
    return still if alive is None else {**alive._repr_mimebundle_(), **still}


class Outputs:
    """The outputs that show one thing; what stands in them can be replaced by what it has become."""

    def __init__(self) -> None:
        self._shown: list[Any] = []

    def add(self, forms: dict[str, Any]) -> None:
        """Show it as an output of the present cell."""
        from IPython.display import display

        shown = display(forms, raw=True, display_id=True)  # type: ignore[no-untyped-call]  # IPython's
        self._shown.append(shown)

    def replace(self, forms: dict[str, Any]) -> None:
        """Show this in all of them; a page that was loaded anew since hears nothing of it."""
        for shown in self._shown:
            shown.update(forms, raw=True)
