"""What runs that were killed or broken off left behind: told by the next one, before it goes on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gomafia_kit.errors import RunDiedError, RunStoppedError
from gomafia_kit.staging.parts import unknown_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from gomafia_kit.fetch.archive import Archive
    from gomafia_kit.runs.journal import Journal, Run
    from gomafia_kit.runs.ledger import Ledger


@dataclass(frozen=True, slots=True)
class CrashReceipt:
    """A killed run: what of it is safe, what is done again, and how many asks that costs at most."""

    run_id: int
    was_broken_off: bool
    answers_safe: int
    batches_safe: int
    rows_safe: int
    answers_read_again: int
    files_deleted: int
    asks_at_most: int

    def __str__(self) -> str:
        files = f"; {self.files_deleted:,} unfinished files are deleted" if self.files_deleted else ""
        ended = "was broken off" if self.was_broken_off else "ended without a word: killed, or out of memory"
        return (
            f"Run {self.run_id} {ended}."
            f" Safe: {self.answers_safe:,} answers in the archive, {self.batches_safe:,} batches"
            f" with {self.rows_safe:,} rows. Done again: the batch that was open, and"
            f" at most {self.answers_read_again:,} archived answers are read that aren't staged whole{files}."
            f" It costs at most {self.asks_at_most} ask, the one that was under way."
        )


def tell_of_crashes(
    journal: Journal, ledger: Ledger, archive: Archive, tell: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Tell of each run that was killed or broken off since the last look, and note its end; the receipts as plain data.

    To be called before anything of the folder is changed.
    """
    crashed = [run for run in journal.runs() if not run.is_working and run.ended_at is None]
    receipts = [_receipt(run, journal, ledger, archive) for run in crashed]
    for run, receipt in zip(crashed, receipts, strict=True):
        tell(str(receipt))
        kind = RunStoppedError if receipt.was_broken_off else RunDiedError
        error = (kind.__name__, str(receipt), "The next run has gone on.", kind.exit_code)
        journal.end(run.run_id, run.state, error=error)
    return [asdict(receipt) for receipt in receipts]


def _receipt(run: Run, journal: Journal, ledger: Ledger, archive: Archive) -> CrashReceipt:
    batches = journal.batches(run.run_id)
    answers, staged = archive.bodies(), ledger.staged_bodies()
    return CrashReceipt(
        run.run_id,
        run.state == "stopped",
        len(answers),
        len(batches),
        sum(batch.rows for batch in batches),
        len(answers - staged),
        len(unknown_files(journal.data_dir, ledger.known_paths())),
        1,
    )
