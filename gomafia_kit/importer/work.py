"""One run at work: its stages in order, what is derived, published and pushed after each, and what steers it."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final

from psutil import Process

from gomafia_kit.errors import (
    AskFailedError,
    AskRefusedError,
    BrowserError,
    DamagedAnswerError,
    DisallowedError,
    GomafiaError,
    NoSuchPageError,
    NotInArchiveError,
    OutOfBudgetError,
    ParseError,
    RunStoppedError,
    SiteBusyError,
    UnavailableError,
    UnsoundDataError,
    command_for,
)
from gomafia_kit.events import AskDone, BatchDone, Notice
from gomafia_kit.fetch.archive import Archive
from gomafia_kit.fetch.chromium import ChromiumFetcher
from gomafia_kit.fetch.manners import Gate
from gomafia_kit.fetch.source import Source
from gomafia_kit.importer.account import accounts, peaks
from gomafia_kit.importer.alerts import MEMORY, SITE
from gomafia_kit.importer.crash import tell_of_crashes
from gomafia_kit.importer.mend import mend_parts
from gomafia_kit.importer.origin import fetchers
from gomafia_kit.importer.refresh import refresh_since
from gomafia_kit.load import Failed, Loader
from gomafia_kit.memory.budget import LASTING_SECONDS, AutomaticRows, Steered, answer_bytes
from gomafia_kit.memory.diet import BrowserDiet
from gomafia_kit.memory.garbage import Garbage
from gomafia_kit.memory.heap import handles, heap
from gomafia_kit.memory.limits import budget_mb
from gomafia_kit.memory.meter import Meter
from gomafia_kit.memory.profiler import Profiler, profile_folder
from gomafia_kit.memory.pulse import Pulse
from gomafia_kit.plan import OPTIONS, STAGE_OF_KIND, needed_first, only, phases, subjects
from gomafia_kit.roads import CHROMIUM, roads_for
from gomafia_kit.runs.database import check_sound
from gomafia_kit.runs.ledger import Ledger
from gomafia_kit.runs.log import EventLog
from gomafia_kit.soundness import after_run, as_plain
from gomafia_kit.staging.compact import compact, sweep
from gomafia_kit.staging.derive import derived_ask, derived_rows, inputs_fingerprint
from gomafia_kit.staging.known import StagedLeague
from gomafia_kit.staging.live import LiveTables
from gomafia_kit.staging.pools import GIVE_BACK
from gomafia_kit.staging.publish import forget_damaged, is_half_made, publish
from gomafia_kit.staging.published import PublishedRows, is_current

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from contextlib import ExitStack

    from gomafia_kit.events import Event, Observer
    from gomafia_kit.memory.profiler import Profiling
    from gomafia_kit.plan import Phase
    from gomafia_kit.roads import Road
    from gomafia_kit.runs.journal import Journal
    from gomafia_kit.settings import Settings
    from gomafia_kit.soundness import Check

SECONDS_BETWEEN_PUBLICATIONS: Final = 60.0
PUBLISHING_COSTS_AT_MOST_ONE_IN: Final = 10
"""A large league is published less often: in the midst of a stage this is for those who watch."""
BATCHES_UNTIL_GIVEN_BACK: Final = 5
"""So many batches leave what malloc keeps of them; giving it back takes some milliseconds."""
SECONDS_BETWEEN_LOOKS: Final = 0.2
LONG_REST_SECONDS: Final = 5.0
"""A rest that is longer is noted, so that it isn't taken for a stall; shorter ones may come before every ask."""
_ANOTHER_ROAD_MAY_HELP: Final = (
    AskFailedError,
    ParseError,
    AskRefusedError,
    DisallowedError,
    SiteBusyError,
    BrowserError,
    UnavailableError,
    NotInArchiveError,
)
_NOT_OF_THE_SITE: Final = (BrowserError, UnavailableError, NotInArchiveError)
_GO_ON: Final = "Run again to go on: nothing is lost."

_DERIVED_AFTER: Final = {
    "clubs": ("player",),
    "players": ("player",),
    "judges": ("player",),
    "tournaments": ("player",),
    "games": ("player",),
    "statistics": ("player", "player_year", "player_role_year"),
    "push": ("player",),
}


class Import:
    """One run at work."""

    def __init__(
        self,
        run_id: int,
        settings: Settings,
        journal: Journal,
        stop: threading.Event,
        profiling: Profiling | None = None,
        alert: Callable[[str, str], None] = lambda _kind, _text: None,
    ) -> None:
        self._alert = alert
        self.run_id = run_id
        self.settings = settings
        self.journal = journal
        self.data_dir = settings.folder
        self._stop = stop
        self._profiling = profiling
        self._looked_at = 0.0
        self._published_at = time.monotonic()
        self._publishing_took = 0.0
        self._keeps_still = False
        self._started = time.monotonic()
        self._seconds_paused = 0.0
        self._push: list[dict[str, Any]] = []
        self._pushed_to: dict[str, str] | None = None
        self._crashes: list[dict[str, Any]] = []
        self._failures: list[GomafiaError] = []
        self._left_out: list[str] = []
        self._failed: list[dict[str, str]] = []
        self._account: tuple[list[dict[str, Any]], list[Check]] | None = None
        self._limit_mb = budget_mb(settings.memory_limit_mb)

    def work(self, stack: ExitStack) -> tuple[dict[str, Any], GomafiaError | None]:
        """Run every stage; the receipt, and the error of the first stage that stopped, if one did."""
        check_sound(self.journal.path)
        self._open_folder(stack)
        self._tell_of_a_lower_limit()
        self._crashes = tell_of_crashes(self.journal, self.ledger, self.archive, self._tell)
        self._open_source(stack)
        self._make_loader(stack)
        self.journal.set_state(self.run_id, "running")
        self._put_in_order()
        try:
            self._run_stages()
        except OutOfBudgetError:
            raise  # an account needs memory, too
        except RunStoppedError as stopped:
            return self._receipt() | {"nothing_new": False}, stopped
        self._note_what_failed()
        return self._receipt(), next(iter(self._failures), None)

    def _open_folder(self, stack: ExitStack) -> None:
        settings = self.settings
        self.archive = stack.enter_context(Archive(self.data_dir, settings.league, settings.source_facts()))
        self.ledger = stack.enter_context(Ledger(self.data_dir))
        self._log = stack.enter_context(EventLog(self.data_dir))

    def _tell_of_a_lower_limit(self) -> None:
        wished_mb = self.settings.memory_limit_mb
        if wished_mb and self._limit_mb < wished_mb:
            given = f"memory_limit_mb is {wished_mb:,}"
            self._tell(f"{given}, but the system lets this process have {self._limit_mb:,.0f} MB: that holds.")

    def _open_source(self, stack: ExitStack) -> None:
        settings = self.settings
        since = refresh_since(self.run_id, self.journal, self.ledger, self._tell) if settings.refresh else None
        who = fetchers(settings, self._tell, stack, answer_bytes(self._limit_mb))
        longest = 60 * settings.longest_outage_minutes
        down = partial(self._tell_and_alert, SITE)
        self.source = Source(self.archive, who, Gate(settings.pace), self._tell, since, longest, self._rest, down)
        stack.callback(self.source.close)

    def _make_loader(self, stack: ExitStack) -> None:
        """The loader, what measures its memory, and what goes by that."""
        garbage = stack.enter_context(Garbage(self.settings.gc))
        pulse = stack.enter_context(Pulse())
        self.meter = meter = Meter(
            self.journal,
            self.run_id,
            cheap=(heap, garbage.gauges, pulse.gauges, lambda: [("budget", "limit_mb", budget.limit_mb)]),
            dear=(partial(handles, Process()), self._browser_gauges),
            dear_each_batch=self._profiling is not None,
        )
        tell_memory = partial(self._tell_and_alert, MEMORY)
        self._budget = budget = AutomaticRows(self._limit_mb, meter, tell_memory, self.settings.batch_rows)
        diet = BrowserDiet(
            lambda: meter.chromium_mb, partial(self._rest_browser, meter), self._tell, lambda: budget.is_scarce
        )
        self.loader = Loader(
            self.run_id,
            self.data_dir,
            self.source,
            self.ledger,
            Steered(budget, lambda: self.journal.control(self.run_id)),
            # Budget and diet go by what the meter has just seen: they come behind it.
            (
                self.journal.observe,
                self._log,
                garbage,
                _give_back_now_and_then,
                meter,
                budget,
                diet,
                *self._profiler(stack, garbage),
                self._publish_now_and_then,
            ),
            self._checkpoint,
            personal=self.settings.personal,
        )

    def _put_in_order(self) -> None:
        """Mend and sweep away what earlier runs left, and look at what is published."""
        self._mend()
        sweep(self.data_dir, self.ledger)
        self._forget_damaged()
        if is_half_made(self.ledger, self.settings.staging):
            self._published_at = -inf
        self._state = self.ledger.fingerprint()

    def _run_stages(self) -> None:
        stages = self._stages()
        for stage, further in zip(stages, (*stages[1:], "push"), strict=True):
            self._run_stage(stage, is_last_to_load=further == "push")

    def _note_what_failed(self) -> None:
        """Asks to which no road brought an answer make the run a failed one."""
        if self._failed:
            count = len(self._failed)
            told = f"{count} {'ask' if count == 1 else 'asks'} failed by every road; all else is in place."
            self._failures.append(
                AskFailedError(
                    told,
                    f"{command_for(self.data_dir, 'retry')} takes just that up again,"
                    " and so does the next run as it comes by.",
                )
            )

    def _stages(self) -> list[str]:
        """The stages to run; one that the games need and that never ran comes along."""
        stages = list(self.settings.stages)
        for needed in needed_first(self.settings, StagedLeague(self.data_dir, self.ledger)):
            stages.insert(stages.index("games"), needed)
            self._tell(f"games needs {needed}, which this folder doesn't hold yet: they come first.")
        return stages

    def _mend(self) -> None:
        """Make again what damaged parts held; of what nobody has any more, nothing stays."""
        with self._keeping_still():  # parts are listed that aren't there
            failed = mend_parts(self.data_dir, self.ledger, self.loader, self._derive, self._tell)
        for name, failure in failed.items():
            self._leave(STAGE_OF_KIND[failure.ask.kind], name, failure)

    def _run_stage(self, stage: str, *, is_last_to_load: bool) -> None:
        """Load a stage, and bring up to date what is made of all rows; or push.

        A stage that changed nothing leaves that to the next one, so that what a killed run left to be made
        doesn't stand before the first ask.
        """
        with self.loader.stage(stage):
            self._account = None
            if stage == "push":
                self._derive_after(stage)  # a stage that was stopped has left it undone
                self._forget_damaged()
                if is_half_made(self.ledger, self.settings.staging) or self.ledger.fingerprint() != self._state:
                    self._publish()
                # A push changes nothing here, and what it loads stays in memory: the checks go before it.
                self._account = self._accounted()
                self._push_staged()
                return
            self._load_stage(stage)
            self._rest_browser(self.meter)  # all is read: what is computed and published now has its room
            if not is_last_to_load and self.ledger.fingerprint() == self._state:
                return
            self._derive_after(stage)
            compact(self.data_dir, self.ledger)
            self._publish()
            self._state = self.ledger.fingerprint()

    def _derive_after(self, stage: str) -> None:
        """Compute a stage's own tables, and those that are there and must not fall behind."""
        own = _DERIVED_AFTER.get(stage, ())
        for table in _DERIVED_AFTER["statistics"]:
            if table in own or self.ledger.has_live(derived_ask(table)):
                self._derive(table)

    def _load_stage(self, stage: str) -> None:
        """Read all that is asked for in a stage: a page that we don't understand, or don't get, stops no other stage.

        Nor does it stop what an option asks for besides.
        """
        names, is_whole = subjects(stage, self.settings), True
        for place, subject in enumerate(names):
            if not is_whole and subject not in OPTIONS:
                continue
            try:
                self._load_subject(stage, subject)
            except (*_ANOTHER_ROAD_MAY_HELP, DamagedAnswerError) as error:
                is_whole = False
                self._failures.append(error)
                goes_on = not OPTIONS.isdisjoint(names[place + 1 :])
                self._tell(f"Stage {stage} {f'goes on without {subject}' if goes_on else 'stopped'}: {error}")

    def _load_subject(self, stage: str, subject: str) -> None:
        """Read a subject by the cheapest road that works, and say so where that is another than the first.

        What fails by itself is tried alone by the other roads; what fails by all of them goes onto the list.
        """
        wanted = frozenset(each.subject for each in self.ledger.failures()) if self.settings.retry else None
        tried: dict[str, Failed] = {}
        left: dict[str, Failed] = {}
        errors: list[GomafiaError] = []
        roads = roads_for(subject, self.settings)
        for road, further in zip(roads, (*roads[1:], None), strict=True):
            now = f"Now as {further}." if further else "There is no other way."
            try:
                self.loader.load(self._phases(subject, road, wanted), one_by_one=wanted is not None)
            except _ANOTHER_ROAD_MAY_HELP as error:
                errors.append(error)
                self._tell(f"{subject} can't be read as {road}: {error.message} {now}")
                if wanted is not None:  # some of them may have come before the road was lost
                    left = {name: told for name, told in left.items() if not self.loader.is_read(name)}
                    wanted = frozenset(name for name in wanted if not self.loader.is_read(name))
                continue
            finally:
                tried |= {name: told.after(tried.get(name)) for name, told in self.loader.failed.items()}
            left = {name: tried[name] for name in self.loader.failed}
            wanted = frozenset(name for name, told in left.items() if not isinstance(told.error, NoSuchPageError))
            if not wanted:
                break
            errors_of = [left[name].error for name in sorted(wanted)]
            unread = [error for error in errors_of if not isinstance(error, NotInArchiveError)]
            if unread:
                self._tell(f"{len(unread)} of {subject} can't be read as {road}: {unread[0].message} {now}")
        else:
            if wanted is None or (errors and not left and wanted):
                # What the site said tells more than that there is no browser to ask it by, or nothing of it here.
                told = [error for error in errors if not isinstance(error, _NOT_OF_THE_SITE)]
                raise (told or errors[:1])[-1]
        self._leave_what_is_lacking(subject, left)
        for name, failure in left.items():
            if not isinstance(failure.error, NotInArchiveError):
                self._leave(stage, name, failure)

    def _phases(self, subject: str, road: Road, wanted: frozenset[str] | None) -> Iterator[Phase]:
        planned = phases(subject, self.settings, StagedLeague(self.data_dir, self.ledger), road)
        return planned if wanted is None else only(planned, wanted, anew=self.settings.retry)

    def _leave_what_is_lacking(self, subject: str, left: dict[str, Failed]) -> None:
        """Go on without what the archive doesn't hold in any form, and say so once: it may be thousands."""
        lacking = [failed.ask.key for failed in left.values() if isinstance(failed.error, NotInArchiveError)]
        if lacking:
            self._left_out += lacking
            self._tell(f"{len(lacking):,} of {subject} aren't in the archive, {lacking[0]} for one. They are left out.")

    def _leave(self, stage: str, subject: str, failed: Failed) -> None:
        """Go on without what no road brought, and say so."""
        ask, error = failed.ask, failed.error
        # Its address alone doesn't tell which it is: of a call the fields do.
        told = error.message if ask.key in error.message else f"{ask.key}: {error.message}"
        self.ledger.note_failure(subject, stage, ask.key, error, failed.attempts, datetime.now(UTC))
        if isinstance(error, NoSuchPageError | AskRefusedError | DamagedAnswerError):
            self._left_out.append(ask.key)
            self._tell(f"{told} It is left out.")
        else:
            self._failed.append({"ask": ask.key, "why": error.message})
            again = command_for(self.data_dir, "retry")
            self._tell(f"{told} It is on the list of failures: {again} takes it up again.")

    def _derive(self, table: str) -> None:
        ask, fingerprint = derived_ask(table), inputs_fingerprint(table, self.ledger)
        if self.ledger.is_live(ask, fingerprint):
            return
        # Its rows come out of the parts while they are staged: these stay as they are.
        with self._keeping_still(), self._live() as live:
            self.loader.load_derived(ask, table, fingerprint, derived_rows(table, self.ledger, live))

    @contextmanager
    def _keeping_still(self) -> Iterator[None]:
        """Nothing is put together or published meanwhile."""
        before, self._keeps_still = self._keeps_still, True
        try:
            yield
        finally:
            self._keeps_still = before

    def _live(self) -> LiveTables:
        return LiveTables(self.data_dir, self.ledger)

    # -- publishing and pushing -------------------------------------------------------------------

    def _publish_now_and_then(self, event: Event) -> None:
        if not (isinstance(event, BatchDone) or (isinstance(event, AskDone) and event.made)):
            return
        pause = max(SECONDS_BETWEEN_PUBLICATIONS, PUBLISHING_COSTS_AT_MOST_ONE_IN * self._publishing_took)
        if not self._keeps_still and time.monotonic() - self._published_at > pause:
            if self._budget.is_scarce:
                self._rest_browser(self.meter)  # nothing is asked meanwhile, and both at once may be too much
            compact(self.data_dir, self.ledger)
            self._publish()

    def _publish(self) -> None:
        began = time.monotonic()
        with self._live() as live:
            publish(self.data_dir, self.ledger, live, self.settings.staging)
        self._published_at = time.monotonic()
        self._publishing_took = self._published_at - began

    def _forget_damaged(self) -> None:
        """Look at what is published, so that nobody is given, and nothing pushed, that wasn't published here."""
        if forget_damaged(self.data_dir, self.ledger, self.settings.staging):
            self._tell("What is published isn't what was published here: damaged, or changed. It is published anew.")

    def _push_staged(self) -> None:
        from gomafia_kit.postgres.target import push_folder, shown_server

        gc.collect()  # what a push loads takes the room of what the stages have left
        with self._rows_to_push() as rows:
            reports = push_folder(
                self.data_dir,
                rows,
                folder_id=self.ledger.folder_id,
                league=self.settings.league,
                schema=self.settings.postgres_schema,
                batch_rows=self.settings.batch_rows,
                refresh=self.settings.refresh,
                tell=self._tell,
                sleep=self._rest,
                sent=self._note_sent,
            )
        self._push = [
            {"table": r.table, "new": r.new, "changed": r.changed, "same": r.same, "gone": r.gone} for r in reports
        ]
        self._pushed_to = {"server": shown_server(self.data_dir), "schema": self.settings.postgres_schema}

    def _note_sent(self, table: str) -> None:
        self.loader.note_step(f"{table} sent")
        self._keep_to_budget(lasting=0)

    def _rows_to_push(self) -> PublishedRows | LiveTables:
        """What is published, unless the last publication is of an older state."""
        form = self.settings.staging
        return PublishedRows(self.data_dir, self.ledger, form) if is_current(self.ledger, form) else self._live()

    # -- what steers it ---------------------------------------------------------------------------

    def _checkpoint(self) -> None:
        """Between two asks: wait while paused, raise if the run is to stop."""
        if self._stop.is_set():
            raise RunStoppedError("The import was stopped by a signal or its starter's end.", _GO_ON)
        longest = self.settings.longest_minutes
        if longest is not None and time.monotonic() - self._started - self._seconds_paused > 60 * longest:
            raise RunStoppedError(f"The import has worked for its longest time, {longest:g} minutes.", _GO_ON)
        if time.monotonic() - self._looked_at < SECONDS_BETWEEN_LOOKS:
            return
        self._looked_at = time.monotonic()
        self._keep_to_budget()
        wish = self.journal.control(self.run_id).wish
        if wish == "pause":
            self._wait_while_paused()
        elif wish == "stop":
            raise RunStoppedError("The import was stopped.", _GO_ON)

    def _keep_to_budget(self, *, lasting: float = LASTING_SECONDS) -> None:
        if (out_of_budget := self._budget.verdict_between(lasting)) is not None:
            raise out_of_budget

    def _rest(self, seconds: float) -> None:
        """Wait, but pause and stop at once if that is wished: raises RunStoppedError."""
        ends_at = time.monotonic() + seconds
        if seconds > LONG_REST_SECONDS:
            self.journal.expect_rest(self.run_id, seconds)
        while (left := ends_at - time.monotonic()) > 0:
            self._stop.wait(min(left, SECONDS_BETWEEN_LOOKS))
            self._checkpoint()

    def _wait_while_paused(self) -> None:
        self.journal.set_state(self.run_id, "paused")
        began = time.monotonic()
        while self.journal.control(self.run_id).wish == "pause" and not self._stop.is_set():
            time.sleep(SECONDS_BETWEEN_LOOKS)
        self.journal.set_state(self.run_id, "running")
        seconds = time.monotonic() - began
        self._seconds_paused += seconds
        self._tell(f"It was paused for {seconds:.0f} s.")
        self._looked_at = 0.0
        self._checkpoint()

    def _profiler(self, stack: ExitStack, garbage: Garbage) -> list[Observer]:
        if self._profiling is None:
            return []
        folder = profile_folder(self.data_dir, self.run_id)
        return [stack.enter_context(Profiler(folder, self._profiling, lambda: tuple(garbage.gauges())))]

    def _browser_gauges(self) -> list[tuple[str, str, float]]:
        browser = self.source.made(CHROMIUM)
        return browser.gauges() if isinstance(browser, ChromiumFetcher) else []

    def _rest_browser(self, meter: Meter) -> None:
        browser = self.source.made(CHROMIUM)
        if isinstance(browser, ChromiumFetcher):
            browser.rest()
            meter.forget_browser()

    def _tell_and_alert(self, kind: str, text: str) -> None:
        self._tell(text)
        self._alert(kind, text)

    def _tell(self, text: str) -> None:
        notice = Notice(self.run_id, text, datetime.now(UTC))
        self.journal.observe(notice)
        self._log(notice)

    # -- the account ------------------------------------------------------------------------------

    def _accounted(self) -> tuple[list[dict[str, Any]], list[Check]]:
        """Where each table's records went, and the quick checks of the folder."""
        with self._live() as live:
            tables = accounts(self.ledger, live, self.loader.rows_written)
            return tables, list(after_run(self.data_dir, self.ledger, self.archive, live, tables))

    def _note_faults(self, checks: list[Check]) -> None:
        """What the checks found makes the run a failed one, with its receipt."""
        wrong = [fault for check in checks for fault in check.faults]
        for fault in wrong:
            self._tell(f"Found wrong: {fault}")
        if wrong:
            told = UnsoundDataError(f"A check found {wrong[0].table} wrong: {wrong[0].value}.", wrong[0].remedy)
            self._failures.append(told)

    def _receipt(self) -> dict[str, Any]:
        asks_made = self.source.asks_made
        push_changes = sum(report["new"] + report["changed"] + report["gone"] for report in self._push)
        tables, checks = self._account or self._accounted()
        self._note_faults(checks)
        self.meter.end()
        return {
            "league": self.settings.league,
            "data_dir": str(self.data_dir),
            "staging": self.settings.staging,
            "tables": tables,
            "asks": {
                "planned": self.loader.asks_looked_up,
                "made": asks_made,
                "from_archive": self.loader.asks_from_archive,
            },
            "left_out": self._left_out,
            "failed": self._failed,
            "push": self._push,
            "pushed_to": self._pushed_to,
            "crashes": self._crashes,
            "checks": [as_plain(check) for check in checks],
            "nothing_new": asks_made == 0 and not self.loader.rows_written and push_changes == 0,
            "seconds": round(time.monotonic() - self._started, 1),
            **peaks(self.journal.memory(self.run_id)),
        }


def _give_back_now_and_then(event: Event) -> None:
    if isinstance(event, BatchDone) and event.number % BATCHES_UNTIL_GIVEN_BACK == 0:
        GIVE_BACK()
