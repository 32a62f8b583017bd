"""What the quarters or months of a year have of their own, as far as a short series can tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowsim.core.arrays import Floats

__all__ = ["Seasonal", "seasonal"]


_FEWEST = 3  # years: each quarter of the year is then compared with its neighbours at least twice
_NOISE = 2.0  # about the mean of F where there are no seasons, at fifteen points (simulated)
_AS_GOOD_AS_ZERO = 1e-6  # of the largest value: the log of a smaller one would outweigh all the others


@dataclass(frozen=True, kw_only=True, eq=False)
class Seasonal:
    """Indices of the periods of a year, which come round.

    Attributes:
        indices: of the first period of the series and the others of a year after it: factors, or amounts where not
            `multiplicative`.
        multiplicative: whether the series is divided by them.
        strength: 0 to 1, how much of the indices' own size was believed.
    """

    indices: Floats
    multiplicative: bool
    strength: float

    def over(self, start: int, steps: int) -> Floats:
        """Return the indices of the periods from number `start` of the series on."""
        out: Floats = self.indices[np.arange(start, start + steps) % len(self.indices)]
        return out

    def removed(self, values: Floats) -> Floats:
        """Return a series, from its first period on, without its seasons."""
        own = self.over(0, len(values))
        return values / own if self.multiplicative else values - own

    def restored(self, values: Floats, start: int) -> Floats:
        """Put the seasons back on values from period number `start` on (last axis)."""
        own = self.over(start, values.shape[-1])
        return values * own if self.multiplicative else values + own


def seasonal(values: Floats, season: int = 4) -> Seasonal:
    """Estimate the seasons by classical decomposition, and believe them as far as they stand out of the noise.

    The indices (logs of ratios to the centred yearly mean; differences where a value is zero, or as good as zero
    beside the largest) are shrunk by 1 - 2/F, F being the ratio of variances between and within the periods of the
    year: a test that decides for or against seasons would throw away what fifteen points can tell. Of fewer than three
    years no seasons are estimated.

    Args:
        values: the series, none negative.
        season: periods in a year, an even number.

    Source: the shrinking is James and Stein's, for seasons as in Miller and Williams (2003).
    """
    multiplicative = bool(values.min() > max(_AS_GOOD_AS_ZERO * values.max(), np.finfo(np.float64).tiny))
    nothing = np.ones(season) if multiplicative else np.zeros(season)
    none = Seasonal(indices=nothing, multiplicative=multiplicative, strength=0.0)
    count, half = len(values), season // 2
    if count < _FEWEST * season:
        return none
    year = np.full(season + 1, 1 / season)
    year[[0, -1]] /= 2
    level = np.convolve(values, year, "valid")
    inner = values[half : count - half]
    off = np.log(inner / level) if multiplicative else inner - level
    which = np.arange(half, count - half) % season
    times = np.bincount(which, minlength=season)
    means = np.bincount(which, off, minlength=season) / times
    within = float(((off - means[which]) ** 2).sum()) / (len(off) - season)
    means -= means.mean()
    between = float(times.mean() * (means**2).sum()) / (season - 1)
    if between <= _NOISE * within:
        return none
    strength = 1 - _NOISE * within / between
    indices = strength * means
    return Seasonal(
        indices=np.exp(indices) if multiplicative else indices, multiplicative=multiplicative, strength=strength
    )
