"""One number for the futures of a run, for every measure by one rule, with what is known of it.

A level (a wait, a queue, a share) is the median over the futures, between order statistics; what adds up (counts,
money) is the mean, within the wider of Student's and the skewness-corrected interval, which held better in repetitions
than a bootstrap and at any error. A difference is the same statistic of the differences of pairs.

One rule for what is undefined: NaN (nobody to tell of) is left out and counted; infinity (a queue stands still: nobody
is served while somebody waits) is the worst future, and counts. An interval takes ten defined futures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, stdtr

from flowsim.core.arrays import Bools, Floats, Ints
from flowsim.simulation.intervals import cautious_ends, median_rank, standard_moments
from flowsim.simulation.measures.measure import Measure, Statistic

__all__ = [
    "FEWEST_DEFINED",
    "FEWEST_FOR_RANGE",
    "Differences",
    "Estimates",
    "SingleEstimate",
    "difference",
    "differences",
    "holm",
    "level",
    "levels",
    "paired_differences",
    "sure_rows",
]

FEWEST_DEFINED = 10
"""Futures in which a measure must be defined for an interval: what is known of fewer is not said."""
FEWEST_FOR_RANGE = 19
"""Futures from which on nine in ten lie between p05 and p95; of fewer these are the lowest and the highest."""


@dataclass(frozen=True, kw_only=True)
class SingleEstimate:
    """What stands for the futures of a run in one figure.

    Attributes:
        estimate: the statistic; NaN where no future is defined.
        low: the lower end of its interval; NaN where it is not known.
        high: the upper end.
        defined: the futures that count.
        left_out: the futures in which it is undefined.
        stalled: those of the defined in which it is infinite: the queue stands still.
    """

    estimate: float
    low: float
    high: float
    defined: int
    left_out: int
    stalled: int

    @property
    def known(self) -> bool:
        """Whether anything is known of how sure it is."""
        return not math.isnan(self.low)


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimates:
    """The same of many figures, an entry a column."""

    estimate: Floats
    low: Floats
    high: Floats
    defined: Ints
    left_out: Ints
    stalled: Ints

    def at(self, column: int) -> SingleEstimate:
        """Return the estimate of a column."""
        return SingleEstimate(
            estimate=float(self.estimate[column]),
            low=float(self.low[column]),
            high=float(self.high[column]),
            defined=int(self.defined[column]),
            left_out=int(self.left_out[column]),
            stalled=int(self.stalled[column]),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Differences(Estimates):
    """Estimates of differences of pairs.

    Attributes:
        differing: the pairs that differ.
        p_value: the least error with which the interval leaves 0 out; 1 below ten pairs.
    """

    differing: Ints
    p_value: Floats


def level(measure: Measure, values: Floats, error: float = 0.05) -> SingleEstimate:
    """Return what stands for the futures in a measure, of values of shape (futures,)."""
    return levels([measure], values[:, None], error).at(0)


def levels(measures: Sequence[Measure], values: Floats, error: float = 0.05) -> Estimates:
    """Return what stands for the futures in each column's measure, of values of shape (futures, columns).

    `error` is the probability with which an interval misses, each for itself.
    """
    estimate, low, high = _by_statistic(measures, values, error)
    # Of what is never below nothing (a wait, a count) an interval that is symmetric may reach there all the same.
    never_below = np.nanmin(np.where(np.isnan(values), np.inf, values), axis=0, initial=np.inf) >= 0
    low = np.where(never_below & (low < 0), 0.0, low)
    return Estimates(estimate=estimate, low=low, high=high, **_counts(values))


def difference(measure: Measure, reference: Floats, other: Floats, error: float = 0.05) -> SingleEstimate:
    """Return how much a measure differs between pairs of futures, of values of shape (futures,) each."""
    return differences([measure], reference[:, None], other[:, None], error).at(0)


def differences(measures: Sequence[Measure], reference: Floats, other: Floats, error: float = 0.05) -> Differences:
    """Return how much each column's measure differs between the pairs of two tables, shape (futures, columns) each.

    Where a queue stands still in both futures of a pair they do not differ; where in one, the difference is infinite.
    A pair of which one is undefined is left out.
    """
    away = paired_differences(reference, other)
    estimate, low, high = _by_statistic(measures, away, error)
    return Differences(
        estimate=estimate,
        low=low,
        high=high,
        differing=(np.nan_to_num(away) != 0).sum(axis=0),
        p_value=_p_values(measures, away),
        **_counts(away),
    )


def paired_differences(reference: Floats, other: Floats) -> Floats:
    """Return the other less the reference; 0 where both are infinite; rounding is no difference."""
    both = np.isinf(reference) & (reference == other)
    with np.errstate(invalid="ignore"):
        away = np.where(both, 0.0, other - reference)
        size = np.maximum(np.abs(reference), np.abs(other))
        # Sums that were added in another order differ in their last bits, and would count among the pairs that differ.
        rounding = np.isfinite(size) & (np.abs(away) <= 1e-12 * size)
    out: Floats = np.where(rounding, 0.0, away)
    return out


def sure_rows(p_values: Floats, differing: Ints, error: float = 0.05) -> Bools:
    """Return which differences are sure, all of them at once: one of them wrongly so with probability `error` at most.

    What differs in no pair at all, as before a change begins, is no test.

    Args:
        p_values: of the differences, as `Differences` has them.
        differing: the pairs that differ, of each.
        error: of all at once.
    """
    sure = np.zeros(len(p_values), np.bool_)
    tested = np.flatnonzero(differing > 0)
    sure[tested] = holm(p_values[tested]) <= error
    return sure


def holm(p: Sequence[float] | Floats) -> Floats:
    """Return p-values adjusted for being many: the smallest times how many there are, and so on.

    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6.
    """
    order = np.argsort(p, kind="stable")
    steps = np.array(p)[order] * np.arange(len(p), 0, -1)
    out = np.empty(len(p))
    # Never below that of a smaller p-value, or a row could be sure and a clearer one not.
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out


def _between(left: Floats, right: Floats, part: Floats) -> Floats:
    """Interpolate, also where the right one is infinite."""
    with np.errstate(invalid="ignore"):
        # Infinity less infinity is undefined, and 0 times infinity too: these are told apart below.
        inner = left + part * (right - left)
    return np.where((part == 0) | (left == right), left, inner)


def _counts(values: Floats) -> dict[str, Ints]:
    undefined = np.isnan(values).sum(axis=0)
    stalled = np.isinf(values).sum(axis=0)
    return {"defined": len(values) - undefined, "left_out": undefined, "stalled": stalled}


def _statistics(measures: Sequence[Measure]) -> dict[Statistic, Ints]:
    """Return the columns of each statistic."""
    of = np.array([measure.kind.statistic == "mean" for measure in measures], np.bool_)
    return {"mean": np.flatnonzero(of), "median": np.flatnonzero(~of)}


Ends = Callable[[Floats, float], tuple[Floats, Floats, Floats]]


def _by_statistic(measures: Sequence[Measure], values: Floats, error: float) -> tuple[Floats, Floats, Floats]:
    """Return the estimate, the low and the high end of each column."""
    out = np.full((3, values.shape[1]), np.nan)
    ends: dict[Statistic, Ends] = {"mean": _means, "median": _medians}
    for statistic, columns in _statistics(measures).items():
        for some, defined in _defined(values, columns):
            out[:, some] = ends[statistic](defined, error)
    return out[0], out[1], out[2]


def _defined(values: Floats, columns: Ints) -> list[tuple[Ints, Floats]]:
    """Group columns by how many values are defined, with these alone; without those in which none is."""
    counts = (~np.isnan(values[:, columns])).sum(axis=0)
    out = []
    for count in np.unique(counts[counts > 0]):
        some = columns[counts == count]
        # Stable, so that the defined ones keep their order, and sums their last bit.
        order = np.argsort(np.isnan(values[:, some]), axis=0, kind="stable")
        out.append((some, np.take_along_axis(values[:, some], order[:count], axis=0)))
    return out


def _means(values: Floats, error: float) -> tuple[Floats, Floats, Floats]:
    mean = values.mean(axis=0)
    nothing = np.full(len(mean), np.nan)
    if len(values) < FEWEST_DEFINED:
        return mean, nothing, nothing
    low, high = cautious_ends(values, error)
    return mean, low, high


def _medians(values: Floats, error: float) -> tuple[Floats, Floats, Floats]:
    """Return the medians between two order statistics: David and Nagaraja (2003), section 7.1."""
    n, ordered = len(values), np.sort(values, axis=0)
    middle = _between(ordered[(n - 1) // 2], ordered[n // 2], np.full(values.shape[1], 0.0 if n % 2 else 0.5))
    rank = median_rank(n, error)
    if n < FEWEST_DEFINED or not rank:
        nothing = np.full(len(middle), np.nan)
        return middle, nothing, nothing
    return middle, ordered[rank - 1], ordered[n - rank]


def _p_values(measures: Sequence[Measure], away: Floats) -> Floats:
    out = np.ones(away.shape[1])
    for statistic, columns in _statistics(measures).items():
        for some, defined in _defined(away, columns):
            if len(defined) >= FEWEST_DEFINED:
                signs = _sign_test(defined)
                out[some] = signs if statistic == "median" else _of_means(defined, signs)
    return out


def _sign_test(away: Floats) -> Floats:
    """Return the error with which the median is not 0: that of the interval between order statistics."""
    against = np.minimum((away <= 0).sum(axis=0), (away >= 0).sum(axis=0))
    out: Floats = np.minimum(2 * bdtr(against, len(away), 0.5), 1.0)
    return out


def _of_means(away: Floats, signs: Floats) -> Floats:
    """Return the error with which the mean is not 0: the larger of Student's and that of Hall's transformation.

    Where all differences are equal there is no spread to judge by, and it is that of the sign test.
    """
    mean, spread, a = standard_moments(away)
    t = mean / spread
    corrected = t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6
    least = np.where(np.sign(t) == np.sign(corrected), np.minimum(np.abs(t), np.abs(corrected)), 0.0)
    out: Floats = np.where(np.isnan(spread), signs, 2 * stdtr(len(away) - 1, -least))
    return out
