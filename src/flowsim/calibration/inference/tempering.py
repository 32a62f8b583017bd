"""Positions from a posterior by sequential Monte Carlo: particles go from a normal law to the posterior in steps.

Between the two lie laws in which the posterior counts more and more (Del Moral, Doucet and Jasra 2006); each step is as
large as half of the effective sample allows. After each, particles are resampled and moved by proposals that keep the
particles' own normal law (Cotter, Roberts, Stuart and White 2013), of which nearly all are accepted where the posterior
is nearly normal, in any number of factors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import solve_triangular

from flowsim.core.arrays import Floats
from flowsim.core.extras import one_thread_of_algebra
from flowsim.core.progress import Progress

__all__ = ["Particles", "sampled"]

_EFFECTIVE = 0.5
_MOVED = 0.3  # correlation with the position before the moves of a step
_MOST_MOVES = 200
_LAST = 4  # times as many moves at the end


@dataclass(frozen=True, kw_only=True, eq=False)
class Particles:
    """Equally likely positions of a posterior.

    Attributes:
        x: shape (particles, factors).
        log: the logarithm of the posterior at each, up to a constant, shape (particles,).
        powers: how much the posterior counted at each step; the last is 1.
        accepted: the share of proposals that were accepted at each step.
        evidence: the estimated logarithm of the posterior's constant beside the law that was drawn from.
    """

    x: Floats = field(repr=False)
    log: Floats = field(repr=False)
    powers: tuple[float, ...]
    accepted: tuple[float, ...]
    evidence: float


def sampled(
    log_posterior: Callable[[Floats], Floats],
    *,
    mean: Floats,
    root: Floats,
    particles: int = 2_000,
    generator: np.random.Generator,
    progress: Progress | None = None,
) -> Particles:
    """Draw positions from a posterior.

    Args:
        log_posterior: its logarithm up to a constant, shape (rows, factors) to (rows,).
        mean: of the normal law that particles are drawn from, shape (factors,).
        root: a lower triangular root of its covariance, shape (factors, factors).
        particles: how many.
        generator: of all draws.
        progress: called with (done, all), in hundredths of the way.
    """
    with one_thread_of_algebra():
        return _sampled(log_posterior, _Normal(mean, root), particles, generator, progress)


def _sampled(
    log_posterior: Callable[[Floats], Floats],
    first: _Normal,
    particles: int,
    generator: np.random.Generator,
    progress: Progress | None,
) -> Particles:
    x = first.mean + generator.standard_normal((particles, len(first.mean))) @ first.root.T
    target, start = log_posterior(x), first.log(x)
    power, powers, accepted, evidence, step = 0.0, [], [], 0.0, 0.5
    while power < 1.0:
        gain = target - start
        rise = _rise(gain, 1.0 - power)
        weights = np.exp((gain - gain.max()) * rise)
        evidence += float(np.log(weights.mean()) + gain.max() * rise)
        power = min(power + rise, 1.0)
        rows = _resampled(weights / weights.sum(), generator)
        x, target, start = x[rows], target[rows], start[rows]
        # Copies of one particle make no covariance of their own: the weighted ones are those just resampled.
        own = _Normal.of(x)
        begun, moves, shares = x, 0, []
        most = _MOST_MOVES * (_LAST if power == 1.0 else 1)
        while moves < most:
            kept = np.sqrt(1 - step**2)
            proposed = own.mean + kept * (x - own.mean) + step * generator.standard_normal(x.shape) @ own.root.T
            there, there_first = log_posterior(proposed), first.log(proposed)
            change = power * (there - target) + (1 - power) * (there_first - start) + own.log(x) - own.log(proposed)
            taken = np.log(generator.random(particles)) < change
            x = np.where(taken[:, None], proposed, x)
            target, start = np.where(taken, there, target), np.where(taken, there_first, start)
            shares.append(float(taken.mean()))
            moves += 1
            if shares[-1] < 0.25:
                step = max(step * 0.85, 0.02)
            elif shares[-1] > 0.45:
                step = min(step * 1.1, 0.95)
            if moves % 10 == 0 and _correlation(begun, x) < (_MOVED if power < 1.0 else _MOVED / 3):
                break
        powers.append(power)
        accepted.append(float(np.mean(shares)))
        if progress is not None:
            progress(round(100 * power), 100)
    return Particles(x=x, log=target, powers=tuple(powers), accepted=tuple(accepted), evidence=evidence)


class _Normal:
    def __init__(self, mean: Floats, root: Floats) -> None:
        self.mean, self.root = mean, root

    @classmethod
    def of(cls, x: Floats) -> _Normal:
        covariance = np.cov(x.T) + 1e-10 * np.eye(x.shape[1])
        return cls(x.mean(axis=0), np.asarray(np.linalg.cholesky(covariance), np.float64))

    def log(self, x: Floats) -> Floats:
        white = solve_triangular(self.root, (x - self.mean).T, lower=True, check_finite=False)
        constant = np.log(np.diag(self.root)).sum() + 0.5 * len(self.mean) * np.log(2 * np.pi)
        return np.asarray(-0.5 * np.sum(white**2, axis=0) - constant, np.float64)


def _rise(gain: Floats, most: float) -> float:
    """Return the rise of the power at which half of the particles' weight is left, by bisection."""

    def effective(rise: float) -> float:
        weights = np.exp((gain - gain.max()) * rise)
        return float(weights.sum() ** 2 / (weights**2).sum() / len(weights))

    if effective(most) >= _EFFECTIVE:
        return most
    low, high = 0.0, most
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if effective(middle) >= _EFFECTIVE else (low, middle)
    return max(low, 1e-6)


def _resampled(weights: Floats, generator: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    steps = (np.arange(len(weights)) + generator.random()) / len(weights)
    return np.searchsorted(np.cumsum(weights)[:-1], steps)


def _correlation(before: Floats, after: Floats) -> float:
    """Return the largest correlation of a factor's positions with those before the moves."""
    a, b = before - before.mean(axis=0), after - after.mean(axis=0)
    scale = np.sqrt((a**2).mean(axis=0) * (b**2).mean(axis=0))
    return float(np.max((a * b).mean(axis=0) / np.maximum(scale, 1e-300)))
