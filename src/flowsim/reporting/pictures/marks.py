"""What figures are held against, period by period: as lines of a chart and as columns of a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from flowsim.core.periods import Period
from flowsim.evidence.yardsticks import Yardstick
from flowsim.simulation.measures.measure import Measure

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["YardstickSpan", "marked", "marks_of", "marks_within"]

_KINDS = ("goal", "country", "cluster")
"""The kinds of yardsticks, in the order of their columns."""


class YardstickSpan(NamedTuple):
    """A value that a measure is held against, from a time until before another one, in months since the year 0."""

    kind: str
    since: float
    until: float
    value: float


def marks_within(standards: Sequence[Yardstick], measure: Measure, periods: Sequence[Period]) -> list[YardstickSpan]:
    """Return what a measure is held against within periods of one length; of a year's sum the part of each period."""
    if not periods:
        return []
    first, last, out = periods[0].first, periods[-1].after, []
    for yardstick in standards:
        since, until = (first, last) if yardstick.period is None else (yardstick.period.first, yardstick.period.after)
        since, until = max(since, first), min(until, last)
        if yardstick.measure == measure and since < until:
            out.append(
                YardstickSpan(yardstick.kind, since, until, yardstick.value * _part(yardstick, measure, periods[0]))
            )
    return out


def marks_of(standards: Sequence[Yardstick], measure: Measure, period: Period) -> dict[str, float]:
    """Return what a measure is held against in a period, by the kind of yardstick."""
    return {mark.kind: mark.value for mark in marks_within(standards, measure, [period])}


def marked(frame: pd.DataFrame, standards: Sequence[Yardstick], measures: Iterable[Measure]) -> pd.DataFrame:
    """Return a table of measures and periods with a column for each kind of yardstick that any of its rows has.

    Args:
        frame: with the columns "measure" and "period".
        standards: the yardsticks of the base.
        measures: those of the table; of other names nothing is known.
    """
    compared = {standard.measure for standard in standards}
    of = {str(measure): measure for measure in measures if measure in compared}
    columns = {kind: list[float]() for kind in _KINDS}
    for name, text in zip(frame["measure"].tolist(), frame["period"].tolist(), strict=True):
        measure = of.get(str(name))
        values = {} if measure is None else marks_of(standards, measure, Period(str(text)))
        for kind, column in columns.items():
            column.append(values.get(kind, math.nan))
    held = {kind: column for kind, column in columns.items() if not all(map(math.isnan, column))}
    return frame.assign(**held)


def _part(yardstick: Yardstick, measure: Measure, period: Period) -> float:
    adds = yardstick.period is not None and measure.kind.adds == "sum"
    return period.months / yardstick.period.months if adds and yardstick.period is not None else 1.0
