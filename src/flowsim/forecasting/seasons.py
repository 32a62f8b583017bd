"""What the quarters of a year have of their own, as far as a short series can tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Seasonal", "seasonal"]

Floats = npt.NDArray[np.float64]
_FEWEST = 12  # quarters: each quarter of the year is then compared with its neighbours at least twice
_NOISE = 2.0  # about the mean of F where there are no seasons, at fifteen points (simulated)
_AS_GOOD_AS_ZERO = 1e-6  # of the largest value: the log of a smaller one would outweigh all the others
_HALF_ENDS = np.array([0.125, 0.25, 0.25, 0.25, 0.125])


@dataclass(frozen=True, kw_only=True, eq=False)
class Seasonal:
    """Four indices, which come round.

    Attributes:
        indices: of the first quarter of the series and the three after it: factors, or amounts where not
            `multiplicative`.
        multiplicative: whether the series is divided by them.
        strength: 0 to 1, how much of the indices' own size was believed.
    """

    indices: Floats
    multiplicative: bool
    strength: float

    def over(self, start: int, steps: int) -> Floats:
        """Return the indices of the quarters from number `start` of the series on."""
        out: Floats = self.indices[np.arange(start, start + steps) % 4]
        return out

    def removed(self, values: Floats) -> Floats:
        """Return a series, from its first quarter on, without its seasons."""
        own = self.over(0, len(values))
        return values / own if self.multiplicative else values - own

    def restored(self, values: Floats, start: int) -> Floats:
        """Put the seasons back on values from quarter number `start` on (last axis)."""
        own = self.over(start, values.shape[-1])
        return values * own if self.multiplicative else values + own


def seasonal(values: Floats) -> Seasonal:
    """Estimate the seasons by classical decomposition, and believe them as far as they stand out of the noise.

    The indices (logs of ratios to the centred yearly mean; differences where a value is zero, or as good as zero
    beside the largest) are shrunk by 1 - 2/F, F being the ratio of variances between and within the quarters: a test
    that decides for or against seasons would throw away what fifteen points can tell. Of fewer than twelve quarters no
    seasons are estimated.

    Source: the shrinking is James and Stein's, for seasons as in Miller and Williams (2003).
    """
    multiplicative = bool(values.min() > max(_AS_GOOD_AS_ZERO * values.max(), np.finfo(np.float64).tiny))
    none = Seasonal(indices=np.ones(4) if multiplicative else np.zeros(4), multiplicative=multiplicative, strength=0.0)
    count = len(values)
    if count < _FEWEST:
        return none
    level = np.convolve(values, _HALF_ENDS, "valid")
    inner = values[2 : count - 2]
    off = np.log(inner / level) if multiplicative else inner - level
    which = np.arange(2, count - 2) % 4
    times = np.bincount(which, minlength=4)
    means = np.bincount(which, off, minlength=4) / times
    within = float(((off - means[which]) ** 2).sum()) / (len(off) - 4)
    means -= means.mean()
    between = float(times.mean() * (means**2).sum()) / 3
    if between <= _NOISE * within:
        return none
    strength = 1 - _NOISE * within / between
    indices = strength * means
    return Seasonal(
        indices=np.exp(indices) if multiplicative else indices, multiplicative=multiplicative, strength=strength
    )
