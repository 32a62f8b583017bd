"""Odd arguments of the public functions are refused in one line, never by Python's own errors."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import flowsim
from flowsim import (
    Duration,
    Ensemble,
    Entry,
    InputError,
    Pathway,
    Scenario,
    Station,
    compare,
    forecasting,
    read_base,
    run,
)
from flowsim.calibration.ensemble import study_of
from flowsim.calibration.workflow import Calibration
from flowsim.evidence import load
from flowsim.evidence.series import from_pandas, read
from flowsim.forecasting.backtest import run_backtest
from flowsim.forecasting.pairing import pair
from flowsim.planning.levers import Levels, Lever
from flowsim.planning.prices import Prices, prices_of
from flowsim.planning.staffing.trials import Question, StoppingRule
from flowsim.questions.run import Run
from flowsim.simulation.fork import Fork
from flowsim.simulation.kept import KeptHistories
from flowsim.simulation.precision import Precision, run_to_precision
from helpers.paths import TOWN

RAW = {
    "name": "p",
    "start": "2024-01-01",
    "end": "2025-01-01",
    "stations": {"desk": {"capacity": 2}},
    "states": {"in": {"station": "desk", "stay": "1 week", "to": "out"}, "out": {"final": True}},
    "entries": {"door": {"to": "in", "rate": "50 per year"}},
}
PATHWAY = Pathway.from_dict(RAW)
RESULTS = run(PATHWAY, replications=2, keep_traces=True)
TWO = [PATHWAY, PATHWAY.model_copy(update={"name": "q"})]
ENSEMBLE = Ensemble.of(read_base("copenhagen"))
LEVELS = [Levels(lever=Lever.parse("desk.capacity", PATHWAY), least=1, most=5)]
SERIES = pd.Series(range(40), index=pd.period_range("2015Q1", periods=40, freq="Q"))
AHEAD = flowsim.forecast(SERIES, 2)
KNOWN = from_pandas(SERIES)
CALIBRATION = Calibration.read("copenhagen")


def town():
    return Scenario.of(TOWN)


def asked(**more):
    return Question.of(
        **({"scenario": town(), "goals": ["wait for team <= 4 weeks"], "during": "2024"} | more)  # type: ignore[arg-type]
    )


def team(**more):
    return Station(name="t", **({"weekdays": ["tue"], "places": 1} | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: team(at="09:00+02:00"), "'09:00\\+02:00' carries a time zone"),
        (lambda: team(at=dt.time(9, tzinfo=dt.UTC)), "carries a time zone"),
        (lambda: team(holidays=[pd.NaT]), "holidays: NaT is no date"),
        (lambda: Pathway.from_dict(RAW | {"start": pd.NaT}), "start: NaT is no date"),
        (lambda: Station(name="d", capacity={pd.NaT: 2}), "NaT is no date"),
        (lambda: Entry(name="e", to="in", at=[pd.NaT]), "NaT is no date"),
        (lambda: Duration.erlang("1 week", 1.5), "phases: 1.5 is not allowed"),
        (lambda: Duration.erlang("1 week", "2"), "phases: '2' is not allowed"),
        (lambda: RESULTS.select(["queue.desk"]), "measure: \\['queue.desk'\\] is not allowed"),
        (lambda: RESULTS.between(None, None), "'None' is no period"),
        (lambda: RESULTS.quantiles("0.5"), "q: '0.5' is not allowed: it should be quantiles from 0 to 1"),
        (lambda: RESULTS.quantiles(0.5), "q: 0.5 is not allowed"),
        (lambda: RESULTS.quantiles(("0.5",)), "q: '0.5' is not allowed"),
        (lambda: RESULTS.visits("0"), "replication: '0' is not allowed"),
        (lambda: RESULTS.occupancy("desk", since="soon"), "since: 'soon' is no date"),
        (lambda: RESULTS.occupancy("desk", since=pd.NaT), "since: NaT is no date"),
        (lambda: RESULTS.occupancy("desk", counted="all"), "counted: there is no way to count 'all'"),
        (lambda: run(PATHWAY, executor=5), "executor: 5 is not allowed"),
        (lambda: run(PATHWAY, progress=5), "progress: 5 is not allowed"),
        (lambda: run(PATHWAY, measures=5), "measures: 5 is not allowed"),
        (lambda: run(PATHWAY, measures=[5]), "measure: 5 is not allowed"),
        (lambda: run(PATHWAY, fork="2025-01-01"), "fork: '2025-01-01' is not allowed"),
        (lambda: Fork(at=pd.NaT), "fork.at: NaT is no date"),
        (lambda: Scenario.of(PATHWAY), "scenario: <Pathway 'p'.* is a model: give it to `run`.*to a .json file"),
        (lambda: Scenario.of(5), "scenario: 5 is not allowed: it should be the name of one"),
        (lambda: Scenario.from_dict([]), "scenario: \\[\\] is not allowed: it should be a table"),
        (lambda: Prices.from_dict(None), "prices: None is not allowed: it should be a table"),
        (lambda: compare("today"), "scenarios: 'today' is not allowed: it should be a list of scenarios"),
        (lambda: compare(["today", "more-places"]), "scenarios: 'today' is not allowed: it should be scenarios"),
        (lambda: compare([town(), town()], parameters=5), "parameters: 5 is not allowed"),
        (
            lambda: compare(TWO, replications=2.5),
            "replications: 2.5 is",
        ),
        (lambda: compare(TWO, confidence="95%"), "confidence: 95% is"),
        (lambda: flowsim.draw(None), "pathway: None is not allowed: it should be a Pathway"),
        (lambda: flowsim.workload(None), "pathway: None is not allowed: it should be a Pathway"),
        (lambda: flowsim.explain(None, "queue.team", "2024"), "scenario: None is not allowed"),
        (lambda: flowsim.outlook(None, None), "scenario: None is not allowed"),
        (lambda: flowsim.judge(None), "calibration: None is not allowed"),
        (lambda: flowsim.calibrate(None), "study: None is not allowed"),
        (lambda: flowsim.report("today"), "scenarios: 'today' is not allowed: it should be a list"),
        (lambda: flowsim.report([town()], between=None), "between: None is not allowed: it should be two periods"),
        (lambda: flowsim.report([town()], replications="5"), "replications: '5' is not allowed"),
        (lambda: flowsim.verify(5), "families: 5 is not allowed"),
        (lambda: flowsim.staff(asked(), None), "levels: None is not allowed"),
        (lambda: asked(scenario=PATHWAY), "scenario: <Pathway 'p'.* is not allowed: it should be a Scenario"),
        (lambda: asked(goals=[5]), "goal: 5 is not allowed"),
        (lambda: asked(chance="90%"), "chance: '90%' is not allowed: it should be a share between 0 and 1"),
        (lambda: asked(chance=0.0), "chance: 0.0 is not allowed: a share between 0 % and 100 %"),
        (lambda: asked(chance=1.0), "chance: 1.0 is not allowed: a share between 0 % and 100 %"),
        (lambda: Levels(lever=Lever.parse("desk.capacity", PATHWAY), least=1.5, most=5), "least: 1.5 is not allowed"),
        (lambda: flowsim.forecast(SERIES, horizon="8"), "horizon: '8' is not allowed"),
        (lambda: flowsim.forecast(SERIES, origin=5), "origin: 5 is not allowed"),
        (lambda: flowsim.forecast(SERIES, shock=5), "shock: 5 is not allowed"),
        (lambda: flowsim.forecast(SERIES, reference=None), "reference: None is not allowed: it should be a list of"),
        (lambda: flowsim.forecast(SERIES, reference=2.5), "reference: 2.5 is not allowed"),
        (lambda: AHEAD.paths(2.5), "count: 2.5 is not allowed: it should be a whole number from 1 to 10,000,000"),
        (lambda: AHEAD.paths(True), "count: True is not allowed"),
        (lambda: AHEAD.paths(10**30), "count: 10{30} is not allowed"),
        (lambda: AHEAD.paths(5, 2.5), "seed: 2.5 is not allowed"),
        (lambda: AHEAD.paths(5, 2**64), "seed: 18446744073709551616 is not allowed"),
        (lambda: AHEAD.forecast.quantile("0.5"), "0.5 is no level or probability"),
        (lambda: AHEAD.forecast.interval(None), "None is no level or probability"),
        (lambda: AHEAD.forecast.with_break("1"), "size: '1' is not allowed"),
        (lambda: AHEAD.forecast.with_break(1e30), "size: 1e\\+30 is not allowed: from -20 to 20"),
        (lambda: forecasting.forecast_series(SERIES), "series: .* is not allowed: it should be a series of"),
        (lambda: forecasting.forecast_series(KNOWN, 2.5), "horizon: 2.5 is not allowed"),
        (lambda: forecasting.forecast_series(KNOWN, 8, 5), "origin: 5 is not allowed"),
        (
            lambda: forecasting.forecast_series(KNOWN, shock="2020Q2=as-observed"),
            "shock: '2020Q2.* it should be a Shock",
        ),
        (lambda: forecasting.forecast_series(KNOWN, taught=5), "taught: 5 is not allowed"),
        (lambda: forecasting.forecast_parts(KNOWN), "parts: Series.* is not allowed: it should be a list of series"),
        (lambda: forecasting.forecast_parts([KNOWN, None]), "parts: None is not allowed"),
        (lambda: forecasting.backtest_parts(5), "parts: 5 is not allowed"),
        (lambda: run_backtest(KNOWN, 2.5), "horizon: 2.5 is not allowed"),
        (lambda: run_backtest(KNOWN, 1, 5), "shock: 5 is not allowed"),
        (lambda: forecasting.learn_from(None), "series: None is not allowed: it should be a list of series"),
        (lambda: forecasting.learn_from([KNOWN, KNOWN], 2.5), "horizon: 2.5 is not allowed"),
        (lambda: forecasting.check_horizon(2, "year"), "every: there is no kind of period 'year'"),
        (lambda: forecasting.Shock(quarter=5), "quarter: 5 is not allowed"),
        (lambda: forecasting.Shock(quarter="2020Q2", recovers=2.5), "shock 2020Q2: recovers: 2.5 is not allowed"),
        (lambda: forecasting.Shock.parse(5), "shock: 5 is not allowed"),
        (lambda: forecasting.Demand.of(None, ["door"], relative=True), "forecast: None is not allowed"),
        (lambda: forecasting.Demand.of(AHEAD.forecast, "door", relative=True), "doors: 'door' is not allowed"),
        (
            lambda: forecasting.Demand.of(AHEAD.forecast, ["door"], relative=True, count=2.5),
            "count: 2.5 is not allowed",
        ),
        (lambda: forecasting.pooled(np.ones((2, 1)), np.ones((2, 1)), 5), "share: 5 is not allowed"),
        (lambda: flowsim.outlook(town(), CALIBRATION, horizon=2.5), "horizon: 2.5 is not allowed"),
        (lambda: flowsim.outlook(town(), CALIBRATION, replications=2.5), "replications: 2.5 is not allowed"),
        (lambda: flowsim.outlook(town(), CALIBRATION, demand=5), "demand: 5 is not allowed"),
        (lambda: read(None), "path: None is not allowed"),
        (lambda: read("x.csv", decimal="dot"), "decimal: there is no convention 'dot'"),
        (lambda: Ensemble.of(None), "base: None is not allowed"),
        (lambda: read_base(None), "base: None is not allowed"),
        (lambda: read_base("copenhagen").pathway(None), "overrides: None is not allowed"),
        (lambda: read_base("copenhagen").pathway({"ended_gap": "1.200 weeks"}), "'1.200': 1200 or 1.2"),
        (lambda: Scenario.of("today").pathway({"ended_gap": "1.200 weeks"}), "'1.200': 1200 or 1.2"),
        (lambda: Precision(relative="5%", measures=("queue.desk",)), "relative: '5%' is not allowed: a share"),
        (
            lambda: Precision(relative=0.05, measures=()),
            "measures: \\(\\) is not allowed: the names of meas",
        ),
        (lambda: Precision(relative=0.05, measures=[5]), "measures: \\(5,\\) is not allowed: the names of measures"),
        (lambda: Duration.fixed("1 week").scaled(float("nan")), "a duration cannot become nan times as long"),
        (lambda: Duration.fixed("1 week").scaled(None), "a duration cannot become None times as long"),
        (lambda: run(PATHWAY, engine=np.array([1, 2])), "engine: there is no engine '\\[1 2\\]'"),
        (lambda: compare(TWO, measures=5), "measures: 5 is not allowed: it should be the names of measures"),
        (lambda: compare(TWO, precision=0.05), "precision: 0.05 is not allowed: it should be a Precision"),
        (lambda: compare(TWO, progress="bar"), "progress: 'bar' is not allowed: it should be a function"),
        (lambda: flowsim.verify(["mmc"], progress="bar"), "progress: 'bar' is not allowed"),
        (lambda: RESULTS.select("queue.desk", np.array([1, 2])), "queue.desk: there is no period '\\[1 2\\]'"),
        (lambda: RESULTS.levels(None), "error: None is not allowed: a probability between 0 and 1"),
        (lambda: RESULTS.levels(5), "error: 5 is not allowed: a probability between 0 and 1"),
        (lambda: RESULTS.only(None), "keep: None is not allowed: a condition"),
        (lambda: RESULTS.occupancy(["desk"]), "there is no station or state '\\['desk'\\]'"),
        (lambda: RESULTS.occupancy("desk", counted=np.array([1, 2])), "counted: there is no way to count"),
        (lambda: RESULTS.plot(5), "path: 5 is not allowed: it should be the path of a picture"),
        (lambda: StoppingRule(confidence=None), "confidence: None is not allowed: from 0.5 to below 1"),
        (lambda: StoppingRule(most="200"), "most: '200' is not allowed: it should be a whole number"),
        (lambda: prices_of(None), "scenario: None is not allowed: it should be a Scenario"),
        (lambda: prices_of(town(), 5), "path: 5 is not allowed: it should be the path of a file with prices"),
        (lambda: load(None), "evidence: None is not allowed: it should be the name of a city, or the path"),
        (lambda: run_to_precision(PATHWAY, 0.05), "precision: 0.05 is not allowed: it should be a Precision"),
        (lambda: town().pathway("ended_gap=2"), "parameters: 'ended_gap=2' is not allowed: it should be values by"),
        (lambda: town().reaching("soon"), "end: 'soon' is no date"),
        (lambda: read_base("copenhagen").filled([]), "overrides: \\[\\] is not allowed: it should be values by"),
        (lambda: ENSEMBLE.parameters("1", 0), "seed: 1 is not allowed: a seed is a whole number"),
        (lambda: ENSEMBLE.number(1, -1), "replication: -1 is not allowed: it should be a whole number"),
        (lambda: ENSEMBLE.draft("today", 1, 0), "scenario: 'today' is not allowed: it should be a Scenario"),
        (lambda: ENSEMBLE.fork([1]), "seed: \\[1\\] is not allowed: a seed is a whole number"),
        (lambda: ENSEMBLE.over("today"), "scenario: 'today' is not allowed: it should be a Scenario"),
        (lambda: flowsim.staff("town", []), "question: 'town' is not allowed: it should be a Question"),
        (lambda: flowsim.staff(asked(), "places"), "levels: 'p' is not allowed: it should be the levels of one lever"),
        (
            lambda: flowsim.staff(asked(), LEVELS, stopping=40),
            "stopping: 40 is not allowed: it should be a Stop",
        ),
        (lambda: KeptHistories(megabytes="much"), "megabytes: 'much' is not allowed: above 0 and finite"),
        (lambda: asked(goals=5), "goals: 5 is not allowed: it should be texts such as"),
        (
            lambda: Levels(lever="desk.capacity", least=1, most=5),
            "lever: 'desk.capacity' is not allowed: it should be",
        ),
        (lambda: Lever.parse(5, PATHWAY), "lever: 5 is not allowed: it should be a name such as"),
        (lambda: Lever.parse("desk.capacity", "town"), "pathway: 'town' is not allowed: it should be a Pathway"),
        (lambda: Scenario.read(5), "path: 5 is not allowed: it should be the path of a file"),
        (lambda: Run.read(None), "path: None is not allowed: it should be the path of a file"),
        (lambda: Run.from_dict([]), "run: \\[\\] is not allowed: it should be a table of keys"),
        (lambda: study_of(5), "folder: 5 is not allowed: it should be the path of a folder"),
        (lambda: pair(SERIES, []), "series: .* is not allowed: it should be a series of quarters"),
        (lambda: pair(KNOWN, None), "retrospects: None is not allowed: it should be retrospects"),
        (lambda: pair(KNOWN, [5]), "retrospects: 5 is not allowed: it should be retrospects"),
    ],
)
def test_an_odd_argument_is_refused_in_one_line(call, message):
    with pytest.raises(InputError, match=message) as refused:
        call()
    assert "\n" not in str(refused.value)


def test_years_as_numbers_and_one_goal_as_a_text_are_read():
    assert {row.period for row in RESULTS.between(2024, 2024).index} == {row.period for row in RESULTS.index}
    assert RESULTS.select("queue.desk", 2024).index == RESULTS.select("queue.desk", "2024").index
    assert asked(goals="wait for team <= 4 weeks").goals == asked().goals
    assert asked(during=2024) == asked()
    assert Levels(lever=Lever.parse("desk.capacity", PATHWAY), least=np.int64(1), most=5).all == (1, 2, 3, 4, 5)


def test_one_measure_of_a_precision_is_read_as_a_list_of_one():
    assert Precision(relative=0.05, measures="awards") == Precision(relative=0.05, measures=["awards"])


def test_a_timedelta_is_another_mean_of_the_law_of_a_stay():
    for stay in (dt.timedelta(weeks=12), "12 weeks", pd.Timedelta(weeks=12)):
        change = {"name": "longer", "base": str(TOWN), "stays": [{"state": "plan", "stay": stay}]}
        (law,) = Scenario.from_dict(change).pathway().state("plan").stay.values
        assert (law.law, law.mean_minutes, law.cv) == ("gamma", 12 * 7 * 24 * 60, 0.5)
