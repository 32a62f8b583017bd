"""The shipped model of Copenhagen: its first values against the documents, and where each of them comes from."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from flowsim.calibration.study import Study
from flowsim.evidence import facts
from flowsim.model.base import Base, bare_numbers, read_base
from flowsim.model.pathway import Pathway
from flowsim.simulation.results import Results
from flowsim.simulation.runner import run
from flowsim.theory.fluid_load import workload

EVIDENCE = facts.load()
BASE = read_base("copenhagen")
DECIDED = {"ressourceforloeb", "fleksjob_tilkendt", "foertidspension", "afslag"}


@pytest.fixture(scope="module")
def pathway() -> Pathway:
    return BASE.pathway()


@pytest.fixture(scope="module")
def results(pathway: Pathway) -> Results:
    return run(pathway, replications=5, seed=1, workers=1)


def mean(results: Results, measure: str, period: str) -> float:
    return float(np.mean(results.select(measure, period).values))


# --- The first values against the documents ---


@pytest.mark.parametrize(
    ("period", "fact", "key"),
    [
        ("2017Q2", "aftale-2017.stock", None),
        ("2018Q2", "status-2021-01.stock-implied", "2018"),
        ("2019Q2", "status-2021-01.stock-implied", "2019"),
        ("2020Q2", "status-2021-01.stock-implied", "2020"),
    ],
)
def test_the_stock_on_kontanthjaelp_follows_the_path(results: Results, period: str, fact: str, key: str | None) -> None:
    assert mean(results, "stock.kontanthjaelp", period) == pytest.approx(EVIDENCE[fact].number(key), rel=0.10)


def test_the_stock_of_2015_lies_on_the_same_line(results: Results) -> None:
    full_year = EVIDENCE["status-2021-01.stock-2015-implied"].number()
    persons = full_year * EVIDENCE["status-2021-01.persons-per-full-year-person"].number()
    assert persons == pytest.approx(15_000)
    assert mean(results, "stock.kontanthjaelp", "2015Q2") == pytest.approx(persons, rel=0.10)


@pytest.mark.parametrize("year", ["2017", "2018", "2019"])
@pytest.mark.parametrize(
    ("state", "fact"),
    [
        ("fleksjob_tilkendt", "status-2021-01.awards-fleksjob-totals"),
        ("foertidspension", "status-2021-01.awards-foertidspension-totals"),
    ],
)
def test_the_awards_of_a_year(results: Results, state: str, fact: str, year: str) -> None:
    assert mean(results, f"awards.{state}", year) == pytest.approx(EVIDENCE[fact].number(year), rel=0.25)


def test_the_ressourceforloeb_in_progress_in_2017(results: Results) -> None:
    documented = EVIDENCE["aftale-2017.ressourceforloeb-stock"].number()
    assert mean(results, "stock.ressourceforloeb", "2017Q2") == pytest.approx(documented, rel=0.20)


def test_the_wait_for_the_team_rises_and_falls_as_documented(results: Results) -> None:
    wait = {
        month: mean(results, "wait.rehabilitation_team.served", month)
        for month in ("2018-03", "2019-04", "2019-05", "2020-02", "2020-06", "2021-01")
    }
    nine = EVIDENCE["status-2021-01.wait-2020-02"].number()
    assert wait["2018-03"] < nine < wait["2019-05"]
    assert wait["2020-06"] > wait["2020-02"]
    assert wait["2021-01"] < wait["2020-02"]


# --- Where the numbers come from ---


def test_no_number_stands_bare() -> None:
    assert bare_numbers(BASE.raw) == []


def test_every_parameter_names_a_fact_or_gives_a_reason() -> None:
    ids = {fact.id for fact in EVIDENCE}
    for parameter in BASE.parameters.values():
        if parameter.kind == "fact":
            assert parameter.fact in ids, parameter.name
        else:
            assert len(parameter.why) >= 5, parameter.name  # "a guess" is a reason, an empty one is none
            if parameter.why.startswith("as for "):
                told = BASE.parameter(parameter.why.removeprefix("as for "))
                assert not told.why.startswith("as for "), parameter.name


def test_the_documents_shape_the_model_where_they_tell_a_number(pathway: Pathway) -> None:
    assert BASE.parameter("service_goal").value == "23 weeks"
    assert BASE.parameter("sof_share").value == 0.1875
    shares = dict(pathway.state("koordinering").to.values[0])  # type: ignore[union-attr]
    assert shares == {"plan_efter_rf_sof": 0.1875, "plan_efter_rf": 0.8125}
    stay = pathway.state("fastholdelse").stay
    assert stay is not None
    assert stay.values[0].mean_minutes == 29 * 7 * 24 * 60


# --- The model's shape ---


def test_the_case_keeps_the_benefit_that_it_came_with(pathway: Pathway) -> None:
    plans = [s for s in pathway.states if s.station and s.station.startswith("plan_")]
    assert {s.benefit for s in plans} == {
        *("kontanthjaelp", "ressourceforloeb", "sygedagpenge", "jobafklaring", "uddannelseshjaelp")
    }
    for plan in plans:
        state, passed = plan, []
        while not state.targets & DECIDED:
            (to,) = state.targets
            state = pathway.state(to)
            passed.append(state)
        assert {s.benefit for s in passed} == {plan.benefit}
        assert "rehabilitation_team" in {s.station for s in passed}
        assert state.targets == DECIDED


def test_a_ressourceforloeb_ends_in_its_own_plan_or_leaves(pathway: Pathway) -> None:
    assert pathway.state("ressourceforloeb").targets == {
        *("koordinering", "kontanthjaelp", "selvforsoergelse", "job", "uddannelse", "uddannelseshjaelp", "andet")
    }
    (clock,) = [c for c in pathway.clocks if c.name == "plan_til_afgoerelse"]
    assert set(clock.begins) == {s.name for s in pathway.states if s.station and s.station.startswith("plan_")}
    assert set(clock.ends) == DECIDED


def test_the_team_does_not_meet_on_public_holidays(pathway: Pathway) -> None:
    team = pathway.station("rehabilitation_team")
    days = {when.date() for when in team.meetings(pathway.start, pathway.end)}
    assert {day.isoweekday() for day in days} == {2, 4}
    # Maundy Thursday, Ascension Day, Christmas Day, and the days before or after.
    assert not days & {date(2015, 4, 2), date(2018, 5, 10), date(2018, 12, 25), date(2024, 12, 26)}
    assert {date(2015, 3, 31), date(2018, 5, 8), date(2018, 12, 27), date(2024, 12, 19)} <= days
    assert all(day.isoweekday() <= 5 for day in team.holidays)
    assert {day.year for day in team.holidays} == set(range(2015, 2041))


def test_the_team_is_offered_more_than_it_can_take_for_some_years(pathway: Pathway) -> None:
    load = workload(pathway)
    over = {row.station: row for row in load.stations if row.utilisation > 1}
    # Of the places by date, without the team's answer. Hours for planning are short when many cases are opened, and
    # once Flere skal med 2 ends in July 2022.
    assert set(over) == {"plan_kontanthjaelp", "rehabilitation_team"}
    growing = [(row.station, row.since.year) for row in load.stations if row.grows]
    assert growing == [
        *(("plan_kontanthjaelp", year) for year in (2018, 2019, 2022, 2023, 2024)),
        *(("rehabilitation_team", year) for year in (2018, 2019, 2020, 2022)),
    ]
    assert [row.station for row in load.unsettled] == ["plan_kontanthjaelp"]
    assert load.why_no_prospects == "the rates of kontanthjaelp change by date"


def test_a_further_state_is_an_edit_of_the_file_alone() -> None:
    raw = copy.deepcopy(dict(BASE.raw))
    raw["states"]["mentor"] = {
        "title": "Mentor",
        "benefit": "kontanthjaelp",
        "stay": "$indstilling_stay",
        "to": "forberedende_plan",
    }
    raw["states"]["afklaring"]["to"] = {"mentor": "$afklaring_to_plan", "kontanthjaelp": "rest"}
    extended: Base = replace(BASE, raw=raw)
    results = run(extended.pathway(), replications=1, seed=1, keep_traces=True, workers=1)
    visits = results.visits(0)
    assert bare_numbers(raw) == []
    assert set(visits.loc[visits["state"] == "mentor", "next"]) == {"forberedende_plan", ""}  # "": still there
    assert set(visits.loc[visits["state"] == "afklaring", "next"]) == {"mentor", "kontanthjaelp", ""}
    assert (visits["state"] == "mentor").sum() > 1_000


def test_the_public_holidays_are_those_of_the_calendar() -> None:
    import holidays

    listed = BASE.parameters["holidays"].value
    years = range(min(listed).year, max(listed).year + 1)
    calendar = holidays.country_holidays("DK", years=years)
    assert (years[0], years[-1]) == (2015, 2040)
    assert listed == sorted(day for day in calendar if day.weekday() < 5)


def test_the_documents_end_where_the_study_does() -> None:
    assert BASE.documented_until == Study.read("copenhagen").base.pathway().end


def test_a_base_is_run_with_its_fitted_values(results: Results) -> None:
    assert run(BASE, replications=5, seed=1, workers=1).visits_sha256 == results.visits_sha256
