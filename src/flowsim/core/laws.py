"""Laws of durations as distributions, by what is known of them: moments, quantiles, bounds, phases."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy  # scipy.stats and scipy.optimize load when they are first needed: most models do without them
from scipy import special

from flowsim.core.arrays import Floats

__all__ = [
    "Distribution",
    "PhaseType",
    "moments_of_quantiles",
    "of_bounds",
    "of_moments",
    "weibull_inverse_shape",
]

_LEAST_CV, _MOST_CV = 0.01, 20.0


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A law with a smooth density.

    Attributes:
        frozen: with SciPy's methods `ppf` and `isf` by probability, `sf`, `cdf` and `logpdf` by duration.
        partial_mean: by duration x, the mean of what is not longer than x, and of 0 in place of what is longer.
    """

    frozen: Any
    partial_mean: Callable[[Floats], Any]


def of_moments(law: str, mean: float, cv: float) -> Distribution:
    """Return the exponential, gamma, weibull, lognormal, loglogistic or normal law with this mean and cv.

    A normal law is cut at 0, and its mean and cv are those after the cut; a loglogistic law's shape is above 2, since
    others have no variance.
    """
    if law in ("exponential", "gamma"):
        shape, scale = (1.0, mean) if law == "exponential" else (cv**-2, mean * cv**2)
        return Distribution(
            frozen=_Gamma(shape=shape, scale=scale),
            partial_mean=lambda x: mean * special.gammainc(shape + 1, x / scale),
        )
    if law == "lognormal":
        sigma2 = math.log1p(cv**2)
        frozen = scipy.stats.lognorm(math.sqrt(sigma2), scale=mean * math.exp(-sigma2 / 2))
        tilted = scipy.stats.lognorm(math.sqrt(sigma2), scale=mean * math.exp(sigma2 / 2))
        return Distribution(frozen=frozen, partial_mean=lambda x: mean * tilted.cdf(x))
    if law == "weibull":
        inverse = weibull_inverse_shape(cv)
        scale = mean / math.gamma(1 + inverse)
        return Distribution(
            frozen=scipy.stats.weibull_min(1 / inverse, scale=scale),
            partial_mean=lambda x: mean * special.gammainc(1 + inverse, (x / scale) ** (1 / inverse)),
        )
    if law == "loglogistic":
        # With b = pi / shape: mean = scale b / sin b, and 1 + cv^2 = tan b / b.
        angle = scipy.optimize.brentq(lambda b: math.tan(b) / b - 1 - cv**2, 1e-9, math.pi / 2 - 1e-9, xtol=1e-15)
        power = angle / math.pi
        loglogistic = _LogLogistic(power=power, scale=mean * math.sin(angle) / angle)
        return Distribution(
            frozen=loglogistic,
            partial_mean=lambda x: mean * special.betainc(1 + power, 1 - power, loglogistic.cdf(x)),
        )
    cut = scipy.optimize.brentq(lambda a: math.sqrt(_above(a)[1]) / _above(a)[0] - cv, -2 / _LEAST_CV, 30.0, xtol=1e-13)
    normal = _CutNormal(cut=cut, sd=mean / _above(cut)[0])
    return Distribution(frozen=normal, partial_mean=normal.partial_mean)


def _above(cut: float) -> tuple[float, float]:
    """Return the mean above the cut, and the variance, of a standard normal law that is cut from below."""
    hazard = math.exp(float(scipy.stats.norm.logpdf(cut) - special.log_ndtr(-cut)))
    return hazard - cut, 1 + cut * hazard - hazard**2


def weibull_inverse_shape(cv: float) -> float:
    """Solve gamma(1 + 2/k) / gamma(1 + 1/k)^2 = 1 + cv^2 for 1/k."""

    def excess(inverse: float) -> float:
        return float(special.gammaln(1 + 2 * inverse) - 2 * special.gammaln(1 + inverse)) - math.log1p(cv**2)

    return float(scipy.optimize.brentq(excess, 1e-3, 60.0, xtol=1e-14))


def moments_of_quantiles(law: str, quantiles: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return mean and cv of the gamma, weibull, lognormal or loglogistic law that has two quantiles.

    Args:
        law: its name.
        quantiles: two pairs of a probability and the duration below which it lies, both rising.

    Raises:
        ValueError: where no such law with a cv between 0.01 and 20 has them.
    """
    (low, short), (high, long) = quantiles
    ratio = math.log(long / short)

    def excess(log_cv: float) -> float:
        unit = of_moments(law, 1.0, math.exp(log_cv)).frozen
        least, most = float(unit.ppf(low)), float(unit.ppf(high))
        return (math.log(most / least) if least > 0 else math.inf) - ratio

    edges = math.log(_LEAST_CV), math.log(_MOST_CV)
    if not excess(edges[0]) <= 0 <= excess(edges[1]):
        near = "near" if excess(edges[0]) > 0 else "far"
        raise ValueError(f"these quantiles lie too {near} for a law '{law}': its cv is between {_LEAST_CV} and 20")
    log_cv = scipy.optimize.brentq(lambda x: min(excess(x), 1e9), *edges, xtol=1e-14, rtol=1e-14)
    cv = math.exp(log_cv)
    return short / float(of_moments(law, 1.0, cv).frozen.ppf(low)), cv


def of_bounds(law: str, least: float, mode: float, most: float) -> list[tuple[float, Distribution]]:
    """Return the uniform, triangular or pert law between two bounds, as pieces with a smooth density, and their shares.

    A triangular law has a piece on each side of its mode, a beta law each; a pert law is the beta law of
    mean (least + 4 mode + most) / 6.
    """
    width = most - least
    if law == "uniform":
        return [(1.0, _beta(1.0, 1.0, least, width))]
    if law == "pert":
        return [(1.0, _beta(1 + 4 * (mode - least) / width, 1 + 4 * (most - mode) / width, least, width))]
    pieces = []
    if mode > least:
        pieces.append(((mode - least) / width, _beta(2.0, 1.0, least, mode - least)))
    if mode < most:
        pieces.append(((most - mode) / width, _beta(1.0, 2.0, mode, most - mode)))
    return pieces


def _beta(first: float, second: float, least: float, width: float) -> Distribution:
    beta = scipy.stats.beta(first, second, loc=least, scale=width)

    def partial_mean(x: Floats) -> Floats:
        inside = np.clip((x - least) / width, 0.0, 1.0)
        above: Floats = width * first / (first + second) * special.betainc(first + 1, second, inside)
        return least * beta.cdf(x) + above

    return Distribution(frozen=beta, partial_mean=partial_mean)


@dataclass(frozen=True, kw_only=True, eq=False)
class PhaseType:
    """The time through exponential phases until the last is left.

    Source: Neuts, Matrix-Geometric Solutions in Stochastic Models (1981), chapter 2. Probabilities are computed with
    matrices without a negative entry, so that no digit cancels, however small they are.

    Attributes:
        means: of each phase.
        start: the probability to start in each.
        next: the probability to go on from each phase (row) to each other.
    """

    means: Floats
    start: Floats
    next: Floats

    @cached_property
    def ends(self) -> bool:
        """Whether a way leads out of each phase that can be reached."""
        count = len(self.means)
        ways = self.next > 0
        reached, leaving = self.start > 0, self.next.sum(axis=1) < 1 - 1e-9
        for _ in range(count):
            reached, leaving = reached | reached @ ways, leaving | ways @ leaving
        return bool((leaving | ~reached).all())

    @property
    def moments(self) -> tuple[float, float]:
        """The mean, and the mean of the square."""
        first = np.linalg.solve(np.eye(len(self.means)) - self.next, self.means)
        second = np.linalg.solve(np.eye(len(self.means)) - self.next, 2 * self.means * first)
        return float(self.start @ first), float(self.start @ second)

    def distribution(self) -> Distribution:
        """Return the law with the methods of others."""
        return Distribution(frozen=self, partial_mean=self.partial_mean)

    def _phases(self, x: Any) -> Floats:
        """Return the probability to be in each phase, and last to have ended, at each time; shape (..., phases + 1)."""
        times = np.asarray(x, np.float64)
        fastest = 1 / self.means.min()
        step = np.eye(len(self.means) + 1)
        stay = 1 - 1 / (self.means * fastest)
        step[:-1, :-1] = np.diag(stay) + (1 - stay)[:, None] * self.next
        step[:-1, -1] = (1 - stay) * (1 - self.next.sum(axis=1)).clip(0.0)
        halvings = max(0, math.ceil(math.log2(max(float((times * fastest).max(initial=0.0)), 1.0))))
        small = (times * fastest / 2.0**halvings)[..., None, None]
        term = np.exp(-small) * np.eye(len(step))
        total = term
        for k in range(1, 20):
            term = term @ step * (small / k)
            total = total + term
        for _ in range(halvings):
            total = total @ total
        out: Floats = np.append(self.start, 0.0) @ total
        return out

    def sf(self, x: Any) -> Any:
        """Return the probability of a longer duration."""
        return self._phases(x)[..., :-1].sum(axis=-1)

    def cdf(self, x: Any) -> Any:
        """Return the probability of a shorter duration."""
        return self._phases(x)[..., -1]

    def logpdf(self, x: Any) -> Any:
        """Return the logarithm of the density."""
        return np.log(self._phases(x)[..., :-1] @ ((1 - self.next.sum(axis=1)).clip(0.0) / self.means))

    def partial_mean(self, x: Floats) -> Floats:
        """Return the mean of what is not longer than x, and of 0 in place of what is longer."""
        there = self._phases(x)[..., :-1]
        left = np.linalg.solve(np.eye(len(self.means)) - self.next, self.means)
        out: Floats = self.start @ left - there @ left - x * there.sum(axis=-1)
        return out

    def ppf(self, q: Any) -> Any:
        """Return the duration below which the probability is `q`."""
        return _inverse(self, q, 1 - q, self.means.min(), self.moments[0])

    def isf(self, q: Any) -> Any:
        """Return the duration above which the probability is `q`."""
        return _inverse(self, 1 - q, q, self.means.min(), self.moments[0])


@dataclass(frozen=True, kw_only=True)
class _Gamma:
    """SciPy's gamma law by its formulas, which need no `scipy.stats`.

    Attributes:
        shape: of which one is the exponential law.
        scale: the mean over the shape.
    """

    shape: float
    scale: float

    def sf(self, x: Any) -> Any:
        """Return the probability of a longer duration."""
        return special.gammaincc(self.shape, np.maximum(x, 0.0) / self.scale)

    def cdf(self, x: Any) -> Any:
        """Return the probability of a shorter duration."""
        return special.gammainc(self.shape, np.maximum(x, 0.0) / self.scale)

    def logpdf(self, x: Any) -> Any:
        """Return the logarithm of the density."""
        y = np.maximum(x, 0.0) / self.scale
        inside = special.xlogy(self.shape - 1, y) - y - special.gammaln(self.shape) - math.log(self.scale)
        return np.where(np.asarray(x) < 0, -np.inf, inside)

    def ppf(self, q: Any) -> Any:
        """Return the duration below which the probability is `q`."""
        return special.gammaincinv(self.shape, q) * self.scale

    def isf(self, q: Any) -> Any:
        """Return the duration above which the probability is `q`."""
        return special.gammainccinv(self.shape, q) * self.scale


@dataclass(frozen=True, kw_only=True)
class _LogLogistic:
    """A law whose logarithm is logistic.

    SciPy's loses digits where a probability is small.

    Attributes:
        power: one over the shape.
        scale: the median.
    """

    power: float
    scale: float

    def _score(self, x: Any) -> Any:
        with np.errstate(divide="ignore"):
            return np.log(x / self.scale) / self.power

    def sf(self, x: Any) -> Any:
        """Return the probability of a longer duration."""
        return special.expit(-self._score(x))

    def cdf(self, x: Any) -> Any:
        """Return the probability of a shorter duration."""
        return special.expit(self._score(x))

    def logpdf(self, x: Any) -> Any:
        """Return the logarithm of the density."""
        score = self._score(x)
        return special.log_expit(score) + special.log_expit(-score) - np.log(x * self.power)

    def ppf(self, q: Any) -> Any:
        """Return the duration below which the probability is `q`."""
        return self.scale * np.exp(self.power * special.logit(q))

    def isf(self, q: Any) -> Any:
        """Return the duration above which the probability is `q`."""
        return self.scale * np.exp(-self.power * special.logit(q))


@dataclass(frozen=True, kw_only=True)
class _CutNormal:
    """A normal law of which what lies below 0 is cut off.

    SciPy's loses half of its digits in both tails.

    Attributes:
        cut: 0, in standard deviations from the mean of the uncut law.
        sd: the standard deviation of the uncut law.
    """

    cut: float
    sd: float

    def sf(self, x: Any) -> Any:
        """Return the probability of a longer duration."""
        return np.exp(special.log_ndtr(-self.cut - x / self.sd) - special.log_ndtr(-self.cut))

    def cdf(self, x: Any) -> Any:
        """Return the probability of a shorter duration; near the cut by quadrature, where no digit cancels."""
        above = np.asarray(x / self.sd)
        nodes, weights = np.polynomial.legendre.leggauss(24)
        at = above[..., None] * (nodes + 1) / 2
        near = above / 2 * (np.exp(-(self.cut * at + at**2 / 2)) @ weights)
        near = near * math.exp(scipy.stats.norm.logpdf(self.cut) - special.log_ndtr(-self.cut))
        far = (special.ndtr(self.cut + above) - special.ndtr(self.cut)) / special.ndtr(-self.cut)
        return np.where(above * (abs(self.cut) + above) < 4.0, near, far)

    def logpdf(self, x: Any) -> Any:
        """Return the logarithm of the density."""
        return scipy.stats.norm.logpdf(self.cut + x / self.sd) - special.log_ndtr(-self.cut) - math.log(self.sd)

    def partial_mean(self, x: Floats) -> Floats:
        """Return the mean of what is not longer than x, and of 0 in place of what is longer."""
        fall = np.exp(self.logpdf(0.0)) - np.exp(self.logpdf(x))
        out: Floats = self.sd**2 * fall - self.cut * self.sd * self.cdf(x)
        return out

    def ppf(self, q: Any) -> Any:
        """Return the duration below which the probability is `q`."""
        return _inverse(self, q, 1 - q, self.sd, self.sd * max(1.0, -self.cut))

    def isf(self, q: Any) -> Any:
        """Return the duration above which the probability is `q`."""
        return _inverse(self, 1 - q, q, self.sd, self.sd * max(1.0, -self.cut))


def _inverse(law: Any, below: Any, above: Any, shortest: float, longest: float) -> Any:
    """Find durations by their probabilities: from a grid on a log scale by Newton's steps.

    Args:
        law: with `cdf`, `sf` and `logpdf`.
        below: the probabilities of a shorter duration.
        above: the probabilities of a longer one; of both the smaller counts, which is the exact one.
        shortest: durations below e^-50 of it are 0.
        longest: none is above e^7 of it.
    """
    lower = np.asarray(below) < above
    grid = np.linspace(math.log(shortest) - 50.0, math.log(longest) + 7.0, 2_000)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        aim = np.log(np.where(lower, below, above))
        of_grid = np.log(law.cdf(np.exp(grid))) - np.log(law.sf(np.exp(grid)))
        log_x = np.interp(np.log(below) - np.log(above), of_grid, grid)
        for _ in range(6):
            x = np.exp(log_x)
            share = np.where(lower, law.cdf(x), law.sf(x))
            step = (aim - np.log(share)) * share / np.exp(law.logpdf(x) + log_x) * np.where(lower, 1, -1)
            log_x = log_x + np.where(np.isfinite(step), np.clip(step, -0.05, 0.05), 0.0)
    return np.where(log_x < grid[0] + 0.1, 0.0, np.exp(log_x))
