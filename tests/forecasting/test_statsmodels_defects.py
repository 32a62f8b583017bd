"""What statsmodels gets wrong today, and flowsim steps around. Where one of these fails it has been repaired: then the
way around it in `forecast.py` can go."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.statespace.sarimax import SARIMAX

SEASONS = np.tile([0.9, 1.0, 1.15, 0.95], 11)


def wandering(count, smoothing=0.4, seed=1):
    """A series that is ARIMA(0,1,1), which is what Theta takes for granted, with errors of size 1."""
    errors = np.random.default_rng(seed).normal(size=count)
    level = 100 + np.concatenate([[0], smoothing * np.cumsum(errors)[:-1]])
    return level + errors


def test_thetas_intervals_still_grow_by_the_wrong_formula():
    result = ThetaModel(wandering(300), period=4, deseasonalize=False).fit(use_mle=True)
    alpha = float(result.params.iloc[1])
    ends = result.prediction_intervals(8)
    width = (ends["upper"] - ends["lower"]).to_numpy()
    assert 0.1 < alpha < 0.55
    assert width[7] / width[0] == pytest.approx(np.sqrt(1 + 7 * (1 + (alpha - 1) ** 2)))
    # What it should be, by statsmodels' own ARIMA(0,1,1) of the same alpha.
    right = ARIMA(wandering(300), order=(0, 1, 1), trend="t").fit().get_forecast(8).se_mean
    assert width[7] / width[0] > 1.5 * right[7] / right[0]


# Of where the search for the parameters begins, with seasons in the way; the fit is what counts here.
@pytest.mark.filterwarnings("ignore:Non-invertible starting MA parameters")
def test_thetas_variance_is_still_that_of_the_series_with_its_seasons():
    values = wandering(44) * SEASONS
    result = ThetaModel(values, period=4).fit()
    raw = SARIMAX(values, order=(0, 1, 1), trend="c").fit(disp=False)
    assert result.model.deseasonalize
    assert result.sigma2 == pytest.approx(raw.params[-1])
    assert result.sigma2 > 20


def test_ets_on_an_array_still_gives_no_intervals():
    values = wandering(20)
    given = ETSModel(values, trend="add", damped_trend=True).fit(disp=False)
    with pytest.raises(AttributeError, match="index"):
        given.get_prediction(start=20, end=27).pred_int()
    named = ETSModel(pd.Series(values), trend="add", damped_trend=True).fit(disp=False)
    assert len(named.get_prediction(start=20, end=27).pred_int()) == 8
