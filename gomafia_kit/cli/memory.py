"""`gomafia memory`, `profile`, `diagnose`, `compare`: what takes a run's memory, and whether a change helped."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gomafia_kit.cli.options import (
    Megabytes,
    data_dir_option,
    folder_of_runs,
    gathered,
    given,
    json_option,
    settings_options,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polars import DataFrame

    from gomafia_kit.importer.profile import Profile
    from gomafia_kit.memory.advice import Advice
    from gomafia_kit.memory.calculator import Fit
    from gomafia_kit.memory.diagnosis import Finding
    from gomafia_kit.runs.journal import Run

NOT_BETTER: Final = 1
"""Exit code of `compare` where what was asked for isn't met; the others' where something is wrong."""


@click.command()
@data_dir_option
@click.option("--run", "run_id", type=int, help="The number of the run; without it, the one at work, else the newest.")
@click.option(
    "--calculate",
    "limit_mb",
    type=Megabytes(),
    help="Look at no run: say how an import fits into so much, as 512M or 2G.",
)
@json_option
def memory(data_dir: str | None, run_id: int | None, limit_mb: float | None, *, as_json: bool) -> None:
    """Say what each part of a run took, and what that suggests.

    With --calculate: which ways of getting answers fit into a memory, and with which batches.
    """
    if limit_mb is not None:
        from gomafia_kit.memory.calculator import fits
        from gomafia_kit.settings import at_least, number

        found = fits(at_least(1, number)("--calculate", limit_mb))
        told = [asdict(fit) for fit in found]
        click.echo(json.dumps(told, indent=2) if as_json else "\n".join(_fit_lines(found)))
        return
    from gomafia_kit.importer import ImportHandle
    from gomafia_kit.memory.advice import advice_on
    from gomafia_kit.widgets.advice import NO_BATCH, parts_frame

    folder = folder_of_runs(data_dir)
    run = _run(folder, run_id)
    advice = advice_on(folder, run.run_id)
    parts = parts_frame(ImportHandle(folder, run.run_id))
    if as_json:
        plain = {"parts": parts.to_dicts(), "advice": [asdict(one) for one in advice]}
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        return
    table = [*_part_lines(parts), ""] if len(parts) else []
    click.echo("\n".join([*table, *(_advice_lines(advice) if advice else [NO_BATCH])]))


@click.command()
@click.option(
    "--tracer",
    type=click.Choice(["auto", "memray", "tracemalloc"]),
    default="auto",
    show_default=True,
    help="Who looks: memray if it is installed, else tracemalloc.",
)
@click.option("--native", is_flag=True, help="Stacks of native code as well (memray; slower).")
@settings_options
@json_option
def profile(tracer: str, *, native: bool, as_json: bool, **options: object) -> int:
    """Import, and look at what holds memory while it works.

    Takes the options of gomafia run. What is staged already isn't loaded again: give a fresh --data-dir. Ends
    with 1 if something is wrong: lines that grow from batch to batch, pages that aren't closed, a loop that is
    held up, garbage collected all the time, a run that slows down.
    """
    from gomafia_kit import importer
    from gomafia_kit.cli.run import wait_telling
    from gomafia_kit.importer.profile import profile_of
    from gomafia_kit.memory.profiler import profiling

    settings = gathered(given(options))
    handle = importer.start(settings, lifeline=True, profiling=profiling(tracer, native=native))
    click.echo(f"Run {handle.run_id} in {handle.data_dir}, looked at; Ctrl+C ends it after its open batch.", err=True)
    wait_telling(handle, len(settings.stages))
    found = profile_of(handle.data_dir, handle.run_id)
    if as_json:
        told = {
            "verdict": found.verdict,
            "findings": [asdict(finding) for finding in found.findings],
            "lines": [asdict(line) for line in found.lines],
            "types": [asdict(kind) for kind in found.types],
            "flame_graph": None if found.flame_graph is None else str(found.flame_graph),
        }
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_profile_lines(found)))
    return NOT_BETTER if found.findings else 0


@click.command()
@data_dir_option
@click.option("--run", "run_id", type=int, help="The number of the run; without it, the one at work, else the newest.")
@json_option
def diagnose(data_dir: str | None, run_id: int | None, *, as_json: bool) -> int:
    """Say what the figures of a run show to be wrong.

    Every run keeps them: pages, listeners and connections that become more, a loop that is held up, garbage
    collected all the time, rows a second that fall. Where there were too few looks to tell, that is said. Ends
    with 1 if there is something.
    """
    from gomafia_kit.importer.profile import diagnosed, undiagnosed

    folder = folder_of_runs(data_dir)
    run = _run(folder, run_id)
    found = diagnosed(folder, run.run_id)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_findings_lines(found)))
    for sentence in undiagnosed(folder, run.run_id):
        click.echo(sentence, err=as_json)
    return NOT_BETTER if found else 0


@click.command()
@click.argument("before")
@click.argument("after")
@json_option
def compare(before: str, after: str, *, as_json: bool) -> int:
    """Judge two runs: the peak must be 30% lower, in at most twice the time.

    BEFORE and AFTER are each a data folder (its run at work, else its newest), or FOLDER:NUMBER for another.
    Ends with 1 if it isn't.
    """
    from gomafia_kit.importer.compare import compared
    from gomafia_kit.widgets.profile import ComparisonView

    found = compared(_named(before), _named(after))
    if as_json:
        told = {"passed": found.passed, "verdict": found.verdict, "before": asdict(found.before)}
        click.echo(json.dumps({**told, "after": asdict(found.after)}, ensure_ascii=False, indent=2))
    else:
        click.echo(repr(ComparisonView(found)))
    return 0 if found.passed else NOT_BETTER


def _fit_lines(found: Sequence[Fit]) -> Iterator[str]:
    from gomafia_kit.cli.words import table

    rows = [
        (
            fit.way,
            f"{fit.base_mb:.0f}",
            f"{fit.most_rows:,}" if fit.most_rows else "none",
            f"{fit.peak_mb:.0f}",
            fit.verdict,
        )
        for fit in found
    ]
    yield f"An import in {found[0].limit_mb:,.0f} MB, by how answers are got:"
    yield from table(("way", "base, MB", "longest batch, rows", "peak, MB", "verdict"), rows)


def _part_lines(parts: DataFrame) -> list[str]:
    from gomafia_kit.cli.words import table

    rows = [
        (row["stage"], row["part"], row["measure"], row["looks"], f"{row['median_mb']:.1f}", f"{row['highest_mb']:.1f}")
        for row in parts.iter_rows(named=True)
    ]
    return table(("stage", "part", "measure", "looks", "median, MB", "highest, MB"), rows)


def _advice_lines(advice: Sequence[Advice]) -> Iterator[str]:
    for one in advice:
        saves = "" if one.saves_mb is None else f" Saves about {one.saves_mb:.0f} MB."
        yield f"{one.about}: {one.seen} {one.do}{saves}"


def _profile_lines(found: Profile) -> Iterator[str]:
    from gomafia_kit.widgets.profile import headline, what_was_held
    from gomafia_kit.widgets.sheets import shown

    yield headline(found)
    yield from _findings_lines(found.findings)  # as sentences: a table of them is too wide for a terminal
    yield f"\n{shown(*what_was_held(found)).text}"


def _findings_lines(findings: Sequence[Finding]) -> Iterator[str]:
    from gomafia_kit.widgets.profile import NOTHING

    if not findings:
        yield NOTHING
    for finding in findings:
        yield f"{finding.kind}: {finding.seen} Remedy: {finding.remedy}."


def _named(text: str) -> tuple[Path, int]:
    """A folder and the number of a run in it, from FOLDER or FOLDER:NUMBER."""
    path, _, number = text.rpartition(":")
    if path and number.isdecimal() and not Path(text).exists():
        folder = folder_of_runs(path)
        return folder, _run(folder, int(number)).run_id
    folder = folder_of_runs(text)
    return folder, _run(folder, None).run_id


def _run(folder: Path, run_id: int | None) -> Run:
    from gomafia_kit.errors import FolderError, start_first
    from gomafia_kit.runs.journal import Journal
    from gomafia_kit.runs.present import present_run

    with Journal(folder) as journal:
        found = present_run(journal) if run_id is None else journal.run(run_id)
    if found is None:
        raise FolderError(f"{folder} holds no run.", start_first(folder))
    return found
