"""Sliders by which a person wishes something of a run: they stand where the run store says, whoever wished it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

AS_SET: Final = "as set"
"""A place of each slider: what the settings say."""

BATCH_ROWS: Final = (50, *(step * 10**power for power in (2, 3, 4) for step in (1, 2, 5)))
BUDGETS_MB: Final = (128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 16384, 32768, 65536)


class WishSlider:
    """A slider over `sizes`, worded by `words`; `wish` is called with what a person chooses, None for as set.

    With `as_set_last` that place comes after the largest size: so the keys step from it to what is surely taken.

    `wish` tells whether the wish was taken; one that wasn't leaves the slider where it stood. Whoever calls `follow`
    holds `lock`, which is held too while a wish is sent: else what was read before it would take it back.
    """

    def __init__(
        self,
        name: str,
        sizes: Sequence[int],
        words: Callable[[int], str],
        wish: Callable[[int | None], bool],
        lock: threading.RLock,
        *,
        as_set_last: bool = False,
    ) -> None:
        import ipywidgets as widgets

        self._sizes = sizes
        self._words = words
        self._wish = wish
        self._lock = lock
        self._as_set_last = as_set_last
        self._seen: int | None = None
        self._is_following = False
        self.widget = widgets.SelectionSlider(
            options=self.options(None),
            value=0,
            description=name,
            continuous_update=False,
            style={"description_width": "84px"},
            layout={"width": "auto", "min_width": "0", "margin": "2px"},
        )
        self.widget.observe(self._on_change, names="value")

    def options(self, wished: int | None) -> list[tuple[str, int]]:
        """What it offers, with the present wish among it."""
        sizes = sorted({*self._sizes, *([] if wished is None else [wished])})
        places = [(self._words(size), size) for size in sizes]
        places.insert(len(places) if self._as_set_last else 0, (AS_SET, 0))
        return places

    def follow(self, wished: int | None) -> None:
        """Stand where somebody put the wish."""
        if wished != self._seen:
            self._seen = wished
            self._stand_at(wished)

    def _stand_at(self, wished: int | None) -> None:
        self._is_following = True
        try:
            if (wished or 0) not in [size for _, size in self.widget.options]:
                self.widget.options = self.options(wished)
            self.widget.value = wished or 0
        finally:
            self._is_following = False

    def _on_change(self, change: dict[str, Any]) -> None:
        with self._lock:
            if self._is_following:
                return
            wished, before = change["new"] or None, self._seen
            self._seen = wished
            if not self._wish(wished):
                self._seen = before
                self._stand_at(before)
