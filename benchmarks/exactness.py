"""How exact an import is, column by column, in every form and by both ways: precision and recall against the truth.

`make soak-forms` imports by every option; but rendered pages, of which small would take nearly 5,000 at half
a second each on a busy machine, by every option at tiny and by the default plan at small. To choose:
`python -m benchmarks.exactness --scale tiny --form api`. Each form and set of switches is a line of its own in
`benchmarks/results.md`: a run that was cut goes on with those that this commit hasn't yet.
Ends with exit code 1 if a value differs or the site was asked for anything twice. `docs/forms.md`, which says
what a form can't know, is written by `--docs`.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from benchmarks import results
from gomafia_kit import demo, importer
from gomafia_kit.analyse import open_league
from gomafia_kit.settings import Settings
from gomafia_kit.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = dict[str, Any]

FORMS: Final = ("api", "page_data", "dom", "dom rendered")
STAGES: Final = "clubs,players,judges,tournaments,games,statistics"
OPTIONS: Final = {"official_years": True, "presidents": True, "participants": True, "history": True, "personal": True}
DOCS: Final = Path(__file__).parent.parent / "docs" / "forms.md"
SWITCHES: Final[tuple[Mapping[str, object], ...]] = (
    {},
    {"numbers": "strings", "flags": "booleans", "list_keys": "other", "tab_data": "shown", "judges_header": "tbody"},
    {
        "seat_elo": "before",
        "points_include_win": False,
        "unplayed": "null",
        "hidden_games": "shown",
        "pager_dots": False,
    },
    {"with_final": "everybody", "no_final": "everybody", "one_day_end": "missing", "idle_players": "none"},
    {"react_comments": False, "tournaments_a_page": 25, "words": "other", "unknown_id": "redirect"},
)
NOT_COMPARED: Final = frozenset({"answer"})
_INTRO: Final = """# What each form can't know

<!-- Made by `python -m benchmarks.exactness --docs`: change the code, not this page. -->

The same league can be read as the API's JSON (`api`), from the data that pages carry (`page_data`), from the
pages as the server sends them (`dom`) and from the pages as a browser shows them (`dom` over Chromium, which also
chooses years in the drop-down). What a form doesn't tell is null there, never guessed; everything else is the
same in every form. Judges, presidents, histories and the count of participants stand on pages only: they are
read as `dom` in every form. A tournament's chief judge and organiser, whom the lists of pages don't tell, stand
on its card: `tournament_staff` has them.
"""


@dataclass(frozen=True, slots=True)
class Score:
    """A column's values: `right` of those staged, of those that the truth has."""

    right: int
    staged: int
    true: int

    @property
    def precision(self) -> float | None:
        """Share of the staged values that are right; None if none is staged."""
        return self.right / self.staged if self.staged else None

    @property
    def recall(self) -> float | None:
        """Share of the true values that are staged; None if there is none."""
        return self.right / self.true if self.true else None


def imported(source: demo.DemoSite, data_dir: Path, form: str, via: str = "", *, with_options: bool = True) -> None:
    """Import what a form tells of into a folder, by every option or by the default plan.

    The way is http, or chromium for rendered pages.
    """
    rendered = form == "dom rendered"
    told: dict[str, Any] = OPTIONS | {"official_years": form != "page_data"} if with_options else {}
    told |= {"source": source.url, "data_dir": str(data_dir), "stages": STAGES, "form": form.split(maxsplit=1)[0]}
    told["via"] = via or ("chromium" if rendered else "http")
    importer.start(Settings.gather(told), lifeline=True).wait()


def truth(league: demo.League, table: str, form: str) -> list[Row]:
    """What a table must hold in a form, in key order."""
    if table == "result":
        standings = ("total",) if form == "api" else ("with_final", "without_final")
        rows = [dict(row) for row in league.table(table, standings)]
    else:
        rows = [dict(row) for row in league.table(table)]
    if table == "tournament" and form.startswith("dom"):
        # A page that shows one day says that the tournament ends on it, whether the JSON does or not.
        rows = [row | {"date_end": row["date_end"] or row["date_start"]} for row in rows]
    return sorted(rows, key=lambda row: [row[name] for name in TABLES[table].key])


def scores(data_dir: Path, league: demo.League, form: str) -> dict[str, dict[str, Score]]:
    """Table -> column -> how exact it is."""
    found: dict[str, dict[str, Score]] = {}
    with open_league(data_dir) as opened:
        for name, table in TABLES.items():
            if name in NOT_COMPARED:
                continue
            staged = opened.table(name).to_dicts()
            found[name] = _score(staged, truth(league, name, form), table.key)
    return found


def _score(staged: list[Row], true: list[Row], key: tuple[str, ...]) -> dict[str, Score]:
    expected = {tuple(row[name] for name in key): row for row in true}
    right: dict[str, int] = defaultdict(int)
    have: dict[str, int] = defaultdict(int)
    for row in staged:
        want = expected.get(tuple(row[name] for name in key), {})
        for name, value in row.items():
            if value is not None:
                have[name] += 1
                right[name] += name in want and want[name] == value
    columns = true[0] if true else {}
    return {name: Score(right[name], have[name], sum(row[name] is not None for row in true)) for name in columns}


def unknown(found: Mapping[str, Mapping[str, Score]]) -> dict[str, tuple[str, ...]]:
    """Table -> the columns of which nothing is staged though the truth has values; ("*",) for a whole table."""
    told = {}
    for table, columns in found.items():
        missing = tuple(name for name, score in columns.items() if score.true and not score.staged)
        if missing:
            told[table] = ("*",) if all(columns[name].staged == 0 for name in TABLES[table].key) else missing
    return told


def faults(found: Mapping[str, Mapping[str, Score]], form: str) -> Iterable[str]:
    """In words, where a value is wrong, or missing though the form tells it."""
    missing = unknown(found)
    for table, columns in found.items():
        for name, score in columns.items():
            if score.right != score.staged:
                yield f"{form}: {table}.{name}: {score.staged - score.right} of {score.staged} staged values are wrong"
            if name in missing.get(table, ()) or missing.get(table) == ("*",):
                continue
            # Players whom only a table knows aren't known where tables tell no ids.
            if score.right != score.true and not (table == "player" and form.startswith("dom")):
                yield f"{form}: {table}.{name}: {score.true - score.right} of {score.true} true values are missing"


def asked_twice(site: demo.DemoSite) -> list[str]:
    """What the site was asked for more than once, by its own log; but that a list's last page is looked at again."""
    asked = [
        f"{each['method']} {each['path']}?{each['query'] or urlencode(each['fields'])}"
        for each in site.log()["requests"]
    ]
    once = Counter(
        ask for ask, before in zip(asked, [None, *asked], strict=False) if ask != before or not _is_tail(ask)
    )
    return [f"{ask}: asked for {number} times" for ask, number in once.items() if number > 1]


def _is_tail(ask: str) -> bool:
    return ask.startswith(("GET /rating?", "GET /judges?", "GET /tournaments?"))


def documented(form: str) -> dict[str, tuple[str, ...]]:
    """What `docs/forms.md` says that a form can't know, as `unknown` tells it."""
    told = {}
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 1 + len(FORMS) or cells[0] in {"table", "---"}:
            continue
        cell = cells[1 + FORMS.index(form)]
        if cell != "all known":
            told[cells[0]] = ("*",) if "nothing" in cell else tuple(re.findall(r"`(\w+)`", cell))
    return told


def page(found: Mapping[str, Mapping[str, tuple[str, ...]]]) -> str:
    """`docs/forms.md`: for each table and form, what is unknown."""
    lines = [_INTRO, "| table | " + " | ".join(FORMS) + " |", "| --- |" + " --- |" * len(FORMS)]
    for table in TABLES:
        cells = [_cell(found[form].get(table, ())) for form in FORMS]
        if any(cell != "all known" for cell in cells):
            lines.append(f"| {table} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", "Tables that aren't listed are known whole in every form.", ""])


def _cell(columns: tuple[str, ...]) -> str:
    if columns == ("*",):
        return "**nothing**"
    return ", ".join(f"`{name}`" for name in columns) or "all known"


def main() -> int:
    """Import, compare, tell; 1 if a value differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="small", choices=demo.SCALES)
    parser.add_argument("--form", choices=FORMS, help="that form only")
    parser.add_argument("--default-plan", action="store_true", help="leave the plan's options out")
    parser.add_argument("--docs", action="store_true", help="write docs/forms.md, from the tiny league")
    options = parser.parse_args()
    if options.docs:
        DOCS.write_text(page({form: unknown(_scored("tiny", {}, form)[0]) for form in FORMS}), encoding="utf-8")
        return 0
    forms = [options.form] if options.form else FORMS
    with_options = not options.default_plan
    wrong = [
        _compared(options.scale, switches, form, with_options=with_options) for switches in SWITCHES for form in forms
    ]
    return any(wrong)


def _compared(scale: str, switches: Mapping[str, object], form: str, *, with_options: bool) -> int:
    """How many columns are wrong or asks put twice; nothing is done again that this commit has shown to be right."""
    named = ", ".join(f"{name}={value}" for name, value in switches.items()) or "the usual switches"
    what = f"exactness of {scale} as {form}{'' if with_options else ' by the default plan'}, {named}"
    if results.has(what):
        return 0
    begun = time.monotonic()
    found, asks, twice = _scored(scale, switches, form, with_options=with_options)
    told = [*faults(found, form), *twice]
    columns = [score for table in found.values() for score in table.values() if score.staged]
    precision, recall = _least(score.precision for score in columns), _least(score.recall for score in columns)
    figures = (
        f"{sum(score.right for score in columns):,} values right; precision {precision:g} and recall {recall:g}"
        f" at least, of every column that the form knows;"
        f" {len(told) - len(twice)} columns wrong; {asks:,} asks, {len(twice)} of them put twice;"
        f" {time.monotonic() - begun:.0f} s"
    )
    print(f"{what}: {figures}", *told, sep="\n", flush=True)
    results.append(what if not told else f"{what} (wrong)", figures)
    return len(told)


def _least(shares: Iterable[float | None]) -> float:
    return min(share for share in shares if share is not None)


def _scored(
    scale: str, switches: Mapping[str, object], form: str, *, with_options: bool = True
) -> tuple[dict[str, dict[str, Score]], int, list[str]]:
    """How exact it is, how many asks the site had, and which of them more than once."""
    with (
        tempfile.TemporaryDirectory(prefix="gomafia-forms-") as folder,
        demo.start(scale=scale, switches=switches) as site,
    ):
        imported(site, Path(folder), form, with_options=with_options)
        return scores(Path(folder), site.league, form), site.log(last=1)["total"], asked_twice(site)


if __name__ == "__main__":
    sys.exit(main())
