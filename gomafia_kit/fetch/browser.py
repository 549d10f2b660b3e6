"""Finds a Chromium on this machine, or gets one.

`python -m gomafia_kit.fetch.browser --install` says which there is; where there is none it tries
Playwright's own download, then, as root on Debian or Ubuntu, apt; else it says what to do. It ends
well in any case (an import goes on over HTTP), unless `--require` is given.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import SettingsError, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

VARIABLE: Final = "GOMAFIA_CHROMIUM"
APT_PACKAGE: Final = "chromium-headless-shell"
SECONDS_TO_TELL_VERSION: Final = 20
SECONDS_TO_DOWNLOAD: Final = 300
SECONDS_TO_INSTALL: Final = 600
MILLISECONDS_TO_CONNECT: Final = "5000"
_VERSION: Final = re.compile(r"\d+(?:\.\d+){1,3}")
_FINISHED: Final = "INSTALLATION_COMPLETE"
_OWN_FOLDERS: Final = ("chromium_headless_shell-*", "chromium-*")
_OWN_NAMES: Final = (
    "chrome-headless-shell",
    "headless_shell",
    "chrome",
    "Google Chrome for Testing",
    "Chromium",
    "chrome-headless-shell.exe",
    "headless_shell.exe",
    "chrome.exe",
)
_SYSTEM_NAMES: Final = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
)
_MAC_FOLDER: Final = Path("/Applications")
_MAC_NAMES: Final = ("Google Chrome", "Chromium")


@dataclass(frozen=True, slots=True)
class Chromium:
    """A Chromium that runs: `found` says where it was looked for, `version` what it says of itself."""

    executable: Path
    found: str
    version: str

    @property
    def kind(self) -> str:
        """The headless shell (170 MB less memory), or a full browser."""
        return "headless shell" if "headless" in self.executable.name else "full browser"

    def __str__(self) -> str:
        return f"Chromium {self.version} ({self.kind}, {self.found}): {self.executable}"


def find_chromium(environment: Mapping[str, str] | None = None) -> Chromium | None:
    """The first Chromium that runs, or None: the one that GOMAFIA_CHROMIUM names, Playwright's own, the system's.

    Raises SettingsError if GOMAFIA_CHROMIUM names something else.
    """
    environment = os.environ if environment is None else environment
    if told := environment.get(VARIABLE):
        return _told(Path(told).expanduser())
    for found, executable in _candidates(environment):
        version = _version(executable)
        if version is not None:
            return Chromium(executable, found, version)
    return None


def _told(executable: Path) -> Chromium:
    version = _version(executable) if executable.is_file() else None
    if version is None:
        raise SettingsError(
            f"{VARIABLE}: {executable} is no Chromium that runs here.",
            f"Give the path of its executable, or unset {VARIABLE}.",
        )
    return Chromium(executable, f"named by {VARIABLE}", version)


def _candidates(environment: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    for folder in _own_folders(environment):
        for executable in _downloaded(folder):
            yield "Playwright's own", executable
    for executable in _of_the_system(environment):
        yield "the system's", executable


def _own_folders(environment: Mapping[str, str]) -> Iterator[Path]:
    """Where Playwright keeps its downloads."""
    told = environment.get("PLAYWRIGHT_BROWSERS_PATH")
    if told and told != "0":
        yield Path(told)
        return
    if told == "0":
        yield from _packaged()
        return
    home = Path.home()
    if sys.platform == "darwin":
        yield home / "Library" / "Caches" / "ms-playwright"
    elif sys.platform == "win32":
        yield Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "ms-playwright"
    else:
        yield Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "ms-playwright"


def _packaged() -> Iterator[Path]:
    from importlib.util import find_spec

    spec = find_spec("playwright")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "driver" / "package" / ".local-browsers"


def _downloaded(folder: Path) -> Iterator[Path]:
    """The executables of finished downloads, the headless shell first, newer ones first."""
    for pattern in _OWN_FOLDERS:
        for download in sorted(folder.glob(pattern), key=_revision, reverse=True):
            if not (download / _FINISHED).exists():
                continue
            for name in _OWN_NAMES:
                yield from (path for path in download.rglob(name) if path.is_file())


def _revision(download: Path) -> int:
    number = download.name.rpartition("-")[2]
    return int(number) if number.isdigit() else 0


def _of_the_system(environment: Mapping[str, str]) -> Iterator[Path]:
    for name in _SYSTEM_NAMES:
        if executable := shutil.which(name, path=environment.get("PATH")):
            yield Path(executable)
    if sys.platform == "darwin":
        yield from (_MAC_FOLDER / f"{name}.app" / "Contents" / "MacOS" / name for name in _MAC_NAMES)
    if sys.platform == "win32":
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            if programs := environment.get(variable):
                yield Path(programs) / "Google" / "Chrome" / "Application" / "chrome.exe"


def _version(executable: Path) -> str | None:
    """What an executable says its version is; None if it isn't there or doesn't run.

    A Chrome on Windows would open a window instead of answering: there it is enough that it is there.
    """
    if sys.platform == "win32":
        return "of unknown version" if executable.is_file() else None
    try:
        done = subprocess.run(
            [str(executable), "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS_TO_TELL_VERSION,
            check=False,
            env=without_secrets(os.environ),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(done.stdout) if done.returncode == 0 else None
    return found[0] if found else None


# -- getting one ----------------------------------------------------------------------------------


def install(say: Callable[[str], None]) -> Chromium | None:
    """A Chromium, got if there was none; None if none could be got. `say` is told what is done."""
    found = find_chromium()
    if found is not None:
        return found
    say("No Chromium is on this machine: trying Playwright's own download ...")
    reason = _download()
    found = find_chromium()
    if found is not None:
        return found
    say(f"Playwright's download didn't work: {reason}")
    if not _may_use_apt():
        return None
    say(f"Installing Debian's {APT_PACKAGE} by apt-get ...")
    reason = _install_by_apt()
    found = find_chromium()
    if found is None:
        say(f"apt-get didn't work: {reason}")
    return found


def _download() -> str:
    """Let Playwright download its headless shell; returns why it failed, if it did."""
    from importlib.util import find_spec

    if find_spec("playwright") is None:
        return "Playwright isn't installed (gomafia-kit[browser])."
    environment = {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": MILLISECONDS_TO_CONNECT}
    return _run(
        [sys.executable, "-m", "playwright", "install", "chromium-headless-shell"], SECONDS_TO_DOWNLOAD, environment
    )


def _may_use_apt() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install_by_apt() -> str:
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-q"], SECONDS_TO_INSTALL, environment)
    # A list that couldn't be fetched anew may still do: only the installation counts.
    command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", APT_PACKAGE]
    return _run(command, SECONDS_TO_INSTALL, environment)


def _run(command: Sequence[str], seconds: int, environment: Mapping[str, str]) -> str:
    """Run a command and return the last that it said on its errors, for a person to read."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            env={**os.environ, **environment},
        )
    except subprocess.TimeoutExpired:
        return f"it took longer than {seconds} s."
    except OSError as error:
        return f"{error}."
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in said if line.startswith(("E:", "Error"))]
    return (errors or said or [f"it ended with exit code {done.returncode}."])[0]


def _remedy() -> str:
    if sys.platform == "linux":
        how = "as root: apt-get install chromium-headless-shell (Debian), or your system's Chromium or Chrome"
    else:
        how = "Google Chrome or Chromium"
    return f"To use one, install {how}, or name one by {VARIABLE}. Without it everything works over HTTP."


def main(arguments: Sequence[str] | None = None) -> int:
    """Say which Chromium there is; with --install get one first. 1 only with --require and none."""
    parser = argparse.ArgumentParser(prog="gomafia_kit.fetch.browser", description="Find or get a Chromium.")
    parser.add_argument("--install", action="store_true", help="get one where there is none")
    parser.add_argument("--require", action="store_true", help="end with exit code 1 where there is none")
    given = parser.parse_args(arguments)

    def say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()  # the next step may take a minute

    try:
        found = install(say) if given.install else find_chromium()
    except SettingsError as error:
        say(str(error))
        return error.exit_code if given.require else 0
    say(str(found) if found else f"No Chromium was found. {_remedy()}")
    return 1 if found is None and given.require else 0


if __name__ == "__main__":
    sys.exit(main())
