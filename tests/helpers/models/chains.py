"""Queues as chains: moves from state to state, explored from a start and solved by linear algebra.

They read like the words that define the model, and share nothing with the closed forms. They are cut where less than
1e-10 is left.
"""

import math

import numpy as np
from hypothesis import settings
from scipy import sparse

EXAMPLES = settings(deadline=None, max_examples=20)


def close(found, expected, within=1e-8, apart=1e-15):
    np.testing.assert_allclose(found, expected, rtol=within, atol=apart)


def explored(start, moves):
    """Number all states that can be reached, and list the moves as (origin, target, rate)."""
    numbers, todo, listed = {start: 0}, [start], []
    while todo:
        state = todo.pop()
        for rate, target in moves(state):
            if rate > 0:
                if target not in numbers:
                    numbers[target] = len(numbers)
                    todo.append(target)
                listed.append((numbers[state], numbers[target], rate))
    return numbers, np.array(listed).T


def generator(start, moves):
    numbers, (origin, target, rate) = explored(start, moves)
    origin, target = origin.astype(int), target.astype(int)
    ends = np.concatenate([origin, origin]), np.concatenate([target, origin])
    matrix = sparse.coo_array((np.concatenate([rate, -rate]), ends), shape=(len(numbers),) * 2)
    return numbers, matrix.tocsc()


def settled(start, moves):
    """Solve the balance equations: the long-run probability of each state."""
    numbers, matrix = generator(start, moves)
    # One balance equation follows from the others; the start's weight is set to 1 in its place, and then scaled.
    balance = matrix.T.tocsc()
    weights = np.ones(len(numbers))
    weights[1:] = sparse.linalg.spsolve(balance[1:, 1:], -balance[1:, [0]].toarray()[:, 0])
    return dict(zip(numbers, weights / weights.sum(), strict=True))


def mean_of(probabilities, value):
    return math.fsum(p * value(state) for state, p in probabilities.items())


def line(rate, mean_service, servers, most, mean_patience=math.inf):
    """Follow the number in one queue, up to the most."""

    def moves(n):
        yield (rate if n < most else 0, n + 1)
        yield (min(n, servers) / mean_service + max(0, n - servers) / mean_patience, n - 1)

    return settled(0, moves)


def by_contour(transform, order, radius):
    """Take a derivative of an analytic function at 0 by Cauchy's integral."""
    turns = np.exp(2j * np.pi * np.arange(64) / 64)
    values = np.array([transform(radius * turn) for turn in turns])
    return (
        math.factorial(order)
        * np.mean(values * turns.reshape(-1, *[1] * (values.ndim - 1)) ** -order, axis=0).real
        / radius**order
    )
