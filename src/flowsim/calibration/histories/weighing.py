"""How likely documented figures are in each of many simulated histories, and what is kept of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, logsumexp

from flowsim.calibration.targets import Target
from flowsim.core.arrays import Floats, Ints
from flowsim.core.errors import InputError

__all__ = ["LEAST_EFFECTIVE", "Weighed", "resampled", "weighed"]

LEAST_EFFECTIVE = 50
"""The effective sample below which histories say little: fewer do not hold what is not known."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Weighed:
    """Simulated histories by how likely the documented figures are in each.

    Attributes:
        weights: adding to 1, shape (histories,).
        effective: of how many equal weights the estimates are as sure: one over the sum of squares.
    """

    weights: Floats
    effective: float

    @property
    def largest(self) -> float:
        """The largest weight."""
        return float(self.weights.max())


def weighed(targets: Sequence[Target], simulated: Floats) -> Weighed:
    """Weigh histories by the normal likelihood of documented figures, with the targets' tolerances.

    An inequality weighs by the chance that it holds. A history in which a figure is undefined has no weight.

    Args:
        targets: the documented figures.
        simulated: what the histories say of them, shape (histories, targets).

    Raises:
        InputError: where no history comes near the figures.
    """
    logs = np.zeros(len(simulated))
    for target, column in zip(targets, simulated.T, strict=True):
        away = (column - target.value) / target.tolerance
        part = -0.5 * away**2 if target.sense == "=" else log_ndtr(away if target.sense == ">" else -away)
        logs += np.where(np.isnan(away), -np.inf, part)
    # In logarithms: the product of so many densities would underflow for all histories alike.
    total = float(logsumexp(logs))
    if not np.isfinite(total):
        raise InputError(f"none of {len(simulated):,} histories comes near the documented figures")
    weights = np.exp(logs - total)
    return Weighed(weights=weights, effective=float(1 / np.sum(weights**2)))


def resampled(weights: Floats, count: int, seed: int) -> Ints:
    """Return the rows of equally likely histories, rising, by systematic resampling.

    A weight w is taken count · w times, rounded down or up (Kitagawa 1996).
    """
    steps = (np.arange(count) + np.random.default_rng(seed).random()) / count
    # Without the last sum, which rounding may leave below the last step: that step then takes the last history.
    rows: Ints = np.searchsorted(np.cumsum(weights)[:-1], steps)
    return rows
