"""Shares of variance against closed forms and against the definition."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowsim import InputError
from flowsim.planning.shapley import orders_of, shapley_shares


def adjusted(x, y):
    """The adjusted R squared of a regression by statsmodels' own formula, written out."""
    n, k = x.shape
    design = np.column_stack([np.ones(n), x])
    off = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return 1 - (off @ off) / ((y - y.mean()) @ (y - y.mean())) * (n - 1) / (n - k - 1) if k else 0.0


def by_definition(x, y, owners):
    """Shapley's value over all subsets of the factors."""
    players = sorted(set(owners))
    columns = {one: [n for n, owner in enumerate(owners) if owner == one] for one in players}
    out = []
    for one in players:
        others, total = [other for other in players if other != one], 0.0
        for size in range(len(others) + 1):
            weight = factorial(size) * factorial(len(others) - size) / factorial(len(players))
            for some in combinations(others, size):
                without = [n for other in some for n in columns[other]]
                total += weight * (adjusted(x[:, without + columns[one]], y) - adjusted(x[:, without], y))
        out.append(total)
    return out


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 3), min_size=1, max_size=6), st.floats(0, 2))
def test_shares_are_shapleys_of_the_adjusted_r_squared(seed, owners, noise):
    owners = np.unique(owners, return_inverse=True)[1]
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((40, len(owners))) @ generator.standard_normal((len(owners), len(owners)))
    y = x @ generator.standard_normal(len(owners)) + (noise + 0.01) * generator.standard_normal(40)
    shares = shapley_shares(x, y, orders_of(int(owners.max()) + 1), owners)
    np.testing.assert_allclose(shares, by_definition(x, y, list(owners)), atol=2e-6)
    assert shares.sum() == pytest.approx(adjusted(x, y), abs=2e-6)


def test_all_subsets_say_what_all_orders_do():
    generator = np.random.default_rng(3)
    x, owners = generator.standard_normal((40, 7)), np.array([0, 1, 1, 2, 3, 3, 4])
    y = x @ generator.standard_normal(7) + generator.standard_normal(40)
    np.testing.assert_allclose(shapley_shares(x, y, None, owners), by_definition(x, y, list(owners)), atol=2e-6)
    with pytest.raises(InputError, match="factors: 13 is not allowed: orders are needed above 12"):
        shapley_shares(generator.standard_normal((40, 13)), y)


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.6, 0.95])
def test_two_correlated_factors_in_closed_form(correlation):
    # Owen and Prieur (2017), section 4: a linear model of two normal factors.
    a, b, n = 1.0, 2.0, 200_000
    root = np.linalg.cholesky(np.array([[1, correlation], [correlation, 1]]))
    generator = np.random.default_rng(1)
    x = generator.standard_normal((n, 2)) @ root.T
    shares = shapley_shares(x, x @ (a, b) + generator.standard_normal(n), orders_of(2))
    total = a**2 + b**2 + 2 * correlation * a * b + 1
    joint = correlation * a * b
    first = a**2 * (1 - correlation**2 / 2) + joint + b**2 * correlation**2 / 2
    second = b**2 * (1 - correlation**2 / 2) + joint + a**2 * correlation**2 / 2
    # A squared correlation of n pairs has a standard deviation of 1 / sqrt(n) at the most.
    np.testing.assert_allclose(shares, [first / total, second / total], atol=5 / n**0.5)


def test_independent_factors_have_sobols_first_order_indices():
    slopes, n = np.array([3.0, 2.0, 1.0, 0.5, 0.2, 0.0, 0.0]), 200_000
    generator = np.random.default_rng(2)
    x = generator.standard_normal((n, 7))
    shares = shapley_shares(x, x @ slopes + generator.standard_normal(n), orders_of(7))
    np.testing.assert_allclose(shares, slopes**2 / (slopes @ slopes + 1), atol=5 / n**0.5)


def test_a_factor_without_influence_has_nothing_on_average():
    generator = np.random.default_rng(3)
    shares = []
    for _ in range(400):
        x = generator.standard_normal((30, 8))
        shares.append(shapley_shares(x, x[:, 0] + 2 * generator.standard_normal(30), orders_of(8, 20)))
    off = np.mean(shares, axis=0)[1:] / (np.std(shares, axis=0)[1:] / 20)
    assert np.abs(off).max() < 4.5
    assert np.mean(shares, axis=0)[0] == pytest.approx(0.2, abs=0.03)


def test_random_orders_come_in_pairs_and_agree_with_all():
    orders = orders_of(8, 200, seed=5)
    assert orders.shape == (200, 8)
    assert (np.sort(orders, axis=1) == np.arange(8)).all()
    np.testing.assert_array_equal(orders[:100, ::-1], orders[100:])
    assert orders_of(4).shape == (24, 4)
    generator = np.random.default_rng(6)
    x = generator.standard_normal((60, 6)) @ generator.standard_normal((6, 6))
    y = x @ np.arange(6.0) + generator.standard_normal(60)
    np.testing.assert_allclose(shapley_shares(x, y, orders_of(6, 2000)), by_definition(x, y, list(range(6))), atol=0.01)


def test_what_never_moves_has_no_share():
    generator = np.random.default_rng(7)
    x = generator.standard_normal((50, 3))
    x[:, 1] = 4.0
    shares = shapley_shares(x, x[:, 0] - x[:, 2], orders_of(3))
    assert shares[1] == 0
    assert shares.sum() == pytest.approx(1, abs=1e-6)
    assert shapley_shares(x, np.full(50, 2.0), orders_of(3)).tolist() == [0, 0, 0]


def test_factors_that_say_the_same_share_alike():
    generator = np.random.default_rng(8)
    x = generator.standard_normal((200, 1))
    shares = shapley_shares(np.column_stack([x, x]), 3 * x[:, 0] + generator.standard_normal(200), orders_of(2))
    assert shares[0] == pytest.approx(shares[1], abs=1e-4)


def test_too_few_rows_are_refused():
    with pytest.raises(InputError, match="rows: 5 is not allowed: at least 6 are needed for 3 columns"):
        shapley_shares(np.zeros((5, 3)), np.zeros(5), orders_of(3))
