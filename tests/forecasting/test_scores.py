import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowsim.core.errors import InputError
from flowsim.forecasting.scores import coverage, crps, interval_score, mase, scale, smape


def test_mase_by_hand():
    # Year to year the history changes by 2, 4, 6: 4 on average. The errors are 2 and 6.
    unit = scale([10, 20, 30, 40, 12, 24, 24])
    assert unit == 4
    assert mase([100, 100], [102, 94], unit) == 1.0


def test_smape_by_hand():
    # 200 * 50 / 150 and nothing, for zero against zero is no error.
    assert smape([100, 0], [50, 0]) == pytest.approx((200 / 3) / 2)
    assert smape([[1.0], [0.0]], [[3.0], [5.0]]).tolist() == [100, 200]


def test_interval_score_by_hand():
    # Widths 2; the first holds 1, the second misses 5 by 2 and the third 7 by 3: 2/0.2 = 10 for each unit missed.
    score = interval_score([0, 1, 10], [2, 3, 12], [1, 5, 7], 0.8)
    assert score == pytest.approx((2 + (2 + 20) + (2 + 30)) / 3)


def test_coverage_counts_the_ends():
    assert coverage([0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 1.01, -0.01]) == 0.5


def test_crps_by_hand():
    # E|X - y| = (1 + 1)/2; E|X - X'| = (0 + 2 + 2 + 0)/4.
    assert crps([[0.0], [2.0]], [1.0]) == pytest.approx(1 - 0.5)
    # Of a single path it is the absolute error.
    assert crps([[3.0, 5.0]], [1.0, 5.0]) == 1.0


@pytest.mark.slow
def test_crps_and_interval_score_are_those_of_scoringrules():
    import scoringrules

    generator = np.random.default_rng(5)
    paths, actual = generator.gamma(2, 50, (301, 6)), generator.gamma(2, 50, 6)
    theirs = scoringrules.crps_ensemble(actual, paths.T, estimator="qd")
    assert crps(paths, actual) == pytest.approx(theirs.mean())
    low, high = np.quantile(paths, [0.1, 0.9], axis=0)
    assert interval_score(low, high, actual, 0.8) == pytest.approx(
        scoringrules.interval_score(actual, low, high, 0.2).mean()
    )


def test_crps_of_a_normal_sample_is_its_closed_form():
    # Gneiting and Raftery (2007), 5.3: at the mean of a standard normal it is (sqrt(2) - 1) / sqrt(pi).
    from scipy.special import ndtri

    grid = ndtri((np.arange(4000) + 0.5) / 4000)[:, None]
    assert crps(grid, [0.0]) == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi), rel=1e-3)


@given(st.lists(st.integers(-999, 999), min_size=1, max_size=30), st.integers(-999, 999))
def test_crps_is_never_negative_and_nothing_for_the_truth(sample, came):
    assert crps(np.array(sample)[:, None], [came]) >= -1e-9
    assert crps(np.full((5, 1), came), [came]) == 0


@pytest.mark.parametrize("history", [[1, 2, 3, 4], [1, 2, 3, 4, 1, 2, 3, 4]])
def test_without_a_change_there_is_no_unit(history):
    with pytest.raises(InputError, match=r"season of 4 needs more|repeats itself"):
        scale(history)
