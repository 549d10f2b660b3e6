"""The panel as a person meets it: the real JupyterLab, clicked through in a real Chromium."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from gomafia_kit import importer
from gomafia_kit.errors import RunStoppedError
from gomafia_kit.memory.limits import memory_limit_mb
from gomafia_kit.runs.journal import Journal
from gomafia_kit.settings import Settings
from tests.widgets.lab import Lab, running_lab, until

if TYPE_CHECKING:
    from collections.abc import Iterator

IMPORT = Path(__file__).parents[2] / "notebooks" / "import.ipynb"
TUNE = IMPORT.with_name("tune.ipynb")
CUT = """box => [...box.querySelectorAll(".gk-name, .gk-figure, .widget-readout, .widget-vbox, .widget-slider")]
  .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display != "inline").map(e => e.className)"""
"""What of the panel is cut off, or can be seen by scrolling only."""
SLOW = {
    'scale: str = "tiny"': 'scale: str = "small"',
    "batch_rows: int = None": "batch_rows: int = 60",
    "seconds_between_asks: float = None": "seconds_between_asks: float = 0.15",
    ', "push"]': "]",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


def _slow_import() -> list[dict[str, Any]]:
    """The import notebook with parameters by which it takes long enough to be steered."""
    cells = nbformat.read(IMPORT, as_version=4).cells  # type: ignore[no-untyped-call]  # nbformat has no types
    for old, new in SLOW.items():
        assert old in cells[2]["source"]
        cells[2]["source"] = cells[2]["source"].replace(old, new)
    return list(cells)


def _check_the_room(lab: Lab) -> None:
    """No word or figure of the panel is cut off, whether the window is wide or narrow."""
    for width in (800, 1300):
        lab.page.set_viewport_size({"width": width, "height": 1100})
        until(lambda: not lab.page.locator(".gk-box").evaluate(CUT), f"room for all words at {width}", 5)
    _picture(lab, "running")


def _picture(lab: Lab, name: str) -> None:
    """Keep a picture of the page where SCREENSHOTS_DIR names a folder."""
    if folder := os.environ.get("SCREENSHOTS_DIR"):
        lab.page.screenshot(path=str(Path(folder) / f"{name}.png"))


def _is_wished(journal: Journal, rows: int) -> bool:
    return journal.control(1).batch_rows == rows


def _said(lab: Lab) -> str:
    return lab.page.locator(".gk-box").inner_text().replace(",", "")


def _readout(lab: Lab, slider: int) -> str:
    return lab.page.locator(".gk-box .widget-readout").nth(slider).inner_text().replace(",", "")


def _bars(lab: Lab) -> int:
    return lab.page.locator(".gk-box svg rect:has(title)").count()


def test_an_import_is_watched_and_steered_while_its_cell_waits(lab: Lab) -> None:
    page = lab.page
    lab.run_all("import.ipynb", _slow_import())
    until(lambda: page.locator(".gk-board[data-state]").count(), "the panel")
    until(lambda: page.locator(".gk-board[data-state=running]").count(), "the run", 20)
    page.locator(".gk-box").scroll_into_view_if_needed()
    with Journal(lab.home / "data" / "demo-small") as journal:
        # The chart grows with the batches.
        until(lambda: _bars(lab) > 0, "the chart")
        before = page.locator(".gk-box svg").inner_html()
        until(lambda: page.locator(".gk-box svg").inner_html() != before, "a change of the chart")
        _check_the_room(lab)

        # The slider sets the size of the next batches; as set, 50, 100, 200: three steps.
        for step in (50, 100, 200):
            page.locator(".gk-box .noUi-handle").first.focus()
            page.keyboard.press("ArrowRight")
            until(partial(_is_wished, journal, step), f"the wish for {step} rows", 10)
        until(lambda: journal.batches(1)[-1].rows_target == 200, "a batch of 200 rows")
        assert journal.batches(1)[0].rows_target == 60

        # Somebody else's wish moves the slider too.
        journal.wish_batch_rows(1, 777)
        until(lambda: _readout(lab, 0) == "777", "the slider")
        assert journal.control(1).batch_rows == 777

        # The other one sets the budget; before its last place, as set, comes the largest that there is room for.
        assert _readout(lab, 1) == "as set"
        own = journal.measures(1, "budget")[-1].figure
        page.locator(".gk-box .noUi-handle").nth(1).focus()
        page.keyboard.press("ArrowLeft")
        until(lambda: journal.control(1).memory_limit_mb, "the wish for a budget", 10)
        wished = journal.control(1).memory_limit_mb
        assert wished is not None
        assert own != wished <= memory_limit_mb()
        until(lambda: journal.measures(1, "budget")[-1].figure == wished, "a batch under the other budget")
        until(lambda: f"of {wished:.0f} MB" in _said(lab), "the advice")

        page.locator(".gk-box button", has_text="Pause").click()
        until(lambda: journal.run(1).state == "paused", "the pause", 10)
        page.wait_for_selector(".gk-board[data-state=paused]", timeout=10_000)
        _picture(lab, "paused")
        page.locator(".gk-box button", has_text="Go on").click()
        until(lambda: journal.run(1).state == "running", "going on", 10)

        page.locator(".gk-box button", has_text="Stop").click()
        until(lambda: journal.run(1).state == "stopped", "the stop", 20)
    page.wait_for_selector(".gk-board[data-state=stopped]", timeout=10_000)
    assert "The import was stopped. Run again to go on: nothing is lost." in page.locator(".gk-box").inner_text()
    assert not page.locator(".gk-box button", has_text="Stop").is_visible()

    # The cells below went on: the account, the picture, and the error at the end, in one sentence.
    error = page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr'], .jp-OutputArea-output pre")
    said: list[str] = []

    def is_said() -> bool:
        _to_the_end(lab)
        said[:] = [text for text in error.all_inner_texts() if "RunStoppedError" in text]  # it may scroll away again
        return bool(said)

    until(is_said, "the error")
    assert said[0].split("\n") == ["RunStoppedError: The import was stopped.", "Run again to go on: nothing is lost."]
    page.locator(".jp-RenderedImage img").scroll_into_view_if_needed()
    assert page.locator(".jp-OutputArea-output img[alt], .jp-RenderedImage img").count() == 1
    assert "How far it got" in page.locator(".jp-Notebook").inner_text()
    _check_the_saved_panel(lab)


def _check_the_saved_panel(lab: Lab) -> None:
    """The saved notebook keeps the panel's end for whoever has no kernel."""
    _save(lab)
    until(lambda: "stopped" in str(_kept(lab, "import.ipynb", "import")), "the saved notebook")
    (kept,) = _kept(lab, "import.ipynb", "import")
    assert sorted(kept) == ["text/html", "text/plain"]
    assert 'data-state="stopped"' in kept["text/html"]
    assert kept["text/html"].count("<rect") > 3
    assert kept["text/plain"].startswith("run 1 stopped")
    _picture(lab, "stopped")


def _save(lab: Lab) -> None:
    lab.page.locator(".jp-Toolbar [data-command='docmanager:save']").first.click()


def _kept(lab: Lab, name: str, cell: str) -> list[dict[str, str]]:
    """What a cell of the saved notebook shows, in the forms that a reader may choose among."""
    found = nbformat.reads(lab.saved(name), as_version=4)  # type: ignore[no-untyped-call]  # no types
    (outputs,) = [each["outputs"] for each in found.cells if each["id"] == cell]
    return [
        {form: "".join(text) if isinstance(text, list) else str(text) for form, text in output["data"].items()}
        for output in outputs
    ]


def _to_the_end(lab: Lab) -> None:
    """Scroll to the notebook's last cell: JupyterLab draws only what is near."""
    lab.page.evaluate("document.querySelectorAll('.jp-WindowedPanel-outer').forEach(e => e.scrollTop = e.scrollHeight)")


def test_after_a_reload_the_panel_of_a_run_started_elsewhere_comes_back_and_steers_it(lab: Lab, tmp_path: Path) -> None:
    page = lab.page
    slow = {"batch_rows": 20, "seconds_between_asks": 0.3, "stages": "clubs,players,tournaments,games"}
    handle = importer.start(Settings.gather({"data_dir": str(tmp_path / "чужая"), **slow}), lifeline=True)
    too_small = "from gomafia_kit.widgets import sliders\nsliders.BUDGETS_MB = (8, 16)\n"
    source = f"import gomafia_kit as gk\n{too_small}gk.attach({str(handle.data_dir)!r})"
    lab.run_all("elsewhere.ipynb", [nbformat.v4.new_code_cell(source)])  # type: ignore[no-untyped-call]  # no types
    page.wait_for_selector(".gk-board[data-state=running]", timeout=60_000)
    _save(lab)
    until(lambda: "application/vnd.jupyter.widget-view+json" in lab.saved("elsewhere.ipynb"), "the saved notebook")
    assert "gk-still" in lab.saved("elsewhere.ipynb")
    page.reload()
    page.wait_for_selector(".gk-board[data-state=running]", timeout=60_000)
    before = page.locator(".gk-box svg").inner_html()
    until(lambda: page.locator(".gk-box svg").inner_html() != before, "a change of the chart after the reload")
    page.locator(".gk-box .noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")
    with Journal(handle.data_dir) as journal:
        until(lambda: journal.batches(1)[-1].rows_target == 50, "a batch of 50 rows")

        # A budget that would end the run is refused, and the slider goes back.
        page.locator(".gk-box .noUi-handle").nth(1).focus()
        page.keyboard.press("ArrowLeft")
        until(lambda: "A budget of 16 MB would end the import" in _said(lab), "the refusal", 10)
        until(lambda: _readout(lab, 1) == "as set", "the slider's way back", 10)
        assert journal.control(1).memory_limit_mb is None
    page.locator(".gk-box button", has_text="Stop").click()
    page.wait_for_selector(".gk-board[data-state=stopped]", timeout=20_000)
    with pytest.raises(RunStoppedError):
        handle.wait()


def test_a_run_started_elsewhere_looks_the_same(lab: Lab, imported: Any) -> None:  # noqa: ANN401 - a handle
    source = f"import gomafia_kit as gk\ngk.attach({str(imported.data_dir)!r})"
    lab.run_all("look.ipynb", [nbformat.v4.new_code_cell(source)])  # type: ignore[no-untyped-call]  # no types
    page = lab.page
    page.wait_for_selector(".gk-board[data-state=done]", timeout=60_000)
    assert "Done: every row is committed." in page.locator(".gk-box").inner_text()
    assert _bars(lab) > 0
    assert not page.locator(".gk-box button", has_text="Stop").is_visible()
    _picture(lab, "done")

    # All its colours are those of JupyterLab's theme.
    light = _colours(lab)
    page.locator(".lm-MenuBar-itemLabel", has_text="Settings").first.click()
    page.locator(".lm-Menu-item", has_text="Theme").first.hover()
    page.get_by_role("menuitem", name="JupyterLab Dark", exact=True).click()
    until(lambda: len(light) == sum(a != b for a, b in zip(light, _colours(lab), strict=True)), "the dark theme")
    _picture(lab, "dark")


def _colours(lab: Lab) -> list[str]:
    """What is drawn for a column, a word of the chart, the state, and a figure of the board."""
    places = ("svg rect:has(title)", "svg text", ".gk-state", ".gk-figure b")
    look = "e => { const s = getComputedStyle(e); return [s.fill, s.color, s.backgroundColor].join() }"
    return [lab.page.locator(f".gk-box {place}").first.evaluate(look) for place in places]


def test_batch_sizes_are_chosen_tried_stopped_and_written(lab: Lab) -> None:
    """The tuner's form: the chart grows by trials, Stop ends them, the button writes the settings file."""
    page = lab.page
    lab.run_all("tune.ipynb", nbformat.read(TUNE, as_version=4).cells)  # type: ignore[no-untyped-call]  # no types
    form = page.locator(".gk-tuner")
    until(lambda: form.locator("svg").count(), "the form")
    assert "no trial yet" in form.inner_text()
    sizes = form.locator("input[type=text]").first
    sizes.fill("0")
    form.locator("button", has_text="Start").click()
    until(lambda: "'0' is no batch size" in form.inner_text(), "the refusal")
    sizes.fill("3000, 50")
    form.locator("button", has_text="Start").click()
    until(lambda: form.locator("svg circle").count() >= 2, "a trial in the chart")
    assert form.locator("button", has_text="Start").is_disabled()
    _picture(lab, "tuner-at-work")
    _save(lab)
    until(lambda: "application/vnd.jupyter.widget-view+json" in lab.saved("tune.ipynb"), "the saved notebook")
    assert "Choose what to try" in _kept(lab, "tune.ipynb", "order")[0]["text/html"]
    page.reload()
    until(lambda: form.locator("svg circle").count() >= 2, "the form after the reload")
    form.locator("button", has_text="Stop").click()
    until(lambda: "Stopped: what was tried until then is shown." in form.inner_text(), "the stop")
    tried = form.locator("svg circle").count() // 2
    assert 1 <= tried < 6
    form.locator("button", has_text="Write settings").click()
    until(lambda: "Written into " in form.inner_text(), "the settings file")
    assert "batch_rows = " in (lab.home / "data" / "settings.toml").read_text(encoding="utf-8")
    (lab.home / "data" / "settings.toml").unlink()
    _picture(lab, "tuner")
