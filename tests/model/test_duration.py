"""Durations: what their laws have on average against numbers of SciPy, and what is no law."""

import pytest
from scipy import stats

from flowsim import Duration, InputError

DAY = 24 * 60

PERT = stats.beta(1 + 4 * 2 / 8, 1 + 4 * 6 / 8, loc=1, scale=8)
LAWS = [
    (Duration.exponential("3 days"), stats.expon(scale=3)),
    (Duration.erlang("3 days", 4), stats.gamma(4, scale=0.75)),
    (Duration.gamma("3 days", 0.5), stats.gamma(4, scale=0.75)),
    (Duration.uniform("1 day", "5 days"), stats.uniform(1, 4)),
    (Duration.triangular("1 day", "3 days", "9 days"), stats.triang(0.25, loc=1, scale=8)),
    (Duration.pert("1 day", "3 days", "9 days"), PERT),
    (Duration.phase_type(["1 day", "1 day", "1 day"]), stats.gamma(3)),
    (Duration(law="exponential", mean="3 days", shift="2 days"), stats.expon(loc=2, scale=3)),
    (Duration(law="gamma", mean="3 days", cv=0.5, shift="2 days"), stats.gamma(4, loc=2, scale=0.75)),
    (Duration(law="phase_type", phases=["1 day"] * 3, shift="2 days"), stats.gamma(3, loc=2)),
]


@pytest.mark.parametrize(("law", "frozen"), LAWS, ids=[repr(law) for law, _ in LAWS])
def test_mean_and_variation_are_those_of_the_law(law, frozen):
    assert law.mean_minutes / DAY == pytest.approx(frozen.mean())
    assert law.squared_cv == pytest.approx(frozen.var() / frozen.mean() ** 2)


def test_mixtures_and_observed_durations_by_hand():
    """One, two and six days, weighted 1, 2 and 1: 11/4 on average, 45/4 squared; a day and 3 days exponential: 2.5."""
    observed = Duration.empirical(["1 day", "2 days", "6 days"], [1, 2, 1])
    assert observed.mean_minutes / DAY == pytest.approx(11 / 4)
    assert observed.squared_cv == pytest.approx(45 / 4 / (11 / 4) ** 2 - 1)
    mixed = Duration.mixture(["1 day", Duration.exponential("3 days")], [1, 3])
    assert mixed.mean_minutes / DAY == pytest.approx(2.5)
    assert mixed.squared_cv == pytest.approx((1 + 3 * 18) / 4 / 2.5**2 - 1)
    assert Duration.fixed("3 days").squared_cv == Duration.fixed("0 days").squared_cv == 0


def test_phases_that_are_never_begun_with_are_allowed_and_others_are_named():
    law = Duration.phase_type(["1 day", "2 days"], start=[0, 1], next=[[0, 0], [0.5, 0]])
    assert law.mean_minutes / DAY == pytest.approx(2.5)
    for start in ([0.5, 0.4], [1.5, -0.5], [1.0]):
        with pytest.raises(InputError, match="`start` has one probability for each phase, and they sum to 1"):
            Duration.phase_type(["1 day", "2 days"], start=start)
