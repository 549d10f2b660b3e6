"""What runs that were killed left behind: told by the next one, before it goes on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gomafia_kit.errors import RunDiedError
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
    answers_safe: int
    batches_safe: int
    rows_safe: int
    answers_read_again: int
    files_deleted: int
    asks_at_most: int

    def __str__(self) -> str:
        files = f"; {self.files_deleted:,} unfinished files are deleted" if self.files_deleted else ""
        return (
            f"Run {self.run_id} ended without a word: killed, or out of memory."
            f" Safe: {self.answers_safe:,} answers in the archive, {self.batches_safe:,} batches"
            f" with {self.rows_safe:,} rows. Done again: the batch that was open, and"
            f" {self.answers_read_again:,} archived answers are read that aren't staged whole{files}."
            f" It costs at most {self.asks_at_most} ask, the one that was under way."
        )


def tell_of_crashes(
    journal: Journal, ledger: Ledger, archive: Archive, tell: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Tell of each run that was killed since the last look, and note its end; the receipts as plain data.

    To be called before anything of the folder is changed.
    """
    crashed = [run for run in journal.runs() if run.state == "died" and run.ended_at is None]
    receipts = [_receipt(run, journal, ledger, archive) for run in crashed]
    for receipt in receipts:
        tell(str(receipt))
        told = RunDiedError(str(receipt), "The next run has gone on.")
        journal.end(receipt.run_id, "died", error=("RunDiedError", told.message, told.remedy, told.exit_code))
    return [asdict(receipt) for receipt in receipts]


def _receipt(run: Run, journal: Journal, ledger: Ledger, archive: Archive) -> CrashReceipt:
    batches = journal.batches(run.run_id)
    answers, staged = archive.bodies(), ledger.staged_bodies()
    return CrashReceipt(
        run.run_id,
        len(answers),
        len(batches),
        sum(batch.rows for batch in batches),
        len(answers - staged),
        len(unknown_files(journal.data_dir, ledger.known_paths())),
        1,
    )
