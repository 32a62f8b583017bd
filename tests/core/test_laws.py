"""Laws of durations against numbers got in another way: quadrature of the density, and what they were made from."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate

from flowsim.core.laws import PhaseType, moments_of_quantiles, of_bounds, of_moments

MOMENTS = [("exponential", 3.0, 1.0)] + [
    (law, 3.0, cv) for law in ("gamma", "weibull", "lognormal", "loglogistic", "normal") for cv in (0.3, 0.8)
]


def moment(law, power, end=np.inf):
    """Integrate a power of the duration over the density, up to an end."""
    cuts = law.frozen.ppf(np.array([0.01, 0.5, 0.99, 1 - 1e-7]))
    edges = np.unique(np.minimum([0.0, *cuts, np.inf], end))
    return sum(
        integrate.quad(lambda x: x**power * math.exp(float(law.frozen.logpdf(x))), *ends, epsabs=1e-12, limit=400)[0]
        for ends in pairwise(edges)
    )


@pytest.mark.parametrize(("name", "mean", "cv"), MOMENTS)
def test_a_law_has_the_moments_that_it_is_made_from(name, mean, cv):
    law = of_moments(name, mean, cv)
    assert moment(law, 0) == pytest.approx(1.0, abs=1e-6)
    assert moment(law, 1) == pytest.approx(mean, rel=2e-4)
    if name != "loglogistic":  # whose square has a tail too heavy for quadrature
        assert moment(law, 2) == pytest.approx(mean**2 * (1 + cv**2), rel=2e-3)
    shares = np.array([0.05, 0.5, 0.9])
    np.testing.assert_allclose(law.frozen.cdf(law.frozen.ppf(shares)), shares, rtol=1e-10)
    np.testing.assert_allclose(law.frozen.sf(law.frozen.isf(shares)), shares, rtol=1e-10)
    for end in law.frozen.ppf(shares):
        assert float(law.partial_mean(np.float64(end))) == pytest.approx(moment(law, 1, end), rel=1e-6)


@pytest.mark.parametrize("bounds", [(1.0, 3.0, 9.0), (0.0, 0.0, 2.0), (1.0, 4.0, 4.0)])
@pytest.mark.parametrize("name", ["uniform", "triangular", "pert"])
def test_a_law_between_bounds_has_their_mean_and_variance(name, bounds):
    least, mode, most = bounds
    pieces = of_bounds(name, *bounds)
    assert sum(share for share, _ in pieces) == pytest.approx(1.0)
    first, second = (sum(share * piece.frozen.moment(power) for share, piece in pieces) for power in (1, 2))
    mean, variance = {
        "uniform": ((least + most) / 2, (most - least) ** 2 / 12),
        "triangular": (
            (least + mode + most) / 3,
            (least**2 + mode**2 + most**2 - least * mode - least * most - mode * most) / 18,
        ),
        # Of the beta law of a PERT estimate: (mean - least) (most - mean) / 7.
        "pert": (
            (least + 4 * mode + most) / 6,
            ((least + 4 * mode + most) / 6 - least) * (most - (least + 4 * mode + most) / 6) / 7,
        ),
    }[name]
    assert first == pytest.approx(mean)
    assert second - first**2 == pytest.approx(variance)
    for share in (0.2, 0.7):
        for _, piece in pieces:
            end = float(piece.frozen.ppf(share))
            start = float(piece.frozen.ppf(0))
            told = integrate.quad(lambda x, piece=piece: x * float(piece.frozen.pdf(x)), start, end)[0]
            assert float(piece.partial_mean(np.float64(end))) == pytest.approx(told)


@pytest.mark.parametrize("name", ["gamma", "weibull", "lognormal", "loglogistic"])
def test_two_quantiles_make_the_law_that_has_them(name):
    law = of_moments(name, *moments_of_quantiles(name, [(0.5, 9.0), (0.9, 23.0)]))
    np.testing.assert_allclose(law.frozen.ppf([0.5, 0.9]), [9.0, 23.0], rtol=1e-9)
    cases = {"too near": [(0.5, 9.0), (0.9, 9.01)], "too far": [(0.5, 1e-9), (0.6, 1e9)]}
    if name == "gamma":  # the law of a cv of 20 is as good as 0 with any probability below one
        del cases["too far"]
    for words, quantiles in cases.items():
        with pytest.raises(ValueError, match=f"these quantiles lie {words} for a law '{name}'"):
            moments_of_quantiles(name, quantiles)


def test_phases_one_after_the_other_and_one_of_two():
    """Two phases of two days: Erlang. One of a day or of four, evenly: a mixture of two exponential laws."""
    chain = PhaseType(means=np.array([2.0, 2.0]), start=np.array([1.0, 0.0]), next=np.array([[0, 1.0], [0, 0]]))
    assert chain.moments == (pytest.approx(4.0), pytest.approx(24.0))
    x = np.array([0.1, 1.0, 5.0])
    np.testing.assert_allclose(chain.sf(x), np.exp(-x / 2) * (1 + x / 2), rtol=1e-12)
    np.testing.assert_allclose(np.exp(chain.logpdf(x)), x / 4 * np.exp(-x / 2), rtol=1e-10)
    either = PhaseType(means=np.array([1.0, 4.0]), start=np.array([0.5, 0.5]), next=np.zeros((2, 2)))
    np.testing.assert_allclose(either.cdf(x), 1 - 0.5 * np.exp(-x) - 0.5 * np.exp(-x / 4), rtol=1e-12)
    assert either.ends
    law = chain.distribution()
    shares = np.array([0.1, 0.5, 0.99])
    np.testing.assert_allclose(law.frozen.cdf(law.frozen.ppf(shares)), shares, rtol=1e-9)
    assert float(law.partial_mean(np.float64(3.0))) == pytest.approx(moment(law, 1, 3.0), rel=1e-8)
    assert not PhaseType(means=np.array([1.0]), start=np.array([1.0]), next=np.array([[1.0]])).ends
