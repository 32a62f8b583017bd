import dataclasses
import re
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.holtwinters import SimpleExpSmoothing
from statsmodels.tsa.statespace.structural import UnobservedComponents

from flowsim.core.errors import InputError
from flowsim.evidence.series import Mark, Series, documented_awards
from flowsim.forecasting.distribution import Joint, forecast_frame
from flowsim.forecasting.members.fitted import FITTED, MemberFit, fit_members
from flowsim.forecasting.members.pool import GRIDS, run_grids
from flowsim.forecasting.shocks import Shock
from flowsim.forecasting.trend import MEMBERS, forecast_parts, forecast_series, upto
from flowsim.forecasting.widening import read_widening, terms

COUNTS = (44.0, 59.0, 77.0, 83.0, 79.0, 87.0, 95.0, 123.0, 112.0, 120.0, 177.0, 221.0, 243.0, 109.0, 172.0)


def series(values, first="2010Q1", name="series", **told):
    return Series(name=name, unit="awards", every="quarter", first=first, values=tuple(values), **told)


def wandering(count, seed=1):
    return 100 + np.cumsum(np.random.default_rng(seed).normal(1, 5, count))


def changing(values):
    return min(values) < max(values)


counts = st.lists(st.integers(0, 4000).map(float), min_size=8, max_size=20).filter(changing)
wild = st.lists(
    st.one_of(st.just(0.0), st.floats(1e-9, 1e9), st.sampled_from([1e-9, 1.0, 1e9])), min_size=8, max_size=20
).filter(changing)
some = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@some
@given(counts | wild, st.integers(1, 12))
def test_nothing_is_missing_negative_or_out_of_order(values, horizon):
    said = forecast_series(series(values), horizon)
    low80, high80 = said.interval(0.8)
    low95, high95 = said.interval(0.95)
    for part in (said.point, low80, high80, low95, high95, said.paths(50)):
        assert np.isfinite(part).all()
        assert (part >= 0).all()
        assert part.shape[-1] == horizon
    assert (low95 <= low80).all()
    assert (low80 <= said.point).all()
    assert (said.point <= high80).all()
    assert (high80 <= high95).all()
    assert (high95 > low95).all()


@pytest.mark.slow
@some
@given(st.lists(st.floats(0.5, 1).map(lambda value: round(value, 3)), min_size=8, max_size=20).filter(changing))
@example([1.0, 1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0])  # a mean of more than the whole
def test_no_share_is_more_than_the_whole(values):
    shares = dataclasses.replace(series(values), unit="share")
    cut = forecast_series(shares, 6)
    whole_too = (cut.point, cut.quantile(0.999), cut.paths(200), cut.with_break()[1], *cut.members.values())
    assert all((part <= 1).all() for part in whole_too)
    free = forecast_series(dataclasses.replace(shares, unit=""), 6)
    assert cut.quantile(0.9).tolist() == np.minimum(free.quantile(0.9), 1).tolist()
    assert cut.quantile(0.1).tolist() == np.minimum(free.quantile(0.1), 1).tolist()
    in_per_cent = forecast_series(dataclasses.replace(series([100 * value for value in values]), unit="percent"), 6)
    # A search of a maximum ends elsewhere within its tolerance where the last bits of the values differ.
    assert in_per_cent.quantile(0.9) == pytest.approx(100 * cut.quantile(0.9), rel=1e-4)


def test_what_has_been_above_a_hundred_per_cent_is_not_cut():
    over = forecast_series(dataclasses.replace(series([99.0, 104, 98, 103, 97, 105, 99, 104]), unit="percent"), 4)
    assert over.quantile(0.9).max() > 105


@pytest.mark.parametrize("unit", ["percent", "share", "thousand persons", "million"])
def test_whole_numbers_that_count_nothing_are_no_counts(unit):
    """Twelve per cent, or twelve thousand, are not as uncertain as a count of twelve persons is."""
    values = [0.0, 1.0] * 8 if unit == "share" else [12.0, 13.0, 12.0, 14.0] * 4
    given = dataclasses.replace(series(values), unit=unit)
    assert forecast_series(given, 2).counts is None
    assert forecast_series(series(values), 2).counts is not None


def test_shares_have_no_total():
    parts = [dataclasses.replace(series(COUNTS, name=name), unit="percent") for name in ("one", "other")]
    with pytest.raises(InputError, match="one is in percent: shares have no total"):
        forecast_parts(parts, 4)


@pytest.mark.slow
@some
@given(counts, counts, st.integers(1, 8))
def test_parts_and_whole_hold_together(one, other, horizon):
    count = min(len(one), len(other))
    parts = [series(one[-count:], name="one"), series(other[-count:], name="other")]
    if not all(changing(part.values) for part in parts):
        return
    joint = forecast_parts(parts, horizon)
    assert joint.point == pytest.approx(sum(part.point for part in joint.parts))
    paths = joint.paths(40, seed=3)
    assert paths.shape == (40, 2, horizon)
    low, high = joint.interval(0.8)
    assert (low <= joint.point).all()
    assert (joint.point <= high).all()
    assert (joint.interval(0.95)[0] <= low).all()
    assert (high <= joint.interval(0.95)[1]).all()
    assert 0 <= joint.dependence <= 1


def test_the_point_is_the_weighted_mean_of_the_members():
    expected = forecast_series(series(wandering(40)), 6)
    assert set(expected.members) == set(expected.weights) == set(MEMBERS)
    assert sum(expected.weights.values()) == pytest.approx(1)
    mean = sum(expected.weights[name] * point for name, point in expected.members.items())
    assert expected.point == pytest.approx(mean, rel=1e-12)


def test_below_24_quarters_the_models_that_search_for_an_optimum_have_no_weight():
    expected = forecast_series(series(COUNTS), 6)
    assert [expected.weights[name] for name in FITTED] == [0, 0, 0]
    assert all(forecast_series(series(wandering(24)), 6).weights[name] > 0 for name in FITTED)


def test_another_unit_of_measure_is_the_same_forecast():
    counts = [value * 10 for value in COUNTS]
    small, large = forecast_series(series(counts), 6), forecast_series(series([1000 * value for value in counts]), 6)
    assert large.point == pytest.approx(1000 * small.point, rel=1e-9)
    assert large.interval(0.8)[1] == pytest.approx(1000 * small.interval(0.8)[1], rel=1e-9)


def test_the_interval_by_hand():
    expected = forecast_series(series(COUNTS), 6)
    grids = run_grids(np.array(COUNTS), 6, 4)
    factors = read_widening()
    at = factors.lengths.index(15)
    sd = np.sqrt(np.diag(grids.covariance))
    sd = sd * np.exp(terms(sd, grids.features) @ factors.coefficients[at])
    assert expected.sd == pytest.approx(sd)
    # At 15 points and a level that has a factor of its own, that factor.
    row = factors.factors[at, factors.levels.index(0.8), :6]
    assert expected.interval(0.8)[1] == pytest.approx(expected.point * np.exp(sd * row * ndtri(0.9)))
    assert expected.interval(0.8)[0] == pytest.approx(expected.point / np.exp(sd * row * ndtri(0.9)))
    assert expected.quantile(0.5) == pytest.approx(expected.point)


def test_a_falling_series_has_a_lower_end_of_its_own():
    expected = forecast_series(series(np.arange(1000.0, 99, -100)), 8)
    low, high = expected.interval(0.8)
    assert (low > 0).all()
    assert (low < 0.8 * expected.point).all()
    assert (expected.point < 100).all()
    assert (high > expected.point).all()


@pytest.mark.parametrize("scale", [1, 100])
def test_a_series_that_repeats_itself_is_not_certain(scale):
    expected = forecast_series(series(scale * np.tile([13.0, 13, 12, 13], 4)), 8)
    low, high = expected.interval(0.8)
    assert expected.point / scale == pytest.approx(np.tile([13.0, 13, 12, 13], 2), rel=0.01)
    assert ((high - low) / expected.point > 0.005).all()


def test_a_quiet_series_is_called_less_sure_and_a_loud_one_never_surer_than_it_looks():
    generator = np.random.default_rng(5)
    shares = []
    for spread in (0.01, 0.25):
        walk = 500 * np.exp(np.cumsum(generator.normal(0, spread, 40)))
        grids = run_grids(walk, 4, 4)
        shares.append((forecast_series(series(walk), 4).sd / np.sqrt(np.diag(grids.covariance))).mean())
    factor = read_widening().factors[-2, read_widening().levels.index(0.8)].mean()
    assert shares[0] > shares[1]
    assert shares[1] * factor > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.15, 0.3])
def test_intervals_hold_for_volatile_walks(spread):
    generator = np.random.default_rng(6)
    inside = {0.8: [], 0.95: []}
    for _ in range(100):
        walk = np.round(300 * np.exp(np.cumsum(generator.normal(0, spread, 23))))
        expected = forecast_series(series(walk[:15]), 8)
        for level, hits in inside.items():
            low, high = expected.interval(level)
            hits.append(((low <= walk[15:]) & (walk[15:] <= high)).mean())
    assert 0.68 < np.mean(inside[0.8]) < 0.88
    assert 0.90 < np.mean(inside[0.95]) < 0.99


def test_a_point_of_zero_lies_in_its_interval():
    said = dataclasses.replace(forecast_series(series(COUNTS), 6), point=np.zeros(6))
    low, high = said.interval(0.2)
    assert (low == 0).all()
    assert (said.quantile(0.5) == 0).all()
    assert (high > 0).all()


def test_paths_have_the_quantiles_of_the_intervals():
    said = forecast_series(series(COUNTS), 6)
    paths = said.paths(40_000, seed=2)
    for share in (0.025, 0.1, 0.3, 0.5, 0.9, 0.975):
        assert (paths < said.quantile(share)).mean(axis=0) == pytest.approx(share, abs=0.008)


def test_an_error_lives_on_along_a_path():
    said = forecast_series(series(COUNTS), 6)
    moved = np.log(said.paths(20_000) / said.point)
    ranks = pd.DataFrame(moved).rank().corr().to_numpy()
    assert ranks == pytest.approx(said.correlation, abs=0.05)
    assert said.correlation[0, 1] > 0.2


def test_paths_are_repeated_by_their_seed():
    said = forecast_series(series(COUNTS), 4)
    assert (said.paths(5, seed=7) == said.paths(5, seed=7)).all()
    assert (said.paths(5, seed=7) != said.paths(5, seed=8)).all()
    other = forecast_series(series(COUNTS, name="another"), 4)
    assert (said.paths(5) != other.paths(5)).all()


def test_parts_that_move_together_make_a_wider_whole():
    generator = np.random.default_rng(4)
    shared, own = generator.normal(0, 0.2, (2, 30))
    one = series(100 * np.exp(shared), name="one")
    same, apart = series(90 * np.exp(shared), name="same"), series(90 * np.exp(own), name="apart")
    close, far = forecast_parts([one, same], 4), forecast_parts([one, apart], 4)
    assert close.dependence > 0.95
    assert far.dependence < 0.5

    def width(joint):
        low, high = joint.interval(0.8)
        return (np.log(high) - np.log(low)).mean()

    assert width(close) > 1.15 * width(far)
    # Where all errors are one, the whole's interval is the sum of the parts'.
    ends = sum(part.interval(0.8)[1] for part in close.parts)
    assert close.interval(0.8)[1] == pytest.approx(ends, rel=0.03)


def test_documented_awards_by_outcome_and_total():
    joint = forecast_parts(documented_awards().series, 4)
    assert [part.name for part in joint.parts] == ["fleksjob", "førtidspension"]
    assert joint.origin == "2020Q3"
    assert joint.periods == ("2020Q4", "2021Q1", "2021Q2", "2021Q3")
    assert joint.series.values[:3] == (124, 158, 174)
    table = forecast_frame([*joint.parts, joint])
    assert list(table) == [
        *("series", "unit", "origin", "period", "point", "lower_80", "upper_80", "lower_95", "upper_95"),
    ]
    points = table.pivot(index="period", columns="series", values="point")
    assert points["total"].to_numpy() == pytest.approx((points["fleksjob"] + points["førtidspension"]).to_numpy())
    assert not table.isna().any().any()


def test_theta_is_told_its_own_errors():
    values = wandering(30) / 100
    fit = FITTED["theta"](values, 8)
    alpha = fit.response[0]
    assert (fit.response == alpha).all()
    slope = np.polyfit(np.arange(30), values, 1)[0]
    for at in (2, 5, 29):
        smooth = SimpleExpSmoothing(values[:at], initialization_method="known", initial_level=values[0])
        level = smooth.fit(smoothing_level=alpha, optimized=False).forecast(1)[0]
        assert fit.fitted[at] == pytest.approx(level + slope / 2 * (1 - (1 - alpha) ** at) / alpha)


def test_the_damped_trends_errors_grow_as_statsmodels_says_of_a_named_series():
    # A slope that wanders as well, so that the damping of what is laid to it counts.
    values = 500 + np.cumsum(np.cumsum(np.random.default_rng(1).normal(0, 3, 30)))
    fit = FITTED["damped"](values, 8)
    assert fit.response[-1] > fit.response[0] + 0.3
    named = ETSModel(pd.Series(values), trend="add", damped_trend=True).fit(disp=False)
    variance = np.asarray(named.get_prediction(start=30, end=37).forecast_variance)
    assert variance / variance[0] == pytest.approx(1 + np.concatenate([[0], np.cumsum(fit.response**2)]), rel=1e-4)


def test_the_drifting_levels_response_is_the_filters_gain():
    errors = np.random.default_rng(2).normal(size=300)
    values = 100 + 0.4 * np.concatenate([[0], np.cumsum(errors)[:-1]]) + errors
    result = UnobservedComponents(values, "lldtrend").fit(disp=False, maxiter=200)
    response = FITTED["drifting"](values, 8).response
    assert response == pytest.approx(np.full(7, 0.4), abs=0.15)
    # By then next to nothing of an error is laid to the slope.
    assert response[0] == pytest.approx(result.filter_results.kalman_gain[0, 0, -1], abs=0.02)
    # A filter of the level alone, step by step until it is steady: `before` is how unsure it is before a period.
    noise, step = result.params
    before = 1.0
    for _ in range(200):
        gain = before / (before + noise)
        before = (1 - gain) * before + step
    assert response == pytest.approx(np.full(7, gain), rel=1e-9)


def test_intervals_widen_with_the_distance():
    expected = forecast_series(series(COUNTS), 12)
    width = np.log(expected.interval(0.8)[1] / expected.interval(0.8)[0])
    # From year to year: within one, a season that is known badly can be wider than the next.
    assert (width[4:] > width[:-4]).all()


def test_a_short_series_is_less_sure_than_a_long_one_that_errs_as_much():
    """The grid knows less of the start, and of its own parameters."""
    ratios = []
    for length in (10, 40):
        grids = [run_grids(wandering(60, seed)[-length:], 1, 4) for seed in range(8)]
        ratios.append(np.mean([np.sqrt(own.covariance[0, 0] / (own.errors**2).mean()) for own in grids]))
    assert ratios[0] > 1.2 * ratios[1] > 1.2


def unusable(values, steps):
    raise ValueError("broke")


def warning(values, steps):
    warnings.warn("did not settle", ConvergenceWarning, stacklevel=1)
    return MemberFit(point=np.ones(steps), fitted=values, response=np.ones(steps - 1))


def infinite(values, steps):
    return MemberFit(point=np.full(steps, np.nan), fitted=values, response=np.ones(steps - 1))


@pytest.mark.parametrize(
    ("member", "reason"), [(unusable, "broke"), (warning, "warned: did not settle"), (infinite, "not finite")]
)
def test_a_model_that_fails_is_left_out_and_named(monkeypatch, member, reason):
    values = wandering(40)
    whole = forecast_series(series(values), 4)
    monkeypatch.setitem(FITTED, "damped", member)
    expected = forecast_series(series(values), 4)
    assert "damped" not in expected.members
    others = {name: whole.weights[name] / (1 - whole.weights["damped"]) for name in expected.members}
    assert expected.weights == pytest.approx(others)
    said = expected
    assert any(re.search(f"damped is left out.*{reason}", note) for note in said.notes)


def test_threads_leave_each_other_the_filters_of_warnings(monkeypatch):
    """What is warned of in one thread neither reaches the importer nor leaves out a model of another thread."""

    def of_rising(values, steps):
        rises = values[-1] > values[0]
        time.sleep(0.002 * rises)
        return warning(values, steps) if rises else MemberFit(np.ones(steps), values, np.ones(steps - 1))

    monkeypatch.setitem(FITTED, "theta", of_rising)
    before, courses = list(warnings.filters), [100 + 5.0 * sign * np.arange(12) for sign in (1, -1) * 20]
    with ThreadPoolExecutor(8) as executor:
        answers = list(executor.map(lambda values: fit_members(values, 2, 4, ["theta"]), courses))
    assert [list(skipped) for _, skipped in answers] == [["theta"], []] * 20
    assert warnings.filters == before


def test_a_warning_of_another_thread_leaves_out_no_model(monkeypatch):
    def beside_a_warning(values, steps):
        thread = threading.Thread(target=lambda: warnings.warn("elsewhere", UserWarning, stacklevel=1))
        thread.start()
        thread.join()
        return MemberFit(np.ones(steps), values, np.ones(steps - 1))

    monkeypatch.setitem(FITTED, "theta", beside_a_warning)
    with pytest.warns(UserWarning, match="elsewhere"):
        usable, skipped = fit_members(100 + 5.0 * np.arange(12), 2, 4, ["theta"])
    assert (list(usable), skipped) == (["theta"], {})


def test_a_fit_that_did_not_converge_is_left_out(monkeypatch):
    fit = ETSModel.fit
    monkeypatch.setattr(ETSModel, "fit", lambda self, **options: fit(self, maxiter=1, **options))
    said = forecast_series(series(wandering(40)), 4)
    assert "damped" not in said.members
    assert any("damped is left out: it did not converge" in note for note in said.notes)


def test_a_search_that_breaks_off_at_the_maximum_is_no_failure(monkeypatch):
    """Whether rounding lets it say that it converged there depends on the processor."""
    said, fit = forecast_series(series(COUNTS), 4), UnobservedComponents.fit

    def broken_off(self, **options):
        result = fit(self, **options)
        result.mle_retvals["converged"] = False
        warnings.warn("failed to converge", ConvergenceWarning, stacklevel=2)
        return result

    monkeypatch.setattr(UnobservedComponents, "fit", broken_off)
    again = forecast_series(series(COUNTS), 4)
    assert again.members["drifting"] == pytest.approx(said.members["drifting"], rel=1e-3)
    assert again.notes == said.notes


def test_where_no_model_of_statsmodels_is_left_the_grids_share_their_weight(monkeypatch):
    for name in FITTED:
        monkeypatch.setitem(FITTED, name, unusable)
    expected = forecast_series(series(wandering(40)), 3)
    assert list(expected.members) == list(GRIDS)
    assert sum(expected.weights.values()) == pytest.approx(1)


def test_the_origin_hides_what_came_after():
    told, cut = forecast_series(series(COUNTS), 4, "2012Q4"), forecast_series(series(COUNTS[:12]), 4)
    assert told.origin == "2012Q4"
    assert told.periods[0] == "2013Q1"
    assert told.point == pytest.approx(cut.point)
    assert len(told.series.values) == 12


LOCKED = series(COUNTS, first="2017Q1")


def test_the_lockdown_is_as_observed_unless_something_is_said_and_a_note_tells():
    silent, said = forecast_series(LOCKED, 4), forecast_series(LOCKED, 4, shock=Shock.parse("2020Q2=as-observed"))
    assert silent.point == pytest.approx(said.point)
    assert silent.shock == said.shock == Shock(quarter="2020Q2")
    assert any(note.startswith("2020Q2, the lock-down, is taken as observed") for note in silent.notes)
    assert said.notes == ("2020Q2 is taken as observed",)
    assert forecast_series(LOCKED, 4, "2020Q1").shock is None


def test_an_interventions_shape():
    shape = Shock.parse("2020Q2=recovers:4").shape(4 * 2020, 8)
    assert shape.tolist() == [0, 1, 0.75, 0.5, 0.25, 0, 0, 0]
    assert Shock.parse("2020K2=recovers:1").shape(4 * 2020, 4).tolist() == [0, 1, 0, 0]
    assert Shock.parse("2020Q2=as-observed").shape(4 * 2020, 4).tolist() == [0, 0, 0, 0]
    assert str(Shock.parse("2020Q2=recovers:4")) == "2020Q2 is an intervention that is over by 2021Q2"


def test_an_intervention_is_estimated_against_the_course_before_it():
    # One quarter since: the effect is that quarter over what was forecast for it.
    short = series(COUNTS[:14], first="2017Q1")
    found = forecast_series(short, 4, shock=Shock.parse("2020Q2=recovers:1"))
    before = forecast_series(series(COUNTS[:13], first="2017Q1"), 1)
    assert found.effect.size == pytest.approx(np.log(COUNTS[13] / before.point[0]))
    wide = before.widening.spread(1.0, 13, 1)[0]
    assert found.effect.error == pytest.approx(before.sd[0] * wide)
    # A quarter that is over leaves the course as if it had been met.
    met = forecast_series(series([*COUNTS[:13], before.point[0]], first="2017Q1"), 4, shock=Shock(quarter="2020Q2"))
    assert found.point == pytest.approx(met.point)
    assert found.sd == pytest.approx(met.sd)


def test_a_known_shock_is_recovered():
    course_, at = 200 * 1.02 ** np.arange(20.0), np.arange(20)
    noise = np.exp(np.random.default_rng(6).normal(0, 0.01, 20))
    dip = np.where(at < 15, 0, np.clip(1 - (at - 15) / 6, 0, 1))
    values = course_ * noise * 0.4**dip
    found = forecast_series(series(values, first="2016Q3"), 6, shock=Shock.parse("2020Q2=recovers:6"))
    assert np.exp(found.effect.size) == pytest.approx(0.4, abs=0.06)
    assert found.effect.error < 0.2
    expected = 200 * 1.02 ** np.arange(20.0, 26) * 0.4 ** np.array([1 / 6, 0, 0, 0, 0, 0])
    assert found.point == pytest.approx(expected, rel=0.08)
    silent = forecast_series(series(values, first="2016Q3"), 6)
    assert abs(silent.point - expected).mean() > 3 * abs(found.point - expected).mean()


def test_what_is_left_of_a_shock_makes_the_forecast_less_sure():
    shock = Shock.parse("2020Q2=recovers:12")
    slow = forecast_series(LOCKED, 4, shock=shock)
    shape = shock.shape(4 * 2017, 19)
    put_right = np.array(COUNTS) * np.exp(-slow.effect.size * shape[:15])
    plain = forecast_series(series(put_right), 4)
    assert slow.sd == pytest.approx(np.sqrt(plain.sd**2 + (slow.effect.error * shape[15:]) ** 2))
    assert slow.point == pytest.approx(plain.point * np.exp(slow.effect.size * shape[15:]))
    mean = sum(slow.weights[name] * point for name, point in slow.members.items())
    assert slow.point == pytest.approx(mean)


@pytest.mark.parametrize("text", ["2020Q2", "2020Q2=dummy", "2020Q2=recovers:0", "2020=recovers:4", "=recovers:4", ""])
def test_a_shock_that_is_not_understood(text):
    with pytest.raises(InputError, match="--shock"):
        Shock.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "2018Q1=recovers:4",
            "series: a shock in 2018Q1 can't be estimated from 2017Q1 to 2020Q3: it needs 8 quarters",
        ),
        ("2020Q4=recovers:4", "series: a shock in 2020Q4 lies outside the series, 2017Q1 to 2020Q3"),
        ("2016Q4=as-observed", "lies outside the series"),
    ],
)
def test_a_shock_that_does_not_fit(text, message):
    with pytest.raises(InputError, match=message):
        forecast_series(LOCKED, 4, shock=Shock.parse(text))


MARK = Mark(period="2010Q3", text="..", place="E7", meaning="suppressed or not available")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (series([1, 2, 3, 4, 5, 6, 7]), "series: 7 quarters are too few: at least 8 are needed"),
        (series([]), "series is empty"),
        (series([4] * 9), "all 9 quarters are 4: such a series does not tell how sure it is"),
        (series([0] * 9), "all 9 quarters are 0"),
        (series([5, 6, *[0] * 48]), "all of the last 48 quarters are 0: such a series does not tell how sure it is"),
        (series([1, 2, -3, 4, 5, 6, 7, 8]), "2010Q3 is -3: counts from 0"),
        (series([1, 2, 1e-12, 4, 5, 6, 7, 8]), "2010Q3 is 1e-12"),
        (series([1, 2, 1e10, 4, 5, 6, 7, 8]), "2010Q3 is 1e.10: counts from 0 to 1e.09"),
        (series([1, 2, float("nan"), 4, 5, 6, 7, 8]), "2010Q3 is nan"),
        (series([1, 2, float("inf"), 4, 5, 6, 7, 8]), "2010Q3 is inf"),
        (
            series([1, 2, None, 4, 5, 6, 7, 8], marks=(MARK,)),
            r"1 of 8 quarters have no number: 2010Q3 E7 '\.\.' \(supp",
        ),
        (
            dataclasses.replace(series([1, 2] * 11), every="month", first="2010-01"),
            "22 months are too few: at least 24",
        ),
    ],
)
def test_a_series_that_cannot_be_forecast(given, message):
    with pytest.raises(InputError, match=message):
        forecast_series(given)


def test_a_gap_after_the_origin_does_not_matter():
    given = series([*COUNTS[:10], None, 5.0], marks=(dataclasses.replace(MARK, period="2012Q3"),))
    assert upto(given, "2012Q2").marks == ()
    with pytest.raises(InputError, match="1 of 11 quarters have no number"):
        upto(given, "2012Q3")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"horizon": 0}, "a horizon of 0 quarters is not allowed: 1 to 12"),
        ({"horizon": 13}, "1 to 12"),
        ({"horizon": 2.5}, r"horizon: 2\.5 is not allowed: it should be a whole number from 1 to 12"),
        ({"origin": "2009Q4"}, "the origin 2009Q4 lies outside the series, 2010Q1 to 2013Q3"),
        ({"origin": "2013Q4"}, "lies outside the series"),
        ({"origin": "2013"}, "'2013' is no quarter"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(InputError, match=message):
        forecast_series(series(COUNTS), **options)


def test_parts_that_have_no_total():
    one = forecast_series(series(COUNTS, name="one"), 4)
    persons = forecast_series(dataclasses.replace(series(COUNTS, name="two"), unit="persons"), 4)
    full_time = forecast_series(dataclasses.replace(series(COUNTS, name="two"), unit="full-time persons"), 4)
    for other, what in (
        (persons, "unit"),
        (forecast_series(series(COUNTS, name="two"), 4, "2013Q2"), "origin"),
        (forecast_series(series(COUNTS, name="two"), 5), "horizon"),
        (one, "names of their own"),
        (forecast_series(series(COUNTS, name="total"), 4), "names of their own"),
    ):
        with pytest.raises(InputError, match=what):
            Joint.of([one, other])
    with pytest.raises(InputError, match="two and two differ in unit"):
        Joint.of([persons, full_time])
    with pytest.raises(InputError, match="there are none"):
        Joint.of([])


@pytest.mark.parametrize("level", [0, 1, -0.1, 1.5])
def test_levels_are_shares(level):
    with pytest.raises(InputError, match="lies between 0 and 1"):
        forecast_series(series(COUNTS), 2).interval(level)
