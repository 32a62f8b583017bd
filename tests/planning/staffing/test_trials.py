"""Intervals that are looked at again and again."""

import numpy as np
import pytest
from scipy import stats

from flowsim import InputError
from flowsim.simulation.intervals import share_interval, student_interval
from flowsim.simulation.precision import FEWEST_REPLICATIONS, looks


def test_looks_grow_by_half_up_to_the_most():
    assert looks(200) == (40, 60, 90, 135, 200)
    assert looks(FEWEST_REPLICATIONS) == (40,)
    assert looks(41) == (40, 41)
    assert all(
        early < late for most in range(40, 500) for early, late in zip(looks(most), looks(most)[1:], strict=False)
    )
    with pytest.raises(InputError, match="replications: 39 is not allowed: at least 40 are needed"):
        looks(39)


def test_a_mean_worked_by_hand():
    # Mean 2, standard deviation 1, n = 3: 4.30265 / sqrt(3) to either side.
    interval = student_interval(np.array([1.0, 2.0, 3.0]), 0.05)
    assert interval.estimate == 2
    assert interval.error == pytest.approx(1 / 3**0.5)
    assert (interval.low, interval.high) == pytest.approx((2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5))


def test_a_share_as_clopper_and_pearson_tell_it():
    # 8 of 10 at 95 %: their table has 0.444 to 0.975.
    interval = share_interval(8, 10, 0.05)
    assert interval.estimate == 0.8
    assert (interval.low, interval.high) == pytest.approx((0.4439, 0.9748), abs=1e-4)
    none, all_of_them = share_interval(0, 10, 0.05), share_interval(10, 10, 0.05)
    assert (none.low, none.high) == pytest.approx((0, 1 - 0.025**0.1))
    assert (all_of_them.low, all_of_them.high) == pytest.approx((0.025**0.1, 1))


def test_all_looks_together_are_wrong_no_more_often_than_stated():
    """Of normal figures whose mean is 0, so that whatever an interval excludes it excludes wrongly."""
    streams, error, schedule = 4000, 0.2, looks(200)
    values = np.random.default_rng(1).standard_normal((streams, schedule[-1]))
    wrong = np.zeros(streams, bool)
    for look in schedule:
        intervals = [student_interval(row[:look], error / len(schedule)) for row in values]
        wrong |= [not interval.low <= 0 <= interval.high for interval in intervals]
    assert wrong.sum() <= stats.binom.isf(1e-6, streams, error)
    assert wrong.sum() >= 0.25 * error * streams  # and not for being far too wide


def test_it_is_in_vain_only_where_more_replications_will_hardly_tell():
    values = np.array([0.9, 1.1] * 20)
    interval = student_interval(values, 1e-4)
    assert interval.in_vain(1.0, 40, 200)
    assert not interval.in_vain(interval.low + 1e-6, 40, 200)  # it is about to be told
    assert not interval.in_vain(interval.high + 1e-6, 40, 200)  # it is told
    assert not interval.in_vain(1.0, 20, 200)  # it is too early to say


def test_giving_up_seldom_gives_away_what_would_have_been_told():
    """Where the last look tells in all likelihood, an early one may not say that it is in vain."""
    streams, schedule, error = 2000, looks(200), 1e-3
    values = np.random.default_rng(2).normal(0.5, 1.0, (streams, 200))  # 7 standard errors from 0 in the end
    given_up = sum(
        any(student_interval(row[:look], error).in_vain(0.0, look, 200) for look in schedule[:-1]) for row in values
    )
    assert given_up <= 0.02 * streams
