"""A reference table that learned what targets tell: posteriors, known truths, and targets held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from flowsim.calibration.inference.table import ReferenceTable
from flowsim.calibration.study import Study
from flowsim.calibration.targets import Target
from flowsim.core.arrays import Floats
from flowsim.core.errors import InputError
from flowsim.core.extras import one_thread_of_algebra, require_extra
from flowsim.simulation.engine.luck import side_stream

__all__ = [
    "Conditioned",
    "Network",
    "Posterior",
    "Summaries",
    "blurred",
    "condition",
    "conditioned",
    "documented_figures",
    "fitted_network",
    "learn",
]

_LEARNING = 0.6


@dataclass(frozen=True, kw_only=True, eq=False)
class Conditioned:
    """A reference table that learned what its targets tell.

    Attributes:
        names: the factors.
        targets: those that it learned from.
        z: positions of the draws that are conditioned, shape (draws, factors): those that were not learned from.
        summaries: of each of them, shape (draws, factors).
        learned: what makes summaries of observed figures.
    """

    names: tuple[str, ...]
    targets: tuple[Target, ...]
    z: Floats = field(repr=False)
    summaries: Floats = field(repr=False)
    learned: Summaries = field(repr=False)

    def posterior(self) -> Posterior:
        """Return what the documents tell of the factors."""
        seen = self.learned.of(documented_figures(self.targets)[None])
        return condition(self.z, self.summaries, seen[0])


def conditioned(
    study: Study, table: ReferenceTable, *, targets: Sequence[Target] | None = None, seed: int = 1
) -> Conditioned:
    """Learn from the first part of a table what targets tell, and prepare the rest to be conditioned.

    Args:
        study: what is calibrated.
        table: of all targets of the study.
        targets: those to learn from; all fitted ones where left out.
        seed: of the tolerance that blurs what is simulated, and of the learning.

    Raises:
        InputError: where there are no targets, or too few draws.
    """
    chosen = study.fitted if targets is None else tuple(targets)
    if not chosen:
        raise InputError("targets: none is left to learn from")
    columns = [study.targets.index(target) for target in chosen]
    observed = blurred(chosen, table.simulated[:, columns], seed)
    split = int(_LEARNING * len(table))
    learned = learn(table.z[:split], observed[:split], seed)
    return Conditioned(
        names=study.prior.names,
        targets=chosen,
        z=table.z[split:],
        summaries=learned.of(observed[split:]),
        learned=learned,
    )


_GRID = np.linspace(0.0, 1.0, 501)
_EDGE = 1e-3
_HIDDEN = (128,)
_RIDGE = 1.0  # against 10,000 rows and more of normal scores


@dataclass(frozen=True, kw_only=True, eq=False)
class Summaries:
    """The learned summaries of what is observed.

    Attributes:
        scores: for each target, its quantiles over the table, shape (quantiles, targets).
        middle: for each target, what stands for an undefined one, shape (targets,).
        slopes: of the linear estimate, with its constant first, shape (1 + targets, factors).
        network: a fitted regressor of what the linear estimate leaves.
    """

    scores: Floats = field(repr=False)
    middle: Floats = field(repr=False)
    slopes: Floats = field(repr=False)
    network: Network = field(repr=False)

    def of(self, seen: Floats) -> Floats:
        """Return the summaries of observed figures, shape (rows, targets) to (rows, factors)."""
        scores = _normal_scores(seen, self.scores, self.middle)
        straight = _with_constant(scores) @ self.slopes
        out: Floats = straight + self.network.predict(scores)
        return out


@dataclass(frozen=True, kw_only=True, eq=False)
class Posterior:
    """Weighted positions of the factors: shapes (sets, factors) and (sets,); the weights add to 1."""

    z: Floats
    weights: Floats

    @property
    def mean(self) -> Floats:
        """The mean of each factor's position, shape (factors,)."""
        out: Floats = self.weights @ self.z
        return out

    @property
    def covariance(self) -> Floats:
        """The covariance of the positions, shape (factors, factors)."""
        off = self.z - self.mean
        out: Floats = (off * self.weights[:, None]).T @ off
        return out

    def draw(self, count: int, seed: int) -> Floats:
        """Return positions of equal weight, shape (count, factors), by systematic resampling in a shuffled order."""
        generator = side_stream(seed, "sets")
        steps = (np.arange(count) + generator.random()) / count
        rows = np.searchsorted(np.cumsum(self.weights)[:-1], steps)
        out: Floats = self.z[generator.permutation(rows)]
        return out

    def below(self, z: Floats) -> Floats:
        """Return how much of the posterior lies below a position, factor by factor."""
        out: Floats = self.weights @ (self.z < z)
        return out


def documented_figures(targets: Sequence[Target]) -> Floats:
    """Return what the documents say, shape (targets,): the figure, or 1 for an inequality that holds."""
    return np.array([target.value if target.sense == "=" else 1.0 for target in targets])


def blurred(targets: Sequence[Target], simulated: Floats, seed: int) -> Floats:
    """Return simulated figures as a document would tell them, shape (rows, targets).

    Each is moved by its tolerance, for a document is rounded, and the model is not the city. An inequality becomes
    1 where it holds, and 0 where it does not.
    """
    tolerance = np.array([target.tolerance for target in targets])
    out = simulated + tolerance * side_stream(seed, "tolerance").standard_normal(simulated.shape)
    for number, target in enumerate(targets):
        if target.sense != "=":
            holds = out[:, number] > target.value if target.sense == ">" else out[:, number] < target.value
            out[:, number] = np.where(np.isnan(out[:, number]), np.nan, holds)
    return out


def learn(z: Floats, observed: Floats, seed: int = 1) -> Summaries:
    """Learn what observed figures tell of the factors, in coordinates in which these are uncorrelated, of variance 1.

    Args:
        z: positions of the factors, shape (rows, factors).
        observed: what is observed at each, shape (rows, targets), as `blurred` returns it.
        seed: of the network's first weights and the order of learning.

    Raises:
        InputError: where scikit-learn is missing, or there are less than 100 rows.
    """
    if len(z) < 100:
        raise InputError(f"draws: {len(z)} are too few to learn from: at least 100 are needed")
    require_extra("calibrate", "a calibration")
    middle = np.nan_to_num(np.nanmedian(observed, axis=0))
    scores = np.quantile(np.where(np.isnan(observed), middle, observed), _GRID, axis=0)
    root = np.linalg.cholesky(np.atleast_2d(np.cov(z.T)))
    white = np.linalg.solve(root, (z - z.mean(axis=0)).T).T
    inputs = _normal_scores(observed, scores, middle)
    design = _with_constant(inputs)
    ridge = _RIDGE * np.eye(design.shape[1])
    slopes = np.asarray(np.linalg.solve(design.T @ design + ridge, design.T @ white), np.float64)
    network = fitted_network(inputs, white - design @ slopes, hidden=_HIDDEN, seed=seed)
    return Summaries(scores=scores, middle=middle, slopes=slopes, network=network)


def _with_constant(scores: Floats) -> Floats:
    return np.column_stack([np.ones(len(scores)), scores])


def _normal_scores(observed: Floats, scores: Floats, middle: Floats) -> Floats:
    """Return for each figure the normal quantile of its rank in the table: every scale and outlier is alike then."""
    observed = np.where(np.isnan(observed), middle, observed)
    out = np.empty_like(observed)
    for number in range(observed.shape[1]):
        values, first = np.unique(scores[:, number], return_index=True)
        # Where many draws are equal, as for an inequality, the middle of their ranks.
        last = np.append(first[1:] - 1, len(_GRID) - 1)
        ranks = (_GRID[first] + _GRID[last]) / 2 if len(values) < len(_GRID) / 2 else _GRID[first]
        out[:, number] = np.interp(observed[:, number], values, ranks)
    ranks = np.clip(out, _EDGE, 1 - _EDGE)
    normal: Floats = ndtri(ranks)
    return normal


def condition(z: Floats, summaries: Floats, observed: Floats) -> Posterior:
    """Condition draws on observed summaries: all of them, each weighted by how near its own are.

    With as many summaries as factors no draw is near in all: keeping the nearest half or quarter alone bent the
    intervals of some factors, keeping all did not.

    Args:
        z: positions of the factors, shape (draws, factors).
        summaries: of each draw, shape (draws, summaries).
        observed: the summaries of what was observed, shape (summaries,).
    """
    weights = _weights(summaries, observed)
    design = np.column_stack([np.ones(len(z)), summaries - observed])
    root = np.sqrt(weights)[:, None]
    slopes = _solved(design * root, z * root)
    off = (z - design @ slopes) / np.sqrt(_left(design, weights))[:, None]
    # The logarithm of a squared error has an infinite tail below: errors are kept from being zero.
    spread = np.log(off**2 + 1e-6 * (weights @ off**2))
    rates = _solved(design * root, spread * root)
    there, here = design @ rates, rates[0]
    adjusted = slopes[0] + off * np.exp(np.clip((here - there) / 2, -1.0, 1.0))
    return Posterior(z=adjusted, weights=weights)


def _left(design: Floats, weights: Floats) -> Floats:
    """Return how much of the variance about a plane is left in each draw's distance from the fitted one.

    Every draw pulls the plane towards itself: with H the hat matrix, 1 - 2 H_ii + sum over j of H_ij^2.
    """
    inverse = np.linalg.pinv(design.T * weights @ design)
    own = np.sum(design @ inverse * design, axis=1) * weights
    others = np.sum(design @ (inverse @ (design.T * weights**2 @ design) @ inverse) * design, axis=1)
    return np.asarray(np.clip(1 - 2 * own + others, 0.05, 1.0), np.float64)


def _weights(summaries: Floats, observed: Floats) -> Floats:
    """Return Epanechnikov weights, which fall to 0 at the draw farthest from what was observed."""
    distance = np.sum(((summaries - observed) / summaries.std(axis=0)) ** 2, axis=1)
    weights = 1 - distance / (distance.max() * (1 + 1e-9))
    return np.asarray(weights / weights.sum(), np.float64)


def _solved(design: Floats, values: Floats) -> Floats:
    """Solve a least-squares problem with a slight ridge, for summaries may say the same."""
    gram = design.T @ design
    gram[np.diag_indices_from(gram)] += 1e-6 * np.trace(gram) / len(gram)
    return np.asarray(np.linalg.solve(gram, design.T @ values), np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """A fitted network of rectified layers.

    Attributes:
        weights: of each layer, shape (inputs, outputs).
        offsets: of each layer, shape (outputs,).
    """

    weights: tuple[Floats, ...] = field(repr=False)
    offsets: tuple[Floats, ...] = field(repr=False)

    def predict(self, inputs: Floats) -> Floats:
        """Return the outputs, shape (rows, outputs)."""
        out = inputs
        for number, (weight, offset) in enumerate(zip(self.weights, self.offsets, strict=True)):
            out = out @ weight + offset
            if number < len(self.weights) - 1:
                np.maximum(out, 0.0, out=out)
        return out


def fitted_network(
    inputs: Floats,
    outputs: Floats,
    *,
    hidden: tuple[int, ...] = (128,),
    shrinkage: float = 0.1,
    seed: int = 1,
) -> Network:
    """Fit a network by least squares; a tenth of the rows tells when more steps would learn noise.

    Args:
        inputs: shape (rows, inputs), each of a scale near 1.
        outputs: shape (rows, outputs).
        hidden: the widths of the hidden layers.
        shrinkage: of the weights towards 0.
        seed: of the first weights and the order of the rows.
    """
    from sklearn.neural_network import MLPRegressor

    network = MLPRegressor(
        hidden_layer_sizes=hidden,
        alpha=shrinkage,
        batch_size=min(128, len(inputs)),
        early_stopping=True,
        max_iter=300,
        random_state=seed,
    )
    with one_thread_of_algebra():
        network.fit(inputs, outputs if outputs.shape[1] > 1 else outputs[:, 0])
    return Network(weights=tuple(network.coefs_), offsets=tuple(network.intercepts_))
