import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from statsmodels.tsa.seasonal import seasonal_decompose

from flowsim.forecasting.seasons import seasonal


def test_pure_seasons_are_found_and_taken_out():
    factors = np.array([0.8, 1.0, 1.25, 1.0])
    values = 100 * np.tile(factors, 4)
    found = seasonal(values)
    assert found.multiplicative
    assert found.strength == pytest.approx(1)
    # The indices are those of the ratios to the yearly mean, their geometric mean 1.
    assert found.indices == pytest.approx(factors)
    assert found.removed(values) == pytest.approx(np.full(16, 100))
    assert found.restored(np.full(3, 100.0), 17) == pytest.approx([100, 125, 100])


def test_amounts_where_there_are_zeros():
    values = 2 + np.tile([-2.0, 1, 2, -1], 4)
    found = seasonal(values)
    assert not found.multiplicative
    assert found.indices == pytest.approx([-2, 1, 2, -1])
    assert found.removed(values) == pytest.approx(np.full(16, 2))


@pytest.mark.parametrize("small", [5e-324, 1e-300, 1e-7])
def test_a_value_that_is_as_good_as_zero_counts_as_zero(small):
    values = np.ones(12)
    values[9], values[11] = small, 11
    found, with_zero = seasonal(values), seasonal(np.where(values == small, 0, values))
    assert not found.multiplicative
    assert found.indices == pytest.approx(with_zero.indices, abs=1e-6)


def test_indices_are_the_classical_ones_shrunk():
    generator = np.random.default_rng(3)
    values = 200 * np.tile([0.9, 1.0, 1.2, 0.95], 5) * np.exp(generator.normal(0, 0.08, 20))
    found = seasonal(values)
    assert 0.3 < found.strength < 1
    level = seasonal_decompose(values, model="multiplicative", period=4).trend[2:18]
    ratios = np.log(values[2:18] / level)
    by_quarter = np.array([ratios[[(at + 2) % 4 == which for at in range(16)]] for which in range(4)])
    means = by_quarter.mean(axis=1) - by_quarter.mean()
    within = ((by_quarter - by_quarter.mean(axis=1, keepdims=True)) ** 2).sum() / 12
    between = 4 * (means**2).sum() / 3
    assert found.strength == pytest.approx(1 - 2 * within / between)
    assert np.log(found.indices) == pytest.approx(found.strength * means)


def test_noise_is_not_taken_for_seasons():
    generator = np.random.default_rng(0)
    strengths = [seasonal(100 * np.exp(generator.normal(0, 0.1, 15))).strength for _ in range(200)]
    assert np.mean(np.array(strengths) == 0) > 0.5
    assert np.mean(strengths) < 0.3


def test_two_years_tell_nothing_of_seasons():
    assert seasonal(np.tile([1.0, 2, 3, 4], 3)[:11]).strength == 0
    assert seasonal(np.tile([1.0, 2, 3, 4], 3)).strength > 0


@example([1.0] * 9 + [5e-324, 1.0, 11.0])
@example([5e-324] * 12)
@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=60))
def test_what_is_removed_can_be_restored(values):
    series = np.array(values)
    found = seasonal(series)
    assert 0 <= found.strength <= 1
    assert found.restored(found.removed(series), 0) == pytest.approx(series, rel=1e-9, abs=1e-9 * (1 + series.max()))
