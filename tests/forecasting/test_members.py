"""The members of the pool: each beside a slow, obvious one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, nbinom, poisson

from flowsim.forecasting.members.counts import Counts, count_distributions
from flowsim.forecasting.members.innovations import Grid
from flowsim.forecasting.members.pool import GRIDS, run_grids
from flowsim.forecasting.members.smoothing import complex_smoothing, damped_smoothing, drifting
from flowsim.forecasting.members.weights import Weights, between, load_weights

RNG = np.random.default_rng(11)
SHORT = 100 + 10 * np.tile([1.0, -2, 0.5, 0.5], 5)[:17] + np.cumsum(RNG.normal(0, 4, 17))


def slow_expectation(grid, values, steps):
    """Filter with each model from each unit start state in turn, and regress: one model and prior at a time."""
    count, chosen = len(values), []
    for transition, observation, gain in zip(grid.transition, grid.observation, grid.gain, strict=True):
        size = len(gain)

        def filtered(state, series, f=transition, w=observation, g=gain):
            errors = []
            for value in series:
                error = value - w @ state
                state = f @ state + g * error
                errors.append(error)
            return np.array(errors), state

        zero, _ = filtered(np.zeros(size), values)
        design = np.column_stack([-filtered(unit, np.zeros(count))[0] for unit in np.eye(size)])
        for prior in grid.prior:
            precision = np.diag(np.where(np.isinf(prior), 0.0, 1 / prior**2))
            information = design.T @ design + precision
            start = np.linalg.solve(information, design.T @ zero)
            errors = zero - design @ start
            squares = errors @ errors + start @ precision @ start + count * grid.floor**2
            free = count - np.isinf(prior).sum()
            scale = np.log(prior[np.isfinite(prior)]).sum()
            evidence = -np.linalg.slogdet(information)[1] / 2 - scale - free / 2 * np.log(squares)
            _, state = filtered(start, values)
            point = [observation @ np.linalg.matrix_power(transition, step) @ state for step in range(steps)]
            chosen.append((evidence, point, errors))
    evidence = np.array([one[0] for one in chosen])
    weights = np.exp((evidence - evidence.max()) * np.sqrt(grid.believed / max(count, grid.believed)))
    weights /= weights.sum()
    return weights, weights @ np.array([one[1] for one in chosen]), weights @ np.array([one[2] for one in chosen])


@pytest.mark.parametrize("grid", [damped_smoothing, drifting, complex_smoothing])
@pytest.mark.parametrize("count", [8, 17])
def test_a_grid_beside_its_slow_twin(grid, count):
    values = SHORT[:count] / SHORT.mean()
    fast = grid(4).expect(values, 6)
    weights, point, errors = slow_expectation(grid(4), values, 6)
    assert fast.weights.ravel() == pytest.approx(weights, rel=1e-7, abs=1e-12)
    assert fast.point == pytest.approx(point, rel=1e-9)
    assert fast.errors == pytest.approx(errors, rel=1e-7, abs=1e-12)


def test_the_evidence_is_the_density_of_the_series():
    """With a known level the series is multivariate t; its log density ratios are those of the weights."""
    values = np.array([0.3, 0.1, 0.4, 0.6, 0.2, 0.5, 0.9, 0.7])
    gains, widths = (0.2, 0.8), (0.5, 2.0)
    grid = Grid(
        transition=np.ones((2, 1, 1)),
        observation=np.ones((2, 1)),
        gain=np.array(gains)[:, None],
        prior=np.array(widths)[:, None],
        floor=1e-9,
        believed=1000,
    )
    densities = []
    for gain in gains:
        moving = np.tril(np.full((8, 8), gain), -1) + np.eye(8)
        for width in widths:
            covariance = moving @ moving.T + width**2
            # 1/s integrated over s numerically.
            sizes = np.exp(np.linspace(np.log(0.01), np.log(100), 4000))
            each = [multivariate_normal.pdf(values, np.zeros(8), size**2 * covariance) for size in sizes[::4]]
            densities.append(np.sum(each))
    assert grid.expect(values, 1).weights.ravel() == pytest.approx(np.array(densities) / np.sum(densities), rel=1e-3)


def test_the_covariance_of_a_random_walk_by_hand():
    """One model, a gain of one, nothing known of the level: errors add up, and s is the changes' own."""
    values = np.array([1.0, 2, 4, 3, 5, 4, 6, 8])
    grid = Grid(
        transition=np.ones((1, 1, 1)),
        observation=np.ones((1, 1)),
        gain=np.ones((1, 1)),
        prior=np.array([[np.inf]]),
        floor=1e-9,
        believed=8,
    )
    expected = grid.expect(values, 3)
    variance = (np.diff(values) ** 2).sum() / (7 - 2)
    assert expected.point == pytest.approx([8, 8, 8])
    assert expected.covariance == pytest.approx(variance * np.array([[1.0, 1, 1], [1, 2, 2], [1, 2, 3]]))


@pytest.mark.parametrize("season", [4, 12])
def test_no_model_of_a_grid_lets_errors_grow_by_more_than_its_own_growth(season):
    for grid in (damped_smoothing(season), drifting(season), complex_smoothing(season)):
        discount = grid.transition - grid.gain[:, :, None] * grid.observation[:, None, :]
        assert np.abs(np.linalg.eigvals(discount)).max() < 1.02


def test_a_steady_drift_goes_on_and_a_damped_one_slows_down():
    values = 0.1 * np.arange(20.0)
    steady, damped = drifting(4).expect(values, 12).point, damped_smoothing(4).expect(values, 12).point
    assert steady[8] - steady[4] == pytest.approx(steady[4] - steady[0])
    assert steady[4] - steady[0] == pytest.approx(0.4, rel=0.1)
    assert damped[8] - damped[4] < 0.9 * (damped[4] - damped[0])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(5, 500).map(float), min_size=8, max_size=30).filter(lambda own: min(own) < max(own)))
def test_members_scale_with_the_series(values):
    small, large = run_grids(np.array(values), 6, 4), run_grids(1000 * np.array(values), 6, 4)
    for name in GRIDS:
        assert large.points[name] == pytest.approx(1000 * small.points[name], rel=1e-8, abs=1e-8)
    assert large.features == pytest.approx(small.features, rel=1e-8, abs=1e-8)


def test_two_years_are_enough_to_see_seasons():
    year = np.array([80.0, 100, 120, 100])
    seen = run_grids(np.concatenate([year, year * 1.02]), 4, 4)
    for point in seen.points.values():
        assert np.argmax(point) == 2
        assert np.argmin(point) == 0


def test_a_single_value_that_lies_far_off_hardly_moves_the_members():
    generator = np.random.default_rng(3)
    values = 100 + generator.normal(0, 3, 24)
    struck = values.copy()
    struck[12] = 400
    plain, moved = run_grids(values, 4, 4), run_grids(struck, 4, 4)
    for name in GRIDS:
        assert moved.points[name] == pytest.approx(plain.points[name], rel=0.06)
    assert moved.calmed[12] < 200
    # The intervals know of it all the same.
    assert moved.covariance[0, 0] > 4 * plain.covariance[0, 0]


def test_what_lies_more_than_twelve_years_back_tells_nothing():
    generator = np.random.default_rng(4)
    values = 100 + generator.normal(0, 3, 60)
    changed = np.concatenate([5 * values[:12], values[12:]])
    for name in GRIDS:
        assert (run_grids(values, 4, 4).points[name] == run_grids(changed, 4, 4).points[name]).all()


WEIGHTS = Weights(
    members=("one", "other"),
    lengths=(10, 40),
    centre=np.array([1.0]),
    spread=np.array([2.0]),
    coefficients=np.array([[[0.0, -np.inf], [0.0, 0.0]], [[0.0, 1.0], [0.0, 0.5]]]),
    provenance={},
)


def test_weights_by_hand():
    assert WEIGHTS.of(np.array([3.0]), 8) == {"one": 1.0, "other": 0.0}
    # One standard deviation above the mean: 1 + 0.5.
    share = np.exp(1.5) / (1 + np.exp(1.5))
    assert WEIGHTS.of(np.array([3.0]), 40)["other"] == pytest.approx(share)
    # A length of 20 is half of the way by logarithms; nine standard deviations count as two.
    assert WEIGHTS.of(np.array([3.0]), 20)["other"] == pytest.approx(share / 2)
    assert WEIGHTS.of(np.array([19.0]), 50)["other"] == pytest.approx(np.exp(2) / (1 + np.exp(2)))
    assert between(20, (10, 40)) == pytest.approx((0, 1, 0.5))


@pytest.mark.parametrize("every", ["quarter", "month"])
def test_the_shipped_weights_say_where_they_come_from(every):
    weights = load_weights(every)
    assert {"series", "package", "how", "code", "statsmodels"} <= set(weights.provenance)
    assert weights.coefficients.shape == (len(weights.lengths), 8, 7)
    assert sum(weights.of(weights.centre, 30).values()) == pytest.approx(1)


def test_counts_beside_a_gamma_mixture_of_poissons():
    generator = np.random.default_rng(7)
    own = Counts(weights=np.array([0.3, 0.7]), shapes=np.array([[2.0], [9.0]]), mean=np.array([6.0]))
    shapes = np.where(generator.random(400_000) < 0.3, 2.0, 9.0)
    drawn = generator.poisson(generator.gamma(shapes, 6.0 / shapes))
    for share in (0.05, 0.3, 0.5, 0.8, 0.97):
        assert own.quantile(np.array([share]))[0] == np.quantile(drawn, share, method="inverted_cdf")


def test_the_shape_of_counts_by_hand():
    """Where all is forgotten but a share, the sum of the discounted counts is the shape."""
    values = np.array([3.0, 5, 4, 6, 2, 4, 5, 3])
    found = count_distributions(values, np.full(2, 4.0), 4)
    shape = 0.5 * values.mean()
    for value in values:
        shape = 0.5 * shape + value
    assert found.shapes[0] == pytest.approx([0.5 * shape, 0.25 * shape])
    assert found.weights.argmax() == len(found.weights) - 1  # a steady rate


def test_counts_of_a_steady_rate_are_nearly_poisson():
    values = np.random.default_rng(8).poisson(5, 60).astype(float)
    found = count_distributions(values, np.full(1, 5.0), 4)
    ends = [found.quantile(np.array([share]))[0] for share in (0.025, 0.975)]
    assert ends[0] in (poisson.ppf(0.025, 5), poisson.ppf(0.025, 5) - 1)
    assert poisson.ppf(0.975, 5) <= ends[1] <= nbinom.ppf(0.975, 10, 10 / 15)


@pytest.mark.slow
@pytest.mark.parametrize("mean", [2, 5])
def test_intervals_of_few_counts_hold(mean):
    generator = np.random.default_rng(mean)
    inside = []
    for _ in range(150):
        values = generator.poisson(mean, 23).astype(float)
        found = count_distributions(values[:15], np.full(8, max(values[:15].mean(), 0.1)), 4)
        low, high = (found.quantile(np.full(8, share)) for share in (0.025, 0.975))
        inside.append(((low <= values[15:]) & (values[15:] <= high)).mean())
    assert 0.93 < np.mean(inside) < 0.99


def test_many_counts_and_what_is_no_count_are_left_to_the_log_scale():
    assert count_distributions(np.full(8, 20.0), np.full(2, 20.0), 4) is None
    assert count_distributions(np.full(8, 2.5), np.full(2, 2.5), 4) is None
    assert count_distributions(np.array([90.0] * 4 + [3.0] * 8), np.full(2, 3.0), 4) is not None
