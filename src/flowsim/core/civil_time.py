"""Civil time at the boundary: spans, rates and dates as people write them.

Inside, a span is a float number of minutes and a rate a float number per minute. A year is 365.25 days
and a month a twelfth of it, where a mean needs one; there is no daylight saving.
"""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import (
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    RootModel,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from flowsim.core.errors import nearest
from flowsim.core.numbers import TOKEN, bare_percentage, read_number, unambiguous, with_plain_spaces
from flowsim.core.periods import read_period

__all__ = [
    "MINUTES",
    "ByDate",
    "Moment",
    "Rate",
    "Span",
    "TimeUnit",
    "after_span",
    "check_factor",
    "in_python",
    "is_dated",
    "parse_moment",
    "parse_rate",
    "parse_span",
    "span_text",
]

_DAY = 1440.0
MINUTES: Mapping[str, float] = {
    "second": 1 / 60,
    "minute": 1.0,
    "hour": 60.0,
    "day": _DAY,
    "week": 7 * _DAY,
    "month": 365.25 / 12 * _DAY,
    "quarter": 365.25 / 4 * _DAY,
    "year": 365.25 * _DAY,
}
TimeUnit = Literal["second", "minute", "hour", "day", "week"]
"""A unit in which spans of time are told: one that is always as long, which a month and a year are not."""
_SPAN = re.compile(rf"\s*({TOKEN})\s*([A-Za-zæøåÆØÅ]+)\s*")
_RATE = re.compile(rf"\s*({TOKEN})\s*(?:per|/)\s*({TOKEN})?\s*([A-Za-zæøåÆØÅ]+)\s*")
_DANISH = {
    **{"sekund": "second", "sekunder": "second", "minut": "minute", "minutter": "minute", "time": "hour"},
    **{"timer": "hour", "dag": "day", "dage": "day", "uge": "week", "uger": "week", "måned": "month"},
    **{"måneder": "month", "kvartal": "quarter", "kvartaler": "quarter", "år": "year"},
}
_ALLOWED = "seconds, minutes, hours, days, weeks, months, quarters or years"


def _unit(text: str, whole: str) -> float:
    singular = text.lower().removesuffix("s")
    if singular not in MINUTES and text.lower() in _DANISH:
        raise ValueError(f"'{whole}' has the unknown unit '{text}': write {_DANISH[text.lower()]}s")
    if singular not in MINUTES:
        raise ValueError(f"'{whole}' has the unknown unit '{text}'{nearest(singular, MINUTES)} (allowed: {_ALLOWED})")
    return MINUTES[singular]


def in_python(value: Any) -> Any:
    """Return a span of time or a moment of NumPy as Python's own, and any other value as it is.

    NaT stays as it is, and so does what is in months, years or no unit, which is no span and no day: each is refused
    by its name.
    """
    kind = getattr(value, "dtype", None)  # NumPy is not loaded for this alone
    name, _, unit = str(kind or "").partition("[")
    if name not in ("timedelta64", "datetime64") or unit.strip("0123456789]") in ("", "M", "Y") or value.ndim:
        return value
    plain = value.astype(f"{name}[us]").item()
    return plain if isinstance(plain, date | timedelta) else value


def after_span(moment: datetime, span: float) -> datetime:
    """Return the moment a span of minutes after another; whole months and years are those of the calendar.

    A year after a first of January is the next one, and a month after the 31st the last day of a shorter month.
    """
    months = span / MINUTES["month"]
    if not months or not math.isclose(months, round(months), rel_tol=1e-12):
        return moment + timedelta(minutes=span)
    year, month = divmod(12 * moment.year + moment.month - 1 + round(months), 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def parse_span(value: Any, *, typed: bool = False) -> float:
    """Return the minutes in a span such as "12 weeks", or in a timedelta.

    Args:
        value: what stands there.
        typed: whether a person typed it where no file was checked, so that "1.200 weeks" is refused.

    Raises:
        ValueError: for a number without a unit, an unknown unit, or a negative span.
    """
    value = in_python(value)
    if isinstance(value, timedelta):
        minutes = value.total_seconds() / 60
    elif isinstance(value, str) and (match := _SPAN.fullmatch(with_plain_spaces(value))):
        minutes = read_number(match[1], typed=typed) * _unit(match[2], value)
    else:
        message = f"{value!r} is no span of time: write a number with its unit, such as '12 weeks'"
        raise ValueError(bare_percentage(value) or message)
    if not math.isfinite(minutes):
        raise ValueError(f"'{value}' is too long for a number")
    if minutes < 0:
        raise ValueError(f"'{value}' is negative: a span of time is 0 or longer")
    return minutes


def parse_rate(value: Any) -> float:
    """Return the rate per minute of a text such as "2400 per year" or "12000 per 5 years".

    Raises:
        ValueError: for a number without a unit of time, an unknown unit, or a negative rate.
    """
    match = _RATE.fullmatch(with_plain_spaces(value)) if isinstance(value, str) else None
    if not match:
        message = f"{value!r} is no rate: write a number per unit of time, such as '2400 per year'"
        raise ValueError(bare_percentage(value) or message)
    over = read_number(match[2] or "1", typed=False) * _unit(match[3], value)
    if over <= 0:
        raise ValueError(f"'{value}' is per no time at all")
    rate = read_number(match[1], typed=False) / over
    if not math.isfinite(rate):
        raise ValueError(f"'{value}' is too large for a number")
    if rate < 0:
        raise ValueError(f"'{value}' is negative: a rate is 0 or more")
    return rate


_DAY_FIRST = re.compile(r"(\d{1,2})([-./])\s?(\d{1,2})\2\s?(\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})")
_WITH_MONTH = re.compile(r"(\d{1,2})\.?\s+(\D+\s\d{4})")


def _as_date(text: str) -> str:
    """Return how to write a day, or the ends of a period, that people write otherwise; "" for what is neither."""
    text = " ".join(text.split())
    try:
        if match := _DAY_FIRST.fullmatch(text):
            day, mark, month, year = match.groups()
            if mark == "/" and int(day) <= 12 and day != month:  # of two readings neither is advised
                return ""
            return f"write {date(int(year), int(month), int(day)):%Y-%m-%d}"
        if match := _YEAR_FIRST.fullmatch(text):
            return f"write {date(*map(int, match.groups())):%Y-%m-%d}"
        if (match := _WITH_MONTH.fullmatch(text)) and (period := read_period(match[2])):
            return f"write {period.start.replace(day=int(match[1])):%Y-%m-%d}"
        period = read_period(text)
    except ValueError:
        return ""
    if period is None:
        return ""
    return (
        f"it begins on {period.start:%Y-%m-%d} and ends on {period.end - timedelta(days=1):%Y-%m-%d}: write one of them"
    )


def parse_moment(value: Any) -> datetime:
    """Return a date or date-time as a naive datetime (midnight where no hour is given).

    Raises:
        ValueError: for anything that is no ISO date, and for a time zone: flowsim keeps civil time.
    """
    otherwise = "write 2019-04-01 or 2019-04-01T09:00"
    value = in_python(value)
    if isinstance(value, datetime) and value == value:  # a NaT of pandas equals nothing
        moment = value
    elif isinstance(value, date) and value == value:
        moment = datetime.combine(value, time())
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"'{value}' is no date: {_as_date(value) or otherwise}") from None
    else:
        year = isinstance(value, int) and not isinstance(value, bool)
        raise ValueError(f"{value!r} is no date: {(year and _as_date(str(value))) or otherwise}")
    if moment.tzinfo is not None:
        raise ValueError(f"'{value}' carries a time zone: flowsim keeps local civil time, so leave it out")
    return moment


def check_factor(factor: float, unit: str | None, other: str | None) -> None:
    """Refuse a factor that does not lead from one unit of time ("weeks") to another; none where one is no unit of time.

    Raises:
        ValueError: with the factor that does.
    """
    first, second = ((each or "").removesuffix("s") for each in (unit, other))
    if first not in MINUTES or second not in MINUTES:
        return
    needed = MINUTES[first] / MINUTES[second]
    if not math.isclose(factor, needed, rel_tol=1e-6):
        raise ValueError(f"factor: {factor:g} is not allowed: from {first}s to {second}s it is {needed:.9g}")


def _number_text(value: float) -> str:
    return unambiguous(repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value))


def span_text(minutes: float) -> str:
    """Write a span so that it reads back to exactly the same float."""
    for unit in ("week", "day", "hour"):
        count = minutes / MINUTES[unit]
        if count and count == int(count) and int(count) * MINUTES[unit] == minutes:
            return f"{int(count)} {unit}{'s' if count != 1 else ''}"
    seconds = round(60 * minutes) if minutes < MINUTES["hour"] and minutes != int(minutes) else 0
    if seconds and seconds * MINUTES["second"] == minutes:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    return f"{_number_text(minutes)} minutes"


def _moment_text(moment: datetime) -> str:
    return moment.date().isoformat() if moment.time() == time() else moment.isoformat()


Span = Annotated[
    float,
    BeforeValidator(parse_span),
    PlainSerializer(span_text, return_type=str),
    WithJsonSchema({"type": "string", "description": "a span of time with its unit", "examples": ["12 weeks"]}),
]
Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    PlainSerializer(lambda rate: f"{unambiguous(repr(rate))} per minute", return_type=str),
    WithJsonSchema({"type": "string", "description": "a number per unit of time", "examples": ["2400 per year"]}),
]
Moment = Annotated[
    datetime,
    BeforeValidator(parse_moment),
    PlainSerializer(_moment_text, return_type=str),
    WithJsonSchema({"type": "string", "description": "a date, or a date and an hour", "examples": ["2019-04-01"]}),
]
_T = TypeVar("_T")
_DATE_KEY = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")


def is_dated(value: Any) -> bool:
    """Return whether a value is a table whose keys are all dates."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(_DATE_KEY.fullmatch(k) if isinstance(k, str) else isinstance(in_python(k), date) for k in value)
    )


class ByDate(RootModel[tuple[tuple[Moment, _T], ...]], Generic[_T]):
    """A value that holds from a date on, until the next one; a plain value holds always.

    Written as a value, or as a table of dates: `{ 2019-01-01 = 30, 2019-06-01 = 36 }`.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, raw: Any) -> Any:
        if isinstance(raw, ByDate):
            return raw.root
        if is_dated(raw):
            steps = sorted(((parse_moment(k), v) for k, v in raw.items()), key=lambda step: step[0])
            if any(a[0] == b[0] for a, b in pairwise(steps)):
                raise ValueError("the same date stands twice")
            return tuple(steps)
        return ((datetime.min, raw),)

    @model_serializer(mode="wrap")
    def _write(self, handler: Any) -> Any:
        steps = handler(self)
        if len(steps) == 1 and self.root[0][0] == datetime.min:
            return steps[0][1]
        return dict(steps)

    def __repr__(self) -> str:
        """Return what a file writes: a value, or a table of dates."""
        return repr(self.model_dump())

    def __str__(self) -> str:
        return repr(self)

    @property
    def first(self) -> datetime:
        """The earliest date that this value is given for."""
        return self.root[0][0]

    @property
    def values(self) -> tuple[_T, ...]:
        """The values in the order of their dates."""
        return tuple(value for _, value in self.root)

    def at(self, when: datetime) -> _T:
        """Return the value in force at a moment.

        Raises:
            ValueError: before the first date.
        """
        for since, value in reversed(self.root):
            if since <= when:
                return value
        raise ValueError(f"no value is given before {_moment_text(self.first)}")
