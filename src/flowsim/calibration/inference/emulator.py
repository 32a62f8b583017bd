"""What the model says at any position of its factors, learned from draws, and how far one history strays from it.

A figure of one history is its mean at the position and luck. The mean is emulated by a straight line with a network
over what the line leaves; luck, with what the emulator does not know, is a normal law of one covariance, taken from
draws that the emulator did not learn from. The likelihood of a position, with the luck of the city's one history
integrated out, is then a formula: the synthetic likelihood of Wood (2010), Statistical inference for noisy nonlinear
ecological dynamic systems, Nature 466, with a mean that is learned as in the sequential neural likelihood of
Papamakarios, Sterratt and Murray (2019). Draws from anywhere may be learned from: a likelihood knows no prior.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.special import log_ndtr

from flowsim.calibration.inference.posterior import Network, fitted_network
from flowsim.calibration.targets import Target
from flowsim.core.arrays import Bools, Floats, Ints
from flowsim.core.errors import InputError

__all__ = ["Emulator", "Likelihood", "emulated"]

_FOLDS = 5
_HIDDEN = (128,)
_RIDGE = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Emulator:
    """The mean of each figure as a function of the position, and the covariance of one history around it.

    Positions are those of the prior's independent parts, in which the prior is standard normal.

    Attributes:
        centre: of the positions that were learned from, shape (factors,).
        spread: their standard deviations, shape (factors,).
        slopes: of the straight line, with its constant first, shape (1 + factors, figures).
        networks: each learned from four fifths of the draws; their mean is added to the line.
        scale: of the networks' outputs, shape (figures,).
        covariance: of a history around the mean, shape (figures, figures); of draws not learned from.
    """

    centre: Floats = field(repr=False)
    spread: Floats = field(repr=False)
    slopes: Floats = field(repr=False)
    networks: tuple[Network, ...] = field(repr=False)
    scale: Floats = field(repr=False)
    covariance: Floats = field(repr=False)

    def mean(self, x: Floats) -> Floats:
        """Return the mean of each figure at positions, shape (rows, factors) to (rows, figures)."""
        inputs = (x - self.centre) / self.spread
        out: Floats = _with_constant(inputs) @ self.slopes
        for network in self.networks:
            out += network.predict(inputs) * (self.scale / len(self.networks))
        return out


def emulated(x: Floats, simulated: Floats, near: Floats | None = None, seed: int = 1) -> Emulator:
    """Learn what the model says from draws of one history each.

    Args:
        x: positions in the prior's independent parts, shape (draws, factors).
        simulated: the figures of the history at each, shape (draws, figures); NaN where undefined.
        near: how much each draw counts for the covariance, shape (draws,); all alike where left out.
        seed: of the networks.

    Raises:
        InputError: for less than 100 draws.
    """
    if len(x) < 100:
        raise InputError(f"draws: {len(x)} are too few to learn from: at least 100 are needed")
    weights = np.ones(len(x)) if near is None else near
    middle = np.nan_to_num(np.nanmedian(simulated, axis=0))
    figures = np.where(np.isnan(simulated), middle, simulated)
    centre, spread = x.mean(axis=0), x.std(axis=0)
    inputs = (x - centre) / spread
    design = _with_constant(inputs)
    gram = design.T @ design
    gram[np.diag_indices_from(gram)] += _RIDGE
    slopes = np.asarray(np.linalg.solve(gram, design.T @ figures), np.float64)
    left = figures - design @ slopes
    scale = np.maximum(left.std(axis=0), 1e-12)
    # Neighbouring draws share nothing, so folds may be every fifth one.
    fold = np.arange(len(x)) % _FOLDS
    off = np.empty_like(left)
    networks = []
    for number in range(_FOLDS):
        learned = fold != number
        networks.append(
            fitted_network(
                inputs[learned], left[learned] / scale, hidden=_HIDDEN, seed=seed * _FOLDS + number, shrinkage=1.0
            )
        )
        off[~learned] = left[~learned] - networks[-1].predict(inputs[~learned]) * scale
    off -= np.average(off, axis=0, weights=weights)
    covariance = (off * weights[:, None]).T @ off / weights.sum()
    return Emulator(
        centre=centre,
        spread=spread,
        slopes=slopes,
        networks=tuple(networks),
        scale=scale,
        covariance=np.asarray(covariance, np.float64),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Likelihood:
    """What documented figures say of a position, with the luck of one history integrated out.

    Attributes:
        emulator: of the targets' figures, in their order.
        targets: that are documented; the emulator's first figures are theirs, in their order.
        observed: what is documented of each, shape (targets,); of an inequality its bound.
        holds: of an inequality, whether it is documented to hold or not, shape (targets,).
    """

    emulator: Emulator
    targets: tuple[Target, ...]
    observed: Floats = field(repr=False)
    holds: Bools = field(repr=False)

    def __post_init__(self) -> None:
        sense = np.array([{"=": 0, ">": 1, "<": -1}[target.sense] for target in self.targets])
        tolerance = np.array([target.tolerance for target in self.targets])
        sense = np.where(self.holds, sense, -sense)
        own = slice(0, len(self.targets))
        wide = self.emulator.covariance[own, own] + np.diag(tolerance**2)
        equal = sense == 0
        factor = cholesky(wide[np.ix_(equal, equal)], lower=True)
        object.__setattr__(self, "_sense", sense)
        object.__setattr__(self, "_equal", equal)
        object.__setattr__(self, "_factor", factor)
        object.__setattr__(self, "_bounds", np.sqrt(np.diag(wide)))

    def log(self, x: Floats) -> Floats:
        """Return the logarithm of the likelihood at positions, shape (rows, factors) to (rows,)."""
        return self.of_means(self.emulator.mean(x))

    def of_means(self, means: Floats) -> Floats:
        """Return it of emulated means, shape (rows, figures)."""
        sense, equal, factor, bounds = self._sense, self._equal, self._factor, self._bounds  # type: ignore[attr-defined]
        off = self.observed - means[:, : len(self.targets)]
        white = solve_triangular(factor, off[:, equal].T, lower=True, check_finite=False)
        out = -0.5 * np.sum(white**2, axis=0) - np.log(np.diag(factor)).sum()
        sided = ~equal
        # A bound holds where the figure, with luck and tolerance, lies beyond it.
        out = out + log_ndtr(-off[:, sided] * sense[sided] / bounds[sided]).sum(axis=1)
        return np.asarray(out, np.float64)

    def histories(self, means: Floats, beside: Ints, generator: np.random.Generator) -> Floats:
        """Draw a history at each position that shows what is documented; bounds are not looked at.

        Args:
            means: emulated at each position, shape (rows, figures).
            beside: the figures of the emulator that are drawn, by their number.
            generator: of the luck.

        Returns:
            The figures `beside` of each history, shape (rows, len(beside)).
        """
        equal, factor = self._equal, self._factor  # type: ignore[attr-defined]
        own = np.flatnonzero(equal)
        shared = self.emulator.covariance[np.ix_(beside, own)]
        pull = cho_solve((factor, True), shared.T)
        left = self.emulator.covariance[np.ix_(beside, beside)] - shared @ pull
        values, vectors = np.linalg.eigh((left + left.T) / 2)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        off = (self.observed - means[:, : len(self.targets)])[:, own]
        luck = generator.standard_normal((len(means), len(beside))) @ root.T
        return np.asarray(means[:, beside] + off @ pull + luck, np.float64)


def _with_constant(inputs: Floats) -> Floats:
    return np.column_stack([np.ones(len(inputs)), inputs])
