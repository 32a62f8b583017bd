"""The second table: draws around the mode, and what is taken out again of what drew them."""

import dataclasses

import numpy as np
import pytest

from flowsim.calibration.draws import Around, untempered
from flowsim.calibration.mode import Fit, Mode
from flowsim.calibration.posterior import Posterior
from flowsim.calibration.study import Study
from helpers.paths import SMALL_TOWN

TOWN = SMALL_TOWN / "calibration.toml"
STUDY = Study.read(TOWN)
COUNT = len(STUDY.prior.factors)


def fit(slope, z=None):
    mode = Mode(z=np.zeros(COUNT) if z is None else z, mean=np.zeros(len(slope)), process=np.zeros(len(slope)))
    return Fit(mode=mode, slope=slope, cost=(), evaluations=1, replications=40, converged=True)


def normal(mean, covariance, count=4000):
    """Return draws that have a mean and a covariance exactly."""
    drawn = np.random.default_rng(1).standard_normal((count, COUNT))
    drawn -= drawn.mean(axis=0)
    white = drawn @ np.linalg.inv(np.linalg.cholesky(np.cov(drawn.T, bias=True))).T
    return Posterior(z=mean + white @ np.linalg.cholesky(covariance).T, weights=np.full(count, 1 / count))


def test_without_figures_the_draws_are_the_priors():
    around = Around.of(STUDY, fit(np.zeros((1, COUNT))))
    np.testing.assert_allclose(np.linalg.inv(around.precision), STUDY.prior.covariance, atol=1e-12)


def test_a_figure_counts_a_quarter():
    # One figure that moves two of its standard deviations with the first independent part of the prior.
    slope = np.zeros((1, COUNT))
    slope[0, 0] = 2.0
    around = Around.of(STUDY, fit(slope))
    first = STUDY.prior.factors[0].sd
    # Precision 1 + 2^2 / 4 in prior standard deviations: half the variance is left.
    assert np.linalg.inv(around.precision)[0, 0] == pytest.approx(first**2 / 2)


def test_draws_have_the_mean_and_the_precision():
    slope = np.random.default_rng(2).standard_normal((5, COUNT))
    around = Around.of(STUDY, fit(slope, z=np.linspace(-0.2, 0.2, COUNT)))
    draws = np.array([around.draw(1, number) for number in range(3000)])
    off = draws - around.mean
    # Mahalanobis distances of normal draws are chi-square.
    distance = np.einsum("ni,ij,nj->n", off, around.precision, off)
    assert abs(distance.sum() - 3000 * COUNT) / np.sqrt(2 * 3000 * COUNT) < 4.5
    assert np.abs(off.mean(axis=0) / (off.std(axis=0) / np.sqrt(3000))).max() < 4.5
    np.testing.assert_array_equal(around.draw(1, 7), around.draw(1, 7))


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_the_posterior_is_that_over_the_prior_whatever_share_drew(share):
    # A linear model: the likelihood is normal, with precision T around the position s.
    generator = np.random.default_rng(3)
    slope, s = generator.standard_normal((4, COUNT)), 0.1 * generator.standard_normal(COUNT)
    back = np.linalg.inv(STUDY.prior.root)
    told, prior = back.T @ slope.T @ slope @ back, np.linalg.inv(STUDY.prior.covariance)
    around = Around.of(STUDY, fit(slope, z=0.3 * s), share)
    over_draws = np.linalg.inv(told + around.precision)
    found = normal(over_draws @ (told @ s + around.precision @ around.mean), over_draws)
    right = untempered(found, around)
    covariance = np.linalg.inv(told + prior)
    np.testing.assert_allclose(right.covariance, covariance, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(right.mean, covariance @ told @ s, atol=1e-9)


def test_draws_that_told_nothing_leave_the_prior():
    around = Around.of(STUDY, fit(np.zeros((1, COUNT))))
    # An estimate a little wider than the draws is no less than nothing told.
    found = normal(np.zeros(COUNT), 1.02 * STUDY.prior.covariance)
    np.testing.assert_allclose(untempered(found, around).covariance, STUDY.prior.covariance, rtol=1e-6, atol=1e-9)


def test_a_replication_runs_its_own_draw():
    around = Around.of(STUDY, fit(np.zeros((1, COUNT))))
    assert around.pathway(1, 5) == STUDY.model(around.draw(1, 5))
    assert dataclasses.replace(around, mean=around.mean + 0.1).pathway(1, 5) != around.pathway(1, 5)
