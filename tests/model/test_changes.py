"""One draft under several scenarios: each finds it as it was, and reads anew what it changes alone."""

from __future__ import annotations

from typing import Any

import pytest

from flowsim.core.errors import InputError
from flowsim.model.edits import ScenarioFile
from flowsim.model.pathway import Pathway
from flowsim.model.scenario import Scenario

TEAM = {"station": "rehabilitation_team", "party": "municipal"}
CHANGES: dict[str, dict[str, Any]] = {
    "stations": {"stations": [TEAM | {"places": "+2"}, TEAM | {"places": "+2", "from": "2021-01-01"}]},
    "shares": {"shares": [{"state": "afgoerelse", "to": {"foertidspension": "+10 %"}}]},
    "exits": {"exits": [{"state": "kontanthjaelp", "exit": "selvforsoergelse", "rate": "+20 %"}]},
    "stays": {"stays": [{"state": "laegeerklaering", "stay": "-20 %"}]},
    "arrivals": {"arrivals": [{"entry": "kontanthjaelp_new", "rate": "+5 %"}]},
    "waiting": {"waiting": [{"state": "rehabiliteringsteam", "count": 40}]},
    "closures": {"closures": [{"station": "rehabilitation_team", "from": "2021-07-01", "through": "2021-07-31"}]},
    "nothing": {},
}


def scenario(changes: dict[str, Any]) -> Scenario:
    return Scenario.from_dict({"name": "changed", "base": "copenhagen"} | changes)


def parts_of(pathway: Pathway) -> list[Any]:
    return [*pathway.stations, *pathway.states, *pathway.entries]


def test_a_draft_is_changed_by_one_scenario_after_the_other_as_if_it_were_new() -> None:
    draft = scenario({}).draft()
    for _ in range(2):
        for changes in CHANGES.values():
            one = scenario(changes)
            assert one.changed(draft) == one.pathway()


@pytest.mark.parametrize("kind", CHANGES)
def test_what_a_change_leaves_as_it_is_stays_the_very_part(kind: str) -> None:
    draft = scenario({}).draft()
    before, after = scenario({}).changed(draft), scenario(CHANGES[kind]).changed(draft)
    renewed = [new.name for new in parts_of(after) if not any(new is old for old in parts_of(before))]
    assert len(renewed) == (kind != "nothing"), renewed


def test_a_draft_that_was_read_says_where_a_change_is_at_fault_as_a_new_one_does() -> None:
    draft = scenario({}).draft()
    scenario({}).changed(draft)
    file = ScenarioFile(name="x", base="copenhagen", waiting=[{"state": "rehabiliteringsteam", "count": 2_000_000_000}])
    told = []
    for each in (draft, scenario({}).draft()):
        with pytest.raises(InputError) as error:
            each.changed([(file, "x")], "x")
        told.append(str(error.value))
    assert told[0] == told[1]
    assert "team_waiting_2015" in told[0]


@pytest.mark.parametrize("change", [{"until": "2026-01-01"}, {"parameters": {"stock_plan_waiting": "+1"}}])
def test_scenarios_of_other_numbers_have_another_frame(change: dict[str, Any]) -> None:
    assert scenario(change).frame != scenario({}).frame
    assert scenario(CHANGES["stations"]).frame == scenario({}).frame
