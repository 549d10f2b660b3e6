"""Text and JSON values of the site -> numbers, dates and texts; pure, and the only place that reads them.

Each reader gives a value, or None for what the site writes where nothing is, or raises
BadValueError: what is ambiguous is refused, never guessed.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from gomafia_kit.errors import BadValueError

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSING: Final = frozenset({"", "–", "—", "-", "−"})
"""What the site writes for "none": nothing, or one of the dashes."""

DECIMAL_PLACES: Final = 6
_NOISE: Final = Decimal("1e-9")
_WHOLE_DIGITS: Final = 12
_STEP: Final = Decimal(1).scaleb(-DECIMAL_PLACES)
_SPACES: Final = {ord(space): None for space in " \u00a0\u202f\u2009\u2007"}
_MINUS: Final = {ord("−"): "-"}
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u202f\u2009\u2007]\d{3})+(?:[.,]\d+)?")
_is_usual: Final = re.compile(rf"-?[0-9]{{1,{_WHOLE_DIGITS}}}(?:\.[0-9]{{1,{DECIMAL_PLACES}}})?").fullmatch
_PLAIN: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_INT_MAX: Final = 2**31 - 1
_QUICK_DIGITS: Final = 9
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")

Scalar = str | int | float | bool | None


def _bad(value: object, expected: str) -> BadValueError:
    return BadValueError(f"{value!r} is not {expected}.")


def text(value: object) -> str | None:
    """The text as it came, spaces and all; None for null or an empty one.

    A NUL or half of a surrogate pair is refused: PostgreSQL can't hold them, and dropping them
    would change the text.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise _bad(value, "a text")
    if "\0" in value:
        raise _bad(value, "a text without NUL characters")
    if _LONE_SURROGATE.search(value):
        raise _bad(value, "sound Unicode")
    return value


def name(value: object) -> str | None:
    """A word of the site's or a title: as `text`, but a lone dash means none."""
    found = text(value)
    return None if found is None or found.strip() in MISSING else found


def decimal(value: object) -> Decimal | None:
    """An exact number of at most six decimal places.

    Reads 0.6, "0,6", "1 500,50", "+12", "−7" (U+2212). A JSON number that differs from six places by
    less than a billionth (0.30000000000000004) is binary noise and is read as what was meant.
    """
    if value is None:
        return None
    if type(value) is str and _is_usual(value):  # most of them
        return Decimal(value)
    if type(value) is float and _is_usual(plain := repr(value)):
        return Decimal(plain)
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, float):
        return _from_float(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _fitting(Decimal(value), value)
    raise _bad(value, "a number")


def decimals(values: Sequence[Scalar]) -> list[Decimal | None]:
    """A column of numbers, each as `decimal` reads it: in half of the time where most are written as usual."""
    texts = list(map(str, values))
    usual = list(map(_is_usual, texts))
    if all(usual):
        return list(map(Decimal, texts))
    return [Decimal(text) if fits else decimal(value) for value, text, fits in zip(values, texts, usual, strict=True)]


def _from_text(value: str) -> Decimal | None:
    plain = value.strip(" \u00a0\u202f\u2009\u2007\t\r\n").translate(_MINUS)
    if plain in MISSING:
        return None
    if not plain.isascii() and any(char.isdigit() and not char.isascii() for char in plain):
        raise _bad(value, "a number in the digits 0 to 9")
    if _GROUPED.fullmatch(plain):
        plain = plain.translate(_SPACES)
    elif not _PLAIN.fullmatch(plain):
        raise _bad(value, "a number")
    return _fitting(Decimal(plain.replace(",", ".")), value)


def _from_float(value: float) -> Decimal:
    exact = Decimal(repr(value))
    if not exact.is_finite():
        raise _bad(value, "a number")
    if exact.adjusted() >= _WHOLE_DIGITS:
        raise _bad(value, f"a number of at most {_WHOLE_DIGITS} digits before the point")
    rounded = exact.quantize(_STEP)
    if abs(exact - rounded) < _NOISE:
        return rounded
    raise _bad(value, f"a number of at most {DECIMAL_PLACES} decimal places")


def _fitting(number: Decimal, value: object) -> Decimal:
    if number.adjusted() >= _WHOLE_DIGITS:
        raise _bad(value, f"a number of at most {_WHOLE_DIGITS} digits before the point")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -DECIMAL_PLACES and number != number.quantize(_STEP):
        raise _bad(value, f"a number of at most {DECIMAL_PLACES} decimal places")
    return number


def integer(value: object) -> int | None:
    """A whole number that fits 32 bits; 7, "7", "7.0" and "1 234" are, "7,5" is not."""
    if type(value) is int and -_INT_MAX <= value <= _INT_MAX:  # the common cases, quickly
        return value
    if type(value) is str and len(value) <= _QUICK_DIGITS and value.isascii() and value.isdigit():
        return int(value)
    number = decimal(value)
    if number is None:
        return None
    if number != number.to_integral_value() or abs(number) > _INT_MAX:
        raise _bad(value, "a whole number of 32 bits")
    return int(number)


_MONEY: Final = re.compile(r"(.+?)[ \u00a0\u202f\u2009\u2007]*₽", re.DOTALL)
_COUNT_AND_SHARE: Final = re.compile(
    r"(\d[\d \u00a0\u202f\u2009\u2007]*?)[ \u00a0\u202f\u2009\u2007]*\((\d+(?:[.,]\d+)?)[ \u00a0\u202f]*%\)", re.ASCII
)


def money(value: object) -> Decimal | None:
    """An amount in roubles, as `60 000 ₽` or `1 500,50 ₽`; without its sign it is refused, being anything."""
    if not isinstance(value, str):
        raise _bad(value, "an amount as 60 000 ₽")
    plain = value.strip()
    if plain in MISSING:
        return None
    found = _MONEY.fullmatch(plain)
    amount = decimal(found[1]) if found else None
    if amount is None:
        raise _bad(value, "an amount as 60 000 ₽")
    return amount


def percentage(value: object) -> Decimal | None:
    """A share in percent, as 62, "62" or "62%"."""
    if isinstance(value, str) and value.rstrip().endswith("%"):
        share = decimal(value.rstrip()[:-1])
        if share is None:
            raise _bad(value, "a percentage as 62%")
        return share
    return decimal(value)


def count_and_share(value: object) -> tuple[int, Decimal] | None:
    """A count and its share in percent, as `211 (62%)`."""
    if not isinstance(value, str):
        raise _bad(value, "a count and its share as 211 (62%)")
    plain = value.strip()
    if plain in MISSING:
        return None
    found = _COUNT_AND_SHARE.fullmatch(plain)
    count, share = (integer(found[1]), decimal(found[2])) if found else (None, None)
    if count is None or share is None:
        raise _bad(value, "a count and its share as 211 (62%)")
    return count, share


def identity(value: object) -> int | None:
    """A number that names somebody or something: from 1; null, "" and 0 name nobody."""
    number = integer(value)
    if number is None or number == 0:
        return None
    if number < 0:
        raise _bad(value, "the number of anybody")
    return number


def flag(value: object) -> bool | None:
    """True or false; "0", "1", 0 and 1 as well."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | str) and str(value) in {"0", "1"}:
        return str(value) == "1"
    raise _bad(value, "a flag (true, false, 0 or 1)")


_ISO: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")


def iso_date(value: object) -> date | None:
    """The day of `2025-11-01` or `2025-11-01 10:00:00`; None for nothing, a dash or `0000-00-00`."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise _bad(value, "a date as 2025-11-01")
    plain = value.strip()
    if plain in MISSING or plain.startswith("0000-00-00"):
        return None
    found = _ISO.fullmatch(plain)
    if found is None:
        raise _bad(value, "a date as 2025-11-01")
    try:
        return date.fromisoformat(found[1])
    except ValueError:
        raise _bad(value, "a day of the calendar") from None


_SPACE: Final = "[ \u00a0\u202f\u2009\u2007]"
_DOTTED: Final = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})")
_IN_WORDS: Final = re.compile(rf"([0-9]{{1,2}}){_SPACE}+([а-я]+){_SPACE}+([0-9]{{4}})(?:{_SPACE}*г\.?)?")
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        (
            "января",
            "февраля",
            "марта",
            "апреля",
            "мая",
            "июня",
            "июля",
            "августа",
            "сентября",
            "октября",
            "ноября",
            "декабря",
        ),
        1,
    )
}
_DAY_EXPECTED: Final = "a date as 01.11.2025, 2025-11-01 or 1 ноября 2025 г."
_BETWEEN_DAYS: Final = re.compile(rf"{_SPACE}*[–—−-]{_SPACE}*")


def day(value: object) -> date | None:
    """The day of `01.11.2025`, `1 ноября 2025 г.` or what `iso_date` reads; None for nothing or a dash."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise _bad(value, _DAY_EXPECTED)
    plain = value.strip()
    if plain in MISSING:
        return None
    if dotted := _DOTTED.fullmatch(plain):
        return _calendar_day(value, int(dotted[3]), int(dotted[2]), int(dotted[1]))
    if (worded := _IN_WORDS.fullmatch(plain.lower())) and worded[2] in _MONTHS:
        return _calendar_day(value, int(worded[3]), _MONTHS[worded[2]], int(worded[1]))
    if _ISO.fullmatch(plain):
        return iso_date(plain)
    raise _bad(value, _DAY_EXPECTED)


def _calendar_day(value: object, year: int, month: int, number: int) -> date:
    try:
        return date(year, month, number)
    except ValueError:
        raise _bad(value, "a day of the calendar") from None


def days(value: object) -> tuple[date, date] | None:
    """First and last day of `01.11.2025 – 02.11.2025`; one date alone is both."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise _bad(value, "one date or two as 01.11.2025 – 02.11.2025")
    plain = value.strip()
    if plain in MISSING:
        return None
    read = [day(plain)] if _ISO.fullmatch(plain) else [day(part) for part in _BETWEEN_DAYS.split(plain)]
    first, last = read[0], read[-1]
    if first is None or last is None or len(read) > 2 or last < first:  # noqa: PLR2004 - first and last
        raise _bad(value, "one date or two as 01.11.2025 – 02.11.2025")
    return first, last
