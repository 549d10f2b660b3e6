"""Finding a Chromium: executables that are files of a test's own, but for the machine's real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gomafia_kit.errors import SettingsError
from gomafia_kit.fetch.browser import find_chromium, main

if TYPE_CHECKING:
    from pathlib import Path


def _executable(path: Path, says: str, code: int = 0) -> Path:
    """A program that says what a Chromium says when it is asked for its version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return path


def _download(cache: Path, folder: str, executable: str, version: str, *, finished: bool = True) -> Path:
    if finished:
        (cache / folder).mkdir(parents=True, exist_ok=True)
        (cache / folder / "INSTALLATION_COMPLETE").touch()
    return _executable(cache / folder / executable, f"Chromium {version}")


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """A machine without any browser; its folders have a space and a Cyrillic letter."""
    for name in ("bin", "кеш"):
        (tmp_path / f"my {name}").mkdir()
    return {"PATH": str(tmp_path / "my bin"), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "my кеш")}


def test_where_there_is_none_none_is_found(machine: dict[str, str]) -> None:
    assert find_chromium(machine) is None


def test_the_one_that_is_named_comes_first(machine: dict[str, str], tmp_path: Path) -> None:
    named = _executable(tmp_path / "my own", "Google Chrome 160.0.1.2")
    _executable(tmp_path / "my bin/chromium", "Chromium 150.0.0.0")
    found = find_chromium({**machine, "GOMAFIA_CHROMIUM": str(named)})
    assert str(found) == f"Chromium 160.0.1.2 (full browser, named by GOMAFIA_CHROMIUM): {named}"


@pytest.mark.parametrize("kind", ["missing", "a folder", "no program", "another program"])
def test_a_name_for_something_else_is_refused(machine: dict[str, str], tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "a folder":
        path.mkdir()
    elif kind == "no program":
        path.write_text("text")
    elif kind == "another program":
        _executable(path, "hello")
    with pytest.raises(SettingsError, match=f"GOMAFIA_CHROMIUM: .*{kind} is no Chromium that runs here"):
        find_chromium({**machine, "GOMAFIA_CHROMIUM": str(path)})


def test_playwrights_own_comes_before_the_systems_the_shell_before_the_rest(
    machine: dict[str, str], tmp_path: Path
) -> None:
    cache = tmp_path / "my кеш"
    _executable(tmp_path / "my bin/chromium-headless-shell", "Chromium 150.0.0.0")
    _download(cache, "chromium-1300", "chrome-linux64/chrome", "165.0.0.0")
    _download(cache, "chromium_headless_shell-990", "chrome-linux/headless_shell", "120.0.0.0")
    shell = _download(
        cache, "chromium_headless_shell-1255", "chrome-headless-shell-linux64/chrome-headless-shell", "159.0"
    )
    _download(cache, "chromium_headless_shell-1300", "x/chrome-headless-shell", "165.0", finished=False)
    found = find_chromium(machine)
    assert found is not None
    assert (found.executable, found.kind, found.found, found.version) == (
        shell,
        "headless shell",
        "Playwright's own",
        "159.0",
    )


def test_one_that_does_not_run_is_passed_over(machine: dict[str, str], tmp_path: Path) -> None:
    """Ubuntu's /usr/bin/chromium-browser may be a script that only says to install a snap."""
    _executable(tmp_path / "my bin/chromium-browser", "Please install the snap", code=1)
    chrome = _executable(tmp_path / "my bin/google-chrome", "Google Chrome 159.0.8154.6 beta")
    found = find_chromium(machine)
    assert found is not None
    assert (found.executable, found.version) == (chrome, "159.0.8154.6")


def test_the_machines_own_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--install", "--require"]) == 0
    found = find_chromium()
    assert capsys.readouterr().out == f"{found}\n"
    assert found is not None
    assert int(found.version.split(".")[0]) > 100


def test_without_any_it_says_what_to_do_and_fails_only_if_told_to(
    machine: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GOMAFIA_CHROMIUM", raising=False)
    for name, value in machine.items():
        monkeypatch.setenv(name, value)
    assert main([]) == 0
    assert "No Chromium was found. To use one, install " in capsys.readouterr().out
    assert main(["--require"]) == 1
