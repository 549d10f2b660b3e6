"""Tables and pictures: what they say, that all text is escaped, that any nickname can be drawn."""

from __future__ import annotations

import base64
import json
import re
import struct
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gomafia_kit import analyse
from gomafia_kit.analyse import charts, draw
from gomafia_kit.analyse.picture import LIVE_FORM, save_picture
from gomafia_kit.analyse.sheet import as_text
from gomafia_kit.errors import FolderError, SettingsError, UnavailableError
from tests.analyse.mini import FIRE, SCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gomafia_kit.analyse import League, Picture

AWKWARD = [
    "Градиент 🔥", "🐺Волк🐺", "Волк☠️", "1️⃣2️⃣", "#️⃣2️⃣", "🇷🇺🇺🇦 флаг", "👨‍👩‍👧‍👦 семья", "👍🏽👩🏽‍🚀", "❤️‍🔥", "🏴‍☠️",
    "שָׁלוֹם עולם", "محمد علي", "สวัสดีที่กำ", "नमस्ते क्ष", "தமிழ்🔥", "မြန်မာ", "ខ្មែរ", "ລາວ", "ლ♡ლ", "★ Star ☆",
    "日本語", "ᚠᚢ", "𝕱𝖆𝖓𝖈𝖞", "е\u0301ё\u0301", "\u202eRTL", "<b>&amp;</b>", "]]>", "\x00\x07", "", "   ", "W" * 60, "�",
]  # fmt: skip


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def players(logins: list[str]) -> pl.DataFrame:
    numbers = range(1, len(logins) + 1)
    return pl.DataFrame(
        {
            "rank": numbers,
            "player_id": numbers,
            "login": logins,
            "city": ["Москва"] * len(logins),
            "club_title": ["Клуб"] * len(logins),
            "elo": [Decimal(2000 - number) for number in numbers],
        },
        schema_overrides={"login": pl.String, "elo": pl.Decimal(18, 6)},
    )


# -- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (None, "elo", "–"),
        (True, "listed", "yes"),
        (1234567, "rows", "1,234,567"),
        (8412, "player_id", "8412"),
        (2024, "year", "2024"),
        (0.56789, "win_rate", "56.8%"),
        (0.56789, "seconds", "0.5679"),
        (10.5, "low", "10.5"),
        (16384.0, "limit_mb", "16,384"),
        (0.0000012, "seconds", "0.0000012"),
        (-1234.5, "slope", "-1,234"),
        (100.0, "kb", "100"),
        (float("inf"), "peak_mb", "inf"),
        (Decimal("2500.500000"), "elo", "2,500.5"),
        (Decimal("100.000000"), "elo", "100"),
        (datetime(2026, 3, 1, 10, 5, tzinfo=UTC), "newest", "2026-03-01 10:05"),
        (date(2024, 2, 3), "date_start", "2024-02-03"),
        (date(2024, 2, 1), "month", "2024-02"),
        ("", "login", ""),
    ],
)
def test_a_value_reads_well(value: object, column: str, text: str) -> None:
    assert as_text(value, column) == text


def test_all_text_in_a_table_is_escaped() -> None:
    frame = pl.DataFrame({"<i>": [SCRIPT, 'a"b&c']})
    html = analyse.sheet(frame, "<h1>", "</small>")._repr_html_()
    assert set(re.findall(r"</?([a-z0-9]+)", html)) == {
        "p", "b", "table", "thead", "tr", "th", "tbody", "td", "small"
    }  # fmt: skip
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "a&quot;b&amp;c" in html


@given(st.text())
def test_no_nickname_escapes_from_its_cell(login: str) -> None:
    html = analyse.sheet(pl.DataFrame({"login": [login]}), login)._repr_html_()
    assert html.count("<") == 2 * len(re.findall(r"</", html))


def test_decimals_of_a_column_have_their_points_below_each_other() -> None:
    frame = pl.DataFrame({"points": [Decimal("2.500000"), Decimal(10), None, Decimal("0.250000")]})
    html = analyse.sheet(frame, "Points")._repr_html_()
    assert re.findall(r"<td[^>]*>([^<]*)</td>", html) == ["2.50", "10.00", "–", "0.25"]


def test_only_beside_a_rate_the_ends_of_an_interval_are_percentages() -> None:
    def cells(**values: float) -> list[str]:
        html = analyse.sheet(pl.DataFrame({name: [value] for name, value in values.items()}), "Ends")._repr_html_()
        return re.findall(r"<td[^>]*>([^<]*)</td>", html)

    assert cells(slope=12.0, low=10.5, high=14.25) == ["12", "10.5", "14.25"]
    assert cells(win_rate=0.5, low=0.25, high=0.75) == ["50.0%", "25.0%", "75.0%"]
    assert cells(first_shot_rate=0.1, first_shot_low=0.05, first_shot_high=0.2) == ["10.0%", "5.0%", "20.0%"]


def test_a_long_table_says_how_long_it_is_and_an_empty_one_that_it_is_empty() -> None:
    long = analyse.sheet(pl.DataFrame({"n": range(60)}), "Numbers", "Note.")._repr_html_()
    assert long.count("<tr>") == 51
    assert long.endswith("<p><small>The first 50 of 60 rows. Note.</small></p>")
    empty = analyse.sheet(pl.DataFrame({"n": []}), "Numbers")._repr_html_()
    assert empty == "<p><b>Numbers</b></p><p><small>Nothing of it here.</small></p>"


def test_a_table_has_a_plain_form_too() -> None:
    assert repr(analyse.sheet(pl.DataFrame({"login": ["Ёж"]}), "Players", "Note.")).splitlines()[0] == "Players"
    assert "Ёж" in repr(analyse.sheet(pl.DataFrame({"login": ["Ёж"]}), "Players"))


def test_a_page_shows_official_figures_before_derived_ones(mini_league: League) -> None:
    html = analyse.page_sheets(analyse.player_page(mini_league, 4))._repr_html_()
    assert SCRIPT not in html
    assert re.findall(r"<p><b>(.*?)</b></p>", html) == [
        "Who",
        "On the rating, year by year (as the site lists it)",
        "Last places (as the site shows them)",
        "Counted from the games, year by year",
        "Counted from the games, by role",
        "Counted from the games, last tournaments",
    ]


# -- which font draws what ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("Волк", [("Волк", "Noto Sans")]),
        ("Волк 🐺 Ю", [("Волк\xa0", "Noto Sans"), ("🐺", "Noto Emoji"), ("\xa0Ю", "Noto Sans")]),
        ("👨‍👩‍👧‍👦1️⃣", [("👨‍👩‍👧‍👦1️⃣", "Noto Emoji")]),
        ("שלום עולם", [("שלום\xa0עולם", "Noto Sans Hebrew")]),
        ("สวัสดี", [("สวัสดี", "Noto Sans Thai")]),
        ("★𝕱日", [("⭐", "Noto Emoji"), ("F�", "Noto Sans")]),
        ("a\x00\u200db\u202e", [("ab", "Noto Sans")]),
    ],
)
def test_a_text_is_split_by_the_font_that_has_it(text: str, runs: list[tuple[str, str]]) -> None:
    assert list(draw.split_by_font(text)) == runs


@given(st.text())
def test_every_run_is_whole_in_its_font(text: str) -> None:
    for run, font in draw.split_by_font(text):
        assert {ord(sign) for sign in run} - {ord(draw.REPLACEMENT)} <= draw._fonts()[font]


def test_the_letters_that_stand_in_are_drawn_as_replacements_themselves() -> None:
    assert list(draw.split_by_font("ꜣ")) == [(draw.REPLACEMENT, draw.BASE_FONT)]


def drawn_runs(logins: list[str]) -> list[list[tuple[str, str]]]:
    """What the picture of these players sets in which font, for each text that needs another font than Noto Sans."""
    svg = draw.to_svg(charts.top_players(players(logins)).spec)
    texts = re.findall(r"<text[^>]*>((?:<tspan.*?</tspan>)+)</text>", svg)
    return [
        [(run, font) for font, run in re.findall(r'<tspan x="[^"]*" font-family="([^"]+)">([^<]*)</tspan>', text)]
        for text in texts
    ]


def test_the_picture_sets_each_run_in_its_own_font() -> None:
    assert drawn_runs(["Ёж", "Волк 🐺", "שלום"]) == [
        [("Волк\xa0", "Noto Sans"), ("🐺", "Noto Emoji")],
        [("שלום", "Noto Sans Hebrew")],
    ]


def test_runs_stand_side_by_side_and_end_where_the_label_ends() -> None:
    svg = draw.to_svg(charts.top_players(players(["Ёж", "Волк🐺Волк"])).spec)
    places = [float(place) for place in re.findall(r'<tspan x="([^"]+)"', svg)]
    wolf, face, again = places
    assert wolf < face < again < 0
    assert face - wolf == pytest.approx(-again, abs=0.1)


@settings(max_examples=15)
@given(st.lists(st.lists(st.sampled_from(AWKWARD), min_size=1, max_size=4).map("".join), min_size=8, max_size=8))
def test_any_nicknames_can_be_drawn(logins: list[str]) -> None:
    picture = draw.draw(charts.top_players(players(logins)).spec, scale=0.5)
    assert size(picture)[0] > 100


# -- pictures -------------------------------------------------------------------------------------


def pictures(league: League) -> dict[str, Picture]:
    page = analyse.player_page(league, 1)
    return {
        "top_players": charts.top_players(analyse.top_players(league)),
        "win_rates": charts.win_rates(analyse.win_rates_by_role(league)),
        "games_by_month": charts.games_by_month(analyse.games_by_month(league)),
        "seats": charts.seats(analyse.seats(league)),
        "player_years": charts.player_years(page.years, page.title),
    }


def test_each_picture_says_its_message_in_words(mini_league: League) -> None:
    assert {name: picture.alt for name, picture in pictures(mini_league).items()} == {
        "top_players": f"{FIRE} leads with 2,500 ELO: the first 9 players of the rating, as the site lists them",
        "win_rates": "No role wins clearly more often: share of decided games with its 95% interval; 3 games each",
        "games_by_month": "2023-05 had most games: 2: 4 games by month, each by the first day of its tournament",
        "seats": "No seat wins clearly more often: share of games by seat with its 95% interval;"
        " decided: 3 games each; telling the first shot: 2 games each",
        "player_years": f"{FIRE} (1): 1 of 4 games won: games by year, counted from the seats",
    }


def test_only_a_clear_lead_is_called_one() -> None:
    def rates(*wins: int) -> pl.DataFrame:
        ends = [analyse.wilson(won, 1000) or (0.0, 0.0) for won in wins]
        return pl.DataFrame(
            {
                "role": ["citizen", "sheriff", "mafia", "don"],
                "games": [1000] * 4,
                "win_rate": [won / 1000 for won in wins],
                "low": [end[0] for end in ends],
                "high": [end[1] for end in ends],
            }
        )

    def title(frame: pl.DataFrame) -> str:
        return charts.win_rates(frame).alt.split(": share")[0]

    assert title(rates(560, 560, 440, 440)) == "Citizen and sheriff win most often: 56.0%"
    assert title(rates(700, 560, 440, 440)) == "Citizen wins most often: 70.0%"
    assert title(rates(510, 510, 490, 490)) == "No role wins clearly more often"
    assert title(rates(500, 500, 500, 500)) == "No role wins clearly more often"
    assert charts.win_rates(rates(700, 560, 440, 440), "Ёж").alt.startswith("Ёж: citizen wins most often: 70.0%")


def test_the_pictures_hold_the_figures_of_the_tables(mini_league: League) -> None:
    values = pictures(mini_league)["games_by_month"].spec["data"]["values"]
    assert values == [
        {"month": "2023-05-01", "games": 2, "games_not_played": 0, "tournaments": 1},
        {"month": "2024-02-01", "games": 2, "games_not_played": 1, "tournaments": 1},
    ]


def test_names_that_look_alike_carry_their_ids() -> None:
    labels = charts._labels(players(["Саша", "Caшa", "Ёж", "", "日本"]))  # the second begins with Latin letters
    assert labels == ["Саша (1)", "Caшa (2)", "Ёж", " (4)", "日本 (5)"]


def test_every_picture_is_drawn_and_names_no_address(mini_league: League) -> None:
    for name, picture in pictures(mini_league).items():
        assert size(picture.png())[0] >= 2 * charts.WIDTH, name
        assert "://" not in json.dumps({**picture.spec, "$schema": ""}), name


@pytest.mark.parametrize(
    ("chart", "frame"),
    [
        (charts.top_players, players([])),
        (
            charts.games_by_month,
            pl.DataFrame(
                schema={"month": pl.Date, "games": pl.Int64, "games_not_played": pl.Int64, "tournaments": pl.Int64}
            ),
        ),
    ],
)
def test_nothing_can_be_drawn_too(chart: Any, frame: pl.DataFrame) -> None:  # noqa: ANN401 - either chart
    assert size(draw.draw(chart(frame).spec))[0] > 100


def test_where_no_game_was_decided_the_picture_says_so(mini_league: League) -> None:
    for picture in (
        charts.win_rates(analyse.win_rates_by_role(mini_league, year=2020)),
        charts.seats(analyse.seats(mini_league, year=2020)),
    ):
        assert picture.alt.startswith("No game was decided here: ")
        assert size(draw.draw(picture.spec))[0] > 100
    nobody = charts.win_rates(analyse.win_rates_by_role(mini_league, year=2020), "Ёж")
    assert nobody.alt.startswith("Ёж: no game was decided here: ")
    years = analyse.player_page(mini_league, 10).years
    assert charts.player_years(years, "Тень (10)").alt.startswith("Тень (10): no game was counted yet")


def test_each_half_of_the_seats_tells_of_how_many_games_it_is_a_share(mini_league: League) -> None:
    won, shot = pictures(mini_league)["seats"].spec["hconcat"]
    for half, heading, column, words in (
        (won, "Won", "games", "decided games"),
        (shot, "Shot on the first night", "games_telling_shot", "games telling the first shot"),
    ):
        assert half["title"]["text"] == heading
        for layer in half["layer"]:
            assert layer["encoding"]["tooltip"][-1] == {"field": column, "title": words, "type": "quantitative"}
        assert half["layer"][0]["encoding"]["y"]["title"] == f"share of {words}"


def _axis_titles(spec: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a part of a chart
    """Each axis of a chart that is named, and by which word."""
    if isinstance(spec, list):
        for part in spec:
            yield from _axis_titles(part)
    elif isinstance(spec, dict):
        for name, axis in spec.get("encoding", {}).items():
            if name in {"x", "y"} and axis.get("title"):
                yield name, axis["title"]
        yield from _axis_titles([spec[name] for name in ("layer", "hconcat") if name in spec])


def test_every_axis_says_what_it_is(mini_league: League) -> None:
    assert {name: set(_axis_titles(picture.spec)) for name, picture in pictures(mini_league).items()} == {
        "top_players": {("x", "ELO"), ("y", "player")},
        "win_rates": {("x", "of decided games won"), ("y", "role")},
        "games_by_month": {("x", "month"), ("y", "games played")},
        "seats": {("x", "seat"), ("y", "share of decided games"), ("y", "share of games telling the first shot")},
        "player_years": {("x", "year"), ("y", "games")},
    }


def test_the_headings_above_the_seats_stand_at_one_height(mini_league: League) -> None:
    svg = draw.to_svg(pictures(mini_league)["seats"].spec)
    titles = re.findall(
        r'role-title"><g transform="translate\([^,]*,([^)]*)\)">.*?aria-label="Title text \'(.*?)\'', svg
    )
    assert {text for _, text in titles} >= {"Won", "Shot on the first night"}
    assert len({place for place, text in titles if text in {"Won", "Shot on the first night"}}) == 1


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        (lambda: charts.top_players(players(["Ёж"]), by="foo"), "by: 'foo' is none of elo, gg_points."),
        (lambda: charts.top_players(players(["Ёж"]), by="gg_points"), "there is no column gg_points in it. Give what"),
        (lambda: charts.seats(players(["Ёж"])), "Give what analyse.seats(league) gives."),
        (lambda: charts.win_rates(players(["Ёж"])), "Give what analyse.win_rates_by_role(league) gives."),
        (lambda: charts.games_by_month(players(["Ёж"])), "there is no column month, games, "),
        (lambda: charts.player_years(players(["Ёж"]), "Ёж"), "Give what analyse.player_page(league).years gives."),
        (lambda: charts.player_years(cast("pl.DataFrame", "Ёж"), "Ёж"), "frame: str is no polars DataFrame."),
    ],
)
def test_another_questions_frame_is_told_so(chart: Callable[[], Picture], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        chart()
    assert words in str(caught.value)


def test_a_picture_shows_itself_as_png_at_half_its_pixels_with_words_beside_it(
    mini_league: League, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMAFIA_HEADLESS", "1")
    picture = pictures(mini_league)["seats"]
    forms, about = picture._repr_mimebundle_()
    assert set(forms) == {"image/png", "text/plain"}
    width, _ = size(base64.b64decode(forms["image/png"]))
    assert about == {"image/png": {"alt": picture.alt, "width": width // 2}}


def test_in_jupyterlab_the_chart_itself_goes_along(mini_league: League, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOMAFIA_HEADLESS", "0")
    picture = pictures(mini_league)["games_by_month"]
    forms, _ = picture._repr_mimebundle_()
    assert set(forms) == {"image/png", "text/plain", LIVE_FORM}
    assert forms[LIVE_FORM]["data"] == picture.spec["data"]


@pytest.mark.parametrize(
    ("environment", "headless"),
    [
        ({}, True),
        ({"JPY_SESSION_NAME": "/home/a/explore.ipynb"}, False),
        ({"JPY_SESSION_NAME": "/home/a/explore.ipynb", "GOMAFIA_HEADLESS": "1"}, True),
        ({"GOMAFIA_HEADLESS": "0"}, False),
        ({"GOMAFIA_HEADLESS": "no"}, False),
    ],
)
def test_headless_unless_a_person_looks(environment: dict[str, str], headless: bool) -> None:  # noqa: FBT001 - a case
    assert analyse.is_headless(environment) is headless


def test_a_picture_is_saved(mini_league: League, tmp_path: Path) -> None:
    pictures(mini_league)["win_rates"].save(tmp_path / "роли.png")
    assert size((tmp_path / "роли.png").read_bytes())[0] >= 2 * charts.WIDTH


def test_a_picture_that_cant_be_written_so_is_told(tmp_path: Path) -> None:
    picture = analyse.Picture({"mark": "bar"}, "nothing")
    for name in ("роли.gif", ".", "роли"):
        with pytest.raises(SettingsError, match=r"no ending that a picture has\. Let it end in \.png\."):
            picture.save(tmp_path / name)
    with pytest.raises(FolderError, match=r"роли\.png can't be written"):
        save_picture(tmp_path / "nowhere" / "роли.png", {".png": lambda: b"drawn"})


def test_what_is_no_chart_ends_in_one_sentence() -> None:
    with pytest.raises(UnavailableError, match=r"The picture \(nothing\) can't be drawn: .*make setup"):
        analyse.Picture({"mark": 7}, "nothing").png()


def test_plain_drawing_needs_no_other_font() -> None:
    svg = draw.to_svg(charts.top_players(players(["Волк 🐺"])).spec, plain=True)
    assert f">Волк\xa0{draw.REPLACEMENT}<" in svg


_DRAWS = """
import sys
from gomafia_kit.analyse import Picture
Picture({"mark": "bar", "data": {"values": []}}, "nothing").png()
print("vl_convert" in sys.modules)
"""


def test_drawing_happens_in_a_process_that_ends() -> None:
    picture = charts.top_players(players(["Ёж"]))
    assert size(picture.png())[0] >= 2 * charts.WIDTH
    loaded = subprocess.run(
        [sys.executable, "-c", _DRAWS],
        capture_output=True,
        check=True,
        text=True,
    )
    assert loaded.stdout == "False\n"
