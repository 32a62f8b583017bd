"""Linear innovations models, a grid of them at a time, each as likely as the series makes it.

A model has a state x and one error e a period:

    y[t] = w'x[t-1] + e[t],    x[t] = F x[t-1] + g e[t],    e[t] ~ N(0, s^2).

With F, w and g given, the errors are linear in the series and in the state before its first period, x[0]. So x[0] and
s can be integrated out in closed form, under a normal prior of x[0] in units of s and 1/s for s: what is left is one
marginal likelihood a model and prior. Nothing is searched for, so there is nothing that fails to converge.

Source: Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing (2008), chapters 3 and 5; the integral
is that of Bayesian linear regression (Gelman et al., Bayesian Data Analysis, 3rd ed., chapter 14).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from flowsim.core.arrays import Floats

__all__ = ["Expectation", "Grid"]


_LENGTHS = 8  # lengths whose solutions are kept


@dataclass(frozen=True, kw_only=True, eq=False)
class Expectation:
    """What a grid expects of the periods to come.

    Attributes:
        point: the mean, one a period ahead.
        covariance: (ahead, ahead) of the values to come: errors, start states and what the models disagree about.
        errors: one a period of the series: the models' own one-step errors, averaged by their weights.
        weights: (model, prior), summing to one.
    """

    point: Floats
    covariance: Floats
    errors: Floats
    weights: Floats


class _Solved(NamedTuple):
    """What does not depend on the values of a series but on its length and the steps ahead; k is the state's size."""

    errors: Floats  # (model, n): response of a period's error to a value so many periods before
    states: Floats  # (model, k, n): the last state's to the values, in their order
    start: Floats  # (model, n, k): minus the errors' to the start state
    last: Floats  # (model, k, k): the last state's to the start state
    posterior: Floats  # (model, prior, k, k): the start state's covariance over s^2
    evidence: Floats  # (model, prior): the part of the log marginal likelihood that holds no values
    ahead: Floats  # (model, h, k): the coming values' response to the last state
    spread: Floats  # (model, prior, h, h): covariance of the coming values over s^2


@dataclass(frozen=True, kw_only=True, eq=False)
class Grid:
    """Models side by side, each with several priors of its start state.

    Attributes:
        transition: F, shape (model, k, k).
        observation: w, shape (model, k).
        gain: g, shape (model, k).
        prior: standard deviations of the start state in units of s, shape (prior, k); infinity where nothing is known.
        floor: the least standard deviation of an error that is believed, in units of the values.
        believed: periods up to which likelihoods are taken as they are; of longer series their logarithms are
            multiplied by the root of this over the length.
    """

    transition: Floats
    observation: Floats
    gain: Floats
    prior: Floats
    floor: float
    believed: int

    def expect(self, values: Floats, steps: int) -> Expectation:
        """Average over the grid what its models expect of a series.

        Args:
            values: the series, of a mean size that fits `floor`.
            steps: periods ahead.
        """
        count = len(values)
        own = _solved(self, count, steps)
        lag = np.arange(count)[:, None] - np.arange(count)
        shifted = np.where(lag >= 0, values[np.abs(lag)], 0.0)  # [t, j]: the value at t - j
        raw = own.errors @ shifted.T  # (model, n): errors with a start state of zero
        pulled = (raw[:, None, :] @ own.start)[:, 0]
        start = (own.posterior @ pulled[:, None, :, None])[..., 0]  # (model, prior, k): the mean of x[0]
        errors = raw[:, None, :] - start @ own.start.transpose(0, 2, 1)
        squares = (errors**2).sum(axis=2) + (start**2 * _precision(self.prior)).sum(axis=2) + count * self.floor**2
        free = count - int(np.isinf(self.prior[0]).sum())
        evidence = own.evidence - free / 2 * np.log(squares)
        # All models are wrong, so a long series does not single one out as if one were right.
        weights = np.exp((evidence - evidence.max()) * np.sqrt(self.believed / max(count, self.believed)))
        weights /= weights.sum()

        last = (own.states @ values)[:, None, :] + start @ own.last.transpose(0, 2, 1)
        points = last @ own.ahead.transpose(0, 2, 1)  # (model, prior, ahead)
        point = np.tensordot(weights, points, 2)
        off = (points - point).reshape(-1, steps)
        chance = np.tensordot(weights * squares / max(free - 2, 1), own.spread, 2)
        return Expectation(
            point=point,
            covariance=chance + (weights.reshape(-1, 1) * off).T @ off,
            errors=np.tensordot(weights, errors, 2),
            weights=weights,
        )


def _precision(prior: Floats) -> Floats:
    return np.where(np.isinf(prior), 0.0, 1 / prior**2)


@lru_cache(maxsize=_LENGTHS * 4)
def _solved(grid: Grid, count: int, steps: int) -> _Solved:
    models, size = grid.gain.shape
    discount = grid.transition - grid.gain[:, :, None] * grid.observation[:, None, :]  # D: x[t] = D x[t-1] + g y[t]
    start = np.empty((models, count, size))
    errors = np.empty((models, count))
    states = np.empty((models, size, count))
    row, column = grid.observation, grid.gain
    power = np.broadcast_to(np.eye(size), discount.shape)
    errors[:, 0] = 1.0
    for step in range(count):
        start[:, step] = row
        states[:, :, count - 1 - step] = column
        if step + 1 < count:
            errors[:, step + 1] = -np.einsum("mk,mk->m", grid.observation, column)
        row = np.einsum("mk,mkl->ml", row, discount)
        column = np.einsum("mkl,ml->mk", discount, column)
        power = discount @ power
    precision = _precision(grid.prior)
    information = (start.transpose(0, 2, 1) @ start)[:, None] + precision[:, :, None] * np.eye(size)
    posterior: Floats = np.linalg.inv(information).astype(np.float64)
    known = np.where(np.isinf(grid.prior), 1.0, grid.prior)
    evidence = -np.linalg.slogdet(information)[1] / 2 - np.log(known).sum(axis=1)

    ahead = np.empty((models, steps, size))
    impulse = np.zeros((models, steps))
    row = grid.observation
    impulse[:, 0] = 1.0
    for step in range(steps):
        ahead[:, step] = row
        if step + 1 < steps:
            impulse[:, step + 1] = np.einsum("mk,mk->m", row, grid.gain)
        row = np.einsum("mk,mkl->ml", row, grid.transition)
    lag = np.arange(steps)[:, None] - np.arange(steps)
    moving = np.where(lag >= 0, impulse[:, np.abs(lag)], 0.0)
    through = (ahead @ power)[:, None]
    spread = (moving @ moving.transpose(0, 2, 1))[:, None] + through @ posterior @ through.transpose(0, 1, 3, 2)
    return _Solved(errors, states, start, power, posterior, evidence, ahead, spread)
