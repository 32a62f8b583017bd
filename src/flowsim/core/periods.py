"""Months, quarters and years: as people and sources write them, and as numbers that can be counted on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from flowsim.core.errors import InputError

__all__ = [
    "BY_QUARTER_AND_YEAR",
    "MONTHS",
    "Every",
    "Moment",
    "label",
    "label_of",
    "moments_of",
    "months_in",
    "months_of",
    "quarter",
    "read_period",
]

Every = Literal["month", "quarter", "year"]
BY_QUARTER_AND_YEAR: tuple[Every, Every] = ("quarter", "year")
MONTHS: Mapping[Every, int] = {"month": 1, "quarter": 3, "year": 12}
_PERIOD = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])|Q([1-4]))?")


def months_of(period: str) -> tuple[int, int]:
    """Return the first month of a period and the month after it, as months since the year 0.

    Raises:
        InputError: for anything but "2019", "2019Q1" and "2019-03".
    """
    found = _PERIOD.fullmatch(period)
    if not found:
        raise InputError(f"'{period}' is no period: write '2019', '2019Q1' or '2019-03'")
    year, month, quarter = found.groups()
    first = int(year) * 12 + (int(month) - 1 if month else 3 * (int(quarter) - 1) if quarter else 0)
    return first, first + (1 if month else 3 if quarter else 12)


def moments_of(period: str) -> tuple[datetime, datetime]:
    """Return the first moment of a period, and the first one after it.

    Raises:
        InputError: as `months_of`.
    """
    since, until = months_of(period)
    return datetime(since // 12, since % 12 + 1, 1), datetime(until // 12, until % 12 + 1, 1)


def months_in(every: Every) -> int:
    """Return the number of months in a period."""
    return MONTHS[every]


def label(month: int, every: Every) -> str:
    """Name the period that a month, in months since the year 0, belongs to."""
    year, rest = divmod(month, 12)
    texts = {
        "month": f"{year:04}-{rest + 1:02}",
        "quarter": f"{year:04}Q{rest // 3 + 1}",
        "year": f"{year:04}",
    }
    return texts[every]


_NAMES = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
_ENGLISH = {"may": 5, "oct": 10}
_ROLLING = re.compile(r"(?:19|20)\d\d\s*Q?MAT\s*\d*", re.IGNORECASE)
_YEAR_FIRST = re.compile(
    r"((?:19|20)\d\d)\s*(?:([KQM])\s*0?(\d{1,2})|-(\d\d)|(\d)\.\s*(?:kvt|kv|kvartal)\.?)", re.IGNORECASE
)
_QUARTER_FIRST = re.compile(r"(?:(\d)\.\s*(?:kvt|kv|kvartal)|[KQ](\d))\.?\s*((?:19|20)\d\d)", re.IGNORECASE)
_NAMED = re.compile(r"([a-zæøå]{3,9})\.?\s*((?:19|20)\d\d)", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")


class Moment(NamedTuple):
    """A period of a source: its length, and its number, so that the next one's is one higher."""

    every: Every
    number: int


def label_of(number: int, every: Every = "quarter") -> str:
    """Name a period by its number: "2019Q1", "2019-03", "2019"."""
    if every == "year":
        return f"{number:04}"
    year, rest = divmod(number, 4 if every == "quarter" else 12)
    return f"{year:04}Q{rest + 1}" if every == "quarter" else f"{year:04}-{rest + 1:02}"


def quarter(text: str) -> int:
    """Return the number of a quarter: four times the year, and 0 to 3.

    Raises:
        InputError: for anything that is not a quarter such as 2019Q1, 2019K1 or "1. kvt. 2019".
    """
    moment = read_period(text)
    if moment is None or moment.every != "quarter":
        raise InputError(f"'{text}' is no quarter: write it as 2019Q1")
    return moment.number


def read_period(text: str) -> Moment | None:
    """Read a period as jobindsats, StatBank and people write it; None where the text is none.

    Quarters: 2019K1, 2019Q1, 2019Q01, "1. kvt. 2019", "2019 1. kvartal". Months: 2019M01, 2019-01, "jan. 2019".
    Years: 2019.

    Raises:
        InputError: for a fifth quarter, a thirteenth month, and a rolling year (MAT, QMAT).
    """
    text = " ".join(text.split())
    if _ROLLING.fullmatch(text):
        raise InputError(
            f"'{text}' is a rolling year: each holds the twelve months before it, so neighbours share nine of them "
            "or more and can't be forecast as quarters; export single quarters (2019Q1)"
        )
    if found := _YEAR_FIRST.fullmatch(text):
        year, kind, counted, month, ordinal = found.groups()
        monthly = month is not None or (kind or "").upper() == "M"
        return _moment(text, year, counted or month or ordinal, "month" if monthly else "quarter")
    if found := _QUARTER_FIRST.fullmatch(text):
        first, second, year = found.groups()
        return _moment(text, year, first or second, "quarter")
    if (found := _NAMED.fullmatch(text)) and (named := _month(found[1].lower())):
        return _moment(text, found[2], str(named), "month")
    return Moment("year", int(text)) if _YEAR.fullmatch(text) else None


def _month(name: str) -> int | None:
    short = name[:3]
    return _NAMES.index(short) + 1 if short in _NAMES else _ENGLISH.get(short)


def _moment(text: str, year: str, counted: str, every: Every) -> Moment:
    most = 12 if every == "month" else 4
    if not 1 <= int(counted) <= most:
        raise InputError(f"'{text}' is no {every}: they go from 1 to {most}")
    return Moment(every, int(year) * most + int(counted) - 1)
