"""Writes settings into the settings file, and leaves everything else in it as it is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from gomafia_kit.errors import FolderError, SettingsError
from gomafia_kit.runs.lasting import make_folder
from gomafia_kit.settings import Settings, settings_file
from gomafia_kit.staging.parts import replace_durably

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_settings(values: Mapping[str, Any], path: Path | None = None) -> Path:
    """Set these settings in the settings file, made if it isn't there; gives its path.

    One that is None is taken out, which leaves it automatic. Comments, order and all other settings stay, and a link
    stays one. Raises
    SettingsError for a value that is none or a file that is no TOML, FolderError if the file can't be written.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    Settings.gather(values, given=frozenset(values), environment={})
    path = path or settings_file()
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        document = tomlkit.parse(text)
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {path} is no TOML: {error}.", "Mend or delete it.") from error
    document.update({name: value for name, value in values.items() if value is not None})
    for name in [name for name, value in values.items() if value is None and name in document]:
        del document[name]
    try:
        _write(path.resolve(), tomlkit.dumps(document))
    except OSError as error:
        raise FolderError(
            f"The settings file {path} can't be written: {error.strerror}.", "Make it writable."
        ) from error
    return path


def _write(path: Path, text: str) -> None:
    """Let a file hold this, whole and lasting or not at all; who may read it stays as it was."""
    make_folder(path.parent)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        is_there = path.is_file()
        fresh.touch(mode=0o600 if is_there else 0o666)  # nobody may read a private one meanwhile
        fresh.write_text(text, encoding="utf-8")
        if is_there:
            shutil.copymode(path, fresh)
        replace_durably(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
