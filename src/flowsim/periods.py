"""Months, quarters and years in an engine's ticks.

A period holds what happens from its first instant until before its last. A stock at its end is what is there
just before that edge: what happens at the very edge belongs to the next period. So stock(end) = stock(start)
+ in - out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np

from flowsim.civiltime import MINUTES
from flowsim.errors import InputError
from flowsim.pathway import Pathway
from flowsim.trace import LATER, Floats, Ints

__all__ = ["BY_QUARTER_AND_YEAR", "Calendar", "Every", "label", "moments_of", "months_in", "months_of"]

Every = Literal["month", "quarter", "year"]
BY_QUARTER_AND_YEAR: tuple[Every, Every] = ("quarter", "year")
_LENGTH: Mapping[Every, int] = {"month": 1, "quarter": 3, "year": 12}
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
    return _LENGTH[every]


def label(month: int, every: Every) -> str:
    """Name the period that a month, in months since the year 0, belongs to."""
    year, rest = divmod(month, 12)
    texts = {
        "month": f"{year:04}-{rest + 1:02}",
        "quarter": f"{year:04}Q{rest // 3 + 1}",
        "year": f"{year:04}",
    }
    return texts[every]


@dataclass(frozen=True, kw_only=True, eq=False)
class Calendar:
    """The whole months, quarters and years of a horizon.

    Attributes:
        start: the moment of tick 0.
        tick: minutes a tick.
        horizon: the first tick after the horizon.
        edges: the ticks at which the whole months begin, and at the end the tick where the last one ends.
        first: the first whole month, in months since the year 0.
    """

    start: datetime
    tick: float
    horizon: int
    edges: Ints
    first: int

    @classmethod
    def of(cls, pathway: Pathway) -> Calendar:
        """Lay the calendar over the horizon of a pathway."""
        first, last = _month_on_or_after(pathway.start), pathway.end.year * 12 + pathway.end.month - 1
        months = range(first, max(first, last) + 1)
        moments = [datetime(month // 12, month % 12 + 1, 1) for month in months]
        return cls(
            start=pathway.start,
            tick=pathway.tick,
            horizon=_tick_of(pathway.end, pathway),
            edges=np.array([_tick_of(moment, pathway) for moment in moments], np.int64),
            first=first,
        )

    def ticks(self, span: float) -> int:
        """Turn a span in minutes into whole ticks, rounded half up as an engine rounds stays."""
        return math.floor(span / self.tick + 0.5)

    def per(self, unit: str) -> float:
        """Return the ticks in a unit of time such as "week"."""
        return MINUTES[unit] / self.tick

    @cached_property
    def _spans(self) -> dict[Every, tuple[Ints, Ints]]:
        spans: dict[Every, tuple[Ints, Ints]] = {}
        last = self.first + len(self.edges) - 1
        for every, length in _LENGTH.items():
            since = np.arange(-(-self.first // length) * length, last - length + 1, length, dtype=np.int64)
            spans[every] = since - self.first, since - self.first + length
        return spans

    @cached_property
    def _labels(self) -> dict[Every, tuple[str, ...]]:
        return {every: tuple(label(self.first + int(at), every) for at in lo) for every, (lo, _) in self._spans.items()}

    def labels(self, every: Every) -> tuple[str, ...]:
        """Name the periods: "2019-03", "2019Q1", "2019"."""
        return self._labels[every]

    def ends(self, every: Every) -> Ints:
        """Return the positions in `edges` at which the periods end."""
        return self._spans[every][1]

    def last_moments(self, every: Every) -> list[datetime]:
        """Return the last moment within each period, where what holds by date is read at its end."""
        months = [self.first + int(at) for at in self.ends(every)]
        return [datetime(month // 12, month % 12 + 1, 1) - timedelta(microseconds=1) for month in months]

    def during(self, before: Ints | Floats, every: Every) -> Floats:
        """Turn what came before each edge (last axis) into what came in each period."""
        lo, hi = self._spans[every]
        out: Floats = (before[..., hi] - before[..., lo]).astype(np.float64)
        return out

    def number(self, month: Ints, every: Every) -> Ints:
        """Turn month numbers, as `month` gives them, into numbers of periods; -1 outside all of them."""
        table = np.full(len(self.edges) + 1, -1, np.int64)
        for number, (lo, hi) in enumerate(zip(*self._spans[every], strict=True)):
            table[lo + 1 : hi + 1] = number
        out: Ints = table[month]
        return out

    @cached_property
    def cells(self) -> tuple[int, int, Ints, Ints]:
        """Time cut into cells of one edge at most: where they begin, their length, months, and last tick of these."""
        length = int(np.diff(self.edges).min(initial=self.horizon + 1))
        begins = np.arange(self.edges[0], self.edges[-1] + 1, length)
        month = np.concatenate([[0], np.searchsorted(self.edges, begins, side="right")])
        return int(self.edges[0]), length, month, np.append(self.edges - 1, LATER)[month]

    def month(self, times: Ints) -> Ints:
        """Return the month of each time, numbered from 1; 0 before all of them, the highest after all."""
        from flowsim import columns

        out: Ints = columns.months(np.ascontiguousarray(times, np.int64), *self.cells)
        return out


def _month_on_or_after(moment: datetime) -> int:
    month = moment.year * 12 + moment.month - 1
    return month if moment == datetime(moment.year, moment.month, 1) else month + 1


def _tick_of(moment: datetime, pathway: Pathway) -> int:
    """Return the first tick that is not before a moment, exactly (a tick of a second is no exact float)."""
    since = Fraction((moment - pathway.start) // timedelta(microseconds=1), 60_000_000)
    return math.ceil(since / Fraction(pathway.tick).limit_denominator(10**9))
