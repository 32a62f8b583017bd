"""What a report rests on is run as it was asked for."""

import numpy as np
import pytest

from flowsim import Scenario, run
from flowsim.planning.prices import Prices
from flowsim.reporting.findings import explore
from helpers.paths import TOWN


def scenarios(count):
    return [Scenario.of(TOWN), *(Scenario.from_dict({"name": str(n), "base": str(TOWN)}) for n in range(1, count))]


@pytest.mark.parametrize("count", [1, 2])
def test_scenarios_are_run_with_what_was_asked_for(count):
    heard, few = [], {"opened": "20 per year"}
    prices = Prices.from_dict({"places": {"team": "4000 DKK per place"}, "benefits": {"cash": "2000 DKK per week"}})
    findings = explore(
        scenarios(count),
        parameters=few,
        prices=prices,
        between=("2023", "2023"),
        replications=3,
        seed=7,
        progress=lambda *told: heard.append(told),
    )
    assert findings.years == ("2023",)
    assert (findings.parameters, findings.prices) == (few, prices)
    assert "cost.total" in findings.measures
    assert heard[-1] == (3 * count, 3 * count)
    same = run(Scenario.of(TOWN).pathway(few), replications=3, seed=7)
    for results in findings.comparison.results:
        assert results.visits_sha256 == same.visits_sha256
    np.testing.assert_array_equal(
        findings.comparison.reference.select("entries.opened", "2023").values,
        same.select("entries.opened", "2023").values,
    )


def test_a_report_may_hold_four_scenarios():
    assert len(explore(scenarios(4), parameters=None, replications=2).scenarios) == 4


@pytest.mark.parametrize("time", [("2023-01", "2023-12"), ("2022Q4", "2024Q1"), ("2025", "9999")])
def test_a_time_that_holds_a_whole_year_is_reported(time):
    assert explore(scenarios(1), parameters=None, between=time, replications=2).years in (("2023",), ("2025",))


def test_differences_are_of_each_scenario_less_the_first_with_the_confidence_of_the_comparison():
    more = {"station": "team", "party": "town", "places": "+2"}
    three = [
        *scenarios(1),
        *(Scenario.from_dict({"name": n, "base": str(TOWN), "stations": [more] * k}) for n, k in (("a", 1), ("b", 0))),
    ]
    findings = explore(three, parameters=None, replications=12)
    years, told = findings.difference("wait.team.served", "a")
    assert years == ("2022", "2023", "2024", "2025")
    assert told.estimate[1] < 0
    nothing = findings.difference("wait.team.served", "b")[1]
    assert nothing.estimate.tolist() == nothing.differing.tolist() == [0, 0, 0, 0]
    before, after = (findings.yearly("wait.team.served")[name][1] for name in ("town", "a"))
    gap = np.sort(after - before, axis=0)
    np.testing.assert_allclose([told.low, told.high], gap[[2, 9]])  # at most two of twelve coins are heads in 1.9 %
    rows = findings.differences()
    assert {row.scenario for row in rows} == {"a", "b"}
    assert {row.surely for row in rows if row.scenario == "b"} == {False}
    surely = {(row.measure, row.year) for row in rows if row.surely}
    assert ("wait.team.served", "2024") in surely
