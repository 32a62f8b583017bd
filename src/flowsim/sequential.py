"""Intervals that may be looked at again and again as replications come, and still hold together.

Replications are looked at after 10, 15, 23, 35, ... of them. Each look has an equal part of the error that is allowed,
so by Bonferroni's inequality all intervals of all looks hold at once, whenever one stops. Means have Student's
interval, exact for normal figures; shares that of Clopper and Pearson (1934), exact. With as few looks as these it
takes fewer replications than a confidence sequence that holds at every number of them, whose half-widths are a tenth
longer at the same error (Wang and Ramdas 2023, arXiv:2310.03722).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from flowsim.errors import require
from flowsim.trace import Floats

__all__ = ["FEWEST", "Interval", "looks", "mean_interval", "share_interval"]

FEWEST = 10
"""Replications before the first look."""

_GROWTH = 1.5
_SHORT = 1.2  # nothing is won by a last look that has hardly more than the one before


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An estimate with its standard error, and where what it estimates lies."""

    estimate: float
    error: float
    low: float
    high: float

    def in_vain(self, bound: float, n: int, most: int) -> bool:
        """Tell whether an interval of `n` replications holds a bound, and that of `most` will most likely do so too.

        That is where the estimate would have to move away from the bound by more than a standard error. To stop then
        can't make a verdict wrong: it is left open a little earlier. Before an eighth of `most` that is not told.
        """
        half = max(self.high - self.estimate, self.estimate - self.low)
        inside = self.low < bound < self.high
        return inside and 8 * n >= most and abs(self.estimate - bound) + self.error < half * math.sqrt(n / most)


def looks(most: int) -> tuple[int, ...]:
    """Return after how many replications to look, the last time after `most`.

    Raises:
        InputError: for less than `FEWEST`.
    """
    require(most >= FEWEST, "replications", most, f"at least {FEWEST} are needed")
    out = [FEWEST]
    while out[-1] < most:
        further = math.ceil(out[-1] * _GROWTH)
        out.append(further if further * _SHORT < most else most)
    return tuple(out)


def mean_interval(values: Floats, error: float) -> Interval:
    """Return the mean of values, shape (n,), with Student's two-sided interval, wrong with probability `error`."""
    n = len(values)
    mean = float(values.mean())
    spread = float(values.std(ddof=1) / np.sqrt(n))
    half = float(stats.t.isf(error / 2, n - 1)) * spread
    return Interval(estimate=mean, error=spread, low=mean - half, high=mean + half)


def share_interval(count: int, n: int, error: float) -> Interval:
    """Return a share with the two-sided interval of Clopper and Pearson, wrong with probability `error` at most."""
    low = float(stats.beta.ppf(error / 2, count, n - count + 1)) if count else 0.0
    high = float(stats.beta.isf(error / 2, count + 1, n - count)) if count < n else 1.0
    inner = (count + 1) / (n + 2)  # nothing is sure of a share of which no exception has been seen
    return Interval(estimate=count / n, error=math.sqrt(inner * (1 - inner) / n), low=low, high=high)
