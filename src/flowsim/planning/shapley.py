"""How much of a figure's variance each of several correlated factors explains.

The explained share of the variance (R squared, adjusted for how many factors explain it) is divided by Shapley's value:
what a factor adds to those before it, on average over all orders. For independent factors that is Sobol's first-order
index of a linear model; for correlated ones, as those of a posterior are, Sobol's indices do not add up to one and this
does. Known as LMG (Lindeman, Merenda and Gold 1980; Grömping 2007, The American Statistician 61), and in sensitivity
analysis as the Shapley effects of a linear model (Owen and Prieur 2017, SIAM/ASA JUQ 5).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations
from math import comb

import numpy as np

from flowsim.core.arrays import Bools, Floats, Ints
from flowsim.core.errors import require
from flowsim.simulation.engine.luck import side_stream

__all__ = ["ALL_SUBSETS", "Orders", "orders_of", "shapley_shares"]

ALL_SUBSETS = 12
"""Factors up to which every subset of them is looked at, so that nothing hangs on orders that are drawn."""

Orders = Ints
_ALL = 5  # factors of which all orders are taken


def orders_of(factors: int, count: int = 200, seed: int = 1) -> Orders:
    """Return the orders to average over, shape (orders, factors): all of few factors, else random ones.

    Each random order is followed by its reverse, so that a factor comes as often before another as after it.
    """
    if factors <= _ALL:
        return np.array(list(permutations(range(factors))), np.int64).reshape(-1, factors)
    generator = side_stream(seed, "orders")
    half = np.array([generator.permutation(factors) for _ in range(count // 2)])
    return np.concatenate([half, half[:, ::-1]])


def shapley_shares(x: Floats, y: Floats, orders: Orders | None = None, owners: Ints | None = None) -> Floats:
    """Divide the variance of a figure among factors.

    Args:
        x: what the figure is regressed on, shape (n, columns).
        y: figures, shape (n,).
        orders: of the factors, as `orders_of` returns them; all of them where left out, of `ALL_SUBSETS` at most.
        owners: whose each column is, where a factor has several (itself and its square), shape (columns,).

    Returns:
        For each factor its share of the variance of y, shape (factors,). They add up to the adjusted R squared; one
        without influence has 0 on average, and may come out below.

    Raises:
        InputError: for less than two rows more than there are factors.
    """
    n, columns = x.shape
    owner = np.arange(columns) if owners is None else owners
    require(n >= columns + 3, "rows", n, f"at least {columns + 3} are needed for {columns} columns")
    factors = int(owner.max()) + 1 if orders is None else orders.shape[1]
    require(orders is not None or factors <= ALL_SUBSETS, "factors", factors, f"orders are needed above {ALL_SUBSETS}")
    out = np.zeros(factors)
    everything = np.column_stack([x, y])
    spread = everything.std(axis=0)
    moved = spread > 1e-12 * (1 + np.abs(everything).max(axis=0))
    kept = np.flatnonzero(moved[:-1])
    if not len(kept) or not moved[-1]:
        return out
    scored = (everything - everything.mean(axis=0))[:, [*kept, columns]] / spread[[*kept, columns]]
    # A slight ridge, for columns that say the same, and for a figure that they explain in full.
    correlation = scored.T @ scored / n + 1e-9 * np.eye(len(kept) + 1)
    owner = owner[kept]
    if orders is None:
        return _of_all_subsets(correlation, owner, factors, n)
    ordered = np.array([[*np.argsort(np.argsort(order)[owner], kind="stable"), len(kept)] for order in orders])
    # The figure comes last: the squares of its row in Cholesky's root are what each column adds to R squared.
    root = np.linalg.cholesky(correlation[ordered[:, :, None], ordered[:, None, :]])
    explained = np.cumsum(root[:, -1, :-1] ** 2, axis=1)
    adjusted = 1 - (1 - explained) * (n - 1) / (n - np.arange(1, len(kept) + 1) - 1)
    gained = np.diff(adjusted, axis=1, prepend=0.0)
    np.add.at(out, owner[ordered[:, :-1]], gained)
    out /= len(orders)
    return out


def _of_all_subsets(correlation: Floats, owner: Ints, factors: int, n: int) -> Floats:
    """Return Shapley's shares from the adjusted R squared of every subset; the figure comes last in the correlation."""
    members, weights = _subsets(factors)
    columns = members[:, owner]
    # Columns left out stand alone, with nothing to do with the figure: all subsets are solved at once.
    both = columns[:, :, None] & columns[:, None, :]
    inside = np.where(both, correlation[:-1, :-1], 0.0) + np.eye(len(owner)) * ~columns[:, :, None]
    slopes = np.linalg.solve(inside, (columns * correlation[-1, :-1])[:, :, None])[:, :, 0]
    explained = slopes @ correlation[-1, :-1] / correlation[-1, -1]
    adjusted = 1 - (1 - explained) * (n - 1) / (n - columns.sum(axis=1) - 1)
    out: Floats = weights @ adjusted
    return out


@lru_cache(maxsize=4)
def _subsets(factors: int) -> tuple[Bools, Floats]:
    """Return who is in each subset, shape (subsets, factors), and what each counts for a factor's value, transposed.

    A subset with the factor counts for it, and one without it against it, by how many orders have just these before it.
    """
    members = (np.arange(2**factors)[:, None] >> np.arange(factors)) & 1 == 1
    sizes = members.sum(axis=1)
    before = np.array([1 / (factors * comb(factors - 1, size)) for size in range(factors)])
    weights = np.where(members, before[sizes - 1][:, None], -before[np.minimum(sizes, factors - 1)][:, None])
    return members, weights.T
