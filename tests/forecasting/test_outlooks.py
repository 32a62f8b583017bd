"""The outlook on a made office whose awards rise: where its team is full the flag has to appear, elsewhere not."""

import dataclasses
import json
import re

import numpy as np
import pytest

from flowsim import InputError, Pathway, Scenario, run
from flowsim.calibration.retrospect import Retrospect, quarterly
from flowsim.calibration.study import Study
from flowsim.calibration.workflow import Calibration
from flowsim.cli.words.outlook import outlook_json, outlook_lines
from flowsim.evidence.series import documented_awards
from flowsim.forecasting.demand import Demand
from flowsim.forecasting.outlooks import FULL, LIKELY_SHARE, Flag, Outcome, _full, outlook
from flowsim.forecasting.pairing import series_of
from flowsim.forecasting.trend import forecast_parts, forecast_series
from flowsim.reporting.language import Language
from flowsim.reporting.wording import Wording
from helpers.command_line import fine, flowsim

BASE = """
name = "office"
start = 2020-01-01
end = 2025-01-01

[parameters]
opened = { calibrate = "240 per year", why = "a" }
more = { calibrate = "400 per year", why = "a" }
places = { assumed = PLACES, why = "a" }

[stations.team]
weekdays = ["tue"]
places = "$places"

[states.case]
station = "team"
to = "grant"

[states.grant]
final = true
outcome = true

[entries.door]
to = "case"

[entries.door.rate]
2020-01-01 = "$opened"
2022-01-01 = "$more"
"""
FACTS = """
[sources.report]
title = "Report of a made office"
date = "2023"

[[facts]]
id = "report.grants"
label = "Grants by quarter"
role = "target"
unit = "awards"
period = "2020Q1/2022Q4"
counted = "awards"
population = "cases of the office"
precision = { kind = "exact" }
source = "report"
place = "p. 1"
quote = "Bevillinger pr. kvartal"

[facts.values]
"""
TARGETS = """
[families.awards]
title = "Awards"
discrepancy = { share = 0.1 }
why = "a"

[[targets]]
name = "grants {}"
family = "awards"
fact = "report.grants"
measures = "awards.grant"
"""
STUDY = """
base = "office.toml"
facts = "facts.toml"
targets = "targets.toml"

[factors.opened]
title = "cases opened"
sets = ["opened", "more"]
scale = "log"
sd = 0.1
why = "a"
"""
GRANTS = (58, 61, 60, 66, 70, 74, 79, 83, 88, 90, 97, 101)


@pytest.fixture
def office(tmp_path):
    """Return a function that makes the office, calibrated by hand, with so many places a week."""

    def made(places, spread=0.05, end="2025-01-01"):
        periods = [f"{year}Q{q}" for year in (2020, 2021, 2022) for q in (1, 2, 3, 4)]
        told = FACTS + "\n".join(f'"{period}" = {value}' for period, value in zip(periods, GRANTS, strict=True))
        files = {
            "office.toml": BASE.replace("PLACES", str(places)).replace("2025-01-01", end),
            "facts.toml": told + "\n",
            "targets.toml": TARGETS,
            "study.toml": STUDY,
        }
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        study = Study.read(tmp_path / "study.toml")
        sets = spread * np.linspace(-1.5, 1.5, 20)[:, None]
        record = {"fit": {"mode": [0.0]}, "provenance": {"study": study.digest}}
        calibration = Calibration(study=study, sets=sets, retrospects=(), record=record)
        return Scenario.of(tmp_path / "office.toml"), calibration

    return made


def trend(calibration, horizon=8):
    return forecast_series(series_of(quarterly(calibration.study))["awards.grant"], horizon)


def driven(calibration, count=60):
    # More than the doors' rate of 2022, in step with the forecast of the grants.
    return Demand.of(trend(calibration), ["door"], relative=True, count=count)


def sentences(scenario, told):
    """Return the flags of an outlook in words, with the names that files take."""
    wording = Wording.of(scenario, told.results.pathway, Language.of("en"), codes=True)
    return [flag["words"] for flag in outlook_json(told, wording)["flags"]]


def test_where_the_team_is_full_the_outlook_says_so(office):
    scenario, calibration = office(places=5)
    told = outlook(scenario, calibration, demand=driven(calibration), horizon=8, replications=60)
    (outcome,) = told.outcomes
    assert outcome.measure == "awards.grant"
    (flag,) = told.flags
    assert (flag.station, flag.last) == ("team", "2024Q4")
    # Fourteen Tuesdays of five places and no more, while the trend is above a hundred.
    assert flag.simulated == 70
    assert flag.trend > 100
    # As many more as what is asked for is above what is delivered: 5 a week times the ratio less one.
    assert flag.more == pytest.approx(5 * (flag.wanted / flag.simulated - 1), rel=0.03)
    (words,) = sentences(scenario, told)
    assert f"team is full from {flag.full_since} on: the {flag.wanted:,.0f} asked for would need" in words
    assert repr(told).startswith("<Outlook for 'office': 1 outcomes, 2023Q1 to 2024Q4, driven by ")
    assert "they differ" in {line.get_label() for line in told.plot().axes[0].lines}
    assert "<th>measure</th>" in told._repr_html_()
    used = told.results.select("utilisation.team", flag.full_since).values
    assert np.median(used) >= FULL


def test_where_there_are_places_enough_nothing_is_flagged(office):
    # The doors' rate of 2022 is a little above the grants of that year, and the trend is sure enough to show it.
    scenario, calibration = office(places=40)
    in_step = {"name": "in step", "base": scenario.source, "parameters": {"more": "-6 %"}}
    told = outlook(Scenario.from_dict(in_step), calibration, demand=driven(calibration), horizon=8, replications=60)
    assert told.flags == ()
    assert not told.frame()["differs"].any()
    (outcome,) = told.outcomes
    assert outcome.shortfall.max() == 0


def test_the_trend_beside_a_future_is_not_the_path_that_drives_it(office):
    scenario, calibration = office(places=400, spread=0.001)
    told = outlook(scenario, calibration, demand=driven(calibration), horizon=8, replications=60)
    (outcome,) = told.outcomes
    assert abs(np.corrcoef(outcome.trend_paths[:, -1], outcome.simulated[:, -1])[0, 1]) < 4 / 60**0.5
    assert (outcome.wanted == outcome.simulated).all()


def test_a_demand_a_quarter_above_the_ceiling_is_flagged_in_time(office):
    """A team that delivers what is asked for today, and a demand that grows beyond it: 25 % after eight quarters."""
    scenario, calibration = office(places=7.8)
    told = outlook(scenario, calibration, demand=driven(calibration), horizon=8, replications=60)
    (outcome,) = told.outcomes
    assert (outcome.wanted[:, -1] >= 1.05 * outcome.simulated[:, -1]).mean() == outcome.shortfall[-1]
    assert 1.15 < np.median(outcome.wanted[:, -1]) / np.median(outcome.simulated[:, -1]) < 1.35
    assert outcome.differs[-1]
    assert told.flags[-1].station == "team"
    assert "too little in" in sentences(scenario, told)[-1]


def test_forecast_and_simulation_differ_where_zero_is_outside_nine_tenths_of_their_differences(office):
    """However small the difference is: outcomes may be a few cases, or shares."""
    _, calibration = office(places=5)
    asked = np.zeros((40, 3))  # nothing, so that nothing is short
    made = Outcome(
        measure="awards.grant", trend=trend(calibration, 3), simulated=asked, wanted=asked, pairing=None, flags=()
    )
    # By quarter the simulation is below the forecast, as it, or above it, in so many of forty futures.
    for below, above, told in ((38, 0, True), (37, 0, False), (20, 20, False), (0, 37, False), (0, 38, True)):
        off = np.repeat([-0.4, 0.0, 0.4], (below, 40 - below - above, above))[:, None]
        assert dataclasses.replace(made, simulated=made.trend_paths + off).differs.tolist() == [told] * 3


def growing(excess, spread, seed, count=100, quarters=12):
    """Return demand whose median ends so much above today's, with a normal spread of its logarithm then."""
    steps = np.random.default_rng(seed).normal(0, spread / quarters**0.5, (count, quarters)).cumsum(axis=1)
    rise = np.log(excess) * np.arange(1, quarters + 1) / quarters
    return Demand(name="made", first="2023Q1", paths=np.exp(steps + rise), doors=("door",), relative=True)


def test_a_flood_of_cases_is_flagged_though_the_trend_of_the_grants_is_below_it(office):
    """The documented grants say nothing of it: what is asked for is what the doors let in."""
    scenario, calibration = office(places=10)  # 130 a quarter
    flood = growing(3.6, 0.1, seed=1, count=40, quarters=8)  # of 100
    told = outlook(scenario, calibration, demand=flood, horizon=8, replications=40)
    (outcome,) = told.outcomes
    assert np.median(outcome.wanted[:, -1]) == pytest.approx(2.6 * np.median(outcome.simulated[:, -1]), rel=0.1)
    assert outcome.shortfall[-1] == 1
    assert outcome.flags[-1].station == "team"
    assert "asked for would need" in sentences(scenario, told)[-1]


@pytest.mark.slow
@pytest.mark.parametrize(("places", "least", "most"), [(7.7, 0.8, 1), (40, 0, 0)])
def test_how_often_a_shortfall_is_flagged(office, places, least, most):
    """Twenty demands that end a quarter above a ceiling of 100 in twelve quarters, as unsure as forecasts of counts."""
    scenario, calibration = office(places, end="2026-01-01")
    flagged = 0
    for seed in range(20):
        told = outlook(scenario, calibration, demand=growing(1.25, 0.2, seed), horizon=12, replications=100, seed=seed)
        flagged += told.outcomes[0].shortfall[-1] >= LIKELY_SHARE
    assert least <= flagged / 20 <= most


def test_a_full_station_that_is_on_no_way_to_the_outcome_is_not_named(office, tmp_path):
    aside = """
[stations.aside]
capacity = 1
[states.other]
station = "aside"
stay = "1000 days"
to = "gone"
[states.gone]
final = true
[entries.others]
to = "other"
rate = "100 per year"
"""
    _, calibration = office(places=40)
    file = tmp_path / "office.toml"
    text = file.read_text(encoding="utf-8").replace("400 per year", "60 per year") + aside
    file.write_text(text, encoding="utf-8")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    study = Study.read(tmp_path / "study.toml")
    record = {"fit": {"mode": [0.0]}, "provenance": {"study": study.digest}}
    calibration = Calibration(study=study, sets=np.zeros((20, 1)), retrospects=(), record=record)
    told = outlook(Scenario.of(file), calibration, horizon=8, replications=20)
    assert np.median(told.results.select("utilisation.aside", "2024Q4").values) >= FULL
    assert told.flags
    assert {flag.station for flag in told.flags} == {None}


def test_without_demand_the_cases_fall_short_of_the_trend_and_no_station_is_named(office):
    # 400 a year are a hundred a quarter, while the trend goes on; so the office is told to open half as many.
    scenario, calibration = office(places=40)
    halved = {"name": "fewer", "base": scenario.source, "parameters": {"opened": "-50 %", "more": "-60 %"}}
    told = outlook(Scenario.from_dict(halved), calibration, horizon=8, replications=60)
    assert told.demand is None
    assert told.flags
    assert {flag.station for flag in told.flags} == {None}
    assert "no station on the way is full: fewer cases come than the trend implies" in sentences(scenario, told)[0]


def test_an_outlook_is_told_with_one_past_of_the_measure_or_with_none(office, monkeypatch):
    """Nine documented quarters give one past, from which the whole outlook was refused."""
    scenario, calibration = office(places=40)
    ahead = tuple(f"2022Q{quarter}" for quarter in (1, 2, 3, 4))
    paths = np.random.default_rng(1).poisson(90, (40, 4)).astype(float)
    one = Retrospect(origin="2021Q4", fitted=1, periods=ahead, paths={"awards.grant": paths})
    for pasts, pairings in (((one,), 1), ((dataclasses.replace(one, paths={"awards.other": paths}),), 0)):
        looked_back = dataclasses.replace(calibration, retrospects=pasts)
        told = outlook(scenario, looked_back, horizon=3, replications=20)
        wording = Wording.of(scenario, told.results.pathway, Language.of("en"))
        assert len(outlook_json(told, wording)["pairings"]) == pairings
        lines = " ".join(" ".join(outlook_lines(told, wording)).split())
        assert lines.count("there is one origin, with 4 quarters ahead") == pairings
        monkeypatch.setattr(Calibration, "read", lambda *_, kept=looked_back: kept)
        words = ("outlook", scenario.source, "--calibrated", "kept", "--backtest")
        if pairings:
            assert "from 2021Q4 alone, 4 quarters ahead" in fine(*words)
        else:
            code, _, err = flowsim(*words)
            assert (code, "there is no past to look back from: two years that are documented" in err) == (2, True)


@pytest.mark.slow
def test_the_forecasts_of_an_outlook_are_those_of_the_parts_and_of_their_whole():
    """Reconciled, as `flowsim forecast awards` has them, and the demand that drives an outlook."""
    told = outlook(Scenario.of("copenhagen"), Calibration.read("copenhagen"), horizon=2, replications=2)
    whole = forecast_parts(documented_awards().series, 2)
    parts = dict(zip(("awards.fleksjob_tilkendt", "awards.foertidspension"), whole.parts, strict=True))
    for outcome in told.outcomes:
        expected = parts.get(outcome.measure, whole).point
        assert outcome.trend.point == pytest.approx(expected, rel=1e-12)
    assert len(told.outcomes) == 3


def test_what_is_above_the_trend_is_said_to_be(office):
    scenario, calibration = office(places=40)
    told = outlook(scenario, calibration, horizon=3, replications=20)
    flag = Flag(
        measure="awards.grant",
        first="2021Q1",
        last="2021Q3",
        trend=400.0,
        simulated=640.0,
        wanted=400.0,
        shortfall=0.0,
        station="team",
        full_since="2021Q1",
        more=0.0,
    )
    flagged = dataclasses.replace(told, outcomes=(dataclasses.replace(told.outcomes[0], flags=(flag,)),))
    assert sentences(scenario, flagged) == [
        "awards.grant, 2021Q1 to 2021Q3: the trend is 400 in 2021Q3, the simulation 640; more is decided than the "
        "trend says"
    ]


def test_each_source_of_uncertainty_is_found_where_it_is_put(office):
    scenario, wide = office(places=40, spread=0.3)
    by_parameters = outlook(scenario, wide, horizon=4, replications=60).sources[0]
    # Cases are Poisson, so luck is the mean; the rest is the spread of the factor, 0.3 times that of the grid, squared.
    assert by_parameters.demand == 0.0
    assert by_parameters.parameters > 0.7
    assert by_parameters.process + by_parameters.parameters + by_parameters.together == pytest.approx(1)
    scenario, narrow = office(places=40, spread=0.001)
    by_demand = outlook(scenario, narrow, demand=driven(narrow), horizon=8, replications=60).sources[0]
    assert by_demand.demand > 0.5
    assert abs(by_demand.parameters) < 0.1
    scenario, certain = office(places=40, spread=0.0)
    by_luck = outlook(scenario, certain, horizon=4, replications=60).sources[0]
    assert by_luck.process == pytest.approx(1)
    assert by_luck.sd == pytest.approx(10, rel=0.25)


def test_the_table_has_both_sides(office):
    scenario, calibration = office(places=40)
    told = outlook(scenario, calibration, horizon=3, replications=40)
    frame = told.frame()
    assert list(frame["method"].unique()) == ["forecast", "simulation"]
    assert list(frame["period"].unique()) == ["2023Q1", "2023Q2", "2023Q3"]
    np.testing.assert_allclose(
        frame[frame["method"] == "simulation"]["p50"], np.median(told.outcomes[0].simulated, axis=0)
    )
    expected = trend(calibration, 3)
    np.testing.assert_allclose(frame[frame["method"] == "forecast"]["p50"], expected.point, rtol=0.1)


def test_a_horizon_that_ends_before_the_forecast_is_refused(office):
    scenario, calibration = office(places=40)
    with pytest.raises(InputError, match="its horizon ends 2025-01-01, before 2025Q1, the last quarter ahead"):
        outlook(scenario, calibration, horizon=9, replications=20)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--horizon", 0), "a horizon of 0 quarters is not allowed"),
        (("--horizon", 13), "a horizon of 13 quarters is not allowed"),
        (("--replications", 5), "--replications: 5 is not allowed: at least 20 are needed"),
        (("--demand", "none", "--door", "sygedagpenge_new"), "--door: it goes with a file of --demand"),
        (("--demand", "cases.csv"), "--door: name the entry by which those of the file come"),
        (("--demand", "cases.csv", "--door", "steet"), "there is no door 'steet'"),
        (
            ("--demand", "cases.csv", "--door", "x", "--months", "sum"),
            "the periods of cases.csv are quarters",
        ),
        (
            ("--demand", "rate.csv", "--door", "sygedagpenge_new"),
            "rate in percent is in percent: those who come are",
        ),
        (("--demand", "many.csv", "--door", "sygedagpenge_new"), "cases (1000) is in thousand: those who come are"),
        (("--backtest", "--plot", "a.png"), "--plot: it goes with an outlook, not with --backtest"),
        *(
            (("--backtest", *words), f"{words[0]}: it goes with an outlook, not with --backtest")
            for words in (
                ("--demand", "awards"),
                ("--series", "x"),
                ("--door", "x"),
                ("--months", "sum"),
                ("--decimal", "comma"),
                ("--horizon", 12),  # as it is by default, too
                ("--replications", 200),
                ("--seed", 1),
                ("--sets",),
                ("--hold",),
                ("--out", "a.csv"),
                ("--force",),
            )
        ),
        (("--backtest", "-n", 200), "--replications: it goes with an outlook, not with --backtest"),
        (("--plot", "a.gif"), "--plot: 'a.gif' is not allowed"),
        (("--out", "cases.csv"), "'cases.csv' exists already"),
    ],
)
def test_bad_commands_are_refused(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    rows = [f"2018Q{q};{40 + 3 * q}" for q in (1, 2, 3, 4)] + [f"2019Q{q};{50 + 2 * q}" for q in (1, 2, 3, 4)]
    for name, heading in (("cases", "cases"), ("rate", "rate in percent"), ("many", "cases (1000)")):
        (tmp_path / f"{name}.csv").write_text(f"quarter;{heading}\n" + "\n".join(rows) + "\n", encoding="utf-8")
    code, out, err = flowsim("outlook", *words)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.slow
def test_the_command_prints_and_draws(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = fine("outlook", "--demand", "awards", "-n", 20, "--plot", "a.png", "--out", "a.csv", "--horizon", 6)
    assert max(map(len, shown.splitlines())) <= 80
    assert "All of these together: median and 5 to 95 %" in shown
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8-sig").startswith("measure,period,method,p05,p50,p95,differs")
    told = json.loads(fine("outlook", "--demand", "awards", "-n", 20, "--json", "--horizon", 6))
    assert told["demand"] == "total"
    assert {row["measure"] for row in told["outcomes"]} == {
        "awards.fleksjob_tilkendt",
        "awards.foertidspension",
        "total",
    }
    assert sum(told["sources"][0][key] for key in ("process", "parameters", "demand", "together")) == pytest.approx(1)


def test_the_past_of_copenhagen_is_scored():
    told = fine("outlook", "--backtest")
    for method in ("forecast", "simulation", "combination"):
        assert len(re.findall(rf"^{method} +\d", told, flags=re.MULTILINE)) == 2
    ends = "from 2018Q4 to 2020Q2, 28 quarters ahead in all"
    assert f"Awards: førtidspension: {ends}" in told
    assert f"awards.foertidspension: {ends}" in fine("outlook", "--backtest", "--codes")


@pytest.mark.parametrize("together", [1, 4])
def test_a_station_is_full_since_the_first_of_the_quarters_in_a_row(together):
    """Groups of four use eight of ten servers. Neither of the two years is full as a whole."""
    raw = {
        "name": "course",
        "start": "2024-01-01",
        "end": "2026-01-01",
        "stations": {
            "course": {
                "capacity": {"2024-01-01": 50, "2024-04-01": 8 if together == 1 else 10, "2025-07-01": 60},
                "together": together,
            }
        },
        "states": {"in": {"station": "course", "stay": "2 days", "to": "out"}, "out": {"final": True}},
        "entries": {"door": {"to": "in", "rate": {"2024-01-01": "6 per day", "2025-03-01": "0.1 per day"}}},
    }
    results = run(Pathway.from_dict(raw), replications=2)
    assert _full(results, "2025Q1", ["course"]) == ("course", "2024Q2")
    assert _full(results, "2025Q4", ["course"]) == (None, None)
