"""Laws by bounds, quantiles, phases and parts, against SciPy, matrix exponentials and numeric integration."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, linalg, stats

from flowsim import Duration, InputError, Pathway
from flowsim.simulation.engine import kernel
from flowsim.simulation.engine.compiler import compile_pathway
from flowsim.theory.survival import mean_within, survival_at

DAY = 1440.0
# In both tails as far as a survival function near 1 keeps eight digits.
PROBABILITIES = np.concatenate(
    [10.0 ** np.arange(-9, -1), np.linspace(0.013, 0.987, 60), 1 - 10.0 ** np.arange(-9, -1)]
)


def compiled(law):
    raw = {
        "name": "p",
        "start": "2020-01-01",
        "end": "2120-01-01",
        "states": {"talk": {"stay": law, "to": "out"}, "out": {"final": True}},
        "entries": {"door": {"to": "talk", "count": 0}},
    }
    # The law of the stay is the last row: those that it is made of come before it.
    model = compile_pathway(Pathway.from_dict(raw))
    return model, len(model.laws) - 1


class Phases:
    """A phase-type law by SciPy's matrix exponential."""

    def __init__(self, means, start, following):
        rates = 1 / np.array(means)
        self.generator = rates[:, None] * (np.array(following) - np.eye(len(means)))
        self.start = np.array(start)

    def sf(self, x):
        return (self.start @ linalg.expm(self.generator * np.asarray(x)[..., None, None])).sum(axis=-1)

    def std(self):
        first = np.linalg.solve(-self.generator, np.ones(len(self.start)))
        second = 2 * np.linalg.solve(-self.generator, first)
        return math.sqrt(self.start @ second - (self.start @ first) ** 2)

    def mean(self):
        return self.start @ np.linalg.solve(-self.generator, np.ones(len(self.start)))


class Fisk:
    """A log-logistic law by its formulas: SciPy's survival function keeps few digits."""

    def __init__(self, shape, scale):
        self.shape, self.scale = shape, scale
        self.mean, self.std = stats.fisk(shape, scale=scale).mean, stats.fisk(shape, scale=scale).std

    def sf(self, x):
        return 1 / (1 + (np.asarray(x) / self.scale) ** self.shape)


def cut_normal(mean, sd):
    """A normal law by the mean and sd before the cut, with those that it has after it."""
    theirs = stats.truncnorm(-mean / sd, math.inf, loc=mean, scale=sd)
    return {
        "law": "normal",
        "mean": f"{float(theirs.mean())!r} minutes",
        "cv": float(theirs.std() / theirs.mean()),
    }, theirs


def pert(least, mode, most):
    first, second = 1 + 4 * (mode - least) / (most - least), 1 + 4 * (most - mode) / (most - least)
    return stats.beta(first, second, loc=least * DAY, scale=(most - least) * DAY)


def loglogistic(shape, scale):
    theirs = Fisk(shape, scale)
    return {
        "law": "loglogistic",
        "mean": f"{float(theirs.mean())!r} minutes",
        "cv": float(theirs.std() / theirs.mean()),
    }, theirs


COXIAN = {"phases": ["2 days", "30 days", "1 day"], "start": [0.5, 0.3, 0.2]}
ON = [[0, 0.4, 0.3], [0.2, 0, 0.1], [0, 0, 0]]
SMOOTH = [
    *(loglogistic(shape, 40 * DAY) for shape in (2.2, 4.0, 30.0)),
    *(cut_normal(mean * DAY, 10 * DAY) for mean in (-15.0, 0.0, 10.0, 80.0)),
    ({"law": "uniform", "least": "0 days", "most": "40 days"}, stats.uniform(0, 40 * DAY)),
    ({"law": "uniform", "least": "10 days", "most": "40 days"}, stats.uniform(10 * DAY, 30 * DAY)),
    *(
        ({"law": "pert", "least": "2 days", "mode": f"{mode} days", "most": "40 days"}, pert(2, mode, 40))
        for mode in (2, 10, 40)
    ),
    (
        {"law": "gamma", "mean": "20 days", "cv": 0.5, "shift": "5 days"},
        stats.gamma(4, loc=5 * DAY, scale=5 * DAY),
    ),
    ({"law": "exponential", "mean": "20 days", "shift": "5 days"}, stats.expon(5 * DAY, 20 * DAY)),
    (
        {"law": "weibull", "mean": "20 days", "cv": 1.0, "shift": "5 days"},
        stats.expon(5 * DAY, 20 * DAY),
    ),
    ({"law": "phase_type", "phases": ["10 days"] * 3}, stats.gamma(3, scale=10 * DAY)),
    (
        {"law": "phase_type", **COXIAN, "next": ON},
        Phases([2 * DAY, 30 * DAY, DAY], [0.5, 0.3, 0.2], ON),
    ),
]
IDS = [f"{raw['law']}-{number}" for number, (raw, _) in enumerate(SMOOTH)]


@pytest.mark.parametrize(("raw", "theirs"), SMOOTH, ids=IDS)
def test_quantiles_and_survival_are_scipys(raw, theirs):
    model, law = compiled(raw)
    durations = np.array([kernel.law_quantile(model, law, u) for u in PROBABILITIES])
    # Within 1 part in 10 million of SciPy's quantile, whose survival function keeps more digits than its inverse.
    longer, shorter = theirs.sf(durations * (1 + 1e-7)), theirs.sf(durations * (1 - 1e-7))
    assert (longer <= PROBABILITIES * (1 + 1e-12)).all()
    assert (shorter >= PROBABILITIES * (1 - 1e-12)).all()
    again = np.array([kernel.survival(model, law, x) for x in durations])
    np.testing.assert_allclose(again, PROBABILITIES, rtol=1e-5)  # near a bound digits of the duration are few


@pytest.mark.parametrize(("raw", "theirs"), SMOOTH, ids=IDS)
def test_mean_and_cv_are_scipys(raw, theirs):
    law = Duration.model_validate(raw)
    assert law.mean_minutes == pytest.approx(theirs.mean(), rel=1e-9)
    assert law.squared_cv**0.5 * law.mean_minutes == pytest.approx(theirs.std(), rel=1e-8)


@pytest.mark.parametrize(("raw", "theirs"), SMOOTH, ids=IDS)
def test_closed_forms_of_theory_are_integrals_of_the_survival(raw, theirs):
    law = Duration.model_validate(raw)
    ages = law.mean_minutes * np.array([0.0, 0.02, 0.2, 0.5, 1.0, 1.5, 4.0])
    np.testing.assert_allclose(survival_at(law, ages), theirs.sf(ages), rtol=1e-8, atol=1e-12)
    steps = [integrate.quad(lambda x: float(theirs.sf(x)), a, b, epsabs=1e-6, limit=200)[0] for a, b in pairwise(ages)]
    np.testing.assert_allclose(np.diff(mean_within(law, ages)), steps, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize(("raw", "theirs"), SMOOTH, ids=IDS)
def test_what_is_left_is_the_conditional_law(raw, theirs):
    model, law = compiled(raw)
    elapsed = Duration.model_validate(raw).mean_minutes * 0.9
    probabilities = np.linspace(0.01, 0.99, 25)
    left = np.array([kernel.residual(model, law, u, elapsed) for u in probabilities])
    alive = theirs.sf(np.array([elapsed]))
    np.testing.assert_allclose(theirs.sf(left + elapsed) / alive, probabilities, rtol=1e-6)


# --- Laws of parts: a draw takes the part that its uniform falls to


TRIANGLES = [(2, 10, 40), (2, 2, 40), (2, 40, 40)]
EVEN = (np.arange(20_000) + 0.5) / 20_000


def shares_above(model, law, durations, elapsed=0.0):
    """Return by how many of evenly spread uniforms a draw is longer."""
    drawn = np.sort([kernel.residual(model, law, u, elapsed) for u in EVEN])
    return 1 - np.searchsorted(drawn, durations, side="right") / len(drawn)


@pytest.mark.parametrize(("least", "mode", "most"), TRIANGLES)
def test_a_triangular_law_is_scipys(least, mode, most):
    raw = {"law": "triangular", "least": f"{least} days", "mode": f"{mode} days", "most": f"{most} days"}
    theirs = stats.triang((mode - least) / (most - least), loc=least * DAY, scale=(most - least) * DAY)
    model, law = compiled(raw)
    durations = theirs.isf(np.linspace(0.02, 0.98, 25))
    np.testing.assert_allclose([kernel.survival(model, law, x) for x in durations], theirs.sf(durations), rtol=1e-7)
    np.testing.assert_allclose(shares_above(model, law, durations), theirs.sf(durations), atol=1e-4)
    elapsed = theirs.isf(0.6)
    longer = durations[durations > elapsed]
    np.testing.assert_allclose(shares_above(model, law, longer - elapsed, elapsed), theirs.sf(longer) / 0.6, atol=2e-4)
    own = Duration.model_validate(raw)
    assert (own.mean_minutes, own.squared_cv) == pytest.approx((theirs.mean(), theirs.var() / theirs.mean() ** 2))
    np.testing.assert_allclose(survival_at(own, durations), theirs.sf(durations), rtol=1e-9)


MIXED = {
    "law": "mixture",
    "weights": [1, 2, 1],
    "of": [
        "3 days",
        {"law": "exponential", "mean": "10 days"},
        {"law": "mixture", "of": [{"law": "gamma", "mean": "30 days", "cv": 0.5}, "12 days"]},
    ],
}


def mixed_sf(days):
    days = np.asarray(days, float)
    gamma = stats.gamma(4, scale=7.5).sf(days)
    return 0.25 * (days < 3) + 0.5 * np.exp(-days / 10) + 0.125 * gamma + 0.125 * (days < 12)


def test_a_mixture_by_hand():
    """A quarter takes 3 days, half an exponential time, an eighth a gamma one, and an eighth 12 days."""
    model, law = compiled(MIXED)
    days = np.array([0.0, 1.0, 2.9, 3.1, 8.0, 11.9, 12.1, 40.0])
    np.testing.assert_allclose([kernel.survival(model, law, x * DAY) for x in days], mixed_sf(days), rtol=1e-8)
    np.testing.assert_allclose(shares_above(model, law, days * DAY), mixed_sf(days), atol=1e-4)
    own = Duration.model_validate(MIXED)
    assert own.mean_minutes / DAY == pytest.approx(0.25 * 3 + 0.5 * 10 + 0.125 * 30 + 0.125 * 12)
    square = 0.25 * 9 + 0.5 * 200 + 0.125 * 1.25 * 900 + 0.125 * 144
    assert own.squared_cv == pytest.approx(square / (own.mean_minutes / DAY) ** 2 - 1)
    np.testing.assert_allclose(survival_at(own, days * DAY), mixed_sf(days))
    steps = [integrate.quad(mixed_sf, 0, x, points=[3, 12], limit=200)[0] for x in days]
    np.testing.assert_allclose(mean_within(own, days * DAY) / DAY, steps, rtol=1e-7)


@pytest.mark.parametrize("elapsed", [1.0, 3.5, 20.0])
def test_of_a_mixture_what_has_lasted_long_is_of_the_parts_that_do(elapsed):
    model, law = compiled(MIXED)
    days = np.array([0.5, 1.9, 2.1, 5.0, 8.4, 8.6, 30.0])
    np.testing.assert_allclose(
        shares_above(model, law, days * DAY, elapsed * DAY), mixed_sf(elapsed + days) / mixed_sf(elapsed), atol=2e-4
    )


def test_a_part_without_weight_is_never_drawn():
    model, law = compiled({"law": "mixture", "weights": [1, 0], "of": ["1 day", "9 days"]})
    assert {kernel.law_quantile(model, law, u) for u in (2.0**-53, 0.5, 1 - 2.0**-53)} == {DAY}


# --- Laws by quantiles


@pytest.mark.parametrize("law", ["gamma", "weibull", "lognormal", "loglogistic"])
def test_a_law_by_quantiles_has_them(law):
    own = Duration.from_quantiles(law, {0.5: "9 weeks", 0.9: "23 weeks"})
    assert survival_at(own, np.array([9.0, 23.0]) * 7 * DAY) == pytest.approx([0.5, 0.1], rel=1e-9)
    assert own == Duration.model_validate({"law": law, "quantiles": {"50 %": "9 weeks", "90 %": "23 weeks"}})
    assert own.model_dump(mode="json")["quantiles"] == {"50 %": "9 weeks", "90 %": "23 weeks"}
    twice = own.scaled(2.0)
    assert twice.mean_minutes == pytest.approx(2 * own.mean_minutes)
    assert Duration.model_validate(twice.model_dump(mode="json")) == twice
    model, number = compiled(own.model_dump(mode="json"))
    assert kernel.survival(model, number, 23 * 7 * DAY) == pytest.approx(0.1, rel=1e-7)


def test_a_lognormal_law_by_quantiles_by_hand():
    """With median 10 and 97.7 % at 30 the logarithm has a standard deviation of log 3 over 2."""
    own = Duration.from_quantiles("lognormal", {0.5: "10 days", float(stats.norm.cdf(2)): "30 days"})
    sigma = math.log(3) / 2
    assert own.mean_minutes == pytest.approx(10 * DAY * math.exp(sigma**2 / 2))
    assert own.cv == pytest.approx(math.sqrt(math.expm1(sigma**2)))


# --- What is refused


REFUSED = [
    ({"law": "uniform", "most": "1 day"}, "given by `least` and `most`: `least` is missing"),
    ({"law": "uniform", "least": "2 days", "most": "2 days"}, "`least` is below `most`"),
    ({"law": "uniform", "least": "1 day", "most": "2 days", "mode": "1 day"}, "takes no `mode`"),
    ({"law": "triangular", "least": "1 day", "mode": "5 days", "most": "2 days"}, "`least`, `mode` and `most` rise"),
    ({"law": "pert", "least": "1 day", "most": "2 days"}, "`mode` is missing"),
    ({"law": "normal", "mean": "1 day", "cv": 1.2}, "a normal law that is cut at 0 has a `cv` of at most 0.9"),
    ({"law": "fixed", "mean": "1 day", "shift": "1 day"}, "takes no `shift`"),
    ({"law": "gamma", "quantiles": {"50 %": "9 weeks"}}, "two shares and two spans are needed"),
    ({"law": "gamma", "quantiles": {"50 %": "9 weeks", "90 %": "8 weeks"}}, "two shares and two spans are needed"),
    ({"law": "gamma", "quantiles": {"50 %": "9 weeks", "100 %": "10 weeks"}}, "two shares and two spans are needed"),
    ({"law": "gamma", "quantiles": {"50 %": "90 days", "50.1 %": "900 days"}}, "these quantiles lie too far"),
    ({"law": "gamma", "quantiles": {"1 %": "90 days", "99 %": "91 days"}}, "these quantiles lie too near"),
    ({"law": "gamma", "mean": "1 day", "cv": 1.0, "quantiles": {"50 %": "9 weeks", "90 %": "99 weeks"}}, "not by both"),
    ({"law": "exponential", "mean": "1 day", "quantiles": {"50 %": "9 weeks", "90 %": "99 weeks"}}, "no `quantiles`"),
    ({"law": "phase_type", "phases": ["1 day", "0 days"]}, "`phases` are the positive means"),
    ({"law": "phase_type", "phases": ["1 day"], "start": [0.5]}, "`start` has one probability for each phase"),
    ({"law": "phase_type", "phases": ["1 day"], "next": [[0.5, 0.5]]}, "each row of `next` has one probability"),
    ({"law": "phase_type", "phases": ["1 day"] * 2, "next": [[0, 0.5]]}, "`next` has one row for each phase"),
    ({"law": "phase_type", "phases": ["1 day"] * 2, "next": [[0, 1], [1, 0]]}, "goes on for ever"),
    ({"law": "mixture", "of": []}, "`of` is missing"),
    ({"law": "mixture", "of": ["1 day"], "weights": [1, 2]}, "`weights` are as many as `of`"),
    ({"law": "mixture", "of": ["1 day"], "mean": "1 day"}, "takes no `mean`"),
]


@pytest.mark.parametrize(("raw", "message"), REFUSED, ids=str)
def test_a_law_that_is_not_given_whole_is_refused_with_what_is_missing(raw, message):
    with pytest.raises(InputError, match=r"states\.talk\.stay") as refusal:
        compiled(raw)
    assert message in str(refusal.value)
