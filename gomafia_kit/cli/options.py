"""Options that several commands share: one for each setting, and which data folder is meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from gomafia_kit.errors import FolderError, SettingsError, start_first
from gomafia_kit.runs.database import RUNS_FILE, holds
from gomafia_kit.settings import Settings, data_folder, project_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_DEFAULTS: Final = Settings()

data_dir_option = click.option(
    "--data-dir",
    metavar="FOLDER",
    help="The data folder; without it, the one that environment or settings file name, else of the folders in the"
    " project's data/ the one where a run wrote last.",
)
at_work_option = click.option(
    "--data-dir",
    metavar="FOLDER",
    help="The data folder; without it, the one run at work in any folder of the project's data/ is meant.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")


class Megabytes(click.ParamType[float]):
    """A size of memory, as 512, 512M or 2G: MB where no letter stands."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - as click has it
        """The size in MB."""
        found = _SIZE.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"{value!r} is not a size as 512M or 2G.", param, ctx)
        return float(found[1]) * (_MB_A_GB if found[2] in {"g", "G"} else 1)


_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?) ?([mMgG]?)[bB]?")
_MB_A_GB: Final = 1024


def setting_option(name: str) -> Callable[[Any], Any]:
    """The option of one setting: its name with dashes, its help, its default."""
    flag = f"--{name.replace('_', '-')}"
    default = getattr(_DEFAULTS, name)
    if isinstance(default, bool):
        return click.option(f"{flag}/--no-{name.replace('_', '-')}", name, default=None, help=f"{Settings.help(name)}.")
    told = ",".join(default) if isinstance(default, tuple) else default
    end = f" [default: {told}]" if told not in {None, ""} else ""
    return click.option(flag, name, metavar="VALUE", help=f"{Settings.help(name)}.{end}")


def settings_options(command: Any) -> Any:  # noqa: ANN401 - a decorator of click commands
    """One option for each setting, in their order."""
    for name in reversed(Settings.names()):
        command = setting_option(name)(command)
    return command


def given(options: Mapping[str, object], pairs: tuple[tuple[str, str], ...] = ()) -> dict[str, object]:
    """The parameters that were given by options or as `-p NAME VALUE`; SettingsError for one given twice."""
    found = {name: value for name, value in options.items() if value is not None}
    for name, value in pairs:
        if name in found:
            raise SettingsError(f"{name} is given twice.", "Give it once.")
        found[name] = value
    return found


def gathered(parameters: Mapping[str, object]) -> Settings:
    """Checked settings from what was given on the command line."""
    return Settings.gather(parameters, given=frozenset(parameters))


# -- data folders ---------------------------------------------------------------------------------


def folder_of_runs(data_dir: str | None) -> Path:
    """The data folder that a command is about; FolderError if it holds no run."""
    chosen = newest_folder(data_dir)
    if not holds(chosen):
        raise FolderError(f"{chosen} holds no run.", start_first(chosen))
    return chosen


def newest_folder(data_dir: str | None) -> Path:
    """The data folder that a command is about, whatever it holds; FolderError if there is none.

    That is `data_dir`, else the folder that environment or settings file name, else the one in the
    project's `data` in which a run wrote last.
    """
    chosen = _chosen_folder(data_dir)
    if chosen is None:
        newest = sorted(folders(), key=_written_at)
        if not newest:
            raise FolderError(
                f"{project_dir() / 'data'} holds no run yet.", "Start one by gomafia run, or name a folder: --data-dir."
            )
        chosen = newest[-1]
    return chosen


def _chosen_folder(data_dir: str | None) -> Path | None:
    if data_dir:
        return data_folder(data_dir)
    settings = Settings.gather({})
    named = any(settings.origins[name] != "automatic" for name in ("data_dir", "source", "scale"))
    return settings.folder if named else None


def folders() -> list[Path]:
    """Every data folder of the project that holds runs."""
    return [path.parent for path in (project_dir() / "data").glob(f"*/{RUNS_FILE}")]


def _written_at(folder: Path) -> float:
    files = [folder / RUNS_FILE, folder / f"{RUNS_FILE}-wal"]
    return max(path.stat().st_mtime for path in files if path.is_file())
