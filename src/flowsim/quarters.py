"""Quarters and months as the sources write them, and as numbers that can be counted on."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from flowsim.errors import InputError

__all__ = ["Every", "Moment", "label", "quarter", "read_period"]

Every = Literal["quarter", "month", "year"]

_MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
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


def label(number: int, every: Every = "quarter") -> str:
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
    return _MONTHS.index(short) + 1 if short in _MONTHS else _ENGLISH.get(short)


def _moment(text: str, year: str, counted: str, every: Every) -> Moment:
    most = 12 if every == "month" else 4
    if not 1 <= int(counted) <= most:
        raise InputError(f"'{text}' is no {every}: they go from 1 to {most}")
    return Moment(every, int(year) * most + int(counted) - 1)
