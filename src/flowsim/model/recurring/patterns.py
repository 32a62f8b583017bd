"""Opening hours, shifts and meetings in words: "mon-fri 08:00-16:00", "every second tue 09:00 from 2024-01-09"."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from flowsim.core.civil_time import ByDate
from flowsim.core.errors import nearest
from flowsim.model.recurring.closures import ClosedDays
from flowsim.model.recurring.danish import in_english

__all__ = ["Meets", "Open", "Pattern", "meeting_moments", "open_spans", "read_pattern"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WHOLE = (*(name.lower() for name in calendar.day_name),)
_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_EVERY = {"second": 2, "other": 2, "third": 3, "fourth": 4}
_DAY = 1440
_HOURS = re.compile(r"(\d{1,2}):(\d\d)(?:\s*-\s*(\d{1,2}):(\d\d))?")
_FROM = re.compile(r"\s+from\s+(\d{4}-\d\d-\d\d)$")
_MONTHLY = re.compile(r"(?:the\s+)?(first|second|third|fourth|last)\s+(\S+)\s+of\s+(?:the|each|every)\s+month")
_WEEKLY = re.compile(r"(?:every\s+)(second|other|third|fourth)\s+(?!of\b)(.+)")
_PARITY = re.compile(r"(.+?)\s+(?:in\s+|of\s+)?(even|odd)\s+weeks")


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """One line of recurring time: which days, and at which minutes of the day.

    Attributes:
        days: weekdays, Monday is 0.
        hours: pairs of minutes of the day: from when until when a door is open (beyond 1,440 is the next day), or
            twice the same minute, at which a meeting begins.
        every: each so many weeks, counted from the week of `since`.
        since: the day that weeks are counted from, and before which the pattern does not hold.
        nth: of the days of a month the first (1) to fourth, or the last (-1); all of them where None.
        parity: even (0) or odd (1) weeks of the ISO calendar alone.
    """

    days: tuple[int, ...]
    hours: tuple[tuple[int, int], ...]
    every: int = 1
    since: date | None = None
    nth: int | None = None
    parity: int | None = None

    def holds(self, day: date) -> bool:
        """Return whether a day is one of the pattern's."""
        if day.weekday() not in self.days or (self.since is not None and day < self.since):
            return False
        if self.parity is not None and day.isocalendar().week % 2 != self.parity:
            return False
        if self.since is not None and self.every > 1:
            first = self.since - timedelta(days=self.since.weekday())
            return ((day - first).days // 7) % self.every == 0
        if self.nth is None:
            return True
        if self.nth > 0:
            return (day.day - 1) // 7 == self.nth - 1
        return day.day + 7 > calendar.monthrange(day.year, day.month)[1]

    def __str__(self) -> str:
        days = ", ".join(_runs(self.days))
        hours = ", ".join(_clock(a) if a == b else f"{_clock(a)}-{_clock(b % _DAY or _DAY)}" for a, b in self.hours)
        if self.nth is not None:
            names = {number: name for name, number in _NTH.items()}
            days = f"{names[self.nth]} {days} of the month"
        elif self.every > 1:
            days = f"every {({number: name for name, number in _EVERY.items() if name != 'other'})[self.every]} {days}"
        elif self.parity is not None:
            days = f"{days} in {('even', 'odd')[self.parity]} weeks"
        return f"{days} {hours}" + (f" from {self.since}" if self.since else "")


def _runs(days: tuple[int, ...]) -> Iterator[str]:
    """Yield days in a row as "mon-fri", and others by themselves."""
    first = 0
    while first < len(days):
        last = first
        while last + 1 < len(days) and days[last + 1] == days[last] + 1:
            last += 1
        if last - first < 2:
            yield DAYS[days[first]]
            first += 1
        else:
            yield f"{DAYS[days[first]]}-{DAYS[days[last]]}"
            first = last + 1


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def read_pattern(text: str, spans: bool) -> Pattern:
    """Read one line of recurring time.

    Args:
        text: days and hours: "mon-fri 08:00-12:00, 13:00-16:00", "daily 22:00-06:00", "first tue of the month 09:00",
            "every second tue 09:00 from 2024-01-09", "tue in even weeks 09:00"; or in Danish.
        spans: whether hours are from when until when, as of a door, or when a meeting begins.

    Raises:
        ValueError: with what can't be read, and what is allowed.
    """
    words = in_english(" ".join(text.lower().split()))
    since = None
    if match := _FROM.search(words):
        since, words = date.fromisoformat(match[1]), words[: match.start()]
    hours = tuple(sorted(_hours(match, text, spans) for match in _HOURS.finditer(words)))
    first = _HOURS.search(words)
    rest = _HOURS.sub("", words[first.start() :]) if first else ""
    if not first or rest.strip(" ,and"):
        shown = "hours such as '08:00-16:00'" if spans else "an hour such as '09:00'"
        raise ValueError(f"'{text}' should end with {shown}, and the days stand before")
    for (_, end), (begin, _) in pairwise(hours):
        if begin < end or (not spans and begin == end):
            raise ValueError(f"'{text}' has hours that overlap")
    days = words[: first.start()].strip().removesuffix(" at").removesuffix(",").strip()
    pattern = _days(days, text)
    if since is None and pattern.get("every", 1) > 1:
        raise ValueError(
            f"'{text}' does not tell which weeks: add a day that it begins on, as in 'from 2024-01-09', or write "
            "'in even weeks'"
        )
    return Pattern(hours=hours, since=since, **pattern)


def _hours(match: re.Match[str], text: str, spans: bool) -> tuple[int, int]:
    begin = _minute(match[1], match[2], text)
    if (match[3] is None) == spans:
        wanted = "from when until when, such as '08:00-16:00'" if spans else "when it begins, such as '09:00'"
        raise ValueError(f"'{match[0]}' in '{text}' should tell {wanted}")
    if match[3] is None:
        if begin == _DAY:
            raise ValueError(f"'{match[0]}' in '{text}' is no time of day that a meeting can begin at")
        return begin, begin
    end = _minute(match[3], match[4], text)
    if end == begin or begin == _DAY:
        raise ValueError(f"'{match[0]}' in '{text}' is no time at all: the whole day is '00:00-24:00'")
    return begin, end if end > begin else end + _DAY


def _minute(hour: str, minute: str, text: str) -> int:
    minutes = 60 * int(hour) + int(minute)
    if int(minute) > 59 or minutes > _DAY:
        raise ValueError(f"'{hour}:{minute}' in '{text}' is no time of day")
    return minutes


def _days(words: str, text: str) -> dict[str, Any]:
    if match := _MONTHLY.fullmatch(words):
        return {"nth": _NTH[match[1]], "days": _weekdays(match[2], text)}
    if match := _WEEKLY.fullmatch(words):
        return {"every": _EVERY[match[1]], "days": _weekdays(match[2], text)}
    if match := _PARITY.fullmatch(words):
        days = _weekdays(match[1].removeprefix("every "), text)
        return {"parity": 1 if match[2] == "odd" else 0, "days": days}
    return {"days": _weekdays(words.removeprefix("every "), text)}


def _weekdays(words: str, text: str) -> tuple[int, ...]:
    if words in ("daily", "day"):
        return tuple(range(7))
    out: set[int] = set()
    for part in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", words):
        first, _, last = (end.strip() for end in part.partition("-"))
        begin = _weekday(first, text)
        end = _weekday(last, text) if last else begin
        out |= {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    return tuple(sorted(out))


def _weekday(word: str, text: str) -> int:
    for number, (short, whole) in enumerate(zip(DAYS, _WHOLE, strict=True)):
        if word in (short, whole, whole + "s"):
            return number
    raise ValueError(
        f"'{word}' in '{text}' is no weekday{nearest(word, DAYS)} (allowed: {', '.join(DAYS)}, or 'daily')"
    )


def _patterns(raw: Any, spans: bool) -> Any:
    if isinstance(raw, str):
        whole = in_english(raw.strip().lower())
        if spans and whole in ("always", "closed"):
            return () if whole == "closed" else (read_pattern("daily 00:00-24:00", spans),)
        raw = (raw,)
    if isinstance(raw, Mapping) or not isinstance(raw, Iterable):
        shown = "mon-fri 08:00-16:00" if spans else "every second tue 09:00 from 2024-01-09"
        raise ValueError(f"{raw!r} is no recurring time: write it in words, such as '{shown}'")
    lines = [line for each in raw for line in (each.split(";") if isinstance(each, str) else (each,))]
    return tuple(line if isinstance(line, Pattern) else read_pattern(_as_text(line), spans) for line in lines)


def _open(raw: Any) -> Any:
    return _patterns(raw, spans=True)


def _meets(raw: Any) -> Any:
    return _patterns(raw, spans=False)


def _as_text(line: Any) -> str:
    if not isinstance(line, str):
        raise ValueError(f"{line!r} is no recurring time: write it in words, such as 'mon-fri 08:00-16:00'")
    return line


def _texts(patterns: tuple[Pattern, ...]) -> Any:
    if not patterns:
        return "closed"
    return str(patterns[0]) if len(patterns) == 1 else [str(pattern) for pattern in patterns]


def _schema(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}, "examples": [example]})


Open = Annotated[
    tuple[Pattern, ...],
    BeforeValidator(_open),
    PlainSerializer(_texts, return_type=Any),
    _schema("mon-fri 08:00-16:00"),
]
"""When a door is open: one line in words or several, "always" or "closed"."""
Meets = Annotated[
    tuple[Pattern, ...],
    BeforeValidator(_meets),
    PlainSerializer(_texts, return_type=Any),
    _schema("every second tue 09:00 from 2024-01-09"),
]
"""When a meeting begins: one line in words or several."""


def _days_of(
    patterns: ByDate[tuple[Pattern, ...]], closed: tuple[ClosedDays, ...], first: date, start: datetime, end: datetime
) -> Iterator[tuple[datetime, tuple[int, int]]]:
    """Yield the midnight of each day that a pattern holds on, and its hours then; a closed day has none."""
    day = first
    while day <= end.date():
        midnight = datetime.combine(day, time())
        in_force = patterns.at(max(midnight, start, patterns.first))
        if not any(each.holds(day) for each in closed):
            for pattern in in_force:
                if pattern.holds(day):
                    for hours in pattern.hours:
                        yield midnight, hours
        day += timedelta(days=1)


@lru_cache(maxsize=64)  # pathways that differ in numbers share their calendar
def open_spans(
    patterns: ByDate[tuple[Pattern, ...]], closed: tuple[ClosedDays, ...], start: datetime, end: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """Return from when until when a door is open, cut to `start` and `end`; what touches or overlaps is one span.

    A closed day is closed to what begins on it: a night shift that began the evening before ends as usual.
    """
    spans = sorted(
        (max(midnight + timedelta(minutes=begin), start), min(midnight + timedelta(minutes=until), end))
        for midnight, (begin, until) in _days_of(patterns, closed, start.date() - timedelta(days=1), start, end)
    )
    out: list[tuple[datetime, datetime]] = []
    for begin, until in spans:
        if begin >= until:
            continue
        if out and begin <= out[-1][1]:
            out[-1] = out[-1][0], max(until, out[-1][1])
        else:
            out.append((begin, until))
    return tuple(out)


@lru_cache(maxsize=64)
def meeting_moments(
    patterns: ByDate[tuple[Pattern, ...]], closed: tuple[ClosedDays, ...], start: datetime, end: datetime
) -> tuple[datetime, ...]:
    """Return when a meeting begins, from `start` until before `end`, each moment once."""
    moments = {
        midnight + timedelta(minutes=begin)
        for midnight, (begin, _) in _days_of(patterns, closed, start.date(), start, end)
    }
    return tuple(sorted(moment for moment in moments if start <= moment < end))
