"""How far counts of a few a period can lie from what is expected: a negative binomial about the point.

A rate that wanders is known the less the more slowly its past is forgotten. With a discount d its knowledge is a gamma
distribution of shape a and rate b, a period takes d from both and adds the count to a and one to b, and the count to
come is negative binomial. A grid of discounts is averaged, each as likely as the series makes it.

Source: Harvey and Fernandes, Time series models for count or qualitative observations, JBES 7 (1989).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln
from scipy.stats import nbinom

from flowsim.core.arrays import Floats

__all__ = ["FEW", "Counts", "count_distributions"]


FEW = 20.0
"""Counts a period, on average over the last two years, below which a series is taken for one of counts."""

_DISCOUNTS = np.array([0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98])
_PRIOR = 0.5  # periods that the prior of the first rate is worth
_RANGE = 60  # standard deviations that the table of probabilities reaches over the mean


@dataclass(frozen=True, kw_only=True, eq=False)
class Counts:
    """The distributions of the counts to come: mixtures of negative binomials.

    Attributes:
        weights: of the discounts.
        shapes: of the negative binomials, (discount, ahead): the smaller, the wider.
        mean: one a period ahead.
    """

    weights: Floats
    shapes: Floats
    mean: Floats

    def quantile(self, probability: Floats) -> Floats:
        """Return the least counts whose probability of not being exceeded reaches these (last axis: ahead)."""
        out = np.empty(probability.shape)
        for step, mean in enumerate(np.maximum(self.mean, 1e-6)):
            shape = self.shapes[:, step]
            wide = np.sqrt(mean + mean**2 / shape.min())
            values = np.arange(np.ceil(mean + _RANGE * wide) + 1)
            below = self.weights @ nbinom.cdf(values, shape[:, None], (shape / (shape + mean))[:, None])
            out[..., step] = np.minimum(np.searchsorted(below, probability[..., step]), len(values) - 1)
        return out


def count_distributions(values: Floats, point: Floats, season: int) -> Counts | None:
    """Return how the counts to come are distributed about a point forecast; nothing where they are many, or no counts.

    Args:
        values: the series.
        point: the mean, one a period ahead.
        season: periods in a year.
    """
    if values[-2 * season :].mean() >= FEW or (values != np.rint(values)).any():
        return None
    shape, rate = _PRIOR * values.mean() * np.ones(len(_DISCOUNTS)), np.full(len(_DISCOUNTS), _PRIOR)
    likelihood = np.zeros(len(_DISCOUNTS))
    for value in values:
        shape, rate = _DISCOUNTS * shape, _DISCOUNTS * rate
        likelihood += (
            gammaln(shape + value)
            - gammaln(shape)
            - gammaln(value + 1)
            + shape * np.log(rate / (1 + rate))
            - value * np.log(1 + rate)
        )
        shape, rate = shape + value, rate + 1
    weights = np.exp(likelihood - likelihood.max())
    ahead = np.arange(1, len(point) + 1)
    return Counts(weights=weights / weights.sum(), shapes=shape[:, None] * _DISCOUNTS[:, None] ** ahead, mean=point)
