"""What an ensemble keeps of its draws is never that of others."""

from __future__ import annotations

import pickle
from typing import Any

from flowsim.calibration.ensemble import Ensemble
from flowsim.model.scenario import Scenario


def scenario(**changes: Any) -> Scenario:
    return Scenario.from_dict({"name": "changed", "base": "copenhagen"} | changes)


def test_scenarios_share_drafts_where_these_are_the_same_and_find_their_own_elsewhere() -> None:
    places = [{"station": "rehabilitation_team", "party": "municipal", "places": "+2"}]
    one, more, longer = scenario(), scenario(stations=places), scenario(until="2027-01-01")
    other = scenario(parameters={"stock_plan_waiting": "+10"})
    ensemble = Ensemble.of(one.base)
    assert ensemble is not None
    for seed, replication in ((1, 0), (1, 1), (2, 0)):
        for each in (one, more, longer, other, one):
            alone = each.pathway(ensemble.parameters(seed, replication), ensemble.carried_on(seed, replication))
            assert ensemble.over(each).pathway(seed, replication) == alone
    shared = [ensemble.over(each).pathway(1, 5).states for each in (one, more)]
    assert all(before is after for before, after in zip(*shared, strict=True))
    ensemble.forget()
    again = ensemble.over(one).pathway(1, 5).states
    assert again == shared[0]
    assert pickle.loads(pickle.dumps(ensemble))._drafts._kept == (None, {})
