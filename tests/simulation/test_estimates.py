"""One statistic for one measure: cases worked by hand, one rule for the undefined, and rates in repetitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from flowsim.core.arrays import defined_quantiles
from flowsim.simulation.estimates import difference, differences, level, levels, sure_rows
from flowsim.simulation.intervals import cautious_interval
from flowsim.simulation.measures.flows import AWARDS
from flowsim.simulation.measures.spells import CLOCK_WITHIN
from flowsim.simulation.measures.stations import QUEUE, SERVED

WAIT, QUEUED, AWARDED = SERVED("team"), QUEUE("team"), AWARDS("course")
nan, inf = math.nan, math.inf


def test_a_wait_is_the_median_between_order_statistics():
    # Of 20 the 95.9 % interval goes from the 6th to the 15th: twice the chance of five heads or fewer is .0414.
    told = level(WAIT, np.arange(1.0, 21))
    assert (told.estimate, told.low, told.high) == (10.5, 6, 15)
    assert (told.defined, told.left_out, told.stalled, told.known) == (20, 0, 0, True)


def test_what_adds_up_is_the_mean_with_the_wider_of_two_intervals():
    values = np.array([3.0, 5, 4, 9, 2, 4, 5, 3, 30, 6])
    told, alone = level(AWARDED, values), cautious_interval(values, 0.05)
    assert told.estimate == pytest.approx(7.1)
    assert (told.low, told.high) == pytest.approx((max(alone.low, 0), alone.high))


def test_a_level_that_is_never_below_zero_has_no_end_below_it():
    told = level(AWARDED, np.array([0.0] * 11 + [40]))
    assert told.low == 0
    lower = difference(AWARDED, np.zeros(12), np.array([0.0] * 11 + [40]))
    assert lower.low < 0


def test_a_future_in_which_the_queue_stands_still_is_the_worst_and_counts():
    served = np.array([nan, 1.0, 2, 3, 4, 5, 6, 7, 8, 9, inf, inf, inf])
    told = level(WAIT, served)
    assert told.estimate == 6.5  # of 1 to 9 and three worse ones; the mean of what is finite is 5
    assert (told.defined, told.left_out, told.stalled) == (12, 1, 3)
    assert (told.low, told.high) == (3, inf)


def test_where_both_stand_still_they_do_not_differ_and_where_one_does_the_difference_has_no_end():
    # As issued: today stands still in two futures, and what is left of it made more staff look worse than it is.
    today = np.array([inf, inf, nan, inf, *np.arange(10.0, 20)])
    more = np.array([30.0, 28, 5, inf, *np.arange(9.0, 19)])
    told = difference(WAIT, today, more)
    assert (told.estimate, told.low, told.high) == (-1, -1, -1)
    assert (told.defined, told.left_out, told.stalled) == (13, 1, 2)
    both = differences([WAIT], today[:, None], more[:, None])
    assert both.differing.tolist() == [12]


def test_a_median_between_two_ends_that_have_none_is_not_defined():
    assert math.isnan(level(WAIT, np.array([-inf, inf])).estimate)
    assert level(WAIT, np.array([1.0, inf])).estimate == inf


def test_fewer_than_ten_defined_futures_leave_it_open_how_sure_a_figure_is():
    for measure in (WAIT, AWARDED):
        few = level(measure, np.array([*range(1, 10), nan, nan]))
        assert (few.estimate, few.defined, few.left_out, few.known) == (5, 9, 2, False)
        assert level(measure, np.arange(1.0, 11)).known
        nobody = level(measure, np.array([nan, nan]))
        assert math.isnan(nobody.estimate)
        assert nobody.defined == 0


def test_equal_figures_leave_it_open_how_sure_a_mean_is():
    assert not level(AWARDED, np.zeros(50)).known
    told = level(WAIT, np.zeros(50))
    assert (told.estimate, told.low, told.high) == (0, 0, 0)  # half of all futures or more, surely


def test_a_table_is_its_columns():
    rng = np.random.default_rng(1)
    values = rng.gamma(2, size=(30, 40))
    values[rng.random(values.shape) < 0.3] = nan
    values[rng.random(values.shape) < 0.1] = inf
    measures = [WAIT, AWARDED] * 20
    values[:, 1::2] = np.where(np.isinf(values[:, 1::2]), 1, values[:, 1::2])
    told, p = levels(measures, values), differences(measures, values, values + rng.normal(0.3, size=values.shape))
    for n, measure in enumerate(measures):
        alone = level(measure, values[:, n])
        np.testing.assert_allclose(
            [told.at(n).estimate, told.at(n).low, told.at(n).high], [alone.estimate, alone.low, alone.high]
        )
    # An interval leaves 0 out where the error allowed is larger than the p-value, and only there.
    for error in (0.5, 0.1, 0.01, 0.001):
        again = differences(measures, values, values + np.random.default_rng(9).normal(0.3, size=values.shape), error)
        known = ~np.isnan(again.low)
        out = (again.low > 0) | (again.high < 0)
        np.testing.assert_array_equal(out[known], (again.p_value <= error)[known])
    assert ((p.p_value >= 0) & (p.p_value <= 1)).all()


def test_the_sign_test_by_hand():
    # 2 of 12 against: twice (1 + 12 + 66) of 4096; zeros count against both sides.
    away = np.array([[1.0]] * 10 + [[-1.0]] * 2)
    assert differences([WAIT], np.zeros((12, 1)), away).p_value[0] == pytest.approx(2 * 79 / 4096)
    zeros = np.array([[1.0]] * 10 + [[0.0]] * 2)
    assert differences([WAIT], np.zeros((12, 1)), zeros).p_value[0] == pytest.approx(2 * 79 / 4096)
    equal = differences([AWARDED], np.zeros((12, 1)), np.full((12, 1), 3.0))
    assert equal.p_value[0] == pytest.approx(2 / 4096)
    assert math.isnan(equal.low[0])


def test_the_sure_rows_of_a_table_by_hand():
    p, some = np.array([0.04, 0.001, 0.03, 0.0125, 1e-9]), np.ones(5, int)
    # Against .05 / 5, / 4, / 3: the third is the first to fail, and no larger one is sure either.
    assert sure_rows(p, some).tolist() == [False, True, False, True, True]
    some[0] = 0  # never differs: no test, and .03 has .05 / 1 left
    assert sure_rows(p, some).tolist() == [False, True, True, True, True]
    assert not sure_rows(np.ones(3), np.zeros(3, int)).any()
    assert sure_rows(np.array([0.01]), np.ones(1, int)).all()


def test_quantiles_stand_at_the_n_plus_first_place():
    nineteen = np.arange(1.0, 20)[:, None]
    assert defined_quantiles(nineteen, (0.05, 0.5, 0.95)).ravel().tolist() == [1, 10, 19]
    assert defined_quantiles(np.arange(1.0, 6)[:, None], (0.05, 0.5, 0.95)).ravel().tolist() == [1, 3, 5]
    twenty = np.arange(1.0, 21)[:, None]
    assert defined_quantiles(twenty, (0.05, 0.95)).ravel() == pytest.approx([1.05, 19.95])
    table = np.array([[1.0, nan, inf], [2, nan, 1], [3, nan, 2]])
    np.testing.assert_array_equal(defined_quantiles(table, (0.5,)), [[2, nan, 2]])
    np.testing.assert_array_equal(defined_quantiles(np.array([[1.0], [inf]]), (0.0, 0.4, 1.0)).ravel(), [1, inf, inf])


@pytest.mark.parametrize("n", [19, 20, 50])
def test_nine_in_ten_further_futures_lie_between_p05_and_p95(n):
    # Of a further value the chance is exactly .9 for whole places, whatever the law; a little less in between.
    rng = np.random.default_rng(n)
    tables, further = rng.exponential(size=(n, 4000)) ** 2, rng.exponential(size=4000) ** 2
    low, high = defined_quantiles(tables, (0.05, 0.95))
    inside = int(((low <= further) & (further <= high)).sum())
    assert stats.binom.ppf(0.0005, 4000, 0.88) <= inside <= stats.binom.ppf(0.9995, 4000, 0.93)


LAWS = {
    "normal": (lambda rng, shape: rng.normal(size=shape), 0.0, 0.0),
    "skewed": (lambda rng, shape: rng.exponential(size=shape), math.log(2), 1.0),
    "counted": (lambda rng, shape: rng.poisson(3.0, shape).astype(float), 3.0, 3.0),
    "rare": (lambda rng, shape: rng.poisson(0.3, shape).astype(float), 0.0, 0.3),
}


@pytest.mark.parametrize("n", [20, 50])
@pytest.mark.parametrize("law", LAWS)
def test_intervals_of_pairs_hold_as_often_as_they_say(law, n):
    draw, median, mean = LAWS[law]
    away = draw(np.random.default_rng(n), (n, 3000))
    for measure, truth in ((QUEUED, median), (AWARDED, mean)):
        told = differences([measure] * 3000, np.zeros_like(away), away)
        known = ~np.isnan(told.low)
        held = int(((told.low <= truth) & (truth <= told.high))[known].sum())
        assert held >= stats.binom.ppf(0.001, known.sum(), 0.945)
        if law in ("normal", "skewed"):  # with ties order statistics hold more often than they say
            assert held <= stats.binom.ppf(0.999, known.sum(), 0.98)


def test_a_false_row_is_sure_in_five_tables_of_a_hundred_at_most():
    rng = np.random.default_rng(2)
    measures = [WAIT] * 15 + [AWARDED] * 15
    false = 0
    for _ in range(600):
        scale = rng.gamma(2, size=(40, 30))
        table = differences(measures, scale, scale + rng.normal(size=(40, 30)) * rng.exponential(size=(40, 30)))
        false += sure_rows(table.p_value, table.differing).any()
    assert false <= stats.binom.ppf(0.999, 600, 0.05)


@given(
    arrays(np.float64, st.tuples(st.integers(10, 60), st.integers(1, 3)), elements=st.floats(0, 1)),
    st.sampled_from([0.05, 0.001]),
)
def test_a_share_and_what_is_known_of_it_stay_between_none_and_all(values, error):
    shares = [CLOCK_WITHIN("decision")] * values.shape[1]
    table = levels(shares, values, error)
    for figures in (table.estimate, table.low, table.high):
        known = figures[~np.isnan(figures)]
        assert ((known >= 0) & (known <= 1)).all()
    apart = differences(shares, values, values[::-1], error)
    for figures in (apart.estimate, apart.low, apart.high):
        known = figures[~np.isnan(figures)]
        assert ((known >= -1) & (known <= 1)).all()
