"""One number of each replication: what a measure says of a period, whatever periods it is reported for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from flowsim.core.arrays import Floats, ratio
from flowsim.core.errors import InputError, unknown_name
from flowsim.core.periods import Every, label, months_in, months_of
from flowsim.simulation.measures.catalogue import Row
from flowsim.simulation.results import Results

__all__ = ["Response", "series"]

How = Literal["sum", "mean", "last", "weighted"]
_SUMMED = ("entries", "awards", "exits", "ended")
_AT_THE_END = ("stock", "queue", "caseload", "seniority")
_EVERY = {1: "month", 3: "quarter", 12: "year"}
_LATER = ("ended", "status")


@dataclass(frozen=True, kw_only=True)
class Response:
    """What a measure says of a period, as one number.

    Attributes:
        measure: the measure's name.
        period: "2022", "2022Q3" or "2022-05".
        unit: the measure's unit.
        parts: the periods within it that the measure is reported for: the longest ones that fill it, or the shortest
            ones where they are averaged.
        how: what the parts come to. "sum" of what happens (entries, awards); "last", at the period's end, of who is
            there (queue, stock, caseload); "weighted" by the cases that ended in each, of a clock's share and mean,
            which so are those over all its cases of the period; otherwise the plain "mean" of the parts.
    """

    measure: str
    period: str
    unit: str
    parts: tuple[str, ...]
    how: How

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
        units = {row.measure: row.unit for row in index}
        if measure not in units:
            raise InputError(unknown_name("measure", measure, units))
        since, until = months_of(period)
        spans = {row.period: months_of(row.period) for row in index if row.measure == measure}
        for length in (1, 3, 12) if averaged else (12, 3, 1):
            if (until - since) % length == 0:
                parts = [p for p, (a, b) in spans.items() if since <= a and b <= until and b - a == length]
                if len(parts) * length == until - since:
                    how = "mean" if averaged else _how(measure)
                    return cls(measure=measure, period=period, unit=units[measure], parts=tuple(parts), how=how)
        raise InputError(f"{period}: {_why_not(measure, spans, until - since)}")

    @property
    def looks_ahead(self) -> bool:
        """Whether it depends on what comes after the period."""
        kind, *rest = self.measure.split(".")
        return kind in _LATER or rest[-1:] == ["first_free"]

    def read(self, results: Results) -> Floats:
        """Return the number of each replication, shape (replications,); NaN where there is nobody to tell of.

        Parts of which a mean is undefined (a month in which nobody was served) are left out.
        """
        columns = {(row.measure, row.period): number for number, row in enumerate(results.index)}
        values = results.values[:, [columns[self.measure, part] for part in self.parts]]
        if self.how == "sum":
            out: Floats = values.sum(axis=1)
            return out
        if self.how == "last":
            last: Floats = values[:, -1]
            return last
        weights = np.ones_like(values)
        if self.how == "weighted":
            ended = self.measure.rpartition(".")[0] + ".ended"
            weights = results.values[:, [columns[ended, part] for part in self.parts]]
        weights = np.where(np.isnan(values), 0.0, weights)
        return ratio((weights * np.nan_to_num(values)).sum(axis=1), weights.sum(axis=1))

    @property
    def words(self) -> str:
        """How the number comes about, in words."""
        if self.how == "last":
            return f"the end of {self.period}"
        if len(self.parts) == 1:
            return self.period
        every = _EVERY[months_of(self.parts[0])[1] - months_of(self.parts[0])[0]]
        return {
            "sum": f"all of {self.period}",
            "weighted": f"all cases of {self.period}",
            "mean": f"the mean of the {every}s of {self.period}",
        }[self.how]


def series(results: Results, measure: str, every: Every) -> tuple[tuple[str, ...], Floats]:
    """Return what a measure says of each year, quarter or month that is reported whole.

    Returns:
        the periods in their order, and the numbers as `Response` reads them, shape (replications, periods).

    Raises:
        InputError: for an unknown measure, with the nearest one.
    """
    if measure not in results.measures:
        raise InputError(unknown_name("measure", measure, results.measures))
    # The weights of a clock's share stand beside it.
    needed = {measure, measure.rpartition(".")[0] + ".ended"}
    kept = [number for number, row in enumerate(results.index) if row.measure in needed]
    narrow = replace(results, index=tuple(results.index[n] for n in kept), values=results.values[:, kept])
    spans = [months_of(row.period) for row in narrow.index if row.measure == measure]
    length = months_in(every)
    first, last = min(since for since, _ in spans), max(until for _, until in spans)
    periods, columns = [], []
    for month in range(-(-first // length) * length, last - length + 1, length):
        period = label(month, every)
        try:
            columns.append(Response.of(measure, period, narrow.index).read(narrow))
        except InputError:  # it is not reported whole, or by longer periods only
            continue
        periods.append(period)
    return tuple(periods), np.array(columns).T if columns else np.zeros((len(results.replications), 0))


def _how(measure: str) -> How:
    kind, *rest = measure.split(".")
    last = rest[-1] if rest else ""
    if kind == "clock":
        kinds: dict[str, How] = {"ended": "sum", "within": "weighted", "mean": "weighted", "median": "mean"}
        return kinds.get(last, "last")
    if kind in _SUMMED:
        return "sum"
    if kind in _AT_THE_END or (kind == "wait" and last in ("first_free", "backlog")):
        return "last"
    return "mean"


def _why_not(measure: str, spans: dict[str, tuple[int, int]], months: int) -> str:
    if not spans:
        return f"the horizon holds no whole period that {measure} is reported for"
    shortest = min(b - a for a, b in spans.values())
    if months < shortest:
        return f"{measure} is reported by {_EVERY[shortest]}: give a {_EVERY[shortest]}" + " or a year" * (
            shortest < 12
        )
    first, last = (spans[name] for name in (min(spans, key=lambda p: spans[p]), max(spans, key=lambda p: spans[p])))
    return (
        f"the horizon does not hold all of it ({measure} is reported from {_month(first[0])} to {_month(last[1] - 1)})"
    )


def _month(number: int) -> str:
    return f"{number // 12:04}-{number % 12 + 1:02}"
