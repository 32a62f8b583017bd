import math
import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from flowsim.core.arrays import defined_deviation, defined_mean, defined_quantiles, plain

FIGURES = st.floats(-1e6, 1e6, allow_subnormal=False) | st.just(math.nan)


@given(arrays(np.float64, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=FIGURES))
def test_means_deviations_and_quantiles_leave_out_what_is_undefined(values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's, where a column has nothing that is defined
        mean, deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0, ddof=1)
        quantiles = np.nanquantile(values, (0.05, 0.5), axis=0, method="weibull")
    np.testing.assert_allclose(defined_mean(values), mean)
    np.testing.assert_allclose(defined_deviation(values), deviation, atol=1e-6)
    np.testing.assert_allclose(defined_quantiles(values, (0.05, 0.5)), quantiles, atol=1e-6)


def test_quantiles_of_one_column_are_one_a_level():
    assert defined_quantiles(np.array([3.0, math.nan, 1.0]), (0.0, 0.5, 1.0)).tolist() == [1.0, 2.0, 3.0]
    assert np.isnan(defined_quantiles(np.array([math.nan]), (0.5,))).all()
    assert np.isnan(defined_quantiles(np.zeros((0, 2)), (0.5,))).all()


def test_quantiles_know_what_is_infinite():
    futures = np.array([2.0, 4.0, math.inf, math.inf])
    assert defined_quantiles(futures, (0.0, 0.4, 0.5, 1.0)).tolist() == [2.0, 4.0, math.inf, math.inf]


def test_plain_data_holds_no_number_that_json_has_not():
    data = {"a": [1.5, math.nan, (math.inf, "x")], "b": {"c": -math.inf, "d": None, "e": 2}}
    assert plain(data) == {"a": [1.5, None, [None, "x"]], "b": {"c": None, "d": None, "e": 2}}
