"""Months, quarters and years, and days and hours: as people write them, and as one value that can be counted on."""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from flowsim.core.errors import InputError

__all__ = [
    "BY_MONTH_QUARTER_AND_YEAR",
    "BY_QUARTER_AND_YEAR",
    "FINER",
    "LENGTHS",
    "MONTHS",
    "Every",
    "Period",
    "cut_periods",
    "longest",
    "quarter",
    "read_period",
    "resembles_period",
    "shortest",
    "typed_period",
]

Every = Literal["hour", "day", "month", "quarter", "year"]
LENGTHS: tuple[Every, ...] = ("hour", "day", "month", "quarter", "year")
"""The kinds of period, the shortest first."""
FINER: Mapping[Every, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
"""How long the kinds last that are shorter than a month; in civil time, where each day has 24 hours."""
BY_QUARTER_AND_YEAR: tuple[Every, ...] = ("quarter", "year")
BY_MONTH_QUARTER_AND_YEAR: tuple[Every, ...] = ("month", "quarter", "year")
MONTHS: Mapping[Every, int] = {"month": 1, "quarter": 3, "year": 12}
"""The number of months in a period of each kind that is made of them."""
_YEARS = 1, 9999  # of the calendar
_PERIOD = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(\d\d)(?:T([01]\d|2[0-3]))?)?|Q([1-4]))?")


class Period(str):
    """A calendar month, quarter or year, or a day or an hour of one.

    Equal to its text ("2019-03", "2019Q1", "2019"; "2019-03-05", and "2019-03-05T14" from 14:00 to 15:00), by which
    tables, files and people name it; ordered by when it begins, of those that begin together the longest first.

    Attributes:
        every: what kind of period it is.
        number: its number among those of its kind, so that the next one's is one higher: months, quarters or years
            since the year 0, days or hours since the year 1.
    """

    __slots__ = ("every", "number")
    every: Every
    number: int

    def __new__(cls, text: str) -> Period:
        """Read a period as tables and commands write it.

        Raises:
            InputError: for anything but "2019", "2019Q1", "2019-03", "2019-03-05" and "2019-03-05T14", and as `of`.
        """
        if isinstance(text, Period):
            return text
        if isinstance(text, int) and not isinstance(text, bool):  # a year, as Python writes it
            text = f"{text:04}"
        match = _PERIOD.fullmatch(text) if isinstance(text, str) else None
        if not match:
            raise InputError(
                f"'{text}' is no period: write '2019', '2019Q1' or '2019-03', a day as '2019-03-05' or an hour as "
                "'2019-03-05T14'"
            )
        year, month, day, hour, in_year = match.groups()
        if not _YEARS[0] <= int(year) <= _YEARS[1]:
            raise InputError(f"'{text}' is no period: years go from {_YEARS[0]} to {_YEARS[1]}")
        if day:
            try:
                number = date(int(year), int(month), int(day)).toordinal() - 1
            except ValueError:
                raise InputError(f"'{text}' is no period: there is no such day") from None
            return cls.of(24 * number + int(hour), "hour") if hour else cls.of(number, "day")
        if month:
            return cls.of(12 * int(year) + int(month) - 1, "month")
        if in_year:
            return cls.of(4 * int(year) + int(in_year) - 1, "quarter")
        return cls.of(int(year), "year")

    @classmethod
    def of(cls, number: int, every: Every) -> Period:
        """Return the period of a number among those of its kind.

        Raises:
            InputError: for one before the year 1, or after the year 9999.
        """
        least, most = _NUMBERS[every]
        if not least <= number <= most:
            raise InputError(f"there is no such period: years go from {_YEARS[0]} to {_YEARS[1]}")
        if every in FINER:
            day, hour = divmod(number, 24) if every == "hour" else (number, 0)
            text = date.fromordinal(day + 1).isoformat()
            period = str.__new__(cls, f"{text}T{hour:02}" if every == "hour" else text)
        else:
            year, rest = divmod(number, 12 // MONTHS[every])
            texts = {"month": f"{year:04}-{rest + 1:02}", "quarter": f"{year:04}Q{rest + 1}", "year": f"{year:04}"}
            period = str.__new__(cls, texts[every])
        period.every, period.number = every, number
        return period

    @classmethod
    def at(cls, month: int, every: Every) -> Period:
        """Return the month, quarter or year that a month belongs to, in months since the year 0."""
        return cls.of(month // MONTHS[every], every)

    @classmethod
    def around(cls, moment: datetime, every: Every) -> Period:
        """Return the period that a moment lies in."""
        if every in FINER:
            return cls.of((moment - datetime.min) // FINER[every], every)
        return cls.at(12 * moment.year + moment.month - 1, every)

    @property
    def months(self) -> float:
        """How many months it lasts; a whole number but of a day or an hour."""
        return self.after - self.first if self.every in FINER else MONTHS[self.every]

    @property
    def first(self) -> float:
        """When it begins, in months since the year 0; a whole number but of most days and hours."""
        return self._months_at(0) if self.every in FINER else self.number * MONTHS[self.every]

    @property
    def after(self) -> float:
        """When it is over, in months since the year 0; a whole number but of most days and hours."""
        return self._months_at(1) if self.every in FINER else (self.number + 1) * MONTHS[self.every]

    def _months_at(self, steps: int) -> float:
        # Of a day and of an hour the same fraction is taken, so that what begins or ends together compares as equal.
        start = self.start
        begun = timedelta(days=start.day - 1, hours=start.hour) + steps * FINER[self.every]
        hours, whole = begun // FINER["hour"], 24 * monthrange(start.year, start.month)[1]
        return 12 * start.year + start.month - 1 + hours / whole

    @property
    def month(self) -> int:
        """The month that it begins in, in months since the year 0."""
        return int(self.first)

    @property
    def year(self) -> int:
        """The calendar year that it lies in."""
        return self.month // 12

    @property
    def place(self) -> int:
        """Its place among its kind within the year, from 1: of May 5, of a second quarter 2, of a year 1."""
        if self.every in FINER:
            return (self.start - datetime(self.year, 1, 1)) // FINER[self.every] + 1
        return self.number % (12 // MONTHS[self.every]) + 1

    @property
    def start(self) -> datetime:
        """The first moment of it."""
        if self.every in FINER:
            return datetime.min + self.number * FINER[self.every]
        return _moment(self.number * MONTHS[self.every])

    @property
    def end(self) -> datetime:
        """The first moment after it; the calendar's last one where it ends with the calendar, in the year 9999."""
        if self.number == _NUMBERS[self.every][1]:
            return datetime.max
        if self.every in FINER:
            return self.start + FINER[self.every]
        return _moment((self.number + 1) * MONTHS[self.every])

    @property
    def next(self) -> Period:
        """The period of its kind that follows."""
        return self.later(1)

    def later(self, steps: int) -> Period:
        """Return the period of its kind that many later, or earlier where the number is negative."""
        return Period.of(self.number + steps, self.every)

    def last(self, every: Every) -> Period:
        """Return the last period of a kind that begins within it, or that it lies in."""
        if every in FINER:
            return Period.around(self.end - datetime.resolution, every)
        return Period.at(math.ceil(self.after) - 1, every)

    def contains(self, other: Period) -> bool:
        """Return whether the whole of another period lies within it."""
        return self.first <= other.first and other.after <= self.after

    def __lt__(self, other: str) -> bool:
        return self._order < other._order if isinstance(other, Period) else str.__lt__(self, other)

    def __le__(self, other: str) -> bool:
        return self._order <= other._order if isinstance(other, Period) else str.__le__(self, other)

    def __gt__(self, other: str) -> bool:
        return self._order > other._order if isinstance(other, Period) else str.__gt__(self, other)

    def __ge__(self, other: str) -> bool:
        return self._order >= other._order if isinstance(other, Period) else str.__ge__(self, other)

    @property
    def _order(self) -> tuple[float, int]:
        return self.first, -LENGTHS.index(self.every)

    def __reduce__(self) -> tuple[type[Period], tuple[str]]:
        return Period, (str(self),)


def _numbers(every: Every) -> tuple[int, int]:
    """Return the numbers of the first and the last period of a kind."""
    if every in FINER:
        return 0, (datetime.max - datetime.min) // FINER[every]
    a_year = 12 // MONTHS[every]
    return _YEARS[0] * a_year, (_YEARS[1] + 1) * a_year - 1


_NUMBERS: Mapping[Every, tuple[int, int]] = {every: _numbers(every) for every in LENGTHS}


def shortest(kinds: Iterable[Every]) -> Every:
    """Return the shortest of some kinds of period, of which there is at least one."""
    return min(kinds, key=LENGTHS.index)


def longest(kinds: Iterable[Every]) -> Every:
    """Return the longest of some kinds of period, of which there is at least one."""
    return max(kinds, key=LENGTHS.index)


def _moment(month: int) -> datetime:
    return datetime(month // 12, month % 12 + 1, 1)


def cut_periods(begin: datetime, end: datetime) -> tuple[tuple[Period, ...], tuple[Period, ...]]:
    """Return the months, quarters and years that some time begins within, and those that it ends within.

    A period that it begins and ends within stands among the latter alone. The end is the first moment after the time.
    """
    last = (end - datetime.resolution).year * 12 + (end - datetime.resolution).month - 1
    months = begin.year * 12 + begin.month - 1, last
    around = [tuple(Period.at(month, every) for every in MONTHS) for month in months]
    within = tuple(period for period in around[1] if period.end > end)
    return tuple(period for period in around[0] if period.start < begin and period not in within), within


_MONTHS = (
    ("januar", "january"),
    ("februar", "february"),
    ("marts", "march"),
    ("april",),
    ("maj", "may"),
    ("juni", "june"),
    ("juli", "july"),
    ("august",),
    ("september",),
    ("oktober", "october"),
    ("november",),
    ("december",),
)
_LIKE = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])|(?=.*\d)(?:.*\D)?(?:19|20)\d\d(?:\D.*)?|\d{1,4}[-./]\d{1,2}(?:[-./]\d{1,4})?"
    r"|[a-zæøå]{3,9}\.?[-\s']\d\d|\d?[KQ]\d?[-/\s']?\d\d|\d\d[KQ]\d",
    re.IGNORECASE,
)
_ROLLING = re.compile(r"(?:19|20)\d\d\s*Q?MAT\s*\d*", re.IGNORECASE)
_YEAR_FIRST = re.compile(
    r"((?:19|20)\d\d)\s*(?:[-/]?(KV|[KQM])\s*0?(\d{1,2})|-(\d\d)|,?\s*(\d)\.\s*(?:kvt|kv|kvartal)\.?)", re.IGNORECASE
)
_QUARTER_FIRST = re.compile(
    r"(?:(\d)\.\s*(?:kvt|kv|kvartal)|[KQ](\d)|(\d)[KQ])\.?\s*[-/,]?\s*((?:19|20)\d\d)", re.IGNORECASE
)
_NAMED = re.compile(r"([a-zæøå]{3,9})\.?[-,\s]*((?:19|20)\d\d)|((?:19|20)\d\d)[-,\s]*([a-zæøå]{3,9})\.?", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")


def quarter(text: str) -> int:
    """Return the number of a quarter: four times the year, and 0 to 3.

    Raises:
        InputError: for anything that is not a quarter such as 2019Q1, 2019K1 or "1. kvt. 2019".
    """
    period = text if isinstance(text, Period) else read_period(text)
    if period is None or period.every != "quarter":
        raise InputError(f"'{text}' is no quarter: write it as 2019Q1")
    return period.number


def read_period(text: str) -> Period | None:
    """Read a period as jobindsats, StatBank and people write it; None where the text is none.

    Quarters: 2019K1, 2019Q1, 2019-Q1, 2019Q01, "1. kvt. 2019", "2019 1. kvartal". Months: 2019M01, 2019-01,
    "jan. 2019", "2019 januar". Years: 2019.

    Raises:
        InputError: for a fifth quarter, a thirteenth month, and a rolling year (MAT, QMAT).
    """
    text = " ".join(text.split())
    if _ROLLING.fullmatch(text):
        raise InputError(
            f"'{text}' is a rolling year: each holds the twelve months before it, so neighbours share nine of them "
            "or more and can't be forecast as quarters; export single quarters (2019Q1)"
        )
    if match := _YEAR_FIRST.fullmatch(text):
        year, kind, counted, month, ordinal = match.groups()
        monthly = month is not None or (kind or "").upper() == "M"
        return _within_year(text, year, counted or month or ordinal, "month" if monthly else "quarter")
    if match := _QUARTER_FIRST.fullmatch(text):
        first, second, third, year = match.groups()
        return _within_year(text, year, first or second or third, "quarter")
    if (match := _NAMED.fullmatch(text)) and (named := _month((match[1] or match[4]).lower())):
        return _within_year(text, match[2] or match[3], str(named), "month")
    return Period.of(int(text), "year") if _YEAR.fullmatch(text) else None


def typed_period(text: str) -> Period:
    """Read a period as people type it: "2023", "2023Q2", "2023K2", "2. kvartal 2023", "2023-04", "april 2023".

    Raises:
        InputError: for what is none.
    """
    return text if isinstance(text, Period) else read_period(text) or Period(text.strip())


def resembles_period(text: str) -> bool:
    """Return whether a text that `read_period` does not read looks like a time: "2019H1", "jan-19", "201901"."""
    return len(text) <= 24 and bool(_LIKE.fullmatch(" ".join(text.split())))


def _month(name: str) -> int | None:
    """Return the number of the month whose name begins so; None for words such as "marsvin"."""
    numbers = (number for number, names in enumerate(_MONTHS, 1) if any(full.startswith(name) for full in names))
    return next(numbers, None)


def _within_year(text: str, year: str, counted: str, every: Every) -> Period:
    most = 12 // MONTHS[every]
    if not 1 <= int(counted) <= most:
        raise InputError(f"'{text}' is no {every}: they go from 1 to {most}")
    return Period.of(int(year) * most + int(counted) - 1, every)
