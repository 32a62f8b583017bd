"""Draws nearer to the documents: around the mode, and around a posterior."""

import dataclasses

import numpy as np
import pytest

from flowsim.calibration.draws import Around
from flowsim.calibration.mode import Fit, Mode
from flowsim.calibration.study import Study
from helpers.paths import SMALL_TOWN

TOWN = SMALL_TOWN / "calibration.toml"
STUDY = Study.read(TOWN)
COUNT = len(STUDY.prior.factors)


def fit(slope, z=None):
    mode = Mode(z=np.zeros(COUNT) if z is None else z, mean=np.zeros(len(slope)), process=np.zeros(len(slope)))
    return Fit(mode=mode, slope=slope, cost=(), evaluations=1, replications=40, converged=True)


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


def test_further_draws_are_those_of_a_sample_with_a_share_of_what_it_knows():
    generator = np.random.default_rng(3)
    x = 0.5 * generator.standard_normal((4000, COUNT)) + 0.2
    wide = Around.of_sample(STUDY, x, share=1.0)
    np.testing.assert_allclose(wide.mean, STUDY.prior.root @ x.mean(axis=0))
    in_parts = np.linalg.inv(STUDY.prior.root) @ np.linalg.inv(wide.precision) @ np.linalg.inv(STUDY.prior.root).T
    np.testing.assert_allclose(in_parts, np.cov(x.T), atol=1e-9)
    # Precision 4 of the sample, 1 of the prior: half of what is beyond it makes 2.5.
    half = STUDY.prior.root.T @ Around.of_sample(STUDY, x, share=0.5).precision @ STUDY.prior.root
    np.testing.assert_allclose(np.diag(half), 2.5, rtol=0.1)
    # A sample as wide as the prior, or by chance wider, draws from the prior.
    loose = Around.of_sample(STUDY, 1.1 * generator.standard_normal((4000, COUNT)))
    np.testing.assert_allclose(np.linalg.inv(loose.precision), STUDY.prior.covariance, atol=1e-9)


def test_a_replication_runs_its_own_draw():
    around = Around.of(STUDY, fit(np.zeros((1, COUNT))))
    assert around.pathway(1, 5) == STUDY.model(around.draw(1, 5))
    assert dataclasses.replace(around, mean=around.mean + 0.1).pathway(1, 5) != around.pathway(1, 5)
