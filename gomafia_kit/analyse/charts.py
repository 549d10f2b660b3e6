"""Charts of the questions' answers: each takes a question's DataFrame and gives a `Picture`.

One theme for all: white ground (readable in JupyterLab's dark look too), the packaged font, red for
citizens, near-black for the mafia.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.analyse._checks import check_frame
from gomafia_kit.analyse._names import folded
from gomafia_kit.analyse.draw import BASE_FONT, is_drawable
from gomafia_kit.analyse.picture import Picture
from gomafia_kit.analyse.players import RANKED_BY
from gomafia_kit.settings import one_of

if TYPE_CHECKING:
    import altair as alt
    import polars as pl

INK: Final = "#1f2933"
MUTED: Final = "#6b7785"
BLUE: Final = "#2f6690"
RED: Final = "#c8453b"
BLACK: Final = "#2b2d42"
GOLD: Final = "#d9a441"
WIDTH: Final = 620
_FONT: Final = f"{BASE_FONT}, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
_ROLE_COLOURS: Final = {"citizen": RED, "sheriff": GOLD, "mafia": BLACK, "don": "#6c6f93"}
_OUTCOME_PLACES: Final = {"won": 0, "lost": 1, "draws": 2}
_TICKS: Final = 6


@dataclass(frozen=True, slots=True)
class _Rate:
    """A share with its interval: the columns that hold it, and the column that counts what it is a share of."""

    share: str
    low: str
    high: str
    games: str
    words: str


_WON: Final = _Rate("win_rate", "low", "high", "games", "decided games")
_SHOT: Final = _Rate(
    "first_shot_rate", "first_shot_low", "first_shot_high", "games_telling_shot", "games telling the first shot"
)
_THEME: Final[dict[str, Any]] = {
    "background": "white",
    "padding": 12,
    "font": _FONT,
    "view": {"stroke": None},
    "title": {
        "anchor": "start",
        "fontSize": 16,
        "fontWeight": "normal",
        "color": INK,
        "subtitleColor": MUTED,
        "subtitleFontSize": 12,
        "subtitlePadding": 6,
        "offset": 14,
    },
    "axis": {
        "labelColor": INK,
        "titleColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "gridColor": "#e6e9ed",
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
        "labelLimit": 260,
    },
    "legend": {"labelColor": INK, "titleColor": MUTED, "titleFontWeight": "normal", "labelFontSize": 12},
}


def top_players(frame: pl.DataFrame, by: str = "elo") -> Picture:
    """The first players as dots, from a `top_players` frame; namesakes and blank names carry their ids.

    `by` is elo or gg_points. Raises SettingsError for another one, and for a frame of another question.
    """
    import altair as alt
    import polars as pl

    by = one_of(*RANKED_BY)("by", by)
    check_frame(frame, ("rank", "player_id", "login", "city", "club_title", by), "top_players(league)")
    rows = frame.select("rank", "player_id", "city", "club_title", measure=pl.col(by).cast(pl.Float64)).with_columns(
        pl.Series("player", _labels(frame), pl.String())
    )
    word = "ELO" if by == "elo" else "GG points"
    # A little room at the left end: differences are to be seen, so the axis doesn't begin at 0.
    axis = alt.X(
        "measure:Q", title=word, scale=alt.Scale(zero=False, nice=True, padding=24), axis=alt.Axis(format="~d")
    )
    base = alt.Chart(_values(rows)).encode(
        y=alt.Y(
            "player:N", sort=alt.EncodingSortField("rank", order="ascending"), title="player", axis=alt.Axis(grid=True)
        ),
        x=axis,
        tooltip=[
            alt.Tooltip("player:N"),
            alt.Tooltip("measure:Q", title=word, format=",.2f"),
            alt.Tooltip("club_title:N", title="club"),
            alt.Tooltip("city:N"),
        ],
    )
    dots = base.mark_point(filled=True, size=110, opacity=1, color=BLUE)
    figures = base.mark_text(align="left", dx=10, color=INK, fontSize=11).encode(
        text=alt.Text("measure:Q", format=",.0f")
    )
    if frame.is_empty():
        title = f"Nobody has {word} here"
    else:
        title = f"{rows['player'][0]} leads with {rows['measure'][0]:,.0f} {word}"
    return _picture(
        dots + figures,
        title,
        f"the first {_counted(len(rows), 'player')} of the rating, as the site lists them",
        height=max(60, 26 * len(rows)),
    )


def _labels(frame: pl.DataFrame) -> list[str]:
    """The nicknames; with the id where another looks the same, or where a reader couldn't read it."""
    logins = [str(login) for login in frame["login"]]
    looks = Counter(folded(login) for login in logins)
    return [
        f"{login} ({player_id})" if looks[folded(login)] > 1 or not folded(login) or not is_drawable(login) else login
        for login, player_id in zip(logins, frame["player_id"], strict=True)
    ]


def win_rates(frame: pl.DataFrame, whose: str = "") -> Picture:
    """Win rates by role with their 95% intervals, from a `win_rates_by_role` frame; `whose` begins the title.

    Raises SettingsError for a frame of another question.
    """
    import altair as alt

    check_frame(frame, ("role", "games", "win_rate", "low", "high"), "win_rates_by_role(league)")
    colours = alt.Scale(domain=list(_ROLE_COLOURS), range=list(_ROLE_COLOURS.values()))
    rows = frame.filter(frame["games"] > 0)
    base = alt.Chart(_values(rows)).encode(
        y=alt.Y("role:N", sort=list(_ROLE_COLOURS), title="role"),
        color=alt.Color("role:N", scale=colours, legend=None),
        tooltip=_rate_tooltip("role:N", _WON),
    )
    half = alt.Chart(alt.Data(values=[{"half": 0.5}])).mark_rule(color=MUTED, strokeDash=[4, 4]).encode(x="half:Q")
    reach = base.mark_rule(strokeWidth=4, opacity=0.4, strokeCap="round").encode(
        x=_share_axis("low", "of decided games won"), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=130, opacity=1).encode(x="win_rate:Q")
    figures = base.mark_text(dy=-14, fontSize=12).encode(
        x="win_rate:Q", text=alt.Text("win_rate:Q", format=".1%"), color=alt.value(INK)
    )
    title = _clearest(rows, "role")
    return _picture(
        half + reach + points + figures,
        f"{whose}: {title[0].lower()}{title[1:]}" if whose else title,
        f"share of decided games with its 95% interval; {_game_numbers(rows, _WON)}",
        height=max(60, 52 * len(rows)),
    )


def games_by_month(frame: pl.DataFrame) -> Picture:
    """Games played each month as columns, from a `games_by_month` frame.

    Raises SettingsError for a frame of another question.
    """
    import altair as alt

    check_frame(frame, ("month", "games", "games_not_played", "tournaments"), "games_by_month(league)")
    chart = (
        alt.Chart(_values(frame))
        .mark_bar(color=BLUE, cornerRadiusEnd=2)
        .encode(
            # A month's column reaches from its first day to the next month's.
            x=alt.X(
                "month:T",
                timeUnit="utcyearmonth",
                title="month",
                axis=alt.Axis(format="%Y-%m", labelAngle=0, grid=False, labelOverlap=True),
            ),
            y=alt.Y("games:Q", title="games played", axis=alt.Axis(format="~d", tickMinStep=1)),
            tooltip=[
                alt.Tooltip("month:T", timeUnit="utcyearmonth", format="%Y-%m"),
                alt.Tooltip("games:Q", title="games played"),
                alt.Tooltip("games_not_played:Q", title="not played"),
                alt.Tooltip("tournaments:Q"),
            ],
        )
    )
    if frame.is_empty():
        return _picture(chart, "No game was played yet", "games by month", height=220)
    most = frame.sort("games", descending=True, maintain_order=True).row(0, named=True)
    return _picture(
        chart,
        f"{most['month']:%Y-%m} had most games: {most['games']:,}",
        f"{_counted(int(frame['games'].sum()), 'game')} by month, each by the first day of its tournament",
        height=220,
    )


def seats(frame: pl.DataFrame) -> Picture:
    """Win rate and first shots by seat, each with its 95% interval, from a `seats` frame.

    Raises SettingsError for a frame of another question.
    """
    import altair as alt

    needed = [name for rate in (_WON, _SHOT) for name in (rate.share, rate.low, rate.high, rate.games)]
    check_frame(frame, ("seat", *needed), "seats(league)")
    rows = _values(frame)
    both = alt.hconcat(
        _by_seat(alt.Chart(rows), _WON, BLUE, "Won"),
        _by_seat(alt.Chart(rows), _SHOT, RED, "Shot on the first night"),
        spacing=40,
    )
    numbers = f"decided: {_game_numbers(frame, _WON)}; telling the first shot: {_game_numbers(frame, _SHOT)}"
    return _picture(both, _clearest(frame, "seat"), f"share of games by seat with its 95% interval; {numbers}")


def player_years(frame: pl.DataFrame, whose: str) -> Picture:
    """A player's games won and not won, year by year, from the `years` of a `player_page`.

    Raises SettingsError for another frame.
    """
    import altair as alt
    import polars as pl

    check_frame(frame, ("year", "games", "wins", "draws"), "player_page(league).years")
    parts = frame.select(
        "year", pl.col("wins").alias("won"), (pl.col("games") - pl.col("wins") - pl.col("draws")).alias("lost"), "draws"
    ).unpivot(index="year", variable_name="outcome", value_name="games")
    chart = (
        alt.Chart(_values(parts.with_columns(place=pl.col("outcome").replace_strict(_OUTCOME_PLACES))))
        .mark_bar(size=46)
        .encode(
            x=alt.X("year:O", title="year", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("games:Q", title="games", axis=alt.Axis(format="~d", tickMinStep=1)),
            color=alt.Color(
                "outcome:N",
                title=None,
                scale=alt.Scale(domain=list(_OUTCOME_PLACES), range=[BLUE, "#b9c4cf", GOLD]),
            ),
            order=alt.Order("place:Q"),
            tooltip=["year:O", "outcome:N", "games:Q"],
        )
    )
    if frame.is_empty():
        return _picture(chart, f"{whose}: no game was counted yet", "the stage statistics counts them", height=220)
    won, games = int(frame["wins"].sum()), int(frame["games"].sum())
    return _picture(
        chart, f"{whose}: {won:,} of {games:,} games won", "games by year, counted from the seats", height=220
    )


def _clearest(rows: pl.DataFrame, what: str) -> str:
    """The sentence on who wins most often, only if his interval lies above that of everybody else."""
    known = rows.drop_nulls("win_rate").sort("win_rate", descending=True, maintain_order=True)
    if known.is_empty():
        return "No game was decided here"
    best = known.filter(known["win_rate"] == known["win_rate"].max())
    others = known.filter(known["win_rate"] < known["win_rate"].max())
    names = [str(name) for name in best[what].to_list()]
    if others.is_empty() or float(best["low"].to_list()[0]) <= max(others["high"].to_list()):
        return f"No {what} wins clearly more often"
    who = f"{what} {names[0]}" if what == "seat" else " and ".join(names)
    return f"{who[0].upper()}{who[1:]} {'win' if len(names) > 1 else 'wins'} most often: {best['win_rate'][0]:.1%}"


def _game_numbers(rows: pl.DataFrame, rate: _Rate) -> str:
    numbers = rows[rate.games].to_list() or [0]
    least, most = min(numbers), max(numbers)
    return f"{_counted(most, 'game')} each" if least == most else f"{least:,} to {_counted(most, 'game')} each"


def _by_seat(chart: alt.Chart, rate: _Rate, colour: str, heading: str) -> alt.LayerChart:
    import altair as alt

    base = chart.encode(
        x=alt.X("seat:O", title="seat", axis=alt.Axis(labelAngle=0)), tooltip=_rate_tooltip("seat:O", rate)
    )
    # Both axes end at a tick: so the headings above them stand at one height.
    axis, scale = alt.Axis(format=".0%", tickCount=_TICKS), alt.Scale(zero=False, nice=_TICKS)
    share = alt.Y(f"{rate.low}:Q", title=f"share of {rate.words}", axis=axis, scale=scale)
    reach = base.mark_rule(strokeWidth=3, opacity=0.45, color=colour).encode(y=share, y2=f"{rate.high}:Q")
    points = base.mark_point(filled=True, size=90, opacity=1, color=colour).encode(y=f"{rate.share}:Q")
    title = alt.Title(heading, fontSize=13, frame="group", offset=8)
    return (reach + points).properties(width=WIDTH / 2 - 40, height=230, title=title)


def _share_axis(low: str, title: str) -> alt.X:
    import altair as alt

    return alt.X(f"{low}:Q", title=title, axis=alt.Axis(format=".0%", tickCount=_TICKS), scale=alt.Scale(zero=False))


def _rate_tooltip(what: str, rate: _Rate) -> list[alt.Tooltip]:
    import altair as alt

    shares = (rate.share, rate.low, rate.high)
    return [
        alt.Tooltip(what),
        *(alt.Tooltip(f"{name}:Q", title=name.replace("_", " "), format=".1%") for name in shares),
        alt.Tooltip(f"{rate.games}:Q", title=rate.words),
    ]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _values(frame: pl.DataFrame) -> alt.Data:
    import altair as alt
    import polars as pl

    # Dates as text and decimals as floats: plain JSON that needs no helper library.
    plain = frame.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d"), pl.col(pl.Decimal).cast(pl.Float64))
    return alt.Data(values=plain.to_dicts())


def _picture(chart: Any, title: str, subtitle: str, height: float | None = None) -> Picture:  # noqa: ANN401 - any chart
    import altair as alt

    sized = chart if height is None else chart.properties(width=WIDTH, height=height)
    done = sized.properties(title=alt.Title(title, subtitle=subtitle)).to_dict()
    done["config"] = _THEME
    # No menu that leads to the outside.
    done["usermeta"] = {"embedOptions": {"actions": False}}
    return Picture(done, f"{title}: {subtitle}")
