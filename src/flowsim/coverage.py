"""Is the uncertainty right? Simulation-based calibration: known truths, and where they lie in their posteriors.

Talts, Betancourt, Simpson, Vehtari and Gelman (2018): where truths are drawn from the prior and each is hidden behind
what it would have shown, its rank in its own posterior is uniform, for every factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from flowsim.errors import InputError
from flowsim.trace import Floats

__all__ = ["INTERVALS", "Coverage", "holm"]

INTERVALS = (0.5, 0.9)


@dataclass(frozen=True, kw_only=True, eq=False)
class Coverage:
    """Where known truths lie in their posteriors.

    Attributes:
        names: the factors.
        below: the share of its posterior below each truth, shape (truths, factors).
    """

    names: tuple[str, ...]
    below: Floats = field(repr=False)

    def __post_init__(self) -> None:
        if self.below.ndim != 2 or self.below.shape[1] != len(self.names) or len(self.below) < 20:
            raise InputError(f"coverage: {self.below.shape} is not allowed: 20 truths or more, of every factor")

    @property
    def uniform(self) -> Floats:
        """The p-value of each factor's ranks being uniform (Kolmogorov-Smirnov), after Holm, shape (factors,)."""
        return holm([float(stats.kstest(ranks, "uniform").pvalue) for ranks in self.below.T])

    def inside(self, interval: float) -> Floats:
        """Return the share of truths inside the central posterior interval, shape (factors,)."""
        edge = (1 - interval) / 2
        out: Floats = ((self.below >= edge) & (self.below <= 1 - edge)).mean(axis=0)
        return out

    def right(self, interval: float) -> Floats:
        """Return the p-value of each factor's share inside being the interval's own (binomial), after Holm."""
        truths = len(self.below)
        counts = np.rint(self.inside(interval) * truths).astype(int)
        return holm([stats.binomtest(int(count), truths, interval).pvalue for count in counts])


def holm(p: Sequence[float]) -> Floats:
    """Return p-values adjusted for being many (Holm 1979): the smallest times how many there are, and so on."""
    order = np.argsort(p)
    steps = np.array(p)[order] * np.arange(len(p), 0, -1)
    out = np.empty(len(p))
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out
