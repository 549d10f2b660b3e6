"""`python -m gomafia_kit.explore.docs` writes `docs/analyse.md`: each question with a real example and its answer.

The examples are run on the tiny demo league, imported for it, so the page says what the code does; a
test holds them together.
"""

from __future__ import annotations

import inspect
import re
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit import analyse
from gomafia_kit.settings import Settings, project_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gomafia_kit.analyse import League

PAGE: Final = Path("docs/analyse.md")
_HEAD: Final = """\
<!-- Made by `python -m gomafia_kit.explore.docs`: change the code, not this page. -->

# Questions to a league

`gomafia_kit.analyse` opens what an import left, from DuckDB, Parquet or PostgreSQL, and asks it. Every answer is a
polars DataFrame with fixed columns: counts are `i64`, shares of 1 are `f64`, ELO, points and money are exact decimals,
times are in UTC. The same question gives the same frame from each store. The tables themselves are told in
[tables.md](tables.md); `notebooks/explore.ipynb` is a tour through all of this.

Reading never holds an import up. Each query is answered from the newest published state: a DuckDB file is published
whole, PostgreSQL shows a push all at once; of the Parquet files each is replaced whole, one table after the other.

Each interval is Wilson's 95% interval of a share.[^wilson] Official figures (as the site shows them) and derived ones
(counted here from the games) never stand in one table.

The examples below are real: they were run on the tiny demo league. `analyse` and `league` in them are

```python
from gomafia_kit import analyse

league = analyse.open_league("data/demo-tiny")
```

[^wilson]: E. B. Wilson, Probable inference, the law of succession, and statistical inference, *Journal of the American
    Statistical Association* 22 (1927), 209-212; L. D. Brown, T. T. Cai and A. DasGupta, Interval estimation for a
    binomial proportion, *Statistical Science* 16 (2001), 101-133.
"""

EXAMPLES: Final = {
    "The league": {
        "open_league": 'with analyse.open_league("data/demo-tiny", read_from="duckdb") as league:\n    ...',
        "League.query": 'league.query("SELECT city, count(*) AS players FROM player'
        ' GROUP BY city ORDER BY players DESC, city LIMIT 3")',
        "League.table": 'league.table("club").select("club_id", "title", "city", "elo_average").head(3)',
    },
    "What is there, and how fresh": {
        "overview": "analyse.overview(league)",
        "freshness": "analyse.freshness(league)",
    },
    "Players": {
        "top_players": "analyse.top_players(league, limit=5)",
        "find_player": 'analyse.find_player(league, "PELIMENI")',
        "pick_player": "analyse.pick_player(league, 18)",
        "player_page": "analyse.player_page(league, 18).years",
        "PlayerPage": "analyse.player_page(league, 18).seasons",
    },
    "Games": {
        "win_rates_by_role": "analyse.win_rates_by_role(league)",
        "outcomes": "analyse.outcomes(league)",
        "games_by_month": "analyse.games_by_month(league).head(5)",
        "seats": "analyse.seats(league).head(3)",
        "wilson": "analyse.wilson(7, 10)",
    },
    "Tournaments": {
        "tournament": "analyse.tournament(league, 4)",
        "last_tournament": "analyse.last_tournament(league)",
        "tournament_table": "analyse.tournament_table(league).head(3)",
        "tournament_games": "analyse.tournament_games(league).head(3)",
    },
    "Tables and pictures": {
        "sheet": 'analyse.sheet(analyse.outcomes(league), "Outcomes")',
        "Sheet": 'analyse.sheet(analyse.outcomes(league), "Outcomes", "A note below.")',
        "page_sheets": "analyse.page_sheets(analyse.player_page(league, 18)).heading",
        "Sheets": "analyse.page_sheets(analyse.player_page(league, 18)).sheets[1]",
        "Picture": "analyse.charts.seats(analyse.seats(league)).alt",
        "is_headless": "analyse.is_headless({})",
        "charts.top_players": "analyse.charts.top_players(analyse.top_players(league)).alt",
        "charts.win_rates": "analyse.charts.win_rates(analyse.win_rates_by_role(league)).alt",
        "charts.games_by_month": "analyse.charts.games_by_month(analyse.games_by_month(league)).alt",
        "charts.seats": "analyse.charts.seats(analyse.seats(league)).alt",
        "charts.player_years": 'analyse.charts.player_years(analyse.player_page(league, 18).years, "18").alt',
    },
}
"""Heading -> public name -> an example of it."""

# The one thing that differs from import to import: when the answers came.
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? UTC *")
_A_MOMENT: Final = "2026-03-01 12:00:00.000000 UTC"
_YEARS: Final = "2019-2025"  # a later year would be one more list to ask for


def page(folder: Path) -> str:
    """The whole page, its examples run on the tiny demo league, which is imported into that folder."""
    from gomafia_kit.importer import start

    stages = "clubs,players,tournaments,games,statistics"
    parameters = {"source": "demo", "scale": "tiny", "stages": stages, "years": _YEARS, "data_dir": str(folder)}
    start(Settings.gather(parameters, given=frozenset(parameters)), lifeline=True).wait()
    with analyse.open_league(folder) as league:
        return _HEAD + "".join(_sections(league))


def _sections(league: League) -> Iterator[str]:
    for heading, examples in EXAMPLES.items():
        yield f"\n## {heading}\n"
        for name, example in examples.items():
            said = _without_examples(inspect.getdoc(_named(name)) or "")
            yield f"\n### `{_signature(name)}`\n\n{said}\n\n```python\n{example}\n```\n"
            if not example.startswith("with"):
                yield f"\n```text\n{_answer(league, example)}\n```\n"


def _named(name: str) -> Any:  # noqa: ANN401 - whatever is public
    found: Any = analyse
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _signature(name: str) -> str:
    found = _named(name)
    if inspect.isclass(found):
        return name
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(found).parameters.values()
        if parameter.name != "self"
    ]
    return f"{name}{inspect.Signature(parameters)}"


def _without_examples(text: str) -> str:
    """A docstring without its doctest: the page has a real one."""
    return text.partition("\n\n>>>")[0].strip()


def _answer(league: League, example: str) -> str:
    import polars as pl

    with pl.Config(
        tbl_rows=-1,
        tbl_cols=-1,
        tbl_width_chars=400,
        fmt_str_lengths=60,
        fmt_table_cell_list_len=20,
        tbl_formatting="ASCII_MARKDOWN",
        tbl_hide_dataframe_shape=True,
    ):
        # Our own examples, from above.
        found = eval(example, {"analyse": analyse, "league": league})  # noqa: S307 - examples of our own page
        text = repr(found) if not isinstance(found, str) else textwrap.fill(found, 110)
    # A moment of whole milliseconds is written shorter, and filled up: the columns stay as wide as they are.
    return _MOMENT.sub(lambda found: _A_MOMENT.ljust(len(found[0])), re.sub(r" +$", "", text, flags=re.MULTILINE))


def main() -> None:
    """Write the page into the project's docs."""
    with tempfile.TemporaryDirectory() as folder:
        text = page(Path(folder))
    path = project_dir() / PAGE
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{path} is written.\n")


if __name__ == "__main__":
    main()
