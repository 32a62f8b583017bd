import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from flowsim.core.errors import InputError
from flowsim.evidence.series import Series, documented_awards
from flowsim.forecasting import backtest as module
from flowsim.forecasting.backtest import OURS, Backtest, Score, backtest_parts, frame, run_backtest
from flowsim.forecasting.members.fitted import FITTED
from flowsim.forecasting.scores import crps
from flowsim.forecasting.shocks import Shock
from flowsim.forecasting.trend import forecast_series
from flowsim.reporting.language import Language
from flowsim.reporting.prospects import finding_of_backtest

METHODS = {OURS, "naive", "seasonal naive", "drift", *FITTED}


def series(values, first="2010Q1", name="series"):
    return Series(name=name, unit="awards", every="quarter", first=first, values=tuple(map(float, values)))


STEPS = [10, 20, 30, 40, 12, 24, 24, 50, 30, 40]


def scores(result):
    return {score.method: score for score in result.scores}


def test_naive_methods_by_hand():
    found = scores(run_backtest(series(STEPS), 2))
    # From the 8th quarter: 30 and 40 come; the unit is the mean of 2, 4, 6, 10. From the 9th: 40; of 2, 4, 6, 10, 18.
    assert found["naive"].mase == pytest.approx(((20 + 10) / 5.5 + 10 / 8) / 3)
    assert found["seasonal naive"].mase == pytest.approx(((18 + 16) / 5.5 + 16 / 8) / 3)
    slope = 40 / 7
    drift = (20 + slope) / 5.5 + (10 + 2 * slope) / 5.5
    assert found["drift"].mase == pytest.approx((drift + (40 - 32.5) / 8) / 3)
    assert found["naive"].smape == pytest.approx((200 * 20 / 80 + 200 * 10 / 90 + 200 * 10 / 70) / 3)


def test_the_naive_interval_by_hand():
    values = np.array(STEPS[:8], float)
    methods = dict(module._others(values, 3, "quarter"))
    sd = np.sqrt((np.diff(values) ** 2).mean())
    point, quantile = methods["naive"]
    assert point.tolist() == [50, 50, 50]
    assert quantile(0.9) == pytest.approx(50 + ndtri(0.9) * sd * np.sqrt([1, 2, 3]))
    point, quantile = methods["seasonal naive"]
    assert point.tolist() == [12, 24, 24]
    yearly = np.sqrt(((values[4:] - values[:-4]) ** 2).mean())
    assert quantile(0.9) == pytest.approx(point + ndtri(0.9) * yearly)
    point, quantile = methods["drift"]
    slope = 40 / 7
    assert point == pytest.approx(50 + slope * np.array([1, 2, 3]))
    around = np.sqrt(((np.diff(values) - slope) ** 2).mean())
    assert quantile(0.9) == pytest.approx(point + ndtri(0.9) * around * np.sqrt([8 / 7, 18 / 7, 30 / 7]))
    point, quantile = dict(module._others(values, 5, "quarter"))["seasonal naive"]
    assert quantile(0.9)[4] - point[4] == pytest.approx(ndtri(0.9) * yearly * np.sqrt(2))


def test_no_simple_method_says_that_fewer_than_none_come():
    """A series that falls to nothing: a line through it leads below zero, and so would what lies around it."""
    falling = [80, 70, 60, 50, 40, 30, 20, 10, 0, 0]
    drift = scores(run_backtest(series(falling), 2))["drift"]
    assert (drift.mase, drift.smape, drift.coverage_80) == (0, 0, 1)
    methods = dict(module._others(np.array(falling[:8], float), 6, "quarter"))
    assert set(methods) == METHODS - {OURS}
    for point, quantile in methods.values():
        assert point.min() >= 0
        assert quantile(0.001).min() >= 0
    assert {methods[name][1](0.001)[-1] for name in ("naive", "seasonal naive", "drift")} == {0}


def test_our_own_scores_are_those_of_the_forecasts():
    given = series(STEPS)
    said = forecast_series(given, 1, "2012Q1")
    one = scores(run_backtest(given, 1))[OURS]
    first = forecast_series(given, 1, "2011Q4")
    errors = [abs(first.point[0] - 30) / 5.5, abs(said.point[0] - 40) / 8]
    assert one.mase == pytest.approx(np.mean(errors))
    inside = [first.interval(0.8)[0][0] <= 30 <= first.interval(0.8)[1][0]]
    inside += [said.interval(0.8)[0][0] <= 40 <= said.interval(0.8)[1][0]]
    assert one.coverage_80 == np.mean(inside)
    each = [crps(first.paths(20_000), [30]) / 5.5, crps(said.paths(20_000), [40]) / 8]
    assert one.crps == pytest.approx(np.mean(each), rel=0.02)


def test_all_methods_are_scored_from_all_origins():
    result = run_backtest(series(STEPS), 4)
    assert {score.method for score in result.scores} == METHODS
    assert result.origins == ("2011Q4", "2012Q1")
    assert [score.mase for score in result.scores] == sorted(score.mase for score in result.scores)
    assert np.isfinite(frame([result]).drop(columns=["series", "method"]).to_numpy(float)).all()


def test_parts_and_whole_are_scored():
    results = backtest_parts([series(STEPS, name="one"), series(STEPS[::-1], name="other")], 2)
    assert [result.name for result in results] == ["one", "other", "total"]
    # One and its mirror image make whole years that are much alike; the whole is forecast as the sum of its parts.
    total = series(np.add(STEPS, STEPS[::-1]), name="total")
    assert scores(results[2])["naive"] == scores(run_backtest(total, 2))["naive"]
    assert scores(results[2])[OURS] != scores(run_backtest(total, 2))[OURS]


def test_the_finding_is_told_even_where_naive_wins():
    def score(method, value):
        return Score(method=method, mase=value, smape=1, coverage_80=1, coverage_95=1, interval_score_95=1, crps=1)

    lost = Backtest(name="x", horizon=4, origins=("2019Q4",), scores=(score("naive", 0.9), score(OURS, 1.2)))
    assert finding_of_backtest(lost, Language.of("en")).startswith(
        "naive has the lowest MASE, 0.90; flowsim is number 2 with 1.20; origins: 1, too"
    )
    assert "naiv har den laveste MASE, 0,90" in finding_of_backtest(lost, Language.of("da"))
    won = Backtest(name="x", horizon=4, origins=("a", "b"), scores=(score(OURS, 0.9), score("naive", 1.2)))
    assert finding_of_backtest(won, Language.of("en")).startswith(
        "flowsim has the lowest MASE, 0.90 (next: naive); origins: 2, too"
    )


def test_a_shock_is_known_only_from_its_quarter_on(monkeypatch):
    seen = {}

    def spy(series, horizon, origin, shock):
        seen[origin] = shock and shock.recovers
        return forecast_series(series, horizon, origin, shock)

    monkeypatch.setattr(module, "forecast_series", spy)
    run_backtest(documented_awards().series[0], 1, Shock.parse("2020Q2=recovers:4"))
    assert seen == {
        **dict.fromkeys(["2018Q4", "2019Q1", "2019Q2", "2019Q3", "2019Q4", "2020Q1"]),
        "2020Q2": 4,
    }


@pytest.mark.parametrize(
    ("shock", "message"),
    [
        ("2018Q1=recovers:4", "a shock in 2018Q1 can't be estimated from 2017Q1 to 2020Q3: it needs 8 quarters before"),
        ("2030Q1=recovers:4", "lies outside the series"),
        ("2020-04=recovers:4", "does not fit a series by quarter"),
    ],
)
def test_a_shock_that_no_origin_could_take_is_refused(shock, message):
    with pytest.raises(InputError, match=message):
        run_backtest(documented_awards().series[0], 1, Shock.parse(shock))


def test_origins_before_which_nothing_changed_are_left_out():
    result = run_backtest(series([5] * 8 + [6, 7, 8]), 1)
    assert result.origins == ("2012Q1", "2012Q2")


def test_an_origin_after_twelve_years_without_a_change_is_left_out(monkeypatch):
    monkeypatch.setattr(module, "FEWEST", {"quarter": 56})
    assert run_backtest(series([*STEPS[:8], *[0] * 48, 1, 2]), 1).origins == ("2024Q1",)


@pytest.mark.parametrize("values", [STEPS[:8], [5] * 8 + [6]])
def test_without_an_origin_there_is_nothing_to_score(values):
    with pytest.raises(InputError, match=r"series: no quarter can be forecast from: it needs 8"):
        run_backtest(series(values))


def test_the_table_is_tidy():
    table = frame([run_backtest(series(STEPS), 2)])
    assert isinstance(table, pd.DataFrame)
    assert list(table) == ["series", "horizon", "origins", *Score.__dataclass_fields__]
    assert len(table) == len(METHODS)
