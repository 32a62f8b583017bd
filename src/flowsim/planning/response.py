"""One number of each replication: what a measure says of a period, whatever periods it is reported for itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flowsim.core.arrays import Bools, Floats, ratio
from flowsim.core.errors import InputError
from flowsim.core.periods import FINER, LENGTHS, MONTHS, Every, Period, shortest
from flowsim.simulation.measures.measure import Adds, Kind, Measure, Row, known_measure
from flowsim.simulation.measures.spells import CLOCK_MEAN, CLOCK_MEDIAN, CLOCK_OVERDUE, CLOCK_WITHIN
from flowsim.simulation.results import Results

__all__ = ["Response", "drawn_by", "series"]

_FEWEST_DRAWN = 3  # of fewer points no line is drawn

_OVERDUE: dict[Kind, Kind] = dict.fromkeys((CLOCK_WITHIN, CLOCK_MEAN, CLOCK_MEDIAN), CLOCK_OVERDUE)
"""Who is left in the end where a measure of decisions is undefined, since none was made."""
_A: dict[Every, str] = {every: f"a{'n' * (every == 'hour')} {every}" for every in LENGTHS}


@dataclass(frozen=True, kw_only=True)
class Response:
    """What a measure says of a period, as one number.

    Attributes:
        measure: the measure.
        period: the month, quarter or year, or the day or hour.
        unit: the measure's unit.
        parts: the periods within it that the measure is reported for: the longest ones that fill it, or the shortest
            ones where they are averaged; days and hours only of what nothing longer fills.
        how: what the parts come to: as the measure's kind adds up, or their plain "mean" where they are averaged.
    """

    measure: Measure
    period: Period
    unit: str
    parts: tuple[Period, ...]
    how: Adds

    @classmethod
    def of(cls, measure: str, period: str, index: Sequence[Row], *, averaged: bool = False) -> Response:
        """Look up a measure in a catalogue's index.

        Args:
            measure: its name.
            period: the period.
            index: the rows of `Catalogue.index`, or of results.
            averaged: take the mean of the parts, also of who is there at their ends.

        Raises:
            InputError: for an unknown measure, with the nearest one, and for a period that it does not fill.
        """
        wanted, whole = known_measure(measure, (row.measure for row in index)), Period(period)
        reported = [row.period for row in index if row.measure == wanted]
        for every in (*(MONTHS if averaged else LENGTHS[:1:-1]), *LENGTHS[1::-1]):
            parts = sorted(part for part in reported if part.every == every and whole.contains(part))
            if _fill(parts, whole):
                how = "mean" if averaged else wanted.kind.adds
                return cls(measure=wanted, period=whole, unit=wanted.unit, parts=tuple(parts), how=how)
        raise InputError(f"{period}: {_why_not(wanted, reported, whole)}")

    @property
    def looks_ahead(self) -> bool:
        """Whether it depends on what comes after the period."""
        return self.measure.kind.ahead

    @property
    def needs(self) -> frozenset[Measure]:
        """The measures that it is read from."""
        left, weight = _OVERDUE.get(self.measure.kind), self.measure.weight
        needed = {self.measure}
        if weight is not None:
            needed.add(weight)
        if left is not None:
            needed.add(left(*self.measure.names))
        return frozenset(needed)

    def read(self, results: Results) -> Floats:
        """Return the number of each replication, shape (replications,); NaN where there is nobody to tell of.

        Parts of which a mean is undefined (a month in which nobody was served) are left out. It is infinite where in no
        part anybody was served and in one the queue stands still.
        """
        columns = results.columns
        values = results.values[:, [columns[self.measure, part] for part in self.parts]]
        if self.how == "sum":
            out: Floats = values.sum(axis=1)
            return out
        if self.how == "last":
            last: Floats = values[:, -1]
            return last
        weights = np.ones_like(values)
        if self.how == "weighted" and (cases := self.measure.weight):
            weights = results.values[:, [columns[cases, part] for part in self.parts]]
        weights = np.where(np.isfinite(values), weights, 0.0)
        mean = ratio((weights * np.where(np.isfinite(values), values, 0.0)).sum(axis=1), weights.sum(axis=1))
        return np.where(np.isnan(mean) & np.isinf(values).any(axis=1), np.inf, mean)

    def stands_still(self, results: Results) -> Bools:
        """Return in which replications nobody got through in the period though some waited, shape (replications,).

        Those of a wait are infinite. Of a clock they are those in which nothing was decided and somebody waits longer
        than its limit.
        """
        values = self.read(results)
        left = _OVERDUE.get(self.measure.kind)
        column = results.columns.get((left(*self.measure.names), self.parts[-1])) if left is not None else None
        overdue = np.isnan(values) & (results.values[:, column] > 0) if column is not None else np.False_
        out: Bools = np.isinf(values) | overdue
        return out

    @property
    def worst(self) -> float:
        """What stands for a replication in which everything stands still: a share of 0, or a time without end."""
        return 0.0 if self.unit in ("share", "per cent") else math.inf

    @property
    def words(self) -> str:
        """How the number comes about, in words."""
        if self.how == "last":
            return f"the end of {self.period}"
        if len(self.parts) == 1:
            return self.period
        return {
            "sum": f"all of {self.period}",
            "weighted": f"all cases of {self.period}",
            "mean": f"the mean of the {self.parts[0].every}s of {self.period}",
        }[self.how]


def series(results: Results, measure: str, every: Every) -> tuple[tuple[Period, ...], Floats]:
    """Return what a measure says of each period of a kind that is reported whole.

    Returns:
        the periods in their order, and the numbers as `Response` reads them, shape (replications, periods).

    Raises:
        InputError: for an unknown measure, with the nearest one.
    """
    wanted = known_measure(measure, results.measures)
    needed = (wanted, wanted.weight)
    narrow = results.only(lambda row: row.measure in needed)
    reported = [row.period for row in narrow.index if row.measure == wanted]
    periods, columns = [], []
    for period in _possible(reported, every):
        try:
            columns.append(Response.of(wanted, period, narrow.index).read(narrow))
        except InputError:  # it is not reported whole, or by longer periods only
            continue
        periods.append(period)
    return tuple(periods), np.array(columns).T if columns else np.zeros((len(results.replications), 0))


def drawn_by(results: Results, measure: str, every: Every) -> Every:
    """Return by which kind of period a measure is drawn: by that kind, or by a shorter one where it is too long.

    It is where fewer than three are reported, and the pathway asks for days or hours.
    """
    if results.pathway.periods not in FINER:
        return every
    reported = [row.period.every for row in results.index if row.measure == measure]
    shorter = LENGTHS[: LENGTHS.index(every) + 1]
    return next((kind for kind in reversed(shorter) if reported.count(kind) >= _FEWEST_DRAWN), every)


def _possible(reported: Sequence[Period], every: Every) -> list[Period]:
    """Return the periods of a kind that begin within some others, the last of which may end after them."""
    if every in FINER:
        return sorted(period for period in reported if period.every == every)
    first, last = min(period.first for period in reported), max(period.after for period in reported)
    length = MONTHS[every]
    months = range(math.ceil(first / length) * length, math.floor(last), length)
    return [Period.at(month, every) for month in months]


def _fill(parts: Sequence[Period], whole: Period) -> bool:
    """Return whether periods of one kind, in their order, are all of a longer one."""
    if not parts or (parts[0].first, parts[-1].after) != (whole.first, whole.after):
        return False
    return parts[-1].number - parts[0].number + 1 == len(parts)


def _why_not(measure: Measure, reported: Sequence[Period], whole: Period) -> str:
    if not reported:
        return f"the horizon holds no whole period that {measure} is reported for"
    least = shortest(period.every for period in reported)
    if LENGTHS.index(whole.every) < LENGTHS.index(least):
        return f"{measure} is reported by {least}: give {_A[least]}" + " or a year" * (least != "year")
    first, last = min(period.first for period in reported), max(period.after for period in reported)
    span = f"from {Period.of(int(first), 'month')} to {Period.of(math.ceil(last) - 1, 'month')}"
    return f"the horizon does not hold all of it ({measure} is reported {span})"
