"""What a profile and a comparison found, to read and to work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gomafia_kit.widgets.sheets import Html, Table, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import polars as pl

    from gomafia_kit.importer.compare import Comparison, Side
    from gomafia_kit.importer.profile import Profile
    from gomafia_kit.memory.diagnosis import Finding, Growth

LINES: Final = 10
CODE: Final = 80
NOTHING: Final = "Nothing wrong was found."


class ProfileView:
    """A profile: shows itself as tables; `profile` is what was measured."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    @property
    def verdict(self) -> str:
        """By how much memory grows a batch, or that it is flat."""
        return self.profile.verdict

    @property
    def flame_graph(self) -> Path | None:
        """The page with the flame graph of the longest stretch; None with tracemalloc."""
        return self.profile.flame_graph

    @property
    def findings(self) -> pl.DataFrame:
        """What is wrong, one row each: kind, seen, remedy, where (a line of code, or empty)."""
        return findings_frame(self.profile.findings)

    @property
    def lines(self) -> pl.DataFrame:
        """Every line that grows: line, code, called_from, slope, low and high (KB a batch, 95% each)."""
        return _growths(self.profile.lines)

    @property
    def types(self) -> pl.DataFrame:
        """Every type whose objects become more, as `lines`, in objects a batch."""
        return _growths(self.profile.types)

    @property
    def held(self) -> pl.DataFrame:
        """What each stretch left, by line: stretch, batches, line, code, called_from, kb."""
        import polars as pl

        rows = [
            (number, batches, line.line, line.code, line.called_from, line.kb)
            for number, (batches, lines) in enumerate(self.profile.stretches, 1)
            for line in lines
        ]
        schema = {
            "stretch": pl.Int64,
            "batches": pl.Int64,
            "line": pl.String,
            "code": pl.String,
            "called_from": pl.String,
            "kb": pl.Float64,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _shown(self) -> Html:
        return shown(headline(self.profile), *findings_pieces(self.profile.findings), *what_was_held(self.profile))

    def _repr_html_(self) -> str:
        return self._shown().html

    def __repr__(self) -> str:
        return self._shown().text


def headline(profile: Profile) -> str:
    """Which run was looked at, by whom, and what its memory does."""
    who = f"Run {profile.run_id}, {profile.batches} batches, looked at by {profile.tracer}"
    return f"{who}. Memory: {profile.verdict}."


def what_was_held(profile: Profile) -> Iterator[Table | str]:
    """What the last stretch left, by line, and where the flame graph is; nothing of what there isn't."""
    if profile.stretches:
        batches, lines = profile.stretches[-1]
        rows = [(line.line, line.called_from, round(line.kb, 1), line.code[:CODE]) for line in lines[:LINES]]
        yield Table(("line", "called from", "KB", "code"), rows, f"What the last {batches} batches left, by line")
    if profile.flame_graph is not None:
        yield f"The flame graph is {profile.flame_graph}"


class ComparisonView:
    """Two runs side by side: shows itself as a table; `passed` and `verdict` say how it ended."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison

    @property
    def passed(self) -> bool:
        """True if the peak is at least 30% lower in at most twice the time, for the same rows."""
        return self.comparison.passed

    @property
    def verdict(self) -> str:
        """In words."""
        return self.comparison.verdict

    def _shown(self) -> Html:
        sides = (self.comparison.before, self.comparison.after)
        parts = dict.fromkeys(part for side in sides for part in side.parts)
        rows: list[tuple[object, ...]] = [
            ("run", *(side.name for side in sides)),
            (f"peak, MB ({sides[1].measure})", *(_mb(side.peak_mb) for side in sides)),
            *((f"of it {part}, MB", *(_mb(side.parts.get(part)) for side in sides)) for part in parts),
            ("seconds", *(str(round(side.seconds, 1)) for side in sides)),
            ("rows a second", *(_rate(side) for side in sides)),
        ]
        return shown(self.verdict, Table(("", "before", "after"), rows))

    def _repr_html_(self) -> str:
        return self._shown().html

    def __repr__(self) -> str:
        return self._shown().text


def findings_pieces(findings: Sequence[Finding]) -> list[Table | str]:
    """The findings as a table to read, or the sentence that there are none."""
    if not findings:
        return [NOTHING]
    return [Table(("kind", "what was seen", "what to do"), [(f.kind, f.seen, f.remedy) for f in findings])]


def findings_frame(findings: Sequence[Finding]) -> pl.DataFrame:
    """The findings as a DataFrame."""
    import polars as pl

    rows = [(finding.kind, finding.seen, finding.remedy, finding.where) for finding in findings]
    return pl.DataFrame(rows, schema=dict.fromkeys(("kind", "seen", "remedy", "where"), pl.String), orient="row")


def _growths(found: Sequence[Growth]) -> pl.DataFrame:
    import polars as pl

    rows = [(g.what, g.code, g.called_from, g.slope, g.low, g.high) for g in found]
    schema = dict.fromkeys(("line", "code", "called_from"), pl.String) | dict.fromkeys(
        ("slope", "low", "high"), pl.Float64
    )
    return pl.DataFrame(rows, schema=schema, orient="row")


def _mb(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _rate(side: Side) -> str:
    return f"{side.rows / side.seconds:,.0f}"
