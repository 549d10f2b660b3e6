"""`python -m gomafia_kit.cli.docs`: writes the pages of `docs/` that are made from the code.

`docs/errors.md` comes from `errors`, `docs/tables.md` from `tables`, `docs/cli.md` from the commands
themselves; a test holds them together. The examples in `docs/cli.md` are real output and are kept as
they stand; `--examples` runs them again.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gomafia_kit import errors
from gomafia_kit.cli import INTERRUPTED
from gomafia_kit.cli.status import STALLED
from gomafia_kit.errors import GomafiaError
from gomafia_kit.tables import TABLES, VIEWS, Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gomafia_kit.tables import Column, Reference, Table, View

_MADE: Final = "<!-- Made by `make docs`: change the code, not this page. -->"

WHAT_TO_DO: Final = {
    "GomafiaError": "Read the sentence; if it names a traceback, report it with that file.",
    "SettingsError": "Correct what the message names; it tells the nearest right name. Nothing was asked or written.",
    "UnavailableError": "Choose what the message offers instead, or install what it names.",
    "FetchError": "Run again: what is archived isn't asked for again.",
    "SiteUnreachableError": "Check the address and the network (`gomafia doctor --source ...`), then run again.",
    "SiteBusyError": "Run again later, or with a larger `seconds_between_asks`. Nothing is lost.",
    "AskRefusedError": "Look at the status in the message; other stages went on. Run again later.",
    "DisallowedError": "Leave the stage out (`--stages`), or ask the site's admins.",
    "NotInArchiveError": "Run once without `offline`.",
    "BrowserError": "`python -m gomafia_kit.fetch.browser --install`, or use `via=http`.",
    "BrowserEndedError": "Run again: it was tried several times. If it happens again, use `via=http`.",
    "SiteDownError": "Run again when the site is there, or with a larger `longest_outage_minutes`. Nothing is lost.",
    "AskFailedError": "`gomafia retry` takes up what failed; so does the next run. All else is in place.",
    "ParseError": "The answer is kept in the archive: update the package and run again, without asking anew.",
    "NoSuchPageError": "Check the id, or the year: the site doesn't know it.",
    "LayoutChangedError": "The site has changed: update the package, or report the message. Other stages went on.",
    "BadValueError": "Look at `gomafia rejected`: the value stands there as it came.",
    "FolderError": "Check the folder's path, permissions and drive, or choose another `data_dir`.",
    "DiskFullError": "Make room and run again: what was committed is safe.",
    "FolderBusyError": "Wait for the other import or `gomafia stop` it; close the program that holds the file.",
    "DamagedFileError": "Run `gomafia rebuild`: it saves what can be read, and makes all else anew from the archive.",
    "DamagedAnswerError": "Run without `offline`: the site is asked for that answer again, and for nothing else.",
    "LayoutVersionError": "Use the version that made the folder, or do as the message says.",
    "PushError": "Run `gomafia push` again: PostgreSQL's tables are as they were before.",
    "PostgresUnreachableError": "Start the server or correct `GOMAFIA_POSTGRES_URL`, then `gomafia push`.",
    "PostgresRefusedError": "Correct user, password, database or rights, then `gomafia push`.",
    "PushConflictError": "Choose another `postgres_schema`, or push from the folder that filled it.",
    "RunStoppedError": "Run again to go on: everything before the stop is committed.",
    "OutOfBudgetError": "Run again with a larger `memory_limit_mb` (or `--hard-limit`, or container, if that is what"
    " holds), or `via=http`: a browser takes the most.",
    "RunDiedError": "Run again to go on. If it died of memory, set `memory_limit_mb` or smaller `batch_rows`.",
    "UnsoundDataError": "Do as the check says that found it: `gomafia verify` shows each with its remedy.",
    "BrokenAccountError": "Please report it with the folder's `runs.sqlite`; the archive is safe.",
}
"""Class of an error -> what a person does about it in general; each message says it for its own case."""


JUDGEMENTS: Final = {
    "doctor": "something is wrong with the machine, the settings or the folder.",
    "compare": "the second run's peak isn't 30% lower, or it took more than twice the time.",
    "diagnose": "the figures of the run show something to be wrong.",
    "profile": "what was looked at shows something to be wrong.",
    "tune": "the trials show no size to take.",
}
"""Command -> what it means that it ends with 1 and no error."""

_STALLED: Final = (
    "`gomafia status --check` alone: the run is at work, and nothing has happened for its `stall_minutes`."
    " | Look at it by `gomafia monitor`; a paused machine, network or disk lets it wait. `gomafia stop` ends it."
)

VARIABLES: Final = {
    "GOMAFIA_HOME": "the folder whose `data/` holds the data folders, the settings file and executed notebooks;"
    " without it the checkout, or where the package is installed without one, the working folder",
    "GOMAFIA_SETTINGS": "the settings file, instead of `data/settings.toml`",
    "GOMAFIA_POSTGRES_URL": "the PostgreSQL to push to, instead of the embedded one ([postgres.md](postgres.md))",
    "GOMAFIA_CHROMIUM": "the Chromium to use, a path, instead of Playwright's own or the system's",
    "GOMAFIA_ALERT": "a command or web address that is told of what goes wrong ([memory.md](memory.md))",
    "GOMAFIA_HEADLESS": "`1`: pictures in notebooks are PNGs for every reader, `0`: interactive ones; without it as the"
    " notebook is run",
}
"""What the environment may name beside settings -> what it means."""

_BASE: Final = "Something without a code of its own, as a fault of this package."


# -- docs/errors.md -------------------------------------------------------------------------------


def error_kinds() -> list[type[GomafiaError]]:
    """Every class of `errors`, by exit code."""
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GomafiaError)]
    return sorted(found, key=lambda kind: kind.exit_code)


def errors_page() -> str:
    """The table of exit codes: what happened, and what to do."""
    lines = [
        "# Exit codes",
        "",
        _MADE,
        "",
        "Every command ends with one of these codes, and with a sentence on standard error that says what",
        "happened and what to do. A code holds for notebooks run by `gomafia run` as well; papermill alone",
        "knows only 0 and 1 (138 when the kernel was killed).",
        "",
        "| code | error | what happened | what to do |",
        "| ---: | --- | --- | --- |",
        "| 0 | | All that was asked for is done. | |",
    ]
    rows = {STALLED: f"| {STALLED} | | {_STALLED} |"}
    for kind in error_kinds():
        meaning = _BASE if kind is GomafiaError else (kind.__doc__ or "").strip().splitlines()[0]
        rows[kind.exit_code] = f"| {kind.exit_code} | `{kind.__name__}` | {meaning} | {WHAT_TO_DO[kind.__name__]} |"
    lines += [
        *(rows[code] for code in sorted(rows)),
        "",
        "Which is a kind of which, so that a program can catch a whole family:",
        "",
        "```text",
        *_family(GomafiaError, 0),
        "```",
        "",
        "Some commands judge, and end with 1 where they did all that was asked and the judgement is bad:",
        "",
        *(f"- `gomafia {name}`: {judgement}" for name, judgement in JUDGEMENTS.items()),
        "",
        f"A command that is interrupted before it could end cleanly (Ctrl+C twice) ends with {INTERRUPTED}.",
        "",
    ]
    return "\n".join(lines)


def _family(kind: type[GomafiaError], depth: int) -> Iterator[str]:
    yield f"{'    ' * depth}{kind.__name__}"
    for child in sorted(set(error_kinds()) & set(kind.__subclasses__()), key=lambda child: child.exit_code):
        yield from _family(child, depth + 1)


# -- docs/tables.md -------------------------------------------------------------------------------

_TYPE_WORDS: Final = {
    Type.INTEGER: "integer",
    Type.BIGINT: "bigint",
    Type.TEXT: "text",
    Type.BOOLEAN: "boolean",
    Type.DATE: "date",
    Type.TIMESTAMP: "timestamp (UTC)",
    Type.DECIMAL: "decimal(18,6)",
}


def tables_page() -> str:
    """Every table with its columns, key and references, and a diagram of all."""
    lines = [
        "# Tables",
        "",
        _MADE,
        "",
        "The same tables stand in DuckDB (`staging.duckdb`), as Parquet (`staging/<table>/<table>.parquet`) and in",
        "PostgreSQL (schema `gomafia`). *Key* columns tell rows apart; a column that may be null is marked; its",
        "comment says when, where that isn't simply that the site gives none. `ask_id` names in each row the answer",
        "that it was read from: join it with `answer` to see how fresh the row is. *Derived* tables are computed from",
        "the others after each import. A *view* stands at the end: it is asked by name, as a table is.",
        "",
        "```mermaid",
        *_diagram(),
        "```",
        "",
    ]
    for table in TABLES.values():
        lines += _table_section(table)
    for view in VIEWS:
        lines += _view_section(view)
    return "\n".join(lines)


def _diagram() -> Iterator[str]:
    yield "erDiagram"
    for table in TABLES.values():
        for reference in table.references:
            many = "o|" if _may_be_null(table, reference) else "||"
            yield f'    {reference.table} {many}--o{{ {table.name} : "{", ".join(reference.columns)}"'
    for table in TABLES.values():
        yield f"    {table.name} {{"
        for name in table.key:
            yield f"        {table.column(name).type.name.lower()} {name} PK"
        yield "    }"


def _may_be_null(table: Table, reference: Reference) -> bool:
    return any(table.column(name).nullable for name in reference.columns)


def _table_section(table: Table) -> list[str]:
    references = [f"`{', '.join(reference.columns)}` → `{reference.table}`" for reference in table.references]
    return [
        f"## {table.name}",
        "",
        f"{_capital(table.comment)}.{' Derived.' if table.derived else ''}",
        "",
        f"Key: `{', '.join(table.key)}`." + (f" Refers to: {'; '.join(references)}." if references else ""),
        "",
        "| column | type | null | meaning |",
        "| --- | --- | --- | --- |",
        *(_column_line(table, column) for column in table.columns),
        "",
    ]


def _view_section(view: View) -> list[str]:
    return [
        f"## {view.name}",
        "",
        f"{_capital(view.comment)}. A view.",
        "",
        "| column | type | meaning |",
        "| --- | --- | --- |",
        *(f"| {name} | {_TYPE_WORDS[kind]} | {comment} |" for name, kind, comment in view.columns),
        "",
    ]


def _column_line(table: Table, column: Column) -> str:
    name = f"**{column.name}**" if column.name in table.key else column.name
    null = "yes" if column.nullable else "no"
    return f"| {name} | {_TYPE_WORDS[column.type]} | {null} | {column.comment} |"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# -- docs/cli.md ----------------------------------------------------------------------------------

_EXAMPLE: Final = re.compile(r"<!-- example of (gomafia[a-z ]*) -->\n\n```console\n(.*?)\n```", re.DOTALL)


def commands() -> dict[str, click.Command]:
    """Every command by its full name, groups before what is in them."""
    from gomafia_kit.cli.app import gomafia

    found: dict[str, click.Command] = {}

    def walk(name: str, command: click.Command) -> None:
        found[name] = command
        if isinstance(command, click.Group):
            for part in sorted(command.commands):
                walk(f"{name} {part}", command.commands[part])

    walk("gomafia", gomafia)
    return found


def cli_page(examples: Mapping[str, str]) -> str:
    """Each command's help and an example of it."""
    lines = [
        "# The command line",
        "",
        _MADE,
        "",
        "`gomafia` does what the notebooks do, without a notebook. Settings come from options, else from the",
        "environment (`GOMAFIA_<NAME>`), else from `data/settings.toml`; an unknown name or a wrong value ends with",
        "exit code 2 before anything is asked. What each exit code means: [errors.md](errors.md). The examples are",
        "real sessions with the demo league.",
        "",
        "What else the environment may name, beside a `GOMAFIA_<NAME>` for each setting:",
        "",
        "| variable | what it names |",
        "| --- | --- |",
        *(f"| `{name}` | {meaning} |" for name, meaning in VARIABLES.items()),
        "",
    ]
    for name, command in commands().items():
        lines += [f"## {name}", "", "```text", _help_of(name, command), "```", ""]
        if name in examples:
            lines += [f"<!-- example of {name} -->", "", "```console", examples[name], "```", ""]
    return "\n".join(lines)


def _help_of(name: str, command: click.Command) -> str:
    shared = commands()["gomafia"].context_settings
    return command.get_help(click.Context(command, info_name=name, **{**shared, "terminal_width": 100}))


def kept_examples() -> dict[str, str]:
    """The examples that stand in `docs/cli.md` now, by command."""
    path = docs_dir() / "cli.md"
    return dict(_EXAMPLE.findall(path.read_text(encoding="utf-8"))) if path.is_file() else {}


# -- writing --------------------------------------------------------------------------------------


def pages(examples: Mapping[str, str] | None = None) -> dict[str, str]:
    """File name in `docs/` -> its whole text; examples that aren't given stay as they are."""
    shown = kept_examples() | dict(examples or {})
    return {"errors.md": errors_page(), "tables.md": tables_page(), "cli.md": cli_page(shown)}


def docs_dir() -> Path:
    """The folder `docs/` of the checkout."""
    return Path(__file__).resolve().parents[2] / "docs"


def main(arguments: Sequence[str]) -> int:
    """Write every page that changed, and say which; with `--examples` the examples are run again."""
    examples: Mapping[str, str] = {}
    if "--examples" in arguments:
        from gomafia_kit.cli.examples import real_examples

        examples = real_examples()
    for name, text in pages(examples).items():
        path = docs_dir() / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"{name} written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
