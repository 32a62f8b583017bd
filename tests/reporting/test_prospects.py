import re

import numpy as np
import pandas as pd
import pytest

import flowsim
from flowsim.core.errors import InputError
from flowsim.evidence.series import Series, from_pandas
from flowsim.forecasting.distribution import Joint
from flowsim.forecasting.reference import ReferenceClass, learn_from
from flowsim.forecasting.trend import forecast_parts, forecast_series
from flowsim.reporting import prospects as module

COUNTS = [44.0, 59.0, 77.0, 83.0, 79.0, 87.0, 95.0, 123.0, 112.0, 120.0, 177.0, 221.0, 243.0, 109.0, 172.0]


def quarters(values, name="own", first="2010Q1"):
    return pd.Series(values, index=pd.period_range(first, periods=len(values), freq="Q"), name=name)


def months(count=48):
    generator = np.random.default_rng(2)
    values = 100 + 20 * np.sin(np.arange(count) * np.pi / 6) + generator.normal(0, 4, count)
    return pd.Series(values, index=pd.period_range("2015-01", periods=count, freq="M"), name="ready")


def test_a_pandas_series_is_forecast_as_our_own():
    own = Series(name="own", unit="", every="quarter", first="2010Q1", values=tuple(COUNTS))
    prospect = flowsim.forecast(quarters(COUNTS).sample(frac=1, random_state=1), 6)
    expected = forecast_series(own, 6)
    table = prospect.frame()
    assert table.index.equals(pd.period_range("2013Q4", periods=6, freq="Q"))
    assert table["point"].to_numpy() == pytest.approx(expected.point)
    assert table["upper_95"].to_numpy() == pytest.approx(expected.interval(0.95)[1])
    assert (prospect.paths(3, seed=4) == expected.paths(3, seed=4)).all()
    assert dict(prospect.weights) == dict(expected.weights)
    assert flowsim.forecast(own, 6).frame().equals(table)


def test_the_summary_says_what_how_sure_and_why():
    text = flowsim.forecast(quarters(COUNTS), 4).summary()
    assert text.startswith(
        "own: 172 in 2013Q3, the last quarter that is known.\nExpected in 2013Q4: 191; 132 to 275 with"
    )
    assert "Expected in 2014Q3:" in text
    assert "Why: a weighted mean of complex smoothing 38% (" in text
    assert "from one quarter to the next was a factor of 1.97" in text


def test_why_lists_the_members_by_weight():
    own = flowsim.forecast(quarters(COUNTS), 2).forecast
    table = own.why()
    assert table["weight"].is_monotonic_decreasing
    assert table["weight"].sum() == pytest.approx(1)
    assert (table["weight"] * table["2013Q4"]).sum() == pytest.approx(own.point[0])


def test_quarterly_sums_of_months_are_those_of_the_months():
    prospect = flowsim.forecast(months(47), 12)  # December 2018 comes first: no whole quarter
    sums = prospect.quarters()
    assert [str(period) for period in sums.index] == ["2019Q1", "2019Q2", "2019Q3"]
    assert sums["point"].to_numpy() == pytest.approx(prospect.forecast.point[1:10].reshape(3, 3).sum(axis=1))
    assert (sums["lower_95"] < sums["lower_80"]).all()
    assert (sums["upper_80"] < sums["upper_95"]).all()
    assert (sums["lower_80"] < sums["point"]).all()
    with pytest.raises(InputError, match="it is by quarter already"):
        flowsim.forecast(quarters(COUNTS)).quarters()
    with pytest.raises(InputError, match="hold no whole quarter"):
        flowsim.forecast(months(47), 3).quarters()


@pytest.mark.parametrize("unit", ["percent", "share"])
def test_shares_of_months_are_not_summed(unit):
    shares = from_pandas(months() / months().sum(), unit=unit)
    with pytest.raises(InputError, match=f"it is in {unit}, and shares of months have no sum"):
        flowsim.forecast(shares, 6).quarters()


def test_what_lies_before_the_first_figure_is_left_out():
    late = quarters([None, *COUNTS], first="2009Q4")
    assert flowsim.forecast(late, 2).frame().equals(flowsim.forecast(quarters(COUNTS), 2).frame())


def test_the_summary_names_the_unit_in_its_language():
    rate = flowsim.forecast(from_pandas(quarters([value / 10 for value in COUNTS]), unit="percent"), 1)
    assert rate.summary("da").startswith("own: 17,2 procent i 2013K3")
    share = flowsim.forecast(from_pandas(quarters([value / 10_000 for value in COUNTS]), unit="share"), 1)
    assert share.summary().startswith("own: 0.017 as a share of 1 in 2013Q3")
    assert re.search(r": 0\.0\d\d \(0\.00\d\d to 0\.0\d\d\) in", repr(share))


def test_a_class_widens_the_intervals_of_few_counts_too(monkeypatch):
    def told(factor):
        found = ReferenceClass(every="quarter", factor=factor, surprise=0.1, series=("a", "b"), forecasts=2)
        monkeypatch.setattr(module, "learn_from", lambda *_, **__: found)
        few = quarters([8.0, 5.0, 9.0, 11.0, 7.0, 6.0, 10.0, 8.0, 12.0, 9.0, 7.0, 8.0])
        frame = flowsim.forecast(few, 2, reference=[few, few]).frame()
        return np.log(frame["upper_80"] / frame["point"]).to_numpy()

    assert told(2.0) == pytest.approx(2 * told(1.0))


def test_a_class_is_learned_from_what_was_known_at_the_origin(monkeypatch):
    known = []

    def spy(series, **_):
        known.extend(one.periods[-1] for one in series)
        return ReferenceClass(every="quarter", factor=1.0, surprise=0.1, series=("a", "b"), forecasts=2)

    monkeypatch.setattr(module, "learn_from", spy)
    others = [quarters(COUNTS, "a"), quarters(COUNTS[:10], "b"), quarters(COUNTS[:12], "c")]
    flowsim.forecast(quarters(COUNTS), 1, origin="2012Q4", reference=others)
    assert known == ["2012Q4", "2012Q2", "2012Q4"]
    known.clear()
    flowsim.forecast(quarters(COUNTS), 1, reference=others)
    assert known == ["2013Q3", "2012Q2", "2012Q4"]


def test_a_shock_of_another_type_is_refused():
    with pytest.raises(InputError, match="shock: 5 is not allowed: it should be a Shock, or a text such as"):
        flowsim.forecast(quarters(COUNTS), shock=5)


def test_a_picture_is_returned_and_written_once(tmp_path):
    prospect = flowsim.forecast(quarters(COUNTS), 4)
    target = tmp_path / "a.svg"
    labels = [line.get_label() for line in prospect.plot(target).axes[0].get_lines()]
    assert "complex smoothing, 38%" in labels
    assert target.read_text().count("<svg") == 1
    with pytest.raises(InputError, match=r"exists|there is"):
        prospect.plot(target)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1.0, 2.0], "a pandas Series is needed, not a list"),
        (pd.Series(COUNTS), "no PeriodIndex of quarters or months"),
        (
            pd.Series(COUNTS, index=pd.period_range("2010", periods=15, freq="Y")),
            "the periods of the index are '(Y|A)-DEC' .allowed: months 'M', and quarters of the calendar 'Q-DEC'",
        ),
        (quarters(COUNTS).set_axis(pd.PeriodIndex(["2010Q1"] * 15, freq="Q")), "holds a period twice: 2010Q1"),
        (quarters([]), "the series is empty"),
        (
            quarters(COUNTS).drop(pd.Period("2010Q3")),
            r"1 of 15 quarters .* 2010Q3 '' \(not in the series\)",
        ),
        (quarters([*COUNTS[:9], None, *COUNTS[9:]]), r"2012Q2 '' \(missing\)"),
    ],
)
def test_what_cannot_be_forecast(given, message):
    with pytest.raises(InputError, match=message):
        flowsim.forecast(given)


def walk(spread, seed, name):
    generator = np.random.default_rng(seed)
    return quarters(200 * np.exp(np.cumsum(generator.normal(0, spread, 20))), name)


@pytest.mark.slow
def test_widths_are_learned_from_a_reference_class():
    wild = [walk(0.3, seed, f"town {seed}") for seed in range(4)]
    found = learn_from([from_pandas(one) for one in wild])
    assert found.series == ("town 0", "town 1", "town 2", "town 3")
    assert found.forecasts == 4 * (9 * 4 + 3 + 2 + 1)
    plain, learned = flowsim.forecast(wild[0], 4), flowsim.forecast(wild[0], 4, reference=wild[1:])
    ratio = np.log(learned.frame()["upper_80"] / learned.frame()["point"]) / np.log(
        plain.frame()["upper_80"] / plain.frame()["point"]
    )
    assert ratio.to_numpy() == pytest.approx(np.full(4, learned.reference.factor))
    assert "a class of 3 series" in learned.summary()


@pytest.mark.slow
def test_a_class_whose_forecasts_are_further_off_has_wider_intervals():
    """Series that jump after ten quiet quarters, against series that go on as they are."""
    quiet = 200 + np.random.default_rng(1).normal(0, 2, (3, 20))
    jumping = quiet.copy()
    jumping[:, 12:] *= 2
    factors = [
        learn_from([from_pandas(quarters(values, f"town {at}")) for at, values in enumerate(rows)]).factor
        for rows in (quiet, jumping)
    ]
    assert factors[1] > 1.3 * factors[0]


@pytest.mark.slow
def test_a_reference_class_needs_series_of_one_kind():
    with pytest.raises(InputError, match="1 series are no reference class"):
        flowsim.forecast(quarters(COUNTS), reference=[quarters(COUNTS)])
    with pytest.raises(InputError, match="it is by quarter, and its reference class by month"):
        flowsim.forecast(quarters(COUNTS), reference=[months(), months()])


def test_a_break_widens_both_sides_by_its_size_at_most():
    own = flowsim.forecast(quarters(COUNTS), 4).forecast
    low, high = own.interval(0.95)
    no_break = own.with_break(0.0)
    assert no_break[0] == pytest.approx(low, rel=0.05)
    assert no_break[1] == pytest.approx(high, rel=0.05)
    broken_low, broken_high = own.with_break(0.5)
    assert (broken_low < low).all()
    assert (broken_high > high).all()
    assert (broken_low > low * np.exp(-0.5) * 0.9).all()
    assert (broken_high < high * np.exp(0.5) * 1.1).all()


def test_parts_take_up_what_they_fall_short_of_the_whole_by_their_variance():
    one, other = (
        Series(name=name, unit="", every="quarter", first="2010Q1", values=tuple(values))
        for name, values in (("one", COUNTS), ("other", 300 + 5 * np.sin(np.arange(15.0))))
    )
    apart = [forecast_series(one, 4), forecast_series(other, 4)]
    alone = Joint.of(apart)
    whole = forecast_series(alone.series, 4)
    joint = Joint.of(apart, whole)
    widths = [np.subtract(*own.interval(0.8)[::-1]) ** 2 for own in (*apart, whole)]
    gap = whole.point - alone.point
    for at in range(2):
        moved = joint.parts[at].point - apart[at].point
        assert moved == pytest.approx(gap * widths[at] / sum(widths))
    assert joint.point == pytest.approx(sum(part.point for part in joint.parts))
    # Nearer to the whole's own forecast than the sum was.
    assert (np.abs(joint.point - whole.point) <= np.abs(gap)).all()
    assert forecast_parts([one, other], 4).point == pytest.approx(joint.point)
