"""Conditioning draws on what was observed, held against problems whose posterior is known in closed form."""

import numpy as np
import pytest

from flowsim import InputError
from flowsim.calibration.inference.checks import Coverage
from flowsim.calibration.inference.posterior import Posterior, blurred, condition, documented_figures, learn
from flowsim.calibration.targets import Target
from flowsim.simulation.estimates import holm
from flowsim.simulation.measures.observation import Observation

NOISE = 0.5
# z is standard normal, and y is seen: its mean is then y / (1 + noise^2), its variance noise^2 / (1 + noise^2).
SHRINK, VARIANCE = 1 / (1 + NOISE**2), NOISE**2 / (1 + NOISE**2)


def target(sense="=", value=10.0, tolerance=1.0):
    seen = Observation(measures=("a",), periods=("2020",))
    told = {"rounding": 0.0, "conflict": 0.0, "discrepancy": tolerance, "unit": "weeks", "fact": "f", "why": "w"}
    return Target(name=f"t {sense}", family="f", observation=seen, value=value, sense=sense, **told)


def table(rows, factors=2, seed=1):
    """Draw factors, and the best summary of each after it was seen with noise."""
    generator = np.random.default_rng(seed)
    z = generator.standard_normal((rows, factors))
    return z, SHRINK * (z + NOISE * generator.standard_normal(z.shape))


def test_the_posterior_is_the_known_one():
    z, summaries = table(20_000)
    found = condition(z, summaries, np.array([0.8, -0.4]))
    size = 1 / (found.weights**2).sum()
    # Regression adjustment is exact here, so what is left is the error of a mean and of a variance of `size` draws.
    assert np.abs(found.mean - [0.8, -0.4]).max() < 4.5 * np.sqrt(VARIANCE / size)
    assert np.abs(np.diag(found.covariance) - VARIANCE).max() < 4.5 * VARIANCE * np.sqrt(2 / size)
    assert abs(found.covariance[0, 1]) < 4.5 * VARIANCE / np.sqrt(size)


def test_few_draws_and_many_summaries_leave_the_spread_right():
    # Ten summaries explain a part of the noise of 300 draws by chance: a twentieth of the variance would be missing.
    variances = []
    for seed in range(100):
        z, summaries = table(300, factors=10, seed=seed)
        variances.append(np.diag(condition(z, summaries, np.zeros(10)).covariance).mean())
    assert np.mean(variances) == pytest.approx(VARIANCE, rel=0.02)


def test_the_spread_is_the_one_at_the_place():
    generator = np.random.default_rng(1)
    summary = generator.uniform(-1, 1, (20_000, 1))
    z = summary + np.exp(summary) * 0.1 * generator.standard_normal(summary.shape)
    for place in (-0.5, 0.5):
        found = condition(z, summary, np.array([place]))
        assert np.sqrt(found.covariance[0, 0]) == pytest.approx(0.1 * np.exp(place), rel=0.08)
        assert found.mean[0] == pytest.approx(place, abs=0.01)


def test_known_truths_find_a_right_posterior_right_and_a_narrow_one_wrong():
    z, summaries = table(4_000)
    others, right, narrow = np.arange(4_000) >= 400, [], []
    for row in range(400):
        found = condition(z[others], summaries[others], summaries[row])
        right.append(found.below(z[row]))
        narrow.append(Posterior(z=found.mean + 0.7 * (found.z - found.mean), weights=found.weights).below(z[row]))
    names = ("a", "b")
    good, bad = Coverage(names=names, below=np.array(right)), Coverage(names=names, below=np.array(narrow))
    assert good.uniform.min() > 0.01
    assert min(good.right(interval).min() for interval in (0.5, 0.9)) > 0.01
    assert bad.uniform.max() < 0.01
    assert bad.right(0.9).max() < 0.01


def test_coverage_by_hand():
    below = np.tile(np.linspace(0.025, 0.975, 20)[:, None], (1, 1))
    found = Coverage(names=("a",), below=below)
    # 0.025, 0.075, ..., 0.975: ten of the twenty lie from 0.25 to 0.75, and eighteen from 0.05 to 0.95.
    assert found.inside(0.5) == [0.5]
    assert found.inside(0.9) == [0.9]
    assert found.right(0.5) == [1.0]


@pytest.mark.parametrize("shape", [(19, 1), (20, 2), (20,)])
def test_coverage_needs_twenty_truths_of_every_factor(shape):
    with pytest.raises(InputError, match="20 truths or more, of every factor"):
        Coverage(names=("a",), below=np.zeros(shape))


def test_holm_by_hand():
    # Sorted .01, .03, .04: times 3, 2 and 1, and never less than the one before.
    np.testing.assert_allclose(holm([0.04, 0.01, 0.03]), [0.06, 0.03, 0.06])
    np.testing.assert_allclose(holm([0.9, 0.8]), [1.0, 1.0])


def test_draws_have_the_weights():
    weights = np.array([0.5, 0.25, 0.125, 0.125])
    found = Posterior(z=np.arange(4.0)[:, None], weights=weights)
    drawn = found.draw(800, seed=3)[:, 0]
    assert [int((drawn == number).sum()) for number in range(4)] == [400, 200, 100, 100]
    assert not np.array_equal(drawn, np.sort(drawn))
    np.testing.assert_array_equal(drawn, found.draw(800, seed=3)[:, 0])


def test_below_adds_up_weights():
    found = Posterior(z=np.array([[1.0], [2.0], [3.0]]), weights=np.array([0.2, 0.3, 0.5]))
    assert found.below(np.array([2.5])) == [0.5]


def test_simulated_figures_are_told_as_a_document_would():
    simulated = np.full((10_000, 3), 10.0)
    simulated[0, 1] = np.nan
    seen = blurred((target("="), target(">", 9.0), target("<", 8.0)), simulated, seed=1)
    assert abs(seen[:, 0].mean() - 10) < 4.5 / 100
    assert abs(seen[:, 0].std() - 1) < 4.5 / np.sqrt(2 * 10_000)
    # 10 with a tolerance of 1 is above 9 in 84 of 100 cases, and below 8 in 2.3.
    assert np.isnan(seen[0, 1])
    assert set(np.unique(seen[1:, 1:])) == {0.0, 1.0}
    assert abs(np.nanmean(seen[:, 1]) - 0.8413) < 4.5 * np.sqrt(0.8413 * 0.1587 / 10_000)
    assert abs(seen[:, 2].mean() - 0.02275) < 4.5 * np.sqrt(0.02275 / 10_000)
    np.testing.assert_array_equal(documented_figures((target("="), target(">"), target("<"))), [10.0, 1.0, 1.0])


def test_what_is_learned_is_nearly_the_best_there_is():
    generator = np.random.default_rng(1)
    z = generator.standard_normal((6_000, 2))
    # Skewed and on another scale: ranks make them alike.
    seen = np.exp(z @ [[1.0, 1.0], [1.0, -1.0]] + NOISE * generator.standard_normal(z.shape)) * [1.0, 1000.0]
    learned = learn(z[:5_000], seen[:5_000])
    off = z[5_000:] - learned.of(seen[5_000:])
    best = NOISE**2 / (2 + NOISE**2)
    assert off.var(axis=0) == pytest.approx([best, best], rel=0.2)


def test_an_undefined_figure_is_taken_as_the_middle_one():
    z, summaries = table(400)
    seen = np.concatenate([summaries, summaries[:, :1]], axis=1)
    seen[::2, 2] = np.nan
    learned = learn(z, seen)
    assert np.isfinite(learned.of(np.array([[0.0, 0.0, np.nan]]))).all()


def test_a_hundred_rows_are_needed():
    z, summaries = table(99)
    with pytest.raises(InputError, match="draws: 99 are too few to learn from: at least 100 are needed"):
        learn(z, summaries)
