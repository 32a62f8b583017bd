"""Pictures of forecasts: which panel tells what, read off the figure before it is written."""

import numpy as np
import pytest

from flowsim.evidence.series import Series
from flowsim.forecasting.backtest import Backtest, Score
from flowsim.reporting.language import Language
from flowsim.reporting.pictures import forecasts
from flowsim.reporting.prospects import forecast


@pytest.fixture
def figures(monkeypatch):
    """Return the figures that are drawn, instead of their bytes."""
    monkeypatch.setattr(forecasts, "drawn", lambda figure, kind: figure)
    return forecasts


def score(method, mase):
    return Score(
        method=method,
        mase=mase,
        smape=10.0,
        coverage_80=0.75,
        coverage_95=0.9,
        interval_score_95=2.0,
        crps=mase / 2,
    )


def test_a_backtest_has_a_row_of_three_panels_for_each_series(figures):
    scores = (score("flowsim", 0.8), score("naive", 1.2))
    results = [Backtest(name=name, horizon=4, origins=("2019Q4",), scores=scores) for name in ("jobs", "grants")]
    panels = figures.backtest_picture(results, ".png").axes
    assert [panel.get_title(loc="left") for panel in panels[::3]] == ["jobs: MASE", "grants: MASE"]
    assert {panel.get_title(loc="left") for panel in panels[1::3]} == {"CRPS"}
    places = [panel.get_subplotspec() for panel in panels]
    assert [(place.rowspan.start, place.colspan.start) for place in places] == [
        (row, column) for row in (0, 1) for column in (0, 1, 2)
    ]
    assert [bar.get_width() for bar in panels[0].patches] == [1.2, 0.8]  # the best stands on top
    assert [bar.get_width() for bar in panels[1].patches] == [0.6, 0.4]
    held = [dots.get_offsets()[:, 0].tolist() for dots in panels[2].collections]
    np.testing.assert_allclose(held, [[75.0, 75.0], [90.0, 90.0]])


def test_a_danish_picture_names_members_and_methods_in_danish(figures):
    danish, numbers = Language.of("da"), 100 + np.random.default_rng(1).normal(0, 5, 24)
    series = Series(name="x", every="quarter", first="2015Q1", values=tuple(numbers.tolist()), unit="persons")
    own = forecast(series, 4).forecast
    labels = [line.get_label() for line in figures.forecast_figure([own], danish).axes[0].lines]
    heaviest = max(own.weights, key=own.weights.get)
    assert f"{danish.translated(heaviest)}, {danish.rounded(own.weights[heaviest])}" in labels
    assert danish.translated(heaviest) != heaviest
    scores = (score("flowsim", 0.8), score(heaviest, 1.2))
    panel, *_ = figures.backtest_picture(
        [Backtest(name="x", horizon=4, origins=("2019Q4",), scores=scores)], ".png", danish
    ).axes
    assert [label.get_text() for label in panel.get_yticklabels()] == [danish.translated(heaviest), "flowsim"]
