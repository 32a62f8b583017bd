"""The accuracy benchmark's arithmetic; its series are not needed for that."""

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks import accuracy
from benchmarks.public_series import Case
from scipy import stats

from flowsim.evidence.series import Series
from flowsim.forecasting.trend import forecast_series, learned

# From year to year the histories change by 2 and by 4.
CASES = [
    Case("M3", 0, np.array([1.0, 2, 3, 4, 3, 4, 5, 6]), np.full(8, 10.0)),
    Case("M1", 1, np.array([1.0, 2, 3, 4, 5, 6, 7, 8]), np.full(8, 20.0)),
]


def said(points, low=0.0, high=0.0):
    point = np.repeat(np.array(points, float)[:, None], 8, axis=1)
    ends = np.stack([np.stack([point - low, point + high], axis=1)] * 2, axis=1)
    return accuracy.Said(point, ends, 0.5)


def test_figures_by_hand():
    found = accuracy.figures(said([14, 20], 5, 1), CASES)
    assert found["mase"] == pytest.approx((4 / 2 + 0 / 4) / 2)
    assert found["each"].tolist() == [2, 0]
    assert found["smape"] == pytest.approx(200 * 4 / 24 / 2)
    assert found["coverage_80"] == 1
    assert found["interval_score_95"] == pytest.approx((6 / 2 + 6 / 4) / 2)
    assert found["cpu_ms"] == 250
    missed = accuracy.figures(said([14, 20], 1, 1), CASES)
    assert missed["coverage_95"] == 0.5
    assert missed["interval_score_80"] == pytest.approx(((2 + 10 * 3) / 2 + 2 / 4) / 2)
    assert missed["interval_score_80_median"] == pytest.approx(((2 + 10 * 3) / 2 + 2 / 4) / 2)


def test_what_a_method_failed_at_is_counted_and_left_out():
    found = accuracy.figures(said([float("nan"), 20], 1, 1), CASES)
    assert (found["missing"], found["mase"], found["coverage_80"]) == (1, 0, 1)


def test_the_paired_test_is_that_of_scipy():
    one, other = np.random.default_rng(1).normal(1, 0.3, (2, 50))
    found = accuracy.compare(one, other + 0.1)
    assert found["difference"] == pytest.approx((one - other).mean() - 0.1)
    assert found["p_t"] == pytest.approx(stats.ttest_rel(one, other + 0.1).pvalue)
    assert found["lower"] < found["difference"] < found["upper"]


def test_the_mean_of_four():
    told = {name: said([value, value], 1, value) for value, name in enumerate(accuracy.FOUR)}
    found = accuracy.mean_of_four(told)
    assert found.point[0, 0] == 1.5
    assert found.ends[0, 0, :, 0].tolist() == [0.5, 3.0]
    assert found.cpu == 2


def test_a_year_is_repeated():
    assert accuracy.seasonal_naive(CASES).point[0].tolist() == [3, 4, 5, 6, 3, 4, 5, 6]


def test_ours_are_the_public_forecasts():
    found, volatility = accuracy.ours(CASES, {"M3": learned("quarter"), "M1": learned("quarter")})
    own = forecast_series(Series(name="x", unit="", every="quarter", first="2000Q1", values=tuple(CASES[1].history)), 8)
    assert found["flowsim"].point[1] == pytest.approx(own.point)
    assert found["flowsim"].ends[1, 1, 0] == pytest.approx(own.interval(0.95)[0])
    assert found["theta"].point[1] == pytest.approx(own.members["theta"])
    assert found["flowsim"].cpu > 0
    assert volatility[1] == pytest.approx(np.sqrt((own.errors**2).mean()))


def test_a_peer_is_asked_once_for_the_same_series(tmp_path, monkeypatch):
    asked = []

    def run(command, check):
        asked.append(command)
        given = json.loads(Path(command[2]).read_text())
        rows = [[[-1.0] * 8, [-2.0] * 8, [3.0] * 8, [-4.0] * 8, [5.0] * 8] for _ in given["histories"]]
        rows[0] = None
        models = {name: {"forecasts": rows, "cpu": 1.0, "failed": 1} for name in accuracy.FOUR}
        Path(command[3]).write_text(json.dumps({"models": models, "versions": {"statsforecast": "0"}}))

    monkeypatch.setattr(accuracy, "PEERS", tmp_path)
    monkeypatch.setattr(accuracy.subprocess, "run", run)
    for _ in range(2):
        found, versions = accuracy.theirs(CASES, "M3_15")
    assert len(asked) == 1
    assert versions == {"statsforecast": "0"}
    assert np.isnan(found["AutoETS"].point[0]).all()
    # Negative points and ends are no counts.
    assert found["AutoETS"].point[1].tolist() == [0] * 8
    assert found["AutoETS"].ends[1, :, :, 0].tolist() == [[0, 3], [0, 5]]
    accuracy.theirs(CASES[:1], "M3_15")
    assert len(asked) == 2


def test_coverage_by_thirds_of_volatility():
    cases = [CASES[1]] * 6
    found = accuracy.thirds(said([20, 20, 20, 0, 0, 20], 1, 1), cases, np.array([1.0, 2, 3, 4, 5, 6]))
    assert [row["coverage_80"] for row in found.values()] == [1, 0.5, 0.5]
    assert [row["volatility"] for row in found.values()] == [1.5, 3.5, 5.5]


def test_the_table_says_what_falls_short():
    row = {"smape": 9.0, "mase": 1.0, "missing": 2, "coverage_80": 0.8, "coverage_95": 0.91, "cpu_ratio": 3.0}
    row |= {"interval_score_95": 12.0, "interval_score_95_median": 7.0, "grids_cpu_ratio": 0.5}
    test = {"difference": 0.01, "lower": -0.02, "upper": 0.04, "p_t": 0.4, "p_wilcoxon": 0.4}
    found = {"flowsim": row, "mean of four": {**row, "flowsim_against_it": test}}
    data = dict.fromkeys(["M3", "M1", "tourism", "pooled"], found)
    alone = {name: {"flowsim": row} for name in data}
    lengths = {"8": alone, "11": alone, "15": data, "full": data, "months": {"M3": found}}
    third = {"coverage_80": 0.8, "coverage_95": 0.95, "volatility": 0.1}
    thirds = {"15": dict.fromkeys(["quiet", "middle", "volatile"], third)}
    text = accuracy.table({"lengths": lengths, "thirds": thirds, "versions": {"flowsim": "0"}})
    assert "| full length, M3: sMAPE | ≤ 8.75 | 9.00 | falls short |" in text
    assert "| full length, M3: MASE | ≤ 1.045 | 1.000 |  |" in text
    assert "| 15 points, M3: 80 % interval | 0.76 to 0.86 | 0.80 |  |" in text
    assert "| 15 points, M3: 95 % interval | 0.92 to 0.97 | 0.91 | falls short |" in text
    assert "| 15 points, M1: 95 % interval | 0.90 to 0.97 | 0.91 |  |" in text
    assert "| the last 15 training points | +0.010 (-0.020 to +0.040), p = 0.4 |" in text
    assert "| every twentieth monthly series, 18 months ahead |  | +0.010" in text
    assert "| the last 15 training points | 0.800 / 0.950 (size 0.10) |" in text
    assert "| flowsim (without 2) | 9.00 | 1.000 | 0.800 | 0.910 | 12.0 (7.0) | 3 × |" in text
    assert "**M3, M1 and tourism together, the last 15 training points**" in text
