"""Forecast and simulation scored on the past, and combined by it."""

from dataclasses import replace

import numpy as np
import pytest

from flowsim import InputError
from flowsim.calibration.retrospect import Retrospect
from flowsim.evidence.series import Series
from flowsim.forecasting.pairing import pair, pooled, series_of
from flowsim.reporting.language import Language
from flowsim.reporting.prospects import finding_of_pair

VALUES = (40.0, 44.0, 50.0, 42.0, 47.0, 55.0, 52.0, 60.0, 58.0, 66.0, 64.0, 73.0)
SERIES = Series(name="awards.a", unit="awards", every="quarter", first="2018Q1", values=VALUES)
PERIODS = SERIES.periods


def past(known, off, spread, sets=200):
    """Return what a simulation said that is off by so much, as wide as this."""
    noise = np.random.default_rng(known).standard_normal((sets, len(VALUES) - known))
    paths = np.array(VALUES[known:]) + off + spread * (noise - noise.mean(axis=0))
    return Retrospect(origin=PERIODS[known - 1], fitted=9, periods=PERIODS[known:], paths={"awards.a": paths})


def test_a_simulation_that_knows_it_all_wins_and_is_half_of_the_combination():
    found = pair(SERIES, [past(known, 0.0, 0.5) for known in (8, 9, 10)])
    assert found.scores[0].method == "simulation"
    assert (found.share, found.distinct) == (0.5, 4)
    scores = {one.method: one for one in found.scores}
    assert scores["simulation"].mase < 0.05
    assert scores["simulation"].coverage_80 == scores["simulation"].coverage_95 == 1.0
    assert scores["simulation"].crps < scores["forecast"].crps
    assert (found.origins, found.quarters) == (("2019Q4", "2020Q1", "2020Q2"), 4 + 3 + 2)


def test_a_simulation_that_is_far_off_loses():
    found = pair(SERIES, [past(known, 500.0, 0.5) for known in (8, 9, 10)])
    assert [score.method for score in found.scores] == ["forecast", "combination", "simulation"]
    finding = finding_of_pair(found, Language.of("en"))
    assert "has the lowest CRPS" in finding
    assert "prognose har den laveste CRPS" in finding_of_pair(found, Language.of("da"))
    assert finding.endswith("unproven, for the 9 quarters ahead of 3 origins are 4 distinct ones")


def test_no_score_chooses_the_share_by_which_the_combination_is_judged():
    found = pair(SERIES, [past(8, 0.0, 0.5), past(9, 0.0, 0.5), past(10, 4000.0, 0.5)])
    assert found.share == 0.5


def test_the_scores_of_a_sharp_simulation_by_hand():
    # One future, 10 above what comes: the absolute error is 10, in units of the mean change from year to year.
    known = 10
    told = Retrospect(
        origin=PERIODS[known - 1],
        fitted=9,
        periods=PERIODS[known:],
        paths={"awards.a": np.array([[VALUES[10] + 10, VALUES[11] + 10]])},
    )
    also = Retrospect(
        origin=PERIODS[known - 2],
        fitted=9,
        periods=PERIODS[known - 1 :],
        paths={"awards.a": np.array([[value + 10 for value in VALUES[known - 1 :]]])},
    )
    unit = {n: np.mean([abs(VALUES[i + 4] - VALUES[i]) for i in range(n - 4)]) for n in (9, 10)}
    expected = (2 * 10 / unit[10] + 3 * 10 / unit[9]) / 5
    score = next(one for one in pair(SERIES, [told, also]).scores if one.method == "simulation")
    assert score.mase == pytest.approx(expected)
    assert score.crps == pytest.approx(expected)
    assert score.interval_score_95 == pytest.approx(40 * expected)
    assert score.coverage_80 == 0.0


def test_a_pool_has_the_share_of_each():
    trend, simulated = np.zeros((100, 2)), np.ones((40, 2))
    assert pooled(trend, simulated, 0.25).sum(axis=0).tolist() == [25.0, 25.0]
    assert pooled(trend, simulated, 0.0).sum() == 0
    assert pooled(trend, simulated, 1.0).sum() == 200
    assert pooled(trend, simulated, 0.5).shape == (100, 2)


def test_one_past_is_scored_and_said_to_be_one():
    found = pair(SERIES, [past(8, 0.0, 0.5)])
    assert (found.origins, found.quarters, found.distinct) == (("2019Q4",), 4, 4)
    assert found.scores[0].method == "simulation"
    said = {code: finding_of_pair(found, Language.of(code)) for code in ("en", "da")}
    assert said["en"].endswith("; unproven, for there is one origin, with 4 quarters ahead")
    assert said["da"].endswith("; ikke efterprøvet, for der er kun ét udgangspunkt med 4 kvartaler frem")


def test_a_past_of_the_measure_is_needed():
    other = replace(past(8, 0.0, 1.0), paths={"awards.b": np.zeros((3, 4))})
    for pasts in ([], [other]):
        with pytest.raises(InputError, match=r"awards.a: there is no past to look back from: at least 1 is needed"):
            pair(SERIES, pasts)


@pytest.mark.parametrize(
    ("series", "said"),
    [
        (replace(SERIES, values=(*VALUES[:3], None, *VALUES[4:])), "awards.a: .* without a gap"),
        (replace(SERIES, every="month", first="2018-01"), "awards.a: what is paired is known quarter by quarter"),
        (
            replace(SERIES, values=VALUES[:-1]),
            "from 2019Q4 takes the quarters from before it to 2020Q4, and the series goes from 2018Q1 to 2020Q3$",
        ),
        (replace(SERIES, first="2020Q1"), "the series goes from 2020Q1 to 2022Q4$"),
    ],
)
def test_quarters_that_a_series_lacks_are_never_those_after_them(series, said):
    with pytest.raises(InputError, match=said):
        pair(series, [past(8, 0.0, 0.5)])


def test_documented_quarters_become_series_unless_one_is_missing():
    told = {"awards.a": {"2018Q2": 2.0, "2018Q1": 1.0}, "awards.b": {"2018Q1": 1.0, "2018Q3": 3.0}}
    found = series_of(told)
    assert list(found) == ["awards.a"]
    assert (found["awards.a"].first, found["awards.a"].values) == ("2018Q1", (1.0, 2.0))
