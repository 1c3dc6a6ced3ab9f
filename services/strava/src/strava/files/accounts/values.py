"""Dates and numbers as people of several languages write them."""

import math
import re
import unicodedata
from datetime import UTC, datetime
from typing import Final

from strava.files.samples import EARLIEST, LATEST

MONTHS: Final = {
    **dict.fromkeys(("jan", "ene"), 1),
    **dict.fromkeys(("feb", "fev"), 2),
    **dict.fromkeys(("mar", "mrz"), 3),
    **dict.fromkeys(("apr", "avr", "abr"), 4),
    **dict.fromkeys(("may", "mai"), 5),
    **dict.fromkeys(("jun", "juin"), 6),
    **dict.fromkeys(("jul", "juil"), 7),
    **dict.fromkeys(("aug", "aou", "ago"), 8),
    **dict.fromkeys(("sep", "set"), 9),
    **dict.fromkeys(("oct", "okt", "out"), 10),
    **dict.fromkeys(("nov",), 11),
    **dict.fromkeys(("dec", "dez", "dic"), 12),
}
"""Months by how their names begin in English, German, French, Spanish and Portuguese, without accents."""

_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap])?\.?\s*(?:m\b)?", re.IGNORECASE)
_NUMERIC = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})")
_WORD = re.compile(r"[^\W\d_]{3,}")
_NUMBER = re.compile(r"\d+")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{3})+")
_LONGEST = 60
_HALF_DAY = 12
_YEAR_DIGITS = 4


def plain(text: str) -> str:
    """Lower case without accents, with single spaces: for words to be compared."""
    decomposed = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
    return " ".join("".join(letter for letter in decomposed if not unicodedata.combining(letter)).lower().split())


def moment(text: str) -> datetime | None:
    """UTC moment of a date with a time: ``Oct 7, 2020, 2:43:11 PM``, ``07.10.2020, 14:43:11``, ``7 de out. de 2020``...

    A date of three numbers is year, month, day when it begins with four digits, else day, month, year. None when there
    is no such moment, or none at which anybody recorded anything.
    """
    cleaned = plain(text[:_LONGEST])
    time = _TIME.search(cleaned)
    date = _date(_TIME.sub(" ", cleaned))
    if time is None or date is None:
        return None
    hour, minute, second = (int(part or 0) for part in time.groups()[:3])
    if time[4]:
        hour = hour % _HALF_DAY + (_HALF_DAY if time[4] == "p" else 0)
    try:
        found = datetime(*date, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return found if EARLIEST <= found.timestamp() <= LATEST else None


def _date(text: str) -> tuple[int, int, int] | None:
    """(year, month, day) of numbers with or without a month's name among them."""
    if found := _NUMERIC.search(text):
        first, month, last = found.groups()
        year, day = (first, last) if len(first) == _YEAR_DIGITS else (last, first)
        return int(year), int(month), int(day)
    month_number = next((each for word in _WORD.findall(text) if (each := _month(word))), None)
    numbers = _NUMBER.findall(text)
    years = [number for number in numbers if len(number) == _YEAR_DIGITS]
    days = [number for number in numbers if len(number) < _YEAR_DIGITS - 1]
    if month_number is None or not years or not days:
        return None
    return int(years[0]), month_number, int(days[0])


def _month(word: str) -> int | None:
    return MONTHS.get(word[:4]) or MONTHS.get(word[:3])


def decimal(text: str, *, comma: bool) -> float | None:
    """Value of a number with a point or a comma for decimals; None when there is none, or none that is finite.

    ``comma`` says what the language uses, for what could be either: ``1,234``.
    """
    digits = re.sub(r"[\s'\u2019]", "", text[:_LONGEST])
    if "," in digits and "." in digits:
        comma_last = digits.rfind(",") > digits.rfind(".")
        digits = digits.replace(".", "").replace(",", ".") if comma_last else digits.replace(",", "")
    elif _GROUPED.fullmatch(digits) and (digits.count(",") + digits.count(".") > 1 or ("," in digits) is not comma):
        digits = digits.replace(",", "").replace(".", "")
    try:
        value = float(digits.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def within(value: float | None, low: float, high: float) -> float | None:
    """The value when it is possible."""
    return value if value is not None and low <= value <= high else None
