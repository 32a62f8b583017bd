"""How much of a figure's variance each of several correlated factors explains.

The explained share of the variance (R squared, adjusted for how many factors explain it) is divided by Shapley's value:
what a factor adds to those before it, on average over all orders. For independent factors that is Sobol's first-order
index of a linear model; for correlated ones, as those of a posterior are, Sobol's indices do not add up to one and this
does. Known as LMG (Lindeman, Merenda and Gold 1980; Grömping 2007, The American Statistician 61), and in sensitivity
analysis as the Shapley effects of a linear model (Owen and Prieur 2017, SIAM/ASA JUQ 5).
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from flowsim.core.arrays import Floats, Ints
from flowsim.core.errors import require

__all__ = ["Orders", "orders_of", "shapley_shares"]

Orders = Ints
_ALL = 5  # factors of which all orders are taken


def orders_of(factors: int, count: int = 200, seed: int = 1) -> Orders:
    """Return the orders to average over, shape (orders, factors): all of few factors, else random ones.

    Each random order is followed by its reverse, so that a factor comes as often before another as after it.
    """
    if factors <= _ALL:
        return np.array(list(permutations(range(factors))), np.int64).reshape(-1, factors)
    generator = np.random.default_rng(seed)
    half = np.array([generator.permutation(factors) for _ in range(count // 2)])
    return np.concatenate([half, half[:, ::-1]])


def shapley_shares(x: Floats, y: Floats, orders: Orders, owners: Ints | None = None) -> Floats:
    """Divide the variance of a figure among factors.

    Args:
        x: what the figure is regressed on, shape (n, columns).
        y: figures, shape (n,).
        orders: of the factors, as `orders_of` returns them.
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
    out = np.zeros(orders.shape[1])
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
    ordered = np.array([[*np.argsort(np.argsort(order)[owner], kind="stable"), len(kept)] for order in orders])
    # The figure comes last: the squares of its row in Cholesky's root are what each column adds to R squared.
    root = np.linalg.cholesky(correlation[ordered[:, :, None], ordered[:, None, :]])
    explained = np.cumsum(root[:, -1, :-1] ** 2, axis=1)
    adjusted = 1 - (1 - explained) * (n - 1) / (n - np.arange(1, len(kept) + 1) - 1)
    gained = np.diff(adjusted, axis=1, prepend=0.0)
    np.add.at(out, owner[ordered[:, :-1]], gained)
    out /= len(orders)
    return out
