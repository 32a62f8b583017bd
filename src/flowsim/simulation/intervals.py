"""Where a mean, a share or a median of replications lies, also where figures are skewed, rare or without spread.

Every function is pure: what is resampled is drawn by an address (a seed and a purpose), so an interval of the same
figures is always the same. No interval for the mean of figures without an upper bound holds for every distribution:
what was never drawn, however large, is in no sample (Bahadur and Savage 1956). Bounded figures have one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.special import bdtr, stdtrit

from flowsim.core.arrays import Floats

__all__ = [
    "Interval",
    "at_most_one_in",
    "betting_interval",
    "bounded_interval",
    "cautious_ends",
    "cautious_interval",
    "median_rank",
    "rarest_missed",
    "ratio_interval",
    "share_interval",
    "skewness_corrected_interval",
    "standard_moments",
    "student_interval",
]

_GRID = 1000
_TELLING = 10  # values that differ from the commonest one
_STAKE = 0.75  # of what a gambler has, the most that one bet may lose


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An estimate with its standard error, and where what it estimates lies."""

    estimate: float
    error: float
    low: float
    high: float

    def in_vain(self, bound: float, n: int, most: int) -> bool:
        """Return whether an interval of `n` replications holds a bound, and that of `most` most likely will too.

        That is where the estimate would have to move away from the bound by more than a standard error. To stop then
        can't make a verdict wrong: it is left open a little earlier. Before an eighth of `most` it is never so, nor
        where there is no spread, for then nothing is known of how wide the interval will be. The shorter side is what
        shrinks with the root of n; what skewness adds to the longer one shrinks faster.
        """
        half = min(self.high - self.estimate, self.estimate - self.low)
        inside = self.low < bound < self.high and self.error > 0
        return inside and 8 * n >= most and abs(self.estimate - bound) + self.error < half * math.sqrt(n / most)


def _has_spread(values: Floats) -> bool:
    """Return whether values differ by more than they are rounded."""
    return bool(np.ptp(values) > 1e-12 * np.abs(values).max())


def student_interval(values: Floats, error: float) -> Interval:
    """Return the mean of values, shape (n,), with Student's two-sided interval, wrong with probability `error`."""
    mean, spread = _mean_and_error(values)
    half = -float(stdtrit(len(values) - 1, error / 2)) * spread
    return Interval(estimate=mean, error=spread, low=mean - half, high=mean + half)


def skewness_corrected_interval(values: Floats, error: float) -> Interval:
    """Return the mean of values with the interval of Hall's cubic transformation, wrong with probability `error`.

    Hall (1992), On the removal of skewness by transformation, Journal of the Royal Statistical Society B 54, with
    quantiles of Student's law in place of the normal ones.
    """
    n = len(values)
    mean, spread = _mean_and_error(values)
    if not _has_spread(values):
        return Interval(estimate=mean, error=0.0, low=mean, high=mean)
    away = values - mean
    skewness = float((away**2 * away).mean() / (away**2).mean() ** 1.5)
    quantile = -float(stdtrit(n - 1, error / 2))
    above, below = (_untransformed(side, skewness / math.sqrt(n)) for side in (quantile, -quantile))
    return Interval(estimate=mean, error=spread, low=mean - spread * above, high=mean - spread * below)


def _untransformed(quantile: float, a: float) -> float:
    """Solve t + a t^2/3 + a^2 t^3/27 + a/6 = quantile for t."""
    if abs(a) < 1e-9:
        return quantile
    return 3 / a * (float(np.cbrt(1 + a * (quantile - a / 6))) - 1)


def cautious_interval(values: Floats, error: float) -> Interval:
    """Return the mean of values with the wider of Student's and the skewness-corrected interval, on each side.

    Values without spread tell nothing of the mean of figures that have no bound: the interval is the whole line.
    """
    if not _has_spread(values):
        return Interval(estimate=float(values.mean()), error=0.0, low=-math.inf, high=math.inf)
    plain, corrected = student_interval(values, error), skewness_corrected_interval(values, error)
    low, high = min(plain.low, corrected.low), max(plain.high, corrected.high)
    return Interval(estimate=plain.estimate, error=plain.error, low=low, high=high)


def cautious_ends(values: Floats, error: float) -> tuple[Floats, Floats]:
    """Return the same ends for the mean of each column, shape (n, columns); NaN where a column has no spread."""
    mean, spread, a = standard_moments(values)
    quantile = -float(stdtrit(len(values) - 1, error / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        above, below = (
            np.where(np.abs(a) < 1e-9, side, 3 / a * (np.cbrt(1 + a * (side - a / 6)) - 1))
            for side in (quantile, -quantile)
        )
    return mean - spread * np.maximum(quantile, above), mean - spread * np.minimum(-quantile, below)


def standard_moments(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the mean of each column, its standard error, and the skewness over the root of n.

    Shape (n, columns) without NaN. The error and the skewness are NaN where there is no spread.
    """
    n, mean = len(values), values.mean(axis=0)
    flat = np.ptp(values, axis=0) <= 1e-12 * np.abs(values).max(axis=0)
    centred = np.where(flat, np.nan, values - mean)
    variance = (centred**2).mean(axis=0)
    return mean, np.sqrt(variance / (n - 1)), (centred**3).mean(axis=0) / variance**1.5 / math.sqrt(n)


def bounded_interval(values: Floats, error: float, most: float = 1.0) -> Interval:
    """Return the mean of values from 0 to `most` with an interval inside that range, wrong with probability `error`.

    Where fewer than ten values differ from the commonest one, their spread says too little: the interval is the
    betting one, which holds for any law. Else it is `cautious_interval` within the range, which is far narrower.
    """
    _, counts = np.unique(values, return_counts=True)
    if len(values) - counts.max() < _TELLING:
        return betting_interval(values, error, most)
    cautious = cautious_interval(values, error)
    return replace(cautious, low=max(cautious.low, 0.0), high=min(cautious.high, most))


def betting_interval(values: Floats, error: float, most: float = 1.0) -> Interval:
    """Return the mean of values from 0 to `most` with a betting interval, wrong with probability `error` at most.

    The hedged capital process of Waudby-Smith and Ramdas (2024), Estimating means of bounded random variables by
    betting, Journal of the Royal Statistical Society B 86: a mean is left out once a gambler who bets against it has
    won 1/error times the stake. It holds for every law of bounded figures and every number of them. The ends are
    rounded outward to a thousandth of `most`.
    """
    n = len(values)
    scaled = np.clip(values / most, 0.0, 1.0)
    mean, spread = _mean_and_error(values)
    means = (0.5 + np.cumsum(scaled)) / np.arange(2, n + 2)
    variances = (0.25 + np.cumsum((scaled - means) ** 2)) / np.arange(2, n + 2)
    known = np.concatenate([[0.25], variances[:-1]])  # a bet may only know what came before it
    bets = np.sqrt(2 * math.log(2 / error) / (n * known))[:, None]
    grid = np.linspace(0, 1, _GRID + 1)
    with np.errstate(divide="ignore"):
        up, down = np.minimum(bets, _STAKE / grid), np.minimum(bets, _STAKE / (1 - grid))
    deviations = scaled[:, None] - grid
    gains = np.maximum(
        np.cumsum(np.log1p(up * deviations), axis=0).max(axis=0),
        np.cumsum(np.log1p(-down * deviations), axis=0).max(axis=0),
    )
    left = np.flatnonzero(gains < math.log(2 / error))
    if not len(left):  # the running extremes leave nothing: the estimate alone is what no gambler speaks for
        left = np.array([0, _GRID])
    low, high = grid[max(left[0] - 1, 0)], grid[min(left[-1] + 1, _GRID)]
    return Interval(estimate=mean, error=spread, low=float(low) * most, high=float(high) * most)


# A search asks for the same few again and again, and each takes milliseconds.
@lru_cache(maxsize=4096)
def share_interval(count: int, n: int, error: float) -> Interval:
    """Return a share with the two-sided interval of Clopper and Pearson, wrong with probability `error` at most."""
    from scipy import stats  # takes longer to load than a replication to run

    exact = stats.binomtest(count, n).proportion_ci(confidence_level=1 - error, method="exact")
    inner = (count + 1) / (n + 2)  # nothing is sure of a share of which no exception has been drawn
    return Interval(
        estimate=count / n, error=math.sqrt(inner * (1 - inner) / n), low=float(exact.low), high=float(exact.high)
    )


def rarest_missed(n: int, error: float = 0.05) -> float:
    """Return the largest share of cases that `n` cases without any leave possible: 1 - error^(1/n)."""
    return -math.expm1(math.log(error) / n)


def at_most_one_in(n: int, error: float = 0.05) -> int:
    """Return the k of "in at most 1 of k cases": what `n` cases without any leave possible, rounded up to 1/k."""
    return math.floor(1 / rarest_missed(n, error))


def median_rank(n: int, error: float) -> int:
    """Return the rank, from 1, of the value at which the median's interval begins; 0 where `n` are too few.

    It is the greatest for which fewer values below the median have a probability of at most `error` / 2.
    """
    return int(np.searchsorted(bdtr(np.arange(n), n, 0.5), error / 2, side="right"))


def ratio_interval(above: Floats, below: Floats, error: float) -> Interval:
    """Return the ratio of two means of pairs, shape (n,) each, of which the lower one is surely not 0.

    It is as far from the true one as the mean of the residuals `above` - ratio * `below`, over the lower mean, is from
    0 (the linear approximation: Hall 1992, The Bootstrap and Edgeworth Expansion, section 3.10), so it has the interval
    that a mean has. In repetitions that held more often than Fieller's and than a bootstrap-t of the ratio. Without
    spread, where what costs and what it brings go together in every pair, it is the ratio alone.
    """
    ratio = float(above.mean() / below.mean())
    residuals = (above - ratio * below) / below.mean()
    if np.abs(residuals).max() <= 1e-12 * abs(ratio):
        return Interval(estimate=ratio, error=0.0, low=ratio, high=ratio)
    away = cautious_interval(residuals, error)
    return Interval(estimate=ratio, error=away.error, low=ratio + away.low, high=ratio + away.high)


def _mean_and_error(values: Floats) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))
