"""What `gomafia compare` says of a browser that is recycled or not: of one whose pages stay open, and of a sound one.

    python -m benchmarks.recycled [--scale small] [--keep]

Four imports through Chromium, each in a process of its own. Where a page is left open with each ask, as by code
that forgets to close it, the browser that is recycled must be judged better; the sound one, recycled as often, must be
judged not better: there is nothing to save, and it takes time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.results import append
from gomafia_kit import demo
from gomafia_kit.fetch.engine import Engine
from gomafia_kit.importer import run_here
from gomafia_kit.importer.compare import compared
from gomafia_kit.memory import diet, meter
from gomafia_kit.memory.advice import advice_on
from gomafia_kit.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gomafia_kit.fetch.replies import Reply
    from gomafia_kit.site import Ask

EVERY: Final = 10


def main() -> int:
    """Run the two pairs and print what is said of them; 1 if one is judged otherwise than it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="small")
    parser.add_argument("--keep", action="store_true", help="append the figures to benchmarks/results.md")
    parser.add_argument("--one", nargs=3, metavar=("URL", "FOLDER", "WAYS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        url, folder, ways = arguments.one
        return _one(url, Path(folder), ways.split(","))
    with demo.start(scale=arguments.scale) as site, tempfile.TemporaryDirectory() as folder:
        leaky = _pair(site.url, Path(folder), ["leaky"])
        sound = _pair(site.url, Path(folder), [])
    for kind, (verdict, advice) in {"A page left open with each ask": leaky, "A sound browser": sound}.items():
        print(f"{kind}. {verdict}\n  of the browser that isn't recycled: {advice}\n")
    as_it_must = leaky[0].startswith("Better") and sound[0].startswith("Not better")
    if arguments.keep:
        append(
            f"a browser recycled every {EVERY} pages beside one that never is, {arguments.scale}",
            f"a page left open with each ask: {leaky[0]} Advice: {leaky[1]} A sound browser: {sound[0]} "
            f"Advice: {sound[1]}",
        )
    return 0 if as_it_must else 1


def _pair(url: str, folder: Path, ways: Sequence[str]) -> tuple[str, str]:
    """The verdict on never recycled -> recycled, and the advice on the first."""
    runs = []
    for name, own in (("never", ["never"]), ("recycled", ["recycled"])):
        target = folder / "-".join([*ways, name])
        line = [sys.executable, "-m", "benchmarks.recycled", "--one", url, str(target), ",".join([*ways, *own])]
        subprocess.run(line, check=True)
        runs.append((target, 1))
    advice = next((one for one in advice_on(*runs[0]) if one.about == "browser"), None)
    saves = "" if advice is None or advice.saves_mb is None else f" Saves about {advice.saves_mb:.0f} MB."
    return compared(*runs).verdict, "none" if advice is None else f"{advice.seen} {advice.do}{saves}"


def _one(url: str, folder: Path, ways: Sequence[str]) -> int:
    if "leaky" in ways:
        _leave_pages_open()
    meter.LOOKS_COST_AT_MOST = 1.0  # type: ignore[misc]  # each second, whatever it costs: peaks are compared here
    if "never" in ways:
        diet.GROWN_MB = float("inf")  # type: ignore[misc]  # what this run is without
    parameters: dict[str, Any] = {
        "source": url,
        "data_dir": str(folder),
        "stages": "tournaments,games",
        "via": "chromium",
        "form": "api",
        "batch_rows": 500,
        "seconds_between_asks": 0.1,
        "pages_per_browser": EVERY if "recycled" in ways else None,
    }
    return 0 if run_here(Settings.gather(parameters)).run().state == "done" else 1


def _leave_pages_open() -> None:
    """Open a page with each ask, and forget it."""
    put = Engine._put  # noqa: SLF001 - the fault is planted inside of it

    def forgetful(engine: Engine, ask: Ask, url: str) -> Reply:
        browser = engine._page.context.browser  # noqa: SLF001 - as above
        if browser is not None:
            browser.new_page()
        return put(engine, ask, url)

    setattr(Engine, put.__name__, forgetful)


if __name__ == "__main__":
    sys.exit(main())
