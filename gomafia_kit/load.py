"""The load: the only place where fetch, parse, validate and staging meet.

    answer -> records -> checked rows -> batch of `batch_rows` -> part + ledger, committed together

A batch may hold rows of several answers, and an answer may span several batches; readers see an
answer's rows once everything about its subject (all pages of a list) is read. Killed at any moment,
the next run reads the archived answer again and goes on behind the last committed row.
"""

from __future__ import annotations

import time
from array import array
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import (
    AskFailedError,
    AskRefusedError,
    BrowserEndedError,
    DamagedAnswerError,
    DisallowedError,
    FetchError,
    GomafiaError,
    LayoutChangedError,
    NoSuchPageError,
    NotInArchiveError,
    RunStoppedError,
    SiteBusyError,
)
from gomafia_kit.events import AskDone, BatchDone, BatchStarted, Notice, StageDone, StageStarted, StepDone
from gomafia_kit.parse import PARSER_VERSION, parse, parser_of
from gomafia_kit.plan import ESSENTIAL_KINDS
from gomafia_kit.records import TABLE_OF
from gomafia_kit.resolve import People, resolve
from gomafia_kit.runs.ledger import BatchNote, Load, Portion, Reading
from gomafia_kit.seen import SeenNames
from gomafia_kit.staging.parts import write_part
from gomafia_kit.validate import key_of, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from gomafia_kit.events import Event, Governor, Observer
    from gomafia_kit.fetch.source import Source
    from gomafia_kit.plan import Phase, Planned
    from gomafia_kit.records import Parsed, Rejection
    from gomafia_kit.runs.ledger import Ledger, LiveAnswer, Part
    from gomafia_kit.site import Answer, Ask

LONGEST_BATCH_SECONDS: Final = 60.0
"""A batch is committed after so long even if it isn't full: a polite import would else show nothing for long."""

FAILURES_THAT_ARE_ENOUGH: Final = 3
"""So many in a row mean that the road fails and not one ask.

A refusal by status (403) counts at any time; one in words, which may be about that one thing, before the first answer.
"""

_FAILURES_OF_ONE: Final = (
    AskFailedError,
    AskRefusedError,
    BrowserEndedError,
    DamagedAnswerError,
    LayoutChangedError,
    NoSuchPageError,
    NotInArchiveError,
    SiteBusyError,
)
"""What may be the fault of one ask; any other error is one of the road, or of more than that."""

LIST_AT_WORK: Final = "list_at_work"
"""The fact of a folder that names the list whose pages are being asked for."""

Row = tuple[object, ...]


@dataclass(slots=True)
class _Batch:
    """The open batch: rows by table, and which loads they are of."""

    number: int
    rows_target: int
    started_at: datetime
    clock: float
    rows: dict[str, list[Row]] = field(default_factory=dict)
    portions: dict[tuple[int, str], Portion] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    size: int = 0

    def portion(self, load: Load) -> Portion:
        return self.portions.setdefault((load.ask.ask_id, load.ask.subject), Portion(load))

    def add(self, load: Load, rows: list[tuple[str, Row]]) -> None:
        counts = self.portion(load).rows
        for table, row in rows:
            self.rows.setdefault(table, []).append(row)
            counts[table] += 1
        self.size += len(rows)

    @property
    def room(self) -> int:
        return max(0, self.rows_target - self.size)

    @property
    def is_full(self) -> bool:
        return not self.room or time.monotonic() - self.clock > LONGEST_BATCH_SECONDS


@dataclass(slots=True)
class _Reading:
    """What was read of a subject so far; `is_new` if any of it has to be staged.

    `answers` tells by ask which answer came and what read it. `pages` holds by ask the keys of the rows that each
    page has, as their hashes: a list may be long, and eight bytes a row are enough to tell rows apart. `refused`
    says how many more it has that can't be read, `was_asked` if a page came from the site.
    """

    first: Planned
    answers: dict[int, tuple[str, str]] = field(default_factory=dict)
    pages: dict[int, array[int]] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)
    people: People = field(default_factory=People)
    total: int | None = None
    is_new: bool = False
    was_asked: bool = False
    tail_checked: bool = False
    tail_moved: bool = False
    passes: int = 1

    def begin_again(self) -> None:
        """Forget the pages: the list is read a second time."""
        self.passes += 1
        self.answers.clear()
        self.pages.clear()
        self.refused.clear()
        self.total = None
        self.tail_checked = self.tail_moved = False

    def note_page(self, ask: Ask, parsed: Parsed) -> None:
        """Take in which rows an answer has, and how many more were refused."""
        self.note_total(parsed.total)
        self.pages[ask.ask_id] = _keys(parsed)
        self.refused[ask.ask_id] = max(Counter(each.table for each in parsed.rejections).values(), default=0)

    def compare_tail(self, ask: Ask, again: Parsed) -> None:
        """Take in what the last page said when it was looked at once more: other rows, or others behind it."""
        self.tail_moved |= bool(again.more) or _keys(again) != self.pages[ask.ask_id]

    def note_total(self, total: int | None) -> None:
        """Take in how long a page says that the list is: if two say otherwise, it has moved."""
        self.tail_moved |= total is not None and self.total is not None and total != self.total
        self.total = self.total if total is None else total

    @property
    def has_moved(self) -> bool:
        """True if rows changed their pages while the list was read."""
        return self.tail_moved or bool(self.twice or self.missing)

    @property
    def twice(self) -> int:
        """How many rows stand on two pages."""
        return sum(map(len, self.pages.values())) - self._distinct

    @property
    def missing(self) -> int:
        """How many rows of the whole list, as far as it says how long it is, stand on no page."""
        return max(0, (self.total or 0) - self._distinct - sum(self.refused.values()))

    @property
    def _distinct(self) -> int:
        return sum(1 for _ in groupby(sorted(chain.from_iterable(self.pages.values()))))


def _keys(parsed: Parsed) -> array[int]:
    """The keys of an answer's rows, as their hashes; of several kinds of rows that of the first is the list's."""
    first = next(iter(parsed.records), None)
    return array("q", (hash(key_of(record)) for record in parsed.records if type(record) is type(first)))


@dataclass(frozen=True, slots=True)
class Failed:
    """An ask that got no answer that can be read, and how often it was put to the site."""

    ask: Ask
    error: GomafiaError
    attempts: int

    def after(self, before: Failed | None) -> Failed:
        """What is told of it, if it failed on another road before: that road's ask, and the attempts on both."""
        return self if before is None else Failed(before.ask, self.error, before.attempts + self.attempts)


@dataclass(slots=True)
class _Failures:
    """What failed of the phases at work, by subject; `in_a_row` since the site gave something that could be read."""

    of_subject: dict[str, Failed] = field(default_factory=dict)
    answered: int = 0
    in_a_row: int = 0

    def note_answer(self, *, from_archive: bool) -> None:
        self.answered += 1
        if not from_archive:  # what came long ago says nothing of how the road is now
            self.in_a_row = 0

    def is_of_the_road(self, error: GomafiaError) -> bool:
        """True if the road fails and not this one ask: so many failed in a row."""
        if isinstance(error, NoSuchPageError | DamagedAnswerError):
            return False
        if isinstance(error, AskRefusedError) and self.answered and not error.by_status:
            return False
        self.in_a_row += 1
        return self.in_a_row >= FAILURES_THAT_ARE_ENOUGH


@dataclass(slots=True)
class _Progress:
    known: int = 0
    done: int = 0


class Loader:
    """Loads stages of one run. `checkpoint` is called between asks: it may wait, or raise to stop."""

    def __init__(
        self,
        run_id: int,
        data_dir: Path,
        source: Source,
        ledger: Ledger,
        governor: Governor,
        observers: Sequence[Observer],
        checkpoint: Callable[[], None],
        *,
        personal: bool = False,
    ) -> None:
        self._run_id = run_id
        self._data_dir = data_dir
        self._source = source
        self._ledger = ledger
        self._governor = governor
        self._observers = observers
        self._checkpoint = checkpoint
        self._personal = personal
        self._done = SeenNames()
        self._failures = _Failures()
        self._failed_before: frozenset[str] = frozenset()
        self._stage = ""
        self._batch: _Batch | None = None
        self._batches = 0
        self._progress = _Progress()
        self.rows_written: Counter[str] = Counter()
        self.asks_looked_up = 0
        self.asks_from_archive = 0

    # -- a stage ------------------------------------------------------------------------------

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """The stage that all within belongs to; what was committed stays, whatever happens."""
        started = time.monotonic()
        self._stage, self._batch, self._batches = name, None, 0
        self._done = SeenNames()
        self._failed_before = frozenset(failure.subject for failure in self._ledger.failures())
        self._progress = _Progress()
        self._tell(StageStarted(self._run_id, name, 0, _now()))
        try:
            yield
        except (RunStoppedError, FetchError):
            self._commit()
            raise
        self._commit()
        self._tell(StageDone(self._run_id, name, time.monotonic() - started, _now()))

    def note_step(self, what: str) -> None:
        """Tell that a piece of the stage that is neither ask nor batch is done."""
        self._tell(StepDone(self._run_id, self._stage, what, _now()))

    def load(self, phases: Iterable[Phase], *, one_by_one: bool = False) -> None:
        """Look up every ask and stage what is new; a subject that was read in this stage already is done.

        What failed by itself is in `failed`. If the road fails - several asks in a row, or all of a
        phase, or a list without which the stage makes no sense - the last error is raised; `one_by_one`: never.
        What the archive holds of the phase is read before that: it needn't be asked for by another road.
        """
        self._failures = _Failures()
        for phase in phases:
            self._load_phase(phase, one_by_one=one_by_one)

    @property
    def failed(self) -> dict[str, Failed]:
        """By subject, what failed by itself in the last `load`, whether the road was left for it or not."""
        return self._failures.of_subject

    def is_read(self, subject: str) -> bool:
        """True if all about a subject was read in this stage."""
        return subject in self._done

    def read_again(self, subjects: Iterable[Sequence[Planned]]) -> dict[str, Failed]:
        """Stage anew what is known of subjects, each named by all asks about it: rows of them were lost.

        What can't be had any more, for its archived answer is damaged and the site has it no longer, by subject.
        """
        failed: dict[str, Failed] = {}
        for asks in subjects:
            try:
                self._read_subject_again(asks)
            except (AskRefusedError, LayoutChangedError, NoSuchPageError) as error:
                if isinstance(error, AskRefusedError) and error.by_status:  # that is about who asks
                    raise
                failed[asks[0].ask.subject] = Failed(asks[0].ask, error, self._source.attempts)
        self._commit()
        return failed

    def _read_subject_again(self, asks: Sequence[Planned]) -> None:
        reading = _Reading(asks[0])
        read = [(planned, *self._read(planned)) for planned in asks]
        for _, _, parsed in read:  # who is who in it must be known before the first page is staged
            resolve(parsed.records, reading.people)
        for planned, answer, parsed in read:
            self._checkpoint()
            self._take(planned, reading, answer, parsed)
        self._end_reading(asks[0].ask.subject, reading)

    def _load_phase(self, phase: Phase, *, one_by_one: bool) -> None:
        failures = self._failures
        failures.answered = failures.in_a_row = 0
        ahead = iter(phase.asks)
        behind: list[Planned] = []
        self._progress.known += len(phase.asks)
        read: dict[str, _Reading] = {}
        lost: GomafiaError | None = None
        while planned := behind.pop() if behind else next(ahead, None):
            self._checkpoint()
            if planned.ask.subject in self._done or (lost is not None and not self._is_held(planned)):
                self._progress.known -= 1
                continue
            made_before = self._source.asks_made
            try:
                more = self._load_ask(planned, read)
            except (*_FAILURES_OF_ONE, DisallowedError) as error:
                more = []
                if self._loses_the_road(planned, error, one_by_one=one_by_one):
                    lost = lost or error
            behind.extend(reversed(more))
            self._progress.known += len(more)
            self._ask_done(planned.ask.key, made=self._source.asks_made > made_before)
            if self._batch is not None and self._batch.is_full:  # by its age: whatever came since wasn't new
                self._commit()
        if lost is None and failures.in_a_row and not failures.answered and not one_by_one:
            lost = next(reversed(failures.of_subject.values())).error
        self._commit()  # of a road that is lost, too: what it brought is published with the stage
        if lost is not None:
            raise lost
        if phase.retires:
            self._ledger.retire_others(phase.retires, phase.ids)

    def _is_held(self, planned: Planned) -> bool:
        """True if the archive has an answer that does."""
        return self._source.holds(planned.ask, planned.max_age, planned.newer_than)

    def _loses_the_road(self, planned: Planned, error: GomafiaError, *, one_by_one: bool) -> bool:
        """True if nothing more is to be asked by this road; else what failed by itself is noted."""
        is_essential = planned.ask.kind in ESSENTIAL_KINDS
        is_lacking = isinstance(error, NotInArchiveError)
        if isinstance(error, DisallowedError) or (is_essential and not is_lacking):
            return True
        self._failures.of_subject[planned.ask.subject] = Failed(planned.ask, error, self._source.attempts)
        if is_lacking:
            self._failures.in_a_row += is_essential  # of lists that all are lacking, another road may have some
            return False
        return self._failures.is_of_the_road(error) and not one_by_one

    def _ask_done(self, key: str, *, made: bool) -> None:
        progress = self._progress
        progress.done += 1
        self.asks_looked_up += 1
        self._tell(AskDone(self._run_id, self._stage, key, made, progress.done, progress.known, _now()))

    def _load_ask(self, planned: Planned, read: dict[str, _Reading]) -> list[Planned]:
        """Stage what an ask brings; the asks behind it. `read` holds what was read so far of each subject."""
        ask = planned.ask
        if ask.subject not in read and (known := self._known_by(planned)):
            self._failures.note_answer(from_archive=True)
            self._done.add(ask.subject)
            self.asks_from_archive += len(known)
            self._progress.known += len(known) - 1
            for other in known - {ask.key}:
                self._ask_done(other, made=False)
            return []
        answer, parsed = self._read(planned)
        self._failures.note_answer(from_archive=answer.from_archive)
        if (reading := read.get(ask.subject)) is None:
            reading = read[ask.subject] = _Reading(planned, was_asked=self._was_left_in_the_midst(ask))
        self._take(planned, reading, answer, parsed)
        further = [replace(planned, ask=more) for more in parsed.more]
        if ask.kind in ESSENTIAL_KINDS and reading.was_asked:
            if further and ask.subject != self._list_at_work:
                self._note_list(ask.subject)
            elif not further:
                further = self._look_again(planned, reading, answer)
        if not further:
            self._end_reading(ask.subject, read.pop(ask.subject))
        return further

    def _was_left_in_the_midst(self, ask: Ask) -> bool:
        """True of a list whose pages a killed run asked for: its end is to be looked at, though all are archived."""
        is_list = ask.kind in ESSENTIAL_KINDS and not self._source.is_offline
        return is_list and ask.subject == self._list_at_work

    @property
    def _list_at_work(self) -> str:
        """The list of several pages that is being asked for, or was when the last run was killed."""
        return self._ledger.recall(LIST_AT_WORK) or ""

    def _note_list(self, subject: str) -> None:
        self._ledger.remember(**{LIST_AT_WORK: subject})

    def _known_by(self, planned: Planned) -> set[str]:
        """The asks by which all about a subject was read; none if any of it has to be asked or read again.

        A run that goes on where another one was killed comes by thousands of such subjects: to parse what is
        staged already would take longer than all else up to its first ask.
        """
        live = [] if planned.ask.subject in self._failed_before else self._ledger.settled(planned.ask.subject)
        known = {answer.ask_key for answer in live}
        is_here = planned.ask.key in known and all(self._is_as_staged(answer, planned) for answer in live)
        return known if is_here else set()

    def _is_as_staged(self, answer: LiveAnswer, planned: Planned) -> bool:
        """True if an answer would come out of the archive as it was read, and be read by the same parser."""
        parser = parser_of(answer.kind, planned.road.form, personal=self._personal)
        return answer.parser == parser and self._source.would_be(
            answer.ask_id, answer.sha256, planned.max_age, planned.newer_than
        )

    def _take(self, planned: Planned, reading: _Reading, answer: Answer, parsed: Parsed) -> None:
        """Stage an answer about a subject, unless just this is live already."""
        ask = planned.ask
        reading.was_asked |= not answer.from_archive
        self.asks_from_archive += answer.from_archive
        reading.note_page(ask, parsed)
        parsed.records = resolve(parsed.records, reading.people)
        parser = parser_of(ask.kind, planned.road.form, personal=self._personal)
        reading.answers[ask.ask_id] = (answer.sha256, parser)
        if self._ledger.live_sha(ask, parser) == answer.sha256:
            if not answer.from_archive:
                self._ledger.touch(ask, answer.fetched_at)
        else:
            reading.is_new = True
            self._load_answer(answer, parsed, parser)

    def _look_again(self, planned: Planned, reading: _Reading, last: Answer) -> list[Planned]:
        """What is still to be read of a list of several pages: its tail is looked at once more.

        If it moved while it was read, it is read a second time; if it moves then, too, that is said.
        """
        if len(reading.pages) < 2:  # noqa: PLR2004 - one page can't move under the reader
            return []
        if not reading.tail_checked:
            reading.tail_checked = True
            answer = self._source.again(planned.ask, planned.road.via)
            if answer.sha256 != last.sha256:
                reading.compare_tail(planned.ask, self._parsed(answer, planned.road.form))
        if reading.has_moved and reading.passes == 1:
            reading.begin_again()
            return [replace(reading.first, max_age=timedelta(0))]
        if reading.has_moved:
            moved = f"{reading.twice} of its rows stand on two pages, {reading.missing} on none"
            self._tell(Notice(self._run_id, f"{planned.ask.subject} moved while it was read: {moved}.", _now()))
        return []

    def _end_reading(self, subject: str, reading: _Reading) -> None:
        """Let a subject that was read to its end be seen, with the batch that holds its last rows."""
        self._done.add(subject)
        done = Reading(subject, reading.answers)
        if reading.is_new or subject in self._failed_before or not self._ledger.is_settled(done):
            self._settle(done)
        if reading.first.ask.kind in ESSENTIAL_KINDS and subject == self._list_at_work:
            self._note_list("")

    def _settle(self, reading: Reading) -> None:
        batch = self._open_batch()
        batch.readings.append(reading)
        if batch.is_full:
            self._commit()

    def _read(self, planned: Planned) -> tuple[Answer, Parsed]:
        """The answer and what it holds; a list that has become empty is asked for once more."""
        answer = self._source.answer(planned.ask, planned.max_age, planned.road.via, planned.newer_than)
        parsed = self._parsed(answer, planned.road.form)
        if not answer.from_archive and not parsed.fetched and self._ledger.live_rows(planned.ask):
            self._tell(Notice(self._run_id, f"{planned.ask.key} has become empty: asked once more.", _now()))
            answer = self._source.again(planned.ask, planned.road.via)
            parsed = self._parsed(answer, planned.road.form)
        return answer, parsed

    def _parsed(self, answer: Answer, form: str) -> Parsed:
        try:
            return parse(answer, form, personal=self._personal)
        except LayoutChangedError:
            self._commit()  # what came before it is sound
            raise

    # -- an answer ----------------------------------------------------------------------------

    def _load_answer(self, answer: Answer, parsed: Parsed, parser: str) -> None:
        checked = validate(parsed)
        ask_id = answer.ask.ask_id
        rows = ((TABLE_OF[type(record)], (*record, ask_id)) for record in checked.records)
        if self._batch is not None and (ask_id, answer.ask.subject) in self._batch.portions:
            self._commit()  # an older answer to the same ask: this one takes its place
        load = self._ledger.begin(answer.ask, answer.via, answer.fetched_at, answer.sha256, parser)
        if load.is_ready:
            return
        left = islice(rows, load.rows_done, None)
        self._add_rows(load, left, parsed.fetched, checked.duplicates, checked.rejections)

    def _add_rows(
        self,
        load: Load,
        rows: Iterator[tuple[str, Row]],
        fetched: dict[str, int] | Counter[str],
        duplicates: Counter[str],
        rejections: Sequence[Rejection],
    ) -> None:
        """Put the rows of a load into batches, committing each that is full, and finish the load."""
        batch = self._open_batch()
        while chunk := list(islice(rows, batch.room)):
            batch.add(load, chunk)
            if not batch.room:
                self._commit()
                batch = self._open_batch()
        portion = batch.portion(load)
        portion.finished = True
        portion.fetched = dict(fetched)
        portion.duplicates = duplicates
        portion.rejections = rejections

    # -- a batch ------------------------------------------------------------------------------

    def _open_batch(self) -> _Batch:
        if self._batch is None:
            target = max(1, self._governor.next_rows(self._stage))
            self._batches += 1
            self._batch = _Batch(self._batches, target, _now(), time.monotonic())
            self._tell(BatchStarted(self._run_id, self._stage, self._batches, target, self._batch.started_at))
        return self._batch

    def _commit(self) -> None:
        batch, self._batch = self._batch, None
        if batch is None:
            return
        parts: list[Part] = [write_part(self._data_dir, table, rows) for table, rows in batch.rows.items()]
        seconds = time.monotonic() - batch.clock
        note = BatchNote(self._run_id, self._stage, batch.number, batch.started_at, seconds, batch.rows_target)
        self._ledger.commit(note, parts, list(batch.portions.values()), batch.readings)
        for part in parts:
            self.rows_written[part.table] += part.rows
        rejected = sum(len(portion.rejections) for portion in batch.portions.values())
        self._tell(BatchDone(self._run_id, self._stage, batch.number, batch.size, rejected, seconds, _now()))
        if (out_of_budget := self._governor.verdict()) is not None:
            raise out_of_budget

    def load_derived(self, ask: Ask, table: str, fingerprint: str, rows: Iterator[Row]) -> None:
        """Stage computed rows in place of the ones computed before."""
        load = self._ledger.begin(ask, "derived", _now(), fingerprint, PARSER_VERSION)
        count: Counter[str] = Counter()

        def counted() -> Iterator[tuple[str, Row]]:
            for row in rows:
                count[table] += 1
                if count[table] > load.rows_done:
                    yield table, (*row, ask.ask_id)

        done: Counter[str] = Counter({table: 0})
        if not load.is_ready:
            self._add_rows(load, counted(), done, Counter(), ())
        self._settle(Reading(ask.subject, {ask.ask_id: (fingerprint, PARSER_VERSION)}))
        self._commit()

    def _tell(self, event: Event) -> None:
        for observer in self._observers:
            observer(event)


def _now() -> datetime:
    return datetime.now(UTC)
