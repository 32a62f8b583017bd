"""Intervals against cases worked by hand, closed forms, and repetitions with a known truth."""

import math

import numpy as np
import pytest
from scipy import stats

from flowsim.simulation.intervals import (
    betting_interval,
    bounded_interval,
    cautious_interval,
    median_rank,
    rarest_missed,
    share_interval,
    skewness_corrected_interval,
    student_interval,
)


def test_students_interval_by_hand():
    # mean 2, variance 1, standard error 1 / sqrt(3), t(.975; 2) = 4.302653
    interval = student_interval(np.array([1.0, 2.0, 3.0]), 0.05)
    assert (interval.low, interval.high) == pytest.approx((2 - 2.484138, 2 + 2.484138), abs=1e-5)


def test_the_skewness_corrected_interval_solves_halls_cubic():
    values = np.array([0.0, 0, 0, 0, 1, 0, 0, 9, 0, 2])
    interval = skewness_corrected_interval(values, 0.05)
    a, t = stats.skew(values) / math.sqrt(10), stats.t.isf(0.025, 9)
    for end, quantile in ((interval.low, t), (interval.high, -t)):
        x = (values.mean() - end) / interval.error
        assert x + a * x**2 / 3 + a**2 * x**3 / 27 + a / 6 == pytest.approx(quantile)


def test_values_that_lean_neither_way_are_corrected_by_nothing():
    values = np.array([-2.0, -1, 0, 1, 2]) + 10
    plain, corrected = student_interval(values, 0.05), skewness_corrected_interval(values, 0.05)
    assert (corrected.low, corrected.high) == pytest.approx((plain.low, plain.high))


def test_the_cautious_interval_holds_both():
    values = np.random.default_rng(3).exponential(size=40) ** 2
    wide = cautious_interval(values, 0.01)
    for inner in (student_interval(values, 0.01), skewness_corrected_interval(values, 0.01)):
        assert wide.low <= inner.low
        assert wide.high >= inner.high


@pytest.mark.parametrize("value", [0.0, 0.1, 5.0])
def test_equal_values_decide_nothing_of_what_has_no_bound(value):
    interval = cautious_interval(np.full(200, value), 0.05)
    assert (interval.low, interval.high) == (-math.inf, math.inf)
    assert not interval.in_vain(1.0, 100, 200)


def test_full_shares_exclude_no_mean_that_the_largest_bets_can_not():
    interval = betting_interval(np.ones(200), 0.05)
    assert interval.high == 1.0
    # at a mean m the bets are capped by .75 / m: no gambler wins 40 times the stake in 200 rounds from here on up
    kept = next(m for m in np.linspace(0, 1, 1001) if 200 * math.log1p(0.75 / m * (1 - m) if m else 1) < math.log(40))
    assert interval.low <= kept


def test_betting_intervals_miss_a_rare_exception_no_more_often_than_they_may():
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(300):
        interval = betting_interval((rng.random(60) < 0.97).astype(float), 0.05)
        missed += not interval.low <= 0.97 <= interval.high
    assert missed <= stats.binom.ppf(0.999, 300, 0.05)


def test_a_bounded_interval_never_leaves_its_range():
    values = np.random.default_rng(7).beta(20, 0.5, size=60) * 100
    interval = bounded_interval(values, 1e-6, 100.0)
    assert 0 <= interval.low < interval.estimate < interval.high <= 100


def test_none_of_59_leaves_five_in_a_hundred_possible():
    assert rarest_missed(59) == pytest.approx(1 - 0.05 ** (1 / 59))
    assert share_interval(0, 59, 0.1).high == pytest.approx(rarest_missed(59))


@pytest.mark.parametrize(("n", "rank"), [(6, 1), (10, 2), (20, 6), (50, 18)])
def test_the_median_lies_between_the_ranks_of_the_tables(n, rank):
    assert median_rank(n, 0.05) == rank


def test_five_values_leave_the_median_open():
    assert median_rank(5, 0.05) == 0
