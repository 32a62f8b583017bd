"""How likely documented figures are in each of many simulated histories, and what is kept of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, logsumexp

from flowsim.calibration.inference.posterior import blurred, documented_figures
from flowsim.calibration.targets import Target
from flowsim.core.arrays import Floats, Ints, ratio
from flowsim.core.errors import InputError

__all__ = ["LEAST_EFFECTIVE", "Weighed", "ranks_of_pairs", "resampled", "weighed"]

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


def weighed(targets: Sequence[Target], simulated: Floats, documented: Floats | None = None) -> Weighed:
    """Weigh histories by the normal likelihood of documented figures, with the targets' tolerances.

    An inequality weighs by the chance that it holds. A history in which a figure is undefined has no weight.

    Args:
        targets: the documented figures.
        simulated: what the histories say of them, shape (histories, targets).
        documented: what is documented instead, as `documented_figures` returns it, shape (targets,).

    Raises:
        InputError: where no history comes near the figures.
    """
    logs = np.zeros(len(simulated))
    figures = documented_figures(targets) if documented is None else documented
    for target, column, figure in zip(targets, simulated.T, figures.tolist(), strict=True):
        if target.sense == "=":
            away = (column - figure) / target.tolerance
            part = -0.5 * away**2
        else:
            away = (column - target.value) / target.tolerance
            part = log_ndtr(away if (target.sense == ">") == (figure == 1.0) else -away)
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


def ranks_of_pairs(
    targets: Sequence[Target], simulated: Floats, figures: Floats, sets: Ints, *, truths: int, seed: int = 1
) -> tuple[Floats, Floats]:
    """Hide pairs behind what documents would have told of their state, and find their ranks among the others.

    Each of the first pairs is a known truth in turn; the others, but for those of its own parameter set, are weighed by
    its figures, moved by their tolerances.

    Args:
        targets: by which histories are weighed.
        simulated: what the pairs say of them, shape (pairs, targets).
        figures: that are ranked, shape (pairs, figures).
        sets: the parameter set of each pair, shape (pairs,).
        truths: how many.
        seed: of the tolerances.

    Returns:
        The weight below each truth's own figures, shape (truths, figures), NaN where its own is undefined; and the
        effective sample of each truth's histories, shape (truths,).

    Raises:
        InputError: for more truths than there are pairs of other sets.
    """
    if not 1 <= truths < len(simulated):
        raise InputError(f"truths: {truths} is not allowed: from 1 to {len(simulated) - 1:,}")
    documented = blurred(targets, simulated[:truths], seed)
    below, effective = np.empty((truths, figures.shape[1])), np.empty(truths)
    for number in range(truths):
        others = sets != sets[number]
        weighing = weighed(targets, simulated[others], documented[number])
        # What is undefined in a history says nothing of where the truth lies.
        shown = np.where(np.isnan(figures[others]), 0.0, weighing.weights[:, None])
        below[number] = ratio(np.sum(shown * (figures[others] < figures[number]), axis=0), shown.sum(axis=0))
        effective[number] = weighing.effective
    return np.where(np.isnan(figures[:truths]), np.nan, below), effective
