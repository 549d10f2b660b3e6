"""The panel of a run in JupyterLab: what it does, its memory batch by batch, and the means to steer it.

A thread looks at the run store and changes the text of two fields, never the fields themselves; the
buttons and the sliders write wishes into the store. So the panel is the same for a run of one's own,
one started elsewhere, and one that has ended, and it works while a cell is running.
"""

from __future__ import annotations

import threading
from html import escape
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.errors import GomafiaError
from gomafia_kit.memory.limits import memory_limit_mb
from gomafia_kit.widgets.board import STYLE, board
from gomafia_kit.widgets.chart import LIVE, memory_svg
from gomafia_kit.widgets.figures import Figures, Watch, figures_of
from gomafia_kit.widgets.outputs import Outputs, forms_of
from gomafia_kit.widgets.sliders import BATCH_ROWS, BUDGETS_MB, WishSlider
from gomafia_kit.widgets.words import count, megabytes, progress_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.importer import ImportHandle

SECONDS_BETWEEN_LOOKS: Final = 0.3
"""The panel changes at most so often: four updates a second are as many as a browser likes."""


class Panel:
    """Widgets for one run; `show` displays them, and starts to look if nobody does."""

    def __init__(self, handle: ImportHandle) -> None:
        import ipywidgets as widgets

        self._handle = handle
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._is_followed = False
        self._outputs = Outputs()
        self._ended = threading.Event()
        self.board = widgets.HTML()
        self.chart = widgets.HTML()
        self.message = widgets.HTML()
        self.pause = widgets.Button(description="Pause", icon="pause", tooltip="Wait between two asks")
        self.stop = widgets.Button(
            description="Stop", icon="stop", button_style="warning", tooltip="End after the open batch"
        )
        self.rows = WishSlider("Batch rows", BATCH_ROWS, count, self._wish(handle.set_batch_rows), self._lock)
        set_limit = self._wish(handle.set_memory_limit)
        self.budget = WishSlider("Budget", _budgets(), megabytes, set_limit, self._lock, as_set_last=True)
        self.controls = widgets.HBox(
            [
                widgets.VBox([self.pause, self.stop], layout={"margin": "0 16px 0 0"}),
                widgets.VBox([self.rows.widget, self.budget.widget], layout={"width": "420px", "min_width": "0"}),
            ]
        )
        self.box = widgets.VBox([widgets.HTML(STYLE), self.board, self.controls, self.message, self.chart])
        self.box.add_class("gk-box")
        self.pause.on_click(self._on_pause)
        self.stop.on_click(self._on_stop)

    def show(self) -> None:
        """Display the panel here; it is alive as long as the run is."""
        with self._lock:
            figures = figures_of(self._handle.data_dir, self._handle.run_id)
            self._update(figures)
            self._outputs.add(self._forms(figures))
            if figures.is_working and not self._is_followed:
                self._is_followed = True
                self._thread = threading.Thread(target=self._follow, name="panel", daemon=True)
                self._thread.start()

    def finish(self) -> None:
        """Wait until the panel shows the run's end: call it once the run has ended."""
        if self._thread is not None:
            self._thread.join(timeout=10 * SECONDS_BETWEEN_LOOKS)

    # -- looking ------------------------------------------------------------------------------

    def _follow(self) -> None:
        try:
            with Watch(self._handle.data_dir, self._handle.run_id) as watch:
                while True:
                    with self._lock:
                        # Looked at under the lock: a wish made in between must not be taken back on the slider.
                        figures = watch.look()
                        self._update(figures)
                        if not figures.is_working:
                            self._outputs.replace(self._forms(figures))
                            self._is_followed = False
                            return
                    self._ended.wait(SECONDS_BETWEEN_LOOKS)
        except GomafiaError as error:
            self._is_followed = False
            self.message.value = alert(f"The panel can't see the run any more: {error}")

    def _forms(self, figures: Figures) -> dict[str, Any]:
        """The panel as a cell's output: of a run that has ended its still forms, which a saved notebook keeps."""
        still = self.board.value + self.message.value + self.chart.value
        return forms_of("gk-box", still, progress_line(figures), self.box if figures.is_working else None)

    def _update(self, figures: Figures) -> None:
        """Bring every field up to date; a field that doesn't change sends nothing."""
        with self._lock:
            self.board.value = board(figures)
            self.chart.value = memory_svg(figures.points_so_far, LIVE, figures.limit_mb, is_over=not figures.is_working)
            self._update_controls(figures)

    def _update_controls(self, figures: Figures) -> None:
        paused = figures.wish == "pause"
        self.pause.description = "Go on" if paused else "Pause"
        self.pause.icon = "play" if paused else "pause"
        for control in (self.pause, self.stop, self.rows.widget, self.budget.widget):
            control.disabled = not figures.is_working or figures.wish == "stop"
        self.controls.layout.display = None if figures.is_working else "none"
        self.rows.follow(figures.wished_rows)
        self.budget.follow(None if figures.wished_limit_mb is None else round(figures.wished_limit_mb))

    # -- steering -----------------------------------------------------------------------------

    def _on_pause(self, _button: object) -> None:
        paused = self.pause.description == "Go on"
        self._try(self._handle.resume if paused else self._handle.pause)

    def _on_stop(self, _button: object) -> None:
        self._try(self._handle.stop)

    def _wish(self, send: Callable[[int | None], None]) -> Callable[[int | None], bool]:
        """What a slider calls: sends the wish, shows the error of one that can't be, and tells whether it was taken."""

        def wish(wished: int | None) -> bool:
            taken = self._try(lambda: send(wished))
            say_idle()
            return taken

        return wish

    def _try(self, act: Callable[[], None]) -> bool:
        with self._lock:
            try:
                act()
            except GomafiaError as error:
                self.message.value = alert(str(error))
                return False
            self.message.value = ""
            self._update(figures_of(self._handle.data_dir, self._handle.run_id))
            return True


def _budgets() -> list[int]:
    """The budgets that this machine has room for."""
    return [size for size in BUDGETS_MB if size <= memory_limit_mb()]


def alert(text: str) -> str:
    """A sentence that something is wrong, as HTML."""
    return f'<div class="gk-alert">{escape(text)}</div>'


def say_idle() -> None:
    """Tell the browser that its message was handled.

    ipykernel 7.4 doesn't when it handles one beside a waiting `async` cell, and ipywidgets keeps a
    field's second change back until the first was handled. Saying it twice does no harm.
    """
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is not None:
        kernel.send_response(kernel.iopub_socket, "status", {"execution_state": "idle"})
