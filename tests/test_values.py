"""Text and JSON values -> numbers, dates and texts: a value, nothing, or a refusal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gomafia_kit.errors import BadValueError
from gomafia_kit.values import (
    count_and_share,
    day,
    days,
    decimal,
    decimals,
    flag,
    identity,
    integer,
    iso_date,
    money,
    name,
    percentage,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

READERS = (count_and_share, day, days, decimal, flag, identity, integer, iso_date, money, name, text)
SPACES = " \u00a0\u202f\u2009"
MONTHS = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split()  # noqa: SIM905 - reads better

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)

numbers = st.decimals(min_value="-9999", max_value="9999", places=2).map(str)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("0.6", "0.6"),
        ("-0.4", "-0.4"),
        ("\u22120,4", "-0.4"),
        ("+12", "12"),
        ("0,5", "0.5"),
        ("1 500,50", "1500.50"),
        ("1\u00a0500", "1500"),
        ("60\u202f000", "60000"),
        ("12\u2009345\u2009678", "12345678"),
        (" 7 ", "7"),
        ("2325.48", "2325.48"),
        (2325.48, "2325.48"),
        (0.1 + 0.2, "0.3"),
        (3, "3"),
        ("0", "0"),
        ("1.500", "1.500"),
    ],
)
def test_a_number_is_read_exactly(raw: object, value: str) -> None:
    assert decimal(raw) == Decimal(value)


@pytest.mark.parametrize(
    "raw",
    [
        "1.500,50",
        "1,500.50",
        "1 50",
        "1  500",
        "12 3456",
        "1e5",
        "NaN",
        "inf",
        "0x10",
        "7\u0660",
        "٧",
        "1_000",
        "+-1",
        "5 %",
        "1234567890123",
        "0.1234567",
        True,
        float("nan"),
        float("inf"),
        1e300,
        0.12345678,
        [],
        {},
    ],
)
def test_what_is_ambiguous_or_no_number_is_refused(raw: object) -> None:
    with pytest.raises(BadValueError, match="is not"):
        decimal(raw)


@pytest.mark.parametrize("raw", [None, "", "-", "–", "—", "\u2212", "\u00a0"])
def test_a_dash_or_nothing_is_no_number(raw: object) -> None:
    assert decimal(raw) is None


@pytest.mark.parametrize(("raw", "value"), [(7, 7), ("7", 7), ("7.0", 7), ("1 234", 1234), ("", None), ("–", None)])
def test_a_whole_number(raw: object, value: int | None) -> None:
    assert integer(raw) == value


@pytest.mark.parametrize("raw", ["7,5", 7.5, 2**31, -(2**31), "abc", True])
def test_no_whole_number_of_32_bits(raw: object) -> None:
    with pytest.raises(BadValueError):
        integer(raw)


@pytest.mark.parametrize(("raw", "value"), [("159", 159), (0, None), ("0", None), ("", None), (None, None)])
def test_an_identity(raw: object, value: int | None) -> None:
    assert identity(raw) == value


def test_nobody_has_a_number_under_zero() -> None:
    with pytest.raises(BadValueError, match="-3 is not the number of anybody"):
        identity(-3)


@pytest.mark.parametrize(
    ("raw", "value"),
    [("0", False), ("1", True), (0, False), (1, True), (True, True), (False, False), ("", None), (None, None)],
)
def test_a_flag(raw: object, value: bool | None) -> None:  # noqa: FBT001 - a value of the table above
    assert flag(raw) is value


@pytest.mark.parametrize("raw", ["yes", "2", 2, 0.5, "true", []])
def test_no_flag(raw: object) -> None:
    with pytest.raises(BadValueError):
        flag(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2025-11-01", date(2025, 11, 1)),
        ("2025-11-01 10:00:00", date(2025, 11, 1)),
        ("2025-11-01T10:00:00.000Z", date(2025, 11, 1)),
        ("2025-11-01T23:00:00+03:00", date(2025, 11, 1)),
        ("0000-00-00", None),
        ("", None),
        (None, None),
    ],
)
def test_a_day(raw: object, value: date | None) -> None:
    assert iso_date(raw) == value


@pytest.mark.parametrize("raw", ["01.11.2025", "2025-02-30", "2025-13-01", "2025-11-01x", 20251101, "2025-11"])
def test_no_day(raw: object) -> None:
    with pytest.raises(BadValueError):
        iso_date(raw)


@pytest.mark.parametrize("raw", [" fx ", "Ё", "Е\u0308", "<script>", "🐺", "-", "a\tb\nc", "\u202eabc"])
def test_a_text_stays_as_it_came(raw: str) -> None:
    assert text(raw) == raw


@pytest.mark.parametrize("raw", ["a\0b", "\ud83d", 5, ["a"]])
def test_a_text_that_no_database_can_hold_is_refused(raw: object) -> None:
    with pytest.raises(BadValueError):
        text(raw)


def test_a_lone_dash_is_no_word() -> None:
    assert [name(" – "), name("Москва"), name("")] == [None, "Москва", None]


@given(json_values)
def test_any_value_is_read_or_refused(raw: object) -> None:
    for read in READERS:
        try:
            value: Any = read(raw)
        except BadValueError as error:
            assert error.message  # noqa: PT017 - the refusal must say why
        else:
            assert value is None or isinstance(value, str | int | bool | Decimal | date | tuple)


@given(st.decimals(min_value="-999999999999", max_value="999999999999", places=6))
def test_a_number_that_is_written_and_read_is_the_same(number: Decimal) -> None:
    plain = format(number, "f")
    assert decimal(plain) == number
    assert decimal(plain.replace(".", ",")) == number
    assert decimal(plain.replace("-", "\u2212")) == number


@given(st.lists(st.none() | st.booleans() | st.integers() | st.floats() | numbers | numbers.map(float) | st.text()))
def test_a_column_is_read_as_its_values_are_one_by_one(column: list[str | float | None]) -> None:
    def one_by_one() -> list[Decimal | None]:
        return [decimal(value) for value in column]

    assert _outcome(lambda: decimals(column)) == _outcome(one_by_one)


def _outcome(read: Callable[[], object]) -> str:
    """What is read, to the last zero, or what is said against it."""
    try:
        return repr(read())
    except BadValueError as error:
        return error.message


@given(st.integers(min_value=1_000, max_value=999_999_999), st.sampled_from(SPACES))
def test_thousands_may_be_parted_by_any_space_of_the_site(number: int, space: str) -> None:
    assert decimal(f"{number:,}".replace(",", space)) == number
    assert integer(f"{number:,}".replace(",", space)) == number


@given(st.dates(), st.sampled_from(SPACES))
def test_a_day_that_is_written_and_read_is_the_same(found: date, space: str) -> None:
    in_words = f"{found.day}{space}{MONTHS[found.month - 1]}{space}{found.year:04d}{space}г."
    assert iso_date(found.isoformat()) == found
    for written in (found.isoformat(), f"{found.day:02d}.{found.month:02d}.{found.year:04d}", in_words):
        assert day(written) == found
        assert days(written) == (found, found)


@given(st.dates(), st.dates(), st.sampled_from(["–", "-", "—", " – ", "\u00a0—\u00a0"]))
def test_two_days_are_read_if_the_second_isnt_before_the_first(one: date, other: date, between: str) -> None:
    first, last = sorted((one, other))
    written = [f"{found.day:02d}.{found.month:02d}.{found.year:04d}" for found in (first, last)]
    assert days(between.join(written)) == (first, last)
    if first != last:
        with pytest.raises(BadValueError, match="is not one date or two"):
            days(between.join(reversed(written)))


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("05.01.2023", date(2023, 1, 5)),
        (" 05.01.2023\n", date(2023, 1, 5)),
        ("1 января 2016 г.", date(2016, 1, 1)),
        ("1 Января 2016", date(2016, 1, 1)),
        ("01 мая 2016\u202fг.", date(2016, 5, 1)),
        ("31\u00a0декабря\u00a02019\u00a0г.", date(2019, 12, 31)),
        ("2025-11-01 10:00:00", date(2025, 11, 1)),
        ("0000-00-00", None),
        ("–", None),
        ("", None),
        (None, None),
    ],
)
def test_a_day_in_each_of_the_sites_forms(raw: object, value: date | None) -> None:
    assert day(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        "5.1.2023",
        "05.01.23",
        "01/05/2023",
        "31.02.2023",
        "00.01.2023",
        "05.13.2023",
        "0 января 2016 г.",
        "31 июня 2016 г.",
        "1 январь 2016 г.",
        "1 January 2016",
        "января 2016 г.",
        "1января2016",
        "٠٥.٠١.٢٠٢٣",
        "05.01.2023 – 06.01.2023",
        20230105,
        date(2023, 1, 5),
    ],
)
def test_no_day_in_any_form(raw: object) -> None:
    with pytest.raises(BadValueError, match="is not a"):
        day(raw)


@pytest.mark.parametrize("raw", ["01.11.2025 –", "– 01.11.2025", "01.11.2025 – 02.11.2025 – 03.11.2025", "1–2", 5])
def test_no_days(raw: object) -> None:
    with pytest.raises(BadValueError):
        days(raw)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("60 000 ₽", "60000"),
        ("1\u00a0500,50\u00a0₽", "1500.50"),
        ("1\u202f500,50\u202f₽", "1500.50"),
        ("0₽", "0"),
        ("\u2212500 ₽", "-500"),
    ],
)
def test_an_amount_of_money(raw: str, value: str) -> None:
    assert money(raw) == Decimal(value)


@pytest.mark.parametrize("raw", ["60 000", "60 000 $", "₽", "– ₽", "₽ 500", "500 ₽ 20", "1.500,50 ₽", "500 ₽₽", 500])
def test_no_amount_of_money(raw: object) -> None:
    with pytest.raises(BadValueError, match="is not a"):
        money(raw)


@given(st.integers(min_value=-99_999_999_99, max_value=99_999_999_99), st.sampled_from(SPACES))
def test_money_that_is_written_and_read_is_the_same(kopecks: int, space: str) -> None:
    amount = Decimal(kopecks).scaleb(-2)
    written = f"{amount:,}".replace(",", space).replace(".", ",")
    assert money(f"{written}{space}₽") == amount


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("211 (62%)", (211, Decimal(62))),
        ("211\u00a0(62,5\u00a0%)", (211, Decimal("62.5"))),
        ("1 211(100%)", (1211, Decimal(100))),
        ("0 (0%)", (0, Decimal(0))),
        ("–", None),
        ("", None),
    ],
)
def test_a_count_and_its_share(raw: str, value: tuple[int, Decimal] | None) -> None:
    assert count_and_share(raw) == value


@pytest.mark.parametrize(
    "raw", ["211", "211 62%", "211 (62)", "(62%)", "211 (%)", "62% (211)", "2,5 (1%)", "-1 (5%)", 211]
)
def test_no_count_and_share(raw: object) -> None:
    with pytest.raises(BadValueError, match="is not a"):
        count_and_share(raw)


@given(st.integers(min_value=0, max_value=99_999), st.integers(min_value=0, max_value=100))
def test_a_share_that_is_written_and_read_is_the_same(count: int, share: int) -> None:
    assert count_and_share(f"{count} ({share}%)") == (count, Decimal(share))


@pytest.mark.parametrize("read", [count_and_share, day, days, decimal, integer, iso_date, money, name])
@pytest.mark.parametrize("raw", ["", "–", "—", "-", "\u2212", " – ", "\u00a0"])
def test_every_mark_of_a_missing_value_is_none(read: Any, raw: str) -> None:  # noqa: ANN401 - a reader
    assert read(raw) is None


@pytest.mark.parametrize(
    ("raw", "value"), [("62%", "62"), ("62,5 %", "62.5"), (62, "62"), ("62", "62"), ("", None), ("–", None)]
)
def test_a_percentage(raw: object, value: str | None) -> None:
    assert percentage(raw) == (None if value is None else Decimal(value))


@pytest.mark.parametrize("raw", ["%", "-%", "62%%", "62 (3%)", "many%"])
def test_no_percentage(raw: str) -> None:
    with pytest.raises(BadValueError):
        percentage(raw)
