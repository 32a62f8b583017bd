"""Days on which a station or a door is closed, in words: "July, each year", "24 dec - 1 jan, each year", a date."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from flowsim.core.civil_time import in_python
from flowsim.core.errors import nearest
from flowsim.model.recurring.danish import in_english

__all__ = ["Closed", "ClosedDays", "read_closed"]

_MONTHS = tuple(name.lower() for name in calendar.month_name)[1:]
_YEARLY = re.compile(r"[,\s]+(?:each|every)\s+year$")
_DATES = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s*(?:-|to|through)\s*(\d{4}-\d\d-\d\d))?")
_WEEKS = re.compile(r"weeks?\s+(\d{1,2})(?:\s*(?:-|to|through)\s*(\d{1,2}))?(?:\s+(?:of\s+)?(\d{4}))?")
_DAY = re.compile(r"(?:(\d{1,2})\.?\s+)?([a-z]+)(?:\s+(\d{4}))?")
_RANGE = re.compile(r"\s+(?:-|to|through)\s+|\s*-\s*")


@dataclass(frozen=True, kw_only=True)
class ClosedDays:
    """Days from a first through a last one: dates, or the same days, or weeks of the ISO calendar, of each year.

    Attributes:
        first: a day as (month, day), or (week,) of a year; with the year in front where it is of one year only.
        last: the last day, or week, in the same form; before the first where it lies in the year after.
        yearly: whether it comes each year.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    yearly: bool

    def holds(self, day: date) -> bool:
        """Return whether a day is one of them."""
        week = day.isocalendar()
        of_weeks = len(self.first) == (1 if self.yearly else 2)
        if self.yearly:
            place: tuple[int, ...] = (week.week,) if of_weeks else (day.month, day.day)
            if self.last < self.first:
                return place >= self.first or place <= self.last
        else:
            place = (week.year, week.week) if of_weeks else (day.year, day.month, day.day)
        return self.first <= place <= self.last

    def __str__(self) -> str:
        if len(self.first) == (1 if self.yearly else 2):
            weeks = f"weeks {self.first[-1]}-{self.last[-1]}" if self.first != self.last else f"week {self.first[-1]}"
            return f"{weeks}, each year" if self.yearly else f"{weeks} {self.first[0]}"
        if not self.yearly:
            days = [date(*place).isoformat() for place in (self.first, self.last)]
        else:
            days = [f"{place[1]} {_MONTHS[place[0] - 1][:3]}" for place in (self.first, self.last)]
        text = days[0] if days[0] == days[1] else " - ".join(days)
        return f"{text}, each year" if self.yearly else text


def read_closed(text: str) -> ClosedDays:
    """Read days on which all is closed.

    Args:
        text: "July, each year", "July 2025", "24 dec - 1 jan, each year", "weeks 28-30, each year", "2025-10-13",
            "2025-10-13 - 2025-10-17"; or in Danish.

    Raises:
        ValueError: with what can't be read, and what is allowed.
    """
    words = re.sub(r"\bclosed\b", " ", in_english(text.lower()))
    words = " ".join(words.split()).replace(" ,", ",").strip(" ,:")
    yearly = bool(_YEARLY.search(words))
    words = _YEARLY.sub("", words).strip(" ,")
    if match := _DATES.fullmatch(words):
        if yearly:
            raise ValueError(f"'{text}' has a year and is each year: leave out one of them")
        days = [_date(match[1], text), _date(match[2] or match[1], text)]
        first_day, last_day = ((day.year, day.month, day.day) for day in days)
        return _between(first_day, last_day, yearly=False, text=text)
    if match := _WEEKS.fullmatch(words):
        first, last = int(match[1]), int(match[2] or match[1])
        if not (1 <= first <= 53 and 1 <= last <= 53):
            raise ValueError(f"'{text}' has a week that no year has: weeks are 1 to 53")
        year = _year(match[3], yearly, text)
        return _between((*year, first), (*year, last), yearly=yearly, text=text)
    ends = _RANGE.split(words)
    if not 1 <= len(ends) <= 2:
        raise _unreadable(text)
    if len(ends) == 2 and re.fullmatch(r"\d{1,2}\.?", ends[0]):  # "1-14 jul"
        ends[0] += " " + ends[1].split(maxsplit=1)[-1]
    matches = [_DAY.fullmatch(end) for end in ends]
    if not all(matches):
        raise _unreadable(text)
    day, months = [match[1] for match in matches if match], [_month(match[2], text) for match in matches if match]
    years = [match[3] for match in matches if match]
    last_year = _year(years[-1], yearly, text)
    first_year = _year(years[0] or years[-1], yearly, text)
    begin, end = int(day[0] or 1), int(day[-1] or _length(months[-1], last_year))
    for number, month, year in ((begin, months[0], first_year), (end, months[-1], last_year)):
        if not 1 <= number <= _length(month, year):
            raise ValueError(f"'{text}' has a day that its month has not")
    return _between((*first_year, months[0], begin), (*last_year, months[-1], end), yearly=yearly, text=text)


def _unreadable(text: str) -> ValueError:
    return ValueError(
        f"'{text}' tells no days: write 'July, each year', '24 dec - 1 jan, each year', 'weeks 28-30, each year' or "
        "dates such as '2025-10-13 - 2025-10-17'"
    )


def _between(first: tuple[int, ...], last: tuple[int, ...], yearly: bool, text: str) -> ClosedDays:
    if not yearly and last < first:
        raise ValueError(f"'{text}' ends before it begins")
    return ClosedDays(first=first, last=last, yearly=yearly)


def _year(year: str | None, yearly: bool, text: str) -> tuple[int, ...]:
    if (year is None) != yearly:
        which = "does not tell the year: add it, or write ', each year'"
        raise ValueError(
            f"'{text}' " + (which if year is None else "has a year and is each year: leave out one of them")
        )
    return () if year is None else (int(year),)


def _length(month: int, year: tuple[int, ...]) -> int:
    return calendar.monthrange(year[0] if year else 2024, month)[1]


def _month(word: str, text: str) -> int:
    for number, name in enumerate(_MONTHS, start=1):
        if word in (name, name[:3]) or (number == 9 and word == "sept"):
            return number
    raise ValueError(f"'{word}' in '{text}' is no month{nearest(word, _MONTHS)}")


def _date(text: str, whole: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' in '{whole}' is no date") from None


def _of(raw: Any) -> ClosedDays:
    if isinstance(raw, ClosedDays):
        return raw
    raw = in_python(raw)
    if isinstance(raw, datetime):
        raw = raw.date()
    if isinstance(raw, date):
        raw = raw.isoformat()
    if not isinstance(raw, str):
        raise ValueError(f"{raw!r} tells no days: write them in words, such as 'July, each year'")
    return read_closed(raw)


def _several(raw: Any) -> Any:
    raw = in_python(raw)
    if isinstance(raw, str | date | ClosedDays):
        raw = (raw,)
    if isinstance(raw, Mapping | timedelta) or not isinstance(raw, Iterable):
        raise ValueError(f"{raw!r} tells no days: write them in words, such as 'July, each year'")
    return tuple(_of(each) for each in raw)


Closed = Annotated[
    tuple[ClosedDays, ...],
    BeforeValidator(_several),
    PlainSerializer(lambda days: [str(each) for each in days], return_type=list[str]),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}, "examples": ["July, each year"]}),
]
"""Days on which all is closed: one text or several, or dates."""
