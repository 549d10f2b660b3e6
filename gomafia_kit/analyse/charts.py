"""Charts of the questions' answers: each takes a question's DataFrame and gives a `Picture`.

One theme for all: white ground (readable in JupyterLab's dark look too), the packaged font, red for
citizens, near-black for the mafia.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gomafia_kit.analyse.draw import BASE_FONT
from gomafia_kit.analyse.picture import Picture

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
    """The first players as bars, from a `top_players` frame; namesakes carry their ids."""
    import altair as alt
    import polars as pl

    label = (
        pl.when(pl.col("login").is_duplicated())
        .then(pl.format("{} ({})", "login", "player_id"))
        .otherwise(pl.col("login"))
    )
    rows = frame.select("rank", "player_id", "city", "club_title", player=label, measure=pl.col(by).cast(pl.Float64))
    word = "ELO" if by == "elo" else "GG points"
    base = alt.Chart(_values(rows)).encode(
        y=alt.Y("player:N", sort=alt.EncodingSortField("rank", order="ascending"), title=None),
        tooltip=[
            alt.Tooltip("player:N"),
            alt.Tooltip("measure:Q", title=word, format=",.2f"),
            alt.Tooltip("club_title:N", title="club"),
            alt.Tooltip("city:N"),
        ],
    )
    bars = base.mark_bar(color=BLUE, height={"band": 0.68}, cornerRadiusEnd=2).encode(
        x=alt.X("measure:Q", title=word, axis=alt.Axis(format="~d"))
    )
    figures = base.mark_text(align="left", dx=5, color=INK, fontSize=11).encode(
        x="measure:Q", text=alt.Text("measure:Q", format=",.0f")
    )
    return _picture(bars + figures, f"Players by {word}", "as the site lists them", height=max(60, 24 * len(rows)))


def win_rates(frame: pl.DataFrame, heading: str = "Win rate by role") -> Picture:
    """Win rates by role with their 95% intervals, from a `win_rates_by_role` frame."""
    import altair as alt

    colours = alt.Scale(domain=list(_ROLE_COLOURS), range=list(_ROLE_COLOURS.values()))
    rows = frame.filter(frame["games"] > 0)
    base = alt.Chart(_values(rows)).encode(
        y=alt.Y("role:N", sort=list(_ROLE_COLOURS), title=None),
        color=alt.Color("role:N", scale=colours, legend=None),
        tooltip=_rate_tooltip("role:N", "win_rate", "low", "high"),
    )
    reach = base.mark_rule(strokeWidth=3, opacity=0.45).encode(
        x=_share_axis("low", "of decided games won"), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=110, opacity=1).encode(x="win_rate:Q")
    figures = base.mark_text(dy=-13, fontSize=11, color=INK).encode(
        x="win_rate:Q", text=alt.Text("win_rate:Q", format=".1%"), color=alt.value(INK)
    )
    return _picture(
        reach + points + figures,
        heading,
        f"with 95% intervals; {_counted(int(frame['games'].sum()), 'seat')} in decided games, draws left out",
        height=max(60, 48 * len(rows)),
    )


def games_by_month(frame: pl.DataFrame) -> Picture:
    """Games played each month as columns, from a `games_by_month` frame."""
    import altair as alt

    chart = (
        alt.Chart(_values(frame))
        .mark_bar(color=BLUE)
        .encode(
            # A month's column reaches from its first day to the next month's.
            x=alt.X(
                "month:T", timeUnit="utcyearmonth", title=None, axis=alt.Axis(format="%m.%Y", labelAngle=0, grid=False)
            ),
            y=alt.Y("games:Q", title="games played"),
            tooltip=[
                alt.Tooltip("month:T", timeUnit="utcyearmonth", format="%Y-%m"),
                alt.Tooltip("games:Q", title="games played"),
                alt.Tooltip("games_not_played:Q", title="not played"),
                alt.Tooltip("tournaments:Q"),
            ],
        )
    )
    games = _counted(int(frame["games"].sum()), "game")
    return _picture(chart, "Games by month", f"{games}, by the first day of their tournament", height=220)


def seats(frame: pl.DataFrame) -> Picture:
    """Win rate and first shots by seat, each with its 95% interval, from a `seats` frame."""
    import altair as alt

    rows = _values(frame)
    won = _by_seat(alt.Chart(rows), "win_rate", "low", "high", "won", BLUE)
    shot = _by_seat(alt.Chart(rows), "first_shot_rate", "first_shot_low", "first_shot_high", "shot first", RED)
    both = alt.hconcat(
        won.properties(width=WIDTH / 2 - 30, height=220, title=alt.Title("Won", fontSize=13)),
        shot.properties(width=WIDTH / 2 - 30, height=220, title=alt.Title("Shot on the first night", fontSize=13)),
    )
    return _picture(both, "Seats", "share of games with 95% intervals, by seat number")


def player_years(frame: pl.DataFrame, heading: str) -> Picture:
    """A player's games won and not won, year by year, from the `years` of a `player_page`."""
    import altair as alt
    import polars as pl

    parts = frame.select(
        "year", pl.col("wins").alias("won"), (pl.col("games") - pl.col("wins") - pl.col("draws")).alias("lost"), "draws"
    ).unpivot(index="year", variable_name="outcome", value_name="games")
    chart = (
        alt.Chart(_values(parts))
        .mark_bar(width={"band": 0.6})
        .encode(
            x=alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("games:Q", title="games"),
            color=alt.Color(
                "outcome:N",
                title=None,
                scale=alt.Scale(domain=["won", "lost", "draws"], range=[BLUE, "#b9c4cf", GOLD]),
            ),
            order=alt.Order("outcome:N", sort="descending"),
            tooltip=["year:O", "outcome:N", "games:Q"],
        )
    )
    return _picture(chart, heading, "games by year, counted from the seats", height=220)


def _by_seat(chart: alt.Chart, share: str, low: str, high: str, verb: str, colour: str) -> alt.LayerChart:
    import altair as alt

    base = chart.encode(
        x=alt.X("seat:O", title=None, axis=alt.Axis(labelAngle=0)),
        tooltip=_rate_tooltip("seat:O", share, low, high),
    )
    axis = alt.Y(f"{low}:Q", title=f"of games {verb}", axis=alt.Axis(format=".0%"), scale=alt.Scale(zero=False))
    reach = base.mark_rule(strokeWidth=3, opacity=0.45, color=colour).encode(y=axis, y2=f"{high}:Q")
    points = base.mark_point(filled=True, size=90, opacity=1, color=colour).encode(y=f"{share}:Q")
    return reach + points


def _share_axis(low: str, title: str) -> alt.X:
    import altair as alt

    return alt.X(f"{low}:Q", title=title, axis=alt.Axis(format=".0%"), scale=alt.Scale(zero=False))


def _rate_tooltip(what: str, share: str, low: str, high: str) -> list[alt.Tooltip]:
    import altair as alt

    return [
        alt.Tooltip(what),
        *(alt.Tooltip(f"{name}:Q", title=name.replace("_", " "), format=".1%") for name in (share, low, high)),
        alt.Tooltip("games:Q", title="decided games"),
    ]


def _counted(number: int, noun: str) -> str:
    return f"{number:,}".replace(",", "\u202f") + f" {noun}" + ("" if number == 1 else "s")


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
