"""What is to be said of a run at one moment, as plain values; everything shown is made from these."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self

from gomafia_kit.memory.peaks import peak_of, taken_by_part, tells_pss
from gomafia_kit.runs.journal import WORKING, Batch, Journal
from gomafia_kit.settings import STAGES, pace_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from gomafia_kit.runs.journal import MemorySample, Run, StageProgress

WINDOW_SECONDS: Final = 60.0
"""The time that is left is told from the pace of the last minute."""
SURE_AFTER_SECONDS: Final = 2.0
SURE_AFTER_ASKS: Final = 3


@dataclass(frozen=True, slots=True)
class StageFigures:
    """A stage of the run; `state` is waiting, running, done; after the run's end also unfinished or not begun."""

    stage: str
    state: str
    asks_known: int = 0
    asks_done: int = 0
    asks_made: int = 0
    rows: int = 0
    rejected: int = 0
    batches: int = 0

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""
        if self.state == "done":
            return 1.0
        return self.asks_done / self.asks_known if self.asks_known else 0.0


@dataclass(frozen=True, slots=True)
class Point:
    """A batch with its memory in MB; None is "not measured".

    `python_mb` is exact (RSS), the others are sampled (PSS). `limit_mb` is the budget that the batch was held to.
    """

    stage: str
    batch: int
    seconds: float
    rows: int
    python_mb: float | None
    tree_mb: float | None
    driver_mb: float | None = None
    chromium_mb: float | None = None
    limit_mb: float | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """How quick a run was in the last minute, None while that can't be told.

    `most_asks` is what its pace allows a second, None where it keeps none.
    """

    asks: float | None = None
    most_asks: float | None = None
    rows: float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """A run at one moment. `seconds_left` is of the stage at work, None while it can't be told.

    `seconds_silent` is since the last sign of life; `is_stalled` once that is longer than `stall_minutes`.
    `longest_seconds` is how long it may work in all. `wished_rows` is the batch size that a person asked for,
    `rows_target` that of the newest batch. `memory_mb` is what each part took at the last look or batch, `peak_mb` the
    most that all together did, by `peak_measure` (RSS where the system tells no PSS). `limit_mb` is the budget that
    holds now, None if the run was over before one was told; `wished_limit_mb` what a person asked for. `open_point` is
    the memory in the batch that is still open.
    """

    run_id: int
    data_dir: Path
    league: str
    state: str
    wish: str
    started_at: datetime
    seconds: float
    stages: tuple[StageFigures, ...]
    points: tuple[Point, ...]
    notices: tuple[str, ...]
    seconds_left: float | None
    wished_rows: int | None
    rows_target: int | None
    limit_mb: float | None
    message: str
    remedy: str
    seconds_silent: float = 0.0
    is_stalled: bool = False
    rates: Rates = Rates()
    longest_seconds: float | None = None
    memory_mb: Mapping[str, float] = field(default_factory=dict)
    peak_mb: float | None = None
    peak_measure: str = "PSS"
    open_point: Point | None = None
    wished_limit_mb: float | None = None

    @property
    def is_working(self) -> bool:
        """True while the run's process is at work."""
        return self.state in WORKING

    @property
    def current(self) -> StageFigures | None:
        """The stage at work, or None."""
        return next((stage for stage in self.stages if stage.state == "running"), None)

    @property
    def points_so_far(self) -> tuple[Point, ...]:
        """Each batch, and the one that is open: what a chart shows while the run is at work."""
        return self.points if self.open_point is None else (*self.points, self.open_point)

    @property
    def rows(self) -> int:
        """Rows committed so far."""
        return sum(stage.rows for stage in self.stages)

    @property
    def rejected(self) -> int:
        """Rows refused so far."""
        return sum(stage.rejected for stage in self.stages)

    @property
    def asks_made(self) -> int:
        """Asks that the site answered in this run."""
        return sum(stage.asks_made for stage in self.stages)

    @property
    def asks_done(self) -> int:
        """Asks looked up so far, at the site or in the archive."""
        return sum(stage.asks_done for stage in self.stages)


class Pace:
    """How quick a stage is, from what was seen in the last minute; pauses don't count."""

    def __init__(self) -> None:
        self._stage = ""
        self._seen: deque[tuple[float, int]] = deque()

    def seen(self, stage: str, asks_done: int, moment: float, *, paused: bool) -> None:
        """Note how many asks a stage has done at a moment (in seconds)."""
        if stage != self._stage or paused:
            self._stage = stage
            self._seen.clear()
        if not paused:
            self._seen.append((moment, asks_done))
            while moment - self._seen[0][0] > WINDOW_SECONDS:
                self._seen.popleft()

    @property
    def per_second(self) -> float | None:
        """How many a second, or None if that can't be told yet."""
        if not self._seen:
            return None
        (first, before), (last, now) = self._seen[0], self._seen[-1]
        return (now - before) / (last - first) if last - first >= SURE_AFTER_SECONDS else None

    def seconds_left(self, asks_left: int) -> float | None:
        """How long that many asks will take, or None if that can't be told yet."""
        if asks_left <= 0 or not self._seen:
            return None
        (first, before), (last, now) = self._seen[0], self._seen[-1]
        if last - first < SURE_AFTER_SECONDS or now - before < SURE_AFTER_ASKS:
            return None
        return asks_left * (last - first) / (now - before)


class Watch:
    """Looks at a run again and again, reading only what is new."""

    def __init__(self, data_dir: Path, run_id: int) -> None:
        self._data_dir = data_dir
        self._run_id = run_id
        self._journal = Journal(data_dir)
        self._batches: list[Batch] = []
        self._memory: list[MemorySample] = []
        self._limits: dict[tuple[str, int], float] = {}
        self._look: tuple[MemorySample, ...] = ()
        self._taken: dict[str, float] = {}
        self._peak_mb: float | None = None
        self._peak_measure = "PSS"
        self._pace = Pace()
        self._made = Pace()
        self._rows = Pace()

    def look(self) -> Figures:
        """The run as it stands now."""
        journal = self._journal
        # The run first: if it has ended by then, all that is read after it is final.
        run = journal.run(self._run_id)
        control = journal.control(self._run_id)
        self._batches += journal.batches(self._run_id, len(self._batches))
        self._look_at_memory()
        stages = stage_figures(run, journal.stages(self._run_id))
        notices = tuple(text for _, text in journal.notices(self._run_id))
        moment = run.ended_at or datetime.now(UTC)
        current = next((stage for stage in stages if stage.state == "running"), None)
        if current is not None:
            self._pace.seen(current.stage, current.asks_done, moment.timestamp(), paused=run.state == "paused")
        is_paused = run.state == "paused"
        if run.is_working:
            self._made.seen("", sum(stage.asks_made for stage in stages), moment.timestamp(), paused=is_paused)
            self._rows.seen("", sum(stage.rows for stage in stages), moment.timestamp(), paused=is_paused)
        left = self._pace.seconds_left(current.asks_known - current.asks_done) if current is not None else None
        return Figures(
            run_id=run.run_id,
            data_dir=self._data_dir,
            league=league_of(run),
            state=run.state,
            wish=control.wish,
            started_at=run.started_at,
            seconds=max(0.0, (moment - run.started_at).total_seconds()),
            stages=stages,
            points=points_of(self._batches, self._memory, self._limits),
            notices=notices,
            seconds_left=left,
            seconds_silent=journal.silent_seconds(run),
            is_stalled=journal.is_stalled(run),
            rates=Rates(self._made.per_second, _most_asks(run), self._rows.per_second),
            memory_mb=self._taken,
            peak_mb=self._peak_mb,
            peak_measure=self._peak_measure,
            open_point=self._open_point() if run.is_working else None,
            longest_seconds=None if (most := _value(run, "longest_minutes")) is None else 60 * float(most),
            wished_rows=control.batch_rows,
            rows_target=self._batches[-1].rows_target if self._batches else None,
            limit_mb=next(reversed(self._limits.values()), _value(run, "memory_limit_mb")),
            wished_limit_mb=control.memory_limit_mb,
            message=died_message(run) if run.state == "died" else run.message or "",
            remedy=DIED_REMEDY if run.state == "died" else run.remedy or "",
        )

    def _look_at_memory(self) -> None:
        """Read what was measured since; the latest look counts until its batch has its own figures."""
        # The look first: what it showed is then in the batches' figures, if its batch is over.
        look = self._journal.latest_look(self._run_id)
        if new := self._journal.memory(self._run_id, len(self._memory)):
            self._memory += new
            self._limits = {(m.stage, m.batch): m.figure for m in self._journal.measures(self._run_id, "budget")}
        if self._memory and look and look[0].at <= self._memory[-1].at:
            look = ()
        if new or look != self._look:
            self._look = look
            samples = (*self._memory, *look)
            self._taken = taken_by_part(samples)
            self._peak_mb = peak_of(samples).mb if samples else None
            self._peak_measure = "PSS" if tells_pss(samples) else "RSS"

    def _open_point(self) -> Point | None:
        if not self._look or not self._memory:
            return None
        stage, number = self._look[0].stage, self._look[0].batch
        batch = Batch(stage, number, self._look[0].at, 0.0, 0, 0, 0)
        limit_mb = next(reversed(self._limits.values()), None)
        (point,) = points_of([batch], self._look, {} if limit_mb is None else {(stage, number): limit_mb})
        return point

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the run store."""
        self._journal.close()


DIED_REMEDY: Final = "Run again to go on: what was committed is safe."


def died_message(run: Run) -> str:
    """What is to be said of a run whose process is gone."""
    return f"The import's process (run {run.run_id}) ended without a word: killed, or out of memory."


def figures_of(data_dir: Path, run_id: int) -> Figures:
    """A run as it stands now, looked at once."""
    with Watch(data_dir, run_id) as watch:
        return watch.look()


def stage_figures(run: Run, begun: Sequence[StageProgress]) -> tuple[StageFigures, ...]:
    """Every stage of a run: those that have begun, and those that were asked for and wait."""
    by_name = {stage.stage: stage for stage in begun}
    asked = set(_value(run, "stages") or ())
    found = []
    for name in STAGES:
        stage = by_name.get(name)
        if stage is not None:
            found.append(
                StageFigures(
                    name,
                    run.state_of(stage),
                    stage.asks_known,
                    stage.asks_done,
                    stage.asks_made,
                    stage.rows,
                    stage.rejected,
                    stage.batches,
                )
            )
        elif name in asked:
            found.append(StageFigures(name, "waiting" if run.is_working else "not begun"))
    return tuple(found)


def points_of(
    batches: Sequence[Batch], memory: Sequence[MemorySample], limits: Mapping[tuple[str, int], float]
) -> tuple[Point, ...]:
    """Each batch with its memory and its budget (by stage and number), in the order they were committed."""
    seen = {(sample.part, sample.stage, sample.batch): sample for sample in memory}

    def sampled(part: str, batch: Batch) -> float | None:
        sample = seen.get((part, batch.stage, batch.number))
        return None if sample is None else sample.rss_mb if sample.pss_mb is None else sample.pss_mb

    def exact(batch: Batch) -> float | None:
        sample = seen.get(("python", batch.stage, batch.number))
        return None if sample is None else sample.rss_mb if sample.peak_rss_mb is None else sample.peak_rss_mb

    return tuple(
        Point(
            batch.stage,
            batch.number,
            batch.seconds,
            batch.rows,
            exact(batch),
            sampled("tree", batch),
            sampled("driver", batch),
            sampled("chromium", batch),
            limits.get((batch.stage, batch.number)),
        )
        for batch in batches
    )


def league_of(run: Run) -> str:
    """Which league a run is about, in the words of its settings."""
    source = str(_value(run, "source") or "")
    return f"demo, {_value(run, 'scale')}" if source == "demo" else source


def _most_asks(run: Run) -> float | None:
    """Asks a second that the run's pace allows; None if it keeps none."""
    told = _value(run, "seconds_between_asks")
    source = str(_value(run, "source") or "")
    seconds = pace_of(source, None if told is None else float(told))
    return 1 / seconds if seconds else None


def _value(run: Run, name: str) -> Any:  # noqa: ANN401 - JSON
    return run.settings.get(name, {}).get("value")
