"""The tuner in JupyterLab: choose, start, watch the chart grow, stop, write the settings; lines where nobody looks.

Trials run in a thread, each of them in a process of its own, so that the fields and buttons work meanwhile.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from html import escape
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.analyse.picture import is_headless
from gomafia_kit.errors import GomafiaError, RunStoppedError
from gomafia_kit.settings import STAGES
from gomafia_kit.tuner import TRANSPORTS, Order, Tuning, changed, tried
from gomafia_kit.widgets.board import STYLE
from gomafia_kit.widgets.chart import LIVE
from gomafia_kit.widgets.kernel import is_in_kernel
from gomafia_kit.widgets.outputs import Outputs, forms_of
from gomafia_kit.widgets.panel import alert, say_idle
from gomafia_kit.widgets.tuning import TuningView, settings_to_write, written_words
from gomafia_kit.widgets.tuning_chart import tuning_svg

if TYPE_CHECKING:
    from collections.abc import Callable

    import ipywidgets as widgets

SECONDS_BETWEEN_LOOKS: Final = 0.2
CHOOSE: Final = (
    "Choose what to try, and press Start. Answers come from the archive, the demo league or a site on this machine:"
    " no other site is asked."
)
_STOPPED: Final = "Stopped: what was tried until then is shown."


class Tuner:
    """One order to try, and what came of it; in JupyterLab it shows itself as a form with a live chart."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.tuning = Tuning(order)
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._error: GomafiaError | None = None
        self._form: _Form | None = None

    @property
    def found(self) -> TuningView:
        """What was found so far."""
        return TuningView(self.tuning)

    @property
    def is_working(self) -> bool:
        """True while trials run."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, order: Order | None = None) -> None:
        """Begin to try, in a thread; nothing while trials run."""
        if self.is_working:
            return
        self.order = order or self.order
        self.tuning, self._error = Tuning(self.order), None
        self._stop.clear()
        self._ended.clear()
        self._thread = threading.Thread(target=self._work, name="tuner", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the trial at work and try no more."""
        self._stop.set()

    async def watch(self) -> TuningView:
        """What was found, once all was tried: `found = await tuner.watch()` in a notebook's cell.

        Where nobody looks the trials begin at once; in JupyterLab when Start is pressed. Interrupting the cell stops
        them, told by RunStoppedError. Raises the error that the trials ended with.
        """
        if is_headless():
            self.start()
        try:
            while not await asyncio.to_thread(self._ended.wait, SECONDS_BETWEEN_LOOKS):
                pass
        except (KeyboardInterrupt, asyncio.CancelledError):
            self.stop()
            if not is_in_kernel():
                raise
            raise self._interrupted() from None
        if self._error is not None:
            raise self._error
        return self.found

    def _interrupted(self) -> RunStoppedError:
        """What a person is told who interrupted the waiting cell."""
        if not self.is_working:
            return RunStoppedError("Interrupted: nothing was tried yet.", "Press Start, then run this cell again.")
        return RunStoppedError(
            "Interrupted: the trial at work ends, and no other begins.", "What was tried until then: tuner.found."
        )

    # -- trying -----------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            self.tuning = tried(self.order, self._note, self._stop.is_set, self._say)
        except GomafiaError as error:
            self._error = error
        finally:
            if self._form is not None:
                self._form.show_end(self.tuning, self._error, stopped=self._stop.is_set())
            self._ended.set()

    def _note(self, tuning: Tuning) -> None:
        self.tuning = tuning
        if self._form is not None:
            self._form.show(tuning)

    def _say(self, words: str) -> None:
        if self._form is not None:
            self._form.say(words)
        elif is_headless():
            sys.stderr.write(words + "\n")
            sys.stderr.flush()

    # -- showing ----------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        if is_headless():
            sys.stdout.write(repr(self) + "\n")
            return
        if self._form is None:
            self._form = _Form(self)
        self._form.display()

    def __repr__(self) -> str:
        sizes = ", ".join("automatic" if size is None else f"{size:,}" for size in self.order.sizes)
        return (
            f"Tuner: {', '.join(self.order.settings.stages)} by {self.order.transport}; rows a batch {sizes};"
            f" {len(self.tuning.trials)} of {self.tuning.wanted} trials"
        )


class _Form:
    """The fields, buttons and pictures of a tuner."""

    def __init__(self, tuner: Tuner) -> None:
        import ipywidgets as widgets

        self._tuner = tuner
        self._outputs = Outputs()
        self.stages, self.sizes, self.transport, self.repeats, self.limit = self.fields = _fields(tuner.order)
        self.begin, self.stop, self.write = _buttons()
        self.message = widgets.HTML(_hint(CHOOSE))
        self.chart = widgets.HTML(tuning_svg(tuner.tuning, LIVE))
        self.result = widgets.HTML()
        self.box = self._laid_out()
        for field in self.fields:
            field.observe(lambda _: say_idle(), names="value")
        self.begin.on_click(self._on_begin)
        self.stop.on_click(lambda _: tuner.stop())
        self.write.on_click(self._on_write)
        if tuner.tuning.trials:
            self.show(tuner.tuning)
        self._set_working(working=tuner.is_working)

    def _laid_out(self) -> widgets.VBox:
        """All of it in its place."""
        import ipywidgets as widgets

        fields = widgets.VBox(
            [self.sizes, self.transport, self.repeats, self.limit], layout={"width": "390px", "min_width": "0"}
        )
        box = widgets.VBox(
            [
                widgets.HTML(STYLE),
                widgets.HBox([self.stages, fields]),
                widgets.HBox([self.begin, self.stop, self.write]),
                self.message,
                self.chart,
                self.result,
            ]
        )
        box.add_class("gk-tuner")
        return box

    def display(self) -> None:
        """Show the form as an output of the present cell."""
        self._outputs.add(self._forms())

    def say(self, words: str) -> None:
        """Show what is being done."""
        self.message.value = _hint(words)

    def show(self, tuning: Tuning) -> None:
        """Show what was tried so far."""
        self.chart.value = tuning_svg(tuning, LIVE)
        self.result.value = f'<div class="jp-RenderedHTMLCommon">{TuningView(tuning).sheet().html}</div>'

    def show_end(self, tuning: Tuning, error: GomafiaError | None, *, stopped: bool) -> None:
        """Show how it ended."""
        if error is not None:
            self.message.value = alert(str(error))
        else:
            self.say(_STOPPED if stopped else "Done: every size was tried.")
        if tuning.trials:
            self.show(tuning)
        self._set_working(working=False)
        self.write.disabled = not settings_to_write(tuning)
        self._outputs.replace(self._forms())

    def _forms(self) -> dict[str, Any]:
        """The form as a cell's output; a saved notebook keeps its message, chart and tables."""
        return forms_of(
            "gk-tuner", self.message.value + self.chart.value + self.result.value, repr(self._tuner), self.box
        )

    def _set_working(self, *, working: bool) -> None:
        for field in (*self.fields, self.begin):
            field.disabled = working
        self.stop.disabled = not working
        self.write.disabled = working or not settings_to_write(self._tuner.tuning)

    def _on_begin(self, _button: object) -> None:
        self._try(lambda: self._tuner.start(self._chosen()))
        self._set_working(working=self._tuner.is_working)

    def _on_write(self, _button: object) -> None:
        def write() -> None:
            found = self._tuner.found
            self.say(written_words(found.tuning, found.write()))

        self._try(write)

    def _chosen(self) -> Order:
        settings = changed(
            self._tuner.order.settings,
            {"stages": self.stages.value, "memory_limit_mb": self.limit.value.strip() or None},
        )
        return Order.of(settings, self.sizes.value, self.repeats.value, self.transport.value, self._tuner.order.seed)

    def _try(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except GomafiaError as error:
            self.message.value = alert(str(error))


def _hint(words: str) -> str:
    return f'<div class="gk-alert gk-hint">{escape(words)}</div>'


def _fields(
    order: Order,
) -> tuple[widgets.SelectMultiple, widgets.Text, widgets.Dropdown, widgets.BoundedIntText, widgets.Text]:
    """What may be chosen, as ordered: stages, sizes, where answers come from, repeats, budget."""
    import ipywidgets as widgets

    wide = {"description_width": "90px"}
    broad = {"width": "auto", "min_width": "0"}
    limit = order.settings.memory_limit_mb
    return (
        widgets.SelectMultiple(
            options=STAGES, value=order.settings.stages, rows=len(STAGES), description="Stages", style=wide
        ),
        widgets.Text(
            value=", ".join("automatic" if size is None else str(size) for size in order.sizes),
            description="Batch rows",
            style=wide,
            layout=broad,
        ),
        widgets.Dropdown(options=TRANSPORTS, value=order.transport, description="Answers by", style=wide),
        widgets.BoundedIntText(value=order.repeats, min=1, max=99, description="Repeats", style=wide),
        widgets.Text(
            value="" if limit is None else str(limit),
            placeholder="what the system allows",
            description="Budget, MB",
            style=wide,
            layout=broad,
        ),
    )


def _buttons() -> tuple[widgets.Button, widgets.Button, widgets.Button]:
    """Start, stop, write; the latter two wait for something to stop or write."""
    import ipywidgets as widgets

    return (
        widgets.Button(description="Start", icon="play", button_style="primary"),
        widgets.Button(description="Stop", icon="stop", button_style="warning", disabled=True),
        widgets.Button(
            description="Write settings",
            icon="save",
            disabled=True,
            tooltip="The recommended size, into the settings file",
        ),
    )
