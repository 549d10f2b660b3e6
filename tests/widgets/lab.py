"""A real JupyterLab in a real Chromium, each with folders of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import nbformat
from playwright.sync_api import sync_playwright

from gomafia_kit.fetch.browser import find_chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Page

TOKEN: Final = "only-for-this-test"  # noqa: S105 - of a server on loopback that ends with the test
SECONDS: Final = 60.0
_FOLDERS: Final = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


class Lab:
    """A running JupyterLab: its notebooks' folder, the project's home, and a page of its browser."""

    def __init__(self, folder: Path, url: str, page: Page) -> None:
        self.notebooks = folder / "тетради и"
        self.home = folder / "home"
        self.url = url
        self.page = page

    def run_all(self, name: str, cells: Sequence[dict[str, Any]]) -> None:
        """Open a notebook of these cells and run all of them."""
        notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]  # nbformat has no types
            cells=list(cells),
            metadata={"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        )
        nbformat.write(notebook, str(self.notebooks / name))  # type: ignore[no-untyped-call]  # as above
        page = self.page
        page.goto(f"{self.url}lab/tree/{name}?token={TOKEN}&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=SECONDS * 1000)
        until(lambda: self._kernel_is_there() and self._has_begun(), "the first cell")

    def saved(self, name: str) -> str:
        """A notebook as it lies on the disk."""
        return (self.notebooks / name).read_text(encoding="utf-8")

    def _kernel_is_there(self) -> bool:
        dialog = self.page.locator(".jp-Dialog .jp-mod-accept")
        if dialog.count():  # "Select Kernel"
            dialog.first.click()
        return "| Idle" in self.page.locator("#jp-main-statusbar").inner_text()

    def _has_begun(self) -> bool:
        """Run all cells, and see whether it was heard: a command that comes too early is lost."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
        self.page.locator("[data-command='runmenu:run-all']").click()
        prompts = self.page.locator(".jp-CodeCell .jp-InputPrompt")
        for _ in range(40):
            if any(prompt.strip("[]: ") for prompt in prompts.all_inner_texts()):
                return True
            if self.page.locator(".jp-Dialog .jp-mod-accept").count():
                return False
            time.sleep(0.05)
        return False


def until(look: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    """Look again and again until there is something; AssertionError after so many seconds."""
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, f"{what} didn't come in {seconds:g} s"
        time.sleep(0.05)


@contextmanager
def running_lab(folder: Path) -> Iterator[Lab]:
    """A JupyterLab on a free port with a Chromium that shows it; both end with the block."""
    for name in ("home", "тетради и"):
        (folder / name).mkdir(parents=True)
    server = _serve(folder)
    try:
        url = _url(folder, server)
        chromium = find_chromium()
        assert chromium is not None, "no Chromium here: run make setup"
        arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(chromium.executable), args=arguments)
            page = browser.new_page(viewport={"width": 1300, "height": 1100})
            yield Lab(folder, url, page)
            browser.close()
    finally:
        server.terminate()
        server.wait(SECONDS)


def _serve(folder: Path) -> subprocess.Popen[bytes]:
    own = {name: str(folder / name.lower()) for name in _FOLDERS}
    options = [
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--ServerApp.root_dir={folder / 'тетради и'}",
        f"--IdentityProvider.token={TOKEN}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    with (folder / "lab.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env={**os.environ, **own, "GOMAFIA_HOME": str(folder / "home"), "GOMAFIA_HEADLESS": ""},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _url(folder: Path, server: subprocess.Popen[bytes]) -> str:
    found: list[str] = []

    def look() -> bool:
        assert server.poll() is None, (folder / "lab.log").read_text(encoding="utf-8")
        for file in (folder / "jupyter_runtime_dir").glob("jpserver-*.json"):
            text = file.read_text(encoding="utf-8")
            if text.endswith("}"):
                found.append(json.loads(text)["url"])
        return bool(found)

    until(look, "JupyterLab")
    return found[0]
