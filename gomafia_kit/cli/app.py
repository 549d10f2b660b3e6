"""All commands under one name, and what becomes of every error: one sentence and an exit code."""

from __future__ import annotations

import sys
import traceback
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from gomafia_kit.cli import INTERRUPTED
from gomafia_kit.cli.control import pause, resume, stop
from gomafia_kit.cli.demo import demo
from gomafia_kit.cli.doctor import doctor
from gomafia_kit.cli.memory import compare, diagnose, memory, profile
from gomafia_kit.cli.monitor import monitor
from gomafia_kit.cli.planned import plan
from gomafia_kit.cli.probe import probe
from gomafia_kit.cli.rebuild import rebuild
from gomafia_kit.cli.rejected import rejected
from gomafia_kit.cli.replay import replay
from gomafia_kit.cli.retry import retry
from gomafia_kit.cli.run import push, run
from gomafia_kit.cli.status import status
from gomafia_kit.cli.tune import tune
from gomafia_kit.cli.verify import verify
from gomafia_kit.errors import GomafiaError, SettingsError, redacted

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="gomafia-kit", prog_name="gomafia", message="%(prog)s %(version)s")
def gomafia() -> None:
    """The history of gomafia.pro in DuckDB, Parquet and PostgreSQL.

    Each command explains itself by --help. Exit codes and what to do: docs/errors.md.
    """


for _command in (
    run,
    status,
    monitor,
    stop,
    pause,
    resume,
    plan,
    push,
    retry,
    rebuild,
    rejected,
    replay,
    verify,
    doctor,
    probe,
    demo,
):
    gomafia.add_command(_command)
for _command in (memory, profile, diagnose, compare, tune):
    gomafia.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a nickname must not end a command on a narrow terminal
            stream.reconfigure(errors="backslashreplace")
    try:
        code = gomafia.main(None if arguments is None else list(arguments), prog_name="gomafia", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return SettingsError.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of the program: a fault of ours becomes a sentence
        return _say(_as_ours(error, sys.argv[1:] if arguments is None else arguments))
    return code if isinstance(code, int) else 0


def _as_ours(error: Exception, arguments: Sequence[str]) -> GomafiaError:
    if isinstance(error, GomafiaError):
        return error
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else _command_path(arguments)
        return SettingsError(error.format_message(), f"See: {where} --help")
    if isinstance(error, click.ClickException):
        return SettingsError(error.format_message())
    return _fault(error)


def _command_path(arguments: Sequence[str]) -> str:
    """The command that a line begins with: click's parser doesn't tell it of an option that lacks a value."""
    names, command = ["gomafia"], cast("click.Command", gomafia)
    for word in arguments:
        if not isinstance(command, click.Group) or word not in command.commands:
            break
        names.append(word)
        command = command.commands[word]
    return " ".join(names)


def _say(error: GomafiaError) -> int:
    click.echo(f"gomafia: {error.message}", err=True)
    if error.remedy:
        click.echo(error.remedy, err=True)
    return error.exit_code


def _fault(error: Exception) -> GomafiaError:
    """What a person is told of an exception that nobody expected; its traceback goes to a file."""
    told = redacted("".join(traceback.format_exception(error)))
    name = f"gomafia-fault-{datetime.now(UTC):%Y%m%d-%H%M%S}.txt"
    for folder in _folders_for_faults():
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(told, encoding="utf-8", errors="backslashreplace")
            path.chmod(0o600)
        except OSError:
            continue
        return GomafiaError(
            f"A fault of this package: {type(error).__name__}. The traceback is in {path}.", "Please report it."
        )
    return GomafiaError(f"A fault of this package: {type(error).__name__}: {redacted(str(error))}", "Please report it.")


def _folders_for_faults() -> list[Path]:
    import tempfile

    from gomafia_kit.settings import project_dir

    return [project_dir() / "data" / "runs", Path(tempfile.gettempdir())]
