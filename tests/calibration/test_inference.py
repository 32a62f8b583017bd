"""The posterior by an emulated likelihood: the emulator, the sampler and the rank tests, against closed forms."""

import dataclasses
import types

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from flowsim import InputError
from flowsim.calibration.draws import Around
from flowsim.calibration.inference.emulator import Emulator, Likelihood, emulated
from flowsim.calibration.inference.ranks import HiddenTruths, ranks_of
from flowsim.calibration.inference.sharpening import log_normal, positions, sharpened, stiffest
from flowsim.calibration.inference.table import ReferenceTable
from flowsim.calibration.inference.tempering import sampled
from flowsim.calibration.mode import Fit, Mode
from flowsim.calibration.study import Study
from flowsim.simulation.engine.luck import side_stream
from helpers.paths import SMALL_TOWN

STUDY = Study.read(SMALL_TOWN / "calibration.toml")
COUNT = len(STUDY.prior.factors)
TARGETS = STUDY.fitted


def straight(slopes, covariance):
    """Return an emulator of straight lines through 0."""
    constant = np.zeros((1, slopes.shape[1]))
    return Emulator(
        centre=np.zeros(len(slopes)),
        spread=np.ones(len(slopes)),
        slopes=np.vstack([constant, slopes]),
        networks=(),
        scale=np.ones(slopes.shape[1]),
        covariance=covariance,
    )


# --- The emulator ---


def test_lines_and_bends_are_learned_and_luck_is_told_apart():
    generator = np.random.default_rng(1)
    x = generator.standard_normal((4000, 3))
    mean = np.column_stack([2 * x[:, 0] - x[:, 1], np.maximum(3 * x[:, 2], 0.0)])
    luck = generator.multivariate_normal([0, 0], [[0.25, 0.1], [0.1, 0.16]], 4000)
    emulator = emulated(x, mean + luck)
    fresh = generator.standard_normal((500, 3))
    truth = np.column_stack([2 * fresh[:, 0] - fresh[:, 1], np.maximum(3 * fresh[:, 2], 0.0)])
    assert np.sqrt(((emulator.mean(fresh) - truth) ** 2).mean(axis=0)).max() < 0.12
    np.testing.assert_allclose(emulator.covariance, [[0.25, 0.1], [0.1, 0.16]], atol=0.03)


def test_luck_is_that_of_the_draws_which_are_near():
    generator = np.random.default_rng(2)
    x = generator.standard_normal((2000, 2))
    near = (np.arange(2000) >= 1000).astype(float)
    figures = x[:, :1] + np.where(near, 0.1, 1.0)[:, None] * generator.standard_normal((2000, 1))
    assert emulated(x, figures, near).covariance[0, 0] < 0.02 < 0.2 < emulated(x, figures).covariance[0, 0]


def test_too_few_draws_are_refused():
    with pytest.raises(InputError, match="draws: 99 are too few to learn from: at least 100"):
        emulated(np.zeros((99, 2)), np.zeros((99, 1)))


# --- The likelihood ---


def test_the_likelihood_is_normal_with_luck_and_tolerance_and_bounds_count_by_their_chance():
    generator = np.random.default_rng(3)
    bound = dataclasses.replace(TARGETS[0], sense=">")
    targets = (TARGETS[1], bound, TARGETS[2])
    root = generator.standard_normal((3, 3))
    emulator = straight(generator.standard_normal((2, 3)), root @ root.T)
    observed = np.array([1.0, 0.5, -1.0])
    x = generator.standard_normal((5, 2))
    likelihood = Likelihood(emulator=emulator, targets=targets, observed=observed, holds=np.array([True] * 3))
    wide = root @ root.T + np.diag([target.tolerance**2 for target in targets])
    means = emulator.mean(x)
    equal = [0, 2]
    law = multivariate_normal(cov=wide[np.ix_(equal, equal)])
    by_hand = law.logpdf(observed[equal] - means[:, equal]) + norm.logcdf((means[:, 1] - 0.5) / np.sqrt(wide[1, 1]))
    there = likelihood.log(x) - by_hand
    np.testing.assert_allclose(there, there[0], atol=1e-9)  # but for a constant
    # A bound that is documented not to hold is one from the other side.
    refuted = dataclasses.replace(likelihood, holds=np.array([True, False, True]))
    expected = law.logpdf(observed[equal] - means[:, equal]) + norm.logcdf((0.5 - means[:, 1]) / np.sqrt(wide[1, 1]))
    np.testing.assert_allclose(refuted.log(x) - expected, there[0], atol=1e-9)


def test_histories_show_what_is_documented():
    # One documented figure and one beside it: the second follows by regression on the first.
    target = TARGETS[0]
    covariance = np.array([[4.0, 3.0], [3.0, 9.0]])
    emulator = straight(np.zeros((1, 2)), covariance)
    likelihood = Likelihood(emulator=emulator, targets=(target,), observed=np.array([2.0]), holds=np.array([True]))
    shown = likelihood.histories(emulator.mean(np.zeros((40_000, 1))), np.array([1]), side_stream(1, "test"))
    wide = 4.0 + target.tolerance**2
    assert shown.mean() == pytest.approx(2.0 * 3.0 / wide, abs=0.06)
    assert shown.var() == pytest.approx(9.0 - 9.0 / wide, rel=0.03)


# --- The sampler ---


def test_a_normal_posterior_is_found_from_far_away():
    factors = 20
    generator = np.random.default_rng(4)
    root = np.tril(generator.standard_normal((factors, factors))) * 0.1 + np.diag(np.full(factors, 0.3))
    mean = np.full(factors, 0.8)
    law = multivariate_normal(mean=mean, cov=root @ root.T)
    sample = sampled(
        law.logpdf, mean=np.zeros(factors), root=np.eye(factors), particles=3000, generator=side_stream(1, "test")
    )
    white = np.linalg.solve(root, (sample.x - mean).T)
    assert np.abs(white.mean(axis=1)).max() < 0.09
    assert np.abs(np.cov(white) - np.eye(factors)).max() < 0.12
    # The logarithm of the evidence of a density is 0.
    assert abs(sample.evidence) < 1.0
    assert sample.powers[-1] == 1.0
    assert list(sample.powers) == sorted(sample.powers)


def test_a_bent_posterior_is_found():
    # x2 lies on a parabola over x1: its marginal mean is that of the square.
    def log(x):
        return -0.5 * x[:, 0] ** 2 - 0.5 * ((x[:, 1] - x[:, 0] ** 2) / 0.3) ** 2

    sample = sampled(log, mean=np.zeros(2), root=2 * np.eye(2), particles=4000, generator=side_stream(2, "test"))
    assert sample.x[:, 0].std() == pytest.approx(1.0, abs=0.06)
    assert sample.x[:, 1].mean() == pytest.approx(1.0, abs=0.1)
    assert (sample.x[:, 1] - sample.x[:, 0] ** 2).std() == pytest.approx(0.3, abs=0.03)


# --- Over tables ---


def table(around, slopes, number, first=0, watched=1):
    """Return a table of a linear model whose luck is a third of each tolerance."""
    z = np.array([around.draw(1, first + n) for n in range(number)])
    generator = side_stream(5, "luck", first)
    x = positions(STUDY, z)
    tolerance = np.array([target.tolerance for target in STUDY.targets])
    value = np.array([target.value for target in STUDY.targets])
    luck = generator.standard_normal((number, len(STUDY.targets)))
    simulated = value + tolerance * (x @ slopes + luck / 3)
    return ReferenceTable(z=z, simulated=simulated, watched=simulated[:, :watched] / 2)


@pytest.fixture(scope="module")
def linear():
    slopes = np.zeros((COUNT, len(STUDY.targets)))
    slopes[:3, :3] = np.diag([6.0, 3.0, 1.5])
    mode = Mode(z=np.zeros(COUNT), mean=np.zeros(1), process=np.zeros(1))
    slope = slopes[:, [STUDY.targets.index(target) for target in TARGETS]].T / np.hypot(1, 1 / 3)
    fit = Fit(mode=mode, slope=slope, cost=(), evaluations=1, replications=40, converged=True)
    around = Around.of(STUDY, fit)
    return slopes, slope, around, [table(around, slopes, 2500)]


def test_the_sharpened_posterior_of_a_linear_model_is_laplaces(linear):
    _, slope, around, tables = linear
    found = sharpened(STUDY, tables, around, particles=2000)
    np.testing.assert_allclose(stiffest(STUDY, slope, found.sample.x, count=3), 1.0, atol=0.15)
    assert found.apart < 0.2
    assert 0.85 < found.spreads[0] <= found.spreads[1] < 1.18
    expected = STUDY.prior.root @ np.linalg.inv(slope.T @ slope + np.eye(COUNT)) @ STUDY.prior.root.T
    np.testing.assert_allclose(
        np.sqrt(np.diag(found.posterior(STUDY).covariance)), np.sqrt(np.diag(expected)), rtol=0.12
    )


@pytest.mark.slow
def test_ranks_are_uniform_where_the_posterior_is_right_and_not_where_it_is_too_narrow(linear, monkeypatch):
    _, _, around, tables = linear
    study = dataclasses.replace(STUDY, watched={"half of the first figure": STUDY.targets[0].observation})
    found = ranks_of(study, tables, around, 60)
    assert found.names == (*STUDY.prior.names, "half of the first figure", "log-likelihood")
    assert found.uniform.min() > 0.01
    assert np.abs(found.inside(0.9) - 0.9).max() < 0.15
    # Documents taken for four times as exact as they are: the factor that they tell of, and the likelihood, show it.
    narrow = [
        dataclasses.replace(target, discrepancy=0.0, conflict=0.0, rounding=target.tolerance / 4)
        for target in STUDY.targets
    ]
    original = Likelihood.__post_init__

    def narrowed(self):
        object.__setattr__(self, "targets", tuple(narrow[STUDY.targets.index(target)] for target in self.targets))
        original(self)

    monkeypatch.setattr(Likelihood, "__post_init__", narrowed)
    wrong = ranks_of(study, tables, around, 60)
    assert wrong.uniform[-1] < 1e-6
    assert wrong.inside(0.9)[0] < 0.75


def test_where_documents_tell_nothing_a_truth_is_drawn_from_the_law_of_the_draws():
    root = np.array([[1.0, 0.0], [0.9, 0.3]])
    emulator = straight(np.zeros((2, 1)), np.eye(1))
    hidden = HiddenTruths(
        study=STUDY, hidden=None, observed=np.zeros((1, 1)), emulator=emulator, mean=np.array([2.0, -1.0]), root=root
    )
    nothing = types.SimpleNamespace(log=lambda x: np.zeros(len(x)))
    sample = hidden.sample(nothing, 4000, side_stream(3, "test"))
    np.testing.assert_allclose(sample.x.mean(axis=0), [2.0, -1.0], atol=0.08)
    np.testing.assert_allclose(np.cov(sample.x.T), root @ root.T, atol=0.08)


def test_more_truths_than_half_of_the_draws_are_refused(linear):
    _, _, around, tables = linear
    with pytest.raises(InputError, match="truths: 1251 is not allowed: from 20 to 1,250"):
        ranks_of(STUDY, tables, around, 1251)


def test_the_prior_is_standard_normal_in_its_parts():
    z = np.array([STUDY.prior.draw(1, number) for number in range(4000)])
    x = positions(STUDY, z)
    assert np.abs(np.cov(x.T) - np.eye(COUNT)).max() < 0.1
    np.testing.assert_allclose(log_normal(x), -0.5 * (x**2).sum(axis=1))
